//! Every message that a capture is known to hold is found, at its frame, with its kind and fields.
//!
//! `NAME.expect.jsonl` beside a capture comes from other programs (pynetdicom, python-hl7, tshark, the
//! senders' own logs), not from wardwatch.

use std::path::Path;

use serde_json::Value;
use wardwatch_tests::capture::all_shipped;
use wardwatch_tests::replay::Replay;

/// Kinds of the truth files for bytes that are no message: any record that reports a fault will do.
const FAULTS: &[&str] = &[
    "malformed",
    "incomplete",
    "unknown",
    "not-",
    "between-blocks",
    "empty-block",
    "several-msh",
];

#[test]
fn every_expected_message_is_found_at_its_frame() {
    let mut checked = 0;
    let mut missing = Vec::new();
    for capture in all_shipped() {
        let truth = capture.with_extension("expect.jsonl");
        let Ok(text) = std::fs::read_to_string(&truth) else {
            continue;
        };
        let mut replay = Replay::of(&capture);
        replay.reveal = true;
        let mut records = replay.records();
        let mut expected: Vec<Value> = text
            .lines()
            .map(|l| serde_json::from_str(l).expect("a line of JSON"))
            .collect();
        // The most telling first, so that a vaguer one does not take its record.
        expected.sort_by_key(|e| std::cmp::Reverse(e["fields"].as_object().map_or(0, |f| f.len())));
        for e in expected.iter().filter(|e| required(e)) {
            checked += 1;
            if let Err(why) = meet(e, &mut records) {
                missing.push(format!("{}: {why}", name(&capture)));
            }
        }
    }
    assert!(checked > 500, "only {checked} expectations were found");
    assert!(
        missing.is_empty(),
        "{} of {checked} are not met:\n{}",
        missing.len(),
        missing.join("\n")
    );
}

fn required(e: &Value) -> bool {
    let link_layer = matches!(e["protocol"].as_str(), Some("opaque" | "text"));
    e["optional"] != true && !link_layer && e["kind"] != "tls-record"
}

/// Finds a record for an expectation and takes it away.
fn meet(e: &Value, records: &mut Vec<Value>) -> Result<(), String> {
    let protocol = e["protocol"].as_str().unwrap_or_default();
    let kind = e["kind"].as_str().unwrap_or_default();
    let candidates = records.iter().enumerate().filter(|(_, r)| {
        r["event_type"] == e["protocol"]
            && r["pcap_cnt"] == e["frame"]
            && kind_fits(kind, &r[protocol])
    });
    let wanted = || e["fields"].as_object().into_iter().flatten();
    let lacking = |r: &Value| -> Vec<String> {
        let told = values(r);
        wanted()
            .filter(|(_, want)| !told.iter().any(|v| same(&text(want), v)))
            .map(|(name, want)| format!("{name} = {want}"))
            .collect()
    };
    let best = candidates
        .map(|(at, r)| (lacking(r), at))
        .min_by_key(|(l, _)| l.len());
    match best {
        None => Err(format!("frame {}: {protocol} {kind} not found", e["frame"])),
        Some((lacks, at)) => {
            records.remove(at);
            if lacks.is_empty() {
                Ok(())
            } else {
                Err(format!(
                    "frame {}: {kind} lacks {}",
                    e["frame"],
                    lacks.join(", ")
                ))
            }
        }
    }
}

fn kind_fits(kind: &str, body: &Value) -> bool {
    let told = values(body);
    if kind.is_empty() || told.iter().any(|v| flat(v) == flat(kind)) {
        return true;
    }
    let lower = kind.to_lowercase();
    if FAULTS.iter().any(|f| lower.starts_with(f)) || kind == "message" {
        return body.get("anomaly").is_some();
    }
    // A status line by its code, a request line by its words.
    let words: Vec<&str> = match kind
        .strip_prefix("HTTP/1.1 ")
        .or(kind.strip_prefix("HTTP/1.0 "))
    {
        Some(status) => vec![status.split(' ').next().unwrap_or_default()],
        None => kind.trim_start_matches("COM-PORT ").split(' ').collect(),
    };
    words.iter().all(|w| told.iter().any(|v| same(w, v)))
}

/// Equal as text (case and punctuation aside), as numbers, or contained if long enough to mean something.
fn same(want: &str, told: &str) -> bool {
    let (w, t) = (flat(want), flat(told));
    let number = |s: &str| {
        s.strip_prefix("0x").map_or_else(
            || s.parse::<f64>().ok(),
            |h| i64::from_str_radix(h, 16).ok().map(|n| n as f64),
        )
    };
    want == told
        || (!w.is_empty() && w == t)
        || (w.len() > 3 && t.contains(&w))
        || number(want)
            .is_some_and(|n| number(told).is_some_and(|m| (n - m).abs() <= 1e-9 * n.abs().max(1.0)))
}

fn flat(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn values(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) => map.values().flat_map(values).collect(),
        Value::Array(list) => list.iter().flat_map(values).collect(),
        Value::Null => Vec::new(),
        other => vec![text(other)],
    }
}

fn name(path: &Path) -> String {
    path.file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default()
}
