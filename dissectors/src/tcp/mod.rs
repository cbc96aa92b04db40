//! What happens to TCP itself, as messages: the flow layer writes these, no dissector does.
//!
//! So rules reach transport events (an injected segment, a reset from elsewhere, an attempt that
//! nobody answered) by the same language as everything else.

use crate::schema::{Protocol, Provenance};
use crate::{fields, kinds, silent};

fields! {
    OFFSET "offset" Integer, Open, "stream offset of the first byte concerned";
    LENGTH "length" Integer, Open, "bytes concerned";
    TTL "ttl" Integer, Open, "TTL or hop limit of this packet";
    FLOW_TTL "flow_ttl" Integer, Open, "TTL or hop limit usual for this side of the conversation";
    MAC "mac" Text, Open, "source MAC of this packet";
    FLOW_MAC "flow_mac" Text, Open, "source MAC usual for this side of the conversation";
    CLIENT_BYTES "client_bytes" Integer, Open, "payload bytes from the client";
    SERVER_BYTES "server_bytes" Integer, Open, "payload bytes from the server";
    STATE "state" Text, Open, "how far the conversation got: attempt, half-open, refused, established, closed, reset; of a RST that fits no window: ignored";
    URGENT_POINTER "urgent_pointer" Integer, Open, "urgent pointer of a packet whose pointer and bytes do not fit together";
    STEP "step" Decimal, Open, "seconds by which the capture's clock was set back";
}

kinds! {
    OVERLAP "overlap-differs", "two copies of the same stream bytes differ; the first was decoded (RFC 9293 3.10)";
    RESET "reset", "RST that ended or tried to end the conversation";
    REFUSED "refused", "SYN answered by RST";
    ATTEMPT "attempt", "SYN that nobody answered, told when the conversation is given up";
    OPENED "opened", "the three-way handshake was completed";
    CLOSED "closed", "the conversation ended";
    HANDSHAKE "handshake-differs", "a second SYN-ACK to one SYN, with another sequence number";
    MAC_DIFFERS "mac-differs", "a packet came from another MAC than the first of its side; told once a side, of datagrams too";
    URGENT "urgent-odd", "urgent data that no program sends: the pointer is 0, or points beyond the bytes that came; told once a side";
    CLOCK_STEP "clock-step", "the time of the frames went back by more than disorder explains";
}

/// Transport events.
pub const TCP: Protocol = Protocol {
    name: "tcp",
    title: "Transport events of TCP conversations",
    provenance: Provenance::Specification,
    source: "RFC 9293",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: &[],
    hints: &[],
    transports: &[],
    probe: silent::probe,
    open: silent::open,
    path: None,
};
