//! The form of what is kept. What is told of messages is tested where messages are judged.

use serde_json::{Value, json};

use super::who::Key;
use super::*;
use crate::finding::Severity;

fn some() -> Baseline {
    let mut b = Baseline::learning(WEEK, TimeZone::UTC, &Limits::default());
    b.began = Some(17);
    let mut profile = Profile {
        peers: vec![1],
        asks: 0b101,
        learned: true,
        ..Profile::default()
    };
    profile.hours.add(6, 23 * 60);
    for n in 0..300 {
        profile.messages.add(n, 0);
        profile.bytes.add(n * 1000, 0);
    }
    let ip = |text: &str| text.parse().unwrap();
    let keys = vec![Key::Mac([2, 0, 0, 0, 0, 1]), Key::Ip(ip("10.0.0.1"))];
    b.who.add(ip("10.0.0.1"), keys);
    b.who.add(ip("10.0.0.2"), vec![Key::Ip(ip("10.0.0.2"))]);
    b.profiles.push(profile.clone());
    b.profiles.push(Profile::default());
    b.kinds.push((Device::Pump, profile));
    b
}

#[test]
fn foreign_newer_and_broken_baselines_are_refused_and_bad_rows_left_out() {
    let of = |v: &Value| Baseline::of(v, TimeZone::UTC, &Limits::default());
    for wrong in [
        json!(null),
        json!({"schema": 3, "learning": 1}),
        json!({"schema": 1}),
    ] {
        assert!(of(&wrong).is_err(), "{wrong}");
    }
    let mut value = some().value(&Inventory::default());
    for row in value["devices"].as_array_mut().unwrap() {
        row["ip"] = json!("nowhere");
    }
    value["kinds"][0]["kind"] = json!("teapot");
    let read = of(&value).unwrap();
    assert_eq!(read.kinds.len(), 0);
    assert!(read.profiles.iter().all(|p| !p.learned), "{read:?}");
}

#[test]
fn what_is_kept_comes_back_the_same() {
    let before = some();
    let text = before.value(&Inventory::default()).to_string();
    let value: Value = serde_json::from_str(&text).unwrap();
    let after = Baseline::of(&value, TimeZone::UTC, &Limits::default()).unwrap();
    assert_eq!(after.value(&Inventory::default()), value);
    let card = Key::Mac([2, 0, 0, 0, 0, 1]);
    let slot = after.who.known_as(&card).unwrap() as usize;
    let (a, b) = (&before.profiles[0], &after.profiles[slot]);
    let peer = after.who.address(b.peers[0]);
    assert_eq!(peer.map(|ip| ip.to_string()).as_deref(), Some("10.0.0.2"));
    assert_eq!(a.messages.usual(), b.messages.usual());
    assert_eq!((a.asks, a.hours), (b.asks, b.hours));
    assert!(!after.learns(17 + WEEK) && after.learns(16 + WEEK));
}

#[test]
fn each_kind_of_finding_has_a_rule_of_its_own() {
    let numbers: std::collections::BTreeSet<u32> = rules().map(|r| r.number).collect();
    assert_eq!(numbers.len(), Kind::ALL.len());
    let shipped = crate::RuleSet::shipped().unwrap_or_else(|report| panic!("{report}"));
    assert!(shipped.rules().all(|r| !numbers.contains(&r.number)));
    let mild = |id: &str| id.starts_with("WW-BAS-");
    assert!(rules().all(|r| !mild(&r.id) || r.severity.attempted <= Severity::Low));
    assert!(rules().all(|r| !r.told.is_empty() && !r.clinical.is_empty()));
}

#[test]
fn first_form_is_read_with_its_counts_and_addresses() {
    let value = json!({"schema": 1, "began": 5, "learning": 9, "kinds": [], "devices": [{
        "ip": "10.0.0.1", "peers": ["10.0.0.7"], "many_peers": false, "asks": ["read"], "asked": [],
        "hours": [3], "messages": [10, 0, 0, 12, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10], "bytes": [],
        "next": [0, 0], "learned": true,
    }]});
    let read = Baseline::of(&value, TimeZone::UTC, &Limits::default()).unwrap();
    assert_eq!(read.devices(), 2, "the peer as well");
    let own = &read.profiles[0];
    assert_eq!((own.messages.busy(), own.messages.idle), (12, 2));
    assert_eq!(own.messages.usual().unwrap().median, 10);
    assert_eq!(
        read.who.address(own.peers[0]).unwrap().to_string(),
        "10.0.0.7"
    );
}
