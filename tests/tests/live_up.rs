//! Staying up: reloads, interfaces that go away, frames that are lost, the service manager, and
//! what is left of the privileges.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use serde_json::Value;
use wardwatch_tests::capture::{self, scratch, shipped};
use wardwatch_tests::live::{Cables, Watching};
use wardwatch_tests::program::{self, run, texts};

const WARD: &str = "pcaps/ward/one-evening.pcapng";

fn frames_in(stats: &Value) -> u64 {
    stats["stats"]["ledger"]["frames"]["in"]
        .as_u64()
        .unwrap_or(0)
}

/// The ward many times over, without conversations that would be the same again: only to have
/// frames to count.
fn long_capture(times: i64) -> capture::TempCapture {
    let frames = capture::read(&shipped(WARD));
    let all: Vec<capture::Frame> = (0..times)
        .flat_map(|round| {
            frames.iter().map(move |f| capture::Frame {
                time: f.time + round * 3_600_000_000_000,
                bytes: f.bytes.clone(),
            })
        })
        .collect();
    capture::write(&all)
}

#[test]
fn reload_takes_the_good_keeps_the_old_for_the_bad_and_loses_no_frame() {
    let Some(cables) = Cables::lay(1) else { return };
    let folder = scratch("conf");
    fs::create_dir(&folder).expect("a writable folder");
    let policy = folder.join("policy.toml");
    fs::copy(shipped("pcaps/policies/hl7.toml"), &policy).expect("a copy");
    let config = folder.join("wardwatch.toml");
    fs::write(
        &config,
        format!(
            "policy = {:?}\nstats-every = 1\n",
            policy.display().to_string()
        ),
    )
    .expect("a writable folder");
    // Readable for the user that the sensor becomes.
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("our folder");
    let mut watching = cables.watch(&["-i", "b0", "--config", &config.display().to_string()]);
    let capture = long_capture(20);
    let sent = capture::read(&capture.0).len() as u64;
    watching.wait_for_record("statistics", |r| r["event_type"] == "stats");
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| cables.send(&capture.0, 1_000));
        std::thread::sleep(Duration::from_millis(700));
        fs::write(&policy, "schema = 1\n[[grant]]\nwho = [\"nobody-at-all\"\n").expect("our file");
        watching.signal("HUP");
        watching.wait_for_words("not reloaded, the old rules and policy stay");
        fs::write(&policy, "schema = 1\n").expect("our file");
        watching.signal("HUP");
        watching.wait_for_words("reloaded: rules");
        assert!(sending.join().is_ok());
    });
    std::thread::sleep(Duration::from_millis(800));
    let watched = watching.end();
    let stats = watched.stats();
    assert_eq!(frames_in(&stats), sent, "{}", watched.err);
    assert_eq!(stats["stats"]["ledger"]["closes"], true);
    assert_eq!(stats["stats"]["reloads"], 1);
    assert_eq!(stats["stats"]["reloads_failed"], 1);
    assert!(watched.err.contains("policy.toml"), "{}", watched.err);
    assert_eq!(watched.alerts("WW-HLTH-0123"), 1, "{}", watched.out);
    let hashes: std::collections::BTreeSet<String> = watched
        .records()
        .iter()
        .filter(|r| r["event_type"] == "stats")
        .map(|r| r["policy_hash"].to_string())
        .collect();
    assert_eq!(hashes.len(), 2, "{hashes:?}");
    let _ = fs::remove_dir_all(folder);
}

#[test]
fn interface_that_goes_down_and_comes_back_is_captured_on_again() {
    let Some(cables) = Cables::lay(1) else { return };
    let mut watching = cables.watch(&["-i", "b0", "--stats-every", "1"]);
    cables.send(&shipped(WARD), 1_000);
    cables.far_link(&["set", "b0", "down"]);
    watching.wait_for_words("waiting for it");
    cables.far_link(&["set", "b0", "up"]);
    watching.wait_for_words("captured on again");
    cables.send(&shipped(WARD), 1_000);
    std::thread::sleep(Duration::from_millis(800));
    let watched = watching.end();
    let sent = capture::read(&shipped(WARD)).len() as u64;
    assert_eq!(frames_in(&watched.stats()), 2 * sent, "{}", watched.err);
    assert_eq!(watched.stats()["stats"]["interfaces"][0]["returns"], 1);
}

#[test]
fn removed_interface_does_not_end_the_watch_of_the_other() {
    let Some(cables) = Cables::lay(2) else { return };
    let mut watching = cables.watch(&["-i", "b0", "-i", "b1"]);
    cables.far_link(&["del", "b1"]);
    watching.wait_for_words("b1: ");
    cables.send(&shipped(WARD), 1_000);
    std::thread::sleep(Duration::from_millis(1_200));
    let watched = watching.end();
    let sent = capture::read(&shipped(WARD)).len() as u64;
    assert_eq!(frames_in(&watched.stats()), sent, "{}", watched.err);
    assert_eq!(watched.stats()["stats"]["interfaces"][1]["up"], false);
}

