//! The judge: messages in order, findings out.

mod absences;
mod clock;
mod collapse;
mod costs;
mod index;
pub(crate) mod joins;
mod keep;
mod lessons;
mod needs;
mod neighbours;
pub(crate) mod orders;
pub(crate) mod patients;
mod places;
mod quiet;
mod render;
mod residual;
mod setpoints;
mod shapes;
mod table;
mod trace;
mod unjudged;
mod unusual;
pub(crate) mod vitals;
mod wants;
mod windows;

use std::hash::{BuildHasher, Hash, Hasher};

use dissectors::action::{Effect, Outcome};
use dissectors::message::{Batch, FrameRef, Interest, Message};
use dissectors::registry::{PROTOCOLS, ProtocolId};
use foldhash::fast::RandomState;
use serde_json::Value;

use self::absences::{Vigil, Waiting};
use self::clock::Clock;
use self::collapse::{Findings, Occurrence, finding_id};
use self::index::{Index, RuleAt};
use self::joins::{Fired, Hanging, Joins, Lapsed};
use self::lessons::Lessons;
pub use self::lessons::Taught;
use self::needs::Needs;
pub use self::needs::protocols_of;
pub use self::neighbours::Neighbours;
use self::orders::Orders;
use self::patients::Patients;
use self::quiet::Quiet;
use self::setpoints::Setpoints;
use self::shapes::{Concerned, Shapes};
pub(crate) use self::table::Table;
use self::trace::{Ground, Noting};
pub use self::trace::{Meeting, Part, Trace, When};
pub use self::unjudged::Unjudged;
use self::unjudged::{Doubt, Doubts};
use self::vitals::Vitals;
use self::windows::{Feeding, Told, Windows};
use crate::baseline::Baseline;
use crate::exceptions::{Case, Cause, Exceptions};
use crate::finding::{Event, Finding, Outcomes, Severity, Talk};
use crate::inventory::Inventory;
use crate::language::compiled::{Attribute, Node, Operand, Seat, Truth, WindowKind};
use crate::language::eval::{Facts, Known, NoPast, Partner, Past, each, eval, privacy_of};
use crate::language::ruleset::{Compiled, RuleSet, Status};
use crate::limits::{self, Hits, Limits};
use crate::policy::Policy;
use crate::privacy::{Show, Words, printable};
use dissectors::schema::Privacy;

/// How the judge works, the rules and the policy aside.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub limits: Limits,
}

/// Holds every message against the rules and the policy. Feed it messages in their order; it
/// knows no clock but theirs.
pub struct Judge {
    book: Book,
    policy: Option<Policy>,
    limits: Limits,
    hits: Hits,
    clock: Clock,
    inventory: Inventory,
    joins: Joins,
    lessons: Lessons,
    setpoints: Setpoints,
    neighbours: Neighbours,
    vitals: Vitals,
    orders: Orders,
    patients: Patients,
    vigil: Vigil,
    /// A rule that somebody follows.
    trace: Option<Box<Trace>>,
    findings: Findings,
    quiet: Quiet,
    baseline: Option<Box<Baseline>>,
    hasher: RandomState,
    /// What the message in hand shows against the past.
    seen: Seen,
    scratch: Scratch,
    costs: costs::Costs,
}

/// The rules with all that is derived from them.
struct Book {
    rules: Vec<Compiled>,
    windows: Vec<Windows>,
    index: Index,
    shapes: Shapes,
    /// By protocol: a rule asks whether an answer's request was seen.
    tracks: Vec<bool>,
    /// By protocol: a rule reads the request behind an answer.
    keeps: Vec<bool>,
    /// Requests kept whole at the moment.
    kept: usize,
    /// By rule: what could not be judged.
    unjudged: Vec<Doubts>,
    /// Windows that wait for something to follow: rule and place.
    absences: Vec<(RuleAt, usize)>,
}

/// What a message shows against what streams, pumps and patients were before it.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    vitals: vitals::Unusual,
    closing: Option<orders::Closing>,
    patient: bool,
}

