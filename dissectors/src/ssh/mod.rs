//! SSH: which program speaks, what it offers, which key the host shows. Then all is encrypted, and
//! passed over unseen.
//!
//! | file | job |
//! |---|---|
//! | `stream` | banners, packets, up to NEWKEYS |
//! | `message` | KEXINIT, the host's key, DISCONNECT |
//! | `fields` | names |

mod fields;
mod message;
mod stream;
#[cfg(test)]
mod tests;

use crate::contract::{Confidence, Hint, Probe, Side, Transport};
use crate::schema::{Port, Protocol, Provenance};

pub use fields::*;

pub const SSH: Protocol = Protocol {
    name: "ssh",
    title: "Secure Shell, its part in clear",
    provenance: Provenance::Specification,
    source: "RFC 4253, RFC 4419, RFC 5656, RFC 8731; captures in pcaps/ssh",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[Port::Tcp(22)],
    transports: &[Transport::Tcp],
    probe,
    open: |_| Box::<stream::Ssh>::default(),
    path: None,
};

/// What every banner begins with (RFC 4253 4.2).
const MARK: &[u8] = b"SSH-";

fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    if hint.mid_stream {
        return Probe::No;
    }
    match first {
        [b'S', b'S', b'H', b'-', b'1' | b'2', b'.', b'0'..=b'9', ..] => Probe::Yes(Confidence(98)),
        // `SSH-2.0` is seven bytes.
        part if MARK.starts_with(&part[..part.len().min(4)]) && part.len() < 7 && !hint.whole => {
            Probe::More(7)
        }
        _ => Probe::No,
    }
}
