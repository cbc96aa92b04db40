//! Frames in, packets and reasons out.

mod captures;
mod checksums;
mod craft;
mod fragments;
mod frames;
mod properties;
mod tunnels;

use craft::Sent;

use super::packet::{Packet, TransportHead};
use super::{DecodeEvent, DecodeOptions, Decoder};
use crate::capture::block::{Block, Frame, LinkType};

/// A decoder with the block that it filled last.
struct Seen {
    decoder: Decoder,
    block: Block,
    events: Vec<DecodeEvent>,
    given: u64,
}

impl Seen {
    fn new() -> Seen {
        Seen::with(&DecodeOptions::default())
    }

    fn with(options: &DecodeOptions) -> Seen {
        Seen {
            decoder: Decoder::new(options),
            block: Block::default(),
            events: Vec::new(),
            given: 0,
        }
    }

    /// One block of frames; each is a millisecond after the one before.
    fn block(&mut self, link: LinkType, frames: &[Vec<u8>]) -> &mut Seen {
        let frames: Vec<Sent> = frames.iter().map(|bytes| Sent::whole(bytes)).collect();
        self.sent(link, &frames)
    }

    fn sent(&mut self, link: LinkType, frames: &[Sent]) -> &mut Seen {
        self.block.clear();
        self.block.data.clear();
        for sent in frames {
            let offset = self.block.data.len() as u32;
            self.block.data.extend_from_slice(&sent.bytes);
            self.given += 1;
            self.block.frames.push(Frame {
                offset,
                captured: sent.bytes.len() as u32,
                wire: sent.wire,
                link,
                file: 0,
                number: self.given,
                seq: self.given - 1,
                time: sent.time.unwrap_or(self.given as i64 * 1_000_000),
            });
        }
        self.decoder.block(&mut self.block);
        self.decoder.take_events(&mut self.events);
        assert_eq!(
            self.decoder.counts().total() + self.decoder.held(),
            self.given,
            "the sum closes"
        );
        self
    }

    fn finish(&mut self) -> &mut Seen {
        self.decoder.finish();
        assert_eq!(
            self.decoder.counts().total(),
            self.given,
            "the sum closes at the end"
        );
        self
    }

    /// Reasons that are not zero.
    fn reasons(&self) -> Vec<(&'static str, u64)> {
        self.decoder
            .counts()
            .each()
            .filter(|(_, n)| *n > 0)
            .collect()
    }

    fn tunnels(&self) -> Vec<&'static str> {
        self.decoder
            .tunnels()
            .each()
            .filter(|(_, n)| *n > 0)
            .map(|(name, _)| name)
            .collect()
    }

    fn only(&self) -> (&Packet, &[u8]) {
        assert_eq!(self.block.packets.len(), 1, "{:?}", self.reasons());
        let packet = &self.block.packets[0];
        (packet, self.block.payload(packet))
    }

    fn payloads(&self) -> Vec<&[u8]> {
        self.block
            .packets
            .iter()
            .map(|p| self.block.payload(p))
            .collect()
    }
}

/// One Ethernet frame through a fresh decoder.
fn ethernet(frame: &[u8]) -> Seen {
    let mut seen = Seen::new();
    seen.block(LinkType::ETHERNET, &[frame.to_vec()]);
    seen
}

fn udp_ports(packet: &Packet) -> (u16, u16) {
    match packet.head {
        TransportHead::Udp(head) => (head.src_port, head.dst_port),
        other => panic!("not UDP: {other:?}"),
    }
}

fn tcp_ports(packet: &Packet) -> (u16, u16) {
    match packet.head {
        TransportHead::Tcp(head) => (head.src_port, head.dst_port),
        other => panic!("not TCP: {other:?}"),
    }
}

fn v4(a: [u8; 4]) -> [u8; 16] {
    std::net::Ipv4Addr::from(a).to_ipv6_mapped().octets()
}
