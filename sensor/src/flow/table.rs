//! From the hash of a key to the place of its record: open addressing over (hash, place).
//!
//! The hash is keyed by a fresh seed each run, so that nobody can choose colliding conversations;
//! the table is never walked for output, so that the seed orders nothing.

/// Hash tags with places in a slab. Full keys are compared by the caller, in the slab.
#[derive(Debug)]
pub struct Table {
    slots: Vec<Slot>,
    used: usize,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    tag: u32,
    /// Place in the slab, or [`FREE`].
    place: u32,
}

const FREE: u32 = u32::MAX;
const EMPTY: Slot = Slot {
    tag: 0,
    place: FREE,
};

impl Default for Table {
    fn default() -> Self {
        Table {
            slots: vec![EMPTY; 64],
            used: 0,
        }
    }
}

impl Table {
    pub fn len(&self) -> usize {
        self.used
    }

    /// The place under this hash for which `same` holds.
    pub fn find(&self, hash: u64, mut same: impl FnMut(u32) -> bool) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let tag = tag(hash);
        let mut at = tag as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot.place == FREE {
                return None;
            }
            if slot.tag == tag && same(slot.place) {
                return Some(slot.place);
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds a place that is not in yet.
    pub fn insert(&mut self, hash: u64, place: u32) {
        // At most three quarters full.
        if (self.used + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        self.put(Slot {
            tag: tag(hash),
            place,
        });
        self.used += 1;
    }

    /// Takes a place out. Nothing happens if it is not in.
    pub fn remove(&mut self, hash: u64, place: u32) {
        let mask = self.slots.len() - 1;
        let mut at = tag(hash) as usize & mask;
        while self.slots[at].place != place {
            if self.slots[at].place == FREE {
                return;
            }
            at = (at + 1) & mask;
        }
        // Close the gap: move back whatever may stand nearer to its home.
        let mut next = (at + 1) & mask;
        while self.slots[next].place != FREE {
            let home = self.slots[next].tag as usize & mask;
            if next.wrapping_sub(home) & mask >= next.wrapping_sub(at) & mask {
                self.slots[at] = self.slots[next];
                at = next;
            }
            next = (next + 1) & mask;
        }
        self.slots[at] = EMPTY;
        self.used -= 1;
    }

    fn put(&mut self, slot: Slot) {
        let mask = self.slots.len() - 1;
        let mut at = slot.tag as usize & mask;
        while self.slots[at].place != FREE {
            at = (at + 1) & mask;
        }
        self.slots[at] = slot;
    }

    fn grow(&mut self) {
        let bigger = self.slots.len() * 2;
        let old = std::mem::replace(&mut self.slots, vec![EMPTY; bigger]);
        for slot in old.into_iter().filter(|s| s.place != FREE) {
            self.put(slot);
        }
    }
}

fn tag(hash: u64) -> u32 {
    (hash ^ hash >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn colliding_conversations_are_told_apart_and_survive_each_others_removal() {
        let mut table = Table::default();
        for place in 0..40 {
            table.insert(5, place);
        }
        table.remove(5, 0);
        table.remove(5, 17);
        assert_eq!(table.find(5, |p| p == 0), None);
        assert_eq!(table.find(5, |p| p == 17), None);
        for place in (1..17).chain(18..40) {
            assert_eq!(table.find(5, |p| p == place), Some(place));
        }
    }

    #[test]
    fn comings_and_goings_agree_with_a_map() {
        let mut table = Table::default();
        let mut model = HashMap::new();
        let mut x = 1u64;
        for step in 0..20_000u32 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // Few distinct hashes, in clusters, at both ends of the table.
            let hash = (x >> 33) % 700
                + if x & 1 == 0 {
                    u64::from(u32::MAX) - 300
                } else {
                    0
                };
            match model.remove(&hash) {
                Some(place) => table.remove(hash, place),
                None => {
                    table.insert(hash, step);
                    model.insert(hash, step);
                }
            }
            assert_eq!(table.len(), model.len());
        }
        for (hash, place) in &model {
            assert_eq!(table.find(*hash, |p| p == *place), Some(*place));
        }
    }
}
