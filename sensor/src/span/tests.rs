//! Situations of a mirror, packet by packet.

use super::*;
use crate::capture::Losses;
use crate::decode::packet::{Packet, Payload, TcpFlags, TcpHead, TransportHead};
use crate::flow::FlowCounts;

const MILLISECOND: i64 = 1_000_000;

fn packet(from: u8, to: u8, seq: u32) -> Packet {
    Packet {
        frame: 0,
        macs: Some(([2, 0, 0, 0, 0, from], [2, 0, 0, 0, 0, to])),
        vlan: 0,
        src: [from; 16],
        dst: [to; 16],
        ttl: 64,
        ip_id: 7,
        head: TransportHead::Tcp(TcpHead {
            src_port: u16::from(from),
            dst_port: u16::from(to),
            seq,
            ack: 1,
            flags: TcpFlags(TcpFlags::ACK),
            window: 100,
            urgent: 0,
            checksum: 0,
        }),
        payload: Payload::default(),
        cut: 0,
    }
}

/// Frames with their packets, one a millisecond.
fn block(packets: &[Packet]) -> Block {
    let mut block = Block::default();
    for (at, packet) in packets.iter().enumerate() {
        block.frames.push(Frame {
            offset: 0,
            captured: 0,
            wire: 60,
            link: LinkType::ETHERNET,
            file: 0,
            number: at as u64 + 1,
            seq: at as u64,
            time: at as i64 * MILLISECOND,
        });
        block.packets.push(Packet {
            frame: at as u32,
            ..*packet
        });
    }
    block
}

fn seen(packets: &[Packet]) -> MirrorCounts {
    let mut mirror = Mirror::default();
    mirror.block(&block(packets));
    mirror.counts().clone()
}

#[test]
fn repeat_by_the_sender_is_no_copy_by_the_mirror() {
    let first = packet(1, 2, 100);
    let again = Packet { ip_id: 8, ..first };
    let counts = seen(&[first, again]);
    assert_eq!((counts.doubled, counts.routed, counts.retagged), (0, 0, 0));
}

#[test]
fn copies_are_told_apart_by_what_the_way_changed() {
    let first = packet(1, 2, 100);
    let routed = Packet {
        ttl: 63,
        macs: None,
        ..first
    };
    let retagged = Packet { vlan: 20, ..first };
    let counts = seen(&[first, first, routed, retagged]);
    assert_eq!((counts.doubled, counts.routed, counts.retagged), (1, 1, 1));
}

#[test]
fn scan_that_nobody_answers_is_no_missing_direction() {
    let syns: Vec<Packet> = (0..40)
        .map(|n| {
            let mut syn = packet(1, 2 + n / 4, 5);
            if let TransportHead::Tcp(head) = &mut syn.head {
                head.flags = TcpFlags(TcpFlags::SYN);
            }
            syn
        })
        .collect();
    assert_eq!(seen(&syns).one_way, 0);
}

#[test]
fn direction_that_comes_late_makes_the_conversation_whole() {
    let mut packets: Vec<Packet> = (0..5).map(|n| packet(1, 2, n)).collect();
    assert_eq!((seen(&packets).both_ways, seen(&packets).one_way), (0, 1));
    packets.push(packet(2, 1, 9));
    assert_eq!((seen(&packets).both_ways, seen(&packets).one_way), (1, 0));
}

#[test]
fn sensor_s_own_traffic_proves_no_mirror() {
    let mut packets: Vec<Packet> = (0..100).map(|n| packet(1, 2, n)).collect();
    for n in 0..30 {
        let mut call = packet(3, 0, n);
        call.macs = Some(([2, 0, 0, 0, 0, 3], [0xff; 6]));
        packets.push(call);
    }
    let mut mirror = Mirror::new(vec![[2, 0, 0, 0, 0, 1]]);
    mirror.block(&block(&packets));
    let verdict = judge(Evidence {
        mirror: mirror.counts(),
        flows: &FlowCounts::default(),
        losses: &Losses::default(),
        by_protocol: &[],
        tcp_bytes: 0,
        short: 0,
    });
    assert_eq!(verdict.grade, Grade::Useless);
    assert_eq!(verdict.points[0].name, "broadcast-only");
}

#[test]
fn mirror_that_was_repaired_is_judged_from_then_on() {
    let mut mirror = Mirror::default();
    let first = packet(1, 2, 100);
    mirror.block(&block(&[first, first]));
    mirror.switch().again();
    mirror.block(&block(&[packet(1, 2, 300)]));
    assert_eq!((mirror.counts().frames, mirror.counts().doubled), (1, 0));
    mirror.switch().off();
    mirror.block(&block(&[packet(1, 2, 400)]));
    assert_eq!(mirror.counts().frames, 1);
}
