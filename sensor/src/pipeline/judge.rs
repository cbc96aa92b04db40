//! Takes messages in their one order, has them judged, and tells the outputs.

use std::sync::Arc;
use std::time::Instant;

use dissectors::PROTOCOLS;
use dissectors::message::FrameRef;
use rules::Restored;
use rules::engine::Judge;
use rules::exceptions::Cause;
use rules::finding::{Event, Severity};

use super::change::Change;
use super::latency::Latencies;
use super::merge;
use super::seconds::Tick;
use super::snapshot::Snapshot;
use crate::capture::block::Frame;
use crate::flow::{WorkBatch, reference};
use crate::health::Health;
use crate::output::Outputs;
use crate::store::{History, Kept, Restart};

/// The judge and what listens to it.
pub struct Judging {
    judge: Judge,
    outputs: Outputs,
    tally: Tally,
    /// Another run goes on from this one: findings stay open at its end.
    history: Option<History>,
    /// How long blocks take, in a run that lasts.
    pub latencies: Latencies,
    /// Watches the counters for trouble.
    pub health: Health,
    /// Where the run stands.
    now: Option<FrameRef>,
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
    /// Seconds in which nobody watched before this run, if there was a run before.
    pub blind: Option<u64>,
    pub first_time: Option<i64>,
    pub last_time: Option<i64>,
    /// Hits of the dissectors' limits.
    pub limit_hits: Vec<u64>,
    /// Hits of the limits of incidents, by name.
    pub incident_hits: Vec<(&'static str, u64)>,
}

impl Default for Tally {
    fn default() -> Self {
        Tally {
            messages: 0,
            by_protocol: vec![0; PROTOCOLS.len()],
            anomalous: 0,
            findings: [0; 5],
            suppressed: Vec::new(),
            blind: None,
            first_time: None,
            last_time: None,
            limit_hits: vec![0; dissectors::limits::ALL.len()],
            incident_hits: Vec::new(),
        }
    }
}

impl Judging {
    pub fn new(judge: Judge, mut outputs: Outputs) -> Self {
        outputs.bound_incidents(judge.limits());
        Judging {
            judge,
            outputs,
            tally: Tally::default(),
            history: None,
            latencies: Latencies::default(),
            health: Health::default(),
            now: None,
        }
    }

    /// Goes on from what an earlier run kept, and will leave findings open at the end for the next.
    /// `policy`: the hash of the one in force. Gives what the judge took.
    pub fn stand(&mut self, kept: Option<&Kept>, blind: Option<Restart>, policy: &str) -> Restored {
        self.history = Some(History::of(kept.map(|k| &k.value)));
        let seconds = |r: Restart| r.to.saturating_sub(r.from).max(0) / 1_000_000_000;
        self.tally.blind = blind.map(|r| u64::try_from(seconds(r)).unwrap_or(0));
        let mut restored = Restored::default();
        if let Some(kept) = kept {
            let same = kept
                .value
                .get("policy_hash")
                .and_then(serde_json::Value::as_str);
            restored = self.judge.restore(&kept.value, same == Some(policy));
            for finding in self.judge.open_findings() {
                self.outputs.goes_on(finding);
            }
        }
        restored
    }

    /// What the next run is to know of this one.
    pub fn state(&self) -> serde_json::Value {
        self.judge.state(self.outputs.kept_by().show())
    }

    /// Findings that closed, if another run goes on from this one.
    pub fn history(&self) -> Option<&History> {
        self.history.as_ref()
    }

    /// Judges the messages of one block, from all workers. `ticks`: where the clock moved on.
    pub fn block(&mut self, batches: &[WorkBatch], frames: &[Frame], ticks: &[Tick]) {
        let begun = Instant::now();
        self.stands_at(frames, ticks);
        let Judging {
            judge,
            outputs,
            tally,
            history,
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
                judge.advance(tick.time, &mut |event| tell(outputs, tally, history, event));
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
                tell(outputs, tally, history, event)
            });
            outputs.message(message);
            judge.message(message, &mut |event| tell(outputs, tally, history, event));
        }
        for tick in ticks {
            judge.advance(tick.time, &mut |event| tell(outputs, tally, history, event));
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
        tally.incident_hits.clear();
        tally.incident_hits.extend(outputs.incident_hits().named());
        outputs.judged(frames.len(), begun.elapsed());
        outputs.look(judge);
        outputs.flush();
    }

    fn stands_at(&mut self, frames: &[Frame], ticks: &[Tick]) {
        if let Some(frame) = frames.last() {
            self.now = Some(reference(frame));
        } else if let Some(tick) = ticks.last() {
            let blank = FrameRef {
                seq: tick.seq,
                ..FrameRef::default()
            };
            self.now.get_or_insert(blank).time = tick.time;
        }
    }

    /// Looks at the counters for trouble, and judges what they tell.
    pub fn look(&mut self, snapshot: &Snapshot) {
        let Some(now) = self.now else { return };
        let ours = dissectors::limits::ALL.iter().map(|limit| limit.name);
        let ours = ours.zip(self.tally.limit_hits.iter().copied());
        let judges = self.judge.limit_hits().named();
        let incidents = self.tally.incident_hits.iter().copied();
        let mut hits = ours.chain(judges).chain(incidents);
        let told = self.health.look(now, snapshot, &mut hits);
        drop(hits);
        if let Some(told) = told {
            self.block(&[told], &[], &[]);
        }
    }

    /// New rules and policy from here on. What waits under the old ones is judged by them first.
    pub fn change(&mut self, change: Change) {
        let Judging {
            judge,
            outputs,
            tally,
            history,
            ..
        } = self;
        judge.reload(change.rules, change.policy, &mut |event| {
            tell(outputs, tally, history, event)
        });
        judge.except(change.exceptions, &mut |event| {
            tell(outputs, tally, history, event)
        });
        judge.call_by(change.register.clone());
        outputs.call_by(change.register);
        outputs.rule_by(&change.ruling);
    }

    /// The end: what is open is closed, unless another run goes on from here.
    pub fn finish(&mut self) {
        let Judging {
            judge,
            outputs,
            tally,
            history,
            ..
        } = self;
        let stands = history.is_some();
        let mut sink = |event: Event<'_>| tell(outputs, tally, history, event);
        if stands {
            judge.pause(&mut sink);
            for finding in judge.open_findings() {
                tally.findings[finding.severity as usize] += 1;
            }
        } else {
            judge.finish(&mut sink);
        }
        outputs.end_incidents();
        tally.incident_hits.clear();
        tally.incident_hits.extend(outputs.incident_hits().named());
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

fn tell(outputs: &mut Outputs, tally: &mut Tally, history: &mut Option<History>, event: Event<'_>) {
    if let Event::Closed(finding) = event {
        if let Some(history) = history {
            history.closed(finding, outputs.kept_by().show());
        }
        tally.findings[finding.severity as usize] += 1;
    }
    outputs.finding(event);
}
