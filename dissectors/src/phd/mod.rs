//! IEEE 11073-20601: personal health devices (oximeters, scales, glucose meters) and the manager
//! that collects from them, over TCP.
//!
//! An APDU is a choice and a length, both two bytes; nothing else delimits. There is neither
//! authentication nor encryption.

mod association;
mod codes;
mod data;
mod fields;
#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::ops::Range;

use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Side, Transport};
use crate::limits::Limits;
use crate::message::{Draft, Messages};
use crate::octets::{ShortText, be16, be32, place_in};
use crate::schema::{FieldId, Port, Protocol, Provenance};

use association::Association;

pub use fields::{ANOMALIES, FIELDS, KINDS};

/// IEEE 11073-20601 over TCP.
pub const PHD: Protocol = Protocol {
    name: "phd",
    title: "IEEE 11073-20601 personal health devices",
    provenance: Provenance::Implementation,
    source: "IEEE 11073-20601 as implemented by signove/antidote (type definitions, nomenclature, \
             sample APDUs)",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[Port::Tcp(6024)],
    transports: &[Transport::Tcp, Transport::Carried],
    probe,
    open,
    path: None,
};

/// Choices of an APDU.
const AARQ: u16 = 0xE200;
const AARE: u16 = 0xE300;
const RLRQ: u16 = 0xE400;
const RLRE: u16 = 0xE500;
const ABRT: u16 = 0xE600;
const PRST: u16 = 0xE700;
/// Choice and length.
const HEAD: usize = 4;
/// Bytes that tell whether an APDU begins here.
const TELLING: usize = 14;

fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let places = if hint.mid_stream { first.len() } else { 1 };
    for at in 0..places {
        match likely(&first[at..]) {
            Some(0) => {}
            Some(sure) if sure >= 85 || hint.port => return Probe::Yes(Confidence(sure)),
            Some(_) => {}
            None if !hint.whole => return Probe::More(at + TELLING),
            None => {}
        }
    }
    if hint.mid_stream && !hint.whole {
        Probe::More(first.len() + 1)
    } else {
        Probe::No
    }
}

/// How surely an APDU begins here. `None`: too few bytes.
fn likely(bytes: &[u8]) -> Option<u8> {
    if bytes.len() < 2 {
        return match bytes {
            [] | [0xE2..=0xE7] => None,
            _ => Some(0),
        };
    }
    let choice = be16(bytes, 0)?;
    if !matches!(choice, AARQ | AARE | RLRQ | RLRE | ABRT | PRST) {
        return Some(0);
    }
    if matches!(choice, RLRQ | RLRE | ABRT) {
        let plain = be16(bytes, 2)? == 2 && be16(bytes, 4)? < 16;
        return Some(if plain { 40 } else { 0 });
    }
    let short = bytes.len() < TELLING;
    let length = usize::from(be16(bytes, 2)?);
    Some(match choice {
        AARQ => match (be32(bytes, 4)?, short) {
            (0x8000_0000, true) => return None,
            (0x8000_0000, false) => match be16(bytes, 12)? {
                codes::DATA_PROTOCOL_20601 => 95,
                0xFFFF => 75,
                _ => 40,
            },
            _ => 0,
        },
        AARE => match (be16(bytes, 4)? <= 8, be16(bytes, 6)?) {
            (true, codes::DATA_PROTOCOL_20601) => 90,
            _ => 0,
        },
        _ if length < 8 => 0,
        _ => {
            let octets = usize::from(be16(bytes, 4)?);
            if octets + 2 != length {
                return Some(0);
            }
            let fits = usize::from(be16(bytes, 10)?) + 6 == octets;
            match (fits, data::kind(be16(bytes, 8)?)) {
                (true, Some(_)) => 90,
                (true, None) => 50,
                (false, _) => 0,
            }
        }
    })
}

fn open(_: &Limits) -> Box<dyn Dissector> {
    Box::new(Phd::default())
}

#[derive(Default)]
struct Phd {
    association: Association,
    /// Bytes of each side in which no APDU begins; looked at once.
    strange: [usize; 2],
    /// The next bytes of a side may be the middle of an APDU.
    lost: [bool; 2],
}

impl Dissector for Phd {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let i = side.index();
        let at = out.offset();
        if self.strange[i] > 0 || self.lost[i] {
            return self.strange(side, input, out);
        }
        let Some(choice) = be16(input, 0) else {
            return Progress::Need(HEAD);
        };
        if !matches!(choice, AARQ | AARE | RLRQ | RLRE | ABRT | PRST) {
            return self.strange(side, input, out);
        }
        let Some(length) = be16(input, 2).map(usize::from) else {
            return Progress::Need(HEAD);
        };
        let all = HEAD + length;
        if input.len() < all {
            return Progress::Need(all);
        }
        let range = at..at + all as u64;
        self.apdu(choice, &input[..all], side, range, out);
        Progress::Read(all)
    }

    fn gap(&mut self, side: Side, rest: &[u8], _: u64, out: &mut Messages<'_>) -> Progress {
        unfinished(rest, out);
        self.strange[side.index()] = 0;
        self.lost[side.index()] = true;
        Progress::Read(0)
    }

    fn end(&mut self, side: Side, rest: &[u8], _: End, out: &mut Messages<'_>) {
        if self.strange[side.index()] > 0 && !rest.is_empty() {
            let at = out.offset();
            out.message(fields::MALFORMED, at..at + rest.len() as u64)
                .anomaly("unknown-choice", at);
        } else {
            unfinished(rest, out);
        }
    }
}

