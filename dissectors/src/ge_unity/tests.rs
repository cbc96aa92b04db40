use crate::action::Verb;
use crate::contract::{Confidence, Probe, Side, Transport};
use crate::drive::{Drive, Seen, hex, mutate, probe};
use crate::schema::Privacy;

use super::GE_UNITY;

fn one(bytes: &[u8]) -> Seen {
    let mut drive = Drive::new("ge_unity");
    drive.datagram(Side::Client, bytes);
    assert_eq!(drive.seen.len(), 1);
    drive.seen.remove(0)
}

fn padded(text: &str, len: usize) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(len, 0);
    bytes
}

fn header(function: u16, sub: u16, sequence: u16, origin: &str, count: usize) -> Vec<u8> {
    let mut bytes = hex("0a4d041f0000 0a4d041f0000");
    for n in [function, sub, 1, sequence, 0, 0x29] {
        bytes.extend(n.to_be_bytes());
    }
    bytes.extend(padded(origin, 32));
    bytes.extend([0, 0]);
    bytes.extend((count as u16).to_be_bytes());
    bytes
}

fn alarm() -> Vec<u8> {
    let mut bytes = header(201, 4, 0, "HOME|B-01", 24);
    bytes.extend(hex("81 03 03 3a 01 01"));
    bytes.extend(padded("LEADS FAIL", 14));
    bytes.extend(hex("000000b6"));
    bytes
}

/// One ECG entry: heart rate 72 of 50 to 120, and an alarm state.
fn parameters(state: u8) -> Vec<u8> {
    let mut entry = vec![1, 0x3A, 0xC0, 0, 0, 72, 0x80, 0, 0x80, 0];
    entry.extend([0x0C, 0x3A]);
    entry.extend([0x80; 12]);
    entry.extend([3, 0x3A, 0x90, 0x80, 0, 2]);
    entry.extend(hex("0032 0078 0000 0006 0000 0000 0000"));
    entry.resize(70, 0);
    let mut data = vec![state, 6, 6, 1, 1, 0];
    data.extend(entry);
    let mut inner = header(201, 20, 0x51, "", data.len());
    inner.extend(data);
    let mut bytes = header(201, 20, 0, "HOME|B-01", inner.len());
    bytes.extend(inner);
    bytes
}

fn request(sub: u16) -> Vec<u8> {
    let mut bytes = header(202, sub, 0, "HOME|B-02", 0);
    bytes.extend([0, 0]);
    bytes
}

fn discovery() -> Vec<u8> {
    let mut bytes = hex("01040000 0a4d041f 5cceb324");
    bytes.extend(padded("HOME|B-01", 16));
    bytes.extend(padded("SYNTHETIC,PAT", 15));
    bytes.extend(hex("02 0003 07d0 001c 0bb9"));
    bytes.resize(88, 0);
    bytes
}

fn waveform() -> Vec<u8> {
    let mut bytes = hex("048f 0000");
    for _ in 0..15 {
        bytes.extend(hex("07fb 800f800f800f800f 270b"));
        let last = bytes.len() - 1;
        bytes[last] = 0x09;
        bytes.extend(hex("0270"));
    }
    bytes.extend(hex("fa0d"));
    bytes.resize(bytes.len() + 32, 0);
    bytes
}

fn all() -> Vec<Vec<u8>> {
    vec![
        alarm(),
        parameters(0),
        request(96),
        request(33),
        discovery(),
        waveform(),
    ]
}

