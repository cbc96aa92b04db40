//! Packet time that only goes forward.

const SECOND: i64 = 1_000_000_000;

/// Up to a second back is disorder: the clock waits. More is a step: it goes on from the new time,
/// and ages already run are kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    now: i64,
    /// What is added to packet time since the last step back.
    offset: i64,
    began: Option<i64>,
    pub steps: u64,
}

impl Clock {
    /// The judge's time of a packet time.
    pub fn tick(&mut self, time: i64) -> i64 {
        if self.began.is_none() {
            self.began = Some(time);
            self.now = time;
            return time;
        }
        let here = time.saturating_add(self.offset);
        if here < self.now.saturating_sub(SECOND) {
            self.steps += 1;
            self.offset = self.offset.saturating_add(self.now.saturating_sub(here));
        }
        self.now = self.now.max(time.saturating_add(self.offset));
        self.now
    }

    /// Goes on from an earlier run: a time before its last is a step back.
    pub fn resume(&mut self, began: i64, now: i64) {
        self.began = Some(began);
        self.now = now;
    }

    pub fn now(&self) -> i64 {
        self.now
    }

    pub fn began(&self) -> i64 {
        self.began.unwrap_or(0)
    }
}
