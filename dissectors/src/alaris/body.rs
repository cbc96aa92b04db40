//! From a frame to a message: fields, action, join.

use crate::action::{Action, Device, Outcome, Quantity, Verb};
use crate::contract::Side;
use crate::limits::{Limits, SERIAL_OPEN};
use crate::message::{Draft, Messages, Scope};
use crate::schema::{FieldId, KindId};
use crate::serial::checksum::{crc16_ccitt_false, hex};
use crate::serial::number::quantity;
use crate::serial::{BAD_CHECKSUM, BAD_LAYOUT, BAD_NUMBER, Cut, Frames, Role, Turns};

use super::fields::*;
use super::{ALARIS, action, frame};

/// One conversation with one pump.
pub struct Alaris {
    turns: Turns<Asked>,
    /// Serial number that the pump told, as far as it fits.
    serial: [u8; 24],
    serial_len: usize,
}

/// What a question's answer is judged by.
#[derive(Clone, Copy, Debug)]
struct Asked {
    verb: Word,
    action: Verb,
    /// The rate asked for, NaN if none.
    rate: f64,
}

/// A verb's first bytes, enough to tell the known ones apart.
type Word = [u8; 20];

/// The most fields that a known message has.
const FIELDS_READ: usize = 16;

impl Alaris {
    pub fn new(limits: &Limits) -> Self {
        Alaris {
            turns: Turns::new(limits),
            serial: [0; 24],
            serial_len: 0,
        }
    }

    fn remember_serial(&mut self, serial: &[u8]) {
        let len = serial.len().min(self.serial.len());
        self.serial[..len].copy_from_slice(&serial[..len]);
        self.serial_len = len;
    }
}

impl Frames for Alaris {
    const MALFORMED: KindId = MALFORMED;

    /// Only what is never the other's: a read has no field, an answer to it has some.
    fn role(&self, input: &[u8]) -> Option<Role> {
        let Cut::Frame(n) = frame::cut(input, 0) else {
            return None;
        };
        let (message, true) = frame::open(input.get(..n)?)? else {
            return None;
        };
        let (verb, fields) = match message.iter().position(|b| *b == b'^') {
            Some(at) => (&message[..at], &message[at + 1..]),
            None => (message, &b""[..]),
        };
        let kind = ALARIS.kind(std::str::from_utf8(verb).ok()?)?;
        match kind {
            INST_SERIALNO | COMMS_PROTOCOL | COMMS_RESPONSE_MAX | INF | INF_VI
            | INF_RATE_MAX_SYRINGE | SYRINGE_STATUS | ALARM_STATUS => Some(if fields.is_empty() {
                Role::Host
            } else {
                Role::Device
            }),
            INF_RATE | INF_VTBI if fields.is_empty() => Some(Role::Host),
            REMOTE_CTRL | REMOTE_CFG if fields.starts_with(b"ENABLED^") => {
                let count = fields.split(|b| *b == b'^').count();
                Some(if count > 2 { Role::Device } else { Role::Host })
            }
            _ => None,
        }
    }

    fn cut(&self, _: Side, input: &[u8], seen: usize, _: bool) -> Cut {
        frame::cut(input, seen)
    }

    fn frame(&mut self, side: Side, bytes: &[u8], out: &mut Messages<'_>) {
        let at = out.offset();
        let range = at..at + bytes.len() as u64;
        let Some((message, fits)) = frame::open(bytes) else {
            out.message(MALFORMED, range).anomaly(BAD_LAYOUT, at);
            return;
        };
        let mut parts = [&b""[..]; FIELDS_READ];
        let mut count = 0;
        for part in message.split(|b| *b == b'^').take(FIELDS_READ) {
            parts[count] = part;
            count += 1;
        }
        let verb = parts[0];
        let arguments = &parts[1..count.max(1)];
        let kind = ALARIS
            .kind(std::str::from_utf8(verb).unwrap_or(""))
            .filter(|k| *k != MALFORMED);
        let told = if side == Side::Server && fits {
            told_serial(kind, arguments)
        } else {
            None
        };
        if let Some(serial) = told {
            self.remember_serial(serial);
        }
        let done =
            (side == Side::Client).then(|| action::verb(kind, arguments.len(), first(arguments)));
        let join = match done {
            Some(done) => {
                let rate = if done == Verb::SetRate {
                    number(first(arguments))
                } else {
                    f64::NAN
                };
                let (key, full) = self.turns.ask(
                    side,
                    Asked {
                        verb: word(verb),
                        action: done,
                        rate,
                    },
                );
                if full {
                    out.limit(SERIAL_OPEN);
                }
                Some((key, None))
            }
            None => self
                .turns
                .answer(side, |asked| asked.verb == word(verb))
                .map(|(key, asked)| (key, Some(asked))),
        };
        let known = &self.serial[..self.serial_len];
        let mut draft = match kind {
            Some(kind) => out.message(kind, range),
            None => out.message_named(&verb[..verb.len().min(32)], range),
        };
        draft.text(VERB, verb);
        if !fits {
            draft.anomaly(BAD_CHECKSUM, at);
        }
        let value = read_fields(&mut draft, kind, side, arguments, known, at);
        match join {
            Some((key, None)) => {
                draft.asks(Scope::Conversation, key.as_ref());
            }
            Some((key, Some(asked))) => {
                let outcome = outcome(&asked, arguments);
                draft.answers(Scope::Conversation, key.as_ref(), true, outcome);
            }
            None => {}
        }
        if let Some(done) = done {
            let value = value.filter(|_| matches!(done, Verb::SetRate | Verb::SetVolume));
            draft.action(Action {
                device: Device::Pump,
                device_id: known,
                handle: &verb[..verb.len().min(32)],
                value,
                ..Action::of(done)
            });
        }
    }

