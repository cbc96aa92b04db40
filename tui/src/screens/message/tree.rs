//! The tree of fields.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::state::leaves::Leaf;
use crate::theme::Theme;
use crate::widgets::table::{Cell, row};

/// Draws the tree; gives the first line shown.
pub fn draw(buf: &mut Buffer, area: Rect, leaves: &[Leaf], chosen: usize, theme: &Theme) -> usize {
    let height = usize::from(area.height).max(1);
    let top = chosen
        .saturating_sub(height / 2)
        .min(leaves.len().saturating_sub(height));
    let width = if area.width >= 50 { 24 } else { 15 };
    for (line, (at, leaf)) in leaves.iter().enumerate().skip(top).take(height).enumerate() {
        let name = format!("{}{}", " ".repeat(2 * leaf.depth.min(8)), leaf.name);
        let room = usize::from(area.width).saturating_sub(width + 3);
        let style = if leaf.hidden || leaf.secret {
            theme.hidden
        } else {
            theme.text
        };
        let cells = [
            Cell::new(
                &name,
                width,
                if leaf.depth == 0 {
                    theme.title
                } else {
                    theme.dim
                },
            ),
            Cell::new(&leaf.value, room, style),
        ];
        row(buf, area, area.y + line as u16, &cells, at == chosen, theme);
    }
    top
}
