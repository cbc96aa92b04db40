//! Windows that count: different values, and sums.

use std::hash::{BuildHasher, Hasher};

use super::events::Counted;
use super::told::Told;
use super::{Feeding, hash};
use crate::language::compiled::{Truth, Window, WindowKind};
use crate::language::eval::{Facts, Val, each};
use crate::language::units::same;
use crate::limits::{self};

impl Feeding<'_> {
    pub(super) fn distinct(
        &mut self,
        at: usize,
        window: &Window,
        key: u64,
        threshold: u64,
        facts: &Facts<'_>,
    ) -> Truth {
        let hasher = self.hasher;
        let event = self.event(0, facts);
        let single = match window.of.as_slice() {
            [single] => Some(single),
            _ => None,
        };
        let tuple = match single {
            Some(single) => {
                let mut known = false;
                each(single, facts, &mut |_| known = true);
                if !known {
                    return Truth::Unknown;
                }
                0
            }
            None => match self.key(&window.of, facts) {
                Some(tuple) => tuple,
                None => return Truth::Unknown,
            },
        };
        let Some(state) = self.state(at, window, key, limits::WINDOW_KEYS) else {
            return Truth::Unknown;
        };
        let mut count = |what: u64| {
            state.events.forget(what);
            let event = Counted { what, ..event };
            state.push(event, window.within, threshold as usize);
        };
        match single {
            // A field with several values counts each.
            Some(single) => each(single, facts, &mut |v| {
                let mut hasher = hasher.build_hasher();
                hash(&v, &mut hasher);
                count(hasher.finish());
            }),
            None => count(tuple),
        }
        let held = state.events.len() as u64 >= threshold;
        self.holds(at, key, held, |n| Told::Different(n, window.within))
    }

    pub(super) fn sum(
        &mut self,
        at: usize,
        window: &Window,
        key: u64,
        above: f64,
        or_equal: bool,
        facts: &Facts<'_>,
    ) -> Truth {
        let WindowKind::Sum { dimension, .. } = window.kind else {
            return Truth::Unknown;
        };
        let mut summands = Vec::new();
        for operand in &window.of {
            each(operand, facts, &mut |v| match v {
                Val::Number(n) => summands.push(n),
                Val::Quantity(n, d) if d == dimension => summands.push(n),
                _ => {}
            });
        }
        if summands.is_empty() {
            return Truth::Unknown;
        }
        let events: Vec<Counted> = summands
            .into_iter()
            .map(|n| self.event(n.to_bits(), facts))
            .collect();
        let room = self.limits.get(limits::WINDOW_THRESHOLD);
        let Some(state) = self.state(at, window, key, limits::WINDOW_KEYS) else {
            return Truth::Unknown;
        };
        for event in events {
            state.push_sum(event, window.within, room);
        }
        let sum = state.more().sum;
        let held = sum > above && !same(sum, above) || or_equal && same(sum, above);
        self.holds(at, key, held, |_| Told::Sum(sum, dimension, window.within))
    }
}
