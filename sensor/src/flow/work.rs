//! A conversation that somebody may want to listen to: which protocol it is, and its dissector.
//!
//! While that is not known, the first bytes of both sides are kept in order of arrival. One side's
//! yes settles both, and a dissector then reads what was kept. If it gives up before its first
//! message, the next candidate reads the same bytes; if after it, what it left unread (and all that
//! follows) is identified anew, a few times at most.

use dissectors::contract::{End, Hint, Side};
use dissectors::identify::{Candidates, Row, SURE};

use super::context::Context;
use super::limits;
use super::log::Log;
use super::marks::Carrier;
use super::reader::{Reader, Stop};
use super::record::{Fate, Ident};
use super::stream::Stream;

/// A conversation under work.
#[derive(Debug)]
pub struct Work {
    pub streams: [Stream; 2],
    /// The dissector, once the protocol is known.
    pub reader: Option<Reader>,
    pub candidates: Candidates,
    /// What was said while the protocol is unknown, or may have to be read once more.
    log: Option<Box<Log>>,
    /// What is to be read next may begin in the middle of a message.
    mid_stream: bool,
    /// Times that a dissector gave up.
    pub tries: u8,
    /// Pieces in the middle of the conversation that no signature knew.
    pub looks: u8,
    counted: bool,
    /// Bytes of heap last reported.
    pub held: u64,
}

impl Work {
    /// `offsets` are where the two streams begin.
    pub fn new(offsets: [u64; 2], candidates: Candidates, mid_stream: bool) -> Self {
        Work {
            streams: offsets.map(Stream::at),
            reader: None,
            candidates,
            log: None,
            mid_stream,
            tries: 0,
            looks: 0,
            counted: false,
            held: 0,
        }
    }

    pub fn is_identified(&self) -> bool {
        self.reader.is_some()
    }

