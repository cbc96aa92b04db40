//! One step through a capture file: what lies at the front of its unread bytes.
//!
//! Both formats are read in place by looking at record headers; the frames stay where the read
//! call put them.

use super::block::LinkType;
use super::error::Fault;
use super::pcap::Pcap;
use super::pcapng::Pcapng;

/// The format of one file, with what its headers said so far.
#[derive(Debug)]
pub(super) enum Format {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

/// What lies at the front.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    Frame(Record),
    /// Something else of this size, which may reach beyond the bytes at hand.
    Other(u64),
    /// At least this many bytes are needed in all.
    Need(usize),
    Bad(Fault),
}

/// One frame. Only the frame itself is known to be at hand: `size` may reach beyond.
#[derive(Debug, PartialEq)]
pub(super) struct Record {
    /// Where the frame begins.
    pub head: usize,
    pub captured: u32,
    pub wire: u32,
    pub link: LinkType,
    /// Nanoseconds since 1970-01-01 UTC.
    pub time: i64,
    /// Bytes of the whole record.
    pub size: u64,
}

impl Format {
    /// The format that a file's first bytes announce.
    pub(super) fn of(magic: [u8; 4]) -> Option<Format> {
        Pcap::of(magic)
            .map(Format::Pcap)
            .or_else(|| Pcapng::of(magic).map(Format::Pcapng))
    }

    /// Looks at the front of `bytes`. `longest` bounds the captured bytes of a frame.
    #[inline]
    pub(super) fn step(&mut self, bytes: &[u8], longest: usize) -> Step {
        match self {
            Format::Pcap(f) => f.step(bytes, longest),
            Format::Pcapng(f) => f.step(bytes, longest),
        }
    }

    /// Frames that the capturing program says it lost.
    pub(super) fn dropped(&self) -> u64 {
        match self {
            Format::Pcap(_) => 0,
            Format::Pcapng(f) => f.dropped(),
        }
    }
}

/// Integers of a file in its byte order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub big: bool,
}

impl Order {
    /// Both give 0 where the bytes end before it; callers have asked for them.
    #[inline]
    pub(super) fn u16(self, bytes: &[u8], at: usize) -> u16 {
        match bytes.get(at..).and_then(|b| b.first_chunk()) {
            Some(b) if self.big => u16::from_be_bytes(*b),
            Some(b) => u16::from_le_bytes(*b),
            None => 0,
        }
    }

    #[inline]
    pub(super) fn u32(self, bytes: &[u8], at: usize) -> u32 {
        match bytes.get(at..).and_then(|b| b.first_chunk()) {
            Some(b) if self.big => u32::from_be_bytes(*b),
            Some(b) => u32::from_le_bytes(*b),
            None => 0,
        }
    }

    /// A 64-bit value in the file's order (pcapng options; timestamps are two 32-bit halves).
    pub(super) fn u64(self, bytes: &[u8]) -> Option<u64> {
        let b = bytes.first_chunk()?;
        Some(if self.big {
            u64::from_be_bytes(*b)
        } else {
            u64::from_le_bytes(*b)
        })
    }
}
