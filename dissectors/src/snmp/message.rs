//! A message: version, who asks, and the PDU.

use std::fmt::Write;

use super::ber;
use super::fields::*;
use crate::action::{Action, Outcome, Verb};
use crate::address::{Short, hex};
use crate::limits;
use crate::message::{Draft, Messages, Scope};
use crate::schema::KindId;

/// What is outside of the PDU, and what follows the message.
pub struct Outer<'a> {
    version: i64,
    /// After the version.
    body: &'a [u8],
    pub rest: &'a [u8],
}

impl<'a> Outer<'a> {
    /// None unless version and what follows fit together.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (message, rest) = ber::expect(bytes, ber::SEQUENCE)?;
        let (version, body) = ber::integer(message)?;
        let fits = match version {
            0 | 1 => {
                let (_, pdu) = ber::expect(body, ber::STRING)?;
                matches!(pdu.first(), Some(0xA0..=0xA8))
            }
            3 => {
                let (header, rest) = ber::expect(body, ber::SEQUENCE)?;
                ber::integer(header).is_some() && ber::expect(rest, ber::STRING).is_some()
            }
            _ => false,
        };
        fits.then_some(Outer {
            version,
            body,
            rest,
        })
    }
}

pub fn write(input: &[u8], communities: &mut Vec<u64>, out: &mut Messages<'_>) {
    let at = out.offset();
    let range = at..at + input.len() as u64;
    let Some(outer) = Outer::read(input) else {
        out.message(MALFORMED, range).anomaly("ber", at);
        return;
    };
    let room = out.limits().get(limits::SNMP_COMMUNITIES);
    let (pdu, community, secured) = match outer.version {
        3 => {
            let secured = Secured::read(outer.body);
            (secured.as_ref().and_then(|s| s.pdu), None, secured)
        }
        _ => match ber::expect(outer.body, ber::STRING) {
            Some((community, pdu)) => (Some(pdu), Some(community), None),
            None => (None, None, None),
        },
    };
    let tag = pdu.and_then(|p| p.first()).copied();
    let kind = match tag {
        Some(tag) => kind_of(tag),
        None if secured.as_ref().is_some_and(|s| s.encrypted) => Some(ENCRYPTED_PDU),
        None => Some(MALFORMED),
    };
    let mut draft = match kind {
        Some(kind) => out.message(kind, range),
        None => out.message_unknown(tag.unwrap_or(0).into(), 2, range),
    };
    let version: &[u8] = match outer.version {
        0 => b"1",
        1 => b"2c",
        _ => b"3",
    };
    draft.text(VERSION, version);
    if let Some(community) = community {
        draft.secret(COMMUNITY, community.len());
        if matches!(community, b"public" | b"private") {
            draft.flag(DEFAULT_COMMUNITY, true);
        }
        let hash = fnv(community);
        if !communities.contains(&hash) && communities.len() < room {
            communities.push(hash);
        }
        if communities.len() > 1 {
            draft.integer(COMMUNITIES, communities.len() as i64);
        }
    }
    if let Some(secured) = &secured {
        draft.text_if(USER, secured.user);
        draft.text_if(ENGINE, hex(secured.engine).bytes());
        draft.flag(ENCRYPTED, secured.encrypted);
    }
    let read = pdu.is_some_and(|pdu| body(kind, pdu, &mut draft));
    if !read && kind != Some(ENCRYPTED_PDU) {
        draft.anomaly("ber", at);
    }
    if !outer.rest.is_empty() {
        draft.anomaly(
            "trailing-bytes",
            at + (input.len() - outer.rest.len()) as u64,
        );
    }
    let verb = match kind {
        Some(GET | GET_NEXT | GET_BULK) => Verb::Read,
        Some(SET) => Verb::Configure,
        Some(TRAP_1 | TRAP_2 | INFORM) => Verb::Notify,
        Some(_) => return,
        None => Verb::UnknownVerb,
    };
    draft.action(Action::of(verb));
}

fn kind_of(tag: u8) -> Option<KindId> {
    const KINDS: [KindId; 9] = [
        GET, GET_NEXT, RESPONSE, SET, TRAP_1, GET_BULK, INFORM, TRAP_2, REPORT,
    ];
    KINDS.get(usize::from(tag.checked_sub(0xA0)?)).copied()
}

/// Version 3 (RFC 3412 6, RFC 3414 2.4).
struct Secured<'a> {
    encrypted: bool,
    engine: &'a [u8],
    user: &'a [u8],
    /// If it can be read.
    pdu: Option<&'a [u8]>,
}

