//! The fields of a message as a tree, with where their bytes lie.

use std::ops::Range;

use dissectors::message::{Message, Value};
use dissectors::schema::Privacy;

use crate::words;

/// One line of the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    pub depth: usize,
    pub name: String,
    pub value: String,
    /// Bytes of the message, counted from its first.
    pub bytes: Option<Range<usize>>,
    pub hidden: bool,
    pub secret: bool,
}

impl Leaf {
    fn head(name: &str) -> Self {
        Leaf {
            depth: 0,
            name: name.into(),
            value: String::new(),
            bytes: None,
            hidden: false,
            secret: false,
        }
    }

    fn under(name: &str, value: String) -> Self {
        Leaf {
            depth: 1,
            value,
            ..Leaf::head(name)
        }
    }
}

/// The lines of a message: what it does, what is wrong with it, its fields.
/// `reveal` is for values, `reveal_bytes` for what they were read from.
pub fn leaves(
    m: Message<'_>,
    stream: Option<&[Option<u8>]>,
    reveal: bool,
    reveal_bytes: bool,
) -> Vec<Leaf> {
    let mut out = Vec::new();
    if let Some(a) = m.action() {
        out.push(Leaf::head("action"));
        out.push(Leaf::under("verb", a.verb.word().into()));
        out.push(Leaf::under("effect", a.verb.effect(a.device).word().into()));
        if a.device != dissectors::Device::Unknown {
            out.push(Leaf::under("device", a.device.word().into()));
        }
        if let Some(q) = a.value {
            out.push(Leaf::under("value", words::quantity(&q)));
        }
        for (name, part) in [
            ("subject", a.device_id),
            ("channel", a.channel),
            ("drug", a.drug),
            ("handle", a.handle),
            ("to", a.destination),
        ] {
            if !part.is_empty() {
                out.push(Leaf::under(name, rules::clean::text(part)));
            }
        }
    }
    if let Some(answer) = m.answers() {
        out.push(Leaf::head("answer"));
        out.push(Leaf::under("outcome", answer.outcome.word().into()));
    }
    if !m.anomalies().is_empty() {
        out.push(Leaf::head("faults"));
        for anomaly in m.anomalies() {
            let at = anomaly.at.checked_sub(m.range().start);
            let mut leaf = Leaf::under(anomaly.name, String::new());
            leaf.bytes = at
                .and_then(|at| usize::try_from(at).ok())
                .map(|at| at..at + 1);
            out.push(leaf);
        }
    }
    out.push(Leaf::head("fields"));
    let mut searched = 0;
    for (id, value, (at, len)) in m.fields_with_ranges() {
        let field = m.describe(id);
        let told = (len > 0)
            .then(|| at.checked_sub(m.range().start))
            .flatten()
            .and_then(|at| usize::try_from(at).ok())
            .map(|at| at..at.saturating_add(len as usize));
        let bytes = told.or_else(|| {
            // Where the dissector does not tell, the value's own bytes are looked for, in order.
            let sent = sent(value)?;
            let found = find(stream?, sent, searched).or_else(|| find(stream?, sent, 0))?;
            searched = found + sent.len();
            Some(found..found + sent.len())
        });
        let secret = matches!(value, Value::Secret(_)) || field.privacy == Privacy::Secret;
        out.push(Leaf {
            depth: 1,
            name: field.name.into(),
            value: words::value(field, value, reveal),
            bytes,
            hidden: !reveal_bytes && matches!(field.privacy, Privacy::Patient(_)),
            secret,
        });
    }
    out
}

/// The narrowest field that a byte belongs to.
pub fn of_byte(leaves: &[Leaf], byte: usize) -> Option<usize> {
    leaves
        .iter()
        .enumerate()
        .filter_map(|(at, l)| Some((at, l.bytes.as_ref()?)))
        .filter(|(_, range)| range.contains(&byte))
        .min_by_key(|(_, range)| range.len())
        .map(|(at, _)| at)
}

/// A value's bytes as they may stand in the stream.
fn sent(value: Value<'_>) -> Option<&[u8]> {
    match value {
        Value::Text(b) | Value::Time(b) | Value::Bytes(b) => Some(b),
        Value::Quantity(q) => Some(q.sent),
        _ => None,
    }
    .filter(|b| b.len() >= 2 && b.len() <= 4096)
}

fn find(stream: &[Option<u8>], sent: &[u8], from: usize) -> Option<usize> {
    // Bounded: a message of a mebibyte is not searched for each of its fields from end to end.
    const FAR: usize = 64 * 1024;
    let end = stream.len().min(from.saturating_add(FAR));
    stream
        .get(from..end)?
        .windows(sent.len())
        .position(|w| w.iter().zip(sent).all(|(a, b)| *a == Some(*b)))
        .map(|at| at + from)
}
