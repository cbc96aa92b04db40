use crate::action::{Outcome, Verb};
use crate::contract::{Probe, Side};
use crate::serial::harness::{hint, mutate, play, recut, vectors};

use super::*;

fn frame(text: &str) -> Vec<u8> {
    let sum = 0xFF - crate::serial::checksum::sum8(text.as_bytes());
    format!("\x02{text}{sum:02X}\x03").into_bytes()
}

#[test]
fn frame_with_a_wrong_sum_is_reported() {
    let seen = play(&FRESENIUS, &[(Side::Client, b"\x021SI33\x03")]);
    assert_eq!(seen.kinds(), ["SI"]);
    assert_eq!(seen.messages[0].anomalies, ["bad-checksum"]);
}

#[test]
fn rate_that_is_no_number_is_reported() {
    let seen = play(&FRESENIUS, &[(Side::Client, &frame("1PR;12x"))]);
    assert_eq!(seen.messages[0].verb, Some(Verb::SetRate));
    assert_eq!(seen.messages[0].anomalies, ["bad-number"]);
}

#[test]
fn letters_that_nobody_listed_are_unknown() {
    let seen = play(&FRESENIUS, &[(Side::Client, &frame("1ZZ;5"))]);
    assert_eq!(
        (seen.kinds(), seen.messages[0].verb),
        (vec!["ZZ"], Some(Verb::UnknownVerb))
    );
}

#[test]
fn requests_do_what_the_sheet_says() {
    let v = vectors();
    for (name, kind, verb, module) in [
        ("fres_connect_base", "DC", None, "0"),
        ("fres_connect_1", "DC", None, "1"),
        ("fres_read_rate", "LE", Some(Verb::Read), "1"),
        ("fres_spont", "DE", Some(Verb::Configure), "1"),
        ("fres_spont_off", "AE", Some(Verb::Configure), "1"),
        ("fres_mode_pc", "MO", Some(Verb::Configure), "1"),
        ("fres_pause", "PO", Some(Verb::Pause), "1"),
        ("fres_silence", "SI", Some(Verb::SilenceAlarm), "1"),
        ("fres_setrate", "PR", Some(Verb::SetRate), "1"),
    ] {
        let seen = play(&FRESENIUS, &[(Side::Client, &v[name])]);
        assert_eq!(seen.kinds(), [kind], "{name}");
        let message = &seen.messages[0];
        assert_eq!(
            (message.verb, message.field("module")),
            (verb, Some(module)),
            "{name}"
        );
        assert!(message.anomalies.is_empty(), "{name}");
    }
    let rate = play(&FRESENIUS, &[(Side::Client, &v["fres_setrate"])]);
    assert_eq!(rate.messages[0].value, Some((5.0, "mL/h".into())));
    assert_eq!(rate.messages[0].channel, "1");
}

#[test]
fn refusal_of_one_module_is_not_that_of_another() {
    let seen = play(
        &FRESENIUS,
        &[
            (Side::Client, &frame("1PR;0032")),
            (Side::Client, &frame("2PO")),
            (Side::Server, &frame("2C")),
            (Side::Server, &frame("1I;08")),
        ],
    );
    assert_eq!(seen.messages[2].answers, seen.messages[1].asks);
    assert_eq!(seen.messages[2].outcome, Some(Outcome::Accepted));
    assert_eq!(seen.messages[3].answers, seen.messages[0].asks);
    assert_eq!(seen.messages[3].outcome, Some(Outcome::Refused));
    assert_eq!(seen.messages[3].field("meaning"), Some("out of limits"));
}

#[test]
fn answers_of_the_pump() {
    let v = vectors();
    let seen = play(&FRESENIUS, &[(Side::Server, &v["fres_reply_rate"])]);
    assert_eq!(seen.kinds(), ["reply"]);
    assert_eq!(seen.messages[0].field("rate"), Some("2.5 mL/h"));
    let link = [&v["fres_nak"][..], &v["fres_enq"], &v["fres_dc4"], b"\x06"].concat();
    let seen = play(&FRESENIUS, &[(Side::Server, &link)]);
    assert_eq!(seen.kinds(), ["NAK", "ENQ", "DC4", "ACK"]);
    assert_eq!(seen.messages[0].field("meaning"), Some("check sum"));
}

#[test]
fn name_read_from_a_pump_counts_as_text_about_a_person() {
    let seen = play(
        &FRESENIUS,
        &[
            (Side::Client, &frame("1LN")),
            (Side::Server, &frame("1C;BED 4 DOE")),
        ],
    );
    assert_eq!(seen.messages[1].field("shown"), Some("BED 4 DOE"));
    assert_eq!(seen.messages[1].field("argument"), None);
}

#[test]
fn two_frames_are_asked_for_off_the_usual_ports() {
    let v = vectors();
    let two = [&v["fres_connect_base"][..], b"\x06", &v["fres_connect_1"]].concat();
    assert!(matches!(
        probe(Side::Client, &two, hint(false)),
        Probe::Yes(_)
    ));
    assert!(matches!(
        probe(Side::Client, &v["fres_connect_1"], hint(false)),
        Probe::More(_)
    ));
    assert!(matches!(
        probe(Side::Client, &v["fres_connect_1"], hint(true)),
        Probe::Yes(_)
    ));
    assert!(!matches!(
        probe(Side::Server, b"\x0200S\x03\x0200S\x03", hint(false)),
        Probe::Yes(_)
    ));
}

#[test]
fn cut_and_changed_bytes() {
    let v = vectors();
    let all: Vec<u8> = v
        .iter()
        .filter(|(n, _)| n.starts_with("fres"))
        .flat_map(|(_, b)| b.clone())
        .collect();
    recut(
        &FRESENIUS,
        &[
            (Side::Client, &all),
            (Side::Server, &all),
            (Side::Client, b"zz\x021S"),
        ],
    );
    mutate(&FRESENIUS, &all);
}
