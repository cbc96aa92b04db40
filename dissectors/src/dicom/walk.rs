//! Walks a data set as it streams by, keeps the elements that are read by name, and lets the rest
//! pass (PS3.5 7, annex A).
//!
//! It takes the bytes cut in any way and gives the same: elements as [`super::kept`] records, faults,
//! executable markers. It never holds more than the limit `dicom-head`, however long the data set.

use super::encoding::{ElementHeader, Encoding, UNDEFINED};
use super::executable::{self, Marker};
use super::faults::{self, Faults};
use super::kept;
use super::value::{Tag, Vr};

/// A data set being read.
#[derive(Debug, Default)]
pub struct Walker {
    encoding: Encoding,
    step: Step,
    /// Bytes that wait for more: the opening, a header, the first bytes of a value.
    stash: Stash,
    levels: Vec<Level>,
    /// Sequences around the current place.
    depth: usize,
    /// Bytes of the data set that are done with.
    at: u64,
    /// Stream offset of the byte that is read now, for faults.
    stream: u64,
    value: Value,
    /// Group 0002 is being read; what follows it decides the encoding anew.
    in_meta: bool,
    records: Vec<u8>,
    keep_all: bool,
    room: Room,
    report: Report,
}

/// What a walk found beside elements.
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    pub faults: Faults,
    /// Values that begin as programs do.
    pub executables: [Option<(Tag, Marker)>; 4],
    /// What the preamble of a Part 10 file begins as.
    pub preamble: Option<&'static str>,
    /// Elements were left out because `dicom-head` was full.
    pub head_full: bool,
    /// A value was kept in part only, because of `dicom-value`.
    pub value_cut: bool,
    /// Sequences were nested deeper than `dicom-depth`.
    pub too_deep: bool,
}

/// Limits of a walk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Room {
    /// Bytes of records (`dicom-head`).
    pub head: usize,
    /// Bytes of one value (`dicom-value`).
    pub value: usize,
    /// Nested sequences (`dicom-depth`).
    pub depth: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    /// The first 132 bytes decide: Part 10 file or data set, and its encoding.
    #[default]
    Opening,
    Header,
    /// The first bytes of a value of unknown VR decide whether it is a sequence.
    Peek(ElementHeader),
    Value,
    /// Nothing more is read.
    Done,
}

/// A sequence or item that is open.
#[derive(Clone, Copy, Debug)]
struct Level {
    kind: LevelKind,
    /// Offset in the data set where it ends; `u64::MAX` if a delimiter ends it.
    end: u64,
    /// Encoding outside.
    outer: Encoding,
    /// Nothing in here is kept: the sequence is not read by name.
    muted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LevelKind {
    Sequence,
    Item,
    /// Encapsulated pixel data: its items hold bytes (PS3.5 A.4).
    Fragments,
}

/// The value that is read now.
#[derive(Clone, Copy, Debug)]
struct Value {
    tag: Tag,
    left: u64,
    /// Of these, to be kept.
    keep: usize,
    /// Where its record begins.
    record: Option<usize>,
    /// First bytes, if they are looked at for programs.
    sample: [u8; executable::SAMPLE],
    sampled: usize,
    sample_goal: usize,
}

impl Default for Value {
    fn default() -> Self {
        Value {
            tag: Tag::default(),
            left: 0,
            keep: 0,
            record: None,
            sample: [0; executable::SAMPLE],
            sampled: 0,
            sample_goal: 0,
        }
    }
}

/// Bytes of a preamble and the mark behind it (PS3.10 7.1).
const PREAMBLE: usize = 128;
const MARK: &[u8] = b"DICM";
const OPENING: usize = PREAMBLE + MARK.len();
/// Bytes that show whether a value of unknown VR is a sequence: an item's header.
const PEEK: usize = 8;
/// Of bulk values this much is kept.
const BULK_KEPT: usize = executable::SAMPLE;

impl Walker {
    /// Begins a data set. `keep_all`: keep every element, not only those read by name.
    pub fn start(&mut self, encoding: Encoding, keep_all: bool, room: Room) {
        let (mut records, mut levels) = (
            std::mem::take(&mut self.records),
            std::mem::take(&mut self.levels),
        );
        records.clear();
        levels.clear();
        *self = Walker {
            encoding,
            keep_all,
            room,
            records,
            levels,
            ..Walker::default()
        };
    }

