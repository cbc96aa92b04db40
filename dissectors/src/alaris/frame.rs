//! `!` message `|` CRC (4 upper-case hex digits) CR. ESC aborts a frame in progress.

use crate::serial::Cut;
use crate::serial::checksum::{crc16_ccitt_false, hex};
use crate::serial::signature::Sign;

const START: u8 = b'!';
const END: u8 = b'\r';
const ABORT: u8 = 0x1B;

pub fn cut(input: &[u8], seen: usize) -> Cut {
    match input.first() {
        Some(&START) => {}
        Some(b'\r' | b'\n' | 0 | &ABORT) => return Cut::Idle(1),
        _ => {
            let next = input.iter().position(|b| *b == START);
            return Cut::Noise(next.unwrap_or(input.len()));
        }
    }
    let from = seen.max(1).min(input.len());
    let end = input[from..]
        .iter()
        .position(|b| matches!(*b, END | START | ABORT));
    match end.map(|at| (from + at, input[from + at])) {
        None => Cut::Short(input.len() + 1),
        Some((at, END)) => Cut::Frame(at + 1),
        // Aborted, or overtaken by the next frame.
        Some((at, _)) => Cut::Noise(at),
    }
}

/// A frame's message and whether its CRC fits; `None` if there is no CRC in it.
pub fn open(frame: &[u8]) -> Option<(&[u8], bool)> {
    let inner = frame.strip_prefix(&[START])?.strip_suffix(&[END])?;
    let bar = inner.len().checked_sub(5)?;
    let (message, tail) = inner.split_at(bar);
    let crc = hex(tail.strip_prefix(b"|")?)?;
    Some((message, crc == u32::from(crc16_ccitt_false(message))))
}

pub fn sign(frame: &[u8]) -> Sign {
    match open(frame) {
        Some((message, true)) if message.first().is_some_and(u8::is_ascii_uppercase) => {
            Sign::Fits(1)
        }
        Some((_, false)) => Sign::Broken,
        _ => Sign::Foreign,
    }
}
