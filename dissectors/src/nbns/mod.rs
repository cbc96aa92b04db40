//! NetBIOS names over UDP (RFC 1002 4.2): DNS by its shape, flat names of sixteen bytes by content.
//! Whoever answers first owns the name, for all that the asker knows.

mod fields;
#[cfg(test)]
mod tests;

pub use fields::*;

use crate::action::Outcome;
use crate::address;
use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Reason, Side, Transport};
use crate::dns::{Header, read_name};
use crate::message::{Draft, Messages, Scope};
use crate::schema::{Port, Protocol, Provenance};

pub const NBNS: Protocol = Protocol {
    name: "nbns",
    title: "NetBIOS Name Service",
    provenance: Provenance::Specification,
    source: "RFC 1001, RFC 1002 4.2",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[Port::Udp(137)],
    transports: &[Transport::Udp],
    probe,
    open: |_| Box::new(Nbns),
    path: None,
};

/// A name of sixteen bytes, each as two letters A to P (RFC 1001 14.1).
fn decode(label: &[u8]) -> Option<[u8; 16]> {
    let mut name = [0; 16];
    let (pairs, rest) = label.as_chunks::<2>();
    if pairs.len() != name.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in name.iter_mut().zip(pairs) {
        if !matches!((high, low), (b'A'..=b'P', b'A'..=b'P')) {
            return None;
        }
        *byte = (high - b'A') << 4 | (low - b'A');
    }
    Some(name)
}

/// The first name of a message: it stands at the same place in questions and in answers.
fn first_name(message: &[u8]) -> Option<[u8; 16]> {
    match message.get(Header::LEN..)? {
        [32, label @ ..] => decode(label.get(..32)?),
        _ => None,
    }
}

fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    match first_name(first) {
        // The name alone is a hundred bits of structure.
        Some(_) => Probe::Yes(Confidence(93)),
        None if hint.port && Header::read(first).is_some_and(|h| h.makes_sense()) => {
            Probe::Yes(Confidence(40))
        }
        None => Probe::No,
    }
}

struct Nbns;

impl Dissector for Nbns {
    fn read(&mut self, _: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        let range = at..at + input.len() as u64;
        let Some((header, name)) = Header::read(input).zip(first_name(input)) else {
            out.message(MALFORMED, range).anomaly("name-form", at);
            return Progress::Read(input.len());
        };
        let response = header.is_response();
        // RFC 1002 4.2.1.1; 9 is what some send for refresh.
        let kind = match header.opcode() {
            0 if response => RESPONSE,
            0 => QUERY,
            5 if response => REGISTRATION_RESPONSE,
            5 => REGISTRATION,
            6 => RELEASE,
            7 => WAIT,
            8 | 9 => REFRESH,
            15 => MULTIHOMED,
            other => {
                out.message_unknown(other.into(), 2, range);
                return Progress::Read(input.len());
            }
        };
        let mut draft = out.message(kind, range);
        let [text @ .., suffix] = name;
        draft
            .integer(ID, header.id.into())
            .text(NAME, text.trim_ascii_end())
            .integer(SUFFIX, suffix.into());
        if response {
            draft.integer(CODE, header.code().into());
        }
        const BROADCAST: u16 = 0x0010;
        if header.has(BROADCAST) {
            draft.flag(BROADCAST_FLAG, true);
        }
        let whole = records(input, &header, &mut draft);
        if !whole {
            draft.anomaly("cut-short", at);
        }
        // A broadcast question is answered by a host: not the same conversation.
        let mut key = [0; 22];
        key[..4].copy_from_slice(b"nbns");
        key[4..6].copy_from_slice(&header.id.to_be_bytes());
        key[6..].copy_from_slice(&name);
        if response {
            let outcome = match header.code() {
                0 => Outcome::Accepted,
                5 => Outcome::Refused,
                _ => Outcome::Failed,
            };
            draft.answers(Scope::Everywhere, &key, false, outcome);
        } else {
            draft.asks(Scope::Everywhere, &key);
        }
        Progress::Read(input.len())
    }

    fn gap(&mut self, _: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        Progress::Reject(Reason("datagrams have no gaps"))
    }

    fn end(&mut self, _: Side, _: &[u8], _: End, _: &mut Messages<'_>) {}
}

/// Addresses and names in the records. False if they end early.
fn records(message: &[u8], header: &Header, draft: &mut Draft<'_>) -> bool {
    let mut at = Header::LEN;
    for _ in 0..header.questions {
        match read_name(message, at) {
            Ok((_, next)) if next + 4 <= message.len() => at = next + 4,
            _ => return false,
        }
    }
    for _ in 0..u32::from(header.answers) + u32::from(header.others) + u32::from(header.more) {
        let Ok((_, next)) = read_name(message, at) else {
            return false;
        };
        let Some([t0, t1, _, _, _, _, _, _, l0, l1]) = message.get(next..next + 10) else {
            return false;
        };
        let start = next + 10;
        let end = start + usize::from(u16::from_be_bytes([*l0, *l1]));
        let Some(data) = message.get(start..end) else {
            return false;
        };
        const ADDRESSES: u16 = 0x20;
        const STATUS: u16 = 0x21;
        match u16::from_be_bytes([*t0, *t1]) {
            // Flags and an address, once or more (RFC 1002 4.2.13).
            ADDRESSES => {
                for [_, _, a, b, c, d] in data.as_chunks().0 {
                    draft.text(ADDRESS, address::ipv4([*a, *b, *c, *d]).bytes());
                }
            }
            STATUS => status(data, draft),
            _ => {}
        }
        at = end;
    }
    true
}

/// RFC 1002 4.2.18: names with suffix and flags, then statistics that begin with the MAC address.
fn status(data: &[u8], draft: &mut Draft<'_>) {
    let Some((count, rest)) = data.split_first() else {
        return;
    };
    let Some((names, statistics)) = rest.split_at_checked(usize::from(*count) * 18) else {
        return;
    };
    for name in names.as_chunks::<18>().0 {
        draft.text_if(OWN_NAME, name[..15].trim_ascii_end());
    }
    if let Some(mac) = statistics.first_chunk::<6>().filter(|mac| **mac != [0; 6]) {
        draft.text(MAC, address::mac(*mac).bytes());
    }
}
