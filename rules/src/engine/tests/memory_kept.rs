//! One run cut in two anywhere, with a restart between, says what one run says.

use serde_json::Value;

use super::*;
use crate::limits;

const WINDOWS: &[&str] = &[
    "verb is read and count() by (actor) within 1 h > 3",
    "verb is read and distinct(target) by (actor) within 1 h >= 2",
    "verb is set-rate and sum(value) by (subject) within 1 h > 30 mL/h",
    "verb is set-rate and ratio(value) by (subject) within 1 h > 2",
    "verb is set-rate and rise(value) by (subject) within 1 h > 8 mL/h",
    "verb is set-rate and fall(value) by (subject) within 1 h >= 9 mL/h",
    "sequence(verb is read, verb is set-rate, verb is delete) by (actor) within 1 h",
    "verb is read and first_seen(actor, target) after 2 s",
    "takeover(verb is read, verb is read, actor) by (target) within 1 h",
    "unprepared(verb is set-rate, verb is read) by (hosts) within 1 h",
    "exists(hl7v2.set_id) and backwards(hl7v2.set_id) by (sender) within 24 h",
    "exists(hl7v2.set_id) and interleaved(hl7v2.set_id) by (sender) within 24 h >= 2",
    "verb is set-rate and value / value.before != 1",
];

fn rules() -> String {
    let number = ProtocolId::of("hl7v2").unwrap().protocol();
    let number = number
        .fields
        .iter()
        .find(|f| f.kind == dissectors::schema::FieldType::Integer);
    let number = number.map_or("", |f| f.name);
    let mut text = String::new();
    for (n, when) in WINDOWS.iter().enumerate() {
        let when = when.replace("hl7v2.set_id", &format!("hl7v2.{number}"));
        text += &rule_text(&format!("T-X-{n:04}"), &when, "");
    }
    text
}

fn step(b: &mut Bench, n: usize) {
    let at = n as f64 * 20.0;
    let hosts = [A, B, C];
    let (from, to) = (hosts[n * 7 % 3], hosts[(n * 7 + 1 + n / 4 % 2) % 3]);
    let value = [5.0, 6.0, 14.0, 3.0, 4.5][n % 5];
    let table = ProtocolId::of("hl7v2").unwrap().protocol();
    let number = table
        .fields
        .iter()
        .find(|f| f.kind == dissectors::schema::FieldType::Integer);
    b.hl7("RGV^O15", from, to, at, |d| {
        match n % 4 {
            0 | 1 => act(d, Verb::Read),
            2 => rate(d, value, "mL/h"),
            _ => act(d, Verb::Delete),
        }
        if let Some(field) = number.and_then(|f| table.field(f.name)) {
            d.integer(field, [1, 4, 2, 7, 3][n % 5]);
        }
    });
}

fn restarted(before: &mut Bench, rules: &str, same_policy: bool) -> (Bench, crate::Restored) {
    let told = &mut before.told;
    before.judge.pause(&mut |e| told.push(note(e)));
    let text = before.judge.state(Show::Revealed).to_string();
    let kept: Value = serde_json::from_str(&text).unwrap();
    let mut after = Bench::with(rules, None, Settings::default());
    let restored = after.judge.restore(&kept, same_policy);
    after.seq = before.seq;
    after.told = std::mem::take(&mut before.told);
    (after, restored)
}

fn act(draft: &mut Draft<'_>, verb: Verb) {
    draft.action(Action::of(verb));
}

const STEPS: usize = 40;

#[test]
fn restart_anywhere_changes_no_finding() {
    let rules = rules();
    let mut whole = Bench::with(&rules, None, Settings::default());
    (0..STEPS).for_each(|n| step(&mut whole, n));
    whole.finish();
    let told = |b: &Bench| -> Vec<String> {
        let one = |(what, f): &(String, Finding)| {
            format!(
                "{what} {} {} {}",
                f.rule.id,
                f.count,
                f.why.render(Show::Revealed)
            )
        };
        let mut told: Vec<String> = b.told.iter().map(one).collect();
        told.sort();
        told
    };
    let wanted = told(&whole);
    let heard = |n: usize| wanted.iter().any(|t| t.contains(&format!("T-X-{n:04}")));
    let silent: Vec<&str> = (0..WINDOWS.len())
        .filter(|n| !heard(*n))
        .map(|n| WINDOWS[n])
        .collect();
    assert_eq!(silent, [""; 0], "each window fires in the script");
    for cut in 1..STEPS {
        let mut first = Bench::with(&rules, None, Settings::default());
        (0..cut).for_each(|n| step(&mut first, n));
        let (mut second, restored) = restarted(&mut first, &rules, true);
        assert_eq!(
            (restored.rules, restored.aside.len()),
            (WINDOWS.len() - 1, 0),
            "cut {cut}"
        );
        (cut..STEPS).for_each(|n| step(&mut second, n));
        second.finish();
        assert_eq!(told(&second), wanted, "cut before message {cut}");
    }
}

