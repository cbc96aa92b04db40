//! Links, IP, transport heads, and frames that are cut or wrong.

use super::craft::*;
use super::*;

#[test]
fn link_type_that_is_not_read_is_counted_and_named() {
    let mut seen = Seen::new();
    seen.block(LinkType(189), &[vec![0; 64], vec![1; 64]])
        .block(LinkType(147), &[vec![]]);
    assert_eq!(seen.reasons(), [("unsupported link", 3)]);
    let links: Vec<_> = seen.decoder.unsupported_links().collect();
    assert_eq!(links, [(LinkType(189), 2), (LinkType(147), 1)]);
    assert_eq!(links[0].0.to_string(), "link type 189 (USB_LINUX)");
}

#[test]
fn frame_without_ip_is_not_ip() {
    // Spanning tree: a length, then LLC.
    let stp = [
        &[1, 0x80, 0xC2, 0, 0, 0][..],
        &MAC_A,
        &[0, 38, 0x42, 0x42, 3],
        &[0; 40],
    ]
    .concat();
    let seen = &mut Seen::new();
    seen.block(LinkType::ETHERNET, &[stp, eth(0x88F7, &[0; 44])]);
    assert_eq!(seen.reasons(), [("not IP", 2)]);
}

#[test]
fn header_cut_by_the_snap_length_is_told_from_one_that_is_short() {
    let frame = eth(0x0800, &tcp4(TEXT));
    for len in 0..14 + 20 + 24 {
        let mut seen = Seen::new();
        seen.sent(LinkType::ETHERNET, &[Sent::cut(&frame, len)]);
        assert_eq!(seen.reasons(), [("snap-truncated", 1)], "cut to {len}");
    }
    for len in 0..14 + 20 {
        let seen = ethernet(&frame[..len]);
        assert_eq!(
            seen.reasons(),
            [("malformed header", 1)],
            "{len} bytes in all"
        );
    }
}

#[test]
fn ip_length_beyond_a_whole_frame_is_refused() {
    let frame = eth(0x0800, &tcp4(TEXT));
    assert_eq!(
        ethernet(&frame[..frame.len() - 1]).reasons(),
        [("IP length beyond the frame", 1)]
    );
    let frame = eth(0x86DD, &tcp6(TEXT));
    assert_eq!(
        ethernet(&frame[..frame.len() - 1]).reasons(),
        [("IP length beyond the frame", 1)]
    );
}

#[test]
fn header_lengths_below_the_least_are_malformed() {
    let mut packet = tcp4(TEXT);
    packet[0] = 0x44;
    assert_eq!(
        ethernet(&eth(0x0800, &packet)).reasons(),
        [("malformed header", 1)]
    );
    let mut segment = tcp_segment(&A, &B, (1, 2), TEXT);
    segment[12] = 0x40;
    assert_eq!(
        ethernet(&eth(0x0800, &ipv4(A, B, 6, &segment))).reasons(),
        [("malformed header", 1)]
    );
    let mut datagram = udp_datagram(&A, &B, (1, 2), TEXT);
    datagram[5] = 7;
    assert_eq!(
        ethernet(&eth(0x0800, &ipv4(A, B, 17, &datagram))).reasons(),
        [("malformed header", 1)]
    );
}

#[test]
fn extension_headers_without_end_hit_their_limit() {
    let mut chain = vec![0u8; 8 * 40];
    for head in chain.chunks_mut(8) {
        head[0] = 60;
    }
    let seen = ethernet(&eth(0x86DD, &ipv6(A6, B6, 60, &chain)));
    assert_eq!(seen.reasons(), [("limit", 1)]);
    assert_eq!(seen.decoder.hits().of(crate::limits::EXTENSION_HEADERS), 1);
}

#[test]
fn tcp_segment_comes_with_its_head_and_payload() {
    let seen = ethernet(&eth(0x0800, &tcp4(TEXT)));
    let (packet, payload) = seen.only();
    assert_eq!(payload, TEXT);
    assert_eq!((packet.src, packet.dst), (v4(A), v4(B)));
    assert_eq!(packet.macs, Some((MAC_A, MAC_B)));
    assert_eq!(
        (packet.vlan, packet.ttl, packet.ip_id, packet.cut),
        (0, 64, 0x1234, 0)
    );
    let TransportHead::Tcp(head) = packet.head else {
        panic!("{:?}", packet.head)
    };
    assert_eq!((head.src_port, head.dst_port), (40000, 2575));
    assert_eq!(
        (head.seq, head.ack, head.flags.0, head.window),
        (0x0102_0304, 0x0506_0708, 0x18, 0x2000)
    );
    assert_eq!(seen.reasons(), [("decoded", 1)]);
    assert_eq!(seen.decoder.notes().tcp_bytes, TEXT.len() as u64);
}