impl<'a> Secured<'a> {
    fn read(body: &'a [u8]) -> Option<Self> {
        let (header, rest) = ber::expect(body, ber::SEQUENCE)?;
        let (_, header) = ber::integer(header)?;
        let (_, header) = ber::integer(header)?;
        let (flags, _) = ber::expect(header, ber::STRING)?;
        let (parameters, data) = ber::expect(rest, ber::STRING)?;
        const PRIVATE: u8 = 2;
        let encrypted = flags.first().is_some_and(|f| f & PRIVATE != 0);
        let (mut engine, mut user) = (b"".as_slice(), b"".as_slice());
        if let Some((usm, _)) = ber::expect(parameters, ber::SEQUENCE)
            && let Some((id, usm)) = ber::expect(usm, ber::STRING)
        {
            engine = id;
            let after = ber::integer(usm).and_then(|(_, usm)| ber::integer(usm));
            user = after
                .and_then(|(_, usm)| ber::expect(usm, ber::STRING))
                .map_or(b"", |(user, _)| user);
        }
        let pdu = ber::expect(data, ber::SEQUENCE).and_then(|(scoped, _)| {
            let (_, scoped) = ber::expect(scoped, ber::STRING)?;
            let (_, scoped) = ber::expect(scoped, ber::STRING)?;
            Some(scoped)
        });
        Some(Secured {
            encrypted,
            engine,
            user,
            pdu: pdu.filter(|_| !encrypted),
        })
    }
}

/// The PDU's own fields. False if it cannot be read.
fn body(kind: Option<KindId>, pdu: &[u8], draft: &mut Draft<'_>) -> bool {
    let Some((_, pdu, _)) = ber::read(pdu) else {
        return false;
    };
    let bindings = if kind == Some(TRAP_1) {
        // Enterprise, address, two numbers, time (RFC 1157 4.1.6).
        let mut rest = pdu;
        for _ in 0..5 {
            match ber::read(rest) {
                Some((_, _, after)) => rest = after,
                None => return false,
            }
        }
        rest
    } else {
        let Some((id, rest)) = ber::integer(pdu) else {
            return false;
        };
        let Some((error, rest)) = ber::integer(rest) else {
            return false;
        };
        let Some((_, rest)) = ber::integer(rest) else {
            return false;
        };
        draft.integer(REQUEST_ID, id);
        join(kind, id, error, draft);
        rest
    };
    let Some((bindings, _)) = ber::expect(bindings, ber::SEQUENCE) else {
        return false;
    };
    objects(bindings, draft)
}

fn join(kind: Option<KindId>, id: i64, error: i64, draft: &mut Draft<'_>) {
    let key = id.to_be_bytes();
    match kind {
        Some(RESPONSE | REPORT) => {
            draft.integer(ERROR, error);
            // 6, 16 and the like mean no (RFC 3416 4.2.5).
            let outcome = match error {
                0 if kind == Some(RESPONSE) => Outcome::Accepted,
                4 | 6 | 16 | 17 => Outcome::Refused,
                _ => Outcome::Failed,
            };
            draft.answers(Scope::Conversation, &key, true, outcome);
        }
        Some(GET | GET_NEXT | GET_BULK | SET | INFORM) => {
            draft.asks(Scope::Conversation, &key);
        }
        _ => {}
    }
}

/// Names and values (RFC 3416 3). False if they cannot be read.
fn objects(bindings: &[u8], draft: &mut Draft<'_>) -> bool {
    // 1.3.6.1.2.1.1, the system group.
    const SYSTEM: &[u8] = &[0x2B, 6, 1, 2, 1, 1];
    let (mut rest, mut count) = (bindings, 0);
    while !rest.is_empty() {
        let Some((binding, after)) = ber::expect(rest, ber::SEQUENCE) else {
            return false;
        };
        let Some((name, value)) = ber::expect(binding, ber::OBJECT) else {
            return false;
        };
        if count == 0 {
            draft.text(OBJECT, dotted(name).bytes());
        }
        if let Some([object, 0]) = name.strip_prefix(SYSTEM)
            && let Some((text, _)) = ber::expect(value, ber::STRING)
        {
            match object {
                1 => draft.text_if(DESCRIPTION, text),
                5 => draft.text_if(SYSTEM_NAME, text),
                6 => draft.text_if(LOCATION, text),
                _ => draft,
            };
        }
        count += 1;
        rest = after;
    }
    draft.integer(OBJECTS, count);
    true
}

/// An object's name in figures: the first byte holds two (X.690 8.19).
fn dotted(name: &[u8]) -> Short {
    let mut text = Short::of(format_args!(""));
    let mut arc = 0u64;
    let mut first = true;
    for byte in name {
        arc = arc << 7 | u64::from(byte & 0x7F);
        if byte & 0x80 != 0 {
            continue;
        }
        if first {
            let root = (arc / 40).min(2);
            let _ = write!(text, "{root}.{}", arc - 40 * root);
        } else {
            let _ = write!(text, ".{arc}");
        }
        (arc, first) = (0, false);
    }
    text
}

/// FNV-1a. Of a secret: it is never shown.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
    })
}
