//! What a run came to, for people: findings, what was read, the ledger, and one plain paragraph.

use dissectors::{Device, Outcome, PROTOCOLS, Verb};
use rules::engine::Unjudged;
use rules::finding::{Finding, Severity};
use std::fmt::Write;

use super::clean;
use super::discretion::Discretion;
use super::text::Text;
use crate::ledger::Ledger;
use crate::pipeline::Tally;

/// Findings shown in full; the rest are counted by rule.
const SHOWN: usize = 20;

/// What the summary is made of.
pub struct Facts<'a> {
    pub inputs: Vec<String>,
    pub tally: &'a Tally,
    pub ledger: &'a Ledger,
    pub findings: &'a [Finding],
    pub unjudged: Vec<Unjudged>,
    pub rules: usize,
    pub policy: Option<String>,
    /// Things that went wrong with the inputs, one line each.
    pub troubles: Vec<String>,
    pub stopped: bool,
}

/// The whole summary, ready to print.
pub fn write(facts: &Facts<'_>, text: &mut Text, discretion: &Discretion) -> String {
    let mut out = String::new();
    findings(&mut out, facts, text, discretion);
    what_was_read(&mut out, facts, text);
    ledger(&mut out, facts.ledger, text);
    out.push('\n');
    out.push_str(&paragraph(facts, text, discretion));
    out.push('\n');
    out
}

/// The end of a live run: its findings were told when they came.
pub fn live(facts: &Facts<'_>, text: &mut Text, _: &Discretion) -> String {
    let mut out = String::new();
    what_was_read(&mut out, facts, text);
    let told: Vec<String> = Severity::ALL
        .iter()
        .rev()
        .filter(|s| facts.tally.findings[**s as usize] > 0)
        .map(|s| format!("{} {}", facts.tally.findings[*s as usize], s.word()))
        .collect();
    let told = if told.is_empty() {
        "none".to_owned()
    } else {
        told.join(", ")
    };
    let _ = writeln!(out, "    findings  {told}");
    ledger(&mut out, facts.ledger, text);
    out
}

fn findings(out: &mut String, facts: &Facts<'_>, text: &mut Text, discretion: &Discretion) {
    if facts.findings.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "{}\n",
        text.paint
            .strong(&format!("Findings: {}", facts.findings.len()))
    );
    for f in facts.findings.iter().take(SHOWN) {
        out.push_str(&text.finding(f, discretion));
        if f.count > 1 {
            let last = text.clock.date_and_time(f.last.time);
            let _ = writeln!(out, "    {:<8}{} times, last {last}", "repeats", f.count);
        }
        out.push('\n');
    }
    let rest = facts.findings.get(SHOWN..).unwrap_or_default();
    if !rest.is_empty() {
        let _ = writeln!(
            out,
            "and {} more (all of them are in the JSON output):",
            rest.len()
        );
        let mut by_rule: Vec<(&str, &str, usize)> = Vec::new();
        for f in rest {
            match by_rule.iter_mut().find(|(id, ..)| *id == f.rule.id) {
                Some((.., n)) => *n += 1,
                None => by_rule.push((&f.rule.id, &f.rule.title, 1)),
            }
        }
        for (id, title, n) in by_rule {
            let _ = writeln!(out, "    {n:>5}  {id}  {title}");
        }
        out.push('\n');
    }
}

