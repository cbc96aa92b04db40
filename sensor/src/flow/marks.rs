//! Which frame brought which bytes of a stream: from a message's range to its frames.

use std::collections::VecDeque;
use std::ops::Range;

use dissectors::message::FrameRef;

/// The frame that carried bytes, and the one whose arrival made them deliverable where that was
/// another (it filled the hole before them).
#[derive(Clone, Copy, Debug)]
pub struct Carrier {
    pub frame: FrameRef,
    pub vlan: u16,
    pub filler: Option<(FrameRef, u16)>,
}

impl Carrier {
    /// Sequence number of the frame that made the bytes deliverable.
    pub fn known(&self) -> u64 {
        self.filler.map_or(self.frame.seq, |f| f.0.seq)
    }
}

/// Frames by the stream offsets where their bytes end. Bounded: of many frames the first and the
/// last are kept.
#[derive(Debug, Default)]
pub struct Marks(VecDeque<Mark>);

#[derive(Clone, Copy, Debug)]
struct Mark {
    /// Offset after the last byte.
    end: u64,
    frame: FrameRef,
    vlan: u16,
    role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Carried,
    /// Carried nothing but what nobody reads.
    Passed,
    /// Made deliverable what the mark before it carried.
    Filled,
}

/// Marks of bytes already told of in messages that are kept all the same: a message may enclose
/// others (an HL7 batch).
const TOLD: usize = 4;

impl Marks {
    /// The bytes up to `end` came with `carrier`. Messages so far cover the bytes up to `told`.
    pub fn push(&mut self, end: u64, carrier: &Carrier, passed: bool, told: u64, limit: usize) {
        while self.0.len() > TOLD && self.0.front().is_some_and(|m| m.end <= told) {
            self.0.pop_front();
        }
        let role = if passed { Role::Passed } else { Role::Carried };
        let mark = Mark {
            end,
            frame: carrier.frame,
            vlan: carrier.vlan,
            role,
        };
        let last = self.0.len();
        let run = passed
            && last >= 2
            && self.0[last - 1].role == Role::Passed
            && self.0[last - 2].role == Role::Passed;
        if run {
            self.0[last - 1] = mark;
        } else {
            self.0.push_back(mark);
        }
        if let Some((frame, vlan)) = carrier.filler {
            self.0.push_back(Mark {
                end,
                frame,
                vlan,
                role: Role::Filled,
            });
        }
        while self.0.len() > 2 * limit.max(2) {
            self.0.remove(limit.max(2));
        }
    }

    /// Appends the frames of the bytes `range` to `out`: first the one that carried the first byte,
    /// last the one that completed them. Gives the VLAN of the last. Nothing without any mark.
    pub fn frames(&self, range: Range<u64>, limit: usize, out: &mut Vec<FrameRef>) -> Option<u16> {
        let last = self.0.len().checked_sub(1)?;
        // As nearly always: all of it came with the newest frame.
        let newest = self.0[last];
        let alone = last == 0 || self.0[last - 1].end <= range.start;
        if alone && range.end <= newest.end && newest.role != Role::Filled {
            out.push(newest.frame);
            return Some(newest.vlan);
        }
        let mut first = self.0.partition_point(|m| m.end <= range.start).min(last);
        while first > 0 && self.0[first].role == Role::Filled {
            first -= 1;
        }
        let mut end = self
            .0
            .partition_point(|m| m.end < range.end)
            .min(last)
            .max(first);
        while end < last && self.0[end + 1].role == Role::Filled {
            end += 1;
        }
        let done = self.0[end];
        let begin = out.len();
        let room = limit.max(2) - 1;
        for mark in self.0.range(first..end) {
            if out.len() - begin >= room {
                break;
            }
            // A frame may have filled holes before several runs.
            let new = out[begin..].last().is_none_or(|f| f.seq != mark.frame.seq);
            if new && (mark.frame.seq != done.frame.seq || out.len() == begin) {
                out.push(mark.frame);
            }
        }
        if out[begin..].iter().all(|f| f.seq != done.frame.seq) || out.len() - begin > 1 {
            out.push(done.frame);
        }
        Some(done.vlan)
    }

    /// The newest frame.
    pub fn newest(&self) -> Option<(FrameRef, u16)> {
        self.0.back().map(|m| (m.frame, m.vlan))
    }

