//! Credentials in clear: that they are there, and what may be told of them.

use super::fields::*;
use super::head::Head;
use super::json::{Item, Json};
use super::target::{Target, is_secret, parameters};
use crate::message::Draft;
use crate::vendor_logins::User;

/// The longest token whose claims are read.
const LONGEST_TOKEN: usize = 8 * 1024;

/// Notes the credentials of a head: scheme, user, claims; never the secret itself.
pub fn note(head: &Head<'_>, target: Option<&Target<'_>>, draft: &mut Draft<'_>) {
    let value = head.authorization;
    if !value.is_empty() {
        let end = memchr::memchr(b' ', value).unwrap_or(value.len());
        let (scheme, rest) = (&value[..end], value[end..].trim_ascii());
        // A key without a scheme is all secret.
        if rest.is_empty() {
            draft.secret(TOKEN, scheme.len());
        } else {
            draft.text(AUTH_SCHEME, scheme);
        }
        if scheme.eq_ignore_ascii_case(b"basic") {
            let mut room = [0u8; 256];
            match base64(rest, &mut room).and_then(|n| {
                let colon = memchr::memchr(b':', &room[..n])?;
                Some((colon, n))
            }) {
                Some((colon, n)) => {
                    draft
                        .text(USER, &room[..colon])
                        .secret(PASSWORD, n - colon - 1);
                    if draft.wants(DEFAULT_LOGIN)
                        && let Some(of) = User::named(&room[..colon]).with(&room[colon + 1..n])
                    {
                        draft.text(DEFAULT_LOGIN, of.as_bytes());
                    }
                }
                None => {
                    draft.secret(PASSWORD, rest.len());
                }
            }
        } else if !rest.is_empty() {
            draft.secret(TOKEN, rest.len());
            claims(rest, draft);
        }
    }
    if !head.api_key.is_empty() {
        draft.secret(API_KEY, head.api_key.len());
    }
    if !head.cookie.is_empty() {
        draft.secret(COOKIE, head.cookie.len());
    }
    if let Some(target) = target {
        secrets(target.query, draft);
    }
}

/// Notes the secrets of a query or a form.
pub fn secrets(query: &str, draft: &mut Draft<'_>) {
    for (name, value) in parameters(query).filter(|(n, _)| is_secret(n)) {
        let word = name.as_bytes();
        if word.len() >= 4
            && (word[..4].eq_ignore_ascii_case(b"pass") || word.eq_ignore_ascii_case(b"pwd"))
        {
            draft.secret(PASSWORD, value.len());
        } else {
            draft.secret(TOKEN, value.len());
            claims(value.as_bytes(), draft);
        }
    }
}

/// `alg`, `scope` and `exp` of a JSON web token (RFC 7519), if it is one.
fn claims(token: &[u8], draft: &mut Draft<'_>) {
    let mut pieces = token.split(|b| *b == b'.');
    let (Some(head), Some(body), Some(_), None) =
        (pieces.next(), pieces.next(), pieces.next(), pieces.next())
    else {
        return;
    };
    if token.len() > LONGEST_TOKEN || !head.starts_with(b"ey") {
        return;
    }
    let mut room = [0u8; LONGEST_TOKEN];
    for piece in [head, body] {
        let Some(n) = base64(piece, &mut room) else {
            continue;
        };
        let mut json = Json::new(&room[..n]);
        while let Some(item) = json.next() {
            match item {
                Item::Text { key: b"alg", value } if json.depth == 1 => {
                    draft.text(TOKEN_ALG, value);
                }
                Item::Text {
                    key: b"scope",
                    value,
                } if json.depth == 1 => {
                    draft.text(TOKEN_SCOPE, value);
                }
                Item::Word { key: b"exp", value } if json.depth == 1 => {
                    if let Some(n) = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok()) {
                        draft.integer(TOKEN_EXPIRES, n);
                    }
                }
                _ => {}
            }
        }
    }
}

/// Base64 with either alphabet, padded or not (RFC 4648 4 and 5).
fn base64(text: &[u8], room: &mut [u8]) -> Option<usize> {
    let (mut bits, mut held, mut at) = (0u32, 0u32, 0usize);
    for b in text.iter().take_while(|b| **b != b'=') {
        let six = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        held = held << 6 | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            *room.get_mut(at)? = (held >> bits) as u8;
            at += 1;
            held &= (1 << bits) - 1;
        }
    }
    Some(at)
}
