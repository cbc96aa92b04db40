//! From frames to packets: link layer, tunnels, IP, fragments, transport headers.

mod checksum;
mod counts;
mod fragments;
mod ip;
mod link;
pub mod packet;
mod plausible;
#[cfg(test)]
mod tests;
mod transport;
mod tunnel;
mod walk;

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::capture::block::{Block, LinkType};
use crate::limits::{self, Hits, Limits};

pub use counts::{DecodeCounts, DecodeNotes, TunnelCounts};
use counts::{Reason, Tunnel};
use fragments::Fragments;
use packet::TransportHead;
use walk::{Ending, Walk};

/// Turns the frames of blocks into packets. It keeps the fragments of datagrams that are not
/// whole yet, so all frames of a datagram must come to the same decoder, in order.
pub struct Decoder {
    /// Checksums are looked at.
    judge: bool,
    depth_max: usize,
    extensions_max: usize,
    hosts_max: usize,
    events_max: usize,
    fragments: Fragments,
    counts: DecodeCounts,
    notes: DecodeNotes,
    tunnels: TunnelCounts,
    hits: Hits,
    events: Vec<DecodeEvent>,
    bad_checksums: HashMap<[u8; 16], u64, RandomState>,
    /// Link types that are not read; there are at most 65,536.
    unsupported: Vec<(LinkType, u64)>,
}

#[derive(Clone, Debug, Default)]
pub struct DecodeOptions {
    /// `-k none`: checksums are not looked at.
    pub ignore_checksums: bool,
    pub limits: Limits,
}

/// Something in the headers that is worth a line of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeEvent {
    pub what: DecodeFault,
    /// Innermost addresses known when it was seen; IPv4 as IPv4-mapped IPv6.
    pub src: [u8; 16],
    pub dst: [u8; 16],
    /// The frame: file, number in it, place in the one sequence, time.
    pub file: u32,
    pub number: u64,
    pub seq: u64,
    pub time: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeFault {
    /// IPv4 header, TCP or UDP checksum (`protocol` 0, 6, 17): the frame was kept out.
    BadChecksum { protocol: u8 },
    /// A fragment overlaps an earlier one with different bytes, `at` bytes into the datagram;
    /// the first copy is used. `first` and `second`: the byte there in either.
    FragmentDiffers { at: u16, first: u8, second: u8 },
    /// Fragments disagree about the datagram's length, or reach beyond 65,535 bytes.
    FragmentLength { at: u32 },
}

impl Decoder {
    pub fn new(options: &DecodeOptions) -> Decoder {
        let limits = &options.limits;
        Decoder {
            judge: !options.ignore_checksums,
            depth_max: limits.get(limits::TUNNEL_DEPTH),
            extensions_max: limits.get(limits::EXTENSION_HEADERS),
            hosts_max: limits.get(limits::CHECKSUM_HOSTS),
            events_max: limits.get(limits::DECODE_EVENTS),
            fragments: Fragments::new(limits),
            counts: DecodeCounts::default(),
            notes: DecodeNotes::default(),
            tunnels: TunnelCounts::default(),
            hits: Hits::default(),
            events: Vec::new(),
            bad_checksums: HashMap::default(),
            unsupported: Vec::new(),
        }
    }

    /// Fills `packets` and `spill` of the block from its `frames`.
    pub fn block(&mut self, block: &mut Block) {
        let Block {
            data,
            frames,
            packets,
            spill,
        } = block;
        packets.clear();
        spill.clear();
        for (index, frame) in frames.iter().enumerate() {
            self.fragments.tick(frame.time, &mut self.counts);
            match self.walk(data, spill, frame, index as u32) {
                Ending::Packet(packet, ended) => {
                    match packet.head {
                        TransportHead::Tcp(_) | TransportHead::Udp(_) => {
                            self.counts.decoded += ended
                        }
                        TransportHead::Link { .. } => self.counts.link += ended,
                        TransportHead::Icmp { .. } => self.counts.icmp += ended,
                    }
                    packets.push(packet);
                }
                Ending::Refused(reason, ended) => {
                    *self.counts.of(reason) += ended;
                    if reason == Reason::UnsupportedLink {
                        self.tally_unsupported(frame.link);
                    }
                }
                Ending::Held => {}
            }
        }
    }

    /// The capture is over: fragments still held are counted as expired.
    pub fn finish(&mut self) {
        self.fragments.finish(&mut self.counts);
    }

    pub fn counts(&self) -> &DecodeCounts {
        &self.counts
    }

    pub fn notes(&self) -> &DecodeNotes {
        &self.notes
    }

    pub fn tunnels(&self) -> &TunnelCounts {
        &self.tunnels
    }

    pub fn hits(&self) -> &Hits {
        &self.hits
    }

    /// Frames held as fragments of datagrams that are not whole yet.
    pub fn held(&self) -> u64 {
        self.fragments.held()
    }

    /// Events since the last call, moved to the end of `into`. Called after each block, none is
    /// lost below the limit `decode-events`.
    pub fn take_events(&mut self, into: &mut Vec<DecodeEvent>) {
        into.append(&mut self.events);
    }

    /// Senders of frames kept out for a bad checksum, and how many; unordered. Hosts above the
    /// limit `checksum-hosts` are counted under the zero address.
    pub fn bad_checksum_hosts(&self) -> impl Iterator<Item = ([u8; 16], u64)> + '_ {
        self.bad_checksums
            .iter()
            .map(|(host, count)| (*host, *count))
    }

    /// Link types that are not read, with the frames of each.
    pub fn unsupported_links(&self) -> impl Iterator<Item = (LinkType, u64)> + '_ {
        self.unsupported.iter().copied()
    }

    #[cold]
    fn event(&mut self, walk: &Walk<'_>, what: DecodeFault) {
        if self.events.len() >= self.events_max {
            self.notes.events_lost += 1;
            self.hits.count(limits::DECODE_EVENTS);
            return;
        }
        let frame = walk.frame;
        self.events.push(DecodeEvent {
            what,
            src: walk.ip.src,
            dst: walk.ip.dst,
            file: frame.file,
            number: frame.number,
            seq: frame.seq,
            time: frame.time,
        });
    }

    #[cold]
    fn tally_bad_checksum(&mut self, host: [u8; 16]) {
        let full =
            self.bad_checksums.len() >= self.hosts_max && !self.bad_checksums.contains_key(&host);
        if full {
            self.hits.count(limits::CHECKSUM_HOSTS);
        }
        *self
            .bad_checksums
            .entry(if full { [0; 16] } else { host })
            .or_default() += 1;
    }

    #[cold]
    fn tally_unsupported(&mut self, link: LinkType) {
        match self
            .unsupported
            .iter_mut()
            .find(|(known, _)| *known == link)
        {
            Some((_, count)) => *count += 1,
            None => self.unsupported.push((link, 1)),
        }
    }
}