fn what_was_read(out: &mut String, facts: &Facts<'_>, text: &mut Text) {
    let tally = facts.tally;
    let _ = writeln!(out, "{}", text.paint.strong("Read"));
    let names: Vec<String> = facts
        .inputs
        .iter()
        .take(5)
        .map(|n| clean::text(n.as_bytes()))
        .collect();
    let more = facts.inputs.len().saturating_sub(5);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let _ = writeln!(out, "    captures  {}{more}", names.join(", "));
    if let (Some(first), Some(last)) = (tally.first_time, tally.last_time) {
        let (from, to) = (
            text.clock.date_and_time(first),
            text.clock.date_and_time(last),
        );
        let _ = writeln!(
            out,
            "    time      {from} to {to} ({})",
            text.clock.offset(last)
        );
    }
    let spoken: Vec<String> = PROTOCOLS
        .iter()
        .zip(&tally.by_protocol)
        .filter(|(_, n)| **n > 0)
        .map(|(p, n)| format!("{} {n}", p.name))
        .collect();
    let spoken = if spoken.is_empty() {
        "none".to_owned()
    } else {
        spoken.join(", ")
    };
    let _ = writeln!(out, "    messages  {spoken}");
    let policy = facts.policy.as_deref().map_or_else(
        || "no policy (--policy FILE says who may do what)".to_owned(),
        |p| format!("policy {}", clean::text(p.as_bytes())),
    );
    let _ = writeln!(out, "    judged by {} rules, {policy}", facts.rules);
    for u in &facts.unjudged {
        let _ = writeln!(
            out,
            "    not judged {}: {} ({} messages)",
            u.rule_id, u.why, u.count
        );
    }
    for (cause, n) in &tally.suppressed {
        let line = format!(
            "{n} times by the {} at {} ({}: {})",
            cause.kind, cause.place, cause.by, cause.reason
        );
        let _ = writeln!(out, "    held back {}", clean::text(line.as_bytes()));
    }
    for trouble in &facts.troubles {
        let _ = writeln!(out, "    trouble   {trouble}");
    }
    if facts.stopped {
        let _ = writeln!(out, "    stopped before the end, as asked");
    }
}

fn ledger(out: &mut String, ledger: &Ledger, text: &Text) {
    let _ = writeln!(out, "{}", text.paint.strong("Ledger"));
    for account in &ledger.accounts {
        let parts: Vec<String> = account
            .reasons
            .iter()
            .filter(|(_, n)| *n > 0)
            .map(|(reason, n)| format!("{reason} {n}"))
            .collect();
        let sum = if parts.is_empty() {
            "0".to_owned()
        } else {
            parts.join(" + ")
        };
        let verdict = if account.closes() {
            ""
        } else {
            "   DOES NOT CLOSE: this is a fault of wardwatch, please report it"
        };
        let _ = writeln!(
            out,
            "    {} {} = {sum}{verdict}",
            account.name, account.incoming
        );
    }
    for (part, counters) in &ledger.beside {
        let parts: Vec<String> = counters
            .iter()
            .filter(|(_, n)| *n > 0)
            .map(|(name, n)| format!("{name} {n}"))
            .collect();
        if !parts.is_empty() {
            let _ = writeln!(out, "    {part}: {}", parts.join(", "));
        }
    }
}

/// One plain paragraph: who told which device what, whether it was accepted, go and do what.
pub fn paragraph(facts: &Facts<'_>, text: &mut Text, discretion: &Discretion) -> String {
    let Some(worst) = facts
        .findings
        .iter()
        .find(|f| f.severity >= Severity::Medium)
    else {
        let heard = facts.tally.messages;
        return match facts.findings.len() {
            0 => format!("In short: nothing wrong was seen in {heard} messages."),
            n => format!(
                "In short: nothing urgent was seen in {heard} messages; {n} findings of low severity are listed above."
            ),
        };
    };
    let mut out = format!(
        "In short: at {} {}",
        text.clock.date_and_time(worst.first.time),
        sentence(worst),
    );
    if worst.may_be_misread() {
        out.push_str(" We may be misreading this.");
    }
    let why = worst.why.render(discretion.show());
    if !why.is_empty() {
        let _ = write!(out, " Why this is wrong: {}", full_stop(&why));
    }
    for step in [&worst.rule.bedside, &worst.rule.network] {
        if !step.is_empty() {
            let _ = write!(out, " {}", full_stop(step));
        }
    }
    let others = facts.findings.len() - 1;
    if others > 0 {
        let _ = write!(
            out,
            " {others} other {} above.",
            if others == 1 {
                "finding stands"
            } else {
                "findings stand"
            }
        );
    }
    out
}

