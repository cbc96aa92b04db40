//! Datagrams in fragments, put together again.
//!
//! Where two fragments say different things about the same bytes, the first is believed and the
//! disagreement reported. VLAN tags are not in the key: a mirror port shows both sides of a router.
//! A datagram that became whole is kept for a moment, so that its fragments' second sighting is
//! known as such; a fragment that then differs begins a new datagram under the same number.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;

use super::counts::DecodeCounts;
use crate::limits::{self, Hits, Limits};

/// What fragments of one datagram have in common (RFC 791 3.2, RFC 8200 4.5).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub src: [u8; 16],
    pub dst: [u8; 16],
    pub id: u32,
    /// IPv4's protocol; 0 for IPv6, where only the first fragment's counts.
    pub protocol: u8,
}

/// One fragment.
pub(super) struct Fragment<'a> {
    /// Where its bytes stand in the datagram's payload.
    pub at: u32,
    /// More fragments follow.
    pub more: bool,
    pub bytes: &'a [u8],
    /// The protocol that the fragment names.
    pub protocol: u8,
    /// Frames that this fragment stands for (more than one if it came in fragments itself).
    pub frames: u64,
}

/// What became of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Kept; it is counted when its datagram ends.
    Held,
    /// All its bytes were there already.
    Duplicate,
    /// It contradicts what was there and adds nothing, or disagrees about the length.
    Conflict,
    /// Its length is not one that a fragment can have.
    Malformed,
    /// The datagram is whole: its payload was appended to the spill. `frames` includes this one's.
    Whole { protocol: u8, frames: u64 },
}

/// Notes on overlaps, for the counters and events.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Overlap {
    pub same: bool,
    /// Place and the two values of the first byte that differs.
    pub differs: Option<(u16, u8, u8)>,
    /// Fragments disagree about the length; the end that this one claims.
    pub length: Option<u32>,
}

/// Datagrams that are not whole yet, and those that just became so.
pub(super) struct Fragments {
    table: HashMap<Key, Datagram, RandomState>,
    /// Incomplete ones, oldest first; an entry whose stamp is no longer the datagram's is stale.
    waiting: VecDeque<(Key, u64)>,
    /// Whole ones kept to know repeats, oldest first.
    done: VecDeque<(Key, u64)>,
    stamp: u64,
    clock: Clock,
    bytes: usize,
    frames: u64,
    max_bytes: usize,
    max_datagrams: usize,
    timeout: i64,
    repeat: i64,
    /// When the next one may be overdue.
    due: i64,
}

/// Capture time that never goes back: a step back of the capture's clock stops it, ages stay.
#[derive(Default)]
struct Clock {
    seen: Option<i64>,
    now: i64,
}

#[derive(Default)]
struct Datagram {
    stamp: u64,
    /// When it began, or (`whole`) when it became whole.
    since: i64,
    whole: bool,
    /// Frames held.
    frames: u64,
    /// Bytes as they came.
    bytes: Vec<u8>,
    /// Which bytes of the datagram stand where in `bytes`: by `start`, without overlap. Of a
    /// whole datagram: those seen again since.
    pieces: Vec<Piece>,
    covered: u32,
    total: Option<u32>,
    protocol: Option<u8>,
    /// What it costs, as last reckoned.
    cost: usize,
}

#[derive(Clone, Copy)]
struct Piece {
    start: u32,
    end: u32,
    at: u32,
}

/// The largest payload of a datagram.
const LONGEST: u32 = 65_535;

/// A step back of up to this is disorder: the clock waits.
const DISORDER: i64 = 1_000_000_000;