    /// Reads the next bytes; `stream` is the stream offset of the first.
    pub fn feed(&mut self, mut bytes: &[u8], mut stream: u64) {
        while !bytes.is_empty() {
            self.stream = stream;
            let done = match self.step {
                Step::Opening => self.opening(bytes),
                Step::Header => self.header(bytes),
                Step::Peek(header) => self.peek(header, bytes),
                Step::Value => self.take_value(bytes),
                Step::Done => bytes.len(),
            };
            bytes = bytes.get(done..).unwrap_or(&[]);
            stream += done as u64;
        }
    }

    /// How many of the next bytes nobody needs to see.
    pub fn skippable(&self) -> u64 {
        match self.step {
            Step::Done => u64::MAX,
            Step::Value if self.value.keep == 0 && self.value.sampled == self.value.sample_goal => {
                self.value.left
            }
            _ => 0,
        }
    }

    /// Passes over bytes unseen; at most [`Self::skippable`].
    pub fn skip(&mut self, bytes: u64) {
        if self.step == Step::Value {
            let bytes = bytes.min(self.value.left);
            self.at += bytes;
            self.value.left -= bytes;
            if self.value.left == 0 {
                self.end_value();
            }
        }
    }

    /// Bytes are missing here: what follows cannot be read, unless they lie in a value that is passed over.
    pub fn lose(&mut self, bytes: u64) {
        if self.skippable() >= bytes {
            self.skip(bytes);
        } else {
            self.close_record();
            self.step = Step::Done;
        }
    }

    /// The data set ended here. `whole`: it was to end here.
    pub fn finish(&mut self, whole: bool) {
        if self.step == Step::Opening {
            let stash = self.stash;
            self.stash.len = 0;
            self.open(stash.bytes());
            self.feed(stash.bytes(), self.stream.saturating_sub(stash.len as u64));
        }
        if let Step::Peek(header) = self.step {
            let stash = self.stash;
            self.stash.len = 0;
            self.begin_value(header);
            self.feed(stash.bytes(), self.stream);
        }
        self.look_for_program();
        self.close_record();
        if !whole || self.step == Step::Done {
            return;
        }
        if self.step == Step::Value && self.value.left > 0 {
            self.fault(faults::DATASET_PAST_END);
        } else if self.stash.len > 0 {
            self.fault(faults::TRAILING_BYTES);
        }
        while let Some(level) = self.levels.pop() {
            if level.end == u64::MAX {
                self.fault(faults::SEQUENCE_OPEN);
            } else if level.end > self.at {
                self.fault(faults::DATASET_PAST_END);
            }
        }
    }

    pub fn records(&self) -> &[u8] {
        &self.records
    }

    pub fn report(&self) -> &Report {
        &self.report
    }

    /// How the data set is read; what a Part 10 file or a wrong transfer syntax made of it.
    pub fn encoding(&self) -> Encoding {
        self.levels.first().map_or(self.encoding, |l| l.outer)
    }

    pub fn held(&self) -> usize {
        self.records.capacity() + self.levels.capacity() * size_of::<Level>()
    }

    fn opening(&mut self, bytes: &[u8]) -> usize {
        if self.stash.len == 0 && bytes.len() >= OPENING {
            self.open(bytes);
            return 0;
        }
        let taken = self.stash.fill(bytes, OPENING);
        if self.stash.len == OPENING {
            let stash = self.stash;
            self.stash.len = 0;
            self.open(stash.bytes());
            let begin = (self.stream + taken as u64).saturating_sub(OPENING as u64);
            self.feed(stash.bytes(), begin);
        }
        taken
    }

