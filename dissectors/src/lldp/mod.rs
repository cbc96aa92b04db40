//! LLDP: a device tells the switch beside it what it is (IEEE 802.1AB; ANSI/TIA-1057 for its
//! inventory).

mod fields;
#[cfg(test)]
mod tests;

pub use fields::*;

use crate::address;
use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Reason, Side, Transport};
use crate::message::{Draft, Messages};
use crate::schema::{FieldId, Protocol, Provenance};

pub const LLDP: Protocol = Protocol {
    name: "lldp",
    title: "Link Layer Discovery Protocol",
    provenance: Provenance::Specification,
    source: "IEEE 802.1AB-2016 8 and 9, ANSI/TIA-1057",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[],
    transports: &[Transport::Link(0x88CC)],
    probe,
    open: |_| Box::<Lldp>::default(),
    path: None,
};

/// TLV types (IEEE 802.1AB 8.4).
mod tlv {
    pub const END: u8 = 0;
    pub const CHASSIS: u8 = 1;
    pub const PORT: u8 = 2;
    pub const TTL: u8 = 3;
    pub const PORT_DESCRIPTION: u8 = 4;
    pub const SYSTEM_NAME: u8 = 5;
    pub const SYSTEM_DESCRIPTION: u8 = 6;
    pub const CAPABILITIES: u8 = 7;
    pub const MANAGEMENT: u8 = 8;
    pub const ORGANISATION: u8 = 127;
}

fn probe(_: Side, first: &[u8], _: Hint) -> Probe {
    // The EtherType says it.
    Probe::Yes(Confidence(if first.first() == Some(&(tlv::CHASSIS << 1)) {
        95
    } else {
        40
    }))
}

#[derive(Default)]
struct Lldp {
    done: bool,
}

/// A type of seven bits, a length of nine, and so much value.
fn split(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (head, rest) = bytes.split_first_chunk()?;
    let head = u16::from_be_bytes(*head);
    let (value, rest) = rest.split_at_checked(usize::from(head & 0x01FF))?;
    Some(((head >> 9) as u8, value, rest))
}

impl Dissector for Lldp {
    fn read(&mut self, _: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        if std::mem::replace(&mut self.done, true) {
            return Progress::Reject(Reason("padding behind the message"));
        }
        let at = out.offset();
        // Where it ends, and whether well: padding follows the end mark.
        let mut rest = input;
        let mut ttl = None;
        let fault = loop {
            match split(rest) {
                Some((tlv::END, _, after)) => {
                    rest = after;
                    break None;
                }
                Some((kind, value, after)) => {
                    if kind == tlv::TTL {
                        ttl = value.first_chunk().map(|t| u16::from_be_bytes(*t));
                    }
                    rest = after;
                }
                None if rest.is_empty() => break Some("no-end"),
                None => break Some("tlv-overrun"),
            }
        };
        let read = match fault {
            None => input.len() - rest.len(),
            Some(_) => input.len(),
        };
        let kind = match ttl {
            Some(0) => SHUTDOWN,
            Some(_) => ADVERTISEMENT,
            None => MALFORMED,
        };
        let mut draft = out.message(kind, at..at + read as u64);
        if let Some(ttl) = ttl {
            draft.integer(TTL, ttl.into());
        }
        let mut tlvs = input;
        while let Some((kind, value, after)) = split(tlvs) {
            if kind == tlv::END {
                break;
            }
            write(kind, value, &mut draft);
            tlvs = after;
        }
        if ttl.is_none() {
            draft.anomaly("no-ttl", at);
        }
        if let Some(fault) = fault {
            draft.anomaly(fault, at + (input.len() - rest.len()) as u64);
        }
        Progress::Read(read.max(1))
    }

    fn gap(&mut self, _: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        Progress::Reject(Reason("a frame has no gaps"))
    }

    fn end(&mut self, _: Side, _: &[u8], _: End, _: &mut Messages<'_>) {}
}

fn write(kind: u8, value: &[u8], draft: &mut Draft<'_>) {
    match (kind, value) {
        (tlv::CHASSIS, [subtype, id @ ..]) => named(CHASSIS, *subtype, id, [4, 5], draft),
        (tlv::PORT, [subtype, id @ ..]) => named(PORT, *subtype, id, [3, 4], draft),
        (tlv::PORT_DESCRIPTION, text) => text_of(PORT_DESCRIPTION, text, draft),
        (tlv::SYSTEM_NAME, text) => text_of(SYSTEM_NAME, text, draft),
        (tlv::SYSTEM_DESCRIPTION, text) => text_of(SYSTEM_DESCRIPTION, text, draft),
        (tlv::CAPABILITIES, [_, _, e0, e1]) => {
            // IEEE 802.1AB table 8-4, what is enabled.
            const WORDS: [&str; 11] = [
                "other",
                "repeater",
                "bridge",
                "access-point",
                "router",
                "telephone",
                "docsis",
                "station",
                "c-vlan",
                "s-vlan",
                "relay",
            ];
            let enabled = u16::from_be_bytes([*e0, *e1]);
            for (bit, word) in WORDS.iter().enumerate() {
                if enabled >> bit & 1 == 1 {
                    draft.text(CAPABILITY, word.as_bytes());
                }
            }
        }
        (tlv::MANAGEMENT, [length, rest @ ..]) => {
            let address = rest.get(..usize::from(*length)).unwrap_or(&[]);
            match address {
                [1, a, b, c, d] => {
                    draft.text(MANAGEMENT, address::ipv4([*a, *b, *c, *d]).bytes());
                }
                [2, v6 @ ..] => {
                    if let Ok(v6) = v6.try_into() {
                        draft.text(MANAGEMENT, address::ipv6(v6).bytes());
                    }
                }
                [6, mac @ ..] => {
                    if let Ok(mac) = mac.try_into() {
                        draft.text(MANAGEMENT, address::mac(mac).bytes());
                    }
                }
                _ => {}
            }
        }
        // IEEE 802.1: port VLAN id.
        (tlv::ORGANISATION, [0x00, 0x80, 0xC2, 1, v0, v1]) => {
            draft.integer(VLAN, u16::from_be_bytes([*v0, *v1]).into());
        }
        // ANSI/TIA-1057 10.2.6.
        (tlv::ORGANISATION, [0x00, 0x12, 0xBB, subtype, text @ ..]) => {
            let field = match subtype {
                5 => HARDWARE,
                6 => FIRMWARE,
                7 => SOFTWARE,
                8 => SERIAL,
                9 => MANUFACTURER,
                10 => MODEL,
                11 => ASSET,
                _ => return,
            };
            text_of(field, text, draft);
        }
        _ => {}
    }
}

/// An identifier whose subtype says what it is: a MAC or network address, or a text.
fn named(field: FieldId, subtype: u8, id: &[u8], [mac, network]: [u8; 2], draft: &mut Draft<'_>) {
    match id {
        [a, b, c, d, e, f] if subtype == mac => {
            draft.text(field, address::mac([*a, *b, *c, *d, *e, *f]).bytes());
        }
        [1, a, b, c, d] if subtype == network => {
            draft.text(field, address::ipv4([*a, *b, *c, *d]).bytes());
        }
        text => text_of(field, text, draft),
    }
}

fn text_of(field: FieldId, text: &[u8], draft: &mut Draft<'_>) {
    // Some pad with NUL.
    let end = text.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
    draft.text_if(field, &text[..end]);
}
