//! How long a frame takes from its capture to what is found in it, by stage, in a run that lasts.
//!
//! A block is the unit: its frames are handed on together. What is told of a block is the longest
//! wait in it, that of its first frame.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hdrhistogram::Histogram;

use crate::capture::block::Block;

/// When a block reached the stages before the judge.
#[derive(Clone, Copy, Debug)]
pub struct Stamps {
    /// Handed over by the capture: how long after its first frame's time, and when.
    waited: Duration,
    taken: Instant,
    decoded: Instant,
}

impl Stamps {
    /// The block was handed over by the capture just now; `None` if it is empty.
    pub fn taken(block: &Block) -> Option<Stamps> {
        let first = u64::try_from(block.frames.first()?.time).unwrap_or(0);
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let taken = Instant::now();
        Some(Stamps {
            waited: now
                .unwrap_or_default()
                .saturating_sub(Duration::from_nanos(first)),
            taken,
            decoded: taken,
        })
    }

    /// Its frames were decoded just now.
    pub fn decoded(&mut self) {
        self.decoded = Instant::now();
    }
}

/// A histogram for each stage, made with the first block.
#[derive(Debug, Default)]
pub struct Latencies(Vec<Histogram<u64>>);

/// What a histogram says, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantiles {
    pub p50: u64,
    pub p99: u64,
    pub p999: u64,
    pub max: u64,
    pub blocks: u64,
}

impl Latencies {
    /// `capture`: from the time of a block's first frame until the block was handed over. `decode`:
    /// until all its frames were decoded. `dissect`: until its messages were with the judge.
    /// `judge`: until its findings were with the outputs. `total`: all of it.
    pub const STAGES: [&str; 5] = ["capture", "decode", "dissect", "judge", "total"];

    /// A block was judged; its messages reached the judge at `judged_from`.
    pub fn judged(&mut self, stamps: &Stamps, judged_from: Instant) {
        let now = Instant::now();
        if self.0.is_empty() {
            self.0.extend(Self::STAGES.iter().map(|_| {
                // From 1 ns to an hour, 1 in 1000 exact; what is beyond is told as an hour.
                Histogram::new_with_bounds(1, 3_600_000_000_000, 3)
                    .unwrap_or_else(|_| unreachable!("bounds that are right"))
            }));
        }
        let spans = [
            stamps.waited,
            stamps.decoded.duration_since(stamps.taken),
            judged_from.saturating_duration_since(stamps.decoded),
            now.duration_since(judged_from),
            stamps.waited + now.duration_since(stamps.taken),
        ];
        for (histogram, span) in self.0.iter_mut().zip(spans) {
            histogram.saturating_record(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX));
        }
    }

    /// Each stage by name; none before a block was judged.
    pub fn stages(&self) -> impl Iterator<Item = (&'static str, Quantiles)> + '_ {
        Self::STAGES.into_iter().zip(&self.0).map(|(name, h)| {
            let quantiles = Quantiles {
                p50: h.value_at_quantile(0.5),
                p99: h.value_at_quantile(0.99),
                p999: h.value_at_quantile(0.999),
                max: h.max(),
                blocks: h.len(),
            };
            (name, quantiles)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(taken: Instant, waited: u64, decoded: u64) -> Stamps {
        Stamps {
            waited: Duration::from_millis(waited),
            taken,
            decoded: taken + Duration::from_millis(decoded),
        }
    }

    fn near(found: u64, milliseconds: u64) -> bool {
        let wanted = milliseconds * 1_000_000;
        found.abs_diff(wanted) <= wanted / 100
    }

    #[test]
    fn nothing_is_told_before_a_block_was_judged() {
        assert_eq!(Latencies::default().stages().count(), 0);
    }

    #[test]
    fn empty_block_has_no_stamps() {
        assert!(Stamps::taken(&Block::default()).is_none());
    }

    #[test]
    fn each_stage_has_its_own_span_and_the_total_is_all_of_them() {
        let mut latencies = Latencies::default();
        let taken = Instant::now().checked_sub(Duration::from_secs(10));
        let taken = taken.expect("the machine runs longer than that");
        let judged_from = taken + Duration::from_millis(9_000);
        latencies.judged(&at(taken, 500, 2_000), judged_from);
        let told: Vec<_> = latencies.stages().collect();
        let of = |name: &str| told.iter().find(|(n, _)| *n == name).expect("a stage").1;
        assert!(near(of("capture").p50, 500));
        assert!(near(of("decode").p50, 2_000));
        assert!(near(of("dissect").p50, 7_000));
        // The rest of ten seconds, and what this test itself took since.
        assert!((990_000_000..5_000_000_000).contains(&of("judge").max));
        let sum = of("capture").max + of("decode").max + of("dissect").max + of("judge").max;
        assert!(sum.abs_diff(of("total").max) <= sum / 100);
        assert_eq!(of("total").blocks, 1);
    }

    #[test]
    fn one_slow_block_of_a_thousand_shows_in_the_last_quantile_only() {
        let mut latencies = Latencies::default();
        let from = Instant::now();
        for n in 0..1_000 {
            let waited = if n == 500 { 60_000 } else { 10 };
            latencies.judged(&at(from, waited, 0), from);
        }
        let (_, capture) = latencies.stages().next().expect("a stage");
        assert!(near(capture.p50, 10) && near(capture.p99, 10));
        assert!(near(capture.max, 60_000) && capture.p999 <= capture.max);
    }
}
