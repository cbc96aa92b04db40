//! Handshake messages in clear become messages.

use std::ops::Range;

use super::certificate;
use super::codes::{Cipher, Group, Version};
use super::fields::*;
use super::fingerprint::Room;
use super::hello::{self, Hello, codes};
use crate::action::Outcome;
use crate::limits;
use crate::message::{Draft, Messages, Scope};
use crate::schema::FieldId;

const CLIENT_HELLO_TYPE: u8 = 1;
const SERVER_HELLO_TYPE: u8 = 2;
const CERTIFICATE_TYPE: u8 = 11;
const CERTIFICATE_REQUEST_TYPE: u8 = 13;

/// What a message means for those after it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Nothing,
    /// TLS 1.3 was chosen.
    Modern,
}

/// Writes the message for one handshake message, if it tells something.
pub fn message(
    kind: u8,
    body: &[u8],
    range: Range<u64>,
    room: &mut Room,
    out: &mut Messages<'_>,
) -> Told {
    match kind {
        CLIENT_HELLO_TYPE => match hello::client(body) {
            Ok((rest, hello)) => client_hello(&hello, !rest.is_empty(), range, room, out),
            Err(_) => {
                out.message(CLIENT_HELLO, range.clone())
                    .anomaly("bad-hello", range.start);
            }
        },
        SERVER_HELLO_TYPE => match hello::server(body) {
            Ok((rest, hello)) => return server_hello(&hello, !rest.is_empty(), range, room, out),
            Err(_) => {
                out.message(SERVER_HELLO, range.clone())
                    .anomaly("bad-hello", range.start);
            }
        },
        CERTIFICATE_TYPE => chain(body, range, out),
        CERTIFICATE_REQUEST_TYPE => request(body, range, out),
        _ => {}
    }
    Told::Nothing
}

fn version(code: u16, field: FieldId, draft: &mut Draft<'_>) {
    match Version(code).name() {
        Some(name) => draft.text(field, name.as_bytes()),
        None => draft.text(field, format!("unknown 0x{code:04X}").as_bytes()),
    };
}

fn group(code: u16, field: FieldId, draft: &mut Draft<'_>) {
    match Group(code).name() {
        Some(name) => draft.text(field, name.as_bytes()),
        None => draft.text(field, format!("unknown 0x{code:04X}").as_bytes()),
    };
}

fn client_hello(
    hello: &Hello<'_>,
    tail: bool,
    range: Range<u64>,
    room: &mut Room,
    out: &mut Messages<'_>,
) {
    let mut draft = out.message(CLIENT_HELLO, range.clone());
    if tail {
        draft.anomaly("bad-hello", range.start);
    }
    version(
        hello.versions().max().unwrap_or(hello.legacy_version),
        VERSION,
        &mut draft,
    );
    for code in hello.versions() {
        version(code, VERSIONS, &mut draft);
    }
    if let Some(name) = hello.server_name() {
        draft.text(SNI, name);
    }
    for name in hello.protocols() {
        draft.text(ALPN, name);
    }
    draft.integer(CIPHERS, codes(hello.ciphers).count() as i64);
    let mut quantum = false;
    for code in hello.groups() {
        quantum |= Group(code).is_post_quantum();
        group(code, GROUPS, &mut draft);
    }
    for code in hello.shares() {
        quantum |= Group(code).is_post_quantum();
        group(code, SHARES, &mut draft);
    }
    draft.flag(PQ_OFFERED, quantum);
    let ticket = hello
        .extension(hello::SESSION_TICKET)
        .is_some_and(|t| !t.is_empty());
    draft.flag(
        RESUMES,
        ticket || hello.extension(hello::PRE_SHARED_KEY).is_some(),
    );
    if draft.wants(JA3) {
        draft.text(JA3, &room.ja3(hello));
    }
    if draft.wants(JA4) {
        draft.text(JA4, &room.ja4(hello));
    }
    draft.asks(Scope::Conversation, b"tls");
}

