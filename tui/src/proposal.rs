//! What a person proposes at a finding or a device: text for a file of its own, shown and checked
//! before it is written. The sensor writes it and brings it into force.

use std::fmt::Write;
use std::net::IpAddr;

use dissectors::action::Verb;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use rules::exceptions::{Exceptions, Known, propose};
use rules::finding::Finding;
use rules::language::ruleset::Source;
use rules::policy::Policy;

use crate::feed::DeviceRow;

/// What is proposed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// These may from now on.
    #[default]
    Grant,
    /// These may until the end of a day: a trial.
    GrantUntil,
    /// These people work on the device for some hours.
    Window,
    /// The rule does not concern these until the end of a day.
    Exception,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Grant, Kind::GrantUntil, Kind::Window, Kind::Exception];

    pub const fn title(self) -> &'static str {
        match self {
            Kind::Grant => "policy line",
            Kind::GrantUntil => "with an end",
            Kind::Window => "maintenance window",
            Kind::Exception => "suppression",
        }
    }

    /// As it travels to the sensor.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Grant => "grant",
            Kind::GrantUntil => "grant-until",
            Kind::Window => "window",
            Kind::Exception => "exception",
        }
    }

    /// What it comes to, for the person.
    pub const fn says(self) -> &'static str {
        match self {
            Kind::Grant => "Only rules that ask the policy are quiet then; others fire still.",
            Kind::GrantUntil => {
                "It lapses at the end of that day. Only rules that ask the policy are quiet then; others fire still."
            }
            Kind::Window => {
                "What these people do to this device is held back and counted; whatever others do to it, therapy first of all, fires still."
            }
            Kind::Exception => {
                "This rule is held back and counted for these two alone, until the end of that day."
            }
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.word() == word)
    }
}

/// Whom and what it is about, as members of a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// Id of the rule that fired.
    pub rule: Option<String>,
    pub who: Option<String>,
    pub verb: Option<Verb>,
    pub on: Option<String>,
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
    /// Into the lengths that a kind may have.
    step: usize,
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

/// Days, and hours of a window, that `+` and `-` go through.
const DAYS: [i64; 6] = [0, 1, 7, 30, 90, 365];
const HOURS: [i64; 6] = [1, 2, 4, 8, 24, 72];

/// Why a proposal cannot be made.
pub const NOTHING_TOLD: &str = "choose a finding, or a device that was told something";

impl Subject {
    /// The parties by address, because a name is a claim; a device behind a gateway by its name.
    pub fn of_finding(f: &Finding) -> Self {
        let act = f.action.as_ref();
        let value = act.and_then(|a| a.value.as_ref());
        Subject {
            rule: Some(f.rule.id.clone()),
            who: host(f.actor.ip),
            verb: act.map(|a| a.verb),
            on: member(f.target.ip, act.map_or("", |a| &a.subject)),
            value: value.map(|v| format!("{} {}", v.number, v.unit)),
            about: format!("{} {}", f.rule.id, f.finding_id),
        }
    }

    /// The last command that a device was given, by whoever gave the last.
    pub fn of_device(d: &DeviceRow) -> Option<Self> {
        let by = d.commanders.iter().max_by_key(|c| c.last)?;
        Some(Subject {
            rule: None,
            who: host(by.ip),
            verb: d.last_command.split(' ').next().and_then(Verb::from_word),
            on: member(d.key.ip, &d.key.subject),
            value: None,
            about: format!("device {}", d.key.ip),
        })
    }
}

fn host(ip: IpAddr) -> Option<String> {
    (!ip.is_unspecified()).then(|| ip.to_string())
}

fn member(ip: IpAddr, behind: &str) -> Option<String> {
    let plain = !behind.is_empty()
        && behind
            .chars()
            .all(|c| c.is_ascii_graphic() && c != '\\' && c != '"');
    if plain {
        Some(format!("device:{behind}"))
    } else {
        host(ip)
    }
}

impl Proposal {
    /// The first kind for which the subject says enough. `Err`: what it lacks.
    pub fn new(subject: Subject, now: Timestamp) -> Result<Self, String> {
        let mut proposal = Proposal {
            kind: Kind::Grant,
            subject,
            step: 1,
        };
        let mut why = String::from(NOTHING_TOLD);
        for kind in Kind::ALL {
            proposal.kind = kind;
            match proposal.check(now) {
                Ok(()) => return Ok(proposal),
                Err(says) => why = says,
            }
        }
        Err(why)
    }

    /// The next kind that can be proposed here.
    pub fn next(&mut self, back: bool, now: Timestamp) {
        let n = Kind::ALL.len();
        let at = Kind::ALL.iter().position(|k| *k == self.kind).unwrap_or(0);
        for step in 1..=n {
            let at = if back { at + n - step } else { at + step };
            self.kind = Kind::ALL[at % n];
            if self.check(now).is_ok() {
                return;
            }
        }
    }

    pub fn longer(&mut self, by: isize) {
        self.step = self.step.saturating_add_signed(by).min(DAYS.len() - 1);
    }

