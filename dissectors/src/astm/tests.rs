use crate::action::{Outcome, Verb};
use crate::contract::{Confidence, End, Probe, Side, Transport};
use crate::drive::{Drive, Seen, mutate, probe, stream_any_cut};
use crate::limits::Limits;
use crate::schema::Privacy;

use super::ASTM;

const ENQ: &[u8] = b"\x05";
const ACK: &[u8] = b"\x06";
const EOT: &[u8] = b"\x04";
// Frames of pcaps/astm/astm_session.pcap, as an analyser library made them.
const HEADER: &[u8] = b"\x021H|\\^&|||ANALYSER1|||||LIS||P|LIS2-A2|20260101080000\r\x03EB\r\n";
const PATIENT: &[u8] = b"\x022P|1|T90001|||TESTA^PATIENT||19700101|F\r\x03BE\r\n";
const PATIENT_BAD: &[u8] = b"\x022P|1|T90001|||TESTA^PATIENT||19700101|F\r\x0300\r\n";
const ORDER: &[u8] = b"\x023O|1|S90001||^^^GLU|R\r\x03D0\r\n";
const RESULT: &[u8] =
    b"\x024R|1|^^^GLU|5.4|mmol/L|3.9 to 6.1|N||F||OPER1||20260101080500\r\x0366\r\n";
const COMMENT: &[u8] = b"\x025C|1|I|synthetic|G\r\x0314\r\n";
const LAST: &[u8] = b"\x026L|1|N\r\x0309\r\n";
const HOST_ORDER: &[u8] =
    b"\x023O|1|S90002||^^^GLU|R|20260101080000|||||A||||SERUM||||||||||Q\r\x0353\r\n";

const A: Side = Side::Client;
const B: Side = Side::Server;

/// A session of the client in which each unit is acknowledged.
fn session<'a>(frames: &[&'a [u8]]) -> Vec<(Side, &'a [u8])> {
    let mut parts = vec![(A, ENQ), (B, ACK)];
    for frame in frames {
        parts.extend([(A, *frame), (B, ACK)]);
    }
    parts.push((A, EOT));
    parts
}

fn kinds(seen: &[Seen]) -> Vec<&str> {
    seen.iter().map(|s| s.kind.as_str()).collect()
}

fn find<'s>(seen: &'s [Seen], kind: &str) -> &'s Seen {
    seen.iter().find(|s| s.kind == kind).expect(kind)
}

/// A frame with its checksum.
fn frame(number: char, text: &str, end: char) -> Vec<u8> {
    let covered = format!("{number}{text}{end}");
    let sum = covered.bytes().fold(0u8, |sum, b| sum.wrapping_add(b));
    format!("\x02{covered}{sum:02X}\r\n").into_bytes()
}

fn probed(side: Side, bytes: &[u8]) -> Probe {
    probe("astm", Transport::Tcp, false, side, bytes)
}

#[test]
fn records_in_a_block_of_mllp_are_read() {
    let text = b"\x0bH|\\^&|||A\rP|1\rO|1|S1||^^^GLU|R\rR|1|^^^GLU|5.4\rL|1|N\r\x1c\r";
    let seen = stream_any_cut("astm", &[(A, text)]);
    assert_eq!(
        kinds(&seen),
        ["header", "patient", "order", "result", "terminator"]
    );
    assert!(seen.iter().all(|s| s.anomalies.is_empty()), "{seen:?}");
}

#[test]
fn other_streams_are_not_claimed() {
    for other in [
        &b"GET / HTTP/1.1\r\n"[..],
        b"\x0bMSH|^~\\&|A|B\r",
        b"HELO host\r\n",
        b"H",
        b"\x02A1\x03",
        b"\x021RATE\x0300\r\n",
        b"Hello, world, this is text",
        b"\x00\x00\x00\x00",
    ] {
        assert!(!matches!(probed(A, other), Probe::Yes(_)), "{other:?}");
    }
    assert_eq!(probed(A, b"GET / HTTP/1.1\r\n"), Probe::No);
}

