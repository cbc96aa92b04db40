//! SNMP: who reads and who sets which device, under which version. Communities are passwords and
//! never shown.

mod ber;
mod fields;
mod message;
#[cfg(test)]
mod tests;

pub use fields::*;

use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Reason, Side, Transport};
use crate::message::Messages;
use crate::schema::{Port, Protocol, Provenance};

pub const SNMP: Protocol = Protocol {
    name: "snmp",
    title: "Simple Network Management Protocol",
    provenance: Provenance::Specification,
    source: "RFC 1157, RFC 3416, RFC 3412, RFC 3414",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[Port::Udp(161), Port::Udp(162)],
    transports: &[Transport::Udp],
    probe,
    open: |_| Box::<Snmp>::default(),
    path: None,
};

fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    match message::Outer::read(first) {
        Some(outer) if outer.rest.is_empty() => Probe::Yes(Confidence(93)),
        Some(_) if hint.port => Probe::Yes(Confidence(60)),
        _ => Probe::No,
    }
}

#[derive(Default)]
struct Snmp {
    /// Hashes of the communities that were tried in this conversation.
    communities: Vec<u64>,
}

impl Dissector for Snmp {
    fn read(&mut self, _: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        message::write(input, &mut self.communities, out);
        Progress::Read(input.len())
    }

    fn gap(&mut self, _: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        Progress::Reject(Reason("datagrams have no gaps"))
    }

    fn end(&mut self, _: Side, _: &[u8], _: End, _: &mut Messages<'_>) {}

    fn held(&self) -> usize {
        self.communities.capacity() * size_of::<u64>()
    }
}