/// A network card that is pulled and plugged in again: another interface under the same name.
#[test]
fn interface_that_was_removed_and_made_again_is_opened_again_where_the_capability_was_kept() {
    let Some(cables) = Cables::lay(1) else { return };
    let mut keeps = cables.watch(&["-i", "b0", "--keep-capture"]);
    let mut gave_up = cables.watch(&["-i", "b0"]);
    cables.far_link(&["del", "b0"]);
    keeps.wait_for_words("waiting for it");
    gave_up.wait_for_words("waiting for it");
    cables.lay_again(0);
    keeps.wait_for_words("captured on again");
    gave_up.wait_for_words("cannot be opened again");
    cables.send(&shipped(WARD), 1_000);
    std::thread::sleep(Duration::from_millis(800));
    let sent = capture::read(&shipped(WARD)).len() as u64;
    let watched = keeps.end();
    assert_eq!(frames_in(&watched.stats()), sent, "{}", watched.err);
    assert!(
        watched.err.contains("only CAP_NET_RAW is left"),
        "{}",
        watched.err
    );
    let watched = gave_up.end();
    assert_eq!(frames_in(&watched.stats()), 0, "{}", watched.err);
}

/// The sensor is stopped as if its machine had no time for it, and its ring is small.
#[test]
fn frames_that_the_ring_had_no_room_for_stand_in_the_ledger() {
    let Some(cables) = Cables::lay(1) else { return };
    let mut watching = cables.watch(&["-i", "b0", "--buffer", "1", "--stats-every", "1"]);
    let capture = long_capture(60);
    let sent = capture::read(&capture.0).len() as u64;
    watching.signal("STOP");
    cables.send(&capture.0, 50_000);
    watching.signal("CONT");
    watching.wait_for_words("frames lost within a second");
    let watched = watching.end();
    let stats = watched.stats();
    let lost = stats["stats"]["ledger"]["lost before capture"]["dropped by the kernel, ring full"]
        .as_u64()
        .unwrap_or(0);
    assert!(lost > 0, "{stats}");
    assert!(watched.alerts("WW-HLTH-0117") > 0, "{}", watched.out);
    assert_eq!(frames_in(&stats) + lost, sent, "{stats}");
    assert_eq!(stats["stats"]["ledger"]["closes"], true);
}

#[test]
fn service_manager_hears_ready_alive_and_ending() {
    let Some(cables) = Cables::lay(1) else { return };
    let path = scratch("notify");
    let manager = UnixDatagram::bind(&path).expect("a socket");
    manager
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a socket");
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).expect("our socket");
    let name = path.display().to_string();
    let watching = cables.start(
        &["watch", "--json", "-i", "b0"],
        &[
            ("NOTIFY_SOCKET", name.as_str()),
            ("WATCHDOG_USEC", "3000000"),
        ],
    );
    let hear = || {
        let mut bytes = [0; 256];
        let n = manager.recv(&mut bytes).expect("something is told");
        String::from_utf8_lossy(&bytes[..n]).into_owned()
    };
    assert!(hear().starts_with("READY=1"));
    assert_eq!(hear(), "WATCHDOG=1");
    let watched = watching.end();
    assert!(watched.status.success());
    let mut last = hear();
    while last == "WATCHDOG=1" {
        last = hear();
    }
    assert_eq!(last, "STOPPING=1");
    let _ = fs::remove_file(path);
}

/// What /proc says of all threads of a process.
fn of_threads(watching: &Watching, key: &str) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{}/task", watching.id())).expect("Linux");
    tasks
        .map(|task| {
            let path = task.expect("a thread").path().join("status");
            let text = fs::read_to_string(path).expect("a status");
            let line = text
                .lines()
                .find_map(|l| l.strip_prefix(&format!("{key}:")));
            line.unwrap_or_default().trim().to_owned()
        })
        .collect()
}

#[test]
fn running_sensor_has_no_root_no_capability_and_a_filter_in_every_thread() {
    let Some(cables) = Cables::lay(1) else { return };
    let mut watching = cables.watch(&["-i", "b0", "--stats-every", "1"]);
    watching.wait_for_record("statistics", |r| r["event_type"] == "stats");
    let threads = of_threads(&watching, "Name").len();
    assert!(threads >= 3, "{threads}");
    for key in ["CapEff", "CapPrm", "CapInh", "CapAmb"] {
        for set in of_threads(&watching, key) {
            assert_eq!(set, "0000000000000000", "{key}");
        }
    }
    for ids in of_threads(&watching, "Uid") {
        assert!(ids.split_whitespace().all(|id| id != "0"), "{ids}");
    }
    assert!(of_threads(&watching, "NoNewPrivs").iter().all(|n| n == "1"));
    assert!(of_threads(&watching, "Seccomp").iter().all(|n| n == "2"));
    let watched = watching.end();
    for measure in [
        "not root: on",
        "capabilities: on",
        "no new privileges: on",
        "system-call filter: on",
    ] {
        assert!(watched.err.contains(measure), "{}", watched.err);
    }
    assert!(watched.err.contains("landlock: o"), "{}", watched.err);
}

