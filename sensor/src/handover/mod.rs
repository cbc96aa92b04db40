//! The handover of a shift: what opened, closed and stands, who took care of what, what is new and
//! what fell silent, what ends today, and how much of the picture is missing. One page first.

mod page;

use std::net::IpAddr;

use rules::finding::{Finding, Severity};
use rules::inventory::devices::Device;
use rules::inventory::{Inventory, Register};
use serde_json::Value;
use tui::mark::{Handling, Mark};

pub use page::{Form, write};

use crate::output::clean;
use crate::output::ruling::Ruling;
use crate::store;

/// Everything that the handover tells. Times are nanoseconds since 1970; texts are clean.
#[derive(Debug, Default)]
pub struct Handover {
    pub from: i64,
    pub to: i64,
    pub opened: Vec<Row>,
    pub closed: Vec<Row>,
    pub open: Vec<Row>,
    pub marks: Vec<Said>,
    pub new_devices: Vec<Seen>,
    /// What was read begins within the time: everything would be new.
    pub all_new: bool,
    pub devices: usize,
    pub silent: Vec<Seen>,
    pub ending: Vec<Entry>,
    pub suppressed: Vec<Entry>,
    /// Frames that the capture lost.
    pub lost: u64,
    /// Bytes missing inside conversations, where that is known.
    pub gaps: Option<u64>,
    /// Times in which nobody watched.
    pub blind: Vec<store::Restart>,
    /// Captures with their SHA-256; empty: a sensor that was live.
    pub captures: Vec<(String, String)>,
    pub program: String,
    pub ruling: Ruling,
}

/// A finding in a line.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: String,
    pub severity: Severity,
    pub rule: String,
    pub title: String,
    pub actor: String,
    pub target: String,
    pub outcome: &'static str,
    pub first: i64,
    pub count: u64,
    /// Who has it in hand.
    pub taken_by: Option<String>,
}

/// What somebody said of a finding.
#[derive(Clone, Debug)]
pub struct Said {
    pub what: Handling,
    pub by: String,
    pub note: String,
    pub at: i64,
    pub finding: String,
    pub title: String,
}

/// A device that came or went.
#[derive(Clone, Debug)]
pub struct Seen {
    pub name: String,
    pub at: i64,
}

/// A window, an exception or a threshold.
#[derive(Clone, Debug)]
pub struct Entry {
    pub kind: String,
    pub place: String,
    pub about: String,
    pub by: String,
    pub reason: String,
    pub until: Option<i64>,
    pub count: u64,
}

/// What a handover is made of.
pub struct Sources<'s> {
    /// As a store keeps it.
    pub state: &'s Value,
    pub marks: &'s [Mark],
    pub from: i64,
    pub to: i64,
    /// The end of the day of `to`.
    pub today: i64,
    /// When what was read begins, if it is a capture.
    pub begins: Option<i64>,
    pub register: Option<std::sync::Arc<Register>>,
}

/// Messages after which it is known how often a device speaks.
const STEADY: u64 = 20;
/// It fell silent if it paused for so long, and so many times as long as it does in the mean.
const SILENCE: i64 = 300_000_000_000;
const PAUSES: i64 = 30;

impl Handover {
    pub fn of(s: &Sources<'_>) -> Handover {
        let within = |time: i64| (s.from..=s.to).contains(&time);
        let open = findings(s.state, "open");
        let closed = findings(s.state, "history");
        let row = |f: &Finding| row(f, s.marks);
        let mut all: Vec<&Finding> = open.iter().chain(&closed).collect();
        all.sort_by_key(|f| (std::cmp::Reverse(f.severity), f.first.time));
        let text = |key: &str| s.state.get(key).and_then(Value::as_str).unwrap_or_default();
        let mut inventory = Inventory::default();
        let kept = s.state.get("inventory").unwrap_or(&Value::Null);
        inventory.restore(kept, &mut rules::limits::Hits::default());
        if let Some(register) = &s.register {
            inventory.call_by(Some(std::sync::Arc::clone(register)));
        }
        let mut hand = Handover {
            from: s.from,
            to: s.to,
            opened: all
                .iter()
                .filter(|f| within(f.first.time))
                .map(|f| row(f))
                .collect(),
            closed: all
                .iter()
                .filter(|f| !f.open && within(f.last.time))
                .map(|f| row(f))
                .collect(),
            open: all.iter().filter(|f| f.open).map(|f| row(f)).collect(),
            marks: said(s, &all),
            all_new: s.begins.is_some_and(|begins| begins >= s.from),
            ending: entries(s.state, "exceptions"),
            suppressed: entries(s.state, "suppressed"),
            lost: s.state.get("lost").and_then(Value::as_u64).unwrap_or(0),
            blind: store::restarts_of(s.state),
            program: clean::text(text("program").as_bytes()),
            ruling: Ruling {
                rules: clean::text(text("rules_hash").as_bytes()),
                policy: clean::text(text("policy_hash").as_bytes()),
                exceptions: clean::text(text("exceptions_hash").as_bytes()),
            },
            ..Handover::default()
        };
        hand.ending
            .retain(|e| e.until.is_some_and(|u| u > s.from && u <= s.today));
        hand.blind.retain(|r| r.to > s.from && r.from < s.to);
        hand.devices(&inventory);
        hand
    }

