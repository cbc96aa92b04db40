//! Values as tshark 4.0 shows them of the same captures.

use crate::action::Outcome;
use crate::contract::{Probe, Side, Transport};
use crate::stage::{Seen, borrowed, datagram, hint, probe, survives_mutations, turns};

const CAPTURE: &str = "dhcp/two-clients-get-an-address.pcap";

fn said(n: usize) -> Seen {
    let turns = turns(CAPTURE, 67, 0);
    let mut seen = datagram("dhcp", &turns[n].1);
    assert_eq!(seen.len(), 1);
    seen.remove(0)
}

#[test]
fn bytes_without_the_magic_number_are_bootp_on_the_port_alone() {
    let mut bytes = turns(CAPTURE, 67, 0)[0].1.clone();
    bytes[236] = 0;
    let on = |port| probe("dhcp", Side::Client, &bytes, hint(Transport::Udp, port));
    assert_eq!(on(false), Probe::No);
    assert!(matches!(on(true), Probe::Yes(_)));
    assert_eq!(datagram("dhcp", &bytes)[0].kind, "BOOTREQUEST");
}

#[test]
fn a_message_cut_inside_its_fixed_part_is_malformed() {
    let bytes = &turns(CAPTURE, 67, 0)[0].1[..100];
    let seen = &datagram("dhcp", bytes)[0];
    assert_eq!(
        (seen.kind.as_str(), seen.anomalies.as_slice()),
        ("malformed", &["cut-short".to_owned()][..])
    );
}

#[test]
fn an_option_beyond_the_end_is_told_and_the_rest_read() {
    let bytes = &turns(CAPTURE, 67, 0)[0].1;
    let cut = &bytes[..bytes.windows(2).position(|w| w == [60, 12]).expect("class") + 8];
    let seen = &datagram("dhcp", cut)[0];
    assert_eq!(seen.anomalies, ["option-overrun"]);
    assert_eq!(seen.first("host_name"), "infusion-7");
}

#[test]
fn a_client_says_what_it_is() {
    let seen = said(0);
    assert_eq!(seen.kind, "DHCPDISCOVER");
    for (field, value) in [
        ("client_mac", "02:00:00:bb:00:02"),
        ("host_name", "infusion-7"),
        ("vendor_class", "AcmePump 2.1"),
        ("fqdn", "infusion-7.ward.example"),
        ("parameters", "1,3,6,12,15,28,42"),
        ("client_id", "01020000bb0002"),
        ("transaction", "3455720251"),
    ] {
        assert_eq!(seen.first(field), value, "{field}");
    }
}

#[test]
fn an_acknowledgement_answers_the_request_and_names_the_server() {
    let all = turns(CAPTURE, 67, 0);
    let kinds: Vec<String> = (0..all.len()).map(|n| said(n).kind).collect();
    let request = kinds
        .iter()
        .position(|k| k == "DHCPREQUEST")
        .expect("request");
    let seen: Vec<Seen> = all.iter().flat_map(|(_, b)| datagram("dhcp", b)).collect();
    let ack = seen.iter().find(|s| s.kind == "DHCPACK").expect("ack");
    let (key, last, outcome) = ack.answers.clone().expect("an answer");
    assert_eq!(seen[request].asks, Some(key));
    assert_eq!((last, outcome), (true, Outcome::Accepted));
    for (field, value) in [
        ("your_ip", "10.77.0.56"),
        ("server_id", "10.77.0.1"),
        ("router", "10.77.0.1"),
        ("dns", "10.77.0.1"),
        ("ntp", "10.77.0.1"),
        ("lease", "7200"),
        ("domain", "ward.example"),
    ] {
        assert_eq!(ack.first(field), value, "{field}");
    }
}

#[test]
fn routes_that_a_server_slips_in_are_told() {
    let all = turns(CAPTURE, 67, 0);
    let routes: Vec<String> = all
        .iter()
        .flat_map(|(_, b)| datagram("dhcp", b))
        .map(|s| s.first("route").to_owned())
        .filter(|r| !r.is_empty())
        .collect();
    assert_eq!(routes, ["10.99.0.0/16 10.77.0.1"; 2]);
}

#[test]
fn two_types_in_one_message_are_told() {
    let mut bytes = turns(CAPTURE, 67, 0)[0].1.clone();
    let end = bytes.iter().rposition(|b| *b == 255).expect("end");
    bytes.truncate(end);
    bytes.extend([53, 1, 5, 255]);
    let seen = &datagram("dhcp", &bytes)[0];
    assert_eq!(seen.kind, "DHCPDISCOVER");
    assert!(seen.anomalies.iter().any(|a| a == "type-twice"));
}

#[test]
fn changed_bytes_do_no_harm() {
    survives_mutations("dhcp", &borrowed(&turns(CAPTURE, 67, 0)));
    let six = crate::stage::bytes(super::tests::SIX);
    survives_mutations("dhcpv6", &[(Side::Client, &six)]);
}

/// Frame 2 of information-request-v6.pcap.
pub const SIX: &str = "07 7b23c6 0001000a 00030001020000bb0002 0002000e 000100013298d9d7020000aa0001 \
    00170010 20010db8007700000000000000000001";

#[test]
fn a_reply_over_ipv6_names_server_and_name_server() {
    let seen = &datagram("dhcpv6", &crate::stage::bytes(SIX))[0];
    assert_eq!(seen.kind, "REPLY");
    assert_eq!(seen.first("client_mac"), "02:00:00:bb:00:02");
    assert_eq!(seen.first("server_mac"), "02:00:00:aa:00:01");
    assert_eq!(seen.first("dns"), "2001:db8:77::1");
}

#[test]
fn a_message_inside_relay_agents_envelopes_is_read() {
    let inner = crate::stage::bytes(SIX);
    let mut outer = vec![13, 0];
    outer.extend([0x20; 16]);
    outer.extend([0x21; 16]);
    outer.extend([0, 9, 0, inner.len() as u8]);
    outer.extend(&inner);
    let seen = &datagram("dhcpv6", &outer)[0];
    assert_eq!((seen.kind.as_str(), seen.first("relayed")), ("REPLY", "1"));
    assert_eq!(
        seen.first("peer"),
        "2121:2121:2121:2121:2121:2121:2121:2121"
    );
}
