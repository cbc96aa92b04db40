//! Values: kept, looked at for programs, or passed over.

use super::elements::LevelKind;
use super::{Step, Walker};
use crate::dicom::encoding::ElementHeader;
use crate::dicom::executable::{self, Marker};
use crate::dicom::faults;
use crate::dicom::kept;
use crate::dicom::value::{Tag, Vr};

/// The value that is read now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    pub tag: Tag,
    pub left: u64,
    /// Of these, to be kept.
    pub keep: usize,
    /// Where its record begins.
    pub record: Option<usize>,
    /// First bytes, if they are looked at for programs.
    pub sample: [u8; executable::SAMPLE],
    pub sampled: usize,
    pub sample_goal: usize,
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

/// Of bulk values this much is kept.
const BULK_KEPT: usize = executable::SAMPLE;

impl Walker {
    pub(super) fn begin_value(&mut self, header: ElementHeader) {
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

    pub(super) fn take_value(&mut self, bytes: &[u8]) -> usize {
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

    pub(super) fn end_value(&mut self) {
        self.look_for_program();
        self.value.record = None;
        self.step = Step::Header;
    }

    pub(super) fn look_for_program(&mut self) {
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
    pub(super) fn record(&mut self, header: ElementHeader, vr: Vr, keep: usize) -> Option<usize> {
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
    pub(super) fn close_record(&mut self) {
        if let Some(record) = self.value.record.take()
            && self.value.keep > 0
        {
            kept::cut(&mut self.records, record);
        }
    }
}
