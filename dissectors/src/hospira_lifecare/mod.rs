//! MedNet's messages are not public. The known attacks come by Telnet, FTP and HTTP and aren//! reported by those protocols; this one covers the ports that deployment guides name.

use crate::behaviour::{self, FIELDS, KINDS};
use crate::contract::{Dissector, Side, Transport};
use crate::limits::Limits;
use crate::schema::{Port, Protocol, Provenance};

/// Behaviour only.
pub const HOSPIRA_LIFECARE: Protocol = Protocol {
    name: "hospira_lifecare",
    title: "Hospira / ICU Medical LifeCare and Plum to MedNet",
    provenance: Provenance::Behaviour,
    source: "ICSA-15-125-01, ICSA-15-161-01; TCP 9292 and 11444 from deployment guides (unverified)",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: &[],
    hints: &[Port::Tcp(9292), Port::Tcp(11444)],
    transports: &[Transport::Tcp],
    probe: behaviour::probe,
    open,
    path: None,
};

fn open(_: &Limits) -> Box<dyn Dissector> {
    behaviour::open(Some(Side::Server))
}
