//! What dissectors write and everybody else reads: messages in a batch.
//!
//! A [`Batch`] is an arena: fixed-size heads, fields and text bytes, filled by one worker, read by
//! the judge, then cleared and used again, so that the steady state allocates nothing.
//! Dissectors write through [`Messages`] and [`Draft`]; readers see [`Message`].

use std::net::IpAddr;
use std::ops::Range;

use crate::action::{
    Action, Device, Effect, Outcome, Quantity, StoredAction, StoredQuantity, Verb,
};
use crate::contract::{Side, Transport};
pub use crate::interest::{Interest, Wanted};
use crate::limits::{self, LimitId, Limits};
use crate::registry::{PROTOCOLS, ProtocolId};
use crate::schema::{Field, FieldId, KindId, Provenance};

/// A range of bytes in a batch's text arena.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    start: u32,
    len: u32,
}

impl Span {
    pub const EMPTY: Span = Span { start: 0, len: 0 };

    pub const fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// A field's value as read from a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// UTF-8 where the dissector could tell the character set, else bytes as sent.
    Text(&'a [u8]),
    Integer(i64),
    Decimal(f64),
    Quantity(Quantity<'a>),
    Bytes(&'a [u8]),
    /// A time in the protocol's own notation.
    Time(&'a [u8]),
    Flag(bool),
    /// A secret was there, this long. Its bytes never enter a batch.
    Secret(u32),
}

/// A frame as the sensor numbers it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameRef {
    /// Position in the one sequence of all frames of all inputs, from 0: the order of everything.
    pub seq: u64,
    /// The frame's number in its own file, from 1, as Wireshark shows it.
    pub number: u64,
    /// Index of its file among the inputs.
    pub file: u32,
    /// Nanoseconds since 1970-01-01 UTC.
    pub time: i64,
}

/// One end of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub ip: IpAddr,
    pub port: u16,
    /// Source MAC of the first frame from this end; behind a router it is the router's.
    pub mac: Option<[u8; 6]>,
}

/// The conversation that a message belongs to, as the judge and the outputs need it.
#[derive(Clone, Copy, Debug)]
pub struct Conversation {
    /// 53 bits of an unkeyed hash over the five-tuple and the first frame's time.
    pub flow_id: u64,
    pub transport: Transport,
    /// Client and server.
    pub ends: [Endpoint; 2],
    /// The first frame of the conversation.
    pub started: FrameRef,
    /// Its start was not seen.
    pub mid_stream: bool,
    /// Frames of each side were seen.
    pub seen: [bool; 2],
    /// Bytes missing so far, each side.
    pub missing: [u64; 2],
    /// Two copies of the same bytes differed.
    pub overlap_differs: bool,
}

/// Where a join key is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Within the conversation.
    Conversation,
    /// Between the two hosts, over any of their conversations.
    Hosts,
    /// Anywhere.
    Everywhere,
}

/// The key under which a message asks, or to which it answers.
#[derive(Clone, Copy, Debug)]
pub struct Join<'a> {
    pub scope: Scope,
    pub key: &'a [u8],
    /// For an answer: no further one is expected. For a question: ignored.
    pub last: bool,
    /// For an answer: what it says became of the request (`Requested` while that is pending).
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug)]
struct StoredJoin {
    scope: Scope,
    key: Span,
    last: bool,
    outcome: Outcome,
}

/// A fault in the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anomaly {
    /// One of the names that the protocol declares.
    pub name: &'static str,
    /// Stream offset of the fault.
    pub at: u64,
}

/// What one message teaches about a device: what an operation or metric handle means. Kept by the
/// judge, by device, to complete later actions on that handle.
#[derive(Clone, Copy, Debug)]
pub struct Lesson<'a> {
    pub handle: &'a [u8],
    /// What operating the handle does.
    pub verb: Verb,
    pub device: Device,
    pub unit: &'a [u8],
    pub code: &'a [u8],
    pub label: &'a [u8],
    /// Allowed range, NaN where open.
    pub low: f64,
    pub high: f64,
    pub step: f64,
}

#[derive(Clone, Copy, Debug)]
struct StoredLesson {
    handle: Span,
    verb: Verb,
    device: Device,
    unit: Span,
    code: Span,
    label: Span,
    low: f64,
    high: f64,
    step: f64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    field: FieldId,
    value: StoredValue,
    /// Stream bytes that the value was read from (empty if not told).
    at: (u64, u32),
}

