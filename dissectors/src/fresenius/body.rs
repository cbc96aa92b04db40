//! From a frame to a message. Requests and replies are told apart by their text, not by the side:
//! a request has two letters, a reply one.

use crate::action::{Action, Device, Outcome, Quantity};
use crate::contract::Side;
use crate::limits::{Limits, SERIAL_OPEN};
use crate::message::{Draft, Messages, Scope};
use crate::schema::{FieldId, KindId};
use crate::serial::checksum::hex;
use crate::serial::{BAD_CHECKSUM, BAD_LAYOUT, BAD_NUMBER, Cut, Frames, Turns};

use super::fields::*;
use super::frame::{self, Text};
use super::{FRESENIUS, action};

/// One conversation with one base or pump.
pub struct Fresenius {
    turns: Turns<Asked>,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    module: Option<u8>,
    kind: Option<KindId>,
}

impl Fresenius {
    pub fn new(limits: &Limits) -> Self {
        Fresenius {
            turns: Turns::new(limits),
        }
    }

    fn single(&mut self, side: Side, bytes: &[u8], out: &mut Messages<'_>) {
        let at = out.offset();
        let range = at..at + bytes.len() as u64;
        match bytes {
            [frame::ENQ] => {
                out.message(ENQ, range);
            }
            [frame::DC4] => {
                out.message(DC4, range);
            }
            [frame::ACK] => {
                out.message(ACK, range);
            }
            [frame::NAK, why @ ..] => {
                let refused = self.turns.answer(side, |_| true);
                let mut draft = out.message(NAK, range);
                if let Some(code) = why.first() {
                    draft
                        .text(ERROR, why)
                        .text_if(MEANING, action::nak(*code).as_bytes());
                }
                if let Some((key, _)) = refused {
                    draft.answers(Scope::Conversation, key.as_ref(), true, Outcome::Refused);
                }
            }
            _ => {
                out.message(MALFORMED, range).anomaly(BAD_LAYOUT, at);
            }
        }
    }

    fn request(&mut self, side: Side, frame: &Text<'_>, len: usize, out: &mut Messages<'_>) {
        let at = out.offset();
        let word = &frame.text[..frame.text.len().min(2)];
        let argument = &frame.text[word.len()..];
        let argument = argument.strip_prefix(b";").unwrap_or(argument);
        let kind = std::str::from_utf8(word)
            .ok()
            .and_then(|w| FRESENIUS.kind(w));
        let asked = Asked {
            module: frame.module.first().copied(),
            kind,
        };
        let session = matches!(kind, Some(E_ACK | M_ACK));
        let key = if session {
            None
        } else {
            let (key, full) = self.turns.ask(side, asked);
            if full {
                out.limit(SERIAL_OPEN);
            }
            Some(key)
        };
        let range = at..at + len as u64;
        let mut draft = match kind {
            Some(kind) => out.message(kind, range),
            None => out.message_named(word, range),
        };
        draft.text_if(MODULE, frame.module);
        if !frame.fits {
            draft.anomaly(BAD_CHECKSUM, at);
        }
        let mut value = None;
        match kind {
            Some(PR) => {
                let rate = hexadecimal(argument, 10.0, b"mL/h", b"PR");
                write(&mut draft, RATE, rate, at);
                draft.text_if(ARGUMENT, argument);
                value = Some(rate);
            }
            Some(EP) => {
                draft.text_if(DRUG, argument);
            }
            Some(EN | LN) | None => {
                draft.text_if(IDENTITY, argument);
            }
            _ => {
                draft.text_if(ARGUMENT, argument);
            }
        }
        if let Some(key) = key {
            draft.asks(Scope::Conversation, key.as_ref());
        }
        if let Some(verb) = action::verb(kind) {
            draft.action(Action {
                device: Device::Pump,
                channel: frame.module,
                handle: word,
                drug: if kind == Some(EP) { argument } else { b"" },
                value,
                ..Action::of(verb)
            });
        }
    }

