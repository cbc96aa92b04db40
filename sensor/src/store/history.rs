//! Findings that closed lately, for the handover of a shift.

use std::collections::VecDeque;

use rules::finding::Finding;
use rules::privacy::Show;
use serde_json::Value;

/// Closed findings as they are kept, oldest first.
#[derive(Debug, Default)]
pub struct History {
    closed: VecDeque<Value>,
}

/// Closed findings kept.
const CLOSED: usize = 5000;
/// And for how long, in nanoseconds: a week.
const LONG: i64 = 7 * 86_400 * 1_000_000_000;

impl History {
    /// With what an earlier run kept.
    pub fn of(kept: Option<&Value>) -> Self {
        let list = kept.and_then(|v| v.get("history")?.as_array());
        History {
            closed: list.into_iter().flatten().cloned().collect(),
        }
    }

    pub fn closed(&mut self, finding: &Finding, show: Show<'_>) {
        let last = finding.last.time;
        self.closed
            .push_back(rules::standing::finding(finding, show));
        let old = |v: &Value| {
            let time = v.get("last").and_then(|f| f.get(2)?.as_i64());
            time.is_none_or(|t| t < last.saturating_sub(LONG))
        };
        while self.closed.len() > CLOSED || self.closed.front().is_some_and(old) {
            self.closed.pop_front();
        }
    }

    pub fn value(&self) -> Value {
        self.closed.iter().cloned().collect()
    }
}