    /// Name of the protocol, once it is known.
    pub fn protocol(&self) -> Option<&'static str> {
        self.reader.as_ref().map(Reader::protocol)
    }

    /// The next bytes of a side, in order. Gives a fate if nobody listens any more.
    pub fn arrive(
        &mut self,
        side: Side,
        bytes: &[u8],
        carrier: &Carrier,
        id: &mut Ident,
        cx: &mut Context<'_>,
    ) -> Result<(), Fate> {
        if bytes.is_empty() {
            return Ok(());
        }
        if self.reader.is_some() {
            let result = self.feed(side, bytes, carrier, id, cx);
            self.remember(side, bytes, carrier, cx);
            return self.after(result, id, cx);
        }
        if self.log.is_none() {
            // The usual case, without a copy: the first bytes tell.
            let last = bytes.len() >= cx.shared.probe_bytes;
            if let Row::Is(row, _) = self.look(side, bytes, last, id, cx) {
                self.log = Some(Box::new(Log::new(self.offsets())));
                let result = match self.open(row, id, cx) {
                    Ok(()) => self.feed(side, bytes, carrier, id, cx),
                    stop => {
                        // It did not read them; they wait for the next.
                        self.mark(side, bytes.len(), carrier, cx);
                        self.streams[side.index()].wait(bytes);
                        stop
                    }
                };
                self.remember(side, bytes, carrier, cx);
                return self.after(result, id, cx);
            }
            self.log = Some(Box::new(Log::new(self.offsets())));
        }
        self.remember(side, bytes, carrier, cx);
        self.search(id, cx)
    }

    /// Bytes of a body that is passed over, which arrived behind a hole that is filled now.
    /// False if they were not to be passed over after all.
    pub fn pass(&mut self, side: Side, len: u64, carrier: &Carrier, cx: &Context<'_>) -> bool {
        let stream = &mut self.streams[side.index()];
        if stream.pass < len {
            return false;
        }
        stream.pass -= len;
        stream.read += len;
        let limit = cx.shared.message_frames;
        stream
            .marks
            .push(stream.read, carrier, true, stream.told, limit);
        true
    }

    /// `len` bytes of a side will never come.
    pub fn gap(
        &mut self,
        side: Side,
        mut len: u64,
        id: &mut Ident,
        cx: &mut Context<'_>,
    ) -> Result<(), Fate> {
        let stream = &mut self.streams[side.index()];
        let passed = stream.pass.min(len);
        stream.pass -= passed;
        stream.read += passed;
        len -= passed;
        if len == 0 {
            return Ok(());
        }
        if let Some(reader) = &mut self.reader {
            cx.counts.bytes.gap_adjacent += stream.unread().len() as u64;
            let result = reader.gap(&mut self.streams, side, len, id, cx);
            self.log = None;
            return self.after(result, id, cx);
        }
        let mut lost = 0;
        let stream = &mut self.streams[side.index()];
        if let Some(log) = &mut self.log {
            lost = log.bytes(side).len() as u64;
            log.forget(side, stream.read + lost + len);
        }
        cx.counts.bytes.gap_adjacent += lost;
        stream.read += lost + len;
        stream.need = 0;
        self.mid_stream = true;
        self.candidates = all(id, cx);
        if self.log.as_ref().is_some_and(|l| l.is_empty()) {
            self.log = None;
        }
        Ok(())
    }

    /// A side ended. Called once a side.
    pub fn end(
        &mut self,
        side: Side,
        why: End,
        id: &mut Ident,
        cx: &mut Context<'_>,
    ) -> Result<(), Fate> {
        let stream = &mut self.streams[side.index()];
        if stream.ended.is_some() {
            return Ok(());
        }
        stream.ended = Some(why);
        if self.reader.is_some() {
            let result = self.tell_ends(id, cx);
            return self.after(result, id, cx);
        }
        if self.log.is_some() {
            self.search(id, cx)
        } else {
            Ok(())
        }
    }

    /// Nobody listens any more: what waits is counted under `fate`. Gives the stream offset of each
    /// side after the last byte that came.
    pub fn bury(self, fate: Fate, cx: &mut Context<'_>) -> [u64; 2] {
        let mut lost = 0;
        let mut ends = [0; 2];
        if self.reader.is_none() {
            lost += self.log.as_ref().map_or(0, |l| l.len() as u64);
        }
        for ((end, stream), side) in ends.iter_mut().zip(&self.streams).zip(Side::BOTH) {
            *end = stream.end();
            if self.reader.is_none() {
                *end += self.log.as_ref().map_or(0, |l| l.bytes(side).len() as u64);
            }
            lost += stream.unread().len() as u64;
            if let Some(pending) = &stream.pending {
                lost += pending.bytes() as u64;
                *end = (*end).max(pending.end().unwrap_or(0));
            }
        }
        match fate {
            Fate::Unidentified => cx.counts.events.unidentified += 1,
            Fate::Rejected | Fate::Crashed | Fate::Refused => {}
        }
        *fate.counter(cx) += lost;
        ends
    }

    /// Bytes of heap kept.
    pub fn measure(&self) -> u64 {
        let all = size_of::<Work>()
            + self.streams[0].held()
            + self.streams[1].held()
            + self.log.as_ref().map_or(0, |l| l.held())
            + self.reader.as_ref().map_or(0, |r| r.held());
        all as u64
    }

    /// Asks the signatures about the first bytes of one side.
    fn look(&mut self, side: Side, first: &[u8], last: bool, id: &Ident, cx: &Context<'_>) -> Row {
        let hint = Hint {
            transport: id.transport(),
            port: false,
            mid_stream: self.mid_stream,
            whole: self.streams[side.index()].ended.is_some(),
        };
        let first = &first[..first.len().min(cx.shared.probe_bytes)];
        let signatures = &cx.shared.settings.signatures;
        let row = signatures.identify(
            &mut self.candidates,
            side,
            first,
            hint,
            id.ports(),
            last || hint.whole,
        );
        if let Row::NeedMore(n) = row {
            self.streams[side.index()].need = n;
        }
        row
    }

    /// Asks the signatures about all that is kept, until a dissector goes on or more is needed.
    fn search(&mut self, id: &mut Ident, cx: &mut Context<'_>) -> Result<(), Fate> {
        loop {
            let Some(log) = self.log.take() else {
                return Ok(());
            };
            let Some(row) = self.settle(&log, id, cx) else {
                let over = self.hopeless(&log, cx);
                if !over {
                    self.log = Some(log);
                    return Ok(());
                }
                // In the middle of a conversation, the next piece may begin a message.
                self.looks = self.looks.saturating_add(1);
                let enough = u64::from(self.looks) > cx.shared.limit(limits::IDENTIFY_PIECES);
                if !self.mid_stream || enough || self.both_ended() {
                    self.log = Some(log);
                    return Err(if self.tries == 0 {
                        Fate::Unidentified
                    } else {
                        Fate::Rejected
                    });
                }
                cx.counts.bytes.unidentified += log.len() as u64;
                for side in Side::BOTH {
                    let stream = &mut self.streams[side.index()];
                    stream.read += log.bytes(side).len() as u64;
                    stream.need = 0;
                }
                self.candidates = all(id, cx);
                return Ok(());
            };
            let result = self.replay(log, row, id, cx);
            match result {
                Ok(()) => return Ok(()),
                Err(stop) => self.give_up(stop, id, cx)?,
            }
        }
    }

    /// The protocol that either side's bytes name, if they do.
    fn settle(&mut self, log: &Log, id: &Ident, cx: &Context<'_>) -> Option<usize> {
        let first = log.chunks().first()?.side;
        let full = log.chunks().len() >= 2 * cx.shared.limit(limits::WAITING_CHUNKS) as usize;
        let mut before = self.candidates;
        // What one side strikes out may leave the other's answer alone.
        loop {
            for side in [first, first.other()] {
                let bytes = log.bytes(side);
                let struck = before != self.candidates;
                let enough = bytes.len() >= self.streams[side.index()].need || struck;
                let ended = self.streams[side.index()].ended.is_some();
                if bytes.is_empty() || !(enough || full || ended) {
                    continue;
                }
                let last = full || bytes.len() >= cx.shared.probe_bytes;
                if let Row::Is(row, sure) = self.look(side, bytes, last, id, cx) {
                    // Where only the end of one side made a weak answer the best, the other side's
                    // bytes may know better: theirs was held back while more of them could come.
                    let other = log.bytes(side.other());
                    if (ended || last) && sure < SURE && !other.is_empty() {
                        let told = self.look(side.other(), other, true, id, cx);
                        if let Row::Is(better, surer) = told
                            && surer > sure
                        {
                            return Some(better);
                        }
                    }
                    return Some(row);
                }
            }
            if before == self.candidates {
                return None;
            }
            before = self.candidates;
        }
    }

    /// True if no further byte can tell the protocol.
    fn hopeless(&self, log: &Log, cx: &Context<'_>) -> bool {
        let full = log.chunks().len() >= 2 * cx.shared.limit(limits::WAITING_CHUNKS) as usize;
        let spent = |side: Side| {
            let len = log.bytes(side).len();
            len >= cx.shared.probe_bytes
        };
        self.candidates == 0 || full || self.both_ended() || Side::BOTH.into_iter().any(spent)
    }

    fn both_ended(&self) -> bool {
        self.streams.iter().all(|s| s.ended.is_some())
    }

    /// Opens the dissector of a row and has it read all that is kept.
    fn replay(
        &mut self,
        log: Box<Log>,
        row: usize,
        id: &mut Ident,
        cx: &mut Context<'_>,
    ) -> Result<(), Stop> {
        for (stream, base) in self.streams.iter_mut().zip(log.base) {
            stream.read = base;
            stream.need = 0;
            stream.pass = 0;
            stream.marks.rewind(base);
        }
        let mut result = self.open(row, id, cx);
        let mut from = [0usize; 2];
        for chunk in log.chunks() {
            let at = &mut from[chunk.side.index()];
            let bytes = &log.bytes(chunk.side)[*at..*at + chunk.len];
            *at += chunk.len;
            match result {
                Ok(()) => result = self.feed(chunk.side, bytes, &chunk.carrier, id, cx),
                // It gave up on the way: the others wait unread for the next.
                Err(_) => {
                    self.mark(chunk.side, bytes.len(), &chunk.carrier, cx);
                    self.streams[chunk.side.index()].wait(bytes);
                }
            }
        }
        if self
            .reader
            .as_ref()
            .is_some_and(|r| r.rewindable && !r.spoke)
        {
            self.log = Some(log);
        }
        result.and_then(|()| self.tell_ends(id, cx))
    }

    /// Opens the dissector of a row. Mid-stream, it is told so for both sides.
    pub fn open(&mut self, row: usize, id: &mut Ident, cx: &mut Context<'_>) -> Result<(), Stop> {
        let mut reader = Reader::open(row, cx);
        if !std::mem::replace(&mut self.counted, true) {
            cx.counts.events.identified += 1;
        }
        let mut result = Ok(());
        if self.mid_stream {
            for side in Side::BOTH {
                result = result.and_then(|()| reader.gap(&mut self.streams, side, 0, id, cx));
            }
            reader.rewindable = true;
        }
        self.reader = Some(reader);
        result
    }

    /// Has the dissector read the next bytes of a side.
    fn feed(
        &mut self,
        side: Side,
        bytes: &[u8],
        carrier: &Carrier,
        id: &mut Ident,
        cx: &mut Context<'_>,
    ) -> Result<(), Stop> {
        self.mark(side, bytes.len(), carrier, cx);
        match &mut self.reader {
            Some(reader) => reader.feed(&mut self.streams, side, bytes, id, cx),
            None => Ok(()),
        }
    }

    fn mark(&mut self, side: Side, len: usize, carrier: &Carrier, cx: &Context<'_>) {
        let stream = &mut self.streams[side.index()];
        let passed = stream.pass >= len as u64;
        let end = stream.end() + len as u64;
        stream
            .marks
            .push(end, carrier, passed, stream.told, cx.shared.message_frames);
    }

    /// Adds to what is kept for another reading, as long as that is possible and small.
    fn remember(&mut self, side: Side, bytes: &[u8], carrier: &Carrier, cx: &Context<'_>) {
        let chunks = cx.shared.limit(limits::WAITING_CHUNKS) as usize;
        let Some(log) = &mut self.log else {
            return;
        };
        if let Some(reader) = &mut self.reader {
            let large = log.len() > 2 * cx.shared.probe_bytes || log.chunks().len() > chunks;
            if reader.spoke || !reader.rewindable || large {
                reader.rewindable = false;
                self.log = None;
                return;
            }
        }
        log.push(side, bytes, *carrier, chunks);
    }

    /// Tells the dissector of the sides that ended.
    fn tell_ends(&mut self, id: &mut Ident, cx: &mut Context<'_>) -> Result<(), Stop> {
        let Some(reader) = &mut self.reader else {
            return Ok(());
        };
        for side in Side::BOTH {
            let stream = &self.streams[side.index()];
            if let Some(why) = stream.ended.filter(|_| !stream.end_told) {
                reader.end(&mut self.streams, side, why, id, cx)?;
            }
        }
        Ok(())
    }

    /// If the dissector stopped, the next candidate is looked for.
    fn after(
        &mut self,
        result: Result<(), Stop>,
        id: &mut Ident,
        cx: &mut Context<'_>,
    ) -> Result<(), Fate> {
        match result {
            Ok(()) => Ok(()),
            Err(stop) => {
                self.give_up(stop, id, cx)?;
                self.search(id, cx)
            }
        }
    }

    /// Parts with the dissector, and prepares what it did not read for the next candidate.
    fn give_up(&mut self, stop: Stop, id: &Ident, cx: &mut Context<'_>) -> Result<(), Fate> {
        let Some(reader) = self.reader.take() else {
            return Ok(());
        };
        if stop == Stop::Crashed {
            // What waits is counted with the conversation.
            self.log = None;
            return Err(Fate::Crashed);
        }
        cx.counts.events.rejections += 1;
        let log = self.log.take();
        match log.filter(|_| reader.rewindable && !reader.spoke) {
            Some(log) => {
                self.candidates &= !(1 << reader.row);
                for (stream, base) in self.streams.iter_mut().zip(log.base) {
                    cx.counts.bytes.dissected -= stream.read - base;
                    stream.read = base;
                    stream.drop_unread();
                    stream.need = 0;
                }
                self.log = Some(log);
            }
            None => {
                self.tries += 1;
                if u64::from(self.tries) > cx.shared.limit(limits::IDENTIFY_AGAIN) {
                    return Err(Fate::Rejected);
                }
                self.candidates = all(id, cx);
                self.mid_stream = true;
                let log = self.salvage(cx);
                self.log = (!log.is_empty()).then(|| Box::new(log));
            }
        }
        Ok(())
    }

    /// Takes what is unread out of the streams, in order of arrival.
    fn salvage(&mut self, cx: &Context<'_>) -> Log {
        let mut log = Log::new(self.offsets());
        let mut runs = Vec::new();
        for side in Side::BOTH {
            let stream = &self.streams[side.index()];
            stream.marks.runs(stream.read, |range, carrier| {
                runs.push((carrier.known(), side, range, carrier));
            });
        }
        runs.sort_by_key(|(known, side, range, _)| (*known, side.index(), range.start));
        let limit = cx.shared.limit(limits::WAITING_CHUNKS) as usize;
        for (_, side, range, carrier) in runs {
            let stream = &self.streams[side.index()];
            let from = (range.start - stream.read) as usize;
            let to = (range.end - stream.read) as usize;
            if let Some(bytes) = stream.unread().get(from..to) {
                log.push(side, bytes, carrier, limit);
            }
        }
        for stream in &mut self.streams {
            stream.drop_unread();
            stream.need = 0;
            stream.pass = 0;
        }
        log
    }

    /// Stream offset of the first byte that differs from what came at the same place, as far as that
    /// is still known.
    pub fn differs(&self, side: Side, at: u64, bytes: &[u8], cx: &Context<'_>) -> Option<u64> {
        let stream = &self.streams[side.index()];
        if self.reader.is_some() {
            let history = stream.history.as_ref()?;
            return history.differs(at, bytes, cx.shared.history);
        }
        let log = self.log.as_ref()?;
        let base = log.base[side.index()];
        let known = log.bytes(side);
        (0..bytes.len() as u64)
            .filter_map(|n| Some((n, (at + n).checked_sub(base)?)))
            .find(|(n, place)| {
                known
                    .get(*place as usize)
                    .is_some_and(|byte| *byte != bytes[*n as usize])
            })
            .map(|(n, _)| at + n)
    }

    fn offsets(&self) -> [u64; 2] {
        [self.streams[0].read, self.streams[1].read]
    }
}

pub fn all(id: &Ident, cx: &Context<'_>) -> Candidates {
    cx.shared.candidates(id.transport())
}

impl Fate {
    /// Where bytes of a conversation with this fate are counted.
    pub fn counter<'c>(self, cx: &'c mut Context<'_>) -> &'c mut u64 {
        let bytes = &mut cx.counts.bytes;
        match self {
            Fate::Unidentified => &mut bytes.unidentified,
            Fate::Rejected => &mut bytes.rejected,
            Fate::Crashed => &mut bytes.crashed,
            Fate::Refused => &mut bytes.refused,
        }
    }
}
