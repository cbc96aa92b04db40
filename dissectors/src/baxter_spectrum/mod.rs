//! The radio module opens the session to its gateway; the message layout is not public. What gives ann//! attack away is the pump's session going to another server, or anybody opening one to the pump.

use crate::behaviour::{self, FIELDS, KINDS};
use crate::contract::{Dissector, Transport};
use crate::limits::Limits;
use crate::schema::{Port, Protocol, Provenance};

/// Behaviour only.
pub const BAXTER_SPECTRUM: Protocol = Protocol {
    name: "baxter_spectrum",
    title: "Baxter Sigma Spectrum radio module to its gateway",
    provenance: Provenance::Behaviour,
    source: "ICSMA-20-170-04, ICSMA-22-251-01; TCP 51243 from deployment guides (unverified)",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: &[],
    hints: &[Port::Tcp(51243)],
    transports: &[Transport::Tcp],
    probe: behaviour::probe,
    open,
    path: None,
};

fn open(_: &Limits) -> Box<dyn Dissector> {
    behaviour::open(None)
}
