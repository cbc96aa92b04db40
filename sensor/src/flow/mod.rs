//! Conversations: TCP reassembly, UDP exchanges, identification, dissectors at work.
//!
//! Work is split among a fixed number of [`SHARDS`], each with its own tables, budgets and timers.
//! A worker owns some shards ([`ShardSet`]), sees every block, and handles the packets of its own.
//! Nothing depends on which worker owns which shard: messages carry an [`OrderKey`], and merging the
//! workers' batches by it gives one order for any number of workers.

mod clock;
mod context;
pub mod counts;
mod events;
mod health;
mod history;
mod key;
pub mod limits;
mod log;
mod marks;
mod pending;
mod reader;
mod reassembly;
mod record;
mod shard;
mod sighting;
mod stream;
mod table;
mod tcp;
mod udp;
mod wheel;
mod work;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use dissectors::contract::End;
use dissectors::message::{FrameRef, Interest};
use dissectors::{Batch, identify::Signatures};

use crate::capture::block::{Block, Frame};
use crate::decode::packet::Packet;
use clock::Clock;
use context::{Context, Shared, Stamp};
pub use counts::FlowCounts;
pub use limits::Limits;
use shard::Shard;

/// Shards that the work is split in, whatever the number of workers.
pub const SHARDS: usize = 16;

/// Which shards a worker owns: one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardSet(pub u16);

impl ShardSet {
    pub const ALL: ShardSet = ShardSet(u16::MAX);

    /// The shards of worker `worker` (from 0) of `workers`.
    pub fn of(worker: usize, workers: usize) -> Self {
        let workers = workers.clamp(1, SHARDS);
        let mut set = 0;
        for shard in (0..SHARDS).filter(|s| s % workers == worker) {
            set |= 1 << shard;
        }
        ShardSet(set)
    }

    pub const fn has(self, shard: usize) -> bool {
        self.0 >> shard & 1 == 1
    }
}

/// How the flow layer works.
#[derive(Clone)]
pub struct Settings {
    pub limits: Limits,
    /// Handed to each dissector when its conversation opens.
    pub dissector_limits: dissectors::Limits,
    /// The protocols looked for.
    pub signatures: Arc<Signatures>,
    /// Tell of every TCP connection that it opened and closed.
    pub connections: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            limits: Limits::default(),
            dissector_limits: dissectors::Limits::default(),
            signatures: Arc::new(Signatures::registered()),
            connections: true,
        }
    }
}

/// Where a message stands among all messages of all workers. Compare; nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderKey {
    /// Sequence number of the frame whose arrival made it known; `u64::MAX` at the end of capture.
    pub seq: u64,
    pub phase: Phase,
    /// For timers: one more than the sequence number of the conversation's first frame. Else 0.
    pub conversation: u64,
    /// Place among the messages of one frame, or of one conversation's end.
    pub index: u32,
}

/// Whether the clock or the packet of a frame made a message known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The frame moved the clock, and something was due.
    Timer = 0,
    /// The frame's own packet.
    Packet = 1,
}

/// Messages with their place in the order of all: `order[i]` belongs to message `i`, ascending.
#[derive(Debug, Default)]
pub struct WorkBatch {
    pub batch: Batch,
    pub order: Vec<OrderKey>,
}

impl WorkBatch {
    /// Forgets everything, keeps the memory.
    pub fn clear(&mut self) {
        self.batch.clear();
        self.order.clear();
    }

    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

/// Whether there is more to come of what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Rest {
    /// All done.
    Done,
    /// The batch is full. Hand it on, and call again with the same arguments and an empty batch.
    More,
}

/// The shards of one worker.
pub struct Shards {
    which: ShardSet,
    shared: Shared,
    /// Empty boxes stand for the shards of other workers.
    shards: [Option<Box<Shard>>; SHARDS],
    clock: Clock,
    counts: FlowCounts,
    /// Counts fillings of batches, from 1.
    filling: u32,
    progress: Progress,
    frames: Vec<FrameRef>,
}

/// How far a call got that returned before it was done.
#[derive(Debug, Default)]
struct Progress {
    packet: usize,
    frame: usize,
    /// The present frame's time was seen.
    seen: bool,
    /// Conversations to be ended, the last first.
    due: Vec<Due>,
    ending: bool,
}

/// A conversation that is to be ended: sequence number of its first frame, shard, place.
type Due = (u64, u8, u32);

impl Shards {
    /// Shards with no conversation yet.
    pub fn new(settings: Settings, interest: Arc<Interest>, which: ShardSet) -> Self {
        let tolerance = settings.limits.amount(limits::CLOCK_DISORDER_MILLISECONDS);
        Shards {
            which,
            shared: Shared::new(settings, interest),
            shards: std::array::from_fn(|n| which.has(n).then(Box::default)),
            clock: Clock::new(tolerance.saturating_mul(1_000_000)),
            counts: FlowCounts::default(),
            filling: 0,
            progress: Progress::default(),
            frames: Vec::new(),
        }
    }

