//! What is carried: bytes without the Telnet commands, with their places in the outer stream.

use crate::contract::{Dissector, End, Hint, Progress, Side, Transport};
use crate::identify::{Candidates, Verdict, candidates, identify};
use crate::limits::{Limits, PROBE_BYTES, TELNET_INNER};
use crate::message::{Messages, Piece};
use crate::registry::ProtocolId;

use super::dialogue::Dialogue;

/// The inner stream of both sides, and who reads it.
pub struct Inner {
    sides: [Stream; 2],
    reader: Reader,
    candidates: Candidates,
    /// Who sent how much, in order, while nobody reads.
    arrivals: Vec<(Side, usize)>,
    dialogue: Dialogue,
    /// COM-port options were seen: the inner stream is that of a serial device.
    serial_line: bool,
    mid_stream: bool,
    ended: [bool; 2],
    most: usize,
    probe_bytes: usize,
    limits: Limits,
}

enum Reader {
    Seeking,
    Found(ProtocolId, Box<dyn Dissector>),
    /// No protocol: a dialogue, or nothing that anybody reads.
    Nobody,
}

/// Turns of speech remembered while nobody reads.
const MOST_ARRIVALS: usize = 256;

/// Bytes of one side after which a serial device of unknown protocol is reported as such.
const PATIENCE: usize = 256;

#[derive(Default)]
struct Stream {
    unread: Vec<u8>,
    /// Inner offset of the first unread byte.
    offset: u64,
    pieces: Vec<Piece>,
    need: usize,
    /// How many of the unread bytes the reader may see: all, but while kept ones are replayed.
    seen: usize,
}

impl Stream {
    fn push(&mut self, bytes: &[u8], outer: u64) {
        let inner = self.offset + self.unread.len() as u64;
        let joins = self
            .pieces
            .last()
            .is_some_and(|p| p.outer + (inner - p.inner) == outer);
        if !joins {
            self.pieces.push(Piece { inner, outer });
        }
        self.unread.extend_from_slice(bytes);
        self.seen = self.unread.len();
    }

    fn read(&mut self, n: usize) {
        self.unread.drain(..n.min(self.unread.len()));
        self.offset += n as u64;
        self.seen = self.seen.saturating_sub(n);
        self.need = 0;
        let old = self
            .pieces
            .partition_point(|p| p.inner <= self.offset)
            .saturating_sub(1);
        self.pieces.drain(..old);
    }
}

impl Inner {
    pub fn new(limits: &Limits) -> Self {
        Inner {
            sides: Default::default(),
            reader: Reader::Seeking,
            candidates: candidates(Transport::Carried),
            arrivals: Vec::new(),
            dialogue: Dialogue::new(limits),
            serial_line: false,
            mid_stream: false,
            ended: [false; 2],
            most: limits.get(TELNET_INNER).max(1024),
            probe_bytes: limits.get(PROBE_BYTES),
            limits: limits.clone(),
        }
    }

    /// The options tell that a serial device is behind this.
    pub fn serial_line(&mut self) {
        self.serial_line = true;
    }

    /// Takes bytes of a side; the first of them stands at outer offset `outer`.
    pub fn push(&mut self, side: Side, bytes: &[u8], outer: u64, out: &mut Messages<'_>) {
        if !matches!(self.reader, Reader::Found(..)) {
            let nobody = matches!(self.reader, Reader::Nobody);
            self.dialogue.read(side, bytes, outer, nobody, out);
        }
        if matches!(self.reader, Reader::Nobody) {
            return;
        }
        self.sides[side.index()].push(bytes, outer);
        if matches!(self.reader, Reader::Seeking) {
            self.arrived(side, bytes.len());
            self.seek(side, false, out);
        } else {
            self.feed(side, out);
        }
        if self.sides[side.index()].unread.len() > self.most {
            out.limit(TELNET_INNER);
            self.drop_unread(side, out);
        }
    }

    /// Keeps the order in which the sides spoke, for the time when a reader is found.
    fn arrived(&mut self, side: Side, len: usize) {
        let room = self.arrivals.len() < MOST_ARRIVALS;
        let at = match self.arrivals.last() {
            Some((last, _)) if *last == side => self.arrivals.len().checked_sub(1),
            _ if room => None,
            _ => self.arrivals.iter().rposition(|(s, _)| *s == side),
        };
        match at.and_then(|at| self.arrivals.get_mut(at)) {
            Some((_, sum)) => *sum += len,
            None => self.arrivals.push((side, len)),
        }
    }

    pub fn gap(&mut self, side: Side, len: u64, out: &mut Messages<'_>) {
        self.mid_stream = true;
        self.dialogue.gap();
        if len > 0 || matches!(self.reader, Reader::Found(..)) {
            self.drop_unread(side, out);
        }
    }

