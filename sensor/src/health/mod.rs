//! How the sensor fares: counters of each interval become messages of the protocol `health`, and
//! rules make findings of them.
//!
//! Looks are taken by packet time, at the same frames for any number of workers. What lasts is told
//! again at each look, so that its finding stays open as long as the trouble does. What concerns one
//! conversation (a gap, a crash) is told by the flow layer itself.

pub mod canary;
mod losses;
mod sides;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use dissectors::health::{self, HEALTH};
use dissectors::message::{Conversation, Draft, Endpoint, FrameRef, Interest, Messages};
use dissectors::schema::KindId;
use dissectors::{Limits, ProtocolId, Side, Transport};

use crate::capture::Port;
use crate::flow::{OrderKey, Phase, WorkBatch};
use crate::pipeline::Snapshot;
pub use canary::{Canary, Watched};
use losses::Losses;
use sides::Sides;

/// A look is taken when so much packet time has passed since the last.
const EVERY: i64 = 10 * SECOND;
pub(crate) const SECOND: i64 = 1_000_000_000;

/// A live interface without frames for this long is quiet.
const QUIET: i64 = 30 * SECOND;

/// Copies are told of from this many frames in an interval, above this many in a hundred.
const COPIES_OF: u64 = 200;
const COPIES: u64 = 5;

/// When the next look is due, by packet time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Looks(Option<i64>);

impl Looks {
    /// True at the first time that is far enough behind the last look. A clock that was set back
    /// begins anew.
    pub fn due(&mut self, time: i64) -> bool {
        let since = self.0.map(|last| time.saturating_sub(last));
        match since {
            Some(0..EVERY) => false,
            Some(EVERY..) => {
                self.0 = Some(time);
                true
            }
            _ => {
                self.0 = Some(time);
                false
            }
        }
    }
}

/// Trouble that somebody else noticed, to be told with the next look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A reload was refused, for this reason.
    Refused(String),
    /// This output fails, for this reason.
    Output(String, String),
}

/// What the counters said at the last look.
#[derive(Debug, Default)]
pub struct Health {
    /// Frames come from interfaces now, not from files.
    live: bool,
    canaries: Arc<[Canary]>,
    interest: Option<Arc<Interest>>,
    limits: BTreeMap<&'static str, u64>,
    losses: Losses,
    sides: Sides,
    frames: u64,
    copies: u64,
    kept: [u64; 2],
    /// Frames received by each interface, and since when there are no more.
    ports: Vec<(u64, i64)>,
    noted: Vec<Trouble>,
}

