//! A request and what became of it.

use super::*;

#[test]
fn rule_without_answer_is_told_at_once_and_raised_by_the_answer() {
    let mut b = Bench::new("verb is set-rate");
    b.hl7("RGV^O15", A, B, 0.0, |d| {
        rate(d, 1.0, "mL/h");
        d.asks(Scope::Hosts, b"1");
    });
    assert_eq!(b.said(), ["opened T-X-0001 high"]);
    // The answer comes over another connection, from the one who was asked.
    b.send_on(2, false, "hl7v2", "RRG^O16", B, A, 1.0, |d| {
        d.answers(Scope::Hosts, b"1", true, Outcome::Accepted);
    });
    assert_eq!(b.said(), ["raised T-X-0001 critical"]);
    b.finish();
    assert_eq!(b.last().outcome, Outcome::Accepted);
    assert_eq!(b.last().outcomes.total(), 1);
}

#[test]
fn refused_command_is_kept_one_step_lower() {
    let mut b = Bench::new("verb is set-rate");
    b.hl7("RGV^O15", A, B, 0.0, |d| {
        rate(d, 1.0, "mL/h");
        d.asks(Scope::Hosts, b"1");
    });
    b.hl7("ACK", B, A, 1.0, |d| {
        d.answers(Scope::Hosts, b"1", true, Outcome::Refused);
    });
    b.finish();
    assert_eq!(b.said(), ["opened T-X-0001 high", "closed T-X-0001 medium"]);
}

#[test]
fn commit_ack_does_not_settle_but_counts_if_nothing_else_comes() {
    for (then, outcome, severity) in [
        (Some(Outcome::Failed), Outcome::Failed, Severity::High),
        (None, Outcome::Accepted, Severity::Critical),
    ] {
        let mut b = Bench::new("verb is set-rate");
        b.hl7("RGV^O15", A, B, 0.0, |d| {
            rate(d, 1.0, "mL/h");
            d.asks(Scope::Hosts, b"1");
        });
        b.hl7("ACK", B, A, 1.0, |d| {
            d.answers(Scope::Hosts, b"1", false, Outcome::Accepted);
        });
        assert_eq!(b.said(), ["opened T-X-0001 high"]);
        if let Some(then) = then {
            b.hl7("RRG^O16", B, A, 2.0, |d| {
                d.answers(Scope::Hosts, b"1", true, then);
            });
        }
        b.finish();
        assert_eq!((b.last().outcome, b.last().severity), (outcome, severity));
    }
}

#[test]
fn rule_that_names_the_outcome_waits_for_the_answer() {
    let mut b = Bench::new("verb is set-rate and outcome is accepted");
    b.hl7("RGV^O15", A, B, 0.0, |d| {
        rate(d, 7.5, "mL/h");
        d.asks(Scope::Hosts, b"1");
    });
    assert_eq!(b.said(), [""; 0]);
    b.hl7("ACK", B, A, 1.0, |d| {
        d.answers(Scope::Hosts, b"1", true, Outcome::Accepted);
    });
    // Actor and target are those of the request, its value is known, both frames are evidence.
    let f = b.last();
    assert_eq!(
        (f.actor.ip.to_string(), f.target.ip.to_string()),
        (A.into(), B.into())
    );
    assert_eq!(
        f.action
            .as_ref()
            .unwrap()
            .value
            .as_ref()
            .unwrap()
            .to_string(),
        "7.5 mL/h"
    );
    assert_eq!(
        f.frames.iter().map(|f| f.number).collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!(b.said(), ["opened T-X-0001 critical"]);
}

#[test]
fn answer_that_never_comes_makes_the_outcome_unknown_when_its_time_is_up() {
    let mut b = Bench::new("verb is set-rate and outcome is unknown");
    let limit = 1.0
        + crate::limits::ALL
            .iter()
            .find(|l| l.name == "join-seconds")
            .unwrap()
            .default as f64;
    b.hl7("RGV^O15", A, B, 0.0, |d| {
        rate(d, 1.0, "mL/h");
        d.asks(Scope::Hosts, b"1");
    });
    b.advance(limit - 2.0);
    assert_eq!(b.said(), [""; 0]);
    b.advance(limit);
    assert_eq!(b.said(), ["opened T-X-0001 high"]);
}

#[test]
fn answer_before_the_question_or_of_another_pair_joins_nothing() {
    let mut b = Bench::new("verb is set-rate and outcome is accepted");
    let answer = |d: &mut Draft<'_>| {
        d.answers(Scope::Hosts, b"1", true, Outcome::Accepted);
    };
    b.hl7("ACK", B, A, 0.0, answer);
    b.hl7("RGV^O15", A, B, 1.0, |d| {
        rate(d, 1.0, "mL/h");
        d.asks(Scope::Hosts, b"1");
    });
    b.hl7("ACK", C, A, 2.0, answer);
    b.hl7("ACK", A, B, 3.0, answer);
    b.finish();
    assert_eq!(b.said(), [""; 0]);
}

