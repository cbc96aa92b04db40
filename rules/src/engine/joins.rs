//! Requests and their answers, joined by the protocol's own key over any connection.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hash, Hasher};

use dissectors::action::Outcome;
use dissectors::message::{Batch, Message, Scope};
use foldhash::fast::RandomState;

use super::index::RuleAt;
use super::places::Places;
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
    key: u64,
    asked: i64,
    /// What an answer that was not the last said.
    provisional: Option<Outcome>,
    /// The last answer came; kept so that a repeated one finds its request.
    settled: bool,
    /// A later request took its key.
    replaced: bool,
    hanging: Option<Box<Hanging>>,
}

/// A request whose time is up.
#[derive(Debug)]
pub struct Lapsed {
    pub outcome: Outcome,
    pub hanging: Box<Hanging>,
}

/// Entries are numbered in a circle.
const NUMBERS: u32 = u32::MAX >> 1;

#[derive(Debug)]
pub struct Joins {
    /// In the order of asking: what lapses and what is evicted comes from the front.
    entries: VecDeque<Entry>,
    /// Number of the first of them.
    first: u32,
    /// Numbers of those that are not replaced, by key.
    places: Places,
    room: usize,
    patience: i64,
    hasher: RandomState,
    evicted: bool,
    /// What hung on evicted requests: judged like what lapsed.
    spilt: VecDeque<Lapsed>,
    /// Used again: requests come and go with every message.
    #[expect(clippy::vec_box, reason = "the boxes themselves are used again")]
    spare: Vec<Box<Hanging>>,
}

/// Most boxes that wait to be used again.
const SPARE: usize = 256;

impl Joins {
    pub fn new(limits: &Limits) -> Self {
        Joins {
            entries: VecDeque::new(),
            first: 0,
            places: Places::default(),
            // Numbers of entries must stay apart from one another.
            room: limits.get(limits::JOIN_ENTRIES).clamp(1, 1 << 28),
            patience: limits.nanoseconds(limits::JOIN_SECONDS),
            hasher: RandomState::default(),
            evicted: false,
            spilt: VecDeque::new(),
            spare: Vec::new(),
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
        let before = self.number(key).and_then(|number| {
            self.places.remove(key, number);
            let entry = self.at(number)?;
            entry.replaced = true;
            let hanging = entry.hanging.take()?;
            Some(lapse(hanging, entry.provisional))
        });
        let number = self.first.wrapping_add(self.entries.len() as u32) & NUMBERS;
        self.entries.push_back(Entry {
            key,
            asked: time,
            provisional: None,
            settled: false,
            replaced: false,
            hanging: None,
        });
        self.places.insert(key, number);
        while self.places.len() > self.room || self.entries.len() > self.room * 2 {
            let Some(oldest) = self.pop() else {
                break;
            };
            if !oldest.replaced {
                hits.count(limits::JOIN_ENTRIES);
                self.evicted = true;
                let provisional = oldest.provisional;
                self.spilt
                    .extend(oldest.hanging.map(|h| lapse(h, provisional)));
            }
        }
        before
    }

    pub fn hang(&mut self, key: u64) -> Option<&mut Hanging> {
        let number = self.number(key)?;
        let at = (number.wrapping_sub(self.first) & NUMBERS) as usize;
        let entry = self.entries.get_mut(at)?;
        let spare = &mut self.spare;
        Some(
            entry
                .hanging
                .get_or_insert_with(|| spare.pop().unwrap_or_default()),
        )
    }

    /// Gives back what hung on a request that was judged.
    pub fn done(&mut self, mut hanging: Box<Hanging>) {
        if self.spare.len() < SPARE {
            hanging.request = None;
            hanging.waiting.clear();
            hanging.findings.clear();
            self.spare.push(hanging);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.places.len() == 0
    }

    /// True if somebody asked under this key.
    pub fn knows(&self, key: u64) -> bool {
        self.number(key).is_some()
    }

    /// The request's copy, if one was kept.
    pub fn request(&self, key: u64) -> Option<Message<'_>> {
        let number = self.number(key)?;
        let entry = self
            .entries
            .get((number.wrapping_sub(self.first) & NUMBERS) as usize)?;
        let batch = entry.hanging.as_ref()?.request.as_deref()?;
        (!batch.is_empty()).then(|| batch.message(0))
    }

    /// The number of the entry under a key.
    fn number(&self, key: u64) -> Option<u32> {
        self.places.find(key, |number| {
            let at = (number.wrapping_sub(self.first) & NUMBERS) as usize;
            self.entries.get(at).is_some_and(|e| e.key == key)
        })
    }

    fn at(&mut self, number: u32) -> Option<&mut Entry> {
        self.entries
            .get_mut((number.wrapping_sub(self.first) & NUMBERS) as usize)
    }

    /// Takes the oldest entry out.
    fn pop(&mut self) -> Option<Entry> {
        let oldest = self.entries.pop_front()?;
        if !oldest.replaced {
            self.places.remove(oldest.key, self.first);
        }
        self.first = self.first.wrapping_add(1) & NUMBERS;
        Some(oldest)
    }

    /// Notes an answer. What hung on the request is given back if this answer settles it.
    pub fn answer(&mut self, key: u64, last: bool, outcome: Outcome) -> Option<Box<Hanging>> {
        let number = self.number(key)?;
        let entry = self.at(number)?;
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
                .entries
                .front()
                .is_some_and(|e| e.asked.saturating_add(self.patience) <= now)
    }

    /// The next request whose time is up at `now`.
    pub fn lapsed(&mut self, now: i64) -> Option<Lapsed> {
        if let Some(spilt) = self.spilt.pop_front() {
            return Some(spilt);
        }
        while self
            .entries
            .front()
            .is_some_and(|e| e.asked.saturating_add(self.patience) <= now)
        {
            let oldest = self.pop()?;
            let provisional = oldest.provisional;
            if let Some(hanging) = oldest.hanging {
                return Some(lapse(hanging, provisional));
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
        self.places.clear();
        self.spilt.clear();
    }
}

/// What is left to do for a request that will not be answered any more. An acknowledgement that
/// was not the last counts if nothing else came.
fn lapse(hanging: Box<Hanging>, provisional: Option<Outcome>) -> Lapsed {
    Lapsed {
        outcome: provisional.unwrap_or(Outcome::Unknown),
        hanging,
    }
}
