//! Signatures: data bases, directories, queues, remote procedures.

use super::{any, begins, yes};
use crate::address::{Short, hex};
use crate::contract::{Hint, Probe, Side, Transport};

/// A start-up packet of version 3 that names a user, or the wish for TLS before it.
pub fn postgresql(side: Side, first: &[u8], hint: Hint) -> Probe {
    const TLS: &[u8] = &[0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F];
    if side == Side::Server || hint.mid_stream {
        return Probe::No;
    }
    match first {
        [0, 0, l0, l1, 0, 3, 0, 0, ..] => {
            let length = usize::from(u16::from_be_bytes([*l0, *l1]));
            match first.get(8..length) {
                _ if !(16..=4096).contains(&length) => Probe::No,
                Some(body) => yes(memchr::memmem::find(body, b"user\0").is_some(), 93),
                None if hint.whole => Probe::No,
                None => Probe::More(length),
            }
        }
        [0, 0, 0, 8, ..] => begins(first, TLS, hint, 95),
        // Lengths begin with zeros in many protocols: on the port alone they are waited for.
        [0] | [0, 0] | [0, 0, ..] if hint.port && first.len() < 8 && !hint.whole => Probe::More(8),
        _ => Probe::No,
    }
}

/// Length, number 0, version 10, a version in figures.
pub fn mysql(side: Side, first: &[u8], hint: Hint) -> Probe {
    if side == Side::Client || hint.mid_stream {
        return Probe::No;
    }
    match first {
        [40..=250, 0, 0, 0, 10, version @ ..] => {
            let text = version.split(|b| *b == 0).next().unwrap_or(&[]);
            let dotted = text.first().is_some_and(u8::is_ascii_digit) && text.contains(&b'.');
            let ended = version.len() > text.len();
            match (dotted && text.len() <= 48, ended) {
                (true, true) => yes(text.iter().all(u8::is_ascii_graphic), 93),
                (_, false) if version.len() < 48 && !hint.whole => Probe::More(first.len() + 1),
                _ => Probe::No,
            }
        }
        _ => Probe::No,
    }
}

pub fn mysql_version(first: &[u8]) -> Short {
    let text = first.get(5..).unwrap_or(&[]);
    let text = text.split(|b| *b == 0).next().unwrap_or(&[]);
    Short::of(format_args!("{}", text.escape_ascii()))
}

/// PRELOGIN: a whole packet whose options begin with the version, at an offset within it.
pub fn tds(side: Side, first: &[u8], hint: Hint) -> Probe {
    if side == Side::Server || hint.mid_stream {
        return Probe::No;
    }
    match first {
        [0x12, 1, l0, l1, 0, 0, 0 | 1, 0, 0, 0, offset, 0, 6, ..] => {
            let length = u16::from_be_bytes([*l0, *l1]);
            yes((20..=512).contains(&length) && *offset >= 6, 94)
        }
        [0x12, 1, ..] if first.len() < 13 && !hint.whole => Probe::More(13),
        _ => Probe::No,
    }
}

/// A connect packet with its description.
pub fn tns(side: Side, first: &[u8], hint: Hint) -> Probe {
    if side == Side::Server || hint.mid_stream {
        return Probe::No;
    }
    match first {
        [l0, l1, 0, 0, 1, 0, 0, 0, 1, 0x2C..=0x40, ..] => {
            let length = usize::from(u16::from_be_bytes([*l0, *l1]));
            let text = first
                .get(24..length)
                .or_else(|| first.get(24..))
                .unwrap_or(&[]);
            match memchr::memmem::find(text, b"(CONNECT_DATA=")
                .or_else(|| memchr::memmem::find(text, b"(DESCRIPTION="))
            {
                Some(_) => yes(true, 94),
                None if first.len() < length && !hint.whole => Probe::More(length),
                // A long description comes in a packet of its own.
                None => yes(hint.port && length >= 58, 80),
            }
        }
        _ => Probe::No,
    }
}

/// A first request: its length, its own number, answers none, OP_MSG or OP_QUERY.
pub fn mongodb(side: Side, first: &[u8], hint: Hint) -> Probe {
    if side == Side::Server || hint.mid_stream {
        return Probe::No;
    }
    let Some([_, _, 0, 0, _, _, _, _, 0, 0, 0, 0, o0, o1, 0, 0]) = first.first_chunk() else {
        return Probe::No;
    };
    match u16::from_le_bytes([*o0, *o1]) {
        2013 => yes(first.get(16..21) == Some(&[0; 5]), 91),
        2004 => yes(
            first
                .get(20..)
                .is_some_and(|n| n.starts_with(b"admin.$cmd\0")),
            94,
        ),
        _ => Probe::No,
    }
}

