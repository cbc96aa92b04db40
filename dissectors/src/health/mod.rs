//! How the sensor itself fares, as messages: the sensor writes these, no dissector does.
//!
//! So what limits its sight (frames lost, a mirror that shows one direction, a dissector that
//! crashed) reaches rules, exceptions and outputs by the same language as everything else.

use crate::schema::{Protocol, Provenance};
use crate::{fields, kinds, silent};

fields! {
    NAME "name" Text, Open, "what it is about: interface, limit, output, protocol, heart-beat";
    WHY "why" Text, Open, "the trouble in words";
    COUNT "count" Integer, Open, "frames, conversations or hits concerned since the last look";
    BYTES "bytes" Integer, Open, "payload bytes concerned";
    SHARE "share" Decimal, Open, "part of all that it is measured against, in percent";
    SECONDS "seconds" Integer, Open, "how long it has lasted";
}

kinds! {
    DROPS "drops", "kernel or interface lost frames before the sensor saw them";
    ONE_SIDED "one-sided", "TCP conversations of which one direction only is seen";
    GAP "gap", "bytes of an identified conversation never came; told once a side";
    LIMIT "limit", "a named limit refused or evicted something";
    FAULT "fault", "a dissector crashed; its conversation is not decoded any more";
    QUIET "quiet", "a live interface on which nothing comes";
    REFUSED "reload-refused", "changed rules, policy or settings have mistakes: the old ones stay";
    BEHIND "output-behind", "an output cannot keep up, or fails";
    UNDECODED "undecoded", "a conversation ended that no dissector knew";
    DUPLICATES "duplicates", "frames that the mirror shows twice";
    CANARY "canary-missing", "a heart-beat that the configuration names was not seen for longer than it may be silent";
}

/// The sensor's own health.
pub const HEALTH: Protocol = Protocol {
    name: "health",
    title: "Health of the sensor",
    provenance: Provenance::Specification,
    source: "counters of wardwatch itself",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: &[],
    hints: &[],
    transports: &[],
    probe: silent::probe,
    open: silent::open,
    path: None,
};
