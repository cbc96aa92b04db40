//! What is kept of a data set: its elements, one record each, whatever their encoding was.
//!
//! A record is 16 bytes and the kept part of the value: depth, VR (2), a zero, then tag, length on
//! the wire and kept length as little-endian words. Values stand as sent. Depth counts the sequences
//! around an element; items stand as records of tag FFFE,E000 at the depth of their elements.

use super::value::{Tag, Vr};

/// One element as kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    pub depth: usize,
    pub tag: Tag,
    pub vr: Vr,
    /// The kept part of the value.
    pub value: &'a [u8],
    /// The value is here from its first to its last byte.
    pub whole: bool,
}

/// Bytes of a record before its value.
pub const RECORD: usize = 16;
const KEPT_LENGTH_AT: usize = 12;

/// Begins a record; the caller appends `kept` bytes of value.
pub fn begin(to: &mut Vec<u8>, depth: usize, tag: Tag, vr: Vr, length: u32, kept: u32) {
    let depth = u8::try_from(depth).unwrap_or(u8::MAX);
    to.extend_from_slice(&[depth, vr.0[0], vr.0[1], 0]);
    to.extend_from_slice(&tag.0.to_le_bytes());
    to.extend_from_slice(&length.to_le_bytes());
    to.extend_from_slice(&kept.to_le_bytes());
}

/// Corrects the record that begins at `record` and ends the buffer: fewer bytes came than announced.
pub fn cut(records: &mut [u8], record: usize) {
    let kept = records.len().saturating_sub(record + RECORD) as u32;
    if let Some(slot) = records.get_mut(record + KEPT_LENGTH_AT..record + RECORD) {
        slot.copy_from_slice(&kept.to_le_bytes());
    }
}

/// Goes through records; stops at one that is cut off.
#[derive(Clone, Copy, Debug)]
pub struct Elements<'a>(pub &'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let (head, rest) = self.0.split_first_chunk::<RECORD>()?;
        let word = |at: usize| {
            head.get(at..at + 4)
                .and_then(|b| b.first_chunk())
                .map_or(0, |b| u32::from_le_bytes(*b))
        };
        let kept = word(KEPT_LENGTH_AT);
        let (value, rest) = rest.split_at_checked(kept as usize)?;
        self.0 = rest;
        Some(Element {
            depth: usize::from(head[0]),
            tag: Tag(word(4)),
            vr: Vr([head[1], head[2]]),
            value,
            whole: word(8) == kept,
        })
    }
}

/// The sequences around an element, as records are gone through in order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trail {
    sequences: [Tag; Trail::ROOM],
}

impl Trail {
    /// Deeper sequences are not told apart.
    const ROOM: usize = 32;

    /// Notes an element that comes next.
    pub fn step(&mut self, element: &Element<'_>) {
        if element.vr == Vr::SQ
            && let Some(slot) = self.sequences.get_mut(element.depth)
        {
            *slot = element.tag;
        }
    }

    /// The sequence that `element` stands in, if any.
    pub fn parent(&self, element: &Element<'_>) -> Option<Tag> {
        let at = element.depth.checked_sub(1)?;
        self.sequences.get(at).copied()
    }

    /// All sequences around `element`, outermost first.
    pub fn around(&self, element: &Element<'_>) -> &[Tag] {
        self.sequences.get(..element.depth).unwrap_or(&[])
    }
}
