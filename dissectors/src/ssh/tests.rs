//! Fingerprints as `ssh-keygen -l` shows them, lists as tshark 4.0 does.

use crate::contract::{End, Probe, Side, Transport};
use crate::stage::{
    Stage, borrowed, converse, cuts_do_not_matter, hint, probe, survives_mutations, turns,
};

const CAPTURE: &str = "ssh/two-key-exchanges-and-a-failed-one.pcap";

#[test]
fn other_lines_are_not_ssh() {
    let on = |bytes: &[u8]| probe("ssh", Side::Server, bytes, hint(Transport::Tcp, true));
    assert_eq!(on(b"SSX-2.0-a\r\n"), Probe::No);
    assert_eq!(on(b"220 SSH-2.0\r\n"), Probe::No);
    assert_eq!(on(b"SS"), Probe::More(7));
    assert!(matches!(on(b"SSH-2.0-x"), Probe::Yes(_)));
}

#[test]
fn an_endless_banner_and_an_endless_packet_are_told() {
    let seen = converse("ssh", &[(Side::Client, &[b'x'; 10_000])], 100);
    assert_eq!(seen[0].anomalies, ["banner-too-long"]);
    let seen = converse(
        "ssh",
        &[(Side::Client, b"SSH-2.0-x\r\n\xFF\xFF\xFF\xFFabcdef")],
        3,
    );
    assert_eq!(seen[1].anomalies, ["packet-length"]);
}

#[test]
fn a_stream_that_ends_inside_a_packet_says_so() {
    let mut stage = Stage::of("ssh");
    stage.send(Side::Server, b"SSH-2.0-x\r\n\0\0\0\x20\x04");
    assert_eq!(stage.end(End::Reset)[1].anomalies, ["unfinished"]);
}

#[test]
fn both_key_exchanges_show_the_same_host_key() {
    for nth in 0..2 {
        let turns = turns(CAPTURE, 22, nth);
        let seen = converse("ssh", &borrowed(&turns), usize::MAX);
        let key: Vec<&str> = seen.iter().flat_map(|s| s.all("host_key")).collect();
        assert_eq!(key, [FINGERPRINT], "exchange {nth}");
        let kinds: Vec<&str> = seen.iter().map(|s| s.kind.as_str()).collect();
        assert_eq!(
            kinds.iter().filter(|k| **k == "NEWKEYS").count(),
            2,
            "{kinds:?}"
        );
    }
}

const FINGERPRINT: &str = "SHA256:t3HO37SBE67rAiCTUEqbAS2N3Guy6tvI9QALyo5ugKs";

#[test]
fn programs_and_their_lists_are_told() {
    let turns = turns(CAPTURE, 22, 2);
    let seen = converse("ssh", &borrowed(&turns), usize::MAX);
    let banner = seen.iter().find(|s| s.kind == "banner").expect("banner");
    assert_eq!(banner.first("software"), "OpenSSH_9.2p1");
    assert_eq!(banner.first("comment"), "Debian-2+deb12u10");
    let offer = seen
        .iter()
        .find(|s| s.kind == "KEXINIT" && s.side == Side::Client)
        .expect("offer");
    assert_eq!(offer.first("ciphers"), "aes128-cbc");
    assert_eq!(offer.first("hassh").len(), 32);
}

#[test]
fn after_a_gap_the_rest_is_passed_over() {
    let mut stage = Stage::of("ssh");
    stage
        .send(Side::Client, b"SSH-2.0-x\r\n")
        .gap(Side::Client, 100);
    stage.send(Side::Client, &[0xFF; 5000]);
    assert_eq!(stage.end(End::Fin).len(), 1);
}

#[test]
fn cuts_and_changed_bytes_do_no_harm() {
    let turns = turns(CAPTURE, 22, 1);
    cuts_do_not_matter("ssh", &borrowed(&turns));
    survives_mutations("ssh", &borrowed(&turns));
}
