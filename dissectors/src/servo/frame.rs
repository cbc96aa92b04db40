//! Where texts and binary records end.

use crate::contract::Side;
use crate::serial::checksum::{hex, xor8};
use crate::serial::signature::Sign;
use crate::serial::{Cut, Role};

pub const EOT: u8 = 0x04;
pub const ESC: u8 = 0x1B;
const END: u8 = 0x7F;
const VALUE: u8 = 0x80;
const PHASE: u8 = 0x81;
const ERROR: u8 = 0xE0;

/// `streaming`: binary records were seen on this side, so that one may begin with anything.
pub fn cut(side: Side, input: &[u8], streaming: bool, last: bool) -> Cut {
    let Some(first) = input.first() else {
        return Cut::Short(1);
    };
    if side == Side::Client {
        return match first {
            // XON, XOFF, line ends.
            0x11 | 0x13 | b'\r' | b'\n' | 0 => Cut::Idle(1),
            &ESC => escape(input, last),
            _ => text(input),
        };
    }
    match first {
        &(VALUE | PHASE) => record(input, curve_end(input)),
        &ERROR => record(
            input,
            input
                .iter()
                .skip(2)
                .position(|b| *b == END)
                .map(|at| at + 2),
        ),
        0x11 | 0x13 | b'\r' | b'\n' | 0 if !streaming => Cut::Idle(1),
        _ => match input.iter().position(|b| !(0x20..0x7F).contains(b)) {
            None => Cut::Short(input.len() + 1),
            Some(at) if input[at] == EOT && (!streaming || checked(&input[..at]).1) => {
                Cut::Frame(at + 1)
            }
            Some(_) => match first {
                // Type letters of breath, settings and alarm records.
                b'B' | b'S' | b'T' => record(input, pairs_end(input)),
                b'A' | b'E' => record(input, input.iter().position(|b| *b == END)),
                _ if streaming => record(input, curve_end(input)),
                _ => {
                    let next = input
                        .iter()
                        .skip(1)
                        .position(|b| matches!(*b, VALUE | PHASE | EOT));
                    Cut::Noise(next.map_or(input.len(), |at| at + 1))
                }
            },
        },
    }
}

/// ESC stands alone, or (as the open driver sends it) with its own XOR and EOT.
fn escape(input: &[u8], last: bool) -> Cut {
    const CHECKED: [u8; 4] = [ESC, b'1', b'B', EOT];
    if input.starts_with(&CHECKED) {
        Cut::Frame(CHECKED.len())
    } else if CHECKED.starts_with(input) && !last {
        Cut::Short(input.len() + 1)
    } else {
        Cut::Frame(1)
    }
}

fn text(input: &[u8]) -> Cut {
    match input.iter().position(|b| !(0x20..0x7F).contains(b)) {
        None => Cut::Short(input.len() + 1),
        Some(at) if input[at] == EOT => Cut::Frame(at + 1),
        Some(at) => Cut::Noise(at.max(1)),
    }
}

/// A record ends with 7F and one byte of XOR.
fn record(input: &[u8], end: Option<usize>) -> Cut {
    match end {
        Some(end) if input.len() > end + 1 => Cut::Frame(end + 2),
        Some(end) => Cut::Short(end + 2),
        None => Cut::Short(input.len() + 1),
    }
}

/// Walks through a curve record: phase flag and phase, value flag and value, or one difference.
fn curve_end(input: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(byte) = input.get(at) {
        at += match *byte {
            END => return Some(at),
            PHASE => 2,
            VALUE => 3,
            _ => 1,
        };
    }
    None
}

/// A letter, then values of two bytes, of which the first is never 7F.
fn pairs_end(input: &[u8]) -> Option<usize> {
    (1..input.len()).step_by(2).find(|at| input[*at] == END)
}

/// A text without its check digits, and whether they are there and fit.
pub fn checked(text: &[u8]) -> (&[u8], bool) {
    match text.split_last_chunk::<2>() {
        Some((body, digits)) if hex(digits) == Some(u32::from(xor8(body))) => (body, true),
        _ => (text, false),
    }
}

/// A binary record: its bytes before the XOR, and whether that fits.
pub fn binary(frame: &[u8]) -> Option<(&[u8], bool)> {
    let (told, body) = frame.split_last()?;
    body.ends_with(&[END]).then(|| (body, xor8(body) == *told))
}

/// A command with its check sum, or the words that begin a session, come from the host; any other
/// checked text, and binary records, from the ventilator.
pub fn role(input: &[u8]) -> Option<Role> {
    let end = input.iter().position(|b| !(0x20..0x7F).contains(b))?;
    match input[end] {
        EOT => {
            let (body, fits) = checked(&input[..end]);
            let word = body
                .get(..4)
                .filter(|w| w.iter().all(u8::is_ascii_uppercase));
            match word {
                _ if &input[..end] == b"HO" => Some(Role::Host),
                Some(_) if fits && super::commands::kind(body, true).is_some() => Some(Role::Host),
                // A command that nobody listed, or an answer in letters.
                Some(_) => None,
                None => fits.then_some(Role::Device),
            }
        }
        VALUE | PHASE | ERROR if end == 0 => Some(Role::Device),
        _ => None,
    }
}

pub fn sign(side: Side, frame: &[u8]) -> Sign {
    if frame == [ESC] {
        return Sign::Neutral;
    }
    if let Some(text) = frame.strip_suffix(&[EOT])
        && text.iter().all(|b| (0x20..0x7F).contains(b) || *b == ESC)
    {
        let (body, fits) = checked(text);
        return match (side, fits) {
            (Side::Client, true) if super::commands::kind(body, true).is_some() => Sign::Fits(1),
            (Side::Client, _) if text == b"HO" => Sign::Fits(1),
            (Side::Server, true) => Sign::Fits(1),
            // Basic mode has no check sum.
            _ => Sign::Neutral,
        };
    }
    match binary(frame) {
        // Flags at the front and a right XOR at the exact end.
        Some((body, true)) if matches!(body[0], PHASE | VALUE) && body.len() > 8 => Sign::Fits(2),
        Some((_, true)) => Sign::Fits(1),
        Some((_, false)) => Sign::Broken,
        None => Sign::Foreign,
    }
}