/// An array of strings: how many, how long the first, a word.
pub fn redis(side: Side, first: &[u8], hint: Hint) -> Probe {
    if side == Side::Server || hint.mid_stream {
        return Probe::No;
    }
    let mut lines = first.split(|b| *b == b'\n');
    let number = |line: Option<&[u8]>, mark: u8| -> Option<bool> {
        let line = line?;
        let digits = line.strip_prefix(&[mark])?;
        match digits {
            [] => None,
            [digits @ .., b'\r'] => Some(
                !digits.is_empty() && digits.len() <= 4 && digits.iter().all(u8::is_ascii_digit),
            ),
            _ => None,
        }
    };
    let (count, length, word) = (
        number(lines.next(), b'*'),
        number(lines.next(), b'$'),
        lines.next(),
    );
    match (count, length, word) {
        (Some(true), Some(true), Some(word)) => {
            yes(word.first().is_some_and(u8::is_ascii_alphabetic), 91)
        }
        _ if hint.port && first.starts_with(b"*") && first.len() < 16 && !hint.whole => {
            Probe::More(first.len() + 1)
        }
        _ => Probe::No,
    }
}

/// Text commands, on the port alone.
pub fn memcached(side: Side, first: &[u8], hint: Hint) -> Probe {
    const WORDS: [&[u8]; 8] = [
        b"get ",
        b"gets ",
        b"set ",
        b"add ",
        b"stats",
        b"version",
        b"delete ",
        b"verbosity ",
    ];
    if side == Side::Server || !hint.port || hint.mid_stream {
        return Probe::No;
    }
    any(WORDS.map(|word| begins(first, word, hint, 85)))
}

/// What follows a BER tag and length, in short or long form.
fn inside(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let [found, length, rest @ ..] = bytes else {
        return None;
    };
    if *found != tag {
        return None;
    }
    match length {
        0..=0x7F => Some(rest),
        0x81..=0x84 => rest.get(usize::from(length & 0x7F)..),
        _ => None,
    }
}

/// A message id, then a bind of version 3 (or 2), or a search.
pub fn ldap(_: Side, first: &[u8], hint: Hint) -> Probe {
    if hint.mid_stream {
        return Probe::No;
    }
    let Some([2, length @ 1..=4, rest @ ..]) = inside(first, 0x30) else {
        return Probe::No;
    };
    let Some(operation) = rest.get(usize::from(*length)..) else {
        return Probe::No;
    };
    let bind = inside(operation, 0x60).is_some_and(|b| matches!(b, [2, 1, 2 | 3, 4, ..]));
    // A name, a scope, how to follow aliases.
    let search = inside(operation, 0x63).and_then(|s| match s {
        [4, name @ 0..=0x7F, rest @ ..] => rest.get(usize::from(*name)..),
        _ => None,
    });
    let search = search.is_some_and(|s| matches!(s, [10, 1, 0..=3, 10, 1, 0..=3, 2, ..]));
    yes(bind || search, 93)
}

/// A message of an application tag whose version is 5, behind a length in TCP.
pub fn kerberos(_: Side, first: &[u8], hint: Hint) -> Probe {
    if hint.mid_stream {
        return Probe::No;
    }
    let body = match hint.transport {
        Transport::Tcp => match first {
            [0, 0, _, _, body @ ..] => body,
            _ => return Probe::No,
        },
        _ => first,
    };
    let fits = [0x6A, 0x6B, 0x6C, 0x6D, 0x7E].iter().any(|tag| {
        inside(body, *tag)
            .and_then(|b| inside(b, 0x30))
            .is_some_and(|b| matches!(b, [0xA0 | 0xA1, 3, 2, 1, 5, ..]))
    });
    if !fits && hint.port && hint.transport == Transport::Tcp && first.len() < 20 && !hint.whole {
        return Probe::More(20);
    }
    yes(fits, 95)
}

