//! A wire to put packets on, and a sensor at its end.

use std::sync::Arc;

use dissectors::contract::Side;
use dissectors::identify::Signatures;
use dissectors::message::{Interest, Message, Value};
use dissectors::tcp;

use super::lines;
use crate::capture::block::{Block, Frame, LinkType};
use crate::decode::packet::{Packet, Payload, TcpFlags, TcpHead, TransportHead, UdpHead};
use crate::flow::{FlowCounts, OrderKey, Rest, Settings, ShardSet, Shards, WorkBatch, limits};

pub const MILLISECOND: i64 = 1_000_000;
pub const SECOND: i64 = 1_000_000_000;

/// One end of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    pub host: u8,
    pub port: u16,
    pub isn: u32,
    pub ttl: u8,
}

/// A packet still in the making.
#[derive(Clone, Debug)]
pub struct Shot {
    pub packet: Packet,
    pub bytes: Vec<u8>,
    pub time: i64,
}

impl Shot {
    pub fn tcp(src: End, dst: End, flags: u8, seq: u32, ack: u32, bytes: &[u8]) -> Self {
        let sum = bytes.iter().fold(seq ^ ack ^ u32::from(flags), |n, b| {
            n.rotate_left(5) ^ u32::from(*b)
        });
        Shot::new(
            src,
            dst,
            TransportHead::Tcp(TcpHead {
                src_port: src.port,
                dst_port: dst.port,
                seq,
                ack,
                flags: TcpFlags(flags),
                window: 64_000,
                urgent: 0,
                checksum: (sum ^ sum >> 16) as u16,
            }),
            bytes,
        )
    }

    /// True if this end sent it.
    pub fn is_from(&self, end: End) -> bool {
        matches!(&self.packet.head, TransportHead::Tcp(head) if head.src_port == end.port)
    }

    pub fn udp(src: End, dst: End, bytes: &[u8]) -> Self {
        Shot::new(
            src,
            dst,
            TransportHead::Udp(UdpHead {
                src_port: src.port,
                dst_port: dst.port,
                checksum: 0,
            }),
            bytes,
        )
    }

    fn new(src: End, dst: End, head: TransportHead, bytes: &[u8]) -> Self {
        Shot {
            packet: Packet {
                frame: 0,
                macs: Some((mac(src), mac(dst))),
                vlan: 0,
                src: address(src),
                dst: address(dst),
                ttl: src.ttl,
                ip_id: 0,
                head,
                payload: Payload::default(),
                cut: 0,
            },
            bytes: bytes.to_vec(),
            time: 0,
        }
    }

    pub fn head(&mut self) -> &mut TcpHead {
        match &mut self.packet.head {
            TransportHead::Tcp(head) => head,
            _ => panic!("not TCP"),
        }
    }

    /// As a SPAN behind a router shows it once more.
    pub fn routed(&self) -> Self {
        let mut copy = self.clone();
        copy.packet.ttl -= 1;
        copy.packet.vlan = 7;
        copy.packet.macs = Some(([2, 0, 0, 0, 0, 254], [2, 0, 0, 0, 0, 253]));
        copy
    }
}

pub fn mac(end: End) -> [u8; 6] {
    [2, 0, 0, 0, 0, end.host]
}

fn address(end: End) -> [u8; 16] {
    let mut a = [0; 16];
    a[10..].copy_from_slice(&[0xFF, 0xFF, 10, 0, 0, end.host]);
    a
}

pub const CLIENT: End = End {
    host: 1,
    port: 40_000,
    isn: 1_000,
    ttl: 64,
};
pub const SERVER: End = End {
    host: 2,
    port: 2575,
    isn: 5_000,
    ttl: 128,
};

/// A conversation that keeps its sequence numbers itself.
#[derive(Clone, Debug)]
pub struct Talk {
    pub ends: [End; 2],
    pub next: [u32; 2],
}

impl Talk {
    pub fn new(client: End, server: End) -> Self {
        Talk {
            ends: [client, server],
            next: [client.isn.wrapping_add(1), server.isn.wrapping_add(1)],
        }
    }

