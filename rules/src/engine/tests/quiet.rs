//! Exceptions, windows and thresholds over packet time. The bench's second 0 is Monday,
//! 2026-01-05 10:00 UTC.

use super::*;
use crate::exceptions::{Exceptions, Known};

const RULE: &str = "verb is set-rate";
const SIGNED: &str = "reason = 'agreed'\nby = 'A. Name'\n";

fn bench(entries: &str) -> Bench {
    let mut b = Bench::new(RULE);
    let text = format!("schema = 1\n{entries}");
    b.judge.except(exceptions(&text), &mut |_| {});
    b
}

fn exceptions(text: &str) -> Exceptions {
    let source = Source {
        name: "site.toml".into(),
        text: text.into(),
    };
    let known = Known {
        rules: &["T-X-0001"],
        ..Known::default()
    };
    Exceptions::load(&[source], &known).unwrap_or_else(|e| panic!("{e}"))
}

fn set(b: &mut Bench, from: &str, at: f64) {
    b.hl7("RGV^O15", from, B, at, |d| rate(d, 5.0, "mL/h"));
}

fn opened(b: &mut Bench) -> usize {
    let said = b.said();
    said.iter().filter(|s| s.starts_with("opened")).count()
}

#[test]
fn exception_holds_until_its_last_day_in_its_zone_is_over() {
    // The 5th ends in Berlin at 23:00 UTC: 13 hours after the bench's beginning.
    let mut b = bench(&format!(
        "timezone = 'Europe/Berlin'\n[[exception]]\nrule = 'T-X-0001'\nwho = '{A}'\nuntil = 2026-01-05\n{SIGNED}"
    ));
    set(&mut b, A, 0.0);
    set(&mut b, A, 13.0 * 3600.0 - 1.0);
    assert_eq!(opened(&mut b), 0);
    set(&mut b, A, 13.0 * 3600.0);
    assert_eq!(opened(&mut b), 1);
}

#[test]
fn exception_names_one_asset_and_verb_and_no_other() {
    let mut b = bench(&format!(
        "[[exception]]\nrule = 'T-X-0001'\nwho = '{A}'\non = 'device:PUMP-1'\nverbs = ['set-rate']\nuntil = 2027-01-01\n{SIGNED}"
    ));
    set(&mut b, A, 0.0);
    assert_eq!(opened(&mut b), 0);
    set(&mut b, C, 1.0);
    assert_eq!(opened(&mut b), 1, "somebody else");
    let mut b = bench(&format!(
        "[[exception]]\nrule = 'T-X-0001'\nwho = '{A}'\nverbs = ['stop']\nuntil = 2027-01-01\n{SIGNED}"
    ));
    set(&mut b, A, 0.0);
    assert_eq!(opened(&mut b), 1, "another verb");
}

#[test]
fn in_a_window_its_people_are_silent_and_therapy_by_others_still_fires() {
    let mut b = bench(&format!(
        "[[window]]\npeople = '{A}'\ndevices = '{B}'\nfrom = 2026-01-05T10:00:10Z\nto = 2026-01-05T10:10:00Z\n{SIGNED}"
    ));
    set(&mut b, A, 0.0);
    assert_eq!(opened(&mut b), 1, "before it opens");
    set(&mut b, A, 20.0);
    assert_eq!(opened(&mut b), 0, "inside");
    set(&mut b, C, 30.0);
    assert_eq!(opened(&mut b), 1, "somebody else, inside");
    b.finish();
    let said = b.said();
    assert!(
        said.contains(&"held back by a window T-X-0001 high".to_owned()),
        "{said:?}"
    );
    let mut b = bench(&format!(
        "[[window]]\npeople = '{A}'\ndevices = '{B}'\nfrom = 2026-01-05T10:00:10Z\nto = 2026-01-05T10:10:00Z\n{SIGNED}"
    ));
    set(&mut b, A, 600.0);
    assert_eq!(opened(&mut b), 1, "after it closed");
}

