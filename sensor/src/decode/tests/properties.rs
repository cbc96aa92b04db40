//! Whatever the bytes, the sums close and no payload lies outside its block.

use proptest::prelude::*;

use super::craft::*;
use super::*;

const LINKS: &[LinkType] = &[
    LinkType::NULL,
    LinkType::ETHERNET,
    LinkType::RAW,
    LinkType::LOOP,
    LinkType::LINUX_SLL,
    LinkType::IPV4,
    LinkType::IPV6,
    LinkType::LINUX_SLL2,
    LinkType(147),
];

/// Frames of every kind, as Ethernet.
fn frames() -> Vec<Vec<u8>> {
    let long = vec![b'z'; 3000];
    let mut frames: Vec<_> = super::tunnels::cases()
        .into_iter()
        .map(|(_, frame, _)| frame)
        .collect();
    frames.extend([
        eth(0x0800, &tcp4(TEXT)),
        eth(0x86DD, &tcp6(TEXT)),
        eth(0x88A8, &tag(3, 0x8100, &tag(4, 0x0800, &udp4(24105, TEXT)))),
        eth(0x0806, &arp()),
        eth(0x0800, &ipv4(A, B, 1, &[3, 3, 0, 0, 0, 0, 0, 0])),
    ]);
    for packet in [
        udp4(5001, &long),
        ipv4(A, B, 6, &tcp_segment(&A, &B, (1, 2), &long)),
    ] {
        frames.extend(fragments4(&packet, 9, 504).iter().map(|f| eth(0x0800, f)));
    }
    let packet = ipv6(A6, B6, 6, &tcp_segment(&A6, &B6, (1, 2), &long));
    frames.extend(fragments6(&packet, 9, 504).iter().map(|f| eth(0x86DD, f)));
    frames
}

/// Everything that must hold of a block, beside the sums that `Seen` checks.
fn holds(seen: &Seen) {
    let handed = seen.decoder.counts();
    assert!(seen.block.packets.len() as u64 <= handed.decoded + handed.link + handed.icmp);
    let mut last = 0;
    for packet in &seen.block.packets {
        assert!(packet.frame >= last && (packet.frame as usize) < seen.block.frames.len());
        last = packet.frame;
        let _ = seen.block.payload(packet);
        if !packet.payload.spilled {
            let frame = &seen.block.frames[packet.frame as usize];
            assert!(packet.payload.offset >= frame.offset);
            assert!(packet.payload.offset + packet.payload.len <= frame.offset + frame.captured);
        }
    }
}

proptest! {
    #[test]
    fn random_bytes_end_under_a_reason(
        link in proptest::sample::select(LINKS),
        frames in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..200), 0..100u32), 1..20),
        time in any::<i64>(),
    ) {
        let mut seen = Seen::new();
        let sent: Vec<_> = frames
            .into_iter()
            .map(|(bytes, more)| Sent { wire: bytes.len() as u32 + more, bytes, time: Some(time) })
            .collect();
        seen.sent(link, &sent);
        holds(&seen);
        seen.finish();
    }

    #[test]
    fn changed_and_cut_frames_end_under_a_reason(
        picks in proptest::collection::vec(
            (any::<prop::sample::Index>(), proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
             proptest::option::of(any::<prop::sample::Index>()), any::<bool>(), 0..40_000_000_000i64),
            1..60,
        ),
        ignore_checksums in any::<bool>(),
    ) {
        let all = frames();
        let mut seen = Seen::with(&DecodeOptions { ignore_checksums, ..Default::default() });
        let mut time = 0;
        let sent: Vec<_> = picks
            .into_iter()
            .map(|(which, changes, cut, snapped, step)| {
                let mut bytes = which.get(&all).clone();
                for (at, value) in changes {
                    let at = at.index(bytes.len());
                    bytes[at] = value;
                }
                let wire = bytes.len() as u32;
                if let Some(cut) = cut {
                    bytes.truncate(cut.index(bytes.len() + 1));
                }
                time += step - 10_000_000_000;
                Sent { wire: if snapped { wire } else { bytes.len() as u32 }, bytes, time: Some(time) }
            })
            .collect();
        for part in sent.chunks(7) {
            seen.sent(LinkType::ETHERNET, part);
            holds(&seen);
        }
        seen.finish();
    }

    /// Each fragment is whole, but they come in any order, overlap, repeat and differ: the first
    /// copy of each byte is what comes out, as a plain array filled in the same order shows.
    #[test]
    fn first_copy_of_each_fragmented_byte_wins(
        order in proptest::collection::vec((0..32usize, 1..9usize, any::<u8>(), any::<bool>()), 1..80),
    ) {
        const TOTAL: usize = 256;
        let mut seen = Seen::with(&DecodeOptions { ignore_checksums: true, ..Default::default() });
        let mut model: [Option<u8>; TOTAL] = [None; TOTAL];
        // The header first, so that it is UDP of the right length.
        let head = [[0x13, 0x88, 0x13, 0x89], [1, 0, 0, 0]].concat();
        model[..8].copy_from_slice(&head.iter().map(|b| Some(*b)).collect::<Vec<_>>());
        let mut frames = vec![eth(0x0800, &ipv4_part(A, B, 17, 7, 0x2000, &head))];
        let mut whole = None;
        let mut ended = false;
        for (n, (unit, len, value, last)) in order.iter().enumerate() {
            let from = unit * 8;
            let to = (from + len * 8).min(TOTAL);
            // One that reaches the end need not say that it is the last.
            let more = if to == TOTAL && *last { 0 } else { 0x2000 };
            let fragment = ipv4_part(A, B, 17, 7, *unit as u16 | more, &vec![*value; to - from]);
            // A fragment from 0 to the end is no fragment.
            if from == 0 && more == 0 {
                continue;
            }
            frames.push(eth(0x0800, &fragment));
            model[from..to].iter_mut().for_each(|b| { b.get_or_insert(*value); });
            ended |= more == 0;
            if ended && model.iter().all(Option::is_some) {
                whole = Some(n);
                break;
            }
        }
        seen.block(LinkType::ETHERNET, &frames);
        holds(&seen);
        if whole.is_some() {
            let payload: Vec<u8> = model[8..].iter().flatten().copied().collect();
            prop_assert_eq!(seen.only().1, &payload[..]);
        } else {
            prop_assert!(seen.block.packets.is_empty());
        }
        seen.finish();
    }

    /// On frames without tunnels and fragments etherparse finds the same.
    #[test]
    fn etherparse_finds_the_same_ports_and_payload(
        payload in proptest::collection::vec(any::<u8>(), 0..300),
        tags in proptest::collection::vec(1..4095u16, 0..3),
        v6 in any::<bool>(),
    ) {
        let (mut kind, mut inner) = if v6 { (0x86DD, tcp6(&payload)) } else { (0x0800, tcp4(&payload)) };
        for vlan in &tags {
            inner = tag(*vlan, kind, &inner);
            kind = 0x8100;
        }
        let frame = eth(kind, &inner);
        let seen = ethernet(&frame);
        let theirs = etherparse::LaxSlicedPacket::from_ethernet(&frame).unwrap();
        let Some(etherparse::TransportSlice::Tcp(tcp)) = &theirs.transport else { panic!("no TCP") };
        let (packet, ours) = seen.only();
        prop_assert_eq!(ours, tcp.payload());
        prop_assert_eq!(tcp_ports(packet), (tcp.source_port(), tcp.destination_port()));
        prop_assert_eq!(packet.vlan, tags.first().copied().unwrap_or(0));
    }
}
