//! Session messages: association request, accept, refuse, release and abort.
//!
//! The presentation header differs between devices; only the user information is read, found by
//! the BER bytes before it.

use std::ops::Range;

use nom::number::complete::{be_u8, be_u16, be_u24, be_u32};
use nom::{IResult, Parser};

use super::attributes::List;
use super::codes::{AttributeId, Startup, SystemType, Word};
use super::fields::*;
use super::{At, print};
use crate::action::Outcome;
use crate::message::{Draft, Messages, Scope};
use crate::octets::find;
use crate::schema::KindId;

/// The session message that begins with this byte.
pub fn kind(spdu: u8) -> Option<KindId> {
    Some(match spdu {
        0x0D => ASSOC_REQUEST,
        0x0E => ASSOC_ACCEPT,
        0x0C => ASSOC_REFUSE,
        0x09 => RELEASE_REQUEST,
        0x0A => RELEASE_RESPONSE,
        0x19 => ASSOC_ABORT,
        _ => return None,
    })
}

/// Reads a session message, whose first byte is known to be one.
pub fn read(at: At<'_>, kind: KindId, range: Range<u64>, out: &mut Messages<'_>) {
    let whole = at.whole;
    let mut draft = out.message(kind, range);
    match kind {
        ASSOC_REQUEST => draft.asks(Scope::Hosts, b"association"),
        ASSOC_ACCEPT => draft.answers(Scope::Hosts, b"association", true, Outcome::Accepted),
        ASSOC_REFUSE => draft.answers(Scope::Hosts, b"association", true, Outcome::Refused),
        RELEASE_REQUEST => draft.asks(Scope::Conversation, b"release"),
        RELEASE_RESPONSE => draft.answers(Scope::Conversation, b"release", true, Outcome::Accepted),
        _ => &mut draft,
    };
    match session_length(&whole[1..]) {
        Ok((rest, declared)) if rest.len() == usize::from(declared) => {}
        Ok((rest, declared)) if rest.len() < usize::from(declared) => {
            draft.anomaly("truncated", at.of(rest));
        }
        _ => {
            draft.anomaly("length-mismatch", at.base + 1);
        }
    }
    if matches!(kind, ASSOC_REQUEST | ASSOC_ACCEPT) {
        match user_information(whole) {
            Some(info) => user_fields(at, info, &mut draft),
            None => {
                draft.anomaly("no-user-information", at.base);
            }
        }
    }
}

/// LI: one byte to 254, or FF and two bytes.
pub fn session_length(i: &[u8]) -> IResult<&[u8], u16> {
    let (i, first) = be_u8.parse(i)?;
    match first {
        0xFF => be_u16.parse(i),
        short => Ok((i, u16::from(short))),
    }
}

/// ASN.1 definite length, up to three bytes of it.
fn asn1_length(i: &[u8]) -> IResult<&[u8], usize> {
    let (i, first) = be_u8.parse(i)?;
    match first {
        0x81 => be_u8.map(usize::from).parse(i),
        0x82 => be_u16.map(usize::from).parse(i),
        0x83 => be_u24.map(|n| n as usize).parse(i),
        short => Ok((i, usize::from(short & 0x7F))),
    }
}

/// MDSEUserInfoStd: after `BE 80 28 80`, the next tag 81 and its length.
fn user_information(whole: &[u8]) -> Option<&[u8]> {
    let before = find(whole, &[0xBE, 0x80, 0x28, 0x80], 0)? + 4;
    let tag = find(whole, &[0x81], before)?;
    let (rest, len) = asn1_length(whole.get(tag + 1..)?).ok()?;
    rest.get(..len)
}

fn user_fields(at: At<'_>, info: &[u8], draft: &mut Draft<'_>) {
    let head = (be_u32::<&[u8], ()>, be_u32, be_u32, be_u32, be_u32).parse(info);
    let Ok((rest, (protocol, nomenclature, _units, system, startup))) = head else {
        draft.anomaly("truncated", at.of(info));
        return;
    };
    print(draft, PROTOCOL_VERSION, Word(protocol));
    print(draft, NOMENCLATURE, Word(nomenclature));
    print(draft, SYSTEM_TYPE, SystemType(system));
    print(draft, STARTUP, Startup(startup));
    let Some((_options, rest)) = List::read(at, rest, draft) else {
        return;
    };
    let Some((profiles, _)) = List::read(at, rest, draft) else {
        return;
    };
    for (id, value) in profiles {
        if id == AttributeId(1) {
            poll_profile(at, value, draft);
        }
    }
}

/// PollProfileSupport.
fn poll_profile(at: At<'_>, value: &[u8], draft: &mut Draft<'_>) {
    let head = (be_u32::<&[u8], ()>, be_u32, be_u32, be_u32, be_u32, be_u32).parse(value);
    let Ok((rest, (_revision, period, rx, tx, _bandwidth, options))) = head else {
        draft.anomaly("truncated", at.of(value));
        return;
    };
    draft.integer(MIN_POLL_MS, i64::from(period / 8));
    draft.integer(MAX_MTU_RX, i64::from(rx));
    draft.integer(MAX_MTU_TX, i64::from(tx));
    print(draft, POLL_OPTIONS, Word(options));
    if let Some((packages, _)) = List::read(at, rest, draft) {
        for (id, value) in packages {
            if let (AttributeId(0xF001), Some(options)) = (id, crate::octets::be32(value, 0)) {
                print(draft, POLL_EXT_OPTIONS, Word(options));
            }
        }
    }
}
