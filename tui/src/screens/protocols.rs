//! 6 Protocols: what is on this wire, what is not decoded.

use dissectors::registry::PROTOCOLS;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::state::Model;
use crate::theme::Theme;
use crate::widgets::columns::{Column, Table};
use crate::widgets::table::{Detail, panel};
use crate::words::{bytes, number};

const COLUMNS: &[Column] = &[
    Column::left("protocol", [13, 13, 16]),
    Column::left("rests on", [14, 14, 20]),
    Column::right("talks", [8, 10, 13]),
    Column::right("messages", [8, 10, 13]),
    Column::right("commands", [8, 10, 13]),
    Column::right("faulty", [8, 10, 13]),
    Column::right("unknown", [8, 10, 13]),
    Column::right("bytes", [9, 10, 13]),
];

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
    let table = Table::new(COLUMNS, inner, true).headed(buf, theme);
    let inner = table.area;
    model.page = usize::from(inner.height);
    let count = model.protocols.rows.len();
    if count == 0 {
        super::empty(buf, inner, "no message so far", theme);
        return;
    }
    let Model { protocols, hit, .. } = model;
    let (visible, chosen) = super::window(inner, count, protocols.cursor(), hit, None);
    for (line, at) in visible.enumerate() {
        let p = &protocols.rows[at];
        let [flows, messages, actions, faults, unknown] =
            [p.flows, p.messages, p.actions, p.anomalies, p.unknown].map(number);
        let size = bytes(p.bytes);
        let faulty = |n: u64| if n > 0 { theme.warn } else { theme.text };
        let texts = [
            (p.protocol.name(), theme.strong),
            (PROTOCOLS[p.protocol.index()].provenance.word(), theme.text),
            (&flows, theme.text),
            (&messages, theme.text),
            (&actions, theme.text),
            (&faults, faulty(p.anomalies)),
            (&unknown, faulty(p.unknown)),
            (&size, theme.text),
        ];
        table.row(buf, line, &texts, at == chosen, theme);
    }
}
