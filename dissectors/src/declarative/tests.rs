use crate::action::{Outcome, Verb};
use crate::contract::{Probe, Side};
use crate::registry::ProtocolId;
use crate::serial::harness::{Played, hint, mutate, play, recut, vectors};

use super::*;

const GOOD: &str = r#"
name = "acme_pump"
title = "Acme pump"
provenance = "reverse-engineered"
source = "a bench"
device = "pump"

[recognise]
frames = 2
confidence = 60

[[frame]]
side = "both"
start = "02"
end = "03"
escape = { byte = "1B", xor = "20" }
checksum = { kind = "xor8", form = "hex" }
layout = [{ name = "verb", until = "3B" }, { name = "argument", take = "rest", optional = true }]

[[field]]
name = "rate"
type = "quantity"
unit = "mL/h"
base = 16
scale = 0.1
doc = "rate"

[[verb]]
name = "RATE"
side = "client"
arguments = [{ name = "rate", take = "rest" }]
action = "set-rate"
value = "rate"
doc = "sets the rate"
"#;

fn faults(text: &str) -> Vec<String> {
    load(text, "acme.dissector.toml")
        .err()
        .unwrap_or_default()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn every_embedded_file_loads() {
    for (file, text) in EMBEDDED {
        assert_eq!(
            load(text, file)
                .err()
                .map(|f| f.iter().map(|f| f.to_string()).collect::<Vec<_>>()),
            None
        );
    }
    assert_eq!(embedded().len(), EMBEDDED.len());
}

#[test]
fn text_that_is_not_toml_is_told_with_its_line() {
    let said = faults("name = \"a\"\ntitle = \n");
    assert_eq!(said.len(), 1);
    assert!(
        said[0].starts_with("acme.dissector.toml:2: this is not TOML"),
        "{said:?}"
    );
}

#[test]
fn all_faults_are_told_at_once_with_line_and_advice() {
    let bad = GOOD
        .replace(
            "provenance = \"reverse-engineered\"",
            "provenance = \"guess\"",
        )
        .replace("action = \"set-rate\"", "action = \"set-rat\"")
        .replace("kind = \"xor8\"", "kind = \"xor9\"")
        .replace("scale = 0.1", "scal = 0.1")
        .replace("value = \"rate\"", "value = \"rates\"");
    let said = faults(&bad);
    let want = [
        ":4: `provenance = \"guess\"` is not known; known are: specification",
        ":17: `kind = \"xor9\"` is not known; did you mean `xor8`?",
        ":25: `scal` is not a key here; did you mean `scale`?",
        ":32: `action = \"set-rat\"` is not known; did you mean `set-rate`?",
        ":33: there is no field `rates`; did you mean `rate`?",
    ];
    assert_eq!(said.len(), want.len(), "{said:#?}");
    for (said, want) in said.iter().zip(want) {
        assert!(said.contains(want), "{said} / {want}");
    }
}

#[test]
fn missing_parts_are_told() {
    for (cut, want) in [
        ("end = \"03\"\n", "neither `end` nor `length`"),
        ("title = \"Acme pump\"\n", "`title` is missing"),
        ("action = \"set-rate\"\n", "does not say what it does"),
        ("name = \"verb\", ", "no layout has a part named `verb`"),
        (
            "[recognise]\nframes = 2\nconfidence = 60\n",
            "[recognise] is missing",
        ),
    ] {
        let said = faults(&GOOD.replace(cut, ""));
        assert!(said.iter().any(|s| s.contains(want)), "{cut}: {said:#?}");
    }
    assert!(faults(&GOOD.replace("\"02\"", "\"2\""))[0].contains("not a list of bytes"));
    assert!(faults(&" ".repeat(300_000))[0].contains("larger than"));
}

#[test]
fn good_file_becomes_a_protocol() {
    let protocol = load(GOOD, "acme.dissector.toml").unwrap();
    assert_eq!(
        (protocol.name, protocol.fields[0].name),
        ("acme_pump", "rate")
    );
    assert_eq!(
        protocol.kinds.iter().map(|k| k.name).collect::<Vec<_>>(),
        ["malformed", "RATE"]
    );
    // "RATE;1" 1B 23 "4": the escaped 03 is unescaped, the sum is over what was sent.
    let text = b"RATE;1\x1b\x234";
    let sum = crate::serial::checksum::xor8(text);
    let frame = [b"\x02", &text[..], format!("{sum:02X}\x03").as_bytes()].concat();
    let other: Vec<u8> = [&frame[..], &frame[..]].concat();
    assert!(matches!(
        (protocol.probe)(Side::Client, &other, hint(false)),
        Probe::Yes(_)
    ));
    assert!(matches!(
        (protocol.probe)(Side::Client, &frame, hint(false)),
        Probe::More(_)
    ));
    assert_eq!(
        (protocol.probe)(Side::Client, b"GET / HTTP/1.1\r\n", hint(false)),
        Probe::No
    );
}

#[test]
fn loaded_too_late_is_refused_and_says_so() {
    // Any use of the list closes it.
    assert!(ProtocolId::of("tcp").is_some());
    let protocol = load(
        &GOOD.replace("acme_pump", "late_pump"),
        "late.dissector.toml",
    )
    .unwrap();
    let refused = crate::registry::add(vec![protocol]).unwrap_err();
    assert!(refused.to_string().contains("before the first packet"));
}

fn protocol(name: &str) -> &'static crate::Protocol {
    ProtocolId::of(name).expect(name).protocol()
}

