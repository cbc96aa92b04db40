//! SOH, length (5 digits), STX, bed id `/1/1>` information, ETB or ETX, sum (5 digits), EOT.
//!
//! The sender applies character stuffing last, over the whole frame: D is sent as EX, E as EE, and
//! so in small letters. Length and sum are those of the frame before stuffing.

use crate::serial::Cut;
use crate::serial::checksum::sum8;
use crate::serial::signature::Sign;

const SOH: u8 = 0x01;
const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const EOT: u8 = 0x04;
const ETB: u8 = 0x17;
pub const ACK: u8 = 0x06;
pub const NAK: u8 = 0x15;

pub fn cut(input: &[u8], seen: usize) -> Cut {
    match input {
        [ACK | NAK, ..] => Cut::Frame(1),
        [SOH, ..] => {
            let from = seen.max(1).min(input.len());
            match input[from..].iter().position(|b| matches!(*b, EOT | SOH)) {
                None => Cut::Short(input.len() + 1),
                Some(at) if input[from + at] == EOT => Cut::Frame(from + at + 1),
                Some(at) => Cut::Noise(from + at),
            }
        }
        [0 | b'\r' | b'\n', ..] => Cut::Idle(1),
        _ => {
            let start = |b: &u8| matches!(*b, SOH | ACK | NAK);
            Cut::Noise(input.iter().position(start).unwrap_or(input.len()))
        }
    }
}

/// Takes the stuffing back, in one pass from left to right, into `plain`.
pub fn unstuff(wire: &[u8], plain: &mut Vec<u8>) {
    plain.clear();
    let mut bytes = wire.iter();
    while let Some(byte) = bytes.next() {
        match (*byte, bytes.as_slice().first()) {
            (b'E', Some(b'X')) => plain.push(b'D'),
            (b'E', Some(b'E')) => plain.push(b'E'),
            (b'e', Some(b'x')) => plain.push(b'd'),
            (b'e', Some(b'e')) => plain.push(b'e'),
            _ => {
                plain.push(*byte);
                continue;
            }
        }
        bytes.next();
    }
}

/// A frame without its stuffing.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    pub bed: &'a [u8],
    pub information: &'a [u8],
    /// ETX: no further block follows.
    pub last: bool,
    pub length_fits: bool,
    pub sum_fits: bool,
}

pub fn open(plain: &[u8]) -> Option<Block<'_>> {
    let inner = plain.strip_prefix(&[SOH])?.strip_suffix(&[EOT])?;
    let (length, rest) = inner.split_first_chunk::<5>()?;
    let rest = rest.strip_prefix(&[STX])?;
    let (rest, sum) = rest.split_last_chunk::<5>()?;
    let (end, text) = rest.split_last()?;
    if !matches!(*end, ETX | ETB) {
        return None;
    }
    let summed = plain.get(..plain.len().checked_sub(6)?)?;
    let at = text.iter().position(|b| *b == b'>')?;
    Some(Block {
        bed: text.get(..at)?.strip_suffix(b"/1/1").unwrap_or(&text[..at]),
        information: text.get(at + 1..)?,
        last: *end == ETX,
        length_fits: number(length) == Some(plain.len()),
        sum_fits: number(sum) == Some(usize::from(sum8(summed))),
    })
}

fn number(digits: &[u8; 5]) -> Option<usize> {
    digits.iter().try_fold(0, |n, d| {
        d.is_ascii_digit().then(|| n * 10 + usize::from(d - b'0'))
    })
}

/// True if both sums fit, whether the line is stuffed or not.
fn whole(frame: &[u8]) -> Option<bool> {
    let fits = |bytes: &[u8]| open(bytes).map(|b| b.length_fits && b.sum_fits);
    let mut plain = Vec::new();
    unstuff(frame, &mut plain);
    match (fits(&plain), fits(frame)) {
        (None, None) => None,
        (a, b) => Some(a == Some(true) || b == Some(true)),
    }
}

pub fn sign(frame: &[u8]) -> Sign {
    if frame.len() == 1 {
        return Sign::Neutral;
    }
    match whole(frame) {
        Some(true) => Sign::Fits(1),
        Some(false) => Sign::Broken,
        None => Sign::Foreign,
    }
}
