//! The past, as far as rules ask for it: bounded tables over packet time.

mod counting;
mod events;
mod kept;
mod numbers;
mod order;
mod step;
mod told;

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hash, Hasher};

use super::seed::Keys;
use dissectors::message::FrameRef;

use self::events::{Counted, State};
use self::step::Step;
use self::told::words;
pub use self::told::{Told, in_words};
use super::absences::{Absences, Vigil};
use super::residual::Steps;
use super::table::Table;
use crate::language::compiled::{Condition, Node, Operand, Truth, Window, WindowKind};
use crate::language::eval::{Facts, NoPast, Past, Val, each, eval};
use crate::limits::{self, Hits, LimitId, Limits};

/// The windows of one rule.
#[derive(Debug, Default)]
pub struct Windows {
    tables: Vec<Keyed>,
    /// Keys that made room for others.
    pub evicted: u64,
    /// Messages that waited to be followed and made room for others.
    pub forgotten: u64,
}

/// One window: its state for each key.
#[derive(Debug, Default)]
struct Keyed {
    keys: Table<u64, State>,
    /// In the order of touching; what is out of date or evicted comes from the front.
    order: VecDeque<(i64, u64)>,
    /// Events of all keys, as of their last touch.
    events: usize,
    /// What waits to be followed.
    absences: Absences,
    steps: Vec<Step>,
}

/// What is needed to feed a rule's windows with one message.
pub struct Feeding<'j> {
    pub condition: &'j Condition,
    pub windows: &'j mut Windows,
    pub limits: &'j Limits,
    pub hits: &'j mut Hits,
    pub hasher: &'j Keys,
    /// Packet time that only goes forward.
    pub now: i64,
    /// When the judge's clock began.
    pub began: i64,
    /// Evidence and words of the windows that held.
    pub evidence: &'j mut Vec<FrameRef>,
    pub told: &'j mut Vec<Told>,
    /// What is shared by all that waits to be followed.
    pub vigil: &'j mut Vigil,
    /// What the message's shape settles of the windows' steps.
    pub steps: Steps,
}

impl Windows {
    pub fn new(condition: &Condition) -> Self {
        Windows {
            tables: condition
                .windows
                .iter()
                .map(|window| Keyed {
                    steps: window
                        .steps
                        .iter()
                        .map(|step| Step::of(condition, step))
                        .collect(),
                    ..Keyed::default()
                })
                .collect(),
            evicted: 0,
            forgotten: 0,
        }
    }

    /// Keys of the window that has most.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        self.tables.iter().map(|t| t.keys.len()).max().unwrap_or(0)
    }

    /// Events over all keys.
    #[cfg(test)]
    pub fn events(&self) -> usize {
        let states = self.tables.iter().flat_map(|t| t.keys.values());
        states.map(|s| s.events.len()).sum()
    }

    /// What a window keeps for a message's key, in words. `None`: a part of the key is not there.
    pub fn look(
        &self,
        at: usize,
        window: &Window,
        facts: &Facts<'_>,
        hasher: &Keys,
        now: i64,
    ) -> Option<String> {
        let table = self.tables.get(at)?;
        let key = key_of(hasher, &window.by, facts)?;
        let state = table.keys.get(&key);
        let since = now.saturating_sub(window.within);
        let events: Vec<&Counted> = state
            .map(|s| s.events.iter().filter(|e| e.time >= since).collect())
            .unwrap_or_default();
        let (n, span) = (events.len(), words(window.within));
        let number = |e: Option<&&Counted>| e.map(|e| f64::from_bits(e.what));
        Some(match window.kind {
            WindowKind::Count(of) => format!("{n} of {of} within {span}"),
            WindowKind::Distinct(of) => format!("{n} different of {of} within {span}"),
            WindowKind::Interleaved(of) => format!("went back {n} of {of} times within {span}"),
            WindowKind::Sum {
                above, dimension, ..
            } => {
                let sum: f64 = events.iter().map(|e| f64::from_bits(e.what)).sum();
                let (sum, above) = (dimension.shown(sum), dimension.shown(above));
                format!("{sum} of {above} within {span}")
            }
            WindowKind::Moved { dimension, .. } => {
                match number(events.first()).zip(number(events.last())) {
                    Some((from, to)) => {
                        let (from, to) = (dimension.shown(from), dimension.shown(to));
                        format!("from {from} to {to} within {span}")
                    }
                    None => format!("no number within {span}"),
                }
            }
            WindowKind::Absence if table.absences.waits(key) => {
                format!("waits up to {span} for what should follow")
            }
            WindowKind::Absence => "nothing waits under this key".to_owned(),
            _ if state.is_some() => format!("something is kept under this key, for {span}"),
            _ => "nothing is kept under this key".to_owned(),
        })
    }

    /// What a window waits for.
    pub fn absences(&mut self, at: usize) -> Option<&mut Absences> {
        self.tables.get_mut(at).map(|t| &mut t.absences)
    }
}