fn server_hello(
    hello: &Hello<'_>,
    tail: bool,
    range: Range<u64>,
    room: &mut Room,
    out: &mut Messages<'_>,
) -> Told {
    let kind = if hello.retry {
        HELLO_RETRY_REQUEST
    } else {
        SERVER_HELLO
    };
    let mut draft = out.message(kind, range.clone());
    if tail {
        draft.anomaly("bad-hello", range.start);
    }
    let chosen = hello.chosen_version();
    version(chosen, VERSION, &mut draft);
    if chosen < 0x0303 {
        version(chosen, WEAK, &mut draft);
    }
    let cipher = Cipher(codes(hello.ciphers).next().unwrap_or(0));
    draft.integer(CIPHER_CODE, i64::from(cipher.0));
    match cipher.name() {
        Some(name) => draft.text(CIPHER, name.as_bytes()),
        None => draft.text(CIPHER, format!("unknown 0x{:04X}", cipher.0).as_bytes()),
    };
    if let Some(why) = cipher.weakness() {
        draft.text(WEAK, why.as_bytes());
    }
    if let Some(code) = hello.chosen_group() {
        group(code, GROUP, &mut draft);
        draft.flag(PQ_CHOSEN, Group(code).is_post_quantum());
    } else {
        draft.flag(PQ_CHOSEN, false);
    }
    for name in hello.protocols() {
        draft.text(ALPN, name);
    }
    if draft.wants(JA3S) {
        draft.text(JA3S, &room.ja3s(hello));
    }
    let outcome = if hello.retry {
        Outcome::Requested
    } else {
        Outcome::Accepted
    };
    draft.answers(Scope::Conversation, b"tls", !hello.retry, outcome);
    if chosen >= 0x0304 {
        Told::Modern
    } else {
        Told::Nothing
    }
}

/// Three bytes of length and as many bytes.
fn long(i: &[u8]) -> Option<(&[u8], &[u8])> {
    let [a, b, c, rest @ ..] = i else {
        return None;
    };
    let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
    Some((rest.get(..length)?, &rest[length..]))
}

/// The chain of TLS 1.2 and before (RFC 5246 7.4.2). The sender's own certificate comes first.
fn chain(body: &[u8], range: Range<u64>, out: &mut Messages<'_>) {
    let most = out.limits().get(limits::TLS_CERTIFICATES);
    let mut count = 0;
    let mut over = false;
    let mut draft = out.message(CERTIFICATE, range.clone());
    let mut bad = false;
    match long(body) {
        Some((mut list, _)) => {
            while !list.is_empty() {
                let Some((der, rest)) = long(list) else {
                    bad = true;
                    break;
                };
                list = rest;
                if count == 0 {
                    bad |= certificate::note(der, &mut draft).is_none();
                }
                count += 1;
                if count as usize >= most && !list.is_empty() {
                    over = true;
                    break;
                }
            }
        }
        None => bad = true,
    }
    draft.integer(CHAIN, count);
    if bad {
        draft.anomaly("bad-certificate", range.start);
    }
    if over {
        out.limit(limits::TLS_CERTIFICATES);
    }
}

/// What a server accepts from its clients (RFC 5246 7.4.4).
fn request(body: &[u8], range: Range<u64>, out: &mut Messages<'_>) {
    let mut draft = out.message(CERTIFICATE_REQUEST, range);
    let names = || -> Option<&[u8]> {
        let (types, rest) = body.split_first()?;
        let rest = rest.get(usize::from(*types)..)?;
        let short = |i: &'_ [u8]| -> Option<usize> {
            Some(usize::from(u16::from_be_bytes([*i.first()?, *i.get(1)?])))
        };
        let after = rest.get(2 + short(rest)?..)?;
        // Before TLS 1.2 there is no list of signature algorithms.
        match after {
            [_, _, names @ ..] if names.len() == short(after)? => Some(names),
            _ if rest.len() == 2 + short(rest)? => rest.get(2..),
            _ => None,
        }
    };
    let mut list = names().unwrap_or(b"");
    let mut room = Vec::new();
    while let [high, low, rest @ ..] = list {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some(name) = rest.get(..length) else {
            break;
        };
        // A SEQUENCE whose body is the name.
        let skip = match name {
            [0x30, n, ..] if *n < 0x80 => 2,
            [0x30, 0x81, ..] => 3,
            [0x30, 0x82, ..] => 4,
            _ => 0,
        };
        certificate::name(name.get(skip..).unwrap_or(b""), &mut room);
        draft.text_if(AUTHORITIES, &room);
        list = &rest[length..];
    }
}
