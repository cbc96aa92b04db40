//! The seven screens.

mod commands;
mod conversations;
mod devices;
mod findings;
mod message;
mod propose;
mod protocols;
mod sensor;

use std::ops::Range;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::state::{Hit, Model, Pane, Screen};
use crate::theme::Theme;
use crate::widgets::list::Cursor;
use crate::widgets::{bars, input, overlay};

/// Smallest terminal that is drawn on.
pub const SMALLEST: (u16, u16) = (40, 10);

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, model: &mut Model, theme: &Theme) {
    let area = frame.area();
    onto(frame.buffer_mut(), area, model, theme);
}

/// Draws everything into a buffer.
pub fn onto(buf: &mut Buffer, area: Rect, model: &mut Model, theme: &Theme) {
    buf.set_style(area, theme.text);
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let text = format!("wardwatch needs {} x {}", SMALLEST.0, SMALLEST.1);
        buf.set_stringn(area.x, area.y, text, usize::from(area.width), theme.text);
        return;
    }
    let line = |at: u16| Rect {
        y: area.y + at,
        height: 1,
        ..area
    };
    let body = Rect {
        y: area.y + 2,
        height: area.height - 4,
        ..area
    };
    let status = line(area.height - 2);
    model.hit.lists.clear();
    bars::header(buf, line(0), model, theme);
    bars::tabs(buf, line(1), model, theme);
    match model.screen {
        Screen::Findings => findings::draw(buf, body, model, theme),
        Screen::Devices => devices::draw(buf, body, model, theme),
        Screen::Commands => commands::draw(buf, body, model, theme),
        Screen::Conversations => conversations::draw(buf, body, model, theme),
        Screen::Message => message::draw(buf, body, model, theme),
        Screen::Protocols => protocols::draw(buf, body, model, theme),
        Screen::Sensor => sensor::draw(buf, body, model, theme),
    }
    if model.help {
        overlay::help(buf, body, model.screen, &mut model.help_top, theme);
    }
    propose::draw(buf, body, model, theme);
    bars::status(buf, status, model, theme);
    bars::key_line(buf, line(area.height - 1), model, theme);
    input::draw(buf, status, body, model, theme);
}

/// One line in an empty list that says why it is empty.
fn empty(buf: &mut Buffer, area: Rect, text: &str, theme: &Theme) {
    if area.height > 0 {
        buf.set_stringn(
            area.x + 1,
            area.y,
            text,
            usize::from(area.width).saturating_sub(2),
            theme.dim,
        );
    }
}

/// The rows of a list that are seen in this room, and the chosen one; the mouse can hit them.
fn window<K: Clone + PartialEq>(
    room: Rect,
    rows: usize,
    cursor: &mut Cursor<K>,
    hit: &mut Hit,
    pane: Option<Pane>,
) -> (Range<usize>, usize) {
    let seen = cursor.scroll(rows, usize::from(room.height));
    hit.lists.push((room, seen.start, pane));
    (seen, cursor.row())
}
