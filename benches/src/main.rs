//! `make bench`: the product, the floor and the installed peers on the same captures, in turn, as
//! ratios of CPU seconds of the whole process, start-up included.
//!
//! Absolute figures depend on the machine; ratios hardly do. Floor and contestant run one after the
//! other, the ratio is taken pair by pair, and the median counts. A figure counts only if all that
//! the capture holds was found: messages by protocol and kind as its truth file says, ledger closed.
//!
//! Usage: `wardwatch-benches [KIND...]` with kinds of `build_captures.py`; all timed ones without any.

mod captures;
mod contest;
mod machine;
mod report;
mod truth;

use std::path::Path;
use std::process::{Command, ExitCode};

use captures::Capture;
use contest::{Contestant, Timing};
use report::{Row, Sheet};

/// Pairs of runs of floor and contestant.
const PAIRS: usize = 5;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|a| a == contest::MEASURE) {
        return contest::measure(&arguments[1..]);
    }
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("benches: {error}");
            ExitCode::FAILURE
        }
    }
}

/// False if a capture was not read as its truth file says.
fn run(kinds: &[String]) -> Result<bool, String> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    build(&top)?;
    let release = top.join("target/release");
    let scratch = top.join(".perf/eve.json");
    let mut sheet = Sheet::new(machine::describe(&top));
    let all = captures::KINDS.map(|(kind, ..)| kind.to_owned());
    for kind in if kinds.is_empty() { &all[..] } else { kinds } {
        let capture = Capture::of(&top, kind)?;
        let floor = Contestant::new("floor", &release.join("floor"), &[], &capture.path);
        let product = release.join("wardwatch");
        let eve = scratch.display().to_string();
        let mut rows = Vec::new();
        for (what, before) in [
            ("wardwatch, findings only", &["--workers", "0", "-r"][..]),
            ("wardwatch, EVE too", &["--workers", "0", "-o", &eve, "-r"]),
            ("wardwatch, two workers", &["--workers", "2", "-r"]),
        ] {
            rows.push((
                Contestant::new(what, &product, before, &capture.path),
                PAIRS,
            ));
        }
        if kind == "mix" {
            rows.extend(contest::peers(&capture.path));
        }
        let mut floors = vec![floor.run()?];
        let mut measured = Vec::new();
        for (contestant, pairs) in &rows {
            let mut pairs_run = Vec::new();
            for _ in 0..*pairs {
                let base = floor.run()?;
                pairs_run.push((contestant.run()?, base));
                floors.push(base);
            }
            measured.push(Row::of(contestant.name, &pairs_run));
        }
        let found = truth::compare(&capture, &scratch)?;
        let _ = std::fs::remove_file(&scratch);
        sheet.add(&capture, &Timing::median(&floors), measured, found);
    }
    let results = top.join("benches/results.md");
    std::fs::write(&results, sheet.page()).map_err(|e| format!("{}: {e}", results.display()))?;
    println!("written to benches/results.md");
    Ok(sheet.is_right())
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