#[test]
fn a_session_is_known_by_its_header() {
    assert!(matches!(probed(A, ENQ), Probe::More(_)));
    assert!(matches!(probed(B, b"\x06\x06\x06"), Probe::More(_)));
    let first = [ENQ, HEADER].concat();
    assert_eq!(probed(A, &first), Probe::Yes(Confidence(90)));
    assert_eq!(probed(A, RESULT), Probe::Yes(Confidence(90)));
    assert_eq!(probed(A, b"H|\\^&|||X"), Probe::Yes(Confidence(90)));
    assert_eq!(probed(A, b"H~\\^&~~~X"), Probe::Yes(Confidence(60)));
}

#[test]
fn stray_bytes_are_told_once() {
    let seen = stream_any_cut("astm", &[(A, b"\x05xyz\x04")]);
    assert_eq!(kinds(&seen), ["ENQ", "malformed", "EOT"]);
    assert_eq!(seen[1].anomalies, ["stray-bytes"]);
    assert_eq!(seen[1].range, 1..4);
}

#[test]
fn a_frame_inside_a_frame_cuts_the_earlier_one() {
    let cut = [&ORDER[..9], ORDER].concat();
    let seen = stream_any_cut("astm", &session(&[HEADER, PATIENT, &cut]));
    let broken = find(&seen, "malformed");
    assert_eq!(broken.anomalies, ["cut-frame"]);
    assert_eq!(broken.range.end - broken.range.start, 9);
    assert_eq!(find(&seen, "order").field("specimen_id"), "S90001");
}

#[test]
fn a_bad_frame_that_is_accepted_is_told_and_its_repeat_is_delivered() {
    let seen = stream_any_cut("astm", &session(&[HEADER, PATIENT_BAD, PATIENT, ORDER]));
    let bad = seen.iter().position(|s| s.anomalies == ["bad-checksum"]);
    let bad = bad.unwrap();
    assert_eq!(seen[bad].kind, "frame");
    assert_eq!(seen[bad + 1].kind, "patient");
    assert_eq!(seen[bad + 1].anomalies, ["bad-checksum"]);
    assert_eq!(seen[bad + 2].anomalies, ["bad-frame-accepted"]);
    assert_eq!(seen[bad + 3].field("retransmission"), "true");
    assert_eq!(seen[bad + 3].anomalies, [""; 0]);
    assert_eq!(seen[bad + 4].kind, "patient");
    assert_eq!(seen[bad + 4].anomalies, [""; 0]);
}

#[test]
fn a_good_frame_repeated_is_delivered_once() {
    let seen = stream_any_cut("astm", &session(&[HEADER, PATIENT, PATIENT, ORDER]));
    assert_eq!(seen.iter().filter(|s| s.kind == "patient").count(), 1);
    assert_eq!(seen.iter().filter(|s| s.kind == "frame").count(), 4);
    assert!(seen.iter().all(|s| s.anomalies.is_empty()));
}

#[test]
fn a_repeat_with_other_contents_is_told_and_delivered() {
    let other = frame('2', "P|1|T90009\r", '\x03');
    let seen = stream_any_cut("astm", &session(&[HEADER, PATIENT, &other]));
    let told: Vec<_> = seen.iter().filter(|s| !s.anomalies.is_empty()).collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].anomalies, ["frame-number-repeated"]);
    assert_eq!(seen.iter().filter(|s| s.kind == "patient").count(), 2);
}

#[test]
fn a_jump_of_the_frame_number_is_told() {
    let seen = stream_any_cut("astm", &session(&[HEADER, ORDER]));
    assert_eq!(
        seen.iter()
            .filter(|s| s.anomalies == ["frame-number-jump"])
            .count(),
        1
    );
}

#[test]
fn a_frame_after_the_line_was_given_back_is_told() {
    let seen = stream_any_cut("astm", &[(A, ENQ), (A, HEADER), (A, EOT), (A, PATIENT)]);
    assert_eq!(seen.last().unwrap().kind, "patient");
    assert!(
        seen.iter()
            .any(|s| s.anomalies == ["frame-outside-session"])
    );
}

