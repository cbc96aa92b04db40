//! What the judge keeps for the run after this one.
//!
//! Beside inventory, baseline and open findings: what windows remember of each rule, the values in
//! force, and what devices taught of their handles. Messages that wait to be followed are not kept:
//! what would have followed them may have come while nobody watched. They count as not judged.

use std::hash::BuildHasher;

use serde_json::{Value, json};

use super::unjudged::Doubt;
use super::{Judge, seed};
use crate::baseline::Baseline;
use crate::finding::{Event, Finding};
use crate::language::ruleset::Compiled;
use crate::limits;
use crate::privacy::Show;

/// The form of what the engine remembers. What is of another form is left aside and told.
const FORM: u64 = 1;

/// What was taken from an earlier run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Restored {
    pub assets: usize,
    pub findings: usize,
    /// Rules whose windows go on where they stood.
    pub rules: usize,
    /// What was left aside, and why.
    pub aside: Vec<String>,
}

impl Judge {
    /// The end of a run that another will go on from: open joins end as unknown, findings stay open.
    pub fn pause(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        while let Some(lapsed) = self.joins.last() {
            self.lapse(lapsed, sink);
        }
        self.quiet.finish(sink);
    }

    /// What a store keeps for the next run. `show`: how patient data in sentences are written.
    pub fn state(&self, show: Show<'_>) -> Value {
        let open: Vec<Value> = self
            .findings
            .iter()
            .map(|f| crate::standing::finding(f, show))
            .collect();
        let mut state = json!({
            "inventory": self.inventory.keep(), "open": open, "engine": self.engine_state(),
        });
        if let Some(baseline) = &self.baseline {
            state["baseline"] = baseline.value(&self.inventory);
        }
        state
    }

    fn engine_state(&self) -> Value {
        let mut room = self.limits.get(limits::KEPT_BYTES);
        let mut over = 0;
        let mut rules = Vec::new();
        for (rule, windows) in self.book.rules.iter().zip(&self.book.windows) {
            if rule.condition.windows.is_empty() {
                continue;
            }
            let tables = windows.keep(&rule.condition, &mut room, &mut over);
            rules.push(json!({
                "id": rule.rule.id, "hash": hash_of(rule), "policy": rule.condition.uses.policy,
                "waiting": windows.waiting(), "windows": tables,
            }));
        }
        json!({
            "form": FORM, "seed": self.seed, "began": self.clock.began(), "now": self.clock.now(),
            "rules": rules, "over": over, "values": self.setpoints.keep(),
            "lessons": self.lessons.kept(),
        })
    }

    /// Takes what an earlier run kept, before the first message. `same_policy`: it judged by the
    /// policy that is in force now.
    pub fn restore(&mut self, kept: &Value, same_policy: bool) -> Restored {
        let mut restored = Restored {
            assets: kept
                .get("inventory")
                .map_or(0, |i| self.inventory.restore(i, &mut self.hits)),
            ..Restored::default()
        };
        if let Some(own) = &self.baseline
            && own.is_fresh()
            && let Some(value) = kept.get("baseline")
            && let Ok(baseline) = Baseline::of(value, own.zone().clone(), &self.limits)
        {
            // Learning goes on for as long as was set now, from when it began.
            self.baseline = Some(Box::new(baseline.for_as_long_as(own)));
        }
        let rules = &self.book.rules;
        let rule = |id: &str| {
            let found = rules.iter().find(|r| r.rule.id == id).map(|r| &r.rule);
            let own = || crate::baseline::rules().find(|r| r.id == id);
            found.or_else(own).map(std::sync::Arc::clone)
        };
        let open: Vec<Finding> = kept
            .get("open")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|value| crate::standing::finding_of(value, &rule))
            .collect();
        restored.findings = open.len();
        self.findings.restore(open, &mut self.hits);
        if let Some(engine) = kept.get("engine") {
            self.restore_engine(engine, same_policy, &mut restored);
        }
        restored
    }

    fn restore_engine(&mut self, kept: &Value, same_policy: bool, restored: &mut Restored) {
        let number = |key| kept.get(key).and_then(Value::as_u64);
        let time = |key| kept.get(key).and_then(Value::as_i64);
        let (Some(FORM), Some(seed), Some(began), Some(now)) =
            (number("form"), number("seed"), time("began"), time("now"))
        else {
            restored.aside.push(
                "what the rules remembered is of a form that this version does not read".into(),
            );
            return;
        };
        if began == 0 || now < began {
            // No packet was seen.
            return;
        }
        self.seed = seed;
        self.hasher = seed::keys(seed);
        self.clock.resume(began, now);
        for _ in 0..number("over").unwrap_or(0).min(1 << 20) {
            self.hits.count(limits::KEPT_BYTES);
        }
        let rules = kept.get("rules").and_then(Value::as_array);
        for value in rules.into_iter().flatten() {
            self.restore_rule(value, same_policy, restored);
        }
        let values = kept.get("values").and_then(Value::as_str);
        if values.is_some_and(|v| self.setpoints.restore(v, seed).is_none()) {
            restored
                .aside
                .push("the values in force cannot be read".into());
        }
        if let Some(lessons) = kept.get("lessons") {
            self.lessons.restore(lessons);
        }
    }

    fn restore_rule(&mut self, kept: &Value, same_policy: bool, restored: &mut Restored) {
        let Some(id) = kept.get("id").and_then(Value::as_str) else {
            return;
        };
        let Some(at) = self.book.rules.iter().position(|r| r.rule.id == id) else {
            let id = crate::privacy::printable(id.as_bytes());
            restored
                .aside
                .push(format!("{id}: there is no such rule any more"));
            return;
        };
        let waiting = kept.get("waiting").and_then(Value::as_u64).unwrap_or(0);
        for _ in 0..waiting.min(1 << 16) {
            self.book.unjudged[at].count(Doubt::Hole);
        }
        let rule = &self.book.rules[at];
        let id = &rule.rule.id;
        if kept.get("hash").and_then(Value::as_u64) != Some(hash_of(rule)) {
            restored
                .aside
                .push(format!("{id}: its condition changed; it begins anew"));
            return;
        }
        if rule.condition.uses.policy && !same_policy {
            restored
                .aside
                .push(format!("{id}: the policy changed; it begins anew"));
            return;
        }
        let tables: Option<Vec<Option<&str>>> = kept
            .get("windows")
            .and_then(Value::as_array)
            .and_then(|t| t.iter().map(text_or_none).collect());
        let taken =
            tables.and_then(|t| self.book.windows[at].restore(&rule.condition, &t, &self.limits));
        match taken {
            Some(()) => restored.rules += 1,
            None => restored.aside.push(format!(
                "{id}: what it remembered is damaged; it begins anew"
            )),
        }
    }
}

fn text_or_none(value: &Value) -> Option<Option<&str>> {
    match value {
        Value::Null => Some(None),
        Value::String(text) => Some(Some(text)),
        _ => None,
    }
}

/// A rule's condition as a number: the same in every run.
fn hash_of(rule: &Compiled) -> u64 {
    seed::keys(FORM).hash_one(rule.rule.when.as_bytes())
}
