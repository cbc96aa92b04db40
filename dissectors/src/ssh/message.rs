//! The messages before encryption that name a program or a host.

use std::ops::Range;

use md5::{Digest, Md5};
use sha2::Sha256;

use super::fields::*;
use crate::contract::Side;
use crate::message::Messages;

/// Message numbers (RFC 4250 4.1.2). 31 and 33 are of the method: a server's 31 holds its key in all
/// but group exchange, where 33 does and 31 holds two numbers (RFC 4419 3).
const DISCONNECTED: u8 = 1;
const INIT: u8 = 20;
const KEYS_TAKEN: u8 = 21;
const REPLY: u8 = 31;
const GROUP_REPLY: u8 = 33;

/// Writes what a packet says, if it is one of interest. True if encryption starts behind it.
pub fn write(code: u8, body: &[u8], range: Range<u64>, out: &mut Messages<'_>) -> bool {
    match code {
        INIT => init(body, range, out),
        REPLY | GROUP_REPLY if out.side() == Side::Server => host_key(body, range, out),
        DISCONNECTED => disconnect(body, range, out),
        KEYS_TAKEN => {
            out.message(NEWKEYS, range);
            return true;
        }
        _ => {}
    }
    false
}

/// A string behind its length (RFC 4251 5).
fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// RFC 4253 7.1: a cookie, then ten lists.
fn init(body: &[u8], range: Range<u64>, out: &mut Messages<'_>) {
    const COOKIE: usize = 16;
    let mut lists = [b"".as_slice(); 10];
    let mut rest = body.get(COOKIE..);
    for list in &mut lists {
        let read = rest.and_then(string);
        *list = read.map_or(b"", |(list, _)| list);
        rest = read.map(|(_, rest)| rest);
    }
    let start = range.start;
    // The lists stand in pairs, client to server first.
    let own = if out.side() == Side::Client { 0 } else { 1 };
    let [ciphers, macs, compression] = [2, 4, 6].map(|n| lists[n + own]);
    let mut draft = out.message(KEXINIT, range);
    draft
        .text(KEX, lists[0])
        .text(HOST_KEYS, lists[1])
        .text(CIPHERS, ciphers)
        .text(MACS, macs)
        .text(COMPRESSION, compression);
    if rest.is_none() {
        draft.anomaly("message-short", start);
    } else if draft.wants(HASSH) {
        let mut hash = Md5::new();
        for (n, list) in [lists[0], ciphers, macs, compression]
            .into_iter()
            .enumerate()
        {
            hash.update(if n == 0 { b"".as_slice() } else { b";" });
            hash.update(list);
        }
        draft.text(HASSH, crate::address::hex(&hash.finalize()).bytes());
    }
}

/// RFC 4253 8, RFC 5656 4: the host's key is the first string, and begins with its algorithm's name.
fn host_key(body: &[u8], range: Range<u64>, out: &mut Messages<'_>) {
    let Some((key, _)) = string(body) else { return };
    let Some((algorithm, _)) = string(key) else {
        return;
    };
    let named = algorithm
        .iter()
        .all(|b| b.is_ascii_alphanumeric() || b"-@._".contains(b));
    if algorithm.is_empty() || !named {
        return;
    }
    let mut draft = out.message(HOST_KEY_SHOWN, range);
    draft.text(HOST_KEY_TYPE, algorithm);
    if draft.wants(HOST_KEY) {
        draft.text(HOST_KEY, &fingerprint(&Sha256::digest(key).into()));
    }
}

/// `SHA256:` and base64 without padding.
fn fingerprint(hash: &[u8; 32]) -> [u8; 50] {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = *b"SHA256:...........................................";
    for (n, letter) in text[7..].iter_mut().enumerate() {
        let bit = 6 * n;
        let high = u16::from(hash[bit / 8]) << 8;
        let low = hash.get(bit / 8 + 1).copied().map_or(0, u16::from);
        *letter = LETTERS[usize::from((high | low) >> (10 - bit % 8) & 63)];
    }
    text
}

fn disconnect(body: &[u8], range: Range<u64>, out: &mut Messages<'_>) {
    let mut draft = out.message(DISCONNECT, range);
    if let Some((reason, rest)) = body.split_first_chunk() {
        draft.integer(REASON, u32::from_be_bytes(*reason).into());
        let text = string(rest).map_or(b"".as_slice(), |(text, _)| text);
        draft.text_if(DESCRIPTION, text);
    }
}
