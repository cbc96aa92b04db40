//! What a site's exceptions hold back: it is collapsed, counted and told apart from findings.

use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::Arc;

use dissectors::action::Outcome;
use foldhash::fast::RandomState;

use super::collapse::{Findings, Occurrence};
use super::table::Table;
use crate::exceptions::{Case, Cause, Exceptions};
use crate::finding::{Event, Finding, FindingId};
use crate::limits::{self, Hits, Limits};

/// Serials of what was held back begin here.
const HELD_BACK: u64 = 1 << 63;

/// Entries of earlier files whose counts are kept.
const PAST: usize = 1000;

pub struct Quiet {
    exceptions: Exceptions,
    findings: Findings,
    causes: Table<FindingId, Arc<Cause>>,
    /// Occurrences held back, by entry.
    counted: Vec<u64>,
    /// What earlier exceptions held back.
    past: Vec<(Arc<Cause>, u64)>,
    /// When a threshold saw occurrences, by entry and sides.
    seen: Table<(usize, [Option<IpAddr>; 2], u64), VecDeque<i64>>,
    /// Nothing is looked for to forget before this.
    next_sweep: i64,
    room: usize,
    hasher: RandomState,
}

impl Quiet {
    pub fn new(limits: &Limits) -> Self {
        Quiet {
            exceptions: Exceptions::default(),
            findings: Findings::numbered_from(HELD_BACK, limits),
            causes: Table::default(),
            counted: Vec::new(),
            past: Vec::new(),
            seen: Table::default(),
            next_sweep: i64::MIN,
            room: limits.get(limits::THRESHOLD_KEYS).max(1),
            hasher: RandomState::default(),
        }
    }

    /// Other exceptions from here on. What the old ones held back is told.
    pub fn change(&mut self, exceptions: Exceptions, sink: &mut dyn FnMut(Event<'_>)) {
        self.finish(sink);
        self.remember();
        self.seen.clear();
        self.counted = vec![0; exceptions.causes().count()];
        self.exceptions = exceptions;
    }

    pub fn exceptions(&self) -> &Exceptions {
        &self.exceptions
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.exceptions.is_empty()
    }

    /// Entries that held something back, with how often.
    pub fn counted(&self) -> impl Iterator<Item = (&Arc<Cause>, u64)> {
        let counted = self.exceptions.causes().zip(self.counted.iter().copied());
        let past = self.past.iter().map(|(cause, n)| (cause, *n));
        past.chain(counted).filter(|(_, n)| *n > 0)
    }

    /// Keeps the counts of entries that go.
    fn remember(&mut self) {
        let counted = self.exceptions.causes().zip(self.counted.iter().copied());
        for (cause, n) in counted.filter(|(_, n)| *n > 0) {
            let room = self.past.len() < PAST;
            match self.past.iter_mut().find(|(known, _)| known == cause) {
                Some((_, sum)) => *sum += n,
                None if room => self.past.push((Arc::clone(cause), n)),
                None => {}
            }
        }
    }

    /// The entry that holds this back, if any does. Thresholds count it.
    pub fn holds(
        &mut self,
        case: &Case<'_>,
        rule: u64,
        now: i64,
        hits: &mut Hits,
    ) -> Option<usize> {
        let holding = self.exceptions.holding(case);
        // An exception or a window decides first: what it holds back counts for no threshold.
        if let Some((at, _)) = holding.iter().find(|(_, threshold)| threshold.is_none()) {
            return Some(*at);
        }
        let mut below = None;
        for (at, threshold) in holding {
            let Some(threshold) = threshold else { continue };
            let key = (at, threshold.key(case.actor.ip, case.target.ip), rule);
            if !self.seen.contains_key(&key) && self.seen.len() >= self.room {
                self.sweep(now, threshold.within);
                if self.seen.len() >= self.room {
                    // Nothing is held back that could not be counted.
                    hits.count(limits::THRESHOLD_KEYS);
                    continue;
                }
            }
            let times = self.seen.entry(key).or_default();
            let since = now.saturating_sub(threshold.within);
            while times.front().is_some_and(|t| *t <= since) {
                times.pop_front();
            }
            times.push_back(now);
            if times.len() > threshold.count {
                times.pop_front();
            }
            if times.len() < threshold.count {
                below = below.or(Some(at));
            }
        }
        below
    }

    /// Forgets keys that were not seen for a while, at most once in that while.
    fn sweep(&mut self, now: i64, within: i64) {
        if now < self.next_sweep {
            return;
        }
        self.next_sweep = now.saturating_add(within);
        let since = now.saturating_sub(within);
        self.seen
            .retain(|_, times| times.back().is_some_and(|t| *t > since));
    }

    /// Counts an occurrence that an entry holds back. Gives its serial.
    pub fn occur(
        &mut self,
        entry: usize,
        occurrence: &Occurrence<'_>,
        now: i64,
        hits: &mut Hits,
        make: impl FnOnce() -> Finding,
        sink: &mut dyn FnMut(Event<'_>),
    ) -> u64 {
        if let Some(n) = self.counted.get_mut(entry) {
            *n += 1;
        }
        let Quiet {
            exceptions,
            findings,
            causes,
            hasher,
            ..
        } = self;
        let own = Occurrence {
            key: hasher.hash_one((entry, occurrence.key)),
            ..*occurrence
        };
        let mut opened = None;
        let serial = findings.occur(&own, now, hits, make, &mut |event| match event {
            Event::Opened(f) => opened = Some(f.finding_id),
            event => closed(causes, event, sink),
        });
        if let Some((id, cause)) = opened.zip(exceptions.cause(entry)) {
            causes.insert(id, Arc::clone(cause));
        }
        serial
    }

    /// True if the serial is of something held back.
    pub fn has(serial: u64) -> bool {
        serial >= HELD_BACK
    }

    /// An answer came.
    pub fn learn(&mut self, serial: u64, was: Outcome, is: Outcome) {
        self.findings.learn(serial, was, is, &mut |_| {});
    }

    #[inline]
    pub fn is_due(&self, now: i64) -> bool {
        self.findings.is_due(now)
    }

    pub fn advance(&mut self, now: i64, sink: &mut dyn FnMut(Event<'_>)) {
        let Quiet {
            findings, causes, ..
        } = self;
        findings.advance(now, &mut |event| closed(causes, event, sink));
    }

    pub fn finish(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        let Quiet {
            findings, causes, ..
        } = self;
        findings.finish(&mut |event| closed(causes, event, sink));
    }
}

/// Only the end of what was held back is told.
fn closed(
    causes: &mut Table<FindingId, Arc<Cause>>,
    event: Event<'_>,
    sink: &mut dyn FnMut(Event<'_>),
) {
    if let Event::Closed(finding) = event
        && let Some(cause) = causes.remove(&finding.finding_id)
    {
        sink(Event::Suppressed(finding, &cause));
    }
}
