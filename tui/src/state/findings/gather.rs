//! Rows of the list: several rules that fired on one message are one row with the others beneath
//! it, or findings are gathered by their rule.

use std::collections::{HashMap, HashSet};

use super::Entry;

/// A row of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// Findings of one rule, gathered: how many, and the first of them.
    Rule { first: usize, count: usize },
    /// A finding, and how many others fired on the same message and are folded into this row.
    One { at: usize, folded: usize },
    /// One of those others, where the row above them is unfolded.
    Beneath(usize),
}

impl Row {
    /// The entry that stands for the row.
    pub fn entry(self) -> usize {
        match self {
            Row::Rule { first: at, .. } | Row::One { at, .. } | Row::Beneath(at) => at,
        }
    }
}

/// Which findings fired on the same message.
#[derive(Default)]
pub struct Messages {
    by_key: HashMap<(u64, u64), u32>,
    /// The message of each entry.
    of: Vec<u32>,
    unfolded: HashSet<u32>,
    /// The row's own entry of each message, where any of its findings is visible.
    heads: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Messages {
    /// Notes the message of the next entry.
    pub fn push(&mut self, entry: &Entry) {
        let f = &entry.finding;
        let next = self.by_key.len() as u32;
        let message = self
            .by_key
            .entry((f.talk.flow_id, f.first.seq))
            .or_insert(next);
        self.of.push(*message);
    }

    /// The entry whose row shows this one, if it is visible at all.
    pub fn head(&self, at: usize) -> Option<usize> {
        let head = *self.heads.get(*self.of.get(at)? as usize)?;
        (head != NONE).then_some(head as usize)
    }

    /// Unfolds the message of an entry, or folds it. False if it is so already.
    pub fn unfold(&mut self, at: usize, open: bool) -> bool {
        match self.of.get(at) {
            Some(message) if open => self.unfolded.insert(*message),
            Some(message) => self.unfolded.remove(message),
            None => false,
        }
    }

    /// Other entries of the same message, from those in `order`.
    pub fn others<'o>(&'o self, at: usize, order: &'o [u32]) -> impl Iterator<Item = usize> + 'o {
        let message = self.of.get(at).copied();
        order
            .iter()
            .map(|other| *other as usize)
            .filter(move |other| *other != at && self.of.get(*other).copied() == message)
    }

    /// One row a message, at the place of the first of its findings, with the gravest in it.
    pub fn gather(&mut self, entries: &[Entry], order: &[u32]) -> Vec<Row> {
        self.heads.clear();
        self.heads.resize(self.by_key.len(), NONE);
        let mut counts = vec![0u32; self.by_key.len()];
        let severity = |at: u32| entries[at as usize].finding.severity;
        let mut beneath: HashMap<u32, Vec<u32>> = HashMap::new();
        for at in order {
            let message = self.of[*at as usize];
            counts[message as usize] += 1;
            let head = &mut self.heads[message as usize];
            if *head == NONE || severity(*at) > severity(*head) {
                *head = *at;
            }
            if self.unfolded.contains(&message) {
                beneath.entry(message).or_default().push(*at);
            }
        }
        let mut rows = Vec::with_capacity(order.len());
        for at in order {
            let message = self.of[*at as usize];
            // Zero: its row stands already.
            let count = std::mem::take(&mut counts[message as usize]);
            if count == 0 {
                continue;
            }
            let head = self.heads[message as usize];
            let open = beneath.get(&message);
            rows.push(Row::One {
                at: head as usize,
                folded: match open {
                    Some(_) => 0,
                    None => count as usize - 1,
                },
            });
            let others = open.into_iter().flatten().filter(|other| **other != head);
            rows.extend(others.map(|other| Row::Beneath(*other as usize)));
        }
        rows
    }
}

/// Findings gathered by their rule; under an opened rule each of them.
pub fn by_rule(entries: &[Entry], order: &[u32], opened: &HashSet<String>) -> Vec<Row> {
    let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
    let mut place: HashMap<&str, usize> = HashMap::new();
    for at in order.iter().map(|at| *at as usize) {
        let rule = entries[at].finding.rule.id.as_str();
        match place.get(rule) {
            Some(group) => groups[*group].1.push(at),
            None => {
                place.insert(rule, groups.len());
                groups.push((at, vec![at]));
            }
        }
    }
    let mut rows = Vec::new();
    for (first, members) in groups {
        let count = members.len();
        rows.push(Row::Rule { first, count });
        if opened.contains(&entries[first].finding.rule.id) {
            rows.extend(members.into_iter().map(|at| Row::One { at, folded: 0 }));
        }
    }
    rows
}