#[derive(Default)]
struct Scratch {
    rules: Vec<RuleAt>,
    tasks: Vec<(RuleAt, Task)>,
    evidence: Vec<FrameRef>,
    told: Vec<Told>,
    waiting: Vec<RuleAt>,
    fired: Vec<Fired>,
    /// Copies of requests, used again.
    #[expect(clippy::vec_box, reason = "the boxes themselves are used again")]
    batches: Vec<Box<Batch>>,
}

/// Copies of requests that wait to be used again, and how large one of them may be.
const SPARE_BATCHES: usize = 256;
const SPARE_BYTES: usize = 8 * 1024;

impl Book {
    fn new(rules: Vec<Compiled>) -> Self {
        let mut tracks = vec![false; PROTOCOLS.len()];
        let mut keeps = vec![false; PROTOCOLS.len()];
        for rule in rules.iter().filter(|r| r.rule.status == Status::Active) {
            let uses = rule.condition.uses;
            if !uses.request {
                continue;
            }
            for at in 0..PROTOCOLS.len() {
                if Needs::of(&rule.condition, ProtocolId(at as u16)).possible {
                    tracks[at] = true;
                    keeps[at] |= uses.request_fields;
                }
            }
        }
        Book {
            windows: rules.iter().map(|r| Windows::new(&r.condition)).collect(),
            index: Index::new(&rules),
            shapes: Shapes::new(&rules),
            unjudged: vec![Doubts::default(); rules.len()],
            absences: absences_of(&rules),
            tracks,
            keeps,
            kept: 0,
            rules,
        }
    }
}

/// Every window that waits for something to follow.
fn absences_of(rules: &[Compiled]) -> Vec<(RuleAt, usize)> {
    let mut found = Vec::new();
    for (rule, compiled) in rules.iter().enumerate() {
        for (at, window) in compiled.condition.windows.iter().enumerate() {
            if window.kind == WindowKind::Absence {
                found.push((rule as RuleAt, at));
            }
        }
    }
    found
}

/// What a judge of these rules reads of messages.
pub fn interest_of(rules: &RuleSet) -> Interest {
    wants::interest(rules.compiled())
}

impl Judge {
    pub fn new(rules: RuleSet, policy: Option<Policy>, settings: Settings) -> Judge {
        let limits = settings.limits;
        Judge {
            book: Book::new(rules.into_rules()),
            policy,
            hits: Hits::default(),
            clock: Clock::default(),
            inventory: Inventory::new(&limits),
            joins: Joins::new(&limits),
            lessons: Lessons::new(&limits),
            setpoints: Setpoints::new(&limits),
            neighbours: Neighbours::new(&limits),
            vitals: Vitals::new(&limits),
            orders: Orders::new(&limits),
            patients: Patients::new(&limits),
            vigil: Vigil::new(&limits),
            trace: None,
            findings: Findings::new(&limits),
            quiet: Quiet::new(&limits),
            baseline: None,
            hasher: RandomState::default(),
            seen: Seen::default(),
            scratch: Scratch::default(),
            costs: costs::Costs::default(),
            limits,
        }
    }

