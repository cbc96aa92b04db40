//! HL7 version 2 over MLLP: ER7 and v2.xml messages, batches, and the IHE device profiles.
//!
//! [`mllp`] finds blocks in the stream, [`block`] cuts a block into messages, [`message`] turns the
//! segments of one into fields, joins and an action. Everything else serves one of the three.
//!
//! A message's kept body is its text in UTF-8, one segment a line, from the header on: paths such
//! as `RXG-15` ([`path`]) read it.
//!
//! Sources: HL7 v2 chapters 2, 2A, 4, 7, 13 (control, data types, orders, observations, laboratory
//! automation); HL7 Transport Specification: MLLP, release 2; IHE PCD Technical Framework rev. 8.0
//! volumes 2 and 3; ISO/IEEE 11073-10101. The tables of HL7 were checked against hl7apy 1.3.5.

mod action;
mod batch;
mod block;
mod charset;
mod content;
mod cut;
mod delimiters;
mod escape;
mod fields;
mod header;
mod kinds;
mod mdc;
mod message;
mod mllp;
mod observation;
mod order;
mod path;
mod probe;
mod segments;
mod structure;
mod units;
mod writer;
mod xml;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;

use crate::contract::Transport;
use crate::schema::{Port, Protocol, Provenance};

pub use fields::*;

pub const HL7V2: Protocol = Protocol {
    name: "hl7v2",
    title: "HL7 version 2 over MLLP",
    provenance: Provenance::Specification,
    source: "HL7 v2 ch. 2, 4, 7, 13; MLLP release 2; IHE PCD TF-2 and TF-3",
    fields: FIELDS,
    kinds: kinds::KINDS,
    anomalies: ANOMALIES,
    hints: &[
        Port::Tcp(2575),
        Port::Tcp(2576),
        Port::Tcp(6661),
        Port::Tcp(6662),
        Port::Tcp(6663),
        Port::Tcp(6664),
        Port::Tcp(6665),
    ],
    transports: &[Transport::Tcp, Transport::Carried],
    probe: probe::probe,
    open: |limits| Box::new(mllp::Mllp::new(limits)),
    path: Some(path::compile),
};

const ANOMALIES: &[(&str, &str)] = &[
    (
        "bad-escape",
        "An escape sequence without its end, or of no known form",
    ),
    ("bad-number", "A number's field holds no number"),
    (
        "batch-count",
        "The batch trailer announces another number of messages than there are",
    ),
    (
        "batch-structure",
        "A batch or file header inside a batch that was not closed",
    ),
    ("between-blocks", "Bytes outside any block"),
    (
        "block-too-long",
        "The block is longer than the limit mllp-message; its rest was passed over",
    ),
    (
        "byte-order-mark",
        "A UTF-8 byte order mark before the header",
    ),
    (
        "charset-mismatch",
        "The text is not in the character set that MSH-18 declares",
    ),
    ("control-byte", "A control byte inside the message"),
    (
        "cut-off",
        "The capture, or the room for the conversation, ended inside the message",
    ),
    (
        "end-block-without-cr",
        "The end byte 1C is not followed by 0D",
    ),
    (
        "file-count",
        "The file trailer announces another number of batches than there are",
    ),
    ("framing-byte-inside", "A start or end byte inside a block"),
    ("gap", "Bytes of the message were not captured"),
    (
        "header-cut-short",
        "The header ends before its delimiters are complete",
    ),
    (
        "malformed-header",
        "Delimiters are missing, equal, alphanumeric or control bytes",
    ),
    (
        "mdc-code-disagrees",
        "Code and reference id of an observation name different things",
    ),
    (
        "missing-end-block",
        "A new block begins before the one at hand ends",
    ),
    (
        "not-a-segment",
        "A line that does not begin with a segment id",
    ),
    ("not-er7", "The block does not begin with a header segment"),
    (
        "odd-number",
        "A number in a form that the standard does not allow, or of more than 15 digits",
    ),
    ("segment-id-case", "The header's id is in small letters"),
    (
        "segment-injection",
        "A segment behind an escaped line break, or where the message has no place for it",
    ),
    (
        "segment-outside-message",
        "A segment of a batch that belongs to no message",
    ),
    (
        "several-messages-in-block",
        "More than one message in a block without a batch header",
    ),
    ("start-block-twice", "A start byte directly behind another"),
    ("start-not-seen", "The capture began inside this message"),
    (
        "too-many-encoding-characters",
        "MSH-2 holds more than five characters",
    ),
    (
        "too-many-segments",
        "More segments than the limit hl7-segments; the rest was left out",
    ),
    ("type-case", "The message type is in small letters"),
    ("type-missing", "MSH-9 is empty"),
    ("type-too-long", "The message type is longer than any"),
    ("unframed", "A message without the start byte 0B"),
    (
        "unit-disagrees",
        "The two codings of a unit name different units",
    ),
    ("unterminated", "The stream ended inside the block"),
    (
        "xml-doctype",
        "A document type definition, which may define entities",
    ),
    ("xml-entity", "An entity that is none of XML's own"),
    ("xml-malformed", "Tags that do not close"),
    ("xml-not-hl7", "An XML document that is no HL7 v2.xml"),
    (
        "xml-too-deep",
        "Elements nested deeper than HL7 v2.xml has levels",
    ),
    (
        "xml-too-long",
        "Field numbers so high that the message would grow beyond its size",
    ),
];
