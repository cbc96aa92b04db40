//! What a person proposes at a finding or a device: text for a file of its own, shown and checked
//! before it is written. The sensor writes it and brings it into force.

use std::fmt::Write;

use dissectors::action::Verb;
use jiff::civil::Date;
use rules::finding::Finding;
use rules::policy::Policy;

use crate::feed::DeviceRow;

/// What is proposed. Exceptions with an end date and windows go to a file of their own as soon as
/// the judge takes such a file: they become further kinds here, and a further file at the clerk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// These may from now on.
    #[default]
    Grant,
    /// These may until the end of a day: a service visit, a trial.
    GrantUntil,
}

impl Kind {
    pub const ALL: [Kind; 2] = [Kind::Grant, Kind::GrantUntil];

    pub const fn title(self) -> &'static str {
        match self {
            Kind::Grant => "policy line",
            Kind::GrantUntil => "policy line with an end",
        }
    }

    /// As it travels to the sensor.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Grant => "grant",
            Kind::GrantUntil => "grant-until",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.word() == word)
    }

    pub fn next(self) -> Self {
        match self {
            Kind::Grant => Kind::GrantUntil,
            Kind::GrantUntil => Kind::Grant,
        }
    }
}

/// Whom and what it is about, as members of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    pub who: String,
    pub verb: Verb,
    pub on: String,
    /// A value with its unit that was asked for: the grant goes no further.
    pub value: Option<String>,
    /// Rule and finding, for the note.
    pub about: String,
}

/// A proposal on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    pub kind: Kind,
    pub subject: Subject,
    /// Days from today, for a kind that ends.
    pub days: i64,
}

/// What goes to the sensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub kind: Kind,
    /// A whole entry of the file.
    pub text: String,
    pub who: String,
    pub reason: String,
    /// Wall time, nanoseconds since 1970.
    pub at: i64,
}

/// Days that `+` and `-` go through.
const DAYS: [i64; 6] = [0, 1, 7, 30, 90, 365];

/// Why a proposal cannot be made.
pub const NOTHING_TOLD: &str = "a policy line needs a command: choose a finding about one, or a device that was told something";

impl Subject {
    /// The parties by address, because a name is a claim; a device behind a gateway by its name.
    pub fn of_finding(f: &Finding) -> Option<Self> {
        let act = f.action.as_ref()?;
        Some(Subject {
            who: f.actor.ip.to_string(),
            verb: act.verb,
            on: member(f.target.ip, &act.subject),
            value: act
                .value
                .as_ref()
                .map(|v| format!("{} {}", v.number, v.unit)),
            about: format!("{} {}", f.rule.id, f.finding_id),
        })
    }

    /// The last command that a device was given, by whoever gave the last.
    pub fn of_device(d: &DeviceRow) -> Option<Self> {
        let by = d.commanders.iter().max_by_key(|c| c.last)?;
        let verb = d.last_command.split(' ').next()?;
        Some(Subject {
            who: by.ip.to_string(),
            verb: Verb::from_word(verb)?,
            on: member(d.key.ip, &d.key.subject),
            value: None,
            about: format!("device {}", d.key.ip),
        })
    }
}

fn member(ip: std::net::IpAddr, behind: &str) -> String {
    let plain = !behind.is_empty()
        && behind
            .chars()
            .all(|c| c.is_ascii_graphic() && c != '\\' && c != '"');
    if plain {
        format!("device:{behind}")
    } else {
        ip.to_string()
    }
}

impl Proposal {
    pub fn new(subject: Subject) -> Self {
        Proposal {
            kind: Kind::default(),
            subject,
            days: 1,
        }
    }

    pub fn longer(&mut self, by: isize) {
        let at = DAYS.iter().position(|d| *d == self.days).unwrap_or(1);
        let at = at.saturating_add_signed(by).min(DAYS.len() - 1);
        self.days = DAYS[at];
    }

    /// The entry. `today`: by wall time; `who` and `reason` as typed, or a place for them.
    pub fn text(&self, who: &str, reason: &str, today: Date) -> String {
        let s = &self.subject;
        let mut out = String::from("[[grant]]\n");
        let _ = writeln!(out, "who = [{}]", quoted(&s.who));
        let _ = writeln!(out, "may = [{}]", quoted(s.verb.word()));
        let _ = writeln!(out, "on = [{}]", quoted(&s.on));
        if let Some(value) = &s.value {
            let range = format!("0..{value}");
            let _ = writeln!(out, "bounds = {{ {} = {} }}", s.verb.word(), quoted(&range));
        }
        if self.kind == Kind::GrantUntil {
            let end = today
                .checked_add(jiff::Span::new().days(self.days))
                .unwrap_or(today);
            let _ = writeln!(out, "until = {end}");
        }
        let signed = format!("{}, {today}", who.replace(',', " ").trim());
        let _ = writeln!(out, "accepted_by = {}", quoted(&signed));
        let note = format!("{reason} ({})", s.about);
        let _ = writeln!(out, "note = {}", quoted(&note));
        out
    }

    /// Does the entry load, alone? The sensor checks it again with the whole policy.
    pub fn check(&mut self, today: Date) -> Result<(), String> {
        let try_it = |p: &Proposal| {
            let text = format!("schema = 1\n\n{}", p.text("A. Name", "reason", today));
            Policy::load("proposal", &text).map(|_| ())
        };
        match try_it(self) {
            Ok(()) => Ok(()),
            // A unit that a policy does not know, or a verb that takes none: without the bound.
            Err(_) if self.subject.value.take().is_some() => {
                try_it(self).map_err(|report| report.to_string())
            }
            Err(report) => Err(report.to_string()),
        }
    }
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
            // Controls, and what turns the direction of writing.
            c if c.is_control()
                || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposal(on: &str, value: Option<&str>) -> Proposal {
        Proposal::new(Subject {
            who: "10.1.2.3".into(),
            verb: Verb::SetRate,
            on: on.into(),
            value: value.map(str::to_owned),
            about: "WW-CMD-0001 17".into(),
        })
    }

    const DAY: Date = Date::constant(2026, 11, 30);

    #[test]
    fn a_note_cannot_leave_its_quotes() {
        let text = proposal("10.1.2.4", None).text("Anna", "\"\nmay = [\"any\"]", DAY);
        assert!(text.contains("note = \"\\\"\\u000Amay = [\\\"any\\\"]"), "{text}");
        assert!(Policy::load("x", &format!("schema = 1\n{text}")).is_ok());
    }

    #[test]
    fn bound_in_a_unit_that_no_policy_knows_is_left_out() {
        let mut p = proposal("10.1.2.4", Some("4 parsec"));
        assert_eq!(p.check(DAY), Ok(()));
        assert!(!p.text("A", "b", DAY).contains("bounds"));
        let mut p = proposal("10.1.2.4", Some("120 mL/h"));
        assert_eq!(p.check(DAY), Ok(()));
        assert!(p.text("A", "b", DAY).contains("set-rate = \"0..120 mL/h\""));
    }

    #[test]
    fn an_end_is_counted_from_today_over_the_month() {
        let mut p = proposal("device:PUMP-1", None);
        p.kind = Kind::GrantUntil;
        p.longer(1);
        assert!(p.text("A", "b", DAY).contains("until = 2026-12-07"));
        p.longer(-5);
        assert!(p.text("A", "b", DAY).contains("until = 2026-11-30"));
        assert_eq!(p.check(DAY), Ok(()));
    }
}
