use crate::action::Verb;
use crate::contract::{Confidence, Probe, Side, Transport};
use crate::drive::{Drive, mutate, probe};

const HELLO: &[u8] =
    b"MSH|^~\\&|||||||ORU^R01|103|P|2.3.1|\rPID|||TEST-1||SYNTHETIC^A||19700101|F\r\
    PV1|||^^ICU&7&172819488&4601&&1\r";

#[test]
fn hl7_is_claimed_on_its_port_alone() {
    let probed = |port, bytes: &[u8]| probe("mindray", Transport::Udp, port, Side::Client, bytes);
    assert_eq!(probed(false, HELLO), Probe::No);
    assert_eq!(probed(true, b"hello"), Probe::No);
    assert_eq!(probed(true, HELLO), Probe::Yes(Confidence(70)));
}

#[test]
fn what_is_no_hl7_is_told() {
    let mut drive = Drive::new("mindray");
    drive.datagram(Side::Client, b"xyz");
    assert_eq!(drive.seen[0].anomalies, ["not-hl7"]);
}

#[test]
fn an_announcement_names_the_bed() {
    let mut drive = Drive::new("mindray");
    let block = [b"\x0b", HELLO, b"\x1c\r"].concat();
    drive
        .datagram(Side::Client, HELLO)
        .datagram(Side::Client, &block);
    for seen in &drive.seen {
        assert_eq!(seen.kind, "announcement");
        assert_eq!(seen.verb, Some(Verb::Discover));
        assert_eq!(seen.field("control_id"), "103");
        assert_eq!(seen.field("version"), "2.3.1");
        assert_eq!(seen.field("ward"), "ICU");
        assert_eq!(seen.field("bed"), "7");
        assert_eq!(seen.field("address"), "10.77.4.32");
        assert_eq!(seen.field("results_port"), "4601");
        assert_eq!(seen.field("patient_id"), "TEST-1");
    }
}

#[test]
fn changed_datagrams_never_panic() {
    mutate("mindray", &[HELLO.to_vec()], true, 3_000, 0);
}
