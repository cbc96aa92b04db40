//! Neighbour discovery for IPv6: who says that an address is theirs, and who says to be a router
//! (RFC 4861). It is to IPv6 what ARP is to IPv4, and as easily forged.

mod fields;
#[cfg(test)]
mod tests;

pub use fields::*;

use crate::action::Outcome;
use crate::address::{self, Short};
use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Reason, Side, Transport};
use crate::message::{Draft, Messages, Scope};
use crate::schema::{FieldId, KindId, Protocol, Provenance};

pub const NDP: Protocol = Protocol {
    name: "ndp",
    title: "Neighbour Discovery for IPv6",
    provenance: Provenance::Specification,
    source: "RFC 4861, RFC 8106, RFC 4191, RFC 3971",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[],
    transports: &[Transport::Icmp6],
    probe,
    open: |_| Box::new(Ndp),
    path: None,
};

fn probe(_: Side, first: &[u8], _: Hint) -> Probe {
    match first.first().and_then(|kind| kind_of(*kind)) {
        Some(_) => Probe::Yes(Confidence(95)),
        None => Probe::No,
    }
}

/// The kind by its ICMPv6 type.
fn kind_of(code: u8) -> Option<KindId> {
    const KINDS: [KindId; 5] = [
        ROUTER_SOLICITATION,
        ROUTER_ADVERTISEMENT,
        NEIGHBOR_SOLICITATION,
        NEIGHBOR_ADVERTISEMENT,
        REDIRECT,
    ];
    KINDS.get(usize::from(code.checked_sub(133)?)).copied()
}

struct Ndp;

impl Dissector for Ndp {
    fn read(&mut self, _: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        let range = at..at + input.len() as u64;
        let kind = input.first().and_then(|kind| kind_of(*kind));
        let Some(kind) = kind else {
            return Progress::Reject(Reason("no neighbour discovery"));
        };
        // RFC 4861 4: the fixed parts.
        let fixed = match kind {
            ROUTER_SOLICITATION => 8,
            ROUTER_ADVERTISEMENT => 16,
            REDIRECT => 40,
            _ => 24,
        };
        let Some((head, options)) = input.split_at_checked(fixed) else {
            out.message(MALFORMED, range).anomaly("cut-short", at);
            return Progress::Read(input.len());
        };
        let mut draft = out.message(kind, range);
        fixed_part(kind, head, &mut draft);
        write_options(options, &mut draft, at + fixed as u64);
        Progress::Read(input.len())
    }

    fn gap(&mut self, _: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        Progress::Reject(Reason("messages have no gaps"))
    }

