//! 5 Message: what these bytes say. List, fields and bytes, linked.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use dissectors::contract::Side;
use dissectors::message::Message;

use crate::state::leaves::of_byte;
use crate::state::{Model, Pane, Stream};
use crate::theme::Theme;
use crate::widgets::table::{Cell, panel, row};
use crate::words;

mod bytes;
mod tree;

pub fn draw(buf: &mut Buffer, area: Rect, model: &mut Model, theme: &Theme) {
    // Narrow terminals show the list above, wide ones beside.
    let (list, fields, hex) = if area.width >= 150 {
        let a = area.width * 3 / 10;
        let c = 72.min(area.width - a - 30);
        let b = area.width - a - c;
        (
            Rect { width: a, ..area },
            Rect {
                x: area.x + a,
                width: b,
                ..area
            },
            Rect {
                x: area.x + a + b,
                width: c,
                ..area
            },
        )
    } else {
        let top = (area.height / 3).max(4);
        // Sixteen bytes a line where they fit.
        let left = match area.width {
            wide @ 112.. => wide - 72,
            narrow => narrow * 9 / 20,
        };
        let y = area.y + top;
        let height = area.height - top;
        (
            Rect {
                height: top,
                ..area
            },
            Rect {
                y,
                height,
                width: left,
                ..area
            },
            Rect {
                x: area.x + left,
                y,
                width: area.width - left,
                height,
            },
        )
    };
    let pane = model.messages.pane;
    let title = match model.messages.flow {
        Some(flow) => match model.talks.get(flow) {
            Some(t) => format!(
                "{} {} {}",
                words::address(t.client().0, t.client().1),
                theme.signs.arrow,
                words::address(t.server().0, t.server().1)
            ),
            None => "messages of this conversation".into(),
        },
        None => format!("messages {}", words::number(model.messages.len() as u64)),
    };
    let right = if model.messages.follows() && !model.ended {
        "following"
    } else {
        ""
    };
    let inner = panel(buf, list, &title, right, pane == Pane::List, theme);
    rows(buf, inner, model, theme);
    let reveal = model.reveals();
    let reveal_bytes = model.reveals_bytes();
    let found = model.messages.take_leaves(reveal, reveal_bytes);
    let Some(message) = model.messages.chosen() else {
        panel(buf, fields, "fields", "", pane == Pane::Fields, theme);
        panel(buf, hex, "bytes", "", pane == Pane::Bytes, theme);
        return;
    };
    let id = model.messages.chosen_id();
    let stream = id.and_then(|id| model.messages.stream.of(id));
    // Field and bytes are linked both ways: on the bytes, the byte chooses the field.
    let len = stream.map_or(0, <[_]>::len);
    let byte = match pane {
        Pane::Bytes if len > 0 => Some(model.messages.byte.unwrap_or(0).min(len - 1)),
        _ => None,
    };
    let at = byte
        .and_then(|byte| of_byte(&found, byte))
        .unwrap_or(model.messages.field)
        .min(found.len().saturating_sub(1));
    let title = format!(
        "{} {}",
        message.protocol().name(),
        rules::clean::text(message.kind())
    );
    let inner = panel(
        buf,
        fields,
        &title,
        message.provenance().word(),
        pane == Pane::Fields,
        theme,
    );
    let fields_top = tree::draw(buf, inner, &found, at, theme);
    let covers = covers(message, stream);
    let bytes_inner = panel(buf, hex, "bytes", &covers, pane == Pane::Bytes, theme);
    let mask = stream.map(|s| bytes::masked(message, &found, s.len(), reveal_bytes));
    let hides = mask.as_ref().is_some_and(|m| m.contains(&true));
    let top = match (stream, &model.messages.stream) {
        (Some(stream), _) => bytes::draw(
            buf,
            bytes_inner,
            &bytes::Shown {
                stream,
                leaves: &found,
                chosen: at,
                top: model.messages.bytes_top,
                // With the keys elsewhere, the pane follows the chosen field.
                follow: pane != Pane::Bytes,
                byte,
                masked: mask.unwrap_or_default(),
            },
            theme,
        ),
        (None, Stream::Failed(_, why)) => {
            let mut y = bytes_inner.y;
            for line in
                crate::report::wrapped(why, usize::from(bytes_inner.width).saturating_sub(2))
            {
                if y < bytes_inner.bottom() {
                    buf.set_string(bytes_inner.x + 1, y, line, theme.dim);
                    y += 1;
                }
            }
            0
        }
        (None, _) => {
            super::empty(buf, bytes_inner, "reading...", theme);
            0
        }
    };
    if hides {
        note_masks(buf, hex, reveal_bytes, theme);
    }
    model.messages.keep_leaves(found, reveal, reveal_bytes);
    model.messages.bytes_top = top;
    model.messages.field = at;
    if byte.is_some() {
        model.messages.byte = byte;
    }
    model.hit.across = bytes::across(bytes_inner);
    model
        .hit
        .lists
        .push((inner, fields_top, Some(Pane::Fields)));
    model.hit.lists.push((bytes_inner, top, Some(Pane::Bytes)));
    match pane {
        Pane::List => {}
        Pane::Fields => model.page = usize::from(inner.height),
        Pane::Bytes => model.page = usize::from(bytes_inner.height),
    }
}