    /// Takes new rules and a new policy: inventory, open findings and the clock go on, windows and
    /// open joins begin anew.
    pub fn reload(
        &mut self,
        rules: RuleSet,
        policy: Option<Policy>,
        sink: &mut dyn FnMut(Event<'_>),
    ) {
        // What waits under the old rules is judged under the old rules.
        while let Some(lapsed) = self.joins.last() {
            self.lapse(lapsed, sink);
        }
        self.joins.clear();
        self.costs.clear();
        self.vigil.clear();
        self.book = Book::new(rules.into_rules());
        self.policy = policy;
    }

    /// What the rules and the judge itself read of messages.
    pub fn interest(&self) -> Interest {
        wants::interest(&self.book.rules)
    }

    /// Judges one message. What a timer owed before its time is told first, then what the message
    /// raised, by rule id.
    pub fn message(&mut self, message: Message<'_>, sink: &mut dyn FnMut(Event<'_>)) {
        self.advance(message.frame().time, sink);
        if self.vigil.heard(message) {
            self.forget_what_waits();
        }
        self.overdue(sink);
        self.inventory.saw(message, &mut self.hits);
        self.neighbours.saw(message, &mut self.hits);
        self.lessons.learn(message, &mut self.hits);
        self.seen = Seen {
            vitals: self.vitals.saw(message, &mut self.hits).unwrap_or_default(),
            closing: self.orders.reported(message, &mut self.hits),
            patient: self.patients.saw(message, &mut self.hits),
        };
        let mut concerned = self.book.index.concerns(message);
        let shape = if concerned { self.shape(message) } else { None };
        if let Some(concern) = shape.and_then(|at| self.book.shapes.concern(at)) {
            concerned = !concern.is_none();
        }
        // Whoever follows a rule is told of messages that do not concern it, too.
        concerned |= self.trace.is_some();
        let tracked = self.book.tracks[message.protocol().index()];
        let answered = match message.answers() {
            Some(_)
                if concerned
                    || !self.joins.is_empty()
                    || self.setpoints.waits()
                    || self.orders.waits() =>
            {
                self.joins.answered_under(message)
            }
            _ => None,
        };
        let asked = match message.asks() {
            Some(_) if concerned || tracked => self.joins.asked_under(message),
            _ => None,
        };
        if let Some(key) = asked.filter(|_| tracked) {
            self.register(key, message, sink);
        }
        let joined = answered.map(|key| (key, self.joins.knows(key)));
        let settled = answered.zip(message.answers()).and_then(|(key, join)| {
            let hanging = self.joins.answer(key, join.last, join.outcome)?;
            Some((hanging, join.outcome))
        });
        let settled = settled.filter(|(hanging, _)| !hanging.is_empty());
        if concerned || settled.is_some() {
            self.judge(
                concerned.then_some((message, shape)),
                asked,
                joined,
                settled,
                Some(message),
                sink,
            );
        }
        self.note_value(message, asked, answered);
        if self.baseline.is_some() {
            self.unusual(message, sink);
        }
    }

    /// The message with its action completed by what its target taught before (what an SDC handle
    /// means), if more is known than it says. Judge and show that one in its place.
    pub fn completed(&self, message: Message<'_>) -> Option<Batch> {
        self.lessons.complete(message)
    }

    /// Keeps what a device is told and what it says of its values.
    fn note_value(&mut self, message: Message<'_>, asked: Option<u64>, answered: Option<u64>) {
        if let Some((key, join)) = answered.zip(message.answers()) {
            self.setpoints.answered(key, join.outcome);
            self.orders.answered(key, join.outcome);
        }
        let therapy = message.effect() == Some(Effect::Therapy);
        if message.verb().is_some() && !therapy {
            return;
        }
        let may = !therapy
            || Facts::new(message, self.policy.as_ref(), &self.inventory)
                .standing()
                .is_none_or(|s| s.authorised != Truth::False);
        let asked = asked.or_else(|| {
            let asks = therapy && message.asks().is_some();
            asks.then(|| self.joins.asked_under(message)).flatten()
        });
        let now = self.clock.now();
        self.setpoints.saw(message, asked, may, now, &mut self.hits);
        self.orders.ordered(message, asked, &mut self.hits);
    }