#[derive(Clone, Copy, Debug)]
enum StoredValue {
    Text(Span),
    Integer(i64),
    Decimal(f64),
    Quantity(StoredQuantity),
    Bytes(Span),
    Time(Span),
    Flag(bool),
    Secret(u32),
}

/// What became of a message, and where it lies: everything but its texts.
#[derive(Clone, Debug)]
struct Head {
    protocol: ProtocolId,
    kind: Option<KindId>,
    kind_text: Span,
    side: Side,
    range: Range<u64>,
    provenance: Provenance,
    entries: Range<u32>,
    anomalies: Range<u32>,
    lessons: Range<u32>,
    action: Option<u32>,
    asks: Option<StoredJoin>,
    answers: Option<StoredJoin>,
    body: Option<Span>,
    // What the flow layer adds.
    conversation: u32,
    frames: Range<u32>,
    vlan: u16,
}

/// An arena of messages, in the order in which they became known.
#[derive(Debug, Default)]
pub struct Batch {
    heads: Vec<Head>,
    entries: Vec<Entry>,
    anomalies: Vec<Anomaly>,
    lessons: Vec<StoredLesson>,
    actions: Vec<StoredAction>,
    frames: Vec<FrameRef>,
    conversations: Vec<Conversation>,
    text: Vec<u8>,
    /// Hits of each limit since the batch was cleared.
    limit_hits: Vec<(LimitId, u64)>,
}

impl Batch {
    /// Forgets all messages, keeps the memory.
    pub fn clear(&mut self) {
        self.heads.clear();
        self.entries.clear();
        self.anomalies.clear();
        self.lessons.clear();
        self.actions.clear();
        self.frames.clear();
        self.conversations.clear();
        self.text.clear();
        self.limit_hits.clear();
    }

