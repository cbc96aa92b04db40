//! The table of conversations.

use std::collections::HashMap;

use dissectors::message::FrameRef;

use super::Messages;
use crate::feed::TalkRow;
use crate::filter::Filter;
use crate::limits::CONVERSATIONS;
use crate::widgets::list::Cursor;

/// How the table is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    #[default]
    Started,
    Last,
    Messages,
    Bytes,
    Commands,
    Missing,
}

impl Sort {
    pub const fn word(self) -> &'static str {
        match self {
            Sort::Started => "start",
            Sort::Last => "last",
            Sort::Messages => "messages",
            Sort::Bytes => "bytes",
            Sort::Commands => "commands",
            Sort::Missing => "missing",
        }
    }

    pub const fn next(self) -> Self {
        match self {
            Sort::Started => Sort::Last,
            Sort::Last => Sort::Messages,
            Sort::Messages => Sort::Bytes,
            Sort::Bytes => Sort::Commands,
            Sort::Commands => Sort::Missing,
            Sort::Missing => Sort::Started,
        }
    }
}

#[derive(Default)]
pub struct Talks {
    all: HashMap<u64, TalkRow>,
    order: Vec<u64>,
    pub sort: Sort,
    cursor: Cursor<u64>,
    dirty: bool,
    seen_by: (String, u64),
}

impl Talks {
    pub fn apply(&mut self, news: HashMap<u64, TalkRow>) {
        self.dirty |= !news.is_empty();
        self.all.extend(news);
        let over = self
            .all
            .len()
            .saturating_sub(CONVERSATIONS + CONVERSATIONS / 4);
        if over > 0 {
            let mut oldest: Vec<(u64, u64)> =
                self.all.values().map(|t| (t.last.seq, t.flow_id)).collect();
            oldest.sort_unstable();
            for (_, id) in oldest.into_iter().take(over + CONVERSATIONS / 4) {
                self.all.remove(&id);
            }
        }
    }

    pub fn arrange(&mut self, filter: &Filter, messages: &Messages) {
        let seen_by = (filter.text.clone(), messages.version());
        if !std::mem::take(&mut self.dirty) && (filter.is_all() || seen_by == self.seen_by) {
            return;
        }
        self.seen_by = seen_by;
        let mut order: Vec<u64> = self
            .all
            .keys()
            .filter(|id| filter.is_all() || messages.passing_flow(**id))
            .copied()
            .collect();
        let t = |id: &u64| &self.all[id];
        let begun = |id: &u64| (t(id).started.seq, *id);
        use std::cmp::Reverse;
        match self.sort {
            Sort::Started => order.sort_by_cached_key(begun),
            Sort::Last => order.sort_by_cached_key(|id| (Reverse(t(id).last.seq), *id)),
            Sort::Messages => order
                .sort_by_cached_key(|id| (Reverse(t(id).messages.iter().sum::<u64>()), begun(id))),
            Sort::Bytes => {
                order.sort_by_cached_key(|id| (Reverse(t(id).bytes.iter().sum::<u64>()), begun(id)))
            }
            Sort::Commands => order.sort_by_cached_key(|id| (Reverse(t(id).commands), begun(id))),
            Sort::Missing => order
                .sort_by_cached_key(|id| (Reverse(t(id).missing.iter().sum::<u64>()), begun(id))),
        }
        self.order = order;
        let mut cursor = std::mem::take(&mut self.cursor);
        cursor.settle(self.order.len(), |at| self.order.get(at).copied());
        self.cursor = cursor;
    }

    pub fn change(&mut self) {
        self.dirty = true;
    }

    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub fn row(&self, row: usize) -> Option<&TalkRow> {
        self.order.get(row).and_then(|id| self.all.get(id))
    }

    pub fn get(&self, flow: u64) -> Option<&TalkRow> {
        self.all.get(&flow)
    }

    /// The first frame of a conversation, and of the next one between the same ends.
    pub fn span(&self, flow: u64) -> Option<(FrameRef, Option<FrameRef>)> {
        let talk = self.all.get(&flow)?;
        let next = self
            .all
            .values()
            .filter(|t| t.ends == talk.ends && t.transport == talk.transport)
            .map(|t| t.started)
            .filter(|f| f.seq > talk.started.seq)
            .min_by_key(|f| f.seq);
        Some((talk.started, next))
    }

    pub fn chosen(&self) -> Option<&TalkRow> {
        self.row(self.cursor.row())
    }

    pub fn by(&mut self, down: isize) {
        self.cursor
            .by(down, self.order.len(), |at| self.order.get(at).copied());
    }

    pub fn to(&mut self, row: usize) {
        self.cursor
            .to(row, self.order.len(), |at| self.order.get(at).copied());
    }

    pub fn choose(&mut self, flow: u64) {
        self.cursor.choose(flow);
        self.dirty = true;
    }

    pub fn cursor(&mut self) -> &mut Cursor<u64> {
        &mut self.cursor
    }
}
