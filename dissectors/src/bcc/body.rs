//! From a frame to a message. The rack is known by its text (quadruples begin with a number), not
//! by the side: in cyclic mode it is the TCP client of a server.

use crate::action::{Action, Device, Outcome, Verb};
use crate::contract::Side;
use crate::limits::{Limits, SERIAL_OPEN};
use crate::message::{Draft, Messages, Scope};
use crate::schema::KindId;
use crate::serial::number::{decimal, quantity};
use crate::serial::{BAD_CHECKSUM, BAD_LAYOUT, BAD_LENGTH, BAD_NUMBER, Cut, Frames, Turns};

use super::fields::*;
use super::frame::{self, Block};
use super::parameters::{Place, absent, place};

/// One conversation with one rack.
pub struct Bcc {
    turns: Turns<()>,
    /// The key of the question that further blocks still answer.
    answering: Option<crate::serial::turns::Key>,
    /// The frame without its stuffing; kept to be used again.
    plain: Vec<u8>,
    named: Vec<u8>,
}

impl Bcc {
    pub fn new(limits: &Limits) -> Self {
        Bcc {
            turns: Turns::new(limits),
            answering: None,
            plain: Vec::new(),
            named: Vec::new(),
        }
    }

    fn request(&mut self, side: Side, block: &Block<'_>, len: usize, out: &mut Messages<'_>) {
        let at = out.offset();
        let text = block.information;
        let word = word(text);
        let slot = text.strip_prefix(b"MEM:GETSLOT#").filter(|s| s.len() == 2);
        let (kind, verb) = match text {
            b"ADMIN:ALIVE" => (Some(ALIVE), None),
            b"ADMIN:VERSION" => (Some(VERSION_RQ), Some(Verb::Discover)),
            b"MEM:GET" => (Some(GET), Some(Verb::Read)),
            _ if slot.is_some() => (Some(GETSLOT), Some(Verb::Read)),
            _ => (None, Some(Verb::UnknownVerb)),
        };
        let (key, full) = self.turns.ask(side, ());
        self.answering = None;
        if full {
            out.limit(SERIAL_OPEN);
        }
        let range = at..at + len as u64;
        let mut draft = match kind {
            Some(kind) => out.message(kind, range),
            None => out.message_named(word, range),
        };
        head(&mut draft, block, at);
        draft.text(if kind.is_some() { REQUEST } else { UNLISTED }, text);
        draft.asks(Scope::Conversation, key.as_ref());
        if let Some(verb) = verb {
            draft.action(Action {
                device: Device::Pump,
                device_id: block.bed,
                channel: slot.unwrap_or(b""),
                handle: word,
                ..Action::of(verb)
            });
        }
    }

    fn answer(&mut self, side: Side, block: &Block<'_>, len: usize, out: &mut Messages<'_>) {
        let at = out.offset();
        let text = block.information;
        let mut parts = text.splitn(4, |b| *b == b',');
        let (time, _, name, value) = (parts.next(), parts.next(), parts.next(), parts.next());
        let name = name.unwrap_or(b"");
        let single = !text.contains(&0x1E);
        let kind = match (single, name, value) {
            (true, b"GNACK", _) => GNACK,
            (true, b"GNERR", _) => GNERR,
            (true, _, None) => VERSION_RSP,
            _ => BLOCK,
        };
        let key = self.turns.answer(side, |()| true).map(|(key, ())| key);
        self.answering = key.or(self.answering);
        let key = self.answering;
        if block.last {
            self.answering = None;
        }
        let mut draft = out.message(kind, at..at + len as u64);
        head(&mut draft, block, at);
        draft.flag(LAST, block.last);
        if let Some(seconds) = time.and_then(decimal) {
            draft.integer(UPTIME, seconds as i64);
        }
        match kind {
            GNACK | GNERR => {
                draft.text_if(CODE, value.unwrap_or(b""));
            }
            VERSION_RSP => {
                draft.text_if(VERSION, name);
            }
            _ => quadruples(&mut draft, text, at, &mut self.named),
        }
        if let Some(key) = key {
            let outcome = if kind == GNERR {
                Outcome::Failed
            } else {
                Outcome::Accepted
            };
            draft.answers(Scope::Conversation, key.as_ref(), block.last, outcome);
        }
    }
}

