//! How one device behaves, or a kind of device: what was learned, and the spans being counted.

use crate::inventory::logbook::Week;

use super::spans::Spans;
use super::told::Last;
use super::who::Slot;

/// Five minutes, in nanoseconds.
pub const SPAN: i64 = 300_000_000_000;
/// Spans of an hour.
const HOUR: i64 = 12;

/// How one device behaves.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    pub peers: Vec<Slot>,
    /// It had more peers than are kept: then a new one is nothing to tell.
    pub many_peers: bool,
    /// A bit for each verb that it asked for, and that it was asked for.
    pub asks: u32,
    pub asked: u32,
    pub hours: Week,
    pub messages: Spans,
    pub bytes: Spans,
    /// Bytes sent in an hour.
    pub hourly: Spans,
    /// It was heard while learning.
    pub learned: bool,
    /// What is being counted.
    pub now: Counting,
}

/// The span and the hour that are being counted.
#[derive(Clone, Debug, Default)]
pub struct Counting {
    /// Of five minutes, since 1970; `None`: nothing was sent yet.
    span: Option<i64>,
    messages: u64,
    bytes: u64,
    /// Bytes of the hour, and whether they were told.
    hour: u64,
    pub hour_told: bool,
    /// Spans in a row with too little.
    pub meagre: u32,
    pub last: Option<Last>,
    pub silence_told: bool,
}

/// A span that is over.
#[derive(Clone, Copy, Debug)]
pub struct Over {
    pub messages: u64,
    pub bytes: u64,
    /// Spans since then in which nothing was sent, and of which it is known that nothing was.
    pub idle: u64,
    /// The bytes of an hour, if that is over as well.
    pub hour: Option<u64>,
}

impl Counting {
    /// The clock came to a span. `watched`: since which span frames were seen without a hole.
    pub fn moves(&mut self, span: i64, watched: i64) -> Option<Over> {
        let old = self.span?;
        if span <= old {
            return None;
        }
        let since = old.max(watched.saturating_sub(1));
        let idle = u64::try_from(span - since - 1).unwrap_or(0);
        let hour = (span.div_euclid(HOUR) != old.div_euclid(HOUR)).then_some(self.hour);
        let over = Over {
            messages: self.messages,
            bytes: self.bytes,
            idle,
            hour,
        };
        if hour.is_some() {
            (self.hour, self.hour_told) = (0, false);
        }
        (self.span, self.messages, self.bytes) = (Some(span), 0, 0);
        Some(over)
    }

    /// A message, or bytes beside messages.
    pub fn add(&mut self, span: i64, messages: u64, bytes: u64) {
        self.span.get_or_insert(span);
        self.messages += messages;
        self.bytes = self.bytes.saturating_add(bytes);
        self.hour = self.hour.saturating_add(bytes);
    }

    pub fn hour(&self) -> u64 {
        self.hour
    }

    /// Spans for which nothing was sent, as far as was watched.
    pub fn silent(&self, span: i64, watched: i64) -> u64 {
        let since = self.span.map(|old| old.max(watched.saturating_sub(1)));
        since.map_or(0, |old| u64::try_from(span - old - 1).unwrap_or(0))
    }
}

impl Profile {
    pub fn learn(&mut self, over: &Over) {
        if over.messages > 0 {
            self.messages.add(over.messages, over.idle);
            self.bytes.add(over.bytes, over.idle);
        }
        if let Some(hour) = over.hour {
            self.hourly.add(hour, 0);
        }
    }
}