fn one(name: &str, side: Side, bytes: &[u8]) -> Played {
    play(protocol(name), &[(side, bytes)])
}

#[test]
fn as50_words_do_what_the_sheet_says() {
    let v = vectors();
    for (name, kind, verb) in [
        ("as50_dev", "DEV", Some(Verb::Discover)),
        ("as50_prirate", "PRIRATE", Some(Verb::Read)),
        ("as50_bolrate", "BOLRAT", Some(Verb::Read)),
        ("as50_bolsize", "BOLSIZ", Some(Verb::Read)),
        ("as50_lbolus", "LBOLUS", Some(Verb::Read)),
        ("as50_status", "STATUS", Some(Verb::Read)),
        ("as50_exit", "EXIT", None),
        ("as50_resend", "RESEND", None),
        ("as50_setrate", "PRIRATE", Some(Verb::SetRate)),
    ] {
        let seen = one("baxter_as50", Side::Client, &v[name]);
        assert_eq!(seen.kinds(), [kind], "{name}");
        assert_eq!(seen.messages[0].verb, verb, "{name}");
        assert!(seen.messages[0].anomalies.is_empty(), "{name}");
    }
    let seen = one("baxter_as50", Side::Client, &v["as50_setrate"]);
    assert_eq!(seen.messages[0].value, Some((5.0, "mL/h".into())));
    let seen = one("baxter_as50", Side::Client, b"[BOLST]\x00\x00");
    assert_eq!(seen.messages[0].anomalies, ["bad-checksum"]);
    assert_eq!(
        one("baxter_as50", Side::Client, b"[BOOT]xx").messages[0].verb,
        Some(Verb::UnknownVerb)
    );
}

#[test]
fn ne1000_rate_purge_and_diameter_are_therapy() {
    let v = vectors();
    let seen = one("ne1000", Side::Client, &v["ne_rate"]);
    assert_eq!(seen.kinds(), ["RAT"]);
    assert_eq!(seen.messages[0].value, Some((500.0, "uL/min".into())));
    assert_eq!(seen.messages[0].channel, "0");
    let seen = one(
        "ne1000",
        Side::Client,
        b"DIA4.6\rPUR\rRUN\rSTP\rDIR\rXYZ1\r",
    );
    let verbs: Vec<_> = seen.messages.iter().map(|m| m.verb.unwrap()).collect();
    assert_eq!(
        verbs,
        [
            Verb::SetRate,
            Verb::Start,
            Verb::Start,
            Verb::Stop,
            Verb::Read,
            Verb::UnknownVerb
        ]
    );
}

#[test]
fn ne1000_safe_and_basic_frames_stand_on_one_line() {
    let v = vectors();
    let seen = one(
        "ne1000",
        Side::Client,
        &[&v["ne_safe_saf0"][..], &v["ne_run"]].concat(),
    );
    assert_eq!(seen.kinds(), ["SAF", "RUN"]);
    let seen = one(
        "ne1000",
        Side::Server,
        &[&v["ne_ver_rsp"][..], &v["ne_oor"], &v["ne_reset"]].concat(),
    );
    assert_eq!(seen.kinds(), ["reply"; 3]);
    assert_eq!(seen.messages[0].field("body"), Some("NE1000V3.928"));
    assert_eq!(seen.messages[2].field("status"), Some("A?R"));
}

#[test]
fn refusal_of_a_laboratory_pump_is_joined_to_its_request() {
    let v = vectors();
    let seen = play(
        protocol("ne1000"),
        &[(Side::Client, &v["ne_rate"]), (Side::Server, &v["ne_oor"])],
    );
    assert_eq!(seen.messages[1].answers, seen.messages[0].asks);
    assert_eq!(seen.messages[1].outcome, Some(Outcome::Refused));
}

#[test]
fn harvard_and_chemyx_words() {
    let v = vectors();
    let seen = one("harvard", Side::Client, &v["harvard_rate"]);
    assert_eq!(seen.kinds(), ["irate"]);
    assert_eq!(seen.messages[0].value, Some((1.5, "mL/min".into())));
    assert_eq!(seen.messages[0].channel, "0");
    let seen = one("harvard", Side::Server, b"\n00:11 ELITE\r\n00>\r");
    assert_eq!(seen.messages[1].field("prompt"), Some(">"));
    let seen = one("chemyx", Side::Client, &v["chemyx_rate"]);
    assert_eq!(seen.kinds(), ["set rate"]);
    assert_eq!(seen.messages[0].verb, Some(Verb::SetRate));
    let seen = one("chemyx", Side::Client, b"2 pump status\rset fire\r");
    assert_eq!(seen.kinds(), ["pump status", "set"]);
    assert_eq!(seen.messages[0].channel, "2");
    assert_eq!(seen.messages[1].verb, Some(Verb::UnknownVerb));
}

