//! A step of a window, and which messages may be it.

use dissectors::message::Message;
use dissectors::registry::{PROTOCOLS, ProtocolId};

use super::super::needs::{NO_VERB, Needs};
use crate::language::compiled::{Condition, Node};

/// What a step needs of a message: most messages are told to be none of its without a look at it.
#[derive(Debug)]
pub struct Step {
    /// By protocol: the verbs, a bit each, and `NO_VERB`. None: it cannot be true.
    pub verbs: Box<[u32]>,
}

impl Step {
    pub fn of(condition: &Condition, step: &Node) -> Self {
        let verbs = (0..PROTOCOLS.len()).map(|at| {
            let needs = Needs::of_part(condition, step, ProtocolId(at as u16));
            if needs.possible { needs.verbs } else { 0 }
        });
        Step {
            verbs: verbs.collect(),
        }
    }

    /// False if the step cannot be true for this message.
    pub fn may(&self, message: Message<'_>) -> bool {
        let verb = message.verb().map_or(NO_VERB, |v| 1 << (v as u32));
        let verbs = self.verbs.get(message.protocol().index());
        verbs.is_none_or(|verbs| verbs & verb != 0)
    }
}
