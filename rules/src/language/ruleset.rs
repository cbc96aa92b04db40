//! Rules as loaded: prose, condition, tests; and a set of them.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use dissectors::message::Interest;

use super::compiled::{Condition, Operand};
use super::diagnostic::Report;
use super::rulefile;
use crate::finding::{Confidence, Severity};
use crate::limits::Limits;

/// A rule file: its name for messages, and its text.
#[derive(Clone, Debug)]
pub struct Source {
    pub name: String,
    pub text: String,
}

/// Whether a rule is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Judged.
    Active,
    /// Loaded and checked, not judged.
    Draft,
}

/// Captures that prove a rule, by path from the repository's root.
#[derive(Clone, Debug, Default)]
pub struct Tests {
    /// It must fire on these.
    pub fires: Vec<String>,
    /// It must stay silent on these.
    pub silent: Vec<String>,
    /// The policy to judge them by.
    pub policy: Option<String>,
}

/// The severity of a rule, by what became of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Severities {
    pub attempted: Severity,
    pub accepted: Severity,
    pub refused: Severity,
    /// The rule names each; else one word gave all, and that an answer came to a query makes it no
    /// worse.
    pub stated: bool,
}

/// A rule as loaded.
#[derive(Debug)]
pub struct Rule {
    /// `WW-HL7-0006`.
    pub id: String,
    /// The digits of the id (6): EVE's `signature_id`.
    pub number: u32,
    pub rev: u32,
    pub title: String,
    pub severity: Severities,
    pub confidence: Confidence,
    pub category: String,
    /// Why it matters to the patient.
    pub clinical: String,
    pub bedside: String,
    pub network: String,
    pub references: Vec<String>,
    /// ATT&CK technique ids.
    pub attack: Vec<String>,
    pub false_positives: Vec<String>,
    pub tags: Vec<String>,
    pub status: Status,
    pub tests: Tests,
    /// The condition as written.
    pub when: String,
    /// Name of the file that it comes from.
    pub file: String,
}

/// A rule with its condition, ready to be judged.
#[derive(Debug)]
pub struct Compiled {
    pub rule: Arc<Rule>,
    pub condition: Condition,
    /// What happened, as a sentence; empty: one is made of the action.
    pub sentence: Vec<Piece>,
    /// What repeats collapse under; `None`: actor and target.
    pub key: Option<Vec<Operand>>,
    /// Messages that this holds of are at least so severe.
    pub raise: Option<(Condition, Severity)>,
}

/// A part of a rule's sentence.
#[derive(Clone, Debug)]
pub enum Piece {
    Text(String),
    Operand(Operand),
}

impl Severities {
    /// One word in a rule: an accepted request is one step worse, a refused one a step better.
    pub fn steps(severity: Severity) -> Self {
        Severities {
            attempted: severity,
            accepted: severity.raised(),
            refused: severity.lowered(),
            stated: false,
        }
    }
}

/// Rules, checked and compiled, in the order of their ids.
#[derive(Debug, Default)]
pub struct RuleSet {
    rules: Vec<Compiled>,
    warnings: Report,
}

impl RuleSet {
    /// The shipped catalogue.
    pub fn shipped() -> Result<RuleSet, Report> {
        Self::load(&crate::catalogue::shipped())
    }

    /// Loads rule files. All mistakes of all files are told at once.
    pub fn load(sources: &[Source]) -> Result<RuleSet, Report> {
        Self::load_within(sources, &Limits::default())
    }

    /// The same under limits that were set.
    pub fn load_within(sources: &[Source], limits: &Limits) -> Result<RuleSet, Report> {
        let mut report = Report::default();
        let mut rules = Vec::new();
        let mut seen = HashMap::new();
        for source in sources {
            rulefile::read(source, limits, &mut seen, &mut rules, &mut report);
        }
        if report.errors() > 0 {
            return Err(report);
        }
        rules.sort_by(|a, b| a.rule.id.cmp(&b.rule.id));
        Ok(RuleSet {
            rules,
            warnings: report,
        })
    }

    /// Reads every `*.toml` of a folder, in the order of names.
    pub fn sources(folder: &Path) -> std::io::Result<Vec<Source>> {
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == "toml") {
                paths.push(path);
            }
        }
        paths.sort();
        paths
            .into_iter()
            .map(|path| {
                let text = std::fs::read_to_string(&path)?;
                Ok(Source {
                    name: path.display().to_string(),
                    text,
                })
            })
            .collect()
    }

    /// Every rule, in the order of ids.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|c| c.rule.as_ref())
    }

    /// What loads but deserves a look.
    pub fn warnings(&self) -> &Report {
        &self.warnings
    }

    /// Which fields and bodies the rules read.
    pub fn interest(&self) -> Interest {
        let mut interest = Interest::nothing();
        for rule in &self.rules {
            super::reads::rule(rule, &mut |operand| match operand {
                Operand::Field {
                    protocol, field, ..
                } => interest.want_field(*protocol, *field),
                Operand::Path { protocol, .. } => interest.want_body(*protocol),
                _ => {}
            });
        }
        interest
    }

    pub(crate) fn into_rules(self) -> Vec<Compiled> {
        self.rules
    }
}