/// `10.20.9.66 told pump PUMP-A0001 (through 10.20.2.20) to set its rate to 120 mL/h. It accepted.`
fn sentence(f: &Finding) -> String {
    let actor = named(f.actor.ip.to_string(), &f.actor.groups);
    let target = named(f.target.ip.to_string(), &f.target.groups);
    let Some(act) = &f.action else {
        let title = clean::text(f.rule.title.as_bytes());
        return format!(
            "{actor} did this towards {target}: {} ({}).",
            title,
            clean::text(f.kind.as_bytes())
        );
    };
    let whom = match (act.device, act.subject.as_str()) {
        (Device::Unknown, "") => target,
        (Device::Unknown, subject) => format!("{subject} (through {target})"),
        (device, "") => format!("the {} at {target}", device.word()),
        (device, subject) => format!("{} {subject} (through {target})", device.word()),
    };
    let value = act
        .value
        .as_ref()
        .map(|v| format!(" to {v}"))
        .unwrap_or_default();
    let what = match act.verb {
        Verb::SetRate => format!("to set its rate{value}"),
        Verb::SetDose => format!("to set its dose{value}"),
        Verb::SetVolume => format!("to set its volume{value}"),
        Verb::Start => "to start".into(),
        Verb::Stop => "to stop".into(),
        Verb::Pause => "to pause".into(),
        Verb::Bolus => format!("to give a bolus{}", value.replace(" to ", " of ")),
        Verb::SetMode => format!("to change its mode{value}"),
        Verb::SetAlarmLimit => format!("to set an alarm limit{value}"),
        Verb::SilenceAlarm => "to silence its alarm".into(),
        Verb::DisableAlarm => "to switch an alarm off".into(),
        Verb::SetPatient => "to change its patient".into(),
        Verb::SetTime => "to set its clock".into(),
        Verb::LoadLibrary => "to load a drug library or data set".into(),
        Verb::LoadFirmware => "to load firmware".into(),
        Verb::Configure => "to change its configuration".into(),
        Verb::Restart => "to restart".into(),
        Verb::ServiceMode => "to enter service mode".into(),
        Verb::Order => "to carry out an order".into(),
        Verb::Store => "to store data".into(),
        Verb::Retrieve => "to hand out data".into(),
        Verb::Read | Verb::Subscribe => "to tell data".into(),
        Verb::Delete => "to delete data".into(),
        Verb::Merge => "to merge records".into(),
        Verb::Verify | Verb::Discover => "that it is there".into(),
        Verb::Print => "to print".into(),
        Verb::Notify => "something".into(),
        Verb::UnknownVerb => "to do something that wardwatch cannot read".into(),
    };
    let drug = if act.drug.is_empty() {
        String::new()
    } else {
        format!(", drug {}", act.drug)
    };
    let to = if act.destination.is_empty() {
        String::new()
    } else {
        format!(", for {}", act.destination)
    };
    let outcome = match f.outcome {
        Outcome::Accepted => "It was accepted.",
        Outcome::Refused => "It was refused.",
        Outcome::Failed => "It failed.",
        Outcome::Requested | Outcome::Unknown => "Whether it was accepted was not seen.",
    };
    clean::text(format!("{actor} told {whom} {what}{drug}{to}. {outcome}").as_bytes())
}

fn named(address: String, groups: &[String]) -> String {
    match groups.first() {
        Some(group) => format!("{address} ({group})"),
        None => address,
    }
}

fn full_stop(sentence: &str) -> String {
    let sentence = sentence.trim();
    if sentence.is_empty() || sentence.ends_with(['.', '!', '?']) {
        sentence.to_owned()
    } else {
        format!("{sentence}.")
    }
}
