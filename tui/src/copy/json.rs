//! What is chosen, as one JSON object for a ticket or a script. Patient data stay out of it.

use std::fmt::Write;

use dissectors::message::Message;
use rules::clean;
use rules::finding::{Finding, Party};

use crate::feed::{CommandRow, DeviceRow, TalkRow};
use crate::words;

/// An object being written.
struct Object(String);

impl Object {
    fn new() -> Self {
        Object(String::from("{"))
    }

    fn key(&mut self, key: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        string(&mut self.0, key);
        self.0.push(':');
    }

    fn text(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.key(key);
            string(&mut self.0, value);
        }
    }

    fn number(&mut self, key: &str, value: impl std::fmt::Display) {
        self.key(key);
        let _ = write!(self.0, "{value}");
    }

    fn list<'t>(&mut self, key: &str, values: impl IntoIterator<Item = &'t str>) {
        self.key(key);
        self.0.push('[');
        for (at, value) in values.into_iter().enumerate() {
            if at > 0 {
                self.0.push(',');
            }
            string(&mut self.0, value);
        }
        self.0.push(']');
    }

    fn object(&mut self, key: &str, value: Object) {
        self.key(key);
        self.0.push_str(&value.end());
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in clean::text(text.as_bytes()).chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

pub fn finding(f: &Finding, at: &str) -> String {
    let mut o = Object::new();
    o.text("finding", &f.finding_id.to_string());
    o.text("rule", &f.rule.id);
    o.number("rev", f.rule.rev);
    o.text("title", &f.rule.title);
    o.text("severity", f.severity.word());
    o.text("confidence", f.confidence.word());
    o.text("first_seen", at);
    o.number("count", f.count);
    o.object("who", party(&f.actor));
    o.object("whom", party(&f.target));
    o.text("what", &words::deed(f));
    o.text("outcome", f.outcome.word());
    o.text("why", &words::sentence(&f.why, false));
    o.text("expected", f.expected.as_deref().unwrap_or_default());
    o.text("wireshark", &f.wireshark());
    o.end()
}

fn party(p: &Party) -> Object {
    let mut o = Object::new();
    o.text("ip", &p.ip.to_string());
    if p.port != 0 {
        o.number("port", p.port);
    }
    if let Some(mac) = p.mac {
        o.text("mac", &words::mac(mac));
    }
    let names: Vec<String> = p.names.iter().map(ToString::to_string).collect();
    o.list("names", names.iter().map(String::as_str));
    o.list("groups", p.groups.iter().map(String::as_str));
    o
}

pub fn device(d: &DeviceRow) -> String {
    let mut o = Object::new();
    o.text("ip", &d.key.ip.to_string());
    o.text("behind", &d.key.subject);
    let macs: Vec<String> = d.macs.iter().map(|m| words::mac(*m)).collect();
    o.list("macs", macs.iter().map(String::as_str));
    o.list("names", d.names.iter().map(String::as_str));
    o.text("kind", d.kind.word());
    o.list("protocols", d.protocols.iter().map(|p| p.name()));
    o.number("messages", d.messages);
    o.number("commands_received", d.commands);
    o.number("commands_given", d.gives);
    o.text("last_command", &d.last_command);
    o.end()
}

pub fn command(c: &CommandRow, at: &str) -> String {
    let mut o = Object::new();
    o.text("time", at);
    o.number("frame", c.frame.number);
    o.text("who", &c.actor.to_string());
    o.text("whom", &c.target.to_string());
    o.text("device", &c.subject);
    o.text("protocol", c.protocol.name());
    o.text("kind", &c.kind);
    o.text("verb", c.verb.word());
    o.text("value", &c.value);
    o.text("outcome", c.outcome.word());
    if let Some(after) = c.answered {
        o.number("answered_us", after / 1000);
    }
    o.end()
}

pub fn talk(t: &TalkRow) -> String {
    let mut o = Object::new();
    o.text("client", &words::address(t.client().0, t.client().1));
    o.text("server", &words::address(t.server().0, t.server().1));
    o.list("protocols", t.protocols.iter().map(|p| p.name()));
    o.number("messages", t.messages.iter().sum::<u64>());
    o.number("bytes", t.bytes.iter().sum::<u64>());
    o.number("missing_bytes", t.missing.iter().sum::<u64>());
    o.number("commands", t.commands);
    o.text("wireshark", &t.wireshark());
    o.end()
}

/// `reveal` as on the screen: without it fields about patients say only that they are hidden.
pub fn message(m: Message<'_>, at: &str) -> String {
    let mut o = Object::new();
    o.text("time", at);
    o.number("frame", m.frame().number);
    o.text("from", &words::end(m.source()));
    o.text("to", &words::end(m.destination()));
    o.text("protocol", m.protocol().name());
    o.text("kind", &clean::text(m.kind()));
    if let Some(action) = m.action() {
        o.text("verb", action.verb.word());
        if let Some(q) = action.value {
            o.text("value", &words::quantity(&q));
        }
    }
    // A field that occurs more than once is a list.
    let mut fields: Vec<(&str, Vec<String>)> = Vec::new();
    for (id, value) in m.fields() {
        let field = m.describe(id);
        let value = words::value(field, value, false);
        match fields.iter_mut().find(|(name, _)| *name == field.name) {
            Some((_, values)) => values.push(value),
            None => fields.push((field.name, vec![value])),
        }
    }
    let mut inner = Object::new();
    for (name, values) in &fields {
        match values.as_slice() {
            [one] => inner.text(name, one),
            many => inner.list(name, many.iter().map(String::as_str)),
        }
    }
    o.object("fields", inner);
    o.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_the_wire_stays_within_its_quotes() {
        let mut o = Object::new();
        o.text("a", "x\",\"b\":\"\u{1b}[2J\n");
        let said = o.end();
        assert_eq!(said, r#"{"a":"x\",\"b\":\"\\x1b[2J\\x0a"}"#);
    }
}
