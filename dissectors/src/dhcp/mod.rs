//! DHCP for IPv4 and IPv6: who joins the network, as what, and who hands out its addresses, its
//! routers, its name servers and its clocks.
//!
//! | file | job |
//! |---|---|
//! | `v4`, `fields` | RFC 2131 and 2132 |
//! | `v6`, `fields6` | RFC 8415 |

mod fields;
mod fields6;
#[cfg(test)]
mod tests;
mod v4;
mod v6;

use crate::contract::Transport;
use crate::schema::{Port, Protocol, Provenance};

pub use fields::*;

pub const DHCP: Protocol = Protocol {
    name: "dhcp",
    title: "Dynamic Host Configuration Protocol",
    provenance: Provenance::Specification,
    source: "RFC 2131, RFC 2132, RFC 3046, RFC 3442, RFC 4702",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[Port::Udp(67)],
    transports: &[Transport::Udp],
    probe: v4::probe,
    open: |_| Box::new(v4::Dhcp),
    path: None,
};

pub const DHCPV6: Protocol = Protocol {
    name: "dhcpv6",
    title: "Dynamic Host Configuration Protocol for IPv6",
    provenance: Provenance::Specification,
    source: "RFC 8415, RFC 3646, RFC 4704, RFC 5908",
    fields: fields6::FIELDS,
    kinds: fields6::KINDS,
    anomalies: fields6::ANOMALIES,
    hints: &[Port::Udp(547)],
    transports: &[Transport::Udp],
    probe: v6::probe,
    open: |_| Box::new(v6::Dhcpv6),
    path: None,
};
