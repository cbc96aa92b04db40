//! Findings, messages and parties in words: cleaned of what a terminal would obey.

use std::net::IpAddr;

use dissectors::action::{Device, Quantity};
use dissectors::message::{Endpoint, Message, Value};
use dissectors::schema::{Field, Privacy};
use rules::clean;
use rules::finding::{Finding, Party};
use rules::privacy::{Piece, Words};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What stands for patient data that are not shown.
pub const HIDDEN: &str = "********";

/// A sentence as it may be shown now. Patient data of a source that hides them are no pieces.
pub fn sentence(words: &Words, reveal: bool) -> String {
    let mut out = String::new();
    for piece in words.pieces() {
        match piece {
            Piece::Open(text) => clean::push(&mut out, text.as_bytes()),
            Piece::Patient(_, value) if reveal => clean::push(&mut out, value),
            Piece::Patient(kind, _) => {
                out.push('[');
                out.push_str(kind);
                out.push_str(" hidden]");
            }
            Piece::Secret(len) => out.push_str(&format!("(secret, {len} bytes)")),
        }
    }
    out
}

/// A field's value as it may be shown now.
pub fn value(field: &Field, value: Value<'_>, reveal: bool) -> String {
    if let Value::Secret(len) = value {
        return format!("(secret, {len} bytes)");
    }
    match field.privacy {
        Privacy::Secret => return "(secret)".into(),
        Privacy::Patient(_) if !reveal => return HIDDEN.into(),
        Privacy::Patient(_) | Privacy::Open => {}
    }
    match value {
        Value::Text(b) | Value::Time(b) => clean::text(b),
        Value::Bytes(b) => hex(b, 32),
        Value::Integer(n) => n.to_string(),
        Value::Decimal(n) => n.to_string(),
        Value::Flag(f) => if f { "yes" } else { "no" }.into(),
        Value::Quantity(q) => quantity(&q),
        Value::Secret(_) => String::new(),
    }
}

pub fn quantity(q: &Quantity<'_>) -> String {
    let mut out = clean::text(&q.shown());
    if !q.unit.is_empty() {
        out.push(' ');
        clean::push(&mut out, q.unit);
    }
    out
}

fn hex(bytes: &[u8], most: usize) -> String {
    let mut out = String::new();
    for b in bytes.iter().take(most) {
        out.push_str(&format!("{b:02x}"));
    }
    if bytes.len() > most {
        out.push_str(&format!("... ({} bytes)", bytes.len()));
    }
    out
}

pub fn mac(mac: [u8; 6]) -> String {
    let [a, b, c, d, e, f] = mac;
    format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
}

pub fn end(e: &Endpoint) -> String {
    match (e.port, e.mac) {
        (0, Some(m)) if e.ip.is_unspecified() => mac(m),
        _ => address(e.ip, e.port),
    }
}

pub fn address(ip: IpAddr, port: u16) -> String {
    match port {
        0 => ip.to_string(),
        _ if ip.is_ipv6() => format!("[{ip}]:{port}"),
        _ => format!("{ip}:{port}"),
    }
}

/// A party in a line: address, names, groups.
pub fn party(p: &Party) -> String {
    let mut out = p.ip.to_string();
    if let Some(m) = p.mac {
        out.push_str("  ");
        out.push_str(&mac(m));
    }
    if !p.names.is_empty() {
        let names: Vec<String> = p.names.iter().map(ToString::to_string).collect();
        out.push_str("  calls itself ");
        clean::push(&mut out, names.join(", ").as_bytes());
    }
    if !p.groups.is_empty() {
        out.push_str("  in ");
        clean::push(&mut out, p.groups.join(", ").as_bytes());
    }
    out
}

/// A party in few characters: its group or address.
pub fn short_party(p: &Party) -> String {
    match p.groups.first() {
        Some(group) => format!("{} ({})", p.ip, clean::text(group.as_bytes())),
        None => p.ip.to_string(),
    }
}

