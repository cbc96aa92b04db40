//! Patient data stay out of every output unless asked for by name; secrets always do.

use std::collections::HashMap;

use dissectors::Privacy;
use dissectors::action::ORDER;
use dissectors::message::Value;
use rules::privacy::{Pseudonyms, Show};

use super::clean;

/// Decides what stands in an output where a field is about a person.
pub struct Discretion {
    pseudonyms: Pseudonyms,
    reveal: bool,
    /// Pseudonyms made lately: a ward has few patients, and each costs an HMAC.
    made: HashMap<(&'static str, Box<[u8]>), Box<str>>,
}

/// How many pseudonyms are remembered before the memory starts anew. The values are patient data:
/// they stay in memory only.
const REMEMBERED: usize = 4096;

impl Discretion {
    pub fn new(pseudonyms: Pseudonyms, reveal: bool) -> Self {
        Discretion {
            pseudonyms,
            reveal,
            made: HashMap::new(),
        }
    }

    /// What is shown instead of a value; `None` if the value itself may be.
    pub fn stand_in(&mut self, privacy: Privacy, value: Value<'_>) -> Option<String> {
        if let Value::Secret(len) = value {
            return Some(secret(len));
        }
        match privacy {
            Privacy::Open => None,
            Privacy::Patient(_) if self.reveal => None,
            Privacy::Patient(kind) => Some(self.pseudonym(kind, value)),
            Privacy::Secret => Some(secret(bytes_of(value).len() as u32)),
        }
    }

    /// What is shown of an action's order id.
    pub fn order(&mut self, order: &[u8]) -> String {
        if order.is_empty() {
            return String::new();
        }
        shown(ORDER, Value::Text(order), self)
    }

    /// How sentences of findings are shown.
    pub fn show(&self) -> Show<'_> {
        if self.reveal {
            Show::Revealed
        } else {
            Show::Hidden(&self.pseudonyms)
        }
    }

    fn pseudonym(&mut self, kind: &'static str, value: Value<'_>) -> String {
        let bytes = bytes_of(value);
        if bytes.is_empty() {
            return String::new();
        }
        if self.made.len() >= REMEMBERED {
            self.made.clear();
        }
        let pseudonyms = &self.pseudonyms;
        self.made
            .entry((kind, bytes))
            .or_insert_with_key(|(kind, bytes)| pseudonyms.of(kind, bytes).into_boxed_str())
            .to_string()
    }
}

fn secret(len: u32) -> String {
    format!("(secret, {len} bytes)")
}

/// A value as the bytes that its pseudonym is made of.
fn bytes_of(value: Value<'_>) -> Box<[u8]> {
    match value {
        Value::Text(b) | Value::Bytes(b) | Value::Time(b) => b.into(),
        Value::Quantity(q) => q.sent.into(),
        Value::Integer(n) => n.to_string().into_bytes().into(),
        Value::Decimal(n) => n.to_string().into_bytes().into(),
        Value::Flag(f) => f.to_string().into_bytes().into(),
        Value::Secret(_) => Box::default(),
    }
}

/// A field's value for people.
pub fn shown(privacy: Privacy, value: Value<'_>, discretion: &mut Discretion) -> String {
    if let Some(text) = discretion.stand_in(privacy, value) {
        return text;
    }
    match value {
        Value::Text(b) | Value::Time(b) => clean::text(b),
        Value::Bytes(b) => format!("{} bytes", b.len()),
        Value::Integer(n) => n.to_string(),
        Value::Decimal(n) => n.to_string(),
        Value::Flag(f) => f.to_string(),
        Value::Quantity(q) if q.unit.is_empty() => clean::text(&q.shown()),
        Value::Quantity(q) => format!("{} {}", clean::text(&q.shown()), clean::text(q.unit)),
        Value::Secret(len) => secret(len),
    }
}
