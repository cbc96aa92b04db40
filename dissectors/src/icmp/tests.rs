use crate::contract::{Probe, Side, Transport};
use crate::stage::{Stage, bytes, datagram, hint, probe, survives_mutations};

/// Port unreachable, about UDP from 10.77.0.2:49389 to 10.77.0.1:9999 (frame 16 of the capture).
const PORT_UNREACHABLE: &str =
    "0303 0000 00000000 4500001d00004000 40110000 0a4d0002 0a4d0001 c0ed270f 00090000 78";

#[test]
fn a_message_cut_inside_its_header_is_malformed() {
    assert_eq!(datagram("icmp", &[8, 0, 0])[0].anomalies, ["cut-short"]);
}

#[test]
fn unknown_types_are_named_by_number() {
    assert_eq!(
        datagram("icmp", &[42, 0, 0, 0, 0, 0, 0, 0])[0].kind,
        "unknown 0x2A"
    );
}

#[test]
fn neighbour_discovery_is_left_to_its_own_protocol() {
    let six = hint(Transport::Icmp6, false);
    assert_eq!(
        probe("icmpv6", Side::Client, &[135, 0, 0, 0], six),
        Probe::No
    );
    assert_eq!(probe("ndp", Side::Client, &[128, 0, 0, 0], six), Probe::No);
}

#[test]
fn a_refusal_names_the_packet_that_it_is_about() {
    let seen = &datagram("icmp", &bytes(PORT_UNREACHABLE))[0];
    assert_eq!(seen.kind, "destination-unreachable");
    for (field, value) in [
        ("reason", "port-unreachable"),
        ("about_src", "10.77.0.2"),
        ("about_dst", "10.77.0.1"),
        ("about_protocol", "17"),
        ("about_src_port", "49389"),
        ("about_dst_port", "9999"),
    ] {
        assert_eq!(seen.first(field), value, "{field}");
    }
    assert!(seen.anomalies.is_empty());
    let cut = &bytes(PORT_UNREACHABLE)[..20];
    assert_eq!(datagram("icmp", cut)[0].anomalies, ["about-cut-short"]);
}

#[test]
fn echoes_whose_data_changes_behind_the_time_are_told() {
    let echo = |sequence: u8, time: u8, data: u8| {
        let mut bytes = vec![8, 0, 0, 0, 1, 2, 0, sequence];
        bytes.extend([time; 16]);
        bytes.extend([data; 200]);
        bytes
    };
    let mut stage = Stage::of("icmp");
    for bytes in [echo(1, 1, 7), echo(2, 2, 7), echo(3, 3, 8)] {
        stage.datagram(Side::Client, &bytes);
    }
    let seen = stage.seen();
    let changed: Vec<&str> = seen.iter().map(|s| s.first("changed")).collect();
    assert_eq!(changed, ["", "", "true"]);
    assert_eq!(seen[0].first("size"), "216");
}

#[test]
fn changed_bytes_do_no_harm() {
    let turns = [(Side::Client, bytes(PORT_UNREACHABLE))];
    let turns = crate::stage::borrowed(&turns);
    survives_mutations("icmp", &turns);
    survives_mutations("icmpv6", &turns);
    let report = bytes(
        "8f00 0000 0000 0002 04000000 ff020000000000000000000000000001 03010001 ff020000000000000000000000000002 00000000000000000000000000000000 00000000",
    );
    assert_eq!(
        datagram("icmpv6", &report)[0].all("group"),
        ["ff02::1", "ff02::2"]
    );
    survives_mutations("icmpv6", &[(Side::Client, &report)]);
}
