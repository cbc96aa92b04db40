//! The judge: messages in order, findings out.

use dissectors::message::{Interest, Message};

use crate::finding::Event;
use crate::inventory::Inventory;
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
pub struct Judge {}

impl Judge {
    pub fn new(_rules: RuleSet, _policy: Option<Policy>, _settings: Settings) -> Judge {
        todo!()
    }

    /// Takes new rules and a new policy: inventory, open findings and the clock go on, windows and
    /// open joins begin anew.
    pub fn reload(
        &mut self,
        _rules: RuleSet,
        _policy: Option<Policy>,
        _sink: &mut dyn FnMut(Event<'_>),
    ) {
        todo!()
    }

    /// What the rules and the judge itself read of messages.
    pub fn interest(&self) -> Interest {
        todo!()
    }

    /// Judges one message. What a timer owed before its time is told first, then what the message
    /// raised, by rule id.
    pub fn message(&mut self, _message: Message<'_>, _sink: &mut dyn FnMut(Event<'_>)) {
        todo!()
    }

    /// Moves the clock (packet time, nanoseconds since 1970): what has lapsed by then is judged.
    pub fn advance(&mut self, _time: i64, _sink: &mut dyn FnMut(Event<'_>)) {
        todo!()
    }

    /// The end: open joins end as unknown, findings close with their counts.
    pub fn finish(&mut self, _sink: &mut dyn FnMut(Event<'_>)) {
        todo!()
    }

    /// How often each limit was hit.
    pub fn limit_hits(&self) -> &Hits {
        todo!()
    }

    /// Rules that concerned a message but could not be judged, with the reason and how often
    /// ("no policy", "an answer was never seen").
    pub fn unjudged(&self) -> Vec<Unjudged> {
        todo!()
    }

    pub fn inventory(&self) -> &Inventory {
        todo!()
    }

    /// Findings that are open now, in the order in which they were opened.
    pub fn open_findings(&self) -> impl Iterator<Item = &crate::finding::Finding> {
        std::iter::empty()
    }
}

/// A rule that could not be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unjudged {
    pub rule_id: String,
    pub why: &'static str,
    /// Messages concerned.
    pub count: u64,
}
