//! Messages kept for looking at: which pass the filter, which is chosen, what its bytes are.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use dissectors::action::Outcome;
use dissectors::message::{Batch, Message};

use super::leaves::{Leaf, leaves};
use crate::filter::{Around, Filter};
use crate::limits::MESSAGES_BYTES;
use crate::widgets::list::Cursor;
use crate::words;

/// A kept message: its piece, and its place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MsgId {
    pub chunk: u64,
    pub at: u32,
}

/// Which pane of the Message screen the keys go to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    #[default]
    List,
    Fields,
    Bytes,
}

/// The bytes of the chosen message.
#[derive(Clone, Debug, Default)]
pub enum Stream {
    #[default]
    None,
    Asked(MsgId),
    Have(MsgId, Vec<Option<u8>>),
    Failed(MsgId, String),
}

impl Stream {
    pub fn of(&self, id: MsgId) -> Option<&[Option<u8>]> {
        match self {
            Stream::Have(have, bytes) if *have == id => Some(bytes),
            _ => None,
        }
    }

    pub fn is_for(&self, id: MsgId) -> bool {
        matches!(self, Stream::Asked(i) | Stream::Have(i, _) | Stream::Failed(i, _) if *i == id)
    }
}

pub struct Messages {
    chunks: VecDeque<Arc<Batch>>,
    /// Number of the first kept piece.
    base: u64,
    held: usize,
    /// Messages that went because there was no more room.
    pub forgotten: u64,
    kept: u64,
    version: u64,
    /// What became of requests, by conversation and frame.
    outcomes: HashMap<(u64, u64), Outcome>,
    /// Passing messages of the chosen conversation, oldest first.
    order: VecDeque<MsgId>,
    hosts: HashSet<IpAddr>,
    flows: HashSet<u64>,
    frames: HashSet<(u64, u64)>,
    /// Pieces already sifted, and by what.
    sifted: u64,
    sifted_by: (String, Option<u64>),
    /// Only this conversation.
    pub flow: Option<u64>,
    cursor: Cursor<MsgId>,
    pub pane: Pane,
    pub field: usize,
    pub bytes_top: usize,
    /// The byte that the keys stand on in the byte pane; the field there is chosen.
    pub byte: Option<usize>,
    pub stream: Stream,
    /// The fields of the message that was shown last: looking for their bytes takes a while.
    leaves: Option<(LeavesOf, Vec<Leaf>)>,
}

/// Message, whether its bytes were there, whether values and bytes of patients are shown.
type LeavesOf = (MsgId, bool, bool, bool);

impl Default for Messages {
    fn default() -> Self {
        Messages {
            chunks: VecDeque::new(),
            base: 0,
            held: 0,
            forgotten: 0,
            kept: 0,
            version: 0,
            outcomes: HashMap::new(),
            order: VecDeque::new(),
            hosts: HashSet::new(),
            flows: HashSet::new(),
            frames: HashSet::new(),
            sifted: 0,
            sifted_by: (String::new(), None),
            flow: None,
            cursor: Cursor::following(),
            pane: Pane::default(),
            field: 0,
            bytes_top: 0,
            byte: None,
            stream: Stream::None,
            leaves: None,
        }
    }
}

impl Messages {
    pub fn apply(&mut self, chunks: Vec<Arc<Batch>>) {
        for chunk in chunks {
            self.version += 1;
            self.held += chunk.held();
            self.kept += chunk.len() as u64;
            self.chunks.push_back(chunk);
        }
        while self.held > MESSAGES_BYTES && self.chunks.len() > 1 {
            let Some(oldest) = self.chunks.pop_front() else {
                break;
            };
            self.held = self.held.saturating_sub(oldest.held());
            self.kept -= oldest.len() as u64;
            self.forgotten += oldest.len() as u64;
            self.base += 1;
            if self.outcomes.len() > 100_000 {
                self.outcomes.clear();
            }
        }
    }

    pub fn settled(&mut self, (flow, seq, outcome): (u64, u64, Outcome)) {
        self.outcomes.insert((flow, seq), outcome);
    }

    /// Goes up with every change of what is kept.
    pub fn version(&self) -> u64 {
        self.version
    }

    pub fn kept(&self) -> u64 {
        self.kept
    }

    pub fn held(&self) -> usize {
        self.held
    }

    /// Sifts what is new, or everything if the filter or the conversation changed.
    pub fn arrange(&mut self, filter: &Filter, around: Around<'_>) {
        let by = (filter.text.clone(), self.flow);
        if by != self.sifted_by {
            self.sifted_by = by;
            self.sifted = 0;
            self.order.clear();
            self.hosts.clear();
            self.flows.clear();
            self.frames.clear();
        }
        while self.order.front().is_some_and(|id| id.chunk < self.base) {
            self.order.pop_front();
        }
        let from = self.sifted.max(self.base);
        let end = self.base + self.chunks.len() as u64;
        for chunk in from..end {
            let batch = Arc::clone(&self.chunks[(chunk - self.base) as usize]);
            for at in 0..batch.len() {
                self.sift(
                    MsgId {
                        chunk,
                        at: at as u32,
                    },
                    batch.message(at),
                    filter,
                    around,
                );
            }
        }
        self.sifted = end;
        let mut cursor = std::mem::take(&mut self.cursor);
        cursor.settle(self.order.len(), |at| self.order.get(at).copied());
        self.cursor = cursor;
    }

