//! A baseline of behaviour: silent while it learns, then it tells what is new with both numbers.

use jiff::tz::TimeZone;

use super::*;
use crate::baseline::Baseline;

const HOUR: f64 = 3600.0;

/// Each address has a card of its own.
fn own_card(ip: IpAddr) -> u8 {
    match ip {
        IpAddr::V4(v4) => v4.octets()[3],
        IpAddr::V6(_) => 0,
    }
}

/// Learns for two hours: A asks B for one reading a minute.
fn learned() -> Bench {
    let mut b = Bench::new("verb is delete");
    let baseline = Baseline::learning(
        2 * 3600 * SECOND,
        TimeZone::UTC,
        &crate::limits::Limits::default(),
    );
    b.judge.know_behaviour(baseline);
    b.card = own_card;
    for minute in 0..120 {
        ask(&mut b, A, B, f64::from(minute) * 60.0, Verb::Read);
    }
    assert_eq!(b.said(), [""; 0], "learning is silent");
    b
}

fn ask(b: &mut Bench, from: &str, to: &str, at: f64, verb: Verb) {
    b.hl7("QBP^Q11", from, to, at, |d| {
        d.action(Action::of(verb));
    });
}

fn opened(b: &mut Bench) -> Vec<(String, String, String)> {
    let told = std::mem::take(&mut b.told);
    let opened = told.into_iter().filter(|(what, _)| what == "opened");
    opened
        .map(|(_, f)| {
            let pseudonyms = Pseudonyms::new(&[1; 32]);
            (
                f.rule.id.clone(),
                f.why.render(Show::Hidden(&pseudonyms)),
                f.expected.clone().unwrap_or_default(),
            )
        })
        .collect()
}

#[test]
fn more_of_the_same_after_learning_is_silent() {
    let mut b = learned();
    for minute in 120..360 {
        ask(&mut b, A, B, f64::from(minute) * 60.0, Verb::Read);
    }
    assert_eq!(opened(&mut b), []);
}

#[test]
fn new_peer_is_told_for_the_device_that_was_learned_and_once() {
    let mut b = learned();
    ask(&mut b, C, B, 2.0 * HOUR, Verb::Read);
    let found = opened(&mut b);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "WW-BAS-0201");
    assert!(found[0].1.contains("10.0.0.3, first now"), "{found:?}");
    assert_eq!(found[0].2, "1 peers in 2 hours learned");
    ask(&mut b, C, B, 3.0 * HOUR, Verb::Read);
    assert_eq!(opened(&mut b), [], "known from then on");
}

#[test]
fn new_verb_is_told_with_what_was_usual() {
    let mut b = learned();
    ask(&mut b, A, B, 2.0 * HOUR, Verb::Delete);
    let found: Vec<_> = opened(&mut b)
        .into_iter()
        .filter(|f| f.0 == "WW-BAS-0202")
        .collect();
    assert_eq!(found.len(), 2, "who asks and who is asked: {found:?}");
    assert!(
        found
            .iter()
            .all(|f| f.2.contains("for read in 2 hours learned")),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|f| f.1.contains("10.0.0.1: asks for delete"))
    );
    assert!(
        found
            .iter()
            .any(|f| f.1.contains("10.0.0.2: is asked for delete"))
    );
}

#[test]
fn flood_is_told_with_median_and_deviation_and_double_is_not() {
    let mut b = learned();
    // Five a span are usual; ten are no news.
    for n in 0..20 {
        ask(&mut b, A, B, 2.0 * HOUR + f64::from(n) * 30.0, Verb::Read);
    }
    ask(&mut b, A, B, 2.0 * HOUR + 601.0, Verb::Read);
    assert_eq!(opened(&mut b), []);
    for n in 0..200 {
        ask(&mut b, A, B, 2.0 * HOUR + 602.0 + f64::from(n), Verb::Read);
    }
    ask(&mut b, A, B, 2.0 * HOUR + 1000.0, Verb::Read);
    let found = opened(&mut b);
    let rate = found
        .iter()
        .find(|f| f.0 == "WW-BAS-0204")
        .expect("a flood");
    assert!(
        rate.2.contains("median 5 messages in 5 minutes, MAD 0"),
        "{rate:?}"
    );
    assert!(rate.1.contains("201 messages in 5 minutes"), "{rate:?}");
    assert!(found.iter().any(|f| f.0 == "WW-BAS-0205"), "and its bytes");
}

#[test]
fn hour_is_told_only_after_a_week_was_learned() {
    let mut b = Bench::new("verb is delete");
    let week = 7 * 24 * 3600 * SECOND;
    b.judge.know_behaviour(Baseline::learning(
        week,
        TimeZone::UTC,
        &crate::limits::Limits::default(),
    ));
    for day in 0..7 {
        ask(&mut b, A, B, f64::from(day) * 24.0 * HOUR, Verb::Read);
    }
    // Monday, 10:00 again, then 03:00.
    ask(&mut b, A, B, 7.0 * 24.0 * HOUR, Verb::Read);
    assert_eq!(opened(&mut b), []);
    ask(&mut b, A, B, (7.0 * 24.0 + 17.0) * HOUR, Verb::Read);
    let found = opened(&mut b);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].1.contains("active Tue 03:00-03:59"), "{found:?}");
    assert!(found[0].2.contains("7 of 168 hours"), "{found:?}");
}

#[test]
fn stranger_of_unknown_kind_has_no_baseline_of_its_own() {
    let mut b = learned();
    ask(&mut b, C, "10.0.0.4", 2.0 * HOUR, Verb::Delete);
    let found = opened(&mut b);
    assert!(found.iter().all(|f| f.0.starts_with("T-")), "{found:?}");
}

