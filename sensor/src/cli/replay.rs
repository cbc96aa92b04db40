//! `wardwatch replay`: captures in, findings out.

use std::sync::Arc;

use super::args::{Checksums, Replay};
use super::progress::ProgressLine;
use super::setup::{self, Law};
use super::{Ending, complain};
use crate::capture::{Engine, Follow, Inputs, ReadOptions};
use crate::config::Limits;
use crate::decode::{DecodeOptions, Decoder};
use crate::output::Outputs;
use crate::output::summary::{self, Facts};
use crate::pipeline::{Judging, Run, Stop, Totals};

/// Reads, judges, reports.
pub fn run(args: &Replay, limits: &Limits) -> Ending {
    let result = match (&args.follow, args.read.as_slice()) {
        (Some(directory), []) => follow(args, directory, limits),
        (Some(_), _) => {
            complain("`--follow DIR` reads that directory alone: leave `-r` away");
            return Ending::Usage;
        }
        (None, []) => {
            complain("no capture named: `wardwatch -r FILE` reads one (see `wardwatch --help`)");
            return Ending::Usage;
        }
        _ => replay(args, limits),
    };
    result.unwrap_or_else(|message| {
        complain(message);
        Ending::Failed
    })
}

fn replay(args: &Replay, limits: &Limits) -> Result<Ending, String> {
    let options = ReadOptions {
        filter: args.filter.clone(),
        count: args.count,
        limits: limits.sensor.clone(),
    };
    let inputs = Inputs::open(&args.read, &options).map_err(|e| e.to_string())?;
    for skipped in inputs.skipped() {
        eprintln!(
            "wardwatch: {} is not read: {}",
            skipped.path.display(),
            skipped.why
        );
    }
    let names: Vec<String> = (0..inputs.files())
        .map(|at| inputs.name(at).to_owned())
        .collect();
    let line = ProgressLine::start(inputs.progress());
    judge(args, limits, inputs, &names, || drop(line))
}

/// A ring that grows is read until somebody ends it.
fn follow(args: &Replay, directory: &std::path::Path, limits: &Limits) -> Result<Ending, String> {
    let options = ReadOptions {
        filter: args.filter.clone(),
        count: args.count,
        limits: limits.sensor.clone(),
    };
    let inputs = Follow::open(directory, &options).map_err(|e| e.to_string())?;
    let names = vec![directory.display().to_string()];
    judge(args, limits, inputs, &names, || ())
}

fn judge<E: Engine>(
    args: &Replay,
    limits: &Limits,
    inputs: E,
    names: &[String],
    done: impl FnOnce(),
) -> Result<Ending, String> {
    let law = Law::load(&args.judge, limits)?;
    let rule_count = law.rules.rules().count();
    let ruling = law.ruling.clone();
    let judge = law.judge(limits);
    let mut outputs: Outputs = setup::open_outputs(&args.output, names, false)?;
    outputs.rule_by(&ruling);
    if args.follow.is_some() {
        outputs.tell_at_once();
    }
    let mut interest = judge.interest();
    if outputs.wants_messages() {
        interest.want_all_fields_of_all();
    }
    let decode = DecodeOptions {
        ignore_checksums: args.checksums == Checksums::None,
        limits: limits.sensor.clone(),
    };
    let stop = Stop::default();
    setup::end_on_signal(&stop)?;
    let mut judging = Judging::new(judge, outputs);
    let totals = Run {
        inputs,
        decoder: Decoder::new(&decode),
        flow: limits.flow_settings(),
        interest: Arc::new(interest),
        workers: args.workers,
        stop,
    }
    .to_end(&mut judging);
    done();
    let policy = args.judge.policy.as_ref().map(|p| p.display().to_string());
    Ok(report(
        args,
        names,
        rule_count,
        policy,
        &totals,
        &mut judging,
    ))
}

fn report<E: Engine>(
    args: &Replay,
    names: &[String],
    rules: usize,
    policy: Option<String>,
    totals: &Totals<E>,
    judging: &mut Judging,
) -> Ending {
    let tally = judging.tally().clone();
    let ledger = totals.snapshot.ledger(&tally, judging.judge());
    let troubles = troubles(totals);
    let unjudged = judging.judge().unjudged();
    judging
        .outputs()
        .record(|eve, out| eve.stats(&ledger, &tally, None, out));
    let (text, discretion, findings) = judging.outputs().text_parts();
    if let Some(text) = text {
        let facts = Facts {
            inputs: names.to_vec(),
            tally: &tally,
            ledger: &ledger,
            findings,
            unjudged,
            rules,
            policy,
            troubles: troubles.clone(),
            stopped: totals.stopped,
        };
        let summary = summary::write(&facts, &mut text.text, discretion);
        judging.outputs().write_text(&summary);
    } else {
        for trouble in &troubles {
            complain(trouble);
        }
    }
    judging.outputs().flush();
    for failure in judging.outputs().failures() {
        complain(failure);
    }
    let broken = totals.inputs.damages().iter().any(|d| !d.tail);
    if broken || totals.failed.is_some() || !judging.outputs().failures().is_empty() {
        Ending::Failed
    } else if args
        .judge
        .fail_on
        .is_some_and(|level| judging.worst_at_least(level.severity()))
    {
        Ending::Findings
    } else {
        Ending::Done
    }
}

/// What went wrong with the inputs, for people.
pub(super) fn troubles<E: Engine>(totals: &Totals<E>) -> Vec<String> {
    let mut out = Vec::new();
    for damage in totals.inputs.damages() {
        out.push(format!("{}: {damage}", totals.inputs.name(damage.file)));
    }
    if let Some(error) = &totals.failed {
        out.push(error.to_string());
    }
    out.extend(setup::decoding_troubles(totals));
    out
}
