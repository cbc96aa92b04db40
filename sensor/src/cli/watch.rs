//! `wardwatch watch`: interfaces in, findings out, until somebody ends it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tui::evidence::{EvidenceSource, NoEvidence};

use super::args::{Checksums, PortArgs, Watch};
use super::beside::{self, About, Beside};
use super::in_force::InForce;
use super::reload::{Reloader, Reloads};
use super::service::Service;
use super::setup::{self, Law, Origin};
use super::{Ending, complain, view};
use crate::capture::live::{Live, LiveOptions};
use crate::capture::{Port, ReadOptions, Ring, RingInterface, RingLimits};
use crate::config::{CommandLine, Limits};
use crate::decode::{DecodeOptions, Decoder};
use crate::health::{Health, Trouble};
use crate::output::evidence::Recapture;
use crate::output::stats::Standing;
use crate::output::summary::{self, Facts};
use crate::pipeline::{Attendant, Changes, Judging, Lasting, Run, Snapshot, Stop, Totals};
use crate::privileges::{self, Needs};
use crate::span::{Mirror, Switch, Verdict, Window};
use crate::store::{self, Kept, Store};
use rules::Restored;

/// Opens, gives privileges up, watches, reports.
pub fn run(args: &Watch, limits: &Limits, line: &CommandLine) -> Ending {
    if args.port.interface.is_empty() {
        complain("no interface named: `-i IFACE` (`wardwatch interfaces` lists them)");
        return Ending::Usage;
    }
    watch(args, limits, line).unwrap_or_else(|message| {
        complain(message);
        Ending::Failed
    })
}

/// What to capture, as the flags say.
pub fn live_options(args: &PortArgs, count: Option<u64>) -> LiveOptions {
    LiveOptions {
        interfaces: args.interface.clone(),
        filter: args.filter.clone(),
        count,
        snap: args.snaplen,
        ring: usize::try_from(args.buffer * 1024 * 1024).unwrap_or(usize::MAX),
        promiscuous: !args.no_promiscuous,
        wait: Duration::from_millis(args.merge_wait),
    }
}