#[test]
fn ordinary_text_is_no_pump() {
    let chatter: [&[u8]; 4] = [
        b"USER bob\r\nPASS x\r\n",
        b"EHLO host\r\n",
        b"login: \r\n",
        b"hello\rworld\rstop\r",
    ];
    for name in ["ne1000", "harvard", "chemyx", "baxter_as50"] {
        for text in chatter {
            let said = (protocol(name).probe)(Side::Client, text, hint(false));
            assert!(!matches!(said, Probe::Yes(_)), "{name}: {said:?}");
        }
    }
}

#[test]
fn cut_and_changed_bytes() {
    let v = vectors();
    let ne: Vec<u8> = v
        .iter()
        .filter(|(n, _)| n.starts_with("ne_"))
        .flat_map(|(_, b)| b.clone())
        .collect();
    let as50: Vec<u8> = v
        .iter()
        .filter(|(n, _)| n.starts_with("as50"))
        .flat_map(|(_, b)| b.clone())
        .collect();
    recut(
        protocol("ne1000"),
        &[(Side::Client, &ne), (Side::Server, &ne)],
    );
    recut(
        protocol("baxter_as50"),
        &[(Side::Client, &as50), (Side::Server, b"[ACK]xx[A")],
    );
    recut(
        protocol("harvard"),
        &[
            (Side::Client, b"irun\r\n0irate 1 m/m\r\n"),
            (Side::Server, b"\n00>\r\njunk\x80\r"),
        ],
    );
    recut(
        protocol("chemyx"),
        &[
            (Side::Client, b"set rate 1\rstart\r"),
            (Side::Server, b"set rate 1\r\nrate = 1\r\n>"),
        ],
    );
    for (name, good) in [
        ("ne1000", &ne[..]),
        ("baxter_as50", &as50),
        ("harvard", b"irun\r\n0irate 1 m/m\r\nVER\r\n\n00:11 ELITE\r"),
        (
            "chemyx",
            b"set rate 1\rset volume 1,2\rstart\rpump status\r",
        ),
    ] {
        mutate(protocol(name), good);
    }
}

/// A block of the Ivy 450C, composed: waveforms with FE among them, then a line a parameter.
fn ivy_block() -> Vec<u8> {
    let mut block = b"\xffANSAR-B ".to_vec();
    block.extend((0..400u32).map(|n| {
        if n % 9 == 0 {
            0xFE
        } else {
            n as u8 & 0x3F | 0x30
        }
    }));
    block.extend(
        b"HR=1;31;ECG-II-DIAG;HR LOW\rRR=1;14;APNEA: 20 SEC;\rETCO2=1;;;\rSPO2=1;97;PR=72 ;\r\
          NIBP=4;118;74;89;71;;\rP1=3;111;73;88;;\rP2=3;;;;NO TRANSDUCER;\rT1=1;36.9;;\rT2=1;;;\r\xfe",
    );
    block
}

fn ivy() -> &'static Protocol {
    embedded().iter().find(|p| p.name == "ivy").unwrap()
}

#[test]
fn ivy_values_and_alarms_stand_where_the_recording_has_them() {
    let block = ivy_block();
    let script: &[(Side, &[u8])] = &[(Side::Server, &block), (Side::Client, b"RESET\r")];
    let seen = play(ivy(), script);
    assert_eq!(seen.kinds(), ["vitals", "RESET"]);
    let told = &seen.messages[0];
    assert_eq!(told.anomalies, [""; 0]);
    assert_eq!(told.field("heart_rate_alarm"), Some("HR LOW"));
    assert_eq!(told.field("etco2"), None);
    assert!(told.field("pulse").unwrap().starts_with("72"), "{told:?}");
    assert!(told.field("t1").unwrap().starts_with("36.9"), "{told:?}");
    assert_eq!(seen.messages[1].verb, Some(Verb::UnknownVerb));
    recut(ivy(), script);
    mutate(ivy(), &block);
}

#[test]
fn monitor_joined_in_the_middle_of_a_block_is_recognised_on_a_serial_port() {
    let block = ivy_block();
    let joined = [&block[30..], &block[..]].concat();
    let probe = |first: &[u8], port| (ivy().probe)(Side::Server, first, hint(port));
    assert!(matches!(probe(&joined, true), Probe::Yes(_)));
    // Until a start comes, neither yes nor no; elsewhere nobody waits.
    assert!(matches!(probe(&block[30..400], true), Probe::More(0)));
    assert_eq!(probe(&block[30..400], false), Probe::No);
    assert_eq!(probe(&[b'x'; 4000], true), Probe::No);
}
