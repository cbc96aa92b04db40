//! The same messages on a serial line (MIB/RS232), as a device server puts them on TCP:
//! `C0 · 11 01 · length · message · FCS · C1`, with 7D as the escape.

use crate::contract::{Confidence, Hint, Probe, Progress, Side};
use crate::limits::{self, Limits};
use crate::message::Messages;
use crate::octets::{be16, find};

use super::fields::MALFORMED;
use super::{At, message};

const START: u8 = 0xC0;
const STOP: u8 = 0xC1;
const ESCAPE: u8 = 0x7D;
/// Protocol id and message type of every frame.
const HEADER: [u8; 3] = [START, 0x11, 0x01];

/// A whole frame with a right check sequence, at the start or, mid-stream, anywhere.
pub fn probe(first: &[u8], hint: Hint) -> Probe {
    let start = if hint.mid_stream {
        find(first, &HEADER, 0)
    } else {
        let known = first.len().min(HEADER.len());
        (first[..known] == HEADER[..known]).then_some(0)
    };
    let Some(start) = start else {
        return if hint.mid_stream && !hint.whole {
            Probe::More(first.len() + 1)
        } else {
            Probe::No
        };
    };
    let frame = &first[start..];
    match frame.iter().position(|b| *b == STOP) {
        Some(stop) => {
            let mut body = Vec::new();
            unescape(&frame[1..stop], &mut body);
            match checked(&body) {
                Some(_) => Probe::Yes(Confidence(90)),
                None => Probe::No,
            }
        }
        None => Probe::More(first.len() + 1),
    }
}

/// Both directions of a line.
pub struct Serial {
    /// How far the unread bytes of each side were searched for the end of a frame.
    searched: [usize; 2],
    body: Vec<u8>,
    longest: usize,
}

impl Serial {
    pub fn new(limits: &Limits) -> Self {
        Serial {
            searched: [0; 2],
            body: Vec::new(),
            longest: limits.get(limits::INTELLIVUE_FRAME),
        }
    }

    pub fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let base = out.offset();
        let from = self.searched[side.index()].clamp(1, input.len());
        let inside = input[0] == START;
        // Outside of a frame only a start ends the run; inside, a new start means that the earlier
        // frame was cut.
        let end = input[from..]
            .iter()
            .position(|b| *b == START || (inside && *b == STOP))
            .map(|at| at + from);
        let end = match end {
            Some(end) if end < self.longest => end,
            None if input.len() < self.longest => {
                self.searched[side.index()] = input.len();
                return Progress::Need(input.len() + 1);
            }
            _ => {
                self.searched[side.index()] = 0;
                let name = if inside { "too-long" } else { "between-frames" };
                out.limit(limits::INTELLIVUE_FRAME);
                out.message(MALFORMED, base..base + self.longest as u64)
                    .anomaly(name, base);
                return Progress::Read(self.longest);
            }
        };
        self.searched[side.index()] = 0;
        if input[end] == START {
            let name = if inside {
                "unfinished"
            } else {
                "between-frames"
            };
            out.message(MALFORMED, base..base + end as u64)
                .anomaly(name, base);
            return Progress::Read(end);
        }
        let range = base..base + end as u64 + 1;
        self.body.clear();
        unescape(&input[1..end], &mut self.body);
        match checked(&self.body) {
            Some(whole) => message(At { whole, base }, side, range, out),
            None => {
                out.message(MALFORMED, range).anomaly("wrong-fcs", base);
            }
        }
        Progress::Read(end + 1)
    }

    /// Unread bytes that will not come again.
    pub fn lost(&mut self, side: Side, rest: &[u8], out: &mut Messages<'_>) {
        self.searched[side.index()] = 0;
        if !rest.is_empty() {
            let base = out.offset();
            out.message(MALFORMED, base..base + rest.len() as u64)
                .anomaly("unfinished", base);
        }
    }

    pub fn held(&self) -> usize {
        self.body.capacity()
    }
}

fn unescape(bytes: &[u8], into: &mut Vec<u8>) {
    let mut escaped = false;
    for byte in bytes {
        match *byte {
            ESCAPE if !escaped => escaped = true,
            byte => {
                into.push(if escaped { byte ^ 0x20 } else { byte });
                escaped = false;
            }
        }
    }
}

/// The message inside an unescaped frame whose header, length and check sequence fit.
fn checked(frame: &[u8]) -> Option<&[u8]> {
    let (covered, fcs) = frame.split_at_checked(frame.len().checked_sub(2)?)?;
    let message = covered.get(4..)?;
    let fits = covered[..2] == HEADER[1..]
        && be16(covered, 2).map(usize::from) == Some(message.len())
        && fcs == crc16_x25(covered).to_le_bytes();
    fits.then_some(message)
}

/// CRC-16/X-25, sent low byte first.
pub fn crc16_x25(bytes: &[u8]) -> u16 {
    let mut crc = 0xFFFF_u16;
    for byte in bytes {
        crc ^= u16::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0x8408
            } else {
                crc >> 1
            };
        }
    }
    !crc
}
