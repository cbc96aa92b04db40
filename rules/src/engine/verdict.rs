//! One message held against the rules that may concern it.

use dissectors::action::Outcome;
use dissectors::message::Message;

use super::fire::{Firing, fire};
use super::index::RuleAt;
use super::joins::{Fired, Hanging, Joins, Lapsed};
use super::quiet::Quiet;
use super::shapes::Concerned;
use super::trace::When;
use super::trace::{Ground, Noting};
use super::unjudged::Doubt;
use super::windows::Feeding;
use super::{Judge, SPARE_BATCHES, SPARE_BYTES};
use crate::finding::Event;
use crate::language::compiled::{Node, Truth};
use crate::language::eval::{Facts, Known, NoPast, Partner, Past, eval};
use crate::language::ruleset::Status;
use crate::limits::{self};

impl Judge {
    /// The message's place among the shapes of messages.
    pub(super) fn shape(&mut self, message: Message<'_>) -> Option<usize> {
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

    pub(super) fn register(
        &mut self,
        key: u64,
        message: Message<'_>,
        sink: &mut dyn FnMut(Event<'_>),
    ) {
        if let Some(lapsed) = self.joins.ask(key, self.clock.now(), &mut self.hits) {
            self.lapse(lapsed, sink);
        }
        if self.book.keeps[message.protocol().index()] {
            self.keep(key, message);
        }
    }

    /// Keeps a request whole until its answer comes. False if there is no room.
    pub(super) fn keep(&mut self, key: u64, message: Message<'_>) -> bool {
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
    pub(super) fn judge(
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
    pub(super) fn hang(
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
    pub(super) fn lapse(&mut self, lapsed: Lapsed, sink: &mut dyn FnMut(Event<'_>)) {
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
pub enum Task {
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