fn watch(typed: &Watch, limits: &Limits, line: &CommandLine) -> Result<Ending, String> {
    let mut args = typed.clone();
    if let Some(state) = &args.state {
        // What people said of findings stands as long as the findings do.
        let marks = &mut args.beside.screen.marks;
        marks.get_or_insert_with(|| state.join(store::MARKS));
    }
    let args = &args;
    let standing = args
        .state
        .as_deref()
        .map(|dir| open_store(dir, &args.privileges.user))
        .transpose()?;
    let law = Law::load(&args.judge, limits)?;
    let rule_count = law.rules.rules().count();
    let ruling = law.ruling.clone();
    let register = law.register.clone();
    let judge = law.judge(limits);
    let live = Live::open(&live_options(&args.port, args.count)).map_err(|e| e.to_string())?;
    let names = live.names();
    let mut outputs = setup::open_outputs(&args.output, &Origin::Interfaces(&names))?;
    outputs.rule_by(&ruling);
    outputs.call_by(register);
    outputs.tell_at_once();
    let stop = Stop::default();
    let changes = Changes::default();
    let in_force = InForce::new(&args.judge, limits);
    let about = About {
        name: names.join(" and "),
        mode: "LIVE",
        names: names.clone(),
        rules: rule_count,
        policy: args.judge.policy.as_deref(),
        output: &args.output,
        limits: &limits.sensor,
        judge: &args.judge,
        in_force: in_force.clone(),
        changes: changes.clone(),
    };
    let beside = Beside::open(
        &args.beside,
        about,
        evidence(args, limits),
        &stop,
        &mut outputs,
    )?;
    let mut interest = judge.interest();
    let all_fields = outputs.wants_messages();
    if all_fields {
        interest.want_all_fields_of_all();
    }
    let mut service = Service::of_environment();
    setup::end_on_signal(&stop)?;
    let hang_up = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGHUP, Arc::clone(&hang_up))
        .map_err(|e| format!("cannot listen for signals: {e}"))?;

    announce(args, &live);
    if let Some(directory) = &args.write {
        privileges::prepare(directory, &args.privileges.user)
            .map_err(|e| format!("{}: {e}", directory.display()))?;
    }
    for measure in privileges::give_up(&needs(args, &live)) {
        eprintln!("wardwatch: {measure}");
    }
    let ring = args
        .write
        .as_deref()
        .map(|directory| open_ring(args, directory, &live))
        .transpose()?;

    let reloads = Arc::new(Reloads::new(args.stats_every));
    let ended = Arc::new(AtomicBool::new(false));
    let reloader = Reloader {
        line: line.clone(),
        settings: line.settings(),
        in_force,
        all_fields,
        changes: changes.clone(),
        reloads: Arc::clone(&reloads),
    };
    let listening = {
        let ended = Arc::clone(&ended);
        std::thread::Builder::new()
            .name("reload".into())
            .spawn(move || reloader.listen(&hang_up, &ended))
            .map_err(|e| format!("no thread: {e}"))?
    };

    service.tell("READY=1");
    let mirror = Mirror::new(own_addresses(&names));
    let mut keeper = Watchkeeper {
        service,
        began: Instant::now(),
        last_stats: Instant::now(),
        ports: live_ports(&names),
        window: Window::new(),
        switch: mirror.switch(),
        verdict: None,
        good: false,
        told_early: false,
        reloads: Arc::clone(&reloads),
        store: None,
        kept_last: Instant::now(),
        failures_told: 0,
    };
    let decode = DecodeOptions {
        ignore_checksums: args.checksums == Checksums::None,
        limits: limits.sensor.clone(),
    };
    let mut judging = Judging::new(judge, outputs);
    judging.health = Health::new(true, args.judge.canary.clone());
    if let Some((store, kept)) = standing {
        let restored = judging.stand(kept.as_ref(), store.blind(), &ruling.policy);
        tell_restart(&store, &restored);
        keeper.store = Some(store);
    }
    let run = Run {
        inputs: live,
        decoder: Decoder::new(&decode),
        flow: limits.flow_settings(),
        interest: Arc::new(interest),
        workers: args.workers,
        stop: stop.clone(),
    };
    let totals = beside.run(&stop, &mut judging, |judging| {
        let totals = run.attended(
            judging,
            Lasting {
                attendant: &mut keeper,
                every: Duration::from_secs(1),
                changes,
                ring,
                mirror: Some(mirror),
            },
        );
        beside::tell(&totals.snapshot, &[], judging);
        totals
    })?;
    keeper.keep(&totals.snapshot, &mut judging);
    if let Some(Err(why)) = keeper.store.take().map(Store::close) {
        complain(why);
    }
    keeper.service.tell("STOPPING=1");
    ended.store(true, Ordering::Relaxed);
    let _ = listening.join();
    Ok(report(
        args,
        &names,
        rule_count,
        &totals,
        &mut judging,
        &keeper,
    ))
}

/// Opens the state directory, before privileges are given up. What is damaged in it is told.
fn open_store(dir: &Path, user: &str) -> Result<(Store, Option<Kept>), String> {
    privileges::prepare(dir, user).map_err(|e| format!("{}: {e}", dir.display()))?;
    let (store, kept, trouble) = Store::open(dir, setup::wall_time())?;
    if let Some(trouble) = trouble {
        complain(trouble);
    }
    Ok((store, kept))
}

fn tell_restart(store: &Store, restored: &Restored) {
    let Some(blind) = store.blind() else { return };
    complain(format!(
        "going on after {} s in which nobody watched: {} devices, {} open findings, the memory of {} rules",
        blind.to.saturating_sub(blind.from).max(0) / 1_000_000_000,
        restored.assets,
        restored.findings,
        restored.rules
    ));
    for why in &restored.aside {
        complain(format!("left aside: {why}"));
    }
}

/// Live frames are gone once they were judged; the ring has them, if one is kept.
fn evidence(args: &Watch, limits: &Limits) -> Box<dyn EvidenceSource> {
    match &args.write {
        Some(directory) => Box::new(Recapture {
            paths: vec![directory.clone()],
            options: ReadOptions {
                limits: limits.sensor.clone(),
                ..ReadOptions::default()
            },
            decode: DecodeOptions {
                ignore_checksums: args.checksums == Checksums::None,
                limits: limits.sensor.clone(),
            },
            folder: view::folder(&args.beside.screen),
            limits: limits.sensor.clone(),
            by_time: true,
        }),
        None => Box::new(NoEvidence(
            "live frames are not kept: `-w DIR` keeps them, for bytes and evidence",
        )),
    }
}

