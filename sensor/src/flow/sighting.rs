//! Second sightings: the same packet again, copied by the SPAN, perhaps from behind a router.

/// A packet of a conversation as its copies show it too: no MACs, no VLAN, no TTL.
#[derive(Clone, Copy, Debug, Default)]
struct Sighting {
    /// Hash of what copies share; 0 for none yet.
    mark: u64,
    time: i64,
}

/// The last few packets of a conversation. A quiet one keeps two; one whose packets would be
/// forgotten while copies may still come keeps more.
#[derive(Debug, Default)]
pub struct Recent {
    few: [Sighting; 2],
    many: Option<Box<[Sighting; MANY]>>,
    next: u8,
}

const MANY: usize = 8;

impl Recent {
    /// True if a packet with this mark was seen no longer than `window` nanoseconds ago (or ahead:
    /// the two captures of a merged file need not agree to the microsecond).
    #[inline]
    pub fn saw(&self, mark: u64, time: i64, window: u64) -> bool {
        let mark = mark | 1;
        let all: &[Sighting] = match &self.many {
            Some(many) => &many[..],
            None => &self.few,
        };
        all.iter()
            .any(|s| s.mark == mark && s.time.abs_diff(time) <= window)
    }

    /// Remembers a packet.
    #[inline]
    pub fn remember(&mut self, mark: u64, time: i64, window: u64) {
        let seen = Sighting {
            mark: mark | 1,
            time,
        };
        let at = usize::from(self.next);
        match &mut self.many {
            Some(many) => {
                many[at % MANY] = seen;
                self.next = ((at + 1) % MANY) as u8;
            }
            None => {
                let oldest = self.few[at % 2];
                if oldest.mark != 0 && oldest.time.abs_diff(time) <= window {
                    let mut many = Box::new([Sighting::default(); MANY]);
                    many[0] = oldest;
                    many[1] = self.few[(at + 1) % 2];
                    many[2] = seen;
                    self.many = Some(many);
                    self.next = 3;
                } else {
                    self.few[at % 2] = seen;
                    self.next = ((at + 1) % 2) as u8;
                }
            }
        }
    }

    /// The conversation is over: the last two packets are enough to know their copies by.
    pub fn settle(&mut self) {
        if let Some(many) = self.many.take() {
            let last = |back: usize| many[(usize::from(self.next) + MANY - back) % MANY];
            self.few = [last(2), last(1)];
            self.next = 0;
        }
    }

    /// Bytes of heap kept.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        self.many
            .as_ref()
            .map_or(0, |_| size_of::<[Sighting; MANY]>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_packet_is_a_copy_only_within_its_window() {
        let mut recent = Recent::default();
        recent.remember(42, 1_000, 100);
        assert!(recent.saw(42, 1_100, 100));
        assert!(recent.saw(42, 950, 100));
        assert!(!recent.saw(42, 1_101, 100));
        assert!(!recent.saw(44, 1_000, 100));
    }

    #[test]
    fn burst_is_remembered_eight_deep_and_its_end_after_the_conversation() {
        let mut recent = Recent::default();
        for n in 0..8 {
            recent.remember(2 * n, n as i64, 1_000);
        }
        assert!((0..8).all(|n| recent.saw(2 * n, 20, 1_000)));
        recent.remember(100, 20, 1_000);
        assert!(!recent.saw(0, 20, 1_000));
        recent.settle();
        assert_eq!(recent.held(), 0);
        assert!(recent.saw(14, 20, 1_000) && recent.saw(100, 20, 1_000));
        recent.remember(102, 20, 0);
        assert!(recent.saw(100, 20, 1_000) && !recent.saw(14, 20, 1_000));
    }

    #[test]
    fn quiet_conversation_keeps_no_heap() {
        let mut recent = Recent::default();
        for n in 0..100 {
            recent.remember(n, n as i64 * 10_000, 1_000);
        }
        assert_eq!(recent.held(), 0);
    }
}