#[test]
fn other_datagrams_are_not_claimed() {
    let probed = |bytes: &[u8]| probe("ge_unity", Transport::Udp, false, Side::Client, bytes);
    let mut lying = alarm();
    lying[59] = 99;
    for other in [
        &[0; 60][..],
        &[0; 88],
        &[0xC9; 200],
        b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\n",
        &waveform()[..60],
        &lying,
    ] {
        assert_eq!(probed(other), Probe::No, "{other:02x?}");
    }
    for own in all() {
        match probed(&own) {
            Probe::Yes(sure) => assert!(sure >= Confidence(75)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn faults_are_told() {
    let seen = one(&parameters(0)[..150]);
    assert_eq!(seen.kind, "parameters");
    assert!(seen.anomalies.contains(&"length-mismatch"));
    assert!(seen.anomalies.contains(&"count-mismatch"));
    assert_eq!(
        one(&alarm()[..70]).anomalies,
        ["length-mismatch", "truncated"]
    );
    assert_eq!(one(&alarm()[..50]).anomalies, ["truncated"]);
    assert_eq!(one(&[7; 100]).anomalies, ["unknown-message"]);
    let mut many = discovery();
    many[43] = 200;
    assert_eq!(one(&many).anomalies, ["count-mismatch"]);
}

#[test]
fn an_unknown_request_is_an_unknown_verb() {
    let seen = one(&request(34));
    assert_eq!(seen.kind, "unknown 0x0022");
    assert_eq!(seen.verb, Some(Verb::UnknownVerb));
}

#[test]
fn requests_subscribe() {
    let seen = one(&request(96));
    assert_eq!(seen.kind, "request_parameters");
    assert_eq!(seen.verb, Some(Verb::Subscribe));
    assert_eq!(seen.field("bed"), "B-02");
    // The bed named is the asker's.
    assert_eq!(seen.subject.clone().unwrap()[2], "");
    assert_eq!(seen.field("sender_ip"), "");
    assert_eq!(one(&request(33)).kind, "request_waveforms");
    let mut poll = hex("40000000000000000000000000ca0023");
    poll.resize(104, 0);
    assert_eq!(one(&poll).kind, "poll_parameters");
    assert_eq!(one(&poll).verb, Some(Verb::Read));
}

#[test]
fn an_update_tells_values_limits_and_alarm_state() {
    let seen = one(&parameters(2));
    assert_eq!(seen.anomalies, [""; 0]);
    assert_eq!(seen.field("alarm_state"), "paused");
    assert_eq!(seen.field("alarm_level"), "warning");
    assert_eq!(seen.field("sequence"), "81");
    assert_eq!(seen.field("sender_ip"), "10.77.4.31");
    assert_eq!(seen.all("value"), ["72 /min hr"]);
    assert_eq!(seen.all("limit"), ["hr 50..120", "pvc 0..6"]);
    assert_eq!(seen.subject.clone().unwrap()[2], "HOME|B-01");
}

#[test]
fn a_discovery_names_bed_and_patient() {
    let seen = one(&discovery());
    assert_eq!(seen.verb, Some(Verb::Discover));
    assert_eq!(seen.field("sender_ip"), "10.77.4.31");
    assert_eq!(seen.field("clock"), "1557050148");
    assert_eq!(seen.field("patient_name"), "SYNTHETIC,PAT");
    assert_eq!(seen.all("service"), ["3 port 2000", "28 port 3001"]);
    let field = GE_UNITY.field("patient_name").unwrap();
    let privacy = GE_UNITY.fields[usize::from(field.0)].privacy;
    assert_eq!(privacy, Privacy::Patient("name"));
}

#[test]
fn an_alarm_and_a_waveform_are_read() {
    let seen = one(&alarm());
    assert_eq!(seen.field("alarm"), "LEADS FAIL");
    assert_eq!(seen.field("parameter"), "ecg");
    assert_eq!(seen.field("counter"), "182");
    let seen = one(&waveform());
    assert_eq!(seen.field("sequence"), "1167");
    assert_eq!(seen.all("channel"), ["ecg_I", "pleth"]);
    assert_eq!(seen.all("lead_off"), ["ecg_I"]);
}

#[test]
fn changed_datagrams_never_panic() {
    mutate("ge_unity", &all(), true, 20_000, 0);
}
