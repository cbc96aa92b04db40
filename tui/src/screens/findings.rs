//! 1 Findings: is something wrong, and what do I do.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::state::{Entry, FindingRow, Model, Tab};
use crate::theme::{Theme, mark};
use crate::when::TimeStyle;
use crate::widgets::table::{Cell, Detail, panel, row};
use crate::words;

pub fn draw(buf: &mut Buffer, area: Rect, model: &mut Model, theme: &Theme) {
    // Few findings leave room for what is known of the chosen one.
    let wanted = model.findings.len() as u16 + 2;
    let above = wanted.clamp(6, (area.height * 11 / 20).max(6));
    let below = area.height.saturating_sub(above);
    let list = Rect {
        height: area.height - below,
        ..area
    };
    let detail = Rect {
        y: area.y + list.height,
        height: below,
        ..area
    };
    let [open, acknowledged, muted] = model.findings.counts();
    let titles: Vec<String> = Tab::ALL
        .iter()
        .map(|tab| {
            let n = match tab {
                Tab::Open => open,
                Tab::Acknowledged => acknowledged,
                Tab::Muted => muted,
                Tab::All => open + acknowledged + muted,
            };
            if *tab == model.findings.tab {
                format!("[{} {n}]", tab.word())
            } else {
                format!("{} {n}", tab.word())
            }
        })
        .collect();
    let by = if model.findings.by_rule {
        "by rule, "
    } else {
        ""
    };
    let right = format!("{by}sort: {}", model.findings.sort.word());
    let inner = panel(buf, list, &titles.join("  "), &right, true, theme);
    rows(buf, inner, model, theme);
    let inner = panel(buf, detail, "", "", false, theme);
    if let Some(entry) = model.chosen_finding() {
        let detail = about(inner, entry, model, theme);
        model.detail_top = detail.draw(buf, inner, model.detail_top, theme);
    }
}

fn rows(buf: &mut Buffer, inner: Rect, model: &mut Model, theme: &Theme) {
    model.page = usize::from(inner.height);
    let count = model.findings.len();
    if count == 0 {
        let text = match (model.findings.entries().is_empty(), model.findings.tab) {
            (false, Tab::Open) => "nothing open passes (Tab: other groups)",
            (false, _) => "nothing here",
            (true, _) if model.ended => "no finding",
            (true, _) => "no finding so far",
        };
        super::empty(buf, inner, text, theme);
        return;
    }
    let Model { findings, hit, .. } = model;
    let (visible, chosen) = super::window(inner, count, findings.cursor(), hit, None);
    let mut previous = None;
    for (line, at) in visible.enumerate() {
        let y = inner.y + line as u16;
        let Some(of_row) = model.findings.row(at) else {
            break;
        };
        let chosen = at == chosen;
        let entry = model.findings.entry(of_row.entry());
        let f = &entry.finding;
        let mark_cell = Cell::new(mark(f.severity), 4, theme.severity(f.severity));
        let wide = model.wide_columns && inner.width >= 100;
        let width = usize::from(inner.width);
        match of_row {
            FindingRow::One { folded, .. } => {
                // On a narrow terminal whole seconds do, and the pane below names the rule.
                let (time, time_width) = match model.times {
                    TimeStyle::Clock if !wide => (model.clock(f.last.time), 8),
                    _ => (model.time(f.last.time, previous), 12),
                };
                previous = Some(f.last.time);
                let count = format!("x{}", words::number(f.count));
                let more = match folded {
                    0 => String::new(),
                    n => format!("+{n}"),
                };
                let (rule, outcome) = if wide { (12, 10) } else { (0, 0) };
                let taken = 1 + 5 + time_width + 1 + gap(rule) + gap(outcome) + 1 + 4 + 6;
                let mut cells = vec![mark_cell, Cell::new(&time, time_width, theme.dim)];
                if wide {
                    cells.push(Cell::new(&f.rule.id, rule, theme.text));
                    cells.push(Cell::new(f.outcome.word(), outcome, theme.text));
                }
                let head = width.saturating_sub(taken);
                cells.push(Cell::new(&entry.headline, head, theme.text));
                cells.push(Cell::right(&more, 3, theme.strong));
                cells.push(Cell::right(&count, 5, theme.text));
                row(buf, inner, y, &cells, chosen, theme);
            }
            FindingRow::Beneath(_) => {
                let text = format!(
                    "{}{} {}  {}",
                    theme.signs.branches[2], theme.signs.horizontal, f.rule.id, f.rule.title
                );
                let cells = [
                    mark_cell,
                    Cell::new(&text, width.saturating_sub(6), theme.text),
                ];
                row(buf, inner, y, &cells, chosen, theme);
            }
            FindingRow::Rule { count, .. } => {
                let text = format!("{}  {}", f.rule.id, f.rule.title);
                let number = format!("{} findings", words::number(count as u64));
                let head = width.saturating_sub(6 + 17 + 1);
                let cells = [
                    mark_cell,
                    Cell::new(&text, head, theme.strong),
                    Cell::right(&number, 15, theme.text),
                ];
                row(buf, inner, y, &cells, chosen, theme);
            }
        }
    }
}

