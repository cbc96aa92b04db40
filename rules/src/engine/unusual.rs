//! Findings of what is unusual about a device, made of the message that showed it.

use std::hash::BuildHasher;

use dissectors::action::Outcome;
use dissectors::message::{Batch, Interest, Message, Messages};

use super::collapse::{Occurrence, finding_id};
use super::{Judge, render};
use crate::baseline::{Kind, Last, Unusual};
use crate::exceptions::Case;
use crate::finding::{Event, Finding, Outcomes, Severity, Talk};
use crate::language::compiled::Seat;
use crate::language::eval::Facts;
use crate::privacy::{Words, printable};

impl Judge {
    /// Holds a message against the usual behaviour of its ends.
    pub(super) fn unusual(&mut self, message: Message<'_>, sink: &mut dyn FnMut(Event<'_>)) {
        let Some(baseline) = &mut self.baseline else {
            return;
        };
        let mut found = Vec::new();
        baseline.saw(message, &self.inventory, &mut self.hits, &mut |unusual| {
            found.push(unusual);
        });
        for unusual in found {
            match unusual.about {
                None => self.tell_unusual(message, &unusual, sink),
                // Of a device that says nothing, its last message is told.
                Some(last) => {
                    let batch = recalled(&last);
                    self.tell_unusual(batch.message(0), &unusual, sink);
                }
            }
        }
    }

    fn tell_unusual(
        &mut self,
        message: Message<'_>,
        unusual: &Unusual,
        sink: &mut dyn FnMut(Event<'_>),
    ) {
        let rule = unusual.kind.rule();
        let facts = Facts::new(message, self.policy.as_ref(), &self.inventory);
        // A host that the policy lists is nobody's beacon.
        if unusual.kind == Kind::Beacon
            && facts
                .policy
                .is_some_and(|p| p.lists(&facts.sides.identity(Seat::Target)))
        {
            return;
        }
        let now = self.clock.now();
        let key = (&rule.id, unusual.device, &unusual.detail);
        let occurrence = Occurrence {
            key: self.hasher.hash_one(key),
            outcome: facts.settled_outcome().unwrap_or(Outcome::Unknown),
            floor: Severity::Info,
            frames: message.frames(),
            frame: message.frame(),
        };
        let make = || finding(unusual, &facts);
        if !self.quiet.is_empty() {
            let case = Case {
                rule: &rule.id,
                actor: facts.sides.identity(Seat::Actor),
                target: facts.sides.identity(Seat::Target),
                action: message.action(),
                policy: facts.policy,
                time: message.frame().time,
            };
            let at = self.hasher.hash_one(&rule.id);
            if let Some(entry) = self.quiet.holds(&case, at, now, &mut self.hits) {
                self.quiet
                    .occur(entry, &occurrence, now, &mut self.hits, make, sink);
                return;
            }
        }
        self.findings
            .occur(&occurrence, now, &mut self.hits, make, sink);
    }
}

/// A message of which only head and conversation are remembered.
fn recalled(last: &Last) -> Batch {
    let mut batch = Batch::default();
    let conversation = batch.add_conversation(last.conversation);
    let (none, nothing) = (dissectors::Limits::default(), Interest::nothing());
    let mut pen = Messages::new(&mut batch, &none, &nothing, last.protocol, last.side, 0);
    match last.kind {
        Some(kind) => drop(pen.message(kind, 0..0)),
        None => drop(pen.message_named(b"", 0..0)),
    }
    batch.place(0, conversation, 0, [last.frame]);
    batch
}

fn finding(unusual: &Unusual, facts: &Facts<'_>) -> Finding {
    let message = facts.message;
    let rule = unusual.kind.rule();
    let first = message.frame();
    let shown = format!("{}|{}|{}", rule.id, unusual.device, unusual.detail);
    Finding {
        finding_id: finding_id(&rule.id, &shown, first),
        rule: std::sync::Arc::clone(rule),
        severity: Severity::Info,
        confidence: rule.confidence,
        confidence_reasons: vec!["it rests on what was usual in the time that was learned".into()],
        protocol: message.protocol(),
        kind: printable(message.kind()),
        provenance: message.provenance(),
        actor: render::party(Seat::Actor, facts),
        target: render::party(Seat::Target, facts),
        action: render::act(message),
        outcome: Outcome::Unknown,
        outcomes: Outcomes::default(),
        expected: Some(unusual.baseline.clone()),
        why: Words::new().open(format!(
            "{}: {}; usual is {}",
            unusual.device, unusual.observed, unusual.baseline
        )),
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
