//! Feeds the screens, and takes what people at them ask.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use dissectors::message::Message;
use hdrhistogram::Histogram;
use rules::clean;
use rules::engine::Judge;
use rules::finding::Event;
use tui::feed::{Account, Feed, InUse, Latency, Stats};
use tui::mark::Mark;
use tui::proposal::{Draft, Kind};
use tui::request::Request;

use super::marks::MarkFile;
use crate::ledger::Ledger;
use crate::pipeline::Quantiles;
use crate::view::clerk::{Clerk, Decision};

/// The sensor's end of the screens.
pub struct Screen {
    feed: Feed,
    requests: Receiver<Request>,
    marks: Option<MarkFile>,
    stats: Stats,
    judging: Histogram<u64>,
    told: Option<Instant>,
    clerk: Option<Clerk>,
    /// The run is over: what is written holds from the next one on.
    over: bool,
    notes: bool,
}

/// What waiting for a request came to.
pub enum Asked {
    Request(Request),
    Nothing,
    /// Nobody can ask any more.
    Gone,
}

/// Statistics are told this often.
const EVERY: Duration = Duration::from_millis(500);

impl Screen {
    /// `kept`: marks of earlier runs.
    pub fn new(
        mut feed: Feed,
        requests: Receiver<Request>,
        marks: Option<MarkFile>,
        kept: Vec<Mark>,
        stats: Stats,
    ) -> Self {
        for mark in kept {
            feed.mark(mark);
        }
        Screen {
            feed,
            requests,
            marks,
            stats,
            judging: Histogram::new_with_bounds(1, 60_000_000_000, 3)
                .unwrap_or_else(|_| unreachable!("bounds that are right")),
            told: None,
            clerk: None,
            over: false,
            notes: false,
        }
    }

    /// Proposals go to this clerk.
    pub fn with_clerk(mut self, clerk: Clerk) -> Self {
        self.clerk = Some(clerk);
        self
    }

    pub fn message(&mut self, m: Message<'_>) {
        self.feed.message(m);
    }

    pub fn finding(&mut self, event: Event<'_>) {
        self.feed.finding(event);
    }

    /// A block was judged: how many frames, how long it took.
    pub fn judged(&mut self, frames: usize, took: Duration) {
        self.stats.frames += frames as u64;
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.judging.saturating_record(nanos);
    }

    /// Looks at the judge if statistics are due: what rules cost, which devices are in use.
    pub fn look(&mut self, judge: &Judge) {
        if self.due() {
            self.look_now(judge);
        }
    }

    /// The same, due or not.
    pub fn look_now(&mut self, judge: &Judge) {
        self.stats.costs = judge.costs();
        let inventory = judge.inventory();
        self.stats.uses.clear();
        for asset in inventory.assets() {
            if let Some((what, evidence)) = inventory.in_use(asset.ip) {
                self.stats.uses.push(InUse {
                    ip: asset.ip,
                    what,
                    since: evidence.since,
                    last: evidence.last.time,
                });
            }
        }
    }

    fn due(&self) -> bool {
        self.feed.wanted() && self.told.is_none_or(|t| t.elapsed() >= EVERY)
    }

    /// Hands over what is due. Never waits.
    pub fn flush(&mut self) {
        if self.due() {
            self.told = Some(Instant::now());
            self.tell();
        }
        self.feed.flush();
    }

