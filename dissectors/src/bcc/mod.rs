//! B. Braun Space and compactPlus: BCC on TCP 4001 of the SpaceCom, or on a serial line.
//!
//! The documented requests only read. Anything else may be a write and is `unknown-verb`. A drug
//! library that was loaded shows itself in the parameters DLNAME and DLCRETIME of the next poll.

mod body;
mod fields;
mod frame;
mod parameters;
#[cfg(test)]
mod tests;

use crate::contract::{Dissector, Hint, Probe, Side};
use crate::limits::Limits;
use crate::schema::{Protocol, Provenance};
use crate::serial::{self, Line, signature};

pub use fields::{FIELDS, KINDS};

/// BCC.
pub const BCC: Protocol = Protocol {
    name: "bcc",
    title: "B. Braun Space and compactPlus, BCC",
    provenance: Provenance::Specification,
    source: "B. Braun Technical Interface Specification BCC I0022_000030 v4.0, 2019",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: serial::ANOMALIES,
    hints: serial::PORTS,
    transports: serial::TRANSPORTS,
    probe,
    open,
    path: None,
};

/// Length and sum agree: false by chance less than once in a million frames of that shape.
fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let bar = signature::Bar {
        enough: 1,
        confidence: 97,
        on_port: 1,
        port_confidence: 97,
        words: false,
    };
    signature::recognise(first, hint, bar, |rest| frame::cut(rest, 0), frame::sign)
}

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(Line::new(body::Bcc::new(limits), limits))
}
