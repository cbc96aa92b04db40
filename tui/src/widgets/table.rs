//! Panels and rows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::theme::Theme;
use crate::words::fit;

/// Draws a border with a title at the left and one at the right; gives the room inside.
pub fn panel(
    buf: &mut Buffer,
    area: Rect,
    left: &str,
    right: &str,
    on: bool,
    theme: &Theme,
) -> Rect {
    if area.width < 4 || area.height < 2 {
        return Rect::default();
    }
    let s = theme.signs;
    let style = if on { theme.title } else { theme.border };
    let across = usize::from(area.width) - 2;
    let edge = |buf: &mut Buffer, y: u16, l: &str, r: &str| {
        let line = format!("{l}{}{r}", s.horizontal.repeat(across));
        buf.set_stringn(area.x, y, line, usize::from(area.width), style);
    };
    edge(buf, area.y, s.corners[0], s.corners[1]);
    edge(buf, area.bottom() - 1, s.corners[2], s.corners[3]);
    for y in area.y + 1..area.bottom() - 1 {
        buf.set_string(area.x, y, s.vertical, style);
        buf.set_string(area.right() - 1, y, s.vertical, style);
    }
    let room = across.saturating_sub(2);
    let mut used = 0;
    if !left.is_empty() {
        let (end, _) = buf.set_stringn(
            area.x + 2,
            area.y,
            format!(" {left} "),
            room,
            if on { theme.title } else { theme.text },
        );
        used = usize::from(end.saturating_sub(area.x + 2));
    }
    let wide = unicode_width::UnicodeWidthStr::width(right) + 2;
    if !right.is_empty() && used + wide < room {
        buf.set_string(
            area.right() - 2 - wide as u16,
            area.y,
            format!(" {right} "),
            theme.dim,
        );
    }
    Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width - 2,
        height: area.height - 2,
    }
}

/// One piece of a row: text, columns (0: as wide as it is), style.
pub struct Cell<'a> {
    pub text: &'a str,
    pub width: usize,
    pub right: bool,
    pub style: Style,
}

impl<'a> Cell<'a> {
    pub fn new(text: &'a str, width: usize, style: Style) -> Self {
        Cell {
            text,
            width,
            right: false,
            style,
        }
    }

    pub fn right(text: &'a str, width: usize, style: Style) -> Self {
        Cell {
            right: true,
            ..Cell::new(text, width, style)
        }
    }
}

/// Draws cells side by side, one blank between them. A chosen row is drawn in one style, and says
/// so by a sign too.
pub fn row(buf: &mut Buffer, area: Rect, y: u16, cells: &[Cell<'_>], chosen: bool, theme: &Theme) {
    let mut x = area.x;
    let end = area.right();
    let sign = if chosen { theme.signs.chosen } else { " " };
    let over = |style: Style| if chosen { theme.selected } else { style };
    if chosen {
        buf.set_style(
            Rect {
                y,
                height: 1,
                ..area
            },
            theme.selected,
        );
    }
    if x < end {
        buf.set_string(x, y, sign, over(theme.key));
        x += 1;
    }
    for cell in cells {
        if x >= end {
            break;
        }
        let room = usize::from(end - x);
        let width = if cell.width == 0 {
            unicode_width::UnicodeWidthStr::width(cell.text)
        } else {
            cell.width
        }
        .min(room);
        let text = if cell.right {
            let wide = unicode_width::UnicodeWidthStr::width(cell.text);
            format!("{}{}", " ".repeat(width.saturating_sub(wide)), cell.text)
        } else {
            cell.text.to_owned()
        };
        let text = fit(&text, width, theme.signs.ellipsis);
        buf.set_stringn(x, y, text, room, over(cell.style));
        x += width as u16 + 1;
    }
}

/// Labelled texts that run over lines as they need; the pane shows what fits, from a line on.
#[derive(Default)]
pub struct Detail {
    lines: Vec<(String, String, Style)>,
    width: usize,
}

/// Columns of a label.
const LABEL: usize = 8;

impl Detail {
    pub fn new(area: Rect) -> Self {
        Detail {
            lines: Vec::new(),
            width: usize::from(area.width).saturating_sub(LABEL + 2),
        }
    }

    /// A line of its own.
    pub fn title(&mut self, text: &str, style: Style) {
        self.lines.push((String::new(), text.to_owned(), style));
    }

    pub fn put(&mut self, label: &str, text: &str, style: Style) {
        for (at, line) in crate::report::wrapped(text, self.width)
            .into_iter()
            .enumerate()
        {
            let label = if at == 0 { label } else { "" };
            self.lines.push((format!("{label:<LABEL$}"), line, style));
        }
    }

    /// Draws from a line on, but never past the last; gives the line.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, top: usize, theme: &Theme) -> usize {
        let height = usize::from(area.height);
        let top = top.min(self.lines.len().saturating_sub(height));
        for (at, (label, text, style)) in self.lines.iter().skip(top).take(height).enumerate() {
            let y = area.y + at as u16;
            let room = usize::from(area.width).saturating_sub(2);
            let (x, _) = buf.set_stringn(area.x + 1, y, label, room, theme.dim);
            let room = usize::from(area.right().saturating_sub(x + 1));
            let text = fit(text, room, theme.signs.ellipsis);
            buf.set_stringn(x, y, text.trim_end(), room, *style);
        }
        // Says that there is more.
        if top + height < self.lines.len() && area.height > 0 {
            let text = format!(" J: {} more ", self.lines.len() - top - height);
            if text.len() + 4 < usize::from(area.width) {
                let x = area.right() - text.len() as u16 - 1;
                buf.set_string(x, area.bottom(), text, theme.key);
            }
        }
        top
    }
}

/// A bar of small columns.
pub fn spark(counts: &[u32], theme: &Theme) -> String {
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    counts
        .iter()
        .map(|n| {
            if *n == 0 {
                theme.signs.spark[0]
            } else {
                let at = 1 + (u64::from(*n) * 7 / u64::from(most)) as usize;
                theme.signs.spark[at.min(8)]
            }
        })
        .collect()
}
