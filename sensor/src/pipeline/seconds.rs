//! Where the packet clock moves on: the judge's timers run by these ticks, not by blocks.
//!
//! Blocks are cut where reading happened to stop, so the judge's clock must not move at their ends:
//! it moves at the frame that begins a new second, whatever block that frame lies in.

use crate::capture::block::Block;

/// The clock reached `time` with frame `seq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    pub seq: u64,
    /// Nanoseconds since 1970-01-01 UTC.
    pub time: i64,
}

/// The packet clock, in whole seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seconds {
    now: Option<i64>,
    /// Times further back than this are a step of the capturing host's clock, not disorder.
    disorder: i64,
}

const SECOND: i64 = 1_000_000_000;

impl Seconds {
    pub fn new() -> Self {
        Seconds {
            now: None,
            disorder: SECOND,
        }
    }

    /// Without frames: time has come to `time`, and the next frame will be `seq`. A tick, if that
    /// begins a new second.
    pub fn idle(&mut self, time: i64, seq: u64) -> Option<Tick> {
        // The wall clock behind the frames' is no step back.
        let moved = time > i64::MIN
            && self
                .now
                .is_none_or(|now| time.div_euclid(SECOND) > now.div_euclid(SECOND));
        moved.then(|| {
            self.now = Some(time);
            Tick { seq, time }
        })
    }

    /// Appends a tick for each frame of the block that begins a new second.
    pub fn ticks(&mut self, block: &Block, out: &mut Vec<Tick>) {
        for frame in &block.frames {
            let moved = match self.now {
                None => true,
                Some(now) if frame.time < now - self.disorder => true,
                Some(now) => frame.time.div_euclid(SECOND) > now.div_euclid(SECOND),
            };
            if moved {
                self.now = Some(frame.time);
                out.push(Tick {
                    seq: frame.seq,
                    time: frame.time,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::block::{Frame, LinkType};

    fn ticks(millis: &[i64]) -> Vec<u64> {
        let frames = millis.iter().enumerate().map(|(at, ms)| Frame {
            offset: 0,
            captured: 0,
            wire: 0,
            link: LinkType(1),
            file: 0,
            number: at as u64 + 1,
            seq: at as u64,
            time: ms * 1_000_000,
        });
        let block = Block {
            frames: frames.collect(),
            ..Block::default()
        };
        let mut out = Vec::new();
        Seconds::new().ticks(&block, &mut out);
        out.iter().map(|t| t.seq).collect()
    }

    #[test]
    fn half_a_second_of_disorder_moves_no_clock() {
        assert_eq!(ticks(&[1200, 1900, 1500, 2100, 1950, 2200]), [0, 3]);
    }

    #[test]
    fn quiet_second_is_told_once_and_wall_clock_behind_the_frames_is_none() {
        let mut seconds = Seconds::new();
        let at = |ms: i64| ms * 1_000_000;
        assert!(seconds.idle(at(1_000), 0).is_some());
        assert!(seconds.idle(at(1_900), 0).is_none());
        assert!(seconds.idle(at(2_000), 0).is_some());
        assert!(seconds.idle(at(1_000), 0).is_none());
    }

    #[test]
    fn a_step_back_by_an_hour_goes_on_from_there() {
        assert_eq!(
            ticks(&[7_200_000, 3_600_000, 3_600_500, 3_601_100]),
            [0, 1, 3]
        );
    }
}