/// Counts of limits that are not in the flow layer's counters.
pub type Hits<'h> = &'h mut dyn Iterator<Item = (&'static str, u64)>;

impl Health {
    pub fn new(live: bool, canaries: Vec<Canary>) -> Self {
        Health {
            live,
            canaries: canaries.into(),
            ..Health::default()
        }
    }

    /// The heart-beats that the reader has to look for.
    pub fn canaries(&self) -> Arc<[Canary]> {
        Arc::clone(&self.canaries)
    }

    /// Trouble that the counters do not show.
    pub fn note(&mut self, trouble: Trouble) {
        if !self.noted.contains(&trouble) {
            self.noted.push(trouble);
        }
    }

    /// Looks at the counters at this frame; gives what is to be told.
    pub fn look(
        &mut self,
        now: FrameRef,
        snapshot: &Snapshot,
        hits: Hits<'_>,
    ) -> Option<WorkBatch> {
        let mut told = Told::new(now, self.interest());
        self.copies(snapshot, &mut told);
        self.limit_hits(snapshot, hits, &mut told);
        self.outputs(snapshot, &mut told);
        if let Some((lost, share)) = self.losses.look(self.live, snapshot) {
            told.message(health::DROPS, |m| {
                m.integer(health::COUNT, count(lost))
                    .decimal(health::SHARE, share);
            });
        }
        if let Some((one, share)) = self.sides.look(now.time, &snapshot.work.flows.directions) {
            told.message(health::ONE_SIDED, |m| {
                m.integer(health::COUNT, count(one))
                    .decimal(health::SHARE, share);
            });
        }
        if self.live {
            self.quiet(now.time, &snapshot.reader.ports, &mut told);
        }
        for watched in &snapshot.reader.canaries {
            if let Some(silent) = watched.missing(now.time) {
                told.message(health::CANARY, |m| {
                    m.text(health::NAME, watched.canary.name.as_bytes())
                        .integer(health::SECONDS, silent / SECOND);
                });
            }
        }
        told.done()
    }

    fn interest(&mut self) -> Arc<Interest> {
        let all = || {
            let mut all = Interest::nothing();
            all.want_all_fields_of_all();
            Arc::new(all)
        };
        Arc::clone(self.interest.get_or_insert_with(all))
    }

    fn copies(&mut self, snapshot: &Snapshot, told: &mut Told) {
        let (frames, copies) = (
            snapshot.reader.capture.total(),
            snapshot.work.flows.events.second_sightings,
        );
        let (of, again) = (
            frames.saturating_sub(self.frames),
            copies.saturating_sub(self.copies),
        );
        if of < COPIES_OF {
            // Too few to say; they count with the next.
            return;
        }
        (self.frames, self.copies) = (frames, copies);
        if again.saturating_mul(100) > of.saturating_mul(COPIES) {
            told.message(health::DUPLICATES, |m| {
                m.integer(health::COUNT, count(again))
                    .decimal(health::SHARE, percent(again, of));
            });
        }
    }

    fn limit_hits(&mut self, snapshot: &Snapshot, hits: Hits<'_>, told: &mut Told) {
        let events = &snapshot.work.flows.events;
        let flows = [
            ("flows", events.flow_evictions),
            ("flow-buffers", events.buffer_evictions),
            ("stream-buffer", events.stream_buffer_hits),
            ("reorder", events.reorder_hits),
        ];
        let readers = snapshot.reader.hits.iter().copied();
        for (name, total) in flows.into_iter().chain(readers).chain(hits) {
            let before = self.limits.insert(name, total).unwrap_or(0);
            if total > before {
                told.message(health::LIMIT, |m| {
                    m.text(health::NAME, name.as_bytes())
                        .integer(health::COUNT, count(total - before));
                });
            }
        }
    }

    fn outputs(&mut self, snapshot: &Snapshot, told: &mut Told) {
        for trouble in self.noted.drain(..) {
            match trouble {
                Trouble::Refused(why) => told.message(health::REFUSED, |m| {
                    m.text(health::WHY, first_line(&why));
                }),
                Trouble::Output(name, why) => told.message(health::BEHIND, |m| {
                    m.text(health::NAME, name.as_bytes())
                        .text(health::WHY, first_line(&why));
                }),
            }
        }
        let Some(kept) = &snapshot.kept else { return };
        let now = [kept.behind, kept.failed];
        let why = ["the disk is too slow", "the disk failed"];
        for ((before, now), why) in self.kept.iter_mut().zip(now).zip(why) {
            let lost = now.saturating_sub(std::mem::replace(before, now));
            if lost > 0 {
                told.message(health::BEHIND, |m| {
                    m.text(health::NAME, b"frames on disk")
                        .text(health::WHY, why.as_bytes())
                        .integer(health::COUNT, count(lost));
                });
            }
        }
    }

    fn quiet(&mut self, now: i64, ports: &[Port], told: &mut Told) {
        self.ports.resize(ports.len(), (0, now));
        for ((received, since), port) in self.ports.iter_mut().zip(ports) {
            if port.received != *received {
                (*received, *since) = (port.received, now);
            }
            let silent = now.saturating_sub(*since);
            if silent >= QUIET {
                told.message(health::QUIET, |m| {
                    m.text(health::NAME, port.name.as_bytes())
                        .text_if(health::WHY, port.trouble.as_bytes())
                        .integer(health::SECONDS, silent / SECOND);
                });
            }
        }
    }
}

fn count(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// `part` of `all` in percent, to two places.
pub(crate) fn percent(part: u64, all: u64) -> f64 {
    (part as f64 * 10_000.0 / all.max(1) as f64).round() / 100.0
}

fn first_line(text: &str) -> &[u8] {
    const LONGEST: usize = 200;
    let line = text.lines().find(|l| !l.trim().is_empty());
    let line = line.unwrap_or_default().as_bytes();
    &line[..line.len().min(LONGEST)]
}

/// What one look tells: messages of nobody's conversation, at the last frame.
struct Told {
    now: FrameRef,
    out: WorkBatch,
    interest: Arc<Interest>,
    limits: Limits,
    protocol: ProtocolId,
}

impl Told {
    fn new(now: FrameRef, interest: Arc<Interest>) -> Self {
        Told {
            now,
            out: WorkBatch::default(),
            interest,
            limits: Limits::default(),
            protocol: ProtocolId::of(HEALTH.name).unwrap_or(ProtocolId(0)),
        }
    }

    fn message(&mut self, kind: KindId, fill: impl FnOnce(&mut Draft<'_>)) {
        let nobody = Endpoint {
            ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            port: 0,
            mac: None,
        };
        let conversation = self.out.batch.add_conversation(Conversation {
            flow_id: 0,
            transport: Transport::Link(0),
            ends: [nobody; 2],
            started: self.now,
            mid_stream: false,
            seen: [true; 2],
            missing: [0; 2],
            overlap_differs: false,
        });
        let index = self.out.batch.len();
        let mut pen = Messages::new(
            &mut self.out.batch,
            &self.limits,
            &self.interest,
            self.protocol,
            Side::Client,
            0,
        );
        fill(&mut pen.message(kind, 0..0));
        self.out.batch.place(index, conversation, 0, [self.now]);
        self.out.order.push(OrderKey {
            seq: self.now.seq,
            phase: Phase::Packet,
            conversation: 0,
            index: index as u32,
        });
    }

    fn done(self) -> Option<WorkBatch> {
        (!self.out.is_empty()).then_some(self.out)
    }
}

#[cfg(test)]
mod tests;
