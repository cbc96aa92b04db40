//! Values as tshark 4.0 shows them of the same capture.

use crate::contract::{Probe, Side, Transport};
use crate::stage::{borrowed, datagram, hint, probe, survives_mutations, turns};

const CAPTURE: &str = "ntp/client-and-server.pcap";

#[test]
fn only_the_port_tells_it() {
    let bytes = &turns(CAPTURE, 123, 0)[0].1;
    assert_eq!(
        probe("ntp", Side::Client, bytes, hint(Transport::Udp, false)),
        Probe::No
    );
    assert_eq!(
        probe(
            "ntp",
            Side::Client,
            &bytes[..47],
            hint(Transport::Udp, true)
        ),
        Probe::No
    );
    assert_eq!(datagram("ntp", &bytes[..47])[0].anomalies, ["cut-short"]);
    assert_eq!(datagram("ntp", &[0x20; 48])[0].anomalies, ["mode"]);
}

#[test]
fn a_server_tells_the_time_and_where_it_comes_from() {
    let turns = turns(CAPTURE, 123, 0);
    let asked = &datagram("ntp", &turns[0].1)[0];
    let told = &datagram("ntp", &turns[1].1)[0];
    assert_eq!(
        (asked.kind.as_str(), told.kind.as_str()),
        ("client", "server")
    );
    assert_eq!(
        (told.first("stratum"), told.first("reference")),
        ("3", "127.127.1.1")
    );
    assert!(
        told.first("receive").starts_with("1795562878.41448"),
        "{}",
        told.first("receive")
    );
    assert_eq!(
        asked.asks,
        told.answers.as_ref().map(|(key, ..)| key.clone())
    );
}

#[test]
fn a_server_that_is_a_day_ahead_shows_in_the_offset() {
    let mut packet = [0; 48];
    packet[0] = 0x24;
    packet[1] = 2;
    // 3,977,596,800 seconds after 1900, and a day more; half a second more.
    packet[24..28].copy_from_slice(&3_977_596_800u32.to_be_bytes());
    packet[32..36].copy_from_slice(&(3_977_596_800u32 + 86_400).to_be_bytes());
    packet[36] = 0x80;
    let seen = &datagram("ntp", &packet)[0];
    assert_eq!(seen.first("offset"), "86400.5");
    assert_eq!(seen.first("originate"), "1768608000");
}

#[test]
fn changed_bytes_do_no_harm() {
    survives_mutations("ntp", &borrowed(&turns(CAPTURE, 123, 0)));
}