    pub fn len(&self) -> usize {
        self.heads.len()
    }

    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    pub fn message(&self, index: usize) -> Message<'_> {
        Message {
            batch: self,
            head: &self.heads[index],
        }
    }

    pub fn messages(&self) -> impl Iterator<Item = Message<'_>> {
        self.heads.iter().map(|head| Message { batch: self, head })
    }

    pub fn limit_hits(&self) -> &[(LimitId, u64)] {
        &self.limit_hits
    }

    /// Bytes of memory that this batch keeps alive.
    pub fn held(&self) -> usize {
        self.heads.capacity() * size_of::<Head>()
            + self.entries.capacity() * size_of::<Entry>()
            + self.text.capacity()
    }

    /// For the flow layer: adds a conversation and gives its index for [`Self::place`].
    pub fn add_conversation(&mut self, conversation: Conversation) -> u32 {
        self.conversations.push(conversation);
        self.conversations.len() as u32 - 1
    }

    /// For the flow layer: tells where message `index` was seen. `frames` are those that carried
    /// it, in order: the first is where it began, the last the one that completed it.
    pub fn place(
        &mut self,
        index: usize,
        conversation: u32,
        vlan: u16,
        frames: impl IntoIterator<Item = FrameRef>,
    ) {
        let start = self.frames.len() as u32;
        self.frames.extend(frames);
        let head = &mut self.heads[index];
        head.conversation = conversation;
        head.vlan = vlan;
        head.frames = start..self.frames.len() as u32;
    }

    /// For the flow layer: side and byte range of message `index`.
    pub fn covers(&self, index: usize) -> (Side, Range<u64>) {
        let head = &self.heads[index];
        (head.side, head.range.clone())
    }

    /// Forgets all messages and takes a copy of one, with its conversation and frames: for who
    /// keeps it longer than the batch that it lies in.
    pub fn copy(&mut self, message: Message<'_>) {
        self.clear();
        let Message { batch: from, head } = message;
        let entries = message.entries();
        self.entries.reserve(entries.len());
        for entry in entries {
            let value = match entry.value {
                StoredValue::Text(s) => StoredValue::Text(self.keep(from.bytes(s))),
                StoredValue::Bytes(s) => StoredValue::Bytes(self.keep(from.bytes(s))),
                StoredValue::Time(s) => StoredValue::Time(self.keep(from.bytes(s))),
                StoredValue::Quantity(q) => StoredValue::Quantity(self.copy_quantity(from, q)),
                plain => plain,
            };
            self.entries.push(Entry { value, ..*entry });
        }
        self.anomalies.extend_from_slice(message.anomalies());
        self.lessons.reserve(head.lessons.len());
        for at in head.lessons.clone() {
            let Some(lesson) = from.lessons.get(at as usize).copied() else {
                continue;
            };
            let lesson = StoredLesson {
                handle: self.keep(from.bytes(lesson.handle)),
                unit: self.keep(from.bytes(lesson.unit)),
                code: self.keep(from.bytes(lesson.code)),
                label: self.keep(from.bytes(lesson.label)),
                ..lesson
            };
            self.lessons.push(lesson);
        }
        let action = head.action.and_then(|at| from.actions.get(at as usize));
        if let Some(stored) = action {
            let action = StoredAction {
                device_id: self.keep(from.bytes(stored.device_id)),
                channel: self.keep(from.bytes(stored.channel)),
                handle: self.keep(from.bytes(stored.handle)),
                order: self.keep(from.bytes(stored.order)),
                drug: self.keep(from.bytes(stored.drug)),
                destination: self.keep(from.bytes(stored.destination)),
                value: stored.value.map(|q| self.copy_quantity(from, q)),
                ..*stored
            };
            self.actions.push(action);
        }
        let mut join = |j: &StoredJoin| StoredJoin {
            key: self.keep(from.bytes(j.key)),
            ..*j
        };
        let asks = head.asks.as_ref().map(&mut join);
        let answers = head.answers.as_ref().map(&mut join);
        self.conversations.push(*message.conversation());
        self.frames.extend_from_slice(message.frames());
        let copy = Head {
            kind_text: self.keep(from.bytes(head.kind_text)),
            entries: 0..self.entries.len() as u32,
            anomalies: 0..self.anomalies.len() as u32,
            lessons: 0..self.lessons.len() as u32,
            action: action.map(|_| 0),
            asks,
            answers,
            body: head.body.map(|body| self.keep(from.bytes(body))),
            conversation: 0,
            frames: 0..self.frames.len() as u32,
            ..head.clone()
        };
        self.heads.push(copy);
    }

    fn copy_quantity(&mut self, from: &Batch, q: StoredQuantity) -> StoredQuantity {
        StoredQuantity {
            number: q.number,
            sent: self.keep(from.bytes(q.sent)),
            unit: self.keep(from.bytes(q.unit)),
            code: self.keep(from.bytes(q.code)),
        }
    }

    fn keep(&mut self, bytes: &[u8]) -> Span {
        let start = self.text.len() as u32;
        self.text.extend_from_slice(bytes);
        Span {
            start,
            len: bytes.len() as u32,
        }
    }

    fn bytes(&self, span: Span) -> &[u8] {
        &self.text[span.start as usize..span.start as usize + span.len as usize]
    }
}

/// A dissector's pen: where it writes messages of one side of one conversation.
pub struct Messages<'b> {
    batch: &'b mut Batch,
    limits: &'b Limits,
    interest: &'b Interest,
    protocol: ProtocolId,
    side: Side,
    offset: u64,
    /// Set inside a carrier: messages cover this outer range whatever range they name.
    carried: Option<Range<u64>>,
    /// Set inside a carrier that tells its bytes apart: where they lie in the outer stream.
    pieces: &'b [Piece],
}

/// A run of an inner stream's bytes that lie together in the outer stream: from this inner offset
/// on (to the next piece) they stand from this outer offset on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    pub inner: u64,
    pub outer: u64,
}

impl<'b> Messages<'b> {
    /// For the flow layer: a pen for `side`, whose unread bytes begin at stream offset `offset`.
    pub fn new(
        batch: &'b mut Batch,
        limits: &'b Limits,
        interest: &'b Interest,
        protocol: ProtocolId,
        side: Side,
        offset: u64,
    ) -> Self {
        Messages {
            batch,
            limits,
            interest,
            protocol,
            side,
            offset,
            carried: None,
            pieces: &[],
        }
    }

    /// Stream offset of the first byte of `input` (in `read`) or `rest` (in `gap` and `end`).
    pub fn offset(&self) -> u64 {
        self.offset
    }

    pub fn side(&self) -> Side {
        self.side
    }

