//! Segments of one direction that wait behind a hole. The first copy of a byte is kept; a later one
//! that differs is reported.

use dissectors::message::FrameRef;

/// What waits, in order of stream offsets, without overlaps.
#[derive(Debug, Default)]
pub struct Pending {
    segments: Vec<Segment>,
    /// Bytes kept.
    bytes: usize,
    /// Segments that arrived behind the present hole, however they were joined since.
    arrived: u32,
    /// Payload bytes that arrived behind the present hole, kept or not.
    arrived_bytes: u64,
    /// Elapsed time at which the present hole was first seen.
    since: u64,
}

/// A run of stream bytes with the frame that carried it.
#[derive(Debug)]
pub struct Segment {
    pub at: u64,
    pub len: u64,
    pub what: What,
    pub frame: FrameRef,
    pub vlan: u16,
}

/// What is known of a run of stream bytes.
#[derive(Debug)]
pub enum What {
    Bytes(Vec<u8>),
    /// Inside a body that is passed over: seen, counted, not kept.
    Passed,
    /// Cut off by the snap length: it will never be known.
    Cut,
}

/// What became of an arriving segment's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Not there before, and in a body passed over.
    pub passed: u64,
    /// There before, and equal as far as is known.
    pub repeated: u64,
    /// There before, with other content: length, and offset of the first difference.
    pub conflicting: u64,
    pub differs_at: Option<u64>,
}

/// An arriving run.
#[derive(Clone, Copy)]
pub enum Run<'a> {
    /// Bytes; those before the offset `passed_to` need not be kept.
    Bytes {
        bytes: &'a [u8],
        passed_to: u64,
    },
    Cut(u64),
}

impl Pending {
    /// Keeps what is new of a run that begins at stream offset `at`.
    pub fn keep(&mut self, at: u64, run: Run<'_>, frame: FrameRef, vlan: u16, now: u64) -> Kept {
        let mut kept = Kept::default();
        let len = match run {
            Run::Bytes { bytes, .. } => bytes.len() as u64,
            Run::Cut(len) => len,
        };
        if self.segments.is_empty() {
            self.restart(now);
        }
        self.arrived = self.arrived.saturating_add(1);
        self.arrived_bytes += len;
        let end = at + len;
        let mut from = at;
        let mut place = self.segments.partition_point(|s| s.at + s.len <= at);
        while from < end {
            let next = self.segments.get(place).filter(|s| s.at < end);
            match next {
                Some(there) if there.at <= from => {
                    let to = end.min(there.at + there.len);
                    kept.compare(there, at, from, to, run);
                    from = to;
                    place += 1;
                }
                _ => {
                    let to = next.map_or(end, |s| s.at);
                    place = self.add(place, from, to, at, run, frame, vlan, &mut kept);
                    from = to;
                }
            }
        }
        kept
    }

    /// Adds the run's bytes `from..to` before segment `place`; gives the place after them.
    #[allow(clippy::too_many_arguments)]
    fn add(
        &mut self,
        mut place: usize,
        from: u64,
        to: u64,
        at: u64,
        run: Run<'_>,
        frame: FrameRef,
        vlan: u16,
        kept: &mut Kept,
    ) -> usize {
        let segment = |at: u64, len: u64, what: What| Segment {
            at,
            len,
            what,
            frame,
            vlan,
        };
        match run {
            Run::Cut(_) => {
                self.segments
                    .insert(place, segment(from, to - from, What::Cut));
                place += 1;
            }
            Run::Bytes { bytes, passed_to } => {
                let middle = passed_to.clamp(from, to);
                if middle > from {
                    kept.passed += middle - from;
                    // Bodies are long: what joins the run before it needs no segment of its own.
                    let before = place.checked_sub(1).and_then(|b| self.segments.get_mut(b));
                    match before {
                        Some(s) if matches!(s.what, What::Passed) && s.at + s.len == from => {
                            s.len += middle - from;
                            s.frame = frame;
                            s.vlan = vlan;
                        }
                        _ => {
                            self.segments
                                .insert(place, segment(from, middle - from, What::Passed));
                            place += 1;
                        }
                    }
                }
                if to > middle {
                    let slice = &bytes[(middle - at) as usize..(to - at) as usize];
                    self.bytes += slice.len();
                    let what = What::Bytes(slice.to_vec());
                    self.segments
                        .insert(place, segment(middle, to - middle, what));
                    place += 1;
                }
            }
        }
        place
    }