#[test]
fn baseline_stands_over_a_restart_and_learning_is_not_begun_anew() {
    let mut before = learned();
    let told = &mut before.told;
    before.judge.pause(&mut |e| told.push(note(e)));
    let text = before.judge.state(Show::Revealed).to_string();
    let kept: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut after = Bench::new("verb is delete");
    after.card = own_card;
    let fresh = Baseline::learning(
        2 * 3600 * SECOND,
        TimeZone::UTC,
        &crate::limits::Limits::default(),
    );
    after.judge.know_behaviour(fresh);
    after.judge.restore(&kept, true);
    ask(&mut after, A, B, 2.0 * HOUR, Verb::Read);
    assert_eq!(opened(&mut after), []);
    ask(&mut after, C, B, 2.0 * HOUR + 1.0, Verb::Read);
    assert_eq!(opened(&mut after).len(), 1);
}

fn ids(found: &[(String, String, String)]) -> Vec<&str> {
    found.iter().map(|f| f.0.as_str()).collect()
}

#[test]
fn device_with_a_new_address_is_the_same_and_a_new_card_at_its_address_is_not() {
    // 10.0.0.11 is where the card of A turns up.
    let mut b = learned();
    b.card = |ip| own_card(ip) % 10;
    for minute in 120..180 {
        ask(&mut b, "10.0.0.11", B, f64::from(minute) * 60.0, Verb::Read);
    }
    assert_eq!(opened(&mut b), [], "the same card");
    // Another card at the address of A: B has a new peer.
    b.card = |ip| own_card(ip) + if own_card(ip) == 1 { 90 } else { 0 };
    let mut b2 = learned();
    b2.card = b.card;
    b2.send_on(77, false, "hl7v2", "QBP^Q11", A, B, 2.0 * HOUR, |d| {
        d.action(Action::of(Verb::Read));
    });
    assert_eq!(ids(&opened(&mut b2)), ["WW-BAS-0201"]);
}

/// Learns for four hours: A and C each send B a message every ten seconds.
fn steady() -> Bench {
    let mut b = Bench::new("verb is delete");
    b.judge.know_behaviour(Baseline::learning(
        4 * 3600 * SECOND,
        TimeZone::UTC,
        &crate::limits::Limits::default(),
    ));
    b.card = own_card;
    both(&mut b, 0, 1440, |_, _| true);
    assert_eq!(b.said(), [""; 0], "learning is silent");
    b
}

fn both(b: &mut Bench, from: u32, to: u32, says: impl Fn(&str, u32) -> bool) {
    for n in from..to {
        for who in [A, C] {
            if says(who, n) {
                ask(b, who, B, f64::from(n) * 10.0, Verb::Read);
            }
        }
    }
}

#[test]
fn device_that_always_spoke_is_silent_while_another_speaks_and_that_is_told_once() {
    let mut b = steady();
    both(&mut b, 1440, 2000, |who, n| who == C || n < 1440);
    let found = opened(&mut b);
    assert_eq!(ids(&found), ["WW-BAS-0207"], "{found:?}");
    assert!(
        found[0].1.contains("10.0.0.1: nothing for 15 minutes"),
        "{found:?}"
    );
    assert!(
        found[0].2.contains("messages in 47 of 47 spans"),
        "{found:?}"
    );
}

#[test]
fn silence_of_everybody_is_a_hole_in_the_capture_and_no_device_s() {
    let mut b = steady();
    both(&mut b, 2400, 2600, |_, _| true);
    assert_eq!(opened(&mut b), []);
}

#[test]
fn far_less_than_usual_is_told_after_three_spans() {
    let mut b = steady();
    both(&mut b, 1440, 1440 + 130, |who, n| who == C || n % 15 == 0);
    let found = opened(&mut b);
    assert_eq!(ids(&found), ["WW-BAS-0206"], "{found:?}");
    assert!(found[0].1.contains("2 messages in 5 minutes"), "{found:?}");
    assert!(found[0].2.contains("out of range below"), "{found:?}");
}

#[test]
fn half_of_what_is_usual_is_no_news() {
    let mut b = steady();
    both(&mut b, 1440, 1700, |who, n| who == C || n % 2 == 0);
    assert_eq!(opened(&mut b), []);
}

#[test]
fn hour_with_five_times_the_bytes_is_told_above_the_floor_only() {
    for (floor, expected) in [(1_000, vec!["WW-EXF-0051"]), (100_000_000, vec![])] {
        let mut limits = crate::limits::Limits::default();
        assert!(limits.set("outbound-floor", floor));
        let mut b = Bench::new("verb is delete");
        let baseline = Baseline::learning(5 * 3600 * SECOND, TimeZone::UTC, &limits);
        b.judge.know_behaviour(baseline);
        b.card = own_card;
        // 12 messages of 100 bytes an hour, then 80 in one.
        for n in 0..60 {
            ask(&mut b, A, B, f64::from(n) * 300.0, Verb::Read);
        }
        for n in 0..80 {
            ask(&mut b, A, B, 5.0 * HOUR + f64::from(n) * 40.0, Verb::Read);
        }
        let found: Vec<_> = opened(&mut b)
            .into_iter()
            .filter(|f| f.0.starts_with("WW-EXF"))
            .collect();
        assert_eq!(ids(&found), expected, "{found:?}");
        if let Some(found) = found.first() {
            assert!(
                found.2.contains("at most 1200 bytes in one of"),
                "{found:?}"
            );
            assert!(found.1.contains("6100 bytes in this hour"), "{found:?}");
        }
    }
}
