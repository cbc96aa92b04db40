//! The line that is typed, with what is wrong and what may follow.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::state::Prompt;
use crate::state::{Asking, Model};
use crate::theme::Theme;
use crate::words::fit;

/// Keys while typing.
pub fn keys(prompt: &Prompt) -> Vec<(&'static str, &'static str)> {
    match prompt.asking {
        Asking::Copy => vec![
            ("w", "Wireshark filter"),
            ("c", "conversation filter"),
            ("j", "JSON"),
            ("i", "id"),
            ("l", "line"),
            ("Esc", "never mind"),
        ],
        Asking::Filter => vec![
            ("Enter", "take"),
            ("Tab", "complete"),
            ("C-u", "clear"),
            ("Esc", "never mind"),
        ],
        _ => vec![("Enter", "take"), ("Esc", "never mind")],
    }
}

/// Draws the prompt over the status line and the lines above it.
pub fn draw(buf: &mut Buffer, status: Rect, body: Rect, model: &Model, theme: &Theme) {
    let Some(prompt) = &model.prompt else { return };
    let blank = " ".repeat(usize::from(status.width));
    buf.set_string(status.x, status.y, &blank, theme.text);
    let label = format!(" {}: ", prompt.label());
    let width = usize::from(status.width);
    let (x, _) = buf.set_stringn(status.x, status.y, &label, width, theme.key);
    let room = usize::from(status.right().saturating_sub(x)).saturating_sub(1);
    // The end of the text is where one types: it stays visible.
    let mut shown = prompt.text.as_str();
    while shown.width() > room {
        let mut chars = shown.chars();
        chars.next();
        shown = chars.as_str();
    }
    let (end, _) = buf.set_stringn(x, status.y, shown, room, theme.strong);
    if end < status.right() {
        buf.set_string(end, status.y, " ", theme.marked);
    }
    let mut above = status.y;
    if let Some(trouble) = &prompt.trouble
        && !prompt.text.trim().is_empty()
        && above > body.y + 1
    {
        let from = prompt.text.get(..trouble.span.start).map_or(0, str::width);
        let len = prompt
            .text
            .get(trouble.span.clone())
            .map_or(1, str::width)
            .max(1);
        let cut = prompt.text.width() - shown.width();
        let at = usize::from(x - status.x) + from.saturating_sub(cut);
        let carets = format!("{}{}", " ".repeat(at), "^".repeat(len));
        above -= 1;
        line(buf, status, above, &carets, theme.bad, theme);
        above -= 1;
        line(
            buf,
            status,
            above,
            &format!(" {}", trouble.says),
            theme.bad,
            theme,
        );
    }
    let room = usize::from(above.saturating_sub(body.y)).min(7);
    let from = prompt
        .offered
        .map_or(0, |at| at.saturating_sub(room.saturating_sub(1)));
    let offers: Vec<_> = prompt
        .offers
        .iter()
        .enumerate()
        .skip(from)
        .take(room)
        .collect();
    for (at, offer) in offers.into_iter().rev() {
        above -= 1;
        let chosen = prompt.offered == Some(at);
        let sign = if chosen { theme.signs.chosen } else { " " };
        let style = if chosen { theme.selected } else { theme.text };
        let text = format!("{sign} {:<26} {}", offer.word, offer.says);
        line(buf, status, above, &text, style, theme);
    }
}

fn line(
    buf: &mut Buffer,
    area: Rect,
    y: u16,
    text: &str,
    style: ratatui::style::Style,
    theme: &Theme,
) {
    let width = usize::from(area.width);
    let blank = Rect {
        y,
        height: 1,
        ..area
    };
    for x in blank.x..blank.right() {
        buf[(x, y)].reset();
    }
    buf.set_stringn(
        area.x,
        y,
        fit(text, width, theme.signs.ellipsis),
        width,
        style,
    );
}