#[test]
fn rule_that_changed_begins_anew_and_is_told() {
    let when = |n| format!("verb is read and count() by (actor) within 1 h > {n}");
    let both = |n| rule_text("T-X-0001", &when(n), "") + &rule_text("T-X-0002", &when(3), "");
    let mut before = Bench::with(&both(2), None, Settings::default());
    for at in 0..2 {
        before.hl7("ACK", A, B, f64::from(at), |d| act(d, Verb::Read));
    }
    let (mut after, restored) = restarted(&mut before, &both(1), true);
    assert_eq!(restored.rules, 1);
    assert_eq!(
        restored.aside,
        ["T-X-0001: its condition changed; it begins anew"]
    );
    after.hl7("ACK", A, B, 10.0, |d| act(d, Verb::Read));
    assert_eq!(after.said(), [""; 0], "its count began anew");
    after.hl7("ACK", A, B, 11.0, |d| act(d, Verb::Read));
    assert_eq!(after.said().len(), 2, "and the other went on");
    let (_, gone) = restarted(&mut after, &rule_text("T-X-0002", &when(3), ""), true);
    assert_eq!(gone.aside, ["T-X-0001: there is no such rule any more"]);
}

#[test]
fn what_was_counted_under_another_policy_is_dropped() {
    let rule = rule_text(
        "T-X-0001",
        "verb is read and not surely(authorised) and count() by (actor) within 1 h > 1",
        "",
    );
    let mut before = Bench::with(&rule, None, Settings::default());
    before.hl7("ACK", A, B, 0.0, |d| act(d, Verb::Read));
    let (mut after, restored) = restarted(&mut before, &rule, false);
    assert_eq!(
        restored.aside,
        ["T-X-0001: the policy changed; it begins anew"]
    );
    after.hl7("ACK", A, B, 1.0, |d| act(d, Verb::Read));
    assert_eq!(after.said(), [""; 0]);
}

#[test]
fn damaged_memory_is_left_aside_and_told() {
    let rule = rule_text("T-X-0001", WINDOWS[0], "");
    let mut before = Bench::with(&rule, None, Settings::default());
    step(&mut before, 0);
    let kept = before.judge.state(Show::Revealed);
    let text = kept["engine"]["rules"][0]["windows"][0]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(text.len() >= 5 * 16);
    let mut bad: Vec<Value> = (1..text.len()).map(|n| text[..n].into()).collect();
    bad.push(text.replace(|c: char| c.is_ascii_digit(), "z").into());
    bad.push("f".repeat(160).into());
    bad.push(7.into());
    for damaged in bad {
        let mut kept = kept.clone();
        kept["engine"]["rules"][0]["windows"][0] = damaged.clone();
        let mut after = Bench::with(&rule, None, Settings::default());
        let restored = after.judge.restore(&kept, true);
        assert_eq!(restored.aside.len(), 1, "{damaged}");
        assert_eq!(restored.rules, 0);
    }
    let mut foreign = kept;
    foreign["engine"]["form"] = 99.into();
    let mut after = Bench::with(&rule, None, Settings::default());
    assert!(after.judge.restore(&foreign, true).aside[0].contains("form"));
}

#[test]
fn memory_beyond_its_bound_is_left_out_oldest_first_and_counted() {
    let rule = rule_text("T-X-0001", "count() by (actor) within 1 h > 1", "");
    let mut settings = Settings::default();
    assert!(settings.limits.set("kept-bytes", 10 * 16));
    let mut before = Bench::with(&rule, None, settings);
    for (n, from) in [A, B, C].into_iter().enumerate() {
        before.hl7("ACK", from, "10.0.0.9", n as f64 * 600.0, |_| {});
    }
    let (mut after, _) = restarted(&mut before, &rule, true);
    assert_eq!(after.judge.limit_hits().of(limits::KEPT_BYTES), 2);
    after.hl7("ACK", C, "10.0.0.9", 1300.0, |_| {});
    assert_eq!(after.said().len(), 1, "the newest was kept");
    after.hl7("ACK", A, "10.0.0.9", 1301.0, |_| {});
    assert_eq!(after.said(), [""; 0], "the oldest was not");
}