    /// A serial device talked long enough without being recognised.
    fn patience_is_over(&self, side: Side) -> bool {
        self.serial_line && self.sides[side.index()].unread.len() >= PATIENCE
    }

    pub fn end(&mut self, side: Side, why: End, out: &mut Messages<'_>) {
        self.ended[side.index()] = true;
        if matches!(self.reader, Reader::Seeking) {
            self.seek(side, true, out);
        }
        let stream = &mut self.sides[side.index()];
        let rest = std::mem::take(&mut stream.unread);
        if let Reader::Found(id, reader) = &mut self.reader {
            let mut pen = out.inside_pieces(*id, side, &stream.pieces, stream.offset);
            reader.end(side, &rest, why, &mut pen);
        }
    }

    pub fn held(&self) -> usize {
        let streams = self
            .sides
            .iter()
            .map(|s| s.unread.capacity() + s.pieces.capacity() * size_of::<Piece>());
        let reader = match &self.reader {
            Reader::Found(_, reader) => reader.held(),
            _ => 0,
        };
        streams.sum::<usize>() + reader + self.dialogue.held()
    }

    fn seek(&mut self, side: Side, last: bool, out: &mut Messages<'_>) {
        let unread = self.sides[side.index()].unread.len();
        let stream = &mut self.sides[side.index()];
        if unread == 0 || unread < stream.need && !last {
            return;
        }
        let hint = Hint {
            transport: Transport::Carried,
            port: false,
            mid_stream: self.mid_stream,
            whole: last,
        };
        let full = last || stream.unread.len() >= self.probe_bytes;
        let verdict = identify(
            &mut self.candidates,
            side,
            &stream.unread,
            hint,
            [0; 2],
            full,
        );
        let id = match verdict {
            Verdict::Is(id, _) => id,
            Verdict::NeedMore(n) => {
                stream.need = n;
                return;
            }
            // The other side's bytes may still tell.
            Verdict::Nothing if self.candidates != 0 && !full && !self.patience_is_over(side) => {
                return;
            }
            Verdict::Nothing
                if last && self.candidates != 0 && !self.ended[side.other().index()] =>
            {
                return;
            }
            Verdict::Nothing => match ProtocolId::of(crate::serial::SERIAL.name) {
                Some(id) if self.serial_line => id,
                _ => {
                    self.reader = Reader::Nobody;
                    self.sides = Default::default();
                    self.arrivals = Vec::new();
                    return;
                }
            },
        };
        let mut reader = (id.protocol().open)(&self.limits);
        if self.mid_stream {
            for side in Side::BOTH {
                let stream = &self.sides[side.index()];
                let mut pen = out.inside_pieces(id, side, &stream.pieces, stream.offset);
                reader.gap(side, &[], 0, &mut pen);
            }
        }
        self.reader = Reader::Found(id, reader);
        // As if it had read from the start: in the order in which the sides spoke.
        for stream in &mut self.sides {
            stream.need = 0;
            stream.seen = 0;
        }
        for (side, len) in std::mem::take(&mut self.arrivals) {
            let stream = &mut self.sides[side.index()];
            stream.seen = (stream.seen + len).min(stream.unread.len());
            self.feed(side, out);
        }
    }

    fn feed(&mut self, side: Side, out: &mut Messages<'_>) {
        let Reader::Found(id, reader) = &mut self.reader else {
            return;
        };
        let stream = &mut self.sides[side.index()];
        while stream.seen > 0 && stream.seen >= stream.need {
            let mut pen = out.inside_pieces(*id, side, &stream.pieces, stream.offset);
            match reader.read(side, &stream.unread[..stream.seen], &mut pen) {
                Progress::Read(n) => stream.read(n.max(1)),
                Progress::Need(n) => stream.need = n.max(stream.seen + 1),
                // No protocol for serial lines passes bytes over; what it names is read past.
                Progress::Pass { head, .. } => stream.read(head.max(1)),
                Progress::Reject(_) => {
                    self.reader = Reader::Nobody;
                    self.sides = Default::default();
                    return;
                }
            }
        }
    }

    /// Gives unread bytes up, as at a hole in the stream.
    fn drop_unread(&mut self, side: Side, out: &mut Messages<'_>) {
        let stream = &mut self.sides[side.index()];
        let rest = std::mem::take(&mut stream.unread);
        if let Reader::Found(id, reader) = &mut self.reader {
            let mut pen = out.inside_pieces(*id, side, &stream.pieces, stream.offset);
            reader.gap(side, &rest, 1, &mut pen);
        }
        stream.offset += rest.len() as u64;
        stream.seen = 0;
        stream.pieces.clear();
        stream.need = 0;
    }
}