    pub fn limits(&self) -> &'b Limits {
        self.limits
    }

    /// True if somebody wants this field. Ask before costly extraction; `Draft` asks by itself.
    pub fn wants(&self, field: FieldId) -> bool {
        self.interest.wants(self.protocol, field)
    }

    /// All wanted fields of this protocol at once.
    pub fn wanted(&self) -> Wanted {
        self.interest.wanted(self.protocol)
    }

    /// True if somebody wants message bodies of this protocol.
    pub fn wants_body(&self) -> bool {
        self.interest.wants_body(self.protocol)
    }

    /// Counts a hit of a limit.
    pub fn limit(&mut self, id: LimitId) {
        match self.batch.limit_hits.iter_mut().find(|(i, _)| *i == id) {
            Some((_, hits)) => *hits += 1,
            None => self.batch.limit_hits.push((id, 1)),
        }
    }

    /// Begins a message of a known kind that covers `range` of this side's stream (absolute offsets).
    pub fn message(&mut self, kind: KindId, range: Range<u64>) -> Draft<'_> {
        let provenance = PROTOCOLS[self.protocol.index()]
            .kinds
            .get(usize::from(kind.0))
            .and_then(|k| k.provenance);
        self.begin(Some(kind), b"", range, provenance)
    }

    /// Begins a message whose kind is no row of the protocol's table; `kind` is its name on the wire.
    pub fn message_named(&mut self, kind: &[u8], range: Range<u64>) -> Draft<'_> {
        self.begin(None, kind, range, None)
    }

    /// Begins a message of a kind with a code that nobody named: kind `unknown 0x0777`.
    pub fn message_unknown(&mut self, code: u32, digits: usize, range: Range<u64>) -> Draft<'_> {
        use std::io::Write;
        let mut name = [0u8; 24];
        let mut at = &mut name[..];
        let _ = write!(at, "unknown 0x{code:0digits$X}");
        let left = at.len();
        let used = name.len() - left;
        self.begin(None, &name[..used], range, None)
    }

    /// A pen for what is carried inside: messages written with it belong to `protocol` and cover
    /// the outer `range`. `offset` is where the inner stream's unread bytes begin.
    pub fn inside(&mut self, protocol: ProtocolId, range: Range<u64>, offset: u64) -> Messages<'_> {
        let carried = Some(self.outer(range));
        Messages {
            batch: self.batch,
            limits: self.limits,
            interest: self.interest,
            protocol,
            side: self.side,
            offset,
            carried,
            pieces: &[],
        }
    }

    /// As [`Self::inside`], for a carrier that takes bytes of its own out of the stream (Telnet):
    /// each message covers the outer bytes that its inner ones came from. `pieces` are in order and
    /// reach back to the inner stream's unread bytes. `side` is the inner stream's: bytes of one
    /// side may be what lets bytes of the other, kept before, be read.
    pub fn inside_pieces<'s>(
        &'s mut self,
        protocol: ProtocolId,
        side: Side,
        pieces: &'s [Piece],
        offset: u64,
    ) -> Messages<'s> {
        Messages {
            batch: self.batch,
            limits: self.limits,
            interest: self.interest,
            protocol,
            side,
            offset,
            carried: self.carried.clone(),
            pieces,
        }
    }

    /// The range of the outermost stream that a message's own range means.
    fn outer(&self, range: Range<u64>) -> Range<u64> {
        if let Some(carried) = &self.carried {
            return carried.clone();
        }
        let place = |inner: u64| {
            let after = self.pieces.partition_point(|p| p.inner <= inner);
            match self.pieces.get(after.saturating_sub(1)) {
                Some(piece) => piece.outer + inner.saturating_sub(piece.inner),
                None => inner,
            }
        };
        // The end belongs to the piece of the last byte, not to the one after it.
        let last = range.end.saturating_sub(1).max(range.start);
        place(range.start)..place(last) + u64::from(range.end > range.start)
    }

    /// How many messages the batch holds so far.
    pub fn count(&self) -> usize {
        self.batch.heads.len()
    }

    fn begin(
        &mut self,
        kind: Option<KindId>,
        name: &[u8],
        range: Range<u64>,
        provenance: Option<Provenance>,
    ) -> Draft<'_> {
        let range = self.outer(range);
        let kind_text = self.batch.keep(name);
        let entries = self.batch.entries.len() as u32;
        let anomalies = self.batch.anomalies.len() as u32;
        let lessons = self.batch.lessons.len() as u32;
        let own = PROTOCOLS[self.protocol.index()].provenance;
        self.batch.heads.push(Head {
            protocol: self.protocol,
            kind,
            kind_text,
            side: self.side,
            range,
            provenance: provenance.map_or(own, |p| p.min(own)),
            entries: entries..entries,
            anomalies: anomalies..anomalies,
            lessons: lessons..lessons,
            action: None,
            asks: None,
            answers: None,
            body: None,
            conversation: u32::MAX,
            frames: 0..0,
            vlan: 0,
        });
        Draft {
            batch: self.batch,
            limits: self.limits,
            wanted: self.interest.wanted_of(self.protocol, kind),
            body: self.interest.wants_body(self.protocol),
        }
    }
}

