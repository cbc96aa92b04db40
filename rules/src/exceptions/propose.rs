//! Text of an exception, a window or a policy line about a finding or a device, as a person at a
//! screen is offered it. It loads as it stands; nothing is in force before somebody writes it to
//! a file.

use std::fmt::Write;

use dissectors::action::Verb;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::finding::Finding;

/// Whom and what a proposal is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// Id of the rule that fired.
    pub rule: Option<String>,
    /// Who did it, as a member: `10.1.2.3`, `ae:TITLE`.
    pub who: Option<String>,
    /// The device.
    pub on: Option<String>,
    pub verb: Option<Verb>,
}

/// What is proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proposal {
    /// The rule no longer concerns these until the end of a day (UTC). Needs a rule.
    Exception { until: Date },
    /// These people work on the device. Needs both sides.
    Window { from: Timestamp, to: Timestamp },
    /// A policy line: they may, from now on. Needs both sides and a verb.
    Grant { on: Date },
}

impl Subject {
    /// The parties by address, because a name is a claim; a device behind a gateway by its own
    /// name.
    pub fn of_finding(finding: &Finding) -> Self {
        let act = finding.action.as_ref();
        let behind = act.map(|a| a.subject.as_str()).filter(|s| is_plain(s));
        Subject {
            rule: Some(finding.rule.id.clone()),
            who: Some(finding.actor.ip.to_string()),
            on: Some(match behind {
                Some(name) => format!("device:{name}"),
                None => finding.target.ip.to_string(),
            }),
            verb: act.map(|a| a.verb),
        }
    }

    /// A device, as a member names it. For a window `who` must be filled in.
    pub fn of_device(member: &str) -> Self {
        Subject {
            on: Some(member.to_owned()),
            ..Subject::default()
        }
    }
}

/// The text. `Err` tells what the subject lacks for it.
pub fn propose(
    subject: &Subject,
    what: Proposal,
    by: &str,
    reason: &str,
) -> Result<String, &'static str> {
    let mut out = String::new();
    let mut line = |key: &str, value: String| {
        let _ = writeln!(out, "{key} = {value}");
    };
    let list = |text: &str| format!("[{}]", quoted(text));
    if by.trim().is_empty() || reason.trim().is_empty() {
        return Err("a name and a reason are needed");
    }
    let (who, on, rule) = (&subject.who, &subject.on, &subject.rule);
    let head = match what {
        Proposal::Exception { until } => {
            line("rule", list(rule.as_deref().ok_or("no rule fired here")?));
            if who.is_none() && on.is_none() {
                return Err("nobody is named");
            }
            for (key, member) in [("who", who), ("on", on)] {
                if let Some(member) = member {
                    line(key, list(member));
                }
            }
            line("until", until.to_string());
            line("reason", quoted(reason));
            line("by", quoted(by));
            "[[exception]]"
        }
        Proposal::Window { from, to } => {
            let who = who.as_deref().ok_or("who works on it is not named")?;
            let on = on.as_deref().ok_or("no device is named")?;
            if to <= from {
                return Err("it ends before it begins");
            }
            line("devices", list(on));
            line("people", list(who));
            line("from", from.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
            line("to", to.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
            line("reason", quoted(reason));
            line("by", quoted(by));
            "[[window]]"
        }
        Proposal::Grant { on: day } => {
            let verb = subject.verb.ok_or("nothing was asked for here")?;
            line("who", list(who.as_deref().ok_or("nobody is named")?));
            line("may", list(verb.word()));
            line("on", list(on.as_deref().ok_or("no device is named")?));
            line("note", quoted(reason));
            line("accepted_by", quoted(&format!("{}, {day}", by.trim())));
            "[[grant]]"
        }
    };
    Ok(format!("{head}\n{out}"))
}

/// The file with one entry more. A file that is empty yet gets its head.
pub fn append(file: &str, entry: &str) -> String {
    let mut out = match file.trim() {
        "" => "schema = 1\n".to_owned(),
        _ => file.trim_end().to_owned() + "\n",
    };
    out.push('\n');
    out.push_str(entry);
    out
}

/// A name that stands in a member as it is.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_graphic() && c != '\\')
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() || is_turning(c) => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Turns the direction of writing.
fn is_turning(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
