//! Wrong checksums, and those that only look wrong.

use super::craft::*;
use super::*;
use crate::decode::DecodeFault;

/// Changes the two bytes at `at`.
fn with(frame: &[u8], at: usize, bytes: [u8; 2]) -> Vec<u8> {
    let mut frame = frame.to_vec();
    frame[at..at + 2].copy_from_slice(&bytes);
    frame
}

const IP_SUM: usize = 14 + 10;
const TCP_SUM: usize = 14 + 20 + 16;
const UDP_SUM: usize = 14 + 20 + 6;

#[test]
fn wrong_checksum_keeps_the_frame_out_and_names_its_sender() {
    let frame = eth(0x0800, &tcp4(TEXT));
    let udp = eth(0x0800, &udp4(5001, TEXT));
    let mut seen = Seen::new();
    let damaged = with(&frame, frame.len() - 2, *b"xx");
    seen.block(
        LinkType::ETHERNET,
        &[
            frame.clone(),
            damaged,
            with(&frame, IP_SUM, [1, 2]),
            with(&udp, UDP_SUM, [0xAB, 0xCD]),
        ],
    );
    assert_eq!(seen.reasons(), [("decoded", 1), ("bad checksum", 3)]);
    assert_eq!(
        seen.decoder.bad_checksum_hosts().collect::<Vec<_>>(),
        [(v4(A), 3)]
    );
    let events: Vec<_> = seen.events.iter().map(|e| (e.number, e.what)).collect();
    let bad = |protocol| DecodeFault::BadChecksum { protocol };
    assert_eq!(events, [(2, bad(6)), (3, bad(0)), (4, bad(17))]);
    assert_eq!((seen.events[0].src, seen.events[0].dst), (v4(A), v4(B)));
}

#[test]
fn wrong_checksums_are_decoded_when_told_to_ignore_them() {
    let frame = eth(0x0800, &tcp4(TEXT));
    let mut seen = Seen::with(&DecodeOptions {
        ignore_checksums: true,
        ..Default::default()
    });
    seen.block(
        LinkType::ETHERNET,
        &[with(&frame, TCP_SUM, [1, 2]), with(&frame, IP_SUM, [1, 2])],
    );
    assert_eq!(seen.reasons(), [("decoded", 2)]);
    assert_eq!(seen.decoder.notes().offloaded, 0);
}

#[test]
fn checksum_left_to_the_network_card_is_decoded_and_counted_apart() {
    let frame = eth(0x0800, &tcp4(TEXT));
    let segment_len = (24 + TEXT.len()) as u16;
    let pseudo = !checksum(&[&A, &B, &[0, 6], &segment_len.to_be_bytes()]);
    let without_length = !checksum(&[&A, &B, &[0, 6]]);
    let mut seen = Seen::new();
    seen.block(
        LinkType::ETHERNET,
        &[
            with(&frame, TCP_SUM, [0, 0]),
            with(&frame, TCP_SUM, pseudo.to_be_bytes()),
            with(&frame, TCP_SUM, without_length.to_be_bytes()),
            with(&with(&frame, IP_SUM, [0, 0]), TCP_SUM, [0, 0]),
        ],
    );
    assert_eq!(seen.reasons(), [("decoded", 4)]);
    assert_eq!(seen.decoder.notes().offloaded, 4);
    assert!(seen.events.is_empty());
}

#[test]
fn udp_without_checksum_is_legal_over_ipv4_only() {
    let mut seen = Seen::new();
    seen.block(
        LinkType::ETHERNET,
        &[with(&eth(0x0800, &udp4(5001, TEXT)), UDP_SUM, [0, 0])],
    );
    assert_eq!((seen.only().1, seen.decoder.notes().offloaded), (TEXT, 0));
    let frame = eth(
        0x86DD,
        &ipv6(A6, B6, 17, &udp_datagram(&A6, &B6, (1, 2), TEXT)),
    );
    let mut seen = Seen::new();
    seen.block(LinkType::ETHERNET, &[with(&frame, 14 + 40 + 6, [0, 0])]);
    assert_eq!((seen.only().1, seen.decoder.notes().offloaded), (TEXT, 1));
}

#[test]
fn payload_of_odd_length_and_over_ipv6_is_judged_right() {
    for len in 0..70 {
        let payload = vec![0xA5; len];
        for frame in [
            eth(0x0800, &tcp4(&payload)),
            eth(0x86DD, &tcp6(&payload)),
            eth(0x0800, &udp4(9, &payload)),
        ] {
            let seen = ethernet(&frame);
            assert_eq!(
                (seen.only().1, seen.decoder.notes().offloaded),
                (&payload[..], 0)
            );
        }
    }
}

#[test]
fn segment_that_was_cut_is_not_judged() {
    let frame = with(&eth(0x0800, &tcp4(TEXT)), TCP_SUM, [1, 2]);
    let mut seen = Seen::new();
    seen.sent(LinkType::ETHERNET, &[Sent::cut(&frame, frame.len() - 1)]);
    assert_eq!(seen.reasons(), [("decoded", 1)]);
}

#[test]
fn hosts_above_the_limit_share_one_tally() {
    let mut limits = crate::limits::Limits::default();
    limits.set("checksum-hosts", 2);
    limits.set("decode-events", 3);
    let mut seen = Seen::with(&DecodeOptions {
        limits,
        ..Default::default()
    });
    let frames: Vec<_> = (1..=5)
        .map(|n| {
            let src = [10, 9, 9, n];
            let mut datagram = udp_datagram(&src, &B, (1, 2), TEXT);
            datagram[10] ^= 0xFF;
            eth(0x0800, &ipv4(src, B, 17, &datagram))
        })
        .collect();
    seen.block(LinkType::ETHERNET, &frames);
    let mut hosts: Vec<_> = seen.decoder.bad_checksum_hosts().collect();
    hosts.sort_unstable();
    assert_eq!(
        hosts,
        [([0; 16], 3), (v4([10, 9, 9, 1]), 1), (v4([10, 9, 9, 2]), 1)]
    );
    assert_eq!(
        (seen.events.len(), seen.decoder.notes().events_lost),
        (3, 2)
    );
}
