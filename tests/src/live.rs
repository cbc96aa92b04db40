//! A ward of two network namespaces joined by virtual cables: what is sent into one end is watched
//! at the other. Nothing leaves them. Needs Linux, root, iproute2, tcpreplay; tests are skipped, with
//! a message, where one of these is missing.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::capture::scratch;
use crate::program;

/// Two namespaces; cable `n` joins `a{n}` in the first with `b{n}` in the second.
pub struct Cables {
    near: String,
    far: String,
    // Two such tests at once would only take each other's time.
    _alone: MutexGuard<'static, ()>,
}

static ALONE: Mutex<()> = Mutex::new(());

impl Cables {
    /// So many cables, or `None` with a message where they cannot be laid.
    pub fn lay(count: usize) -> Option<Cables> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        for tool in ["ip", "tcpreplay", "tcpdump"] {
            if !is_there(tool) {
                return skip(&format!("no {tool}"));
            }
        }
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = |end: &str| format!("ww{end}-{}-{n}", std::process::id());
        let cables = Cables {
            near: name("near"),
            far: name("far"),
            _alone: ALONE.lock().unwrap_or_else(PoisonError::into_inner),
        };
        if !ip(&["netns", "add", &cables.near]) || !ip(&["netns", "add", &cables.far]) {
            return skip("network namespaces need Linux and root");
        }
        for at in 0..count {
            if !cables.connect(at) {
                return skip("no virtual cables");
            }
        }
        for space in [&cables.near, &cables.far] {
            // The kernel's own chatter would be counted.
            let mute = Command::new("ip")
                .args(["netns", "exec", space, "sysctl", "-qw"])
                .arg("net.ipv6.conf.all.disable_ipv6=1")
                .status();
            if !mute.is_ok_and(|s| s.success()) {
                return skip("no sysctl");
            }
        }
        for at in 0..count {
            cables.switch_on(at);
        }
        Some(cables)
    }

    /// Lays a cable again whose end was removed.
    pub fn lay_again(&self, at: usize) {
        assert!(self.connect(at));
        self.switch_on(at);
    }

    fn connect(&self, at: usize) -> bool {
        let (a, b) = (format!("a{at}"), format!("b{at}"));
        let near = ["-n", &self.near, "link", "add", &a, "type", "veth"];
        let far = ["peer", "name", &b, "netns", &self.far];
        ip(&[&near[..], &far[..]].concat())
    }

    fn switch_on(&self, at: usize) {
        for (space, end) in [(&self.near, "a"), (&self.far, "b")] {
            let link = format!("{end}{at}");
            assert!(ip(&[
                "-n", space, "link", "set", &link, "mtu", "9000", "up"
            ]));
        }
    }

    /// A program in the namespace that is watched.
    pub fn far(&self, program: impl AsRef<Path>) -> Command {
        inside(&self.far, program.as_ref())
    }

    /// A program in the namespace that sends.
    pub fn near(&self, program: impl AsRef<Path>) -> Command {
        inside(&self.near, program.as_ref())
    }

    /// Changes something of a link in the namespace that is watched.
    pub fn far_link(&self, arguments: &[&str]) {
        assert!(ip(&[&["-n", &self.far, "link"], arguments].concat()));
    }

    /// Changes something of a link in the namespace that sends.
    pub fn near_ip(&self, arguments: &[&str]) {
        assert!(ip(&[&["-n", &self.near], arguments].concat()));
    }

    pub fn far_ip(&self, arguments: &[&str]) {
        assert!(ip(&[&["-n", &self.far], arguments].concat()));
    }

    /// Sends a capture into the first cable.
    pub fn send(&self, capture: &Path, pps: u32) {
        let mut tcpreplay = self.near("tcpreplay");
        tcpreplay.args(["-K", "-q", "-i", "a0", &format!("--pps={pps}")]);
        let sent = tcpreplay.arg(capture).output().expect("tcpreplay runs");
        assert!(
            sent.status.success(),
            "{}",
            String::from_utf8_lossy(&sent.stderr)
        );
    }

    /// Sends a capture as a TAP would: frames with this source address into the first cable, the
    /// others into the second.
    pub fn send_like_a_tap(&self, capture: &Path, client: &str, pps: u32) -> bool {
        if !is_there("tcpprep") {
            return false;
        }
        let cache = scratch("cache");
        let mut tcpprep = Command::new("tcpprep");
        tcpprep.arg(format!("--cidr={client}"));
        tcpprep.arg(format!("--pcap={}", capture.display()));
        tcpprep.arg(format!("--cachefile={}", cache.display()));
        assert!(tcpprep.output().expect("tcpprep runs").status.success());
        let mut tcpreplay = self.near("tcpreplay");
        tcpreplay.args(["-K", "-q", "-i", "a0", "-I", "a1", &format!("--pps={pps}")]);
        tcpreplay.arg(format!("--cachefile={}", cache.display()));
        let sent = tcpreplay.arg(capture).output().expect("tcpreplay runs");
        assert!(
            sent.status.success(),
            "{}",
            String::from_utf8_lossy(&sent.stderr)
        );
        let _ = std::fs::remove_file(cache);
        true
    }

    /// Starts `wardwatch watch` with JSON on standard output and waits until it listens.
    pub fn watch(&self, arguments: &[&str]) -> Watching {
        self.start(&[&["watch", "--json", "--utc"], arguments].concat(), &[])
    }

    /// Starts any command of wardwatch in the watched namespace; waits until it says that it watches.
    pub fn start(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Watching {
        let mut command = self.far(program::path());
        command.args(arguments).envs(environment.iter().copied());
        Watching::start(command)
    }
}

