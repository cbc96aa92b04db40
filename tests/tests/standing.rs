//! What stands between runs of a sensor, and the handover that is written from it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use wardwatch_tests::capture::{scratch, shipped};
use wardwatch_tests::live::{Cables, Watched};
use wardwatch_tests::program::{run, texts};

const WARD: &str = "pcaps/ward/one-evening.pcapng";

/// Watches the ward once, with a state directory.
fn evening(cables: &Cables, state: &Path) -> Watched {
    let watching = cables.watch(&["-i", "b0", "--state", &state.display().to_string()]);
    cables.send(&shipped(WARD), 2_000);
    std::thread::sleep(Duration::from_millis(1_200));
    watching.signal("TERM");
    let mut watching = watching;
    watching.ended()
}

/// By what repeats collapse under: the id of the finding.
fn alerts(watched: &Watched) -> BTreeMap<String, String> {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    watched
        .records()
        .iter()
        .filter(|r| r["event_type"] == "alert")
        .map(|r| {
            (
                text(&r["alert"]["dedup_key"]),
                text(&r["alert"]["finding_id"]),
            )
        })
        .collect()
}

#[test]
fn restart_goes_on_with_devices_and_open_findings_and_tells_the_blind_time() {
    let Some(cables) = Cables::lay(1) else { return };
    let state = scratch("state");
    let first = evening(&cables, &state);
    assert!(first.status.success(), "{}", first.err);
    let opened = alerts(&first);
    assert!(opened.len() >= 2, "{}", first.out);
    let kept: Value = serde_json::from_slice(&fs::read(state.join("state.json")).expect("a state"))
        .expect("a whole state");
    assert_eq!(kept["open"].as_array().map(Vec::len), Some(opened.len()));
    let devices = kept["inventory"]["assets"].as_array().map_or(0, Vec::len);
    assert!(devices > 3);
    let second = evening(&cables, &state);
    assert!(second.err.contains("going on after"), "{}", second.err);
    assert!(
        second.err.contains(&format!(
            "{devices} devices, {} open findings",
            opened.len()
        )),
        "{}",
        second.err
    );
    for (key, id) in alerts(&second) {
        if let Some(before) = opened.get(&key) {
            assert_eq!(*before, id, "{key} goes on under its id");
        }
    }
    let restart = &second.stats()["stats"]["ledger"]["restart"];
    assert!(restart.is_object(), "{restart}");
    let report = |flags: &[&str]| {
        let dir = state.display().to_string();
        let args = ["report", "--utc", "--state", &dir];
        texts(&run(args.iter().chain(flags))).0
    };
    let page = report(&[]);
    for part in [
        "In short",
        "Still open",
        "blind in 1 restarts",
        "a sensor that watched live",
        "times in UTC",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    // Somebody cuts the file short.
    let text = fs::read(state.join("state.json")).expect("a state");
    fs::write(state.join("state.json"), &text[..text.len() / 2]).expect("our file");
    let third = evening(&cables, &state);
    assert!(third.status.success(), "{}", third.err);
    assert!(third.err.contains("set aside as"), "{}", third.err);
    assert!(!alerts(&third).is_empty(), "it works on");
    let _ = fs::remove_dir_all(&state);
}

fn report(flags: &[&str]) -> String {
    let capture = shipped(WARD).display().to_string();
    let args = ["report", "--utc", "-r", &capture];
    let output = run(args.iter().chain(flags));
    assert_eq!(output.status.code(), Some(0), "{}", texts(&output).1);
    texts(&output).0
}

/// Findings that `replay` tells, with severity and rule.
fn told() -> Vec<(String, String, String)> {
    let capture = shipped(WARD).display().to_string();
    let (out, _) = texts(&run(["-r", &capture, "--json"]));
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let mut found: Vec<(String, String, String)> = out
        .lines()
        .filter_map(|l| serde_json::from_str::<Value>(l).ok())
        .filter(|r| r["event_type"] == "finding")
        .map(|r| {
            let f = &r["finding"];
            (
                text(&f["finding_id"]),
                text(&f["level"]),
                text(&f["rule_id"]),
            )
        })
        .collect();
    found.sort();
    found
}

#[test]
fn handover_of_a_capture_counts_what_replay_tells() {
    let page = report(&["--since", "24h"]);
    let all = told();
    assert!(
        page.contains(&format!("{} findings opened", all.len())),
        "{page}"
    );
    let full = &page[page.find("IN FULL").unwrap_or(0)..];
    for (_, level, rule) in &all {
        let words = format!("{} {rule} ", level.to_uppercase());
        assert!(full.contains(&words), "{words}: {page}");
    }
    let first: Vec<&str> = page.split("IN FULL").next().unwrap_or("").lines().collect();
    assert!(first.len() <= 60, "one page first: {} lines", first.len());
}

#[test]
fn handover_names_capture_program_rules_and_zone_at_its_foot() {
    let page = report(&[]);
    let capture = shipped(WARD);
    let hash = std::process::Command::new("sha256sum")
        .arg(&capture)
        .output();
    if let Ok(output) = hash {
        let hash = String::from_utf8_lossy(&output.stdout).into_owned();
        let hash = hash.split(' ').next().unwrap_or("none").to_owned();
        assert!(page.contains(&format!("SHA-256 {hash}")), "{page}");
    }
    assert!(page.contains("wardwatch 0."), "{page}");
    assert!(page.contains("policy none, exceptions none"), "{page}");
    assert!(page.trim_end().ends_with("times in UTC"), "{page}");
}

#[test]
fn handover_tells_who_took_a_finding_in_hand() {
    let (id, level, rule) = told().remove(0);
    let marks = scratch("jsonl");
    // After the capture's end, as people do.
    fs::write(
        &marks,
        format!(
            "{{\"finding_id\":\"{id}\",\"state\":\"acknowledged\",\"by\":\"A. Name\",\"note\":\"called [biomed](http://x)\",\"level\":\"{level}\",\"at\":1995555555000000000}}\n"
        ),
    )
    .expect("a writable temporary folder");
    let marks = marks.display().to_string();
    let page = report(&["--marks", &marks]);
    assert!(page.contains("acknowledged by A. Name: called"), "{page}");
    assert!(page.contains("in the hands of A. Name"), "{page}");
    let page = report(&["--marks", &marks, "--markdown"]);
    assert!(page.contains("# Handover"), "{page}");
    assert!(
        page.contains("called \\[biomed\\]"),
        "no link out of what somebody typed: {page}"
    );
    assert!(page.contains(&rule), "{page}");
}

#[test]
fn handover_lists_windows_that_end_today_and_what_was_held_back() {
    let (_, _, rule) = told().remove(0);
    // The capture is of 2026-11-24.
    let file: PathBuf = scratch("toml");
    let day = first_day();
    fs::write(
        &file,
        format!(
            "schema = 1\n[[exception]]\nrule = '{rule}'\non = 'any'\nuntil = {day}\nreason = 'scan'\nby = 'A. Name'\n\
             [[exception]]\nrule = '{rule}'\non = '192.0.2.1'\nuntil = 2099-01-01\nreason = 'later'\nby = 'A. Name'\n"
        ),
    )
    .expect("a writable temporary folder");
    let page = report(&["--exceptions", &file.display().to_string()]);
    assert!(page.contains("that end today"), "{page}");
    assert!(page.contains("A. Name: scan)"), "{page}");
    assert!(!page.contains("A. Name: later)"), "{page}");
    assert!(page.contains("times by exception until"), "{page}");
}

/// The day of the capture, in UTC.
fn first_day() -> String {
    let page = report(&[]);
    let last = page.lines().next().unwrap_or_default();
    let to = last.split(" TO ").nth(1).unwrap_or_default();
    to.split(' ').next().unwrap_or_default().to_owned()
}

#[test]
fn neither_captures_nor_state_is_a_usage_error_and_an_empty_state_is_told() {
    assert_eq!(run(["report"]).status.code(), Some(2));
    let empty = scratch("state");
    fs::create_dir(&empty).expect("a writable temporary folder");
    let output = run(["report", "--state", &empty.display().to_string()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(texts(&output).1.contains("no sensor wrote"));
    let _ = fs::remove_dir(&empty);
}
