//! A message's fields by name, ready to be shown: escaped, and masked where they are about a person.

use dissectors::message::{Message, Value};
use dissectors::schema::Privacy;

use super::limits;
use super::technical;
use crate::output::clean;
use crate::output::discretion::{Discretion, shown};

/// A message, and what may be shown of it.
pub struct Reading<'m, 'd> {
    pub m: Message<'m>,
    discretion: &'d mut Discretion,
}

impl<'m, 'd> Reading<'m, 'd> {
    pub fn new(m: Message<'m>, discretion: &'d mut Discretion) -> Self {
        Reading { m, discretion }
    }

    /// The first value of a field as it may be shown; `None` if absent or empty.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.all(name).into_iter().next()
    }

    /// All values of a field as they may be shown, the empty ones left out.
    pub fn all(&mut self, name: &str) -> Vec<String> {
        let protocol = self.m.protocol().protocol();
        let Some(field) = protocol.field(name) else {
            return Vec::new();
        };
        let privacy = self.m.describe(field).privacy;
        let values: Vec<Value<'m>> = self.m.values(field).collect();
        values
            .into_iter()
            .map(|v| short(shown(privacy, v, self.discretion)))
            .filter(|t| !t.is_empty())
            .collect()
    }

    pub fn integer(&self, name: &str) -> Option<i64> {
        let field = self.m.protocol().protocol().field(name)?;
        match self.m.field(field)? {
            Value::Integer(n) => Some(n),
            _ => None,
        }
    }

    /// Values of an open text field, as sent.
    pub fn raw(&self, name: &str) -> Vec<&'m [u8]> {
        let Some(field) = self.m.protocol().protocol().field(name) else {
            return Vec::new();
        };
        if self.m.describe(field).privacy != Privacy::Open {
            return Vec::new();
        }
        self.m
            .values(field)
            .filter_map(|v| match v {
                Value::Text(b) | Value::Time(b) => Some(b),
                _ => None,
            })
            .collect()
    }

    /// A free text that tells of a fault: words of the trade are shown, all others masked.
    pub fn fault_text(&mut self, name: &str) -> Option<String> {
        let field = self.m.protocol().protocol().field(name)?;
        let value = self.m.field(field)?;
        let (Value::Text(bytes), Privacy::Patient(_)) = (value, self.m.describe(field).privacy)
        else {
            return self.text(name);
        };
        let text = if self.reveals() {
            clean::text(bytes)
        } else {
            technical::masked(&clean::text(bytes))
        };
        Some(short(text)).filter(|t| !t.is_empty())
    }

    /// What decides how patient data are shown.
    pub fn discretion(&mut self) -> &mut Discretion {
        self.discretion
    }

    /// True if patient data are shown as sent.
    pub fn reveals(&self) -> bool {
        matches!(self.discretion.show(), rules::privacy::Show::Revealed)
    }

    /// Every field as `name = value`, a line each.
    pub fn all_fields(&mut self) -> Vec<String> {
        let m = self.m;
        m.fields()
            .map(|(id, value)| {
                let field = m.describe(id);
                let value = short(shown(field.privacy, value, self.discretion));
                format!("{} = {value}", field.name)
            })
            .collect()
    }
}

/// A value cut to what a line bears.
fn short(mut text: String) -> String {
    if text.chars().count() > limits::VALUE {
        text = text.chars().take(limits::VALUE).collect();
        text.push('…');
    }
    text
}
