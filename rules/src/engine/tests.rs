//! Situations on the ward and on the wire, each judged by a rule of its own.

use std::net::IpAddr;

use dissectors::action::{Action, Device, Outcome, Quantity, Verb};
use dissectors::contract::{Side, Transport};
use dissectors::message::{
    Batch, Conversation, Draft, Endpoint, FrameRef, Interest, Messages, Scope,
};
use dissectors::{Limits, ProtocolId};

use super::{Judge, Settings};
use crate::finding::{Event, Finding, Severity};
use crate::language::ruleset::{RuleSet, Source};
use crate::policy::Policy;
use crate::privacy::{Pseudonyms, Show};

mod behaviour;
mod crowd;
mod memory;
mod quiet;
mod restart;
mod waiting;

const SECOND: i64 = 1_000_000_000;

/// Rules under test, and what they said.
struct Bench {
    judge: Judge,
    seq: u64,
    told: Vec<(String, Finding)>,
    /// The network card behind an address.
    card: fn(IpAddr) -> u8,
}

fn rule_text(id: &str, when: &str, more: &str) -> String {
    format!(
        "[[rule]]\nid = \"{id}\"\ntitle = \"t\"\nseverity = \"high\"\nwhen = '''{when}'''\n{more}\n"
    )
}

impl Bench {
    fn new(when: &str) -> Self {
        Self::with(&rule_text("T-X-0001", when, ""), None, Settings::default())
    }

    fn with(rules: &str, policy: Option<&str>, settings: Settings) -> Self {
        let source = Source {
            name: "test.toml".into(),
            text: rules.into(),
        };
        let rules = RuleSet::load(&[source]).unwrap_or_else(|e| panic!("{e}"));
        let policy =
            policy.map(|p| Policy::load("policy.toml", p).unwrap_or_else(|e| panic!("{e}")));
        Bench {
            judge: Judge::new(rules, policy, settings),
            seq: 0,
            told: Vec::new(),
            card: |_| 1,
        }
    }

    fn limited(when: &str, limit: &str, value: u64) -> Self {
        let mut settings = Settings::default();
        assert!(settings.limits.set(limit, value));
        Self::with(&rule_text("T-X-0001", when, ""), None, settings)
    }

