//! What waited in vain to be followed is told when its time is up.

use dissectors::action::Outcome;

use super::Judge;
use super::absences::Waiting;
use super::fire::{Firing, fire};
use super::index::RuleAt;
use super::trace::Ground;
use super::trace::When;
use super::unjudged::Doubt;
use super::windows::Told;
use crate::finding::Event;
use crate::language::compiled::Truth;
use crate::language::eval::Facts;

impl Judge {
    /// Tells what was waited for in vain.
    pub(super) fn overdue(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        let now = self.clock.now();
        while self.vigil.is_due(now) {
            let mut next: Option<((i64, u64), RuleAt, usize)> = None;
            for (rule, window) in &self.book.absences {
                let windows = self.book.windows.get_mut(*rule as usize);
                let due = windows.and_then(|w| w.absences(*window)?.due());
                if let Some(due) = due
                    && next.is_none_or(|(first, ..)| due < first)
                {
                    next = Some((due, *rule, *window));
                }
            }
            self.vigil
                .next_due(next.map(|((deadline, _), ..)| deadline));
            let Some((_, rule, window)) = next.filter(|((deadline, _), ..)| *deadline < now) else {
                return;
            };
            let windows = self.book.windows.get_mut(rule as usize);
            if let Some(waiting) = windows.and_then(|w| w.absences(window)?.take()) {
                self.in_vain(rule, window, waiting, sink);
            }
        }
    }

    /// A message waited in vain to be followed.
    pub(super) fn in_vain(
        &mut self,
        at: RuleAt,
        window: usize,
        waiting: Waiting,
        sink: &mut dyn FnMut(Event<'_>),
    ) {
        let doubt = self.vigil.doubt(&waiting);
        if let Some(doubt) = doubt {
            self.book.unjudged[at as usize].count(doubt);
        }
        match self.book.rules.get(at as usize) {
            Some(rule) if doubt.is_none() || self.trace.is_some() => {
                let mut facts = Facts::new(
                    waiting.message.message(0),
                    self.policy.as_ref(),
                    &self.inventory,
                );
                facts.known.neighbours = Some(&self.neighbours);
                if let Some(trace) = &mut self.trace
                    && trace.rule_id == rule.rule.id
                    && trace.is_of(&facts)
                {
                    let truth = doubt.map_or(Truth::True, |_| Truth::Unknown);
                    let when = doubt.map_or(When::InVain, |_| When::InDoubt);
                    trace.windows = vec![(window, truth)];
                    let ground = Ground {
                        windows: &self.book.windows[at as usize],
                        limits: &self.limits,
                        hasher: &self.hasher,
                        now: self.clock.now(),
                    };
                    trace.note(rule, &facts, when, &ground);
                }
                self.scratch.evidence.clear();
                self.scratch.told.clear();
                let within = rule.condition.windows.get(window).map_or(0, |w| w.within);
                self.scratch.told.push(Told::Nothing(within));
                let mut firing = Firing {
                    findings: &mut self.findings,
                    quiet: &mut self.quiet,
                    hits: &mut self.hits,
                    hasher: &self.hasher,
                    now: self.clock.now(),
                    evidence: &mut self.scratch.evidence,
                    told: &mut self.scratch.told,
                };
                let outcome = facts.settled_outcome().unwrap_or(Outcome::Unknown);
                if doubt.is_none() {
                    fire(rule, at, &facts, outcome, &mut firing, sink);
                }
            }
            _ => {}
        }
        self.vigil.leave(waiting.message.message(0));
        self.vigil.spare(waiting.message);
    }

    /// Between two captures nothing was seen: what waits cannot be judged.
    pub(super) fn forget_what_waits(&mut self) {
        for (rule, window) in &self.book.absences {
            let Some(absences) = self.book.windows[*rule as usize].absences(*window) else {
                continue;
            };
            while let Some(waiting) = absences.take() {
                self.book.unjudged[*rule as usize].count(Doubt::Hole);
                self.vigil.leave(waiting.message.message(0));
                self.vigil.spare(waiting.message);
            }
        }
    }
}
