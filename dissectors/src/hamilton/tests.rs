use crate::action::{Outcome, Verb};
use crate::contract::{Probe, Side};
use crate::serial::harness::{hint, mutate, play, recut, turned, vectors};

use super::*;

#[test]
fn request_with_room_for_a_value_is_no_poll() {
    let seen = play(&HAMILTON, &[(Side::Client, b"\x02\x300040\x03\x0d")]);
    assert_eq!(seen.kinds(), ["request"]);
    assert_eq!(seen.messages[0].verb, Some(Verb::UnknownVerb));
}

#[test]
fn parameter_that_nobody_listed_is_told_and_its_error_joined() {
    let error = &vectors()["hamilton_rerror"];
    let seen = play(
        &HAMILTON,
        &[(Side::Client, b"\x02\xc8\x03\x0d"), (Side::Server, error)],
    );
    assert_eq!(seen.kinds(), ["poll", "error"]);
    assert_eq!(seen.messages[0].field("unlisted"), Some("true"));
    assert_eq!(seen.messages[1].answers, seen.messages[0].asks);
    assert_eq!(seen.messages[1].outcome, Some(Outcome::Refused));
}

#[test]
fn id_that_equals_the_end_byte_is_read() {
    let seen = play(
        &HAMILTON,
        &[(Side::Client, b"\x02\x03\x03\x0d\x02\x40\x03\x0d")],
    );
    assert_eq!(seen.kinds(), ["poll", "poll"]);
}

#[test]
fn answers_of_every_length() {
    let v = vectors();
    for (name, field, value) in [
        ("hamilton_b1", "id", "124"),
        ("hamilton_b1", "value", "G0200"),
        ("hamilton_b2", "value", "5342j"),
        ("hamilton_b3", "value", "9999"),
    ] {
        let seen = play(&HAMILTON, &[(Side::Server, &v[name])]);
        assert_eq!(seen.kinds(), ["value"], "{name}");
        assert_eq!(seen.messages[0].field(field), Some(value), "{name}");
    }
    let curve = b"\x02\x22\x00AB\x03\x0dCDEF\x03\x0d";
    let seen = play(&HAMILTON, &[(Side::Server, curve)]);
    assert_eq!(seen.kinds(), ["value"]);
    assert_eq!(
        seen.messages[0].field("samples"),
        Some("004142030d43444546")
    );
}

#[test]
fn polls_and_answers_that_repeat_the_id_are_recognised() {
    let polls = b"\x02\x56\x03\x0d\x02\x40\x03\x0d\x02\x30\x03\x0d";
    assert!(matches!(
        probe(Side::Client, polls, hint(false)),
        Probe::Yes(_)
    ));
    assert!(matches!(
        probe(Side::Client, &polls[..8], hint(false)),
        Probe::More(_)
    ));
    assert!(!matches!(
        probe(Side::Client, b"\x0200S\x03\x0200S\x03", hint(false)),
        Probe::Yes(_)
    ));
}

#[test]
fn cut_and_changed_bytes() {
    let v = vectors();
    let all: Vec<u8> = v
        .iter()
        .filter(|(n, _)| n.starts_with("hamilton"))
        .flat_map(|(_, b)| b.clone())
        .collect();
    recut(
        &HAMILTON,
        &[(Side::Client, &v["hamilton_poll"]), (Side::Server, &all)],
    );
    mutate(&HAMILTON, &all);
}

#[test]
fn ventilator_that_calls_its_host_is_polled_all_the_same() {
    let error = &vectors()["hamilton_rerror"];
    let value = b"\x02\x3012345\x03\x0d";
    turned(
        &HAMILTON,
        &[
            (Side::Client, b"\x02\x30\x03\x0d"),
            (Side::Server, value),
            (Side::Client, b"\x02\xc8\x03\x0d"),
            (Side::Server, error),
            (Side::Client, b"\x02\x300040\x03\x0d"),
        ],
    );
    let polls = b"\x02\x30\x03\x0d\x02\x31\x03\x0d\x02\x32\x03\x0d";
    for side in Side::BOTH {
        let told = probe(side, polls, hint(false));
        assert!(matches!(told, Probe::Yes(_)), "{side:?}");
    }
}
