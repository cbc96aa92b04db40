//! Windows that ask what came before what.

use std::hash::BuildHasher;

use super::events::{Counted, Events, State};
use super::told::Told;
use super::{Feeding, Keyed, TAG};
use crate::language::compiled::{SEQUENCE_STEPS, Truth, Window};
use crate::language::eval::Facts;
use crate::limits::{self};

impl Feeding<'_> {
    pub(super) fn first_seen(
        &mut self,
        at: usize,
        window: &Window,
        key: u64,
        facts: &Facts<'_>,
    ) -> Truth {
        let Some(what) = self.key(&window.of, facts) else {
            return Truth::Unknown;
        };

        let whole = self.hasher.hash_one((TAG, key, what));
        let Some(table) = self.windows.tables.get_mut(at) else {
            return Truth::Unknown;
        };
        if table.keys.contains_key(&whole) {
            return Truth::False;
        }
        if table.keys.len() >= self.limits.get(limits::FIRST_SEEN_KEYS) {
            // Whether it was seen before can no longer be told.
            self.hits.count(limits::FIRST_SEEN_KEYS);
            return Truth::Unknown;
        }
        table.keys.insert(whole, State::new(self.now));
        let learning = self.now < self.began.saturating_add(window.within);
        if !learning {
            self.told.push(Told::FirstSeen);
        }
        (!learning).into()
    }

    pub(super) fn sequence(&mut self, at: usize, window: &Window, facts: &Facts<'_>) -> Truth {
        // Only the first step begins anything: without a beginning the others need not be looked at.
        let begun = self
            .windows
            .tables
            .get(at)
            .is_some_and(|t| !t.keys.is_empty());
        let steps = if begun { SEQUENCE_STEPS } else { 1 };
        let mut reached = 0u32;
        for (step, condition) in window.steps.iter().enumerate().take(steps) {
            if self.is_true(at, step, condition, facts) {
                reached |= 1 << step;
            }
        }
        if reached == 0 {
            return Truth::False;
        }
        let Some(key) = self.key(&window.by, facts) else {
            return Truth::Unknown;
        };
        let begun = |t: &Keyed| reached & 1 == 1 || t.keys.contains_key(&key);
        if !self.windows.tables.get(at).is_some_and(begun) {
            return Truth::False;
        }
        let (now, frame) = (self.now, facts.message.frame());
        let steps = window.steps.len().min(SEQUENCE_STEPS);
        let Some(state) = self.state(at, window, key, limits::WINDOW_KEYS) else {
            return Truth::Unknown;
        };
        let kept = &mut state.more().steps;
        kept.resize(steps, None);
        let mut ended = None;
        // From the last step down, so that one message is not two steps.
        for step in (0..steps).rev() {
            if reached >> step & 1 == 0 {
                continue;
            }
            let began = match step.checked_sub(1) {
                None => Some((now, frame)),
                Some(before) => {
                    kept[before].filter(|(began, _)| began.saturating_add(window.within) >= now)
                }
            };
            let Some(began) = began else { continue };
            if step + 1 == steps {
                ended = Some(began.1);
            } else {
                kept[step] = Some(began);
            }
        }
        if let Some(first) = ended {
            self.evidence.push(first);
        }
        ended.is_some().into()
    }

    /// The value that a message of the first step set holds as long as such messages confirm it; a
    /// message of the second step that shows another is a takeover. A third step lets go of it.
    pub(super) fn takeover(&mut self, at: usize, window: &Window, facts: &Facts<'_>) -> Truth {
        let [first, second, rest @ ..] = window.steps.as_slice() else {
            return Truth::Unknown;
        };
        let sets = self.is_true(at, 0, first, facts);
        let takes = self.is_true(at, 1, second, facts);
        let mut lets_go = rest.iter().enumerate();
        let lets_go = lets_go.any(|(n, s)| self.is_true(at, n + 2, s, facts));
        if !sets && !takes && !lets_go {
            return Truth::False;
        }
        let (Some(key), Some(value)) = (self.key(&window.by, facts), self.key(&window.of, facts))
        else {
            return Truth::Unknown;
        };
        let event = self.event(value, facts);
        let Some(state) = self.state(at, window, key, limits::WINDOW_KEYS) else {
            return Truth::Unknown;
        };
        let held = state
            .events
            .front()
            .copied()
            .filter(|e| e.time.saturating_add(window.within) >= event.time);
        if lets_go && held.is_some_and(|h| h.what == value) {
            state.more.get_or_insert_default().let_go = Some(event.frame.time);
            return Truth::False;
        }
        // What was said before the letting go may be read after it.
        let let_go = state.more.as_ref().and_then(|m| m.let_go);
        let held = held.filter(|_| let_go.is_none_or(|t| event.frame.time < t));
        // What was sent before the holder's message, and is judged after it because its answer came
        // later, takes nothing over: a router that translates addresses shows one message twice.
        let sent_before = |h: &Counted| event.frame.time < h.frame.time;
        let taken = held.filter(|h| takes && h.what != value && !sent_before(h));
        if sets && held.is_none_or(|h| h.what == value || sent_before(&h)) {
            if held.is_none() {
                state.more = None;
            }
            state.events = Events::One(event);
        }
        if let Some(held) = taken {
            self.evidence.push(held.frame);
        }
        taken.is_some().into()
    }

    /// A message of the first step, and none of the second before it for its key.
    pub(super) fn unprepared(&mut self, at: usize, window: &Window, facts: &Facts<'_>) -> Truth {
        let [act, preparation] = window.steps.as_slice() else {
            return Truth::Unknown;
        };
        let acts = self.is_true(at, 0, act, facts);
        let prepares = self.is_true(at, 1, preparation, facts);
        if !acts && !prepares {
            return Truth::False;
        }
        let Some(key) = self.key(&window.by, facts) else {
            return Truth::Unknown;
        };
        let event = self.event(0, facts);
        if prepares {
            if let Some(state) = self.state(at, window, key, limits::WINDOW_KEYS) {
                state.events = Events::One(event);
            }
            return Truth::False;
        }
        // Without its start there may have been a preparation that was not seen; so, too, if what
        // was seen had to be forgotten.
        if facts.message.conversation().mid_stream || self.hits.of(limits::WINDOW_KEYS) > 0 {
            return Truth::Unknown;
        }
        let prepared = self.windows.tables.get(at).is_some_and(|t| {
            t.keys.get(&key).is_some_and(|s| {
                s.events
                    .front()
                    .is_some_and(|e| e.time.saturating_add(window.within) >= event.time)
            })
        });
        (!prepared).into()
    }
}