    pub fn open(&self) -> Vec<Shot> {
        let [c, s] = self.ends;
        vec![
            Shot::tcp(c, s, TcpFlags::SYN, c.isn, 0, b""),
            Shot::tcp(
                s,
                c,
                TcpFlags::SYN | TcpFlags::ACK,
                s.isn,
                c.isn.wrapping_add(1),
                b"",
            ),
            Shot::tcp(
                c,
                s,
                TcpFlags::ACK,
                c.isn.wrapping_add(1),
                s.isn.wrapping_add(1),
                b"",
            ),
        ]
    }

    /// Says something.
    pub fn say(&mut self, side: Side, bytes: &[u8]) -> Shot {
        let shot = self.flagged(side, TcpFlags::ACK | TcpFlags::PSH, bytes);
        self.skip(side, bytes.len());
        shot
    }

    /// Something is said that the wire does not show.
    pub fn skip(&mut self, side: Side, len: usize) {
        let next = &mut self.next[side.index()];
        *next = next.wrapping_add(len as u32);
    }

    pub fn ack(&self, side: Side) -> Shot {
        self.flagged(side, TcpFlags::ACK, b"")
    }

    pub fn fin(&mut self, side: Side) -> Shot {
        let shot = self.flagged(side, TcpFlags::ACK | TcpFlags::FIN, b"");
        self.skip(side, 1);
        shot
    }

    pub fn flagged(&self, side: Side, flags: u8, bytes: &[u8]) -> Shot {
        let (i, o) = (side.index(), side.other().index());
        Shot::tcp(
            self.ends[i],
            self.ends[o],
            flags,
            self.next[i],
            self.next[o],
            bytes,
        )
    }
}

/// What a sensor told, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub key: OrderKey,
    pub kind: String,
    /// A transport event rather than a dissector's message.
    pub event: bool,
    /// What limits the sensor's sight.
    pub health: bool,
    pub side: Side,
    /// Sequence numbers of its frames, from 0.
    pub frames: Vec<u64>,
    pub vlan: u16,
    pub flow_id: u64,
    pub mid_stream: bool,
    pub missing: [u64; 2],
    pub state: String,
    pub offset: i64,
    pub length: i64,
    pub source: u8,
}

impl Told {
    fn of(key: OrderKey, m: Message<'_>) -> Self {
        let text = |f| match m.field(f) {
            Some(Value::Text(t)) => String::from_utf8_lossy(t).into_owned(),
            _ => String::new(),
        };
        let number = |f| match m.field(f) {
            Some(Value::Integer(n)) => n,
            _ => -1,
        };
        let health = m.protocol().name() == "health";
        let event = m.kind_id().is_some() && !health;
        let c = m.conversation();
        Told {
            key,
            kind: String::from_utf8_lossy(m.kind()).into_owned(),
            event,
            health,
            side: m.side(),
            frames: m.frames().iter().map(|f| f.seq).collect(),
            vlan: m.vlan(),
            flow_id: c.flow_id,
            mid_stream: c.mid_stream,
            missing: c.missing,
            state: if event {
                text(tcp::STATE)
            } else {
                String::new()
            },
            offset: if event { number(tcp::OFFSET) } else { -1 },
            length: if event { number(tcp::LENGTH) } else { -1 },
            source: match m.source().ip {
                std::net::IpAddr::V4(ip) => ip.octets()[3],
                std::net::IpAddr::V6(_) => 0,
            },
        }
    }
}

/// All that a run gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub told: Vec<Told>,
    pub counts: FlowCounts,
}

impl Outcome {
    /// Kinds of the dissectors' messages, in order.
    pub fn kinds(&self) -> Vec<&str> {
        self.told
            .iter()
            .filter(|t| !t.event && !t.health)
            .map(|t| t.kind.as_str())
            .collect()
    }

    /// Kinds of the dissectors' messages but for how sides ended.
    pub fn lines(&self) -> Vec<&str> {
        self.kinds()
            .into_iter()
            .filter(|k| !k.starts_with("end "))
            .collect()
    }

    /// Kinds of the transport events, in order.
    pub fn events(&self) -> Vec<&str> {
        self.told
            .iter()
            .filter(|t| t.event)
            .map(|t| t.kind.as_str())
            .collect()
    }

