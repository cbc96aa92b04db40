use crate::action::{Outcome, Verb};
use crate::contract::{Confidence, Probe, Side, Transport};
use crate::drive::{Drive, Seen, hex, mutate, probe, stream_any_cut};

const AGENT: Side = Side::Client;
const MANAGER: Side = Side::Server;

// Built from the layout; the first two carry a thermometer-like extended configuration.
const AARQ: &str = "e2000032 80000000 0001002a 5079 0026 80000000 a000 80000000 00000000 00800000 \
                    0008 1122aabbccddeeff 4000 0081 01 01 00000000";
const AARE: &str = "e300002c 0003 5079 0026 80000000 8000 80000000 00000000 80000000 \
                    0008 0102030405060708 0000 0000 00 00 00000000";
const CONFIG: &str = "e7000026 0024 4321 0101 001e 0000 00000000 0d1c 0014 4000 0001 000e \
                      0006 0001 0001 0006 0996 0002 06c3";
const CONFIG_ACCEPTED: &str = "e7000016 0014 4321 0201 000e 0000 00000000 0d1c 0004 4000 0000";
const REPORT: &str = "e7000026 0024 1111 0100 001e 0000 ffffffff 0d1d 0014 f000 0007 0002 000c \
                      0001 0002 f3c5 000a 0002 f27b";
const REPORT_OF_PERSON: &str = "e7000026 0024 0001 0101 001e 0000 ffffffff 0d1f 0014 f000 0000 \
                                0001 000c 0042 0001 0006 0002 0002 004a";
const GET_ALL: &str = "e700000e 000c 3456 0103 0006 0000 0000 0000";
const SET_TIME: &str = "e700001a 0018 0001 0107 0012 0000 0c17 000c 2026112420300000 00000000";
const CLEAR: &str = "e7000014 0012 0004 0107 000c 000b 0c0c 0006 0001 0002 0000";
const REFUSED: &str = "e700000c 000a 0004 0300 0004 0002 0000";
const REJECTED: &str = "e700000a 0008 0007 0400 0002 0065";
const SCANNER_ON: &str = "e7000016 0014 0003 0105 000e 0037 0001 0008 0000 0953 0002 0001";
const RLRQ: &str = "e4000002 0000";
const RLRE: &str = "e5000002 0000";
const ABRT: &str = "e6000002 0003";

const ALL: [&str; 15] = [
    AARQ,
    AARE,
    CONFIG,
    CONFIG_ACCEPTED,
    REPORT,
    REPORT_OF_PERSON,
    GET_ALL,
    SET_TIME,
    CLEAR,
    REFUSED,
    REJECTED,
    SCANNER_ON,
    RLRQ,
    RLRE,
    ABRT,
];

fn one(text: &str) -> Seen {
    let mut seen = stream_any_cut("phd", &[(MANAGER, &hex(text))]);
    assert_eq!(seen.len(), 1, "{seen:?}");
    seen.remove(0)
}

/// An invoke by the manager with this choice and body.
fn invoke(choice: u16, body: &str) -> String {
    let len = hex(body).len();
    format!(
        "e700{:04x}{:04x}0009{choice:04x}{len:04x}{body}",
        len + 8,
        len + 6
    )
}

#[test]
fn other_streams_are_not_claimed() {
    let probed = |bytes: &[u8]| probe("phd", Transport::Tcp, true, AGENT, bytes);
    for other in [
        &b"GET / HTTP/1.1\r\n"[..],
        &hex("e2000032 00000000 0001002a 50790026"),
        &hex("e7000010 0010 0001 0103 0006 0000 0000"),
        &hex("16030100f40100 00f00303"),
        &[0xE7; 40],
    ] {
        assert_eq!(probed(other), Probe::No, "{other:02x?}");
    }
}

#[test]
fn an_association_is_sure_on_any_port() {
    let probed = |text: &str| probe("phd", Transport::Tcp, false, AGENT, &hex(text));
    assert_eq!(probed(AARQ), Probe::Yes(Confidence(95)));
    assert_eq!(probed(AARE), Probe::Yes(Confidence(90)));
    assert_eq!(probed(REPORT), Probe::Yes(Confidence(90)));
    assert!(matches!(probed("e200"), Probe::More(_)));
    // Six bytes that end an association prove little.
    assert_eq!(probed(RLRQ), Probe::No);
}

