//! Takes messages in their one order, has them judged, and tells the outputs.

use std::sync::Arc;
use std::time::Instant;

use dissectors::PROTOCOLS;
use rules::engine::Judge;
use rules::exceptions::Cause;
use rules::finding::{Event, Severity};

use super::change::Change;
use super::latency::Latencies;
use super::merge;
use super::seconds::Tick;
use crate::capture::block::Frame;
use crate::flow::WorkBatch;
use crate::output::Outputs;

/// The judge and what listens to it.
pub struct Judging {
    judge: Judge,
    outputs: Outputs,
    tally: Tally,
    /// How long blocks take, in a run that lasts.
    pub latencies: Latencies,
}

/// What was judged.
#[derive(Clone, Debug)]
pub struct Tally {
    pub messages: u64,
    /// By protocol, as registered.
    pub by_protocol: Vec<u64>,
    /// Messages with at least one anomaly.
    pub anomalous: u64,
    /// Findings opened, by severity as they stood last (info first).
    pub findings: [u64; 5],
    /// What exceptions, windows and thresholds held back, with how often.
    pub suppressed: Vec<(Arc<Cause>, u64)>,
    pub first_time: Option<i64>,
    pub last_time: Option<i64>,
    /// Hits of the dissectors' limits.
    pub limit_hits: Vec<u64>,
}

impl Default for Tally {
    fn default() -> Self {
        Tally {
            messages: 0,
            by_protocol: vec![0; PROTOCOLS.len()],
            anomalous: 0,
            findings: [0; 5],
            suppressed: Vec::new(),
            first_time: None,
            last_time: None,
            limit_hits: vec![0; dissectors::limits::ALL.len()],
        }
    }
}

impl Judging {
    pub fn new(judge: Judge, outputs: Outputs) -> Self {
        Judging {
            judge,
            outputs,
            tally: Tally::default(),
            latencies: Latencies::default(),
        }
    }

    /// Judges the messages of one block, from all workers. `ticks`: where the clock moved on.
    pub fn block(&mut self, batches: &[WorkBatch], frames: &[Frame], ticks: &[Tick]) {
        let begun = Instant::now();
        let Judging {
            judge,
            outputs,
            tally,
            ..
        } = self;
        if let (Some(first), Some(last)) = (frames.first(), frames.last()) {
            tally.first_time.get_or_insert(first.time);
            tally.last_time = Some(last.time);
        }
        let mut ticks = ticks.iter().peekable();
        for (worker, index) in merge::in_order(batches) {
            let batch = &batches[worker];
            let seq = batch.order[index].seq;
            while let Some(tick) = ticks.next_if(|t| t.seq <= seq) {
                judge.advance(tick.time, &mut |event| tell(outputs, tally, event));
            }
            let message = batch.batch.message(index);
            // What the asked device taught before completes what is asked of it.
            let completed = judge.completed(message);
            let message = completed.as_ref().map_or(message, |b| b.message(0));
            tally.messages += 1;
            tally.by_protocol[message.protocol().index()] += 1;
            tally.anomalous += u64::from(!message.anomalies().is_empty());
            // What a timer raised stands before the message that moved the clock.
            judge.advance(message.frame().time, &mut |event| {
                tell(outputs, tally, event)
            });
            outputs.message(message);
            judge.message(message, &mut |event| tell(outputs, tally, event));
        }
        for tick in ticks {
            judge.advance(tick.time, &mut |event| tell(outputs, tally, event));
            if frames.is_empty() {
                tally.first_time.get_or_insert(tick.time);
                tally.last_time = tally.last_time.max(Some(tick.time));
            }
        }
        for batch in batches {
            for (limit, hits) in batch.batch.limit_hits() {
                tally.limit_hits[usize::from(limit.0)] += hits;
            }
        }
        note_suppressed(judge, tally);
        outputs.judged(frames.len(), begun.elapsed());
        outputs.look(judge);
        outputs.flush();
    }

    /// New rules and policy from here on. What waits under the old ones is judged by them first.
    pub fn change(&mut self, change: Change) {
        let Judging {
            judge,
            outputs,
            tally,
            ..
        } = self;
        judge.reload(change.rules, change.policy, &mut |event| {
            tell(outputs, tally, event)
        });
        judge.except(change.exceptions, &mut |event| tell(outputs, tally, event));
        outputs.rule_by(&change.ruling);
    }

    /// The end: what is open is closed.
    pub fn finish(&mut self) {
        let Judging {
            judge,
            outputs,
            tally,
            ..
        } = self;
        judge.finish(&mut |event| tell(outputs, tally, event));
        outputs.end_incidents();
        note_suppressed(judge, tally);
        outputs.look_last(judge);
        outputs.flush();
    }

    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// From here on measures what rules cost.
    pub fn measure(&mut self) {
        self.judge.measure();
    }

    pub fn judge(&self) -> &Judge {
        &self.judge
    }

    pub fn outputs(&mut self) -> &mut Outputs {
        &mut self.outputs
    }

    /// Was there a finding of this severity or worse?
    pub fn worst_at_least(&self, severity: Severity) -> bool {
        self.tally.findings[severity as usize..]
            .iter()
            .any(|n| *n > 0)
    }
}

fn note_suppressed(judge: &Judge, tally: &mut Tally) {
    if judge.has_suppressed() {
        let counted = judge.suppressed().map(|(c, n)| (Arc::clone(c), n));
        tally.suppressed = counted.collect();
    }
}

fn tell(outputs: &mut Outputs, tally: &mut Tally, event: Event<'_>) {
    if let Event::Closed(finding) = event {
        tally.findings[finding.severity as usize] += 1;
    }
    outputs.finding(event);
}
