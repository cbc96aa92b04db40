use crate::action::Verb;
use crate::contract::{Probe, Side, Transport};
use crate::stage::{borrowed, datagram, hint, probe, survives_mutations, turns};

#[test]
fn other_modes_are_no_requests() {
    let on = |bytes: &[u8]| probe("tftp", Side::Client, bytes, hint(Transport::Udp, true));
    assert_eq!(on(b"\0\x01file\0mode\0"), Probe::No);
    assert_eq!(on(b"\0\x01\0octet\0"), Probe::No);
    assert_eq!(on(b"\0\x03\0\x01data"), Probe::No);
    assert!(matches!(on(b"\0\x01a\0OCTET\0"), Probe::Yes(_)));
}

#[test]
fn reading_and_writing_name_the_file() {
    let all: Vec<_> = (0..2)
        .flat_map(|n| turns("tftp/read-and-write.pcap", 69, n))
        .collect();
    let seen: Vec<_> = all.iter().flat_map(|(_, b)| datagram("tftp", b)).collect();
    let read = &seen[0];
    assert_eq!(
        (read.kind.as_str(), read.verb, read.first("file")),
        ("RRQ", Some(Verb::Retrieve), "fw-2.1.bin")
    );
    let write = &seen[1];
    assert_eq!(
        (write.kind.as_str(), write.verb, write.first("file")),
        ("WRQ", Some(Verb::Store), "upload.cab")
    );
    assert_eq!(write.first("size"), "1112");
    survives_mutations("tftp", &borrowed(&all));
}
