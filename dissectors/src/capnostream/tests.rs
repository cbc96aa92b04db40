use crate::action::Verb;
use crate::contract::{Confidence, Probe, Side, Transport};
use crate::drive::{Drive, hex, mutate, probe, stream_any_cut};

const HOST: Side = Side::Client;
const DEVICE: Side = Side::Server;

fn frame(code: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x85, payload.len() as u8 + 1];
    for byte in [&[code], payload].concat() {
        match byte {
            0x80 | 0x85 => bytes.extend([0x80, byte & 0x7F]),
            byte => bytes.push(byte),
        }
    }
    let sum = bytes[1..].iter().fold(0, |sum, b| sum ^ b);
    match sum {
        0x80 | 0x85 => bytes.extend([0x80, sum & 0x7F]),
        sum => bytes.push(sum),
    }
    bytes
}

fn numerics() -> Vec<u8> {
    let mut payload = [0; 30];
    payload[4..9].copy_from_slice(&[38, 0, 12, 97, 0xFF]);
    payload[13] = 4;
    frame(1, &payload)
}

fn host(bytes: &[u8]) -> crate::drive::Seen {
    let mut seen = stream_any_cut("capnostream", &[(HOST, bytes)]);
    assert_eq!(seen.len(), 1, "{seen:?}");
    seen.remove(0)
}

#[test]
fn one_frame_proves_nothing() {
    let probed = |bytes: &[u8]| probe("capnostream", Transport::Tcp, false, HOST, bytes);
    assert!(matches!(probed(&hex("85010100")), Probe::More(_)));
    assert!(matches!(probed(&hex("8501010085010203")), Probe::More(_)));
    assert_eq!(probed(&hex("85010100 85010405")), Probe::More(9));
    assert_eq!(probed(&hex("850101ff")), Probe::No);
    assert_eq!(probed(&hex("85017776")), Probe::No);
    assert_eq!(probed(b"GET / HTTP/1.1"), Probe::No);
    let three = [frame(1, b""), frame(4, b""), frame(6, b"")].concat();
    assert_eq!(probed(&three), Probe::Yes(Confidence(75)));
}

#[test]
fn faults_are_told() {
    assert_eq!(host(&hex("850101ff")).anomalies, ["bad-checksum"]);
    let line = [
        hex("8505 3c01"),
        frame(4, b""),
        b"xyz".to_vec(),
        frame(6, b""),
    ]
    .concat();
    let seen = stream_any_cut("capnostream", &[(HOST, &line)]);
    let faults: Vec<_> = seen.iter().flat_map(|s| s.anomalies.clone()).collect();
    assert_eq!(faults, ["cut-frame", "stray-bytes"]);
    let seen = stream_any_cut("capnostream", &[(HOST, &hex("85050102"))]);
    assert_eq!(seen[0].anomalies, ["unfinished"]);
}

#[test]
fn silencing_an_alarm_and_moving_a_limit_are_safety_commands() {
    // Composed after the sender of mdpnp Capnostream.java.
    let seen = host(&hex("85033c01003e"));
    assert_eq!(seen.kind, "setup");
    assert_eq!(seen.verb, Some(Verb::SilenceAlarm));
    let seen = host(&hex("85033c0b8000b4"));
    assert_eq!(seen.verb, Some(Verb::SetAlarmLimit));
    assert_eq!(seen.field("item"), "spo2-high");
    assert_eq!(seen.field("setting"), "128 % spo2-high");
    assert_eq!(seen.subject.clone().unwrap()[0], "spo2-high");
}

#[test]
fn host_codes_have_their_verbs() {
    for (code, payload, verb) in [
        (1, &b""[..], None),
        (4, b"", Some(Verb::Subscribe)),
        (5, b"", Some(Verb::Configure)),
        (11, b"", Some(Verb::Read)),
        (60, b"\x05", Some(Verb::Read)),
        (60, b"", Some(Verb::UnknownVerb)),
        (60, b"\x63\x01", Some(Verb::UnknownVerb)),
        (61, b"TEST-1", Some(Verb::SetPatient)),
        (99, b"", Some(Verb::UnknownVerb)),
    ] {
        assert_eq!(host(&frame(code, payload)).verb, verb, "{code}");
    }
}

#[test]
fn numerics_come_from_the_device() {
    let seen = stream_any_cut("capnostream", &[(DEVICE, &numerics())]);
    assert_eq!(seen[0].kind, "numerics");
    assert_eq!(seen[0].verb, Some(Verb::Store));
    let values = seen[0].all("value");
    assert_eq!(
        values,
        ["38  etco2", "0  fico2", "12 /min resp_rate", "97 % spo2"]
    );
    assert_eq!(seen[0].field("co2_alarms"), "4");
    // The device may have opened the connection.
    let mut drive = Drive::new("capnostream");
    drive.send(Side::Client, &numerics());
    drive.send(Side::Server, &frame(60, &[1, 0]));
    assert_eq!(drive.seen[0].kind, "numerics");
    assert_eq!(drive.seen[1].verb, Some(Verb::SilenceAlarm));
}

#[test]
fn changed_frames_never_panic() {
    let seeds = [
        [frame(1, b""), frame(60, &[1, 0]), frame(61, b"ID")].concat(),
        [numerics(), frame(0, &[1; 20]), frame(2, b"ID")].concat(),
    ];
    mutate("capnostream", &seeds, false, 5_000, 4096);
}
