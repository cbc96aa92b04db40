//! STX [module digit] text, two upper-case hex digits, ETX; single bytes in between.

use crate::serial::Cut;
use crate::serial::checksum::{hex, sum8};
use crate::serial::signature::Sign;

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
pub const ENQ: u8 = 0x05;
pub const ACK: u8 = 0x06;
pub const DC4: u8 = 0x14;
pub const NAK: u8 = 0x15;

pub fn cut(input: &[u8], seen: usize, last: bool) -> Cut {
    match input {
        [ENQ | ACK | DC4, ..] => Cut::Frame(1),
        // NAK and one character that says why.
        [NAK] if last => Cut::Frame(1),
        [NAK] => Cut::Short(2),
        [NAK, why, ..] => Cut::Frame(if why.is_ascii_digit() { 2 } else { 1 }),
        [STX, ..] => {
            let from = seen.max(1).min(input.len());
            match input[from..].iter().position(|b| matches!(*b, ETX | STX)) {
                None => Cut::Short(input.len() + 1),
                Some(at) if input[from + at] == ETX => Cut::Frame(from + at + 1),
                Some(at) => Cut::Noise(from + at),
            }
        }
        [0 | b'\r' | b'\n', ..] => Cut::Idle(1),
        _ => {
            let start = |b: &u8| matches!(*b, STX | ENQ | ACK | DC4 | NAK);
            Cut::Noise(input.iter().position(start).unwrap_or(input.len()))
        }
    }
}

/// What a frame says.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// `0` the base, `1`.. a syringe module; empty for a pump that stands alone.
    pub module: &'a [u8],
    pub text: &'a [u8],
    pub fits: bool,
}

pub fn open(frame: &[u8]) -> Option<Text<'_>> {
    let inner = frame.strip_prefix(&[STX])?.strip_suffix(&[ETX])?;
    let (summed, digits) = inner.split_last_chunk::<2>()?;
    let fits = hex(digits) == Some(u32::from(0xFF - sum8(summed)));
    let digit = usize::from(summed.first().is_some_and(u8::is_ascii_digit));
    let (module, text) = summed.split_at(digit);
    Some(Text { module, text, fits })
}

pub fn sign(frame: &[u8]) -> Sign {
    if frame.len() <= 2 {
        return Sign::Neutral;
    }
    match open(frame) {
        Some(Text {
            text, fits: true, ..
        }) if text.first().is_some_and(u8::is_ascii_uppercase) => Sign::Fits(1),
        Some(Text { fits: false, .. }) => Sign::Broken,
        _ => Sign::Foreign,
    }
}
