//! A rule that holds becomes a finding.

use std::hash::{BuildHasher, Hash, Hasher};

use super::seed::Keys;
use dissectors::action::Outcome;
use dissectors::message::FrameRef;

use super::collapse::{Findings, Occurrence, finding_id};
use super::index::RuleAt;
use super::quiet::Quiet;
use super::windows::Told;
use super::{render, windows};
use crate::exceptions::Case;
use crate::finding::{Event, Finding, Outcomes, Severity, Talk};
use crate::language::compiled::{Attribute, Operand, Seat, Truth};
use crate::language::eval::{Facts, NoPast, each, eval, privacy_of};
use crate::language::ruleset::Compiled;
use crate::limits::Hits;
use crate::privacy::{Words, printable};
use dissectors::schema::Privacy;

/// What it takes to open or count a finding.
pub struct Firing<'j> {
    pub findings: &'j mut Findings,
    pub quiet: &'j mut Quiet,
    pub hits: &'j mut Hits,
    pub hasher: &'j Keys,
    pub now: i64,
    pub evidence: &'j mut Vec<FrameRef>,
    pub told: &'j mut Vec<Told>,
}

/// A rule fired on a message. Gives the finding's serial.
pub fn fire(
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