#[test]
fn results_carry_what_stood_above_them() {
    let seen = stream_any_cut(
        "astm",
        &session(&[HEADER, PATIENT, ORDER, RESULT, COMMENT, LAST]),
    );
    assert_eq!(
        kinds(&seen),
        [
            "ENQ",
            "ACK",
            "frame",
            "header",
            "ACK",
            "frame",
            "patient",
            "ACK",
            "frame",
            "order",
            "ACK",
            "frame",
            "result",
            "ACK",
            "frame",
            "comment",
            "ACK",
            "frame",
            "terminator",
            "ACK",
            "EOT"
        ]
    );
    assert!(seen.iter().all(|s| s.anomalies.is_empty()));
    let header = find(&seen, "header");
    assert_eq!(header.field("sender"), "ANALYSER1");
    assert_eq!(header.field("receiver"), "LIS");
    assert_eq!(header.field("sent"), "20260101080000");
    let patient = find(&seen, "patient");
    assert_eq!(patient.field("patient_id"), "T90001");
    assert_eq!(patient.field("patient_name"), "TESTA^PATIENT");
    let result = find(&seen, "result");
    assert_eq!(result.field("test"), "GLU");
    assert_eq!(result.field("value"), "5.4");
    assert_eq!(result.field("unit"), "mmol/L");
    assert_eq!(result.field("status"), "F");
    assert_eq!(result.field("specimen_id"), "S90001");
    assert_eq!(result.field("patient_id"), "T90001");
    assert_eq!(result.verb, Some(Verb::Store));
    assert_eq!(result.subject.clone().unwrap()[0], "GLU");
    // The order record above a result is a part of the report.
    assert_eq!(find(&seen, "order").verb, None);
    assert!(!seen.iter().any(|s| s.kind == "work-order"));
    // The frame of the result was acknowledged.
    let key = result.asks.clone().unwrap();
    let after = seen.iter().skip_while(|s| s.kind != "result");
    let answer = after.clone().find_map(|s| s.answers.clone()).unwrap();
    assert_eq!(answer, (key, true, Outcome::Accepted));
}

#[test]
fn an_order_by_its_codes_is_an_order() {
    let seen = stream_any_cut("astm", &session(&[HEADER, PATIENT, HOST_ORDER]));
    let order = find(&seen, "order");
    assert_eq!(order.verb, Some(Verb::Order));
    assert_eq!(order.field("action_code"), "A");
    assert_eq!(order.field("specimen_type"), "SERUM");
}

#[test]
fn an_order_without_codes_is_one_once_no_result_follows() {
    let last = frame('4', "L|1|N\r", '\x03');
    let seen = stream_any_cut("astm", &session(&[HEADER, PATIENT, ORDER, &last]));
    assert_eq!(find(&seen, "order").verb, None);
    let order = find(&seen, "work-order");
    assert_eq!(order.verb, Some(Verb::Order));
    assert_eq!(order.field("specimen_id"), "S90001");
    assert_eq!(order.subject.clone().unwrap()[0], "GLU");
}

#[test]
fn cancel_query_and_manufacturer_records_have_their_verbs() {
    for (text, kind, verb) in [
        ("O|1|S1||^^^GLU|R||||||C\r", "order", Verb::Delete),
        ("Q|1|^S90002||ALL||||||||O\r", "query", Verb::Read),
        ("M|1|CAL|7\r", "manufacturer", Verb::UnknownVerb),
        ("S|1\r", "scientific", Verb::Notify),
        ("Z|1|SET\r", "unknown 0x5A", Verb::UnknownVerb),
    ] {
        let frame = frame('2', text, '\x03');
        let seen = stream_any_cut("astm", &session(&[HEADER, &frame]));
        assert_eq!(find(&seen, kind).verb, Some(verb), "{text}");
    }
}

#[test]
fn a_record_over_two_frames_is_one_even_if_the_second_is_repeated() {
    let first = frame('2', "C|1|I|one ", '\x17');
    let second = frame('3', "two|G\r", '\x03');
    let mut bad = second.clone();
    let at = bad.len() - 3;
    bad[at] ^= 1;
    let seen = stream_any_cut("astm", &session(&[HEADER, &first, &bad, &second]));
    let comments: Vec<_> = seen.iter().filter(|s| s.kind == "comment").collect();
    assert_eq!(comments.len(), 2);
    assert_eq!(comments[0].anomalies, ["bad-checksum"]);
    assert_eq!(comments[1].field("comment"), "one two");
    assert_eq!(comments[1].anomalies, [""; 0]);
}

