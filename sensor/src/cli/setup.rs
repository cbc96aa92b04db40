//! What several commands need before they run: rules, policy, outputs, signals.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use rules::baseline::Baseline;
use rules::engine::Judge;
use rules::exceptions::{Exceptions, Known};
use rules::finding::Severity;
use rules::inventory::Register;
use rules::language::ruleset::{RuleSet, Source};
use rules::policy::Policy;
use rules::privacy::Pseudonyms;

use super::args::{Back, JudgeArgs, Level, OutputArgs};
use super::{complain, rulebook};
use crate::capture::FileNames;
use crate::config::Limits;
use crate::output::clock::Clock;
use crate::output::discretion::Discretion;
use crate::output::eve::Eve;
use crate::output::paint::Paint;
use crate::output::ruling::Ruling;
use crate::output::text::Text;
use crate::output::{EveOutput, Outputs, TextOutput};
use crate::pipeline::{Stop, Totals};
use crate::view::clerk::Pending;

/// Rules and policy, loaded and checked, with the hash that names them.
pub struct Law {
    pub rules: RuleSet,
    pub policy: Option<Policy>,
    pub exceptions: Exceptions,
    pub baseline: Option<Baseline>,
    pub ruling: Ruling,
    /// What the site calls its devices.
    pub register: Option<Arc<Register>>,
}

impl Law {
    /// All mistakes are told at once.
    pub fn load(args: &JudgeArgs, limits: &Limits) -> Result<Law, String> {
        Law::with(args, limits, &Pending::default())
    }

    /// The same with entries that are not in the files of additions yet.
    pub fn with(args: &JudgeArgs, limits: &Limits, pending: &Pending) -> Result<Law, String> {
        let sources = rulebook::all_sources(&args.rules)?;
        let rules = rulebook::load_sources(&sources, &limits.judge);
        let policy = args
            .policy
            .as_deref()
            .map(|path| read_policy(path, args.policy_additions.as_deref(), &pending.grants))
            .transpose();
        let register = args.names.as_deref().map(super::names::load).transpose()?;
        match (rules, policy) {
            (Ok(rules), Ok(policy)) => {
                let (policy, text) = policy.map_or((None, None), |(p, t)| (Some(p), Some(t)));
                let (exceptions, files) =
                    load_exceptions(args, &pending.exceptions, &rules, policy.as_ref())?;
                let baseline = baseline(args, policy.as_ref(), limits)?;
                Ok(Law {
                    rules,
                    baseline,
                    register: register.map(Arc::new),
                    ruling: Ruling::of(&sources, text.as_deref()).excepting(&files),
                    policy,
                    exceptions,
                })
            }
            (Err(one), Err(other)) => Err(format!("{one}\n{other}")),
            (Err(one), _) | (_, Err(one)) => Err(one),
        }
    }

    pub fn judge(self, limits: &Limits) -> Judge {
        let settings = rules::engine::Settings {
            limits: limits.judge.clone(),
        };
        let mut judge = Judge::new(self.rules, self.policy, settings);
        judge.call_by(self.register);
        if let Some(baseline) = self.baseline {
            judge.know_behaviour(baseline);
        }
        judge.except(self.exceptions, &mut |_| {});
        judge
    }
}

/// How devices usually behave: as learned, or to be learned. Hours are those of the policy's zone.
fn baseline(
    args: &JudgeArgs,
    policy: Option<&Policy>,
    limits: &Limits,
) -> Result<Option<Baseline>, String> {
    let zone = policy.map_or(TimeZone::UTC, |p| p.zone().clone());
    let Some(path) = &args.baseline else {
        let learn = |time: Back| Baseline::learning(time.0, zone, &limits.judge);
        return Ok(args.learn_for.map(learn));
    };
    let told = |why: String| format!("{}: {why}", path.display());
    let text = std::fs::read(path).map_err(|e| told(e.to_string()))?;
    let value =
        serde_json::from_slice(&text).map_err(|e| told(format!("this is no baseline ({e})")))?;
    Baseline::of(&value, zone, &limits.judge)
        .map(Some)
        .map_err(told)
}

/// Exceptions, windows and thresholds, with the texts that they were read from. What has lapsed is
/// told.
fn load_exceptions(
    args: &JudgeArgs,
    entry: &str,
    rules: &RuleSet,
    policy: Option<&Policy>,
) -> Result<(Exceptions, Vec<Source>), String> {
    let mut files = rulebook::sources_of(&args.exceptions)?;
    let text = added(args.exception_additions.as_deref(), entry)?;
    if !text.trim().is_empty() {
        let name = added_by(args.exception_additions.as_deref());
        files.push(Source { name, text });
    }
    let mut ids: Vec<&str> = rules.rules().map(|r| r.id.as_str()).collect();
    ids.extend(rules::baseline::rules().map(|r| r.id.as_str()));
    let known = Known {
        rules: &ids,
        policy,
        now: Some(wall_time()),
    };
    let exceptions = Exceptions::load(&files, &known)
        .map_err(|report| format!("the exceptions have mistakes\n\n{report}"))?;
    if !exceptions.warnings().is_empty() {
        complain(exceptions.warnings());
    }
    Ok((exceptions, files))
}

