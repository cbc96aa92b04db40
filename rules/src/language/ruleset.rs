//! Rules as loaded: prose, condition, tests; and a set of them.

use std::path::Path;

use dissectors::message::Interest;

use super::diagnostic::Report;
use crate::finding::{Confidence, Severity};

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

/// Rules, checked and compiled, in the order of their ids.
#[derive(Debug, Default)]
pub struct RuleSet {}

impl RuleSet {
    /// The shipped catalogue.
    pub fn shipped() -> Result<RuleSet, Report> {
        todo!()
    }

    /// Loads rule files. All mistakes of all files are told at once.
    pub fn load(_sources: &[Source]) -> Result<RuleSet, Report> {
        todo!()
    }

    /// Reads every `*.toml` of a folder, in the order of names.
    pub fn sources(_folder: &Path) -> std::io::Result<Vec<Source>> {
        todo!()
    }

    /// Every rule, in the order of ids.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        std::iter::empty()
    }

    /// What loads but deserves a look.
    pub fn warnings(&self) -> &Report {
        todo!()
    }

    /// Which fields and bodies the rules read.
    pub fn interest(&self) -> Interest {
        Interest::nothing()
    }
}