impl Fragments {
    pub(super) fn new(limits: &Limits) -> Fragments {
        let nanoseconds = |id| {
            i64::try_from(limits.get(id))
                .unwrap_or(i64::MAX)
                .saturating_mul(1_000_000)
        };
        Fragments {
            table: HashMap::default(),
            waiting: VecDeque::new(),
            done: VecDeque::new(),
            stamp: 0,
            clock: Clock::default(),
            bytes: 0,
            frames: 0,
            max_bytes: limits.get(limits::FRAGMENT_BYTES),
            max_datagrams: limits.get(limits::FRAGMENT_DATAGRAMS),
            timeout: nanoseconds(limits::FRAGMENT_TIMEOUT),
            repeat: nanoseconds(limits::FRAGMENT_REPEAT),
            due: i64::MAX,
        }
    }

    /// Frames held.
    pub(super) fn held(&self) -> u64 {
        self.frames
    }

    /// Takes a fragment in. If its datagram is whole now, its payload goes to the end of `spill`.
    pub(super) fn insert(
        &mut self,
        key: Key,
        fragment: &Fragment<'_>,
        overlap: &mut Overlap,
        spill: &mut Vec<u8>,
        counts: &mut DecodeCounts,
        hits: &mut Hits,
    ) -> Fate {
        let end = u32::try_from(fragment.bytes.len())
            .ok()
            .and_then(|len| fragment.at.checked_add(len));
        let Some(end) = end.filter(|end| *end <= LONGEST) else {
            overlap.length = Some(end.unwrap_or(u32::MAX));
            return Fate::Malformed;
        };
        if fragment.bytes.is_empty() || (fragment.more && !fragment.bytes.len().is_multiple_of(8)) {
            return Fate::Malformed;
        }
        let now = self.clock.now;
        let datagram = self.table.entry(key).or_default();
        let fresh = datagram.stamp == 0 || (datagram.whole && now - datagram.since > self.repeat);
        if fresh {
            self.bytes -= datagram.cost;
            *datagram = Datagram::default();
        } else if datagram.whole {
            if datagram.repeats(fragment, end) {
                return Fate::Duplicate;
            }
            datagram.begin_again();
        }
        if datagram.frames == 0 {
            self.stamp += 1;
            datagram.stamp = self.stamp;
            datagram.since = now;
            self.waiting.push_back((key, self.stamp));
            self.due = self.due.min(now.saturating_add(self.timeout));
        }
        let fate = datagram.add(fragment, end, overlap);
        if fate == Fate::Held {
            datagram.frames += fragment.frames;
            self.frames += fragment.frames;
        }
        let fate = match datagram.whole_now() {
            Some(protocol) if fate == Fate::Held => {
                let frames = datagram.frames;
                self.frames -= frames;
                datagram.finish(spill, now);
                self.stamp += 1;
                datagram.stamp = self.stamp;
                self.done.push_back((key, self.stamp));
                self.due = self.due.min(now.saturating_add(self.repeat));
                Fate::Whole { protocol, frames }
            }
            _ => fate,
        };
        if datagram.frames == 0 && !datagram.whole {
            // Begun by a fragment that was refused: nothing to keep.
            self.bytes -= datagram.cost;
            self.table.remove(&key);
        } else {
            self.bytes -= datagram.cost;
            datagram.cost = datagram.weigh();
            self.bytes += datagram.cost;
        }
        self.keep_within(counts, hits);
        fate
    }

    /// Moves the clock to a frame's time, and gives up datagrams that are overdue.
    #[inline]
    pub(super) fn tick(&mut self, time: i64, counts: &mut DecodeCounts) {
        self.clock.advance(time);
        if self.clock.now > self.due {
            self.expire(counts);
        }
    }

    /// Gives up everything.
    pub(super) fn finish(&mut self, counts: &mut DecodeCounts) {
        counts.fragment_expired += self.frames;
        self.frames = 0;
        self.bytes = 0;
        self.table.clear();
        self.waiting.clear();
        self.done.clear();
    }

