//! Philips IntelliVue Data Export: what a patient monitor tells to a collector over UDP, or over a
//! serial line behind a device server.
//!
//! One datagram is one message. The client associates (UDP 24105), polls and may set two priority
//! lists; the monitor announces itself by a connect indication (UDP 24005). There is neither
//! authentication nor encryption.

mod association;
mod attributes;
mod codes;
mod fields;
mod operation;
mod poll;
mod serial;
#[cfg(test)]
mod tests;

use std::fmt::Display;

use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Side, Transport};
use crate::limits::Limits;
use crate::message::{Draft, Messages};
use crate::octets::{ShortText, be16, find, place_in};
use crate::schema::{FieldId, Port, Protocol, Provenance};

pub use fields::{ANOMALIES, FIELDS, KINDS};

/// IntelliVue Data Export.
pub const INTELLIVUE: Protocol = Protocol {
    name: "intellivue",
    title: "Philips IntelliVue Data Export",
    provenance: Provenance::Specification,
    source: "Philips Data Export Interface Programming Guide, 4535 642 59271, read through open \
             implementations; layouts checked on a real M8000 (pcaps/intellivue)",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[Port::Udp(24105), Port::Udp(24005)],
    transports: &[Transport::Udp, Transport::Tcp, Transport::Carried],
    probe,
    open,
    path: None,
};

/// Session header of data messages: session id 0xE100, presentation context 2.
const DATA: &[u8] = &[0xE1, 0x00, 0x00, 0x02];
/// Nomenclature of a connect indication: magic 0, major 1, minor 0.
const INDICATION: &[u8] = &[0x00, 0x00, 0x01, 0x00];

fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    if hint.transport != Transport::Udp {
        return serial::probe(first, hint);
    }
    let fits = |at| be16(first, at).is_some_and(|n| usize::from(n) + at + 2 == first.len());
    let sure = match first {
        [0x0D | 0x0E, rest @ ..] => {
            let whole = association::session_length(rest)
                .is_ok_and(|(rest, n)| rest.len() == usize::from(n));
            // The MDDL arc, 1.2.840.10004.2.1.
            let mddl = find(first, &[0x2A, 0x86, 0x48, 0xCE, 0x14, 0x02, 0x01], 0).is_some();
            match (whole, mddl) {
                (true, true) => 95,
                (false, true) => 70,
                (true, false) => 30,
                (false, false) => 0,
            }
        }
        [0xE1, 0, 0, 2, 0, 1 | 2 | 3 | 5, ..] if fits(6) => 85,
        [0, 0, 1, 0, 0, 1, ..] if fits(6) && be16(first, 24) == Some(0x0D17) => 90,
        [0x09 | 0x0A, 0x18, 0xC1, 0x16, 0x61, 0x80, ..] if first.len() == 26 => 90,
        [0x19, 0x2E, 0x11, 0x01, 0x03, 0xC1, ..] if first.len() == 48 => 90,
        [0x0C, 0x03, 0x32, 0x01, 0x00] => 30,
        // Damaged or odd ones: on the port alone.
        [0xE1, 0, ..] | [0, 0, _, _, 0, 1, ..] => 30,
        [0x09 | 0x0A | 0x0C | 0x19, rest @ ..]
            if association::session_length(rest)
                .is_ok_and(|(rest, n)| rest.len() == usize::from(n)) =>
        {
            30
        }
        _ => 0,
    };
    match sure {
        0 => Probe::No,
        30 if !hint.port => Probe::No,
        sure => Probe::Yes(Confidence(sure)),
    }
}

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(Intellivue {
        serial: serial::Serial::new(limits),
        mode: None,
        gap: false,
    })
}

struct Intellivue {
    serial: serial::Serial,
    /// Known from the first bytes: datagrams, or frames of a serial line.
    mode: Option<Mode>,
    /// Bytes are missing, or the start was not seen.
    gap: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Datagrams,
    Serial,
}

impl Dissector for Intellivue {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        // No message begins with C0. A stream of frames whose start was not seen begins like none.
        let mode = *self.mode.get_or_insert(match *input {
            [0xC0, ..] => Mode::Serial,
            [0xE1 | 0x00, 0x00, ..] => Mode::Datagrams,
            [spdu, ..] if self.gap && association::kind(spdu).is_none() => Mode::Serial,
            _ => Mode::Datagrams,
        });
        if mode == Mode::Serial {
            return self.serial.read(side, input, out);
        }
        let range = out.offset()..out.offset() + input.len() as u64;
        let at = At {
            whole: input,
            base: range.start,
        };
        message(at, side, range, out);
        Progress::Read(input.len())
    }

    fn gap(&mut self, side: Side, rest: &[u8], _: u64, out: &mut Messages<'_>) -> Progress {
        self.gap = true;
        self.serial.lost(side, rest, out);
        Progress::Read(0)
    }

    fn end(&mut self, side: Side, rest: &[u8], _: End, out: &mut Messages<'_>) {
        self.serial.lost(side, rest, out);
    }

    fn held(&self) -> usize {
        self.serial.held()
    }
}

/// Where the bytes of a message lie in the stream.
#[derive(Clone, Copy)]
struct At<'a> {
    whole: &'a [u8],
    base: u64,
}

impl At<'_> {
    /// Stream offset of `part`, a slice of the message.
    fn of(self, part: &[u8]) -> u64 {
        self.base + place_in(self.whole, part)
    }
}

/// One message, from a datagram or a frame.
fn message(at: At<'_>, side: Side, range: std::ops::Range<u64>, out: &mut Messages<'_>) {
    let whole = at.whole;
    match whole {
        [0xE1, 0x00, _, _, body @ ..] => {
            let odd = !whole.starts_with(DATA);
            operation::read(at, body, operation::Header::Data { odd }, side, range, out);
        }
        [0x00, 0x00, _, _, body @ ..] => {
            let odd = !whole.starts_with(INDICATION);
            operation::read(
                at,
                body,
                operation::Header::Indication { odd },
                side,
                range,
                out,
            );
        }
        [spdu, ..] => match association::kind(*spdu) {
            Some(kind) => association::read(at, kind, range, out),
            None => {
                out.message(fields::MALFORMED, range)
                    .anomaly("unknown-first-byte", at.base);
            }
        },
        [] => {}
    }
}

/// Writes a code or number as text.
fn print(draft: &mut Draft<'_>, field: FieldId, value: impl Display) {
    if draft.wants(field) {
        draft.text(
            field,
            ShortText::<48>::of(format_args!("{value}")).as_bytes(),
        );
    }
}
