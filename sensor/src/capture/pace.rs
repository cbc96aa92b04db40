//! Gives frames out at the speed at which they were captured, or a multiple of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::block::Block;

/// How fast a capture is replayed.
#[derive(Clone, Debug)]
pub struct Speed {
    /// Seconds of capture time for each second.
    pub factor: f64,
    /// Ends the waiting.
    pub stop: Arc<AtomicBool>,
}

/// Longest sleep: the stop flag is looked at as often.
const NAP: Duration = Duration::from_millis(50);

/// Holds a block back, and gives its frames as their time comes.
pub(super) struct Pace {
    speed: Speed,
    held: Block,
    /// First frame of `held` that was not given yet.
    next: usize,
    /// When the first frame was given, and its time.
    begun: Option<(Instant, i64)>,
}

impl Pace {
    pub fn new(speed: Speed) -> Self {
        Pace {
            speed,
            held: Block::default(),
            next: 0,
            begun: None,
        }
    }

    /// The block to be filled if nothing is held any more.
    pub fn wants(&mut self) -> Option<&mut Block> {
        (self.next >= self.held.frames.len()).then(|| {
            self.next = 0;
            &mut self.held
        })
    }

    /// Waits until the next held frame is due, and gives all that are. Nothing if told to stop.
    pub fn give(&mut self, block: &mut Block) {
        block.clear();
        let Some(first) = self.held.frames.get(self.next).map(|f| f.time) else {
            return;
        };
        let (start, from) = *self.begun.get_or_insert((Instant::now(), first));
        while !self.speed.stop.load(Ordering::Relaxed) {
            let passed = start.elapsed().as_secs_f64() * self.speed.factor * 1e9;
            let now = from.saturating_add(passed as i64);
            if first <= now {
                self.copy(block, now);
                return;
            }
            let left = (first - now) as f64 / 1e9 / self.speed.factor;
            std::thread::sleep(Duration::from_secs_f64(left).min(NAP));
        }
    }

    fn copy(&mut self, block: &mut Block, now: i64) {
        block.data.clear();
        for frame in self.held.frames.iter().skip(self.next) {
            if frame.time > now && !block.frames.is_empty() {
                break;
            }
            let mut given = *frame;
            given.offset = block.data.len() as u32;
            block.data.extend_from_slice(self.held.bytes(frame));
            block.frames.push(given);
            self.next += 1;
        }
    }
}