    /// How long frames take by stage, live.
    pub fn stages(&mut self, stages: impl Iterator<Item = (&'static str, Quantiles)>) {
        self.stats.stages = stages
            .map(|(stage, q)| {
                let latency = Latency {
                    p50: q.p50,
                    p99: q.p99,
                    max: q.max,
                    count: q.blocks,
                };
                (stage.to_owned(), latency)
            })
            .collect();
    }

    /// The ledger at the end.
    pub fn ledger(&mut self, ledger: &Ledger, troubles: &[String]) {
        let named = |list: &[(&'static str, u64)]| {
            list.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect()
        };
        self.stats.accounts = ledger
            .accounts
            .iter()
            .map(|a| Account {
                name: a.name.to_owned(),
                incoming: a.incoming,
                reasons: named(&a.reasons),
            })
            .collect();
        self.stats.beside = ledger
            .beside
            .iter()
            .map(|(part, list)| ((*part).to_owned(), named(list)))
            .collect();
        self.stats.lost = ledger
            .beside
            .iter()
            .filter(|(part, _)| *part == "lost before capture")
            .flat_map(|(_, list)| list)
            .map(|(_, n)| n)
            .sum();
        self.stats.troubles = troubles.to_vec();
        self.tell();
        self.flush();
    }

    /// One line for the person at the screen.
    pub fn note(&mut self, line: &str) {
        self.notes = true;
        self.feed.note(clean::text(line.as_bytes()));
    }

    fn tell(&mut self) {
        let h = &self.judging;
        self.stats.latency = (!h.is_empty()).then(|| Latency {
            p50: h.value_at_quantile(0.5),
            p99: h.value_at_quantile(0.99),
            max: h.max(),
            count: h.len(),
        });
        self.stats.memory = memory();
        self.feed.stats(self.stats.clone());
    }

    /// The next request, if one is waiting.
    pub fn asked(&self) -> Option<Request> {
        self.requests.try_recv().ok()
    }

    /// Waits a little for a request.
    pub fn wait(&self) -> Asked {
        match self.requests.recv_timeout(Duration::from_millis(50)) {
            Ok(request) => Asked::Request(request),
            Err(RecvTimeoutError::Timeout) => Asked::Nothing,
            Err(RecvTimeoutError::Disconnected) => Asked::Gone,
        }
    }

    /// Keeps a mark and tells it to the screens.
    pub fn mark(&mut self, mark: &Mark) {
        if let Some(file) = &mut self.marks
            && let Err(why) = file.keep(mark)
        {
            self.feed.note(why);
        }
        self.feed.mark(mark.clone());
    }

    /// Something was proposed.
    pub fn proposed(&mut self, draft: &Draft) {
        match &self.clerk {
            Some(clerk) => clerk.take(draft.clone()),
            None => self.note("nobody here takes proposals"),
        }
    }

    /// What became of a proposal; the person at the screen is told.
    pub fn decision(&mut self) -> Option<Decision> {
        let decision = self.clerk.as_ref()?.decision()?;
        let force = if self.over {
            "the capture has ended: it holds in the next run"
        } else {
            "in force"
        };
        let line = match &decision.result {
            Ok(Some(path)) => format!("written to {}; {force}", path.display()),
            Ok(None) => {
                let flag = match decision.draft.kind {
                    Kind::Grant | Kind::GrantUntil => "--policy-additions",
                    Kind::Exception | Kind::Window => "--exception-additions",
                };
                format!("{force}, for this run only: {flag} FILE keeps it")
            }
            Err(why) => {
                let why = why.lines().find(|l| !l.trim().is_empty());
                format!("not written: {}", why.unwrap_or_default())
            }
        };
        self.note(&line);
        Some(decision)
    }

    /// Is there a line that nobody was given yet?
    pub fn has_notes(&self) -> bool {
        self.notes
    }

    pub fn revealed(&mut self, who: &str, at: i64) {
        if let Some(file) = &mut self.marks
            && let Err(why) = file.revealed(who, at)
        {
            self.feed.note(why);
        }
    }

    /// Nothing more will come but requests.
    pub fn end(&mut self) {
        self.over = true;
        self.tell();
        self.feed.end();
    }

    /// Hands over what changed, asked or not.
    pub fn publish(&mut self) {
        self.notes = false;
        self.feed.publish();
    }
}

/// Resident bytes of this process, and the most so far.
fn memory() -> Option<(u64, u64)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let of = |key: &str| {
        let line = status.lines().find_map(|l| l.strip_prefix(key))?;
        let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kib * 1024)
    };
    Some((of("VmRSS:")?, of("VmHWM:")?))
}
