//! Does a packet begin here? Asked of what a tunnel might carry, before it is believed.

use super::checksum;
use super::link::ethertype;

/// Padding that an Ethernet frame may have behind its packet: up to the least length, and a
/// frame check sequence.
const PADDING: usize = 46 + 4;

/// An IPv4 or IPv6 packet that fits the bytes (and `missing` ones, cut off when captured).
pub(super) fn ip(bytes: &[u8], missing: u32) -> bool {
    length(bytes).is_some_and(|len| len == 0 || len <= bytes.len() + missing as usize)
}

/// An Ethernet frame: a packet that fits, ARP, LLDP, or another protocol of local networks.
pub(super) fn ethernet(bytes: &[u8], missing: u32) -> bool {
    let Some((kind, rest)) = payload(bytes) else {
        return false;
    };
    match kind {
        ethertype::IPV4 | ethertype::IPV6 => ip(rest, missing),
        ethertype::ARP => arp(rest),
        ethertype::LLDP => lldp(bytes),
        // Labels, PPP over Ethernet, slow protocols, 802.1X, PTP, PROFINET, EtherCAT, CFM, loop.
        0x8847 | 0x8848 | 0x8863 | 0x8864 | 0x8809 | 0x888E | 0x88F7 | 0x8892 | 0x88A4 | 0x8902
        | 0x9000 => true,
        // A length, as in spanning tree; those go to a group.
        0..0x0600 => usize::from(kind) <= rest.len() + missing as usize && bytes[0] & 1 == 1,
        _ => false,
    }
}

/// The same where nothing but the bytes themselves says that it might be one: a packet's checksum
/// is right and its length that of the bytes, or every fixed part of an ARP message.
pub(super) fn surely_ethernet(bytes: &[u8], missing: u32) -> bool {
    let Some((kind, rest)) = payload(bytes) else {
        return false;
    };
    match kind {
        ethertype::IPV4 | ethertype::IPV6 => {
            let here = rest.len() + missing as usize;
            let checked = kind == ethertype::IPV6 || rest.get(10..12) != Some(&[0, 0]);
            checked
                && length(rest).is_some_and(|len| len > 0 && len <= here && here - len <= PADDING)
        }
        ethertype::ARP => arp(rest) && rest.len() <= 28 + PADDING,
        _ => false,
    }
}

/// The EtherType behind up to three VLAN tags, and what follows it.
fn payload(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (_, mut rest) = bytes.split_at_checked(12)?;
    for _ in 0..4 {
        let (kind, after) = rest.split_first_chunk()?;
        let kind = u16::from_be_bytes(*kind);
        if !ethertype::is_vlan(kind) {
            return Some((kind, after));
        }
        rest = after.get(2..)?;
    }
    None
}

/// The length that a packet's header announces (0: none), if it is a header.
fn length(bytes: &[u8]) -> Option<usize> {
    match bytes.first()? >> 4 {
        4 => {
            let head: &[u8; 20] = bytes.first_chunk()?;
            let whole = bytes
                .get(..usize::from(head[0] & 0x0F) * 4)
                .filter(|h| h.len() >= 20)?;
            let total = usize::from(u16::from_be_bytes([head[2], head[3]]));
            let right = checksum::ipv4_header(whole) != checksum::Verdict::Wrong;
            (right && (total == 0 || total >= whole.len())).then_some(total)
        }
        6 => {
            let head: &[u8; 40] = bytes.first_chunk()?;
            // Extension headers, TCP, UDP, ICMPv6, tunnels, SCTP, nothing.
            let next = matches!(
                head[6],
                0 | 4 | 6 | 17 | 41 | 43 | 44 | 47 | 50 | 51 | 58 | 59 | 60 | 132 | 135
            );
            next.then(|| usize::from(u16::from_be_bytes([head[4], head[5]])) + 40)
        }
        _ => None,
    }
}

/// RFC 826 for Ethernet and IPv4.
fn arp(bytes: &[u8]) -> bool {
    bytes.len() >= 28 && bytes.starts_with(&[0, 1, 8, 0, 6, 4, 0])
}

/// IEEE 802.1AB 7.1: one of three group addresses; the first TLV is the chassis (8.5.2).
fn lldp(frame: &[u8]) -> bool {
    frame.starts_with(&[0x01, 0x80, 0xC2, 0, 0]) && frame.get(14).is_some_and(|t| t >> 1 == 1)
}
