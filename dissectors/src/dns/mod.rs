//! DNS and the two name services of a link that speak as it does, mDNS and LLMNR: who looks for
//! whom, and who answers. NetBIOS names have a protocol of their own (`nbns`), built on this one.
//!
//! | file | job |
//! |---|---|
//! | `signature` | is this DNS |
//! | `stream` | datagrams, or messages behind their lengths in TCP |
//! | `message` | header, questions, records, and what a message says |
//! | `name` | names with compression, and their marks of tunnels |
//! | `fields`, `types` | names |

mod fields;
mod message;
mod name;
mod signature;
mod stream;
#[cfg(test)]
mod tests;
mod types;

use crate::contract::Transport;
use crate::schema::{Port, Protocol, Provenance};

pub use fields::*;
pub(crate) use message::Header;
pub(crate) use name::{plain_name, read_name};

pub const DNS: Protocol = Protocol {
    name: "dns",
    title: "Domain Name System",
    provenance: Provenance::Specification,
    source: "RFC 1035, RFC 3596, RFC 6891, RFC 7766",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[Port::Udp(53), Port::Tcp(53)],
    transports: &[Transport::Udp, Transport::Tcp],
    probe: signature::dns,
    open: |_| Box::new(stream::Dns::new(Service::Dns)),
    path: None,
};

pub const MDNS: Protocol = Protocol {
    name: "mdns",
    title: "Multicast DNS",
    provenance: Provenance::Specification,
    source: "RFC 6762, RFC 6763",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[Port::Udp(5353)],
    transports: &[Transport::Udp],
    probe: signature::link_service,
    open: |_| Box::new(stream::Dns::new(Service::Mdns)),
    path: None,
};

pub const LLMNR: Protocol = Protocol {
    name: "llmnr",
    title: "Link-Local Multicast Name Resolution",
    provenance: Provenance::Specification,
    source: "RFC 4795",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[Port::Udp(5355)],
    transports: &[Transport::Udp],
    probe: signature::link_service,
    open: |_| Box::new(stream::Dns::new(Service::Llmnr)),
    path: None,
};

/// Which of the three services speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Service {
    Dns,
    Mdns,
    Llmnr,
}
