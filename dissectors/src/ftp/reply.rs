//! A reply (RFC 959 4.2): three digits, and a text that may go on over lines.

use std::ops::Range;

use super::command::{Word, numbers};
use super::fields::*;
use crate::action::Outcome;
use crate::address;
use crate::message::{Messages, Scope};

/// The code that a line begins with, and whether it is the last of its reply.
pub fn code(line: &[u8]) -> Option<(u16, bool)> {
    match line {
        [a @ b'1'..=b'6', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] => {
            let code = [*a, *b, *c]
                .iter()
                .fold(0, |n, d| n * 10 + u16::from(d - b'0'));
            match rest.first() {
                None | Some(b' ') => Some((code, true)),
                Some(b'-') => Some((code, false)),
                Some(_) => None,
            }
        }
        _ => None,
    }
}

/// A command that waits for its reply.
#[derive(Clone, Copy, Default)]
pub struct Asked {
    pub key: u32,
    pub word: Word,
}

/// Writes what a reply says, by its last line.
pub fn write(
    code: u16,
    line: &[u8],
    range: Range<u64>,
    asked: Option<Asked>,
    first: bool,
    out: &mut Messages<'_>,
) {
    let at = range.start;
    let text = line.get(4..).unwrap_or(&[]).trim_ascii();
    let kind = if first && asked.is_none() {
        BANNER_TOLD
    } else {
        REPLY
    };
    let mut draft = out.message(kind, range);
    draft.integer(CODE, code.into());
    let Some(asked) = asked else {
        draft.text_if(if first { BANNER } else { TEXT }, text);
        return;
    };
    let word = asked.word.bytes();
    draft.text_if(REPLY_TO, word);
    let outcome = match code {
        ..200 => Outcome::Requested,
        // A name that is fine, or needs a password: more is to come, this much is accepted.
        200..400 => Outcome::Accepted,
        400..500 => Outcome::Failed,
        _ => Outcome::Refused,
    };
    let last = code >= 200;
    draft.answers(Scope::Conversation, &asked.key.to_be_bytes(), last, outcome);
    match (word, code) {
        (b"USER" | b"PASS" | b"ACCT", 230 | 232) => {
            draft.text(LOGIN, b"accepted");
        }
        (b"USER" | b"PASS" | b"ACCT", 400..) => {
            draft.text(LOGIN, b"refused");
        }
        (b"SYST", 215) => {
            draft.text_if(SYSTEM, text);
        }
        (b"PASV", 227) => {
            let from = text.iter().position(u8::is_ascii_digit).unwrap_or(0);
            let rest = &text[from..];
            let end = rest
                .iter()
                .position(|b| !b.is_ascii_digit() && *b != b',')
                .unwrap_or(rest.len());
            match numbers(&rest[..end]) {
                Some((ip, port)) => {
                    draft.text(DATA_ADDRESS, address::ipv4(ip).bytes());
                    draft.integer(DATA_PORT, port.into());
                }
                None => {
                    draft.anomaly("address-form", at);
                }
            }
        }
        (b"EPSV", 229) => {
            // `(|||50000|)` (RFC 2428 3).
            let mut digits = text
                .split(|b| !b.is_ascii_digit())
                .filter(|d| !d.is_empty());
            let port = digits
                .next_back()
                .and_then(|d| std::str::from_utf8(d).ok()?.parse::<u16>().ok());
            if let Some(port) = port {
                draft.integer(DATA_PORT, port.into());
            }
        }
        _ => {}
    }
    draft.text_if(TEXT, text);
}
