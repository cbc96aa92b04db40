//! What stands in one block: a message, several, a batch, a commit acknowledgement, nothing.

use std::mem;
use std::ops::Range;

use crate::action::Outcome;
use crate::limits;
use crate::message::{Messages, Scope};

use super::batch::Batch;
use super::content::Classes;
use super::delimiters::Delimiters;
use super::fields::*;
use super::kinds;
use super::message::{self, CONTROL_ID_ROOM, Input};
use super::segments::{self, Marks, Segment, is_header};
use super::writer::{Source, Writer};
use super::{charset, xml};

/// A block as the framing found it.
pub(super) struct Block<'a> {
    pub payload: &'a [u8],
    /// Stream offset of the payload.
    pub at: u64,
    /// Stream bytes of the whole block, framing included.
    pub range: Range<u64>,
    pub frame: Frame,
}

/// What is unusual about the block that a message came in.
#[derive(Clone, Copy, Default)]
pub(super) struct Frame {
    pub framing: &'static [u8],
    pub segment_end: &'static [u8],
    pub encoding: &'static [u8],
    faults: [Option<(&'static str, u64)>; 4],
}

impl Frame {
    /// Adds a fault at a stream offset. Beyond four they are dropped.
    pub fn fault(&mut self, name: &'static str, at: u64) {
        if let Some(free) = self.faults.iter_mut().find(|f| f.is_none()) {
            *free = Some((name, at));
        }
    }

    pub fn write(&self, w: &mut Writer<'_, '_, '_>) {
        w.put_raw(FRAMING, self.framing);
        w.put_raw(SEGMENT_END, self.segment_end);
        w.put_raw(ENCODING, self.encoding);
        for (name, at) in self.faults.iter().flatten() {
            w.draft.anomaly(name, *at);
        }
    }
}

/// The last control id that a side sent: an answer without MSA-2, or a commit acknowledgement,
/// can only mean that one.
#[derive(Clone)]
pub(super) struct LastId {
    bytes: [u8; CONTROL_ID_ROOM],
    len: u8,
}

impl LastId {
    pub const NONE: LastId = LastId {
        bytes: [0; CONTROL_ID_ROOM],
        len: 0,
    };

    pub fn get(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    fn set(&mut self, id: &[u8]) {
        let len = id.len().min(CONTROL_ID_ROOM);
        self.bytes[..len].copy_from_slice(&id[..len]);
        self.len = len as u8;
    }
}

/// Control ids that answers may mean without naming one.
pub(super) struct Ids<'a> {
    /// The other side's last.
    pub asked: &'a LastId,
    /// This side's, to be set.
    pub sent: &'a mut LastId,
}

/// Buffers that are used again for every block.
#[derive(Default)]
pub(super) struct Work {
    segments: Vec<Segment>,
    marks: Marks,
    text: Vec<u8>,
    spare: Vec<u8>,
    leaf: Vec<u8>,
}

/// Buffers above this are given back after the block that needed them.
const KEPT: usize = 64 * 1024;

impl Work {
    pub fn held(&self) -> usize {
        self.segments.capacity() * size_of::<Segment>()
            + self.marks.held()
            + self.text.capacity()
            + self.spare.capacity()
            + self.leaf.capacity()
    }

    fn shrink(&mut self) {
        if self.held() > KEPT {
            *self = Work::default();
        }
    }
}

/// Reads a block and writes its messages.
pub(super) fn read(work: &mut Work, mut block: Block<'_>, ids: Ids<'_>, out: &mut Messages<'_>) {
    if let Some(rest) = block.payload.strip_prefix(b"\xEF\xBB\xBF") {
        block.frame.fault("byte-order-mark", block.at);
        block.payload = rest;
        block.at += 3;
    }
    match block.payload {
        [] => {
            let mut draft = out.message(kinds::EMPTY_BLOCK, block.range.clone());
            for (name, at) in block.frame.faults.iter().flatten() {
                draft.anomaly(name, *at);
            }
        }
        [0x06] => commit(kinds::COMMIT_ACK, Outcome::Accepted, &block, ids.asked, out),
        [0x15] => commit(kinds::COMMIT_NAK, Outcome::Refused, &block, ids.asked, out),
        payload => {
            let mut text = mem::take(&mut work.text);
            let is_xml = payload.trim_ascii_start().starts_with(b"<");
            if is_xml && let Err(fault) = xml::to_er7(payload, &mut text) {
                let mut draft = out.message(kinds::MALFORMED, block.range.clone());
                draft.anomaly(fault, block.at).body(payload);
            } else {
                block.frame.encoding = if is_xml { b"xml" } else { b"" };
                er7(work, block, &mut text, is_xml, ids, out);
            }
            work.text = text;
            work.shrink();
        }
    }
}

/// MLLP release 2 acknowledges the block before it, by order alone.
fn commit(
    kind: crate::schema::KindId,
    outcome: Outcome,
    block: &Block<'_>,
    asked: &LastId,
    out: &mut Messages<'_>,
) {
    let mut draft = out.message(kind, block.range.clone());
    for (name, at) in block.frame.faults.iter().flatten() {
        draft.anomaly(name, *at);
    }
    if !asked.get().is_empty() {
        draft.answers(Scope::Hosts, asked.get(), false, outcome);
    }
}

/// Cuts ER7 text into messages. `text` holds it already if it was written anew, else the payload
/// is the text, unless it has to be decoded first.
fn er7(
    work: &mut Work,
    mut block: Block<'_>,
    text: &mut Vec<u8>,
    mut rewritten: bool,
    ids: Ids<'_>,
    out: &mut Messages<'_>,
) {
    let most = out.limits().get(limits::HL7_SEGMENTS);
    let classes = classes(if rewritten { text } else { block.payload });
    if classes.high || classes.shift {
        let source: &[u8] = if rewritten { text } else { block.payload };
        let fit = charset::decode(source, &mut work.spare);
        if fit == charset::Fit::Mismatch && block.frame.encoding.is_empty() {
            block.frame.fault("charset-mismatch", block.at);
        }
        if !work.spare.is_empty() {
            mem::swap(text, &mut work.spare);
            rewritten = true;
        }
    }
    let source: &[u8] = if rewritten { text } else { block.payload };
    let mut ends = segments::cut(source, most, &mut work.segments, &mut work.marks);
    if ends.add {
        continued(source, &work.segments, &mut work.spare);
        mem::swap(text, &mut work.spare);
        rewritten = true;
        ends = segments::cut(text, most, &mut work.segments, &mut work.marks);
    }
    if ends.overflow {
        out.limit(limits::HL7_SEGMENTS);
        block.frame.fault("too-many-segments", block.at);
    }
    block.frame.segment_end = match ends {
        segments::Ends { crlf: true, .. } => b"CRLF",
        segments::Ends { lf: true, .. } => b"LF",
        _ => b"",
    };
    let source = Source {
        text: if rewritten { text } else { block.payload },
        block: block.at,
        base: (!rewritten).then_some(block.at),
    };
    messages(work, &block, source, classes, ends.headers, ids, out);
}

/// Writes each message, and the batch around them.
fn messages(
    work: &mut Work,
    block: &Block<'_>,
    source: Source<'_>,
    classes: Classes,
    headers: usize,
    ids: Ids<'_>,
    out: &mut Messages<'_>,
) {
    let text = source.text;
    let segments = mem::take(&mut work.segments);
    let marks = mem::take(&mut work.marks);
    let mut batch = Batch::default();
    let mut at = 0;
    let mut written = 0;
    loop {
        let segment = segments.get(at).map_or(&b""[..], |s| s.of(text));
        if at > 0 && at >= segments.len() {
            break;
        }
        let id = segment.get(..3).unwrap_or(segment);
        // Some senders put each segment of the envelope into a block of its own.
        let trailer = at == 0 && (id == b"BTS" || id == b"FTS");
        let envelope = is_header(segment) && id != b"MSH" || trailer;
        let begins = is_header(segment) && id == b"MSH" || (at == 0 && !envelope);
        if !begins {
            batch.meets(at, segment);
            at += 1;
            continue;
        }
        let mut next = at + 1;
        // The only header there is: all that follows is its own.
        if headers <= usize::from(is_header(segment)) && !batch.open() {
            next = segments.len().max(next);
        }
        while let Some(later) = segments.get(next) {
            let later = later.of(text);
            let trailer = batch.open() && (later.starts_with(b"BTS") || later.starts_with(b"FTS"));
            if is_header(later) || trailer {
                break;
            }
            next += 1;
        }
        let input = Input {
            source,
            segments: segments.get(at..next).unwrap_or_default(),
            marks: &marks,
            frame: &block.frame,
            range: if headers <= 1 {
                block.range.clone()
            } else {
                range(block, &source, &segments, at, next)
            },
            classes: if headers <= 1 {
                classes
            } else {
                own_classes(text, &segments[at..next])
            },
            follows: written > 0 && !batch.open(),
            asked: ids.asked.get(),
        };
        let control_id = message::write(&input, &mut work.leaf, out);
        ids.sent.set(control_id);
        batch.counts();
        written += 1;
        at = next;
    }
    if batch.open() {
        batch.write(block, source, &segments, &mut work.leaf, out);
    }
    work.segments = segments;
    work.marks = marks;
}

/// The stream bytes of the segments from `at` to `next`; the last message has the end block too.
fn range(
    block: &Block<'_>,
    source: &Source<'_>,
    segments: &[Segment],
    at: usize,
    next: usize,
) -> Range<u64> {
    let Some(base) = source.base else {
        return block.range.clone();
    };
    let offset = |n: usize| segments.get(n).map(|s| base + u64::from(s.start));
    let start = if at == 0 {
        block.range.start
    } else {
        offset(at).unwrap_or(block.range.start)
    };
    start..offset(next).unwrap_or(block.range.end)
}

/// Classes of the bytes behind the header's own delimiters.
fn classes(text: &[u8]) -> Classes {
    let head = text.get(..text.len().min(64)).unwrap_or_default();
    let (d, _) = Delimiters::read(head);
    let skip = 4 + Delimiters::encoding(head, d.field).len();
    Classes::of(text.get(skip..).unwrap_or_default(), d.escape)
}

fn own_classes(text: &[u8], segments: &[Segment]) -> Classes {
    let start = segments.first().map_or(0, |s| s.start as usize);
    let end = segments.last().map_or(0, |s| s.end as usize);
    classes(text.get(start..end).unwrap_or_default())
}

/// Joins ADD segments to the ones that they continue (ch. 2, 2.10.2).
fn continued(text: &[u8], segments: &[Segment], into: &mut Vec<u8>) {
    into.clear();
    for (n, segment) in segments.iter().enumerate() {
        let segment = segment.of(text);
        match segment.strip_prefix(b"ADD") {
            Some(more) if n > 0 => into.extend_from_slice(more.get(1..).unwrap_or_default()),
            _ => {
                if n > 0 {
                    into.push(b'\r');
                }
                into.extend_from_slice(segment);
            }
        }
    }
}
