//! One direction of a conversation that somebody listens to: what is unread, passed over, waiting
//! behind a hole, and which frames brought it.

use dissectors::contract::End;

use super::history::History;
use super::marks::Marks;
use super::pending::Pending;

#[derive(Debug, Default)]
pub struct Stream {
    /// Stream offset of the first unread byte.
    pub read: u64,
    /// Unread bytes that wait for more, after `start` that are done with.
    unread: Vec<u8>,
    start: usize,
    /// Unread bytes needed before it is worth asking again.
    pub need: usize,
    /// Bytes still to be passed over.
    pub pass: u64,
    /// Messages so far cover the bytes up to here.
    pub told: u64,
    pub marks: Marks,
    pub pending: Option<Box<Pending>>,
    pub history: Option<Box<History>>,
    /// No more bytes will come, for this reason.
    pub ended: Option<End>,
    /// The dissector knows that.
    pub end_told: bool,
}

/// An empty buffer larger than this is given back. A DICOM PDU of the usual 16 KiB (PS3.8 D.1), with
/// its head, grows it to twice that: it would be made anew for each.
const SPARE: usize = 32 * 1024;

/// Room that is made at once for bytes that a dissector waits for.
const AWAITED: usize = 4 * 1024;

impl Stream {
    pub fn at(offset: u64) -> Self {
        Stream {
            read: offset,
            ..Stream::default()
        }
    }

    /// Unread bytes that wait.
    pub fn unread(&self) -> &[u8] {
        &self.unread[self.start..]
    }

    /// Stream offset after the last byte that came in order.
    pub fn end(&self) -> u64 {
        self.read + (self.unread.len() - self.start) as u64
    }

    /// Offset up to which bytes need not be kept, 0 if they must.
    pub fn passed_to(&self) -> u64 {
        if self.pass > 0 {
            self.read.saturating_add(self.pass)
        } else {
            0
        }
    }

    /// Adds unread bytes.
    pub fn wait(&mut self, bytes: &[u8]) {
        if self.start > 0 && self.start >= self.unread.len() / 2 {
            self.unread.drain(..self.start);
            self.start = 0;
        }
        // Room for all that is known to come, up to a few frames: then it grows once.
        let awaited = self.need.min(AWAITED).saturating_sub(self.unread.len());
        self.unread.reserve(awaited.max(bytes.len()));
        self.unread.extend_from_slice(bytes);
    }

    /// Lends the buffer out; [`Self::give_back`] returns it.
    pub fn lend(&mut self) -> (Vec<u8>, usize) {
        (
            std::mem::take(&mut self.unread),
            std::mem::take(&mut self.start),
        )
    }

    /// The buffer, with the first `start` bytes done with.
    pub fn give_back(&mut self, mut buffer: Vec<u8>, start: usize) {
        self.start = start;
        if start >= buffer.len() {
            self.start = 0;
            if buffer.capacity() > SPARE {
                buffer = Vec::new();
            } else {
                buffer.clear();
            }
        }
        self.unread = buffer;
    }

    /// Forgets the unread bytes and says how many they were. They stay counted as unread in `read`.
    pub fn drop_unread(&mut self) -> u64 {
        let len = self.unread().len();
        let (buffer, _) = self.lend();
        let all = buffer.len();
        self.give_back(buffer, all);
        len as u64
    }

    pub fn held(&self) -> usize {
        self.unread.capacity()
            + self.marks.held()
            + self.pending.as_ref().map_or(0, |p| p.held())
            + self.history.as_ref().map_or(0, |h| h.held())
    }
}
