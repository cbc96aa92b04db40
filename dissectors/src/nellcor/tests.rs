use crate::action::Verb;
use crate::contract::{Confidence, Probe, Side, Transport};
use crate::drive::{mutate, probe, stream_any_cut};

const HOST: Side = Side::Client;
const DEVICE: Side = Side::Server;
const STREAM: &[u8] = b"N-595 VERSION 3.00 CRC:XXXX SpO2 Limit: 85-100% PR Limit: 40-170 BPM\r\n\
    TIME %SPO2 BPM PA Status\r\n\
    24-Nov-26 20:38:02 98 72 45\r\n\
    24-Nov-26 20:38:04 --- --- --- SD AS\r\n";

#[test]
fn other_text_is_not_claimed() {
    let probed = |bytes: &[u8]| probe("nellcor", Transport::Carried, false, DEVICE, bytes);
    assert_eq!(probed(b"24-Nov-26 20:38:02 98 72 45\r\n"), Probe::No);
    assert_eq!(
        probed(b"24-Nov-26 20:38:02 started\r\n24-Nov-26 20:38:02 up a b\r\n"),
        Probe::No
    );
    assert_eq!(probed(b"220 ftp ready\r\n"), Probe::No);
    assert_eq!(probed(STREAM), Probe::Yes(Confidence(80)));
    let joined = b"24-Nov-26 20:38:02 98 72 45\r\n24-Nov-26 20:38:04 98 72 45\r\n";
    assert_eq!(probed(joined), Probe::Yes(Confidence(65)));
}

#[test]
fn a_silenced_alarm_shows() {
    let seen = stream_any_cut("nellcor", &[(DEVICE, STREAM)]);
    let kinds: Vec<_> = seen.iter().map(|s| s.kind.as_str()).collect();
    assert_eq!(kinds, ["header", "header", "reading", "reading"]);
    let values = seen[2].all("value");
    assert_eq!(
        values,
        ["98 % spo2", "72 /min pulse", "45  pulse_amplitude"]
    );
    assert_eq!(seen[3].all("flag"), ["SD", "AS"]);
    assert_eq!(seen[3].field("alarm_silenced"), "true");
    assert!(seen[3].all("value").is_empty());
}

#[test]
fn what_the_host_types_is_configuration() {
    let typed = b"2\r24-11-26\r?\r";
    let seen = stream_any_cut("nellcor", &[(DEVICE, STREAM), (HOST, typed)]);
    let verbs: Vec<_> = seen[4..].iter().map(|s| s.verb.unwrap()).collect();
    assert_eq!(verbs, [Verb::SetTime, Verb::SetTime, Verb::Configure]);
}

#[test]
fn changed_streams_never_panic() {
    mutate("nellcor", &[STREAM.to_vec()], false, 4_000, 0);
}
