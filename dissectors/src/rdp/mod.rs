//! Remote desktop: who opens a screen, from which machine, under which protection. What follows is
//! TLS, or passed over.

mod fields;
mod message;
#[cfg(test)]
mod tests;

pub use fields::*;

use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Reason, Side, Transport};
use crate::message::Messages;
use crate::schema::{Port, Protocol, Provenance};

pub const RDP: Protocol = Protocol {
    name: "rdp",
    title: "Remote Desktop Protocol, its beginning",
    provenance: Provenance::Specification,
    source: "MS-RDPBCGR 2.2.1, X.224 13, RFC 1006",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[Port::Tcp(3389)],
    transports: &[Transport::Tcp],
    probe,
    open: |_| Box::<Rdp>::default(),
    path: None,
};

const TPKT: usize = 4;

/// Length of a TPKT unit whose first bytes these are (RFC 1006 6).
fn unit(first: &[u8]) -> Option<usize> {
    match first {
        [3, 0, l0, l1, ..] => {
            let length = usize::from(u16::from_be_bytes([*l0, *l1]));
            (length >= 7).then_some(length)
        }
        _ => None,
    }
}

fn probe(side: Side, first: &[u8], hint: Hint) -> Probe {
    if hint.mid_stream {
        return Probe::No;
    }
    let Some(length) = unit(first) else {
        let begun = [3, 0].iter().zip(first).all(|(a, b)| a == b);
        return match begun && first.len() < TPKT && hint.port && !hint.whole {
            true => Probe::More(TPKT),
            false => Probe::No,
        };
    };
    // A connection request or its confirmation is short.
    if length > 1024 {
        return Probe::No;
    }
    let Some(body) = first.get(TPKT..length) else {
        return if hint.whole {
            Probe::No
        } else {
            Probe::More(length)
        };
    };
    match message::Connect::read(body) {
        Some(connect) if connect.request != (side == Side::Client) => Probe::No,
        Some(connect) if connect.is_desktop() => Probe::Yes(Confidence(94)),
        Some(connect) if hint.port && connect.is_bare() => Probe::Yes(Confidence(70)),
        _ => Probe::No,
    }
}

#[derive(Default)]
struct Rdp {
    connected: [bool; 2],
    /// The client's part of the conference's beginning was seen, or will not be.
    begun: bool,
    /// What follows is TLS.
    sealed: bool,
}

const ALL_OF_IT: Progress = Progress::Pass {
    head: 0,
    body: 1 << 60,
};

impl Dissector for Rdp {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let connected = self.connected[side.index()];
        if connected && (self.sealed || self.begun || side == Side::Server) {
            return ALL_OF_IT;
        }
        if input.len() < TPKT {
            return Progress::Need(TPKT);
        }
        let at = out.offset();
        let Some(length) = unit(input) else {
            if !connected {
                return Progress::Reject(Reason("no TPKT"));
            }
            // TLS whose confirmation was not seen, or a form without TPKT.
            self.begun = true;
            return ALL_OF_IT;
        };
        let Some(body) = input.get(TPKT..length) else {
            return Progress::Need(length);
        };
        let range = at..at + length as u64;
        if connected {
            self.begun = true;
            message::begin(body, range, out);
            return Progress::Read(length);
        }
        let Some(connect) = message::Connect::read(body) else {
            return Progress::Reject(Reason("no connection request"));
        };
        self.connected[side.index()] = true;
        self.sealed |= message::connect(&connect, range, out);
        Progress::Read(length)
    }

    fn gap(&mut self, _: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        self.connected = [true; 2];
        self.begun = true;
        Progress::Read(1)
    }

    fn end(&mut self, _: Side, _: &[u8], _: End, _: &mut Messages<'_>) {}
}
