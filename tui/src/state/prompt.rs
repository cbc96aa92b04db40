//! The line in which a person types.

use rules::finding::FindingId;

use crate::filter::{Completion, Filter, Trouble, complete};
use crate::limits::NOTE;
use crate::mark::Handling;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asking {
    Filter,
    /// Who sits here: once.
    Name(Handling, Vec<FindingId>),
    /// Why a finding is handled so.
    Note(Handling, Vec<FindingId>),
    /// Second key of `y`.
    Copy,
    /// Who proposes: once.
    ProposerName,
    /// Why it is proposed.
    Reason,
}

/// The line with its cursor at the end.
#[derive(Clone, Debug)]
pub struct Prompt {
    pub asking: Asking,
    pub text: String,
    /// For a filter: what is wrong so far.
    pub trouble: Option<Trouble>,
    pub offers: Vec<Completion>,
    /// The offer that Tab puts in next.
    pub offered: Option<usize>,
    /// Where the word begins that the offers complete.
    start: usize,
}

impl Prompt {
    pub fn new(asking: Asking, text: impl Into<String>) -> Self {
        let mut prompt = Prompt {
            asking,
            text: text.into(),
            trouble: None,
            offers: Vec::new(),
            offered: None,
            start: 0,
        };
        prompt.look();
        prompt
    }

    pub fn push(&mut self, c: char) {
        if !c.is_control() && self.text.chars().count() < 4 * NOTE {
            self.text.push(c);
            self.look();
        }
    }

    pub fn erase(&mut self) {
        self.text.pop();
        self.look();
    }

    pub fn erase_word(&mut self) {
        let kept = self.text.trim_end().rfind(' ').map_or(0, |at| at + 1);
        self.text.truncate(kept);
        self.look();
    }

    pub fn clear(&mut self) {
        self.text.clear();
        self.look();
    }

    /// Puts the next offer in place of the word.
    pub fn tab(&mut self, back: bool) {
        if self.offers.is_empty() {
            return;
        }
        let n = self.offers.len();
        let at = match self.offered {
            None if back => n - 1,
            None => 0,
            Some(at) if back => (at + n - 1) % n,
            Some(at) => (at + 1) % n,
        };
        self.text.truncate(self.start);
        self.text.push_str(&self.offers[at].word);
        self.offered = Some(at);
        self.trouble = Filter::parse(&self.text).err();
    }

    fn look(&mut self) {
        if self.asking != Asking::Filter {
            return;
        }
        self.trouble = Filter::parse(&self.text).err();
        (self.start, self.offers) = complete(&self.text);
        self.offered = None;
    }

    pub fn label(&self) -> String {
        match &self.asking {
            Asking::Filter => "filter".into(),
            Asking::Name(..) | Asking::ProposerName => "your name (asked once)".into(),
            Asking::Note(handling, many) => match many.len() {
                1 => format!("{}, note", handling.word()),
                n => format!("{} {n} findings, note", handling.word()),
            },
            Asking::Copy => "copy".into(),
            Asking::Reason => "reason".into(),
        }
    }
}
