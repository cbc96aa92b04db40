//! One page of text about a finding, for a ticket.

use std::fmt::Write;

use rules::clean;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::state::{Entry, Source};
use crate::theme::mark;
use crate::when::When;
use crate::words;

/// The page. Patient data stay out of it.
pub fn page(entry: &Entry, source: &Source, when: &When) -> String {
    let f = &entry.finding;
    let mut out = String::new();
    let line = |out: &mut String, label: &str, text: &str| {
        if !text.is_empty() {
            let mut rest = wrapped(text, 68).into_iter();
            let first = rest.next().unwrap_or_default();
            let _ = writeln!(out, "{label:<12}{first}");
            for more in rest {
                let _ = writeln!(out, "{:<12}{more}", "");
            }
        }
    };
    let _ = writeln!(out, "wardwatch finding {}", f.finding_id);
    let _ = writeln!(out, "{}", "=".repeat(80));
    line(&mut out, "title", &clean::text(f.headline().as_bytes()));
    line(
        &mut out,
        "rule",
        &format!("{} rev {}", f.rule.id, f.rule.rev),
    );
    line(
        &mut out,
        "severity",
        &format!("{} {}", mark(f.severity).trim(), f.severity),
    );
    let mut sure = f.confidence.word().to_owned();
    if !f.confidence_reasons.is_empty() {
        let _ = write!(sure, ": {}", f.confidence_reasons.join("; "));
    }
    line(&mut out, "confidence", &clean::text(sure.as_bytes()));
    line(&mut out, "first seen", &when.full(f.first.time));
    line(&mut out, "last seen", &when.full(f.last.time));
    line(&mut out, "count", &f.count.to_string());
    out.push('\n');
    line(&mut out, "who", &words::party(&f.actor));
    line(&mut out, "whom", &words::party(&f.target));
    line(&mut out, "what", &words::deed(f));
    line(
        &mut out,
        "message",
        &format!(
            "{} {} ({})",
            f.protocol.name(),
            clean::text(f.kind.as_bytes()),
            f.provenance.word()
        ),
    );
    line(&mut out, "outcome", f.outcome.word());
    line(&mut out, "why", &words::sentence(&f.why, false));
    if let Some(expected) = &f.expected {
        line(&mut out, "instead", &clean::text(expected.as_bytes()));
    }
    out.push('\n');
    line(&mut out, "matters", &f.rule.clinical);
    line(&mut out, "bedside", &f.rule.bedside);
    line(&mut out, "network", &f.rule.network);
    line(&mut out, "see", &f.rule.references.join(", "));
    out.push('\n');
    line(&mut out, "source", &clean::text(source.name.as_bytes()));
    line(&mut out, "wireshark", &f.wireshark());
    line(&mut out, "whole talk", &f.wireshark_conversation());
    if !entry.marks.is_empty() {
        out.push('\n');
        for m in &entry.marks {
            line(
                &mut out,
                m.what.word(),
                &format!(
                    "by {} at {}{}",
                    clean::text(m.who.as_bytes()),
                    when.full(m.at),
                    if m.note.is_empty() {
                        String::new()
                    } else {
                        format!(": {}", clean::text(m.note.as_bytes()))
                    }
                ),
            );
        }
    }
    out.push_str(
        "\nThis page holds no patient data. The capture beside it holds the frames as sent.\n",
    );
    out
}

/// Breaks a text at blanks, and a word that is longer than a line wherever the line ends.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    for word in text.split_whitespace() {
        let wide = word.width();
        if used > 0 && used + 1 + wide > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        if wide <= width {
            line.push_str(word);
            used += wide;
            continue;
        }
        for c in word.chars() {
            let wide = c.width().unwrap_or(0);
            if used > 0 && used + wide > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used += wide;
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_longer_than_a_line_loses_nothing() {
        assert_eq!(wrapped("ab cdefgh i", 4), ["ab", "cdef", "gh i"]);
        assert_eq!(wrapped("山田太郎", 5), ["山田", "太郎"]);
        assert_eq!(wrapped("ab", 0), ["a", "b"]);
    }
}
