use crate::action::Verb;
use crate::contract::{Confidence, Probe, Side, Transport};
use crate::drive::{Drive, hex, mutate, probe, stream_any_cut};
use crate::limits::Limits;

const COLLECTOR: Side = Side::Client;
const MONITOR: Side = Side::Server;

// GE S/5 Computer Interface Specification, appendix A.
const DISPLAYED_10S: &str = "7e310000000000000000000000000000000000000000ff00000000000000 \
                     0000000000000000000000010a000e0000000000497e";
const STOP_DISPLAYED: &str = "7e310000000000000000000000000000000000000000ff00000000000000 \
                     0000000000000000000000010000000000000000317e";
const TREND_60S: &str = "7e310000000000000000000000000000000000000000ff00000000000000 \
                     0000000000000000000000033c000e00000000007d5d7e";
const WAVE_ECG1: &str = "7e480000000000000000000000000001000000000000ff00000000000000 \
                     00000000000000000000000000000001ff00000000000000000000000000 \
                     00000000000000000000000000487e";
const STOP_WAVE: &str = "7e480000000000000000000000000001000000000000ff00000000000000 \
                     000000000000000000000001000000ff0000000000000000000000000000 \
                     00000000000000000000000000487e";

/// The real stream of a B650 in the shipped capture folder.
const B650: &[u8] = include_bytes!("../../../pcaps/datex_s5/s5_real_b650.raw");

fn frame(main: u16, subs: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut record = vec![0; 40];
    record[2] = 9;
    record[3] = 11;
    record[14..16].copy_from_slice(&main.to_le_bytes());
    record[16..40].fill(0xFF);
    for (at, (kind, data)) in subs.iter().enumerate() {
        let offset = record.len() as u16 - 40;
        record[16 + 3 * at..18 + 3 * at].copy_from_slice(&offset.to_le_bytes());
        record[18 + 3 * at] = *kind;
        record.extend(data);
    }
    let len = record.len() as u16;
    record[..2].copy_from_slice(&len.to_le_bytes());
    let sum = record.iter().fold(0u8, |s, b| s.wrapping_add(*b));
    record.push(sum);
    let mut bytes = vec![0x7E];
    for byte in record {
        match byte {
            0x7D | 0x7E => bytes.extend([0x7D, byte & !0x20]),
            byte => bytes.push(byte),
        }
    }
    bytes.push(0x7E);
    bytes
}

fn one(bytes: &[u8]) -> crate::drive::Seen {
    let mut seen = stream_any_cut("datex_s5", &[(COLLECTOR, bytes)]);
    assert_eq!(seen.len(), 1, "{seen:?}");
    seen.remove(0)
}

#[test]
fn other_streams_are_not_claimed() {
    let probed = |bytes: &[u8]| probe("datex_s5", Transport::Tcp, false, COLLECTOR, bytes);
    let mut wrong = hex(DISPLAYED_10S);
    wrong[43] ^= 1;
    for other in [
        &b"GET / HTTP/1.1"[..],
        b"~~~~",
        b"~hello~",
        &hex("7eff7d23c0217d217e"),
        &wrong,
    ] {
        assert!(!matches!(probed(other), Probe::Yes(_)), "{other:02x?}");
    }
    assert_eq!(probed(&wrong), Probe::No);
    assert!(matches!(probed(&hex(DISPLAYED_10S)[..20]), Probe::More(_)));
    assert_eq!(probed(&hex(DISPLAYED_10S)), Probe::Yes(Confidence(95)));
    let joined = probe("datex_s5", Transport::Tcp, true, MONITOR, &B650[500..4096]);
    assert_eq!(joined, Probe::Yes(Confidence(95)));
}

#[test]
fn a_wrong_checksum_is_told_and_the_next_frame_is_read() {
    let mut line = hex(DISPLAYED_10S);
    line[43] ^= 1;
    line.extend(b"noise");
    line.extend(hex(STOP_WAVE));
    let seen = stream_any_cut("datex_s5", &[(COLLECTOR, &line)]);
    assert_eq!(seen[0].anomalies, ["bad-checksum"]);
    assert_eq!(seen.last().unwrap().kind, "wave_request");
}

#[test]
fn subrecords_outside_of_the_record_are_told() {
    let mut bytes = frame(0, &[(1, vec![0; 278]), (1, vec![0; 278])]);
    // The second begins before the first; the checksum is made right again.
    let at = 1 + 16 + 3;
    let [low, high] = [bytes[at], bytes[at + 1]];
    bytes[at] = 0xFF;
    bytes[at + 1] = 0x7F;
    let sum = bytes.len() - 2;
    let change = 0xFFu8
        .wrapping_sub(low)
        .wrapping_add(0x7F)
        .wrapping_sub(high);
    bytes[sum] = bytes[sum].wrapping_add(change);
    assert_eq!(one(&bytes).anomalies, ["bad-subrecord"]);
    assert_eq!(
        one(&frame(0, &[(1, vec![0; 100])])).anomalies,
        ["truncated"]
    );
    let lying = one(&frame(1, &[(8, hex("ff00 0000 0000 0000"))]));
    assert_eq!(lying.anomalies, ["truncated"]);
}

