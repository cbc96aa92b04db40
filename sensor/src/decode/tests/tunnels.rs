//! The same inner packet through every encapsulation.

use super::craft::*;
use super::*;

/// The innermost packet of a frame is the one that `craft::tcp4` makes.
fn is_inner(frame: &[u8], tunnels: &[&str]) -> Seen {
    let seen = ethernet(frame);
    let (packet, payload) = seen.only();
    assert_eq!(payload, TEXT, "{tunnels:?}");
    assert_eq!((packet.src, packet.dst), (v4(A), v4(B)), "{tunnels:?}");
    assert_eq!(tcp_ports(packet), (40000, 2575), "{tunnels:?}");
    assert_eq!(seen.tunnels(), tunnels);
    seen
}

/// Headers as in the RFCs and drafts, with the inner frame or packet behind them.
struct Case {
    name: &'static str,
    frame: Vec<u8>,
    /// The inner packet has an Ethernet header of its own.
    framed: bool,
}

pub fn cases() -> Vec<(&'static str, Vec<u8>, bool)> {
    let frame = eth(0x0800, &tcp4(TEXT));
    let packet = tcp4(TEXT);
    let gre = |flags: u16, protocol: u16, parts: &[&[u8]]| {
        let head = [flags.to_be_bytes(), protocol.to_be_bytes()].concat();
        ip_tunnel(47, &[&head, &parts.concat()])
    };
    // Type II: version 1, VLAN 5; type III: version 2, with and without the platform header.
    let erspan_2 = [0x10, 5, 0, 1, 0, 0, 0, 0];
    let erspan_3 = [0x20, 5, 0, 1, 0, 0, 0, 9, 0, 0, 0, 0];
    let erspan_3_platform = [
        0x20, 5, 0, 1, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    let erspan_3_ip = [0x20, 5, 0, 1, 0, 0, 0, 9, 0, 0, 0x08, 0];
    let sequence = [0, 0, 0, 7];
    let ppp = [&[0, 0x21][..], &packet].concat();
    let pptp = [
        &(ppp.len() as u16).to_be_bytes()[..],
        &[0, 1],
        &sequence,
        &ppp,
    ]
    .concat();
    let pppoe = [
        &[0x11, 0, 0, 1][..],
        &(ppp.len() as u16).to_be_bytes(),
        &ppp,
    ]
    .concat();
    let erm = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
    let cases = vec![
        Case {
            name: "ERSPAN type I",
            frame: gre(0, 0x88BE, &[&frame]),
            framed: true,
        },
        Case {
            name: "ERSPAN type II",
            frame: gre(0x1000, 0x88BE, &[&sequence, &erspan_2, &frame]),
            framed: true,
        },
        Case {
            name: "ERSPAN type III",
            frame: gre(0x1000, 0x22EB, &[&sequence, &erspan_3, &frame]),
            framed: true,
        },
        Case {
            name: "ERSPAN type III",
            frame: gre(0x1000, 0x22EB, &[&sequence, &erspan_3_platform, &frame]),
            framed: true,
        },
        Case {
            name: "ERSPAN type III",
            frame: gre(0x1000, 0x22EB, &[&sequence, &erspan_3_ip, &packet]),
            framed: false,
        },
        Case {
            name: "GRE",
            frame: gre(0, 0x0800, &[&packet]),
            framed: false,
        },
        Case {
            name: "GRE",
            frame: gre(0xB000, 0x0800, &[&[0; 12], &packet]),
            framed: false,
        },
        Case {
            name: "GRE with Ethernet",
            frame: gre(0, 0x6558, &[&frame]),
            framed: true,
        },
        Case {
            name: "GRE with Ethernet",
            frame: gre(0x2000, 0x6558, &[&[0, 0, 9, 0], &frame]),
            framed: true,
        },
        Case {
            name: "PPTP",
            frame: gre(0x3001, 0x880B, &[&pptp]),
            framed: false,
        },
        Case {
            name: "VXLAN",
            frame: udp_tunnel(4789, &[&[8, 0, 0, 0, 0, 0, 9, 0], &frame]),
            framed: true,
        },
        Case {
            name: "VXLAN",
            frame: udp_tunnel(4789, &[&[0x88, 0, 0, 3, 0, 0, 9, 0], &frame]),
            framed: true,
        },
        Case {
            name: "VXLAN",
            frame: udp_tunnel(31337, &[&[8, 0, 0, 0, 0, 0, 9, 0], &frame]),
            framed: true,
        },
        Case {
            name: "VXLAN-GPE",
            frame: udp_tunnel(4790, &[&[0x0C, 0, 0, 3, 0, 0, 9, 0], &frame]),
            framed: true,
        },
        Case {
            name: "VXLAN-GPE",
            frame: udp_tunnel(4790, &[&[0x0C, 0, 0, 1, 0, 0, 9, 0], &packet]),
            framed: false,
        },
        Case {
            name: "Geneve",
            frame: udp_tunnel(6081, &[&[0, 0, 0x65, 0x58, 0, 0, 9, 0], &frame]),
            framed: true,
        },
        Case {
            name: "Geneve",
            frame: udp_tunnel(6081, &[&[1, 0, 0x65, 0x58, 0, 0, 9, 0, 1, 2, 3, 4], &frame]),
            framed: true,
        },
        Case {
            name: "TZSP",
            frame: udp_tunnel(37008, &[&[1, 0, 0, 1, 1], &frame]),
            framed: true,
        },
        Case {
            name: "TZSP",
            frame: udp_tunnel(9000, &[&[1, 0, 0, 1, 10, 1, 0xC4, 0, 1], &frame]),
            framed: true,
        },
        Case {
            name: "HP ERM",
            frame: udp_tunnel(7932, &[&erm, &frame]),
            framed: true,
        },
        Case {
            name: "PPPoE",
            frame: eth(0x8864, &pppoe),
            framed: true,
        },
        Case {
            name: "IP in IP",
            frame: ip_tunnel(4, &[&packet]),
            framed: false,
        },
        Case {
            name: "EtherIP",
            frame: ip_tunnel(97, &[&[0x30, 0], &frame]),
            framed: true,
        },
        Case {
            name: "MPLS",
            frame: eth(
                0x8847,
                &[&[0, 1, 0, 64, 0, 1, 0x11, 64][..], &packet].concat(),
            ),
            framed: true,
        },
        Case {
            name: "MPLS",
            frame: eth(
                0x8848,
                &[&[0, 1, 0x11, 64, 0, 0, 0, 1][..], &frame].concat(),
            ),
            framed: true,
        },
        Case {
            name: "MPLS",
            frame: eth(0x8847, &[&[0, 1, 0x11, 64][..], &frame].concat()),
            framed: true,
        },
        Case {
            name: "MPLS",
            frame: ip_tunnel(137, &[&[0, 1, 0x11, 64], &packet]),
            framed: false,
        },
    ];
    cases
        .into_iter()
        .map(|c| (c.name, c.frame, c.framed))
        .collect()
}

#[test]
fn every_encapsulation_gives_the_same_inner_packet() {
    for (name, frame, framed) in cases() {
        let seen = is_inner(&frame, &[name]);
        let macs = framed.then_some((MAC_A, MAC_B));
        assert_eq!(seen.only().0.macs, macs, "{name}");
    }
}

#[test]
fn vlan_is_that_of_the_mirrored_frame_not_of_the_mirror() {
    let inner = eth(0x8100, &tag(30, 0x0800, &tcp4(TEXT)));
    let mirror = udp_tunnel(4789, &[&[8, 0, 0, 0, 0, 0, 9, 0], &inner]);
    let carried = eth(0x8100, &tag(999, 0x0800, &mirror[14..]));
    assert_eq!(
        is_inner(&carried, &["802.1Q or 802.1ad", "VXLAN"])
            .only()
            .0
            .vlan,
        30
    );
    let inner = eth(0x0800, &tcp4(TEXT));
    let mirror = udp_tunnel(4789, &[&[8, 0, 0, 0, 0, 0, 9, 0], &inner]);
    let carried = eth(0x8100, &tag(999, 0x0800, &mirror[14..]));
    assert_eq!(
        is_inner(&carried, &["802.1Q or 802.1ad", "VXLAN"])
            .only()
            .0
            .vlan,
        0
    );
}

#[test]
fn ipv6_inside_ipv4_is_found() {
    let seen = ethernet(&ip_tunnel(41, &[&tcp6(TEXT)]));
    assert_eq!((seen.only().1, seen.only().0.src), (TEXT, A6));
    assert_eq!(seen.tunnels(), ["IP in IP"]);
}

#[test]
fn mpls_over_gre_over_a_tagged_link_is_found() {
    let gre = [&[0, 0, 0x88, 0x47, 0, 1, 0x11, 64][..], &tcp4(TEXT)].concat();
    let outer = ipv4([192, 0, 2, 1], [192, 0, 2, 2], 47, &gre);
    is_inner(
        &eth(0x8100, &tag(4, 0x0800, &outer)),
        &["802.1Q or 802.1ad", "GRE", "MPLS"],
    );
}

#[test]
fn arp_in_a_mirror_is_handed_on_as_arp() {
    for (port, head) in [
        (4789, vec![8, 0, 0, 0, 0, 0, 9, 0]),
        (7932, vec![9; 12]),
        (4444, vec![8, 0, 0, 0, 0, 0, 9, 0]),
    ] {
        let seen = ethernet(&udp_tunnel(port, &[&head, &eth(0x0806, &arp())]));
        assert!(
            matches!(
                seen.only().0.head,
                TransportHead::Link { ethertype: 0x0806 }
            ),
            "{port}"
        );
        assert_eq!(seen.only().0.src, [0; 16]);
    }
}

#[test]
fn tunnel_ports_with_other_content_stay_udp() {
    let frame = eth(0x0800, &tcp4(TEXT));
    let mut broken = frame.clone();
    broken[14 + 10] ^= 0x55;
    for (port, head, inner) in [
        (4789, vec![8, 0, 0, 0, 0, 0, 9, 0], &broken),
        (4789, vec![0, 0, 0, 0, 0, 0, 9, 0], &frame),
        (6081, vec![0x40, 0, 0x65, 0x58, 0, 0, 9, 0], &frame),
        (37008, vec![1, 4, 0, 1, 1], &frame),
        (37008, vec![1, 0, 0, 1, 10, 255], &frame),
        (7932, vec![0; 12], &broken),
    ] {
        let outer = udp_tunnel(port, &[&head, inner]);
        let seen = ethernet(&outer);
        assert_eq!(udp_ports(seen.only().0).1, port);
        assert!(seen.tunnels().is_empty(), "{port}");
    }
    let text = udp_tunnel(4789, &[TEXT, TEXT]);
    assert_eq!(udp_ports(ethernet(&text).only().0).1, 4789);
}

#[test]
fn gre_with_nothing_plausible_inside_is_another_ip_protocol() {
    let frame = ip_tunnel(47, &[&[0, 0, 0x88, 0xBE], &[0xAA; 60]]);
    assert_eq!(ethernet(&frame).reasons(), [("other IP protocol", 1)]);
    let keepalive = ip_tunnel(47, &[&[0, 0, 0, 0]]);
    assert_eq!(ethernet(&keepalive).reasons(), [("other IP protocol", 1)]);
}

#[test]
fn mirror_that_cut_its_frames_leaves_a_payload_with_a_gap() {
    let frame = eth(0x0800, &tcp4(TEXT));
    let erspan = [0x10, 5, 4, 1, 0, 0, 0, 0];
    let cut = &frame[..frame.len() - 20];
    let mirrored = ip_tunnel(47, &[&[0x10, 0, 0x88, 0xBE, 0, 0, 0, 7], &erspan, cut]);
    let seen = ethernet(&mirrored);
    assert_eq!(
        (seen.only().1, seen.only().0.cut),
        (&TEXT[..TEXT.len() - 20], 20)
    );
}

#[test]
fn tunnel_cut_by_the_snap_length_still_gives_its_inner_packet() {
    let frame = udp_tunnel(
        4789,
        &[&[8, 0, 0, 0, 0, 0, 9, 0], &eth(0x0800, &tcp4(TEXT))],
    );
    let mut seen = Seen::new();
    seen.sent(LinkType::ETHERNET, &[Sent::cut(&frame, frame.len() - 5)]);
    assert_eq!(
        (seen.only().1, seen.only().0.cut),
        (&TEXT[..TEXT.len() - 5], 5)
    );
}

#[test]
fn tunnels_in_tunnels_hit_the_depth_limit() {
    let mut packet = tcp4(TEXT);
    for _ in 0..17 {
        packet = ipv4(A, B, 4, &packet);
    }
    assert_eq!(ethernet(&eth(0x0800, &packet)).reasons(), [("limit", 1)]);
}