    /// Calls `piece` with the range and carrier of each run of bytes from `read` on.
    pub fn runs(&self, read: u64, mut piece: impl FnMut(Range<u64>, Carrier)) {
        let mut from = read;
        let mut at = self.0.partition_point(|m| m.end <= read);
        while let Some(mark) = self.0.get(at) {
            let filler = self.0.get(at + 1).filter(|m| m.role == Role::Filled);
            let carrier = Carrier {
                frame: mark.frame,
                vlan: mark.vlan,
                filler: filler.map(|m| (m.frame, m.vlan)),
            };
            if mark.end > from {
                piece(from..mark.end, carrier);
                from = mark.end;
            }
            at += 1 + usize::from(filler.is_some());
        }
    }

    /// Forgets what ends after `offset`: it will be told again.
    pub fn rewind(&mut self, offset: u64) {
        while self.0.back().is_some_and(|m| m.end > offset) {
            self.0.pop_back();
        }
    }

    pub fn held(&self) -> usize {
        self.0.capacity() * size_of::<Mark>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(seq: u64) -> Carrier {
        Carrier {
            frame: FrameRef {
                seq,
                ..FrameRef::default()
            },
            vlan: seq as u16,
            filler: None,
        }
    }

    fn filled(seq: u64, filler: u64) -> Carrier {
        Carrier {
            filler: Some((by(filler).frame, filler as u16)),
            ..by(seq)
        }
    }

    fn frames(marks: &Marks, range: Range<u64>, limit: usize) -> (Vec<u64>, u16) {
        let mut out = Vec::new();
        let vlan = marks.frames(range, limit, &mut out).unwrap();
        (out.iter().map(|f| f.seq).collect(), vlan)
    }

    #[test]
    fn message_belongs_to_the_frame_that_brings_its_last_byte() {
        let mut marks = Marks::default();
        for (end, seq) in [(10, 1), (20, 2), (30, 3)] {
            marks.push(end, &by(seq), false, 0, 32);
        }
        assert_eq!(frames(&marks, 0..10, 32), (vec![1], 1));
        assert_eq!(frames(&marks, 10..20, 32), (vec![2], 2));
        assert_eq!(frames(&marks, 9..11, 32), (vec![1, 2], 2));
        assert_eq!(frames(&marks, 0..30, 32), (vec![1, 2, 3], 3));
        assert_eq!(frames(&marks, 30..30, 32), (vec![3], 3));
    }

    #[test]
    fn message_whose_hole_was_filled_last_belongs_to_the_filler() {
        let mut marks = Marks::default();
        marks.push(10, &by(1), false, 0, 32);
        marks.push(20, &by(4), false, 0, 32);
        marks.push(30, &filled(2, 4), false, 0, 32);
        marks.push(40, &filled(3, 4), false, 0, 32);
        assert_eq!(frames(&marks, 0..40, 32), (vec![1, 2, 3, 4], 4));
        assert_eq!(frames(&marks, 20..30, 32), (vec![2, 4], 4));
        assert_eq!(frames(&marks, 12..40, 32), (vec![4, 2, 3, 4], 4));
        assert_eq!(frames(&marks, 0..20, 32), (vec![1, 4], 4));
    }

    #[test]
    fn long_message_names_its_first_frames_and_the_last() {
        let mut marks = Marks::default();
        for n in 1..=1_000 {
            marks.push(n * 10, &by(n), false, 0, 8);
        }
        assert_eq!(
            frames(&marks, 0..10_000, 8),
            (vec![1, 2, 3, 4, 5, 6, 7, 1_000], 1_000)
        );
    }

    #[test]
    fn body_passed_over_costs_two_marks() {
        let mut marks = Marks::default();
        marks.push(10, &by(1), false, 0, 8);
        for n in 2..=1_000 {
            marks.push(n * 10, &by(n), true, 0, 8);
        }
        marks.push(10_010, &by(1_001), false, 0, 8);
        assert_eq!(
            frames(&marks, 0..10_010, 8),
            (vec![1, 2, 1_000, 1_001], 1_001)
        );
    }

    #[test]
    fn what_messages_told_of_is_forgotten() {
        let mut marks = Marks::default();
        for n in 1..=1_000 {
            marks.push(n * 10, &by(n), false, (n - 1) * 10, 32);
        }
        assert!(marks.0.len() <= TOLD + 1);
    }
}
