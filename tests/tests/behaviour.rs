//! A baseline of behaviour, learned from captures and held against others.

use std::fs;

use serde_json::Value;
use wardwatch_tests::capture::{scratch, shipped};
use wardwatch_tests::program::{run, texts};

/// Whether a rule rests on a baseline.
fn of_baseline(id: &str) -> bool {
    id.starts_with("WW-BAS-") || ["WW-EXF-0051", "WW-LAT-0102"].contains(&id)
}

/// Alerts of the baseline's rules on a capture.
fn unusual(capture: &str, flags: &[&str]) -> Vec<Value> {
    let capture = shipped(capture).display().to_string();
    let output = run(["-r", &capture, "--json"].iter().chain(flags));
    texts(&output)
        .0
        .lines()
        .filter_map(|l| serde_json::from_str::<Value>(l).ok())
        .filter(|r| {
            r["event_type"] == "alert" && r["alert"]["rule_id"].as_str().is_some_and(of_baseline)
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

/// Ids and devices of what is told above `info` after six hours of learning.
fn after_six_hours(name: &str) -> Vec<(String, String)> {
    let path = format!("pcaps/baseline/{name}.pcap.gz");
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    unusual(&path, &["--learn-for", "6h"])
        .iter()
        .map(|r| (text(&r["alert"]["rule_id"]), text(&r["alert"]["why"])))
        .collect()
}

fn has(found: &[(String, String)], id: &str) -> bool {
    found.iter().any(|(i, _)| i == id)
}

#[test]
fn calls_to_the_internet_as_regular_as_a_clock_are_told_unless_they_were_learned() {
    let found = after_six_hours("beacon");
    let beacon = found.iter().find(|(id, _)| id == "WW-LAT-0102");
    let why = &beacon.expect("a beacon").1;
    assert!(
        why.contains("13 calls to 203.0.113.77, every 300.0 s"),
        "{why}"
    );
    assert_eq!(after_six_hours("beacon-learned"), []);
    let uneven = after_six_hours("calls-as-people-make-them");
    assert!(!has(&uneven, "WW-LAT-0102"), "{uneven:?}");
    assert!(has(&uneven, "WW-BAS-0201"), "the peer is new all the same");
}

#[test]
fn hour_of_five_times_the_largest_backup_is_told_and_one_of_twice_is_not() {
    let found = after_six_hours("volume-out");
    let out = found.iter().find(|(id, _)| id == "WW-EXF-0051");
    let why = &out.expect("too much").1;
    assert!(why.contains("130000196 bytes in this hour"), "{why}");
    assert!(why.contains("at most 24000735 bytes"), "{why}");
    let usual = after_six_hours("volume-usual");
    assert!(!has(&usual, "WW-EXF-0051"), "{usual:?}");
}

#[test]
fn device_that_falls_silent_is_told_and_one_that_goes_on_is_not() {
    let found = after_six_hours("silent-monitor");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(has(&found, "WW-BAS-0207"), "{found:?}");
    assert_eq!(after_six_hours("monitor-goes-on"), []);
}

#[test]
fn detectors_of_the_baseline_are_listed_and_explained() {
    let (listed, _) = texts(&run(["rules", "list"]));
    for id in ["WW-BAS-0201", "WW-BAS-0207", "WW-EXF-0051", "WW-LAT-0102"] {
        assert!(listed.contains(id), "{id}");
        let output = run(["rules", "explain", id]);
        assert!(output.status.success(), "{id}");
        let (told, _) = texts(&output);
        for part in ["Fires when", "--learn-for", "Severity", "False alarms"] {
            assert!(told.contains(part), "{id} lacks {part}:\n{told}");
        }
    }
    let (missing, _) = texts(&run(["rules", "list", "--missing"]));
    assert!(!missing.contains("WW-EXF-0051") && !missing.contains("WW-LAT-0102"));
}
