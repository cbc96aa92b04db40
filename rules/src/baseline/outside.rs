//! Calls to addresses of the internet: whether they come as regularly as a clock.

use std::net::IpAddr;

use super::who::Slot;
use crate::engine::Table;
use crate::limits::{self, Hits};

/// Calls of one device to one address.
#[derive(Clone, Debug)]
struct Beat {
    last: i64,
    /// Seconds between the last calls, in tenths.
    pauses: [u32; CALLS],
    next: usize,
    count: usize,
    told: bool,
}

/// A beat as it is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Regular {
    pub calls: usize,
    /// Seconds: the median pause, the shortest, the longest.
    pub pause: f64,
    pub shortest: f64,
    pub longest: f64,
}

/// The calls of all devices.
#[derive(Debug, Default)]
pub struct Beats {
    all: Table<(Slot, IpAddr), Beat>,
}

/// Pauses that must agree: twelve of them.
const CALLS: usize = 12;
/// Shorter pauses are those of a conversation, longer ones those of a calendar. Tenths of a second.
const SHORTEST: u32 = 50;
const LONGEST: u32 = 24 * 36_000;
/// More bytes in one call are no beat.
pub const SMALL: u64 = 65_536;

impl Beats {
    /// A device called an address. Tells once that the calls are regular.
    pub fn call(
        &mut self,
        device: Slot,
        to: IpAddr,
        now: i64,
        room: usize,
        hits: &mut Hits,
    ) -> Option<Regular> {
        if self.all.len() >= room && !self.all.contains_key(&(device, to)) {
            hits.count(limits::BASELINE_BEATS);
            // Whoever calls no more makes room.
            let old = i64::from(LONGEST) * 100_000_000;
            self.all.retain(|_, b| now.saturating_sub(b.last) <= old);
            if self.all.len() >= room {
                return None;
            }
        }
        let beat = self.all.entry((device, to)).or_insert(Beat {
            last: now,
            pauses: [0; CALLS],
            next: 0,
            count: 0,
            told: false,
        });
        let pause = now.saturating_sub(beat.last) / 100_000_000;
        // Several connections at once are one call.
        if pause < 10 {
            return None;
        }
        beat.last = now;
        beat.pauses[beat.next % CALLS] = u32::try_from(pause).unwrap_or(u32::MAX);
        beat.next += 1;
        beat.count += 1;
        if beat.told || beat.count < CALLS {
            return None;
        }
        let mut sorted = beat.pauses;
        sorted.sort_unstable();
        let (shortest, median, longest) = (sorted[0], sorted[CALLS / 2], sorted[CALLS - 1]);
        let jitter = (median - shortest).max(longest - median);
        if !(SHORTEST..=LONGEST).contains(&median) || u64::from(jitter) * 5 >= u64::from(median) {
            return None;
        }
        beat.told = true;
        let seconds = |tenths: u32| f64::from(tenths) / 10.0;
        Some(Regular {
            calls: beat.count + 1,
            pause: seconds(median),
            shortest: seconds(shortest),
            longest: seconds(longest),
        })
    }

    /// So much was said in one call that it is no mere beat.
    pub fn talked(&mut self, device: Slot, to: IpAddr) {
        if let Some(beat) = self.all.get_mut(&(device, to)) {
            beat.count = 0;
        }
    }
}

/// Whether an address is one of the internet.
pub fn is_outside(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_broadcast()
                || v4.is_unspecified()
                // RFC 6598, and what no network is.
                || a == 100 && (64..128).contains(&b)
                || a == 0
                || a >= 240)
        }
        IpAddr::V6(v6) => {
            let first = v6.segments()[0];
            // RFC 4291 2.4: global unicast is what has been assigned of 2000::/3.
            first & 0xe000 == 0x2000
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn calls(at: impl Iterator<Item = i64>) -> Vec<Regular> {
        let (mut beats, mut hits) = (Beats::default(), Hits::default());
        let to = "203.0.113.9".parse().unwrap();
        at.filter_map(|t| beats.call(1, to, t * SECOND, 10, &mut hits))
            .collect()
    }

    #[test]
    fn twelve_calls_are_few_and_thirteen_at_one_pace_are_told_once() {
        assert_eq!(calls((0..12).map(|n| n * 60)), []);
        let told = calls((0..40).map(|n| n * 60 + n % 3));
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].calls, 13);
        assert!((59.0..=61.0).contains(&told[0].pause));
    }

    #[test]
    fn calls_as_people_make_them_are_no_beat() {
        assert_eq!(calls((0..60).map(|n| n * 600 + n * n * 37 % 400)), []);
        assert_eq!(
            calls((0..60).map(|n| n * 60 + if n % 4 == 0 { 25 } else { 0 })),
            []
        );
        // A conversation, not a beat.
        assert_eq!(calls((0..60).map(|n| n * 2)), []);
    }

    #[test]
    fn full_table_lets_go_of_who_calls_no_more() {
        let (mut beats, mut hits) = (Beats::default(), Hits::default());
        let to = |n: u32| IpAddr::from((0xCB00_7100 + n).to_be_bytes());
        for n in 0..10 {
            beats.call(n, to(n), 0, 10, &mut hits);
        }
        beats.call(99, to(99), SECOND, 10, &mut hits);
        assert_eq!((beats.all.len(), hits.named().count()), (10, 1));
        beats.call(99, to(99), 90_000 * SECOND, 10, &mut hits);
        assert_eq!(beats.all.len(), 1);
    }

    #[test]
    fn addresses_of_a_site_are_not_outside() {
        for own in [
            "10.1.1.1",
            "172.31.0.1",
            "192.168.0.1",
            "169.254.1.1",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "0.0.0.0",
            "127.0.0.1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::1",
            "::",
        ] {
            assert!(!is_outside(own.parse().unwrap()), "{own}");
        }
        for outside in ["8.8.8.8", "100.128.0.1", "2001:db8::1", "172.32.0.1"] {
            assert!(is_outside(outside.parse().unwrap()), "{outside}");
        }
    }
}
