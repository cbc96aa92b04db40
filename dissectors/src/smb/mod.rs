//! SMB: which versions are spoken, how log-ins end, which shares and pipes are opened. Reads, writes
//! and everything else are passed over by their length.

mod fields;
mod message;
mod stream;
#[cfg(test)]
mod tests;
mod version1;

pub use fields::*;

use crate::contract::{Confidence, Hint, Probe, Side, Transport};
use crate::schema::{Port, Protocol, Provenance};

pub const SMB: Protocol = Protocol {
    name: "smb",
    title: "Server Message Block: versions, log-ins, shares",
    provenance: Provenance::Specification,
    source: "MS-SMB2 2.1, 2.2; MS-CIFS 2.2; RFC 1002 4.3",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[Port::Tcp(445), Port::Tcp(139)],
    transports: &[Transport::Tcp],
    probe,
    open: |_| Box::<stream::Smb>::default(),
    path: None,
};

/// First bytes of a message of version 1, of 2 and 3, of an encrypted and of a compressed one.
const MARKS: [&[u8; 4]; 4] = [b"\xFFSMB", b"\xFESMB", b"\xFDSMB", b"\xFCSMB"];

fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    match first {
        [0, _, _, _, mark @ ..] if mark.len() >= 4 => {
            if MARKS.iter().any(|m| mark.starts_with(*m)) {
                Probe::Yes(Confidence(95))
            } else {
                Probe::No
            }
        }
        // A NetBIOS session's request: two names of 34 bytes (RFC 1002 4.3.2).
        [0x81, 0, 0, 0x44, 32, ..] if hint.port => Probe::Yes(Confidence(85)),
        [0, ..] | [0x81, 0] | [0x81] | [0x81, 0, 0] | [0x81, 0, 0, 0x44]
            if hint.port && !hint.whole && first.len() < 8 =>
        {
            Probe::More(8)
        }
        _ => Probe::No,
    }
}
