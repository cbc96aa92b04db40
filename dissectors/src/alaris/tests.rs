use crate::action::{Outcome, Verb};
use crate::contract::{Probe, Side};
use crate::serial::harness::{Played, hint, mutate, play, recut, turned, vectors};

use super::*;

fn pumped(script: &[(Side, &[u8])]) -> Played {
    play(&ALARIS, script)
}

fn one(side: Side, bytes: &[u8]) -> Played {
    pumped(&[(side, bytes)])
}

#[test]
fn constant_of_the_simulator_with_a_wrong_crc_is_reported() {
    let seen = one(Side::Client, &vectors()["alaris_bad_crc"]);
    assert_eq!(seen.kinds(), ["REMQUERY"]);
    assert_eq!(seen.messages[0].anomalies, ["bad-checksum"]);
}

#[test]
fn noise_between_frames_is_one_malformed_message() {
    let seen = one(Side::Client, b"!INF|4961\rgarbage!INF|4961\r");
    assert_eq!(seen.kinds(), ["INF", "malformed", "INF"]);
}

#[test]
fn aborted_frame_gives_no_command() {
    let seen = one(Side::Client, b"!INF_START\x1b!INF|4961\r");
    assert_eq!(seen.kinds(), ["malformed", "INF"]);
}

#[test]
fn verb_that_nobody_listed_may_be_a_write() {
    // CRC of "INF_FLUSH" by the published rule, computed outside: see the sheet's method.
    let crc = crate::serial::checksum::crc16_ccitt_false(b"INF_FLUSH^1");
    let seen = one(Side::Client, format!("!INF_FLUSH^1|{crc:04X}\r").as_bytes());
    assert_eq!(seen.messages[0].verb, Some(Verb::UnknownVerb));
}

#[test]
fn requests_do_what_the_sheet_says() {
    let v = vectors();
    for (name, kind, verb) in [
        ("alaris_inf", "INF", Verb::Read),
        ("alaris_comms_protocol", "COMMS_PROTOCOL", Verb::Discover),
        ("alaris_serial", "INST_SERIALNO", Verb::Discover),
        ("alaris_bolus", "INF_BOLUS", Verb::Bolus),
        ("alaris_vtbi_read", "INF_VTBI", Verb::Read),
        ("alaris_vtbi_set", "INF_VTBI", Verb::SetVolume),
        ("alaris_vtbi_off", "INF_VTBI", Verb::SetVolume),
        ("alaris_remquery", "REMQUERY", Verb::Configure),
        ("alaris_ctrl_off", "REMOTE_CTRL", Verb::Configure),
        ("alaris_ctrl_on", "REMOTE_CTRL", Verb::Configure),
        ("alaris_start", "INF_START", Verb::Start),
        ("alaris_stop", "INF_STOP", Verb::Stop),
        ("alaris_rate_01", "INF_RATE", Verb::SetRate),
        ("alaris_viclear", "INF_VI_CLEAR", Verb::Configure),
    ] {
        let seen = one(Side::Client, &v[name]);
        assert_eq!(seen.kinds(), [kind], "{name}");
        assert_eq!(seen.messages[0].verb, Some(verb), "{name}");
        assert!(seen.messages[0].anomalies.is_empty(), "{name}");
    }
    let rate = one(Side::Client, &v["alaris_rate_01"]);
    assert_eq!(rate.messages[0].value, Some((0.1, "mL/h".into())));
}

#[test]
fn answers_carry_no_action() {
    let v = vectors();
    for (name, field, value) in [
        ("alaris_serial_reply", "serial", "8002-51740"),
        ("alaris_comms_reply", "revision", "Asena Rev 2.1.5"),
        ("alaris_ctrl_reply", "permit", "PERMIT"),
        ("alaris_syringe_reply", "syringe", "BD PLASTIPAK"),
        ("alaris_ratemax_reply", "rate_max", "1200 mL/h"),
        ("alaris_rate_010", "rate", "0.1 mL/h"),
        ("alaris_alarm_reply", "alarm", "AL_NOALM"),
    ] {
        let seen = one(Side::Server, &v[name]);
        assert_eq!(seen.messages[0].verb, None, "{name}");
        assert_eq!(seen.messages[0].field(field), Some(value), "{name}");
    }
}

