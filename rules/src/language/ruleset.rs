//! Rules as loaded: prose, condition, tests; and a set of them.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::compiled::{Condition, Operand};
use super::diagnostic::{Diagnostic, Report, Text};
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

impl Tests {
    /// A capture of the list and the policy that it is judged by: its own (`CAPTURE with POLICY`), or
    /// that of all.
    pub fn proof<'t>(&'t self, entry: &'t str) -> (&'t str, Option<&'t str>) {
        match entry.split_once(" with ") {
            Some((capture, policy)) => (capture.trim(), Some(policy.trim())),
            None => (entry, self.policy.as_deref()),
        }
    }
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
    /// The condition as written; empty for a detector beside the engine.
    pub when: String,
    /// What such a detector looks at, in plain words.
    pub told: String,
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

impl Rule {
    /// A rule of which only this is known: what another sensor's record tells of it.
    pub fn told(id: &str, title: &str, severity: Severity) -> Rule {
        let digits = id.rsplit('-').next().unwrap_or_default();
        Rule {
            id: id.to_owned(),
            number: digits.parse().unwrap_or(0),
            rev: 0,
            title: title.to_owned(),
            severity: Severities::steps(severity),
            confidence: Confidence::Certain,
            category: String::new(),
            clinical: String::new(),
            bedside: String::new(),
            network: String::new(),
            references: Vec::new(),
            attack: Vec::new(),
            false_positives: Vec::new(),
            tags: Vec::new(),
            status: Status::Active,
            tests: Tests::default(),
            when: String::new(),
            told: String::new(),
            file: String::new(),
        }
    }
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

/// Rules that differ in their letters only: their ids do not clash, but their numbers do.
fn same_numbers(rules: &[Compiled], report: &mut Report) {
    let mut first: HashMap<u32, &Rule> = HashMap::new();
    for rule in rules.iter().map(|c| c.rule.as_ref()) {
        let Some(other) = first.insert(rule.number, rule) else {
            continue;
        };
        let file = Arc::new(Text {
            name: rule.file.clone(),
            text: format!("id = \"{}\"", rule.id),
        });
        let title = format!(
            "{} and {} have the number {}: signature_id in EVE records does not tell them apart",
            other.id, rule.id, rule.number
        );
        let told = Diagnostic::error(
            &file,
            "WR024",
            6..6 + rule.id.len(),
            title,
            "the same number",
        );
        report.add(told.warning().help("give one of them another number"));
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
        same_numbers(&rules, &mut report);
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

    pub(crate) fn compiled(&self) -> &[Compiled] {
        &self.rules
    }

    pub(crate) fn into_rules(self) -> Vec<Compiled> {
        self.rules
    }
}
