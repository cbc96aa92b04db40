//! The lines above and below: what the picture is of, screens, notes, keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::keys;
use crate::state::{Model, Screen};
use crate::theme::Theme;
use crate::when::long;
use crate::words::{fit, number};

/// `wardwatch  eth1  LIVE 00:42:10   12 devices   3 open   loss 0.00 %      14:07:31 CET`
pub fn header(buf: &mut Buffer, area: Rect, model: &Model, theme: &Theme) {
    let width = usize::from(area.width);
    buf.set_style(area, theme.bar);
    let span = match model.first {
        Some(first) => long(model.picture_time() - first.time),
        None => "00:00:00".into(),
    };
    let state = match model.frozen {
        Some(at) => format!("FROZEN +{}", number(model.waiting.saturating_sub(at))),
        None if model.ended => format!("{} ENDED {span}", model.source.mode),
        None => format!("{} {span}", model.source.mode),
    };
    let loss = match model.stats.loss() {
        Some(loss) => format!("loss {loss:.2} %"),
        None => "loss ?".into(),
    };
    let open = model.findings.counts()[0];
    let now = model.picture_time();
    let clock = format!("{} {}", model.when.clock(now), model.when.zone(now));
    let mut left = String::from(if width >= 120 { " wardwatch" } else { "" });
    let room = if width >= 100 { 24 } else { 14 };
    let name = fit(
        &model.source.name,
        room.min(model.source.name.width()),
        theme.signs.ellipsis,
    );
    for part in [
        name,
        state,
        format!("{open} open"),
        loss,
        format!("{} devices", number(model.devices.known() as u64)),
        format!("{} messages", number(model.seen)),
    ] {
        if left.width() + part.width() + 3 + clock.width() <= width {
            left.push_str(if left.is_empty() { " " } else { "  " });
            left.push_str(&part);
        }
    }
    let style = if model.frozen.is_some() {
        theme.marked
    } else {
        theme.bar
    };
    buf.set_stringn(area.x, area.y, &left, width, style);
    if width > clock.width() + 1 {
        let x = area.right() - clock.width() as u16 - 1;
        buf.set_string(x, area.y, &clock, style);
    }
}

/// The screens, and the filter.
pub fn tabs(buf: &mut Buffer, area: Rect, model: &mut Model, theme: &Theme) {
    let mut x = area.x + 1;
    model.hit.tabs_row = area.y;
    model.hit.tabs.clear();
    let narrow = area.width < 100;
    for (at, screen) in Screen::ALL.iter().enumerate() {
        let here = *screen == model.screen;
        let title = match (narrow, here, screen) {
            (true, false, Screen::Conversations) => "Convers",
            (true, false, Screen::Protocols) => "Protoc",
            _ => screen.title(),
        };
        let text = if here {
            format!("[{} {title}]", at + 1)
        } else {
            format!("{} {title}", at + 1)
        };
        if usize::from(x) + text.len() > usize::from(area.right()) {
            break;
        }
        let style = if here { theme.title } else { theme.dim };
        let (end, _) = buf.set_stringn(x, area.y, &text, text.len(), style);
        model.hit.tabs.push((x..end, *screen));
        x = end + 1;
    }
    let filter = if model.filter.is_all() {
        String::new()
    } else {
        format!("/ {}", model.filter.text)
    };
    if x + 4 < area.right() && !filter.is_empty() {
        let room = usize::from(area.right() - x) - 1;
        buf.set_stringn(
            x + 1,
            area.y,
            fit(&filter, room, theme.signs.ellipsis),
            room,
            theme.warn,
        );
    }
}

/// What was just done, what is revealed, what is hidden by a filter.
pub fn status(buf: &mut Buffer, area: Rect, model: &Model, theme: &Theme) {
    let width = usize::from(area.width);
    let mut left = String::new();
    let mut style = theme.dim;
    if let Some(until) = model.reveal_until.filter(|u| *u > model.now) {
        let seconds = (until - model.now + 999_999_999) / 1_000_000_000;
        left = format!(" PATIENT DATA SHOWN for {seconds} s (P hides)  ");
        style = theme.marked;
    } else if !model.filter.is_all() {
        left = format!(" filter: {}  ", model.filter.text);
        style = theme.warn;
    }
    let (end, _) = buf.set_stringn(area.x, area.y, &left, width, style);
    if let Some(note) = &model.note {
        let room = usize::from(area.right().saturating_sub(end));
        let style = if note.bad { theme.bad } else { theme.good };
        let sign = if note.bad { " ! " } else { " " };
        buf.set_stringn(
            end,
            area.y,
            fit(&format!("{sign}{}", note.text), room, theme.signs.ellipsis),
            room,
            style,
        );
    }
}

/// The keys that work here, from the one list. Help and quit always have room.
pub fn key_line(buf: &mut Buffer, area: Rect, model: &Model, theme: &Theme) {
    let width = usize::from(area.width);
    let all: Vec<(&str, &str)> = match &model.prompt {
        Some(prompt) => super::input::keys(prompt),
        None if model.proposal.is_some() => vec![
            ("Enter", "name, reason, write"),
            ("Tab", "another kind"),
            ("+ -", "end later, sooner"),
            ("Esc", "never mind"),
        ],
        None if model.help => vec![("j k", "scroll"), ("any other key", "closes this page")],
        None => keys::line(model.screen).map(|b| (b.key, b.word)).collect(),
    };
    let len = |(key, word): &(&str, &str)| key.len() + word.len() + 3;
    let must = |k: &(&str, &str)| matches!(k.0, "?" | "q");
    let mut room = width.saturating_sub(all.iter().filter(|k| must(k)).map(len).sum());
    let mut x = area.x + 1;
    for entry in &all {
        if !must(entry) {
            if len(entry) > room {
                continue;
            }
            room -= len(entry);
        }
        if x >= area.right() {
            break;
        }
        let left = usize::from(area.right() - x);
        let (end, _) = buf.set_stringn(x, area.y, entry.0, left, theme.key);
        let left = usize::from(area.right().saturating_sub(end));
        let (end, _) = buf.set_stringn(end, area.y, format!(" {}", entry.1), left, theme.text);
        x = end + 2;
    }
}
