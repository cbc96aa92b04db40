use crate::action::Verb;
use crate::contract::{Confidence, Probe, Side, Transport};
use crate::drive::{mutate, probe, stream_any_cut};

const LINE: &[u8] = b"11/24/26 20:38:02 SN=0000070986 SPO2=098% BPM=072 PI=01.30% SPCO=--.-% \
    SPMET=00.4% DESAT=-- PIDELTA=+-- PVI=--- ALARM=0010 EXC=000800\r\n";
const HOST: Side = Side::Client;
const DEVICE: Side = Side::Server;

#[test]
fn other_text_is_not_claimed() {
    let probed = |bytes: &[u8]| probe("masimo", Transport::Carried, false, DEVICE, bytes);
    assert_eq!(probed(b"HR=1;80;ECG-II-DIAG;\r"), Probe::No);
    assert_eq!(probed(b"SPO2=098% BPM=072\r\n"), Probe::No);
    assert_eq!(probed(b"\x00\x01"), Probe::No);
    assert_eq!(probed(&LINE[..50]), Probe::No);
    assert_eq!(probed(LINE), Probe::Yes(Confidence(85)));
    let joined = [&LINE[40..], LINE].concat();
    assert_eq!(probed(&joined), Probe::Yes(Confidence(85)));
}

#[test]
fn a_reading_tells_values_and_alarm_bits() {
    let seen = stream_any_cut("masimo", &[(DEVICE, LINE), (DEVICE, b"noise\r\n")]);
    assert_eq!(seen[0].kind, "reading");
    assert_eq!(
        seen[0].all("value"),
        [
            "98 % spo2",
            "72 /min pulse",
            "1.3 % perfusion_index",
            "0.4 % spmet"
        ]
    );
    assert_eq!(seen[0].field("alarm"), "0010");
    assert_eq!(seen[0].field("serial"), "0000070986");
    assert_eq!(seen[0].field("clock"), "11/24/26 20:38:02");
    assert_eq!(seen[0].verb, Some(Verb::Store));
    assert_eq!(seen[1].anomalies, ["unknown-line"]);
}

#[test]
fn what_the_host_sends_is_an_unknown_verb() {
    let seen = stream_any_cut("masimo", &[(DEVICE, LINE), (HOST, b"?"), (HOST, b"more")]);
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].kind, "command");
    assert_eq!(seen[1].verb, Some(Verb::UnknownVerb));
}

#[test]
fn changed_lines_never_panic() {
    mutate(
        "masimo",
        &[LINE.to_vec(), [LINE, LINE].concat()],
        false,
        4_000,
        0,
    );
}
