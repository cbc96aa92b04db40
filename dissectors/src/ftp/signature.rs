//! Is this FTP? SMTP greets with the same code, so a greeting alone tells only on the port or by name.

use super::command;
use crate::contract::{Confidence, Hint, Probe, Side};

const NAMED: Confidence = Confidence(85);
const ON_PORT: Confidence = Confidence(80);
const LOG_IN: Confidence = Confidence(75);
/// Bytes of a greeting's first line that are waited for.
const GREETING: usize = 512;

pub fn probe(side: Side, first: &[u8], hint: Hint) -> Probe {
    match side {
        Side::Server => greeting(first, hint),
        Side::Client => log_in(first, hint),
    }
}

fn greeting(first: &[u8], hint: Hint) -> Probe {
    let begins = first.iter().zip(b"220").all(|(a, b)| a == b);
    match first {
        _ if hint.mid_stream && hint.port => match first {
            [b'1'..=b'5', b'0'..=b'6', b'0'..=b'9', b' ' | b'-', ..] => Probe::Yes(ON_PORT),
            _ => Probe::No,
        },
        _ if hint.mid_stream || !begins => Probe::No,
        [_, _, _, b' ' | b'-', ..] if hint.port => Probe::Yes(ON_PORT),
        [_, _, _, b' ' | b'-', text @ ..] => {
            let line = text.split(|b| *b == b'\n').next().unwrap_or(text);
            // `FTP` as a word, not inside `SFTP` or a host's name alone.
            let named = line.windows(3).any(|w| w.eq_ignore_ascii_case(b"FTP"));
            match text.contains(&b'\n') {
                true if named => Probe::Yes(NAMED),
                // What the client says first will tell.
                true if !hint.whole => Probe::More(first.len() + 1),
                false if first.len() < GREETING && !hint.whole => Probe::More(first.len() + 1),
                _ => Probe::No,
            }
        }
        [_, _, _, ..] => Probe::No,
        _ if hint.whole => Probe::No,
        _ => Probe::More(4),
    }
}

/// A client says nothing before it is greeted, and then who it is.
fn log_in(first: &[u8], hint: Hint) -> Probe {
    let word = first
        .split(|b| !b.is_ascii_alphabetic())
        .next()
        .unwrap_or(&[]);
    let line_end = first.iter().position(|b| *b == b'\n');
    match word.to_ascii_uppercase().as_slice() {
        _ if hint.port && command::is_known(word) && line_end.is_some() => Probe::Yes(ON_PORT),
        _ if hint.mid_stream => Probe::No,
        // POP3 has USER as well: there the server said +OK, and FTP is no candidate any more.
        b"USER" if line_end.is_some_and(|at| at > 6 && first.get(at - 1) == Some(&b'\r')) => {
            Probe::Yes(LOG_IN)
        }
        _ if hint.port && !hint.whole && word.len() <= 4 && first.len() < GREETING => {
            Probe::More(first.len() + 1)
        }
        _ => Probe::No,
    }
}
