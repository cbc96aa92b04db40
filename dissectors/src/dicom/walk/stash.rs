//! Bytes that wait for more: the opening of a data set, a header, the first bytes of a value.

use super::opening::OPENING;

/// Room for the longest of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stash {
    pub room: [u8; OPENING],
    pub len: usize,
}

impl Default for Stash {
    fn default() -> Self {
        Stash {
            room: [0; OPENING],
            len: 0,
        }
    }
}

impl Stash {
    pub(super) fn bytes(&self) -> &[u8] {
        self.room.get(..self.len).unwrap_or(&[])
    }

    /// Takes bytes until there are `goal` of them; says how many it took.
    pub(super) fn fill(&mut self, bytes: &[u8], goal: usize) -> usize {
        let take = goal.saturating_sub(self.len).min(bytes.len());
        if let (Some(to), Some(from)) = (
            self.room.get_mut(self.len..self.len + take),
            bytes.get(..take),
        ) {
            to.copy_from_slice(from);
        }
        self.len += take;
        take
    }
}