    pub fn one(&self, kind: &str) -> &Told {
        let mut all = self.told.iter().filter(|t| t.kind == kind);
        let first = all
            .next()
            .unwrap_or_else(|| panic!("no {kind} in {:#?}", self.told));
        assert!(all.next().is_none(), "more than one {kind}");
        first
    }
}

/// How to run.
#[derive(Clone)]
pub struct Rig {
    pub settings: Settings,
    /// Frames in a block.
    pub block: usize,
    pub workers: usize,
}

impl Default for Rig {
    fn default() -> Self {
        Rig::with(lines::lines())
    }
}

impl Rig {
    pub fn with(signatures: Signatures) -> Self {
        Rig {
            settings: Settings {
                signatures: Arc::new(signatures),
                ..Settings::default()
            },
            block: 7,
            workers: 1,
        }
    }

    pub fn limit(mut self, id: limits::LimitId, value: u64) -> Self {
        let name = limits::ALL[usize::from(id.0)].name;
        assert!(self.settings.limits.set(name, value));
        self
    }

    /// Puts the packets on the wire a millisecond apart (after their own `time`), and listens.
    pub fn run(&self, shots: &[Shot]) -> Outcome {
        let blocks = blocks(shots, self.block);
        let mut told = Vec::new();
        let mut counts = FlowCounts::default();
        for worker in 0..self.workers {
            let mut shards = Shards::new(
                self.settings.clone(),
                Arc::new(Interest::everything()),
                ShardSet::of(worker, self.workers),
            );
            let mut batch = WorkBatch::default();
            let mut mine = Vec::new();
            let mut hand_on = |batch: &mut WorkBatch| {
                assert_eq!(batch.len(), batch.batch.len());
                for (key, message) in batch.order.iter().zip(batch.batch.messages()) {
                    mine.push(Told::of(*key, message));
                }
                batch.clear();
            };
            for block in &blocks {
                while shards.block(block, &mut batch) == Rest::More {
                    hand_on(&mut batch);
                }
                hand_on(&mut batch);
            }
            while shards.finish(&mut batch) == Rest::More {
                hand_on(&mut batch);
            }
            hand_on(&mut batch);
            assert_eq!(shards.counts().waiting(), 0, "{:#?}", shards.counts());
            assert_eq!((shards.conversations(), shards.held()), (0, 0));
            assert!(
                mine.windows(2).all(|w| w[0].key < w[1].key),
                "keys ascend: {mine:#?}"
            );
            counts.add(shards.counts());
            told.extend(mine);
        }
        told.sort_by_key(|t| t.key);
        Outcome { told, counts }
    }
}

fn blocks(shots: &[Shot], size: usize) -> Vec<Block> {
    let mut seq = 0;
    let mut clock = 0;
    let mut last = i64::MIN;
    shots
        .chunks(size)
        .map(|chunk| {
            let mut block = Block::default();
            for shot in chunk {
                // Packets without a time of their own come a millisecond apart.
                clock += MILLISECOND;
                if shot.time != last && shot.time != 0 {
                    clock = shot.time;
                    last = shot.time;
                }
                let offset = block.data.len() as u32;
                block.data.extend_from_slice(&shot.bytes);
                let mut packet = shot.packet;
                packet.frame = block.frames.len() as u32;
                packet.payload = Payload {
                    offset,
                    len: shot.bytes.len() as u32,
                    spilled: false,
                };
                block.frames.push(Frame {
                    offset,
                    captured: shot.bytes.len() as u32,
                    wire: shot.bytes.len() as u32,
                    link: LinkType(1),
                    file: 0,
                    number: seq + 1,
                    seq,
                    time: clock,
                });
                block.packets.push(packet);
                seq += 1;
            }
            block
        })
        .collect()
}

pub fn run(shots: &[Shot]) -> Outcome {
    Rig::default().run(shots)
}

/// A packet at a time of its own, in nanoseconds.
pub fn at(mut shot: Shot, time: i64) -> Shot {
    shot.time = time;
    shot
}

/// A conversation with its handshake on the wire.
pub fn opened() -> (Talk, Vec<Shot>) {
    let talk = Talk::new(CLIENT, SERVER);
    let shots = talk.open();
    (talk, shots)
}
