//! From a key to a place in a list: open addressing over (tag, place), eight bytes a slot, so that
//! tens of thousands of keys stay in the cache.

/// Tags of keys with places. Whole keys are compared by the caller, in its list.
#[derive(Debug)]
pub struct Places {
    slots: Vec<Slot>,
    used: usize,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    tag: u32,
    /// [`FREE`] if there is none.
    place: u32,
}

const FREE: u32 = u32::MAX;
const EMPTY: Slot = Slot {
    tag: 0,
    place: FREE,
};
const SMALLEST: usize = 64;

impl Default for Places {
    fn default() -> Self {
        Places {
            slots: vec![EMPTY; SMALLEST],
            used: 0,
        }
    }
}

impl Places {
    pub fn len(&self) -> usize {
        self.used
    }

    /// The place under this key for which `same` holds.
    pub fn find(&self, key: u64, mut same: impl FnMut(u32) -> bool) -> Option<u32> {
        let tag = tag(key);
        let mut at = self.home(tag);
        loop {
            let slot = self.slots.get(at)?;
            if slot.place == FREE {
                return None;
            }
            if slot.tag == tag && same(slot.place) {
                return Some(slot.place);
            }
            at = self.after(at);
        }
    }

    /// Adds a place that is not in yet, and is not `u32::MAX`.
    pub fn insert(&mut self, key: u64, place: u32) {
        // At most half full: a search ends soon.
        if (self.used + 1) * 2 > self.slots.len() {
            let bigger = vec![EMPTY; self.slots.len() * 2];
            for slot in std::mem::replace(&mut self.slots, bigger) {
                if slot.place != FREE {
                    self.put(slot);
                }
            }
        }
        self.put(Slot {
            tag: tag(key),
            place,
        });
        self.used += 1;
    }

    /// Takes a place out. Nothing happens if it is not in.
    pub fn remove(&mut self, key: u64, place: u32) {
        let mut gap = self.home(tag(key));
        while self.slots[gap].place != place {
            if self.slots[gap].place == FREE {
                return;
            }
            gap = self.after(gap);
        }
        // Whatever may stand nearer to its home moves back.
        let mask = self.slots.len() - 1;
        let mut next = self.after(gap);
        while self.slots[next].place != FREE {
            let home = self.home(self.slots[next].tag);
            if next.wrapping_sub(home) & mask >= next.wrapping_sub(gap) & mask {
                self.slots[gap] = self.slots[next];
                gap = next;
            }
            next = self.after(next);
        }
        self.slots[gap] = EMPTY;
        self.used -= 1;
    }

    pub fn clear(&mut self) {
        self.slots.fill(EMPTY);
        self.used = 0;
    }

    fn put(&mut self, slot: Slot) {
        let mut at = self.home(slot.tag);
        while self.slots[at].place != FREE {
            at = self.after(at);
        }
        self.slots[at] = slot;
    }

    fn home(&self, tag: u32) -> usize {
        tag as usize & (self.slots.len() - 1)
    }

    fn after(&self, at: usize) -> usize {
        (at + 1) & (self.slots.len() - 1)
    }
}

/// Keys are keyed hashes: nobody on the wire chooses collisions.
fn tag(key: u64) -> u32 {
    (key ^ key >> 32) as u32
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn removal_in_a_cluster_loses_nobody() {
        let mut places = Places::default();
        for place in 0..30 {
            places.insert(u64::from(place % 3), place);
        }
        places.remove(1, 4);
        places.remove(9, 5);
        assert_eq!(places.find(1, |p| p == 4), None);
        assert!(
            (0..30)
                .filter(|p| *p != 4)
                .all(|place| { places.find(u64::from(place % 3), |p| p == place) == Some(place) })
        );
    }

    #[test]
    fn comings_and_goings_agree_with_a_map() {
        let mut places = Places::default();
        let mut model: HashMap<u64, u32> = HashMap::new();
        let mut x = 7u64;
        for step in 0..20_000 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = x >> 54;
            match model.remove(&key) {
                Some(place) => places.remove(key, place),
                None => {
                    places.insert(key, step);
                    model.insert(key, step);
                }
            }
            assert_eq!(places.len(), model.len());
        }
        for (key, place) in &model {
            assert_eq!(places.find(*key, |p| p == *place), Some(*place));
        }
    }
}
