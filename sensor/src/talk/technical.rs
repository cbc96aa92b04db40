//! Free texts of faults: which words may be shown.
//!
//! An acknowledgement's text is the best hint at a cause, and a place where programs repeat a
//! patient's name. So words of the trade are shown and everything else is masked: a name that is not
//! in the list below cannot come through.

/// The text with every word masked that is no word of the trade.
pub fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
        } else {
            push_word(&mut out, &mut word);
            out.push(c);
        }
    }
    push_word(&mut out, &mut word);
    out
}

fn push_word(out: &mut String, word: &mut String) {
    if word.is_empty() {
        return;
    }
    let lower = word.to_lowercase();
    let place = lower.len() == 3 && SEGMENTS.contains(&lower.as_str());
    // One or two digits name a field (`PID-3`), never a person.
    let number = word.len() <= 2 && word.bytes().all(|b| b.is_ascii_digit());
    if place || number || WORDS.contains(&lower.as_str()) {
        out.push_str(word);
    } else if !out.ends_with(MASK) {
        out.push_str(MASK);
    }
    word.clear();
}

const MASK: &str = "***";

const SEGMENTS: &[&str] = &[
    "msh", "msa", "err", "evn", "pid", "pd1", "pv1", "pv2", "nk1", "orc", "obr", "obx", "nte",
    "rxg", "rxe", "rxo", "rxa", "rxr", "rxc", "rxd", "tq1", "qpd", "rcp", "qak", "qrd", "qrf",
    "dsc", "mrg", "equ", "ecd", "ecr", "sft", "fhs", "bhs", "bts", "fts", "prt", "spm", "sac",
    "mfi", "mfe", "al1", "dg1", "in1", "gt1",
];

#[rustfmt::skip]
const WORDS: &[&str] = &[
    "a", "able", "abort", "aborted", "accept", "accepted", "access", "accession", "ack", "acknowledgement",
    "acknowledgment", "active", "address", "admitted", "after", "alarm", "all", "allowed", "already", "an",
    "and", "another", "api", "application", "are", "argument", "as", "assigned", "associated", "association",
    "at", "attribute", "authentication", "authorised", "authorization", "authorized", "available", "bad",
    "be", "bed", "because", "been", "before", "busy", "by", "cancel", "cancelled", "cannot", "can", "channel",
    "character", "characters", "check", "checksum", "class", "client", "closed", "code", "coding", "command",
    "communication", "component", "conflict", "connect", "connected", "connection", "constraint", "contain",
    "contains", "control", "could", "create", "created", "data", "database", "dataset", "date", "declined",
    "denied", "destination", "detected", "device", "did", "disabled", "disk", "do", "does", "document", "dose",
    "drug", "due", "duplicate", "element", "empty", "encoding", "encounter", "entry", "error", "event",
    "exceeded", "exceeds", "exception", "exist", "exists", "expected", "expired", "facility", "fail", "failed",
    "failure", "fatal", "field", "file", "find", "for", "format", "found", "from", "full", "function", "gateway",
    "handle", "has", "have", "header", "hl7", "host", "id", "identifier", "ids", "ignored", "in", "inactive",
    "incomplete", "incorrect", "infusion", "instance", "insufficient", "internal", "invalid", "is", "it", "item",
    "key", "known", "length", "library", "limit", "limits", "list", "local", "location", "locked", "logged",
    "login", "long", "lost", "malformed", "many", "map", "mapping", "match", "matching", "maximum", "memory",
    "message", "method", "minimum", "mismatch", "missing", "mode", "module", "more", "mrn", "must", "name",
    "network", "no", "non", "none", "not", "null", "number", "object", "of", "offline", "on", "only", "open",
    "operation", "operator", "or", "order", "out", "outside", "overflow", "parameter", "parse", "parser",
    "parsing", "password", "patient", "pending", "permission", "permitted", "present", "procedure", "process",
    "processed", "processing", "profile", "programmed", "protocol", "provided", "provider", "pump", "query",
    "queue", "range", "rate", "reached", "read", "reason", "received", "receiver", "receiving", "record",
    "records", "refused", "registered", "reject", "rejected", "request", "requested", "required", "reserved",
    "resource", "resources", "response", "result", "results", "retry", "route", "running", "schema", "security",
    "segment", "segments", "sender", "sending", "sent", "sequence", "series", "server", "service", "session",
    "set", "should", "size", "sop", "specimen", "sql", "started", "state", "station", "status", "stopped",
    "storage", "store", "stored", "string", "structure", "study", "supported", "syntax", "system", "table",
    "test", "text", "than", "that", "the", "there", "this", "time", "timed", "timeout", "title", "to", "too",
    "transaction", "trigger", "type", "uid", "unable", "unauthorised", "unauthorized", "unavailable", "unexpected",
    "unit", "units", "unknown", "unrecognised", "unrecognized", "unsupported", "update", "user", "validation",
    "value", "values", "version", "visit", "volume", "waiting", "warning", "was", "were", "while", "will", "with",
    "without", "wrong", "xml",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_number_in_an_error_text_are_masked() {
        assert_eq!(
            masked("Unknown patient DOE^JANE, MRN 4711-0815 in PID-3"),
            "Unknown patient ***^***, MRN ***-*** in PID-3"
        );
    }

    #[test]
    fn words_in_other_scripts_are_masked() {
        assert_eq!(
            masked("patient Müller 山田 unknown"),
            "patient *** *** unknown"
        );
    }
}
