use crate::action::{Outcome, Verb};
use crate::contract::{Probe, Side};
use crate::serial::harness::{hint, mutate, play, recut, vectors};

use super::*;

#[test]
fn misprinted_checksum_of_the_manual_is_reported() {
    let seen = play(
        &MEDIBUS,
        &[(Side::Client, &vectors()["medibus_nop_misprint"])],
    );
    assert_eq!(seen.kinds(), ["NOP"]);
    assert_eq!(seen.messages[0].anomalies, ["bad-checksum"]);
}

#[test]
fn command_that_breaks_a_command_leaves_the_first_unfinished() {
    let seen = play(&MEDIBUS, &[(Side::Client, b"\x1bQ6\x1bQ6C\r")]);
    assert_eq!(seen.kinds(), ["malformed", "ICC"]);
    assert_eq!(seen.messages[0].range, 0..3);
}

#[test]
fn aborted_command_is_not_read() {
    let seen = play(&MEDIBUS, &[(Side::Client, b"\x1bU6\x18\x1bQ6C\r")]);
    assert_eq!(seen.kinds(), ["CAN", "ICC"]);
    assert_eq!(seen.messages[0].anomalies, ["aborted"]);
}

#[test]
fn code_without_a_public_meaning_is_unknown() {
    // 0x1B + 0x59 + '0' + '1' = 0xD5.
    let seen = play(&MEDIBUS, &[(Side::Client, b"\x1bY01D5\r")]);
    assert_eq!(seen.kinds(), ["unknown 0x59"]);
    assert_eq!(seen.messages[0].verb, Some(Verb::UnknownVerb));
    assert!(seen.messages[0].anomalies.is_empty());
    assert_eq!(seen.messages[0].field("code"), Some("59"));
}

#[test]
fn unfinished_response_at_the_end_is_malformed() {
    let seen = play(&MEDIBUS, &[(Side::Server, b"\x01$EB 98")]);
    assert_eq!(seen.kinds(), ["malformed"]);
}

#[test]
fn commands_and_responses_of_the_manual() {
    let v = vectors();
    for (name, kind, form, verb) in [
        ("medibus_icc", "ICC", "command", None),
        ("medibus_icc_rsp", "ICC", "response", None),
        (
            "medibus_devid",
            "device-id",
            "command",
            Some(Verb::Discover),
        ),
        ("medibus_devid_empty", "device-id", "response", None),
        ("medibus_nak", "NAK", "response", None),
        (
            "medibus_req_data",
            "measured-1",
            "command",
            Some(Verb::Read),
        ),
        ("medibus_data_none", "measured-1", "response", None),
        (
            "medibus_config",
            "configure-response",
            "command",
            Some(Verb::Configure),
        ),
        ("medibus_datetime", "date-time", "command", Some(Verb::Read)),
        (
            "medibus_timechanged",
            "time-changed",
            "command",
            Some(Verb::Notify),
        ),
        (
            "medibus_rtconfig",
            "realtime-config",
            "command",
            Some(Verb::Read),
        ),
        (
            "medibus_rtset",
            "configure-realtime",
            "command",
            Some(Verb::Configure),
        ),
        ("medibus_nop", "NOP", "command", None),
    ] {
        let seen = play(&MEDIBUS, &[(Side::Client, &v[name])]);
        assert_eq!(seen.kinds(), [kind], "{name}");
        let message = &seen.messages[0];
        assert_eq!(
            (message.field("form"), message.verb),
            (Some(form), verb),
            "{name}"
        );
        assert!(message.anomalies.is_empty(), "{name}");
    }
}

#[test]
fn values_carry_their_unit_and_code() {
    let v = vectors();
    let seen = play(&MEDIBUS, &[(Side::Server, &v["medibus_data_spo2"])]);
    assert_eq!(seen.messages[0].all("measured"), ["98 %", "70 /min"]);
    let seen = play(&MEDIBUS, &[(Side::Server, &v["medibus_devid_pc"])]);
    assert_eq!(seen.messages[0].field("device_name"), Some("My PC"));
    assert_eq!(seen.messages[0].field("revision"), Some("01.00:03.00"));
    let seen = play(&MEDIBUS, &[(Side::Server, &v["medibus_datetime_rsp"])]);
    assert_eq!(
        seen.messages[0].field("date_time"),
        Some("11:11:1911-NOV-93")
    );
    let seen = play(&MEDIBUS, &[(Side::Server, &v["medibus_rtconfig_rsp"])]);
    assert_eq!(seen.messages[0].all("curve").len(), 2);
}

