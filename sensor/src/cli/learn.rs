//! `wardwatch learn`: a policy from captures, for a person to read and sign.

use std::fmt::Write as _;
use std::path::Path;

use rules::RuleSet;
use rules::baseline::Baseline;
use rules::policy::Policy;
use rules::policy::learn::{Manner, draft};

use super::args::LearnArgs;
use super::setup::load_policy;
use super::survey::{Survey, say, stamp};
use super::{Ending, complain};

/// Learns from the captures and writes the policy.
pub fn run(args: &LearnArgs) -> Ending {
    match learn(args) {
        Ok(ending) => ending,
        Err(message) => {
            complain(message);
            Ending::Failed
        }
    }
}

fn learn(args: &LearnArgs) -> Result<Ending, String> {
    let existing = args.merge.as_deref().map(load_policy).transpose()?;
    let merged = existing.is_some();
    let taken = existing.as_ref().map(Policy::names).unwrap_or_default();
    let rules = RuleSet::load(&[]).map_err(|e| e.to_string())?;
    let zone = existing.as_ref().map(|p| p.zone().clone());
    let baseline = args.baseline_out.as_ref().map(|_| {
        let zone = zone.unwrap_or(jiff::tz::TimeZone::UTC);
        Baseline::learning(i64::MAX, zone, &rules::limits::Limits::default())
    });
    let mut survey = Survey::learning(&args.input, rules, None, existing, baseline)?;
    if let Some((path, value)) = args
        .baseline_out
        .as_ref()
        .zip(survey.judge.conclude_baseline())
    {
        std::fs::write(path, value.to_string())
            .map_err(|e| format!("cannot write to {}: {e}", path.display()))?;
    }
    let sources: Vec<String> = survey.sources.iter().map(|s| file_name(s)).collect();
    let draft = draft(
        &survey.book,
        survey.judge.inventory(),
        &Manner {
            sources: &sources,
            time: &stamp(true),
            taken,
            only_denied: merged,
        },
    );
    let text = match &args.merge {
        None => draft.text.clone(),
        Some(path) => {
            let mut text =
                std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
            if draft.grants > 0 {
                let _ = write!(
                    text,
                    "\n# Learned from {}.\n\n{}",
                    sources.join(", "),
                    draft.text
                );
            }
            text
        }
    };
    // What is written must be readable again.
    if let Err(report) = Policy::load("the learned policy", &text) {
        return Err(format!(
            "the learned policy cannot be read again:\n\n{report}"
        ));
    }
    if merged {
        say(&difference(&survey, &draft.text))?;
    }
    match &args.policy_out {
        Some(path) => std::fs::write(path, &text)
            .map_err(|e| format!("cannot write to {}: {e}", path.display()))?,
        None if merged => {}
        None => say(&text)?,
    }
    complain_of(&draft, args.policy_out.as_deref());
    Ok(survey.ending())
}

/// What a merge adds, line by line, and what the captures say of the rest.
fn difference(survey: &Survey, added: &str) -> String {
    let mut out = String::new();
    for line in added.lines() {
        let _ = writeln!(out, "+ {line}");
    }
    for deal in survey.book.deals() {
        if deal.ruling.out_of_bounds > 0 {
            let _ = writeln!(
                out,
                "! {} {} -> {}: {} values out of bounds; seen were {}",
                deal.verb,
                deal.actor,
                deal.target,
                deal.ruling.out_of_bounds,
                deal.value_text()
            );
        }
    }
    if out.is_empty() {
        out.push_str("The policy allows everything that was seen.\n");
    }
    out
}

fn complain_of(draft: &rules::policy::learn::Draft, path: Option<&Path>) {
    let to = path.map_or(String::new(), |p| format!(" in {}", p.display()));
    eprintln!(
        "{} groups, {} grants{to}; {} of them are proposals that count only with `accepted_by`",
        draft.groups, draft.grants, draft.proposals
    );
}

fn file_name(path: &str) -> String {
    Path::new(path)
        .file_name()
        .map_or_else(|| path.to_owned(), |n| n.to_string_lossy().into_owned())
}
