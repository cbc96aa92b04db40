//! From a frame to a message.

use crate::action::{Action, Device, Outcome, Verb};
use crate::contract::Side;
use crate::limits::{Limits, SERIAL_OPEN};
use crate::message::{Messages, Scope};
use crate::schema::KindId;
use crate::serial::signature;
use crate::serial::{BAD_LAYOUT, Cut, Frames, Role, Turns};

use super::fields::*;
use super::frame::{self, Answer};

/// One conversation with one ventilator.
pub struct Hamilton {
    turns: Turns<u8>,
}

const SERIAL_NUMBER: u8 = 86;

impl Hamilton {
    pub fn new(limits: &Limits) -> Self {
        Hamilton {
            turns: Turns::new(limits),
        }
    }

    fn request(&mut self, side: Side, bytes: &[u8], out: &mut Messages<'_>) {
        let at = out.offset();
        let range = at..at + bytes.len() as u64;
        let id = bytes.get(1).copied().unwrap_or(0);
        let (key, full) = self.turns.ask(side, id);
        if full {
            out.limit(SERIAL_OPEN);
        }
        let poll = bytes.len() == 4;
        let mut draft = out.message(if poll { POLL } else { REQUEST }, range);
        draft.integer(ID, i64::from(id));
        match frame::name(id) {
            Some(name) => {
                draft.text(PARAMETER, name.as_bytes());
            }
            None => {
                draft.flag(UNLISTED, true);
            }
        }
        // A poll has no room for a value: it reads, even where the parameter is not known. A
        // longer request carries something.
        let verb = match (poll, id) {
            (true, SERIAL_NUMBER | 123..=125) => Verb::Discover,
            (true, _) => Verb::Read,
            (false, _) => Verb::UnknownVerb,
        };
        draft.action(Action {
            device: Device::Ventilator,
            ..Action::of(verb)
        });
        draft.asks(Scope::Conversation, key.as_ref());
    }
}

impl Frames for Hamilton {
    const MALFORMED: KindId = MALFORMED;

    fn role(&self, input: &[u8]) -> Option<Role> {
        signature::role(input, frame::cut, frame::sign)
    }

    fn cut(&self, side: Side, input: &[u8], _: usize, _: bool) -> Cut {
        frame::cut(side, input)
    }

    fn frame(&mut self, side: Side, bytes: &[u8], out: &mut Messages<'_>) {
        if side == Side::Client {
            return self.request(side, bytes, out);
        }
        let at = out.offset();
        let range = at..at + bytes.len() as u64;
        let Some(answer) = frame::answer(bytes) else {
            out.message(MALFORMED, range).anomaly(BAD_LAYOUT, at);
            return;
        };
        // Answers of 8 bytes and errors do not repeat the id: they answer the oldest question.
        let asked = self.turns.answer(side, |id| match answer {
            Answer::Value { id: told, .. } | Answer::Curve { id: told, .. } => told == *id,
            Answer::Error | Answer::Device { .. } => true,
        });
        let kind = match answer {
            Answer::Error => ERROR_RSP,
            _ => VALUE_RSP,
        };
        let mut draft = out.message(kind, range);
        match answer {
            Answer::Error => {
                draft.text(VALUE, &bytes[2..7]);
            }
            Answer::Value { id, value } => {
                draft.integer(ID, i64::from(id)).text(VALUE, value);
                if id == SERIAL_NUMBER {
                    draft.text(SERIAL, value.trim_ascii());
                }
            }
            Answer::Device { device, value } => {
                draft.integer(DEVICE, i64::from(device)).text(VALUE, value);
            }
            Answer::Curve { id, samples } => {
                draft.integer(ID, i64::from(id)).bytes(SAMPLES, samples);
            }
        }
        if let Some((key, id)) = asked {
            if let Some(name) = frame::name(id) {
                draft.text(PARAMETER, name.as_bytes());
            }
            let refused = answer == Answer::Error;
            let outcome = if refused {
                Outcome::Refused
            } else {
                Outcome::Accepted
            };
            draft.answers(Scope::Conversation, key.as_ref(), true, outcome);
        }
    }

    fn lost(&mut self, _: Side) {
        self.turns.forget();
    }

    fn held(&self) -> usize {
        self.turns.held()
    }
}