    /// Takes the first segment if it begins at `at`.
    pub fn take(&mut self, at: u64) -> Option<Segment> {
        if self.segments.first()?.at != at {
            return None;
        }
        let segment = self.segments.remove(0);
        if let What::Bytes(bytes) = &segment.what {
            self.bytes -= bytes.len();
        }
        Some(segment)
    }

    /// The hole before the first segment is filled or given up: what is behind the next one counts
    /// from now.
    pub fn restart(&mut self, now: u64) {
        self.arrived = self.segments.len() as u32;
        self.arrived_bytes = self.bytes as u64;
        self.since = now;
    }

    /// Stream offset of the first byte that waits.
    pub fn first(&self) -> Option<u64> {
        self.segments.first().map(|s| s.at)
    }

    /// Stream offset after the last byte that waits.
    pub fn end(&self) -> Option<u64> {
        self.segments.last().map(|s| s.at + s.len)
    }

    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    pub fn segments(&self) -> usize {
        self.segments.len()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn arrived(&self) -> u32 {
        self.arrived
    }

    pub fn arrived_bytes(&self) -> u64 {
        self.arrived_bytes
    }

    pub fn since(&self) -> u64 {
        self.since
    }

    /// Bytes of heap kept.
    pub fn held(&self) -> usize {
        self.bytes + self.segments.capacity() * size_of::<Segment>()
    }
}

impl Kept {
    /// Accounts for the run's bytes `from..to`, which lie inside `there`.
    fn compare(&mut self, there: &Segment, at: u64, from: u64, to: u64, run: Run<'_>) {
        let Run::Bytes { bytes, .. } = run else {
            return;
        };
        let differs = match &there.what {
            What::Bytes(first) => {
                let old = &first[(from - there.at) as usize..(to - there.at) as usize];
                let new = &bytes[(from - at) as usize..(to - at) as usize];
                old.iter().zip(new).position(|(a, b)| a != b)
            }
            What::Passed | What::Cut => None,
        };
        match differs {
            Some(n) => {
                self.conflicting += to - from;
                self.differs_at.get_or_insert(from + n as u64);
            }
            None => self.repeated += to - from,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(pending: &mut Pending, at: u64, bytes: &[u8]) -> Kept {
        let run = Run::Bytes {
            bytes,
            passed_to: 0,
        };
        pending.keep(at, run, FrameRef::default(), 0, 0)
    }

    fn drain(pending: &mut Pending, mut at: u64) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some(segment) = pending.take(at) {
            at += segment.len;
            if let What::Bytes(bytes) = segment.what {
                all.extend(bytes);
            }
        }
        all
    }

    #[test]
    fn second_copy_that_differs_is_reported_and_the_first_kept() {
        let mut pending = Pending::default();
        keep(&mut pending, 10, b"abcdef");
        let kept = keep(&mut pending, 8, b"xxabXdefyy");
        assert_eq!(
            (kept.conflicting, kept.differs_at, kept.repeated),
            (6, Some(12), 0)
        );
        assert_eq!(drain(&mut pending, 8), b"xxabcdefyy");
        assert_eq!(pending.bytes(), 0);
    }

    #[test]
    fn run_over_several_islands_fills_what_lies_between() {
        let mut pending = Pending::default();
        keep(&mut pending, 12, b"2");
        keep(&mut pending, 15, b"56");
        keep(&mut pending, 19, b"9");
        let kept = keep(&mut pending, 11, b"1234567890");
        assert_eq!((kept.repeated, kept.conflicting), (4, 0));
        assert_eq!(drain(&mut pending, 11), b"1234567890");
    }

    #[test]
    fn body_passed_over_takes_no_room_behind_a_hole() {
        let mut pending = Pending::default();
        for n in 0..1_000u64 {
            let run = Run::Bytes {
                bytes: &[0; 100],
                passed_to: 100_050,
            };
            let kept = pending.keep(100 + n * 100, run, FrameRef::default(), 0, 0);
            assert_eq!(kept.passed, if n == 999 { 50 } else { 100 });
        }
        assert_eq!((pending.segments(), pending.bytes()), (2, 50));
        assert_eq!((pending.first(), pending.end()), (Some(100), Some(100_100)));
    }

    #[test]
    fn cut_tail_is_a_run_of_its_own() {
        let mut pending = Pending::default();
        keep(&mut pending, 10, b"ab");
        pending.keep(12, Run::Cut(5), FrameRef::default(), 0, 0);
        keep(&mut pending, 17, b"c");
        pending.take(10);
        let cut = pending.take(12).unwrap();
        assert!(matches!(cut.what, What::Cut) && cut.len == 5);
        assert_eq!(pending.first(), Some(17));
    }
}