#[test]
fn answer_reads_its_request_and_the_request_its_answer() {
    let mut b =
        Bench::new("kind is \"ACK\" and request.kind is \"RGV^O15\" and request.value > 5 mL/h");
    b.hl7("RGV^O15", A, B, 0.0, |d| {
        rate(d, 7.0, "mL/h");
        d.asks(Scope::Hosts, b"1");
    });
    b.hl7("ACK", B, A, 1.0, |d| {
        d.answers(Scope::Hosts, b"1", true, Outcome::Accepted);
    });
    assert_eq!(b.said(), ["opened T-X-0001 high"]);
    let mut b = Bench::new("verb is set-rate and answer.hl7v2.ack is \"AE\"");
    let field = ProtocolId::of("hl7v2")
        .unwrap()
        .protocol()
        .field("ack")
        .unwrap();
    b.hl7("RGV^O15", A, B, 0.0, |d| {
        rate(d, 7.0, "mL/h");
        d.asks(Scope::Hosts, b"1");
    });
    b.hl7("ACK", B, A, 1.0, |d| {
        d.text(field, b"AE")
            .answers(Scope::Hosts, b"1", true, Outcome::Failed);
    });
    assert_eq!(b.said(), ["opened T-X-0001 high"]);
}

#[test]
fn acknowledgement_that_nobody_asked_for_counts_only_where_the_start_was_seen() {
    for (mid_stream, fires) in [(false, true), (true, false)] {
        let mut b = Bench::new("exists(kind) and protocol is hl7v2 and not exists(request)");
        b.hl7("RGV^O15", A, B, 0.0, |d| {
            d.asks(Scope::Hosts, b"1");
        });
        for _ in 0..2 {
            // A second acknowledgement of the same request finds it all the same.
            b.hl7("ACK", B, A, 1.0, |d| {
                d.answers(Scope::Hosts, b"1", true, Outcome::Accepted);
            });
        }
        assert_eq!(b.said(), [""; 0]);
        b.send_on(3, mid_stream, "hl7v2", "ACK", B, A, 2.0, |d| {
            d.answers(Scope::Hosts, b"9", true, Outcome::Accepted);
        });
        assert_eq!(!b.said().is_empty(), fires);
    }
}

#[test]
fn full_join_table_gives_up_the_oldest_and_says_so() {
    let mut b = Bench::limited("verb is set-rate and outcome is unknown", "join-entries", 2);
    for n in 0..4u8 {
        b.hl7("RGV^O15", A, B, f64::from(n), |d| {
            rate(d, 1.0, "mL/h");
            d.asks(Scope::Hosts, &[n]);
        });
    }
    assert_eq!(b.judge.limit_hits().of(crate::limits::JOIN_ENTRIES), 2);
    b.finish();
    assert_eq!(b.last().count, 4);
}
