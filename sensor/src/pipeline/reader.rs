//! The reading thread's part: frames into blocks, blocks decoded, the clock, counts once a second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dissectors::message::Interest;

use super::change::{Change, Changes};
use super::latency::Stamps;
use super::packet_events::PacketEvents;
use super::run::Stop;
use super::seconds::{Seconds, Tick};
use super::snapshot::ReaderCounts;
use crate::capture::block::Block;
use crate::capture::{Engine, More, ReadError};
use crate::decode::Decoder;
use crate::flow::WorkBatch;
use crate::health::Looks;
use crate::health::canary::Canaries;
use crate::span::Mirror;

/// One step of a run, for all who take part: a block of frames, or time that passed without any.
#[derive(Debug, Default)]
pub struct Parcel {
    pub block: Block,
    /// No frames: the time has come to this.
    pub idle: Option<Idle>,
    /// From this parcel on, these fields are wanted.
    pub interest: Option<Arc<Interest>>,
    /// Who counts tells the counts with this parcel.
    pub count: bool,
    /// When the block got here, in a run that lasts.
    pub stamps: Option<Stamps>,
}

/// Time that passed without frames.
#[derive(Clone, Copy, Debug)]
pub struct Idle {
    /// Nanoseconds since 1970-01-01 UTC.
    pub time: i64,
    /// Sequence number that the next frame will have.
    pub seq: u64,
}

/// What the judge gets of a parcel beside it.
#[derive(Default)]
pub struct Cover {
    /// Where the clock moved on.
    pub ticks: Vec<Tick>,
    /// What the decoder noticed.
    pub noticed: Option<WorkBatch>,
    pub counts: Option<Box<ReaderCounts>>,
    /// Whoever looks on wants to know them.
    pub attend: bool,
    /// They are to be looked at for signs of trouble.
    pub look: bool,
    pub change: Option<Box<Change>>,
}

/// Reads and decodes.
pub struct Reader<E> {
    pub inputs: E,
    pub decoder: Decoder,
    pub failed: Option<ReadError>,
    pub mirror: Option<Mirror>,
    pub canaries: Canaries,
    looks: Looks,
    events: PacketEvents,
    seconds: Seconds,
    stop: Stop,
    changes: Changes,
    every: Option<Duration>,
    counted: Instant,
    /// When stopping was asked for.
    stopping: Option<Instant>,
    next_seq: u64,
}

/// What has arrived already is fetched for this long after the run was asked to end.
const DRAIN: Duration = Duration::from_secs(5);

impl<E: Engine> Reader<E> {
    pub fn new(
        inputs: E,
        decoder: Decoder,
        interest: Arc<Interest>,
        stop: Stop,
        changes: Changes,
        every: Option<Duration>,
    ) -> Self {
        Reader {
            inputs,
            decoder,
            failed: None,
            mirror: None,
            canaries: Canaries::default(),
            looks: Looks::default(),
            events: PacketEvents::new(interest),
            seconds: Seconds::new(),
            stop,
            changes,
            every,
            counted: Instant::now(),
            stopping: None,
            next_seq: 0,
        }
    }

    /// The next parcel, in this block's memory. `None` is the end.
    pub fn next(&mut self, mut block: Block) -> Option<(Parcel, Cover)> {
        loop {
            if !self.goes_on() {
                return None;
            }
            let mut cover = Cover::default();
            let mut idle = None;
            let mut stamps = None;
            match self.inputs.next_block(&mut block) {
                Ok(More::Frames) => {
                    if self.every.is_some() {
                        stamps = Stamps::taken(&block);
                    }
                    self.decoder.block(&mut block);
                    if let Some(stamps) = &mut stamps {
                        stamps.decoded();
                    }
                    self.seconds.ticks(&block, &mut cover.ticks);
                    if let Some(last) = block.frames.last() {
                        self.next_seq = last.seq + 1;
                    }
                    if let Some(mirror) = &mut self.mirror {
                        mirror.block(&block);
                    }
                    self.canaries.block(&block);
                    cover.look = block.frames.last().is_some_and(|f| self.looks.due(f.time));
                }
                Ok(More::Idle(time)) => {
                    let tick = self.seconds.idle(time, self.next_seq);
                    idle = tick.map(|t| Idle {
                        time: t.time,
                        seq: t.seq,
                    });
                    cover.ticks.extend(tick);
                    if let Some(idle) = &idle {
                        self.canaries.begin(idle.time);
                        cover.look = self.looks.due(idle.time);
                    }
                }
                Ok(More::End) => return None,
                Err(e) => {
                    self.failed = Some(e);
                    return None;
                }
            }
            cover.change = self.changes.take();
            if let Some(change) = &cover.change {
                self.events.set_interest(Arc::clone(&change.interest));
                self.canaries.name(&change.canaries);
            }
            if self
                .every
                .is_some_and(|every| self.counted.elapsed() >= every)
            {
                self.counted = Instant::now();
                cover.attend = true;
            }
            if cover.attend || cover.look {
                cover.counts = Some(Box::new(self.counts()));
            }
            if block.frames.is_empty()
                && idle.is_none()
                && cover.counts.is_none()
                && cover.change.is_none()
            {
                continue;
            }
            cover.noticed = self.events.take(&mut self.decoder);
            let parcel = Parcel {
                block,
                idle,
                interest: cover.change.as_ref().map(|c| Arc::clone(&c.interest)),
                count: cover.counts.is_some(),
                stamps,
            };
            return Some((parcel, cover));
        }
    }

    pub fn counts(&mut self) -> ReaderCounts {
        ReaderCounts {
            mirror: self.mirror.as_ref().map(|m| Box::new(m.counts().clone())),
            canaries: self.canaries.watched().to_vec(),
            ..ReaderCounts::of(&mut self.inputs, &self.decoder)
        }
    }

    fn goes_on(&mut self) -> bool {
        match self.stopping {
            Some(since) => since.elapsed() < DRAIN,
            None if self.stop.asked() => {
                self.stopping = Some(Instant::now());
                self.inputs.stop()
            }
            None => true,
        }
    }
}
