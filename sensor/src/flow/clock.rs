//! The packet clock: elapsed time that never goes back, from timestamps that may.

/// Nanoseconds of capture time gone by since the first frame.
///
/// A frame that lies back by no more than the tolerance is disorder: the clock waits. One that lies
/// further back is a clock step: time goes on from there, and what had elapsed stays elapsed, so
/// that ages are kept and nothing expires for it.
#[derive(Clone, Debug)]
pub struct Clock {
    tolerance: i64,
    latest: Option<i64>,
    elapsed: u64,
}

/// What a frame's timestamp did to the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// A whole second was crossed: what is due expires now.
    pub second: bool,
    /// Time stepped back by this many nanoseconds.
    pub stepped: Option<u64>,
}

pub const SECOND: u64 = 1_000_000_000;

impl Clock {
    /// `tolerance` in nanoseconds.
    pub fn new(tolerance: u64) -> Self {
        Clock {
            tolerance: i64::try_from(tolerance).unwrap_or(i64::MAX),
            latest: None,
            elapsed: 0,
        }
    }

    pub fn elapsed(&self) -> u64 {
        self.elapsed
    }

    /// A frame with this timestamp (nanoseconds) came.
    pub fn see(&mut self, time: i64) -> Moved {
        let mut moved = Moved {
            second: false,
            stepped: None,
        };
        let latest = *self.latest.get_or_insert(time);
        if time >= latest {
            let before = self.elapsed / SECOND;
            self.elapsed = self.elapsed.saturating_add(time.abs_diff(latest));
            self.latest = Some(time);
            moved.second = self.elapsed / SECOND != before;
        } else if latest.saturating_sub(time) > self.tolerance {
            self.latest = Some(time);
            moved.stepped = Some(time.abs_diff(latest));
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_a_little_late_makes_the_clock_wait() {
        let mut clock = Clock::new(SECOND);
        clock.see(10_000_000_000);
        clock.see(12_000_000_000);
        let moved = clock.see(11_500_000_000);
        assert_eq!(
            (moved.stepped, clock.elapsed()),
            (None, 2 * SECOND),
            "disorder is no step"
        );
        clock.see(12_500_000_000);
        assert_eq!(clock.elapsed(), 2_500_000_000);
    }

    #[test]
    fn clock_set_back_an_hour_keeps_the_ages_already_run() {
        let mut clock = Clock::new(SECOND);
        clock.see(3_600_000_000_000);
        clock.see(3_605_000_000_000);
        let moved = clock.see(5_000_000_000);
        assert_eq!(moved.stepped, Some(3_600_000_000_000));
        assert_eq!(clock.elapsed(), 5 * SECOND);
        assert!(clock.see(6_000_000_000).second);
        assert_eq!(clock.elapsed(), 6 * SECOND);
    }

    #[test]
    fn second_is_crossed_once() {
        let mut clock = Clock::new(SECOND);
        assert!(!clock.see(999_999_999).second);
        assert!(!clock.see(1_999_999_998).second);
        assert!(clock.see(1_999_999_999).second);
        assert!(!clock.see(1_999_999_999).second);
    }

    #[test]
    fn timestamps_at_the_ends_of_the_range_do_not_overflow() {
        let mut clock = Clock::new(SECOND);
        for time in [i64::MIN, i64::MAX, 0, i64::MIN, i64::MAX, -1] {
            clock.see(time);
        }
    }
}
