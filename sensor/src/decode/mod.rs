//! From frames to packets: link layer, tunnels, IP, fragments, transport headers.

mod counts;
pub mod packet;

use crate::capture::block::{Block, LinkType};
use crate::limits::{Hits, Limits};

pub use counts::{DecodeCounts, DecodeNotes, TunnelCounts};

/// Turns the frames of blocks into packets. It keeps the fragments of datagrams that are not
/// whole yet, so all frames of a datagram must come to the same decoder, in order.
pub struct Decoder {
    counts: DecodeCounts,
    notes: DecodeNotes,
    tunnels: TunnelCounts,
    hits: Hits,
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
        let _ = options;
        Decoder {
            counts: DecodeCounts::default(),
            notes: DecodeNotes::default(),
            tunnels: TunnelCounts::default(),
            hits: Hits::default(),
        }
    }

    /// Fills `packets` and `spill` of the block from its `frames`.
    pub fn block(&mut self, block: &mut Block) {
        let _ = block;
        todo!()
    }

    /// The capture is over: fragments still held are counted as expired.
    pub fn finish(&mut self) {}

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
        0
    }

    /// Events since the last call, moved to the end of `into`.
    pub fn take_events(&mut self, into: &mut Vec<DecodeEvent>) {
        let _ = into;
    }

    /// Senders of frames kept out for a bad checksum, and how many; unordered. Hosts above the
    /// limit `checksum-hosts` are counted under the zero address.
    pub fn bad_checksum_hosts(&self) -> impl Iterator<Item = ([u8; 16], u64)> + '_ {
        std::iter::empty()
    }

    /// Link types that are not read, with the frames of each.
    pub fn unsupported_links(&self) -> impl Iterator<Item = (LinkType, u64)> + '_ {
        std::iter::empty()
    }
}
