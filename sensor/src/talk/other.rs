//! Every other protocol: verb, value, unit, outcome, and the first few fields.

use crate::output::discretion::Discretion;
use dissectors::action::{Action, Outcome};
use dissectors::schema::Privacy;
use dissectors::{Device, Side};

use super::conversation::{Conversation, Failure, Line};
use super::reading::Reading;
use crate::output::clean;

/// Fields that say why something failed, in the order in which they are told.
const REASONS: &[&str] = &[
    "invocation_error",
    "fault_code",
    "fault_reason",
    "alert",
    "error",
    "error_code",
    "error_status",
    "reason",
    "ack_type",
    "detail",
    "status",
    "http_status",
];

/// Fields of a line beside its action.
const FIELDS: usize = 5;

/// Fields that address or envelope a message: they tell little of what it says.
const ENVELOPE: &[&str] = &[
    "soap_action",
    "message_id",
    "relates_to",
    "to",
    "user_agent",
    "server",
    "http_status",
    "host",
    "version",
    "content_type",
    "content_encoding",
    "instance",
    "number",
    "mdib_version",
    "sequence_id",
    "protocol_version",
    "nomenclature_version",
    "frame_number",
];

/// The line of a message.
pub fn line(r: &mut Reading<'_, '_>, talk: &mut Conversation) -> Line {
    let m = r.m;
    let kind = clean::text(m.kind());
    let mut text = format!("{} {kind}", m.protocol().name());
    let action = m.action();
    if let Some(action) = &action {
        text.push_str(&deed(action, r.discretion()));
    }
    let outcome = m.answers().map(|a| a.outcome);
    if let Some(outcome) = outcome.filter(|o| *o != Outcome::Unknown) {
        text.push_str(&format!("  {outcome}"));
    }
    let failed = matches!(outcome, Some(Outcome::Refused | Outcome::Failed))
        || (m.protocol().name() == "tls"
            && m.kind() == b"Alert"
            && r.text("alert").is_some_and(|a| a != "close_notify"));
    if failed {
        let why = reasons(r);
        text.push_str(&format!("  {why}"));
        let who = if m.side() == Side::Server {
            "server"
        } else {
            "client"
        };
        let word = outcome.map_or("refused", Outcome::word);
        talk.fail(Failure::Said(format!("{kind} by the {who}: {word} {why}")));
    } else {
        text.push_str(&fields(r));
    }
    Line {
        time: m.frame().time,
        frame: m.frame().number,
        from_server: m.side() == Side::Server,
        sort: kind,
        text,
        plain: action.is_none() && !failed && m.anomalies().is_empty(),
        ..Line::default()
    }
}

fn reasons(r: &mut Reading<'_, '_>) -> String {
    let mut parts = Vec::new();
    for name in REASONS {
        let values = match r.fault_text(name) {
            Some(text) => vec![text],
            None => r.all(name),
        };
        if !values.is_empty() {
            parts.push(format!("{} {}", name.replace('_', " "), values.join(" ")));
        }
    }
    if parts.is_empty() {
        return "without a reason".into();
    }
    parts.join(", ")
}

fn fields(r: &mut Reading<'_, '_>) -> String {
    let m = r.m;
    let mut out = String::new();
    let mut names: Vec<&'static str> = Vec::new();
    for (id, _) in m.fields() {
        let field = m.describe(id);
        if names.len() < FIELDS
            && !ENVELOPE.contains(&field.name)
            && !names.contains(&field.name)
            && field.privacy != Privacy::Secret
        {
            names.push(field.name);
        }
    }
    for name in names {
        let values = r.all(name);
        let some: Vec<String> = values.iter().take(3).cloned().collect();
        if !some.is_empty() {
            out.push_str(&format!("  {name}={}", some.join(",")));
            if values.len() > some.len() {
                out.push_str(&format!(",… ({})", values.len()));
            }
        }
    }
    out
}

/// `  set-rate 120 mL/h on pump PUMP-A0001`.
pub fn deed(action: &Action<'_>, discretion: &mut Discretion) -> String {
    let mut text = format!("  {}", action.verb.word());
    if let Some(value) = action.value {
        text.push(' ');
        clean::push(&mut text, &value.shown());
        if !value.unit.is_empty() {
            text.push(' ');
            clean::push(&mut text, value.unit);
        }
    }
    if action.device != Device::Unknown || !action.device_id.is_empty() {
        text.push_str(" on ");
        if action.device != Device::Unknown {
            text.push_str(action.device.word());
        }
        if !action.device_id.is_empty() {
            if action.device != Device::Unknown {
                text.push(' ');
            }
            clean::push(&mut text, action.device_id);
        }
    }
    let order = discretion.order(action.order);
    for (name, part) in [
        ("channel", action.channel),
        ("handle", action.handle),
        ("drug", action.drug),
        ("order", order.as_bytes()),
        ("for", action.destination),
    ] {
        if !part.is_empty() {
            text.push_str(&format!(", {name} "));
            clean::push(&mut text, part);
        }
    }
    text
}