    fn end(&mut self, _: Side, _: &[u8], _: End, _: &mut Messages<'_>) {}
}

fn fixed_part(kind: KindId, head: &[u8], draft: &mut Draft<'_>) {
    let flags = head.get(4).copied().unwrap_or(0);
    match kind {
        ROUTER_ADVERTISEMENT => {
            if let [_, _, _, _, hops, flags, l0, l1, ..] = head {
                draft
                    .integer(HOP_LIMIT, (*hops).into())
                    .integer(LIFETIME, u16::from_be_bytes([*l0, *l1]).into())
                    .flag(MANAGED, flags & 0x80 != 0)
                    .flag(OTHER, flags & 0x40 != 0);
                // RFC 4191 2.2: two bits, as a signed number.
                let preference = match flags >> 3 & 3 {
                    1 => "high",
                    3 => "low",
                    0 => "medium",
                    _ => "reserved",
                };
                draft.text(PREFERENCE, preference.as_bytes());
            }
        }
        NEIGHBOR_SOLICITATION => {
            if let Some(target) = target(TARGET, head.get(8..24), draft) {
                draft.asks(Scope::Everywhere, &key(target));
            }
        }
        NEIGHBOR_ADVERTISEMENT => {
            draft
                .flag(ROUTER, flags & 0x80 != 0)
                .flag(SOLICITED, flags & 0x40 != 0)
                .flag(OVERRIDE, flags & 0x20 != 0);
            if let Some(target) = target(TARGET, head.get(8..24), draft)
                && flags & 0x40 != 0
            {
                draft.answers(Scope::Everywhere, &key(target), false, Outcome::Accepted);
            }
        }
        REDIRECT => {
            target(TARGET, head.get(8..24), draft);
            target(DESTINATION, head.get(24..40), draft);
        }
        _ => {}
    }
}

fn target(field: FieldId, bytes: Option<&[u8]>, draft: &mut Draft<'_>) -> Option<[u8; 16]> {
    let address = bytes?.try_into().ok()?;
    draft.text(field, address::ipv6(address).bytes());
    Some(address)
}

fn key(target: [u8; 16]) -> [u8; 19] {
    let mut key = [0; 19];
    key[..3].copy_from_slice(b"ndp");
    key[3..].copy_from_slice(&target);
    key
}

/// Options: type, length in units of eight bytes, value (RFC 4861 4.6).
fn write_options(options: &[u8], draft: &mut Draft<'_>, base: u64) {
    let mut rest = options;
    while !rest.is_empty() {
        let at = base + (options.len() - rest.len()) as u64;
        let [code, units, ..] = rest else {
            draft.anomaly("option-overrun", at);
            return;
        };
        if *units == 0 {
            draft.anomaly("option-length-zero", at);
            return;
        }
        let Some((option, after)) = rest.split_at_checked(usize::from(*units) * 8) else {
            draft.anomaly("option-overrun", at);
            return;
        };
        write_option(*code, option, draft);
        rest = after;
    }
}

fn write_option(code: u8, option: &[u8], draft: &mut Draft<'_>) {
    let address_at =
        |from: usize| -> Option<[u8; 16]> { option.get(from..from + 16)?.try_into().ok() };
    match (code, option) {
        (1, [_, _, mac @ ..]) => link_address(SOURCE_MAC, mac, draft),
        (2, [_, _, mac @ ..]) => link_address(TARGET_MAC, mac, draft),
        // RFC 4861 4.6.2.
        (3, [_, _, bits, flags, v0, v1, v2, v3, ..]) => {
            if let Some(prefix) = address_at(16) {
                let prefix = std::net::Ipv6Addr::from(prefix);
                draft.text(PREFIX, Short::of(format_args!("{prefix}/{bits}")).bytes());
                let valid = u32::from_be_bytes([*v0, *v1, *v2, *v3]);
                draft.integer(PREFIX_LIFETIME, valid.into());
                draft.flag(AUTONOMOUS, flags & 0x40 != 0);
            }
        }
        (5, [_, _, _, _, m0, m1, m2, m3]) => {
            draft.integer(MTU, u32::from_be_bytes([*m0, *m1, *m2, *m3]).into());
        }
        (14, [_, _, ..]) => {
            draft.flag(NONCE, true);
        }
        // RFC 4191 2.3: only as much of the prefix as it needs.
        (24, [_, _, bits, _, _, _, _, _, part @ ..]) => {
            let mut prefix = [0; 16];
            for (to, from) in prefix.iter_mut().zip(part) {
                *to = *from;
            }
            let prefix = std::net::Ipv6Addr::from(prefix);
            draft.text(ROUTE, Short::of(format_args!("{prefix}/{bits}")).bytes());
        }
        // RFC 8106 5.1.
        (25, [_, _, _, _, _, _, _, _, servers @ ..]) => {
            for server in servers.as_chunks::<16>().0 {
                draft.text(DNS, address::ipv6(*server).bytes());
            }
        }
        (31, [_, _, _, _, _, _, _, _, names @ ..]) => {
            draft.text_if(DOMAIN, crate::dns::plain_name(names).bytes());
        }
        _ => {}
    }
}

fn link_address(field: FieldId, bytes: &[u8], draft: &mut Draft<'_>) {
    if let Some(mac) = bytes.first_chunk() {
        draft.text(field, address::mac(*mac).bytes());
    }
}
