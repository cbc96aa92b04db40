//! Conversations: TCP reassembly, UDP exchanges, identification, dissectors at work.
//!
//! Work is split among a fixed number of [`SHARDS`], each with its own tables, budgets and timers.
//! A worker owns some shards ([`ShardSet`]), sees every block, and handles the packets of its own.
//! Nothing depends on which worker owns which shard: messages carry an [`OrderKey`], and merging the
//! workers' batches by it gives one order for any number of workers.

pub mod counts;
pub mod limits;

use std::sync::Arc;

use dissectors::message::Interest;
use dissectors::{Batch, identify::Signatures};

use crate::capture::block::Block;
pub use counts::FlowCounts;
pub use limits::Limits;

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
    /// For timers: sequence number of the conversation's first frame. Else 0.
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
    counts: FlowCounts,
}

impl Shards {
    /// Shards with no conversation yet.
    pub fn new(_settings: Settings, _interest: Arc<Interest>, _which: ShardSet) -> Self {
        Shards {
            counts: FlowCounts::default(),
        }
    }

    /// Handles a decoded block: the packets of the own shards, and the time of every frame.
    /// Blocks come in order of their frames' sequence numbers; every worker gets every block.
    pub fn block(&mut self, _block: &Block, _out: &mut WorkBatch) -> Rest {
        Rest::Done
    }

    /// Without frames (live, a quiet network): time has come to `time`. `seq` is the sequence number
    /// that the next frame will get.
    pub fn idle(&mut self, _time: i64, _seq: u64, _out: &mut WorkBatch) -> Rest {
        Rest::Done
    }

    /// The capture ended: everything still waiting is told.
    pub fn finish(&mut self, _out: &mut WorkBatch) -> Rest {
        Rest::Done
    }

    /// New rules may want other fields. Holds from the next call on.
    pub fn set_interest(&mut self, _interest: Arc<Interest>) {}

    pub fn counts(&self) -> &FlowCounts {
        &self.counts
    }

    /// Conversations known now.
    pub fn conversations(&self) -> usize {
        0
    }

    /// Bytes kept for conversations beside their records.
    pub fn held(&self) -> usize {
        0
    }
}
