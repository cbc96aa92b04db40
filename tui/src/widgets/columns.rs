//! Tables: which columns there are at which width, and their heads.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::table::{Cell, row};
use crate::theme::Theme;

/// A column: its head, and how wide it is on a narrow, a wide and a very wide terminal.
pub struct Column {
    head: &'static str,
    widths: [usize; 3],
    right: bool,
}

/// A column of this width is not shown.
const OUT: usize = 0;
/// It takes what is left of the line.
pub const REST: usize = usize::MAX;

impl Column {
    pub const fn left(head: &'static str, widths: [usize; 3]) -> Self {
        Column {
            head,
            widths,
            right: false,
        }
    }

    pub const fn right(head: &'static str, widths: [usize; 3]) -> Self {
        Column {
            right: true,
            ..Column::left(head, widths)
        }
    }
}

/// A table in its place.
#[derive(Clone, Copy)]
pub struct Table {
    columns: &'static [Column],
    /// Which of the widths hold.
    size: usize,
    /// The room for rows.
    pub area: Rect,
}

impl Table {
    /// `all`: the person wants every column that has room.
    pub fn new(columns: &'static [Column], area: Rect, all: bool) -> Self {
        let size = match area.width {
            150.. if all => 2,
            100.. if all => 1,
            _ => 0,
        };
        Table {
            columns,
            size,
            area,
        }
    }

    /// Draws the heads; rows stand below them.
    pub fn headed(mut self, buf: &mut Buffer, theme: &Theme) -> Self {
        if self.area.height > 0 {
            let heads: Vec<(&str, Style)> =
                self.columns.iter().map(|c| (c.head, theme.dim)).collect();
            self.row(buf, 0, &heads, false, theme);
            self.area.y += 1;
            self.area.height -= 1;
        }
        self
    }

    /// Is it a very wide one?
    pub fn is_widest(&self) -> bool {
        self.size == 2
    }

    /// Draws a row; a text and a style for each column, also for those that are not shown.
    pub fn row(
        &self,
        buf: &mut Buffer,
        line: usize,
        texts: &[(&str, Style)],
        chosen: bool,
        theme: &Theme,
    ) {
        let cells: Vec<Cell<'_>> = self
            .columns
            .iter()
            .zip(texts)
            .filter_map(|(column, (text, style))| {
                let width = match column.widths[self.size] {
                    OUT => return None,
                    // As wide as the text is.
                    REST => 0,
                    width => width,
                };
                Some(match column.right {
                    true => Cell::right(text, width, *style),
                    false => Cell::new(text, width, *style),
                })
            })
            .collect();
        row(
            buf,
            self.area,
            self.area.y + line as u16,
            &cells,
            chosen,
            theme,
        );
    }
}
