//! Walks a data set as it streams by, keeps the elements that are read by name, and lets the rest
//! pass (PS3.5 7, annex A).
//!
//! It takes the bytes cut in any way and gives the same: elements as [`super::kept`] records, faults,
//! executable markers. It never holds more than the limit `dicom-head`, however long the data set.

mod elements;
mod opening;
mod stash;
mod values;

use crate::dicom::encoding::{ElementHeader, Encoding};
use crate::dicom::executable::Marker;
use crate::dicom::faults::{self, Faults};
use crate::dicom::value::Tag;
use elements::Level;
use stash::Stash;
use values::Value;

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
    /// Stream offset of the bytes that are read now.
    stream: u64,
    /// Stream offset of the element that is read now, for faults: the same however the stream was cut.
    place: u64,
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

    pub(super) fn give_up(&mut self, fault: &'static str) {
        self.fault(fault);
        self.step = Step::Done;
    }

    pub(super) fn fault(&mut self, name: &'static str) {
        self.report.faults.add(name, self.place);
    }
}
