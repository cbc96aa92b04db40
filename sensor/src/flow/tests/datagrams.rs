//! Datagrams, and frames below IP.

use dissectors::contract::Side::Server;

use super::wire::*;
use crate::decode::packet::TransportHead;

#[test]
fn datagram_that_is_not_read_to_its_end_is_malformed() {
    let wire = [
        Shot::udp(CLIENT, SERVER, b"L:one\nL:two\n"),
        Shot::udp(SERVER, CLIENT, b"L:three\nL:unfinished"),
    ];
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:one", "L:two", "L:three", "malformed"]);
    assert_eq!(out.one("malformed").frames, [1]);
    assert_eq!(out.counts.bytes.rejected, 12);
}

#[test]
fn datagrams_of_no_known_protocol_are_looked_at_a_few_times_only() {
    let mut wire: Vec<_> = (0..5).map(|n| Shot::udp(CLIENT, SERVER, &[n; 4])).collect();
    wire.push(Shot::udp(CLIENT, SERVER, b"L:known\n"));
    wire.push(Shot::udp(CLIENT, SERVER, b"odd"));
    assert_eq!(run(&wire).lines(), ["L:known"]);
    let mut wire: Vec<_> = (0..6).map(|n| Shot::udp(CLIENT, SERVER, &[n; 4])).collect();
    wire.push(Shot::udp(CLIENT, SERVER, b"L:known\n"));
    assert!(run(&wire).lines().is_empty());
}

#[test]
fn datagram_cut_by_the_snap_length_is_not_called_malformed() {
    let mut cut = Shot::udp(CLIENT, SERVER, b"L:on");
    cut.packet.cut = 9;
    let wire = [Shot::udp(CLIENT, SERVER, b"L:zero\n"), cut];
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:zero"]);
    assert_eq!(out.counts.bytes.gap_adjacent, 4);
}

#[test]
fn server_that_is_heard_first_serves_all_the_same() {
    let wire = [Shot::udp(SERVER, CLIENT, b"L:alarm\n")];
    assert_eq!(run(&wire).one("L:alarm").side, Server);
}

#[test]
fn frame_below_ip_is_a_conversation_of_its_own() {
    let mut frame = Shot::udp(CLIENT, SERVER, b"L:neighbour\n\0\0\0\0");
    frame.packet.src = [0; 16];
    frame.packet.dst = [0; 16];
    frame.packet.head = TransportHead::Link { ethertype: 0x88CC };
    let mut arp = frame.clone();
    arp.packet.head = TransportHead::Link { ethertype: 0x0806 };
    // The mirror's copy of it is no other; the same told again a second later is.
    let copy = frame.clone();
    let mut again = frame.clone();
    again.time += 1_000_000_000;
    let out = run(&[frame, copy, arp, again]);
    assert_eq!(
        out.lines().iter().filter(|k| **k == "L:neighbour").count(),
        2
    );
    assert_eq!(out.counts.packets.link, 4);
    assert_eq!(out.counts.events.second_sightings, 1);
    assert_eq!(out.counts.bytes.second_sighting, 16);
    assert_eq!(out.counts.bytes.unidentified, 16);
    assert_eq!(out.counts.events.datagrams_unfinished, 0);
}