#[test]
fn lengths_that_disagree_are_told() {
    for text in [
        "e7000008 00ff 0001 0103 0000",
        "e7000008 0006 0001 0103 7fff",
        "e700000e 000c 3456 0103 0006 0000 0000 0009",
        "e200000c 80000000 0001 ff00 5079 0000",
    ] {
        let seen = one(text);
        assert!(!seen.anomalies.is_empty(), "{text}: {seen:?}");
    }
    assert_eq!(one("e7000000").kind, "PRST");
    assert_eq!(one("e7000000").anomalies, ["truncated"]);
}

#[test]
fn a_count_beyond_its_list_is_told() {
    let seen = one("e7000018 0016 0009 0101 0010 0000 ffffffff 0d1c 0006 4000 ffff 0000");
    assert_eq!(seen.kind, "roiv-cmip-confirmed-event-report");
    assert_eq!(seen.field("config_objects"), "65535");
    assert_eq!(seen.anomalies, ["count-mismatch"]);
}

#[test]
fn an_apdu_cut_short_is_told() {
    for text in ALL {
        let bytes = hex(text);
        for len in 1..bytes.len() {
            let seen = stream_any_cut("phd", &[(AGENT, &bytes[..len])]);
            assert!(!seen[0].anomalies.is_empty(), "{len} of {text}");
        }
    }
}

#[test]
fn after_strange_bytes_the_next_apdu_is_read() {
    let mut line = hex("f0000004 00000000 e7");
    line.extend(hex(REPORT));
    let seen = stream_any_cut("phd", &[(AGENT, &line)]);
    assert_eq!(seen[0].anomalies, ["unknown-choice"]);
    assert_eq!(seen[0].range, 0..9);
    assert_eq!(seen[1].kind, "roiv-cmip-event-report");
}

#[test]
fn after_a_gap_the_next_apdu_is_read() {
    let mut drive = Drive::new("phd");
    drive.send(AGENT, &hex(CONFIG)[..10]);
    drive.gap(AGENT, 100);
    drive.send(AGENT, &hex("00010006 0996 0002 06c3"));
    drive.send(AGENT, &hex(REPORT));
    let kinds: Vec<_> = drive.seen.iter().map(|s| s.kind.as_str()).collect();
    assert_eq!(kinds, ["malformed", "malformed", "roiv-cmip-event-report"]);
}

#[test]
fn a_second_association_inside_the_first_is_told() {
    let parts = [(AGENT, hex(AARQ)), (MANAGER, hex(AARE)), (AGENT, hex(AARQ))];
    let parts: Vec<_> = parts.iter().map(|(s, b)| (*s, b.as_slice())).collect();
    let seen = stream_any_cut("phd", &parts);
    assert_eq!(seen[0].anomalies, [""; 0]);
    assert_eq!(seen[2].anomalies, ["association-inside"]);
}

#[test]
fn writes_are_never_reads() {
    for (choice, body, verb) in [
        (
            0x0104,
            "0000 0001 0008 0000 0a4c 0002 0001",
            Verb::UnknownVerb,
        ),
        (0x0105, "0000 0001 0008 0000 0987 0002 0001", Verb::SetTime),
        (
            0x0105,
            "0000 0001 00ff 0000 0953 0002 0001",
            Verb::Configure,
        ),
        (
            0x0105,
            "0000 0002 0008 0000 0953 0002 0001",
            Verb::UnknownVerb,
        ),
        (0x0106, "0000 0c18 0000", Verb::UnknownVerb),
        (0x0107, "0000 0c0c 0000", Verb::Delete),
        (0x0107, "0000 0c0d 0000", Verb::Read),
        (0x0107, "0000 0c1b 0000", Verb::Subscribe),
        (0x0107, "0000 0c1c 0000", Verb::Retrieve),
        (0x0108, "0000 0000", Verb::UnknownVerb),
    ] {
        assert_eq!(
            one(&invoke(choice, body)).verb,
            Some(verb),
            "{choice:04x} {body}"
        );
    }
    assert_eq!(one(&invoke(0x0108, "0000")).kind, "unknown 0x0108");
}

