use crate::action::{Outcome, Verb};
use crate::contract::{Probe, Side};
use crate::serial::harness::{hint, mutate, play, recut, turned, vectors};

use super::*;

fn command(text: &str) -> Vec<u8> {
    format!(
        "{text}{:02X}\x04",
        crate::serial::checksum::xor8(text.as_bytes())
    )
    .into_bytes()
}

#[test]
fn command_with_a_wrong_xor_is_reported() {
    let seen = play(&SERVO, &[(Side::Client, b"RCTY1D\x04")]);
    assert_eq!(seen.kinds(), ["RCTY"]);
    assert_eq!(seen.messages[0].anomalies, ["bad-checksum"]);
}

#[test]
fn four_letters_that_nobody_listed_are_unknown() {
    let seen = play(&SERVO, &[(Side::Client, &command("SVEN500"))]);
    assert_eq!(
        (seen.kinds(), seen.messages[0].verb),
        (vec!["SVEN"], Some(Verb::UnknownVerb))
    );
}

#[test]
fn record_with_a_wrong_xor_is_reported() {
    let mut bytes = vectors()["servo_breath_real"].clone();
    *bytes.last_mut().unwrap() ^= 1;
    let seen = play(&SERVO, &[(Side::Server, &bytes)]);
    assert_eq!(
        (seen.kinds(), &seen.messages[0].anomalies[..]),
        (vec!["breath"], &["bad-checksum"][..])
    );
}

#[test]
fn commands_of_the_manual() {
    let v = vectors();
    for (name, kind, verb) in [
        ("servo_ho", "HO", Verb::Discover),
        ("servo_rcty", "RCTY", Verb::Discover),
        ("servo_rhve", "RHVE", Verb::Discover),
        ("servo_radc", "RADC", Verb::Read),
        ("servo_sdad", "SDAD", Verb::Configure),
    ] {
        let seen = play(&SERVO, &[(Side::Client, &v[name])]);
        assert_eq!(
            (seen.kinds(), seen.messages[0].verb),
            (vec![kind], Some(verb)),
            "{name}"
        );
        assert!(seen.messages[0].anomalies.is_empty(), "{name}");
    }
    let seen = play(&SERVO, &[(Side::Client, &v["servo_sdad"])]);
    assert_eq!(seen.messages[0].all("channel"), ["200", "205"]);
}

#[test]
fn general_call_that_clears_a_report_is_a_configuration() {
    let v = vectors();
    let seen = play(
        &SERVO,
        &[(
            Side::Client,
            &[
                &v["servo_ho"][..],
                &v["servo_rcty"],
                &v["servo_sdad"],
                &v["servo_ho"],
            ]
            .concat(),
        )],
    );
    let verbs: Vec<_> = seen.messages.iter().map(|m| m.verb.unwrap()).collect();
    assert_eq!(
        verbs,
        [
            Verb::Discover,
            Verb::Discover,
            Verb::Configure,
            Verb::Configure
        ]
    );
}

#[test]
fn records_of_a_real_device_follow_each_other() {
    let v = vectors();
    let stream = [
        &v["servo_curve_real"][..],
        &v["servo_breath_real"],
        &v["servo_curve_real2"],
        &v["servo_breath_real2"],
        &v["servo_binary_error"],
    ]
    .concat();
    let seen = play(
        &SERVO,
        &[
            (Side::Client, &command("SDADB200205209")),
            (Side::Server, &stream),
        ],
    );
    assert_eq!(
        seen.kinds(),
        ["SDAD", "curve", "breath", "curve", "breath", "binary-error"]
    );
    assert!(seen.messages.iter().all(|m| m.anomalies.is_empty()));
    assert_eq!(seen.messages[2].all("value"), ["167", "208", "1000"]);
    assert_eq!(seen.messages[5].field("error"), Some("11"));
}

#[test]
fn reply_about_the_patient_is_told_apart() {
    let reply = command("4711                2611240000");
    let seen = play(
        &SERVO,
        &[(Side::Client, &command("RPAI")), (Side::Server, &reply)],
    );
    assert_eq!(seen.messages[1].field("patient_id"), Some("4711"));
    assert_eq!(seen.messages[1].field("reply"), None);
    let alone = play(&SERVO, &[(Side::Server, &reply)]);
    assert_eq!(alone.messages[0].field("reply"), None);
}

#[test]
fn error_refuses_the_command() {
    let seen = play(
        &SERVO,
        &[
            (Side::Client, &command("SDADC999")),
            (Side::Server, &command("ER12")),
        ],
    );
    assert_eq!(seen.messages[1].answers, seen.messages[0].asks);
    assert_eq!(seen.messages[1].outcome, Some(Outcome::Refused));
}

#[test]
fn silenced_alarm_shows_in_the_extended_alarm_record() {
    let body = b"E\x00\x02\x01\x7f";
    let record = [&body[..], &[crate::serial::checksum::xor8(body)]].concat();
    let seen = play(
        &SERVO,
        &[
            (Side::Client, &command("SDADE401402403")),
            (Side::Server, &record),
        ],
    );
    assert_eq!(
        seen.messages[1].all("alarm_state"),
        ["401 0", "402 2", "403 1"]
    );
    assert_eq!(seen.messages[1].field("silenced"), Some("true"));
}

#[test]
fn two_commands_or_one_record_are_recognised() {
    let v = vectors();
    assert!(matches!(
        probe(Side::Server, &v["servo_curve_real"], hint(false)),
        Probe::Yes(_)
    ));
    let two = [&v["servo_ho"][..], &v["servo_rcty"]].concat();
    assert!(matches!(
        probe(Side::Client, &two, hint(false)),
        Probe::Yes(_)
    ));
    assert!(matches!(
        probe(Side::Client, &v["servo_ho"], hint(false)),
        Probe::More(_)
    ));
    assert_eq!(
        probe(Side::Client, b"GET / HTTP/1.1\r\n", hint(false)),
        Probe::No
    );
}

#[test]
fn cut_and_changed_bytes() {
    let v = vectors();
    let commands: Vec<u8> = ["servo_ho", "servo_rcty", "servo_radc"]
        .iter()
        .flat_map(|n| v[n].clone())
        .collect();
    let stream = [
        &b"900PCI\x04"[..],
        &command("*"),
        &v["servo_curve_real"],
        &v["servo_breath_real"],
        &v["servo_curve_real2"],
    ]
    .concat();
    recut(
        &SERVO,
        &[
            (Side::Client, &commands),
            (Side::Server, &stream),
            (Side::Client, b"\x1b"),
        ],
    );
    let all: Vec<u8> = v
        .iter()
        .filter(|(n, _)| n.starts_with("servo"))
        .flat_map(|(_, b)| b.clone())
        .collect();
    mutate(&SERVO, &all);
}

#[test]
fn ventilator_that_calls_its_host_is_commanded_all_the_same() {
    let v = vectors();
    turned(
        &SERVO,
        &[
            (Side::Client, &v["servo_ho"]),
            (Side::Client, &v["servo_rcty"]),
            (Side::Server, &command("082")),
            (Side::Client, &v["servo_sdad"]),
            (Side::Client, &v["servo_radc"]),
            (Side::Server, &v["servo_breath_real"]),
            (Side::Client, &command("SVEN500")),
        ],
    );
}
