//! The list of protocols. Registering one is one line here.

use crate::schema::{FieldId, KindId, Protocol};

/// Every protocol, in registration order (which breaks ties between signatures).
#[rustfmt::skip] // one line a protocol
pub const PROTOCOLS: &[&Protocol] = &[
    &crate::tcp::TCP,
    &crate::ip::IP,
    &crate::dicom::DICOM,
    &crate::hl7v2::HL7V2,
    &crate::http::HTTP,
    &crate::sdc::SDC,
    &crate::tls::TLS,
    &crate::intellivue::INTELLIVUE,
    &crate::astm::ASTM,
    &crate::poct1a::POCT1A,
    &crate::phd::PHD,
    &crate::ge_unity::GE_UNITY,
    &crate::contec::CONTEC,
    &crate::datex_s5::DATEX_S5,
    &crate::capnostream::CAPNOSTREAM,
    &crate::masimo::MASIMO,
    &crate::nellcor::NELLCOR,
    &crate::nonin::NONIN,
    &crate::mindray::MINDRAY,
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
