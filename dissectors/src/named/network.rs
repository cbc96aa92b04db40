//! Signatures: tunnels, and protocols that keep a network going. All but one are of datagrams, whose
//! length tells much.

use super::yes;
use crate::contract::{Hint, Probe, Side, Transport};

/// A long header of version 1 or 2 with a client's first, padded packet, or an answer to it.
pub fn quic(side: Side, first: &[u8], hint: Hint) -> Probe {
    let [form @ 0xC0..=0xFF, v0, v1, v2, v3, rest @ ..] = first else {
        return Probe::No;
    };
    let version = [*v0, *v1, *v2, *v3];
    let known = version == [0, 0, 0, 1] || version == [0x6B, 0x33, 0x43, 0xCF];
    let [destination @ 0..=20, rest @ ..] = rest else {
        return Probe::No;
    };
    let source = rest.get(usize::from(*destination));
    let ids = source.is_some_and(|length| *length <= 20);
    // RFC 9000 14.1.
    const PADDED: usize = 1200;
    let initial = match version[0] {
        0 => form & 0x30 == 0,
        _ => form & 0x30 == 0x10,
    };
    let first_of_client = side == Side::Client && initial && *destination >= 8;
    yes(
        known && ids && ((first_of_client && first.len() >= PADDED) || hint.port),
        92,
    )
}

/// A record with a handshake of epoch 0, whose length fits.
pub fn dtls(_: Side, first: &[u8], _: Hint) -> Probe {
    let [
        22,
        0xFE,
        0xFD | 0xFF,
        0,
        0,
        _,
        _,
        _,
        _,
        _,
        _,
        l0,
        l1,
        body @ ..,
    ] = first
    else {
        return Probe::No;
    };
    let length = usize::from(u16::from_be_bytes([*l0, *l1]));
    yes(
        length >= 12 && length <= body.len() && matches!(body.first(), Some(1..=3)),
        93,
    )
}

/// The two messages of a handshake, by their exact lengths.
pub fn wireguard(side: Side, first: &[u8], _: Hint) -> Probe {
    match (first, first.len()) {
        ([1, 0, 0, 0, ..], 148) => yes(side == Side::Client, 91),
        ([2, 0, 0, 0, ..], 92) => yes(side == Side::Server, 91),
        _ => Probe::No,
    }
}

/// A client's hard reset, on the port alone.
pub fn openvpn(side: Side, first: &[u8], hint: Hint) -> Probe {
    if !hint.port || hint.mid_stream || side == Side::Server {
        return Probe::No;
    }
    match (hint.transport, first) {
        (Transport::Tcp, [_, _, 0x38 | 0x50, ..]) => yes(true, 85),
        (Transport::Tcp, [] | [_] | [_, _]) if !hint.whole => Probe::More(3),
        (Transport::Udp, [0x38 | 0x50, ..]) => yes(first.len() >= 14, 85),
        _ => Probe::No,
    }
}

/// Two indices, a version, an exchange, a length that fits. On its second port behind four zeros.
pub fn ike(_: Side, first: &[u8], hint: Hint) -> Probe {
    let message = first.strip_prefix(&[0, 0, 0, 0]).unwrap_or(first);
    let Some(head) = message.first_chunk::<28>() else {
        return Probe::No;
    };
    let length = u32::from_be_bytes([head[24], head[25], head[26], head[27]]);
    let fits = length as usize == message.len();
    let exchange = matches!(
        (head[17], head[18]),
        (0x10, 1..=6 | 32 | 33) | (0x20, 34..=43)
    );
    yes(hint.port && fits && exchange && head[..8] != [0; 8], 91)
}

pub fn stun(_: Side, first: &[u8], _: Hint) -> Probe {
    let [0 | 1, _, l0, l1, 0x21, 0x12, 0xA4, 0x42, ..] = first else {
        return Probe::No;
    };
    let length = usize::from(u16::from_be_bytes([*l0, *l1]));
    yes(length.is_multiple_of(4) && length + 20 == first.len(), 95)
}

pub fn radius(_: Side, first: &[u8], hint: Hint) -> Probe {
    let [1..=5 | 11 | 12 | 40..=45, _, l0, l1, ..] = first else {
        return Probe::No;
    };
    let length = usize::from(u16::from_be_bytes([*l0, *l1]));
    yes(hint.port && length >= 20 && length <= first.len(), 91)
}

/// Version 5 by its exact length, 9 and 10 on the port.
pub fn netflow(_: Side, first: &[u8], hint: Hint) -> Probe {
    let [0, version, n0, n1, ..] = first else {
        return Probe::No;
    };
    let n = usize::from(u16::from_be_bytes([*n0, *n1]));
    match version {
        5 => yes(
            hint.port && (1..=30).contains(&n) && first.len() == 24 + 48 * n,
            91,
        ),
        9 => yes(hint.port && n > 0 && first.len() >= 24, 85),
        10 => yes(hint.port && n == first.len() && n >= 16, 91),
        _ => Probe::No,
    }
}

pub fn sflow(_: Side, first: &[u8], hint: Hint) -> Probe {
    yes(
        hint.port && matches!(first, [0, 0, 0, 5, 0, 0, 0, 1 | 2, ..]),
        85,
    )
}

pub fn ptp(_: Side, first: &[u8], hint: Hint) -> Probe {
    let [_, version, l0, l1, ..] = first else {
        return Probe::No;
    };
    let length = usize::from(u16::from_be_bytes([*l0, *l1]));
    yes(
        hint.port && version & 15 == 2 && length >= 34 && length <= first.len(),
        91,
    )
}
