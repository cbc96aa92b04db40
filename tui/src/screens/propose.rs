//! A proposal before it is written: what, where to, whether it loads.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::hands::propose::now;
use crate::proposal::Kind;
use crate::report::wrapped;
use crate::state::Model;
use crate::theme::Theme;
use crate::widgets::table::panel;
use crate::words::fit;

pub fn draw(buf: &mut Buffer, body: Rect, model: &Model, theme: &Theme) {
    let Some(proposal) = &model.proposal else {
        return;
    };
    let who = model.who.as_deref().unwrap_or("(your name)");
    let text = proposal
        .text(who, "(your reason)", now(model))
        .unwrap_or_else(str::to_owned);
    let mut lines: Vec<(String, ratatui::style::Style)> =
        text.lines().map(|l| (l.to_owned(), theme.strong)).collect();
    lines.push((String::new(), theme.text));
    let width = usize::from(body.width).saturating_sub(4);
    let says = [
        "It loads. The sensor checks it with everything else in force, writes it to its own file and judges by it from the next message on. Findings that are there stay.",
        proposal.kind.says(),
    ];
    for line in says.iter().flat_map(|s| wrapped(s, width)) {
        lines.push((line, theme.dim));
    }
    let height = (lines.len() as u16 + 2).min(body.height);
    let area = Rect { height, ..body };
    for y in area.y..area.bottom() {
        for x in area.x..area.right() {
            buf[(x, y)].reset();
        }
    }
    let titles: Vec<String> = Kind::ALL
        .iter()
        .map(|k| match *k == proposal.kind {
            true => format!("[{}]", k.title()),
            false => k.title().to_owned(),
        })
        .collect();
    let inner = panel(
        buf,
        area,
        &titles.join("  "),
        "not written yet",
        true,
        theme,
    );
    for (at, (line, style)) in lines.iter().take(usize::from(inner.height)).enumerate() {
        let room = usize::from(inner.width).saturating_sub(2);
        let line = fit(line, room, theme.signs.ellipsis);
        buf.set_stringn(
            inner.x + 1,
            inner.y + at as u16,
            line.trim_end(),
            room,
            *style,
        );
    }
}
