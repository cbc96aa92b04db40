//! Device protocols whose layout is not public: only behaviour is judged.
//!
//! What a rule can use is that there is a conversation on the device's habitual port, who opened
//! it, how it begins, how much each side said, and signs that stand out in any protocol: a
//! format-string run, an archive or a program at the front. Nothing is decoded. The port proves
//! nothing, so the kind of device stays unknown; what the peer is, the inventory must say.

#[cfg(test)]
mod tests;

use crate::action::{Action, Verb};
use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Side};
use crate::message::Messages;
use crate::serial::signature::ABSTAIN;
use crate::{fields, kinds};

fields! {
    BEGINS "begins" Text, Open, "what the first bytes look like: text, XML, cabinet, gzip, zip, ELF, program, binary";
    TO_SERVER "to_server" Integer, Open, "bytes from the client";
    TO_CLIENT "to_client" Integer, Open, "bytes from the server";
}

kinds! {
    FIRST_DATA "first-data", "the first bytes of one side";
    FORMAT_STRING "format-string", "a run of printf conversions with %n, or three in a row";
    CLOSED "closed", "the conversation ended";
}

/// By port alone, and only where no other signature says yes.
pub fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    if !hint.port {
        Probe::No
    } else if hint.whole || first.len() >= 16 {
        Probe::Yes(Confidence(1))
    } else {
        ABSTAIN
    }
}

/// A conversation. `device` is the side that the device is on, if a message from the other may
/// change it: then its first data count as a command of unknown meaning.
pub fn open(device: Option<Side>) -> Box<dyn Dissector> {
    Box::new(Session {
        device,
        sides: Default::default(),
        ended: 0,
    })
}

struct Session {
    device: Option<Side>,
    sides: [Seen; 2],
    ended: u8,
}

#[derive(Default)]
struct Seen {
    bytes: u64,
    begun: bool,
    run: Run,
    told: bool,
}

/// Bytes looked at to say how a side begins.
const FRONT: usize = 8;

impl Session {
    fn begin(&mut self, side: Side, front: &[u8], out: &mut Messages<'_>) {
        self.sides[side.index()].begun = true;
        let at = out.offset();
        let mut draft = out.message(FIRST_DATA, at..at + front.len().min(FRONT) as u64);
        draft.text(BEGINS, begins(&front[..front.len().min(FRONT)]));
        if self.device == Some(side.other()) {
            draft.action(Action::of(Verb::UnknownVerb));
        }
    }

    fn scan(&mut self, side: Side, bytes: &[u8], out: &mut Messages<'_>) {
        let base = out.offset();
        let seen = &mut self.sides[side.index()];
        seen.bytes += bytes.len() as u64;
        if seen.told {
            return;
        }
        for (n, byte) in bytes.iter().enumerate() {
            if seen.run.step(*byte) {
                seen.told = true;
                let at = base + n as u64;
                out.message(FORMAT_STRING, at..at + 1);
                return;
            }
        }
    }
}

impl Dissector for Session {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        if !self.sides[side.index()].begun {
            if input.len() < FRONT {
                return Progress::Need(FRONT);
            }
            self.begin(side, input, out);
        }
        self.scan(side, input, out);
        Progress::Read(input.len())
    }

    fn gap(&mut self, side: Side, rest: &[u8], len: u64, _: &mut Messages<'_>) -> Progress {
        let seen = &mut self.sides[side.index()];
        seen.run = Run::default();
        seen.bytes += rest.len() as u64 + len;
        // What follows a hole is not how the side began.
        seen.begun |= len > 0;
        Progress::Read(rest.len().max(1))
    }

    fn end(&mut self, side: Side, rest: &[u8], _: End, out: &mut Messages<'_>) {
        if !rest.is_empty() {
            self.begin(side, rest, out);
            self.scan(side, rest, out);
        }
        self.ended += 1;
        if self.ended == 2 {
            let at = out.offset() + rest.len() as u64;
            out.message(CLOSED, at.saturating_sub(1)..at)
                .integer(TO_SERVER, self.sides[0].bytes as i64)
                .integer(TO_CLIENT, self.sides[1].bytes as i64);
        }
    }
}

/// Printf conversions in a row.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    percent: bool,
    conversions: u8,
}

impl Run {
    /// True where the run becomes suspicious: `%n`, or three of `%x`, `%s`, `%p` with nothing but
    /// separators in between.
    fn step(&mut self, byte: u8) -> bool {
        match byte {
            b'%' => self.percent = true,
            b'n' if self.percent => {
                *self = Run::default();
                return true;
            }
            b'x' | b's' | b'p' if self.percent => {
                self.percent = false;
                self.conversions += 1;
                if self.conversions == 3 {
                    *self = Run::default();
                    return true;
                }
            }
            // Width, precision, position, length.
            b'0'..=b'9' | b'$' | b'.' | b'-' | b'l' | b'h' if self.percent => {}
            b' ' | b'.' | b'-' | b'_' | b',' | b':' if !self.percent => {}
            _ => *self = Run::default(),
        }
        false
    }
}

fn begins(front: &[u8]) -> &'static [u8] {
    match front {
        [b'M', b'S', b'C', b'F', ..] => b"cabinet",
        [0x1F, 0x8B, ..] => b"gzip",
        [b'P', b'K', 3, 4, ..] => b"zip",
        [0x7F, b'E', b'L', b'F', ..] => b"ELF",
        [b'M', b'Z', ..] => b"program",
        [b'<', ..] if front.iter().all(printable) => b"XML",
        _ if front.iter().all(printable) => b"text",
        _ => b"binary",
    }
}

fn printable(byte: &u8) -> bool {
    (0x20..0x7F).contains(byte) || byte.is_ascii_whitespace()
}