impl Drop for Cables {
    fn drop(&mut self) {
        for space in [&self.near, &self.far] {
            let _ = Command::new("ip").args(["netns", "del", space]).output();
        }
    }
}

/// A running sensor. It is killed with the value, should a test have failed before it ended.
pub struct Watching {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

/// What a sensor wrote until it ended.
pub struct Watched {
    pub status: ExitStatus,
    pub out: String,
    pub err: String,
}

impl Watching {
    /// Starts it, outputs into files.
    pub fn start(mut command: Command) -> Watching {
        let (out, err) = (scratch("out"), scratch("err"));
        let file = |path: &Path| std::fs::File::create(path).expect("a writable temporary folder");
        let child = command
            .stdin(Stdio::null())
            .stdout(file(&out))
            .stderr(file(&err))
            .spawn()
            .expect("the program runs");
        let mut watching = Watching { child, out, err };
        watching.wait_for_words("system-call filter");
        watching
    }

    /// Waits until these words stand on standard error.
    pub fn wait_for_words(&mut self, words: &str) {
        let err = self.err.clone();
        self.wait_until(words, || read(&err).contains(words));
    }

    /// Waits until a record on standard output fulfils this.
    pub fn wait_for_record(&mut self, what: &str, mut is: impl FnMut(&Value) -> bool) {
        let out = self.out.clone();
        self.wait_until(what, || records(&read(&out)).iter().any(&mut is));
    }

    fn wait_until(&mut self, what: &str, mut reached: impl FnMut() -> bool) {
        let began = Instant::now();
        while !reached() {
            if began.elapsed() > Duration::from_secs(20) {
                panic!(
                    "waited in vain for {what}:\n{}{}",
                    read(&self.err),
                    read(&self.out)
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal: `HUP`, `STOP`, `CONT`.
    pub fn signal(&self, name: &str) {
        let sent = crate::program::signal(name, &self.child.id().to_string());
        assert!(sent, "a signal {name}");
    }

    /// Ends it as a person would, and gives what it said.
    pub fn end(mut self) -> Watched {
        self.signal("INT");
        self.ended()
    }

    /// Waits for it to end by itself.
    pub fn ended(&mut self) -> Watched {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                break status;
            }
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "it does not end:\n{}",
                read(&self.err)
            );
            std::thread::sleep(Duration::from_millis(20));
        };
        Watched {
            status,
            out: read(&self.out),
            err: read(&self.err),
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.out);
        let _ = std::fs::remove_file(&self.err);
    }
}

impl Watched {
    pub fn records(&self) -> Vec<Value> {
        records(&self.out)
    }

    /// Findings of this rule.
    pub fn alerts(&self, rule: &str) -> usize {
        let records = self.records();
        let of_rule = |r: &&Value| r["event_type"] == "alert" && r["alert"]["rule_id"] == rule;
        records.iter().filter(of_rule).count()
    }

    /// The last statistics.
    pub fn stats(&self) -> Value {
        self.records()
            .into_iter()
            .rfind(|r| r["event_type"] == "stats")
            .unwrap_or_else(|| panic!("no statistics:\n{}{}", self.err, self.out))
    }
}

/// Complete lines as records.
pub fn records(text: &str) -> Vec<Value> {
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

/// Is there a program of this name?
pub fn is_there(tool: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {tool}")])
        .output();
    found.is_ok_and(|o| o.status.success())
}

fn read(path: &Path) -> String {
    let mut text = Vec::new();
    if let Ok(mut file) = std::fs::File::open(path) {
        let _ = file.read_to_end(&mut text);
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn inside(space: &str, program: &Path) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", space]).arg(program);
    command.env("TZ", "UTC");
    command
}

fn ip(arguments: &[&str]) -> bool {
    Command::new("ip")
        .args(arguments)
        .output()
        .is_ok_and(|o| o.status.success())
}

fn skip<T>(why: &str) -> Option<T> {
    eprintln!("skipped: {why}");
    None
}
