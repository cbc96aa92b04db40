//! The envelope of a batch or file: FHS, BHS, BTS, FTS (HL7 v2 ch. 2, 2.10.3).

use crate::message::Messages;

use super::block::Block;
use super::delimiters::Delimiters;
use super::fields::*;
use super::kinds;
use super::message::segment_list;
use super::segments::{Fields, Segment};
use super::writer::{Source, Writer};

/// Counts while the messages of a block go by.
#[derive(Default)]
pub(super) struct Batch {
    open: bool,
    messages: i64,
    /// Messages since the last BHS or BTS.
    since: i64,
    batches: i64,
    file_closed: bool,
    /// Segment index of what is wrong.
    count_differs: Option<usize>,
    file_differs: Option<usize>,
    stray: Option<usize>,
    nested: Option<usize>,
    /// A batch was opened and not closed.
    pending: bool,
}

impl Batch {
    /// An envelope was seen.
    pub fn open(&self) -> bool {
        self.open
    }

    /// A message of the batch.
    pub fn counts(&mut self) {
        self.messages += 1;
        self.since += 1;
    }

    /// A segment outside any message.
    pub fn meets(&mut self, at: usize, segment: &[u8]) {
        match segment.get(..3) {
            Some(b"FHS") => {
                self.nested = self.nested.or((self.open).then_some(at));
                self.open = true;
            }
            Some(b"BHS") => {
                self.nested = self.nested.or(self.pending.then_some(at));
                self.open = true;
                self.pending = true;
                self.since = 0;
                self.batches += 1;
            }
            Some(b"BTS") => {
                // Alone in its block it counts what stands in others.
                let alone = !std::mem::replace(&mut self.open, true);
                if !alone && declared(segment).is_some_and(|n| n != self.since) {
                    self.count_differs.get_or_insert(at);
                }
                self.since = 0;
                self.pending = false;
            }
            Some(b"FTS") => {
                let alone = !std::mem::replace(&mut self.open, true);
                if !alone && declared(segment).is_some_and(|n| n != self.batches.max(1)) {
                    self.file_differs.get_or_insert(at);
                }
                self.file_closed = true;
            }
            _ => {
                self.stray.get_or_insert(at);
            }
        }
    }

    /// Writes the message of kind `batch`, which covers the whole block.
    pub fn write(
        &self,
        block: &Block<'_>,
        source: Source<'_>,
        segments: &[Segment],
        leaf: &mut Vec<u8>,
        out: &mut Messages<'_>,
    ) {
        let text = source.text;
        let of = |at: usize| segments.get(at).map_or(&b""[..], |s| s.of(text));
        let wanted = out.wanted();
        let mut w = Writer {
            wanted,
            repeats: usize::MAX,
            draft: out.message(kinds::BATCH, block.range.clone()),
            d: Delimiters::USUAL,
            source,
            escapes: true,
            leaf,
        };
        block.frame.write(&mut w);
        let mut named = false;
        let mut outside: Vec<Segment> = Vec::new();
        let mut inside = false;
        for segment in segments {
            let bytes = segment.of(text);
            match bytes.get(..3) {
                Some(b"FHS" | b"BHS") => {
                    inside = false;
                    header(bytes, &mut named, &mut w);
                }
                Some(b"MSH") => inside = true,
                Some(b"BTS") => {
                    inside = false;
                    if let Some(n) = declared(bytes) {
                        w.draft.integer(BATCH_DECLARED, n);
                    }
                }
                Some(b"FTS") => {
                    inside = false;
                    if let Some(n) = declared(bytes) {
                        w.draft.integer(FILE_DECLARED, n);
                    }
                }
                _ => {}
            }
            if !inside && w.wants(SEGMENTS) && outside.len() < 256 {
                outside.push(*segment);
            }
        }
        w.draft.integer(BATCH_COUNT, self.messages);
        segment_list(text, &outside, &mut w);
        w.draft.integer(SEGMENT_COUNT, segments.len() as i64);
        for (name, at) in [
            ("batch-count", self.count_differs),
            ("file-count", self.file_differs),
            ("batch-structure", self.nested),
            ("segment-outside-message", self.stray),
        ] {
            if let Some(at) = at {
                w.anomaly(name, of(at));
            }
        }
        w.draft.body(text);
    }
}

/// FHS and BHS have applications, facilities, time and security where MSH has them.
fn header<'a>(segment: &'a [u8], named: &mut bool, w: &mut Writer<'_, 'a, '_>) {
    let (d, fault) = Delimiters::read(segment);
    w.d = d;
    let f = Fields::of(segment, d.field);
    if fault.is_some() {
        w.anomaly("malformed-header", segment);
    }
    w.secret(SECURITY, f.get(8));
    if std::mem::replace(named, true) {
        return;
    }
    w.put_component(SENDING_APP, f.get(3), 1);
    w.put_component(SENDING_FACILITY, f.get(4), 1);
    w.put_component(RECEIVING_APP, f.get(5), 1);
    w.put_component(RECEIVING_FACILITY, f.get(6), 1);
    w.time(MESSAGE_TIME, f.get(7));
    w.put(CONTROL_ID, f.get(11));
    let end = 4 + f.get(2).len();
    w.put_raw(DELIMITERS, segment.get(3..end).unwrap_or_default());
}

/// The count of BTS-1 or FTS-1. Their separator is whatever follows the id.
fn declared(segment: &[u8]) -> Option<i64> {
    let separator = *segment.get(3)?;
    let count = segment.get(4..)?.split(|b| *b == separator).next()?;
    std::str::from_utf8(count.trim_ascii()).ok()?.parse().ok()
}
