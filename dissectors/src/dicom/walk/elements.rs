//! Element headers, sequences, items (PS3.5 7.1, 7.5).

use super::{Step, Walker};
use crate::dicom::encoding::{ElementHeader, Encoding, UNDEFINED};
use crate::dicom::faults;
use crate::dicom::value::{Tag, Vr};

/// A sequence or item that is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    pub kind: LevelKind,
    /// Offset in the data set where it ends; `u64::MAX` if a delimiter ends it.
    pub end: u64,
    /// Encoding outside.
    pub outer: Encoding,
    /// Nothing in here is kept: the sequence is not read by name.
    pub muted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LevelKind {
    Sequence,
    Item,
    /// Encapsulated pixel data: its items hold bytes (PS3.5 A.4).
    Fragments,
}

/// Bytes that show whether a value of unknown VR is a sequence: an item's header.
const PEEK: usize = 8;

impl Walker {
    pub(super) fn header(&mut self, bytes: &[u8]) -> usize {
        if self.stash.len == 0 {
            self.place = self.stream;
        }
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

    pub(super) fn element_at(&mut self, header: &[u8]) {
        let here = self.at;
        self.at += header.len() as u64;
        match ElementHeader::read(self.encoding, header) {
            Some(header) => self.element(header, here),
            None => self.give_up(faults::DATASET_UNREADABLE),
        }
    }

    pub(super) fn element(&mut self, header: ElementHeader, here: u64) {
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

    pub(super) fn item(&mut self, header: ElementHeader) {
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

    pub(super) fn sequence(&mut self, header: ElementHeader) {
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

    pub(super) fn is_muted(&self) -> bool {
        self.levels.last().is_some_and(|l| l.muted)
    }

    pub(super) fn push(&mut self, kind: LevelKind, length: u32, inner: Encoding, muted: bool) {
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

    pub(super) fn pop(&mut self) {
        if let Some(level) = self.levels.pop() {
            self.encoding = level.outer;
            if level.kind == LevelKind::Sequence {
                self.depth = self.depth.saturating_sub(1);
            }
        }
    }

    pub(super) fn peek(&mut self, header: ElementHeader, bytes: &[u8]) -> usize {
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
}
