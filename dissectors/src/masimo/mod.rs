//! Masimo Radical-7 serial output (ASCII 1), as a device server puts it on TCP: one line a second.
//!
//! Device to host only; no command is publicly known, so whatever the host sends is an unknown
//! verb.

#[cfg(test)]
mod tests;

use crate::action::{Action, Device, Quantity, Verb};
use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Side, Transport};
use crate::limits::{self, Limits};
use crate::lines::{Line, Lines, number};
use crate::message::Messages;
use crate::schema::{Protocol, Provenance};
use crate::{fields, kinds};

fields! {
    SERIAL "serial" Text, Open, "serial number (SN)";
    CLOCK "clock" Time, Open, "date and time of the device";
    VALUE "value" Quantity[many], Open, "measured values; the code is the parameter's name";
    ALARM "alarm" Text, Open, "alarm bits, hexadecimal (ALARM)";
    EXCEPTION "exception" Text, Open, "exception bits, hexadecimal (EXC)";
}

kinds! {
    READING "reading", "one line of values";
    COMMAND "command" (Behaviour), "bytes from the host: no command of it is publicly known";
    MALFORMED "malformed", "a line that is no reading";
}

/// Masimo Radical-7, ASCII 1.
pub const MASIMO: Protocol = Protocol {
    name: "masimo",
    title: "Masimo Radical-7 serial output",
    provenance: Provenance::Implementation,
    source: "mdpnp/mdpnp devices/masimo; no capture",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: &[
        ("unknown-line", "a line that is no reading"),
        ("too-long", "a line beyond the limit"),
        (
            "unfinished",
            "a line that the stream's end or a gap cut off",
        ),
    ],
    hints: &[],
    transports: &[Transport::Tcp, Transport::Carried],
    probe,
    open,
    path: None,
};

/// A reading among the first lines; the very first may be the rest of one.
fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let ends = |b: &u8| matches!(b, b'\r' | b'\n');
    let whole = first.iter().rposition(ends).unwrap_or(0);
    let mut lines = first[..whole].split(|b| ends(b)).filter(|l| !l.is_empty());
    let named = memchr::memmem::find(&first[..whole], b"SPO2=").is_some();
    if named && lines.clone().any(is_reading) {
        return Probe::Yes(Confidence(85));
    }
    let textual = first
        .iter()
        .all(|b| b.is_ascii_graphic() || *b == b' ' || ends(b));
    let dated = first
        .iter()
        .take(3)
        .all(|b| b.is_ascii_digit() || *b == b'/');
    let may_be = textual && (dated || first.contains(&b'=')) && lines.nth(1).is_none();
    if may_be && !hint.whole && first.len() < 600 {
        Probe::More(first.len() + 1)
    } else {
        Probe::No
    }
}

fn is_reading(line: &[u8]) -> bool {
    ["SPO2=", "BPM=", "EXC="]
        .iter()
        .all(|name| value(line, name).is_some())
}

/// What stands behind `name` up to the next blank.
fn value<'a>(line: &'a [u8], name: &str) -> Option<&'a [u8]> {
    line.split(|b| *b == b' ')
        .find_map(|word| word.strip_prefix(name.as_bytes()))
}

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(Masimo {
        lines: Lines::new(limits.get(limits::SERIAL_LINE)),
        device: None,
    })
}

struct Masimo {
    lines: Lines,
    /// The side that sent a reading.
    device: Option<Side>,
}

impl Dissector for Masimo {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        if matches!(input[0], b'\r' | b'\n') {
            return Progress::Read(1);
        }
        // The server is the device server, unless readings come from the client.
        if side != self.device.unwrap_or(Side::Server) {
            if !matches!(self.lines.next(side, input), Line::Whole { text, .. } if is_reading(text))
            {
                out.message(COMMAND, at..at + 1).action(Action {
                    device: Device::Monitor,
                    ..Action::of(Verb::UnknownVerb)
                });
                // Where the next one begins cannot be told.
                return Progress::Pass {
                    head: 1,
                    body: u64::MAX / 2,
                };
            }
            self.device = Some(side);
        }
        match self.lines.next(side, input) {
            Line::Short(need) => Progress::Need(need),
            Line::Long(len) => {
                out.limit(limits::SERIAL_LINE);
                out.message(MALFORMED, at..at + len as u64)
                    .anomaly("too-long", at);
                Progress::Read(len)
            }
            Line::Whole { text, len } => {
                let range = at..at + len as u64;
                if is_reading(text) {
                    self.device = Some(side);
                    reading(text, range, out);
                } else {
                    out.message(MALFORMED, range).anomaly("unknown-line", at);
                }
                Progress::Read(len)
            }
        }
    }

    fn gap(&mut self, side: Side, rest: &[u8], _: u64, out: &mut Messages<'_>) -> Progress {
        self.unread(side, rest, out);
        Progress::Read(0)
    }

    fn end(&mut self, side: Side, rest: &[u8], _: End, out: &mut Messages<'_>) {
        self.unread(side, rest, out);
    }
}

impl Masimo {
    fn unread(&mut self, side: Side, rest: &[u8], out: &mut Messages<'_>) {
        self.lines.forget(side);
        if !rest.is_empty() {
            let at = out.offset();
            out.message(MALFORMED, at..at + rest.len() as u64)
                .anomaly("unfinished", at);
        }
    }
}

fn reading(line: &[u8], range: std::ops::Range<u64>, out: &mut Messages<'_>) {
    let mut draft = out.message(READING, range);
    draft.action(Action {
        device: Device::Monitor,
        device_id: value(line, "SN=").unwrap_or(b""),
        ..Action::of(Verb::Store)
    });
    if let Some(clock) = line.get(..17).filter(|c| c[2] == b'/' && c[8] == b' ') {
        draft.time(CLOCK, clock);
    }
    draft.text_if(SERIAL, value(line, "SN=").unwrap_or(b""));
    for (name, code, unit) in [
        ("SPO2=", "spo2", "%"),
        ("BPM=", "pulse", "/min"),
        ("PI=", "perfusion_index", "%"),
        ("SPCO=", "spco", "%"),
        ("SPMET=", "spmet", "%"),
    ] {
        let Some(sent) = value(line, name) else {
            continue;
        };
        // Dashes stand for no value.
        if let Some(number) = number(sent) {
            draft.quantity(
                VALUE,
                Quantity {
                    number,
                    sent,
                    unit: unit.as_bytes(),
                    code: code.as_bytes(),
                },
            );
        }
    }
    draft.text_if(ALARM, value(line, "ALARM=").unwrap_or(b""));
    draft.text_if(EXCEPTION, value(line, "EXC=").unwrap_or(b""));
}
