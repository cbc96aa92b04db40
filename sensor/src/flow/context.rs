//! What a conversation's handling needs beside the conversation: settings, counters, the pen.

use std::sync::Arc;

use dissectors::ProtocolId;
use dissectors::contract::Transport;
use dissectors::identify::Candidates;
use dissectors::message::{FrameRef, Interest};
use foldhash::fast::RandomState;

use super::clock::SECOND;
use super::limits::{self, LimitId};
use super::{FlowCounts, OrderKey, Phase, SHARDS, Settings, WorkBatch};

/// What all shards of a worker share.
pub struct Shared {
    pub settings: Settings,
    pub interest: Arc<Interest>,
    /// Keys the tables, fresh each run. Orders nothing.
    pub hasher: RandomState,
    /// Under which transport events are written.
    pub tcp: ProtocolId,
    /// Under which is written what limits the sensor's sight.
    pub health: ProtocolId,
    pub tcp_candidates: Candidates,
    pub udp_candidates: Candidates,
    // Limits that are asked for with every packet.
    pub probe_bytes: usize,
    pub history: usize,
    pub message_frames: usize,
    pub ahead: u64,
    pub sighting_id: u64,
    pub sighting: u64,
    pub flows_per_shard: usize,
    pub buffers_per_shard: u64,
}

impl Shared {
    pub fn new(settings: Settings, interest: Arc<Interest>) -> Self {
        let limit = |id: LimitId| settings.limits.amount(id);
        let size = |id: LimitId| usize::try_from(limit(id)).unwrap_or(usize::MAX);
        Shared {
            tcp: ProtocolId::of("tcp").unwrap_or(ProtocolId(0)),
            health: ProtocolId::of("health").unwrap_or(ProtocolId(0)),
            tcp_candidates: settings.signatures.candidates(Transport::Tcp),
            udp_candidates: settings.signatures.candidates(Transport::Udp),
            probe_bytes: settings
                .dissector_limits
                .get(dissectors::limits::PROBE_BYTES)
                .max(1),
            history: size(limits::HISTORY),
            message_frames: size(limits::MESSAGE_FRAMES),
            // Sequence numbers are compared within half their range.
            ahead: limit(limits::REORDER_AHEAD).min(1 << 30),
            sighting_id: limit(limits::SIGHTING_ID_MICROSECONDS).saturating_mul(1_000),
            sighting: limit(limits::SIGHTING_MICROSECONDS).saturating_mul(1_000),
            flows_per_shard: (size(limits::FLOWS) / SHARDS).max(1),
            buffers_per_shard: (limit(limits::BUFFERS) / SHARDS as u64).max(1),
            hasher: RandomState::default(),
            settings,
            interest,
        }
    }

    pub fn limit(&self, id: LimitId) -> u64 {
        self.settings.limits.amount(id)
    }

    /// The protocols that are looked for on a transport.
    pub fn candidates(&self, transport: Transport) -> Candidates {
        match transport {
            Transport::Tcp => self.tcp_candidates,
            Transport::Udp => self.udp_candidates,
            other => self.settings.signatures.candidates(other),
        }
    }

    /// A limit in seconds, as nanoseconds.
    pub fn seconds(&self, id: LimitId) -> u64 {
        self.limit(id).saturating_mul(SECOND)
    }

    /// A limit in milliseconds, as nanoseconds.
    pub fn milliseconds(&self, id: LimitId) -> u64 {
        self.limit(id).saturating_mul(1_000_000)
    }
}

/// Where the next message stands in the order of all.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    pub seq: u64,
    pub phase: Phase,
    pub conversation: u64,
    pub index: u32,
}

impl Stamp {
    /// For what a frame's own packet makes known.
    pub fn packet(seq: u64) -> Self {
        Stamp {
            seq,
            phase: Phase::Packet,
            conversation: 0,
            index: 0,
        }
    }

    /// For what the clock makes known about a conversation.
    pub fn timer(seq: u64, conversation: u64) -> Self {
        Stamp {
            seq,
            phase: Phase::Timer,
            conversation: conversation.saturating_add(1),
            index: 0,
        }
    }

    /// For what the clock itself is to be told of: before all that it makes due.
    pub fn clock(seq: u64) -> Self {
        Stamp {
            seq,
            phase: Phase::Timer,
            conversation: 0,
            index: 0,
        }
    }

    fn next(&mut self) -> OrderKey {
        let key = OrderKey {
            seq: self.seq,
            phase: self.phase,
            conversation: self.conversation,
            index: self.index,
        };
        self.index += 1;
        key
    }
}

/// Handed down to whatever handles a packet or a timer.
pub struct Context<'a> {
    pub shared: &'a Shared,
    pub counts: &'a mut FlowCounts,
    pub out: &'a mut WorkBatch,
    /// Which filling of the batch this is: a conversation is recorded once in each.
    pub filling: u32,
    pub stamp: Stamp,
    /// Elapsed capture time in nanoseconds.
    pub now: u64,
    /// For the frames of one message.
    pub frames: &'a mut Vec<FrameRef>,
}

impl Context<'_> {
    /// Places the batch's message `index`, whose frames stand in `self.frames`.
    pub fn place(&mut self, index: usize, conversation: u32, vlan: u16) {
        self.out
            .batch
            .place(index, conversation, vlan, self.frames.drain(..));
        let key = self.stamp.next();
        self.out.order.push(key);
    }
}
