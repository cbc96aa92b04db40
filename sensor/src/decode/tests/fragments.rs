//! Datagrams in pieces.

use super::craft::*;
use super::*;
use crate::decode::DecodeFault;
use crate::limits::{self, Limits};

const SECOND: i64 = 1_000_000_000;

fn long() -> Vec<u8> {
    (0..4000u32).map(|n| ((n * 7) >> 3) as u8).collect()
}

fn framed(fragments: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    fragments
        .into_iter()
        .map(|f| eth(if f[0] >> 4 == 4 { 0x0800 } else { 0x86DD }, &f))
        .collect()
}

#[test]
fn datagram_that_never_becomes_whole_expires_by_capture_time() {
    let parts = framed(fragments4(&udp4(5001, &long()), 7, 800));
    let mut seen = Seen::new();
    seen.sent(
        LinkType::ETHERNET,
        &[Sent::at(&parts[0], 0), Sent::at(&parts[2], 29 * SECOND)],
    );
    assert_eq!((seen.decoder.held(), seen.reasons()), (2, vec![]));
    let other = eth(0x0800, &tcp4(TEXT));
    seen.sent(LinkType::ETHERNET, &[Sent::at(&other, 30 * SECOND)]);
    assert_eq!(seen.decoder.held(), 2);
    seen.sent(LinkType::ETHERNET, &[Sent::at(&other, 30 * SECOND + 1)]);
    assert_eq!(
        (seen.decoder.held(), seen.decoder.counts().fragment_expired),
        (0, 2)
    );
    // What comes too late begins anew and expires at the end.
    seen.sent(LinkType::ETHERNET, &[Sent::at(&parts[1], 31 * SECOND)])
        .finish();
    assert_eq!(seen.reasons(), [("decoded", 2), ("fragment expired", 3)]);
}

#[test]
fn clock_that_steps_back_expires_nothing_and_ages_go_on() {
    let parts = framed(fragments4(&udp4(5001, &long()), 7, 800));
    let other = eth(0x0800, &tcp4(TEXT));
    let mut seen = Seen::new();
    seen.sent(
        LinkType::ETHERNET,
        &[
            Sent::at(&parts[0], 1000 * SECOND),
            Sent::at(&other, 1020 * SECOND),
        ],
    );
    seen.sent(
        LinkType::ETHERNET,
        &[
            Sent::at(&other, 500 * SECOND),
            Sent::at(&other, 510 * SECOND),
        ],
    );
    assert_eq!(seen.decoder.held(), 1);
    seen.sent(LinkType::ETHERNET, &[Sent::at(&other, 510 * SECOND + 1)]);
    assert_eq!(
        (seen.decoder.held(), seen.decoder.counts().fragment_expired),
        (0, 1)
    );
}

#[test]
fn fragments_that_reach_beyond_the_largest_datagram_are_malformed() {
    let frame = eth(0x0800, &ipv4_part(A, B, 1, 7, 0x1FFF, &[0; 80]));
    let seen = ethernet(&frame);
    assert_eq!(seen.reasons(), [("malformed header", 1)]);
    assert!(matches!(
        seen.events[0].what,
        DecodeFault::FragmentLength { at: 65608 }
    ));
    let odd = eth(0x0800, &ipv4_part(A, B, 17, 7, 0x2000, &[0; 13]));
    assert_eq!(ethernet(&odd).reasons(), [("malformed header", 1)]);
}

#[test]
fn fragments_that_disagree_about_the_length_are_in_conflict() {
    let parts = framed(fragments4(&udp4(5001, &long()), 7, 1200));
    let beyond = eth(0x0800, &ipv4_part(A, B, 17, 7, 4800 / 8, b"tail"));
    let mut seen = Seen::new();
    let last = parts[3].clone();
    seen.block(
        LinkType::ETHERNET,
        &[
            parts[0].clone(),
            last,
            beyond,
            parts[1].clone(),
            parts[2].clone(),
        ],
    );
    assert_eq!(seen.only().1, long());
    assert_eq!(
        seen.reasons(),
        [("decoded", 4), ("fragment in conflict", 1)]
    );
    assert!(matches!(
        seen.events[0].what,
        DecodeFault::FragmentLength { at: 4804 }
    ));
}

