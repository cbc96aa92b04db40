//! How much comes in now, beside the mean of the whole run.

use std::collections::VecDeque;

/// Counts at a time.
#[derive(Clone, Copy, Debug)]
struct Count {
    time: i64,
    messages: u64,
    frames: u64,
}

/// Messages and frames a second over the last while.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    counts: VecDeque<Count>,
}

/// Nanoseconds over which a rate is told.
const SPAN: i64 = 10_000_000_000;

impl Rates {
    /// Notes what was counted up to a time.
    pub fn count(&mut self, time: i64, messages: u64, frames: u64) {
        // A clock that went back begins anew.
        if self.counts.back().is_some_and(|last| time < last.time) {
            self.counts.clear();
        }
        self.counts.push_back(Count {
            time,
            messages,
            frames,
        });
        // One that is as old as the span stays: from there it is counted.
        while self.counts.get(1).is_some_and(|c| c.time <= time - SPAN) {
            self.counts.pop_front();
        }
    }

    /// Messages and frames a second; `None` before there is a second to tell of.
    pub fn now(&self) -> Option<(f64, f64)> {
        let (first, last) = (self.counts.front()?, self.counts.back()?);
        let seconds = (last.time - first.time) as f64 / 1e9;
        let rate = |from: u64, to: u64| to.saturating_sub(from) as f64 / seconds;
        (seconds >= 1.0).then(|| {
            (
                rate(first.messages, last.messages),
                rate(first.frames, last.frames),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_is_of_the_last_ten_seconds_and_not_of_the_day() {
        let mut rates = Rates::default();
        rates.count(0, 0, 0);
        assert_eq!(rates.now(), None);
        for second in 1..=100 {
            rates.count(second * 1_000_000_000, 1000, 5000 + second as u64 * 2);
        }
        assert_eq!(rates.now(), Some((0.0, 2.0)));
        rates.count(5, 0, 0);
        assert_eq!(rates.now(), None, "the clock went back");
    }
}
