//! 7 Sensor: can I trust this picture.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::feed::Latency;
use crate::report::wrapped;
use crate::state::Model;
use crate::theme::Theme;
use crate::when::delay;
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
    let now = model.rates.now().filter(|_| !model.ended);
    let rate = |n: u64, now: Option<f64>| {
        let mean = match seconds > 0.0 {
            true => format!("{:.1} a second on average", n as f64 / seconds),
            false => "no time to tell a rate".into(),
        };
        match now {
            Some(now) => format!("{} ({now:.1} a second now, {mean})", number(n)),
            None => format!("{} ({mean})", number(n)),
        }
    };
    put("messages", rate(model.seen, now.map(|r| r.0)), theme.text);
    if s.frames > 0 {
        put("frames", rate(s.frames, now.map(|r| r.1)), theme.text);
    }
    let loss = match s.loss() {
        Some(0.0) => (
            "no frame, as far as interface and kernel tell".to_owned(),
            theme.good,
        ),
        Some(loss) => (
            format!(
                "{} frames, {loss:.2} %, before the sensor saw them",
                number(s.lost)
            ),
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
            "adds up"
        } else {
            "DOES NOT ADD UP"
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
    let took = |n: u64| delay(i64::try_from(n).unwrap_or(i64::MAX));
    let percentiles = |l: &Latency| {
        format!(
            "half within {}, 99 % within {}, slowest {}",
            took(l.p50),
            took(l.p99),
            took(l.max)
        )
    };
    match &s.latency {
        Some(l) => put(
            "judging",
            format!("{} ({} blocks of frames)", percentiles(l), number(l.count)),
            theme.text,
        ),
        None => put("judging", "not measured yet".into(), theme.dim),
    }
    for (at, (stage, l)) in s.stages.iter().enumerate() {
        put(
            if at == 0 { "a frame takes" } else { "" },
            format!("{stage}: {}", percentiles(l)),
            theme.text,
        );
    }
    if let Some((now, most)) = s.memory {
        put(
            "memory",
            format!("{} now, {} at most", bytes(now), bytes(most)),
            theme.text,
        );
    }
    put(
        "rules",
        format!(
            "{} in force; {}",
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
            format!("{rule} {} ({share:.0} %)", took(*cost))
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
            "{} messages kept ({}), {} older ones dropped, {} never shown; {} pictures drawn, the last in {}, the slowest in {}",
            number(model.messages.kept()),
            bytes(model.messages.held() as u64),
            number(model.messages.forgotten),
            number(model.given_up),
            number(d.frames),
            took(d.last),
            took(d.most)
        ),
        theme.dim,
    );
    out
}
