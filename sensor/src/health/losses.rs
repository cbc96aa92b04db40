//! Frames that the kernel, an interface or the capturing program lost.

use super::percent;
use crate::pipeline::Snapshot;

/// Told from this many lost in ten thousand (0.1 %).
const LOST: u64 = 10;

/// The counters at the last look.
#[derive(Debug, Default)]
pub struct Losses {
    lost: u64,
    frames: u64,
}

impl Losses {
    /// Frames lost since the last look and their share, if that is too much. A file tells its losses
    /// once and for all of it, so there they are measured against all that was read.
    pub fn look(&mut self, live: bool, snapshot: &Snapshot) -> Option<(u64, f64)> {
        let (lost, frames) = (
            snapshot.reader.losses.total(),
            snapshot.reader.capture.total(),
        );
        let new = lost.saturating_sub(self.lost);
        let (part, of) = match live {
            true => (new, frames.saturating_sub(self.frames)),
            false => (lost, frames),
        };
        (self.lost, self.frames) = (lost, frames);
        let all = of.saturating_add(part);
        (new > 0 && part.saturating_mul(10_000) > all.saturating_mul(LOST))
            .then(|| (new, percent(part, all)))
    }
}
