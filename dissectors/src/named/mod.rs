//! Protocols that are known by name only. Their conversations are not decoded: each gives one
//! message of kind `seen` and is then passed over, so that "unidentified" is said of nothing that
//! anybody could have named. A row of the table is a protocol.
//!
//! | file | job |
//! |---|---|
//! | `table` | the protocols |
//! | `industrial`, `data`, `text`, `network` | their signatures, by family |
//! | `seen` | the one dissector of all |

mod data;
mod industrial;
mod network;
mod seen;
mod table;
#[cfg(test)]
mod tests;
mod text;

pub use table::*;

use crate::contract::{Confidence, Hint, Probe};
use crate::{fields, kinds};

fields! {
    DETAIL "detail" Text, Open, "what the first bytes say in clear of program, version or service";
}

kinds! {
    SEEN "seen", "a conversation of this protocol; what it says is not decoded";
}

/// A yes of strict structure, or a no.
fn yes(fits: bool, confidence: u8) -> Probe {
    if fits {
        Probe::Yes(Confidence(confidence))
    } else {
        Probe::No
    }
}

/// Do the bytes begin with this? Waits for the rest of it where they are a beginning of it.
fn begins(first: &[u8], magic: &[u8], hint: Hint, confidence: u8) -> Probe {
    if first.starts_with(magic) {
        Probe::Yes(Confidence(confidence))
    } else if magic.starts_with(first) && !hint.whole {
        Probe::More(magic.len())
    } else {
        Probe::No
    }
}

/// The best of several answers.
fn any(answers: impl IntoIterator<Item = Probe>) -> Probe {
    let mut best = Probe::No;
    for answer in answers {
        best = match (best, answer) {
            (Probe::Yes(a), Probe::Yes(b)) => Probe::Yes(a.max(b)),
            (Probe::Yes(a), _) | (_, Probe::Yes(a)) => Probe::Yes(a),
            (Probe::More(a), Probe::More(b)) => Probe::More(a.min(b)),
            (Probe::More(a), Probe::No) | (Probe::No, Probe::More(a)) => Probe::More(a),
            (Probe::No, Probe::No) => Probe::No,
        };
    }
    best
}