    fn sift(&mut self, id: MsgId, m: Message<'_>, filter: &Filter, around: Around<'_>) {
        let c = m.conversation();
        let place = (c.flow_id, m.frame().seq);
        if !filter.is_all() {
            let around = Around {
                outcome: self.outcomes.get(&place).copied(),
                ..around
            };
            if !filter.passes(Some(m), around, || line(m)) {
                return;
            }
            self.hosts.extend(c.ends.map(|e| e.ip));
            self.flows.insert(c.flow_id);
            self.frames.insert(place);
        }
        if self.flow.is_none_or(|flow| flow == c.flow_id) {
            self.order.push_back(id);
        }
    }

    pub fn passing_host(&self, ip: IpAddr) -> bool {
        self.hosts.contains(&ip)
    }

    pub fn passing_flow(&self, flow: u64) -> bool {
        self.flows.contains(&flow)
    }

    pub fn passing_frame(&self, flow: u64, seq: u64) -> bool {
        self.frames.contains(&(flow, seq))
    }

    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub fn id(&self, row: usize) -> Option<MsgId> {
        self.order.get(row).copied()
    }

    pub fn get(&self, id: MsgId) -> Option<Message<'_>> {
        let chunk = self.chunks.get(id.chunk.checked_sub(self.base)? as usize)?;
        ((id.at as usize) < chunk.len()).then(|| chunk.message(id.at as usize))
    }

    pub fn chosen_id(&self) -> Option<MsgId> {
        self.id(self.cursor.row())
    }

    pub fn chosen(&self) -> Option<Message<'_>> {
        self.get(self.chosen_id()?)
    }

    /// Chooses the message of a conversation that a frame completed, or the nearest before it.
    pub fn choose(&mut self, flow: u64, seq: u64, filter: &Filter, around: Around<'_>) -> bool {
        self.flow = Some(flow);
        self.field = 0;
        self.bytes_top = 0;
        self.byte = None;
        // The message is wanted whether or not the filter lets it pass.
        let mut all = filter;
        let whole = Filter::default();
        if !filter.is_all() && !self.frames.contains(&(flow, seq)) {
            all = &whole;
        }
        self.arrange(all, around);
        let row = (0..self.order.len()).rev().find(|at| {
            self.id(*at)
                .and_then(|id| self.get(id))
                .is_some_and(|m| m.frame().seq <= seq)
        });
        self.cursor.follow = false;
        match row {
            Some(row) => {
                self.to(row);
                true
            }
            None => {
                self.to(0);
                !self.order.is_empty()
            }
        }
    }

    /// The fields of the chosen message, to be given back by [`Messages::keep_leaves`].
    pub fn take_leaves(&mut self, reveal: bool, reveal_bytes: bool) -> Vec<Leaf> {
        let Some(id) = self.chosen_id() else {
            return Vec::new();
        };
        let stream = self.stream.of(id);
        let of = (id, stream.is_some(), reveal, reveal_bytes);
        match self.leaves.take() {
            Some((had, found)) if had == of => found,
            _ => self
                .get(id)
                .map(|m| leaves(m, stream, reveal, reveal_bytes))
                .unwrap_or_default(),
        }
    }

    pub fn keep_leaves(&mut self, found: Vec<Leaf>, reveal: bool, reveal_bytes: bool) {
        if let Some(id) = self.chosen_id() {
            let of = (id, self.stream.of(id).is_some(), reveal, reveal_bytes);
            self.leaves = Some((of, found));
        }
    }

    pub fn by(&mut self, down: isize) {
        self.cursor.follow = false;
        self.cursor
            .by(down, self.order.len(), |at| self.order.get(at).copied());
        self.field = 0;
        self.bytes_top = 0;
        self.byte = None;
    }

    pub fn to(&mut self, row: usize) {
        self.cursor
            .to(row, self.order.len(), |at| self.order.get(at).copied());
        self.field = 0;
        self.bytes_top = 0;
        self.byte = None;
    }

    pub fn follow(&mut self) {
        self.to(usize::MAX);
        self.cursor.follow = true;
    }

    pub fn follows(&self) -> bool {
        self.cursor.follow
    }

    pub fn cursor(&mut self) -> &mut Cursor<MsgId> {
        &mut self.cursor
    }
}

/// What a text filter looks in: nothing about patients.
fn line(m: Message<'_>) -> String {
    format!(
        "{} {} {} {}",
        words::end(m.source()),
        words::end(m.destination()),
        m.protocol().name(),
        words::message(m)
    )
}
