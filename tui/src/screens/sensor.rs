//! 7 Sensor: can I trust this picture.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::report::wrapped;
use crate::state::Model;
use crate::theme::Theme;
use crate::widgets::table::panel;
use crate::words::{bytes, number};

pub fn draw(buf: &mut Buffer, area: Rect, model: &mut Model, theme: &Theme) {
    let right = if model.ended { "whole run" } else { "so far" };
    let inner = panel(buf, area, "sensor", right, true, theme);
    let lines = lines(model, theme, usize::from(inner.width).saturating_sub(2));
    let height = usize::from(inner.height);
    model.page = height;
    model.sensor_top = model.sensor_top.min(lines.len().saturating_sub(height));
    for (at, (text, style)) in lines.iter().skip(model.sensor_top).take(height).enumerate() {
        buf.set_stringn(
            inner.x + 1,
            inner.y + at as u16,
            text,
            usize::from(inner.width).saturating_sub(1),
            *style,
        );
    }
}

fn lines(model: &Model, theme: &Theme, width: usize) -> Vec<(String, Style)> {
    let mut out = Vec::new();
    let s = &model.stats;
    let mut put = |label: &str, text: String, style: Style| {
        for (at, line) in wrapped(&text, width.saturating_sub(15))
            .into_iter()
            .enumerate()
        {
            let label = if at == 0 { label } else { "" };
            out.push((format!("{label:<14} {line}"), style));
        }
    };
    let seconds = match (model.first, model.last) {
        (Some(first), Some(last)) => (last.time - first.time) as f64 / 1e9,
        _ => 0.0,
    };
    let rate = |n: u64| {
        if seconds > 0.0 {
            format!("{:.1}/s", n as f64 / seconds)
        } else {
            "-".into()
        }
    };
    put(
        "messages",
        format!(
            "{} ({} of packet time)",
            number(model.seen),
            rate(model.seen)
        ),
        theme.text,
    );
    if s.frames > 0 {
        put(
            "frames",
            format!("{} ({})", number(s.frames), rate(s.frames)),
            theme.text,
        );
    }
    let loss = match s.loss() {
        Some(0.0) => ("none known before the sensor".to_owned(), theme.good),
        Some(loss) => (
            format!("{} frames, {loss:.2} %, before the sensor", number(s.lost)),
            theme.bad,
        ),
        None => ("not told yet".to_owned(), theme.dim),
    };
    put("lost", loss.0, loss.1);
    for account in &s.accounts {
        let parts: Vec<String> = account
            .reasons
            .iter()
            .filter(|(_, n)| *n > 0)
            .map(|(name, n)| format!("{name} {}", number(*n)))
            .collect();
        let verdict = if account.closes() {
            "closes"
        } else {
            "DOES NOT CLOSE"
        };
        let style = if account.closes() {
            theme.text
        } else {
            theme.bad
        };
        put(
            &account.name,
            format!(
                "{} = {}  [{verdict}]",
                number(account.incoming),
                if parts.is_empty() {
                    "0".into()
                } else {
                    parts.join(" + ")
                }
            ),
            style,
        );
    }
    for (part, counters) in &s.beside {
        let parts: Vec<String> = counters
            .iter()
            .filter(|(_, n)| *n > 0)
            .map(|(name, n)| format!("{name} {}", number(*n)))
            .collect();
        if !parts.is_empty() {
            put(part, parts.join(", "), theme.text);
        }
    }
    let us = |n: u64| format!("{:.0} us", n as f64 / 1e3);
    match s.latency {
        Some(l) => put(
            "judging",
            format!(
                "a block: p50 {}  p99 {}  max {}  ({} blocks)",
                us(l.p50),
                us(l.p99),
                us(l.max),
                number(l.count)
            ),
            theme.text,
        ),
        None => put("judging", "not measured yet".into(), theme.dim),
    }
    for (at, (stage, l)) in s.stages.iter().enumerate() {
        put(
            if at == 0 { "latency" } else { "" },
            format!(
                "{stage}: p50 {}  p99 {}  max {}",
                us(l.p50),
                us(l.p99),
                us(l.max)
            ),
            theme.text,
        );
    }
    if let Some((now, most)) = s.memory {
        put(
            "memory",
            format!("{} resident, {} at most", bytes(now), bytes(most)),
            theme.text,
        );
    }
    put(
        "rules",
        format!(
            "{} in force, {}",
            s.rules,
            s.policy
                .as_deref()
                .map_or("no policy".to_owned(), |p| format!("policy {p}"))
        ),
        theme.text,
    );
    let whole: u64 = s.costs.iter().map(|(_, cost)| cost).sum();
    let dearest: Vec<String> = s
        .costs
        .iter()
        .take(8)
        .map(|(rule, cost)| {
            let share = *cost as f64 * 100.0 / whole.max(1) as f64;
            format!("{rule} {} ({share:.0} %)", us(*cost))
        })
        .collect();
    if !dearest.is_empty() {
        put("dearest rules", dearest.join(", "), theme.text);
    }
    for trouble in &s.troubles {
        put("trouble", trouble.clone(), theme.bad);
    }
    let d = model.draw;
    put(
        "screen",
        format!(
            "{} messages kept ({}), {} forgotten, {} never drawn; {} pictures, last {}, slowest {}",
            number(model.messages.kept()),
            bytes(model.messages.held() as u64),
            number(model.messages.forgotten),
            number(model.given_up),
            number(d.frames),
            us(d.last),
            us(d.most)
        ),
        theme.dim,
    );
    out
}
