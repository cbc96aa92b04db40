//! Oridion / Medtronic Capnostream 20 on a serial line, as a device server puts it on TCP.
//!
//! The host can silence alarms and move alarm limits: code 60 is a command with an effect on
//! safety, not a reading.

mod fields;
mod frame;
mod message;
#[cfg(test)]
mod tests;

use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Side, Transport};
use crate::limits::Limits;
use crate::message::Messages;
use crate::schema::{Protocol, Provenance};

use fields::MALFORMED;
pub use fields::{ANOMALIES, FIELDS, KINDS};
use frame::{Framing, START};

/// Capnostream 20.
pub const CAPNOSTREAM: Protocol = Protocol {
    name: "capnostream",
    title: "Capnostream 20 capnograph",
    provenance: Provenance::Implementation,
    source: "mdpnp/mdpnp devices/oridion Capnostream.java; no real capture",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[],
    transports: &[Transport::Tcp, Transport::Carried],
    probe,
    open,
    path: None,
};

/// Frames with a right checksum one behind another: one alone has a checksum of eight bits only.
const PROVING: usize = 3;
/// Stray bytes in one message.
const LONGEST_STRAY: usize = 512;

fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let more = || {
        if hint.whole {
            Probe::No
        } else {
            Probe::More(first.len() + 1)
        }
    };
    let mut body = Vec::new();
    let mut rest = first;
    if hint.mid_stream || hint.transport == Transport::Carried {
        let start = rest.iter().position(|b| *b == START);
        let Some(start) = start else { return more() };
        rest = &rest[start..];
    }
    let mut frames = 0;
    while let [START, ..] = rest {
        match frame::frame(rest, &mut body) {
            Framing::Whole { len, fits: true } if is_known(body.first()) => {
                frames += 1;
                rest = &rest[len..];
            }
            Framing::Short(_) => break,
            _ => return Probe::No,
        }
        if frames == PROVING {
            return Probe::Yes(Confidence(75));
        }
    }
    match rest {
        [] | [START, ..] => more(),
        _ => Probe::No,
    }
}

fn is_known(code: Option<&u8>) -> bool {
    matches!(code, Some(0..=12 | 21 | 22 | 54..=58 | 60..=62))
}

fn open(_: &Limits) -> Box<dyn Dissector> {
    Box::new(Capnostream {
        device: Side::Server,
        searched: [0; 2],
        body: Vec::new(),
    })
}

struct Capnostream {
    /// The side of the capnograph: the server, unless only a capnograph could have sent a frame.
    device: Side,
    /// How far stray bytes of each side were searched for a start.
    searched: [usize; 2],
    body: Vec<u8>,
}

impl Dissector for Capnostream {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        if input[0] != START {
            return self.stray(side, input, out);
        }
        let (len, fits) = match frame::frame(input, &mut self.body) {
            Framing::Whole { len, fits } => (len, fits),
            Framing::Short(need) => return Progress::Need(need),
            Framing::Cut(len) => {
                out.message(MALFORMED, at..at + len as u64)
                    .anomaly("cut-frame", at + len as u64);
                return Progress::Read(len);
            }
        };
        let range = at..at + len as u64;
        match self.body.split_first() {
            Some((code, payload)) if fits => {
                // Waves and long numerics come from the capnograph alone.
                if *code == 0 || (*code == 1 && payload.len() > 8) {
                    self.device = side;
                }
                if side == self.device {
                    message::device(*code, payload, range, out);
                } else {
                    message::host(*code, payload, range, out);
                }
            }
            _ => {
                out.message(MALFORMED, range).anomaly("bad-checksum", at);
            }
        }
        Progress::Read(len)
    }

    fn gap(&mut self, side: Side, rest: &[u8], _: u64, out: &mut Messages<'_>) -> Progress {
        self.unread(side, rest, out);
        Progress::Read(0)
    }

    fn end(&mut self, side: Side, rest: &[u8], _: End, out: &mut Messages<'_>) {
        self.unread(side, rest, out);
    }

    fn held(&self) -> usize {
        self.body.capacity()
    }
}

impl Capnostream {
    fn stray(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        let from = self.searched[side.index()].min(input.len());
        let room = input.len().min(LONGEST_STRAY);
        let start = input.get(from..room).and_then(|rest| {
            let start = rest.iter().position(|b| *b == START)?;
            Some(from + start)
        });
        let end = match start {
            Some(start) => start,
            None if input.len() < LONGEST_STRAY => {
                self.searched[side.index()] = input.len();
                return Progress::Need(input.len() + 1);
            }
            None => LONGEST_STRAY,
        };
        self.searched[side.index()] = 0;
        out.message(MALFORMED, at..at + end as u64)
            .anomaly("stray-bytes", at);
        Progress::Read(end)
    }

    /// Unread bytes that will not come again.
    fn unread(&mut self, side: Side, rest: &[u8], out: &mut Messages<'_>) {
        self.searched[side.index()] = 0;
        if !rest.is_empty() {
            let at = out.offset();
            out.message(MALFORMED, at..at + rest.len() as u64)
                .anomaly("unfinished", at);
        }
    }
}
