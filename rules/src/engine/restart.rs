//! What the judge keeps for the run after this one.

use serde_json::Value;

use super::Judge;
use crate::baseline::Baseline;
use crate::finding::{Event, Finding};
use crate::privacy::Show;

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
        let mut state = serde_json::json!({ "inventory": self.inventory.keep(), "open": open });
        if let Some(baseline) = &self.baseline {
            state["baseline"] = baseline.value();
        }
        state
    }

    /// Takes what an earlier run kept, before the first message. Gives the number of assets and of
    /// open findings.
    pub fn restore(&mut self, kept: &Value) -> (usize, usize) {
        let assets = kept
            .get("inventory")
            .map_or(0, |i| self.inventory.restore(i, &mut self.hits));
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
        let count = open.len();
        self.findings.restore(open, &mut self.hits);
        (assets, count)
    }
}
