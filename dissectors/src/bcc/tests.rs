use crate::action::{Outcome, Verb};
use crate::contract::{Probe, Side};
use crate::serial::harness::{hint, mutate, play, recut, vectors};

use super::*;

/// A frame without stuffing, by the rule of the specification.
fn frame(information: &str) -> Vec<u8> {
    let body = format!("\x02Bett/1/1>{information}\x03");
    let head = format!("\x01{:05}{body}", body.len() + 12);
    let sum = crate::serial::checksum::sum8(head.as_bytes());
    format!("{head}{sum:05}\x04").into_bytes()
}

#[test]
fn example_printed_with_a_wrong_length_is_reported() {
    let seen = play(&BCC, &[(Side::Client, &vectors()["bcc_printed_bad"])]);
    assert_eq!(seen.kinds(), ["MEM:GET"]);
    assert_eq!(seen.messages[0].anomalies, ["bad-length", "bad-checksum"]);
}

#[test]
fn request_that_is_not_documented_may_be_a_write() {
    let seen = play(&BCC, &[(Side::Client, &frame("MEM:SET#13 INRT 500"))]);
    assert_eq!(seen.kinds(), ["MEM:SET"]);
    assert_eq!(seen.messages[0].verb, Some(Verb::UnknownVerb));
    assert!(seen.messages[0].anomalies.is_empty());
    let seen = play(&BCC, &[(Side::Client, &frame("MEM:GETSLOT#13X"))]);
    assert_eq!(seen.messages[0].verb, Some(Verb::UnknownVerb));
}

#[test]
fn frame_cut_off_by_the_next_one_is_noise() {
    let good = frame("MEM:GET");
    let seen = play(
        &BCC,
        &[(Side::Client, &[b"\x0100031\x02/1/1", &good[..]].concat())],
    );
    assert_eq!(seen.kinds(), ["malformed", "MEM:GET"]);
}

#[test]
fn stuffing_is_taken_back_in_one_pass() {
    let mut plain = Vec::new();
    frame::unstuff(b"EEX", &mut plain);
    assert_eq!(plain, b"EX");
    frame::unstuff(b"AEXMIN eexE", &mut plain);
    assert_eq!(plain, b"ADMIN exE");
}

#[test]
fn requests_do_what_the_specification_says() {
    let v = vectors();
    for (name, kind, verb) in [
        ("bcc_alive", "ADMIN:ALIVE", None),
        ("bcc_alive_stuffed", "ADMIN:ALIVE", None),
        ("bcc_version", "ADMIN:VERSION", Some(Verb::Discover)),
        ("bcc_get", "MEM:GET", Some(Verb::Read)),
        ("bcc_getslot", "MEM:GETSLOT", Some(Verb::Read)),
        ("bcc_ack", "GNACK", None),
        ("bcc_version_rsp", "version", None),
        ("bcc_data", "block", None),
    ] {
        let seen = play(&BCC, &[(Side::Client, &v[name])]);
        assert_eq!(seen.kinds(), [kind], "{name}");
        assert_eq!(seen.messages[0].verb, verb, "{name}");
        assert!(seen.messages[0].anomalies.is_empty(), "{name}");
    }
    let slot = play(&BCC, &[(Side::Client, &v["bcc_getslot"])]);
    assert_eq!(slot.messages[0].channel, "13");
    assert_eq!(slot.messages[0].device_id, "ComSystem");
}

#[test]
fn values_are_told_by_pump() {
    let seen = play(&BCC, &[(Side::Server, &vectors()["bcc_data"])]);
    let block = &seen.messages[0];
    assert_eq!(block.all("rate"), ["0.3 mL/h"]);
    assert_eq!(block.field("drug"), Some("13 INSOL Arterenol4mg/50"));
    assert_eq!(block.field("last"), Some("false"));
    assert_eq!(block.field("quadruples"), Some("4"));
}

#[test]
fn value_that_is_not_there_is_not_zero() {
    let data = "9,50113,INRT,_NV\x1e9,50113,PATID,4711\x1e9,50113,SOMETHING,Doe";
    let seen = play(&BCC, &[(Side::Server, &frame(data))]);
    assert_eq!(seen.messages[0].field("rate"), None);
    assert_eq!(seen.messages[0].field("patient_id"), Some("4711"));
    assert_eq!(seen.messages[0].field("unlisted"), Some("13 SOMETHING Doe"));
}

#[test]
fn blocks_answer_one_question_until_the_last() {
    let v = vectors();
    let last = frame("9,50113,INRT,1\x1e9,50113,INVI,2");
    let seen = play(
        &BCC,
        &[
            (Side::Client, &v["bcc_get"]),
            (Side::Server, &v["bcc_data"]),
            (Side::Client, b"\x06"),
            (Side::Server, &last),
        ],
    );
    assert_eq!(seen.kinds(), ["MEM:GET", "block", "ACK", "block"]);
    assert_eq!(seen.messages[1].answers, seen.messages[0].asks);
    assert_eq!(seen.messages[3].answers, seen.messages[0].asks);
    assert_eq!(seen.messages[3].outcome, Some(Outcome::Accepted));
}

#[test]
fn one_frame_is_enough_anywhere() {
    let v = vectors();
    for name in ["bcc_alive", "bcc_alive_stuffed", "bcc_data"] {
        assert!(
            matches!(probe(Side::Server, &v[name], hint(false)), Probe::Yes(_)),
            "{name}"
        );
    }
    assert!(!matches!(
        probe(Side::Client, &v["bcc_printed_bad"], hint(false)),
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
    let all: Vec<u8> = v
        .iter()
        .filter(|(n, _)| n.starts_with("bcc"))
        .flat_map(|(_, b)| b.clone())
        .collect();
    recut(&BCC, &[(Side::Client, &v["bcc_get"]), (Side::Server, &all)]);
    mutate(&BCC, &all);
}
