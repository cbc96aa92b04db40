//! What the judge is told beside messages, and what it says of itself.

use serde_json::Value;

use super::Judge;
use super::trace::Trace;
use super::unjudged::Doubt;
use super::unjudged::Unjudged;
use crate::baseline::Baseline;
use crate::exceptions::{Cause, Exceptions};
use crate::finding::{Event, Finding};
use crate::inventory::Inventory;
use crate::limits::{Hits, Limits};
use crate::policy::Policy;

impl Judge {
    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How often each limit was hit.
    pub fn limit_hits(&self) -> &Hits {
        &self.hits
    }

    /// Steps of the clock backwards by more than a second.
    pub fn clock_steps(&self) -> u64 {
        self.clock.steps
    }

    /// Follows how one rule meets the messages of one frame.
    pub fn follow(&mut self, trace: Trace) {
        self.trace = Some(Box::new(trace));
    }

    /// What was followed.
    pub fn followed(&mut self) -> Option<Trace> {
        self.trace.take().map(|t| *t)
    }

    /// What could not be judged, by rule and reason.
    pub fn unjudged(&self) -> Vec<Unjudged> {
        let mut told = Vec::new();
        let book = &self.book;
        for ((rule, doubts), windows) in book.rules.iter().zip(&book.unjudged).zip(&book.windows) {
            let mut doubts = *doubts;
            doubts.set(Doubt::Evicted, windows.evicted);
            doubts.set(Doubt::Forgotten, windows.forgotten);
            told.extend(doubts.told(&rule.rule.id));
        }
        told
    }

    /// Gives the judge the site's list of devices: findings name them by it.
    pub fn call_by(&mut self, register: Option<std::sync::Arc<crate::inventory::Register>>) {
        self.inventory.call_by(register);
    }

    /// Learns, or knows, how each device usually behaves, and tells what is unusual.
    pub fn know_behaviour(&mut self, baseline: Baseline) {
        self.baseline = Some(Box::new(baseline));
    }

    pub fn baseline(&self) -> Option<&Baseline> {
        self.baseline.as_deref()
    }

    /// Ends learning how devices behave, and gives what was learned.
    pub fn conclude_baseline(&mut self) -> Option<Value> {
        let now = self.clock.now();
        let baseline = self.baseline.as_mut()?;
        baseline.conclude(now);
        Some(baseline.value(&self.inventory))
    }

    /// From here on measures what rules cost.
    pub fn measure(&mut self) {
        self.costs.turn_on();
    }

    /// Estimated nanoseconds that judging took so far by rule id, the dearest first; empty unless
    /// measured.
    pub fn costs(&self) -> Vec<(String, u64)> {
        let rules = &self.book.rules;
        let mut told: Vec<(String, u64)> = self
            .costs
            .told()
            .filter_map(|(at, spent)| Some((rules.get(at)?.rule.id.clone(), spent)))
            .collect();
        told.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        told
    }

    /// Takes a site's exceptions in the place of those so far.
    pub fn except(&mut self, exceptions: Exceptions, sink: &mut dyn FnMut(Event<'_>)) {
        self.quiet.change(exceptions, sink);
    }

    pub fn exceptions(&self) -> &Exceptions {
        self.quiet.exceptions()
    }

    /// Exceptions, windows and thresholds that held something back, with how often.
    pub fn suppressed(&self) -> impl Iterator<Item = (&std::sync::Arc<Cause>, u64)> {
        self.quiet.counted()
    }

    /// Whether anything was held back.
    pub fn has_suppressed(&self) -> bool {
        self.suppressed().next().is_some()
    }

    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    pub fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    /// Findings that are open now, in the order in which they were opened.
    pub fn open_findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter()
    }
}
