//! The form of what is kept. What is told of messages is tested where messages are judged.

use serde_json::{Value, json};

use super::*;

fn some() -> Baseline {
    let mut b = Baseline::learning(WEEK, TimeZone::UTC, &Limits::default());
    b.began = Some(17);
    let mut profile = Profile {
        peers: vec!["10.0.0.2".parse().unwrap()],
        asks: 0b101,
        learned: true,
        ..Profile::default()
    };
    profile.hours.add(6, 23 * 60);
    for n in 0..300 {
        profile.messages.add(n, 0);
        profile.bytes.add(n * 1000, 0);
    }
    b.devices
        .insert("10.0.0.1".parse().unwrap(), profile.clone());
    b.kinds.push((Device::Pump, profile));
    b
}

#[test]
fn foreign_newer_and_broken_baselines_are_refused_and_bad_rows_left_out() {
    let of = |v: &Value| Baseline::of(v, TimeZone::UTC, &Limits::default());
    for wrong in [
        json!(null),
        json!({"schema": 2, "learning": 1}),
        json!({"schema": 1}),
    ] {
        assert!(of(&wrong).is_err(), "{wrong}");
    }
    let mut value = some().value();
    value["devices"][0]["ip"] = json!("nowhere");
    value["kinds"][0]["kind"] = json!("teapot");
    let read = of(&value).unwrap();
    assert_eq!((read.devices(), read.kinds.len()), (0, 0));
}

#[test]
fn what_is_kept_comes_back_the_same() {
    let before = some();
    let text = before.value().to_string();
    let value: Value = serde_json::from_str(&text).unwrap();
    let after = Baseline::of(&value, TimeZone::UTC, &Limits::default()).unwrap();
    assert_eq!(after.value(), value);
    let ip = "10.0.0.1".parse().unwrap();
    let (a, b) = (&before.devices[&ip], &after.devices[&ip]);
    assert_eq!(a.messages.usual(), b.messages.usual());
    assert_eq!((a.asks, a.hours), (b.asks, b.hours));
    assert!(!after.learns(17 + WEEK) && after.learns(16 + WEEK));
}

#[test]
fn each_kind_of_finding_has_a_rule_of_its_own() {
    let mut ids: Vec<&str> = rules().map(|r| r.id.as_str()).collect();
    ids.dedup();
    assert_eq!(ids.len(), Kind::ALL.len());
    assert!(rules().all(|r| r.severity.attempted <= Severity::Low));
}