#[test]
fn a_password_is_never_kept() {
    let header = frame('1', "H|\\^&||secret|A\r", '\x03');
    let seen = stream_any_cut("astm", &session(&[&header]));
    assert_eq!(find(&seen, "header").field("password"), "secret 6");
}

#[test]
fn a_session_that_ends_inside_a_record_is_told() {
    let first = frame('2', "R|1|^^^GLU|5", '\x17');
    let seen = stream_any_cut("astm", &session(&[HEADER, &first]));
    let result = find(&seen, "result");
    assert_eq!(result.anomalies, ["unfinished"]);
}

#[test]
fn records_without_frames_are_read() {
    let text = b"H|\\^&|||A\rP|1|T1\rR|1|^^^GLU|5\rL|1|N\r";
    let seen = stream_any_cut("astm", &[(A, text)]);
    assert_eq!(kinds(&seen), ["header", "patient", "result", "terminator"]);
    assert_eq!(seen[2].field("value"), "5");
    let blocks = [&b"\x0b"[..], text, b"\x1c\r"].concat();
    let mut drive = Drive::new("astm");
    drive.send(A, &blocks[1..]);
    assert_eq!(drive.seen.len(), 4);
}

#[test]
fn after_a_gap_the_next_frame_is_read() {
    let mut drive = Drive::new("astm");
    drive.send(A, ENQ).send(A, &HEADER[..20]);
    drive.gap(A, 50);
    drive.send(A, &PATIENT[10..]).send(A, ORDER).send(A, RESULT);
    drive.end(A, End::Fin);
    assert_eq!(kinds(&drive.seen)[..3], ["ENQ", "malformed", "malformed"]);
    assert_eq!(find(&drive.seen, "order").field("specimen_id"), "S90001");
    assert!(
        drive
            .seen
            .iter()
            .all(|s| s.anomalies != ["frame-number-jump"])
    );
}

#[test]
fn a_frame_and_a_record_without_end_are_bounded() {
    let mut limits = Limits::default();
    limits.set("astm-frame", 100);
    limits.set("astm-record", 200);
    let mut drive = Drive::with_limits("astm", limits);
    drive.send(A, b"\x05\x02");
    for _ in 0..500 {
        drive.send(A, b"1");
    }
    assert!(drive.seen.iter().any(|s| s.anomalies == ["too-long"]));
    drive.send(A, EOT).send(A, ENQ);
    for number in 1..=7 {
        let piece = frame(char::from(b'0' + number), &"x".repeat(90), '\x17');
        drive.send(A, &piece);
    }
    assert!(drive.most_held < 1024);
    assert!(drive.limit_hits.len() > 1);
}

#[test]
fn people_are_marked() {
    let privacy = |name: &str| ASTM.fields[usize::from(ASTM.field(name).unwrap().0)].privacy;
    for name in [
        "patient_id",
        "patient_name",
        "birth_date",
        "sex",
        "address",
        "phone",
        "physician",
        "specimen_id",
        "value",
        "operator",
        "comment",
        "query_start",
    ] {
        assert!(matches!(privacy(name), Privacy::Patient(_)), "{name}");
    }
    assert_eq!(privacy("password"), Privacy::Secret);
}

#[test]
fn changed_sessions_never_panic() {
    let seeds = [
        [ENQ, HEADER, PATIENT, ORDER, RESULT, COMMENT, LAST, EOT].concat(),
        b"H|\\^&|||A\rP|1|T1\rR|1|^^^GLU|5\rL|1|N\r".to_vec(),
        [
            ENQ,
            &frame('1', "H|\\^&||", '\x17'),
            &frame('2', "x|A\rQ|1", '\x17'),
            EOT,
        ]
        .concat(),
    ];
    mutate("astm", &seeds, false, 6_000, 64 * 1024);
}