    fn devices(&mut self, inventory: &Inventory) {
        let devices = inventory.devices();
        self.devices = devices.len();
        for device in &devices {
            let (first, last) = (device.first_seen(), device.last_seen());
            let name = || clean::text(called(inventory, device).as_bytes());
            if first >= self.from && !self.all_new {
                self.new_devices.push(Seen {
                    name: name(),
                    at: first,
                });
            }
            let sent = i64::try_from(device.sent()).unwrap_or(i64::MAX).max(1);
            let pause = last.saturating_sub(first) / sent;
            let silent = self.to.saturating_sub(last);
            let long = silent >= SILENCE && silent >= pause.saturating_mul(PAUSES);
            if device.sent() >= STEADY && last >= self.from && long {
                self.silent.push(Seen {
                    name: name(),
                    at: last,
                });
            }
        }
        self.new_devices.sort_by_key(|d| d.at);
        self.silent.sort_by_key(|d| d.at);
    }
}

fn findings(state: &Value, key: &str) -> Vec<Finding> {
    let list = state.get(key).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|v| rules::standing::finding_of(v, &|_| None))
        .collect()
}

fn row(f: &Finding, marks: &[Mark]) -> Row {
    let clean = |text: &str| clean::text(text.as_bytes());
    let last = marks.iter().rev().find(|m| m.finding == f.finding_id);
    let taken = last.filter(|m| m.what != Handling::Reopened && m.holds(f.severity));
    Row {
        id: f.finding_id.to_string(),
        severity: f.severity,
        rule: clean(&f.rule.id),
        title: clean(&f.rule.title),
        actor: clean(&f.actor.to_string()),
        target: clean(&f.target.to_string()),
        outcome: f.outcome.word(),
        first: f.first.time,
        count: f.count,
        taken_by: taken.map(|m| clean(&m.who)),
    }
}

fn said(s: &Sources<'_>, all: &[&Finding]) -> Vec<Said> {
    let clean = |text: &str| clean::text(text.as_bytes());
    s.marks
        .iter()
        .filter(|m| m.at >= s.from)
        .filter_map(|m| {
            let finding = all.iter().find(|f| f.finding_id == m.finding)?;
            Some(Said {
                what: m.what,
                by: clean(&m.who),
                note: clean(&m.note),
                at: m.at,
                finding: m.finding.to_string(),
                title: clean(&finding.rule.title),
            })
        })
        .collect()
}

fn entries(state: &Value, key: &str) -> Vec<Entry> {
    let one = |v: &Value| {
        let text = |key: &str| {
            let text = v.get(key).and_then(Value::as_str).unwrap_or_default();
            clean::text(text.as_bytes())
        };
        Entry {
            kind: text("kind"),
            place: text("place"),
            about: text("about"),
            by: text("by"),
            reason: text("reason"),
            until: v.get("until").and_then(Value::as_i64),
            count: v.get("count").and_then(Value::as_u64).unwrap_or(0),
        }
    };
    let list = state.get(key).and_then(Value::as_array);
    list.into_iter().flatten().map(one).collect()
}

/// Address, what the site calls it, what it is, and what it calls itself.
fn called(inventory: &Inventory, device: &Device<'_>) -> String {
    let mut parts: Vec<String> = device.addresses().iter().map(IpAddr::to_string).collect();
    if let Some(register) = inventory.register()
        && let Some(entry) = register.of_device(device, |mac| inventory.is_router(mac))
    {
        parts.push(entry.site().to_string());
    }
    if let Some((kind, _)) = device.role() {
        parts.push(kind.word().to_owned());
    }
    parts.extend(device.names().iter().take(2).map(|n| n.what.to_string()));
    parts.join(", ")
}
