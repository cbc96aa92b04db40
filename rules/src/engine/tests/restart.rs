//! A judge that goes on from what an earlier one kept.

use serde_json::Value;

use super::*;

const RULE: &str = "verb is set-rate";

fn set(b: &mut Bench, from: &str, at: f64) {
    b.hl7("RGV^O15", from, B, at, |d| {
        rate(d, 5.0, "mL/h");
        let field = ProtocolId::of("hl7v2")
            .unwrap()
            .protocol()
            .field("sending_app");
        d.text(field.unwrap(), b"BCMA");
    });
}

fn kept(b: &mut Bench) -> Value {
    let told = &mut b.told;
    b.judge.pause(&mut |e| told.push(note(e)));
    // As a store would: written and read.
    let text = b.judge.state(Show::Revealed).to_string();
    serde_json::from_str(&text).unwrap()
}

fn restarted(kept: &Value) -> Bench {
    let mut b = Bench::new(RULE);
    b.judge.restore(kept, true);
    b
}

#[test]
fn finding_that_repeats_after_a_restart_goes_on_under_its_id() {
    let mut before = Bench::new(RULE);
    set(&mut before, A, 0.0);
    set(&mut before, A, 1.0);
    let id = before.told[0].1.finding_id;
    let kept = kept(&mut before);
    assert_eq!(before.told.len(), 1, "it is not closed by the end of a run");
    let mut after = restarted(&kept);
    set(&mut after, A, 100.0);
    assert_eq!(after.said(), [""; 0], "no second alarm");
    set(&mut after, C, 101.0);
    assert_eq!(after.said().len(), 1, "somebody else is told");
    after.finish();
    let closed = after.told.iter().find(|(_, f)| f.finding_id == id);
    let (what, finding) = closed.expect("it closes under its id");
    assert_eq!((what.as_str(), finding.count), ("closed", 3));
    assert_eq!(finding.severity, Severity::High);
    assert!(!finding.rule.title.is_empty());
}

#[test]
fn finding_that_was_quiet_over_the_restart_closes_with_its_count() {
    let mut before = Bench::new(RULE);
    set(&mut before, A, 0.0);
    let kept = kept(&mut before);
    let mut after = restarted(&kept);
    after.advance(7200.0);
    assert_eq!(after.said(), ["closed T-X-0001 high"]);
    set(&mut after, A, 7201.0);
    assert_eq!(after.said(), ["opened T-X-0001 high"]);
}

#[test]
fn inventory_comes_back_whole() {
    let mut before = Bench::new(RULE);
    for (n, from) in [A, C].into_iter().enumerate() {
        set(&mut before, from, n as f64);
    }
    let kept = kept(&mut before);
    let after = restarted(&kept);
    let (old, new) = (before.judge.inventory(), after.judge.inventory());
    assert_eq!(old.assets().len(), new.assets().len());
    assert_eq!(old.assets().len(), 2);
    for (a, b) in old.assets().iter().zip(new.assets()) {
        assert_eq!((a.ip, a.usual_mac(), a.sent), (b.ip, b.usual_mac(), b.sent));
        assert_eq!((a.first_seen, a.last_seen), (b.first_seen, b.last_seen));
        assert_eq!(a.protocols, b.protocols);
        assert_eq!(a.peers.len(), b.peers.len());
        for (p, q) in a.peers.iter().zip(&b.peers) {
            assert_eq!((p.at, p.asked, p.last), (q.at, q.asked, q.last));
        }
        assert_eq!(a.names.len(), b.names.len());
    }
    let roles = |i: &crate::inventory::Inventory| -> Vec<_> {
        i.devices()
            .iter()
            .map(|d| d.role().map(|r| (r.0, r.1.len())))
            .collect()
    };
    assert_eq!(roles(old), roles(new));
    assert!(roles(old).iter().any(Option::is_some));
}

#[test]
fn what_cannot_be_read_is_left_out_and_the_rest_is_taken() {
    let mut before = Bench::new(RULE);
    set(&mut before, A, 0.0);
    let mut kept = kept(&mut before);
    kept["inventory"]["assets"][0]["ip"] = "no address".into();
    kept["open"][0]["severity"] = 7.into();
    let mut after = Bench::new(RULE);
    let restored = after.judge.restore(&kept, true);
    let (assets, open) = (restored.assets, restored.findings);
    assert_eq!(
        (assets, open),
        (before.judge.inventory().assets().len() - 1, 0)
    );
    for nonsense in ["null", "[]", "{\"inventory\":7,\"open\":{}}"] {
        let value: Value = serde_json::from_str(nonsense).unwrap();
        let restored = Bench::new(RULE).judge.restore(&value, true);
        assert_eq!((restored.assets, restored.findings), (0, 0));
    }
}