/// What was done: `set-rate 900 mL/h on pump PUMP-A0001`.
pub fn deed(f: &Finding) -> String {
    let Some(act) = &f.action else {
        return clean::text(f.kind.as_bytes());
    };
    let mut out = act.verb.word().to_owned();
    if let Some(value) = &act.value {
        out.push(' ');
        clean::push(&mut out, value.to_string().as_bytes());
    }
    if act.device != Device::Unknown || !act.subject.is_empty() {
        out.push_str(" on");
        if act.device != Device::Unknown {
            out.push(' ');
            out.push_str(act.device.word());
        }
        if !act.subject.is_empty() {
            out.push(' ');
            clean::push(&mut out, act.subject.as_bytes());
        }
    }
    out
}

/// One line for lists: who did what to whom.
pub fn headline(f: &Finding) -> String {
    match &f.action {
        Some(act) => {
            let whom = if act.subject.is_empty() {
                format!(" to {}", short_party(&f.target))
            } else {
                String::new()
            };
            format!("{}{whom} by {}", deed(f), short_party(&f.actor))
        }
        None => format!(
            "{}  {} > {}",
            clean::text(f.rule.title.as_bytes()),
            f.actor.ip,
            f.target.ip
        ),
    }
}

/// A message in few words: kind and what it does.
pub fn message(m: Message<'_>) -> String {
    let mut out = clean::text(m.kind());
    if let Some(action) = m.action() {
        out.push_str("  ");
        out.push_str(action.verb.word());
        if let Some(q) = action.value {
            out.push(' ');
            out.push_str(&quantity(&q));
        }
        if !action.device_id.is_empty() {
            out.push(' ');
            clean::push(&mut out, action.device_id);
        }
    }
    if let Some(answer) = m.answers() {
        out.push_str("  ");
        out.push_str(answer.outcome.word());
    }
    for anomaly in m.anomalies() {
        out.push_str("  !");
        out.push_str(anomaly.name);
    }
    out
}

/// Marks that may stand over one letter; a name of a thousand would cover the lines around it.
const MARKS: usize = 2;

/// A text cut or padded to exactly this many columns.
pub fn fit(text: &str, width: usize, ellipsis: &str) -> String {
    let wide = text.width();
    let cut = wide > width;
    let room = if cut { width.saturating_sub(1) } else { width };
    let mut out = String::with_capacity(text.len().min(4 * width) + width);
    let (mut used, mut marks) = (0, 0);
    for c in text.chars() {
        let w = c.width().unwrap_or(0);
        if used + w > room {
            break;
        }
        marks = if w == 0 { marks + 1 } else { 0 };
        if marks <= MARKS {
            used += w;
            out.push(c);
        }
    }
    if cut && width > 0 {
        out.push_str(ellipsis);
        used += 1;
    }
    out.extend(std::iter::repeat_n(' ', width.saturating_sub(used)));
    out
}

/// A number with its thousands set apart.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, c) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Bytes in few characters: `3.1 MiB`.
pub fn bytes(n: u64) -> String {
    match n {
        0..1024 => format!("{n} B"),
        1024..1_048_576 => format!("{:.1} KiB", n as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", n as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", n as f64 / 1_073_741_824.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_are_cut_by_columns() {
        assert_eq!(fit("山田太郎", 5, "~"), "山田~");
        assert_eq!(fit("ab", 4, "~"), "ab  ");
        assert_eq!(fit("abc", 0, "~"), "");
    }

    #[test]
    fn marks_piled_on_a_letter_are_few() {
        let pile = format!("e{}x", "\u{301}".repeat(500));
        assert_eq!(fit(&pile, 4, "~"), "e\u{301}\u{301}x  ");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(number(12), "12");
    }

    #[test]
    fn sentence_hides_a_patient_until_asked() {
        let mut words = Words::new().open("order for ");
        words.push_patient("pid", b"4711\x1b[2J");
        assert_eq!(sentence(&words, false), "order for [pid hidden]");
        assert_eq!(sentence(&words, true), "order for 4711\\x1b[2J");
    }
}
