//! Counts of five minutes each, and what of them is usual: median and MAD, which a few wild spans do
//! not move.

/// The newest counts, at most a day of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spans {
    pub(super) counts: Vec<u64>,
    /// Where the next one goes once there are enough.
    pub(super) next: usize,
}

/// What is usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usual {
    pub median: u64,
    /// Median of the distances from the median.
    pub mad: u64,
    pub spans: usize,
}

/// A day of five minutes.
pub const DAY: usize = 288;
/// Less than an hour tells nothing.
const FEW: usize = 12;

impl Spans {
    /// A span that is over, and spans before it in which nothing was sent.
    pub fn add(&mut self, count: u64, idle: i64) {
        let idle = usize::try_from(idle).unwrap_or(DAY).min(DAY);
        // Before the first one nothing is known, not even silence.
        if !self.counts.is_empty() {
            for _ in 0..idle {
                self.push(0);
            }
        }
        self.push(count);
    }

    fn push(&mut self, count: u64) {
        if self.counts.len() < DAY {
            self.counts.push(count);
        } else {
            let at = self.next % DAY;
            self.counts[at] = count;
            self.next = (at + 1) % DAY;
        }
    }

    pub fn usual(&self) -> Option<Usual> {
        if self.counts.len() < FEW {
            return None;
        }
        // What it sends when it sends: idle spans say how often, not how much.
        let mut counts: Vec<u64> = self.counts.iter().copied().filter(|n| *n > 0).collect();
        let median = middle(&mut counts)?;
        let mut distances: Vec<u64> = counts.iter().map(|n| n.abs_diff(median)).collect();
        Some(Usual {
            median,
            mad: middle(&mut distances)?,
            spans: self.counts.len(),
        })
    }
}

impl Usual {
    /// More than this is out of range: eight deviations above the median, where a deviation is at
    /// least a quarter of the median and one.
    pub fn high(&self) -> u64 {
        let deviation = self.mad.max(self.median / 4).max(1);
        self.median.saturating_add(deviation.saturating_mul(8))
    }
}

fn middle(list: &mut [u64]) -> Option<u64> {
    let at = list.len().checked_sub(1)? / 2;
    Some(*list.select_nth_unstable(at).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_wild_spans_do_not_move_what_is_usual() {
        let mut spans = Spans::default();
        for n in 0..20 {
            spans.add(100 + n % 5, 0);
        }
        let calm = spans.usual().unwrap();
        for _ in 0..3 {
            spans.add(1_000_000, 0);
        }
        let wild = spans.usual().unwrap();
        assert_eq!((calm.median, calm.mad), (102, 1));
        assert!(wild.median <= 103 && wild.mad <= 2, "{wild:?}");
        assert_eq!(calm.high(), 102 + 25 * 8);
    }

    #[test]
    fn less_than_an_hour_is_no_baseline_and_a_day_is_all_that_is_kept() {
        let mut spans = Spans::default();
        for _ in 0..11 {
            spans.add(1, 0);
        }
        assert_eq!(spans.usual(), None);
        spans.add(5, i64::MAX);
        assert_eq!(spans.counts.len(), DAY);
        for _ in 0..1000 {
            spans.add(7, 0);
        }
        assert_eq!(spans.counts.len(), DAY);
        assert_eq!(spans.usual().unwrap().median, 7);
    }
}
