//! All counters of a run at one frame, and the ledger that they make.

use rules::engine::Judge;

use super::judge::Tally;
use crate::capture::{CaptureCounts, Engine, Losses, Port};
use crate::decode::{DecodeCounts, DecodeNotes, Decoder, TunnelCounts};
use crate::flow::FlowCounts;
use crate::health::Watched;
use crate::ledger::{Account, Ledger};
use crate::span::MirrorCounts;

/// What the reading thread counted.
#[derive(Clone, Debug, Default)]
pub struct ReaderCounts {
    pub losses: Losses,
    pub ports: Vec<Port>,
    pub capture: CaptureCounts,
    pub decode: DecodeCounts,
    pub notes: DecodeNotes,
    pub tunnels: TunnelCounts,
    /// Frames held as fragments of datagrams that are not whole yet.
    pub held: u64,
    /// Limits of the sensor that refused something, with how often.
    pub hits: Vec<(&'static str, u64)>,
    /// What the mirror looks like, while it is looked at.
    pub mirror: Option<Box<MirrorCounts>>,
    /// Heart-beats that are waited for.
    pub canaries: Vec<Watched>,
}

impl ReaderCounts {
    /// Asks the kernel for its counters too.
    pub fn of<E: Engine>(inputs: &mut E, decoder: &Decoder) -> Self {
        ReaderCounts {
            losses: inputs.losses(),
            ports: inputs.ports(),
            capture: inputs.counts(),
            decode: decoder.counts().clone(),
            notes: decoder.notes().clone(),
            tunnels: decoder.tunnels().clone(),
            held: decoder.held(),
            hits: decoder.hits().named().collect(),
            mirror: None,
            canaries: Vec::new(),
        }
    }
}

/// What a worker counted.
#[derive(Clone, Debug, Default)]
pub struct WorkCounts {
    pub flows: FlowCounts,
    /// Conversations known now.
    pub conversations: u64,
    /// Bytes kept for them.
    pub held: u64,
}

impl WorkCounts {
    pub fn add(&mut self, other: &Self) {
        self.flows.add(&other.flows);
        self.conversations += other.conversations;
        self.held += other.held;
    }
}

/// All counters at the same frame.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub reader: ReaderCounts,
    pub work: WorkCounts,
    pub kept: Option<Kept>,
}

crate::counters! {
    /// Where the frames that `-w` asks for went.
    Kept {
        written = "frames written",
        /// The disk was slower than the network.
        behind = "frames not written, disk too slow",
        /// The disk was full or refused.
        failed = "frames not written, disk failed",
    }
}

impl Snapshot {
    /// Puts the counters of all parts together.
    pub fn ledger(&self, tally: &Tally, judge: &Judge) -> Ledger {
        let r = &self.reader;
        let mut frames: Vec<(&'static str, u64)> = r.decode.each().collect();
        frames.push(("filtered", r.capture.filtered));
        frames.push(("held as fragments", r.held));
        let mut bytes: Vec<(&'static str, u64)> = self.work.flows.bytes.each().collect();
        bytes.push((
            "waiting",
            u64::try_from(self.work.flows.waiting()).unwrap_or(0),
        ));
        let mut limits: Vec<(&'static str, u64)> = dissectors::limits::ALL
            .iter()
            .zip(&tally.limit_hits)
            .map(|(limit, hits)| (limit.name, *hits))
            .collect();
        limits.extend(judge.limit_hits().named());
        limits.extend(tally.incident_hits.iter().copied());
        limits.extend(r.hits.iter().copied());
        let mut ledger = Ledger {
            accounts: vec![
                Account::new("frames", r.capture.total(), frames.into_iter()),
                Account::new(
                    "bytes",
                    r.notes.tcp_bytes + r.notes.udp_bytes + r.notes.link_bytes + r.notes.icmp_bytes,
                    bytes.into_iter(),
                ),
            ],
            beside: vec![
                ("headers", r.notes.each().collect()),
                ("tunnels", r.tunnels.each().collect()),
                ("conversations", self.work.flows.events.each().collect()),
                ("lost before capture", r.losses.each().collect()),
                ("limits", limits),
            ],
        };
        if let Some(blind) = tally.blind {
            let running = self.work.flows.events.mid_stream;
            let restart = vec![
                ("seconds blind", blind),
                ("conversations that had begun before", running),
            ];
            ledger.beside.push(("restart", restart));
        }
        if let Some(kept) = &self.kept {
            ledger.beside.push(("kept", kept.each().collect()));
        }
        ledger
    }
}