    /// Decides what the data set is. `first`: its first 132 bytes, or all.
    fn open(&mut self, first: &[u8]) {
        self.step = Step::Header;
        if first.get(PREAMBLE..OPENING) == Some(MARK) {
            let preamble = first.get(..PREAMBLE).unwrap_or(first);
            self.fault(faults::PART10);
            self.report.preamble = Some(executable::preamble_word(preamble));
            if Marker::of_file(preamble).is_some() {
                self.fault(faults::PREAMBLE_EXECUTABLE);
            }
            self.in_meta = true;
            self.encoding = Encoding::ExplicitLe;
            self.value = Value {
                left: OPENING as u64,
                ..Value::default()
            };
            self.step = Step::Value;
            return;
        }
        if self.encoding == Encoding::Deflated {
            self.step = Step::Done;
            return;
        }
        if first.starts_with(&[2, 0]) {
            self.fault(faults::FILE_META);
            self.in_meta = true;
            self.encoding = Encoding::ExplicitLe;
            return;
        }
        let Some(seen) = Encoding::guess(first) else {
            if self.encoding == Encoding::Unknown {
                self.step = Step::Done;
            }
            return;
        };
        if self.encoding != Encoding::Unknown && self.encoding != seen {
            self.fault(faults::DATASET_ENCODING);
        }
        self.encoding = seen;
    }

    fn header(&mut self, bytes: &[u8]) -> usize {
        let fits = |e: Encoding| {
            bytes
                .first_chunk()
                .map(|first| ElementHeader::size_of(e, first))
                .filter(|size| *size <= bytes.len())
        };
        if self.stash.len == 0
            && !self.in_meta
            && let Some(size) = fits(self.encoding)
        {
            self.element_at(bytes.get(..size).unwrap_or(bytes));
            return size;
        }
        let mut taken = self.stash.fill(bytes, ElementHeader::SHORTEST);
        let Some(first) = self.stash.bytes().first_chunk() else {
            return taken;
        };
        if self.in_meta && first[..2] != [2, 0] {
            self.in_meta = false;
            match Encoding::guess(first) {
                Some(seen) => self.encoding = seen,
                None => {
                    self.encoding = Encoding::Unknown;
                    self.step = Step::Done;
                    return taken;
                }
            }
        }
        let size = ElementHeader::size_of(self.encoding, first);
        taken += self.stash.fill(bytes.get(taken..).unwrap_or(&[]), size);
        if self.stash.len == size {
            let stash = self.stash;
            self.stash.len = 0;
            self.element_at(stash.bytes());
        }
        taken
    }

    fn element_at(&mut self, header: &[u8]) {
        let here = self.at;
        self.at += header.len() as u64;
        match ElementHeader::read(self.encoding, header) {
            Some(header) => self.element(header, here),
            None => self.give_up(faults::DATASET_UNREADABLE),
        }
    }

    fn element(&mut self, header: ElementHeader, here: u64) {
        while let Some(level) = self.levels.last()
            && level.end <= here
        {
            self.pop();
        }
        if self.levels.last().is_some_and(|l| self.at > l.end) {
            self.fault(faults::DATASET_PAST_END);
        }
        match header.tag {
            Tag::ITEM => self.item(header),
            Tag::ITEM_END => match self.levels.last() {
                Some(level) if level.kind == LevelKind::Item => self.pop(),
                _ => self.give_up(faults::DATASET_UNREADABLE),
            },
            Tag::SEQUENCE_END => {
                if self
                    .levels
                    .last()
                    .is_some_and(|l| l.kind == LevelKind::Item)
                {
                    self.pop();
                }
                match self.levels.last() {
                    Some(_) => self.pop(),
                    None => self.give_up(faults::DATASET_UNREADABLE),
                }
            }
            _ if header.length == UNDEFINED || header.vr == Vr::SQ => self.sequence(header),
            _ if header.vr == Vr::UNKNOWN && header.length >= PEEK as u32 => {
                self.step = Step::Peek(header);
            }
            _ => self.begin_value(header),
        }
    }

