//! The bytes of a message: offsets, hex, text; the chosen field marked, patient data masked.

use dissectors::message::Message;
use dissectors::schema::Privacy;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::state::leaves::Leaf;
use crate::theme::Theme;

pub struct Shown<'a> {
    pub stream: &'a [Option<u8>],
    pub leaves: &'a [Leaf],
    pub chosen: usize,
    pub top: usize,
    /// The chosen field is brought into view.
    pub follow: bool,
    /// The byte that the keys stand on.
    pub byte: Option<usize>,
    pub masked: Vec<bool>,
}

/// Which bytes must not be shown. Where a protocol can carry patient data, letters and digits are
/// shown only if they belong to a field that is none; secrets are never shown.
pub fn masked(m: Message<'_>, leaves: &[Leaf], len: usize, reveal: bool) -> Vec<bool> {
    let fields = m.protocol().protocol().fields;
    let patients = fields
        .iter()
        .any(|f| matches!(f.privacy, Privacy::Patient(_)));
    let secrets = fields.iter().any(|f| f.privacy == Privacy::Secret);
    // A secret whose place is not told may be anywhere.
    let lost_secret = leaves.iter().any(|l| l.secret && l.bytes.is_none());
    let whole = lost_secret || (patients && !reveal);
    let mut masked = vec![whole; len];
    let mut set = |leaf: &Leaf, to: bool| {
        if let Some(range) = &leaf.bytes {
            for slot in masked
                .get_mut(range.start.min(len)..range.end.min(len))
                .unwrap_or_default()
            {
                *slot = to;
            }
        }
    };
    if !lost_secret {
        for leaf in leaves.iter().filter(|l| !l.hidden && !l.secret) {
            set(leaf, false);
        }
    }
    for leaf in leaves.iter().filter(|l| l.hidden) {
        set(leaf, true);
    }
    if secrets {
        for leaf in leaves.iter().filter(|l| l.secret) {
            set(leaf, true);
        }
    }
    masked
}

/// Bytes in a line.
pub fn across(area: Rect) -> usize {
    if usize::from(area.width) >= 5 + 16 * 4 {
        16
    } else {
        8
    }
}

/// Draws; gives the first line shown.
pub fn draw(buf: &mut Buffer, area: Rect, shown: &Shown<'_>, theme: &Theme) -> usize {
    let width = usize::from(area.width);
    let across = across(area);
    let text = width > 4 + across * 4;
    let height = usize::from(area.height);
    let lines = shown.stream.len().div_ceil(across);
    let lit = shown.leaves.get(shown.chosen).and_then(|l| l.bytes.clone());
    let mut top = shown.top;
    if let (true, Some(lit)) = (shown.follow, &lit) {
        let line = lit.start / across;
        if !(top..top + height).contains(&line) {
            top = line.saturating_sub(height / 3);
        }
    }
    if let Some(byte) = shown.byte {
        let line = byte / across;
        if line < top {
            top = line;
        } else if line >= top + height {
            top = line + 1 - height.min(line + 1);
        }
    }
    let top = top.min(lines.saturating_sub(height));
    for line in 0..height.min(lines.saturating_sub(top)) {
        let y = area.y + line as u16;
        let from = (top + line) * across;
        buf.set_stringn(area.x, y, format!("{from:04x}"), 5, theme.dim);
        for at in from..(from + across).min(shown.stream.len()) {
            let column = at - from;
            let chosen = lit.as_ref().is_some_and(|l| l.contains(&at));
            let masked = shown.masked.get(at).copied().unwrap_or(true);
            let byte = shown.stream[at];
            let letter = byte.is_some_and(|b| b.is_ascii_alphanumeric() || b >= 0x80);
            let (hex, glyph, style) = match byte {
                None => ("..".into(), '.', theme.bad),
                Some(_) if masked && letter => ("**".into(), '*', theme.hidden),
                Some(b) => (format!("{b:02x}"), glyph(b), theme.text),
            };
            let here = shown.byte == Some(at);
            let style = match (here, chosen) {
                (true, _) => theme
                    .selected
                    .add_modifier(ratatui::style::Modifier::UNDERLINED),
                (false, true) => theme.marked,
                (false, false) => style,
            };
            let x = area.x + 5 + (column * 3) as u16;
            buf.set_stringn(
                x,
                y,
                &hex,
                usize::from(area.right().saturating_sub(x)),
                style,
            );
            if chosen && lit.as_ref().is_some_and(|l| at + 1 < l.end) && column + 1 < across {
                buf.set_stringn(x + 2, y, " ", 1, style);
            }
            if text {
                let x = area.x + 5 + (across * 3 + column) as u16;
                let room = usize::from(area.right().saturating_sub(x));
                buf.set_stringn(x, y, glyph.to_string(), room.min(1), style);
            }
        }
    }
    top
}

fn glyph(b: u8) -> char {
    if (0x20..0x7f).contains(&b) {
        b as char
    } else {
        '.'
    }
}
