//! Is this a usable mirror port? Looks at frames as they come and says in words what is wrong with
//! them, and what to ask the network team for.

mod copies;
mod directions;
#[cfg(test)]
mod tests;
mod verdict;
mod window;

use crate::capture::block::{Block, Frame, LinkType};
use copies::{Copies, Copy};
use directions::Directions;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

pub use verdict::{Evidence, Grade, Point, Verdict, judge};
pub use window::Window;

/// Watches the frames of a run.
#[derive(Debug, Default)]
pub struct Mirror {
    counts: MirrorCounts,
    copies: Copies,
    directions: Directions,
    /// Hardware addresses of the sensor's own interfaces: their traffic proves no mirror.
    own: Vec<[u8; 6]>,
    switch: Switch,
}

/// Lets another thread begin the watching anew, or end it.
#[derive(Clone, Debug, Default)]
pub struct Switch(Arc<AtomicU8>);

const RUN: u8 = 0;
const AGAIN: u8 = 1;
const OFF: u8 = 2;

impl Switch {
    /// Forgets what was seen.
    pub fn again(&self) {
        self.0.store(AGAIN, Ordering::Relaxed);
    }

    /// Looks no more: it costs time for each packet.
    pub fn off(&self) {
        self.0.store(OFF, Ordering::Relaxed);
    }
}

/// What was seen so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MirrorCounts {
    pub frames: u64,
    /// Bytes on the wire.
    pub bytes: u64,
    pub broadcast: u64,
    pub multicast: u64,
    /// To one station, and neither from nor to the sensor itself.
    pub unicast: u64,
    /// From or to the sensor itself.
    pub own: u64,
    /// TCP and UDP packets, ARP and the like: what second copies are looked for among.
    pub packets: u64,
    /// The same frame again, changed in nothing.
    pub doubled: u64,
    /// The same packet again behind a router.
    pub routed: u64,
    /// The same packet again with another tag or hardware address, not routed.
    pub retagged: u64,
    /// Frames that the snap length cut, their bytes that are missing, and the longest of them as captured.
    pub cut: u64,
    pub cut_bytes: u64,
    pub cut_to: u64,
    /// TCP conversations with some traffic: seen in both directions, and in one only.
    pub both_ways: u64,
    pub one_way: u64,
    /// Frames by VLAN, untagged as 0, ascending.
    pub vlans: Vec<(u16, u64)>,
    pub first_time: Option<i64>,
    pub last_time: Option<i64>,
}

impl Mirror {
    /// `own`: hardware addresses of the sensor's interfaces.
    pub fn new(own: Vec<[u8; 6]>) -> Self {
        Mirror {
            own,
            ..Mirror::default()
        }
    }

    pub fn switch(&self) -> Switch {
        self.switch.clone()
    }

    /// Looks at a decoded block.
    pub fn block(&mut self, block: &Block) {
        match self.switch.0.load(Ordering::Relaxed) {
            OFF => return,
            AGAIN => {
                self.switch.0.store(RUN, Ordering::Relaxed);
                self.counts = MirrorCounts::default();
                self.directions = Directions::default();
            }
            _ => {}
        }
        let mut packets = block.packets.iter().peekable();
        for (at, frame) in block.frames.iter().enumerate() {
            let packet = packets.next_if(|p| p.frame as usize == at);
            let macs = packet
                .and_then(|p| p.macs)
                .or_else(|| outer_macs(block, frame));
            self.frame(frame, macs);
            let Some(packet) = packet else {
                continue;
            };
            self.counts.packets += 1;
            match self
                .counts
                .vlans
                .binary_search_by_key(&packet.vlan, |v| v.0)
            {
                Ok(at) => self.counts.vlans[at].1 += 1,
                Err(at) => self.counts.vlans.insert(at, (packet.vlan, 1)),
            }
            match self.copies.see(packet, frame.time) {
                Some(Copy::Same) => self.counts.doubled += 1,
                Some(Copy::Routed) => self.counts.routed += 1,
                Some(Copy::Retagged) => self.counts.retagged += 1,
                None => self.directions.see(packet),
            }
        }
        (self.counts.both_ways, self.counts.one_way) = self.directions.count();
    }

    pub fn counts(&self) -> &MirrorCounts {
        &self.counts
    }

    fn frame(&mut self, frame: &Frame, macs: Option<([u8; 6], [u8; 6])>) {
        let c = &mut self.counts;
        c.frames += 1;
        c.bytes += u64::from(frame.wire);
        c.first_time.get_or_insert(frame.time);
        c.last_time = Some(frame.time);
        if frame.captured < frame.wire {
            c.cut += 1;
            c.cut_bytes += u64::from(frame.wire - frame.captured);
            c.cut_to = c.cut_to.max(u64::from(frame.captured));
        }
        match macs {
            Some((source, dest)) if self.own.contains(&source) || self.own.contains(&dest) => {
                c.own += 1;
            }
            Some((_, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff])) => c.broadcast += 1,
            Some((_, dest)) if dest[0] & 1 == 1 => c.multicast += 1,
            // Without hardware addresses (raw IP) nothing says that it was for all.
            _ => c.unicast += 1,
        }
    }
}

/// Source and destination of the frame itself, where nothing of it was decoded.
fn outer_macs(block: &Block, frame: &Frame) -> Option<([u8; 6], [u8; 6])> {
    if frame.link != LinkType::ETHERNET {
        return None;
    }
    let bytes = block.bytes(frame);
    let dest = bytes.first_chunk::<6>()?;
    let source = bytes.get(6..)?.first_chunk::<6>()?;
    Some((*source, *dest))
}
