//! Contec CMS8000 patient monitors (and relabelled ones): telemetry to a central station on
//! TCP 515 to 520, patient data in clear.
//!
//! No command of the station is publicly known: whatever it sends is an unknown verb.

mod block;
mod fields;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::action::{Action, Device, Verb};
use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Side, Transport};
use crate::limits::{self, Limits};
use crate::message::Messages;
use crate::schema::{Port, Protocol, Provenance};

use block::{BlockType, HEAD};
pub use fields::{ANOMALIES, FIELDS, KINDS};
use fields::{COMMAND, MALFORMED};

/// Contec central station protocol.
pub const CONTEC: Protocol = Protocol {
    name: "contec",
    title: "Contec CMS8000 telemetry to its central station",
    provenance: Provenance::ReverseEngineered,
    source: "a public decoder of the telemetry, and CISA ICSMA-25-030-01; no real capture",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[
        Port::Tcp(515),
        Port::Tcp(516),
        Port::Tcp(517),
        Port::Tcp(518),
        Port::Tcp(519),
        Port::Tcp(520),
    ],
    transports: &[Transport::Tcp, Transport::Carried],
    probe,
    open,
    path: None,
};

/// Longest block that the signature believes in.
const LONGEST_PROBED: usize = 4096;

fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let more = || {
        if hint.whole {
            Probe::No
        } else {
            Probe::More(first.len() + 1)
        }
    };
    if hint.mid_stream {
        let found = (0..first.len())
            .any(|at| block::chain(&first[at..], LONGEST_PROBED).is_some_and(|blocks| blocks >= 3));
        return if found {
            Probe::Yes(Confidence(75))
        } else {
            more()
        };
    }
    // What is there already has to fit: an LPD command does not.
    if first.get(2).is_some_and(|b| *b != 5) {
        return Probe::No;
    }
    match block::chain(first, LONGEST_PROBED) {
        None => Probe::No,
        Some(3..) => Probe::Yes(Confidence(90)),
        Some(2) if hint.port => Probe::Yes(Confidence(70)),
        Some(1) if hint.port && hint.whole => Probe::Yes(Confidence(40)),
        Some(_) => more(),
    }
}

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(Contec {
        longest: limits.get(limits::CONTEC_BLOCK).max(HEAD),
        device: None,
        sides: [Reading::default(); 2],
    })
}

struct Contec {
    longest: usize,
    /// The side that sent the first block.
    device: Option<Side>,
    sides: [Reading; 2],
}

#[derive(Clone, Copy, Default)]
struct Reading {
    /// Bytes that are no block are being passed over, up to this place in what is unread.
    searched: usize,
    astray: bool,
}

impl Dissector for Contec {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        if self.sides[side.index()].astray {
            return self.astray(side, input, out);
        }
        if input.len() < HEAD {
            return Progress::Need(HEAD);
        }
        let Some(head) = block::head(input, self.longest) else {
            self.sides[side.index()].astray = true;
            if self.is_station(side) {
                // Told at once: who holds the connection open may never end the run.
                self.command(None, at..at + HEAD as u64, out);
                return Progress::Read(HEAD);
            }
            return self.astray(side, input, out);
        };
        let Some(whole) = input.get(..head.all) else {
            return Progress::Need(head.all);
        };
        let range = at..at + head.all as u64;
        if self.device.is_none() && head.kind.kind().is_some() {
            self.device = Some(side);
        }
        if self.is_station(side) {
            self.command(Some(head.kind), range, out);
        } else {
            let mut draft = match head.kind.kind() {
                Some(kind) => out.message(kind, range),
                None => out.message_unknown(u32::from(head.kind.0), 2, range),
            };
            block::read(head.kind, &whole[HEAD..], at, &mut draft);
        }
        Progress::Read(head.all)
    }

    fn gap(&mut self, side: Side, rest: &[u8], _: u64, out: &mut Messages<'_>) -> Progress {
        self.unread(side, rest, out);
        self.sides[side.index()] = Reading {
            searched: 0,
            astray: true,
        };
        Progress::Read(0)
    }

    fn end(&mut self, side: Side, rest: &[u8], _: End, out: &mut Messages<'_>) {
        self.unread(side, rest, out);
    }
}

impl Contec {
    fn is_station(&self, side: Side) -> bool {
        match self.device {
            Some(device) => side != device,
            // The device opens the connection.
            None => side == Side::Server,
        }
    }

    fn command(&self, kind: Option<BlockType>, range: Range<u64>, out: &mut Messages<'_>) {
        let mut draft = out.message(COMMAND, range);
        if let Some(kind) = kind {
            let text = crate::octets::ShortText::<8>::of(format_args!("0x{:02x}", kind.0));
            draft.text(fields::BLOCK_TYPE, text.as_bytes());
        }
        draft.action(Action {
            device: Device::Monitor,
            ..Action::of(Verb::UnknownVerb)
        });
    }

    /// Bytes where no block begins, up to the next place where one surely does.
    fn astray(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        let station = self.is_station(side);
        let reading = &mut self.sides[side.index()];
        let room = input.len().min(self.longest);
        while reading.searched + HEAD <= room {
            let place = reading.searched;
            let head = block::head(&input[place..], self.longest);
            if head.is_some_and(|h| h.kind.kind().is_some()) {
                *reading = Reading::default();
                if place == 0 {
                    return self.read(side, input, out);
                }
                if !station {
                    out.message(MALFORMED, at..at + place as u64)
                        .anomaly("stray-bytes", at);
                }
                return Progress::Read(place);
            }
            reading.searched += 1;
        }
        if input.len() < self.longest {
            return Progress::Need(input.len() + 1);
        }
        let run = reading.searched.max(1);
        reading.searched = 0;
        if !station {
            out.limit(limits::CONTEC_BLOCK);
            out.message(MALFORMED, at..at + run as u64)
                .anomaly("stray-bytes", at);
        }
        Progress::Read(run)
    }

    /// Unread bytes that will not come again.
    fn unread(&mut self, side: Side, rest: &[u8], out: &mut Messages<'_>) {
        if rest.is_empty() {
            return;
        }
        let at = out.offset();
        let range = at..at + rest.len() as u64;
        if self.is_station(side) {
            if !self.sides[side.index()].astray {
                self.command(None, range, out);
            }
            return;
        }
        let name = if self.sides[side.index()].astray {
            "stray-bytes"
        } else {
            "unfinished"
        };
        out.message(MALFORMED, range).anomaly(name, at);
    }
}
