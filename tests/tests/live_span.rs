//! `wardwatch span`: six mirrors made wrong on purpose and a good one, each called by its name.

use serde_json::Value;
use wardwatch_tests::capture::shipped;
use wardwatch_tests::program::{run, texts};

/// The verdict on a capture of `pcaps/mirrors`, and the exit code.
fn span(name: &str) -> (Value, Option<i32>) {
    let path = shipped(&format!("pcaps/mirrors/{name}.pcap"));
    let output = run([
        "span".as_ref(),
        "--json".as_ref(),
        "-r".as_ref(),
        path.as_os_str(),
    ]);
    let (out, err) = texts(&output);
    let verdict = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{err}"));
    (verdict, output.status.code())
}

/// The faults that it names, and those alone.
fn faults(verdict: &Value) -> Vec<&str> {
    let points = verdict["points"].as_array().expect("points");
    points
        .iter()
        .filter(|p| p["grade"] == "flawed" || p["grade"] == "useless")
        .map(|p| p["name"].as_str().expect("a name"))
        .collect()
}

#[test]
fn each_wrong_mirror_is_called_by_its_fault_and_by_no_other() {
    for (name, fault) in [
        ("broadcast-only", "broadcast-only"),
        ("one-direction", "one-direction"),
        ("doubled", "doubled"),
        ("routed-twice", "routed-twice"),
        ("snapped", "snapped"),
        ("gappy", "gaps"),
    ] {
        let (verdict, code) = span(name);
        assert_eq!(faults(&verdict), [fault], "{name}: {verdict}");
        assert_eq!(code, Some(1), "{name}");
        let point = &verdict["points"][0];
        assert!(
            !point["ask"].as_str().unwrap_or_default().is_empty(),
            "{name}"
        );
    }
}

#[test]
fn port_without_a_mirror_is_useless_and_the_others_are_not() {
    assert_eq!(span("broadcast-only").0["grade"], "useless");
    assert_eq!(span("doubled").0["grade"], "flawed");
}

#[test]
fn good_mirror_has_no_fault_and_names_what_it_carries() {
    let (verdict, code) = span("good");
    assert_eq!(faults(&verdict), [""; 0], "{verdict}");
    assert_eq!((&verdict["usable"], code), (&Value::Bool(true), Some(0)));
    let text = verdict.to_string();
    assert!(text.contains("hl7v2"), "{text}");
}

#[test]
fn words_say_what_to_ask_the_network_team_for() {
    let path = shipped("pcaps/mirrors/broadcast-only.pcap");
    let output = run(["span".as_ref(), "-r".as_ref(), path.as_os_str()]);
    let (out, _) = texts(&output);
    assert!(out.starts_with("This is not a usable mirror."), "{out}");
    assert!(out.contains("ask the network team"), "{out}");
}
