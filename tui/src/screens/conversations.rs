//! 4 Conversations: who talks with whom, how much, what is missing.

use dissectors::contract::Transport;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::feed::TalkRow;
use crate::state::Model;
use crate::theme::Theme;
use crate::widgets::columns::{Column, REST, Table};
use crate::widgets::table::panel;
use crate::words;

const COLUMNS: &[Column] = &[
    Column::left("start", [0, 12, 12]),
    Column::left("client", [19, 24, 30]),
    Column::left("server", [19, 24, 30]),
    Column::left("protocol", [9, 9, 16]),
    // Sent by the client, by the server.
    Column::right("messages", [9, 9, 13]),
    Column::right("bytes", [0, 10, 10]),
    Column::right("commands", [0, 8, 8]),
    Column::left("state", [REST, REST, REST]),
];

pub fn draw(buf: &mut Buffer, area: Rect, model: &mut Model, theme: &Theme) {
    let title = format!("conversations {}", words::number(model.talks.len() as u64));
    let right = format!("sort: {}", model.talks.sort.word());
    let inner = panel(buf, area, &title, &right, true, theme);
    if inner.height == 0 {
        return;
    }
    let table = Table::new(COLUMNS, inner, model.wide_columns).headed(buf, theme);
    let inner = table.area;
    model.page = usize::from(inner.height);
    let count = model.talks.len();
    if count == 0 {
        super::empty(
            buf,
            inner,
            "no conversation, or none passes the filter",
            theme,
        );
        return;
    }
    let Model { talks, hit, .. } = model;
    let (visible, chosen) = super::window(inner, count, talks.cursor(), hit, None);
    let mut previous = None;
    for (line, at) in visible.enumerate() {
        let Some(t) = model.talks.row(at) else { break };
        let started = model.time(t.started.time, previous);
        previous = Some(t.started.time);
        let client = words::address(t.client().0, t.client().1);
        let server = words::address(t.server().0, t.server().1);
        let mut protocols: Vec<&str> = t.protocols.iter().map(|p| p.name()).collect();
        if protocols.len() > 1 {
            protocols.retain(|p| *p != "tcp");
        }
        let protocols = protocols.join(",");
        let messages = format!("{}/{}", t.messages[0], t.messages[1]);
        let bytes = words::bytes(t.bytes.iter().sum());
        let commands = words::number(t.commands);
        let (state, bad) = state(t);
        let texts = [
            (started.as_str(), theme.dim),
            (&client, theme.text),
            (&server, theme.text),
            (&protocols, theme.text),
            (&messages, theme.text),
            (&bytes, theme.text),
            (&commands, theme.strong),
            (&state, if bad { theme.warn } else { theme.dim }),
        ];
        table.row(buf, line, &texts, at == chosen, theme);
    }
}

/// What is to be said of a conversation, and whether it limits what can be concluded.
fn state(t: &TalkRow) -> (String, bool) {
    let mut parts = Vec::new();
    let missing: u64 = t.missing.iter().sum();
    if missing > 0 {
        parts.push(format!("missing {}", words::bytes(missing)));
    }
    if t.overlap_differs {
        parts.push("copies differ".into());
    }
    if t.mid_stream {
        parts.push("start not seen".into());
    }
    if t.seen != [true, true] && !matches!(t.transport, Transport::Link(_)) {
        parts.push("one side only".into());
    }
    if t.anomalies > 0 {
        parts.push(format!("{} faulty", t.anomalies));
    }
    if parts.is_empty() {
        ("whole".into(), false)
    } else {
        (parts.join(", "), true)
    }
}
