//! The past, as far as rules ask for it: bounded tables over packet time.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hash, Hasher};

use dissectors::message::{FrameRef, Message, Value};
use dissectors::registry::{PROTOCOLS, ProtocolId};
use foldhash::fast::RandomState;

use super::absences::{Absences, Vigil};
use super::needs::{NO_VERB, Needs};
use super::residual::Steps;
use super::table::Table;
use crate::language::ast::Comparison;
use crate::language::compiled::{
    Condition, Fact, Node, Operand, SEQUENCE_STEPS, Truth, Which, Window, WindowKind,
};
use crate::language::eval::{Facts, NoPast, Past, Val, each, eval, ordered};
use crate::language::units::{Dimension, same};
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

/// What a step needs of a message: most messages are told to be none of its without a look at it.
#[derive(Debug)]
struct Step {
    /// By protocol: the verbs, a bit each, and `NO_VERB`. None: it cannot be true.
    verbs: Box<[u32]>,
}

impl Step {
    fn of(condition: &Condition, step: &Node) -> Self {
        let verbs = (0..PROTOCOLS.len()).map(|at| {
            let needs = Needs::of_part(condition, step, ProtocolId(at as u16));
            if needs.possible { needs.verbs } else { 0 }
        });
        Step {
            verbs: verbs.collect(),
        }
    }

    /// False if the step cannot be true for this message.
    fn may(&self, message: Message<'_>) -> bool {
        let verb = message.verb().map_or(NO_VERB, |v| 1 << (v as u32));
        let verbs = self.verbs.get(message.protocol().index());
        verbs.is_none_or(|verbs| verbs & verb != 0)
    }
}

#[derive(Debug)]
struct State {
    touched: i64,
    /// Events counted in the sum over all keys.
    counted: usize,
    /// Count, distinct, sum: what counted, oldest first.
    events: Events,
    /// What only some kinds of windows keep, apart: there are many keys.
    more: Option<Box<More>>,
}

#[derive(Debug, Default)]
struct More {
    /// Sum; for interleaved the last number.
    sum: f64,
    /// Sequence: when each step but the last was reached, and where.
    steps: Vec<Option<(i64, FrameRef)>>,
    /// Interleaved: contents seen lately.
    recent: VecDeque<u64>,
    /// Takeover: when the holder let go, by packet time.
    let_go: Option<i64>,
}

/// Messages among which a copy is looked for.
const COPIES: usize = 32;
/// Codes of one message that are followed.
const CODES: usize = 64;

#[derive(Clone, Copy, Debug)]
struct Counted {
    time: i64,
    /// The value's hash (distinct) or the summand's bits (sum).
    what: u64,
    frame: FrameRef,
}

/// Some events, oldest first. Most keys ever see one: it needs no heap.
#[derive(Debug, Default)]
enum Events {
    #[default]
    None,
    One(Counted),
    Many(VecDeque<Counted>),
}

impl Events {
    fn len(&self) -> usize {
        match self {
            Events::None => 0,
            Events::One(_) => 1,
            Events::Many(all) => all.len(),
        }
    }

    fn front(&self) -> Option<&Counted> {
        match self {
            Events::None => None,
            Events::One(one) => Some(one),
            Events::Many(all) => all.front(),
        }
    }

    fn back(&self) -> Option<&Counted> {
        match self {
            Events::None => None,
            Events::One(one) => Some(one),
            Events::Many(all) => all.back(),
        }
    }

    fn push_back(&mut self, event: Counted) {
        match self {
            Events::None => *self = Events::One(event),
            Events::One(one) => *self = Events::Many(VecDeque::from([*one, event])),
            Events::Many(all) => all.push_back(event),
        }
    }

    fn pop_front(&mut self) -> Option<Counted> {
        match self {
            Events::None => None,
            Events::One(one) => {
                let one = *one;
                *self = Events::None;
                Some(one)
            }
            Events::Many(all) => all.pop_front(),
        }
    }

    fn pop_back(&mut self) -> Option<Counted> {
        match self {
            Events::Many(all) => all.pop_back(),
            _ => self.pop_front(),
        }
    }

