//! Screens beside a command that works: drawn here, served through a socket, or both.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use crossbeam_channel::unbounded;
use rules::privacy::Pseudonyms;
use tui::app::App;
use tui::evidence::{Case, EvidenceSource};
use tui::feed::{Feed, Stats};
use tui::state::{Entry, Source};
use tui::when::When;

use super::args::{BesideArgs, JudgeArgs, OutputArgs};
use super::in_force::InForce;
use super::{ASIDE, complain, setup, view};
use crate::limits::Limits;
use crate::output::Outputs;
use crate::output::clock::Clock;
use crate::output::discretion::Discretion;
use crate::output::eve::Eve;
use crate::output::evidence::Recapture;
use crate::output::screen::Screen;
use crate::pipeline::{Attendant, Changes, Judging, Snapshot, Stop};
use crate::view::Lines;
use crate::view::clerk::{Additions, Clerk, Files};
use crate::view::server::{Bound, Greeting};

/// What the screens are told of the command.
pub struct About<'a> {
    /// Interface or file, for people.
    pub name: String,
    pub mode: &'static str,
    /// Of the files or interfaces, for records.
    pub names: Vec<String>,
    pub rules: usize,
    pub policy: Option<&'a Path>,
    pub output: &'a OutputArgs,
    pub limits: &'a Limits,
    pub judge: &'a JudgeArgs,
    /// What proposals are checked with.
    pub in_force: InForce,
    /// Where what is written at the screens comes into force.
    pub changes: Changes,
}

/// What draws here, and what serves viewers elsewhere, as far as they are asked for.
#[derive(Default)]
pub struct Beside {
    app: Option<App>,
    bound: Option<Bound>,
}

impl Beside {
    /// Opens what is asked for; nothing is drawn or served yet.
    pub fn open(
        args: &BesideArgs,
        about: About<'_>,
        evidence: Box<dyn EvidenceSource>,
        stop: &Stop,
        outputs: &mut Outputs,
    ) -> Result<Self, String> {
        if !args.tui && args.socket.is_none() {
            return Ok(Beside::default());
        }
        if args.tui {
            view::terminal("--tui")?;
            if about.output.json_on_stdout() || about.output.messages {
                return Err(
                    "--tui and --json both want standard output; use -o FILE for JSON".into(),
                );
            }
            outputs.silence_text();
        }
        let policy = about
            .policy
            .map(setup::load_policy)
            .transpose()?
            .map(Arc::new);
        let stats = Stats {
            rules: about.rules,
            policy: about.policy.map(view::short),
            ..Stats::default()
        };
        let (marks, kept) = view::marks(&args.screen)?;
        let marks_kept = marks.is_some();
        let (mut feed, mailbox) = Feed::new(policy.clone());
        let (requests, asked) = unbounded();
        let bound = match &args.socket {
            Some(path) => {
                let key = setup::pseudonym_key(about.output.pseudonym_key.as_deref())?;
                let reveal = about.output.show_patient_data;
                let lines = Lines::new(
                    Eve::new(Clock::new(about.output.utc), about.names, true),
                    Discretion::new(Pseudonyms::new(&key), reveal),
                );
                let greeting = Greeting {
                    source: about.name.clone(),
                    mode: about.mode,
                    marks_kept,
                    pseudonyms: !reveal,
                };
                let mailbox = if args.tui {
                    feed.mailbox()
                } else {
                    Arc::clone(&mailbox)
                };
                let requests = requests.clone();
                Some(Bound::to(
                    path,
                    greeting,
                    mailbox,
                    requests,
                    lines,
                    about.limits,
                )?)
            }
            None => None,
        };
        let clerk = clerk(about.judge, about.in_force, about.changes)?;
        outputs.attach(Screen::new(feed, asked, marks, kept, stats).with_clerk(clerk));
        let app = args.tui.then(|| {
            let source = Source {
                name: about.name,
                mode: about.mode,
                pseudonyms: false,
                marks_kept,
            };
            let when = when(about.output.utc);
            view::app(
                &args.screen,
                source,
                when,
                policy,
                mailbox,
                requests,
                evidence,
                stop,
            )
        });
        Ok(Beside { app, bound })
    }

    pub fn draws(&self) -> bool {
        self.app.is_some()
    }

