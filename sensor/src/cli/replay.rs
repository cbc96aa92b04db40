//! `wardwatch replay`: captures in, findings out.

use std::sync::Arc;
use std::time::Duration;

use super::args::{Checksums, Replay};
use super::beside::{self, About, Beside, Onlooker};
use super::in_force::InForce;
use super::progress::ProgressLine;
use super::setup::{self, Law, Origin};
use super::{Ending, complain, view};
use crate::capture::{Engine, Follow, Inputs, ReadOptions, Speed};
use crate::config::Limits;
use crate::decode::{DecodeOptions, Decoder};
use crate::health::Health;
use crate::output::Outputs;
use crate::output::evidence::Recapture;
use crate::output::summary::{self, Facts};
use crate::pipeline::{Changes, Judging, Lasting, Run, Stop, Totals};

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
    let stop = Stop::default();
    let options = ReadOptions {
        filter: args.filter.clone(),
        count: args.count,
        speed: args.speed.0.map(|factor| Speed {
            factor,
            stop: stop.flag(),
        }),
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
    let line = (!args.beside.tui).then(|| ProgressLine::start(inputs.progress()));
    let from = From {
        names: &names,
        origin: &Origin::Files(&names),
    };
    judge(args, limits, inputs, &from, &stop, || drop(line))
}

/// A ring that grows is read until somebody ends it.
fn follow(args: &Replay, directory: &std::path::Path, limits: &Limits) -> Result<Ending, String> {
    let options = ReadOptions {
        filter: args.filter.clone(),
        count: args.count,
        speed: None,
        limits: limits.sensor.clone(),
    };
    let inputs = Follow::open(directory, &options).map_err(|e| e.to_string())?;
    let names = vec![directory.display().to_string()];
    let origin = Origin::Growing(inputs.names());
    let from = From {
        names: &names,
        origin: &origin,
    };
    judge(args, limits, inputs, &from, &Stop::default(), || ())
}

/// Where the frames come from, as people read it and as the record tells it.
struct From<'a> {
    names: &'a [String],
    origin: &'a Origin<'a>,
}

fn judge<E: Engine>(
    args: &Replay,
    limits: &Limits,
    inputs: E,
    from: &From<'_>,
    stop: &Stop,
    done: impl FnOnce(),
) -> Result<Ending, String> {
    let law = Law::load(&args.judge, limits)?;
    let rule_count = law.rules.rules().count();
    let ruling = law.ruling.clone();
    let register = law.register.clone();
    let judge = law.judge(limits);
    let mut outputs: Outputs = setup::open_outputs(&args.output, from.origin)?;
    outputs.rule_by(&ruling);
    outputs.call_by(register);
    if args.follow.is_some() {
        outputs.tell_at_once();
    }
    let decode = DecodeOptions {
        ignore_checksums: args.checksums == Checksums::None,
        limits: limits.sensor.clone(),
    };
    setup::end_on_signal(stop)?;
    let recapture = recapture(args, limits, &decode);
    let changes = Changes::default();
    let about = About {
        name: match args.read.as_slice() {
            [] => from.names.join(", "),
            [only] => view::short(only),
            many => format!("{} captures", many.len()),
        },
        mode: "REPLAY",
        names: from.names.to_vec(),
        rules: rule_count,
        policy: args.judge.policy.as_deref(),
        output: &args.output,
        limits: &limits.sensor,
        judge: &args.judge,
        in_force: InForce::new(&args.judge, limits),
        changes: changes.clone(),
    };
    let evidence = Box::new(recapture.clone());
    let beside = Beside::open(&args.beside, about, evidence, stop, &mut outputs)?;
    let draws = beside.draws();
    let export = args.beside.screen.evidence.is_some() && !draws;
    if export {
        outputs.keep_all_findings();
    }
    let mut interest = judge.interest();
    if outputs.wants_messages() {
        interest.want_all_fields_of_all();
    }
    let mut judging = Judging::new(judge, outputs);
    judging.health = Health::new(false, args.judge.canary.clone());
    let run = Run {
        inputs,
        decoder: Decoder::new(&decode),
        flow: limits.flow_settings(),
        interest: Arc::new(interest),
        workers: args.workers,
        stop: stop.clone(),
    };
    let totals = beside.run(stop, &mut judging, |judging| {
        if judging.outputs().screen().is_none() {
            return run.to_end(judging);
        }
        let totals = run.attended(
            judging,
            Lasting {
                attendant: &mut Onlooker,
                every: Duration::from_millis(500),
                changes,
                ring: None,
                mirror: None,
            },
        );
        beside::tell(&totals.snapshot, &troubles(&totals), judging);
        totals
    })?;
    done();
    let policy = args.judge.policy.as_ref().map(|p| p.display().to_string());
    let ending = report(args, from.names, rule_count, policy, &totals, &mut judging);
    if export {
        beside::export_all(&recapture, &mut judging, from.names, args.output.utc)?;
    }
    Ok(ending)
}

/// The captures, to be read again for evidence.
fn recapture(args: &Replay, limits: &Limits, decode: &DecodeOptions) -> Recapture {
    Recapture {
        paths: match &args.follow {
            Some(directory) => vec![directory.clone()],
            None => args.read.clone(),
        },
        options: ReadOptions {
            filter: args.filter.clone(),
            count: args.count,
            speed: None,
            limits: limits.sensor.clone(),
        },
        decode: decode.clone(),
        folder: view::folder(&args.beside.screen),
        limits: limits.sensor.clone(),
        by_time: args.follow.is_some(),
    }
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