#[test]
fn command_embedded_in_a_response_comes_first() {
    let seen = play(&MEDIBUS, &[(Side::Server, &vectors()["medibus_embedded"])]);
    assert_eq!(seen.kinds(), ["device-id", "ICC"]);
    assert_eq!(seen.messages[0].field("embedded"), Some("true"));
    assert!(seen.messages.iter().all(|m| m.anomalies.is_empty()));
}

#[test]
fn realtime_bytes_inside_a_response_do_not_spoil_it() {
    let seen = play(
        &MEDIBUS,
        &[(Side::Server, &vectors()["medibus_interleaved"])],
    );
    assert_eq!(seen.kinds(), ["realtime", "measured-1"]);
    assert_eq!(seen.messages[0].field("record"), Some("d391818d83"));
    assert_eq!(seen.messages[1].all("measured"), ["98 %", "70 /min"]);
}

#[test]
fn realtime_records_of_the_manual_are_cut_right() {
    let v = vectors();
    let names = [
        "medibus_rt_enable",
        "medibus_rt_both",
        "medibus_rt_first",
        "medibus_rt_second",
        "medibus_rt_insp",
        "medibus_rt_missing",
    ];
    let all: Vec<u8> = names.iter().flat_map(|n| v[n].clone()).collect();
    let seen = play(&MEDIBUS, &[(Side::Server, &all)]);
    let want: Vec<String> = names
        .iter()
        .map(|n| v[n].iter().map(|b| format!("{b:02x}")).collect())
        .collect();
    let got: Vec<_> = seen
        .messages
        .iter()
        .filter_map(|m| m.field("record"))
        .collect();
    assert_eq!(got, want);
}

#[test]
fn age_and_weight_leave_the_settings() {
    // 4A 45 a, 4B 72 kg, 01 40 %.
    let body = b"\x01)4A   454B   7201   40";
    let sum = crate::serial::checksum::sum8(body);
    let frame = [&body[..], format!("{sum:02X}\r").as_bytes()].concat();
    let seen = play(&MEDIBUS, &[(Side::Server, &frame)]);
    assert_eq!(seen.messages[0].all("setting"), ["40 %"]);
    assert_eq!(seen.messages[0].field("age"), Some("45"));
}

#[test]
fn nak_refuses_the_command_before_it() {
    let v = vectors();
    let seen = play(
        &MEDIBUS,
        &[
            (Side::Client, &v["medibus_rtset"]),
            (Side::Server, &v["medibus_nak"]),
        ],
    );
    assert_eq!(seen.messages[1].answers, seen.messages[0].asks);
    assert_eq!(seen.messages[1].outcome, Some(Outcome::Refused));
}

#[test]
fn terminal_escapes_are_not_medibus() {
    assert_eq!(
        probe(Side::Server, b"hello \x1b[0m", hint(false)),
        Probe::No
    );
    let v = vectors();
    assert!(matches!(
        probe(Side::Client, &v["medibus_icc"], hint(false)),
        Probe::Yes(_)
    ));
    assert!(matches!(
        probe(Side::Client, &v["medibus_req_data"], hint(false)),
        Probe::More(_)
    ));
    assert!(matches!(
        probe(Side::Client, &v["medibus_req_data"], hint(true)),
        Probe::Yes(_)
    ));
    let screen = b"\x1b[2J\x1b[1;1H\x1b[0mMain menu\r\n\x1b[1mSelect\r\n";
    assert!(!matches!(
        probe(Side::Server, screen, hint(true)),
        Probe::Yes(_)
    ));
}

#[test]
fn cut_into_single_bytes_gives_the_same_messages() {
    let v = vectors();
    let all: Vec<u8> = [
        "medibus_embedded",
        "medibus_interleaved",
        "medibus_rt_insp",
        "medibus_nop",
    ]
    .iter()
    .flat_map(|n| v[n].clone())
    .collect();
    recut(
        &MEDIBUS,
        &[
            (Side::Client, &v["medibus_icc"]),
            (Side::Server, &all),
            (Side::Client, &v["medibus_config"]),
        ],
    );
}

#[test]
fn changed_bytes_never_panic() {
    let v = vectors();
    let all: Vec<u8> = v
        .iter()
        .filter(|(n, _)| n.starts_with("medibus"))
        .flat_map(|(_, b)| b.clone())
        .collect();
    mutate(&MEDIBUS, &all);
}
