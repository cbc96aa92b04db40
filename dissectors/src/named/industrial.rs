//! Signatures: plants and buildings.

use super::{begins, yes};
use crate::contract::{Hint, Probe, Side, Transport};

/// Transaction, protocol 0, length, unit, function. Zeros are too common to believe off the port.
pub fn modbus(side: Side, first: &[u8], hint: Hint) -> Probe {
    if !hint.port || hint.mid_stream {
        return Probe::No;
    }
    match first {
        [_, _, 0, 0, l0, l1, _, function, ..] => {
            let length = u16::from_be_bytes([*l0, *l1]);
            let known = matches!(function & 0x7F, 1..=24 | 43);
            let fault = *function >= 0x80;
            yes(
                (2..=254).contains(&length) && known && (!fault || side == Side::Server),
                80,
            )
        }
        [_, _, 0, 0, ..] | [_, _, 0] | [_, _] | [_] if !hint.whole => Probe::More(8),
        _ => Probe::No,
    }
}

/// BVLC type, function and length, then version 1 of the network layer.
/// A type and a length are little: without a network layer behind them the port has to speak for it.
pub fn bacnet(_: Side, first: &[u8], hint: Hint) -> Probe {
    let [0x81, function @ 0..=0x0B, l0, l1, rest @ ..] = first else {
        return Probe::No;
    };
    let fits = usize::from(u16::from_be_bytes([*l0, *l1])) == first.len();
    let version = match function {
        // Forwarded: an address before it.
        0x04 => rest.get(6) == Some(&1),
        0x09..=0x0B => rest.first() == Some(&1),
        _ => hint.port,
    };
    yes(fits && version, 91)
}

pub fn opc_ua(side: Side, first: &[u8], hint: Hint) -> Probe {
    if side == Side::Server || hint.mid_stream {
        return Probe::No;
    }
    match begins(first, b"HELF", hint, 92) {
        // Length, then version 0.
        Probe::Yes(sure) => match first.get(4..12) {
            Some([_, _, 0, 0, 0, 0, 0, 0]) => Probe::Yes(sure),
            Some(_) => Probe::No,
            None if hint.whole => Probe::No,
            None => Probe::More(12),
        },
        other => other,
    }
}

/// TPKT with a connection request that names transport selectors. Remote desktops ask for none.
pub fn iso_tsap(_: Side, first: &[u8], hint: Hint) -> Probe {
    if hint.mid_stream {
        return Probe::No;
    }
    let [3, 0, l0, l1, rest @ ..] = first else {
        return Probe::No;
    };
    let length = usize::from(u16::from_be_bytes([*l0, *l1]));
    match rest {
        _ if !(14..=128).contains(&length) => Probe::No,
        [indicator, 0xE0 | 0xD0, ..] if usize::from(*indicator) != length - 5 => Probe::No,
        [_, 0xE0 | 0xD0, ..] if first.len() < length && !hint.whole => Probe::More(length),
        [_, 0xE0 | 0xD0, _, _, _, _, 0, parameters @ ..] => {
            let room = parameters.len().min(length - 11);
            yes(selectors(&parameters[..room]), 91)
        }
        [_] | [] if !hint.whole => Probe::More(length),
        _ => Probe::No,
    }
}

/// A row of parameters with both selectors among them.
fn selectors(parameters: &[u8]) -> bool {
    let (mut rest, mut calling, mut called) = (parameters, false, false);
    while let [code, length, more @ ..] = rest {
        let Some((_, more)) = more.split_at_checked((*length).into()) else {
            return false;
        };
        calling |= *code == 0xC1;
        called |= *code == 0xC2;
        rest = more;
    }
    rest.is_empty() && calling && called
}

/// RegisterSession with all its zeros, or ListIdentity.
pub fn enip(_: Side, first: &[u8], hint: Hint) -> Probe {
    if hint.mid_stream {
        return Probe::No;
    }
    let zeros = |from: usize, to: usize| {
        first
            .get(from..to)
            .is_some_and(|z| z.iter().all(|b| *b == 0))
    };
    match first {
        [0x65, 0, 4, 0, ..] if first.len() < 28 && !hint.whole => Probe::More(28),
        [0x65, 0, 4, 0, ..] => yes(
            zeros(4, 12) && zeros(20, 24) && first.get(24..28) == Some(&[1, 0, 0, 0]),
            91,
        ),
        [0x63, 0, 0, 0, ..] if hint.port => yes(zeros(4, 12) && zeros(20, 24), 85),
        _ => Probe::No,
    }
}

pub fn profinet(_: Side, first: &[u8], _: Hint) -> Probe {
    // The EtherType says it.
    yes(first.len() >= 2, 90)
}

pub fn dnp3(_: Side, first: &[u8], hint: Hint) -> Probe {
    match first {
        [0x05, 0x64, length, ..] => yes(hint.port && *length >= 5, 85),
        [0x05] | [0x05, 0x64] if hint.port && hint.transport == Transport::Tcp && !hint.whole => {
            Probe::More(3)
        }
        _ => Probe::No,
    }
}

/// The start of data transfer, asked for and confirmed.
pub fn iec104(_: Side, first: &[u8], hint: Hint) -> Probe {
    if !hint.port || hint.mid_stream {
        return Probe::No;
    }
    super::any([
        begins(first, &[0x68, 4, 0x07, 0, 0, 0], hint, 91),
        begins(first, &[0x68, 4, 0x43, 0, 0, 0], hint, 91),
    ])
}
