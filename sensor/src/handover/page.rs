//! The handover as text and as Markdown.

use std::fmt::Write;

use rules::finding::Severity;

use super::{Entry, Handover, Row, Seen};

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    Markdown,
}

/// Lines of each list on the first page.
const SHORT: usize = 6;

/// The whole handover. `time` writes a time with its zone; `zone` names the zone.
pub fn write(h: &Handover, form: Form, time: &dyn Fn(i64) -> String, zone: &str) -> String {
    let mut page = Page {
        out: String::new(),
        form,
        time,
    };
    page.title(&format!("Handover {} to {}", time(h.from), time(h.to)));
    page.in_short(h);
    page.lists(h, SHORT);
    page.missing(h);
    let long = [
        h.opened.len(),
        h.closed.len(),
        h.open.len(),
        h.marks.len(),
        h.new_devices.len(),
        h.silent.len(),
    ];
    if long.iter().any(|n| *n > SHORT) {
        page.title("In full");
        page.lists(h, usize::MAX);
    }
    page.foot(h, zone);
    page.out
}

struct Page<'t> {
    out: String,
    form: Form,
    time: &'t dyn Fn(i64) -> String,
}

impl Page<'_> {
    fn title(&mut self, title: &str) {
        let title = self.safe(title);
        let _ = match self.form {
            Form::Text => writeln!(self.out, "{}\n", title.to_uppercase()),
            Form::Markdown => writeln!(self.out, "# {title}\n"),
        };
    }

    fn head(&mut self, head: &str) {
        let _ = match self.form {
            Form::Text => writeln!(self.out, "{head}"),
            Form::Markdown => writeln!(self.out, "## {head}\n"),
        };
    }

    fn line(&mut self, line: &str) {
        let line = self.safe(line);
        let _ = match self.form {
            Form::Text => writeln!(self.out, "    {line}"),
            Form::Markdown => writeln!(self.out, "- {line}"),
        };
    }

    /// What Markdown would take for its own is escaped: a name on the wire makes no link.
    fn safe(&self, text: &str) -> String {
        if self.form == Form::Text {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            if matches!(
                c,
                '\\' | '`'
                    | '*'
                    | '_'
                    | '{'
                    | '}'
                    | '['
                    | ']'
                    | '<'
                    | '>'
                    | '#'
                    | '!'
                    | '|'
                    | '~'
                    | '&'
            ) {
                out.push('\\');
            }
            out.push(c);
        }
        out
    }

    fn in_short(&mut self, h: &Handover) {
        let by = |rows: &[Row]| {
            let parts: Vec<String> = Severity::ALL
                .iter()
                .rev()
                .filter_map(|s| {
                    let n = rows.iter().filter(|r| r.severity == *s).count();
                    (n > 0).then(|| format!("{n} {s}"))
                })
                .collect();
            match parts.is_empty() {
                true => String::new(),
                false => format!(" ({})", parts.join(", ")),
            }
        };
        let untaken = h.open.iter().filter(|r| r.taken_by.is_none()).count();
        self.head("In short");
        self.line(&format!(
            "{} findings opened{}",
            h.opened.len(),
            by(&h.opened)
        ));
        self.line(&format!("{} closed", h.closed.len()));
        self.line(&format!(
            "{} still open{}, {untaken} of them in nobody's hands",
            h.open.len(),
            by(&h.open)
        ));
        self.line(&format!(
            "{} devices known, {} new, {} fell silent",
            h.devices,
            h.new_devices.len(),
            h.silent.len()
        ));
        self.out.push('\n');
    }

    fn lists(&mut self, h: &Handover, most: usize) {
        self.rows("Still open", &h.open, most);
        self.rows("Opened", &h.opened, most);
        self.rows("Closed", &h.closed, most);
        let said: Vec<String> = h
            .marks
            .iter()
            .map(|m| {
                let note = match m.note.as_str() {
                    "" => String::new(),
                    note => format!(": {note}"),
                };
                format!(
                    "{} {} by {}{note} ({} {})",
                    (self.time)(m.at),
                    m.what.word(),
                    m.by,
                    m.finding,
                    m.title
                )
            })
            .collect();
        self.list("Acknowledged, muted, reopened", &said, most);
        self.seen("New devices", &h.new_devices, most);
        if h.all_new && most != usize::MAX {
            self.head("New devices");
            self.line("what was read begins within this time: all devices would be new");
            self.out.push('\n');
        }
        self.seen("Silent devices, last heard", &h.silent, most);
        let entry = |e: &Entry| {
            let until = e
                .until
                .map_or(String::new(), |u| format!(" until {}", (self.time)(u)));
            format!(
                "{}{until}: {} ({}, {}: {})",
                e.kind, e.about, e.place, e.by, e.reason
            )
        };
        let ending: Vec<String> = h.ending.iter().map(entry).collect();
        let held: Vec<String> = h
            .suppressed
            .iter()
            .map(|e| format!("{} times by {}", e.count, entry(e)))
            .collect();
        self.list("Windows and suppressions that end today", &ending, most);
        self.list("Held back", &held, most);
    }

    fn rows(&mut self, head: &str, rows: &[Row], most: usize) {
        let lines: Vec<String> = rows
            .iter()
            .map(|r| {
                let hands = match &r.taken_by {
                    Some(by) => format!(", in the hands of {by}"),
                    None => String::new(),
                };
                format!(
                    "{} {} {} {}: {} to {}, {}, x{}{hands}",
                    (self.time)(r.first),
                    r.severity.word().to_uppercase(),
                    r.rule,
                    r.title,
                    r.actor,
                    r.target,
                    r.outcome,
                    r.count
                )
            })
            .collect();
        self.list(head, &lines, most);
    }

    fn seen(&mut self, head: &str, list: &[Seen], most: usize) {
        let lines: Vec<String> = list
            .iter()
            .map(|s| format!("{} {}", (self.time)(s.at), s.name))
            .collect();
        self.list(head, &lines, most);
    }

    fn list(&mut self, head: &str, lines: &[String], most: usize) {
        if lines.is_empty() {
            return;
        }
        self.head(head);
        for line in lines.iter().take(most) {
            self.line(line);
        }
        if lines.len() > most {
            self.line(&format!("and {} more", lines.len() - most));
        }
        self.out.push('\n');
    }

    fn missing(&mut self, h: &Handover) {
        self.head("What the picture lacks");
        self.line(&format!("{} frames lost before capture", h.lost));
        if let Some(gaps) = h.gaps {
            self.line(&format!("{gaps} bytes missing inside conversations"));
        }
        let seconds: i64 = h
            .blind
            .iter()
            .map(|r| r.to.saturating_sub(r.from).max(0) / 1_000_000_000)
            .sum();
        self.line(&format!(
            "{seconds} s blind in {} restarts of the sensor",
            h.blind.len()
        ));
        for r in h.blind.iter().take(SHORT) {
            let line = format!(
                "nobody watched from {} to {}",
                (self.time)(r.from),
                (self.time)(r.to)
            );
            self.line(&line);
        }
        self.out.push('\n');
    }

    fn foot(&mut self, h: &Handover, zone: &str) {
        self.head("What this rests on");
        for (name, hash) in &h.captures {
            self.line(&format!("{name} SHA-256 {hash}"));
        }
        if h.captures.is_empty() {
            self.line("a sensor that watched live: no capture");
        }
        self.line(&format!("wardwatch {}", h.program));
        let or_none = |hash: &str| match hash {
            "" => "none".to_owned(),
            hash => hash.to_owned(),
        };
        self.line(&format!(
            "rules {}, policy {}, exceptions {}",
            or_none(&h.ruling.rules),
            or_none(&h.ruling.policy),
            or_none(&h.ruling.exceptions)
        ));
        self.line(&format!("times in {zone}"));
    }
}
