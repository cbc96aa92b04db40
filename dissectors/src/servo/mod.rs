//! Maquet / Getinge SERVO-i and SERVO-s: Computer Interface Emulator.
//!
//! Text commands end with EOT, in extended mode after an XOR in hexadecimal digits; continuous data
//! are binary records. No command changes ventilation or alarms; SDAD and its like shape the
//! report, and HO in extended mode clears it: that blinds whoever set it up.

mod body;
mod commands;
mod fields;
mod frame;
#[cfg(test)]
mod tests;

use crate::contract::{Dissector, Hint, Probe, Side};
use crate::limits::Limits;
use crate::schema::{Protocol, Provenance};
use crate::serial::{self, Line, signature};

pub use fields::{FIELDS, KINDS};

/// SERVO-i CIE.
pub const SERVO: Protocol = Protocol {
    name: "servo",
    title: "Maquet SERVO-i and SERVO-s, Computer Interface Emulator",
    provenance: Provenance::Specification,
    source: "SERVO-i/SERVO-s CIE Reference Manual 65 43 388_12; records in src-jds/servoscreen",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: serial::ANOMALIES,
    hints: serial::PORTS,
    transports: serial::TRANSPORTS,
    probe,
    open,
    path: None,
};

/// The XOR is one byte: two commands, or one binary record with its flags.
fn probe(side: Side, first: &[u8], hint: Hint) -> Probe {
    let bar = signature::Bar {
        enough: 2,
        confidence: 90,
        on_port: 1,
        port_confidence: 60,
        words: false,
    };
    signature::either(side, |side| {
        let cut = |rest: &[u8]| frame::cut(side, rest, false, false);
        signature::recognise(first, hint, bar, cut, |f| frame::sign(side, f))
    })
}

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(Line::new(body::Servo::new(limits), limits))
}