/// An ordinary user with the capability on the program's file, as `setcap` gives it.
#[test]
fn ordinary_user_captures_with_the_file_capability_alone() {
    let Some(cables) = Cables::lay(1) else { return };
    let copy = scratch("bin");
    fs::copy(program::path(), &copy).expect("a copy of the program");
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).expect("our file");
    let given = std::process::Command::new("setcap")
        .arg("cap_net_raw=ep")
        .arg(&copy)
        .output();
    if !given.is_ok_and(|o| o.status.success()) {
        eprintln!("skipped: no setcap, or a file system without capabilities");
        let _ = fs::remove_file(copy);
        return;
    }
    let mut command = cables.far("setpriv");
    command
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&copy)
        .args(["watch", "--json", "-i", "b0"]);
    let watching = Watching::start(command);
    cables.send(&shipped(WARD), 1_000);
    std::thread::sleep(Duration::from_millis(800));
    assert!(
        of_threads(&watching, "CapPrm")
            .iter()
            .all(|set| set == "0000000000000000")
    );
    let watched = watching.end();
    assert!(
        watched.err.contains("not root: on (started as user 65534)"),
        "{}",
        watched.err
    );
    assert_eq!(
        frames_in(&watched.stats()),
        capture::read(&shipped(WARD)).len() as u64
    );
    let _ = fs::remove_file(copy);
}

#[test]
fn check_loads_configuration_policy_and_rules_together() {
    let folder = scratch("conf");
    fs::create_dir(&folder).expect("a writable folder");
    let config = folder.join("wardwatch.toml");
    let check = |text: &str| {
        fs::write(&config, text).expect("our file");
        let output = run(["check".as_ref(), "--config".as_ref(), config.as_os_str()]);
        let (out, err) = texts(&output);
        (output.status.code(), out + &err)
    };
    let policy = shipped("pcaps/policies/hl7.toml").display().to_string();
    let (code, said) = check(&format!("policy = {policy:?}\n[limits]\nflows = 1000\n"));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("no mistakes"), "{said}");

    let bad = folder.join("bad.toml");
    fs::write(&bad, "[[rule]]\nid = \"WW-X-0001\"\n").expect("our file");
    let bad = bad.display().to_string();
    let (code, said) = check(&format!("policy = {policy:?}\nrules = [{bad:?}]\n"));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("bad.toml"), "{said}");

    let (code, said) = check("polcy = \"x\"\n");
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("wardwatch.toml:1:1") && said.contains("`policy`"),
        "{said}"
    );

    let (code, said) = check("policy = \"/nowhere/policy.toml\"\n");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("/nowhere/policy.toml"), "{said}");
    let _ = fs::remove_dir_all(folder);
}

/// A file that sets every key there is: whatever flag a later version gains has its key at once.
#[test]
fn every_long_flag_of_watch_is_a_key() {
    let help = texts(&run(["watch", "--help"])).0;
    let folder = scratch("conf");
    fs::create_dir(&folder).expect("a writable folder");
    let config = folder.join("wardwatch.toml");
    let mut flags = 0;
    for line in help.lines() {
        let Some((_, rest)) = line.split_once("--") else {
            continue;
        };
        if !line.trim_start().starts_with('-') {
            continue;
        }
        let flag: String = rest
            .chars()
            .take_while(|c| c.is_ascii_lowercase() || *c == '-')
            .collect();
        // A flag of another command that a sentence names.
        let quoted = rest[flag.len()..].starts_with('`');
        if quoted || ["config", "help", "version"].contains(&flag.as_str()) {
            continue;
        }
        flags += 1;
        let value = if rest[flag.len()..].trim_start().starts_with('<') {
            "\"1\""
        } else {
            "true"
        };
        fs::write(&config, format!("{flag} = {value}\n")).expect("our file");
        let output = run(["check".as_ref(), "--config".as_ref(), config.as_os_str()]);
        let said = texts(&output).1;
        assert!(
            !said.contains("unknown key") && !said.contains(&format!("`{flag}` ")),
            "{flag}: {said}"
        );
    }
    assert!(flags > 20, "{flags}");
    let _ = fs::remove_dir_all(folder);
}
