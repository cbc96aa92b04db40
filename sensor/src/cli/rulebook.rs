//! `wardwatch rules` and `wardwatch policy`: loading, checking, listing, explaining.

use std::io::Write;
use std::path::{Path, PathBuf};

use rules::language::plain;
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
    for rule in all(&set) {
        if json {
            let when = if rule.when.is_empty() {
                &rule.told
            } else {
                &rule.when
            };
            let line = serde_json::json!({
                "id": rule.id, "rev": rule.rev, "title": rule.title, "severity": rule.severity.attempted.word(),
                "category": rule.category, "when": when, "tags": rule.tags, "file": rule.file,
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

/// The rules of the set, and the detectors that stand beside the engine.
fn all(set: &RuleSet) -> impl Iterator<Item = &Rule> {
    set.rules()
        .chain(rules::baseline::rules().map(|rule| rule.as_ref()))
}

/// A rule by its id; `WW-` may be left out, small letters are as good.
pub fn find<'s>(set: &'s RuleSet, id: &str) -> Result<&'s Rule, String> {
    let wanted = id.to_uppercase();
    let is = |r: &&Rule| r.id == wanted || r.id.strip_prefix("WW-") == Some(&wanted);
    all(set).find(is).ok_or_else(|| {
        let near = |id: &str| {
            let ids = all(set).map(|r| r.id.as_str());
            rules::language::diagnostic::nearest(id, ids)
        };
        match near(&wanted).or_else(|| near(&format!("WW-{wanted}"))) {
            Some(near) => format!("no rule {id}; did you mean {near}?"),
            None => format!("no rule {id}; `wardwatch rules list` names them all"),
        }
    })
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
    let rule = match find(&set, id) {
        Ok(rule) => rule,
        Err(message) => {
            complain(message);
            return Ending::Failed;
        }
    };
    println!("{}", explanation(rule));
    Ending::Done
}

fn explanation(rule: &Rule) -> String {
    let mut out = format!("{}  {}\n", rule.id, rule.title);
    let mut row = |label: &str, text: &str| add_row(&mut out, label, text);
    row("Why it matters", &rule.clinical);
    let limits = rules::limits::Limits::default();
    if rule.when.is_empty() {
        row("Fires when", &rule.told);
        row(
            "Needs",
            "a baseline: --learn-for TIME, or --baseline FILE that `learn --baseline-out` wrote",
        );
        return closing(rule, out);
    }
    let lines: Vec<String> = plain::in_words(&rule.when, &limits)
        .into_iter()
        .map(|l| format!("{:indent$}{}", "", l.text, indent = 4 * l.depth))
        .collect();
    row("Fires when", &lines.join("\n"));
    let over = rules::engine::protocols_of(&rule.when, &rule.file, &limits);
    row(
        "Looks at",
        &match over.len() {
            0 => String::new(),
            n if n == dissectors::PROTOCOLS.len() => "messages of every protocol".to_owned(),
            n if n > 12 => format!(
                "messages of {n} protocols: {} and others",
                over[..12].join(", ")
            ),
            _ => format!("messages of {}", over.join(", ")),
        },
    );
    row(
        "Needs",
        &plain::needs(&rule.when, &rule.file, &limits).join("\n"),
    );
    row("Written as", &rule.when);
    closing(rule, out)
}

/// What follows the condition.
fn closing(rule: &Rule, mut out: String) -> String {
    let mut row = |label: &str, text: &str| add_row(&mut out, label, text);
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
    row("Proved on", &rule.tests.fires.join("\n"));
    row("Silent on", &rule.tests.silent.join("\n"));
    row("Comes from", &rule.file);
    out.trim_end().to_owned()
}

fn add_row(out: &mut String, label: &str, text: &str) {
    if !text.is_empty() {
        out.push_str(&format!(
            "\n{label}\n    {}\n",
            text.trim().replace('\n', "\n    ")
        ));
    }
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