    /// A message of `protocol` from one host to another, at a second.
    fn send(
        &mut self,
        protocol: &str,
        kind: &str,
        from: &str,
        to: &str,
        at: f64,
        write: impl FnOnce(&mut Draft<'_>),
    ) {
        self.send_on(1, false, protocol, kind, from, to, at, write);
    }

    #[allow(clippy::too_many_arguments)]
    fn send_on(
        &mut self,
        flow: u64,
        mid_stream: bool,
        protocol: &str,
        kind: &str,
        from: &str,
        to: &str,
        at: f64,
        write: impl FnOnce(&mut Draft<'_>),
    ) {
        let id = ProtocolId::of(protocol).unwrap();
        let (from, to): (IpAddr, IpAddr) = (from.parse().unwrap(), to.parse().unwrap());
        // The lower address opened every conversation.
        let side = if from < to {
            Side::Client
        } else {
            Side::Server
        };
        let (limits, interest) = (Limits::default(), Interest::everything());
        let mut batch = Batch::default();
        {
            let mut pen = Messages::new(&mut batch, &limits, &interest, id, side, 0);
            let mut draft = match id.protocol().kind(kind) {
                Some(kind) => pen.message(kind, 0..100),
                None => pen.message_named(kind.as_bytes(), 0..100),
            };
            write(&mut draft);
        }
        self.seq += 1;
        let time = 1_767_607_200 * SECOND + (at * 1e9) as i64;
        let frame = FrameRef {
            seq: self.seq,
            number: self.seq,
            file: 0,
            time,
        };
        let end = |ip: IpAddr| Endpoint {
            ip,
            port: 1000,
            mac: Some([2, 0, 0, 0, 0, (self.card)(ip)]),
        };
        let ends = if from < to {
            [end(from), end(to)]
        } else {
            [end(to), end(from)]
        };
        let conversation = batch.add_conversation(Conversation {
            flow_id: flow,
            transport: Transport::Tcp,
            ends,
            started: frame,
            mid_stream,
            seen: [true; 2],
            missing: [0; 2],
            overlap_differs: false,
        });
        batch.place(0, conversation, 0, [frame]);
        let told = &mut self.told;
        self.judge
            .message(batch.message(0), &mut |e| told.push(note(e)));
    }

    fn hl7(
        &mut self,
        kind: &str,
        from: &str,
        to: &str,
        at: f64,
        write: impl FnOnce(&mut Draft<'_>),
    ) {
        self.send("hl7v2", kind, from, to, at, write);
    }

    fn advance(&mut self, at: f64) {
        let told = &mut self.told;
        self.judge
            .advance(1_767_607_200 * SECOND + (at * 1e9) as i64, &mut |e| {
                told.push(note(e))
            });
    }

    fn finish(&mut self) {
        let told = &mut self.told;
        self.judge.finish(&mut |e| told.push(note(e)));
    }

    /// What was said so far, and forgets it.
    fn said(&mut self) -> Vec<String> {
        self.told
            .drain(..)
            .map(|(what, f)| format!("{what} {} {}", f.rule.id, f.severity))
            .collect()
    }

    fn last(&self) -> &Finding {
        &self.told.last().unwrap().1
    }
}

fn note(event: Event<'_>) -> (String, Finding) {
    match event {
        Event::Opened(f) => ("opened".into(), f.clone()),
        Event::Raised(f) => ("raised".into(), f.clone()),
        Event::Closed(f) => ("closed".into(), f.clone()),
        Event::Suppressed(f, cause) => (format!("held back by a {}", cause.kind), f.clone()),
    }
}

fn rate(draft: &mut Draft<'_>, number: f64, unit: &str) {
    let text = number.to_string();
    draft.action(Action {
        device: Device::Pump,
        device_id: b"PUMP-1",
        value: Some(Quantity {
            number,
            sent: text.as_bytes(),
            unit: unit.as_bytes(),
            code: b"",
        }),
        ..Action::of(Verb::SetRate)
    });
}

const A: &str = "10.0.0.1";
const B: &str = "10.0.0.2";
const C: &str = "10.0.0.3";

// Nothing fires that should not.

#[test]
fn unknown_is_never_true_nor_is_its_not() {
    for when in [
        "authorised",
        "not authorised",
        "not listed(actor)",
        "hl7v2.ack is \"AA\"",
        "not hl7v2.ack is \"AA\"",
        "hl7v2.ack != \"AA\"",
        "value > 20 mm[Hg]",
        "not value > 20 mm[Hg]",
        "hl7v2[OBX-5] is \"1\"",
        "verb is set-rate and authorised",
        "not (verb is set-rate and authorised)",
        "request.kind is \"ACK\"",
        "not exists(request)",
    ] {
        let mut b = Bench::new(when);
        b.hl7("RGV^O15", A, B, 0.0, |d| rate(d, 50.0, "mL/h"));
        b.finish();
        assert_eq!(b.said(), [""; 0], "{when}");
    }
}

#[test]
fn unknown_beside_true_or_false_is_what_logic_says() {
    for (when, fires) in [
        ("authorised or verb is set-rate", true),
        ("authorised and verb is stop", false),
        ("not (authorised and verb is stop)", true),
        ("exists(hl7v2.ack)", false),
        ("not exists(hl7v2.ack)", true),
        ("exists(anomaly)", false),
        ("not exists(anomaly)", true),
        ("anomaly is not \"gap\"", true),
        ("not surely(authorised)", true),
        ("surely(not authorised)", false),
    ] {
        let mut b = Bench::new(when);
        b.hl7("RGV^O15", A, B, 0.0, |d| rate(d, 50.0, "mL/h"));
        b.finish();
        assert_eq!(!b.said().is_empty(), fires, "{when}");
    }
}

#[test]
fn rate_is_compared_in_any_unit_of_flow() {
    for (when, fires) in [
        ("value > 20 mL/h", true),
        ("value > 500 mL/h", false),
        ("value >= 0.5 L/h", true),
        ("value = 0.5 L/h", true),
        ("value in 400..500 mL/h", true),
        ("value in [1 mL/h, 500 mL/h]", true),
        ("value / 2 > 0.2 L/h", true),
        ("value.number > 0.4 and value.unit is \"L/h\"", true),
        ("value < 500 mL/h", false),
    ] {
        let mut b = Bench::new(when);
        b.hl7("RGV^O15", A, B, 0.0, |d| rate(d, 0.5, "L/h"));
        assert_eq!(!b.said().is_empty(), fires, "{when}");
    }
}

#[test]
fn field_with_several_values_is_met_by_any_of_them() {
    for (when, fires) in [
        ("hl7v2.order_control is \"CA\"", true),
        ("hl7v2.order_control in [\"DC\", \"CA\"]", true),
        ("hl7v2.order_control != \"CA\"", false),
        ("hl7v2.order_control starts with \"X\"", false),
        ("hl7v2.order_control matches \"?A\"", true),
        ("hl7v2.order_control matches /^N[A-Z]$/", true),
    ] {
        let mut b = Bench::new(when);
        let field = ProtocolId::of("hl7v2")
            .unwrap()
            .protocol()
            .field("order_control")
            .unwrap();
        b.hl7("ORM^O01", A, B, 0.0, |d| {
            d.text(field, b"NW").text(field, b"CA");
        });
        assert_eq!(!b.said().is_empty(), fires, "{when}");
    }
}

// Requests and answers.

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

// Windows.

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

// Findings.

#[test]
fn repeats_collapse_into_one_finding_whose_count_closes() {
    let mut settings = Settings::default();
    settings.limits.set("finding-quiet", 100);
    let mut b = Bench::with(
        &rule_text("T-X-0001", "verb is set-rate", ""),
        None,
        settings,
    );
    for n in 0..40 {
        b.hl7("RGV^O15", A, B, f64::from(n), |d| rate(d, 1.0, "mL/h"));
    }
    b.hl7("RGV^O15", C, B, 41.0, |d| rate(d, 1.0, "mL/h"));
    assert_eq!(b.said(), ["opened T-X-0001 high", "opened T-X-0001 high"]);
    b.advance(138.9);
    assert_eq!(b.said(), [""; 0]);
    b.advance(139.0);
    let f = b.last();
    assert_eq!(
        (f.count, f.outcomes.total(), f.frames.len(), f.open),
        (40, 40, 32, false)
    );
    assert_eq!(f.last.number, 40);
    b.finish();
    assert_eq!(b.said().len(), 2);
}

#[test]
fn what_a_timer_raised_stands_before_the_message_that_moved_the_clock() {
    let rules = rule_text("T-X-0001", "verb is set-rate and outcome is unknown", "")
        + &rule_text("T-X-0002", "verb is stop", "");
    let mut b = Bench::with(&rules, None, Settings::default());
    b.hl7("RGV^O15", A, B, 0.0, |d| {
        rate(d, 1.0, "mL/h");
        d.asks(Scope::Hosts, b"1");
    });
    b.hl7("X", A, B, 500.0, |d| {
        d.action(Action::of(Verb::Stop));
    });
    assert_eq!(b.said(), ["opened T-X-0001 high", "opened T-X-0002 high"]);
}

#[test]
fn findings_of_one_message_come_by_rule_id_whatever_the_file_order() {
    let rules =
        rule_text("T-X-0002", "verb is set-rate", "") + &rule_text("T-X-0001", "exists(value)", "");
    let mut b = Bench::with(&rules, None, Settings::default());
    b.hl7("RGV^O15", A, B, 0.0, |d| rate(d, 1.0, "mL/h"));
    assert_eq!(b.said(), ["opened T-X-0001 high", "opened T-X-0002 high"]);
}

#[test]
fn what_an_answer_raises_comes_by_rule_id_too() {
    let rules = rule_text("T-X-0001", "verb is set-rate and outcome is accepted", "")
        + &rule_text("T-X-0002", "kind is \"ACK\"", "")
        + &rule_text("T-X-0003", "verb is set-rate", "")
        + &rule_text("T-X-0004", "answer.kind is \"ACK\"", "");
    let mut b = Bench::with(&rules, None, Settings::default());
    b.hl7("RGV^O15", A, B, 0.0, |d| {
        rate(d, 1.0, "mL/h");
        d.asks(Scope::Hosts, b"1");
    });
    assert_eq!(b.said(), ["opened T-X-0003 high"]);
    b.hl7("ACK", B, A, 1.0, |d| {
        d.answers(Scope::Hosts, b"1", true, Outcome::Accepted);
    });
    assert_eq!(
        b.said(),
        [
            "opened T-X-0001 critical",
            "opened T-X-0002 high",
            "raised T-X-0003 critical",
            "opened T-X-0004 critical",
        ]
    );
}

#[test]
fn patient_data_in_a_sentence_are_pseudonyms_unless_asked_for() {
    let more = "why = \"{actor} asked for {hl7v2.patient_id} by {kind}\"\ncollapse = [\"actor\", \"hl7v2.patient_id\"]";
    let rules = rule_text("T-X-0001", "protocol is hl7v2", more);
    let field = ProtocolId::of("hl7v2")
        .unwrap()
        .protocol()
        .field("patient_id")
        .unwrap();
    let mut b = Bench::with(&rules, None, Settings::default());
    for id in ["T90001", " T90001 ", "T90002"] {
        b.hl7("ADT^A01", A, B, 0.0, |d| {
            d.text(field, id.as_bytes());
        });
    }
    let p = Pseudonyms::new(&[7; 32]);
    let shown: Vec<String> = b
        .told
        .iter()
        .map(|(_, f)| f.why.render(Show::Hidden(&p)))
        .collect();
    assert_eq!(
        shown[0],
        format!("10.0.0.1 asked for {} by ADT^A01", p.of("pid", b"T90001"))
    );
    assert_eq!(shown[0], shown[1]);
    assert_ne!(shown[0], shown[2]);
    for (_, f) in &b.told {
        assert!(!f.dedup_key.contains("T9000") && !format!("{:?}", f.expected).contains("T9000"));
        assert!(f.why.render(Show::Revealed).contains("T9000"));
    }
    // Ids differ although nothing of the patient is in them.
    assert_ne!(b.told[0].1.finding_id, b.told[2].1.finding_id);
}

#[test]
fn two_judges_say_the_same_to_the_id() {
    let run = || {
        let mut b = Bench::new("verb is set-rate");
        for n in 0..50u8 {
            let from = format!("10.0.0.{}", n % 7 + 1);
            b.hl7("RGV^O15", &from, "10.0.1.1", f64::from(n), |d| {
                rate(d, 1.0, "mL/h")
            });
        }
        b.finish();
        b.told
            .iter()
            .map(|(w, f)| format!("{w} {} {}", f.finding_id, f.count))
            .collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

#[test]
fn confidence_says_why_it_is_not_higher() {
    let mut b = Bench::new("exists(verb) and first_seen(actor)");
    b.send_on(1, true, "hl7v2", "X", A, B, 0.0, |d| {
        d.action(Action::of(Verb::Stop));
        d.provenance(dissectors::Provenance::ReverseEngineered);
    });
    let f = b.last();
    assert_eq!(f.confidence.word(), "hint");
    assert_eq!(f.confidence_reasons.len(), 2);
}

// Policy.

const POLICY: &str = r#"
schema = 1
[[group]]
name = "servers"
members = ["10.0.0.1"]
[[grant]]
who = ["servers"]
may = ["set-rate"]
on = ["kind:pump"]
bounds = { set-rate = "0..100 mL/h" }
"#;

#[test]
fn without_a_policy_the_rule_is_named_as_unjudged() {
    let mut b = Bench::new("verb is set-rate and not authorised");
    b.hl7("RGV^O15", C, B, 0.0, |d| rate(d, 1.0, "mL/h"));
    b.hl7("ADT^A01", C, B, 0.0, |d| {
        d.action(Action::of(Verb::SetPatient));
    });
    let unjudged = b.judge.unjudged();
    assert_eq!((unjudged.len(), unjudged[0].count), (1, 1));
}

#[test]
fn stranger_is_told_with_the_nearest_grant() {
    let rules = rule_text("T-X-0001", "effect is therapy and not authorised", "");
    let mut b = Bench::with(&rules, Some(POLICY), Settings::default());
    b.hl7("RGV^O15", A, B, 0.0, |d| rate(d, 1.0, "mL/h"));
    assert_eq!(b.said(), [""; 0]);
    b.hl7("RGV^O15", C, B, 1.0, |d| rate(d, 1.0, "mL/h"));
    let expected = b.last().expected.clone().unwrap();
    assert_eq!(
        expected,
        "nearest grant policy.toml:6: it is for servers, which 10.0.0.3 is not"
    );
}

#[test]
fn value_out_of_bounds_is_a_matter_of_its_own() {
    let rules = rule_text("T-X-0001", "not within_bounds", "")
        + &rule_text("T-X-0002", "not authorised", "");
    let mut b = Bench::with(&rules, Some(POLICY), Settings::default());
    b.hl7("RGV^O15", A, B, 0.0, |d| rate(d, 0.1, "L/h"));
    assert_eq!(b.said(), [""; 0]);
    b.hl7("RGV^O15", A, B, 1.0, |d| rate(d, 0.101, "L/h"));
    assert_eq!(
        b.last().expected.as_deref(),
        Some("policy.toml:6: set-rate 0..100 mL/h")
    );
    assert_eq!(b.said(), ["opened T-X-0001 high"]);
}

// Many rules.

#[test]
fn crowd_of_rules_told_apart_by_a_value_fires_as_each_alone() {
    let mut rules = String::new();
    for n in 0..50 {
        let when = format!("verb is set-rate and subject is \"PUMP-{n}\"");
        rules += &rule_text(&format!("T-X-{n:04}"), &when, "");
    }
    rules += &rule_text(
        "T-Y-0001",
        "verb is set-rate and subject in [\"PUMP-1\", \"PUMP-2\"]",
        "",
    );
    rules += &rule_text("T-Z-0001", "verb is set-rate and actor is \"10.0.0.1\"", "");
    rules += &rule_text("T-Z-0002", "verb is stop", "");
    let mut b = Bench::with(&rules, None, Settings::default());
    b.hl7("RGV^O15", A, B, 0.0, |d| rate(d, 1.0, "mL/h"));
    let fired: Vec<String> = b.said().iter().map(|s| s[7..15].to_owned()).collect();
    assert_eq!(fired, ["T-X-0001", "T-Y-0001", "T-Z-0001"]);
}

#[test]
fn protocol_late_in_the_table_is_told_from_all_others() {
    let last = dissectors::PROTOCOLS.last().unwrap().name;
    for (when, fires) in [
        (format!("protocol is {last}"), true),
        (format!("protocol in [tcp, {last}]"), true),
        (format!("protocol is not {last}"), false),
        ("protocol in [tcp, hl7v2]".to_owned(), false),
    ] {
        let mut b = Bench::new(&when);
        b.send(last, "x", A, B, 0.0, |_| {});
        assert_eq!(!b.said().is_empty(), fires, "{when}");
    }
}

#[test]
fn shipped_rules_load_without_a_warning_and_their_tests_name_captures() {
    let set = RuleSet::shipped().unwrap_or_else(|e| panic!("{e}"));
    assert!(set.warnings().is_empty());
    assert!(set.rules().count() >= 30);
    for rule in set.rules() {
        assert!(
            rule.id.starts_with("WW-") && !rule.title.ends_with('.'),
            "{}",
            rule.id
        );
        assert!(
            !rule.clinical.is_empty() && !rule.category.is_empty(),
            "{}",
            rule.id
        );
        for entry in rule.tests.fires.iter().chain(&rule.tests.silent) {
            let (capture, _) = rule.tests.proof(entry);
            assert!(capture.starts_with("pcaps/"), "{}: {capture}", rule.id);
        }
    }
}
