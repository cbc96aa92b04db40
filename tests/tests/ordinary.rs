//! Ordinary trouble is silent: nothing above `low` on a day when nothing was done to anybody, however
//! untidy; and the same day with one attack hidden in it is told.

use rules::finding::Severity;
use serde_json::Value;
use wardwatch_tests::capture::{policy_for, shipped};
use wardwatch_tests::replay::Replay;

/// Each scene of `pcaps/ordinary/`, and what its twin must raise above `low`.
const SCENES: &[(&str, &str)] = &[
    ("relayed-by-an-engine", "WW-HL7-0029"),
    ("before-and-after-a-router", "WW-MON-0151"),
    ("through-address-translation", "WW-CMD-0001"),
    ("queue-drains-after-a-downtime", "WW-HL7-0007"),
    ("gateway-polls-many-of-which-most-are-off", "WW-SCAN-0039"),
    ("monitor-unplugged-and-back", "WW-MON-0151"),
    ("titrated-drip", "WW-VAL-0018"),
    ("secondary-infusion-and-return", "WW-VAL-0019"),
    ("worklist-and-reading-list", "WW-DICOM-0042"),
    ("listed-scanner", "WW-SCAN-0039"),
    ("vendor-session-in-its-window", "WW-UPD-0061"),
    ("one-direction-only", "WW-HL7-0006"),
    ("idle-sessions", "WW-DOS-0148"),
];

/// Rule, level and sentence of each alert of a capture that is above `low`.
fn loud(name: &str) -> Vec<(String, String)> {
    let path = shipped(&format!("pcaps/ordinary/{name}.pcap.gz"));
    let policy = policy_for(&path).expect("a policy for the folder");
    let records = Replay::of(&path).policy(policy).records();
    let messages = records.iter().filter(|r| r["event_type"] != "stats");
    assert!(messages.count() > 10, "{name} says next to nothing");
    records
        .iter()
        .filter(|r| r["event_type"] == "alert")
        .map(|r| &r["alert"])
        .filter(|a| above_low(&a["level"]))
        .map(|a| {
            let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
            (text(&a["rule_id"]), format!("{} {}", a["level"], a["why"]))
        })
        .collect()
}

fn above_low(level: &Value) -> bool {
    let word = level.as_str().expect("an alert says how bad it is");
    Severity::from_word(word).expect("a severity") > Severity::Low
}

#[test]
fn ordinary_trouble_raises_nothing_above_low() {
    let mut wrong = Vec::new();
    for (name, _) in SCENES {
        for (id, what) in loud(name) {
            wrong.push(format!("{name}: {id} {what}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn attack_hidden_in_the_same_trouble_is_told() {
    let mut missing = Vec::new();
    for (name, id) in SCENES {
        let loud = loud(&format!("{name}-attack"));
        if !loud.iter().any(|(found, _)| found == id) {
            missing.push(format!("{name}: no {id}, but {loud:?}"));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_scene_of_the_folder_is_judged() {
    let folder = std::fs::read_dir(shipped("pcaps/ordinary")).expect("the folder");
    let captures = folder
        .filter_map(|e| e.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".pcap.gz"))
        .count();
    assert_eq!(captures, 2 * SCENES.len());
}
