//! 2 Devices: what is here, who commands it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rules::inventory::Use;

use crate::state::{Held, Model, name, role};
use crate::theme::{Theme, mark};
use crate::when::ago;
use crate::widgets::columns::{Column, Table};
use crate::widgets::table::{Detail, panel, spark};
use crate::words;

const COLUMNS: &[Column] = &[
    Column::left("", [4, 4, 4]),
    Column::left("name", [13, 16, 26]),
    Column::left("kind", [11, 11, 16]),
    Column::left("address", [15, 15, 26]),
    Column::left("vendor", [0, 10, 20]),
    Column::left("role", [0, 9, 10]),
    Column::left("use", [3, 3, 8]),
    Column::left("last command", [0, 16, 28]),
    Column::right("commands", [8, 8, 8]),
    Column::left("8 min", [8, 8, 8]),
    Column::right("seen", [5, 6, 6]),
];

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
    let table = Table::new(COLUMNS, inner, model.wide_columns).headed(buf, theme);
    let inner = table.area;
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
    let Model { devices, hit, .. } = model;
    let (visible, chosen) = super::window(inner, count, devices.cursor(), hit, None);
    let now = model.picture_time();
    for (line, at) in visible.enumerate() {
        let Some(held) = model.devices.row(at) else {
            break;
        };
        let d = &held.row;
        let severity = held.worst.map_or("    ", mark);
        let style = held.worst.map_or(theme.text, |s| theme.severity(s));
        let called = name(d);
        let address = d.key.ip.to_string();
        let commands = words::number(d.commands);
        let bar = spark(&d.spark_until(now), theme);
        let seen = ago(now - d.last_seen);
        let kind = kind(held);
        let used = model
            .devices
            .use_of(d.key.ip)
            .filter(|_| d.key.subject.is_empty())
            .map_or("", |u| use_word(u.what, table.is_widest()));
        let texts = [
            (severity, style),
            (&called, theme.text),
            (&kind, theme.text),
            (&address, theme.text),
            (model.devices.vendor(d).unwrap_or(""), theme.text),
            (role(d), theme.text),
            (used, theme.strong),
            (&d.last_command, theme.text),
            (&commands, theme.text),
            (&bar, theme.text),
            (&seen, theme.dim),
        ];
        table.row(buf, line, &texts, at == chosen, theme);
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
    // A card says little of the device around it.
    let vendor = model
        .devices
        .vendor(d)
        .map(|v| format!("{v} (who made its network card)"));
    put("vendor", &vendor.unwrap_or_default(), theme.text);
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
