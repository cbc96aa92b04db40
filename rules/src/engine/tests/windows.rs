//! The past as rules count it.

use super::*;

#[test]
fn window_counts_up_to_its_edge_and_no_further() {
    let mut b = Bench::new("verb is set-rate and count() by (actor) within 60 s > 2");
    let set = |b: &mut Bench, at| b.hl7("RGV^O15", A, B, at, |d| rate(d, 1.0, "mL/h"));
    set(&mut b, 0.0);
    set(&mut b, 30.0);
    set(&mut b, 60.001);
    assert_eq!(b.said(), [""; 0]);
    // 30.0, 60.001 and 90.0 lie within 60 s, both ends included.
    set(&mut b, 90.0);
    assert_eq!(
        b.last().frames.iter().map(|f| f.number).collect::<Vec<_>>(),
        [2, 3, 4]
    );
    assert!(
        b.last()
            .why
            .render(Show::Revealed)
            .contains("3 within 1 min")
    );
    assert_eq!(b.said(), ["opened T-X-0001 high"]);
}

#[test]
fn messages_that_fail_the_rest_of_the_rule_do_not_count() {
    let mut b = Bench::new("verb is set-rate and count() by (actor) within 60 s >= 2");
    b.hl7("RGV^O15", A, B, 0.0, |d| rate(d, 1.0, "mL/h"));
    b.hl7("ADT^A01", A, B, 1.0, |d| {
        d.action(Action::of(Verb::SetPatient));
    });
    b.hl7("RGV^O15", C, B, 2.0, |d| rate(d, 1.0, "mL/h"));
    assert_eq!(b.said(), [""; 0]);
    b.hl7("RGV^O15", A, B, 3.0, |d| rate(d, 1.0, "mL/h"));
    assert_eq!(b.said().len(), 1);
}

#[test]
fn what_stands_beside_a_window_counts_wherever_it_stands_and_windows_do_not_starve_each_other() {
    let when = "count() by (actor) within 60 s >= 3 and distinct(subject) by (actor) within 60 s >= 2 and verb is set-rate";
    let mut b = Bench::new(when);
    b.hl7("ADT^A01", A, B, 0.0, |d| {
        d.action(Action::of(Verb::SetPatient));
    });
    for (at, pump) in [(1.0, "1"), (2.0, "2"), (3.0, "2")] {
        assert_eq!(b.said(), [""; 0]);
        b.hl7("RGV^O15", A, B, at, |d| {
            d.action(Action {
                device_id: pump.as_bytes(),
                ..Action::of(Verb::SetRate)
            });
        });
    }
    assert_eq!(b.said().len(), 1);
}

#[test]
fn distinct_counts_a_repeated_value_once() {
    let mut b = Bench::new("verb is set-rate and distinct(target) by (actor) within 60 s >= 2");
    b.hl7("RGV^O15", A, B, 0.0, |d| rate(d, 1.0, "mL/h"));
    b.hl7("RGV^O15", A, B, 1.0, |d| rate(d, 1.0, "mL/h"));
    assert_eq!(b.said(), [""; 0]);
    b.hl7("RGV^O15", A, C, 2.0, |d| rate(d, 1.0, "mL/h"));
    assert_eq!(b.said().len(), 1);
}

#[test]
fn sum_adds_up_in_any_unit_and_forgets_what_is_old() {
    let mut b = Bench::new("sum(value) by (target) within 60 s > 100 mL/h");
    b.hl7("RGV^O15", A, B, 0.0, |d| rate(d, 0.06, "L/h"));
    b.hl7("RGV^O15", A, B, 61.0, |d| rate(d, 60.0, "mL/h"));
    assert_eq!(b.said(), [""; 0]);
    b.hl7("RGV^O15", A, B, 62.0, |d| rate(d, 41.0, "mL/h"));
    assert_eq!(b.said().len(), 1);
}

#[test]
fn jump_is_measured_against_the_value_before_not_against_zero() {
    let mut b = Bench::new("ratio(value) by (target, subject) within 10 min > 5");
    for (at, value) in [
        (0.0, 10.0),
        (1.0, 50.0),
        (2.0, 0.0),
        (3.0, 400.0),
        (1000.0, 9000.0),
    ] {
        b.hl7("RGV^O15", A, B, at, |d| rate(d, value, "mL/h"));
    }
    assert_eq!(b.said(), [""; 0]);
    b.hl7("RGV^O15", A, B, 1001.0, |d| rate(d, 46.0, "L/h"));
    assert_eq!(b.said().len(), 1);
}

#[test]
fn sequence_needs_its_steps_in_order_and_in_time() {
    let when = "sequence(verb is read, verb is set-rate) by (actor, target) within 10 s";
    let read = |b: &mut Bench, at| {
        b.hl7("QBP^Q22", A, B, at, |d| {
            d.action(Action::of(Verb::Read));
        });
    };
    let set = |b: &mut Bench, from, at| b.hl7("RGV^O15", from, B, at, |d| rate(d, 1.0, "mL/h"));
    let mut b = Bench::new(when);
    set(&mut b, A, 0.0);
    read(&mut b, 1.0);
    set(&mut b, C, 2.0);
    set(&mut b, A, 11.5);
    assert_eq!(b.said(), [""; 0]);
    read(&mut b, 12.0);
    set(&mut b, A, 22.0);
    assert_eq!(b.last().frames.len(), 2);
    assert_eq!(b.said().len(), 1);
}

#[test]
fn first_seen_learns_before_it_speaks() {
    let mut b = Bench::new("verb is set-rate and first_seen(actor, target) after 10 s");
    b.hl7("RGV^O15", A, B, 0.0, |d| rate(d, 1.0, "mL/h"));
    b.hl7("RGV^O15", A, B, 20.0, |d| rate(d, 1.0, "mL/h"));
    assert_eq!(b.said(), [""; 0]);
    b.hl7("RGV^O15", C, B, 21.0, |d| rate(d, 1.0, "mL/h"));
    b.hl7("RGV^O15", C, B, 22.0, |d| rate(d, 1.0, "mL/h"));
    assert_eq!(b.said().len(), 1);
}

#[test]
fn full_window_table_gives_up_what_was_touched_longest_ago() {
    let mut b = Bench::limited(
        "verb is set-rate and count() by (subject) within 1 h >= 2",
        "window-keys",
        2,
    );
    for (at, pump) in [(0.0, "1"), (1.0, "2"), (2.0, "1"), (3.0, "3"), (4.0, "2")] {
        b.hl7("RGV^O15", A, B, at, |d| {
            d.action(Action {
                device_id: pump.as_bytes(),
                ..Action::of(Verb::SetRate)
            });
        });
    }
    // Pump 2 was forgotten for pump 3; pump 1 was counted twice.
    assert_eq!(b.said().len(), 1);
    assert!(b.judge.limit_hits().of(crate::limits::WINDOW_KEYS) >= 1);
}

#[test]
fn step_of_the_clock_back_neither_expires_nor_counts_twice() {
    let mut b = Bench::new("verb is set-rate and count() by (actor) within 60 s >= 3");
    for at in [1000.0, 1010.0, 5.0] {
        b.hl7("RGV^O15", A, B, at, |d| rate(d, 1.0, "mL/h"));
    }
    assert_eq!(b.judge.clock_steps(), 1);
    assert_eq!(b.said().len(), 1);
}