    /// Takes out the event with this value, if there is one.
    fn forget(&mut self, what: u64) {
        match self {
            Events::None => {}
            Events::One(one) => {
                if one.what == what {
                    *self = Events::None;
                }
            }
            Events::Many(all) => {
                if let Some(known) = all.iter().position(|e| e.what == what) {
                    all.remove(known);
                }
            }
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Counted> {
        let (one, many) = match self {
            Events::None => (None, None),
            Events::One(one) => (Some(one), None),
            Events::Many(all) => (None, Some(all)),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}

/// What a window that held has to say. Put into words only where a finding opens.
#[derive(Clone, Copy, Debug)]
pub enum Told {
    Count(usize, i64),
    Different(usize, i64),
    Sum(f64, Dimension, i64),
    Times(f64),
    FirstSeen,
    WentBack(usize, i64),
    Became(f64, f64),
    Nothing(i64),
    Moved(f64, f64, Dimension, i64),
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Told::Count(n, within) => write!(f, "{n} within {}", words(*within)),
            Told::Different(n, within) => write!(f, "{n} different within {}", words(*within)),
            Told::Sum(sum, dimension, within) => {
                write!(f, "{} within {}", dimension.shown(*sum), words(*within))
            }
            Told::Times(times) => write!(f, "{times:.3} times the value before"),
            Told::FirstSeen => f.write_str("first seen"),
            Told::WentBack(n, within) => {
                write!(f, "went back {n} times within {}", words(*within))
            }
            Told::Became(old, new) => write!(f, "{old} became {new}"),
            Told::Nothing(within) => write!(f, "none within {}", words(*within)),
            Told::Moved(from, to, dimension, within) => {
                let (from, to) = (dimension.shown(*from), dimension.shown(*to));
                write!(f, "from {from} to {to} within {}", words(*within))
            }
        }
    }
}

/// All that the windows have to say.
pub fn in_words(told: &[Told]) -> String {
    let words: Vec<String> = told.iter().map(Told::to_string).collect();
    words.join(", ")
}

/// What is needed to feed a rule's windows with one message.
pub struct Feeding<'j> {
    pub condition: &'j Condition,
    pub windows: &'j mut Windows,
    pub limits: &'j Limits,
    pub hits: &'j mut Hits,
    pub hasher: &'j RandomState,
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

    fn distinct(
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

    fn sum(
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

    fn ratio(
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

    fn first_seen(&mut self, at: usize, window: &Window, key: u64, facts: &Facts<'_>) -> Truth {
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

    fn sequence(&mut self, at: usize, window: &Window, facts: &Facts<'_>) -> Truth {
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
    fn takeover(&mut self, at: usize, window: &Window, facts: &Facts<'_>) -> Truth {
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
    fn unprepared(&mut self, at: usize, window: &Window, facts: &Facts<'_>) -> Truth {
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

    /// Two series of numbers run in one another: a number went back, and the message is no copy of
    /// one seen just before (a second path of the network makes such copies).
    fn interleaved(
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
        let mut content = 0;
        each(
            &Operand::Fact(Which::This, Fact::Content),
            facts,
            &mut |v| {
                let mut hasher = self.hasher.build_hasher();
                hash(&v, &mut hasher);
                content = hasher.finish();
            },
        );
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

    /// A number that differs from the one before under the same code.
    fn changes(&mut self, at: usize, window: &Window, key: u64, facts: &Facts<'_>) -> Truth {
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
    fn moved(&mut self, at: usize, window: &Window, key: u64, facts: &Facts<'_>) -> Truth {
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
        let mut hasher = self.hasher.build_hasher();
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
}

impl State {
    fn new(touched: i64) -> Self {
        State {
            touched,
            counted: 0,
            events: Events::default(),
            more: None,
        }
    }

    /// Adds an event; keeps no more than `room`, and none older than the window.
    fn push(&mut self, event: Counted, within: i64, room: usize) {
        if room <= 1 && self.events.len() <= 1 {
            // It takes the place of the one before it.
            self.events = Events::One(event);
            return;
        }
        self.events.push_back(event);
        while self.events.len() > room.max(1)
            || self
                .events
                .front()
                .is_some_and(|e| e.time.saturating_add(within) < event.time)
        {
            self.events.pop_front();
        }
    }

    fn push_sum(&mut self, event: Counted, within: i64, room: usize) {
        let mut sum = self.more().sum + f64::from_bits(event.what);
        self.events.push_back(event);
        while self.events.len() > room.max(1)
            || self
                .events
                .front()
                .is_some_and(|e| e.time.saturating_add(within) < event.time)
        {
            if let Some(old) = self.events.pop_front() {
                sum -= f64::from_bits(old.what);
            }
        }
        self.more().sum = sum;
    }

    /// Keeps only what may yet be the least (`sign` 1) or the greatest (-1): least first. True if one
    /// between had to go for want of room.
    fn push_least(&mut self, event: Counted, sign: f64, within: i64, room: usize) -> bool {
        let number = |e: &Counted| f64::from_bits(e.what) * sign;
        let stale = |e: &Counted| e.time.saturating_add(within) < event.time;
        while self.events.front().is_some_and(stale) {
            self.events.pop_front();
        }
        while self
            .events
            .back()
            .is_some_and(|e| number(e) >= number(&event))
        {
            self.events.pop_back();
        }
        let crowded = self.events.len() >= room;
        if crowded && let Events::Many(all) = &mut self.events {
            all.remove(1);
        }
        self.events.push_back(event);
        crowded
    }

    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }
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
        Val::Secret => 0u8.hash(hasher),
    }
}

fn words(nanoseconds: i64) -> String {
    let seconds = nanoseconds as f64 / 1e9;
    let (number, unit) = match seconds {
        s if s >= 86_400.0 => (s / 86_400.0, "d"),
        s if s >= 3600.0 => (s / 3600.0, "h"),
        s if s >= 60.0 => (s / 60.0, "min"),
        s => (s, "s"),
    };
    format!("{} {unit}", (number * 100.0).round() / 100.0)
}
