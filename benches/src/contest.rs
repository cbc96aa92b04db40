//! Programs and how long they take.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

/// First argument of this program where it only runs another and tells what that took. A process of
/// its own for each, because the peak of memory is told for all children together.
pub const MEASURE: &str = "--measure";

/// What one run took.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// User and system time, seconds.
    pub cpu: f64,
    pub wall: f64,
    /// Most memory resident at once, MiB.
    pub peak: f64,
}

impl Timing {
    /// Each figure's own median.
    pub fn median(all: &[Timing]) -> Timing {
        let of = |figure: fn(&Timing) -> f64| median(all.iter().map(figure).collect());
        Timing {
            cpu: of(|t| t.cpu),
            wall: of(|t| t.wall),
            peak: of(|t| t.peak),
        }
    }
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A program and how it is run on a capture.
pub struct Contestant {
    pub name: &'static str,
    program: PathBuf,
    args: Vec<String>,
}

impl Contestant {
    /// `before` stands before the capture.
    pub fn new(name: &'static str, program: &Path, before: &[&str], capture: &Path) -> Self {
        let before = before.iter().map(|a| (*a).to_owned());
        Contestant {
            name,
            program: program.to_owned(),
            args: before.chain([capture.display().to_string()]).collect(),
        }
    }

    pub fn run(&self) -> Result<Timing, String> {
        let failed = |e: &dyn std::fmt::Display| format!("{}: {e}", self.program.display());
        let own = std::env::current_exe().map_err(|e| failed(&e))?;
        let output = Command::new(own)
            .arg(MEASURE)
            .arg(&self.program)
            .args(&self.args)
            .stderr(Stdio::null())
            .output()
            .map_err(|e| failed(&e))?;
        let told = String::from_utf8_lossy(&output.stdout);
        let figures: Vec<f64> = told
            .split_whitespace()
            .filter_map(|n| n.parse().ok())
            .collect();
        match figures[..] {
            [cpu, wall, peak] if output.status.success() => Ok(Timing { cpu, wall, peak }),
            _ => Err(failed(&"it ended with an error")),
        }
    }
}

/// Runs a program and prints CPU seconds, wall seconds and peak memory (MiB).
pub fn measure(command: &[String]) -> ExitCode {
    let Some((program, args)) = command.split_first() else {
        return ExitCode::from(2);
    };
    let begun = Instant::now();
    let status = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let wall = begun.elapsed().as_secs_f64();
    match (status, getrusage(UsageWho::RUSAGE_CHILDREN)) {
        (Ok(status), Ok(usage)) if status.success() => {
            let seconds = |t: nix::sys::time::TimeVal| t.tv_sec() as f64 + t.tv_usec() as f64 / 1e6;
            let cpu = seconds(usage.user_time()) + seconds(usage.system_time());
            println!("{cpu} {wall} {}", usage.max_rss() as f64 / 1024.0);
            ExitCode::SUCCESS
        }
        _ => ExitCode::FAILURE,
    }
}

/// The peers that are installed, and how many pairs of runs each gets: some are very slow.
pub fn peers(capture: &Path) -> Vec<(Contestant, usize)> {
    let shown = "hl7 or dicom or http or dns or tls or smb2";
    let fields = ["frame.number", "hl7.message.type", "dicom.pdu.type"];
    let web = ["http.request.method", "dns.qry.name"];
    let mut tshark = vec!["-n", "-Y", shown, "-T", "fields", "-E", "occurrence=a"];
    for field in fields.iter().chain(&web) {
        tshark.extend(["-e", *field]);
    }
    tshark.push("-r");
    let all: [(&'static str, &str, Vec<&str>, usize); 3] = [
        (
            "tcpdump -w",
            "tcpdump",
            vec!["-n", "-w", "/dev/null", "-r"],
            3,
        ),
        ("tshark, messages", "tshark", tshark, 1),
        (
            "suricata, as configured",
            "suricata",
            vec!["--runmode", "single", "-l", "/tmp", "-r"],
            3,
        ),
    ];
    all.into_iter()
        .filter_map(|(name, program, before, pairs)| {
            let Some(path) = installed(program) else {
                eprintln!("{program}: not installed, left out");
                return None;
            };
            Some((Contestant::new(name, &path, &before, capture), pairs))
        })
        .collect()
}

fn installed(program: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}
