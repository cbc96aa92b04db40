//! Messages of versions 2 and 3 (MS-SMB2 2.2).

use std::ops::Range;

use super::fields::*;
use crate::action::Outcome;
use crate::message::{Draft, Messages, Scope};

const HEADER: usize = 64;

/// A little-endian word.
pub fn word(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..at + 2)?.first_chunk()?;
    Some(u16::from_le_bytes(*two))
}

/// Four bytes, little-endian.
pub fn long(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?.first_chunk()?;
    Some(u32::from_le_bytes(*four))
}

pub fn write(unit: &[u8], range: Range<u64>, out: &mut Messages<'_>) {
    let at = range.start;
    let Some((header, body)) = unit.split_at_checked(HEADER) else {
        out.message(MALFORMED, range).anomaly("cut-short", at);
        return;
    };
    let (Some(status), Some(command), Some(flags)) =
        (long(header, 8), word(header, 12), long(header, 16))
    else {
        return;
    };
    let response = flags & 1 != 0;
    let kind = match (command, response) {
        (0, false) => NEGOTIATE_REQUEST,
        (0, true) => NEGOTIATE_RESPONSE,
        (1, true) => SESSION_RESPONSE,
        (3, false) => TREE_REQUEST,
        (3, true) => TREE_RESPONSE,
        (5, false) => CREATE_REQUEST,
        _ => return,
    };
    let name = match kind {
        TREE_REQUEST => offset_text(unit, body, 4),
        CREATE_REQUEST => offset_text(unit, body, 44),
        _ => None,
    };
    // Files are not told of, only the pipes by which machines are steered.
    if kind == CREATE_REQUEST && !name.is_some_and(is_pipe) {
        return;
    }
    let mut draft = out.message(kind, range);
    let key = header.get(24..32).unwrap_or(&[]);
    if response {
        answer(status, key, &mut draft);
    } else {
        draft.asks(Scope::Conversation, key);
    }
    match kind {
        NEGOTIATE_REQUEST => {
            signing(body.get(4), &mut draft);
            let count = usize::from(word(body, 2).unwrap_or(0));
            let dialects = body.get(36..).unwrap_or(&[]).as_chunks::<2>().0;
            for dialect in dialects.iter().take(count) {
                if let Some(name) = version(u16::from_le_bytes(*dialect)) {
                    draft.text(DIALECT, name.as_bytes());
                }
            }
        }
        NEGOTIATE_RESPONSE => {
            signing(body.get(2), &mut draft);
            if let Some(name) = word(body, 4).and_then(version) {
                draft.text(VERSION, name.as_bytes());
            }
        }
        SESSION_RESPONSE => login(status, word(body, 2).unwrap_or(0), &mut draft),
        TREE_REQUEST => wide(SHARE, name.unwrap_or(&[]), &mut draft),
        CREATE_REQUEST => wide(PIPE, name.unwrap_or(&[]), &mut draft),
        _ => {}
    }
}

/// MS-SMB2 2.2.4: the version that a number means.
fn version(dialect: u16) -> Option<&'static str> {
    Some(match dialect {
        0x0202 => "2.0.2",
        0x0210 => "2.1",
        0x02FF => "2",
        0x0300 => "3.0",
        0x0302 => "3.0.2",
        0x0311 => "3.1.1",
        _ => return None,
    })
}

fn signing(mode: Option<&u8>, draft: &mut Draft<'_>) {
    const REQUIRED: u8 = 2;
    if mode.is_some_and(|m| m & REQUIRED != 0) {
        draft.flag(SIGNING, true);
    }
}

/// NTSTATUS values (MS-ERREF 2.3).
pub const MORE: u32 = 0xC000_0016;

pub fn answer(status: u32, key: &[u8], draft: &mut Draft<'_>) {
    draft.integer(STATUS, status.into());
    const PENDING: u32 = 0x0000_0103;
    let (last, outcome) = match status {
        0 | MORE => (true, Outcome::Accepted),
        PENDING => (false, Outcome::Requested),
        _ => (true, Outcome::Refused),
    };
    draft.answers(Scope::Conversation, key, last, outcome);
}

pub fn login(status: u32, flags: u16, draft: &mut Draft<'_>) {
    let word: &[u8] = match status {
        0 => b"accepted",
        MORE => b"more",
        _ => b"refused",
    };
    draft.text(LOGIN, word);
    if status == 0 && flags & 3 != 0 {
        draft.flag(GUEST, true);
    }
}

/// A text that offset (from the header) and length at this place of the body point to.
fn offset_text<'a>(unit: &'a [u8], body: &[u8], at: usize) -> Option<&'a [u8]> {
    let from = usize::from(word(body, at)?);
    unit.get(from..from + usize::from(word(body, at + 2)?))
}

/// The pipes of remote services, tasks, registry, accounts (MS-SCMR 2.1, MS-TSCH 2.1, MS-RRP 2.1,
/// MS-SAMR 2.1, MS-LSAT 2.1), and of programs that run commands.
fn is_pipe(name: &[u8]) -> bool {
    const PIPES: [&str; 10] = [
        "svcctl", "atsvc", "winreg", "samr", "lsarpc", "srvsvc", "wkssvc", "epmapper", "netlogon",
        "spoolss",
    ];
    let (text, len) = narrow(name);
    let text = &text[..len];
    PIPES
        .iter()
        .any(|p| text.eq_ignore_ascii_case(p.as_bytes()))
        || text.to_ascii_lowercase().starts_with(b"psexe")
}

/// UTF-16 as bytes, what is none of ASCII as `?`.
fn narrow(name: &[u8]) -> ([u8; 256], usize) {
    let mut text = [0; 256];
    let mut len = 0;
    for ([low, high], room) in name.as_chunks().0.iter().zip(&mut text) {
        *room = if *high == 0 { *low } else { b'?' };
        len += 1;
    }
    (text, len)
}

fn wide(field: crate::FieldId, name: &[u8], draft: &mut Draft<'_>) {
    let (text, len) = narrow(name);
    draft.text_if(field, &text[..len]);
}