#[test]
fn control_code_computed_from_the_serial_number_is_told_and_not_shown() {
    let v = vectors();
    let seen = pumped(&[
        (Side::Client, &v["alaris_serial"]),
        (Side::Server, &v["alaris_serial_reply"]),
        (Side::Client, &v["alaris_ctrl_on"]),
        (Side::Server, &v["alaris_ctrl_reply"]),
    ]);
    let taken = &seen.messages[2];
    assert_eq!(taken.field("code"), Some("secret of 4"));
    assert_eq!(taken.field("code_from_serial"), Some("true"));
    assert!(!format!("{taken:?}").contains("3CC1"));
    assert_eq!(seen.messages[3].answers, seen.messages[2].asks);
    assert_eq!(seen.messages[3].outcome, Some(Outcome::Accepted));
}

#[test]
fn pump_that_keeps_its_rate_refused_the_new_one() {
    let crc = crate::serial::checksum::crc16_ccitt_false;
    let frame = |text: &str| format!("!{text}|{:04X}\r", crc(text.as_bytes())).into_bytes();
    let seen = pumped(&[
        (Side::Client, &frame("INF_RATE^9999.00^ml/h")),
        (Side::Server, &frame("INF_RATE^5.00^ml/h")),
    ]);
    assert_eq!(seen.messages[0].value, Some((9999.0, "mL/h".into())));
    assert_eq!(seen.messages[1].outcome, Some(Outcome::Refused));
}

#[test]
fn recognised_by_one_frame_of_either_side_anywhere() {
    let v = vectors();
    for name in ["alaris_inf", "alaris_serial_reply"] {
        assert!(
            matches!(probe(Side::Server, &v[name], hint(false)), Probe::Yes(_)),
            "{name}"
        );
        assert!(matches!(
            probe(Side::Client, &v[name][..5], hint(false)),
            Probe::More(_)
        ));
    }
    assert_eq!(
        probe(Side::Client, b"GET / HTTP/1.1\r\n", hint(false)),
        Probe::No
    );
    assert_eq!(
        probe(Side::Client, b"!hello world\r*", hint(false)),
        Probe::No
    );
    assert!(!matches!(
        probe(Side::Client, b"!hello world\r", hint(true)),
        Probe::Yes(_)
    ));
}

#[test]
fn cut_into_single_bytes_gives_the_same_messages() {
    let v = vectors();
    recut(
        &ALARIS,
        &[
            (Side::Client, &v["alaris_serial"]),
            (Side::Server, &v["alaris_serial_reply"]),
            (Side::Client, b"xx!INF|4961\r"),
        ],
    );
}

#[test]
fn changed_bytes_never_panic() {
    let v = vectors();
    let all: Vec<u8> = v
        .iter()
        .filter(|(n, _)| n.starts_with("alaris"))
        .flat_map(|(_, b)| b.clone())
        .collect();
    mutate(&ALARIS, &all);
}

#[test]
fn pump_that_calls_its_host_is_commanded_all_the_same() {
    let v = vectors();
    turned(
        &ALARIS,
        &[
            (Side::Client, &v["alaris_ctrl_on"]),
            (Side::Server, &v["alaris_ctrl_reply"]),
            (Side::Client, &v["alaris_rate_01"]),
            (Side::Server, &v["alaris_rate_010"]),
            (Side::Client, &v["alaris_start"]),
            (Side::Server, &v["alaris_start"]),
            (Side::Client, &v["alaris_serial"]),
            (Side::Server, &v["alaris_serial_reply"]),
        ],
    );
}
