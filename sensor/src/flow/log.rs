//! What both sides of a conversation said so far, in order of arrival, as long as it may have to be
//! read once more: until its protocol is known and has given its first message.

use dissectors::contract::Side;

use super::marks::Carrier;

/// The first bytes of both sides, cut as they came.
#[derive(Debug, Default)]
pub struct Log {
    /// Stream offsets at which the bytes of each side begin.
    pub base: [u64; 2],
    bytes: [Vec<u8>; 2],
    chunks: Vec<Chunk>,
}

/// A run of bytes of one side.
#[derive(Clone, Copy, Debug)]
pub struct Chunk {
    pub side: Side,
    /// Bytes.
    pub len: usize,
    pub carrier: Carrier,
}

impl Log {
    pub fn new(base: [u64; 2]) -> Self {
        Log {
            base,
            ..Log::default()
        }
    }

    /// Adds the next bytes of a side. Beyond `limit` chunks, one that follows on another of its side
    /// is joined to it and takes its place in the order.
    pub fn push(&mut self, side: Side, bytes: &[u8], carrier: Carrier, limit: usize) {
        self.bytes[side.index()].extend_from_slice(bytes);
        if self.chunks.len() >= limit
            && let Some(last) = self.chunks.last_mut()
            && last.side == side
        {
            last.len += bytes.len();
            last.carrier = carrier;
        } else {
            self.chunks.push(Chunk {
                side,
                len: bytes.len(),
                carrier,
            });
        }
    }

    /// What a side said.
    pub fn bytes(&self, side: Side) -> &[u8] {
        &self.bytes[side.index()]
    }

    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Bytes of both sides.
    pub fn len(&self) -> usize {
        self.bytes[0].len() + self.bytes[1].len()
    }

    /// Forgets what one side said. What it says next begins at stream offset `base`.
    pub fn forget(&mut self, side: Side, base: u64) {
        self.chunks.retain(|c| c.side != side);
        self.bytes[side.index()].clear();
        self.base[side.index()] = base;
    }

    pub fn held(&self) -> usize {
        self.bytes[0].capacity()
            + self.bytes[1].capacity()
            + self.chunks.capacity() * size_of::<Chunk>()
    }
}