#[test]
fn an_unknown_main_type_is_an_unknown_verb() {
    let seen = one(&frame(7, &[(0, vec![1])]));
    assert_eq!(seen.kind, "unknown 0x0007");
    assert_eq!(seen.verb, Some(Verb::UnknownVerb));
    assert_eq!(seen.anomalies, ["unknown-type"]);
}

#[test]
fn a_frame_without_end_is_bounded() {
    let mut limits = Limits::default();
    limits.set("s5-frame", 500);
    let mut drive = Drive::with_limits("datex_s5", limits);
    drive.send(MONITOR, &[0x7E]);
    for _ in 0..2000 {
        drive.send(MONITOR, &[1]);
    }
    assert_eq!(drive.seen[0].anomalies, ["too-long"]);
    assert_eq!(drive.seen[1].anomalies, ["between-frames"]);
}

#[test]
fn requests_of_the_manual_are_read() {
    for (text, kind, verb, export) in [
        (DISPLAYED_10S, "phdb_request", Verb::Subscribe, "displayed"),
        (STOP_DISPLAYED, "phdb_request", Verb::Configure, "displayed"),
        (TREND_60S, "phdb_request", Verb::Subscribe, "trend-60s"),
        (WAVE_ECG1, "wave_request", Verb::Subscribe, ""),
        (STOP_WAVE, "wave_request", Verb::Configure, ""),
    ] {
        let seen = one(&hex(text));
        assert_eq!(seen.kind, kind);
        assert_eq!(seen.verb, Some(verb));
        assert_eq!(seen.field("export"), export);
        assert_eq!(seen.anomalies, [""; 0]);
    }
    assert_eq!(one(&hex(DISPLAYED_10S)).field("interval"), "10");
    assert_eq!(one(&hex(TREND_60S)).field("interval"), "60");
    assert_eq!(one(&hex(WAVE_ECG1)).all("wave"), ["ECG1"]);
    let once = frame(0, &[(0, hex("01 ffff 0e000000 0000"))]);
    assert_eq!(one(&once).verb, Some(Verb::Read));
    let leave = frame(4, &[(0, hex("0300 0000 0000 0000 0000 0000"))]);
    assert_eq!(one(&leave).verb, Some(Verb::Configure));
}

#[test]
fn a_request_that_cannot_be_read_is_an_unknown_verb() {
    let seen = one(&frame(0, &[(0, vec![1])]));
    assert_eq!(seen.verb, Some(Verb::UnknownVerb));
    assert_eq!(seen.anomalies, ["truncated"]);
}

#[test]
fn a_real_stream_is_read_to_its_end() {
    let seen = stream_any_cut("datex_s5", &[(MONITOR, B650)]);
    let (last, seen) = seen.split_last().unwrap();
    assert_eq!(last.anomalies, ["unfinished"]);
    assert_eq!(seen.len(), 213);
    assert!(seen.iter().all(|s| s.anomalies.is_empty()));
    let data: Vec<_> = seen.iter().filter(|s| s.kind == "phdb_data").collect();
    assert_eq!(data.len(), 107);
    assert_eq!(seen.iter().filter(|s| s.kind == "wave_data").count(), 106);
    // Read from the bytes by hand: 80 beats, 96.65 % in the first record.
    assert!(
        data[0].all("value").contains(&"96.65 % spo2"),
        "{:?}",
        data[0]
    );
    assert!(
        data[0].all("value").contains(&"80 /min hr"),
        "{:?}",
        data[0]
    );
}

#[test]
fn a_stream_joined_in_the_middle_is_read_from_the_next_frame() {
    let seen = stream_any_cut("datex_s5", &[(MONITOR, &B650[100..6000])]);
    assert_eq!(seen[0].anomalies, ["between-frames"]);
    assert!(
        seen[1..seen.len() - 1]
            .iter()
            .all(|s| s.anomalies.is_empty())
    );
    let mut drive = Drive::new("datex_s5");
    drive.send(MONITOR, &B650[..2000]);
    drive.gap(MONITOR, 3000);
    drive.send(MONITOR, &B650[5000..9000]);
    let faults = drive.seen.iter().filter(|s| !s.anomalies.is_empty());
    assert_eq!(faults.count(), 2);
    assert!(drive.seen.len() > 6);
}

#[test]
fn silenced_alarms_show() {
    let mut status = vec![0; 10 + 5 * 98];
    status[2] = 1;
    status[8] = 5;
    status[10..18].copy_from_slice(b"HR LOW!!");
    status[92] = 3;
    let seen = one(&frame(4, &[(1, status)]));
    assert_eq!(seen.kind, "alarm_status");
    assert_eq!(seen.field("silence"), "all-2-min");
    assert_eq!(seen.field("sound"), "true");
    assert_eq!(seen.all("alarm"), ["HR LOW!!"]);
    assert_eq!(seen.all("alarm_colour"), ["red"]);
}

#[test]
fn changed_streams_never_panic() {
    let mut patient = vec![b'A'; 300];
    patient[20] = 0;
    let seeds = [
        hex(DISPLAYED_10S),
        hex(WAVE_ECG1),
        B650[..3000].to_vec(),
        frame(5, &[(6, patient)]),
        frame(4, &[(1, vec![0; 500])]),
    ];
    mutate("datex_s5", &seeds, false, 4_000, 64 * 1024);
}