    /// Moves the clock (packet time, nanoseconds since 1970): what has lapsed by then is judged.
    pub fn advance(&mut self, time: i64, sink: &mut dyn FnMut(Event<'_>)) {
        let before = self.clock.now();
        let now = self.clock.tick(time);
        self.vigil.moved(before, now);
        self.overdue(sink);
        if !self.joins.is_due(now) && !self.findings.is_due(now) && !self.quiet.is_due(now) {
            return;
        }
        while let Some(lapsed) = self.joins.lapsed(now) {
            self.lapse(lapsed, sink);
        }
        self.findings.advance(now, sink);
        self.quiet.advance(now, sink);
    }

    /// Tells what was waited for in vain.
    fn overdue(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
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
    fn in_vain(
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
    fn forget_what_waits(&mut self) {
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

    /// The end: open joins end as unknown, findings close with their counts. What still waits to be
    /// followed says nothing.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        while let Some(lapsed) = self.joins.last() {
            self.lapse(lapsed, sink);
        }
        self.findings.finish(sink);
        self.quiet.finish(sink);
    }

    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

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

    /// How often each limit was hit.
    pub fn limit_hits(&self) -> &Hits {
        &self.hits
    }

    /// Steps of the clock backwards by more than a second.
    pub fn clock_steps(&self) -> u64 {
        self.clock.steps
    }

    /// Follows how one rule meets the messages of one frame.
    pub fn follow(&mut self, trace: Trace) {
        self.trace = Some(Box::new(trace));
    }

    /// What was followed.
    pub fn followed(&mut self) -> Option<Trace> {
        self.trace.take().map(|t| *t)
    }

    /// What could not be judged, by rule and reason.
    pub fn unjudged(&self) -> Vec<Unjudged> {
        let mut told = Vec::new();
        let book = &self.book;
        for ((rule, doubts), windows) in book.rules.iter().zip(&book.unjudged).zip(&book.windows) {
            let mut doubts = *doubts;
            doubts.set(Doubt::Evicted, windows.evicted);
            doubts.set(Doubt::Forgotten, windows.forgotten);
            told.extend(doubts.told(&rule.rule.id));
        }
        told
    }

    /// Gives the judge the site's list of devices: findings name them by it.
    pub fn call_by(&mut self, register: std::sync::Arc<crate::inventory::Register>) {
        self.inventory.call_by(register);
    }

    /// Learns, or knows, how each device usually behaves, and tells what is unusual.
    pub fn know_behaviour(&mut self, baseline: Baseline) {
        self.baseline = Some(Box::new(baseline));
    }

    pub fn baseline(&self) -> Option<&Baseline> {
        self.baseline.as_deref()
    }

    /// Ends learning how devices behave, and gives what was learned.
    pub fn conclude_baseline(&mut self) -> Option<Value> {
        let now = self.clock.now();
        let baseline = self.baseline.as_mut()?;
        baseline.conclude(now);
        Some(baseline.value())
    }

    /// From here on measures what rules cost.
    pub fn measure(&mut self) {
        self.costs.turn_on();
    }

    /// Estimated nanoseconds that judging took so far by rule id, the dearest first; empty unless
    /// measured.
    pub fn costs(&self) -> Vec<(String, u64)> {
        let rules = &self.book.rules;
        let mut told: Vec<(String, u64)> = self
            .costs
            .told()
            .filter_map(|(at, spent)| Some((rules.get(at)?.rule.id.clone(), spent)))
            .collect();
        told.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        told
    }

    /// Takes a site's exceptions in the place of those so far.
    pub fn except(&mut self, exceptions: Exceptions, sink: &mut dyn FnMut(Event<'_>)) {
        self.quiet.change(exceptions, sink);
    }

    pub fn exceptions(&self) -> &Exceptions {
        self.quiet.exceptions()
    }

    /// Exceptions, windows and thresholds that held something back, with how often.
    pub fn suppressed(&self) -> impl Iterator<Item = (&std::sync::Arc<Cause>, u64)> {
        self.quiet.counted()
    }

    /// Whether anything was held back.
    pub fn has_suppressed(&self) -> bool {
        self.suppressed().next().is_some()
    }

    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    pub fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    /// Findings that are open now, in the order in which they were opened.
    pub fn open_findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter()
    }

    /// The message's place among the shapes of messages.
    fn shape(&mut self, message: Message<'_>) -> Option<usize> {
        let Judge {
            book,
            policy,
            inventory,
            limits,
            hits,
            ..
        } = self;
        book.shapes
            .place(message, (&book.index, &book.rules), (limits, hits), || {
                Facts::new(message, policy.as_ref(), inventory)
            })
    }

    fn register(&mut self, key: u64, message: Message<'_>, sink: &mut dyn FnMut(Event<'_>)) {
        if let Some(lapsed) = self.joins.ask(key, self.clock.now(), &mut self.hits) {
            self.lapse(lapsed, sink);
        }
        if self.book.keeps[message.protocol().index()] {
            self.keep(key, message);
        }
    }

    /// Keeps a request whole until its answer comes. False if there is no room.
    fn keep(&mut self, key: u64, message: Message<'_>) -> bool {
        if self.book.kept >= self.limits.get(limits::JOIN_KEPT) {
            self.hits.count(limits::JOIN_KEPT);
            return false;
        }
        let Some(hanging) = self.joins.hang(key) else {
            return false;
        };
        if hanging.request.is_none() {
            let mut batch = self.scratch.batches.pop().unwrap_or_default();
            batch.copy(message);
            hanging.request = Some(batch);
            self.book.kept += 1;
        }
        true
    }

    /// Judges a message by the rules that may concern it, and what hung on the request that it
    /// settles: all by rule id.
    fn judge(
        &mut self,
        own: Option<(Message<'_>, Option<usize>)>,
        asked: Option<u64>,
        joined: Option<(u64, bool)>,
        settled: Option<(Box<Hanging>, Outcome)>,
        answer: Option<Message<'_>>,
        sink: &mut dyn FnMut(Event<'_>),
    ) {
        let shape = own.and_then(|(_, shape)| self.book.shapes.concern(shape?));
        let own = own.map(|(message, _)| message);
        let (mut hanging, outcome) = match settled {
            Some((hanging, outcome)) => (Some(hanging), outcome),
            None => (None, Outcome::Unknown),
        };
        if hanging.as_ref().is_some_and(|h| h.request.is_some()) {
            self.book.kept = self.book.kept.saturating_sub(1);
        }
        let request = hanging
            .as_ref()
            .and_then(|h| h.request.as_deref())
            .filter(|b| !b.is_empty())
            .map(|b| b.message(0));
        let mut tasks = std::mem::take(&mut self.scratch.tasks);
        tasks.clear();
        if let Some(hanging) = &hanging {
            let learn = |f: &Fired| (f.rule, Task::Learn(f.serial, f.counted_as));
            tasks.extend(hanging.findings.iter().map(learn));
            tasks.extend(hanging.waiting.iter().map(|rule| (*rule, Task::Waiting)));
        }
        let mut waiting = std::mem::take(&mut self.scratch.waiting);
        waiting.clear();
        let mut fired = std::mem::take(&mut self.scratch.fired);
        fired.clear();
        {
            let policy = self.policy.as_ref();
            let own = own.map(|message| {
                let mut facts = Facts::new(message, policy, &self.inventory);
                let kept = joined
                    .and_then(|(key, _)| self.joins.request(key))
                    .or(request);
                facts.known = Known {
                    before: self.setpoints.before(message, self.clock.now()),
                    taught: self.lessons.taught(message),
                    neighbours: Some(&self.neighbours),
                    vitals: self.seen.vitals,
                    closing: self.seen.closing,
                    patient: Some(self.seen.patient),
                };
                facts.request = partner(kept, &self.joins, &self.book.tracks, message, joined);
                facts
            });
            let past = request.map(|request| {
                let mut facts = Facts::new(request, policy, &self.inventory);
                facts.outcome = Some(outcome);
                facts.answer = answer.map_or(Partner::Unknown, Partner::Found);
                facts.known = Known {
                    before: None,
                    taught: self.lessons.taught(request),
                    neighbours: Some(&self.neighbours),
                    ..Known::default()
                };
                facts
            });
            if let Some(facts) = &own {
                let mut rules = std::mem::take(&mut self.scratch.rules);
                rules.clear();
                match shape {
                    Some(concern) => {
                        let left = |(at, c): (usize, &Concerned)| (c.rule, Task::Own(Some(at)));
                        tasks.extend(concern.rules.iter().enumerate().map(left));
                        for at in &concern.unjudged {
                            self.book.unjudged[*at as usize].count(Doubt::NoPolicy);
                        }
                        if concern.crowded {
                            self.book.index.crowd(facts.message, facts, &mut rules);
                        }
                    }
                    None => self.book.index.rules(facts.message, facts, &mut rules),
                }
                tasks.extend(rules.iter().map(|rule| (*rule, Task::Own(None))));
                self.scratch.rules = rules;
            }
            if tasks.len() > 1 {
                tasks.sort_by_key(|(rule, _)| *rule);
            }
            self.costs.begin();
            for (at, task) in tasks.iter().copied() {
                self.costs.turn(Some(at));
                let Some(rule) = self.book.rules.get(at as usize) else {
                    continue;
                };
                let facts = match task {
                    Task::Learn(serial, was) if Quiet::has(serial) => {
                        self.quiet.learn(serial, was, outcome);
                        continue;
                    }
                    Task::Learn(serial, was) => {
                        self.findings.learn(serial, was, outcome, sink);
                        continue;
                    }
                    Task::Waiting => past.as_ref(),
                    Task::Own(_) => own.as_ref(),
                };
                let Some(facts) = facts else { continue };
                let known = match task {
                    Task::Own(Some(at)) => shape.and_then(|c| c.rules.get(at)),
                    _ => None,
                };
                let condition = known
                    .and_then(|c| c.left.as_ref())
                    .unwrap_or(&rule.condition.root);
                let open =
                    matches!(task, Task::Own(_)) && asked.is_some() && !settles_itself(facts);
                if open && rule.condition.uses.answer {
                    // Judged when the answer has come, unless it is false already.
                    if eval(condition, facts, &mut NoPast) != Truth::False {
                        waiting.push(at);
                    }
                    continue;
                }
                self.scratch.evidence.clear();
                self.scratch.told.clear();
                let mut feeding = Feeding {
                    condition: &rule.condition,
                    windows: &mut self.book.windows[at as usize],
                    limits: &self.limits,
                    hits: &mut self.hits,
                    hasher: &self.hasher,
                    now: self.clock.now(),
                    began: self.clock.began(),
                    evidence: &mut self.scratch.evidence,
                    told: &mut self.scratch.told,
                    vigil: &mut self.vigil,
                    steps: known.map_or_else(Default::default, |c| c.steps),
                };
                let held = match &mut self.trace {
                    Some(trace) if rule.rule.id == trace.rule_id => {
                        trace.windows.clear();
                        let mut noting = Noting {
                            past: &mut feeding,
                            said: &mut trace.windows,
                        };
                        eval(condition, facts, &mut noting)
                    }
                    _ => holds(condition, facts, &mut feeding),
                };
                match held {
                    Truth::True => {
                        let counted_as = match task {
                            Task::Waiting => outcome,
                            _ if open => Outcome::Requested,
                            _ => facts.settled_outcome().unwrap_or(Outcome::Unknown),
                        };
                        if let (Task::Waiting, Some(answer)) = (task, answer) {
                            self.scratch.evidence.push(answer.frame());
                        }
                        let mut firing = Firing {
                            findings: &mut self.findings,
                            quiet: &mut self.quiet,
                            hits: &mut self.hits,
                            hasher: &self.hasher,
                            now: self.clock.now(),
                            evidence: &mut self.scratch.evidence,
                            told: &mut self.scratch.told,
                        };
                        let serial = fire(rule, at, facts, counted_as, &mut firing, sink);
                        if open {
                            fired.push(Fired {
                                rule: at,
                                serial,
                                counted_as,
                            });
                        }
                    }
                    Truth::Unknown if rule.condition.uses.policy && policy.is_none() => {
                        self.book.unjudged[at as usize].count(Doubt::NoPolicy);
                    }
                    _ => {}
                }
            }
            self.costs.turn(None);
            if let Some(trace) = &mut self.trace {
                let ground = |at: usize| Ground {
                    windows: &self.book.windows[at],
                    limits: &self.limits,
                    hasher: &self.hasher,
                    now: self.clock.now(),
                };
                let id = &trace.rule_id;
                let rule = self.book.rules.iter().position(|r| r.rule.id == *id);
                if let Some((at, rule)) = rule.map(|at| (at, &self.book.rules[at])) {
                    let own_task = |t: &&(RuleAt, Task)| t.0 as usize == at;
                    let tasks = || tasks.iter().filter(own_task).map(|(_, task)| *task);
                    if let Some(facts) = own.as_ref().filter(|f| trace.is_of(f)) {
                        let came = tasks().any(|t| matches!(t, Task::Own(_)));
                        let when = match came {
                            _ if rule.rule.status == Status::Draft => When::Draft,
                            false => When::NoConcern,
                            true if waiting.contains(&(at as RuleAt)) => When::WaitsForAnswer,
                            true => When::Came,
                        };
                        trace.note(rule, facts, when, &ground(at));
                    }
                    let settled = tasks().any(|t| matches!(t, Task::Waiting));
                    if let Some(facts) = past.as_ref().filter(|f| settled && trace.is_of(f)) {
                        trace.note(rule, facts, When::Settled, &ground(at));
                    }
                }
            }
        }
        self.scratch.tasks = tasks;
        if let Some((message, key)) = own.zip(asked)
            && !(waiting.is_empty() && fired.is_empty())
        {
            self.hang(message, key, &waiting, &fired, sink);
        }
        self.scratch.waiting = waiting;
        self.scratch.fired = fired;
        if let Some(mut hanging) = hanging.take() {
            let kept = hanging.request.take();
            if let Some(batch) = kept.filter(|b| b.held() <= SPARE_BYTES)
                && self.scratch.batches.len() < SPARE_BATCHES
            {
                self.scratch.batches.push(batch);
            }
            self.joins.done(hanging);
        }
    }

    /// Hangs on a request what its answer will decide.
    fn hang(
        &mut self,
        message: Message<'_>,
        key: u64,
        waiting: &[RuleAt],
        fired: &[Fired],
        sink: &mut dyn FnMut(Event<'_>),
    ) {
        if !self.book.tracks[message.protocol().index()]
            && let Some(lapsed) = self.joins.ask(key, self.clock.now(), &mut self.hits)
        {
            self.lapse(lapsed, sink);
        }
        let kept = waiting.is_empty() || self.keep(key, message);
        if let Some(hanging) = self.joins.hang(key) {
            hanging.findings.extend_from_slice(fired);
            if kept {
                hanging.waiting.clear();
                hanging.waiting.extend_from_slice(waiting);
            }
        }
    }

    /// A request's time is up.
    fn lapse(&mut self, lapsed: Lapsed, sink: &mut dyn FnMut(Event<'_>)) {
        self.judge(
            None,
            None,
            None,
            Some((lapsed.hanging, lapsed.outcome)),
            None,
            sink,
        );
    }
}

/// What is to be done for a rule on account of one message.
#[derive(Clone, Copy, Debug)]
enum Task {
    /// An answer tells the outcome of what a finding counted.
    Learn(u64, Outcome),
    /// The rule waited for the answer.
    Waiting,
    /// The rule may concern the message itself; its place among those of the message's shape.
    Own(Option<usize>),
}

/// True if the message itself says what became of what it asks.
fn settles_itself(facts: &Facts<'_>) -> bool {
    facts.message.outcome().is_some_and(Outcome::settled)
}

/// The request behind an answer, as far as it is known. `joined`: the key, and whether somebody
/// asked under it.
fn partner<'m>(
    kept: Option<Message<'m>>,
    joins: &Joins,
    tracks: &[bool],
    message: Message<'_>,
    joined: Option<(u64, bool)>,
) -> Partner<'m> {
    match joined {
        None => return Partner::Unknown,
        Some((_, true)) => return kept.map_or(Partner::Known, Partner::Found),
        Some((_, false)) => {}
    }
    // A request that was not seen proves something only where it would have been.
    let conversation = message.conversation();
    let whole = !conversation.mid_stream
        && conversation.missing == [0, 0]
        && conversation.seen == [true, true];
    let tracked = tracks.get(message.protocol().index()) == Some(&true);
    if whole && tracked && !joins.forgetful() {
        Partner::Missing
    } else {
        Partner::Unknown
    }
}

/// Evaluates a rule's condition and feeds its windows.
fn holds(condition: &Node, facts: &Facts<'_>, feeding: &mut Feeding<'_>) -> Truth {
    let past: &mut dyn Past = feeding;
    eval(condition, facts, past)
}

/// What it takes to open or count a finding.
struct Firing<'j> {
    findings: &'j mut Findings,
    quiet: &'j mut Quiet,
    hits: &'j mut Hits,
    hasher: &'j RandomState,
    now: i64,
    evidence: &'j mut Vec<FrameRef>,
    told: &'j mut Vec<Told>,
}

/// A rule fired on a message. Gives the finding's serial.
fn fire(
    rule: &Compiled,
    at: RuleAt,
    facts: &Facts<'_>,
    outcome: Outcome,
    firing: &mut Firing<'_>,
    sink: &mut dyn FnMut(Event<'_>),
) -> u64 {
    let message = facts.message;
    firing.evidence.extend_from_slice(message.frames());
    if !firing.evidence.is_sorted_by_key(|f| f.seq) {
        firing.evidence.sort_by_key(|f| f.seq);
    }
    let default = [
        Operand::Asset(Seat::Actor, Attribute::Ip),
        Operand::Asset(Seat::Target, Attribute::Ip),
    ];
    let key = rule.key.as_deref().unwrap_or(&default);
    let mut hasher = firing.hasher.build_hasher();
    at.hash(&mut hasher);
    for operand in key {
        let mut known = 0u64;
        each(operand, facts, &mut |v| {
            known += 1;
            windows::hash(&v, &mut hasher);
        });
        known.hash(&mut hasher);
    }
    let floor = rule.raise.as_ref().and_then(|(when, severity)| {
        (eval(&when.root, facts, &mut NoPast) == Truth::True).then_some(*severity)
    });
    let occurrence = Occurrence {
        key: hasher.finish(),
        outcome,
        floor: floor.unwrap_or(Severity::Info),
        frames: firing.evidence,
        frame: message.frame(),
    };
    let told = firing.told.as_slice();
    let make = || finding(rule, facts, key, &windows::in_words(told));
    if !firing.quiet.is_empty() {
        let case = Case {
            rule: &rule.rule.id,
            actor: facts.sides.identity(Seat::Actor),
            target: facts.sides.identity(Seat::Target),
            action: message.action(),
            policy: facts.policy,
            time: message.frame().time,
        };
        let (now, quiet) = (firing.now, &mut *firing.quiet);
        if let Some(entry) = quiet.holds(&case, u64::from(at), now, firing.hits) {
            return quiet.occur(entry, &occurrence, now, firing.hits, make, sink);
        }
    }
    firing
        .findings
        .occur(&occurrence, firing.now, firing.hits, make, sink)
}

/// A finding of a rule on a message, before its outcome is counted.
fn finding(rule: &Compiled, facts: &Facts<'_>, key: &[Operand], told: &str) -> Finding {
    let message = facts.message;
    let actor = render::party(Seat::Actor, facts);
    let target = render::party(Seat::Target, facts);
    let mut shown = format!("{}|{}|{}", rule.rule.id, actor.ip, target.ip);
    for operand in key {
        let asset = matches!(operand, Operand::Asset(_, Attribute::Ip));
        if asset || privacy_of(operand) != Privacy::Open {
            continue;
        }
        let mut words = Words::new();
        render::value(operand, facts, &mut words);
        for piece in words.pieces() {
            if let crate::privacy::Piece::Open(text) = piece {
                shown.push('|');
                shown.push_str(text);
            }
        }
    }
    let first = message.frame();
    let (confidence, confidence_reasons) = render::confidence(rule, facts);
    Finding {
        finding_id: finding_id(&rule.rule.id, &shown, first),
        rule: rule.rule.clone(),
        severity: Severity::Info,
        confidence,
        confidence_reasons,
        protocol: message.protocol(),
        kind: printable(message.kind()),
        provenance: message.provenance(),
        actor,
        target,
        action: render::act(message),
        outcome: Outcome::Unknown,
        outcomes: Outcomes::default(),
        expected: render::expected(rule, facts),
        why: render::why(rule, facts, told),
        frames: Vec::new(),
        first,
        last: first,
        count: 1,
        talk: Talk::of(message),
        dedup_key: shown,
        floor: Severity::Info,
        open: true,
    }
}

#[cfg(test)]
mod tests;
