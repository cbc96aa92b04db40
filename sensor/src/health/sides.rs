//! Does the mirror show both directions of the conversations?

use super::{SECOND, percent};
use crate::flow::counts::Directions;

/// Judged over this much packet time.
const WINDOW: i64 = 60 * SECOND;

/// Told from this many conversations of which one direction is missing, above this share.
const FEW: u64 = 20;
const SHARE: u64 = 30;

/// What ended before the window.
#[derive(Debug, Default)]
pub struct Sides {
    began: Option<i64>,
    before: Directions,
}

impl Sides {
    /// Conversations of the last window of which one direction is missing, and their share, if that
    /// is too much.
    pub fn look(&mut self, now: i64, counts: &Directions) -> Option<(u64, f64)> {
        let began = *self.began.get_or_insert(now);
        if (0..WINDOW).contains(&now.saturating_sub(began)) {
            return None;
        }
        let one = counts.one.saturating_sub(self.before.one_ended);
        let both = counts.both.saturating_sub(self.before.both_ended);
        self.began = Some(now);
        self.before = counts.clone();
        let all = one + both;
        (one >= FEW && one * 100 > all * SHARE).then(|| (one, percent(one, all)))
    }
}
