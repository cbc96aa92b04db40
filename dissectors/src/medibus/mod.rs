//! Dräger MEDIBUS and MEDIBUS.X: ventilators and anaesthesia machines on a serial line.
//!
//! Either side may ask; a command may stand inside a response, real-time bytes anywhere. No
//! published command changes a setting, starts, stops or silences: 4A, 54 and 55 only shape or end
//! the report. What must not be overlooked is a host that blinds another one with these, and a
//! code that nobody published.

mod body;
mod codes;
mod fields;
mod frame;
#[cfg(test)]
mod tests;

use crate::contract::{Dissector, Hint, Probe, Side};
use crate::limits::Limits;
use crate::schema::{Protocol, Provenance};
use crate::serial::{self, Line, signature};

pub use fields::{FIELDS, KINDS};

/// MEDIBUS.
pub const MEDIBUS: Protocol = Protocol {
    name: "medibus",
    title: "Dräger MEDIBUS, ventilators and anaesthesia machines",
    provenance: Provenance::Specification,
    source: "MEDIBUS protocol definition 7th ed. 2003 (90 28 258); code maps of mdpnp/mdpnp devices/draeger",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: serial::PORTS,
    transports: serial::TRANSPORTS,
    probe,
    open,
    path: None,
};

const ANOMALIES: &[(&str, &str)] = &[
    (
        serial::NOT_A_FRAME,
        "bytes between frames that belong to none; the run begins at the offset",
    ),
    (
        serial::UNFINISHED,
        "a frame began and another one began before its end",
    ),
    (
        serial::TOO_LONG,
        "no frame end within the limit `serial-frame`",
    ),
    (serial::BAD_CHECKSUM, "the check sum does not fit the bytes"),
    (
        serial::BAD_NUMBER,
        "a number is expected here and the text is none",
    ),
    (
        serial::BAD_LAYOUT,
        "the data do not follow the layout of their code",
    ),
    (ABORTED, "CAN ended the frame"),
];

const ABORTED: &str = "aborted";

/// Two frames with right sums and published codes, or the opening exchange.
fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let bar = signature::Bar {
        enough: 2,
        confidence: 90,
        on_port: 1,
        port_confidence: 70,
        words: false,
    };
    signature::recognise(first, hint, bar, frame::cut, frame::sign)
}

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(Line::new(body::Medibus::new(limits), limits))
}
