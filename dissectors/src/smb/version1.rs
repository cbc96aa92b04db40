//! Messages of version 1 (MS-CIFS 2.2.3, 2.2.4). That it is spoken at all is a finding.

use std::ops::Range;

use super::fields::*;
use super::message::{answer, login, long, word};
use crate::message::{Messages, Scope};

const HEADER: usize = 32;

pub fn write(unit: &[u8], range: Range<u64>, out: &mut Messages<'_>) {
    let at = range.start;
    let Some((header, body)) = unit.split_at_checked(HEADER) else {
        out.message(MALFORMED, range).anomaly("cut-short", at);
        return;
    };
    let [_, _, _, _, command, _, _, _, _, flags, ..] = header else {
        return;
    };
    let response = flags & 0x80 != 0;
    let status = long(header, 5).unwrap_or(0);
    let kind = match (command, response) {
        (0x72, false) => NEGOTIATE_REQUEST,
        (0x72, true) => NEGOTIATE_RESPONSE,
        (0x73, true) => SESSION_RESPONSE,
        (0x75, false) => TREE_REQUEST,
        (0x75, true) => TREE_RESPONSE,
        // Fifteen words, the last a subcommand (MS-CIFS 2.2.4.46.1).
        (0x32, false) if word(body, 29) == Some(0x000E) => SESSION_TRANS2,
        _ => return,
    };
    let mut draft = out.message(kind, range);
    // Multiplex id and process (MS-CIFS 2.2.3.1).
    let key = [header[26], header[27], header[30], header[31]];
    if response {
        answer(status, &key, &mut draft);
    } else {
        draft.asks(Scope::Conversation, &key);
    }
    match kind {
        NEGOTIATE_REQUEST => {
            // No words, a count of bytes, then names each behind a 2 and up to NUL.
            for name in body.get(3..).unwrap_or(&[]).split(|b| *b == 0) {
                draft.text_if(DIALECT, name.strip_prefix(&[2]).unwrap_or(name));
            }
        }
        // An index of 0xFFFF chose none.
        NEGOTIATE_RESPONSE if word(body, 1).is_some_and(|index| index != 0xFFFF) => {
            draft.text(VERSION, b"1");
        }
        SESSION_RESPONSE => login(status, word(body, 5).unwrap_or(0) & 1, &mut draft),
        _ => {}
    }
    draft.integer(COMMAND, (*command).into());
}
