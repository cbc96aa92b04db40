//! `make bench`: the product against the floor on the same capture, in turn, as ratios.
//!
//! CPU seconds are those of the whole process, user and system, start-up included. Absolute figures
//! depend on the machine; the ratio hardly does. Floor and product run one after the other, the
//! ratio is taken pair by pair, and the median is printed.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use nix::sys::resource::{UsageWho, getrusage};

const RUNS: usize = 7;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("benches: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let kinds: Vec<String> = std::env::args().skip(1).collect();
    let kinds = if kinds.is_empty() {
        vec!["mix".to_owned()]
    } else {
        kinds
    };
    build(&top)?;
    let release = top.join("target/release");
    println!(
        "{:<12} {:<26} {:>9} {:>9}",
        "capture", "what", "CPU s", "x floor"
    );
    for kind in kinds {
        let capture = capture(&top, &kind)?;
        let floor = Contestant::new("floor", release.join("floor"), &[], &capture);
        let product = release.join("wardwatch");
        let scratch = top.join(".perf/eve.json");
        let eve = ["-o".to_owned(), scratch.display().to_string()];
        let contestants = [
            Contestant::new(
                "wardwatch, findings only",
                product.clone(),
                &["-r".into()],
                &capture,
            ),
            Contestant::new(
                "wardwatch, with EVE",
                product,
                &[&eve[..], &["-r".into()]].concat(),
                &capture,
            ),
        ];
        let mut floors = Vec::new();
        let mut rows = vec![Vec::new(); contestants.len()];
        floor.seconds()?;
        for _ in 0..RUNS {
            for (contestant, row) in contestants.iter().zip(&mut rows) {
                let base = floor.seconds()?;
                let own = contestant.seconds()?;
                floors.push(base);
                row.push((own, own / base));
            }
        }
        let label = format!("{kind}-200");
        println!(
            "{label:<12} {:<26} {:>9.3} {:>9.2}",
            "floor",
            median(floors),
            1.0
        );
        for (contestant, row) in contestants.iter().zip(rows) {
            let seconds = median(row.iter().map(|(s, _)| *s).collect());
            let ratio = median(row.iter().map(|(_, r)| *r).collect());
            println!(
                "{label:<12} {:<26} {seconds:>9.3} {ratio:>9.2}",
                contestant.name
            );
        }
    }
    Ok(())
}

/// A program and how it is run on a capture.
struct Contestant {
    name: &'static str,
    program: PathBuf,
    args: Vec<String>,
}

impl Contestant {
    fn new(name: &'static str, program: PathBuf, before: &[String], capture: &Path) -> Self {
        let args = before
            .iter()
            .cloned()
            .chain([capture.display().to_string()])
            .collect();
        Contestant {
            name,
            program,
            args,
        }
    }

    /// CPU seconds of one run, of the whole process.
    fn seconds(&self) -> Result<f64, String> {
        let before = children()?;
        let status = Command::new(&self.program)
            .args(&self.args)
            .stdout(Stdio::null())
            .status()
            .map_err(|e| format!("{}: {e}", self.program.display()))?;
        if !status.success() {
            return Err(format!("{} ended with {status}", self.name));
        }
        Ok(children()? - before)
    }
}

/// CPU seconds of all children that have ended.
fn children() -> Result<f64, String> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|e| e.to_string())?;
    let seconds = |t: nix::sys::time::TimeVal| t.tv_sec() as f64 + t.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn build(top: &Path) -> Result<(), String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let packages = ["--package", "wardwatch", "--package", "wardwatch-benches"];
    let status = Command::new(cargo)
        .args(["build", "--release", "--locked"])
        .args(packages)
        .current_dir(top)
        .status()
        .map_err(|e| format!("cargo: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err("the release build failed".into())
    }
}

/// The capture of a kind, 200 MB, built if it is not there yet. Read once, so that it is cached.
fn capture(top: &Path, kind: &str) -> Result<PathBuf, String> {
    let folder = top.join(".perf");
    let path = folder.join(format!("{kind}-200.pcap"));
    if !path.exists() {
        std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        eprintln!("building {}", path.display());
        let status = Command::new("python3")
            .arg(top.join("benches/build_captures.py"))
            .args([kind, "--size-mb", "200", "-o"])
            .arg(&path)
            .stdout(Stdio::null())
            .status()
            .map_err(|e| format!("python3: {e}"))?;
        if !status.success() {
            return Err(format!("the capture {kind} could not be built"));
        }
    }
    std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(path)
}