#[test]
fn fragment_cut_by_the_snap_length_is_not_kept() {
    let parts = framed(fragments4(&udp4(5001, &long()), 7, 1200));
    let mut seen = Seen::new();
    seen.sent(
        LinkType::ETHERNET,
        &[Sent::cut(&parts[0], 500), Sent::whole(&parts[1])],
    )
    .finish();
    assert_eq!(
        seen.reasons(),
        [("snap-truncated", 1), ("fragment expired", 1)]
    );
}

#[test]
fn fragments_in_any_order_give_the_datagram_at_the_frame_that_completes_it() {
    for packet in [
        udp4(5001, &long()),
        ipv6(A6, B6, 17, &udp_datagram(&A6, &B6, (5000, 5001), &long())),
    ] {
        let parts = |size| match packet[0] >> 4 {
            4 => framed(fragments4(&packet, 7, size)),
            _ => framed(fragments6(&packet, 7, size)),
        };
        for size in [8, 16, 1000, 1480] {
            let (forward, mut backward, mut mixed) = (parts(size), parts(size), parts(size));
            backward.reverse();
            let half = mixed.len() / 2;
            mixed.rotate_left(half);
            for frames in [forward, backward, mixed] {
                let mut seen = Seen::new();
                seen.block(LinkType::ETHERNET, &frames);
                let (got, payload) = seen.only();
                assert_eq!(payload, long());
                assert_eq!(got.frame as usize, frames.len() - 1);
                assert!(got.payload.spilled);
                assert_eq!(udp_ports(got), (5000, 5001));
                assert_eq!(seen.reasons(), [("decoded", frames.len() as u64)]);
                assert_eq!(seen.decoder.notes().udp_bytes, 4000);
            }
        }
    }
}

#[test]
fn datagram_spread_over_blocks_is_put_together() {
    let parts = framed(fragments4(&udp4(5001, &long()), 7, 800));
    let mut seen = Seen::new();
    for part in &parts {
        seen.block(LinkType::ETHERNET, std::slice::from_ref(part));
    }
    assert_eq!(seen.only().1, long());
    assert_eq!(seen.reasons(), [("decoded", parts.len() as u64)]);
}

#[test]
fn fragments_with_and_without_a_tag_meet() {
    let parts = fragments4(&udp4(5001, &long()), 7, 2400);
    let frames = [
        eth(0x0800, &parts[0]),
        eth(0x8100, &tag(5, 0x0800, &parts[1])),
    ];
    let mut seen = Seen::new();
    seen.block(LinkType::ETHERNET, &frames);
    assert_eq!((seen.only().1, seen.only().0.vlan), (&long()[..], 5));
}

#[test]
fn second_copies_by_a_router_are_harmless_in_whatever_order() {
    let parts = framed(fragments4(&udp4(5001, &long()), 7, 800));
    let n = parts.len() as u64;
    let twice: Vec<_> = parts.iter().flat_map(|p| [p.clone(), p.clone()]).collect();
    let after: Vec<_> = parts.iter().chain(&parts).cloned().collect();
    let back: Vec<_> = parts
        .iter()
        .chain(parts.iter().rev())
        .chain(&parts)
        .cloned()
        .collect();
    for (frames, extra) in [(twice, n), (after, n), (back, 2 * n)] {
        let mut seen = Seen::new();
        seen.block(LinkType::ETHERNET, &frames);
        assert_eq!(seen.only().1, long());
        seen.finish();
        assert_eq!(
            seen.reasons(),
            [("decoded", n), ("fragment seen twice", extra)]
        );
        assert!(seen.events.is_empty());
        assert_eq!(seen.decoder.notes().overlap_same, 0);
    }
}

#[test]
fn number_used_again_later_is_another_datagram() {
    let parts = framed(fragments4(&udp4(5001, &long()), 7, 2400));
    let mut seen = Seen::new();
    for start in [0, SECOND] {
        seen.sent(
            LinkType::ETHERNET,
            &[Sent::at(&parts[0], start), Sent::at(&parts[1], start + 1)],
        );
        assert_eq!(seen.only().1, long());
    }
    assert_eq!(seen.reasons(), [("decoded", 4)]);
}

