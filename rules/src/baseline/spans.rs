//! Counts of five minutes or an hour each, and what of them is usual: a sketch of quantiles, which a
//! few wild spans do not move and which stays small however long is learned.

use std::collections::BTreeMap;

/// How often counts of each size occurred. A size is known to within a sixteenth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spans {
    pub(super) sizes: BTreeMap<u16, u32>,
    /// Spans in which nothing was sent.
    pub(super) idle: u64,
    /// The longest run of those.
    pub(super) longest: u64,
    /// The greatest count.
    pub(super) most: u64,
}

/// What is usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usual {
    pub median: u64,
    /// Median of the distances from the median.
    pub mad: u64,
    /// What one in fifty spans stays below, and what one in fifty exceeds.
    pub low: u64,
    pub high: u64,
    /// Spans learned, idle ones included.
    pub spans: u64,
}

/// Fewer spans than this tell nothing.
const FEW: u64 = 12;
/// Fewer than this do not tell what is too little.
const SOME: u64 = 36;
/// Less than this in a span is too little to call less of it a change.
const WORTH: u64 = 16;

impl Spans {
    /// A span that is over, and spans before it in which nothing was sent.
    pub fn add(&mut self, count: u64, idle: u64) {
        // Before the first one nothing is known, not even silence.
        if !self.sizes.is_empty() {
            self.idle += idle;
            self.longest = self.longest.max(idle);
        }
        let slot = self.sizes.entry(size_of(count)).or_default();
        *slot = slot.saturating_add(1);
        self.most = self.most.max(count);
    }

    /// Spans learned in which something was sent.
    pub fn busy(&self) -> u64 {
        self.sizes.values().map(|n| u64::from(*n)).sum()
    }

    pub fn all(&self) -> u64 {
        self.busy() + self.idle
    }

    /// It sent something in nine of ten spans, and was never silent for long.
    pub fn steady(&self) -> bool {
        self.all() >= FEW && self.busy() * 10 >= self.all() * 9
    }

    /// What it sends when it sends: idle spans say how often, not how much.
    pub fn usual(&self) -> Option<Usual> {
        if self.all() < FEW {
            return None;
        }
        let median = self.quantile(50)?;
        let mut distances: Vec<(u64, u32)> = self
            .sizes
            .iter()
            .map(|(size, n)| (middle_of(*size).abs_diff(median), *n))
            .collect();
        distances.sort_unstable();
        let half = self.busy().div_ceil(2);
        let mut sum = 0;
        let mad = distances.iter().find_map(|(distance, n)| {
            sum += u64::from(*n);
            (sum >= half).then_some(*distance)
        })?;
        Some(Usual {
            median,
            mad,
            low: self.quantile(2)?,
            high: self.quantile(98)?.min(self.most),
            spans: self.all(),
        })
    }

    /// The count that so many in a hundred busy spans do not exceed.
    fn quantile(&self, percent: u64) -> Option<u64> {
        let rank = (self.busy() * percent).div_ceil(100).max(1);
        let mut sum = 0;
        self.sizes.iter().find_map(|(size, n)| {
            sum += u64::from(*n);
            (sum >= rank).then(|| middle_of(*size))
        })
    }
}

impl Usual {
    /// More than this is out of range: eight deviations above the median, where a deviation is at
    /// least a quarter of the median and one; and twice what one in fifty spans exceeds.
    pub fn too_much(&self) -> u64 {
        let deviation = self.mad.max(self.median / 4).max(1);
        let by_deviation = self.median.saturating_add(deviation.saturating_mul(8));
        by_deviation.max(self.high.saturating_mul(2))
    }

    /// Less than this is out of range: a quarter of what one in fifty spans stays below. Nothing is,
    /// where little was learned or little is usual.
    pub fn too_little(&self) -> u64 {
        match self.spans >= SOME && self.low >= WORTH {
            true => self.low / 4,
            false => 0,
        }
    }
}

/// Counts up to 16 exactly, then sixteen sizes to each doubling.
fn size_of(count: u64) -> u16 {
    if count < 16 {
        return count as u16;
    }
    let doubling = 63 - count.leading_zeros();
    let step = (count >> (doubling - 4)) & 15;
    ((doubling - 3) * 16) as u16 + step as u16
}

/// The middle of the counts of a size.
fn middle_of(size: u16) -> u64 {
    if size < 16 {
        return u64::from(size);
    }
    let doubling = u32::from(size / 16) + 3;
    if doubling > 63 {
        return u64::MAX;
    }
    let width = 1u64 << (doubling - 4);
    (1u64 << doubling) + u64::from(size % 16) * width + width / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_is_known_to_a_sixteenth_at_every_order() {
        for count in [
            0,
            1,
            15,
            16,
            17,
            100,
            1_000,
            123_456_789,
            u64::MAX / 2,
            u64::MAX,
        ] {
            let told = middle_of(size_of(count));
            assert!(
                told.abs_diff(count) as f64 <= count as f64 / 16.0,
                "{count} is told as {told}"
            );
        }
    }

    #[test]
    fn three_wild_spans_do_not_move_what_is_usual() {
        let mut spans = Spans::default();
        for n in 0..97 {
            spans.add(8 + n % 5, 0);
        }
        let calm = spans.usual().unwrap();
        for _ in 0..3 {
            spans.add(1_000_000, 0);
        }
        let wild = spans.usual().unwrap();
        assert_eq!((calm.median, calm.mad, calm.low, calm.high), (10, 1, 8, 12));
        assert_eq!((wild.median, wild.mad, wild.low), (10, 1, 8));
        assert_eq!(calm.too_much(), 10 + 2 * 8);
    }

    #[test]
    fn less_than_an_hour_is_no_baseline_and_a_month_stays_small() {
        let mut spans = Spans::default();
        for _ in 0..11 {
            spans.add(1, 0);
        }
        assert_eq!(spans.usual(), None);
        for n in 0..100_000u64 {
            spans.add(n * 7919 % 1_000_000, 0);
        }
        assert!(spans.sizes.len() < 300, "{}", spans.sizes.len());
        let median = spans.usual().unwrap().median;
        assert!(median.abs_diff(500_000) < 40_000, "{median}");
    }

    #[test]
    fn too_little_is_told_only_of_what_is_much_and_well_known() {
        let spans = |count: u64, times: u64| {
            let mut spans = Spans::default();
            (0..times).for_each(|_| spans.add(count, 0));
            spans.usual().map(|u| u.too_little())
        };
        assert_eq!(spans(100, 35), Some(0));
        assert_eq!(spans(15, 400), Some(0));
        assert!(spans(100, 36).is_some_and(|low| (24..=26).contains(&low)));
    }

    #[test]
    fn silences_before_the_first_word_are_not_counted() {
        let mut spans = Spans::default();
        spans.add(5, 1_000);
        spans.add(5, 3);
        assert_eq!((spans.all(), spans.idle, spans.longest), (5, 3, 3));
        assert!(!spans.steady());
    }
}
