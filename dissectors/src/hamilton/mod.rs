//! Hamilton Medical Galileo, G5, C series, T1: the polling protocol.
//!
//! A request is four bytes and names a parameter; there is no room for a value, so every request
//! reads. No check sum: three frames, and answers that repeat the id, are asked for.

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

/// Hamilton polling protocol.
pub const HAMILTON: Protocol = Protocol {
    name: "hamilton",
    title: "Hamilton Medical ventilators, polling protocol",
    provenance: Provenance::Implementation,
    source: "Hazealign/biosignal-hamilton-interface (Go, with unit tests)",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: serial::ANOMALIES,
    hints: serial::PORTS,
    transports: serial::TRANSPORTS,
    probe,
    open,
    path: None,
};

fn probe(side: Side, first: &[u8], hint: Hint) -> Probe {
    let bar = signature::Bar {
        enough: 3,
        confidence: 70,
        on_port: 2,
        port_confidence: 70,
        words: true,
    };
    signature::either(side, |side| {
        signature::recognise(
            first,
            hint,
            bar,
            |rest| frame::cut(side, rest),
            |f| frame::sign(side, f),
        )
    })
}

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(Line::new(body::Hamilton::new(limits), limits))
}
