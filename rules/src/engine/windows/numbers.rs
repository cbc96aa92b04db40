//! Windows that hold a number against the one before.

use std::hash::{BuildHasher, Hasher};

use dissectors::message::Value;

use super::events::{Counted, Events, More};
use super::told::Told;
use super::{Feeding, TAG, hash};
use crate::language::ast::Comparison;
use crate::language::compiled::{Fact, Operand, Truth, Which, Window, WindowKind};
use crate::language::eval::{Facts, Val, each, ordered};
use crate::language::units::{Dimension, same};
use crate::limits::{self};

/// Messages among which a copy is looked for.
const COPIES: usize = 32;
/// Codes of one message that are followed.
const CODES: usize = 64;

impl Feeding<'_> {
    pub(super) fn ratio(
        &mut self,
        at: usize,
        window: &Window,
        key: u64,
        op: Comparison,
        than: f64,
        facts: &Facts<'_>,
    ) -> Truth {
        let mut now = None;
        for operand in &window.of {
            each(operand, facts, &mut |v| match v {
                Val::Number(n) => now = now.or(Some((n, Dimension::NONE))),
                Val::Quantity(n, d) => now = now.or(Some((n, d))),
                _ => {}
            });
        }
        let Some((number, dimension)) = now else {
            return Truth::Unknown;
        };

        let event = self.event(number.to_bits(), facts);
        let Some(state) = self.state(
            at,
            window,
            self.hasher.hash_one((TAG, key, dimension)),
            limits::WINDOW_KEYS,
        ) else {
            return Truth::Unknown;
        };
        let before = state.events.back().copied();
        state.push(event, window.within, 1);
        let Some(before) = before.filter(|b| b.time.saturating_add(window.within) >= event.time)
        else {
            return Truth::Unknown;
        };
        let old = f64::from_bits(before.what);
        // From nothing, or to nothing, is a start or a stop, no jump.
        if old == 0.0 || number == 0.0 {
            return Truth::False;
        }
        let truth = ordered(op, number / old, than);
        if truth == Truth::True {
            self.evidence.push(before.frame);
            self.told.push(Told::Times(number / old));
        }
        truth
    }

    /// Two series of numbers run in one another: a number went back, and the message is no copy of
    /// one seen just before (a second path of the network makes such copies).
    pub(super) fn interleaved(
        &mut self,
        at: usize,
        window: &Window,
        key: u64,
        threshold: u64,
        facts: &Facts<'_>,
    ) -> Truth {
        let mut number = None;
        for operand in &window.of {
            each(operand, facts, &mut |v| {
                if let Val::Number(n) = v {
                    number = number.or(Some(n));
                }
            });
        }
        let Some(number) = number else {
            return Truth::Unknown;
        };
        let content = self.content(facts);
        let event = self.event(content, facts);
        let Some(state) = self.state(at, window, key, limits::WINDOW_KEYS) else {
            return Truth::Unknown;
        };
        let More { recent, sum, .. } = state.more();
        if recent.contains(&content) {
            return Truth::False;
        }
        if recent.len() >= COPIES {
            recent.pop_front();
        }
        let first = recent.is_empty();
        recent.push_back(content);
        let back = !first && number <= *sum;
        *sum = number;
        if back {
            state.push(event, window.within, threshold as usize);
        }
        let held = back && state.events.len() as u64 >= threshold;
        self.holds(at, key, held, |n| Told::WentBack(n, window.within))
    }

    /// A number that may only grow is below the greatest so far. Equal is no step back, nor is a copy
    /// of a message seen just before, nor one that was on the wire before the greatest was.
    pub(super) fn backwards(
        &mut self,
        at: usize,
        window: &Window,
        key: u64,
        facts: &Facts<'_>,
    ) -> Truth {
        let Some(number) = self.number_of(window, facts) else {
            return Truth::Unknown;
        };
        let content = self.content(facts);
        let event = self.event(number.to_bits(), facts);
        let began = facts.message.frames().first().map_or(0, |f| f.time);
        let Some(state) = self.state(at, window, key, limits::WINDOW_KEYS) else {
            return Truth::Unknown;
        };
        let more = state.more();
        if more.recent.contains(&content) {
            return Truth::False;
        }
        if more.recent.len() >= COPIES {
            more.recent.pop_front();
        }
        more.recent.push_back(content);
        let fresh = |e: &Counted| e.time.saturating_add(window.within) >= event.time;
        let greatest = state.events.front().copied().filter(fresh);
        let Some(greatest) = greatest else {
            state.events = Events::One(event);
            return Truth::False;
        };
        let before = f64::from_bits(greatest.what);
        if number >= before {
            state.events = Events::One(event);
            return Truth::False;
        }
        if began < greatest.frame.time {
            return Truth::False;
        }
        // It counts on from here: each step back is told once.
        state.events = Events::One(event);
        self.evidence.push(greatest.frame);
        self.told.push(Told::After(number, before));
        Truth::True
    }

    fn number_of(&self, window: &Window, facts: &Facts<'_>) -> Option<f64> {
        let mut number = None;
        for operand in &window.of {
            each(operand, facts, &mut |v| {
                let read = match v {
                    Val::Number(n) => Some(n),
                    Val::Text(text) => std::str::from_utf8(text).ok().and_then(|t| t.parse().ok()),
                    _ => None,
                };
                number = number.or(read.filter(|n: &f64| n.is_finite()));
            });
        }
        number
    }

    /// Kind and fields of the message, as a key.
    fn content(&self, facts: &Facts<'_>) -> u64 {
        let mut content = 0;
        let of = Operand::Fact(Which::This, Fact::Content);
        each(&of, facts, &mut |v| {
            let mut hasher = self.hasher.build_hasher();
            hash(&v, &mut hasher);
            content = hasher.finish();
        });
        content
    }

    /// A number that differs from the one before under the same code.
    pub(super) fn changes(
        &mut self,
        at: usize,
        window: &Window,
        key: u64,
        facts: &Facts<'_>,
    ) -> Truth {
        let mut numbers: Vec<(u64, f64)> = Vec::new();
        for operand in &window.of {
            if let Operand::Field {
                from: Which::This,
                protocol,
                field,
                ..
            } = operand
                && facts.message.protocol() == *protocol
            {
                for value in facts.message.values(*field).take(CODES) {
                    let (code, number): (&[u8], f64) = match value {
                        Value::Quantity(q) => (q.code, q.number),
                        Value::Integer(n) => (b"", n as f64),
                        Value::Decimal(n) => (b"", n),
                        _ => continue,
                    };
                    numbers.push((self.hasher.hash_one((TAG, key, code)), number));
                }
            }
        }
        let mut truth = Truth::Unknown;
        for (key, number) in numbers {
            let event = self.event(number.to_bits(), facts);
            let Some(state) = self.state(at, window, key, limits::WINDOW_KEYS) else {
                continue;
            };
            let before = state.events.back().copied();
            state.push(event, window.within, 1);
            let Some(before) =
                before.filter(|b| b.time.saturating_add(window.within) >= event.time)
            else {
                continue;
            };
            let old = f64::from_bits(before.what);
            let changed = (number - old).abs() > 0.05 * old.abs().max(number.abs());
            truth = truth.or(changed.into());
            if changed {
                self.evidence.push(before.frame);
                self.told.push(Told::Became(old, number));
            }
        }
        truth
    }

    /// How far a number rose above its least, or fell below its greatest, within the time.
    pub(super) fn moved(
        &mut self,
        at: usize,
        window: &Window,
        key: u64,
        facts: &Facts<'_>,
    ) -> Truth {
        let WindowKind::Moved {
            by: than,
            or_equal,
            dimension,
            falling,
        } = window.kind
        else {
            return Truth::Unknown;
        };
        let mut now = None;
        for operand in &window.of {
            each(operand, facts, &mut |v| match v {
                Val::Number(n) if dimension == Dimension::NONE => now = now.or(Some(n)),
                Val::Quantity(n, d) if d == dimension => now = now.or(Some(n)),
                _ => {}
            });
        }
        let Some(number) = now.filter(|n| n.is_finite()) else {
            return Truth::Unknown;
        };
        let event = self.event(number.to_bits(), facts);
        let room = self.limits.get(limits::WINDOW_VALUES).max(2);
        let Some(state) = self.state(at, window, key, limits::WINDOW_KEYS) else {
            return Truth::Unknown;
        };
        let sign = if falling { -1.0 } else { 1.0 };
        let crowded = state.push_least(event, sign, window.within, room);
        let Some(least) = state.events.front().copied() else {
            return Truth::Unknown;
        };
        if crowded {
            self.hits.count(limits::WINDOW_VALUES);
        }
        let from = f64::from_bits(least.what);
        let by = (number - from) * sign;
        let held = by > than && !same(by, than) || or_equal && same(by, than);
        if held {
            self.evidence.push(least.frame);
            self.told
                .push(Told::Moved(from, number, dimension, window.within));
        }
        held.into()
    }
}
