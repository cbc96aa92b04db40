//! The same packet seen again within a moment: doubled, routed or retagged by the mirror.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::RandomState;

use crate::decode::packet::{Packet, TransportHead};

/// How a second copy differs from the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copy {
    /// In nothing.
    Same,
    /// In its time to live: a router lies between the two places that are mirrored.
    Routed,
    /// In its VLAN or hardware addresses only.
    Retagged,
}

/// Packets of the last moments.
#[derive(Debug, Default)]
pub struct Copies {
    hasher: RandomState,
    young: HashMap<u64, Sight, RandomState>,
    old: HashMap<u64, Sight, RandomState>,
    turned: i64,
}

#[derive(Clone, Copy, Debug)]
struct Sight {
    time: i64,
    ttl: u8,
    vlan: u16,
    macs: Option<([u8; 6], [u8; 6])>,
}

/// A copy comes within this time, where the IP identification tells it from a repeat...
const WINDOW: i64 = 100_000_000;
/// ... and within this where there is none.
const WINDOW_UNSURE: i64 = 2_000_000;
/// Packets remembered at most, twice.
const REMEMBERED: usize = 32_768;

impl Copies {
    /// Looks at a packet: is it a copy of an earlier one?
    pub fn see(&mut self, packet: &Packet, time: i64) -> Option<Copy> {
        let print = self.print(packet)?;
        if time.abs_diff(self.turned) > WINDOW.unsigned_abs() || self.young.len() >= REMEMBERED {
            self.turned = time;
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        let now = Sight {
            time,
            ttl: packet.ttl,
            vlan: packet.vlan,
            macs: packet.macs,
        };
        let first = self.young.get(&print).or_else(|| self.old.get(&print));
        let window = if packet.ip_id != 0 {
            WINDOW
        } else {
            WINDOW_UNSURE
        };
        if let Some(first) = first.filter(|f| time.abs_diff(f.time) <= window.unsigned_abs()) {
            return Some(if first.ttl != now.ttl {
                Copy::Routed
            } else if (first.vlan, first.macs) != (now.vlan, now.macs) {
                Copy::Retagged
            } else {
                Copy::Same
            });
        }
        self.young.insert(print, now);
        None
    }

    /// The same for all copies of a packet; `None` for frames that may well come twice.
    fn print(&self, packet: &Packet) -> Option<u64> {
        let mut h = self.hasher.build_hasher();
        (packet.src, packet.dst, packet.ip_id, packet.payload.len).hash(&mut h);
        match &packet.head {
            TransportHead::Tcp(t) => {
                (t.src_port, t.dst_port, t.seq, t.ack, t.flags.0, t.checksum).hash(&mut h);
            }
            TransportHead::Udp(u) => (u.src_port, u.dst_port, u.checksum).hash(&mut h),
            _ => return None,
        }
        Some(h.finish())
    }
}
