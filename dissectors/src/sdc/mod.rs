//! IEEE 11073 SDC: WS-Discovery over UDP, BICEPS messages (10207) in SOAP 1.2 over HTTP (MDPWS
//! 20702, 20701), WS-Eventing, WS-Transfer and WS-MetadataExchange as DPWS uses them.
//!
//! Over TCP it is carried by `http`, which hands over whole bodies. Reports and waveforms are told
//! as small messages without their values. What an MDIB says about handles is taught
//! ([`Lesson`](crate::message::Lesson)) and used at once for later operations of the same connection.

mod addressing;
mod context;
mod discovery;
mod fields;
mod mdib;
mod names;
pub mod nomenclature;
mod operation;
mod services;
mod soap;
#[cfg(test)]
mod tests;
mod text;
mod xml;

pub use fields::*;
pub use soap::{Soap, Via, envelope_end};
pub use text::is_wide_envelope;

use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Side, Transport};
use crate::http::Faults;
use crate::limits::Limits;
use crate::message::Messages;
use crate::schema::{Port, Protocol, Provenance};

/// SDC and the web services that it stands on.
pub const SDC: Protocol = Protocol {
    name: "sdc",
    title: "IEEE 11073 SDC (BICEPS, MDPWS, WS-Discovery)",
    provenance: Provenance::Implementation,
    source: "BICEPS schemas and behaviour of sdc11073 3.0.0; IHE SDPi; OASIS WS-Discovery 1.1, DPWS 1.1",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[Port::Udp(3702)],
    transports: &[Transport::Udp, Transport::Carried],
    probe,
    open,
    path: None,
};

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(Datagrams {
        soap: Soap::new(limits),
    })
}

/// An envelope in a datagram. Matches come from any port to any port, so content decides; on the
/// discovery port anything else is a broken datagram of this protocol.
fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let front = &first[..first.len().min(2048)];
    let start = front
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(front)
        .trim_ascii_start();
    if start.starts_with(b"<") {
        let has = |word: &[u8]| memchr::memmem::find(front, word).is_some();
        if has(b"soap-envelope") || has(b"soap/envelope") || has(b"ws-dd/ns/discovery") {
            return Probe::Yes(Confidence(95));
        }
        if hint.port {
            return Probe::Yes(Confidence(40));
        }
    }
    if is_wide_envelope(first) {
        return Probe::Yes(Confidence(80));
    }
    if hint.port {
        Probe::Yes(Confidence(5))
    } else {
        Probe::No
    }
}

/// WS-Discovery datagrams between two ends.
struct Datagrams {
    soap: Soap,
}

/// DPWS 1.1, MAX_UDP_ENVELOPE_SIZE.
const LONGEST_DATAGRAM: usize = 4096;

impl Dissector for Datagrams {
    fn read(&mut self, _: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        let range = at..at + input.len() as u64;
        let mut faults = Faults::default();
        if input.len() > LONGEST_DATAGRAM {
            faults.add("datagram-too-long", at + LONGEST_DATAGRAM as u64);
        }
        let via = Via::datagram(faults);
        if !self.soap.carried(input, &via, range.clone(), out) {
            out.message(MALFORMED, range).anomaly("not-xml", at);
        }
        Progress::Read(input.len())
    }

    fn gap(&mut self, _: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        Progress::Read(0)
    }

    fn end(&mut self, _: Side, _: &[u8], _: End, _: &mut Messages<'_>) {}

    fn held(&self) -> usize {
        self.soap.held()
    }
}
