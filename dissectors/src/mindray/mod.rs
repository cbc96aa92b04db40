//! Mindray bedside monitors announcing themselves on UDP 4600, an HL7 2.3.1 message in a broadcast.
//!
//! Their results on TCP 4601 are plain HL7 in MLLP and belong to `hl7v2`: there MSH-10 is a kind of
//! message (204 periodic, 503 aperiodic, 54 alarms, 106 echo, 1203 query), not a serial number.

#[cfg(test)]
mod tests;

use crate::action::{Action, Device, Verb};
use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Side, Transport};
use crate::limits::Limits;
use crate::message::{Draft, Messages};
use crate::octets::ShortText;
use crate::schema::{Port, Protocol, Provenance};
use crate::{fields, kinds};

fields! {
    MESSAGE_TYPE "message_type" Text, Open, "message type (MSH-9)";
    CONTROL_ID "control_id" Text, Open, "kind of the message (MSH-10)";
    VERSION "version" Text, Open, "HL7 version (MSH-12)";
    WARD "ward" Text, Open, "department (PV1-3)";
    BED "bed" Text, Open, "bed (PV1-3)";
    ADDRESS "address" Text, Open, "IPv4 address that the monitor claims (PV1-3)";
    RESULTS_PORT "results_port" Text, Open, "TCP port of its results (PV1-3)";
    PATIENT_ID "patient_id" Text, Patient("pid"), "patient id (PID-3)";
    PATIENT_NAME "patient_name" Text, Patient("name"), "patient name (PID-5)";
    BIRTH_DATE "birth_date" Time, Patient("birth"), "date of birth (PID-7)";
    SEX "sex" Text, Patient("sex"), "sex (PID-8)";
}

kinds! {
    ANNOUNCEMENT "announcement", "a monitor says that it is there";
    MALFORMED "malformed", "a datagram that is no HL7 message";
}

/// Mindray Patient Data Share, the announcements.
pub const MINDRAY: Protocol = Protocol {
    name: "mindray",
    title: "Mindray monitor announcements",
    provenance: Provenance::Experimental,
    source: "one public client that listens on UDP 4600; no capture",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: &[("not-hl7", "the datagram is no HL7 message")],
    hints: &[Port::Udp(4600)],
    transports: &[Transport::Udp],
    probe,
    open,
    path: None,
};

/// HL7 elsewhere on UDP is not Mindray's.
fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    match message(first) {
        Some(_) if hint.port => Probe::Yes(Confidence(70)),
        _ => Probe::No,
    }
}

/// The message in a datagram, with or without the bytes of an MLLP block.
fn message(bytes: &[u8]) -> Option<&[u8]> {
    let bytes = bytes.strip_prefix(b"\x0b").unwrap_or(bytes);
    let end = bytes.iter().position(|b| *b == 0x1C).unwrap_or(bytes.len());
    bytes.starts_with(b"MSH|^~\\&|").then(|| &bytes[..end])
}

fn open(_: &Limits) -> Box<dyn Dissector> {
    Box::new(Mindray)
}

/// PV1-3: in its third component department, bed, address as a number, port.
fn location(field: &[u8], draft: &mut Draft<'_>) {
    let component = field.split(|b| *b == b'^').nth(2).unwrap_or(b"");
    let mut parts = component.split(|b| *b == b'&');
    draft.text_if(WARD, parts.next().unwrap_or(b""));
    draft.text_if(BED, parts.next().unwrap_or(b""));
    let address = parts.next().unwrap_or(b"");
    if let Some(address) = std::str::from_utf8(address)
        .ok()
        .and_then(|text| text.parse::<u32>().ok())
    {
        let [a, b, c, d] = address.to_be_bytes();
        let text = ShortText::<16>::of(format_args!("{a}.{b}.{c}.{d}"));
        draft.text(ADDRESS, text.as_bytes());
    }
    draft.text_if(RESULTS_PORT, parts.next().unwrap_or(b""));
}

/// Every datagram stands for itself.
struct Mindray;

impl Dissector for Mindray {
    fn read(&mut self, _: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        let range = at..at + input.len() as u64;
        let Some(message) = message(input) else {
            out.message(MALFORMED, range).anomaly("not-hl7", at);
            return Progress::Read(input.len());
        };
        let mut draft = out.message(ANNOUNCEMENT, range);
        draft.action(Action {
            device: Device::Monitor,
            ..Action::of(Verb::Discover)
        });
        for segment in message.split(|b| *b == b'\r' || *b == b'\n') {
            let field = |n: usize| segment.split(|b| *b == b'|').nth(n).unwrap_or(b"");
            match segment.get(..4) {
                // The first mark of the header counts as its first field.
                Some(b"MSH|") => draft
                    .text_if(MESSAGE_TYPE, field(8))
                    .text_if(CONTROL_ID, field(9))
                    .text_if(VERSION, field(11)),
                Some(b"PID|") => {
                    draft
                        .text_if(PATIENT_ID, field(3))
                        .text_if(PATIENT_NAME, field(5))
                        .text_if(SEX, field(8));
                    match field(7) {
                        b"" => &mut draft,
                        birth => draft.time(BIRTH_DATE, birth),
                    }
                }
                Some(b"PV1|") => {
                    location(field(3), &mut draft);
                    &mut draft
                }
                _ => &mut draft,
            };
        }
        Progress::Read(input.len())
    }

    fn gap(&mut self, _: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        Progress::Read(0)
    }

    fn end(&mut self, _: Side, _: &[u8], _: End, _: &mut Messages<'_>) {}
}
