//! The rules with all that is derived from them.

use dissectors::registry::{PROTOCOLS, ProtocolId};

use super::index::{Index, RuleAt};
use super::needs::Needs;
use super::shapes::Shapes;
use super::unjudged::Doubts;
use super::windows::Windows;
use crate::language::compiled::WindowKind;
use crate::language::ruleset::{Compiled, Status};

/// The rules with all that is derived from them.
pub struct Book {
    pub rules: Vec<Compiled>,
    pub windows: Vec<Windows>,
    pub index: Index,
    pub shapes: Shapes,
    /// By protocol: a rule asks whether an answer's request was seen.
    pub tracks: Vec<bool>,
    /// By protocol: a rule reads the request behind an answer.
    pub keeps: Vec<bool>,
    /// Requests kept whole at the moment.
    pub kept: usize,
    /// By rule: what could not be judged.
    pub unjudged: Vec<Doubts>,
    /// Windows that wait for something to follow: rule and place.
    pub absences: Vec<(RuleAt, usize)>,
}

impl Book {
    pub fn new(rules: Vec<Compiled>) -> Self {
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
