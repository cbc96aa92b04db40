//! Messages that another should follow: each is kept until that came, or its time has run out.
//!
//! Nothing is told of what still waits when the capture ends, nor where what was waited for could not
//! have been seen: the other direction never showed, bytes were missed meanwhile, or the captures
//! have a hole.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use dissectors::message::{Batch, Message};

use super::table::Table;
use super::unjudged::Doubt;
use super::windows::Feeding;
use crate::language::compiled::{Truth, Window};
use crate::language::eval::{Facts, NoPast, eval};
use crate::limits::{self, Hits, Limits};

/// What one window waits for.
#[derive(Debug, Default)]
pub struct Absences {
    waiting: Table<u64, Waiting>,
    /// Deadline, number, key. What no longer waits under that number is passed over.
    order: BinaryHeap<Reverse<(i64, u64, u64)>>,
}

/// A message that waits to be followed.
#[derive(Debug)]
pub struct Waiting {
    number: u64,
    deadline: i64,
    /// Any message of its kind follows it: the other direction does not matter.
    alone: bool,
    /// Bytes missing in its conversation when it came.
    missing: [u64; 2],
    pub message: Box<Batch>,
}

/// A conversation in which something is waited for.
#[derive(Debug)]
struct Watched {
    waiting: usize,
    seen: [bool; 2],
    missing: [u64; 2],
}

/// What all such windows share.
#[derive(Debug)]
pub struct Vigil {
    /// Nothing is due before.
    due: i64,
    number: u64,
    conversations: Table<u64, Watched>,
    /// Copies to be used again.
    #[expect(clippy::vec_box, reason = "the boxes themselves are used again")]
    spare: Vec<Box<Batch>>,
    /// File and packet time of the newest message.
    heard: Option<(u32, i64)>,
    /// The clock made a leap: whether it was a hole is told by the next message.
    leapt: bool,
    hole: i64,
}

/// Copies that wait to be used again, and how large one of them may be.
const SPARE: usize = 64;
const SPARE_BYTES: usize = 8 * 1024;

impl Absences {
    /// Puts a message on the wait, unless one waits under its key already. `alone`: it follows the
    /// one that waits, and takes its place.
    pub fn begin(&mut self, key: u64, message: Message<'_>, wait: Wait, room: &mut Room<'_>) {
        let deadline = wait.now.saturating_add(wait.within);
        let conversation = message.conversation();
        if let Some(old) = self.waiting.get_mut(&key) {
            if wait.alone {
                room.vigil.leave(old.message.message(0));
                old.message.copy(message);
                old.missing = conversation.missing;
                // Its place in the order stays; it is put back when that comes up.
                old.deadline = deadline;
                room.vigil.watch(message);
            }
            return;
        }
        let most = room.limits.get(limits::ABSENCE_KEYS).max(1);
        while self.waiting.len() >= most {
            let Some(oldest) = self.first() else { break };
            self.give_up(oldest, room.vigil);
            room.hits.count(limits::ABSENCE_KEYS);
            room.forgotten += 1;
        }
        room.vigil.number += 1;
        let number = room.vigil.number;
        let mut copy = room.vigil.spare.pop().unwrap_or_default();
        copy.copy(message);
        room.vigil.watch(message);
        room.vigil.due = room.vigil.due.min(deadline);
        let waiting = Waiting {
            number,
            deadline,
            alone: wait.alone,
            missing: conversation.missing,
            message: copy,
        };
        self.waiting.insert(key, waiting);
        self.order.push(Reverse((deadline, number, key)));
        if self.order.len() > 2 * self.waiting.len() + 64 {
            let waiting = &self.waiting;
            self.order
                .retain(|Reverse((_, n, key))| waiting.get(key).is_some_and(|w| w.number == *n));
        }
    }

    /// What was waited for came.
    pub fn came(&mut self, key: u64, vigil: &mut Vigil) {
        if !self.waiting.is_empty() {
            self.give_up(key, vigil);
        }
    }

    /// True if something waits under this key.
    pub fn waits(&self, key: u64) -> bool {
        self.waiting.contains_key(&key)
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn give_up(&mut self, key: u64, vigil: &mut Vigil) {
        if let Some(waiting) = self.waiting.remove(&key) {
            vigil.leave(waiting.message.message(0));
            vigil.spare(waiting.message);
        }
    }

    /// The key that waits longest.
    fn first(&mut self) -> Option<u64> {
        self.settle();
        self.order.peek().map(|Reverse((_, _, key))| *key)
    }

    /// Brings what is due first, and still waits, to the front.
    fn settle(&mut self) {
        while let Some(Reverse((deadline, number, key))) = self.order.peek().copied() {
            match self.waiting.get(&key).filter(|w| w.number == number) {
                Some(w) if w.deadline == deadline => return,
                Some(w) => {
                    let deadline = w.deadline;
                    self.order.pop();
                    self.order.push(Reverse((deadline, number, key)));
                }
                None => {
                    self.order.pop();
                }
            }
        }
    }

    /// When the first of these is due, and its number.
    pub fn due(&mut self) -> Option<(i64, u64)> {
        self.settle();
        self.order.peek().map(|Reverse((at, n, _))| (*at, *n))
    }

    /// Takes out what is due first.
    pub fn take(&mut self) -> Option<Waiting> {
        let key = self.first()?;
        self.order.pop();
        self.waiting.remove(&key)
    }
}

/// When something began to wait, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    pub now: i64,
    pub within: i64,
    pub alone: bool,
}

