//! DHCP for IPv6: a type, a transaction, options, some of which hold options (RFC 8415 8, 9, 21).

use super::fields6::*;
use crate::action::Outcome;
use crate::address;
use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Reason, Side};
use crate::message::{Draft, Messages, Scope};
use crate::schema::{FieldId, KindId};

const RELAY_FORWARD: u8 = 12;
const RELAY_REPLY: u8 = 13;
/// HOP_COUNT_LIMIT (RFC 8415 7.6).
const RELAYS: i64 = 8;

pub fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let options = match first {
        [1..=11, _, _, _, options @ ..] => options,
        [RELAY_FORWARD | RELAY_REPLY, ..] => first.get(34..).unwrap_or(&[]),
        _ => return Probe::No,
    };
    // Only the port tells it from other rows of lengths and values; what overruns is told as such.
    match Options(options).last() {
        Some(Ok(_)) if hint.port => Probe::Yes(Confidence(80)),
        Some(Err(_)) if hint.port => Probe::Yes(Confidence(30)),
        _ => Probe::No,
    }
}

pub struct Dhcpv6;

impl Dissector for Dhcpv6 {
    fn read(&mut self, _: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        let range = at..at + input.len() as u64;
        let (message, relays, peer) = unwrapped(input);
        let [code, t0, t1, t2, options @ ..] = message else {
            out.message(MALFORMED, range).anomaly("cut-short", at);
            return Progress::Read(input.len());
        };
        let kind = kind_of(*code);
        let mut draft = match kind {
            Some(kind) => out.message(kind, range),
            None => out.message_unknown((*code).into(), 2, range),
        };
        draft.integer(TRANSACTION, u32::from_be_bytes([0, *t0, *t1, *t2]).into());
        if relays > 0 {
            draft.integer(RELAYED, relays);
        }
        if let Some(peer) = peer {
            draft.text(PEER, address::ipv6(peer).bytes());
        }
        if relays > RELAYS {
            draft.anomaly("relay-depth", at);
        }
        let base = at + (input.len() - options.len()) as u64;
        write(options, &mut draft, base);
        let key = [b'd', b'h', b'c', b'p', b'6', *t0, *t1, *t2];
        match kind {
            Some(ADVERTISE) => {
                draft.answers(Scope::Everywhere, &key, false, Outcome::Accepted);
            }
            Some(REPLY) => {
                draft.answers(Scope::Everywhere, &key, true, Outcome::Accepted);
            }
            Some(RECONFIGURE) | None => {}
            Some(_) => {
                draft.asks(Scope::Everywhere, &key);
            }
        }
        Progress::Read(input.len())
    }

    fn gap(&mut self, _: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        Progress::Reject(Reason("datagrams have no gaps"))
    }

    fn end(&mut self, _: Side, _: &[u8], _: End, _: &mut Messages<'_>) {}
}

/// The message inside of all relay agents' envelopes, how many there were, and the nearest one's peer.
fn unwrapped(input: &[u8]) -> (&[u8], i64, Option<[u8; 16]>) {
    let (mut message, mut relays, mut peer) = (input, 0, None);
    while let [RELAY_FORWARD | RELAY_REPLY, ..] = message {
        let Some((head, options)) = message.split_first_chunk::<34>() else {
            break;
        };
        let mut told = [0; 16];
        told.copy_from_slice(&head[18..]);
        const RELAYED_MESSAGE: u16 = 9;
        let inner = Options(options)
            .flatten()
            .find(|(code, _)| *code == RELAYED_MESSAGE);
        // Each is shorter than the last by its header: this ends.
        let Some((_, inner)) = inner else { break };
        (message, peer) = (inner, Some(told));
        relays += 1;
    }
    (message, relays, peer)
}

/// RFC 8415 7.3.
fn kind_of(code: u8) -> Option<KindId> {
    const KINDS: [KindId; 11] = [
        SOLICIT,
        ADVERTISE,
        REQUEST,
        CONFIRM,
        RENEW,
        REBIND,
        REPLY,
        RELEASE,
        DECLINE,
        RECONFIGURE,
        INFORMATION,
    ];
    KINDS.get(usize::from(code).wrapping_sub(1)).copied()
}

/// A row of options: code and value, or the bytes of one that overruns.
struct Options<'a>(&'a [u8]);

