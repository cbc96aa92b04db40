use crate::action::{Outcome, Verb};
use crate::contract::{Probe, Side};
use crate::serial::harness::{hint, mutate, play, recut, turned, vectors};

use super::*;

/// A full record with 169 fields; blank but for those given (number, value).
fn record(values: &[(usize, &str)]) -> Vec<u8> {
    let mut fields = String::new();
    for number in 5..5 + 169 {
        let value = values
            .iter()
            .find(|(n, _)| *n == number)
            .map_or("", |(_, v)| v);
        fields += &format!("{value:<6},");
    }
    format!("MISCF,{},169 ,\x02{fields}\x03\r", fields.len()).into_bytes()
}

#[test]
fn record_whose_counts_do_not_fit_is_reported() {
    let mut bytes = record(&[(9, "SIMV")]);
    let at = bytes.iter().position(|b| *b == b'S').unwrap();
    bytes.insert(bytes.len() - 3, b' ');
    assert!(at > 0);
    let seen = play(&PURITAN_BENNETT, &[(Side::Server, &bytes)]);
    assert_eq!(seen.kinds(), ["MISCF"]);
    assert_eq!(seen.messages[0].anomalies, ["bad-length"]);
}

#[test]
fn four_letters_that_nobody_listed_may_write() {
    let seen = play(&PURITAN_BENNETT, &[(Side::Client, b"SETV\rset rate 5\r")]);
    assert_eq!(seen.kinds(), ["SETV", "malformed"]);
    assert_eq!(seen.messages[0].verb, Some(Verb::UnknownVerb));
}

#[test]
fn requests_read_or_reset() {
    let v = vectors();
    for (name, kind, verb) in [
        ("pb_snda", "SNDA", Some(Verb::Read)),
        ("pb_sndf", "SNDF", Some(Verb::Read)),
        ("pb_rset", "RSET", None),
    ] {
        let seen = play(&PURITAN_BENNETT, &[(Side::Client, &v[name])]);
        assert_eq!(
            (seen.kinds(), seen.messages[0].verb),
            (vec![kind], verb),
            "{name}"
        );
    }
}

#[test]
fn silence_switched_off_limits_and_alarms_are_seen() {
    let bytes = record(&[
        (5, "10:30 "),
        (6, "840 1234567890    "),
        (7, "APR 04 2023 "),
        (9, "A/C"),
        (14, "1.520"),
        (36, "OFF"),
        (60, "70.0"),
        (105, "ON"),
        (122, "LOW"),
        (123, "NORMAL"),
    ]);
    let v = vectors();
    let seen = play(
        &PURITAN_BENNETT,
        &[(Side::Client, &v["pb_sndf"]), (Side::Server, &bytes)],
    );
    let answer = &seen.messages[1];
    assert!(answer.anomalies.is_empty(), "{:?}", answer.anomalies);
    assert_eq!(answer.field("alarm_silence"), Some("ON"));
    assert_eq!(answer.field("limit"), Some("36 OFF"));
    assert_eq!(answer.all("alarm"), ["122 LOW"]);
    assert_eq!(answer.field("tidal_volume"), Some("1.52 L"));
    assert_eq!(answer.field("ventilator"), Some("840 1234567890"));
    assert_eq!(answer.field("time"), Some("10:30 APR 04 2023"));
    assert_eq!(answer.answers, seen.messages[0].asks);
    assert_eq!(answer.outcome, Some(Outcome::Accepted));
}

#[test]
fn samples_of_a_waveform_are_passed_over() {
    let seen = play(
        &PURITAN_BENNETT,
        &[(Side::Server, b"BS, S:12,\r-1.2, 5.0\r3.0, 6\rBE\r")],
    );
    assert_eq!(seen.kinds(), ["waveform", "waveform"]);
    assert_eq!(seen.messages[0].field("breath"), Some("S:12"));
}

#[test]
fn one_record_is_enough_anywhere_one_request_is_not() {
    let v = vectors();
    assert!(matches!(
        probe(Side::Server, &record(&[]), hint(false)),
        Probe::Yes(_)
    ));
    assert!(matches!(
        probe(Side::Client, &v["pb_sndf"], hint(false)),
        Probe::More(_)
    ));
    assert!(matches!(
        probe(Side::Client, &v["pb_sndf"], hint(true)),
        Probe::Yes(_)
    ));
    assert_eq!(
        probe(Side::Client, b"GET / HTTP/1.1\r\n", hint(false)),
        Probe::No
    );
}

#[test]
fn cut_and_changed_bytes() {
    let v = vectors();
    let all = [
        &v["pb_sndf"][..],
        &record(&[(9, "SIMV"), (105, "OFF")]),
        b"BS, S:1,\r1, 2\rBE\r",
    ]
    .concat();
    recut(
        &PURITAN_BENNETT,
        &[(Side::Client, &v["pb_snda"]), (Side::Server, &all)],
    );
    mutate(&PURITAN_BENNETT, &all);
}

#[test]
fn ventilator_that_calls_its_host_is_asked_all_the_same() {
    let answer = record(&[(9, "SIMV")]);
    turned(
        &PURITAN_BENNETT,
        &[
            (Side::Client, b"SNDF\r"),
            (Side::Server, &answer),
            (Side::Client, b"RSET\r"),
            (Side::Client, b"SETV\r"),
        ],
    );
}