#[test]
fn device_that_commands_its_people_in_their_window_still_fires() {
    let mut b = bench(&format!(
        "[[window]]\npeople = '{B}'\ndevices = '{A}'\nhours = ['Mon 10:00-11:00']\nuntil = 2026-12-31\n{SIGNED}"
    ));
    set(&mut b, A, 0.0);
    assert_eq!(opened(&mut b), 1);
}

#[test]
fn weekly_window_is_open_in_its_hours_only() {
    let mut b = bench(&format!(
        "[[window]]\npeople = '{A}'\ndevices = 'any'\nhours = ['Mon 10:00-10:01']\nuntil = 2026-12-31\n{SIGNED}"
    ));
    set(&mut b, A, 59.0);
    assert_eq!(opened(&mut b), 0);
    set(&mut b, A, 60.0);
    assert_eq!(opened(&mut b), 1);
}

#[test]
fn threshold_fires_from_the_third_within_its_time_and_counts_each_sender_apart() {
    let threshold =
        format!("[[threshold]]\nrule = 'T-X-*'\ncount = 3\nwithin = '1m'\nper = 'actor'\n{SIGNED}");
    let mut b = bench(&threshold);
    for at in [0.0, 50.0, 100.0, 150.0] {
        set(&mut b, A, at);
    }
    assert_eq!(opened(&mut b), 0, "never three within a minute");
    set(&mut b, C, 151.0);
    assert_eq!(opened(&mut b), 0, "another sender");
    set(&mut b, A, 155.0);
    assert_eq!(opened(&mut b), 1, "the third since 100");
}

#[test]
fn what_was_held_back_is_counted_and_told_once_with_its_outcome() {
    let mut b = bench(&format!(
        "\n\n[[exception]]\nrule = 'T-X-0001'\nwho = '{A}'\nuntil = 2027-01-01\n{SIGNED}"
    ));
    b.hl7("RGV^O15", A, B, 0.0, |d| {
        rate(d, 5.0, "mL/h");
        d.asks(Scope::Hosts, b"1");
    });
    b.hl7("ACK^O15", B, A, 0.1, |d| {
        d.answers(Scope::Hosts, b"1", true, Outcome::Accepted);
    });
    set(&mut b, A, 1.0);
    b.finish();
    assert_eq!(b.told.len(), 1);
    let held = b.last();
    assert_eq!((held.count, held.outcome), (2, Outcome::Accepted));
    let counted: Vec<_> = b.judge.suppressed().collect();
    assert_eq!(counted.len(), 1);
    assert_eq!(
        (counted[0].0.place.as_str(), counted[0].1),
        ("site.toml:4", 2)
    );
}

#[test]
fn other_exceptions_close_what_the_old_ones_held_back() {
    let entry = format!(
        "schema = 1\n[[exception]]\nrule = 'T-X-0001'\nwho = '{A}'\nuntil = 2027-01-01\n{SIGNED}"
    );
    let mut b = bench(entry.trim_start_matches("schema = 1\n"));
    set(&mut b, A, 0.0);
    let mut told = 0;
    b.judge
        .except(exceptions("schema = 1\n"), &mut |_| told += 1);
    assert_eq!(told, 1);
    set(&mut b, A, 1.0);
    assert_eq!(opened(&mut b), 1);
}

#[test]
fn more_senders_than_a_threshold_can_count_are_not_held_back() {
    let mut settings = Settings::default();
    assert!(settings.limits.set("threshold-keys", 2));
    let mut b = Bench::with(&rule_text("T-X-0001", RULE, ""), None, settings);
    let text =
        format!("schema = 1\n[[threshold]]\nrule = 'T-X-0001'\ncount = 2\nwithin = '1h'\n{SIGNED}");
    b.judge.except(exceptions(&text), &mut |_| {});
    for (n, from) in ["10.0.1.1", "10.0.1.2", "10.0.1.3"].into_iter().enumerate() {
        set(&mut b, from, n as f64);
    }
    assert_eq!(opened(&mut b), 1);
    let mut hits = b.judge.limit_hits().named();
    assert!(hits.any(|(name, n)| name == "threshold-keys" && n == 1));
}