impl Phd {
    /// Bytes where an APDU ought to begin and none does: up to the next that surely is one.
    fn strange(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let i = side.index();
        let at = out.offset();
        let longest = HEAD + usize::from(u16::MAX);
        let from = self.strange[i].max(usize::from(!self.lost[i]));
        for place in from..input.len().min(longest) {
            match likely(&input[place..]) {
                Some(0) => {}
                Some(_) => {
                    self.strange[i] = 0;
                    self.lost[i] = false;
                    if place == 0 {
                        return self.read(side, input, out);
                    }
                    out.message(fields::MALFORMED, at..at + place as u64)
                        .anomaly("unknown-choice", at);
                    return Progress::Read(place);
                }
                None => {
                    self.strange[i] = place;
                    return Progress::Need(input.len() + 1);
                }
            }
        }
        if input.len() < longest {
            self.strange[i] = input.len();
            return Progress::Need(input.len() + 1);
        }
        self.strange[i] = 0;
        out.message(fields::MALFORMED, at..at + longest as u64)
            .anomaly("unknown-choice", at);
        Progress::Read(longest)
    }

    fn apdu(
        &mut self,
        choice: u16,
        whole: &[u8],
        side: Side,
        range: Range<u64>,
        out: &mut Messages<'_>,
    ) {
        let at = At {
            whole,
            base: range.start,
        };
        let body = &whole[HEAD..];
        let association = &mut self.association;
        let kind = match choice {
            AARQ => fields::AARQ,
            AARE => fields::AARE,
            RLRQ => fields::RLRQ,
            RLRE => fields::RLRE,
            ABRT => fields::ABRT,
            _ => return self.presentation(at, body, side, range, out),
        };
        let mut draft = out.message(kind, range);
        let fault = match choice {
            AARQ => association::request(body, at, association, &mut draft),
            AARE => association::response(body, association, &mut draft),
            _ => {
                match choice {
                    RLRQ => association::release(body, &mut draft),
                    RLRE => association::released(body, &mut draft),
                    _ => association::abort(body, &mut draft),
                }
                association.running &= choice == RLRQ;
                if body.len() < 2 {
                    draft.anomaly("truncated", at.of(body));
                }
                return;
            }
        };
        if let Err(nom::Err::Error(e) | nom::Err::Failure(e)) = fault {
            draft.anomaly("truncated", at.of(e.input));
        }
    }

    /// PRST: an octet string that holds a data APDU. Its three lengths must agree.
    fn presentation(
        &mut self,
        at: At<'_>,
        body: &[u8],
        side: Side,
        range: Range<u64>,
        out: &mut Messages<'_>,
    ) {
        let octets = be16(body, 0).map(usize::from);
        let inner = body.get(2..).unwrap_or(b"");
        let inner = &inner[..octets.unwrap_or(0).min(inner.len())];
        let Ok((message, head)) = data::head(inner) else {
            out.message(fields::PRST, range)
                .anomaly("truncated", at.of(body));
            return;
        };
        let length = usize::from(head.length);
        let mut draft = match data::kind(head.choice) {
            Some(kind) => out.message(kind, range),
            None => out.message_unknown(u32::from(head.choice), 4, range),
        };
        if octets.map(|n| n + 2) != Some(body.len()) || length != message.len() {
            draft.anomaly("length-mismatch", at.of(body));
        }
        let message = &message[..length.min(message.len())];
        data::read(message, head, side, at, &self.association, &mut draft);
    }
}

fn unfinished(rest: &[u8], out: &mut Messages<'_>) {
    if !rest.is_empty() {
        let at = out.offset();
        out.message(fields::MALFORMED, at..at + rest.len() as u64)
            .anomaly("unfinished", at);
    }
}

/// Where the bytes of an APDU lie in the stream.
#[derive(Clone, Copy)]
struct At<'a> {
    whole: &'a [u8],
    base: u64,
}

impl At<'_> {
    /// Stream offset of `part`, a slice of the APDU.
    fn of(self, part: &[u8]) -> u64 {
        self.base + place_in(self.whole, part)
    }
}

/// Writes a code as text.
fn print(draft: &mut Draft<'_>, field: FieldId, value: impl Display) {
    if draft.wants(field) {
        draft.text(
            field,
            ShortText::<48>::of(format_args!("{value}")).as_bytes(),
        );
    }
}
