//! BD/CareFusion Alaris (Asena) syringe pumps on a serial line behind a terminal server.
//!
//! One master asks, the pump answers with the same verb. Read and write differ only by the
//! presence of a field, and the answer to a read looks like the write: the direction decides.

mod action;
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

/// Alaris serial pump protocol.
pub const ALARIS: Protocol = Protocol {
    name: "alaris",
    title: "BD/CareFusion Alaris (Asena) syringe pump, serial",
    provenance: Provenance::Implementation,
    source: "mdpnp/mdpnp alaris/Asena.java; jaj42/infupy backends/alaris.py; 25 recorded frames",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: serial::ANOMALIES,
    hints: serial::PORTS,
    transports: serial::TRANSPORTS,
    probe,
    open,
    path: None,
};

/// One frame with a right CRC: false by chance about once in 10^5 texts of that shape.
fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let bar = signature::Bar {
        enough: 1,
        confidence: 95,
        on_port: 1,
        port_confidence: 95,
        words: false,
    };
    signature::recognise(first, hint, bar, |rest| frame::cut(rest, 0), frame::sign)
}

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(Line::new(body::Alaris::new(limits), limits))
}