impl Frames for Bcc {
    const MALFORMED: KindId = MALFORMED;

    fn cut(&self, _: Side, input: &[u8], seen: usize, _: bool) -> Cut {
        frame::cut(input, seen)
    }

    fn frame(&mut self, side: Side, bytes: &[u8], out: &mut Messages<'_>) {
        let at = out.offset();
        let range = at..at + bytes.len() as u64;
        match bytes {
            [frame::ACK] => {
                out.message(ACK, range);
                return;
            }
            [frame::NAK] => {
                out.message(NAK, range);
                return;
            }
            _ => {}
        }
        // Stuffing can be switched off in the SpaceCom: then the bytes fit as they are.
        let mut plain = std::mem::take(&mut self.plain);
        frame::unstuff(bytes, &mut plain);
        let fits = |b: &Block<'_>| b.length_fits && b.sum_fits;
        let block = match (frame::open(&plain), frame::open(bytes)) {
            (_, Some(as_sent)) if fits(&as_sent) => Some(as_sent),
            (Some(unstuffed), _) => Some(unstuffed),
            (None, as_sent) => as_sent,
        };
        match block {
            Some(block) if is_data(block.information) => {
                self.answer(side, &block, bytes.len(), out);
            }
            Some(block) => self.request(side, &block, bytes.len(), out),
            None => {
                out.message(MALFORMED, range).anomaly(BAD_LAYOUT, at);
            }
        }
        self.plain = plain;
    }

    fn lost(&mut self, _: Side) {
        self.turns.forget();
        self.answering = None;
    }

    fn held(&self) -> usize {
        self.turns.held() + self.plain.capacity() + self.named.capacity()
    }
}

fn head(draft: &mut Draft<'_>, block: &Block<'_>, at: u64) {
    draft.text_if(BED, block.bed);
    if !block.length_fits {
        draft.anomaly(BAD_LENGTH, at);
    }
    if !block.sum_fits {
        draft.anomaly(BAD_CHECKSUM, at);
    }
}

fn quadruples(draft: &mut Draft<'_>, text: &[u8], at: u64, named: &mut Vec<u8>) {
    let mut count = 0;
    let mut last_pump: &[u8] = b"";
    for entry in text.split(|b| *b == 0x1E).filter(|e| !e.is_empty()) {
        count += 1;
        let mut parts = entry.splitn(4, |b| *b == b',');
        let (Some(_), Some(address), Some(name), Some(value)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            draft.anomaly(BAD_LAYOUT, at);
            continue;
        };
        let pump = address.strip_prefix(b"501").unwrap_or(address);
        if pump != last_pump {
            draft.text(PUMP, pump);
            last_pump = pump;
        }
        if absent(value) {
            continue;
        }
        named.clear();
        named.extend_from_slice(pump);
        named.push(b' ');
        named.extend_from_slice(name);
        match place(name) {
            Place::Number(field, unit) => {
                let read = quantity(value, unit, named);
                if read.number.is_nan() {
                    draft.anomaly(BAD_NUMBER, at);
                }
                draft.quantity(field, read);
            }
            Place::Named(field) => {
                named.push(b' ');
                named.extend_from_slice(value);
                draft.text(field, named);
            }
            Place::Bare(field) => {
                draft.text(field, value);
            }
        }
    }
    draft.integer(QUADRUPLES, count);
}

/// Quadruples begin with a time, requests with a word.
fn is_data(information: &[u8]) -> bool {
    let digits = information
        .iter()
        .take_while(|b| b.is_ascii_digit())
        .count();
    digits > 0 && information.get(digits) == Some(&b',')
}

/// The first word of a request: what can be shown of one that nobody documented.
fn word(text: &[u8]) -> &[u8] {
    let letter = |b: &u8| b.is_ascii_alphabetic() || *b == b':';
    let len = text.iter().take(32).take_while(|b| letter(b)).count();
    &text[..len]
}
