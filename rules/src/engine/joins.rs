//! Requests and their answers, joined by the protocol's own key over any connection.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hash, Hasher};

use dissectors::action::Outcome;
use dissectors::message::{Batch, Message, Scope};
use foldhash::fast::RandomState;

use super::index::RuleAt;
use super::table::Table;
use crate::limits::{self, Hits, Limits};

/// What hangs on a request until its answer comes.
#[derive(Debug, Default)]
pub struct Hanging {
    /// The request, where a rule will read it.
    pub request: Option<Box<Batch>>,
    /// Rules that wait for the answer, in the order of ids.
    pub waiting: Vec<RuleAt>,
    /// Findings on the request.
    pub findings: Vec<Fired>,
}

impl Hanging {
    /// Nothing waits for the answer.
    pub fn is_empty(&self) -> bool {
        self.request.is_none() && self.waiting.is_empty() && self.findings.is_empty()
    }
}

/// A finding that counted a request.
#[derive(Clone, Copy, Debug)]
pub struct Fired {
    pub rule: RuleAt,
    /// The finding's serial.
    pub serial: u64,
    pub counted_as: Outcome,
}

#[derive(Debug)]
struct Entry {
    asked: i64,
    /// What an answer that was not the last said.
    provisional: Option<Outcome>,
    /// The last answer came; kept so that a repeated one finds its request.
    settled: bool,
    hanging: Option<Box<Hanging>>,
}

/// A request whose time is up.
#[derive(Debug)]
pub struct Lapsed {
    pub outcome: Outcome,
    pub hanging: Hanging,
}

#[derive(Debug)]
pub struct Joins {
    entries: Table<u64, Entry>,
    /// In the order of asking: what lapses and what is evicted comes from the front.
    order: VecDeque<(i64, u64)>,
    room: usize,
    patience: i64,
    hasher: RandomState,
    evicted: bool,
    /// What hung on evicted requests: judged like what lapsed.
    spilt: VecDeque<Lapsed>,
}

impl Joins {
    pub fn new(limits: &Limits) -> Self {
        Joins {
            entries: Table::default(),
            order: VecDeque::new(),
            room: limits.get(limits::JOIN_ENTRIES).max(1),
            patience: limits.nanoseconds(limits::JOIN_SECONDS),
            hasher: RandomState::default(),
            evicted: false,
            spilt: VecDeque::new(),
        }
    }

    /// The key under which a message asks.
    pub fn asked_under(&self, message: Message<'_>) -> Option<u64> {
        let join = message.asks()?;
        Some(self.key(message, join.scope, join.key, true))
    }

    /// The key to which a message answers.
    pub fn answered_under(&self, message: Message<'_>) -> Option<u64> {
        let join = message.answers()?;
        Some(self.key(message, join.scope, join.key, false))
    }

    fn key(&self, message: Message<'_>, scope: Scope, key: &[u8], asks: bool) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        message.protocol().hash(&mut hasher);
        scope.hash(&mut hasher);
        match scope {
            Scope::Conversation => {
                let asker = if asks {
                    message.side()
                } else {
                    message.side().other()
                };
                message.conversation().flow_id.hash(&mut hasher);
                asker.hash(&mut hasher);
            }
            Scope::Hosts => {
                let (from, to) = (message.source().ip, message.destination().ip);
                let (asker, asked) = if asks { (from, to) } else { (to, from) };
                asker.hash(&mut hasher);
                asked.hash(&mut hasher);
            }
            Scope::Everywhere => {}
        }
        key.hash(&mut hasher);
        hasher.finish()
    }

    /// Notes a request. What hung on an earlier one under the same key is given back.
    pub fn ask(&mut self, key: u64, time: i64, hits: &mut Hits) -> Option<Lapsed> {
        let entry = Entry {
            asked: time,
            provisional: None,
            settled: false,
            hanging: None,
        };
        self.order.push_back((time, key));
        let before = self.entries.insert(key, entry);
        while self.entries.len() > self.room || self.order.len() > self.room.saturating_mul(2) {
            let Some((asked, oldest)) = self.order.pop_front() else {
                break;
            };
            if oldest != key && self.entries.get(&oldest).is_some_and(|e| e.asked == asked) {
                hits.count(limits::JOIN_ENTRIES);
                self.evicted = true;
                self.spilt
                    .extend(self.entries.remove(&oldest).and_then(lapse));
            }
        }
        before.and_then(lapse)
    }

    pub fn hang(&mut self, key: u64) -> Option<&mut Hanging> {
        let entry = self.entries.get_mut(&key)?;
        Some(entry.hanging.get_or_insert_default())
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// True if somebody asked under this key.
    pub fn knows(&self, key: u64) -> bool {
        self.entries.contains_key(&key)
    }

    /// The request's copy, if one was kept.
    pub fn request(&self, key: u64) -> Option<Message<'_>> {
        let batch = self
            .entries
            .get(&key)?
            .hanging
            .as_ref()?
            .request
            .as_deref()?;
        (!batch.is_empty()).then(|| batch.message(0))
    }

    /// Notes an answer. What hung on the request is given back if this answer settles it.
    pub fn answer(&mut self, key: u64, last: bool, outcome: Outcome) -> Option<Box<Hanging>> {
        let entry = self.entries.get_mut(&key)?;
        if entry.settled {
            return None;
        }
        if !last {
            if outcome.settled() {
                entry.provisional = Some(outcome);
            }
            return None;
        }
        entry.settled = true;
        entry.hanging.take()
    }

    /// True if [`Self::lapsed`] may have something to give at `now`.
    #[inline]
    pub fn is_due(&self, now: i64) -> bool {
        !self.spilt.is_empty()
            || self
                .order
                .front()
                .is_some_and(|(asked, _)| asked.saturating_add(self.patience) <= now)
    }

    /// The next request whose time is up at `now`.
    pub fn lapsed(&mut self, now: i64) -> Option<Lapsed> {
        if let Some(spilt) = self.spilt.pop_front() {
            return Some(spilt);
        }
        while let Some((asked, key)) = self.order.front().copied() {
            if asked.saturating_add(self.patience) > now {
                return None;
            }
            self.order.pop_front();
            if self.entries.get(&key).is_some_and(|e| e.asked == asked)
                && let Some(lapsed) = self.entries.remove(&key).and_then(lapse)
            {
                return Some(lapsed);
            }
        }
        None
    }

    /// At the end every request lapses, in the order of asking.
    pub fn last(&mut self) -> Option<Lapsed> {
        self.lapsed(i64::MAX)
    }

    /// True if a request may have been forgotten: then a missing one proves nothing.
    pub fn forgetful(&self) -> bool {
        self.evicted
    }

    pub fn clear(&mut self) {
        self.entries.clear();
        self.order.clear();
        self.spilt.clear();
    }
}

/// What is left to do for a request that will not be answered any more. An acknowledgement that
/// was not the last counts if nothing else came.
fn lapse(entry: Entry) -> Option<Lapsed> {
    let hanging = *entry.hanging?;
    let outcome = entry.provisional.unwrap_or(Outcome::Unknown);
    Some(Lapsed { outcome, hanging })
}