/// Says at the foot of the bytes why some are hidden. Bytes of no field are hidden too: a name may
/// stand where nobody looked for one.
fn note_masks(buf: &mut Buffer, area: Rect, revealed: bool, theme: &Theme) {
    let room = usize::from(area.width).saturating_sub(4);
    let texts = if revealed {
        [
            " ** a password or the like: never shown ",
            " ** a password: never shown ",
            " ** secret ",
        ]
    } else {
        [
            " ** hidden: patient data, and what belongs to no field (P shows it) ",
            " ** patient data, or of no field (P) ",
            " ** hidden (P) ",
        ]
    };
    if let Some(text) = texts.iter().find(|t| t.len() <= room) {
        let x = area.right() - 2 - text.len() as u16;
        buf.set_string(x, area.bottom() - 1, text, theme.hidden);
    }
}

fn rows(buf: &mut Buffer, inner: Rect, model: &mut Model, theme: &Theme) {
    model.page = usize::from(inner.height);
    let count = model.messages.len();
    if count == 0 {
        super::empty(
            buf,
            inner,
            "no message kept, or none passes the filter",
            theme,
        );
        return;
    }
    let Model { messages, hit, .. } = model;
    let (visible, chosen) = super::window(inner, count, messages.cursor(), hit, Some(Pane::List));
    let mut previous = None;
    for (line, at) in visible.enumerate() {
        let Some(m) = model.messages.id(at).and_then(|id| model.messages.get(id)) else {
            break;
        };
        let time = model.time(m.frame().time, previous);
        previous = Some(m.frame().time);
        let number = m.frame().number.to_string();
        let side = match m.side() {
            Side::Client => ">",
            Side::Server => "<",
        };
        let mut what = words::message(m);
        if model.messages.flow.is_none() {
            what = format!("{} {}  {what}", m.source().ip, m.destination().ip);
        }
        let style = if !m.anomalies().is_empty() {
            theme.warn
        } else if m.protocol().is_of_the_sensor() {
            theme.dim
        } else {
            theme.text
        };
        let room = usize::from(inner.width).saturating_sub(24);
        let cells = [
            Cell::new(&time, 12, theme.dim),
            Cell::right(&number, 6, theme.dim),
            Cell::new(side, 1, theme.key),
            Cell::new(&what, room, style),
        ];
        row(
            buf,
            inner,
            inner.y + line as u16,
            &cells,
            at == chosen,
            theme,
        );
    }
}

/// `412 of 412 bytes, 2 frames`
fn covers(message: Message<'_>, stream: Option<&[Option<u8>]>) -> String {
    let range = message.range();
    let all = range.end.saturating_sub(range.start);
    let have = stream.map(|s| s.iter().flatten().count());
    match have {
        Some(have) if all == 0 => format!("{have} bytes, {} frames", message.frames().len()),
        Some(have) => format!("{have} of {all}, {} frames", message.frames().len()),
        None => format!("{all} bytes"),
    }
}