    fn expire(&mut self, counts: &mut DecodeCounts) {
        let now = self.clock.now;
        self.due = i64::MAX;
        while let Some((key, stamp)) = self.done.front().copied() {
            let due = match self.table.get(&key) {
                Some(d) if d.stamp == stamp => d.since.saturating_add(self.repeat),
                _ => i64::MIN,
            };
            if now <= due {
                self.due = due;
                break;
            }
            self.done.pop_front();
            self.remove(&key, stamp);
        }
        while let Some((key, stamp)) = self.waiting.front().copied() {
            let due = match self.table.get(&key) {
                Some(d) if d.stamp == stamp => d.since.saturating_add(self.timeout),
                _ => i64::MIN,
            };
            if now <= due {
                self.due = self.due.min(due);
                break;
            }
            self.waiting.pop_front();
            counts.fragment_expired += self.remove(&key, stamp);
        }
    }

    /// Gives up the oldest until the limits hold: those already whole first.
    fn keep_within(&mut self, counts: &mut DecodeCounts, hits: &mut Hits) {
        while self.bytes > self.max_bytes || self.table.len() > self.max_datagrams {
            if let Some((key, stamp)) = self.done.pop_front() {
                self.remove(&key, stamp);
                continue;
            }
            let hit = if self.bytes > self.max_bytes {
                limits::FRAGMENT_BYTES
            } else {
                limits::FRAGMENT_DATAGRAMS
            };
            let Some((key, stamp)) = self.waiting.pop_front() else {
                return;
            };
            let frames = self.remove(&key, stamp);
            if frames > 0 {
                counts.limit += frames;
                hits.count(hit);
            }
        }
    }

    /// Forgets a datagram if the stamp is still its own. Gives the frames that it held.
    fn remove(&mut self, key: &Key, stamp: u64) -> u64 {
        if self.table.get(key).is_none_or(|d| d.stamp != stamp) {
            return 0;
        }
        let Some(datagram) = self.table.remove(key) else {
            return 0;
        };
        self.bytes -= datagram.cost;
        self.frames -= datagram.frames;
        datagram.frames
    }
}

impl Clock {
    #[inline]
    fn advance(&mut self, time: i64) {
        let seen = *self.seen.get_or_insert(time);
        let step = time.saturating_sub(seen);
        if step > 0 {
            self.now = self.now.saturating_add(step);
            self.seen = Some(time);
        } else if step < -DISORDER {
            self.seen = Some(time);
        }
    }
}

impl Datagram {
    /// Adds the bytes that are not there yet.
    fn add(&mut self, fragment: &Fragment<'_>, end: u32, overlap: &mut Overlap) -> Fate {
        let reach = self.pieces.last().map_or(0, |p| p.end);
        let clash = match self.total {
            Some(total) => end > total || (!fragment.more && end != total),
            None => !fragment.more && reach > end,
        };
        if clash {
            overlap.length = Some(end);
            return Fate::Conflict;
        }
        // The pieces from `first` to before `last` overlap the fragment.
        let first = self.pieces.partition_point(|p| p.end <= fragment.at);
        let last = first + self.pieces[first..].partition_point(|p| p.start < end);
        let mut added = 0;
        if first == last {
            self.append(first, fragment, fragment.at, end);
            added = end - fragment.at;
        } else {
            let mut parts = Vec::with_capacity(2 * (last - first) + 1);
            let mut from = fragment.at;
            for piece in &self.pieces[first..last] {
                if from < piece.start {
                    parts.push((from, piece.start));
                }
                let (low, high) = (piece.start.max(fragment.at), piece.end.min(end));
                let old =
                    &self.bytes[(piece.at + low - piece.start) as usize..][..(high - low) as usize];
                let new = &fragment.bytes[(low - fragment.at) as usize..][..(high - low) as usize];
                match old.iter().zip(new).position(|(a, b)| a != b) {
                    None => overlap.same = true,
                    Some(at) => {
                        overlap
                            .differs
                            .get_or_insert(((low + at as u32) as u16, old[at], new[at]));
                    }
                }
                from = piece.end;
            }
            if from < end {
                parts.push((from, end));
            }
            // From the back, so that the places of those before stay.
            for (low, high) in parts.into_iter().rev() {
                let place = self.pieces.partition_point(|p| p.end <= low);
                self.append(place, fragment, low, high);
                added += high - low;
            }
        }
        self.covered += added;
        // The last fragment may bring nothing but the knowledge that it is the last.
        let ends = !fragment.more && self.total.is_none();
        if ends {
            self.total = Some(end);
        }
        if fragment.at == 0 && self.protocol.is_none() {
            self.protocol = Some(fragment.protocol);
        }
        match (added, overlap.differs) {
            (0, None) if !ends => Fate::Duplicate,
            (0, Some(_)) if !ends => Fate::Conflict,
            _ => Fate::Held,
        }
    }

