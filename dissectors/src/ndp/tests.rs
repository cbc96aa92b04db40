//! Bytes of pcaps/icmp/echoes-unreachable-and-neighbours.pcap, values as tshark 4.0 shows them.

use crate::contract::Side;
use crate::stage::{bytes, datagram, survives_mutations};

/// A router advertisement: prefix, MTU, source address, name server.
const ADVERTISEMENT: &str = "86000000 40 40 0708 00000000 00000000 \
    0304 40 c0 00000e10 00000e10 00000000 20010db8007700000000000000000000 \
    0501 0000 000005dc 0101 020000aa0001 \
    1903 0000 00000e10 fe80000000000000000000fffeaa0001";
const NEIGHBOUR: &str = "88000000 60000000 20010db8007700000000000000000001 0201 020000aa0001";

#[test]
fn an_option_of_length_zero_does_not_hang() {
    let mut message = bytes(NEIGHBOUR);
    message[25] = 0;
    assert_eq!(
        datagram("ndp", &message)[0].anomalies,
        ["option-length-zero"]
    );
    message[25] = 9;
    assert_eq!(datagram("ndp", &message)[0].anomalies, ["option-overrun"]);
    assert_eq!(datagram("ndp", &message[..20])[0].anomalies, ["cut-short"]);
}

#[test]
fn a_router_tells_prefix_and_name_server() {
    let seen = &datagram("ndp", &bytes(ADVERTISEMENT))[0];
    assert_eq!(seen.kind, "router-advertisement");
    for (field, value) in [
        ("lifetime", "1800"),
        ("managed", "false"),
        ("other", "true"),
        ("prefix", "2001:db8:77::/64"),
        ("prefix_lifetime", "3600"),
        ("mtu", "1500"),
        ("source_mac", "02:00:00:aa:00:01"),
        ("dns", "fe80::ff:feaa:1"),
        ("preference", "medium"),
    ] {
        assert_eq!(seen.first(field), value, "{field}");
    }
}

#[test]
fn a_solicited_advertisement_answers_and_an_unsolicited_one_does_not() {
    let mut message = bytes(NEIGHBOUR);
    let seen = &datagram("ndp", &message)[0];
    assert_eq!(seen.first("override"), "true");
    assert_eq!(seen.first("target_mac"), "02:00:00:aa:00:01");
    let asked = &datagram(
        "ndp",
        &bytes("87000000 00000000 20010db8007700000000000000000001"),
    )[0];
    assert_eq!(
        asked.asks,
        seen.answers.as_ref().map(|(key, ..)| key.clone())
    );
    message[4] = 0x20;
    assert_eq!(datagram("ndp", &message)[0].answers, None);
}

#[test]
fn changed_bytes_do_no_harm() {
    survives_mutations(
        "ndp",
        &[
            (Side::Client, &bytes(ADVERTISEMENT)),
            (Side::Server, &bytes(NEIGHBOUR)),
        ],
    );
}