fn announce(args: &Watch, live: &Live) {
    let mode = if args.port.no_promiscuous {
        "frames for this machine only"
    } else {
        "promiscuous"
    };
    eprintln!(
        "wardwatch: watching {} ({mode}, ring {} MiB each); it never sends",
        live.names().join(" and "),
        args.port.buffer
    );
    for trouble in live.undecoded() {
        complain(trouble);
    }
}

fn needs(args: &Watch, live: &Live) -> Needs {
    let read = args
        .config
        .config
        .iter()
        .chain(&args.judge.policy)
        .chain(&args.judge.policy_additions)
        .chain(&args.judge.names)
        .chain(&args.judge.rules)
        .chain(&args.judge.exceptions)
        .chain(&args.judge.exception_additions)
        .chain(&args.judge.baseline);
    Needs {
        user: args.privileges.user.clone(),
        capture: args.privileges.keep_capture,
        read: read.cloned().collect(),
        write: args
            .write
            .iter()
            .chain(&args.beside.screen.evidence)
            .chain(&args.state)
            .cloned()
            .collect(),
        network: false,
        captures: live.descriptors(),
        no_sandbox: args.privileges.no_sandbox,
    }
}

fn open_ring(args: &Watch, directory: &Path, live: &Live) -> Result<Ring, String> {
    const MIB: u64 = 1024 * 1024;
    let limits = RingLimits {
        file: args.write_file.saturating_mul(MIB),
        age: Duration::from_secs(args.write_age),
        total: args.write_total.saturating_mul(MIB),
        files: args.write_files,
    };
    let interfaces = live.links().map(|(name, link)| RingInterface {
        name: name.to_owned(),
        link,
        snap: args.port.snaplen,
    });
    Ring::open(directory, limits, interfaces.collect()).map_err(|e| {
        format!(
            "cannot write to {}: {e} (after privileges were given up; the directory must belong to the user \
             that `--user` names)",
            directory.display()
        )
    })
}

/// Hardware addresses of the interfaces themselves, where the system tells.
pub fn own_addresses(names: &[String]) -> Vec<[u8; 6]> {
    names
        .iter()
        .filter_map(|name| {
            let text = std::fs::read_to_string(format!("/sys/class/net/{name}/address")).ok()?;
            let mut mac = [0; 6];
            let mut parts = text.trim().split(':');
            for byte in &mut mac {
                *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
            }
            Some(mac).filter(|m| *m != [0; 6])
        })
        .collect()
}

fn live_ports(names: &[String]) -> Vec<Port> {
    names
        .iter()
        .map(|name| Port {
            name: name.clone(),
            up: true,
            ..Port::default()
        })
        .collect()
}

/// Looks on: troubles to people, statistics to outputs, signs of life to the service manager.
struct Watchkeeper {
    service: Service,
    began: Instant,
    last_stats: Instant,
    /// As told last.
    ports: Vec<Port>,
    window: Window,
    switch: Switch,
    verdict: Option<Verdict>,
    good: bool,
    told_early: bool,
    reloads: Arc<Reloads>,
    store: Option<Store>,
    kept_last: Instant,
    failures_told: usize,
}

impl Attendant for Watchkeeper {
    fn counts(&mut self, snapshot: &Snapshot, judging: &mut Judging) {
        self.service.alive();
        for why in std::mem::take(&mut *self.reloads.why()) {
            judging.health.note(Trouble::Refused(why));
        }
        let failing: Vec<_> = judging.outputs().failures().to_vec();
        for why in failing.into_iter().skip(self.failures_told) {
            self.failures_told += 1;
            judging.health.note(Trouble::Output("output".into(), why));
        }
        self.tell_ports(&snapshot.reader.ports);
        beside::tell_stages(judging);
        beside::tell(snapshot, &[], judging);
        self.look_at_mirror(snapshot, judging);
        if self.kept_last.elapsed() >= KEPT_EVERY {
            self.keep(snapshot, judging);
        }
        if self.last_stats.elapsed() + Duration::from_secs(1) >= self.reloads.stats_every() {
            self.last_stats = Instant::now();
            self.stats(snapshot, judging);
        }
    }

    fn changed(&mut self, judging: &mut Judging) {
        self.reloads.done.fetch_add(1, Ordering::Relaxed);
        complain(format!("reloaded: {}", judging.outputs().ruling_words()));
    }
}

/// How often what stands between runs is written.
const KEPT_EVERY: Duration = Duration::from_secs(60);

