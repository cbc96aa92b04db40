//! 4 Conversations: who talks with whom, how much, what is missing.

use dissectors::contract::Transport;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::feed::TalkRow;
use crate::state::Model;
use crate::theme::Theme;
use crate::widgets::table::{Cell, panel, row};
use crate::words;

pub fn draw(buf: &mut Buffer, area: Rect, model: &mut Model, theme: &Theme) {
    let title = format!("conversations {}", words::number(model.talks.len() as u64));
    let right = format!("sort: {}", model.talks.sort.word());
    let inner = panel(buf, area, &title, &right, true, theme);
    if inner.height == 0 {
        return;
    }
    let wide = model.wide_columns && inner.width >= 100;
    let end = if wide { 24 } else { 19 };
    let time = if wide { 12 } else { 0 };
    let mut heads = Vec::new();
    if wide {
        heads.push(Cell::new("start", time, theme.dim));
    }
    heads.extend([
        Cell::new("client", end, theme.dim),
        Cell::new("server", end, theme.dim),
        Cell::new("protocol", 9, theme.dim),
        Cell::right("messages", 9, theme.dim),
    ]);
    if wide {
        heads.push(Cell::right("bytes", 10, theme.dim));
        heads.push(Cell::right("commands", 8, theme.dim));
    }
    heads.push(Cell::new("state", 0, theme.dim));
    row(buf, inner, inner.y, &heads, false, theme);
    let inner = Rect {
        y: inner.y + 1,
        height: inner.height - 1,
        ..inner
    };
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
    let visible = model
        .talks
        .cursor()
        .scroll(count, usize::from(inner.height));
    let chosen = model.talks.cursor().row();
    model.hit.lists.push((inner, visible.start, None));
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
        let mut cells = Vec::new();
        if wide {
            cells.push(Cell::new(&started, time, theme.dim));
        }
        cells.extend([
            Cell::new(&client, end, theme.text),
            Cell::new(&server, end, theme.text),
            Cell::new(&protocols, 9, theme.text),
            Cell::right(&messages, 9, theme.text),
        ]);
        if wide {
            cells.push(Cell::right(&bytes, 10, theme.text));
            cells.push(Cell::right(&commands, 8, theme.strong));
        }
        cells.push(Cell::new(
            &state,
            0,
            if bad { theme.warn } else { theme.dim },
        ));
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
