//! What is wrong with packets below their transport, as messages: the decoder's events, no
//! dissector writes these. So rules reach them by the same language as everything else.

use crate::schema::{Protocol, Provenance};
use crate::{fields, kinds, silent};

fields! {
    PROTOCOL "protocol" Integer, Open, "number of the protocol whose checksum is wrong; 0 is IPv4 itself (RFC 791, 1071)";
    OFFSET "offset" Integer, Open, "byte of the datagram at which fragments disagree (RFC 815)";
    FIRST "first" Integer, Open, "the byte there in the fragment that came first and was used";
    SECOND "second" Integer, Open, "the byte there in the later fragment";
}

kinds! {
    BAD_CHECKSUM "bad-checksum", "a wrong checksum that was not left to the network card: the frame was kept out";
    FRAGMENT_DIFFERS "fragment-differs", "a fragment overlaps an earlier one with other bytes; the first was used";
    FRAGMENT_LENGTH "fragment-length", "fragments disagree about the datagram's length or reach beyond it";
}

/// Packet events.
pub const IP: Protocol = Protocol {
    name: "ip",
    title: "Events of IP packets and fragments",
    provenance: Provenance::Specification,
    source: "RFC 791, RFC 8200, RFC 815",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: &[],
    hints: &[],
    transports: &[],
    probe: silent::probe,
    open: silent::open,
    path: None,
};