/// CONNECT: a length of one to four bytes, then the protocol's name.
pub fn mqtt(side: Side, first: &[u8], hint: Hint) -> Probe {
    if side == Side::Server || hint.mid_stream {
        return Probe::No;
    }
    let [0x10, rest @ ..] = first else {
        return Probe::No;
    };
    let more = rest.iter().take(3).take_while(|b| **b >= 0x80).count();
    match rest.get(more + 1..) {
        Some(name) => any([
            begins(name, b"\x00\x04MQTT", hint, 96),
            begins(name, b"\x00\x06MQIsdp", hint, 96),
        ])
        .shifted(more + 2),
        None if hint.port && !hint.whole => Probe::More(more + 3),
        None => Probe::No,
    }
}

impl Probe {
    /// The same answer about bytes that begin so much later.
    fn shifted(self, by: usize) -> Probe {
        match self {
            Probe::More(n) => Probe::More(n + by),
            other => other,
        }
    }
}

pub fn amqp(side: Side, first: &[u8], hint: Hint) -> Probe {
    if side == Side::Server || hint.mid_stream {
        return Probe::No;
    }
    match begins(first, b"AMQP", hint, 95) {
        Probe::Yes(sure) => match first.get(4..8) {
            Some([0..=3, 0 | 1, 0..=9, 0..=9]) => Probe::Yes(sure),
            Some(_) => Probe::No,
            None if hint.whole => Probe::No,
            None => Probe::More(8),
        },
        other => other,
    }
}

pub fn nats(side: Side, first: &[u8], hint: Hint) -> Probe {
    if side == Side::Client || hint.mid_stream {
        return Probe::No;
    }
    begins(first, b"INFO {\"server_", hint, 95)
}

/// A bind of version 5.0: flags, data representation, lengths that fit.
pub fn dcerpc(side: Side, first: &[u8], hint: Hint) -> Probe {
    if side == Side::Server || hint.mid_stream {
        return Probe::No;
    }
    match first {
        [5, 0, 11, 0..=7, 0x10, 0, 0, 0, l0, l1, a0, a1, ..] => {
            let length = u16::from_le_bytes([*l0, *l1]);
            let auth = u16::from_le_bytes([*a0, *a1]);
            yes(length >= 72 && auth < length, 94)
        }
        [5, 0, 11, ..] | [5, 0] if first.len() < 12 && !hint.whole => Probe::More(12),
        _ => Probe::No,
    }
}

/// The interface that the first context of a bind asks for, as a UUID.
pub fn dcerpc_interface(first: &[u8]) -> Short {
    match first.get(32..48) {
        Some([a0, a1, a2, a3, b0, b1, c0, c1, d0, d1, node @ ..]) => Short::of(format_args!(
            "{a3:02x}{a2:02x}{a1:02x}{a0:02x}-{b1:02x}{b0:02x}-{c1:02x}{c0:02x}-{d0:02x}{d1:02x}-{}",
            std::str::from_utf8(hex(node).bytes()).unwrap_or("")
        )),
        _ => Short::of(format_args!("")),
    }
}

/// A call of RPC version 2 to a program of the range that is given out, behind a mark in TCP.
pub fn sunrpc(side: Side, first: &[u8], hint: Hint) -> Probe {
    if side == Side::Server || hint.mid_stream {
        return Probe::No;
    }
    let call = match hint.transport {
        Transport::Tcp => match first {
            [0x80, 0, _, _, call @ ..] => call,
            _ => return Probe::No,
        },
        _ => first,
    };
    match call {
        [
            _,
            _,
            _,
            _,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            2,
            0,
            1,
            0x86..=0x89,
            _,
            0,
            0,
            0,
            0..=9,
            ..,
        ] => yes(true, 95),
        _ if hint.transport == Transport::Tcp && hint.port && first.len() < 24 && !hint.whole => {
            Probe::More(24)
        }
        _ => Probe::No,
    }
}

/// Which program is called, and in which version.
pub fn sunrpc_program(first: &[u8]) -> Short {
    let call = match first {
        [0x80, 0, _, _, rest @ ..] if rest.get(4..8) == Some(&[0; 4]) => rest,
        _ => first,
    };
    let Some([p0, p1, p2, p3, _, _, _, version]) = call.get(12..20) else {
        return Short::of(format_args!(""));
    };
    match u32::from_be_bytes([*p0, *p1, *p2, *p3]) {
        100_000 => Short::of(format_args!("portmapper {version}")),
        100_003 => Short::of(format_args!("nfs {version}")),
        100_005 => Short::of(format_args!("mount {version}")),
        100_021 => Short::of(format_args!("nlockmgr {version}")),
        other => Short::of(format_args!("{other} {version}")),
    }
}