    fn lost(&mut self, _: Side) {
        self.turns.forget();
    }

    fn held(&self) -> usize {
        self.turns.held()
    }
}

/// Writes the fields of a message; gives the number that it sets, if it sets one.
fn read_fields<'a>(
    draft: &mut Draft<'_>,
    kind: Option<KindId>,
    side: Side,
    arguments: &[&'a [u8]],
    serial: &[u8],
    at: u64,
) -> Option<Quantity<'a>> {
    let part = |n: usize| arguments.get(n).copied().unwrap_or(b"");
    let mut value = None;
    let mut keep = |draft: &mut Draft<'_>, field, number: &'a [u8], unit: &'a [u8]| {
        if number.is_empty() {
            return;
        }
        let read = quantity(number, ucum(unit), unit);
        if read.number.is_nan() {
            draft.anomaly(BAD_NUMBER, at);
        }
        draft.quantity(field, read);
        value.get_or_insert(read);
    };
    match kind {
        Some(REMOTE_CTRL | REMOTE_CFG) => {
            draft.text_if(STATE, part(0));
            // The pump masks the code in its answer.
            if side == Side::Client && !part(1).is_empty() {
                draft.secret(CODE, part(1).len());
                let fits = !serial.is_empty()
                    && hex(part(1)) == Some(u32::from(crc16_ccitt_false(serial)));
                draft.flag(CODE_FROM_SERIAL, fits);
            }
            draft.text_if(PERMIT, if side == Side::Server { part(2) } else { b"" });
            return None;
        }
        Some(INF) if side == Side::Server => {
            for (field, n) in [(SERIAL, 0), (ALARM, 1), (MODE, 2)] {
                draft.text_if(field, part(n));
            }
            keep(draft, RATE, part(3), part(4));
            keep(draft, VOLUME, part(6), part(7));
            keep(draft, PRESSURE, part(8), part(9));
            draft.text_if(TIME_LEFT, part(10));
            draft.text_if(LOG, part(11));
            draft.text_if(LOG, part(12));
        }
        Some(INF_RATE) => keep(draft, RATE, part(0), part(1)),
        Some(INF_RATE_MAX_SYRINGE) => keep(draft, RATE_MAX, part(0), part(1)),
        Some(INF_VI) => keep(draft, VOLUME, part(0), part(1)),
        Some(COMMS_RESPONSE_MAX) => keep(draft, TIMEOUT, part(0), part(1)),
        Some(INF_VTBI) => {
            draft.text_if(STATE, part(0));
            keep(draft, VTBI, part(1), part(2));
        }
        Some(INST_SERIALNO) => {
            draft.text_if(SERIAL, part(0));
        }
        Some(COMMS_PROTOCOL) => {
            draft.text_if(REVISION, part(0));
        }
        Some(SYRINGE_STATUS) => {
            draft.text_if(SYRINGE, part(0)).text_if(SYRINGE, part(1));
        }
        Some(ALARM_STATUS) => {
            draft.text_if(ALARM, part(0));
        }
        Some(INF_BOLUS | REMQUERY) => {
            draft.text_if(STATE, part(0));
        }
        _ => {}
    }
    for argument in arguments {
        let field: FieldId = ARGUMENT;
        draft.text_if(field, argument);
    }
    value
}

/// The serial number in an answer, as far as it is one.
fn told_serial<'a>(kind: Option<KindId>, arguments: &[&'a [u8]]) -> Option<&'a [u8]> {
    match kind {
        Some(INST_SERIALNO | INF) => arguments.first().copied().filter(|s| !s.is_empty()),
        _ => None,
    }
}

/// What an answer says of its question. How a pump refuses is not published; what is known is that
/// it repeats the verb, that it grants control with PERMIT, and that it tells the rate in force.
fn outcome(asked: &Asked, arguments: &[&[u8]]) -> Outcome {
    let refusing = match asked.action {
        Verb::SetRate => number(first(arguments)) != asked.rate,
        Verb::Configure if &asked.verb[..6] == b"REMOTE" && first(arguments) == b"ENABLED" => {
            arguments.get(2).is_none_or(|p| *p != b"PERMIT")
        }
        _ => false,
    };
    if refusing {
        Outcome::Refused
    } else {
        Outcome::Accepted
    }
}

fn first<'a>(arguments: &[&'a [u8]]) -> &'a [u8] {
    arguments.first().copied().unwrap_or(b"")
}

fn number(text: &[u8]) -> f64 {
    crate::serial::number::decimal(text).unwrap_or(f64::NAN)
}

fn word(verb: &[u8]) -> Word {
    let mut word = [0; 20];
    let len = verb.len().min(word.len());
    word[..len].copy_from_slice(&verb[..len]);
    word
}

/// The units that the pump prints, as UCUM.
fn ucum(unit: &[u8]) -> &[u8] {
    match unit {
        b"ml/h" => b"mL/h",
        b"ml" => b"mL",
        b"mmHg" => b"mm[Hg]",
        b"ms" => b"ms",
        _ => b"",
    }
}