impl<'a> Iterator for Options<'a> {
    type Item = Result<(u16, &'a [u8]), &'a [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let all = std::mem::take(&mut self.0);
        let [c0, c1, l0, l1, rest @ ..] = all else {
            return Some(Err(all));
        };
        let len = u16::from_be_bytes([*l0, *l1]).into();
        let Some((value, rest)) = rest.split_at_checked(len) else {
            return Some(Err(all));
        };
        self.0 = rest;
        Some(Ok((u16::from_be_bytes([*c0, *c1]), value)))
    }
}

/// `base` is the stream offset of the first option.
fn write(options: &[u8], draft: &mut Draft<'_>, base: u64) {
    for option in Options(options) {
        let (code, value) = match option {
            Ok(option) => option,
            Err(rest) => {
                draft.anomaly("option-overrun", base + (options.len() - rest.len()) as u64);
                return;
            }
        };
        match code {
            1 => identifier(CLIENT_ID, CLIENT_MAC, value, draft),
            2 => identifier(SERVER_ID, SERVER_MAC, value, draft),
            3 | 25 => bindings(value.get(12..).unwrap_or(&[]), draft),
            4 => bindings(value.get(4..).unwrap_or(&[]), draft),
            6 => parameters(value, draft),
            13 => status(value, draft),
            // Enterprise number, then texts with their lengths; the first is enough.
            16 => {
                let text = value.get(4..).and_then(|v| {
                    let (len, text) = v.split_first_chunk()?;
                    text.get(..u16::from_be_bytes(*len).into())
                });
                draft.text_if(VENDOR_CLASS, text.unwrap_or(&[]));
            }
            23 => addresses(DNS, value, draft),
            24 => {
                draft.text_if(DOMAIN, crate::dns::plain_name(value).bytes());
            }
            31 => addresses(NTP, value, draft),
            39 => {
                let name = value.get(1..).unwrap_or(&[]);
                draft.text_if(FQDN, crate::dns::plain_name(name).bytes());
            }
            56 => {
                for (code, value) in Options(value).flatten() {
                    match code {
                        1 | 2 => addresses(NTP, value, draft),
                        _ => {
                            draft.text_if(NTP, crate::dns::plain_name(value).bytes());
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

/// A DUID, and the Ethernet address in it: type 1 holds a time before it, type 3 does not.
fn identifier(field: FieldId, mac: FieldId, value: &[u8], draft: &mut Draft<'_>) {
    draft.text_if(field, address::hex(value).bytes());
    let address = match value {
        [0, 1, 0, 1, _, _, _, _, address @ ..] | [0, 3, 0, 1, address @ ..] => address,
        _ => return,
    };
    if let Ok(address) = address.try_into() {
        draft.text(mac, address::mac(address).bytes());
    }
}

/// Addresses and prefixes inside an identity association.
fn bindings(options: &[u8], draft: &mut Draft<'_>) {
    for (code, value) in Options(options).flatten() {
        match code {
            5 => addresses(ADDRESS, value.get(..16).unwrap_or(&[]), draft),
            26 => {
                if let Some((bits, prefix)) = value.get(8..25).and_then(|v| v.split_first())
                    && let Ok(prefix) = <[u8; 16]>::try_from(prefix)
                {
                    let prefix = std::net::Ipv6Addr::from(prefix);
                    let text = address::Short::of(format_args!("{prefix}/{bits}"));
                    draft.text(PREFIX, text.bytes());
                }
            }
            13 => status(value, draft),
            _ => {}
        }
    }
}

fn status(value: &[u8], draft: &mut Draft<'_>) {
    if let Some((code, text)) = value.split_first_chunk() {
        draft.integer(STATUS, u16::from_be_bytes(*code).into());
        draft.text_if(MESSAGE, text);
    }
}

fn parameters(value: &[u8], draft: &mut Draft<'_>) {
    use std::fmt::Write;
    let mut text = address::Short::of(format_args!(""));
    for (n, code) in value.as_chunks().0.iter().enumerate() {
        let comma = if n == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{}", u16::from_be_bytes(*code));
    }
    draft.text_if(PARAMETERS, text.bytes());
}

fn addresses(field: FieldId, value: &[u8], draft: &mut Draft<'_>) {
    for address in value.as_chunks::<16>().0 {
        draft.text(field, address::ipv6(*address).bytes());
    }
}
