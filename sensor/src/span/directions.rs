//! Are both directions of the TCP conversations there?

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use crate::decode::packet::{Packet, TcpFlags, TransportHead};

/// TCP conversations with the packets of either direction.
#[derive(Debug, Default)]
pub struct Directions {
    hasher: RandomState,
    seen: HashMap<u64, [u32; 2], RandomState>,
    both: u64,
    one: u64,
}

/// Packets of one direction after which the other is missed.
const ENOUGH: u32 = 3;
/// Conversations remembered at most; later ones are not counted.
const REMEMBERED: usize = 32_768;

impl Directions {
    pub fn see(&mut self, packet: &Packet) {
        let TransportHead::Tcp(head) = &packet.head else {
            return;
        };
        if !head.flags.has(TcpFlags::ACK) {
            // An attempt that nobody answers (a scan, a device that is off) is no missing direction.
            return;
        }
        let (a, b) = ((packet.src, head.src_port), (packet.dst, head.dst_port));
        let upper = a > b;
        let key = self.hasher.hash_one(if upper { (b, a) } else { (a, b) });
        if self.seen.len() >= REMEMBERED && !self.seen.contains_key(&key) {
            return;
        }
        let sides = self.seen.entry(key).or_default();
        let before = state(sides);
        let side = &mut sides[usize::from(upper)];
        *side = side.saturating_add(1);
        let after = state(sides);
        if before != after {
            match before {
                State::One => self.one -= 1,
                State::Both => self.both -= 1,
                State::Few => {}
            }
            match after {
                State::One => self.one += 1,
                State::Both => self.both += 1,
                State::Few => {}
            }
        }
    }

    /// Conversations seen in both directions, and in one only.
    pub fn count(&self) -> (u64, u64) {
        (self.both, self.one)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Few,
    One,
    Both,
}

fn state(sides: &[u32; 2]) -> State {
    match sides {
        [0, n] | [n, 0] if *n >= ENOUGH => State::One,
        [0, _] | [_, 0] => State::Few,
        _ => State::Both,
    }
}
