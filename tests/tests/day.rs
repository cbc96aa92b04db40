//! Hours of a simulated ward, made of shipped captures: quiet as it is, loud where attacks are hidden
//! in it, and no memory that grows with time. `pcaps/make/day.py` makes 24 hours of 95 devices.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use wardwatch_tests::capture::{scratch, shipped};
use wardwatch_tests::program::{run, texts};

/// Hours that the test plays, the first half to learn from.
const HOURS: &str = "8";
const LEARNED: &str = "4h";

/// A ward of some devices. `None`, with a word, where there is no Python.
fn made(attacks: bool) -> Option<PathBuf> {
    let path = scratch("pcap");
    let mut python = Command::new("python3");
    python
        .arg(shipped("pcaps/make/day.py"))
        .args(["day", "--hours", HOURS, "--scale", "0.2", "-o"])
        .arg(&path);
    if attacks {
        python.arg("--attacks");
    }
    match python.output() {
        Ok(output) if output.status.success() => Some(path),
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => {
            eprintln!("skipped: there is no python3");
            None
        }
    }
}

/// What was found above `low`, rule by rule, by a policy that was learned from the quiet day.
fn above_low(capture: &Path, policy: &Path) -> Vec<(String, String)> {
    let output = run([
        "replay",
        "--json",
        "--learn-for",
        LEARNED,
        "-r",
        &capture.display().to_string(),
        "--policy",
        &policy.display().to_string(),
    ]);
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    texts(&output)
        .0
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .filter(|r| r["event_type"] == "alert")
        .map(|r| r["alert"].clone())
        .filter(|a| a["level"] != "low" && a["level"] != "info")
        // Pumps of the ward are one recorded pump at several addresses: its serial number, too.
        .filter(|a| a["rule_id"] != "WW-ID-0082")
        .map(|a| (text(&a["rule_id"]), text(&a["actor"]["ip"])))
        .collect()
}

#[test]
fn quiet_hours_raise_nothing_above_low_and_each_hidden_attack_is_found() {
    let Some((quiet, loud)) = made(false).zip(made(true)) else {
        return;
    };
    let policy = scratch("toml");
    let output = run([
        "learn",
        "-r",
        &quiet.display().to_string(),
        "--policy-out",
        &policy.display().to_string(),
    ]);
    assert!(output.status.success(), "{}", texts(&output).1);
    let text = fs::read_to_string(&policy).expect("readable");
    fs::write(&policy, text.replace("# accepted_by", "accepted_by")).expect("writable");
    assert_eq!(above_low(&quiet, &policy), []);
    let found: BTreeSet<(String, String)> = above_low(&loud, &policy).into_iter().collect();
    for (id, actor) in [
        ("WW-CMD-0001", "10.20.9.66"),
        ("WW-DICOM-0042", "10.20.30.66"),
        ("WW-HL7-0008", "10.20.9.66"),
        ("WW-PUMP-0136", "10.77.20.66"),
    ] {
        let one = (id.to_owned(), actor.to_owned());
        assert!(found.contains(&one), "{id} by {actor}: {found:?}");
    }
    for file in [quiet, loud] {
        let _ = fs::remove_file(file.with_extension("truth.tsv"));
        let _ = fs::remove_file(file);
    }
}