#[test]
fn other_datagram_hidden_behind_the_same_number_is_not_taken_for_a_repeat() {
    // Its first half is the first datagram's own; only the second differs.
    let first = udp4(5001, &long());
    let mut other = long();
    other[3900..].fill(b'!');
    let second = udp4(5001, &other);
    let (a, b) = (
        framed(fragments4(&first, 7, 1200)),
        framed(fragments4(&second, 7, 1200)),
    );
    let mut seen = Seen::new();
    let frames: Vec<_> = a.iter().chain(&b).cloned().collect();
    seen.block(LinkType::ETHERNET, &frames);
    // The checksum stands in the first fragment, so that differs as well; all the rest does not.
    assert_eq!(seen.payloads(), [&long()[..], &other[..]]);
}

#[test]
fn overlap_with_the_same_bytes_is_noted_without_an_event() {
    let packet = udp4(5001, &long());
    let parts = framed(fragments4(&packet, 7, 1600));
    let across = eth(
        0x0800,
        &ipv4_part(A, B, 17, 7, 0x2000 | 100, &packet[20 + 800..20 + 2400]),
    );
    let mut seen = Seen::new();
    seen.block(
        LinkType::ETHERNET,
        &[parts[0].clone(), across, parts[2].clone(), parts[1].clone()],
    );
    assert_eq!(seen.only().1, long());
    assert_eq!(seen.decoder.notes().overlap_same, 2);
    assert!(seen.events.is_empty());
}

#[test]
fn overlap_that_differs_keeps_the_first_copy_and_is_an_event() {
    let packet = udp4(5001, &long());
    let parts = framed(fragments4(&packet, 7, 1600));
    let mut forged = packet[20 + 800..20 + 2400].to_vec();
    forged[100] ^= 0xFF;
    let across = eth(0x0800, &ipv4_part(A, B, 17, 7, 0x2000 | 100, &forged));
    let inside = eth(
        0x0800,
        &ipv4_part(A, B, 17, 7, 0x2000 | 100, &forged[..800]),
    );
    let mut seen = Seen::new();
    let frames = [
        parts[0].clone(),
        inside,
        across,
        parts[2].clone(),
        parts[1].clone(),
    ];
    seen.block(LinkType::ETHERNET, &frames);
    assert_eq!(seen.only().1, long());
    assert_eq!(seen.decoder.notes().overlap_differs, 2);
    assert_eq!(
        seen.reasons(),
        [("decoded", 4), ("fragment in conflict", 1)]
    );
    let first = packet[20 + 900];
    let differs = DecodeFault::FragmentDiffers {
        at: 900,
        first,
        second: !first,
    };
    assert_eq!(
        seen.events
            .iter()
            .map(|e| (e.number, e.what))
            .collect::<Vec<_>>(),
        [(2, differs), (3, differs)]
    );
}

#[test]
fn one_fragment_over_many_holes_fills_each() {
    let packet = udp4(5001, &long());
    let mut frames: Vec<_> = framed(fragments4(&packet, 7, 8))
        .into_iter()
        .step_by(2)
        .collect();
    frames.push(eth(0x0800, &ipv4_part(A, B, 17, 7, 0, &packet[20..])));
    // The last bytes were missing: the whole as one fragment is no fragment at all.
    let mut seen = Seen::new();
    seen.block(LinkType::ETHERNET, &frames);
    assert_eq!(seen.only().1, long());
    let all_but_last = eth(
        0x0800,
        &ipv4_part(A, B, 17, 7, 0x2000, &packet[20..20 + 4000]),
    );
    let last = eth(
        0x0800,
        &ipv4_part(A, B, 17, 7, 4000 / 8, &packet[20 + 4000..]),
    );
    frames.pop();
    frames.extend([all_but_last, last]);
    let mut seen = Seen::new();
    seen.block(LinkType::ETHERNET, &frames);
    assert_eq!(seen.only().1, long());
}

