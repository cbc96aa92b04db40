//! Two layers on one line: slow frames below 0x80, real-time bytes from 0x80 on.
//!
//! A *unit* is the shortest run of bytes after which neither layer is in the middle of something.
//! Commands may be embedded in responses, real-time bytes in both (7th ed., framing).

use crate::serial::Cut;
use crate::serial::checksum::{hex, sum8};
use crate::serial::signature::Sign;

use super::codes::Code;

pub const ESC: u8 = 0x1B;
pub const SOH: u8 = 0x01;
const CR: u8 = 0x0D;
const DC1: u8 = 0x11;
const DC3: u8 = 0x13;
const CAN: u8 = 0x18;

pub fn cut(input: &[u8]) -> Cut {
    match input.first() {
        Some(&(ESC | SOH | DC1 | DC3 | CAN | 0xD0..=0xDF)) => {}
        Some(b'\r' | b'\n' | 0) => return Cut::Idle(1),
        _ => {
            let next = input
                .iter()
                .position(|b| matches!(*b, ESC | SOH | DC1 | DC3 | CAN | 0xD0..=0xDF));
            return Cut::Noise(next.unwrap_or(input.len()));
        }
    }
    let mut state = State::default();
    for (at, byte) in input.iter().enumerate() {
        if state.step(*byte) == Step::Break {
            return Cut::Frame(at);
        }
        if state.idle() {
            return Cut::Frame(at + 1);
        }
    }
    Cut::Short(input.len() + 1)
}

/// A slow frame without its CR and without what was embedded in it.
#[derive(Clone, Copy, Debug)]
pub struct Slow<'a> {
    pub start: u8,
    pub code: Code,
    pub data: &'a [u8],
    pub fits: bool,
}

/// Takes a frame apart: start, code, data, two digits of check sum.
pub fn open(frame: &[u8]) -> Option<Slow<'_>> {
    let (&[start, code], rest) = frame.split_first_chunk::<2>()?;
    let (data, digits) = rest.split_last_chunk::<2>()?;
    let summed = frame.len() - digits.len();
    let fits = hex(digits) == Some(u32::from(sum8(frame.get(..summed)?)));
    Some(Slow {
        start,
        code: Code(code),
        data,
        fits,
    })
}

/// For the signature: plain frames only; what is interleaved says nothing.
pub fn sign(unit: &[u8]) -> Sign {
    let Some((&CR, frame)) = unit.split_last() else {
        return Sign::Neutral;
    };
    if frame.iter().any(|b| *b >= 0x80) || frame.iter().skip(1).any(|b| *b == ESC) {
        return Sign::Neutral;
    }
    match open(frame) {
        Some(slow) if slow.fits && slow.code == Code(0x51) && slow.data.is_empty() => Sign::Fits(2),
        Some(slow) if slow.fits && slow.code.kind().is_some() => Sign::Fits(1),
        Some(slow) if slow.fits => Sign::Neutral,
        Some(_) => Sign::Broken,
        None => Sign::Foreign,
    }
}

/// What one byte does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Belongs to the frame on top, or to nothing.
    Data,
    Opened,
    /// The frame on top is whole.
    Closed,
    /// A frame begins where none may: what is open will never be whole. The byte is not taken.
    Break,
    Suspend,
    Resume,
    Abort,
    RecordBegan,
    /// A record began before the one before it was whole.
    RecordBroke,
    RecordData,
    RecordWhole,
}

/// Where both layers stand.
#[derive(Clone, Copy, Debug, Default)]
pub struct State {
    /// 0: no slow frame, 1: one, 2: a command inside a response.
    pub depth: u8,
    outer_is_response: bool,
    record: Record,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Record {
    #[default]
    None,
    /// Data bytes still to come.
    Data(u8),
    /// The first byte of a sync command came; then this many data bytes.
    Command(u8, bool),
}

impl State {
    pub fn idle(&self) -> bool {
        self.depth == 0 && self.record == Record::None
    }

    pub fn step(&mut self, byte: u8) -> Step {
        match byte {
            0x80.. => self.realtime(byte),
            DC1 => Step::Suspend,
            DC3 => Step::Resume,
            CAN => {
                self.depth = 0;
                Step::Abort
            }
            ESC if self.depth == 0 || self.depth == 1 && self.outer_is_response => {
                self.outer_is_response &= self.depth == 1;
                self.depth += 1;
                Step::Opened
            }
            SOH if self.depth == 0 => {
                self.outer_is_response = true;
                self.depth = 1;
                Step::Opened
            }
            ESC | SOH => Step::Break,
            CR if self.depth > 0 => {
                self.depth -= 1;
                Step::Closed
            }
            _ => Step::Data,
        }
    }

    fn realtime(&mut self, byte: u8) -> Step {
        let whole = |record: &mut Record| {
            *record = Record::None;
            Step::RecordWhole
        };
        match (byte, self.record) {
            (0xD0..=0xDF, before) => {
                self.record = Record::Data(2 * (byte & 0x0F).count_ones() as u8);
                if before == Record::None {
                    Step::RecordBegan
                } else {
                    Step::RecordBroke
                }
            }
            (_, Record::None) => Step::Data,
            // Second byte of a sync command; C0 C0 ends a record without curves.
            (0xC0..=0xCF, Record::Command(left, ends)) => {
                self.record = Record::Data(left);
                if left == 0 && ends {
                    whole(&mut self.record)
                } else {
                    Step::RecordData
                }
            }
            (0xC0..=0xCF, Record::Data(left)) => {
                self.record = Record::Command(left, byte == 0xC0);
                Step::RecordData
            }
            (_, Record::Data(left) | Record::Command(left, _)) => {
                self.record = Record::Data(left.saturating_sub(1));
                if left <= 1 {
                    whole(&mut self.record)
                } else {
                    Step::RecordData
                }
            }
        }
    }
}
