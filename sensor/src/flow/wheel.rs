//! A timer wheel of whole seconds over records in a slab: what is due next, without a scan.
//!
//! A record hangs in the bucket of the second in which it is next looked at. A packet does not move
//! it (that would cost every packet); when its bucket comes up, the owner asks how late it really
//! is, and hangs it further on if it was busy since.

/// Seconds around the wheel. What lies further off is looked at once a turn.
const BUCKETS: usize = 4096;
const NONE: u32 = u32::MAX;

/// A record's hook on the wheel.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    next: u32,
    previous: u32,
    bucket: u32,
}

impl Default for Link {
    fn default() -> Self {
        Link {
            next: NONE,
            previous: NONE,
            bucket: NONE,
        }
    }
}

/// Gives access to the hooks of records by their place.
pub trait Links {
    fn link(&mut self, place: u32) -> &mut Link;
}

/// The wheel itself: the first and last record of each bucket.
#[derive(Debug)]
pub struct Wheel {
    ends: Vec<(u32, u32)>,
    /// All buckets before this second are empty.
    now: u64,
    /// No record hangs before this second.
    earliest: u64,
    hung: usize,
}

impl Default for Wheel {
    fn default() -> Self {
        Wheel {
            ends: vec![(NONE, NONE); BUCKETS],
            now: 0,
            earliest: 0,
            hung: 0,
        }
    }
}

impl Wheel {
    /// Hangs a record to be looked at in second `due` (or a turn of the wheel from now, if sooner).
    pub fn hang(&mut self, links: &mut impl Links, place: u32, due: u64) {
        let due = due.clamp(self.now, self.now + BUCKETS as u64 - 1);
        self.earliest = if self.hung == 0 {
            due
        } else {
            self.earliest.min(due)
        };
        let bucket = (due % BUCKETS as u64) as usize;
        let (first, last) = self.ends[bucket];
        *links.link(place) = Link {
            next: NONE,
            previous: last,
            bucket: bucket as u32,
        };
        if last == NONE {
            self.ends[bucket] = (place, place);
        } else {
            links.link(last).next = place;
            self.ends[bucket] = (first, place);
        }
        self.hung += 1;
    }

    /// Takes a record off, if it hangs.
    pub fn unhang(&mut self, links: &mut impl Links, place: u32) {
        let link = *links.link(place);
        if link.bucket == NONE {
            return;
        }
        *links.link(place) = Link::default();
        let ends = &mut self.ends[link.bucket as usize];
        if link.previous == NONE {
            ends.0 = link.next;
        }
        if link.next == NONE {
            ends.1 = link.previous;
        }
        if link.previous != NONE {
            links.link(link.previous).next = link.next;
        }
        if link.next != NONE {
            links.link(link.next).previous = link.previous;
        }
        self.hung -= 1;
    }

    /// Moves on to second `now`: takes off every record that hangs at it or before, and calls `due`
    /// for each, in the order of seconds, then of hanging.
    pub fn turn<L: Links>(&mut self, links: &mut L, now: u64, mut due: impl FnMut(&mut L, u32)) {
        let steps = (now + 1).saturating_sub(self.now).min(BUCKETS as u64);
        for second in self.now..self.now + steps {
            let bucket = (second % BUCKETS as u64) as usize;
            while self.ends[bucket].0 != NONE {
                let place = self.ends[bucket].0;
                self.unhang(links, place);
                due(links, place);
            }
        }
        self.now = self.now.max(now + 1);
        self.earliest = self.earliest.max(self.now);
    }

    /// No record hangs before this second.
    pub fn earliest(&self) -> u64 {
        self.earliest
    }

    /// The record that would be looked at first.
    pub fn first(&mut self) -> Option<u32> {
        if self.hung == 0 {
            return None;
        }
        loop {
            let place = self.ends[(self.earliest % BUCKETS as u64) as usize].0;
            if place != NONE {
                return Some(place);
            }
            self.earliest += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Slab(Vec<Link>);

    impl Links for Slab {
        fn link(&mut self, place: u32) -> &mut Link {
            &mut self.0[place as usize]
        }
    }

    fn due(wheel: &mut Wheel, slab: &mut Slab, now: u64) -> Vec<u32> {
        let mut all = Vec::new();
        wheel.turn(slab, now, |_, place| all.push(place));
        all
    }

    #[test]
    fn records_come_due_in_their_second_and_in_order_of_hanging() {
        let (mut wheel, mut slab) = (Wheel::default(), Slab(vec![Link::default(); 6]));
        for (place, at) in [(0, 5), (1, 3), (2, 5), (3, 3), (4, 4)] {
            wheel.hang(&mut slab, place, at);
        }
        wheel.unhang(&mut slab, 3);
        assert!(due(&mut wheel, &mut slab, 2).is_empty());
        assert_eq!(due(&mut wheel, &mut slab, 5), [1, 4, 0, 2]);
        assert!(due(&mut wheel, &mut slab, 9_999).is_empty());
    }

    #[test]
    fn record_far_off_is_looked_at_once_a_turn() {
        let (mut wheel, mut slab) = (Wheel::default(), Slab(vec![Link::default(); 1]));
        wheel.hang(&mut slab, 0, 1_000_000);
        assert_eq!(due(&mut wheel, &mut slab, BUCKETS as u64 - 1), [0]);
    }

    #[test]
    fn first_is_the_nearest_even_after_nearer_ones_left() {
        let (mut wheel, mut slab) = (Wheel::default(), Slab(vec![Link::default(); 3]));
        assert_eq!(wheel.first(), None);
        wheel.hang(&mut slab, 0, 900);
        wheel.hang(&mut slab, 1, 20);
        wheel.hang(&mut slab, 2, 20);
        assert_eq!(wheel.first(), Some(1));
        wheel.unhang(&mut slab, 1);
        assert_eq!(wheel.first(), Some(2));
        wheel.unhang(&mut slab, 2);
        assert_eq!(wheel.first(), Some(0));
        wheel.hang(&mut slab, 1, 7);
        assert_eq!(wheel.first(), Some(1));
    }

    #[test]
    fn jump_of_years_empties_every_bucket_once() {
        let (mut wheel, mut slab) = (Wheel::default(), Slab(vec![Link::default(); 4]));
        for place in 0..4 {
            wheel.hang(&mut slab, place, u64::from(place) * 1_000);
        }
        assert_eq!(due(&mut wheel, &mut slab, 1 << 40), [0, 1, 2, 3]);
        wheel.hang(&mut slab, 0, 3);
        assert_eq!(wheel.first(), Some(0));
        assert_eq!(due(&mut wheel, &mut slab, (1 << 40) + 1), [0]);
    }
}
