//! What a window keeps for one key.

use std::collections::VecDeque;

use dissectors::message::FrameRef;

#[derive(Debug)]
pub struct State {
    pub touched: i64,
    /// Events counted in the sum over all keys.
    pub counted: usize,
    /// Count, distinct, sum: what counted, oldest first.
    pub events: Events,
    /// What only some kinds of windows keep, apart: there are many keys.
    pub more: Option<Box<More>>,
}

#[derive(Debug, Default)]
pub struct More {
    /// Sum; for interleaved the last number.
    pub sum: f64,
    /// Sequence: when each step but the last was reached, and where.
    pub steps: Vec<Option<(i64, FrameRef)>>,
    /// Interleaved: contents seen lately.
    pub recent: VecDeque<u64>,
    /// Takeover: when the holder let go, by packet time.
    pub let_go: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
pub struct Counted {
    pub time: i64,
    /// The value's hash (distinct) or the summand's bits (sum).
    pub what: u64,
    pub frame: FrameRef,
}

/// Some events, oldest first. Most keys ever see one: it needs no heap.
#[derive(Debug, Default)]
pub enum Events {
    #[default]
    None,
    One(Counted),
    Many(VecDeque<Counted>),
}

impl Events {
    pub fn len(&self) -> usize {
        match self {
            Events::None => 0,
            Events::One(_) => 1,
            Events::Many(all) => all.len(),
        }
    }

    pub fn front(&self) -> Option<&Counted> {
        match self {
            Events::None => None,
            Events::One(one) => Some(one),
            Events::Many(all) => all.front(),
        }
    }

    pub fn back(&self) -> Option<&Counted> {
        match self {
            Events::None => None,
            Events::One(one) => Some(one),
            Events::Many(all) => all.back(),
        }
    }

    pub fn push_back(&mut self, event: Counted) {
        match self {
            Events::None => *self = Events::One(event),
            Events::One(one) => *self = Events::Many(VecDeque::from([*one, event])),
            Events::Many(all) => all.push_back(event),
        }
    }

    pub fn pop_front(&mut self) -> Option<Counted> {
        match self {
            Events::None => None,
            Events::One(one) => {
                let one = *one;
                *self = Events::None;
                Some(one)
            }
            Events::Many(all) => all.pop_front(),
        }
    }

    pub fn pop_back(&mut self) -> Option<Counted> {
        match self {
            Events::Many(all) => all.pop_back(),
            _ => self.pop_front(),
        }
    }

    /// Takes out the event with this value, if there is one.
    pub fn forget(&mut self, what: u64) {
        match self {
            Events::None => {}
            Events::One(one) => {
                if one.what == what {
                    *self = Events::None;
                }
            }
            Events::Many(all) => {
                if let Some(known) = all.iter().position(|e| e.what == what) {
                    all.remove(known);
                }
            }
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Counted> {
        let (one, many) = match self {
            Events::None => (None, None),
            Events::One(one) => (Some(one), None),
            Events::Many(all) => (None, Some(all)),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}

impl State {
    pub fn new(touched: i64) -> Self {
        State {
            touched,
            counted: 0,
            events: Events::default(),
            more: None,
        }
    }

    /// Adds an event; keeps no more than `room`, and none older than the window.
    pub fn push(&mut self, event: Counted, within: i64, room: usize) {
        if room <= 1 && self.events.len() <= 1 {
            // It takes the place of the one before it.
            self.events = Events::One(event);
            return;
        }
        self.events.push_back(event);
        while self.events.len() > room.max(1)
            || self
                .events
                .front()
                .is_some_and(|e| e.time.saturating_add(within) < event.time)
        {
            self.events.pop_front();
        }
    }

    pub fn push_sum(&mut self, event: Counted, within: i64, room: usize) {
        let mut sum = self.more().sum + f64::from_bits(event.what);
        self.events.push_back(event);
        while self.events.len() > room.max(1)
            || self
                .events
                .front()
                .is_some_and(|e| e.time.saturating_add(within) < event.time)
        {
            if let Some(old) = self.events.pop_front() {
                sum -= f64::from_bits(old.what);
            }
        }
        self.more().sum = sum;
    }

    /// Keeps only what may yet be the least (`sign` 1) or the greatest (-1): least first. True if one
    /// between had to go for want of room.
    pub fn push_least(&mut self, event: Counted, sign: f64, within: i64, room: usize) -> bool {
        let number = |e: &Counted| f64::from_bits(e.what) * sign;
        let stale = |e: &Counted| e.time.saturating_add(within) < event.time;
        while self.events.front().is_some_and(stale) {
            self.events.pop_front();
        }
        while self
            .events
            .back()
            .is_some_and(|e| number(e) >= number(&event))
        {
            self.events.pop_back();
        }
        let crowded = self.events.len() >= room;
        if crowded && let Events::Many(all) = &mut self.events {
            all.remove(1);
        }
        self.events.push_back(event);
        crowded
    }

    pub fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }
}
