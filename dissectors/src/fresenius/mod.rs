//! Fresenius Kabi (Vial) Orchestra Base Primea, DPS, Agilia on a serial line.
//!
//! Host and base exchange STX frames; single bytes between them acknowledge, refuse and keep the
//! link alive. One base carries several syringe modules, told apart by a digit.

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

/// Fresenius Orchestra.
pub const FRESENIUS: Protocol = Protocol {
    name: "fresenius",
    title: "Fresenius Kabi Orchestra, DPS and Agilia pumps, serial",
    provenance: Provenance::Implementation,
    source: "jaj42/infupy backends/fresenius.py (infupy 2022.1.11), played with the real driver",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: serial::ANOMALIES,
    hints: serial::PORTS,
    transports: serial::TRANSPORTS,
    probe,
    open,
    path: None,
};

/// The sum is one byte: two frames are asked for.
fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let bar = signature::Bar {
        enough: 2,
        confidence: 90,
        on_port: 1,
        port_confidence: 60,
        words: false,
    };
    signature::recognise(
        first,
        hint,
        bar,
        |rest| frame::cut(rest, 0, false),
        frame::sign,
    )
}

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(Line::new(body::Fresenius::new(limits), limits))
}
