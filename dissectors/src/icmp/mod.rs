//! ICMP for IPv4 and IPv6: what cannot be reached and why (the mark of a scan), and echoes (which
//! can carry a tunnel). Neighbour and router discovery is `ndp`.

mod fields;
mod message;
#[cfg(test)]
mod tests;

use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Reason, Side, Transport};
use crate::limits::Limits;
use crate::message::Messages;
use crate::schema::{Protocol, Provenance};

pub use fields::*;

pub const ICMP: Protocol = Protocol {
    name: "icmp",
    title: "Internet Control Message Protocol",
    provenance: Provenance::Specification,
    source: "RFC 792, RFC 1191",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[],
    transports: &[Transport::Icmp],
    probe: |_, _, _| Probe::Yes(Confidence(90)),
    open: |_: &Limits| Box::new(Icmp::new(false)),
    path: None,
};

pub const ICMPV6: Protocol = Protocol {
    name: "icmpv6",
    title: "Internet Control Message Protocol for IPv6",
    provenance: Provenance::Specification,
    source: "RFC 4443, RFC 2710, RFC 3810",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[],
    transports: &[Transport::Icmp6],
    probe: probe_v6,
    open: |_: &Limits| Box::new(Icmp::new(true)),
    path: None,
};

fn probe_v6(_: Side, first: &[u8], _: Hint) -> Probe {
    match first.first() {
        // Those are `ndp`'s.
        Some(133..=137) => Probe::No,
        _ => Probe::Yes(Confidence(90)),
    }
}

/// What two hosts tell each other.
struct Icmp {
    v6: bool,
    /// Of each side's last echo request: a hash of what an honest one repeats.
    echoed: [Option<u64>; 2],
}

impl Icmp {
    fn new(v6: bool) -> Self {
        Icmp {
            v6,
            echoed: [None; 2],
        }
    }
}

impl Dissector for Icmp {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let last = &mut self.echoed[side.index()];
        message::write(input, self.v6, last, out);
        Progress::Read(input.len())
    }

    fn gap(&mut self, _: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        Progress::Reject(Reason("messages have no gaps"))
    }

    fn end(&mut self, _: Side, _: &[u8], _: End, _: &mut Messages<'_>) {}
}