    fn item(&mut self, header: ElementHeader) {
        match self.levels.last().map(|l| l.kind) {
            Some(LevelKind::Sequence) => {
                if self.keep_all {
                    self.record(header, Vr::UNKNOWN, 0);
                }
                self.push(
                    LevelKind::Item,
                    header.length,
                    self.encoding,
                    self.is_muted(),
                );
            }
            Some(LevelKind::Fragments) if header.length != UNDEFINED => {
                self.begin_value(ElementHeader {
                    tag: Tag::PIXEL_DATA,
                    vr: Vr(*b"OB"),
                    ..header
                });
            }
            _ => self.give_up(faults::DATASET_UNREADABLE),
        }
    }

    fn sequence(&mut self, header: ElementHeader) {
        let kind = if header.tag.group() == Tag::PIXEL_DATA.group() && header.vr != Vr::SQ {
            LevelKind::Fragments
        } else {
            LevelKind::Sequence
        };
        let muted = self.is_muted() || !(self.keep_all || header.tag.known().is_some());
        if kind == LevelKind::Sequence && !muted {
            self.record(header, Vr::SQ, 0);
        }
        // Inside UN of undefined length everything is implicit (PS3.5 6.2.2 note 4).
        let inner = if header.vr == Vr::UN {
            Encoding::ImplicitLe
        } else {
            self.encoding
        };
        self.push(kind, header.length, inner, muted);
    }

    fn is_muted(&self) -> bool {
        self.levels.last().is_some_and(|l| l.muted)
    }

    fn push(&mut self, kind: LevelKind, length: u32, inner: Encoding, muted: bool) {
        if kind == LevelKind::Sequence && self.depth >= self.room.depth {
            self.report.too_deep = true;
            return self.give_up(faults::DATASET_DEPTH);
        }
        let outer_end = self.levels.last().map_or(u64::MAX, |l| l.end);
        let mut end = match length {
            UNDEFINED => u64::MAX,
            length => self.at + u64::from(length),
        };
        if end != u64::MAX && end > outer_end {
            self.fault(faults::DATASET_PAST_END);
            end = outer_end;
        }
        self.levels.push(Level {
            kind,
            end,
            outer: self.encoding,
            muted,
        });
        self.encoding = inner;
        if kind == LevelKind::Sequence {
            self.depth += 1;
        }
        self.step = Step::Header;
    }

    fn pop(&mut self) {
        if let Some(level) = self.levels.pop() {
            self.encoding = level.outer;
            if level.kind == LevelKind::Sequence {
                self.depth = self.depth.saturating_sub(1);
            }
        }
    }

    fn peek(&mut self, header: ElementHeader, bytes: &[u8]) -> usize {
        let taken = self.stash.fill(bytes, PEEK);
        if self.stash.len == PEEK {
            let stash = self.stash;
            self.stash.len = 0;
            if stash.bytes().starts_with(&[0xFE, 0xFF, 0x00, 0xE0]) {
                self.sequence(header);
                if self.step == Step::Header {
                    self.element_at(stash.bytes());
                }
            } else {
                self.begin_value(header);
                self.take_value(stash.bytes());
            }
        }
        taken
    }

    fn begin_value(&mut self, header: ElementHeader) {
        let ElementHeader { tag, vr, .. } = header;
        let end = self.levels.last().map_or(u64::MAX, |l| l.end);
        let mut left = u64::from(header.length);
        if left > end.saturating_sub(self.at) {
            self.fault(faults::DATASET_PAST_END);
            left = end.saturating_sub(self.at);
        }
        if vr == Vr::UI && left % 2 == 1 {
            self.fault(faults::UID_ODD);
        }
        if matches!(tag, Tag::ROWS | Tag::COLUMNS) && left != 2 && left != 0 {
            self.fault(faults::VALUE_LENGTH);
        }
        let bulk = vr.is_bulk() || tag.group() == Tag::PIXEL_DATA.group();
        let fragment = self
            .levels
            .last()
            .is_some_and(|l| l.kind == LevelKind::Fragments);
        let wanted =
            !fragment && !self.is_muted() && (self.keep_all || (!bulk && tag.known().is_some()));
        let mut keep = 0;
        let mut record = None;
        if wanted {
            let most = if bulk { BULK_KEPT } else { self.room.value };
            keep = usize::try_from(left).unwrap_or(most).min(most);
            self.report.value_cut |= !bulk && keep as u64 != left;
            record = self.record(header, vr, keep);
            if record.is_none() {
                keep = 0;
            }
        }
        let looked_at = bulk || (vr == Vr::UNKNOWN && tag.known().is_none());
        let sample_goal = if looked_at {
            usize::try_from(left)
                .unwrap_or(usize::MAX)
                .min(executable::SAMPLE)
        } else {
            0
        };
        self.value = Value {
            tag,
            left,
            keep,
            record,
            sample_goal,
            ..Value::default()
        };
        self.step = Step::Value;
        if left == 0 {
            self.end_value();
        }
    }

