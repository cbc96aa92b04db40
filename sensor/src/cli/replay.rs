//! `wardwatch replay`: captures in, findings out.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use rules::engine::Judge;
use rules::finding::Severity;
use rules::policy::Policy;
use rules::privacy::Pseudonyms;

use super::args::{Checksums, Level, OutputArgs, Replay};
use super::progress::ProgressLine;
use super::{Ending, complain, rulebook};
use crate::capture::{Inputs, ReadOptions};
use crate::decode::{DecodeOptions, Decoder};
use crate::flow::Settings;
use crate::ledger::{Account, Ledger};
use crate::output::clock::Clock;
use crate::output::discretion::Discretion;
use crate::output::eve::Eve;
use crate::output::paint::Paint;
use crate::output::summary::{self, Facts};
use crate::output::text::Text;
use crate::output::{EveOutput, Outputs, TextOutput};
use crate::pipeline::{Judging, Run, Stop, Totals};

/// Reads, judges, reports.
pub fn run(args: &Replay) -> Ending {
    if args.read.is_empty() {
        complain("no capture named: `wardwatch -r FILE` reads one (see `wardwatch --help`)");
        return Ending::Usage;
    }
    match replay(args) {
        Ok(ending) => ending,
        Err(message) => {
            complain(message);
            Ending::Failed
        }
    }
}

