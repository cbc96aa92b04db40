//! ARP: who says that an IPv4 address is theirs (RFC 826; probes and announcements RFC 5227).
//!
//! A frame whose Ethernet source differs from the sender that the message names is for a rule to
//! judge: the message's conversation knows the frame's MAC addresses, its bytes do not.

mod fields;
#[cfg(test)]
mod tests;

pub use fields::*;

use crate::action::Outcome;
use crate::address;
use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Reason, Side, Transport};
use crate::message::{Draft, Messages, Scope};
use crate::schema::{KindId, Protocol, Provenance};

pub const ARP: Protocol = Protocol {
    name: "arp",
    title: "Address Resolution Protocol",
    provenance: Provenance::Specification,
    source: "RFC 826, RFC 5227",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[],
    transports: &[Transport::Link(ETHERTYPE)],
    probe,
    open: |_| Box::<Arp>::default(),
    path: None,
};

const ETHERTYPE: u16 = 0x0806;
/// Ethernet addresses of IPv4 addresses: nothing else was ever common.
const FIXED: [u8; 6] = [0, 1, 8, 0, 6, 4];
const LEN: usize = 28;

/// An ARP message (RFC 826, "Packet format").
struct Packet {
    operation: u16,
    sender_mac: [u8; 6],
    sender_ip: [u8; 4],
    target_mac: [u8; 6],
    target_ip: [u8; 4],
}

impl Packet {
    fn read(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&FIXED)?;
        let (operation, rest) = rest.split_first_chunk()?;
        let (sender_mac, rest) = rest.split_first_chunk()?;
        let (sender_ip, rest) = rest.split_first_chunk()?;
        let (target_mac, rest) = rest.split_first_chunk()?;
        let (target_ip, _) = rest.split_first_chunk()?;
        Some(Packet {
            operation: u16::from_be_bytes(*operation),
            sender_mac: *sender_mac,
            sender_ip: *sender_ip,
            target_mac: *target_mac,
            target_ip: *target_ip,
        })
    }

    fn kind(&self) -> Option<KindId> {
        Some(match self.operation {
            1 if self.sender_ip == [0; 4] => PROBE,
            1 if self.sender_ip == self.target_ip => ANNOUNCEMENT,
            1 => REQUEST,
            2 if self.sender_ip == self.target_ip => GRATUITOUS,
            2 => REPLY,
            _ => return None,
        })
    }
}

fn probe(_: Side, first: &[u8], _: Hint) -> Probe {
    // The EtherType says it; bytes that do not fit are a malformed message, not another protocol.
    Probe::Yes(Confidence(if first.starts_with(&FIXED) { 95 } else { 40 }))
}

#[derive(Default)]
struct Arp {
    done: bool,
}

impl Dissector for Arp {
    fn read(&mut self, _: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        if std::mem::replace(&mut self.done, true) {
            return Progress::Reject(Reason("padding behind the message"));
        }
        let at = out.offset();
        let Some(packet) = Packet::read(input) else {
            let fault = match input {
                [0, 1, 8, 0, 6, 4, ..] => "cut-short",
                _ => "other-addresses",
            };
            let end = at + input.len() as u64;
            out.message(MALFORMED, at..end).anomaly(fault, at);
            return Progress::Read(input.len());
        };
        let range = at..at + LEN as u64;
        let mut draft = match packet.kind() {
            Some(kind) => out.message(kind, range),
            None => out.message_unknown(packet.operation.into(), 4, range),
        };
        write(&packet, &mut draft, at);
        Progress::Read(LEN)
    }

    fn gap(&mut self, _: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        Progress::Reject(Reason("a frame has no gaps"))
    }

    fn end(&mut self, _: Side, _: &[u8], _: End, _: &mut Messages<'_>) {}
}

fn write(packet: &Packet, draft: &mut Draft<'_>, at: u64) {
    draft
        .integer(OPERATION, packet.operation.into())
        .text(SENDER_MAC, address::mac(packet.sender_mac).bytes())
        .text(SENDER_IP, address::ipv4(packet.sender_ip).bytes())
        .text(TARGET_MAC, address::mac(packet.target_mac).bytes())
        .text(TARGET_IP, address::ipv4(packet.target_ip).bytes());
    if packet.sender_mac[0] & 1 == 1 {
        draft.anomaly("group-sender", at + 8);
    }
    let key = |asker: [u8; 4], asked: [u8; 4]| {
        let mut key = *b"arp\0\0\0\0\0\0\0\0";
        key[3..7].copy_from_slice(&asker);
        key[7..].copy_from_slice(&asked);
        key
    };
    match packet.operation {
        1 if packet.sender_ip != packet.target_ip => {
            draft.asks(Scope::Everywhere, &key(packet.sender_ip, packet.target_ip));
        }
        2 if packet.sender_ip != packet.target_ip => {
            let key = key(packet.target_ip, packet.sender_ip);
            draft.answers(Scope::Everywhere, &key, false, Outcome::Accepted);
        }
        _ => {}
    }
}