/// Columns that a cell and the blank after it take.
const fn gap(width: usize) -> usize {
    if width == 0 { 0 } else { width + 1 }
}

fn about(inner: Rect, entry: &Entry, model: &Model, theme: &Theme) -> Detail {
    let f = &entry.finding;
    let mut detail = Detail::new(inner);
    let title = format!("{}  {}", f.rule.id, f.headline());
    detail.title(
        &rules::clean::text(title.as_bytes()),
        theme.severity(f.severity),
    );
    let mut what = words::deed(f);
    if let Some(act) = &f.action {
        for (name, part) in [("channel", &act.channel), ("drug", &act.drug)] {
            if !part.is_empty() {
                what.push_str(&format!(", {name} {}", rules::clean::text(part.as_bytes())));
            }
        }
        what.push_str(&format!(" ({}): {}", f.kind, f.outcome.word()));
    }
    let why = words::sentence(&f.why, model.reveals());
    // What to do comes before what may be cut off at the foot.
    let mut put = |label: &str, text: &str, style| detail.put(label, text, style);
    put("do", &f.rule.bedside, theme.strong);
    put("what", &rules::clean::text(what.as_bytes()), theme.text);
    put("who", &words::party(&f.actor), theme.text);
    put("why", &why, theme.text);
    if let Some(m) = entry.marks.last() {
        let note = format!(
            "{} by {} at {} {}",
            m.what.word(),
            rules::clean::text(m.who.as_bytes()),
            model.when.full(m.at),
            rules::clean::text(m.note.as_bytes())
        );
        put("marked", &note, theme.warn);
    }
    // Other rules that fired on the same message and are folded into this row.
    if let Some(FindingRow::One { at, folded: 1.. }) = model.findings.chosen_row() {
        let mut label = "also";
        for other in model.findings.others(at) {
            let other = &model.findings.entry(other).finding;
            let text = format!("{} {}", other.rule.id, other.headline());
            let text = rules::clean::text(text.as_bytes());
            put(
                label,
                &format!("{}  {text}", mark(other.severity).trim()),
                theme.text,
            );
            label = "";
        }
    }
    put("whom", &words::party(&f.target), theme.text);
    if let Some(expected) = &f.expected {
        put(
            "instead",
            &rules::clean::text(expected.as_bytes()),
            theme.text,
        );
    }
    put("network", &f.rule.network, theme.text);
    let frames: Vec<String> = f.frames.iter().map(|f| f.number.to_string()).collect();
    put("frames", &frames.join(" "), theme.dim);
    put("matters", &f.rule.clinical, theme.text);
    if !f.confidence_reasons.is_empty() {
        let reasons = format!(
            "{}: {}",
            f.confidence.word(),
            f.confidence_reasons.join("; ")
        );
        put("sure?", &rules::clean::text(reasons.as_bytes()), theme.text);
    }
    put("see", &f.rule.references.join(", "), theme.dim);
    put("id", &f.finding_id.to_string(), theme.dim);
    detail
}
