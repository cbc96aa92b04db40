//! HL7 v2: a line a message; with `-v` a line a segment.

use std::collections::HashMap;

use dissectors::Side;

use super::conversation::{Conversation, Failure, Line};
use super::hl7_names::{self, Shown};
use super::reading::Reading;
use crate::output::clean;

/// The line of a message.
pub fn line(r: &mut Reading<'_, '_>, talk: &mut Conversation) -> Line {
    let m = r.m;
    let kind = clean::text(m.kind());
    let sender = sender(r);
    let id = r.text("control_id").unwrap_or_default();
    let mut text = format!("{sender}{kind}");
    if !id.is_empty() {
        text.push_str(&format!("  {id}"));
    }
    let ack = r.text("ack");
    if let Some(code) = &ack {
        let of = r.text("ack_of").unwrap_or_default();
        let words = ack_words(code);
        text.push_str(&format!("  {code} ({words}) to {of}"));
        let reasons = reasons(r);
        if !reasons.is_empty() {
            text.push_str(&format!(": {reasons}"));
        }
        if !matches!(code.as_str(), "AA" | "CA") {
            let why = if reasons.is_empty() {
                "no text".to_owned()
            } else {
                reasons
            };
            talk.fail(Failure::Said(format!(
                "{sender}answered {code} ({words}) to {of}: {why}"
            )));
        }
    }
    if let Some(action) = m.action() {
        text.push_str(&super::other::deed(&action, r.discretion()));
    }
    for (label, field) in [
        ("order", "order_control"),
        ("hits", "query_hits"),
        ("alarm", "alarm_event"),
        ("phase", "alarm_phase"),
        ("event", "infusion_event"),
        ("patient", "patient_id"),
    ] {
        if let Some(value) = r.text(field) {
            text.push_str(&format!("  {label} {value}"));
        }
    }
    let mut detail = Vec::new();
    if let Some(body) = m.body() {
        detail = segments(body, r.reveals());
    }
    Line {
        time: m.frame().time,
        frame: m.frame().number,
        from_server: m.side() == Side::Server,
        text,
        detail,
        id: name(r),
        wants_application: r.text("application_ack").is_some_and(|a| a == "AL"),
        ..Line::default()
    }
}

/// `BCMA|HOSP: `, as the message calls its sender.
fn sender(r: &mut Reading<'_, '_>) -> String {
    let app = r.text("sending_app").unwrap_or_default();
    let facility = r.text("sending_facility").unwrap_or_default();
    match (app.is_empty(), facility.is_empty()) {
        (true, true) => String::new(),
        (false, true) => format!("{app}: "),
        _ => format!("{app}|{facility}: "),
    }
}

/// By what a message is known again: sender, type and control id.
fn name(r: &mut Reading<'_, '_>) -> Option<Box<[u8]>> {
    let id = r.raw("control_id").first().copied()?;
    if id.is_empty() {
        return None;
    }
    let mut name = r.m.kind().to_vec();
    for part in [r.raw("sending_app"), r.raw("sending_facility")] {
        name.push(0);
        name.extend_from_slice(part.first().copied().unwrap_or_default());
    }
    name.push(0);
    name.extend_from_slice(id);
    Some(name.into_boxed_slice())
}

/// Why a message was not taken: error codes in words, place, and text.
fn reasons(r: &mut Reading<'_, '_>) -> String {
    let mut parts = Vec::new();
    for code in r.all("error_code") {
        let words = error_words(&code);
        parts.push(if words.is_empty() {
            format!("error {code}")
        } else {
            format!("error {code} {words}")
        });
    }
    for place in r.all("error_location") {
        parts.push(format!("at {place}"));
    }
    for code in r.all("error_app_code") {
        parts.push(format!("application's code {code}"));
    }
    if let Some(text) = r
        .fault_text("ack_text")
        .or_else(|| r.fault_text("error_text"))
    {
        parts.push(format!("\"{text}\""));
    }
    parts.join(", ")
}

/// Table 0008.
fn ack_words(code: &str) -> &'static str {
    match code {
        "AA" => "accepted",
        "AE" => "application error",
        "AR" => "rejected",
        "CA" => "received",
        "CE" => "commit error",
        "CR" => "commit rejected",
        _ => "unknown code",
    }
}

/// Table 0357.
fn error_words(code: &str) -> &'static str {
    match code {
        "0" => "message accepted",
        "100" => "segment sequence error",
        "101" => "required field missing",
        "102" => "data type error",
        "103" => "table value not found",
        "200" => "unsupported message type",
        "201" => "unsupported event code",
        "202" => "unsupported processing id",
        "203" => "unsupported version id",
        "204" => "unknown key identifier",
        "205" => "duplicate key identifier",
        "206" => "application record locked",
        "207" => "application internal error",
        _ => "",
    }
}

/// A line a segment: `MSA  acknowledgment code AA  message control id MSG00017`.
fn segments(body: &[u8], reveal: bool) -> Vec<String> {
    let mut out = Vec::new();
    let mut separator = b'|';
    let mut seen: HashMap<[u8; 3], usize> = HashMap::new();
    for segment in body.split(|b| matches!(b, b'\r' | b'\n')) {
        let Some(id) = segment.first_chunk::<3>() else {
            continue;
        };
        let header = matches!(id, b"MSH" | b"FHS" | b"BHS");
        if header && let Some(byte) = segment.get(3) {
            separator = *byte;
        }
        *seen.entry(*id).or_insert(0) += 1;
        let mut line = clean::text(id);
        // In a header the separator itself is field 1.
        let first = if header { 2 } else { 1 };
        for (at, value) in segment
            .split(|b| *b == separator)
            .skip(1)
            .enumerate()
            .filter(|(_, v)| !v.is_empty())
        {
            let number = at + first;
            let (name, shown) = hl7_names::field(*id, number);
            let value = match shown {
                Shown::Secret => format!("(secret, {} bytes)", value.len()),
                Shown::Masked if !reveal => format!("(masked, {} bytes)", value.len()),
                _ => clean::text(value),
            };
            line.push_str(&format!("  {name} {}", cut(value)));
        }
        out.push(line);
    }
    out
}

fn cut(text: String) -> String {
    if text.chars().count() <= super::limits::VALUE {
        return text;
    }
    let mut short: String = text.chars().take(super::limits::VALUE).collect();
    short.push('…');
    short
}