/// A message being written. It is complete when the draft is dropped.
pub struct Draft<'a> {
    batch: &'a mut Batch,
    limits: &'a Limits,
    /// Fields of this kind of message that somebody wants.
    wanted: Wanted,
    /// Somebody wants bodies.
    body: bool,
}

impl Draft<'_> {
    /// A text field. UTF-8 if the character set is known, else the bytes as sent.
    pub fn text(&mut self, field: FieldId, value: &[u8]) -> &mut Self {
        if self.wants(field) {
            let value = self.cut(value);
            let span = self.batch.keep(value);
            self.push(field, StoredValue::Text(span));
        }
        self
    }

    /// A text field, unless it is empty.
    pub fn text_if(&mut self, field: FieldId, value: &[u8]) -> &mut Self {
        if !value.is_empty() {
            self.text(field, value);
        }
        self
    }

    pub fn integer(&mut self, field: FieldId, value: i64) -> &mut Self {
        if self.wants(field) {
            self.push(field, StoredValue::Integer(value));
        }
        self
    }

    pub fn decimal(&mut self, field: FieldId, value: f64) -> &mut Self {
        if self.wants(field) {
            self.push(field, StoredValue::Decimal(value));
        }
        self
    }

    pub fn quantity(&mut self, field: FieldId, value: Quantity<'_>) -> &mut Self {
        if self.wants(field) {
            let stored = self.store(value);
            self.push(field, StoredValue::Quantity(stored));
        }
        self
    }

    pub fn bytes(&mut self, field: FieldId, value: &[u8]) -> &mut Self {
        if self.wants(field) {
            let value = self.cut(value);
            let span = self.batch.keep(value);
            self.push(field, StoredValue::Bytes(span));
        }
        self
    }

    pub fn time(&mut self, field: FieldId, value: &[u8]) -> &mut Self {
        if self.wants(field) {
            let value = self.cut(value);
            let span = self.batch.keep(value);
            self.push(field, StoredValue::Time(span));
        }
        self
    }

    pub fn flag(&mut self, field: FieldId, value: bool) -> &mut Self {
        if self.wants(field) {
            self.push(field, StoredValue::Flag(value));
        }
        self
    }

    /// A secret was there: only its length is kept.
    pub fn secret(&mut self, field: FieldId, len: usize) -> &mut Self {
        if self.wants(field) {
            self.push(
                field,
                StoredValue::Secret(u32::try_from(len).unwrap_or(u32::MAX)),
            );
        }
        self
    }

    /// Tells which stream bytes the field just written was read from.
    pub fn at(&mut self, offset: u64, len: usize) -> &mut Self {
        let any = !self.head().entries.is_empty();
        if any && let Some(entry) = self.batch.entries.last_mut() {
            entry.at = (offset, u32::try_from(len).unwrap_or(u32::MAX));
        }
        self
    }

    /// A fault in this message's bytes, at a stream offset.
    pub fn anomaly(&mut self, name: &'static str, at: u64) -> &mut Self {
        self.batch.anomalies.push(Anomaly { name, at });
        self.head_mut().anomalies.end += 1;
        self
    }

    /// What the message does.
    pub fn action(&mut self, action: Action<'_>) -> &mut Self {
        let value = action.value.map(|q| self.store(q));
        let keep = |batch: &mut Batch, limits: &Limits, bytes: &[u8]| {
            let room = limits.get(limits::FIELD_TEXT).min(bytes.len());
            batch.keep(&bytes[..room])
        };
        let stored = StoredAction {
            verb: action.verb,
            device: action.device,
            outcome: action.outcome,
            device_id: keep(self.batch, self.limits, action.device_id),
            channel: keep(self.batch, self.limits, action.channel),
            handle: keep(self.batch, self.limits, action.handle),
            order: keep(self.batch, self.limits, action.order),
            drug: keep(self.batch, self.limits, action.drug),
            destination: keep(self.batch, self.limits, action.destination),
            value,
        };
        self.batch.actions.push(stored);
        let at = self.batch.actions.len() as u32 - 1;
        self.head_mut().action = Some(at);
        self
    }

    /// The message asks, and answers will name this key.
    pub fn asks(&mut self, scope: Scope, key: &[u8]) -> &mut Self {
        let key = self.batch.keep(key);
        self.head_mut().asks = Some(StoredJoin {
            scope,
            key,
            last: false,
            outcome: Outcome::Requested,
        });
        self
    }

    /// The message answers the one that asked under this key. `last`: no further answer is
    /// expected. `outcome`: what the answer says became of the request.
    pub fn answers(&mut self, scope: Scope, key: &[u8], last: bool, outcome: Outcome) -> &mut Self {
        let key = self.batch.keep(key);
        self.head_mut().answers = Some(StoredJoin {
            scope,
            key,
            last,
            outcome,
        });
        self
    }

    /// What the message teaches about a device.
    pub fn teaches(&mut self, lesson: Lesson<'_>) -> &mut Self {
        let stored = StoredLesson {
            handle: self.batch.keep(lesson.handle),
            verb: lesson.verb,
            device: lesson.device,
            unit: self.batch.keep(lesson.unit),
            code: self.batch.keep(lesson.code),
            label: self.batch.keep(lesson.label),
            low: lesson.low,
            high: lesson.high,
            step: lesson.step,
        };
        self.batch.lessons.push(stored);
        self.head_mut().lessons.end += 1;
        self
    }

    /// The body, for paths in rules. Kept only if somebody wants it, and up to a limit.
    pub fn body(&mut self, body: &[u8]) -> &mut Self {
        if self.body {
            let room = self.limits.get(limits::KEPT_BODY);
            if body.len() > room {
                self.hit(limits::KEPT_BODY);
            }
            let span = self.batch.keep(&body[..body.len().min(room)]);
            self.head_mut().body = Some(span);
        }
        self
    }

    /// This message rests on less than its protocol.
    pub fn provenance(&mut self, grade: Provenance) -> &mut Self {
        let head = self.head_mut();
        head.provenance = head.provenance.min(grade);
        self
    }

    /// True if somebody wants this field of this kind of message.
    #[inline]
    pub fn wants(&self, field: FieldId) -> bool {
        self.wanted.has(field)
    }

    /// All wanted fields of this kind of message at once.
    pub fn wanted(&self) -> Wanted {
        self.wanted
    }

    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        self.limits
    }

    /// Counts a hit of a limit.
    pub fn limit(&mut self, id: LimitId) {
        self.hit(id);
    }

    fn cut<'v>(&mut self, value: &'v [u8]) -> &'v [u8] {
        let room = self.limits.get(limits::FIELD_TEXT);
        if value.len() > room {
            self.hit(limits::FIELD_TEXT);
        }
        &value[..value.len().min(room)]
    }

    fn store(&mut self, q: Quantity<'_>) -> StoredQuantity {
        let sent = self.cut(q.sent);
        let sent = self.batch.keep(sent);
        let unit = self.cut(q.unit);
        let unit = self.batch.keep(unit);
        let code = self.cut(q.code);
        let code = self.batch.keep(code);
        StoredQuantity {
            number: q.number,
            sent,
            unit,
            code,
        }
    }

    fn push(&mut self, field: FieldId, value: StoredValue) {
        let repeats = self.limits.get(limits::FIELD_REPEATS);
        let Some(head) = self.batch.heads.last_mut() else {
            return;
        };
        if head.entries.len() >= repeats {
            let start = head.entries.start as usize;
            let same = self.batch.entries[start..]
                .iter()
                .filter(|e| e.field == field)
                .count();
            if same >= repeats {
                return self.hit(limits::FIELD_REPEATS);
            }
        }
        head.entries.end += 1;
        self.batch.entries.push(Entry {
            field,
            value,
            at: (0, 0),
        });
    }

    fn hit(&mut self, id: LimitId) {
        match self.batch.limit_hits.iter_mut().find(|(i, _)| *i == id) {
            Some((_, hits)) => *hits += 1,
            None => self.batch.limit_hits.push((id, 1)),
        }
    }

    fn head(&self) -> &Head {
        &self.batch.heads[self.batch.heads.len() - 1]
    }

    fn head_mut(&mut self) -> &mut Head {
        let last = self.batch.heads.len() - 1;
        &mut self.batch.heads[last]
    }
}

