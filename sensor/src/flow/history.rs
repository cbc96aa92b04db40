//! Bytes of one direction that were delivered lately, to compare repeats with.

use std::ops::Range;

/// The last bytes delivered, in a ring that grows to its limit only if there is that much.
#[derive(Debug, Default)]
pub struct History {
    ring: Vec<u8>,
    /// Stream offset after the last byte kept.
    end: u64,
}

impl History {
    /// Keeps `bytes`, which begin at stream offset `at`. If they do not follow on what is kept
    /// (a gap, a body passed over), what was kept is forgotten.
    pub fn keep(&mut self, at: u64, bytes: &[u8], limit: usize) {
        if at != self.end {
            self.ring.clear();
        }
        self.end = at + bytes.len() as u64;
        if limit == 0 {
            return;
        }
        let tail = &bytes[bytes.len().saturating_sub(limit)..];
        if tail.len() < bytes.len() {
            self.ring.clear();
        }
        // While it is not full, the ring is a plain list whose first byte is its oldest; turned so
        // that a byte's place is its offset modulo the limit once it is full.
        let room = limit.saturating_sub(self.ring.len()).min(tail.len());
        let (list, over) = tail.split_at(room);
        if !list.is_empty() {
            self.ring.extend_from_slice(list);
            if self.ring.len() == limit {
                let first = self.end - over.len() as u64 - limit as u64;
                self.ring.rotate_right((first % limit as u64) as usize);
            }
        }
        let mut offset = self.end - over.len() as u64;
        let mut rest = over;
        while !rest.is_empty() {
            let place = (offset % limit as u64) as usize;
            let n = rest.len().min(limit - place);
            self.ring[place..place + n].copy_from_slice(&rest[..n]);
            offset += n as u64;
            rest = &rest[n..];
        }
    }

    /// Stream offsets of the bytes kept.
    pub fn range(&self) -> Range<u64> {
        self.end - self.ring.len() as u64..self.end
    }

    /// Offset of the first byte that differs from what was delivered at the same offset. Bytes that
    /// are no longer kept are taken to be equal.
    pub fn differs(&self, at: u64, bytes: &[u8], limit: usize) -> Option<u64> {
        let range = self.range();
        let from = at.max(range.start);
        let to = (at + bytes.len() as u64).min(range.end);
        let full = self.ring.len() == limit;
        (from..to).find(|offset| {
            let place = if full {
                offset % limit as u64
            } else {
                offset - range.start
            };
            self.ring[place as usize] != bytes[(offset - at) as usize]
        })
    }

    pub fn held(&self) -> usize {
        self.ring.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forged_answer_differs_from_the_true_one_where_they_part() {
        let mut history = History::default();
        history.keep(100, b"MSA|AA|1\r", 64);
        assert_eq!(history.differs(100, b"MSA|AA|1\r", 64), None);
        assert_eq!(history.differs(100, b"MSA|AE|1\rERR", 64), Some(105));
        assert_eq!(history.differs(98, b"xxMSA|AA", 64), None);
    }

    #[test]
    fn ring_agrees_with_the_whole_stream_whatever_the_cuts() {
        let stream: Vec<u8> = (0..4_000u32).map(|n| (n * 7 % 251) as u8).collect();
        for limit in [1, 7, 64, 100] {
            let mut history = History::default();
            let (mut at, mut step) = (0, 1);
            while at < stream.len() {
                let n = step.min(stream.len() - at);
                history.keep(5 + at as u64, &stream[at..at + n], limit);
                at += n;
                step = step * 5 % 131 + 1;
                let range = history.range();
                assert_eq!(range.end, 5 + at as u64);
                assert_eq!(range.end - range.start, at.min(limit) as u64);
                assert_eq!(history.differs(5, &stream[..at], limit), None);
                let mut other = stream[..at].to_vec();
                other[at - 1] ^= 1;
                assert_eq!(history.differs(5, &other, limit), Some(4 + at as u64));
            }
        }
    }

    #[test]
    fn hole_forgets_what_came_before_it() {
        let mut history = History::default();
        history.keep(0, b"abc", 8);
        history.keep(10, b"def", 8);
        assert_eq!(history.range(), 10..13);
    }
}
