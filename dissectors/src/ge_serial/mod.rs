//! GE Dash and Solar monitors on a serial line: the bed message of the Unity network, asked for with
//! a poll, without start or end bytes. A device server puts it on TCP as it is.
//!
//! Nothing frames a message: its length follows from its header, and two bytes of a CRC whose kind is
//! not public follow it. So a message counts for the signature only where its counts agree.

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

/// GE Dash / Solar serial.
pub const GE_SERIAL: Protocol = Protocol {
    name: "ge_serial",
    title: "GE Dash and Solar monitors, serial",
    provenance: Provenance::Implementation,
    source: "mdpnp/mdpnp GESerial.java; no capture",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: serial::ANOMALIES,
    hints: serial::PORTS,
    transports: serial::TRANSPORTS,
    probe,
    open,
    path: None,
};

/// One message whose counts agree is some fifty bits.
const BAR: signature::Bar = signature::Bar {
    enough: 1,
    confidence: 80,
    on_port: 1,
    port_confidence: 85,
    words: false,
};

fn probe(side: Side, first: &[u8], hint: Hint) -> Probe {
    signature::either(side, |side| {
        signature::recognise(
            first,
            hint,
            BAR,
            |rest| frame::cut(side, rest),
            |f| frame::sign(side, f),
        )
    })
}

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(Line::new(body::GeSerial::new(limits), limits))
}
