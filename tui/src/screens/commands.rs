//! 3 Commands: who told what to whom, when.

use dissectors::action::Outcome;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::state::{LETTERS, Lane, Model, ZOOMS, letter};
use crate::theme::Theme;
use crate::when::{ago, delay};
use crate::widgets::columns::{Column, REST, Table};
use crate::widgets::table::panel;
use crate::words::fit;

/// Time, who to whom, what, what became of it, message, frame, where in the device.
const COLUMNS: &[Column] = &[
    Column::left("", [12, 12, 12]),
    Column::left("", [24, 30, 44]),
    Column::left("", [18, 20, 28]),
    Column::left("", [16, 16, 20]),
    Column::left("", [0, 16, 24]),
    Column::left("", [0, 7, 9]),
    Column::left("", [0, REST, REST]),
];

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
    if model.commands.map {
        map(buf, lanes, model, theme);
    } else {
        lanes_of(buf, lanes, end, model, theme);
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

/// What the letters that are shown stand for.
fn legend(shown: impl Iterator<Item = &'static str>) -> String {
    let shown: Vec<&str> = shown.collect();
    let words: Vec<String> = LETTERS
        .iter()
        .filter(|(letter, _)| shown.contains(letter))
        .map(|(letter, word)| format!("{letter} {word}"))
        .collect();
    words.join("  ")
}

fn lanes_of(buf: &mut Buffer, lanes: Rect, end: i64, model: &mut Model, theme: &Theme) {
    let span = ZOOMS[model.commands.zoom] * 1_000_000_000;
    let head = usize::from(lanes.width.saturating_sub(2)).min(100) * 2 / 5;
    let width = usize::from(lanes.width).saturating_sub(head + 3);
    let height = usize::from(lanes.height).saturating_sub(2);
    let found = model.commands.lanes(end, width, height);
    let mut letters = legend(
        found
            .iter()
            .flat_map(|l| &l.marks)
            .flatten()
            .map(|v| letter(*v)),
    );
    if found.iter().any(|l| l.refused.contains(&true)) {
        letters.push_str("  ! refused or failed");
    }
    let title = format!(
        "{} to {}",
        model.when.clock(end - span),
        model.when.clock(end)
    );
    let right = format!("zoom {}  {letters}", ago(span));
    let inner = panel(buf, lanes, &title, &right, false, theme);
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
}

/// Each commander with arrows to those that it commands.
fn map(buf: &mut Buffer, area: Rect, model: &mut Model, theme: &Theme) {
    let Model {
        commands, devices, ..
    } = model;
    let edges = commands.edges();
    let letters = legend(
        edges
            .iter()
            .flat_map(|e| &e.letters)
            .map(|(letter, _)| *letter),
    );
    let inner = panel(buf, area, "who commands whom", &letters, false, theme);
    if edges.is_empty() {
        super::empty(
            buf,
            inner,
            "no command seen, or none passes the filter",
            theme,
        );
        return;
    }
    let called = |ip| match devices.name_of(ip) {
        Some(name) if !name.is_empty() => format!("{ip} {name}"),
        _ => ip.to_string(),
    };
    let s = theme.signs;
    let height = usize::from(inner.height);
    let cut = edges.len() > height;
    let shown = if cut {
        height.saturating_sub(1)
    } else {
        height
    };
    let width = usize::from(inner.width).saturating_sub(2);
    let from = width.min(120) * 2 / 5;
    for (at, edge) in edges.iter().take(shown).enumerate() {
        let new = at == 0 || edges[at - 1].actor != edge.actor;
        let more = edges.get(at + 1).is_some_and(|e| e.actor == edge.actor);
        let actor = if new {
            called(edge.actor)
        } else {
            String::new()
        };
        let branch = match (new, more) {
            (true, true) => s.branches[0],
            (true, false) => s.horizontal,
            (false, true) => s.branches[1],
            (false, false) => s.branches[2],
        };
        let y = inner.y + at as u16;
        let actor = fit(&actor, from, s.ellipsis);
        let (x, _) = buf.set_stringn(inner.x + 1, y, &actor, from, theme.text);
        let letters: Vec<String> = edge
            .letters
            .iter()
            .map(|(letter, n)| format!("{letter}{n}"))
            .collect();
        let how = format!(
            " {branch}{} {} {}{} ",
            s.horizontal,
            letters.join(" "),
            s.horizontal,
            s.arrow
        );
        let room = |x: u16| usize::from(inner.right().saturating_sub(x));
        let (x, _) = buf.set_stringn(x, y, &how, room(x), theme.strong);
        let whom = match edge.subject.as_str() {
            "" => called(edge.target),
            name => format!("{name} at {}", edge.target),
        };
        let (x, _) = buf.set_stringn(x, y, &whom, room(x), theme.text);
        if edge.refused > 0 {
            let text = format!("  ! {} refused or failed", edge.refused);
            buf.set_stringn(x, y, text, room(x), theme.bad);
        }
    }
    if cut {
        let text = format!("and {} more pairs (filter with /)", edges.len() - shown);
        buf.set_stringn(inner.x + 1, inner.bottom() - 1, text, width, theme.dim);
    }
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
    let table = Table::new(COLUMNS, inner, model.wide_columns);
    let Model { commands, hit, .. } = model;
    let (visible, chosen) = super::window(inner, count, commands.cursor(), hit, None);
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
        let parties = format!("{} {} {target}", c.actor, theme.signs.arrow);
        let kind = format!("{} {}", c.protocol.name(), c.kind);
        let texts = [
            (time.as_str(), theme.dim),
            (&parties, theme.text),
            (&what, theme.strong),
            (&outcome, if bad { theme.bad } else { theme.text }),
            (&kind, theme.text),
            (&frame, theme.dim),
            (&c.more, theme.dim),
        ];
        table.row(buf, line, &texts, at == chosen, theme);
    }
}
