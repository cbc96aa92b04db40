use crate::action::Outcome;
use crate::serial::harness::{Played, hint, mutate, play, recut, vectors};

use super::*;

const HELLO: &[u8] = b"\xff\xfb\x01\xff\xfb\x03";

fn server(text: &[u8]) -> Vec<u8> {
    [HELLO, text].concat()
}

fn kinds_but_options(seen: &Played) -> Vec<&str> {
    seen.kinds().into_iter().filter(|k| *k != "WILL").collect()
}

#[test]
fn option_that_never_ends_is_given_up_at_the_limit() {
    let seen = play(
        &TELNET,
        &[(
            Side::Client,
            &[&b"\xff\xfa\x2c\x01"[..], &[0; 3000]].concat(),
        )],
    );
    assert_eq!(seen.kinds()[0], "SB");
    assert_eq!(seen.messages[0].anomalies, ["long-option"]);
}

#[test]
fn text_in_utf_16_is_no_telnet() {
    let text = b"\xff\xfe<\0?\0x\0m\0l\0";
    assert_eq!(probe(Side::Client, text, hint(false)), Probe::No);
    let asked = b"\xff\xfe\x2c";
    assert_eq!(
        probe(Side::Client, asked, hint(false)),
        Probe::Yes(Confidence(92))
    );
}

#[test]
fn command_cut_off_at_the_end_is_malformed() {
    let seen = play(&TELNET, &[(Side::Client, b"\xff\xfa\x2c\x01\x00")]);
    assert_eq!(seen.kinds(), ["malformed"]);
}

#[test]
fn root_shell_without_login_is_told() {
    let script: &[(Side, &[u8])] = &[
        (Side::Server, &server(b"\r\n# ")),
        (Side::Client, b"id\r\n"),
        (Side::Server, b"id\r\nuid=0(root) gid=0(root)\r\n# "),
        (Side::Client, b"ls\r\n"),
    ];
    let seen = play(&TELNET, script);
    assert_eq!(
        kinds_but_options(&seen),
        ["shell-prompt", "command", "command"]
    );
    assert_eq!(seen.messages[2].field("without_login"), Some("true"));
    assert_eq!(seen.messages[3].verb, Some(Verb::UnknownVerb));
}

#[test]
fn password_is_counted_and_not_kept() {
    let script: &[(Side, &[u8])] = &[
        (Side::Server, &server(b"Pump console\r\nlogin: ")),
        (Side::Client, b"simuser\r\n"),
        (Side::Server, b"simuser\r\nPassword: "),
        (Side::Client, b"hunter22\r\n"),
        (Side::Server, b"\r\nLogin OK\r\n-> "),
    ];
    let seen = play(&TELNET, script);
    assert_eq!(
        kinds_but_options(&seen),
        [
            "login-prompt",
            "login",
            "password-prompt",
            "password",
            "shell-prompt"
        ]
    );
    let said = format!("{seen:?}");
    assert!(!said.contains("hunter22"));
    let of = |kind: &str| seen.messages.iter().find(|m| m.kind == kind).unwrap();
    assert_eq!(of("login-prompt").field("banner"), Some("Pump console"));
    assert_eq!(of("password").field("password"), Some("secret of 8"));
    assert_eq!(of("shell-prompt").field("without_login"), None);
    assert_eq!(of("shell-prompt").answers, of("password").asks);
    assert_eq!(of("shell-prompt").outcome, Some(Outcome::Accepted));
}

#[test]
fn wrong_password_is_refused() {
    let script: &[(Side, &[u8])] = &[
        (Side::Server, &server(b"login: ")),
        (Side::Client, b"a\r\n"),
        (Side::Server, b"Password: "),
        (Side::Client, b"b\r\n"),
        (Side::Server, b"\r\nLogin incorrect\r\nlogin: "),
    ];
    let seen = play(&TELNET, script);
    let refused = seen
        .messages
        .iter()
        .find(|m| m.kind == "login-refused")
        .unwrap();
    assert_eq!(refused.outcome, Some(Outcome::Refused));
}

#[test]
fn shell_in_the_middle_of_a_conversation_proves_no_missing_login() {
    let mut player = crate::serial::harness::Player::new(&TELNET);
    player.gap(Side::Server, 0);
    player.send(Side::Server, b"\r\n# ");
    let seen = player.finish();
    assert_eq!(seen.kinds(), ["shell-prompt"]);
    assert_eq!(seen.messages[0].field("without_login"), None);
}

