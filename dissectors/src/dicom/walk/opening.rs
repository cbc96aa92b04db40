//! The first bytes of a data set: a Part 10 file, or which encoding.

use super::values::Value;
use super::{Step, Walker};
use crate::dicom::encoding::Encoding;
use crate::dicom::executable::{self, Marker};
use crate::dicom::faults;

/// Bytes of a preamble and the mark behind it (PS3.10 7.1).
const PREAMBLE: usize = 128;
const MARK: &[u8] = b"DICM";
/// Bytes that decide what a data set is.
pub(super) const OPENING: usize = PREAMBLE + MARK.len();

impl Walker {
    pub(super) fn opening(&mut self, bytes: &[u8]) -> usize {
        if self.stash.len == 0 {
            self.place = self.stream;
        }
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
    pub(super) fn open(&mut self, first: &[u8]) {
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
}
