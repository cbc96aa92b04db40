//! Frames from interfaces, by libpcap (on Linux its memory-mapped ring, TPACKET_V3).
//!
//! One thread reads all interfaces: each is drained without blocking, and where all are empty it
//! waits for any of them. Two interfaces of a TAP, one a direction, are merged by time: a frame is
//! handed on once every other interface has a later one, or once it is older than the wait.
//!
//! Nothing here sends. libpcap's two calls that would are forbidden by `clippy.toml`.

mod device;
mod lane;
mod merge;
#[cfg(test)]
mod tests;

use std::os::fd::RawFd;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::block::{Block, LinkType};
use super::engine::{Engine, Losses, Port};
use super::error::{Damage, ReadError};
use super::inputs::{BLOCK, CaptureCounts, More};
pub use device::{Candidate, Refusal, candidates};
use lane::Lane;
pub use lane::RETIRE;

/// How to capture.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    pub interfaces: Vec<String>,
    /// A BPF expression, judged by the kernel.
    pub filter: Option<String>,
    /// Stop after this many frames.
    pub count: Option<u64>,
    /// Bytes kept of a frame.
    pub snap: u32,
    /// Bytes of each interface's ring in the kernel.
    pub ring: usize,
    /// Frames for other stations too: a mirror port shows nothing else.
    pub promiscuous: bool,
    /// How long a frame waits for earlier ones of the other interfaces.
    pub wait: Duration,
}

impl Default for LiveOptions {
    fn default() -> Self {
        LiveOptions {
            interfaces: Vec::new(),
            filter: None,
            count: None,
            snap: 262_144,
            ring: 64 * 1024 * 1024,
            promiscuous: true,
            wait: Duration::from_millis(200),
        }
    }
}

/// The interfaces of a run.
pub struct Live {
    lanes: Vec<Lane>,
    wait: i64,
    /// Frames that may still be delivered.
    left: u64,
    seq: u64,
    draining: bool,
    counts: CaptureCounts,
}

/// The longest sleep: signals, reloads and the clock are looked at in between.
const NAP: Duration = Duration::from_millis(100);

/// An idle tick lies this far behind the wall clock, so that no frame that the kernel still holds
/// back is older than the clock.
const BEHIND: i64 = 4 * RETIRE.as_nanos() as i64;

impl Live {
    /// Opens all interfaces, or none.
    pub fn open(options: &LiveOptions) -> Result<Live, Refusal> {
        let lanes = options
            .interfaces
            .iter()
            .map(|name| Lane::open(name, options))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Live {
            lanes,
            wait: i64::try_from(options.wait.as_nanos()).unwrap_or(i64::MAX),
            left: options.count.unwrap_or(u64::MAX),
            seq: 0,
            draining: false,
            counts: CaptureCounts::default(),
        })
    }

    pub fn names(&self) -> Vec<String> {
        self.lanes.iter().map(|l| l.name().to_owned()).collect()
    }

    /// Link types that are captured but not decoded, by interface.
    pub fn undecoded(&self) -> Vec<String> {
        self.lanes
            .iter()
            .filter(|l| !l.link().is_read())
            .map(|l| format!("{}: frames of {} cannot be decoded", l.name(), l.link()))
            .collect()
    }

    /// Each interface with the link type of its frames.
    pub fn links(&self) -> impl Iterator<Item = (&str, LinkType)> {
        self.lanes.iter().map(|l| (l.name(), l.link()))
    }

    /// The descriptors that frames are read from.
    pub fn descriptors(&self) -> Vec<RawFd> {
        self.lanes.iter().filter_map(Lane::descriptor).collect()
    }

    /// Fetches what has arrived.
    fn fetch(&mut self, block: &mut Block) {
        match self.lanes.as_mut_slice() {
            [only] => {
                let mut used = 0;
                only.read(block, &mut used, BLOCK, self.left, 0);
            }
            lanes => {
                let settled = if self.draining {
                    i64::MAX
                } else {
                    now().saturating_sub(self.wait)
                };
                merge::fill(lanes, block, settled, self.left);
            }
        }
        for frame in &mut block.frames {
            frame.seq = self.seq;
            self.seq += 1;
            frame.number = self.seq;
        }
        let delivered = block.frames.len() as u64;
        self.counts.delivered += delivered;
        self.left -= delivered.min(self.left);
    }

    /// Sleeps until an interface has frames, or for a nap.
    fn rest(&mut self) {
        let held = self.lanes.iter().any(Lane::holds);
        // Frames that wait for another interface are looked at again soon.
        let nap = if held { NAP / 10 } else { NAP };
        lane::wait(&mut self.lanes, nap);
    }
}

impl Engine for Live {
    fn next_block(&mut self, block: &mut Block) -> Result<More, ReadError> {
        block.clear();
        if self.left == 0 {
            return Ok(More::End);
        }
        for attempt in 0..2 {
            self.fetch(block);
            if !block.frames.is_empty() {
                return Ok(More::Frames);
            }
            if self.draining {
                return Ok(More::End);
            }
            if attempt == 0 {
                self.rest();
            }
        }
        // Frames that wait for those of another interface hold the clock back as well.
        let waiting = self.lanes.iter().filter_map(Lane::next_time).min();
        let time = now().saturating_sub(BEHIND.max(self.merge_wait()));
        Ok(More::Idle(
            waiting.map_or(time, |w| time.min(w.saturating_sub(1))),
        ))
    }

    fn stop(&mut self) -> bool {
        self.draining = true;
        true
    }

    fn name(&self, file: u32) -> &str {
        self.lanes.get(file as usize).map_or("", Lane::name)
    }

    fn counts(&self) -> CaptureCounts {
        self.counts.clone()
    }

    fn losses(&mut self) -> Losses {
        let mut sum = Losses::default();
        for lane in &mut self.lanes {
            lane.look();
            sum.add(&lane.port().losses);
        }
        sum
    }

    fn ports(&self) -> Vec<Port> {
        self.lanes.iter().map(|l| l.port().clone()).collect()
    }

    fn damages(&self) -> &[Damage] {
        &[]
    }
}

impl Live {
    fn merge_wait(&self) -> i64 {
        if self.lanes.len() > 1 { self.wait } else { 0 }
    }
}

/// Nanoseconds since 1970-01-01 UTC, by the wall clock: the kernel's timestamps are by it too.
fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| i64::try_from(d.as_nanos()).unwrap_or(i64::MAX))
}
