//! `wardwatch rules test`: each rule fires on the captures that it names for that, and stays silent on
//! the others that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rules::engine::Judge;
use rules::finding::Event;
use rules::language::ruleset::{Rule, Source, Status};
use rules::policy::Policy;

use super::args::RulesTestArgs;
use super::replay::troubles;
use super::{Ending, complain, rulebook, survey};
use crate::capture::{Inputs, ReadOptions};
use crate::config::Limits;
use crate::decode::{DecodeOptions, Decoder};
use crate::pipeline::{Stop, listen};

/// A capture and the policy that it is judged by.
type Proof = (PathBuf, Option<PathBuf>);

/// Runs the tests of rules and tells how each went.
pub fn run(args: &RulesTestArgs, limits: &Limits) -> Ending {
    test(args, limits).unwrap_or_else(|message| {
        complain(message);
        Ending::Failed
    })
}

fn test(args: &RulesTestArgs, limits: &Limits) -> Result<Ending, String> {
    let sources = rulebook::all_sources(&args.rules)?;
    let set = rulebook::load_sources(&sources, &limits.judge)?;
    let mut wanted = BTreeSet::new();
    for id in &args.ids {
        wanted.insert(rulebook::find(&set, id)?.id.clone());
    }
    let mut raised: BTreeMap<Proof, Result<BTreeSet<String>, String>> = BTreeMap::new();
    let (mut hold, mut fail, mut bare) = (0, 0, 0);
    for rule in set.rules() {
        if !wanted.is_empty() && !wanted.contains(&rule.id) {
            continue;
        }
        if rule.tests.fires.is_empty() && rule.tests.silent.is_empty() {
            bare += 1;
            if !wanted.is_empty() {
                survey::say(&format!("{:<14} names no captures\n", rule.id))?;
            }
            continue;
        }
        if rule.status == Status::Draft {
            survey::say(&format!("{:<14} a draft: not judged\n", rule.id))?;
            continue;
        }
        let mut wrong = Vec::new();
        let all = [(&rule.tests.fires, true), (&rule.tests.silent, false)];
        for (captures, must) in all {
            for entry in captures {
                let (capture, policy) = rule.tests.proof(entry);
                let policy = policy.map(|p| place(rule, p, args));
                let proof = (place(rule, capture, args), policy);
                let ids = raised
                    .entry(proof.clone())
                    .or_insert_with(|| raise(&proof, &sources, limits));
                match ids {
                    Err(why) => wrong.push(why.clone()),
                    Ok(ids) if ids.contains(&rule.id) == must => {}
                    Ok(ids) if must => {
                        let others: Vec<&str> = ids.iter().map(String::as_str).collect();
                        let others = match others.is_empty() {
                            true => "which raises nothing".to_owned(),
                            false => format!("which raises {}", others.join(" ")),
                        };
                        wrong.push(format!("does not fire on {capture}, {others}"));
                    }
                    Ok(_) => wrong.push(format!("fires on {capture}, where it must stay silent")),
                }
            }
        }
        let (fires, silent) = (rule.tests.fires.len(), rule.tests.silent.len());
        if wrong.is_empty() {
            hold += 1;
            survey::say(&format!(
                "{:<14} holds: fires on {fires}, silent on {silent}\n",
                rule.id
            ))?;
        } else {
            fail += 1;
            for why in wrong {
                survey::say(&format!("{:<14} FAILS: {why}\n", rule.id))?;
            }
        }
    }
    let bare = match bare {
        0 => String::new(),
        n => format!(", {n} name no captures"),
    };
    survey::say(&format!("{hold} rules hold, {fail} fail{bare}\n"))?;
    Ok(if fail > 0 {
        Ending::Failed
    } else {
        Ending::Done
    })
}

/// Where a capture or policy lies: of a shipped rule below the top, of others beside the rule file.
fn place(rule: &Rule, path: &str, args: &RulesTestArgs) -> PathBuf {
    let beside = Path::new(&rule.file).parent().map(|f| f.join(path));
    beside
        .filter(|p| p.exists())
        .unwrap_or_else(|| args.top.join(path))
}

/// Its warnings are no matter of the rules.
fn read_policy(path: &Path) -> Result<Policy, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let loaded = Policy::load(&path.display().to_string(), &text);
    loaded.map_err(|e| format!("the policy has mistakes\n\n{e}"))
}

/// Ids of the rules that raise a finding on a capture.
fn raise(proof: &Proof, sources: &[Source], limits: &Limits) -> Result<BTreeSet<String>, String> {
    let (capture, policy) = proof;
    if !capture.exists() {
        return Err(format!(
            "{} is not there (--top names the folder that captures are named from)",
            capture.display()
        ));
    }
    let rules = rulebook::load_sources(sources, &limits.judge)?;
    let policy = policy.as_deref().map(read_policy).transpose()?;
    let settings = rules::Settings {
        limits: limits.judge.clone(),
    };
    let mut judge = Judge::new(rules, policy, settings);
    let inputs = Inputs::open(&[capture], &ReadOptions::default()).map_err(|e| e.to_string())?;
    let mut ids = BTreeSet::new();
    let mut note = |event: Event<'_>| {
        if let Event::Opened(finding) = event {
            ids.insert(finding.rule.id.clone());
        }
    };
    let totals = listen(
        inputs,
        Decoder::new(&DecodeOptions::default()),
        limits.flow_settings(),
        judge.interest(),
        &Stop::default(),
        |message| {
            let completed = judge.completed(message);
            let message = completed.as_ref().map_or(message, |b| b.message(0));
            judge.message(message, &mut note);
        },
    );
    judge.finish(&mut note);
    for trouble in troubles(&totals) {
        complain(trouble);
    }
    Ok(ids)
}