#[test]
fn every_link_layer_gives_the_same_packet() {
    let packet = tcp4(TEXT);
    let packet6 = tcp6(TEXT);
    let sll = |kind: u16, p: &[u8]| {
        let head = [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 0x0A, 0, 0];
        [&head[..], &kind.to_be_bytes(), p].concat()
    };
    let sll2 = |kind: u16, p: &[u8]| {
        let head = [0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 0x0A, 0, 0];
        [&kind.to_be_bytes()[..], &head, p].concat()
    };
    let snap = [
        &MAC_B[..],
        &MAC_A,
        &[0, 90, 0xAA, 0xAA, 3, 0, 0, 0, 8, 0],
        &packet,
    ]
    .concat();
    let frames: Vec<(LinkType, Vec<u8>)> = vec![
        (LinkType::ETHERNET, eth(0x0800, &packet)),
        (LinkType::ETHERNET, snap),
        (LinkType::RAW, packet.clone()),
        (LinkType::RAW_12, packet.clone()),
        (LinkType::RAW_14, packet6.clone()),
        (LinkType::IPV4, packet.clone()),
        (LinkType::IPV6, packet6.clone()),
        (LinkType::NULL, [&2u32.to_le_bytes()[..], &packet].concat()),
        (LinkType::NULL, [&2u32.to_be_bytes()[..], &packet].concat()),
        (
            LinkType::NULL,
            [&30u32.to_le_bytes()[..], &packet6].concat(),
        ),
        (
            LinkType::LOOP,
            [&24u32.to_be_bytes()[..], &packet6].concat(),
        ),
        (LinkType::LINUX_SLL, sll(0x0800, &packet)),
        (LinkType::LINUX_SLL, sll(0x86DD, &packet6)),
        (LinkType::LINUX_SLL, sll(0x8100, &tag(7, 0x0800, &packet))),
        (LinkType::LINUX_SLL2, sll2(0x0800, &packet)),
        (LinkType::LINUX_SLL2, sll2(0x86DD, &packet6)),
    ];
    for (link, frame) in frames {
        let mut seen = Seen::new();
        seen.block(link, &[frame]);
        let (packet, payload) = seen.only();
        assert_eq!(payload, TEXT, "{link}");
        assert_eq!(tcp_ports(packet), (40000, 2575), "{link}");
    }
}

#[test]
fn tags_one_in_another_leave_the_innermost_vlan() {
    let tagged = tag(100, 0x8100, &tag(0xA000 | 20, 0x0800, &tcp4(TEXT)));
    let seen = ethernet(&eth(0x88A8, &tagged));
    assert_eq!(seen.only().0.vlan, 20);
    assert_eq!(seen.tunnels(), ["802.1Q or 802.1ad"]);
    assert_eq!(seen.decoder.tunnels().vlan, 1, "counted once a frame");
}

#[test]
fn tags_without_end_hit_the_depth_limit() {
    let mut inner = tcp4(TEXT);
    let mut kind = 0x0800;
    for _ in 0..17 {
        inner = tag(1, kind, &inner);
        kind = 0x8100;
    }
    let seen = ethernet(&eth(0x8100, &inner));
    assert_eq!(seen.reasons(), [("limit", 1)]);
    assert_eq!(seen.decoder.hits().of(crate::limits::TUNNEL_DEPTH), 1);
    let sixteen = &inner[4..];
    assert_eq!(ethernet(&eth(0x8100, sixteen)).reasons(), [("decoded", 1)]);
}

#[test]
fn padding_behind_a_short_packet_is_no_payload() {
    let mut frame = eth(0x0800, &udp4(5001, b"hi"));
    frame.resize(60, 0xEE);
    assert_eq!(ethernet(&frame).only().1, b"hi");
    // A UDP length shorter than the packet's.
    let mut datagram = udp_datagram(&A, &B, (1, 2), b"hi");
    datagram.extend(b"junk");
    assert_eq!(
        ethernet(&eth(0x0800, &ipv4(A, B, 17, &datagram))).only().1,
        b"hi"
    );
}

#[test]
fn payload_cut_by_the_snap_length_says_how_much_is_missing() {
    let frame = eth(0x0800, &tcp4(TEXT));
    let mut seen = Seen::new();
    seen.sent(LinkType::ETHERNET, &[Sent::cut(&frame, 14 + 20 + 24 + 10)]);
    let (packet, payload) = seen.only();
    assert_eq!(
        (payload, packet.cut as usize),
        (&TEXT[..10], TEXT.len() - 10)
    );
    let notes = seen.decoder.notes();
    assert_eq!(
        (notes.cut_packets, notes.cut_bytes as usize),
        (1, TEXT.len() - 10)
    );
    // Padding that was cut off is not missing.
    let mut padded = eth(0x0800, &udp4(5001, b"hi"));
    padded.resize(60, 0);
    let mut seen = Seen::new();
    seen.sent(LinkType::ETHERNET, &[Sent::cut(&padded, 50)]);
    assert_eq!((seen.only().1, seen.only().0.cut), (&b"hi"[..], 0));
}

