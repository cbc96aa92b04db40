//! 2 Devices: what is here, who commands it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rules::inventory::Use;

use crate::state::{Held, Model, name, role};
use crate::theme::{Theme, mark};
use crate::when::ago;
use crate::widgets::table::{Cell, Detail, panel, row, spark};
use crate::words;

pub fn draw(buf: &mut Buffer, area: Rect, model: &mut Model, theme: &Theme) {
    let below = (area.height / 3).clamp(5, 10).min(area.height / 2);
    let list = Rect {
        height: area.height - below,
        ..area
    };
    let detail = Rect {
        y: area.y + list.height,
        height: below,
        ..area
    };
    let title = format!("devices {}", words::number(model.devices.len() as u64));
    let right = format!("sort: {}", model.devices.sort.word());
    let inner = panel(buf, list, &title, &right, true, theme);
    rows(buf, inner, model, theme);
    let inner = panel(buf, detail, "", "", false, theme);
    if let Some(held) = model.devices.chosen() {
        let detail = about(inner, held, model, theme);
        model.detail_top = detail.draw(buf, inner, model.detail_top, theme);
    }
}

fn rows(buf: &mut Buffer, inner: Rect, model: &mut Model, theme: &Theme) {
    if inner.height == 0 {
        return;
    }
    let wide = model.wide_columns && inner.width >= 100;
    let heads = [
        ("", 4),
        ("name", if wide { 18 } else { 13 }),
        ("kind", if wide { 13 } else { 11 }),
        ("address", 15),
        ("role", if wide { 10 } else { 0 }),
        (
            if wide { "in use" } else { "use" },
            if wide { 8 } else { 3 },
        ),
        ("last command", if wide { 16 } else { 0 }),
        ("commands", 8),
        ("8 min", 8),
        ("seen", 5),
    ];
    let cells: Vec<Cell<'_>> = heads
        .iter()
        .filter(|(h, w)| *w > 0 || h.is_empty())
        .map(|(h, w)| Cell::new(h, *w, theme.dim))
        .collect();
    row(buf, inner, inner.y, &cells, false, theme);
    let inner = Rect {
        y: inner.y + 1,
        height: inner.height - 1,
        ..inner
    };
    model.page = usize::from(inner.height);
    let count = model.devices.len();
    if count == 0 {
        super::empty(
            buf,
            inner,
            "no device seen, or none passes the filter",
            theme,
        );
        return;
    }
    let visible = model
        .devices
        .cursor()
        .scroll(count, usize::from(inner.height));
    let chosen = model.devices.cursor().row();
    model.hit.lists.push((inner, visible.start, None));
    let now = model.picture_time();
    for (line, at) in visible.enumerate() {
        let Some(held) = model.devices.row(at) else {
            break;
        };
        let d = &held.row;
        let y = inner.y + line as u16;
        let severity = held.worst.map_or("    ", mark);
        let style = held.worst.map_or(theme.text, |s| theme.severity(s));
        let called = name(d);
        let address = d.key.ip.to_string();
        let commands = words::number(d.commands);
        let bar = spark(&d.spark_until(now), theme);
        let seen = ago(now - d.last_seen);
        let kind = kind(held);
        let mut cells = vec![
            Cell::new(severity, 4, style),
            Cell::new(&called, heads[1].1, theme.text),
            Cell::new(&kind, heads[2].1, theme.text),
            Cell::new(&address, heads[3].1, theme.text),
        ];
        if wide {
            cells.push(Cell::new(role(d), heads[4].1, theme.text));
        }
        let used = model
            .devices
            .use_of(d.key.ip)
            .filter(|_| d.key.subject.is_empty())
            .map_or("", |u| use_word(u.what, wide));
        cells.push(Cell::new(used, heads[5].1, theme.strong));
        if wide {
            cells.push(Cell::new(&d.last_command, heads[6].1, theme.text));
        }
        cells.push(Cell::right(&commands, heads[7].1, theme.text));
        cells.push(Cell::new(&bar, heads[8].1, theme.text));
        cells.push(Cell::right(&seen, heads[9].1, theme.dim));
        row(buf, inner, y, &cells, at == chosen, theme);
    }
}

/// In few characters; the pane below has it in full. Nothing: unknown.
fn use_word(what: Use, wide: bool) -> &'static str {
    match (what, wide) {
        (Use::Patient, true) => "patient",
        (Use::Infusion, true) => "infusion",
        (Use::Study, true) => "study",
        (Use::Vitals, true) => "vitals",
        (Use::Patient, false) => "pat",
        (Use::Infusion, false) => "inf",
        (Use::Study, false) => "stu",
        (Use::Vitals, false) => "vit",
    }
}

fn kind(held: &Held) -> String {
    let d = &held.row;
    match d.kind {
        dissectors::Device::Unknown => "-".into(),
        // What only the wire says is marked.
        kind if !d.kind_by_policy => format!("{}?", kind.word()),
        kind => kind.word().into(),
    }
}

fn about(inner: Rect, held: &Held, model: &Model, theme: &Theme) -> Detail {
    let d = &held.row;
    let mut detail = Detail::new(inner);
    let mut put = |label: &str, text: &str, style| detail.put(label, text, style);
    let through = if d.key.subject.is_empty() {
        String::new()
    } else {
        format!("{} through ", d.key.subject)
    };
    let macs: Vec<String> = d.macs.iter().map(|m| words::mac(*m)).collect();
    put(
        "device",
        &format!(
            "{through}{}  {}  {}",
            d.key.ip,
            macs.join(" "),
            d.names.join(", ")
        ),
        theme.strong,
    );
    let in_use = match model.devices.use_of(d.key.ip) {
        Some(u) => format!(
            "in use: {}, since {}, seen {} ago",
            u.what.word(),
            model.when.clock(u.since),
            ago(model.picture_time() - u.last)
        ),
        None => String::new(),
    };
    // What may touch a patient stands first.
    put("use", &in_use, theme.strong);
    let mut by: Vec<String> = d
        .commanders
        .iter()
        .map(|c| {
            let name = model.devices.name_of(c.ip).unwrap_or_default();
            let space = if name.is_empty() { "" } else { " " };
            format!("{}{space}{name} x{}", c.ip, words::number(c.commands))
        })
        .collect();
    if d.more_commanders {
        by.push("and more".into());
    }
    if by.is_empty() {
        by.push("nobody".into());
    }
    put("told by", &by.join(", "), theme.text);
    if !d.last_command.is_empty() {
        let last = format!(
            "{} at {}",
            d.last_command,
            model.when.precise(d.last_command_at)
        );
        put("last", &last, theme.text);
    }
    let speaks: Vec<&str> = d.protocols.iter().map(|p| p.name()).collect();
    let ports: Vec<String> = d.serves.iter().map(u16::to_string).collect();
    let serves = if ports.is_empty() {
        String::new()
    } else {
        format!("  serves {}", ports.join(" "))
    };
    put(
        "speaks",
        &format!("{}{serves}", speaks.join(", ")),
        theme.text,
    );
    let state = match held.worst {
        Some(s) => format!("findings up to {s}"),
        None => "no finding".into(),
    };
    put(
        "state",
        &format!(
            "{state}; {}; seen {} to {}{}",
            role(d),
            model.when.clock(d.first_seen),
            model.when.clock(d.last_seen),
            if in_use.is_empty() {
                "; nothing shows whether it is in use"
            } else {
                ""
            }
        ),
        theme.text,
    );
    detail
}
