//! HTTP/1 in clear (RFC 9110, RFC 9112): requests and responses, what they ask of a clinical
//! service (FHIR, DICOMweb, HL7 over HTTP, vendor pages), and SOAP for those that it carries.
//!
//! Bodies that nobody reads are passed over; a message then covers its head and the first bytes of
//! the body. An envelope of IEEE 11073 SDC is reported by `sdc`, not here.

mod chunk;
mod content;
mod credentials;
mod dicomweb;
mod fhir;
mod fields;
mod head;
mod hl7;
mod json;
mod lane;
mod message;
mod multipart;
mod resync;
mod service;
mod target;
#[cfg(test)]
pub(crate) mod tests;

pub use fields::*;
pub use head::Faults;
pub use message::{exchange_key, is_envelope, outcome};

use crate::contract::{Confidence, Dissector, Hint, Probe, Side, Transport};
use crate::limits::Limits;
use crate::schema::{Port, Protocol, Provenance};

/// HTTP/1 in clear.
pub const HTTP: Protocol = Protocol {
    name: "http",
    title: "HTTP/1 with FHIR, DICOMweb and device pages",
    provenance: Provenance::Specification,
    source: "RFC 9110, RFC 9112; FHIR R4 4.0.1; PS3.18",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[
        Port::Tcp(80),
        Port::Tcp(8080),
        Port::Tcp(8000),
        Port::Tcp(8042),
        Port::Tcp(8888),
        Port::Tcp(9080),
        Port::Tcp(6464),
    ],
    transports: &[Transport::Tcp, Transport::Carried],
    probe,
    open,
    path: None,
};

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(lane::Http::new(limits))
}

/// A request line or a status line. In mid-stream also one further on, or an envelope whose head
/// was missed.
fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let plain = match lane::start_line(first, false) {
        lane::Looks::Yes => Probe::Yes(Confidence(95)),
        lane::Looks::More => Probe::More(first.len() + 1),
        lane::Looks::No => match lane::start_line(first, true) {
            lane::Looks::Yes => Probe::Yes(Confidence(95)),
            lane::Looks::More => Probe::More(first.len() + 1),
            lane::Looks::No => Probe::No,
        },
    };
    if plain != Probe::No || !hint.mid_stream {
        return plain;
    }
    if resync::either(first, 0).is_some() {
        return Probe::Yes(Confidence(70));
    }
    if first.starts_with(b"<")
        && memchr::memmem::find(first, b"http://www.w3.org/2003/05/soap-envelope").is_some()
    {
        return Probe::Yes(Confidence(70));
    }
    // The middle of a body, perhaps: the other side will tell, or the next message.
    Probe::More(first.len() + 1)
}
