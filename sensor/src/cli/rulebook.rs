//! `wardwatch rules` and `wardwatch policy`: loading, checking, listing, explaining.

use std::io::Write;
use std::path::{Path, PathBuf};

use rules::language::ruleset::{Rule, RuleSet, Source, Status};
use rules::policy::Policy;

use super::{Ending, complain};

/// The shipped rules and those of the user's files and folders.
pub fn load(extra: &[PathBuf]) -> Result<RuleSet, String> {
    load_sources(&all_sources(extra)?, &rules::limits::Limits::default())
}

/// The texts of the shipped rules and of the user's files and folders.
pub fn all_sources(extra: &[PathBuf]) -> Result<Vec<Source>, String> {
    let mut sources = rules::catalogue::shipped();
    sources.extend(sources_of(extra)?);
    Ok(sources)
}

/// Checks and compiles rules.
pub fn load_sources(sources: &[Source], limits: &rules::limits::Limits) -> Result<RuleSet, String> {
    let set = RuleSet::load_within(sources, limits)
        .map_err(|report| format!("the rules have mistakes\n\n{report}"))?;
    if !set.warnings().is_empty() {
        eprintln!("{}", set.warnings());
    }
    Ok(set)
}

/// `rules check`: what is wrong with these files (or with the shipped ones).
pub fn check(paths: &[PathBuf]) -> Ending {
    match load(paths) {
        Ok(set) => {
            println!("{} rules, no mistakes", set.rules().count());
            Ending::Done
        }
        Err(message) => {
            complain(message);
            Ending::Failed
        }
    }
}

/// `rules list`: one line a rule.
pub fn list(extra: &[PathBuf], json: bool) -> Ending {
    let set = match load(extra) {
        Ok(set) => set,
        Err(message) => {
            complain(message);
            return Ending::Failed;
        }
    };
    for rule in set.rules() {
        if json {
            let line = serde_json::json!({
                "id": rule.id, "rev": rule.rev, "title": rule.title, "severity": rule.severity.attempted.word(),
                "category": rule.category, "when": rule.when, "tags": rule.tags, "file": rule.file,
            });
            println!("{line}");
        } else {
            println!(
                "{:<14} {:<8} {}",
                rule.id,
                rule.severity.attempted.word(),
                rule.title
            );
        }
    }
    Ending::Done
}

/// `rules list --missing`: what is named and not built, and what is built and not proved.
pub fn missing(extra: &[PathBuf], json: bool) -> Ending {
    let set = match load(extra) {
        Ok(set) => set,
        Err(message) => {
            complain(message);
            return Ending::Failed;
        }
    };
    let mut rows: Vec<(String, &str, String, String)> = rules::catalogue::missing()
        .into_iter()
        .map(|m| (m.id, "not built", m.title, m.why))
        .collect();
    for rule in set.rules() {
        let why = match (rule.status, rule.tests.fires.is_empty()) {
            (Status::Draft, _) => "checked and not judged: a draft",
            (_, true) => "no shipped capture makes it fire",
            _ => continue,
        };
        let (id, title) = (rule.id.clone(), rule.title.clone());
        rows.push((id, "not proved", title, why.to_owned()));
    }
    rows.sort();
    let mut out = std::io::stdout().lock();
    for (id, state, title, why) in rows {
        let told = if json {
            let line = serde_json::json!({ "id": id, "state": state, "title": title, "why": why });
            writeln!(out, "{line}")
        } else {
            writeln!(out, "{id:<14} {state:<10} {title}: {why}")
        };
        // Whoever reads may stop reading.
        if told.is_err() {
            break;
        }
    }
    Ending::Done
}

/// `rules explain`: what a rule looks at, why, and what to do.
pub fn explain(id: &str, extra: &[PathBuf]) -> Ending {
    let set = match load(extra) {
        Ok(set) => set,
        Err(message) => {
            complain(message);
            return Ending::Failed;
        }
    };
    let wanted = id.to_uppercase();
    let Some(rule) = set
        .rules()
        .find(|r| r.id == wanted || r.id.strip_prefix("WW-") == Some(&wanted))
    else {
        complain(format!(
            "no rule {id}; `wardwatch rules list` names them all"
        ));
        return Ending::Failed;
    };
    println!("{}", explanation(rule));
    Ending::Done
}

fn explanation(rule: &Rule) -> String {
    let mut out = format!("{}  {}\n", rule.id, rule.title);
    let mut row = |label: &str, text: &str| {
        if !text.is_empty() {
            out.push_str(&format!(
                "\n{label}\n    {}\n",
                text.trim().replace('\n', "\n    ")
            ));
        }
    };
    row("Why it matters", &rule.clinical);
    row("Fires when", &rule.when);
    let s = rule.severity;
    row(
        "Severity",
        &format!(
            "{} when tried, {} when accepted, {} when refused",
            s.attempted, s.accepted, s.refused
        ),
    );
    row("At the bedside", &rule.bedside);
    row("On the network", &rule.network);
    row("False alarms", &rule.false_positives.join("\n"));
    row("References", &rule.references.join(", "));
    row("ATT&CK", &rule.attack.join(", "));
    row("Proved on", &rule.tests.fires.join(", "));
    row("Silent on", &rule.tests.silent.join(", "));
    row("Comes from", &rule.file);
    out.trim_end().to_owned()
}

/// `policy check`: what is wrong with a policy.
pub fn check_policy(path: &Path) -> Ending {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) => {
            complain(format!("{}: {e}", path.display()));
            return Ending::Failed;
        }
    };
    match Policy::load(&path.display().to_string(), &text) {
        Ok(policy) => {
            if !policy.warnings().is_empty() {
                eprintln!("{}", policy.warnings());
            }
            println!("{}: no mistakes", path.display());
            Ending::Done
        }
        Err(report) => {
            complain(format!("the policy has mistakes\n\n{report}"));
            Ending::Failed
        }
    }
}

/// The texts of files and folders of TOML.
pub fn sources_of(paths: &[PathBuf]) -> Result<Vec<Source>, String> {
    let mut sources = Vec::new();
    for path in paths {
        let told = |e| format!("{}: {e}", path.display());
        if path.is_dir() {
            sources.extend(RuleSet::sources(path).map_err(told)?);
        } else {
            let text = std::fs::read_to_string(path).map_err(told)?;
            sources.push(Source {
                name: path.display().to_string(),
                text,
            });
        }
    }
    Ok(sources)
}