/// A message as the judge and the outputs read it.
#[derive(Clone, Copy)]
pub struct Message<'b> {
    batch: &'b Batch,
    head: &'b Head,
}

impl<'b> Message<'b> {
    pub fn protocol(&self) -> ProtocolId {
        self.head.protocol
    }

    /// The kind's row in the protocol's table, if it has one.
    pub fn kind_id(&self) -> Option<KindId> {
        self.head.kind
    }

    /// The kind's name. May hold any bytes of the wire if the protocol has no row for it.
    pub fn kind(&self) -> &'b [u8] {
        match self.head.kind {
            Some(id) => PROTOCOLS[self.head.protocol.index()]
                .kinds
                .get(usize::from(id.0))
                .map_or(b"", |k| k.name.as_bytes()),
            None => self.batch.bytes(self.head.kind_text),
        }
    }

    /// Who sent it.
    pub fn side(&self) -> Side {
        self.head.side
    }

    /// The bytes of the sender's stream that it covers.
    pub fn range(&self) -> Range<u64> {
        self.head.range.clone()
    }

    pub fn provenance(&self) -> Provenance {
        self.head.provenance
    }

    /// All fields in the order in which they were read.
    pub fn fields(&self) -> impl Iterator<Item = (FieldId, Value<'b>)> + use<'b> {
        let batch = self.batch;
        self.entries()
            .iter()
            .map(move |e| (e.field, batch.value(e)))
    }

    /// Which fields it has, in the order in which they were read, without their values.
    pub fn field_ids(&self) -> impl Iterator<Item = FieldId> + use<'b> {
        self.entries().iter().map(|e| e.field)
    }

    /// All fields with the stream bytes (offset, length) that they were read from; length 0 if untold.
    pub fn fields_with_ranges(
        &self,
    ) -> impl Iterator<Item = (FieldId, Value<'b>, (u64, u32))> + use<'b> {
        let batch = self.batch;
        self.entries()
            .iter()
            .map(move |e| (e.field, batch.value(e), e.at))
    }

    /// The first value of a field.
    pub fn field(&self, field: FieldId) -> Option<Value<'b>> {
        self.entries()
            .iter()
            .find(|e| e.field == field)
            .map(|e| self.batch.value(e))
    }

    /// All values of a field.
    pub fn values(&self, field: FieldId) -> impl Iterator<Item = Value<'b>> + use<'b> {
        let batch = self.batch;
        self.entries()
            .iter()
            .filter(move |e| e.field == field)
            .map(move |e| batch.value(e))
    }

    /// A field's row in the protocol's table.
    pub fn describe(&self, field: FieldId) -> &'static Field {
        &PROTOCOLS[self.head.protocol.index()].fields[usize::from(field.0)]
    }

    pub fn anomalies(&self) -> &'b [Anomaly] {
        &self.batch.anomalies[self.head.anomalies.start as usize..self.head.anomalies.end as usize]
    }

    /// What the action does, without the rest of it.
    pub fn verb(&self) -> Option<Verb> {
        Some(self.batch.actions.get(self.head.action? as usize)?.verb)
    }

    /// What the action acts on.
    pub fn device(&self) -> Option<Device> {
        Some(self.batch.actions.get(self.head.action? as usize)?.device)
    }

    /// What the message itself says became of its action.
    pub fn outcome(&self) -> Option<Outcome> {
        Some(self.batch.actions.get(self.head.action? as usize)?.outcome)
    }

    /// The action has a value.
    pub fn acts_with_value(&self) -> bool {
        let action = self.head.action.map(|at| at as usize);
        action
            .and_then(|at| self.batch.actions.get(at))
            .is_some_and(|a| a.value.is_some())
    }

    /// What the action's verb does to its device.
    pub fn effect(&self) -> Option<Effect> {
        let stored = self.batch.actions.get(self.head.action? as usize)?;
        Some(stored.verb.effect(stored.device))
    }

    pub fn action(&self) -> Option<Action<'b>> {
        let stored = &self.batch.actions[self.head.action? as usize];
        Some(Action {
            verb: stored.verb,
            device: stored.device,
            device_id: self.batch.bytes(stored.device_id),
            channel: self.batch.bytes(stored.channel),
            handle: self.batch.bytes(stored.handle),
            order: self.batch.bytes(stored.order),
            drug: self.batch.bytes(stored.drug),
            destination: self.batch.bytes(stored.destination),
            value: stored.value.as_ref().map(|q| self.batch.quantity(q)),
            outcome: stored.outcome,
        })
    }

    pub fn asks(&self) -> Option<Join<'b>> {
        self.head.asks.as_ref().map(|j| self.batch.join(j))
    }

    pub fn answers(&self) -> Option<Join<'b>> {
        self.head.answers.as_ref().map(|j| self.batch.join(j))
    }

    pub fn lessons(&self) -> impl Iterator<Item = Lesson<'b>> + use<'b> {
        let batch = self.batch;
        batch.lessons[self.head.lessons.start as usize..self.head.lessons.end as usize]
            .iter()
            .map(move |l| Lesson {
                handle: batch.bytes(l.handle),
                verb: l.verb,
                device: l.device,
                unit: batch.bytes(l.unit),
                code: batch.bytes(l.code),
                label: batch.bytes(l.label),
                low: l.low,
                high: l.high,
                step: l.step,
            })
    }

    /// The kept body, if somebody wanted it.
    pub fn body(&self) -> Option<&'b [u8]> {
        self.head.body.map(|span| self.batch.bytes(span))
    }

    /// The frames that carried it, in order: the first is where it began, the last completed it.
    pub fn frames(&self) -> &'b [FrameRef] {
        &self.batch.frames[self.head.frames.start as usize..self.head.frames.end as usize]
    }

    /// The frame that completed it. Its time is the message's time.
    pub fn frame(&self) -> FrameRef {
        self.frames().last().copied().unwrap_or_default()
    }

    /// VLAN id of the completing frame, 0 if untagged.
    pub fn vlan(&self) -> u16 {
        self.head.vlan
    }

    pub fn conversation(&self) -> &'b Conversation {
        &self.batch.conversations[self.head.conversation as usize]
    }

    /// The sender's address.
    pub fn source(&self) -> &'b Endpoint {
        &self.conversation().ends[self.head.side.index()]
    }

    /// The receiver's address.
    pub fn destination(&self) -> &'b Endpoint {
        &self.conversation().ends[self.head.side.other().index()]
    }

    fn entries(&self) -> &'b [Entry] {
        &self.batch.entries[self.head.entries.start as usize..self.head.entries.end as usize]
    }
}

