use crate::action::Verb;
use crate::contract::{Confidence, Probe, Side, Transport};
use crate::drive::{Drive, hex, mutate, probe, stream_any_cut};
use crate::schema::{Privacy, Provenance};

use super::CONTEC;

const DEVICE: Side = Side::Client;
const STATION: Side = Side::Server;

fn block(kind: u8, data: &[u8]) -> Vec<u8> {
    let mut bytes = (data.len() as u16 + 2).to_le_bytes().to_vec();
    bytes.extend([5, kind]);
    bytes.extend(data);
    bytes
}

fn put(data: &mut [u8], at: usize, bytes: &[u8]) {
    data[at..at + bytes.len()].copy_from_slice(bytes);
}

fn patient() -> Vec<u8> {
    let mut data = vec![0; 0xD0];
    put(&mut data, 0, b"ICU");
    data[0x22] = 7;
    put(&mut data, 0x23, b"SYNTHETIC PATIENT");
    put(&mut data, 0x43, b"TEST-000050");
    put(&mut data, 0x63, b"2026\x0011\x0005");
    put(&mut data, 0x74, &hex("d606 bc02"));
    put(&mut data, 0x7C, b"1970\x0001\x0001");
    put(&mut data, 0x8D, b"TEST DOCTOR");
    block(0x3E, &data)
}

fn ecg() -> Vec<u8> {
    let mut data = vec![0; 0x3E0];
    data[2] = 0x14;
    put(&mut data, 0x384, &[74, 0, 15, 255]);
    put(&mut data, 0x3A3, &hex("7800 3200 0100 1e00 0800 0100"));
    block(0x46, &data)
}

fn temperature() -> Vec<u8> {
    let mut data = vec![0; 0x2E];
    data[2] = 0x17;
    put(&mut data, 4, &36.5f32.to_le_bytes());
    put(&mut data, 8, &f32::NAN.to_le_bytes());
    block(0x46, &data)
}

fn session() -> Vec<u8> {
    [
        block(0x43, b""),
        block(0x45, &[0, 0, 7, 255]),
        patient(),
        ecg(),
        temperature(),
        block(0x47, b""),
        block(0x49, b"\x02PROBE OFF\0"),
    ]
    .concat()
}

#[test]
fn other_streams_are_not_claimed() {
    let probed = |bytes: &[u8]| probe("contec", Transport::Tcp, true, DEVICE, bytes);
    for other in [
        &b"\x02lp\n"[..],
        b"\x03queue list\n",
        b"GET / HTTP/1.1\r\n",
        &hex("0200 0543 0600 0645 0000"),
        &hex("0000 0543"),
        &hex("ffff 0546 0000 0000"),
    ] {
        assert_eq!(probed(other), Probe::No, "{other:02x?}");
    }
    let off = |bytes: &[u8]| probe("contec", Transport::Tcp, false, DEVICE, bytes);
    assert!(matches!(off(&session()[..12]), Probe::More(_)));
    assert_eq!(off(&session()), Probe::Yes(Confidence(90)));
    assert_eq!(probed(&session()[..12]), Probe::Yes(Confidence(70)));
}

#[test]
fn what_the_station_sends_is_an_unknown_verb() {
    let device = session();
    for command in [
        &b"set nibp"[..],
        &block(0x50, b"xyz"),
        &block(0x46, b"abc"),
        b"x",
    ] {
        let seen = stream_any_cut("contec", &[(DEVICE, &device), (STATION, command)]);
        let commands: Vec<_> = seen.iter().filter(|s| s.kind == "command").collect();
        assert_eq!(commands.len(), 1, "{command:02x?}");
        assert_eq!(commands[0].verb, Some(Verb::UnknownVerb));
        assert_eq!(commands[0].provenance, Provenance::Behaviour);
    }
}

#[test]
fn stray_bytes_are_told_and_the_next_block_is_read() {
    let line = [block(0x43, b""), b"garbage, no block".to_vec(), session()].concat();
    let seen = stream_any_cut("contec", &[(DEVICE, &line)]);
    assert_eq!(seen[1].anomalies, ["stray-bytes"]);
    assert_eq!(seen[1].range, 4..21);
    assert_eq!(seen.len(), 9);
    assert!(seen[2..].iter().all(|s| s.anomalies.is_empty()));
}

#[test]
fn short_and_unknown_blocks_are_told() {
    let line = [
        session(),
        block(0x3E, b"short"),
        block(0x77, b"?"),
        vec![9, 0, 5],
    ]
    .concat();
    let seen = stream_any_cut("contec", &[(DEVICE, &line)]);
    assert_eq!(seen[7].anomalies, ["truncated"]);
    assert_eq!(seen[8].kind, "unknown 0x77");
    assert_eq!(seen[8].verb, Some(Verb::UnknownVerb));
    assert_eq!(seen[9].anomalies, ["unfinished"]);
}

#[test]
fn after_a_gap_the_next_block_is_read() {
    let mut drive = Drive::new("contec");
    let line = session();
    drive.send(DEVICE, &line[..300]);
    drive.gap(DEVICE, 400);
    drive.send(DEVICE, &line[700..]);
    let kinds: Vec<_> = drive.seen.iter().map(|s| s.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "block_43",
            "bed_number",
            "patient_info",
            "malformed",
            "malformed",
            "telemetry",
            "sync",
            "status_text"
        ]
    );
}

#[test]
fn a_run_without_blocks_is_bounded() {
    let mut drive = Drive::new("contec");
    drive.send(DEVICE, &block(0x43, b""));
    for _ in 0..20_000 {
        drive.send(DEVICE, b"x");
    }
    assert!(drive.seen.len() > 2 && drive.seen.len() < 10);
}

#[test]
fn a_session_is_read_however_it_is_cut() {
    let seen = stream_any_cut("contec", &[(DEVICE, &session())]);
    assert!(seen.iter().all(|s| s.anomalies.is_empty()));
    let patient = &seen[2];
    assert_eq!(patient.field("patient_name"), "SYNTHETIC PATIENT");
    assert_eq!(patient.field("patient_id"), "TEST-000050");
    assert_eq!(patient.field("birth_date"), "1970-01-01");
    assert_eq!(patient.field("bed"), "7");
    assert_eq!(patient.field("height"), "175");
    assert_eq!(patient.field("weight"), "70");
    assert_eq!(patient.field("doctor"), "TEST DOCTOR");
    let ecg = &seen[3];
    assert_eq!(ecg.all("value"), ["74 /min hr"]);
    assert_eq!(ecg.all("limit"), ["hr 50..120", "resp_rate 8..30"]);
    assert_eq!(seen[4].all("value"), ["36.5 Cel temp_1"]);
    assert_eq!(seen[6].field("status_text"), "PROBE OFF");
    assert_eq!(seen[6].provenance, Provenance::Experimental);
}

#[test]
fn people_are_marked() {
    for name in [
        "patient_name",
        "patient_id",
        "birth_date",
        "admitted",
        "height",
        "weight",
        "blood_type",
        "doctor",
    ] {
        let field = CONTEC.field(name).unwrap();
        let privacy = CONTEC.fields[usize::from(field.0)].privacy;
        assert!(matches!(privacy, Privacy::Patient(_)), "{name}");
    }
}

#[test]
fn changed_sessions_never_panic() {
    mutate("contec", &[session(), patient()], false, 4_000, 0);
}
