//! The judge: messages in order, findings out.

mod absences;
mod account;
mod book;
mod clock;
mod collapse;
mod costs;
mod fire;
mod index;
pub(crate) mod joins;
mod keep;
mod lessons;
mod needs;
mod neighbours;
pub(crate) mod orders;
mod overdue;
mod packed;
pub(crate) mod patients;
mod places;
mod quiet;
mod render;
mod residual;
mod restart;
mod seed;
mod setpoints;
mod shapes;
mod table;
mod trace;
mod unjudged;
mod unusual;
mod verdict;
pub(crate) mod vitals;
mod wants;
mod windows;

use dissectors::action::Effect;
use dissectors::message::{Batch, FrameRef, Interest, Message};

use self::absences::Vigil;
use self::book::Book;
use self::clock::Clock;
use self::collapse::Findings;
use self::index::RuleAt;
use self::joins::{Fired, Joins};
use self::lessons::Lessons;
pub use self::lessons::Taught;
pub use self::needs::protocols_of;
pub use self::neighbours::Neighbours;
use self::orders::Orders;
use self::patients::Patients;
use self::quiet::Quiet;
pub use self::restart::Restored;
use self::setpoints::Setpoints;
pub(crate) use self::table::Table;
pub use self::trace::{Meeting, Part, Trace, When};
pub use self::unjudged::Unjudged;
use self::verdict::Task;
use self::vitals::Vitals;
use self::windows::Told;
use crate::baseline::Baseline;
use crate::finding::Event;
use crate::inventory::Inventory;
use crate::language::compiled::Truth;
use crate::language::eval::Facts;
use crate::language::ruleset::RuleSet;
use crate::limits::{Hits, Limits};
use crate::policy::Policy;

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
    /// What the hasher of keys is seeded with; it is kept beside them.
    seed: u64,
    hasher: seed::Keys,
    /// What the message in hand shows against the past.
    seen: Seen,
    scratch: Scratch,
    costs: costs::Costs,
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

/// What a judge of these rules reads of messages.
pub fn interest_of(rules: &RuleSet) -> Interest {
    wants::interest(rules.compiled())
}

impl Judge {
    pub fn new(rules: RuleSet, policy: Option<Policy>, settings: Settings) -> Judge {
        let limits = settings.limits;
        let seed = seed::random();
        Judge {
            book: Book::new(rules.into_rules()),
            policy,
            hits: Hits::default(),
            clock: Clock::default(),
            inventory: Inventory::new(&limits),
            joins: Joins::new(&limits),
            lessons: Lessons::new(&limits),
            setpoints: Setpoints::new(&limits, seed),
            neighbours: Neighbours::new(&limits),
            vitals: Vitals::new(&limits),
            orders: Orders::new(&limits),
            patients: Patients::new(&limits),
            vigil: Vigil::new(&limits),
            trace: None,
            findings: Findings::new(&limits),
            quiet: Quiet::new(&limits),
            baseline: None,
            seed,
            hasher: seed::keys(seed),
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

    /// The end: open joins end as unknown, findings close with their counts. What still waits to be
    /// followed says nothing.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        while let Some(lapsed) = self.joins.last() {
            self.lapse(lapsed, sink);
        }
        self.findings.finish(sink);
        self.quiet.finish(sink);
    }
}

#[cfg(test)]
mod tests;