    fn reply(&mut self, side: Side, frame: &Text<'_>, len: usize, out: &mut Messages<'_>) {
        let at = out.offset();
        let status = frame.text[0];
        let data = frame.text.get(2..).unwrap_or_default();
        let (kind, answering) = match status {
            b'C' => (REPLY, true),
            b'I' => (REFUSED, true),
            b'E' => (SPONTANEOUS, false),
            _ => (ADJUSTMENT, false),
        };
        let module = frame.module.first().copied();
        let asked = if answering {
            self.turns.answer_among(side, |a| a.module == module)
        } else {
            None
        };
        let mut draft = out.message(kind, at..at + len as u64);
        draft.text_if(MODULE, frame.module);
        if !frame.fits {
            draft.anomaly(BAD_CHECKSUM, at);
        }
        let about = asked.as_ref().map(|(_, a)| a.kind);
        match (status, about) {
            (b'I', _) => {
                draft
                    .text_if(ERROR, data)
                    .text_if(MEANING, action::refusal(data).as_bytes());
            }
            (b'E', _) | (_, Some(Some(LE | DE))) => variables(&mut draft, data, at),
            // Replies whose question is known and that are not about a person.
            (_, Some(Some(LF | MO | DC | FC | PR | PB | PO | SI | RV | AE))) => {
                draft.text_if(ARGUMENT, data);
            }
            (_, None) if looks_like_variables(data) => variables(&mut draft, data, at),
            _ => {
                draft.text_if(SHOWN, data);
            }
        }
        if let Some((key, _)) = asked {
            let outcome = if status == b'I' {
                Outcome::Refused
            } else {
                Outcome::Accepted
            };
            draft.answers(Scope::Conversation, key.as_ref(), true, outcome);
        }
    }
}

impl Frames for Fresenius {
    const MALFORMED: KindId = MALFORMED;

    fn cut(&self, _: Side, input: &[u8], seen: usize, last: bool) -> Cut {
        frame::cut(input, seen, last)
    }

    fn frame(&mut self, side: Side, bytes: &[u8], out: &mut Messages<'_>) {
        if bytes.len() <= 2 {
            return self.single(side, bytes, out);
        }
        let at = out.offset();
        match frame::open(bytes) {
            Some(text) => match text.text {
                [b'C' | b'I' | b'E' | b'M', b';', ..] | [b'C' | b'I'] => {
                    self.reply(side, &text, bytes.len(), out);
                }
                [_, ..] => self.request(side, &text, bytes.len(), out),
                [] => {
                    out.message(MALFORMED, at..at + bytes.len() as u64)
                        .anomaly(BAD_LAYOUT, at);
                }
            },
            None => {
                out.message(MALFORMED, at..at + bytes.len() as u64)
                    .anomaly(BAD_LAYOUT, at);
            }
        }
    }

    fn lost(&mut self, _: Side) {
        self.turns.forget();
    }

    fn held(&self) -> usize {
        self.turns.held()
    }
}

/// Variables of a reply: a letter and a value each, joined by `;`.
fn variables(draft: &mut Draft<'_>, data: &[u8], at: u64) {
    for variable in data.split(|b| *b == b';').filter(|v| !v.is_empty()) {
        draft.text(VARIABLE, variable);
        let (id, value) = variable.split_at(1);
        match id {
            b"d" => write(draft, RATE, hexadecimal(value, 10.0, b"mL/h", id), at),
            b"r" => write(draft, VOLUME, hexadecimal(value, 1000.0, b"mL", id), at),
            b"k" => write(draft, BOLUS_RATE, hexadecimal(value, 10.0, b"mL/h", id), at),
            b"s" => write(
                draft,
                BOLUS_VOLUME,
                hexadecimal(value, 1000.0, b"mL", id),
                at,
            ),
            b"a" => {
                draft.text_if(ALARM, value);
            }
            _ => {}
        }
    }
}

/// A small letter and hexadecimal digits: a variable even where its question was not seen.
fn looks_like_variables(data: &[u8]) -> bool {
    let one = |v: &[u8]| {
        v.split_first()
            .is_some_and(|(id, value)| id.is_ascii_lowercase() && hex(value).is_some())
    };
    !data.is_empty() && data.split(|b| *b == b';').all(one)
}

fn write(draft: &mut Draft<'_>, field: FieldId, value: Quantity<'_>, at: u64) {
    if value.number.is_nan() {
        draft.anomaly(BAD_NUMBER, at);
    }
    draft.quantity(field, value);
}

fn hexadecimal<'a>(sent: &'a [u8], parts: f64, unit: &'a [u8], code: &'a [u8]) -> Quantity<'a> {
    let number = hex(sent).map_or(f64::NAN, |n| f64::from(n) / parts);
    Quantity {
        number,
        sent,
        unit,
        code,
    }
}
