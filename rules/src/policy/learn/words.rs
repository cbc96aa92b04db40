//! Words of the wire in a TOML file, and the week as people write it.

use std::fmt::Write as _;
use std::net::IpAddr;

use crate::finding::Name;
use crate::inventory::logbook::Week;
use crate::policy::member::Member;

/// A member that pins a name to an address, if the name can be written as one.
pub(super) fn member(name: &Name, ip: IpAddr) -> Option<String> {
    let text = match name {
        Name::Ae(title) if clean(title) => format!("ae:{title}@{ip}"),
        Name::Hl7(app, facility)
            if clean(app) && clean(facility) && !app.contains('|') && !app.is_empty() =>
        {
            format!("hl7:{app}|{facility}@{ip}")
        }
        Name::Epr(epr) if clean(epr) => format!("epr:{epr}"),
        _ => return None,
    };
    Member::parse(&text).ok()?;
    Some(text)
}

/// Whether a name of the wire is what it looks like.
pub(super) fn clean(text: &str) -> bool {
    text.chars().all(|c| !c.is_control() && c != '\u{FFFD}')
}

/// A name of the wire as a group's name.
pub(super) fn slug(text: &str) -> Option<String> {
    let mut out = String::new();
    for c in text.chars().take(32) {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.ends_with('-') && !out.is_empty() {
            out.push('-');
        }
    }
    let out = out.trim_matches('-').to_owned();
    let letter = out.starts_with(|c: char| c.is_ascii_alphabetic());
    (letter && out != "any").then_some(out)
}

/// Text of the wire in a comment.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{FFFD}' } else { c })
        .collect()
}

/// A TOML basic string.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

pub(super) fn short(list: &[String], most: usize) -> String {
    if list.len() <= most {
        return list.join(", ");
    }
    format!("{} and {} more", list[..most].join(", "), list.len() - most)
}

/// Hours of the week: `Tue 20-22, Wed 07-08`.
pub(super) fn week_text(week: Week) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let mut parts: Vec<String> = Vec::new();
    for (day, name) in DAYS.iter().enumerate() {
        let mut hour = 0;
        while hour < 24 {
            if !week.has(day * 24 + hour) {
                hour += 1;
                continue;
            }
            let from = hour;
            while hour < 24 && week.has(day * 24 + hour) {
                hour += 1;
            }
            parts.push(format!("{name} {from:02}-{hour:02}"));
        }
    }
    if parts.is_empty() {
        return "none".to_owned();
    }
    short(&parts, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_name_is_no_member_and_no_group_name() {
        assert_eq!(slug("\u{FFFD}[2J"), None.or(slug("2J")));
        assert_eq!(slug("10.1"), None);
        assert_eq!(slug("PACS MAIN!"), Some("pacs-main".to_owned()));
        let ip = "10.0.0.1".parse().unwrap();
        assert_eq!(member(&Name::Ae("A\u{FFFD}".into()), ip), None);
        assert_eq!(
            member(&Name::Hl7("A".into(), "B".into()), ip).as_deref(),
            Some("hl7:A|B@10.0.0.1")
        );
    }

    #[test]
    fn quotes_and_line_breaks_do_not_end_a_string() {
        assert_eq!(quoted("a\"b\\c\nd"), "\"a\\\"b\\\\c\\u000Ad\"");
        assert_eq!(plain("a\nb"), "a\u{FFFD}b");
    }

    #[test]
    fn hours_that_follow_each_other_are_one_range() {
        let mut week = Week::default();
        for minute in [20 * 60, 21 * 60 + 59, 23 * 60] {
            week.add(1, minute);
        }
        assert_eq!(week_text(week), "Tue 20-22, Tue 23-24");
        assert_eq!(week_text(Week::default()), "none");
    }
}