impl Past for Feeding<'_> {
    fn window(&mut self, at: usize, facts: &Facts<'_>) -> Truth {
        let condition = self.condition;
        let Some(window) = condition.windows.get(at) else {
            return Truth::Unknown;
        };
        match window.kind {
            WindowKind::Sequence => return self.sequence(at, window, facts),
            WindowKind::Takeover => return self.takeover(at, window, facts),
            WindowKind::Unprepared => return self.unprepared(at, window, facts),
            WindowKind::Absence => return self.absence(at, window, facts),
            _ => {}
        }
        for (n, step) in window.steps.iter().enumerate() {
            if self.steps.holds(at, n) == Some(true) {
                continue;
            }
            match eval(step, facts, &mut NoPast) {
                Truth::True => {}
                other => return other,
            }
        }
        let Some(key) = self.key(&window.by, facts) else {
            return Truth::Unknown;
        };
        match window.kind {
            WindowKind::Count(threshold) => {
                let event = self.event(0, facts);
                let state = self.state(at, window, key, limits::WINDOW_KEYS);
                let Some(state) = state else {
                    return Truth::Unknown;
                };
                state.push(event, window.within, threshold as usize);
                let held = state.events.len() as u64 >= threshold;
                self.holds(at, key, held, |n| Told::Count(n, window.within))
            }
            WindowKind::Distinct(threshold) => self.distinct(at, window, key, threshold, facts),
            WindowKind::Sum {
                above, or_equal, ..
            } => self.sum(at, window, key, above, or_equal, facts),
            WindowKind::Ratio(op, than) => self.ratio(at, window, key, op, than, facts),
            WindowKind::FirstSeen => self.first_seen(at, window, key, facts),
            WindowKind::Interleaved(threshold) => {
                self.interleaved(at, window, key, threshold, facts)
            }
            WindowKind::Backwards => self.backwards(at, window, key, facts),
            WindowKind::Changes => self.changes(at, window, key, facts),
            WindowKind::Moved { .. } => self.moved(at, window, key, facts),
            WindowKind::Sequence
            | WindowKind::Takeover
            | WindowKind::Unprepared
            | WindowKind::Absence => Truth::Unknown,
        }
    }
}

impl Feeding<'_> {
    /// Whether a step of a window is true for the message.
    pub(super) fn is_true(
        &self,
        at: usize,
        step: usize,
        condition: &Node,
        facts: &Facts<'_>,
    ) -> bool {
        if let Some(holds) = self.steps.holds(at, step) {
            return holds;
        }
        let table = self.windows.tables.get(at);
        let step = table.and_then(|t| t.steps.get(step));
        step.is_none_or(|s| s.may(facts.message))
            && eval(condition, facts, &mut NoPast) == Truth::True
    }

    /// The state of a key, made if there is none.
    fn state(
        &mut self,
        at: usize,
        window: &Window,
        key: u64,
        limit: LimitId,
    ) -> Option<&mut State> {
        let room = self.limits.get(limit).max(1);
        let now = self.now;
        // Touches closer together than this are noted as one.
        let slack = window.within / 16;
        let table = self.windows.tables.get_mut(at)?;
        // What is out of date leaves; then, if need be, what was touched longest ago.
        let most = self.limits.get(limits::WINDOW_EVENTS);
        while let Some((touched, oldest)) = table.order.front().copied() {
            let stale = touched.saturating_add(window.within).saturating_add(slack) < now;
            let crowded = table.events > most;
            let full = table.keys.len() >= room && !table.keys.contains_key(&key) || crowded;
            if !stale && !full && table.order.len() < room.saturating_mul(4) {
                break;
            }
            table.order.pop_front();
            match table.keys.get(&oldest) {
                Some(state) if state.touched == touched => {
                    table.events = table.events.saturating_sub(state.counted);
                    table.keys.remove(&oldest);
                    if !stale {
                        let hit = if crowded {
                            limits::WINDOW_EVENTS
                        } else {
                            limit
                        };
                        self.hits.count(hit);
                        self.windows.evicted += 1;
                    }
                }
                _ => {}
            }
        }
        let state = table
            .keys
            .entry(key)
            .or_insert_with(|| State::new(i64::MIN));
        if state.touched == i64::MIN || state.touched.saturating_add(slack) < now {
            state.touched = now;
            table.order.push_back((now, key));
        }
        let events = state.events.len();
        table.events = (table.events + events).saturating_sub(state.counted);
        state.counted = events;
        Some(state)
    }

    fn event(&self, what: u64, facts: &Facts<'_>) -> Counted {
        Counted {
            time: self.now,
            what,
            frame: facts.message.frame(),
        }
    }

    fn holds(&mut self, at: usize, key: u64, held: bool, say: impl Fn(usize) -> Told) -> Truth {
        if held && let Some(state) = self.windows.tables.get(at).and_then(|t| t.keys.get(&key)) {
            self.evidence.extend(state.events.iter().map(|e| e.frame));
            self.told.push(say(state.events.len()));
        }
        held.into()
    }

    /// A key made of the values of some operands; `None` if one has none.
    pub(super) fn key(&self, operands: &[Operand], facts: &Facts<'_>) -> Option<u64> {
        key_of(self.hasher, operands, facts)
    }
}

/// A key made of the values of some operands; `None` if one has none.
fn key_of(hasher: &Keys, operands: &[Operand], facts: &Facts<'_>) -> Option<u64> {
    let mut hasher = hasher.build_hasher();
    TAG.hash(&mut hasher);
    for operand in operands {
        let mut known = false;
        each(operand, facts, &mut |v| {
            known = true;
            hash(&v, &mut hasher);
        });
        if !known {
            return None;
        }
    }
    Some(hasher.finish())
}

/// Keeps a hash that is hashed again apart from the hasher's own initial state: foldhash maps a
/// value equal to that state to zero.
const TAG: u32 = 0x7761_7264;

pub fn hash(value: &Val<'_>, hasher: &mut impl Hasher) {
    match value {
        Val::Text(text) => text.hash(hasher),
        Val::Number(n) => n.to_bits().hash(hasher),
        Val::Quantity(n, d) => {
            n.to_bits().hash(hasher);
            d.hash(hasher);
        }
        Val::Word(w) => w.hash(hasher),
        Val::Ip(ip) => ip.hash(hasher),
        Val::Mac(mac) => mac.hash(hasher),
        Val::Flag(flag) => flag.hash(hasher),
        Val::Time(time) => time.hash(hasher),
        Val::Secret => 0u8.hash(hasher),
    }
}
