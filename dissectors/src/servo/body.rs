//! From a frame to a message.

use crate::action::{Action, Device, Outcome, Quantity};
use crate::contract::Side;
use crate::limits::{Limits, SERIAL_OPEN};
use crate::message::{Draft, Messages, Scope};
use crate::schema::KindId;
use crate::serial::{BAD_CHECKSUM, BAD_LAYOUT, Cut, Frames, Role, Turns};

use super::commands;
use super::fields::*;
use super::frame::{self, EOT, ESC, binary, checked};

/// One conversation with one ventilator.
pub struct Servo {
    turns: Turns<Option<KindId>>,
    extended: bool,
    /// A report was set up in this conversation.
    configured: bool,
    /// Binary records were seen from this side.
    streaming: [bool; 2],
    /// Channels of the breath, settings and extended alarm records, as SDAD named them.
    channels: [Vec<[u8; 3]>; 3],
}

/// The most channels of one kind (manual, SDAD).
const CHANNELS: usize = 75;

impl Servo {
    pub fn new(limits: &Limits) -> Self {
        Servo {
            turns: Turns::new(limits),
            extended: false,
            configured: false,
            streaming: [false; 2],
            channels: Default::default(),
        }
    }

    fn command(&mut self, side: Side, bytes: &[u8], out: &mut Messages<'_>) {
        let at = out.offset();
        let range = at..at + bytes.len() as u64;
        let sent = bytes.strip_suffix(&[EOT]).unwrap_or(bytes);
        let (body, fits) = checked(sent);
        // STTX has no check sum, HO neither; basic mode has none at all.
        let kind = match sent {
            [] => Some(CHECK),
            [ESC, ..] => Some(ESCAPE),
            b"HO" => Some(HO),
            _ if sent.starts_with(b"STTX") => Some(STTX),
            _ if fits => commands::kind(body, true),
            _ => commands::kind(sent, true).or_else(|| commands::kind(sent, false)),
        };
        let four = kind.is_some_and(|k| k > HO && k < AN);
        let spoiled = four && !fits && kind != Some(STTX);
        let text = if fits && kind != Some(STTX) {
            body
        } else {
            sent
        };
        let len = match kind {
            Some(CHECK | ESCAPE) => text.len(),
            _ if four || kind.is_none() => 4,
            _ => 2,
        };
        let (word, argument) = text.split_at(len.min(text.len()));
        if !spoiled {
            self.follow(kind, argument);
        }
        let verb = commands::verb(kind, self.configured || self.extended);
        if kind == Some(HO) && !spoiled {
            self.extended = false;
            self.configured = false;
        }
        let (key, full) = self.turns.ask(side, kind);
        if full {
            out.limit(SERIAL_OPEN);
        }
        let mut draft = match kind {
            Some(kind) => out.message(kind, range),
            None if word.iter().all(u8::is_ascii_alphanumeric) => out.message_named(word, range),
            None => out.message(MALFORMED, range),
        };
        if spoiled {
            draft.anomaly(BAD_CHECKSUM, at);
        }
        match kind {
            Some(STTX) | None => {
                draft.text_if(TEXT, argument);
            }
            Some(SDAD) => {
                draft.text_if(ARGUMENT, argument);
                for channel in argument
                    .get(1..)
                    .unwrap_or_default()
                    .chunks(3)
                    .take(CHANNELS)
                {
                    draft.text(CHANNEL, channel);
                }
            }
            _ => {
                draft.text_if(ARGUMENT, argument);
            }
        }
        draft.asks(Scope::Conversation, key.as_ref());
        if let Some(verb) = verb {
            draft.action(Action {
                device: Device::Ventilator,
                handle: if kind.is_some() { word } else { b"" },
                ..Action::of(verb)
            });
        }
    }

    /// Follows the state that commands change.
    fn follow(&mut self, kind: Option<KindId>, argument: &[u8]) {
        match kind {
            Some(RCTY) => self.extended = true,
            Some(SDAD) => {
                self.configured = true;
                let of = match argument.first() {
                    Some(b'B') => 0,
                    Some(b'S') => 1,
                    Some(b'E') => 2,
                    _ => return,
                };
                self.channels[of].clear();
                let named = argument[1..].chunks_exact(3).take(CHANNELS);
                self.channels[of].extend(named.filter_map(|c| <[u8; 3]>::try_from(c).ok()));
            }
            Some(HO | SPVE) => self.channels.iter_mut().for_each(Vec::clear),
            Some(ESCAPE) => self.streaming = [false; 2],
            _ => {}
        }
    }

