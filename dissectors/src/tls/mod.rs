//! TLS (RFC 8446, RFC 5246): what is told before encryption begins. Hellos, alerts, the
//! certificates of TLS 1.2 and before; application records are counted and passed over.

mod certificate;
mod codes;
mod fields;
mod fingerprint;
mod handshake;
mod hello;
mod record;
#[cfg(test)]
mod tests;

pub use fields::*;

use crate::contract::{Confidence, Dissector, Hint, Probe, Side, Transport};
use crate::limits::Limits;
use crate::schema::{Port, Protocol, Provenance};

/// TLS over TCP.
pub const TLS: Protocol = Protocol {
    name: "tls",
    title: "TLS handshakes",
    provenance: Provenance::Specification,
    source: "RFC 8446, RFC 5246, RFC 5280; JA3; JA4 (client)",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[
        Port::Tcp(443),
        Port::Tcp(8443),
        Port::Tcp(2762),
        Port::Tcp(6465),
    ],
    transports: &[Transport::Tcp, Transport::Carried],
    probe,
    open,
    path: None,
};

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(record::Tls::new(limits))
}

/// A record that holds a hello. In mid-stream, a record and the next one's head.
fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let Some((kind, length)) = record::header(first) else {
        return if first.len() < 5 && record::may_be(first) {
            Probe::More(5)
        } else {
            Probe::No
        };
    };
    if kind == record::HANDSHAKE {
        let Some(body) = first.get(5..9) else {
            return Probe::More(9);
        };
        let inner = usize::from(body[1]) << 16 | usize::from(body[2]) << 8 | usize::from(body[3]);
        return match body[0] {
            1 | 2 if (38..=1 << 17).contains(&inner) && (inner + 4 <= length || length > 64) => {
                Probe::Yes(Confidence(95))
            }
            11..=20 if hint.mid_stream => Probe::Yes(Confidence(60)),
            _ if hint.mid_stream => Probe::Yes(Confidence(40)),
            _ => Probe::No,
        };
    }
    if kind == record::ALERT && length == 2 {
        // A server that refuses at once.
        return match first.get(5..7) {
            None => Probe::More(7),
            Some([1 | 2, code]) if codes::alert(*code).is_some() => Probe::Yes(Confidence(80)),
            Some(_) => Probe::No,
        };
    }
    if !hint.mid_stream {
        return Probe::No;
    }
    match first.get(5 + length..) {
        Some(next) if next.len() >= 5 => match record::header(next) {
            Some(_) => Probe::Yes(Confidence(80)),
            None => Probe::No,
        },
        _ if hint.whole || first.len() >= 4096 => Probe::Yes(Confidence(45)),
        _ => Probe::More((10 + length).min(4096)),
    }
}
