//! Requests and answers of protocols without ids: the line answers in order.

use std::collections::VecDeque;

use crate::contract::Side;
use crate::limits::{Limits, SERIAL_OPEN};

/// Questions that wait for their answers, of both sides, numbered from 0 each side.
///
/// `T` is what the protocol wants to know of a question when its answer comes.
#[derive(Debug)]
pub struct Turns<T> {
    open: [VecDeque<(u32, T)>; 2],
    asked: [u32; 2],
    most: usize,
}

/// The join key of one question: who asked, and which question of this side it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key([u8; 5]);

impl AsRef<[u8]> for Key {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl<T> Turns<T> {
    pub fn new(limits: &Limits) -> Self {
        Turns {
            open: [VecDeque::new(), VecDeque::new()],
            asked: [0; 2],
            most: limits.get(SERIAL_OPEN).max(1),
        }
    }

    /// `side` asked something. The oldest unanswered question is dropped if too many are open;
    /// then the second value is true.
    pub fn ask(&mut self, side: Side, what: T) -> (Key, bool) {
        let open = &mut self.open[side.index()];
        let number = self.asked[side.index()];
        self.asked[side.index()] = number.wrapping_add(1);
        let full = open.len() >= self.most;
        if full {
            open.pop_front();
        }
        open.push_back((number, what));
        (key(side, number), full)
    }

    /// `side` answered the oldest open question of the other side that fits. Older ones were
    /// passed over by the device and will never be answered.
    pub fn answer(&mut self, side: Side, fits: impl Fn(&T) -> bool) -> Option<(Key, T)> {
        let asker = side.other();
        let open = &mut self.open[asker.index()];
        let at = open.iter().position(|(_, what)| fits(what))?;
        open.drain(..at);
        let (number, what) = open.pop_front()?;
        Some((key(asker, number), what))
    }

    /// As [`Self::answer`], where several devices share the line: questions to others stay open.
    pub fn answer_among(&mut self, side: Side, fits: impl Fn(&T) -> bool) -> Option<(Key, T)> {
        let asker = side.other();
        let open = &mut self.open[asker.index()];
        let at = open.iter().position(|(_, what)| fits(what))?;
        let (number, what) = open.remove(at)?;
        Some((key(asker, number), what))
    }

    /// The oldest open question that `side` can answer; it stays open.
    pub fn peek(&self, side: Side) -> Option<Key> {
        let asker = side.other();
        self.open[asker.index()]
            .front()
            .map(|(number, _)| key(asker, *number))
    }

    /// Bytes are missing: which answers belong to which questions is no longer known.
    pub fn forget(&mut self) {
        self.open.iter_mut().for_each(VecDeque::clear);
    }

    pub fn held(&self) -> usize {
        self.open
            .iter()
            .map(|q| q.capacity() * size_of::<(u32, T)>())
            .sum()
    }
}

fn key(side: Side, number: u32) -> Key {
    let n = number.to_be_bytes();
    Key([side.index() as u8, n[0], n[1], n[2], n[3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_without_question_joins_nothing() {
        let mut turns: Turns<u8> = Turns::new(&Limits::default());
        assert!(turns.answer(Side::Server, |_| true).is_none());
        turns.ask(Side::Client, 1);
        // The asker cannot answer itself.
        assert!(turns.answer(Side::Client, |_| true).is_none());
    }

    #[test]
    fn flood_of_questions_keeps_the_newest() {
        let mut limits = Limits::default();
        limits.set("serial-open", 2);
        let mut turns = Turns::new(&limits);
        assert!(!turns.ask(Side::Client, 1).1);
        assert!(!turns.ask(Side::Client, 2).1);
        let (third, full) = turns.ask(Side::Client, 3);
        assert!(full);
        assert!(turns.answer(Side::Server, |n| *n == 1).is_none());
        assert_eq!(turns.answer(Side::Server, |n| *n == 3), Some((third, 3)));
    }

    #[test]
    fn question_that_the_device_skipped_does_not_take_the_next_answer() {
        let mut turns = Turns::new(&Limits::default());
        turns.ask(Side::Client, b'a');
        let (second, _) = turns.ask(Side::Client, b'b');
        assert_eq!(
            turns.answer(Side::Server, |c| *c == b'b'),
            Some((second, b'b'))
        );
        assert!(turns.answer(Side::Server, |_| true).is_none());
    }
}
