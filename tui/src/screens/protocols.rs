//! 6 Protocols: what is on this wire, what is not decoded.

use dissectors::registry::PROTOCOLS;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::state::Model;
use crate::theme::Theme;
use crate::widgets::table::{Cell, Detail, panel, row};
use crate::words::{bytes, number};

pub fn draw(buf: &mut Buffer, area: Rect, model: &mut Model, theme: &Theme) {
    let undecoded: Vec<(String, u64)> = model
        .stats
        .accounts
        .iter()
        .filter(|a| a.name == "bytes")
        .flat_map(|a| &a.reasons)
        .filter(|(_, n)| *n > 0)
        .map(|(name, n)| (name.clone(), *n))
        .collect();
    let below = (undecoded.len() as u16 + 5).min(area.height / 2);
    let list = Rect {
        height: area.height - below,
        ..area
    };
    let right = if model.protocols.by_messages {
        "sort: messages"
    } else {
        "sort: name"
    };
    let title = format!("protocols {}", model.protocols.rows.len());
    let inner = panel(buf, list, &title, right, true, theme);
    rows(buf, inner, model, theme);
    let foot = Rect {
        y: area.y + list.height,
        height: below,
        ..area
    };
    let inner = panel(buf, foot, "where payload bytes went", "", false, theme);
    let mut detail = Detail::new(inner);
    if let Some(chosen) = model.protocols.chosen() {
        let p = &PROTOCOLS[chosen.protocol.index()];
        let text = format!("{}: {} ({})", p.name, p.title, p.source);
        detail.put("chosen", &text, theme.text);
    }
    let mut parts: Vec<String> = undecoded
        .iter()
        .map(|(name, n)| format!("{name} {}", bytes(*n)))
        .collect();
    if parts.is_empty() {
        parts.push("told at the end of the capture".into());
    }
    detail.put("bytes", &parts.join(", "), theme.text);
    detail.draw(buf, inner, 0, theme);
}

fn rows(buf: &mut Buffer, inner: Rect, model: &mut Model, theme: &Theme) {
    if inner.height == 0 {
        return;
    }
    let wide = inner.width >= 100;
    let n = if wide { 10 } else { 8 };
    let head = |text| Cell::right(text, n, theme.dim);
    row(
        buf,
        inner,
        inner.y,
        &[
            Cell::new("protocol", 13, theme.dim),
            Cell::new("rests on", 14, theme.dim),
            head("flows"),
            head("messages"),
            head("actions"),
            head("faults"),
            head("unknown"),
            head("bytes"),
        ],
        false,
        theme,
    );
    let inner = Rect {
        y: inner.y + 1,
        height: inner.height - 1,
        ..inner
    };
    model.page = usize::from(inner.height);
    let count = model.protocols.rows.len();
    if count == 0 {
        super::empty(buf, inner, "no message so far", theme);
        return;
    }
    let visible = model
        .protocols
        .cursor()
        .scroll(count, usize::from(inner.height));
    let chosen = model.protocols.cursor().row();
    model.hit.lists.push((inner, visible.start, None));
    for (line, at) in visible.enumerate() {
        let p = &model.protocols.rows[at];
        let numbers = [p.flows, p.messages, p.actions, p.anomalies, p.unknown].map(number);
        let size = bytes(p.bytes);
        let faulty = |n: u64| if n > 0 { theme.warn } else { theme.text };
        let cells = [
            Cell::new(p.protocol.name(), 13, theme.strong),
            Cell::new(
                PROTOCOLS[p.protocol.index()].provenance.word(),
                14,
                theme.text,
            ),
            Cell::right(&numbers[0], n, theme.text),
            Cell::right(&numbers[1], n, theme.text),
            Cell::right(&numbers[2], n, theme.text),
            Cell::right(&numbers[3], n, faulty(p.anomalies)),
            Cell::right(&numbers[4], n, faulty(p.unknown)),
            Cell::right(&size, n, theme.text),
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
