//! A baseline of behaviour, learned from captures and held against others.

use std::fs;

use serde_json::Value;
use wardwatch_tests::capture::{scratch, shipped};
use wardwatch_tests::program::{run, texts};

/// Alerts of the baseline's rules on a capture.
fn unusual(capture: &str, flags: &[&str]) -> Vec<Value> {
    let capture = shipped(capture).display().to_string();
    let output = run(["-r", &capture, "--json"].iter().chain(flags));
    texts(&output)
        .0
        .lines()
        .filter_map(|l| serde_json::from_str::<Value>(l).ok())
        .filter(|r| {
            r["event_type"] == "alert"
                && r["alert"]["rule_id"]
                    .as_str()
                    .is_some_and(|id| id.starts_with("WW-BAS-"))
        })
        .collect()
}

const DAY: &str = "pcaps/hl7v2/ward_day.pcap";
const EVENING: &str = "pcaps/ward/one-evening.pcapng";

fn learned(capture: &str) -> String {
    let baseline = scratch("json").display().to_string();
    let capture = shipped(capture).display().to_string();
    let policy = scratch("toml").display().to_string();
    let output = run([
        "learn",
        "-r",
        &capture,
        "--policy-out",
        &policy,
        "--baseline-out",
        &baseline,
    ]);
    assert!(output.status.success(), "{}", texts(&output).1);
    baseline
}

#[test]
fn capture_that_was_learned_from_has_nothing_unusual() {
    for capture in [DAY, EVENING] {
        let baseline = learned(capture);
        let found = unusual(capture, &["--baseline", &baseline]);
        assert!(found.is_empty(), "{capture}: {found:?}");
    }
}

#[test]
fn stranger_in_another_capture_is_told_with_baseline_and_observation() {
    let baseline = learned(DAY);
    let found = unusual(EVENING, &["--baseline", &baseline]);
    assert!(!found.is_empty(), "the evening has a new commander");
    for record in &found {
        let alert = &record["alert"];
        assert!(
            alert["expected"]
                .as_str()
                .is_some_and(|t| t.contains("learned")),
            "{alert}"
        );
        assert!(
            alert["why"]
                .as_str()
                .is_some_and(|t| t.contains("usual is")),
            "{alert}"
        );
        assert_eq!(alert["category"], "behaviour");
    }
}

#[test]
fn without_a_baseline_and_while_learning_nothing_is_told() {
    assert!(unusual(EVENING, &[]).is_empty());
    assert!(unusual(EVENING, &["--learn-for", "30d"]).is_empty());
}

#[test]
fn baseline_that_is_none_is_told_with_its_name() {
    let file = scratch("json");
    fs::write(&file, "{}").expect("a writable temporary folder");
    let output = run(["check", "--baseline", &file.display().to_string()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(texts(&output).1.contains("this is no baseline"));
}
