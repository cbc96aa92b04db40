//! The list of protocols. Registering one is one line here.

use crate::schema::{FieldId, KindId, Protocol};

/// Every protocol, in registration order (which breaks ties between signatures).
#[rustfmt::skip] // one line a protocol
pub const PROTOCOLS: &[&Protocol] = &[
    &crate::tcp::TCP,
    &crate::dicom::DICOM,
    &crate::hl7v2::HL7V2,
    &crate::arp::ARP,
    &crate::dhcp::DHCP,
    &crate::dhcp::DHCPV6,
    &crate::dns::DNS,
    &crate::dns::MDNS,
    &crate::dns::LLMNR,
    &crate::ssh::SSH,
    &crate::ftp::FTP,
];

/// Index of a protocol in [`PROTOCOLS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProtocolId(pub u16);

impl ProtocolId {
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    pub fn protocol(self) -> &'static Protocol {
        PROTOCOLS[self.index()]
    }

    pub fn name(self) -> &'static str {
        self.protocol().name
    }

    /// Finds a protocol by its name.
    pub fn of(name: &str) -> Option<ProtocolId> {
        PROTOCOLS
            .iter()
            .position(|p| p.name == name)
            .map(|at| ProtocolId(at as u16))
    }
}

impl Protocol {
    pub fn field(&self, name: &str) -> Option<FieldId> {
        self.fields
            .iter()
            .position(|f| f.name == name)
            .map(|at| FieldId(at as u16))
    }

    pub fn kind(&self, name: &str) -> Option<KindId> {
        self.kinds
            .iter()
            .position(|k| k.name == name)
            .map(|at| KindId(at as u16))
    }
}