    fn take_value(&mut self, bytes: &[u8]) -> usize {
        let value = &mut self.value;
        let bytes = match usize::try_from(value.left) {
            Ok(left) if left < bytes.len() => bytes.get(..left).unwrap_or(bytes),
            _ => bytes,
        };
        if let Some(part) = bytes.get(..value.keep.min(bytes.len())) {
            self.records.extend_from_slice(part);
            value.keep -= part.len();
        }
        let room = value.sample_goal - value.sampled;
        for (to, from) in value
            .sample
            .iter_mut()
            .skip(value.sampled)
            .zip(bytes.iter().take(room))
        {
            *to = *from;
        }
        value.sampled += room.min(bytes.len());
        value.left -= bytes.len() as u64;
        self.at += bytes.len() as u64;
        if value.left == 0 {
            self.end_value();
        }
        bytes.len()
    }

    fn end_value(&mut self) {
        self.look_for_program();
        self.value.record = None;
        self.step = Step::Header;
    }

    fn look_for_program(&mut self) {
        let value = &mut self.value;
        let sample = value.sample.get(..value.sampled).unwrap_or(&[]);
        let marker = if value.tag == Tag::ENCAPSULATED_DOCUMENT {
            Marker::of_file(sample)
        } else {
            Marker::of(sample)
        };
        value.sampled = 0;
        value.sample_goal = 0;
        if let Some(marker) = marker {
            let tag = value.tag;
            self.fault(faults::EXECUTABLE);
            if let Some(slot) = self.report.executables.iter_mut().find(|s| s.is_none()) {
                *slot = Some((tag, marker));
            }
        }
    }

    /// Begins a record, if there is room for it and its value.
    fn record(&mut self, header: ElementHeader, vr: Vr, keep: usize) -> Option<usize> {
        if self.records.len() + kept::RECORD + keep > self.room.head {
            self.report.head_full = true;
            return None;
        }
        let at = self.records.len();
        let (depth, kept) = (self.depth, keep as u32);
        kept::begin(
            &mut self.records,
            depth,
            header.tag,
            vr,
            header.length,
            kept,
        );
        Some(at)
    }

    /// Corrects the record of a value that ended early.
    fn close_record(&mut self) {
        if let Some(record) = self.value.record.take()
            && self.value.keep > 0
        {
            kept::cut(&mut self.records, record);
        }
    }

    fn give_up(&mut self, fault: &'static str) {
        self.fault(fault);
        self.step = Step::Done;
    }

    fn fault(&mut self, name: &'static str) {
        self.report.faults.add(name, self.stream);
    }
}

/// A few bytes that wait for more.
#[derive(Clone, Copy, Debug)]
struct Stash {
    room: [u8; OPENING],
    len: usize,
}

impl Default for Stash {
    fn default() -> Self {
        Stash {
            room: [0; OPENING],
            len: 0,
        }
    }
}

impl Stash {
    fn bytes(&self) -> &[u8] {
        self.room.get(..self.len).unwrap_or(&[])
    }

    /// Takes bytes until there are `goal` of them; says how many it took.
    fn fill(&mut self, bytes: &[u8], goal: usize) -> usize {
        let take = goal.saturating_sub(self.len).min(bytes.len());
        if let (Some(to), Some(from)) = (
            self.room.get_mut(self.len..self.len + take),
            bytes.get(..take),
        ) {
            to.copy_from_slice(from);
        }
        self.len += take;
        take
    }
}
