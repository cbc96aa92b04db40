use crate::contract::Side;
use crate::stage::{Stage, bytes, datagram, survives_mutations};

const REQUEST: &str = "0001080006040001 020000aabb01 0a000001 000000000000 0a000002";

#[test]
fn a_message_cut_short_is_malformed() {
    let seen = datagram("arp", &bytes(REQUEST)[..20]);
    assert_eq!(seen[0].kind, "malformed");
    assert_eq!(seen[0].anomalies, ["cut-short"]);
    let seen = datagram("arp", &bytes("0006080006040001"));
    assert_eq!(seen[0].anomalies, ["other-addresses"]);
}

#[test]
fn padding_of_a_short_frame_belongs_to_no_message() {
    let mut frame = bytes(REQUEST);
    frame.resize(46, 0);
    let mut stage = Stage::of("arp");
    assert!(!stage.datagram(Side::Client, &frame));
    let seen = stage.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].range, 0..28);
}

#[test]
fn each_use_of_a_request_and_a_reply_has_its_own_kind() {
    for (hex, kind) in [
        (REQUEST, "request"),
        (
            "0001080006040001 020000aabb01 00000000 000000000000 0a000002",
            "probe",
        ),
        (
            "0001080006040001 020000aabb01 0a000002 000000000000 0a000002",
            "announcement",
        ),
        (
            "0001080006040002 020000aabb01 0a000002 ffffffffffff 0a000002",
            "gratuitous",
        ),
        (
            "0001080006040002 020000aabb02 0a000002 020000aabb01 0a000001",
            "reply",
        ),
        (
            "0001080006040009 020000aabb02 0a000002 020000aabb01 0a000001",
            "unknown 0x0009",
        ),
    ] {
        assert_eq!(datagram("arp", &bytes(hex))[0].kind, kind);
    }
}

#[test]
fn a_reply_answers_the_request_for_its_address() {
    let asked = &datagram("arp", &bytes(REQUEST))[0];
    let reply = "0001080006040002 020000aabb02 0a000002 020000aabb01 0a000001";
    let told = &datagram("arp", &bytes(reply))[0];
    assert_eq!(
        asked.asks,
        told.answers.as_ref().map(|(key, ..)| key.clone())
    );
    assert_eq!(told.first("sender_mac"), "02:00:00:aa:bb:02");
    assert_eq!(told.first("sender_ip"), "10.0.0.2");
    assert_eq!(told.first("target_ip"), "10.0.0.1");
}

#[test]
fn a_group_address_is_nobodys_own() {
    let hex = "0001080006040002 01005e000001 0a000002 020000aabb01 0a000001";
    assert_eq!(datagram("arp", &bytes(hex))[0].anomalies, ["group-sender"]);
}

#[test]
fn changed_bytes_do_no_harm() {
    survives_mutations("arp", &[(Side::Client, &bytes(REQUEST))]);
}
