//! Names of HL7 v2 fields, and which of them may be shown (HL7 v2.6 chapters 2 to 7, 13).
//!
//! A name that begins with `~` is masked: it is about a person, or may hold any text. So is every field
//! that is not listed.

use std::borrow::Cow;

/// What may be shown of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    Open,
    Masked,
    Secret,
}

/// A field's name and whether it may be shown.
pub fn field(segment: [u8; 3], number: usize) -> (Cow<'static, str>, Shown) {
    let row = SEGMENTS.iter().find(|(id, _)| id.as_bytes() == segment);
    let name = row.and_then(|(_, names)| names.get(number.wrapping_sub(1)));
    match name {
        Some(&"!") => (Cow::Borrowed("security"), Shown::Secret),
        Some(name) if !name.is_empty() => match name.strip_prefix('~') {
            Some(name) => (Cow::Borrowed(name), Shown::Masked),
            None => (Cow::Borrowed(name), Shown::Open),
        },
        _ => (Cow::Owned(format!("field {number}")), Shown::Masked),
    }
}

#[rustfmt::skip]
const SEGMENTS: &[(&str, &[&str])] = &[
    ("MSH", &["separator", "encoding characters", "sending application", "sending facility", "receiving application",
        "receiving facility", "time", "!", "message type", "control id", "processing id", "version", "sequence number",
        "continuation", "accept ack wanted", "application ack wanted", "country", "character set", "language",
        "character set handling", "profile", "sending organization", "receiving organization", "sending address",
        "receiving address"]),
    ("FHS", HEADER), ("BHS", HEADER),
    ("FTS", &["batches", "~comment"]), ("BTS", &["messages", "~comment", "~totals"]),
    ("SFT", &["vendor", "version", "product", "binary id", "~information", "installed"]),
    ("MSA", &["ack code", "control id", "~text", "expected sequence number", "delayed ack type", "error condition"]),
    ("ERR", &["code and location", "location", "error code", "severity", "application error code", "~parameter",
        "~diagnostics", "~user message", "inform person", "~override type", "~override reason", "~help desk"]),
    ("EVN", &["event", "recorded", "planned", "reason", "~operator", "occurred", "facility"]),
    ("PID", &["set id", "~patient id", "~identifiers", "~alternate id", "~name", "~mother's maiden name", "~birth", "~sex",
        "~alias", "~race", "~address", "~county", "~phone home", "~phone business", "~language", "~marital status",
        "~religion", "~account", "~SSN"]),
    ("PV1", &["set id", "patient class", "~location", "admission type", "~preadmit number", "~prior location",
        "~attending", "~referring", "~consulting", "hospital service"]),
    ("MRG", &["~prior identifiers", "~prior alternate id", "~prior account", "~prior patient id", "~prior visit"]),
    ("ORC", &["order control", "~placer order", "~filler order", "~placer group", "order status", "response flag",
        "quantity and timing", "~parent", "time", "~entered by", "~verified by", "~ordering provider"]),
    ("OBR", &["set id", "~placer order", "~filler order", "service", "priority", "requested", "observed", "observed until",
        "volume", "~collector", "action code", "~danger code", "~clinical information", "received", "~source",
        "~ordering provider", "~callback", "~placer field 1", "~placer field 2", "~filler field 1", "~filler field 2",
        "status changed", "~charge", "section", "result status"]),
    ("OBX", &["set id", "value type", "observation", "sub-id", "~value", "units", "reference range", "~interpretation",
        "probability", "nature", "result status", "normal range since", "~access checks", "observed", "producer",
        "~observer", "method", "equipment", "analysed", "site"]),
    ("NTE", &["set id", "source", "~comment"]),
    ("RXG", &["give id", "dispense id", "quantity and timing", "give code", "amount minimum", "amount maximum", "units",
        "dosage form", "~notes", "substitution", "~dispense to", "needs review", "~instructions", "per", "rate",
        "rate units", "strength", "strength units", "lot", "expires", "manufacturer", "~indication", "strength volume",
        "strength volume units"]),
    ("RXE", &["quantity and timing", "give code", "amount minimum", "amount maximum", "units", "dosage form",
        "~instructions", "~deliver to", "substitution", "dispense amount", "dispense units", "refills", "~prescriber",
        "~verifier", "~prescription", "refills left", "refills used", "last refill", "total daily dose", "needs review",
        "~pharmacy instructions", "per", "rate", "rate units", "strength", "strength units"]),
    ("RXO", &["give code", "amount minimum", "amount maximum", "units", "dosage form"]),
    ("RXR", &["route", "site", "device", "method"]),
    ("TQ1", &["set id", "quantity", "repeat", "explicit time", "relative time", "service duration", "start", "end",
        "priority", "~condition", "~text", "conjunction", "duration", "occurrences"]),
    ("QPD", &["query", "query tag", "~parameter", "~parameter", "~parameter", "~parameter"]),
    ("QAK", &["query tag", "status", "query", "hits", "this payload", "remaining"]),
    ("RCP", &["priority", "limit", "modality"]),
    ("QRD", &["time", "format", "priority", "~query id", "deferred type", "deferred time", "limit", "~who", "what",
        "department", "~value", "level"]),
    ("EQU", &["equipment", "time", "state", "control", "alert level"]),
    ("ECD", &["reference", "command", "response required", "completion time", "~parameters"]),
    ("ECR", &["response", "completed", "~parameters"]),
    ("MFI", &["master file", "application", "event", "entered", "effective", "response level"]),
    ("MFE", &["event", "control id", "effective", "~key", "key type"]),
];

const HEADER: &[&str] = &[
    "separator",
    "encoding characters",
    "sending application",
    "sending facility",
    "receiving application",
    "receiving facility",
    "time",
    "!",
    "~name",
    "~comment",
    "control id",
    "reference control id",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_not_listed_is_masked() {
        assert_eq!(field(*b"ZPM", 3), (Cow::Borrowed("field 3"), Shown::Masked));
        assert_eq!(field(*b"MSH", 99).1, Shown::Masked);
        assert_eq!(field(*b"MSH", 0).1, Shown::Masked);
    }

    #[test]
    fn the_security_field_is_a_secret_even_when_patients_are_shown() {
        assert_eq!(field(*b"MSH", 8).1, Shown::Secret);
        assert_eq!(field(*b"PID", 5).1, Shown::Masked);
        assert_eq!(field(*b"MSA", 1), (Cow::Borrowed("ack code"), Shown::Open));
    }
}
