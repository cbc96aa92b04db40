//! NTP: who tells whom what time it is.

mod fields;
#[cfg(test)]
mod tests;

pub use fields::*;

use crate::action::Outcome;
use crate::address;
use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Reason, Side, Transport};
use crate::message::{Draft, Messages, Scope};
use crate::schema::{FieldId, KindId, Port, Protocol, Provenance};

pub const NTP: Protocol = Protocol {
    name: "ntp",
    title: "Network Time Protocol",
    provenance: Provenance::Specification,
    source: "RFC 5905 7.3, RFC 9327",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[Port::Udp(123)],
    transports: &[Transport::Udp],
    probe,
    open: |_| Box::new(Ntp),
    path: None,
};

const LEN: usize = 48;

fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let Some(head) = first.first() else {
        return Probe::No;
    };
    let (version, mode) = (head >> 3 & 7, head & 7);
    // Nothing but the port and the length tells it.
    let fits = match mode {
        1..=5 => first.len() >= LEN,
        6 => first.len() >= 12,
        7 => first.len() >= 8,
        _ => false,
    };
    if hint.port && fits && (1..=4).contains(&version) {
        Probe::Yes(Confidence(if mode < 6 { 91 } else { 70 }))
    } else {
        Probe::No
    }
}

struct Ntp;

impl Dissector for Ntp {
    fn read(&mut self, _: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        let range = at..at + input.len() as u64;
        let head = input.first().copied().unwrap_or(0);
        let kind = kind_of(head & 7);
        let Some(kind) = kind else {
            out.message(MALFORMED, range).anomaly("mode", at);
            return Progress::Read(input.len());
        };
        if matches!(kind, CONTROL | PRIVATE) {
            let mut draft = out.message(kind, range);
            draft.integer(VERSION, (head >> 3 & 7).into());
            let code = match input {
                [_, operation, ..] if kind == CONTROL => operation & 0x1F,
                [_, _, _, request, ..] => *request,
                _ => return Progress::Read(input.len()),
            };
            draft.integer(OPERATION, code.into());
            return Progress::Read(input.len());
        }
        let Some(packet) = input.first_chunk::<LEN>() else {
            out.message(MALFORMED, range).anomaly("cut-short", at);
            return Progress::Read(input.len());
        };
        write(kind, packet, &mut out.message(kind, range));
        Progress::Read(input.len())
    }

    fn gap(&mut self, _: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        Progress::Reject(Reason("datagrams have no gaps"))
    }

    fn end(&mut self, _: Side, _: &[u8], _: End, _: &mut Messages<'_>) {}
}

fn kind_of(mode: u8) -> Option<KindId> {
    const KINDS: [KindId; 7] = [
        SYMMETRIC_ACTIVE,
        SYMMETRIC_PASSIVE,
        CLIENT,
        SERVER,
        BROADCAST,
        CONTROL,
        PRIVATE,
    ];
    KINDS.get(usize::from(mode.checked_sub(1)?)).copied()
}

fn write(kind: KindId, packet: &[u8; LEN], draft: &mut Draft<'_>) {
    let [head, stratum, poll, ..] = *packet;
    draft
        .integer(VERSION, (head >> 3 & 7).into())
        .integer(LEAP, (head >> 6).into())
        .integer(STRATUM, stratum.into())
        .integer(POLL, (poll as i8).into());
    let word = |at: usize| [packet[at], packet[at + 1], packet[at + 2], packet[at + 3]];
    let short = |at: usize| f64::from(u32::from_be_bytes(word(at))) / 65_536.0;
    if kind != CLIENT {
        draft
            .decimal(ROOT_DELAY, short(4))
            .decimal(ROOT_DISPERSION, short(8));
        let source = word(12);
        if stratum < 2 {
            let end = source.iter().rposition(|b| *b != 0).map_or(0, |n| n + 1);
            draft.text_if(REFERENCE, &source[..end]);
        } else {
            draft.text(REFERENCE, address::ipv4(source).bytes());
        }
    }
    let stamp = |at: usize| {
        let mut eight = [0; 8];
        eight.copy_from_slice(&packet[at..at + 8]);
        eight
    };
    let (originate, receive, transmit) = (stamp(24), stamp(32), stamp(40));
    let mut time = |field: FieldId, stamp: [u8; 8]| {
        if stamp != [0; 8] {
            draft.decimal(field, seconds(stamp));
        }
    };
    time(REFERENCE_TIME, stamp(16));
    time(ORIGINATE, originate);
    time(RECEIVE, receive);
    time(TRANSMIT, transmit);
    match kind {
        CLIENT => {
            draft.asks(Scope::Conversation, &transmit);
        }
        SERVER => {
            if originate != [0; 8] && receive != [0; 8] {
                draft.decimal(OFFSET, difference(receive, originate));
            }
            // Stratum 0 is a kiss of death (RFC 5905 7.4).
            let outcome = if stratum == 0 {
                Outcome::Refused
            } else {
                Outcome::Accepted
            };
            draft.answers(Scope::Conversation, &originate, true, outcome);
        }
        _ => {}
    }
}

/// Seconds since 1970. Times of the first era before 1968 are taken for the second (RFC 5905 6).
fn seconds(stamp: [u8; 8]) -> f64 {
    const FROM_1900_TO_1970: i64 = 2_208_988_800;
    let [s0, s1, s2, s3, f0, f1, f2, f3] = stamp;
    let whole = i64::from(u32::from_be_bytes([s0, s1, s2, s3]));
    let era = if s0 & 0x80 == 0 { 1 << 32 } else { 0 };
    let part = f64::from(u32::from_be_bytes([f0, f1, f2, f3])) / 4_294_967_296.0;
    // More digits than a decimal has would only be noise.
    ((whole + era - FROM_1900_TO_1970) as f64 + part)
        .mul_add(1e6, 0.0)
        .round()
        / 1e6
}

/// By how much a time is later than another, in seconds.
fn difference(a: [u8; 8], b: [u8; 8]) -> f64 {
    let ticks = u64::from_be_bytes(a).wrapping_sub(u64::from_be_bytes(b)) as i64;
    (ticks as f64 / 4_294_967_296.0 * 1e6).round() / 1e6
}
