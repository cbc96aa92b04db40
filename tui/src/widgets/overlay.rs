//! The help page: every key that works here, from the one list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::table::panel;
use crate::keys::BINDINGS;
use crate::state::Screen;
use crate::theme::Theme;
use crate::words::fit;

pub fn help(buf: &mut Buffer, body: Rect, screen: Screen, top: &mut usize, theme: &Theme) {
    for y in body.y..body.bottom() {
        for x in body.x..body.right() {
            buf[(x, y)].reset();
        }
    }
    let inner = panel(
        buf,
        body,
        &format!("keys on {}", screen.title()),
        "severity: !! C  ! H  - M  . L  I",
        true,
        theme,
    );
    let rows: Vec<_> = BINDINGS
        .iter()
        .filter(|b| !b.help.is_empty() && b.on.has(screen))
        .collect();
    let height = usize::from(inner.height).max(1);
    let columns = if inner.width >= 150 { 2 } else { 1 };
    let width = usize::from(inner.width) / columns;
    *top = (*top).min(rows.len().saturating_sub(height * columns));
    for (at, b) in rows.iter().skip(*top).take(height * columns).enumerate() {
        let (column, line) = (at / height, at % height);
        let x = inner.x + (column * width) as u16;
        let y = inner.y + line as u16;
        buf.set_stringn(x + 1, y, fit(b.key, 6, ""), 6, theme.key);
        let room = width.saturating_sub(8);
        buf.set_stringn(
            x + 7,
            y,
            fit(b.help, room, theme.signs.ellipsis),
            room,
            theme.text,
        );
    }
}