#[test]
fn ip_length_of_zero_reaches_to_the_end_of_the_frame() {
    let big = vec![b'x'; 30_000];
    let mut packet = tcp4(&big);
    packet[2..4].copy_from_slice(&[0, 0]);
    packet[10..12].copy_from_slice(&[0, 0]);
    let sum = checksum(&[&packet[..20]]);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    let seen = ethernet(&eth(0x0800, &packet));
    assert_eq!(seen.only().1.len(), 30_000);
    assert_eq!(seen.decoder.notes().length_zero, 1);
    let mut packet = tcp6(&big);
    packet[4..6].copy_from_slice(&[0, 0]);
    assert_eq!(ethernet(&eth(0x86DD, &packet)).only().1.len(), 30_000);
}

#[test]
fn ipv4_options_and_ipv6_extension_headers_are_passed_over() {
    let segment = tcp_segment(&A, &B, (40000, 2575), TEXT);
    let mut packet = ipv4(A, B, 6, &[&[0x94, 4, 0, 0][..], &segment].concat());
    packet[0] = 0x46;
    packet[10..12].copy_from_slice(&[0, 0]);
    let sum = checksum(&[&packet[..24]]);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    assert_eq!(ethernet(&eth(0x0800, &packet)).only().1, TEXT);

    let segment = tcp_segment(&A6, &B6, (40000, 2575), TEXT);
    let hop = [43, 0, 5, 2, 0, 0, 1, 0];
    let routing = [
        51, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    let auth = [
        60, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    let options = [6, 0, 1, 4, 0, 0, 0, 0];
    let packet = ipv6(
        A6,
        B6,
        0,
        &[&hop[..], &routing, &auth, &options, &segment].concat(),
    );
    let seen = ethernet(&eth(0x86DD, &packet));
    assert_eq!((seen.only().1, seen.only().0.ttl), (TEXT, 63));
}

#[test]
fn arp_and_lldp_are_handed_on_from_behind_their_ethertype() {
    let mut frame = eth(0x8100, &tag(12, 0x0806, &arp()));
    frame.resize(64, 0);
    let seen = ethernet(&frame);
    let (packet, payload) = seen.only();
    assert!(matches!(
        packet.head,
        TransportHead::Link { ethertype: 0x0806 }
    ));
    assert_eq!(&payload[..28], arp());
    assert_eq!(
        (packet.vlan, packet.macs, packet.src),
        (12, Some((MAC_A, MAC_B)), [0; 16])
    );
    let seen = ethernet(&eth(0x88CC, &[2, 7, 4, 2, 0, 0, 0, 0, 1]));
    assert!(matches!(
        seen.only().0.head,
        TransportHead::Link { ethertype: 0x88CC }
    ));
    assert_eq!(seen.reasons(), [("ARP, LLDP and PROFINET", 1)]);
}

#[test]
fn icmp_is_handed_on_whole_and_counted_apart() {
    // Port unreachable (3, 3), and a router advertisement (134) over IPv6.
    let message = [&[3, 3, 0, 0, 0, 0, 0, 0][..], &udp4(9, b"x")[..28]].concat();
    let seen = ethernet(&eth(0x0800, &ipv4(B, A, 1, &message)));
    let (packet, payload) = seen.only();
    assert!(matches!(
        packet.head,
        TransportHead::Icmp {
            v6: false,
            kind: 3,
            code: 3
        }
    ));
    assert_eq!(payload, message);
    let seen = ethernet(&eth(
        0x86DD,
        &ipv6(A6, B6, 58, &[134, 0, 0, 0, 64, 0, 7, 8]),
    ));
    assert!(matches!(
        seen.only().0.head,
        TransportHead::Icmp {
            v6: true,
            kind: 134,
            code: 0
        }
    ));
    assert_eq!(seen.reasons(), [("ICMP", 1)]);
}

#[test]
fn other_protocols_over_ip_are_counted() {
    let seen = &mut Seen::new();
    let sctp = eth(0x0800, &ipv4(A, B, 132, &[0; 32]));
    let none = eth(0x86DD, &ipv6(A6, B6, 59, &[]));
    seen.block(LinkType::ETHERNET, &[sctp, none]);
    assert_eq!(seen.reasons(), [("other IP protocol", 2)]);
}

#[test]
fn both_directions_of_a_pair_share_one_hash() {
    let seen = ethernet(&eth(0x0800, &tcp4(TEXT)));
    let back = ethernet(&eth(
        0x0800,
        &ipv4(B, A, 17, &udp_datagram(&B, &A, (7, 8), TEXT)),
    ));
    let other = ethernet(&eth(
        0x0800,
        &ipv4(
            B,
            [10, 1, 0, 13],
            17,
            &udp_datagram(&B, &[10, 1, 0, 13], (7, 8), TEXT),
        ),
    ));
    assert_eq!(seen.only().0.pair_hash(), back.only().0.pair_hash());
    assert_ne!(seen.only().0.pair_hash(), other.only().0.pair_hash());
}
