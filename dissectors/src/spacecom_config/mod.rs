//! An unauthenticated service that configures the pump in standby; its layout is not public. Anyn//! session to it by another host than the vendor's server is the sign.

use crate::behaviour::{self, FIELDS, KINDS};
use crate::contract::{Dissector, Side, Transport};
use crate::limits::Limits;
use crate::schema::{Port, Protocol, Provenance};

/// Behaviour only.
pub const SPACECOM_CONFIG: Protocol = Protocol {
    name: "spacecom_config",
    title: "B. Braun SpaceCom configuration service",
    provenance: Provenance::Behaviour,
    source: "ICSMA-21-294-01; TCP 1500 by common report (unverified)",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: &[],
    hints: &[Port::Tcp(1500)],
    transports: &[Transport::Tcp],
    probe: behaviour::probe,
    open,
    path: None,
};

fn open(_: &Limits) -> Box<dyn Dissector> {
    behaviour::open(Some(Side::Server))
}
