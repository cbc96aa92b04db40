//! A stretch of a run that lasts, judged by itself: a mirror that was repaired is good from then on.

use std::time::{Duration, Instant};

use super::{Evidence, Verdict, judge};
use crate::capture::Losses;
use crate::flow::FlowCounts;
use crate::pipeline::{Snapshot, Tally};

/// Since when, and what the counters were then.
#[derive(Debug)]
pub struct Window {
    since: Instant,
    flows: FlowCounts,
    losses: Losses,
    tcp_bytes: u64,
    short: u64,
    by_protocol: Vec<u64>,
}

impl Window {
    pub fn new() -> Self {
        Window {
            since: Instant::now(),
            flows: FlowCounts::default(),
            losses: Losses::default(),
            tcp_bytes: 0,
            short: 0,
            by_protocol: Vec::new(),
        }
    }

    pub fn age(&self) -> Duration {
        self.since.elapsed()
    }

    /// Begins anew at these counts.
    pub fn again(&mut self, snapshot: &Snapshot, tally: &Tally) {
        *self = Window {
            since: Instant::now(),
            flows: snapshot.work.flows.clone(),
            losses: snapshot.reader.losses.clone(),
            tcp_bytes: snapshot.reader.notes.tcp_bytes,
            short: snapshot.reader.decode.overlong,
            by_protocol: tally.by_protocol.clone(),
        };
    }

    /// The verdict on what came since; `None` while nobody looks.
    pub fn judge(&self, snapshot: &Snapshot, tally: &Tally) -> Option<Verdict> {
        let mirror = snapshot.reader.mirror.as_deref()?;
        let mut flows = snapshot.work.flows.clone();
        let (now, then) = (&mut flows.events, &self.flows.events);
        now.gaps -= then.gaps.min(now.gaps);
        now.gap_bytes -= then.gap_bytes.min(now.gap_bytes);
        now.cut_gaps -= then.cut_gaps.min(now.cut_gaps);
        now.cut_bytes -= then.cut_bytes.min(now.cut_bytes);
        let losses = Losses {
            kernel: snapshot.reader.losses.kernel - self.losses.kernel,
            interface: snapshot.reader.losses.interface - self.losses.interface,
            told: 0,
        };
        let before = self.by_protocol.iter().chain(std::iter::repeat(&0));
        let by_protocol: Vec<u64> = tally
            .by_protocol
            .iter()
            .zip(before)
            .map(|(now, then)| now - then)
            .collect();
        Some(judge(Evidence {
            mirror,
            flows: &flows,
            losses: &losses,
            by_protocol: &by_protocol,
            tcp_bytes: snapshot.reader.notes.tcp_bytes - self.tcp_bytes,
            short: snapshot.reader.decode.overlong - self.short,
        }))
    }
}

impl Default for Window {
    fn default() -> Self {
        Self::new()
    }
}