#[test]
fn com_port_settings_of_the_rfc() {
    let v = vectors();
    for (name, side, kind, value, verb) in [
        (
            "rfc2217_baud",
            Side::Client,
            "COM-PORT SET-BAUDRATE",
            "9600",
            Some(Verb::Configure),
        ),
        (
            "rfc2217_baud_rsp",
            Side::Server,
            "COM-PORT SET-BAUDRATE",
            "9600",
            None,
        ),
        (
            "rfc2217_dtr_off",
            Side::Client,
            "COM-PORT SET-CONTROL",
            "9",
            Some(Verb::Configure),
        ),
        (
            "rfc2217_purge",
            Side::Client,
            "COM-PORT PURGE-DATA",
            "3",
            Some(Verb::Configure),
        ),
    ] {
        let seen = play(&TELNET, &[(side, &v[name])]);
        assert_eq!(seen.kinds(), [kind], "{name}");
        assert_eq!(seen.messages[0].field("value"), Some(value), "{name}");
        assert_eq!(seen.messages[0].verb, verb, "{name}");
    }
    let asked = play(
        &TELNET,
        &[(Side::Client, b"\xff\xfa\x2c\x01\0\0\0\0\xff\xf0")],
    );
    assert_eq!(asked.messages[0].verb, Some(Verb::Read));
    let other = play(
        &TELNET,
        &[
            (Side::Client, b"\xff\xfa\x2c\x01\0\0\x4b\0\xff\xf0"),
            (Side::Server, &v["rfc2217_baud_rsp"]),
        ],
    );
    assert_eq!(other.messages[1].outcome, Some(Outcome::Refused));
    assert_eq!(other.messages[1].answers, other.messages[0].asks);
}

#[test]
fn protocol_inside_reports_with_its_place_in_the_outer_stream() {
    // An option in the middle of a frame: the message covers it too.
    let script: &[(Side, &[u8])] = &[(
        Side::Client,
        b"\xff\xfd\x2c!INST_SER\xff\xfb\x00IALNO|457D\r!INF|4961\r",
    )];
    let seen = play(&TELNET, script);
    let inside = seen.of("alaris");
    assert_eq!(
        inside.iter().map(|m| &m.kind[..]).collect::<Vec<_>>(),
        ["INST_SERIALNO", "INF"]
    );
    assert_eq!(inside[0].range, 3..26);
    assert_eq!(inside[1].range, 26..36);
}

#[test]
fn question_kept_until_its_answer_named_the_protocol_stays_the_clients() {
    let v = vectors();
    // One request is not enough for Servo: the record behind it is.
    let script: &[(Side, &[u8])] = &[
        (Side::Client, &v["rfc2217_baud"]),
        (Side::Client, b"CT\x04"),
        (Side::Server, b"*\x04"),
        (Side::Server, &v["servo_breath_real"]),
        (Side::Server, &v["servo_breath_real2"]),
    ];
    let seen = play(&TELNET, script);
    let inside = seen.of("servo");
    let said: Vec<_> = inside.iter().map(|m| (m.side, &m.kind[..])).collect();
    assert_eq!(said[..2], [(Side::Client, "CT"), (Side::Server, "reply")]);
    assert_eq!(inside[1].answers, inside[0].asks);
    assert_eq!(inside[0].range, 10..13);
}

#[test]
fn doubled_byte_is_one_byte_inside() {
    let v = vectors();
    let record = &v["servo_curve_real"];
    let doubled: Vec<u8> = record
        .iter()
        .flat_map(|b| {
            if *b == 0xFF {
                vec![0xFF, 0xFF]
            } else {
                vec![*b]
            }
        })
        .collect();
    let seen = play(
        &TELNET,
        &[(Side::Server, &[&b"\xff\xfb\x00"[..], &doubled].concat())],
    );
    let inside = seen.of("servo");
    assert_eq!(inside.len(), 1);
    assert!(inside[0].anomalies.is_empty());
    assert_eq!(inside[0].range.end, 3 + doubled.len() as u64);
}

#[test]
fn serial_device_of_unknown_protocol_is_watched_all_the_same() {
    let line = b"#OPAQUE 0001 0450 0015 0040\r\n".repeat(6);
    let seen = play(
        &TELNET,
        &[
            (Side::Client, &vectors()["rfc2217_baud"]),
            (Side::Server, &line),
        ],
    );
    assert_eq!(seen.of("serial").len(), 1);
}

#[test]
fn negotiation_is_recognised_anywhere_text_only_on_its_port() {
    let v = vectors();
    assert!(matches!(
        probe(Side::Client, &v["telnet_do_comport"], hint(false)),
        Probe::Yes(_)
    ));
    assert!(matches!(
        probe(Side::Server, b"login: ", hint(true)),
        Probe::Yes(_)
    ));
    assert_eq!(probe(Side::Server, b"login: ", hint(false)), Probe::No);
    assert_eq!(
        probe(Side::Server, b"\xff\xd8\xff\xe0", hint(false)),
        Probe::No
    );
    assert_eq!(probe(Side::Client, b"\xff", hint(false)), Probe::More(2));
}

#[test]
fn cut_and_changed_bytes() {
    let v = vectors();
    let script: &[(Side, &[u8])] = &[
        (Side::Server, &server(b"Pump\r\nlogin: ")),
        (Side::Client, b"root\r\0"),
        (Side::Server, b"Password: "),
        (Side::Client, b"x\r\n"),
        (Side::Server, b"\r\n[root@pump ~]# "),
        (Side::Client, b"reboot\r\n"),
    ];
    recut(&TELNET, script);
    let carried = [
        &v["rfc2217_baud"][..],
        &v["alaris_inf"],
        &v["rfc2217_purge"],
        &v["alaris_start"],
    ]
    .concat();
    recut(&TELNET, &[(Side::Client, &carried)]);
    mutate(&TELNET, &carried);
    mutate(
        &TELNET,
        &server(b"Pump\r\nlogin: x\r\nPassword: y\r\n# ls\r\n\xff\xff\xff\xf4zz"),
    );
}