    /// Does the work, drawing and serving meanwhile; afterwards the screens stay until the person
    /// leaves.
    pub fn run<T: Send>(
        self,
        stop: &Stop,
        judging: &mut Judging,
        work: impl FnOnce(&mut Judging) -> T + Send,
    ) -> Result<T, String> {
        if judging.outputs().screen().is_some() {
            judging.measure();
        }
        let server = self.bound.map(Bound::serve).transpose()?;
        let work = |judging: &mut Judging| {
            let done = work(judging);
            judging.outputs().answer_requests();
            if let Some(screen) = judging.outputs().screen() {
                screen.end();
            }
            done
        };
        let done = match self.app {
            None => work(judging),
            Some(app) => {
                let work = || {
                    let done = work(judging);
                    judging.outputs().serve_screen(stop);
                    done
                };
                // That the screen broke was told; the work went on.
                drawn(app, stop, work).0
            }
        };
        drop(server);
        Ok(done)
    }
}

/// Who takes proposals: everything in force is loaded anew with the entry, so that nothing comes
/// into force that would not load at the next start.
fn clerk(judge: &JudgeArgs, in_force: InForce, changes: Changes) -> Result<Clerk, String> {
    let open = |path: Option<&Path>| path.map(Additions::open).transpose();
    let files = Files {
        policy: open(judge.policy_additions.as_deref())?,
        exceptions: open(judge.exception_additions.as_deref())?,
    };
    Clerk::start(files, changes, move |pending, memory| {
        in_force.with(pending, memory)
    })
}

/// Draws in this thread beside work in another. When the person leaves, the work is told to stop;
/// if the screen breaks, the work goes on.
pub fn drawn<T: Send>(
    app: App,
    stop: &Stop,
    work: impl FnOnce() -> T + Send,
) -> (T, Result<(), String>) {
    put_aside(true);
    std::thread::scope(|scope| {
        let worker = scope.spawn(work);
        let shown = match catch_unwind(AssertUnwindSafe(|| tui::app::run(app))) {
            Ok(Ok(())) => {
                stop.flag().store(true, Ordering::Relaxed);
                Ok(())
            }
            Ok(Err(e)) => Err(format!("the screen failed: {e}")),
            Err(_) => Err("the screen broke".to_owned()),
        };
        put_aside(false);
        if let Err(why) = &shown {
            // Told at once: the work may go on for long.
            complain(format!("{why}; going on without it"));
        }
        match worker.join() {
            Ok(done) => (done, shown),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// From now on complaints wait for the screen; or they do no longer, and those that waited are
/// written.
fn put_aside(on: bool) {
    let waited = {
        let mut aside = ASIDE.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *aside, on.then(Vec::new))
    };
    for line in waited.into_iter().flatten() {
        complain(line);
    }
}

/// Tells the screens how the sensor stands.
pub fn tell(snapshot: &Snapshot, troubles: &[String], judging: &mut Judging) {
    if judging.outputs().screen().is_none() {
        return;
    }
    let tally = judging.tally().clone();
    let ledger = snapshot.ledger(&tally, judging.judge());
    let lines = {
        let mut aside = ASIDE.lock().unwrap_or_else(PoisonError::into_inner);
        aside.as_mut().map(std::mem::take).unwrap_or_default()
    };
    if let Some(screen) = judging.outputs().screen() {
        for line in lines {
            screen.note(&line);
        }
        screen.ledger(&ledger, troubles);
    }
}

/// Tells the screens how long frames take: only live, where a frame's time is that of now.
pub fn tell_stages(judging: &mut Judging) {
    let stages: Vec<_> = judging.latencies.stages().collect();
    if let Some(screen) = judging.outputs().screen() {
        screen.stages(stages.into_iter());
    }
}

/// Looks on while a replay lasts.
pub struct Onlooker;

impl Attendant for Onlooker {
    fn counts(&mut self, snapshot: &Snapshot, judging: &mut Judging) {
        tell(snapshot, &[], judging);
    }

    fn changed(&mut self, _: &mut Judging) {}
}

pub fn when(utc: bool) -> When {
    if utc { When::utc() } else { When::local() }
}

/// Writes the evidence of every finding.
pub fn export_all(
    recapture: &Recapture,
    judging: &mut Judging,
    names: &[String],
    utc: bool,
) -> Result<(), String> {
    let source = Source {
        name: names.join(", "),
        ..Source::default()
    };
    let when = when(utc);
    let cases: Vec<Case> = judging
        .outputs()
        .findings()
        .iter()
        .map(|f| {
            let entry = Entry::of(Arc::new(f.clone()));
            Case {
                page: tui::report::page(&entry, &source, &when),
                finding: entry.finding,
                span: None,
            }
        })
        .collect();
    let written = recapture.export_all(&cases)?;
    eprintln!(
        "wardwatch: evidence of {} findings in {} ({} files)",
        cases.len(),
        recapture.folder.display(),
        written.len()
    );
    Ok(())
}