/// Where it waits.
pub struct Room<'r> {
    pub vigil: &'r mut Vigil,
    pub limits: &'r Limits,
    pub hits: &'r mut Hits,
    pub forgotten: u64,
}

impl Feeding<'_> {
    /// `absence(a, b)`: never true for the message at hand, but for the one that waited when its time
    /// has run out.
    pub(super) fn absence(&mut self, at: usize, window: &Window, facts: &Facts<'_>) -> Truth {
        let [first, rest @ ..] = window.steps.as_slice() else {
            return Truth::Unknown;
        };
        let begins = self.is_true(at, 0, first, facts);
        let alone = rest.is_empty();
        let ends = match rest.first() {
            None => begins,
            Some(_) if self.windows.absences(at).is_none_or(|a| a.is_empty()) => false,
            Some(follows) => {
                self.is_true(at, 1, follows, facts)
                    // Without a policy it may have been what was waited for.
                    || self.condition.uses.policy
                        && facts.policy.is_none()
                        && eval(follows, facts, &mut NoPast) == Truth::Unknown
            }
        };
        if !begins && !ends {
            return Truth::False;
        }
        let Some(key) = self.key(&window.by, facts) else {
            return Truth::Unknown;
        };
        let Some(absences) = self.windows.absences(at) else {
            return Truth::Unknown;
        };
        if ends && !alone {
            absences.came(key, self.vigil);
        }
        if begins {
            let wait = Wait {
                now: self.now,
                within: window.within,
                alone,
            };
            let mut room = Room {
                vigil: self.vigil,
                limits: self.limits,
                hits: self.hits,
                forgotten: 0,
            };
            absences.begin(key, facts.message, wait, &mut room);
            let forgotten = room.forgotten;
            self.windows.forgotten += forgotten;
        }
        Truth::False
    }
}

impl Vigil {
    pub fn new(limits: &Limits) -> Self {
        Vigil {
            due: i64::MAX,
            number: 0,
            conversations: Table::default(),
            spare: Vec::new(),
            heard: None,
            leapt: false,
            hole: limits.nanoseconds(limits::CAPTURE_HOLE),
        }
    }

    /// Forgets what waits; what was heard last is kept.
    pub fn clear(&mut self) {
        self.conversations.clear();
        self.due = i64::MAX;
    }

    /// True if something may be due.
    pub fn is_due(&self, now: i64) -> bool {
        self.due < now && !self.leapt
    }

    pub fn next_due(&mut self, due: Option<i64>) {
        self.due = due.unwrap_or(i64::MAX);
    }

    /// The clock moved: a leap may be a hole between two captures.
    pub fn moved(&mut self, before: i64, now: i64) {
        self.leapt |= self.heard.is_some() && now.saturating_sub(before) > self.hole;
    }

    /// A message was heard. True if nothing was captured for a time before it: it lies in another
    /// file than the one before, and much later.
    pub fn heard(&mut self, message: Message<'_>) -> bool {
        let frame = message.frame();
        let before = self.heard.replace((frame.file, frame.time));
        let leapt = std::mem::take(&mut self.leapt);
        if !self.conversations.is_empty() {
            let conversation = message.conversation();
            if let Some(watched) = self.conversations.get_mut(&conversation.flow_id) {
                watched.seen = conversation.seen;
                watched.missing = conversation.missing;
            }
        }
        leapt && before.is_some_and(|(file, _)| file != frame.file)
    }

    /// What speaks against telling that nothing came.
    pub fn doubt(&self, waiting: &Waiting) -> Option<Doubt> {
        let message = waiting.message.message(0);
        let watched = self.conversations.get(&message.conversation().flow_id)?;
        let own = message.side().index();
        let other = message.side().other().index();
        if !waiting.alone && !watched.seen[other] {
            return Some(Doubt::OneSided);
        }
        let gap = watched.missing[own] != waiting.missing[own]
            || !waiting.alone && watched.missing[other] != waiting.missing[other];
        gap.then_some(Doubt::Gap)
    }

    fn watch(&mut self, message: Message<'_>) {
        let conversation = message.conversation();
        let watched = self
            .conversations
            .entry(conversation.flow_id)
            .or_insert(Watched {
                waiting: 0,
                seen: conversation.seen,
                missing: conversation.missing,
            });
        watched.waiting += 1;
    }

    pub fn leave(&mut self, message: Message<'_>) {
        let flow = message.conversation().flow_id;
        if let Some(watched) = self.conversations.get_mut(&flow) {
            watched.waiting -= 1;
            if watched.waiting == 0 {
                self.conversations.remove(&flow);
            }
        }
    }

    pub fn spare(&mut self, batch: Box<Batch>) {
        if self.spare.len() < SPARE && batch.held() <= SPARE_BYTES {
            self.spare.push(batch);
        }
    }
}