    /// Handles a decoded block: the packets of the own shards, and the time of every frame.
    /// Blocks come in order of their frames' sequence numbers; every worker gets every block.
    pub fn block(&mut self, block: &Block, out: &mut WorkBatch) -> Rest {
        self.fill();
        while let Some(packet) = block.packets.get(self.progress.packet) {
            if self.frames_to(block, packet.frame as usize, out) == Rest::More || self.full(out) {
                return Rest::More;
            }
            self.progress.packet += 1;
            let owner = shard_of(packet);
            let Some(frame) = block.frames.get(packet.frame as usize) else {
                continue;
            };
            if let Some(shard) = &mut self.shards[owner] {
                let frame = reference(frame);
                let mut cx = Context {
                    shared: &self.shared,
                    counts: &mut self.counts,
                    out,
                    filling: self.filling,
                    stamp: Stamp::packet(frame.seq),
                    now: self.clock.elapsed(),
                    frames: &mut self.frames,
                };
                shard.packet(block, packet, frame, &mut cx);
            }
        }
        if self.frames_to(block, block.frames.len(), out) == Rest::More {
            return Rest::More;
        }
        self.progress = Progress::default();
        Rest::Done
    }

    /// Without frames (live, a quiet network): time has come to `time`. `seq` is the sequence number
    /// that the next frame will get.
    pub fn idle(&mut self, time: i64, seq: u64, out: &mut WorkBatch) -> Rest {
        self.fill();
        let now = FrameRef {
            seq,
            time,
            ..FrameRef::default()
        };
        if !std::mem::replace(&mut self.progress.seen, true) {
            self.see(now, out);
        }
        if self.expire(seq, End::Idle, out) == Rest::More {
            return Rest::More;
        }
        self.progress = Progress::default();
        Rest::Done
    }

    /// The capture ended: everything still waiting is told.
    pub fn finish(&mut self, out: &mut WorkBatch) -> Rest {
        self.fill();
        if !std::mem::replace(&mut self.progress.ending, true) {
            for (n, shard) in self.shards.iter().enumerate() {
                if let Some(shard) = shard {
                    shard.all(|started, place| {
                        self.progress.due.push((started, n as u8, place));
                    });
                }
            }
            self.progress.due.sort_unstable_by(|a, b| b.cmp(a));
        }
        if self.expire(u64::MAX, End::Capture, out) == Rest::More {
            return Rest::More;
        }
        self.progress = Progress::default();
        Rest::Done
    }

    /// New rules may want other fields. Holds from the next call on.
    pub fn set_interest(&mut self, interest: Arc<Interest>) {
        self.shared.interest = interest;
    }

    pub fn counts(&self) -> &FlowCounts {
        &self.counts
    }

    /// Conversations known now.
    pub fn conversations(&self) -> usize {
        self.shards
            .iter()
            .flatten()
            .map(|s| s.conversations())
            .sum()
    }

    /// Bytes kept for conversations beside their records.
    pub fn held(&self) -> u64 {
        self.shards.iter().flatten().map(|s| s.held()).sum()
    }

    fn fill(&mut self) {
        self.filling = self.filling.wrapping_add(1).max(1);
    }

    fn full(&self, out: &WorkBatch) -> bool {
        out.len() as u64 >= self.shared.limit(limits::BATCH_MESSAGES).max(1)
    }

    /// Moves the clock by the frames up to and including number `to` of the block, and ends what is
    /// due before each.
    fn frames_to(&mut self, block: &Block, to: usize, out: &mut WorkBatch) -> Rest {
        while self.progress.frame <= to {
            let Some(frame) = block.frames.get(self.progress.frame) else {
                break;
            };
            if !std::mem::replace(&mut self.progress.seen, true) {
                self.see(reference(frame), out);
            }
            if self.expire(frame.seq, End::Idle, out) == Rest::More {
                return Rest::More;
            }
            self.progress.seen = false;
            self.progress.frame += 1;
        }
        Rest::Done
    }

    /// A frame's time moves the clock. Collects what is due.
    fn see(&mut self, frame: FrameRef, out: &mut WorkBatch) {
        let moved = self.clock.see(frame.time);
        // One worker speaks for all.
        if let Some(step) = moved.stepped.filter(|_| self.which.has(0)) {
            let mut cx = Context {
                shared: &self.shared,
                counts: &mut self.counts,
                out,
                filling: self.filling,
                stamp: Stamp::clock(frame.seq),
                now: self.clock.elapsed(),
                frames: &mut self.frames,
            };
            events::clock_step(step, frame, &mut cx);
        }
        if moved.second {
            let now = self.clock.elapsed();
            let due = &mut self.progress.due;
            for (n, shard) in self.shards.iter_mut().enumerate() {
                if let Some(shard) = shard {
                    shard.ripe(now, &self.shared, |started, place| {
                        due.push((started, n as u8, place));
                    });
                }
            }
            due.sort_unstable_by(|a, b| b.cmp(a));
        }
    }

    /// Ends what is due, in order of first frames.
    fn expire(&mut self, seq: u64, why: End, out: &mut WorkBatch) -> Rest {
        while let Some((started, n, place)) = self.progress.due.last().copied() {
            if self.full(out) {
                return Rest::More;
            }
            self.progress.due.pop();
            let mut cx = Context {
                shared: &self.shared,
                counts: &mut self.counts,
                out,
                filling: self.filling,
                stamp: Stamp::timer(seq, started),
                now: self.clock.elapsed(),
                frames: &mut self.frames,
            };
            if why == End::Idle {
                cx.counts.events.idle_ends += 1;
            }
            if let Some(shard) = &mut self.shards[usize::from(n)] {
                shard.end(place, why, &mut cx);
            }
        }
        Rest::Done
    }
}

/// Which shard a packet belongs to, the same in every run and for both directions.
pub fn shard_of(packet: &Packet) -> usize {
    (packet.pair_hash() >> 32) as usize % SHARDS
}

/// A frame as messages name it.
pub fn reference(frame: &Frame) -> FrameRef {
    FrameRef {
        seq: frame.seq,
        number: frame.number,
        file: frame.file,
        time: frame.time,
    }
}