impl Watchkeeper {
    /// What stands between runs goes to the disk.
    fn keep(&mut self, snapshot: &Snapshot, judging: &mut Judging) {
        self.kept_last = Instant::now();
        let Some(store) = &self.store else { return };
        if let Some(trouble) = store.trouble() {
            complain(trouble);
        }
        let ruling = judging.outputs().ruling().clone();
        let lost = snapshot.reader.losses.total();
        store.keep(judging, &ruling, lost, setup::wall_time());
    }

    fn stats(&self, snapshot: &Snapshot, judging: &mut Judging) {
        let tally = judging.tally().clone();
        let ledger = snapshot.ledger(&tally, judging.judge());
        let standing = self.standing(snapshot, judging);
        judging
            .outputs()
            .record(|eve, out| eve.stats(&ledger, &tally, Some(&standing), out));
        judging.outputs().flush();
    }

    fn standing(&self, snapshot: &Snapshot, judging: &Judging) -> Standing {
        Standing {
            latency: judging.latencies.stages().collect(),
            uptime_seconds: self.began.elapsed().as_secs(),
            ports: snapshot.reader.ports.clone(),
            mirror: self.verdict.clone(),
            reloads: [&self.reloads.done, &self.reloads.failed].map(|n| n.load(Ordering::Relaxed)),
            conversations: snapshot.work.conversations,
            held_bytes: snapshot.work.held,
        }
    }

    fn tell_ports(&mut self, now: &[Port]) {
        for (old, new) in self.ports.iter_mut().zip(now) {
            if old.up && !new.up {
                complain(format!("{}: {}; waiting for it", new.name, new.trouble));
            } else if !new.up && old.trouble != new.trouble {
                complain(format!("{}: {}", new.name, new.trouble));
            } else if new.up && (!old.up || new.returns > old.returns) {
                complain(format!("{}: captured on again", new.name));
            }
            let lost = new.losses.total() - old.losses.total();
            if lost > 0 {
                complain(format!(
                    "{}: {lost} frames lost within a second: the machine is too slow or the ring too small (`--buffer`)",
                    new.name
                ));
            }
            *old = new.clone();
        }
    }

    /// Shows what is wrong with the mirror until nothing is.
    fn look_at_mirror(&mut self, snapshot: &Snapshot, judging: &Judging) {
        const SOON: Duration = Duration::from_secs(10);
        const WHOLE: Duration = Duration::from_secs(60);
        if self.good {
            return;
        }
        let age = self.window.age();
        if age < SOON {
            return;
        }
        let Some(verdict) = self.window.judge(snapshot, judging.tally()) else {
            return;
        };
        if verdict.is_good() && !verdict.is_quiet() {
            self.good = true;
            self.switch.off();
            complain(verdict.words().trim_end());
        } else if age >= WHOLE || (!self.told_early && !verdict.is_quiet()) {
            self.told_early = true;
            complain(verdict.words().trim_end());
        }
        if age >= WHOLE && !self.good {
            self.switch.again();
            self.window.again(snapshot, judging.tally());
        }
        self.verdict = Some(verdict);
    }
}

fn report(
    args: &Watch,
    names: &[String],
    rules: usize,
    totals: &Totals<Live>,
    judging: &mut Judging,
    keeper: &Watchkeeper,
) -> Ending {
    let tally = judging.tally().clone();
    let ledger = totals.snapshot.ledger(&tally, judging.judge());
    let standing = keeper.standing(&totals.snapshot, judging);
    judging
        .outputs()
        .record(|eve, out| eve.stats(&ledger, &tally, Some(&standing), out));
    let mut troubles = setup::decoding_troubles(totals);
    if let Some(error) = &totals.failed {
        troubles.push(error.to_string());
    }
    let unjudged = judging.judge().unjudged();
    let policy: Option<&PathBuf> = args.judge.policy.as_ref();
    let (text, discretion, _) = judging.outputs().text_parts();
    if let Some(text) = text {
        let facts = Facts {
            inputs: names.to_vec(),
            tally: &tally,
            ledger: &ledger,
            // They were told when they came.
            findings: &[],
            unjudged,
            rules,
            policy: policy.map(|p| p.display().to_string()),
            troubles,
            stopped: false,
        };
        let summary = summary::live(&facts, &mut text.text, discretion);
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
    if totals.failed.is_some() || !judging.outputs().failures().is_empty() {
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
