//! Lengths are fixed by what stands first: 4 towards the device; 8, 9 or 13 from it.

use crate::contract::Side;
use crate::serial::Cut;
use crate::serial::signature::Sign;

const STX: u8 = 0x02;
const END: [u8; 2] = [0x03, 0x0D];
const ERROR: &[u8] = b"RERROR";

/// Flow and CO2 curves, and the second curve record: the only answers of 13 bytes.
const CURVES: [u8; 2] = [0x22, 0x78];

/// Longest request looked at: one of another length is not documented.
const LONGEST_REQUEST: usize = 16;

pub fn cut(side: Side, input: &[u8]) -> Cut {
    match (side, input) {
        (_, [STX]) => Cut::Short(if side == Side::Client { 4 } else { 8 }),
        (Side::Client, [STX, ..]) => {
            // The id may be any byte, so the end is looked for after it.
            let window = &input[2..input.len().min(LONGEST_REQUEST)];
            match window.windows(2).position(|w| w == END) {
                Some(at) => Cut::Frame(at + 4),
                None if input.len() < LONGEST_REQUEST => Cut::Short(input.len().max(3) + 1),
                None => noise(input),
            }
        }
        (Side::Server, [STX, id, ..]) => {
            let ends = |len: usize| input.get(len - 2..len) == Some(&END[..]);
            if CURVES.contains(id) && (input.len() < 13 || ends(13)) {
                return if ends(13) {
                    Cut::Frame(13)
                } else {
                    Cut::Short(13)
                };
            }
            match input.len() {
                0..8 => Cut::Short(8),
                _ if ends(8) => Cut::Frame(8),
                8 => Cut::Short(9),
                _ if ends(9) => Cut::Frame(9),
                _ => noise(input),
            }
        }
        (_, [0 | b'\r' | b'\n', ..]) => Cut::Idle(1),
        _ => noise(input),
    }
}

fn noise(input: &[u8]) -> Cut {
    let next = input.iter().skip(1).position(|b| *b == STX);
    Cut::Noise(next.map_or(input.len(), |at| at + 1))
}

/// What a frame from the device holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    Error,
    /// 9 bytes: id, five characters.
    Value {
        id: u8,
        value: &'a [u8],
    },
    /// 8 bytes: device, four characters.
    Device {
        device: u8,
        value: &'a [u8],
    },
    /// 13 bytes: id, raw samples.
    Curve {
        id: u8,
        samples: &'a [u8],
    },
}

pub fn answer(frame: &[u8]) -> Option<Answer<'_>> {
    let inner = frame.strip_prefix(&[STX])?.strip_suffix(&END)?;
    let (first, value) = inner.split_first()?;
    Some(match inner.len() {
        6 if inner == ERROR => Answer::Error,
        6 => Answer::Value { id: *first, value },
        5 => Answer::Device {
            device: *first,
            value,
        },
        _ => Answer::Curve {
            id: *first,
            samples: value,
        },
    })
}

pub fn sign(side: Side, frame: &[u8]) -> Sign {
    match side {
        Side::Client if frame.len() == 4 => match frame[1] {
            id if named(id) => Sign::Fits(1),
            _ => Sign::Neutral,
        },
        Side::Client => Sign::Foreign,
        Side::Server => match answer(frame) {
            Some(Answer::Error) => Sign::Fits(2),
            Some(Answer::Value { id, value }) if named(id) && value.iter().all(printable) => {
                Sign::Fits(1)
            }
            Some(Answer::Curve { .. }) => Sign::Fits(1),
            Some(_) => Sign::Neutral,
            None => Sign::Foreign,
        },
    }
}

fn printable(byte: &u8) -> bool {
    (0x20..0x7F).contains(byte)
}

/// True for parameter numbers in the published list.
pub fn named(id: u8) -> bool {
    name(id).is_some()
}

/// The parameter's name.
pub fn name(id: u8) -> Option<&'static str> {
    Some(match id {
        31 => "modes",
        34 => "flow and CO2 curves",
        40 => "mode",
        41 => "f CMV",
        42 => "f SIMV",
        43 => "VT",
        44 => "Ti",
        45 => "pause",
        46 => "flow pattern",
        47 => "pressure trigger",
        48 => "PEEP set",
        49 => "pressure support",
        50 => "O2 set",
        51 => "MMV or ASV",
        52 => "high rate limit",
        53 => "high pressure limit",
        54 => "low MV limit",
        55 => "high MV limit",
        56 => "low O2 limit",
        57 => "high O2 limit",
        60 => "VTi",
        61 => "VTe",
        62 => "MV",
        63 => "f total",
        64 => "f spontaneous",
        65 => "I:E",
        66 => "Pmax",
        67 => "Pmean",
        68 => "PEEP",
        69 => "Pplateau",
        71 => "O2",
        72 => "R insp",
        73 => "R exp",
        74 => "C",
        80..=85 => "clock",
        86 => "serial number",
        87 => "pressure control",
        88 => "special alarm",
        89 => "alarm silence",
        90..=102 => "alarm",
        103 => "autoPEEP",
        104..=111 => "setting",
        112..=119 | 121 | 122 => "monitored value",
        120 => "pressure, flow and volume curves",
        123 => "language",
        124 | 125 => "version",
        _ => return None,
    })
}