    /// The entry. `now`: wall time; `who` and `reason` as typed, or a place for them.
    pub fn text(&self, who: &str, reason: &str, now: Timestamp) -> Result<String, &'static str> {
        let today = now.to_zoned_datetime(TimeZone::UTC).date();
        let end = today
            .checked_add(Span::new().days(DAYS[self.step]))
            .unwrap_or(today);
        let note = format!("{reason} ({})", self.subject.about);
        let what = match self.kind {
            Kind::Grant => return self.grant(who, &note, today, None),
            Kind::GrantUntil => return self.grant(who, &note, today, Some(end)),
            Kind::Exception => propose::Proposal::Exception { until: end },
            Kind::Window => propose::Proposal::Window {
                from: now,
                to: now
                    .checked_add(Span::new().hours(HOURS[self.step]))
                    .unwrap_or(now),
            },
        };
        let s = &self.subject;
        let subject = propose::Subject {
            rule: s.rule.clone(),
            who: s.who.clone(),
            on: s.on.clone(),
            verb: s.verb,
        };
        propose::propose(&subject, what, who, &note)
    }

    fn grant(
        &self,
        who: &str,
        note: &str,
        today: Date,
        until: Option<Date>,
    ) -> Result<String, &'static str> {
        let s = &self.subject;
        let verb = s.verb.ok_or("nothing was asked for here")?;
        let mut out = String::from("[[grant]]\n");
        let by = s.who.as_deref().ok_or("nobody is named")?;
        let _ = writeln!(out, "who = [{}]", quoted(by));
        let _ = writeln!(out, "may = [{}]", quoted(verb.word()));
        let on = s.on.as_deref().ok_or("no device is named")?;
        let _ = writeln!(out, "on = [{}]", quoted(on));
        if let Some(value) = &s.value {
            let range = format!("0..{value}");
            let _ = writeln!(out, "bounds = {{ {} = {} }}", verb.word(), quoted(&range));
        }
        if let Some(end) = until {
            let _ = writeln!(out, "until = {end}");
        }
        let signed = format!("{}, {today}", who.replace(',', " ").trim());
        let _ = writeln!(out, "accepted_by = {}", quoted(&signed));
        let _ = writeln!(out, "note = {}", quoted(note));
        Ok(out)
    }

    /// Does the entry load, alone? The sensor checks it again with everything else in force.
    pub fn check(&mut self, now: Timestamp) -> Result<(), String> {
        let try_it = |p: &Proposal| {
            let text = p.text("A. Name", "reason", now)?;
            let text = format!("schema = 1\n\n{text}");
            match p.kind {
                Kind::Grant | Kind::GrantUntil => Policy::load("proposal", &text).map(|_| ()),
                Kind::Exception | Kind::Window => {
                    let rules: Vec<&str> = p.subject.rule.iter().map(String::as_str).collect();
                    let known = Known {
                        rules: &rules,
                        ..Known::default()
                    };
                    let name = String::from("proposal");
                    Exceptions::load(&[Source { name, text }], &known).map(|_| ())
                }
            }
            .map_err(|report| report.to_string())
        };
        match try_it(self) {
            Ok(()) => Ok(()),
            // A unit that a policy does not know, or a verb that takes none: without the bound.
            Err(_) if self.subject.value.take().is_some() => try_it(self),
            Err(why) => Err(why),
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
        let subject = Subject {
            rule: Some("WW-CMD-0001".into()),
            who: Some("10.1.2.3".into()),
            verb: Some(Verb::SetRate),
            on: Some(on.into()),
            value: value.map(str::to_owned),
            about: "WW-CMD-0001 17".into(),
        };
        Proposal::new(subject, now()).expect("a subject that says enough")
    }

    fn now() -> Timestamp {
        "2026-11-30T22:15:00Z".parse().expect("a time")
    }

    fn text(p: &Proposal) -> String {
        p.text("A", "b", now()).expect("a text")
    }

    #[test]
    fn a_note_cannot_leave_its_quotes() {
        let text = proposal("10.1.2.4", None)
            .text("Anna", "\"\nmay = [\"any\"]", now())
            .expect("a text");
        assert!(
            text.contains("note = \"\\\"\\u000Amay = [\\\"any\\\"]"),
            "{text}"
        );
        assert!(Policy::load("x", &format!("schema = 1\n{text}")).is_ok());
    }

    #[test]
    fn bound_in_a_unit_that_no_policy_knows_is_left_out() {
        let p = proposal("10.1.2.4", Some("4 parsec"));
        assert!(!text(&p).contains("bounds"));
        let p = proposal("10.1.2.4", Some("120 mL/h"));
        assert!(text(&p).contains("set-rate = \"0..120 mL/h\""));
    }

    #[test]
    fn an_end_is_counted_from_today_over_the_month() {
        let mut p = proposal("device:PUMP-1", None);
        p.next(false, now());
        p.longer(1);
        assert!(text(&p).contains("until = 2026-12-07"), "{}", text(&p));
        p.longer(-5);
        assert!(text(&p).contains("until = 2026-11-30"));
    }

    #[test]
    fn every_kind_is_offered_in_turn_and_loads() {
        let mut p = proposal("device:PUMP-1", None);
        let mut seen = Vec::new();
        for _ in Kind::ALL {
            assert_eq!(p.check(now()), Ok(()), "{:?}", p.kind);
            seen.push(p.kind);
            p.next(false, now());
        }
        assert_eq!(seen, Kind::ALL);
        assert_eq!(p.kind, Kind::Grant);
        p.next(true, now());
        assert!(text(&p).starts_with("[[exception]]"));
    }

    #[test]
    fn finding_without_a_command_can_only_be_held_back() {
        let subject = Subject {
            rule: Some("WW-NET-0001".into()),
            who: Some("10.1.2.3".into()),
            ..Subject::default()
        };
        let mut p = Proposal::new(subject, now()).expect("a rule and somebody");
        assert_eq!(p.kind, Kind::Exception);
        p.next(false, now());
        assert_eq!(p.kind, Kind::Exception);
        assert!(Proposal::new(Subject::default(), now()).is_err());
    }
}
