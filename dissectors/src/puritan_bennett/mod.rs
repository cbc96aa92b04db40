//! Puritan Bennett 840 and 980 (DCI) and Philips Respironics V60: reports on request.
//!
//! The host asks with four letters, the ventilator answers with one long record. No published
//! request writes. What a rule can see is in two records compared: settings, limits, silence.

mod body;
mod fields;
mod frame;
#[cfg(test)]
mod tests;

use crate::contract::{Dissector, Hint, Probe, Side};
use crate::limits::Limits;
use crate::schema::{Protocol, Provenance};
use crate::serial::{self, Line, signature};

pub use fields::{FIELDS, KINDS};

/// Puritan Bennett DCI.
pub const PURITAN_BENNETT: Protocol = Protocol {
    name: "puritan_bennett",
    title: "Puritan Bennett 840 and 980, Respironics V60",
    provenance: Provenance::Implementation,
    source: "mdpnp/mdpnp devices/puritanbennett; gvilledavid/RTA-node-python; 34 device records",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: serial::ANOMALIES,
    hints: serial::PORTS,
    transports: serial::TRANSPORTS,
    probe,
    open,
    path: None,
};

/// The head of a record is unmistakable; a request is four letters and a line end.
fn probe(side: Side, first: &[u8], hint: Hint) -> Probe {
    let bar = signature::Bar {
        enough: 2,
        confidence: 92,
        on_port: 1,
        port_confidence: 75,
        words: false,
    };
    signature::either(side, |side| {
        signature::recognise(
            first,
            hint,
            bar,
            |rest| frame::cut(side, rest, 0),
            frame::sign,
        )
    })
}

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(Line::new(body::PuritanBennett::new(limits), limits))
}
