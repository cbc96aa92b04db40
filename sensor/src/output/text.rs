//! Text for people: findings as they happen, and a line a message where asked for.

use dissectors::Side;
use dissectors::message::{Endpoint, Message};
use rules::finding::{Finding, Party, Severity};
use rules::privacy::Show;

use super::clean;
use super::clock::Clock;
use super::discretion::{self, Discretion};
use super::paint::Paint;

mod telling;

/// Writes findings and messages for a reader at a terminal (or of a pipe).
pub struct Text {
    pub clock: Clock,
    pub paint: Paint,
    /// File names, if there are several inputs.
    files: Vec<String>,
}

impl Text {
    pub fn new(clock: Clock, paint: Paint, files: Vec<String>) -> Self {
        Text {
            clock,
            paint,
            files,
        }
    }

    /// `14:06:58.214  #17  10.20.9.66:51512 > 10.20.2.20:3000  hl7v2 RGV^O15  set-rate 120 mL/h`
    pub fn message(&mut self, m: Message<'_>, discretion: &mut Discretion) -> String {
        let mut line = format!(
            "{}  #{}  {} > {}  {} {}",
            self.clock.time_of_day(m.frame().time),
            m.frame().number,
            end(m.source()),
            end(m.destination()),
            m.protocol().name(),
            clean::text(m.kind()),
        );
        if let Some(action) = m.action() {
            line.push_str("  ");
            line.push_str(action.verb.word());
            if let Some(value) = action.value {
                line.push(' ');
                clean::push(&mut line, &value.shown());
                line.push(' ');
                clean::push(&mut line, value.unit);
            }
            let order = discretion.order(action.order);
            for (name, part) in [
                ("device", action.device_id),
                ("channel", action.channel),
                ("drug", action.drug),
                ("order", order.as_bytes()),
                ("to", action.destination),
            ] {
                if !part.is_empty() {
                    line.push_str(&format!("  {name} "));
                    clean::push(&mut line, part);
                }
            }
        }
        if let Some(answer) = m.answers() {
            line.push_str("  ");
            line.push_str(answer.outcome.word());
        }
        for (field, value) in telling::fields(m) {
            line.push_str(&format!(
                "  {}={}",
                field.name,
                discretion::shown(field.privacy, value, discretion)
            ));
        }
        for anomaly in m.anomalies() {
            line.push_str(&format!("  !{}", anomaly.name));
        }
        line
    }

    /// A finding as a short block: what, who, whom, why, what to do, where to look.
    pub fn finding(&mut self, f: &Finding, discretion: &Discretion) -> String {
        let mark = mark(f.severity);
        let title = format!(
            "{mark} {}  {}  {}",
            f.severity.word().to_uppercase(),
            f.rule.id,
            f.headline()
        );
        let mut out = self.paint.severity(f.severity, &title);
        out.push('\n');
        let mut row = |label: &str, text: &str| {
            if !text.is_empty() {
                out.push_str(&format!("    {label:<8}{text}\n"));
            }
        };
        row("when", &self.clock.date_and_time(f.first.time));
        row("who", &party(&f.actor));
        row("whom", &party(&f.target));
        row("what", &what(f, discretion.show()));
        row("why", &f.why.render(discretion.show()));
        if let Some(expected) = &f.expected {
            row("instead", &clean::text(expected.as_bytes()));
        }
        if f.confidence != rules::finding::Confidence::Certain {
            row(
                "sure?",
                &format!(
                    "{}: {}",
                    f.confidence.word(),
                    f.confidence_reasons.join("; ")
                ),
            );
        }
        row("do", &f.rule.bedside);
        row("network", &f.rule.network);
        row("frames", &self.frames(f));
        row("see", &f.rule.references.join(", "));
        out
    }

    fn frames(&self, f: &Finding) -> String {
        let file = match self.files.get(f.first.file as usize) {
            Some(name) if self.files.len() > 1 => format!("  in {}", clean::text(name.as_bytes())),
            _ => String::new(),
        };
        format!("{}{file}", f.wireshark())
    }
}

/// Severity by mark and letter, not by colour alone.
fn mark(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "!!",
        Severity::High => " !",
        Severity::Medium => " -",
        Severity::Low => " .",
        Severity::Info => "  ",
    }
}

/// Address and port, or the MAC below IP.
pub fn end(e: &Endpoint) -> String {
    match (e.port, e.mac) {
        (0, Some(mac)) if e.ip.is_unspecified() => super::eve::mac_text(mac),
        (0, _) => e.ip.to_string(),
        (port, _) if e.ip.is_ipv6() => format!("[{}]:{port}", e.ip),
        (port, _) => format!("{}:{port}", e.ip),
    }
}

/// An asset in words: address, claimed names, groups.
pub fn party(p: &Party) -> String {
    let mut text = p.ip.to_string();
    if let Some(mac) = p.mac {
        text.push_str("  ");
        text.push_str(&super::eve::mac_text(mac));
    }
    if let Some(site) = &p.site {
        text.push_str(&format!("  {}", clean::text(site.to_string().as_bytes())));
    }
    if !p.names.is_empty() {
        let names: Vec<String> = p
            .names
            .iter()
            .map(|n| clean::text(n.to_string().as_bytes()))
            .collect();
        text.push_str(&format!("  calls itself {}", names.join(", ")));
    }
    if !p.groups.is_empty() {
        text.push_str(&format!("  in {}", p.groups.join(", ")));
    }
    text
}

/// The action in words: `set-rate 120 mL/h on pump PUMP-A0001, drug 5678: accepted`.
pub fn what(f: &Finding, show: Show<'_>) -> String {
    let Some(act) = &f.action else {
        return clean::text(f.kind.as_bytes());
    };
    let mut text = act.verb.word().to_owned();
    if let Some(value) = &act.value {
        text.push_str(&format!(" {value}"));
    }
    if act.device != dissectors::Device::Unknown || !act.subject.is_empty() {
        text.push_str(&format!(" on {}", act.device.word()));
        if !act.subject.is_empty() {
            text.push_str(&format!(" {}", act.subject));
        }
    }
    let order = act.order.render(show);
    for (name, part) in [
        ("channel", &act.channel),
        ("drug", &act.drug),
        ("order", &order),
        ("handle", &act.handle),
        ("destination", &act.destination),
    ] {
        if !part.is_empty() {
            text.push_str(&format!(", {name} {part}"));
        }
    }
    text.push_str(&format!(" ({}): {}", f.kind, f.outcome.word()));
    clean::text(text.as_bytes())
}

/// The side that a finding's actor is on.
pub fn actor_side(f: &Finding) -> Side {
    if (f.actor.ip, f.actor.port) == f.talk.ends[1] {
        Side::Server
    } else {
        Side::Client
    }
}
