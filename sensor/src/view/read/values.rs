//! The parts of a record: fields, actions, frames, times.

use dissectors::action::{Action, Device, Outcome, Quantity, Verb};
use dissectors::message::{Draft, FrameRef, Scope};
use dissectors::{FieldId, FieldType, ProtocolId};
use rules::finding::Severity;
use serde_json::{Map, Value};

pub fn fields(draft: &mut Draft<'_>, protocol: ProtocolId, body: &Map<String, Value>) {
    let places = body.get("offsets").and_then(Value::as_array);
    for (at, field) in protocol.protocol().fields.iter().enumerate() {
        let Some(value) = body.get(field.name) else {
            continue;
        };
        let id = FieldId(at as u16);
        let mut spans = places
            .into_iter()
            .flatten()
            .filter(|p| p.get("field").and_then(Value::as_str) == Some(field.name));
        let one = std::slice::from_ref(value);
        let all = value.as_array().map_or(one, Vec::as_slice);
        for value in all {
            write_field(draft, id, field.kind, value);
            if let Some(span) = spans.next()
                && let (Some(from), Some(len)) = (
                    span.get("at").and_then(Value::as_u64),
                    span.get("len").and_then(Value::as_u64),
                )
            {
                draft.at(from, usize::try_from(len).unwrap_or(0));
            }
        }
    }
}

pub fn write_field(draft: &mut Draft<'_>, id: FieldId, kind: FieldType, value: &Value) {
    match (kind, value) {
        (_, Value::Number(n)) => match n.as_i64() {
            Some(n) if kind == FieldType::Integer => draft.integer(id, n),
            _ => draft.decimal(id, n.as_f64().unwrap_or(f64::NAN)),
        },
        (_, Value::Bool(flag)) => draft.flag(id, *flag),
        (_, Value::Object(q)) => draft.quantity(id, quantity(q)),
        (_, Value::String(text)) => match secret(text) {
            Some(len) => draft.secret(id, len),
            None if kind == FieldType::Time => draft.time(id, text.as_bytes()),
            None if kind == FieldType::Bytes => match unhex(text) {
                Some(bytes) => draft.bytes(id, &bytes),
                None => draft.text(id, text.as_bytes()),
            },
            None => draft.text(id, text.as_bytes()),
        },
        _ => draft,
    };
}

/// `(secret, 8 bytes)`
pub fn secret(text: &str) -> Option<usize> {
    text.strip_prefix("(secret, ")?
        .strip_suffix(" bytes)")?
        .parse()
        .ok()
}

pub fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

pub fn anomalies(draft: &mut Draft<'_>, protocol: ProtocolId, body: &Map<String, Value>) {
    let known = protocol.protocol().anomalies;
    for anomaly in body
        .get("anomaly")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let name = anomaly.get("name").and_then(Value::as_str).unwrap_or("");
        let at = anomaly.get("at").and_then(Value::as_u64).unwrap_or(0);
        if let Some((name, _)) = known.iter().find(|(n, _)| *n == name) {
            draft.anomaly(name, at);
        }
    }
}

pub fn write_action(draft: &mut Draft<'_>, action: &Map<String, Value>) {
    let part = |key| text(action, key).as_bytes();
    draft.action(Action {
        device: Device::from_word(text(action, "device")).unwrap_or(Device::Unknown),
        device_id: part("device_id"),
        channel: part("channel"),
        handle: part("handle"),
        order: part("order"),
        drug: part("drug"),
        destination: part("destination"),
        value: action.get("value").and_then(Value::as_object).map(quantity),
        outcome: Outcome::from_word(text(action, "outcome")).unwrap_or(Outcome::Requested),
        // What a later version calls by a new word may be a write.
        ..Action::of(Verb::from_word(text(action, "verb")).unwrap_or(Verb::UnknownVerb))
    });
}

pub fn quantity(q: &Map<String, Value>) -> Quantity<'_> {
    Quantity {
        number: q.get("number").and_then(Value::as_f64).unwrap_or(f64::NAN),
        sent: text(q, "sent").as_bytes(),
        unit: text(q, "unit").as_bytes(),
        code: text(q, "code").as_bytes(),
    }
}

pub fn scope(join: &Map<String, Value>) -> Scope {
    match text(join, "scope") {
        "conversation" => Scope::Conversation,
        "hosts" => Scope::Hosts,
        _ => Scope::Everywhere,
    }
}

pub fn counters(value: &Value) -> Vec<(String, u64)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, n)| Some((name.clone(), n.as_u64()?)))
        .collect()
}

pub fn text<'v>(object: &'v Map<String, Value>, key: &str) -> &'v str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub fn mac(text: &str) -> Option<[u8; 6]> {
    let mut out = [0; 6];
    let mut parts = text.split(':');
    for slot in &mut out {
        *slot = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    parts.next().is_none().then_some(out)
}

pub fn frame(value: &Value) -> Option<FrameRef> {
    Some(FrameRef {
        seq: value.get("seq")?.as_u64()?,
        number: value.get("number")?.as_u64()?,
        file: u32::try_from(value.get("file")?.as_u64()?).ok()?,
        time: value.get("time")?.as_i64()?,
    })
}

pub fn frames_of(value: &Value) -> Vec<FrameRef> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(frame)
        .collect()
}

/// The frame of a record that tells its number only: of one file, the number is its place.
pub fn frame_of(record: &Map<String, Value>) -> FrameRef {
    let number = record.get("pcap_cnt").and_then(Value::as_u64).unwrap_or(0);
    FrameRef {
        seq: number.saturating_sub(1),
        number,
        file: 0,
        time: 0,
    }
}

/// EVE's `2026-11-24T20:41:52.477123+0000` as nanoseconds since 1970.
pub fn time(record: &Map<String, Value>) -> Option<i64> {
    parse_time(text(record, "timestamp"))
}

pub fn parse_time(text: &str) -> Option<i64> {
    let zoned = jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text).ok()?;
    let nanos = zoned.to_timestamp().ok()?.as_nanosecond();
    i64::try_from(nanos).ok()
}

pub fn severity(word: &str) -> Severity {
    // A word that is not known must not hide a finding.
    Severity::from_word(word).unwrap_or(Severity::High)
}
