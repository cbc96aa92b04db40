use crate::action::{Outcome, Verb};
use crate::contract::{Confidence, Probe, Side, Transport};
use crate::drive::{hex, mutate, probe, stream_any_cut};

const HOST: Side = Side::Client;
const DEVICE: Side = Side::Server;

fn packet() -> Vec<u8> {
    let mut bytes = Vec::new();
    for at in 0..25u8 {
        let frame = [0x80 | u8::from(at == 0), 0x7F, at, 72];
        bytes.extend(frame);
        bytes.push(frame.iter().fold(0, |sum, b| sum.wrapping_add(*b)));
    }
    bytes
}

#[test]
fn other_streams_are_not_claimed() {
    let probed = |bytes: &[u8]| probe("nonin", Transport::Carried, false, DEVICE, bytes);
    assert_eq!(
        probed(b"plain text that is long enough to judge"),
        Probe::No
    );
    assert_eq!(probed(&[0x80; 60]), Probe::No);
    assert_eq!(probed(&packet()[..20]), Probe::No);
    assert_eq!(probed(&packet()), Probe::Yes(Confidence(80)));
    assert_eq!(probed(&packet()[3..]), Probe::Yes(Confidence(80)));
}

#[test]
fn a_packet_with_a_bad_frame_is_told() {
    let mut line = packet();
    line[54] ^= 1;
    line.extend(packet());
    let seen = stream_any_cut("nonin", &[(DEVICE, &line)]);
    assert_eq!(seen[0].anomalies, ["bad-checksum"]);
    assert_eq!(seen[0].field("frames"), "10");
    assert_eq!(seen[1].anomalies, ["stray-bytes"]);
    assert_eq!(seen[2].kind, "packet");
    assert_eq!(seen[2].anomalies, [""; 0]);
}

#[test]
fn commands_have_their_verbs_and_answers() {
    for (command, verb) in [
        ("02 70 02 02 08 03", Verb::Configure),
        ("02 72 01 00 03", Verb::SetTime),
        ("02 74 02 02 02 03", Verb::Read),
        ("02 75 01 05 03", Verb::Configure),
    ] {
        let command = hex(command);
        let parts = [
            (HOST, command.as_slice()),
            (DEVICE, b"\x06"),
            (DEVICE, b"\x15"),
        ];
        let seen = stream_any_cut("nonin", &parts);
        assert_eq!(seen[0].verb, Some(verb));
        let answer = |outcome| Some(("command".to_owned(), true, outcome));
        assert_eq!(seen[1].answers, answer(Outcome::Accepted));
        assert_eq!(seen[2].answers, answer(Outcome::Refused));
    }
}

#[test]
fn what_begins_before_the_first_mark_is_passed_over() {
    let line = [&packet()[40..], &packet()[..]].concat();
    let seen = stream_any_cut("nonin", &[(DEVICE, &line)]);
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].field("frames"), "25");
}

#[test]
fn changed_streams_never_panic() {
    let command = hex("02 70 02 02 08 03");
    mutate(
        "nonin",
        &[packet(), command, [packet(), packet()].concat()],
        false,
        4_000,
        0,
    );
}

#[test]
fn host_that_sets_the_format_first_does_not_hide_the_packets() {
    let ask = |side, bytes: &[u8]| probe("nonin", Transport::Tcp, true, side, bytes);
    let set = hex("02 70 02 02 08 03");
    assert_eq!(ask(Side::Client, &set), Probe::More(0));
    assert_eq!(ask(Side::Server, &hex("06")), Probe::More(0));
    let mut packets = hex("06");
    for n in 0..8u8 {
        let frame = [0x80 | u8::from(n == 0), 0x40, n, 0];
        packets.extend(frame);
        packets.push(frame.iter().fold(0, |sum: u8, b| sum.wrapping_add(*b)));
    }
    assert!(matches!(ask(Side::Server, &packets), Probe::Yes(_)));
}