impl Batch {
    fn value<'b>(&'b self, entry: &Entry) -> Value<'b> {
        match entry.value {
            StoredValue::Text(s) => Value::Text(self.bytes(s)),
            StoredValue::Integer(n) => Value::Integer(n),
            StoredValue::Decimal(n) => Value::Decimal(n),
            StoredValue::Quantity(q) => Value::Quantity(self.quantity(&q)),
            StoredValue::Bytes(s) => Value::Bytes(self.bytes(s)),
            StoredValue::Time(s) => Value::Time(self.bytes(s)),
            StoredValue::Flag(f) => Value::Flag(f),
            StoredValue::Secret(len) => Value::Secret(len),
        }
    }

    fn quantity(&self, q: &StoredQuantity) -> Quantity<'_> {
        Quantity {
            number: q.number,
            sent: self.bytes(q.sent),
            unit: self.bytes(q.unit),
            code: self.bytes(q.code),
        }
    }

    fn join(&self, j: &StoredJoin) -> Join<'_> {
        Join {
            scope: j.scope,
            key: self.bytes(j.key),
            last: j.last,
            outcome: j.outcome,
        }
    }
}

impl Outcome {
    /// True once an answer settled it.
    pub const fn settled(self) -> bool {
        matches!(self, Outcome::Accepted | Outcome::Refused | Outcome::Failed)
    }
}