/// Nanoseconds since 1970, now.
pub fn wall_time() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |t| i64::try_from(t.as_nanos()).unwrap_or(i64::MAX))
}

/// A policy, loaded and checked.
pub fn load_policy(path: &Path) -> Result<Policy, String> {
    read_policy(path, None, "").map(|(policy, _)| policy)
}

/// What a file of additions holds, and an entry more.
fn added(additions: Option<&Path>, entry: &str) -> Result<String, String> {
    let mut added = match additions.map(|path| (path, std::fs::read_to_string(path))) {
        Some((_, Ok(added))) => added,
        Some((path, Err(e))) if e.kind() != io::ErrorKind::NotFound => {
            return Err(format!("{}: {e}", path.display()));
        }
        _ => String::new(),
    };
    added.push_str(entry);
    Ok(added)
}

fn added_by(additions: Option<&Path>) -> String {
    additions.map_or("written at a screen".into(), |p| p.display().to_string())
}

/// A policy and what was added to it, with their text, whose hash names it.
pub fn read_policy(
    path: &Path,
    additions: Option<&Path>,
    entry: &str,
) -> Result<(Policy, String), String> {
    let told = |path: &Path, e: io::Error| format!("{}: {e}", path.display());
    let mut text = std::fs::read_to_string(path).map_err(|e| told(path, e))?;
    let added = added(additions, entry)?;
    let added_by = added_by(additions);
    let policy = Policy::load_with(
        &path.display().to_string(),
        &text,
        (!added.is_empty()).then_some((added_by.as_str(), added.as_str())),
    )
    .map_err(|e| format!("the policy has mistakes\n\n{e}"))?;
    text.push_str(&added);
    if !policy.warnings().is_empty() {
        eprintln!("{}", policy.warnings());
    }
    Ok((policy, text))
}

/// What records say of where their frames come from.
pub enum Origin<'a> {
    /// These files.
    Files(&'a [String]),
    /// Files that become known as they are read.
    Growing(FileNames),
    /// These interfaces.
    Interfaces(&'a [String]),
}

/// Opens what is written to.
pub fn open_outputs(args: &OutputArgs, origin: &Origin<'_>) -> Result<Outputs, String> {
    let names = match origin {
        Origin::Files(names) | Origin::Interfaces(names) => names,
        Origin::Growing(_) => &[][..],
    };
    let live = matches!(origin, Origin::Interfaces(_));
    let key = pseudonym_key(args.pseudonym_key.as_deref())?;
    let discretion = Discretion::new(Pseudonyms::new(&key), args.show_patient_data);
    let eve = |name: String, to: Box<dyn Write + Send>| {
        let eve = Eve::new(Clock::new(args.utc), names.to_vec(), args.offsets);
        EveOutput {
            eve: match origin {
                Origin::Files(_) => eve,
                Origin::Growing(names) => eve.on_growing(names.clone()),
                Origin::Interfaces(_) => eve.on_interfaces(),
            },
            to,
            name,
        }
    };
    let mut list = Vec::new();
    if let Some(path) = &args.eve {
        // A sensor that starts again goes on where it was; a replay says everything anew.
        let opened = if live {
            File::options().append(true).create(true).open(path)
        } else {
            File::create(path)
        };
        let file = opened.map_err(|e| format!("cannot write to {}: {e}", path.display()))?;
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
pub fn pseudonym_key(path: Option<&Path>) -> Result<[u8; 32], String> {
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
pub fn end_on_signal(stop: &Stop) -> Result<(), String> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, 130, stop.flag())
            .and_then(|_| signal_hook::flag::register(signal, stop.flag()))
            .map_err(|e| format!("cannot listen for signals: {e}"))?;
    }
    Ok(())
}

/// What the decoder could not make sense of, for people.
pub fn decoding_troubles<E>(totals: &Totals<E>) -> Vec<String> {
    let mut out = Vec::new();
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

impl Level {
    pub fn severity(self) -> Severity {
        match self {
            Level::Critical => Severity::Critical,
            Level::High => Severity::High,
            Level::Medium => Severity::Medium,
            Level::Low => Severity::Low,
            Level::Info => Severity::Info,
        }
    }
}
