//! Feeds the screens, and takes what people at them ask.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use dissectors::message::Message;
use hdrhistogram::Histogram;
use rules::clean;
use rules::finding::Event;
use tui::feed::{Account, Feed, Latency, Stats};
use tui::mark::Mark;
use tui::request::Request;

use super::marks::MarkFile;
use crate::ledger::Ledger;

/// The sensor's end of the screens.
pub struct Screen {
    feed: Feed,
    requests: Receiver<Request>,
    marks: Option<MarkFile>,
    stats: Stats,
    judging: Histogram<u64>,
    told: Option<Instant>,
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
        }
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

    /// Hands over what is due. Never waits.
    pub fn flush(&mut self) {
        if self.feed.wanted() && self.told.is_none_or(|t| t.elapsed() >= EVERY) {
            self.told = Some(Instant::now());
            self.tell();
        }
        self.feed.flush();
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

    pub fn revealed(&mut self, who: &str, at: i64) {
        if let Some(file) = &mut self.marks
            && let Err(why) = file.revealed(who, at)
        {
            self.feed.note(why);
        }
    }

    /// Nothing more will come but requests.
    pub fn end(&mut self) {
        self.tell();
        self.feed.end();
    }

    /// Hands over what changed, asked or not.
    pub fn publish(&mut self) {
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