fn replay(args: &Replay) -> Result<Ending, String> {
    let rules = rulebook::load(&args.judge.rules)?;
    let rule_count = rules.rules().count();
    let policy = args.judge.policy.as_deref().map(load_policy).transpose()?;
    let mut judge = Judge::new(rules, policy, rules::engine::Settings::default());
    let register = args
        .judge
        .names
        .as_deref()
        .map(super::names::load)
        .transpose()?;
    let register = register.map(std::sync::Arc::new);
    if let Some(register) = &register {
        judge.call_by(std::sync::Arc::clone(register));
    }
    let options = ReadOptions {
        filter: args.filter.clone(),
        count: args.count,
        ..Default::default()
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
    let mut outputs = open_outputs(&args.output, &names)?;
    outputs.call_by(register);
    let mut interest = judge.interest();
    if outputs.wants_messages() {
        interest.want_all_fields_of_all();
    }
    let decode = DecodeOptions {
        ignore_checksums: args.checksums == Checksums::None,
        ..Default::default()
    };
    let stop = Stop::default();
    end_on_signal(&stop)?;
    let line = ProgressLine::start(inputs.progress());
    let mut judging = Judging::new(judge, outputs);
    let totals = Run {
        inputs,
        decoder: Decoder::new(&decode),
        flow: Settings::default(),
        interest: std::sync::Arc::new(interest),
        workers: args.workers,
        stop,
    }
    .to_end(&mut judging);
    drop(line);
    let policy = args.judge.policy.as_ref().map(|p| p.display().to_string());
    Ok(report(
        args,
        &names,
        rule_count,
        policy,
        &totals,
        &mut judging,
    ))
}

fn report(
    args: &Replay,
    names: &[String],
    rules: usize,
    policy: Option<String>,
    totals: &Totals,
    judging: &mut Judging,
) -> Ending {
    let ledger = ledger(totals, judging);
    let troubles = troubles(totals);
    let tally = judging.tally().clone();
    let unjudged = judging.judge().unjudged();
    judging
        .outputs()
        .record(|eve, out| eve.stats(&ledger, &tally, out));
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
pub(super) fn troubles(totals: &Totals) -> Vec<String> {
    let mut out = Vec::new();
    for damage in totals.inputs.damages() {
        out.push(format!("{}: {damage}", totals.inputs.name(damage.file)));
    }
    if let Some(error) = &totals.failed {
        out.push(error.to_string());
    }
    for (link, frames) in totals.decoder.unsupported_links() {
        out.push(format!(
            "{frames} frames of {link} cannot be decoded; capture on an Ethernet interface instead"
        ));
    }
    let mut hosts: Vec<_> = totals.decoder.bad_checksum_hosts().collect();
    hosts.sort_by_key(|(host, n)| (std::cmp::Reverse(*n), *host));
    for (host, n) in hosts.iter().take(5) {
        let ip = std::net::Ipv6Addr::from(*host).to_canonical();
        out.push(format!(
            "{n} frames from {ip} have a wrong checksum and were left out; `-k none` decodes them"
        ));
    }
    out
}

/// Puts the counters of all parts together.
fn ledger(totals: &Totals, judging: &Judging) -> Ledger {
    let decode = totals.decoder.counts();
    let notes = totals.decoder.notes();
    let capture = totals.inputs.counts();
    let frames = capture.each().chain(std::iter::empty()).collect::<Vec<_>>();
    let mut reasons: Vec<(&'static str, u64)> = decode.each().collect();
    reasons.extend(frames.iter().filter(|(name, _)| *name != "delivered"));
    let limits = dissectors::limits::ALL
        .iter()
        .zip(&judging.tally().limit_hits)
        .map(|(limit, hits)| (limit.name, *hits))
        .collect();
    Ledger {
        accounts: vec![
            Account::new("frames", capture.total(), reasons.into_iter()),
            Account::new(
                "bytes",
                notes.tcp_bytes + notes.udp_bytes + notes.link_bytes + notes.icmp_bytes,
                totals.flows.bytes.each(),
            ),
        ],
        beside: vec![
            ("headers", notes.each().collect()),
            ("tunnels", totals.decoder.tunnels().each().collect()),
            ("conversations", totals.flows.events.each().collect()),
            (
                "lost before capture",
                vec![(
                    "drops told by the capturing program",
                    totals.inputs.dropped(),
                )],
            ),
            ("limits", limits),
        ],
    }
}

pub(super) fn load_policy(path: &Path) -> Result<Policy, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let policy = Policy::load(&path.display().to_string(), &text)
        .map_err(|e| format!("the policy has mistakes\n\n{e}"))?;
    if !policy.warnings().is_empty() {
        eprintln!("{}", policy.warnings());
    }
    Ok(policy)
}

fn open_outputs(args: &OutputArgs, names: &[String]) -> Result<Outputs, String> {
    let key = pseudonym_key(args.pseudonym_key.as_deref())?;
    let discretion = Discretion::new(Pseudonyms::new(&key), args.show_patient_data);
    let eve = |name: String, to: Box<dyn Write + Send>| EveOutput {
        eve: Eve::new(Clock::new(args.utc), names.to_vec(), args.offsets),
        to,
        name,
    };
    let mut list = Vec::new();
    if let Some(path) = &args.eve {
        let file =
            File::create(path).map_err(|e| format!("cannot write to {}: {e}", path.display()))?;
        list.push(eve(
            path.display().to_string(),
            Box::new(BufWriter::with_capacity(1 << 20, file)),
        ));
    }
    let stdout = || Box::new(BufWriter::with_capacity(1 << 16, io::stdout()));
    let text = if args.json_on_stdout() {
        list.push(eve("standard output".into(), stdout()));
        None
    } else {
        let text = Text::new(Clock::new(args.utc), Paint::for_stdout(), names.to_vec());
        Some(TextOutput {
            text,
            to: stdout(),
            messages: args.messages,
        })
    };
    Ok(Outputs::new(list, text, discretion))
}

/// The key of the pseudonyms: a file of 32 bytes, or fresh and never written.
pub(super) fn pseudonym_key(path: Option<&Path>) -> Result<[u8; 32], String> {
    let mut key = [0; 32];
    let Some(path) = path else {
        let mut random =
            File::open("/dev/urandom").map_err(|e| format!("no source of random bytes: {e}"))?;
        random
            .read_exact(&mut key)
            .map_err(|e| format!("no source of random bytes: {e}"))?;
        return Ok(key);
    };
    let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    key = bytes.try_into().map_err(|bytes: Vec<u8>| {
        format!(
            "{}: a pseudonym key has 32 bytes, this file has {}; make one with `head -c 32 /dev/urandom`",
            path.display(),
            bytes.len()
        )
    })?;
    Ok(key)
}

/// SIGINT and SIGTERM end the run in order; a second one ends it at once.
pub(super) fn end_on_signal(stop: &Stop) -> Result<(), String> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, 130, stop.flag())
            .and_then(|_| signal_hook::flag::register(signal, stop.flag()))
            .map_err(|e| format!("cannot listen for signals: {e}"))?;
    }
    Ok(())
}

impl Level {
    fn severity(self) -> Severity {
        match self {
            Level::Critical => Severity::Critical,
            Level::High => Severity::High,
            Level::Medium => Severity::Medium,
            Level::Low => Severity::Low,
            Level::Info => Severity::Info,
        }
    }
}
