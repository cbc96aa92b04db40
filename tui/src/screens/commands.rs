//! 3 Commands: who told what to whom, when.

use dissectors::action::Outcome;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::state::{Lane, Model, ZOOMS, letter};
use crate::theme::Theme;
use crate::when::{ago, delay};
use crate::widgets::table::{Cell, panel, row};
use crate::words::fit;

pub fn draw(buf: &mut Buffer, area: Rect, model: &mut Model, theme: &Theme) {
    let end = model.picture_time();
    let above = (area.height / 2).clamp(4, 12);
    let lanes = Rect {
        height: above,
        ..area
    };
    let below = Rect {
        y: area.y + above,
        height: area.height - above,
        ..area
    };
    let zoom = ago(ZOOMS[model.commands.zoom] * 1_000_000_000);
    let inner = panel(
        buf,
        lanes,
        &format!(
            "{} to {}",
            model
                .when
                .clock(end - ZOOMS[model.commands.zoom] * 1_000_000_000),
            model.when.clock(end)
        ),
        &format!("zoom {zoom}  S set ^ start X stop A alarm ? unknown r read w store"),
        false,
        theme,
    );
    let head = usize::from(inner.width).min(100) * 2 / 5;
    let width = usize::from(inner.width).saturating_sub(head + 1);
    let found = model.commands.lanes(end, width, usize::from(inner.height));
    if found.is_empty() {
        super::empty(
            buf,
            inner,
            "no command in this time (- for more time)",
            theme,
        );
    }
    for (line, lane) in found.iter().enumerate() {
        draw_lane(buf, inner, inner.y + line as u16, head, lane, theme);
    }
    let reads = if model.commands.reads {
        "with reads and stores (r: without)"
    } else {
        "r: with reads and stores"
    };
    let title = format!("commands {}", model.commands.len());
    let inner = panel(buf, below, &title, reads, true, theme);
    rows(buf, inner, model, theme);
}

fn draw_lane(buf: &mut Buffer, area: Rect, y: u16, head: usize, lane: &Lane, theme: &Theme) {
    let whom = if lane.subject.is_empty() {
        lane.target.to_string()
    } else {
        lane.subject.clone()
    };
    let text = format!("{} {} {whom}", lane.actor, theme.signs.arrow);
    buf.set_stringn(
        area.x + 1,
        y,
        fit(&text, head.saturating_sub(1), theme.signs.ellipsis),
        head,
        theme.text,
    );
    let from = area.x + head as u16 + 1;
    for (at, mark) in lane.marks.iter().enumerate() {
        let (sign, style) = match mark {
            None => (theme.signs.lane, theme.dim),
            // A refused command stands out by its own sign.
            Some(_) if lane.refused[at] => ("!", theme.bad),
            Some(verb) => match letter(*verb) {
                "r" | "w" | "." => (letter(*verb), theme.dim),
                letter => (letter, theme.strong),
            },
        };
        if from + (at as u16) < area.right() {
            buf.set_string(from + at as u16, y, sign, style);
        }
    }
}

fn rows(buf: &mut Buffer, inner: Rect, model: &mut Model, theme: &Theme) {
    model.page = usize::from(inner.height);
    let count = model.commands.len();
    if count == 0 {
        super::empty(
            buf,
            inner,
            "no command seen, or none passes the filter",
            theme,
        );
        return;
    }
    let visible = model
        .commands
        .cursor()
        .scroll(count, usize::from(inner.height));
    let chosen = model.commands.cursor().row();
    model.hit.lists.push((inner, visible.start, None));
    let mut previous = None;
    for (line, at) in visible.enumerate() {
        let Some(c) = model.commands.row(at) else {
            break;
        };
        let time = model.time(c.frame.time, previous);
        previous = Some(c.frame.time);
        let frame = format!("#{}", c.frame.number);
        let target = if c.subject.is_empty() {
            c.target.to_string()
        } else {
            c.subject.clone()
        };
        let what = if c.value.is_empty() {
            c.verb.word().to_owned()
        } else {
            format!("{} {}", c.verb.word(), c.value)
        };
        let outcome = match (c.outcome, c.answered) {
            (Outcome::Requested, None) => "no answer".into(),
            (outcome, Some(after)) => format!("{} {}", outcome.word(), delay(after)),
            (outcome, None) => outcome.word().to_owned(),
        };
        let bad = matches!(c.outcome, Outcome::Refused | Outcome::Failed);
        let wide = model.wide_columns && inner.width >= 100;
        let parties = format!("{} {} {target}", c.actor, theme.signs.arrow);
        let kind = format!("{} {}", c.protocol.name(), c.kind);
        let mut cells = vec![
            Cell::new(&time, 12, theme.dim),
            Cell::new(&parties, if wide { 30 } else { 24 }, theme.text),
            Cell::new(&what, if wide { 20 } else { 18 }, theme.strong),
            Cell::new(&outcome, 16, if bad { theme.bad } else { theme.text }),
        ];
        if wide {
            cells.push(Cell::new(&kind, 16, theme.text));
            cells.push(Cell::new(&frame, 7, theme.dim));
            cells.push(Cell::new(&c.more, 40, theme.dim));
        }
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