    /// Appends the fragment's bytes from `low` to `high`, which are new, as the piece at `place`.
    fn append(&mut self, place: usize, fragment: &Fragment<'_>, low: u32, high: u32) {
        let at = self.bytes.len() as u32;
        let from = (low - fragment.at) as usize;
        self.bytes
            .extend_from_slice(&fragment.bytes[from..from + (high - low) as usize]);
        if let Some(before) = place.checked_sub(1).and_then(|i| self.pieces.get_mut(i))
            && before.end == low
            && before.at + (before.end - before.start) == at
        {
            before.end = high;
            return;
        }
        self.pieces.insert(
            place,
            Piece {
                start: low,
                end: high,
                at,
            },
        );
    }

    /// The protocol, if all bytes are there.
    fn whole_now(&self) -> Option<u8> {
        if !self.whole && self.total == Some(self.covered) {
            self.protocol
        } else {
            None
        }
    }

    /// Gives its payload out, and keeps it in order to know repeats.
    fn finish(&mut self, spill: &mut Vec<u8>, now: i64) {
        let start = spill.len();
        for piece in &self.pieces {
            let at = piece.at as usize;
            spill.extend_from_slice(&self.bytes[at..at + (piece.end - piece.start) as usize]);
        }
        self.bytes.clear();
        self.bytes.extend_from_slice(&spill[start..]);
        self.pieces.clear();
        self.covered = 0;
        self.frames = 0;
        self.whole = true;
        self.since = now;
    }

    /// Is the fragment of this whole datagram as it was? Then it is noted as seen again.
    fn repeats(&mut self, fragment: &Fragment<'_>, end: u32) -> bool {
        let total = self.bytes.len() as u32;
        let same = fragment.more == (end < total)
            && self.bytes.get(fragment.at as usize..end as usize) == Some(fragment.bytes)
            && (fragment.at > 0 || self.protocol == Some(fragment.protocol));
        if !same {
            return false;
        }
        let first = self.pieces.partition_point(|p| p.end < fragment.at);
        let last = first + self.pieces[first..].partition_point(|p| p.start <= end);
        let joined = self.pieces[first..last]
            .iter()
            .fold((fragment.at, end), |(low, high), p| {
                (low.min(p.start), high.max(p.end))
            });
        let piece = Piece {
            start: joined.0,
            end: joined.1,
            at: joined.0,
        };
        if piece.start == 0 && piece.end == total {
            // The whole of it a second time; a third may come.
            self.pieces.clear();
        } else {
            self.pieces.splice(first..last, [piece]);
        }
        true
    }

    /// A fragment differs from the datagram that was whole: a new one under the same number,
    /// which shares with the old one what was seen again.
    fn begin_again(&mut self) {
        self.whole = false;
        self.covered = self.pieces.iter().map(|p| p.end - p.start).sum();
        let total = self.bytes.len() as u32;
        self.total = self
            .pieces
            .last()
            .is_some_and(|p| p.end == total)
            .then_some(total);
        if self.pieces.first().is_none_or(|p| p.start > 0) {
            self.protocol = None;
        }
    }

    /// Bytes of memory that it keeps.
    fn weigh(&self) -> usize {
        size_of::<(Key, Datagram)>()
            + self.bytes.capacity()
            + self.pieces.capacity() * size_of::<Piece>()
    }
}