    fn reply(&mut self, side: Side, text: &[u8], len: usize, out: &mut Messages<'_>) {
        let at = out.offset();
        let (body, _) = checked(text);
        let asked = self.turns.answer(side, |_| true);
        let mut draft = out.message(REPLY_KIND, at..at + len as u64);
        let error = body.strip_prefix(b"ER").filter(|e| e.len() == 2);
        let about = asked.as_ref().map(|(_, kind)| *kind);
        match (error, about) {
            (Some(code), _) => {
                draft.text(ERROR, code);
            }
            (None, Some(Some(RPAI))) => {
                let (id, date) = body.split_at(body.len().min(20));
                draft
                    .text_if(PATIENT_ID, id.trim_ascii())
                    .text_if(ADMITTED, date);
            }
            (None, Some(Some(RETX)) | None | Some(None)) if body != b"*" => {
                draft.text_if(TEXT, body);
            }
            (None, _) => {
                draft.text_if(REPLY, body);
            }
        }
        if let Some((key, _)) = asked {
            let outcome = if error.is_some() {
                Outcome::Refused
            } else {
                Outcome::Accepted
            };
            draft.answers(Scope::Conversation, key.as_ref(), true, outcome);
        }
    }

    fn record(&mut self, side: Side, bytes: &[u8], out: &mut Messages<'_>) {
        let at = out.offset();
        let range = at..at + bytes.len() as u64;
        // A letter, what it announces, and the check byte.
        let Some((body @ [letter, inner @ .., _], fits)) = binary(bytes) else {
            out.message(MALFORMED, range).anomaly(BAD_LAYOUT, at);
            return;
        };
        self.streaming[side.index()] = true;
        let (kind, named) = match *letter {
            b'B' => (BREATH, Some(&self.channels[0])),
            b'S' => (SETTINGS, Some(&self.channels[1])),
            b'A' => (ALARMS, None),
            b'E' => (EXTENDED_ALARMS, Some(&self.channels[2])),
            b'T' => (TREND, None),
            0xE0 => (BINARY_ERROR, None),
            _ => (CURVE, None),
        };
        let mut draft = out.message(kind, range);
        if !fits {
            draft.anomaly(BAD_CHECKSUM, at);
        }
        match kind {
            BREATH | SETTINGS => {
                let names = named
                    .into_iter()
                    .flatten()
                    .map(Some)
                    .chain(std::iter::repeat(None));
                for (pair, name) in inner.chunks_exact(2).zip(names) {
                    value(&mut draft, u16::from_be_bytes([pair[0], pair[1]]), name);
                }
            }
            EXTENDED_ALARMS => {
                let names = named
                    .into_iter()
                    .flatten()
                    .map(Some)
                    .chain(std::iter::repeat(None));
                for (state, name) in inner.iter().zip(names) {
                    let [a, b, c] = *name.unwrap_or(b"???");
                    draft.text(STATE, &[a, b, c, b' ', b'0' + state.min(&9)]);
                }
                draft.flag(SILENCED, inner.contains(&2));
            }
            BINARY_ERROR => {
                let code = inner.first().copied().unwrap_or(0);
                draft.text(ERROR, &[digit(code >> 4), digit(code & 15)]);
            }
            CURVE => {
                draft.integer(BYTES, body.len() as i64);
                phases(&mut draft, body);
            }
            _ => {}
        }
    }
}

impl Frames for Servo {
    const MALFORMED: KindId = MALFORMED;

    fn role(&self, input: &[u8]) -> Option<Role> {
        frame::role(input)
    }

    fn cut(&self, side: Side, input: &[u8], _: usize, last: bool) -> Cut {
        frame::cut(side, input, self.streaming[side.index()], last)
    }

    fn frame(&mut self, side: Side, bytes: &[u8], out: &mut Messages<'_>) {
        if side == Side::Client {
            return self.command(side, bytes, out);
        }
        match bytes.strip_suffix(&[EOT]) {
            Some(text) if text.iter().all(|b| (0x20..0x7F).contains(b)) => {
                self.reply(side, text, bytes.len(), out);
            }
            _ => self.record(side, bytes, out),
        }
    }

    fn lost(&mut self, _: Side) {
        self.turns.forget();
    }

    fn held(&self) -> usize {
        self.turns.held()
            + self
                .channels
                .iter()
                .map(|c| c.capacity() * 3)
                .sum::<usize>()
    }
}

/// The value that stands for a missing one.
const MISSING: u16 = 0x7EFF;

fn value(draft: &mut Draft<'_>, raw: u16, name: Option<&[u8; 3]>) {
    if raw == MISSING {
        return;
    }
    let mut digits = [0; 5];
    let (mut at, mut rest) = (digits.len(), raw);
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let code = name.map_or(&b""[..], |n| n);
    draft.quantity(
        VALUE,
        Quantity {
            number: f64::from(raw),
            sent: &digits[at..],
            unit: b"",
            code,
        },
    );
}

fn phases(draft: &mut Draft<'_>, body: &[u8]) {
    let mut at = 0;
    while let Some(byte) = body.get(at) {
        at += match (*byte, body.get(at + 1)) {
            (0x81, Some(phase)) => {
                let name: &[u8] = match phase {
                    0x10 => b"inspiration",
                    0x20 => b"pause",
                    0x30 => b"expiration",
                    _ => b"unknown",
                };
                draft.text(PHASES, name);
                2
            }
            (0x80, _) => 3,
            _ => 1,
        };
    }
}

fn digit(nibble: u8) -> u8 {
    b"0123456789ABCDEF"[usize::from(nibble & 15)]
}