#[test]
fn ipv6_fragment_that_is_the_whole_stands_alone() {
    let segment = udp_datagram(&A6, &B6, (1, 2), TEXT);
    let head = [&[17, 0, 0, 0, 0, 0, 0, 9][..], &segment].concat();
    let seen = ethernet(&eth(0x86DD, &ipv6(A6, B6, 44, &head)));
    assert_eq!(
        (seen.only().1, seen.only().0.payload.spilled),
        (TEXT, false)
    );
}

#[test]
fn damaged_datagram_takes_all_its_fragments_with_it() {
    let mut packet = udp4(5001, &long());
    packet[1000] ^= 1;
    let parts = framed(fragments4(&packet, 7, 800));
    let mut seen = Seen::new();
    seen.block(LinkType::ETHERNET, &parts);
    assert_eq!(seen.reasons(), [("bad checksum", parts.len() as u64)]);
}

#[test]
fn tunnel_in_fragments_with_fragments_in_it_is_unpacked() {
    let inner = fragments4(&udp4(5001, &long()), 7, 2000);
    let mut frames = Vec::new();
    for (n, part) in inner.iter().enumerate() {
        let carried = [&[8, 0, 0, 0, 0, 0, 9, 0][..], &eth(0x0800, part)].concat();
        let (x, y) = ([192, 0, 2, 1], [192, 0, 2, 2]);
        let outer = ipv4(x, y, 17, &udp_datagram(&x, &y, (49152, 4789), &carried));
        frames.extend(framed(fragments4(&outer, 100 + n as u16, 600)));
    }
    let mut seen = Seen::new();
    seen.block(LinkType::ETHERNET, &frames);
    assert_eq!((seen.only().1, seen.only().0.src), (&long()[..], v4(A)));
    assert_eq!(seen.reasons(), [("decoded", frames.len() as u64)]);
    assert_eq!(seen.decoder.notes().reassembled, 3);
}

#[test]
fn memory_for_fragments_is_bounded_and_the_oldest_go_first() {
    let mut limits = Limits::default();
    limits.set("fragment-bytes", 100_000);
    let mut seen = Seen::with(&DecodeOptions {
        limits,
        ..Default::default()
    });
    let packet = udp4(5001, &vec![9; 3000]);
    for id in 0..200 {
        let parts = framed(fragments4(&packet, id, 1600));
        seen.block(LinkType::ETHERNET, &parts[..1]);
    }
    let held = seen.decoder.held();
    assert!((40..60).contains(&held), "{held}");
    assert_eq!(seen.decoder.counts().limit, 200 - held);
    assert_eq!(seen.decoder.hits().of(limits::FRAGMENT_BYTES), 200 - held);
    // The youngest is still there.
    let parts = framed(fragments4(&packet, 199, 1600));
    seen.block(LinkType::ETHERNET, &parts[1..]);
    assert_eq!(seen.only().1, vec![9; 3000]);
    seen.finish();
}

#[test]
fn number_of_datagrams_is_bounded() {
    let mut limits = Limits::default();
    limits.set("fragment-datagrams", 10);
    let mut seen = Seen::with(&DecodeOptions {
        limits,
        ..Default::default()
    });
    let tiny: Vec<_> = (0..100)
        .map(|id| eth(0x0800, &ipv4_part(A, B, 17, id, 0x2000, &[0; 8])))
        .collect();
    seen.block(LinkType::ETHERNET, &tiny).finish();
    assert_eq!(seen.reasons(), [("fragment expired", 10), ("limit", 90)]);
    assert_eq!(seen.decoder.hits().of(limits::FRAGMENT_DATAGRAMS), 90);
}

#[test]
fn last_fragment_whose_bytes_were_all_there_still_completes() {
    let packet = udp4(5001, &long());
    let all = eth(0x0800, &ipv4_part(A, B, 17, 7, 0x2000, &packet[20..]));
    let last = eth(
        0x0800,
        &ipv4_part(A, B, 17, 7, 4000 / 8, &packet[20 + 4000..]),
    );
    let mut seen = Seen::new();
    seen.block(LinkType::ETHERNET, &[all, last]);
    assert_eq!(seen.only().1, long());
    assert_eq!(seen.reasons(), [("decoded", 2)]);
}