#[test]
fn an_insulin_pump_is_a_pump() {
    let pump = AARQ.replace("4000 0081", "076c 0081");
    let bytes = [hex(&pump), hex(&invoke(0x0105, "0000 0000 0000"))];
    let mut drive = Drive::new("phd");
    drive.send(AGENT, &bytes[0]).send(MANAGER, &bytes[1]);
    assert_eq!(super::association::device(0x076C), crate::Device::Pump);
    assert_eq!(drive.seen[0].field("config_id"), "0x076c");
    assert_eq!(drive.seen[1].verb, Some(Verb::UnknownVerb));
}

#[test]
fn an_association_names_the_device() {
    let parts = [(AGENT, hex(AARQ)), (MANAGER, hex(AARE))];
    let parts: Vec<_> = parts.iter().map(|(s, b)| (*s, b.as_slice())).collect();
    let seen = stream_any_cut("phd", &parts);
    assert_eq!(seen[0].field("system_id"), "1122aabbccddeeff");
    assert_eq!(seen[0].field("system_type"), "agent");
    assert_eq!(seen[0].field("config_id"), "0x4000");
    assert_eq!(seen[1].field("result"), "accepted-unknown-config");
    let (key, last, outcome) = seen[1].answers.clone().unwrap();
    assert_eq!((Some(key), last), (seen[0].asks.clone(), true));
    assert_eq!(outcome, Outcome::Accepted);
    let refused = one("e300002c 0007 5079 0000");
    assert!(refused.anomalies.contains(&"unfinished"));
    assert_eq!(
        one("e3000006 0007 5079 0000").answers.unwrap().2,
        Outcome::Refused
    );
}

#[test]
fn reports_tell_how_many_observations() {
    let seen = one(REPORT);
    assert_eq!(seen.field("event"), "MDC_NOTI_SCAN_REPORT_FIXED");
    assert_eq!(seen.field("observations"), "2");
    assert_eq!(seen.field("report_number"), "7");
    assert_eq!(seen.verb, Some(Verb::Store));
    assert_eq!(seen.anomalies, [""; 0]);
    let seen = one(REPORT_OF_PERSON);
    assert_eq!(seen.field("person_id"), "66");
    assert_eq!(seen.field("observations"), "1");
    let seen = one(CONFIG);
    assert_eq!(seen.field("config_objects"), "1");
    assert_eq!(seen.verb, None);
    assert_eq!(one(CONFIG_ACCEPTED).field("config_result"), "accepted");
}

#[test]
fn setting_the_clock_tells_the_time() {
    let seen = one(SET_TIME);
    assert_eq!(seen.verb, Some(Verb::SetTime));
    assert_eq!(seen.field("clock"), "2026-11-24T20:30:00");
    assert_eq!(seen.field("object_action"), "MDC_ACT_SET_TIME");
}

#[test]
fn a_refusal_answers_the_request_of_the_other_side() {
    for (answer, name) in [(REFUSED, "client 4"), (REJECTED, "client 7")] {
        let seen = one(answer);
        let key = Some((name.to_owned(), true, Outcome::Refused));
        assert_eq!(seen.answers, key);
    }
    assert_eq!(one(REFUSED).field("error"), "access-denied");
    assert_eq!(one(REJECTED).field("problem"), "unrecognized-operation");
    assert_eq!(one(CLEAR).asks.as_deref(), Some("server 4"));
}

#[test]
fn the_answer_to_a_get_names_model_and_serial() {
    let body = "0000 0002 0034 0928 001a 000a 41434d454865616c7468 000c 5363616c654f6e6500000000 \
                092d 0012 0001 000e 0001 0000 0008 534e3132 33343536";
    let seen = one(&invoke(0x0203, body));
    assert_eq!(seen.field("vendor"), "ACMEHealth");
    assert_eq!(seen.field("model"), "ScaleOne");
    assert_eq!(seen.field("serial"), "SN123456");
    assert_eq!(seen.anomalies, [""; 0]);
}

#[test]
fn changed_apdus_never_panic() {
    let seeds: Vec<_> = ALL.iter().map(|text| hex(text)).collect();
    let mut all = vec![seeds.concat()];
    all.extend(seeds);
    mutate("phd", &all, false, 8_000, 1024);
}
