//! Units behind their lengths (RFC 1002 4.3.1, MS-SMB2 2.1); of most no more than the head is read.

use super::fields::*;
use super::{MARKS, message, version1};
use crate::contract::{Dissector, End, Progress, Reason, Side};
use crate::message::Messages;

/// Bytes of a unit's message that are read: a header, a negotiation, a path.
const HEAD: usize = 1024;
const FRAME: usize = 4;

#[derive(Default)]
pub struct Smb {
    encrypted: [bool; 2],
    /// A hole: the next unit has to be found.
    lost: [bool; 2],
    odd: u32,
}

/// Units in a row that begin with no mark, after which this is not SMB.
const ODD_UNITS: u32 = 4;

impl Dissector for Smb {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        if self.lost[side.index()] {
            match search(input) {
                Some(0) => self.lost[side.index()] = false,
                Some(at) => return Progress::Read(at),
                // A mark may have begun.
                None if input.len() > 7 => return Progress::Read(input.len() - 7),
                None => return Progress::Need(8),
            }
        }
        if input.len() < FRAME {
            return Progress::Need(FRAME);
        }
        let at = out.offset();
        let length = input[1..FRAME]
            .iter()
            .fold(0, |n, b| n << 8 | usize::from(*b));
        match input.first() {
            Some(0) => {}
            // Session service: request, answers, keep-alive (RFC 1002 4.3.1).
            Some(kind @ 0x81..=0x85) if length <= 0x1FF => {
                let Some(_) = input.get(..FRAME + length) else {
                    return Progress::Need(FRAME + length);
                };
                if *kind == 0x81 {
                    out.message(NETBIOS, at..at + (FRAME + length) as u64);
                }
                return Progress::Read(FRAME + length);
            }
            _ => return Progress::Reject(Reason("no session service")),
        }
        let head = length.min(HEAD);
        let Some(unit) = input.get(FRAME..FRAME + head) else {
            return Progress::Need(FRAME + head);
        };
        let range = at..at + (FRAME + head) as u64;
        match unit.first_chunk::<4>() {
            Some(b"\xFFSMB") => version1::write(unit, range, out),
            Some(b"\xFESMB") => message::write(unit, range, out),
            Some(b"\xFDSMB") => {
                if !std::mem::replace(&mut self.encrypted[side.index()], true) {
                    out.message(ENCRYPTED, range);
                }
            }
            Some(b"\xFCSMB") => {}
            _ if length == 0 => {}
            _ => {
                self.odd += 1;
                if self.odd >= ODD_UNITS {
                    return Progress::Reject(Reason("units without a mark"));
                }
                out.message(MALFORMED, range).anomaly("mark", at);
            }
        }
        match length - head {
            0 => Progress::Read(FRAME + head),
            body => Progress::Pass {
                head: FRAME + head,
                body: body as u64,
            },
        }
    }

    fn gap(&mut self, side: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        self.lost[side.index()] = true;
        Progress::Read(1)
    }

    fn end(&mut self, _: Side, _: &[u8], _: End, _: &mut Messages<'_>) {}
}

/// Where the next unit begins: four bytes before the next mark.
fn search(input: &[u8]) -> Option<usize> {
    const LEAST: usize = 8;
    input
        .windows(LEAST)
        .position(|w| w[0] == 0 && MARKS.iter().any(|mark| w.ends_with(*mark)))
}
