//! What judging by each rule costs. Measured on one message in a few, and only while somebody asks.

use std::time::Instant;

use super::index::RuleAt;

/// One message in so many is measured: reading the clock for each rule of each message would cost
/// more than the rules do.
const ONE_IN: u32 = 16;

/// Nanoseconds by rule.
#[derive(Debug, Default)]
pub(super) struct Costs {
    on: bool,
    messages: u32,
    /// Of the message that is judged now: when the rule at hand began, and which it is.
    at: Option<(Instant, Option<RuleAt>)>,
    spent: Vec<u64>,
}

impl Costs {
    pub fn turn_on(&mut self) {
        self.on = true;
    }

    /// Judging of a message begins.
    pub fn begin(&mut self) {
        if self.on {
            self.messages = self.messages.wrapping_add(1);
            self.at = self
                .messages
                .is_multiple_of(ONE_IN)
                .then(|| (Instant::now(), None));
        }
    }

    /// From here on this rule is judged; `None`: none any more.
    pub fn turn(&mut self, rule: Option<RuleAt>) {
        let Some((begun, before)) = self.at else {
            return;
        };
        let now = Instant::now();
        if let Some(before) = before {
            let at = before as usize;
            if self.spent.len() <= at {
                self.spent.resize(at + 1, 0);
            }
            let took = u64::try_from((now - begun).as_nanos()).unwrap_or(u64::MAX);
            self.spent[at] = self.spent[at].saturating_add(took);
        }
        self.at = rule.map(|rule| (now, Some(rule)));
    }

    /// Other rules are in force.
    pub fn clear(&mut self) {
        self.spent.clear();
        self.at = None;
    }

    /// Estimated nanoseconds of all messages, by rule.
    pub fn told(&self) -> impl Iterator<Item = (usize, u64)> {
        self.spent
            .iter()
            .enumerate()
            .filter(|(_, n)| **n > 0)
            .map(|(at, n)| (at, n.saturating_mul(u64::from(ONE_IN))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_measured_unasked() {
        let mut costs = Costs::default();
        for _ in 0..100 {
            costs.begin();
            costs.turn(Some(3));
            costs.turn(None);
        }
        assert_eq!(costs.told().count(), 0);
    }

    #[test]
    fn time_goes_to_the_rule_that_took_it() {
        let mut costs = Costs::default();
        costs.turn_on();
        for _ in 0..ONE_IN {
            costs.begin();
            costs.turn(Some(1));
            costs.turn(Some(2));
            std::thread::sleep(std::time::Duration::from_millis(2));
            costs.turn(None);
        }
        let told: Vec<_> = costs.told().collect();
        let of = |rule| {
            told.iter()
                .find(|(at, _)| *at == rule)
                .map_or(0, |(_, n)| *n)
        };
        assert!(
            of(2) >= 2_000_000 * u64::from(ONE_IN) && of(1) < of(2),
            "{told:?}"
        );
    }
}
