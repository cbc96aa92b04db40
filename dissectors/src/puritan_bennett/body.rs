//! From a frame to a message.

use crate::action::{Action, Device, Outcome, Verb};
use crate::contract::Side;
use crate::limits::{Limits, SERIAL_OPEN};
use crate::message::{Draft, Messages, Scope};
use crate::schema::{FieldId, KindId};
use crate::serial::number::quantity;
use crate::serial::{BAD_LAYOUT, BAD_LENGTH, BAD_NUMBER, Cut, Frames, Role, Turns};

use super::PURITAN_BENNETT;
use super::fields::*;
use super::frame::{self, Record};

/// One conversation with one ventilator.
pub struct PuritanBennett {
    turns: Turns<KindId>,
    /// Model and serial number that a record told.
    ventilator: [u8; 20],
    ventilator_len: usize,
}

/// Fields of a full record with a number; what else is of interest is read by name below.
const NUMBERS: &[(usize, FieldId, &[u8])] = &[
    (13, RATE, b"/min"),
    (14, TIDAL_VOLUME, b"L"),
    (15, PEAK_FLOW, b"L/min"),
    (16, OXYGEN, b"%"),
    (17, SENSITIVITY, b"cm[H2O]"),
    (18, PEEP, b"cm[H2O]"),
    (19, PLATEAU, b"s"),
    (31, SUPPORT, b"cm[H2O]"),
    (70, TOTAL_RATE, b"/min"),
    (71, EXHALED, b"L"),
    (72, MINUTE_VOLUME, b"L/min"),
    (73, PEAK_PRESSURE, b"cm[H2O]"),
    (74, MEAN_PRESSURE, b"cm[H2O]"),
    (77, OXYGEN_DELIVERED, b"%"),
];

const TEXTS: &[(usize, FieldId)] = &[
    (6, VENTILATOR),
    (8, TYPE),
    (9, MODE),
    (10, MANDATORY),
    (11, SPONTANEOUS),
    (12, TRIGGER),
    (33, FULL_OXYGEN),
    (60, WEIGHT),
    (105, ALARM_SILENCE),
];

const VENTILATOR_AT: usize = 6;
const LIMITS_AT: std::ops::RangeInclusive<usize> = 34..=43;
const ALARMS_AT: std::ops::RangeInclusive<usize> = 106..=153;

impl PuritanBennett {
    pub fn new(limits: &Limits) -> Self {
        PuritanBennett {
            turns: Turns::new(limits),
            ventilator: [0; 20],
            ventilator_len: 0,
        }
    }

    fn request(&mut self, side: Side, line: &[u8], len: usize, out: &mut Messages<'_>) {
        let at = out.offset();
        let range = at..at + len as u64;
        let kind = std::str::from_utf8(line)
            .ok()
            .and_then(|l| PURITAN_BENNETT.kind(l));
        let kind = kind.filter(|k| matches!(*k, SNDA | SNDF | RSET | VRPT));
        let word = line.iter().all(u8::is_ascii_uppercase) && line.len() == 4;
        let verb = match kind {
            Some(RSET) => None,
            Some(_) => Some(Verb::Read),
            None => Some(Verb::UnknownVerb),
        };
        let key = match kind {
            Some(RSET) => None,
            _ => {
                let (key, full) = self.turns.ask(side, kind.unwrap_or(MALFORMED));
                if full {
                    out.limit(SERIAL_OPEN);
                }
                Some(key)
            }
        };
        let mut draft = match kind {
            Some(kind) => out.message(kind, range),
            None if word => out.message_named(line, range),
            None => out.message(MALFORMED, range),
        };
        if kind.is_none() && !word {
            draft.anomaly(BAD_LAYOUT, at);
        }
        if let Some(key) = key {
            draft.asks(Scope::Conversation, key.as_ref());
        }
        if let Some(verb) = verb {
            draft.action(Action {
                device: Device::Ventilator,
                device_id: &self.ventilator[..self.ventilator_len],
                handle: if word { line } else { b"" },
                ..Action::of(verb)
            });
        }
    }

    fn record(&mut self, side: Side, record: &Record<'_>, len: usize, out: &mut Messages<'_>) {
        let at = out.offset();
        let (kind, question) = match record.name {
            b"MISCA" => (MISCA, SNDA),
            b"MISCF" => (MISCF, SNDF),
            _ => (VRPT, VRPT),
        };
        let asked = self.turns.answer(side, |k| *k == question);
        let mut draft = out.message(kind, at..at + len as u64);
        draft.integer(BYTES, record.fields.len() as i64);
        if !record.bytes_fit || !record.count_fits {
            draft.anomaly(BAD_LENGTH, at);
        }
        let mut count = 0;
        // The layout of the short record and of the V60 is not verified: only counted.
        let full = kind == MISCF;
        let mut time: &[u8] = b"";
        for (n, field) in record.fields.split(|b| *b == b',').enumerate() {
            count = n;
            let number = n + 5;
            let value = field.trim_ascii();
            if !full || value.is_empty() {
                continue;
            }
            match number {
                5 => time = value,
                7 => date(&mut draft, time, value),
                VENTILATOR_AT => {
                    self.ventilator_len = value.len().min(self.ventilator.len());
                    self.ventilator[..self.ventilator_len]
                        .copy_from_slice(&value[..self.ventilator_len]);
                }
                _ => {}
            }
            if LIMITS_AT.contains(&number) {
                numbered(&mut draft, LIMIT, number, value);
            } else if ALARMS_AT.contains(&number) {
                if !matches!(value, b"NORMAL" | b"RESET" | b"OFF") {
                    numbered(&mut draft, ALARM, number, value);
                }
            } else if let Some((_, field, unit)) = NUMBERS.iter().find(|(n, ..)| *n == number) {
                let read = quantity(value, unit, b"");
                if read.number.is_nan() {
                    draft.anomaly(BAD_NUMBER, at);
                }
                draft.quantity(*field, read);
            } else if let Some((_, field)) = TEXTS.iter().find(|(n, _)| *n == number) {
                draft.text(*field, value);
            }
        }
        draft.integer(FIELD_COUNT, count as i64);
        if let Some((key, _)) = asked {
            draft.answers(Scope::Conversation, key.as_ref(), true, Outcome::Accepted);
        }
    }
}

impl Frames for PuritanBennett {
    const MALFORMED: KindId = MALFORMED;

    fn role(&self, input: &[u8]) -> Option<Role> {
        frame::role(input)
    }

    fn cut(&self, side: Side, input: &[u8], seen: usize, _: bool) -> Cut {
        frame::cut(side, input, seen)
    }

    fn frame(&mut self, side: Side, bytes: &[u8], out: &mut Messages<'_>) {
        let line = bytes.trim_ascii();
        if side == Side::Client {
            return self.request(side, line, bytes.len(), out);
        }
        let at = out.offset();
        let range = at..at + bytes.len() as u64;
        if let Some(record) = frame::record(bytes) {
            return self.record(side, &record, bytes.len(), out);
        }
        match line {
            [b'B', b'S', b',', rest @ ..] => {
                let breath = rest.trim_ascii();
                let breath = breath.strip_suffix(b",").unwrap_or(breath);
                out.message(WAVEFORM, range).text_if(BREATH, breath);
            }
            b"BE" => {
                out.message(WAVEFORM, range);
            }
            // Samples: flow and pressure.
            [b'0'..=b'9' | b'-' | b'.', ..] => {}
            _ if bytes.contains(&0x02) => {
                out.message(MALFORMED, range).anomaly(BAD_LAYOUT, at);
            }
            _ => {
                out.message(LINE, range);
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

/// `TIME DATE` as one time.
fn date(draft: &mut Draft<'_>, time: &[u8], date: &[u8]) {
    let mut both = [b' '; 32];
    let (a, b) = (time.len().min(12), date.len().min(16));
    both[..a].copy_from_slice(&time[..a]);
    both[a + 1..a + 1 + b].copy_from_slice(&date[..b]);
    draft.time(TIME, &both[..a + 1 + b]);
}

/// A field's number and value as one text.
fn numbered(draft: &mut Draft<'_>, field: FieldId, number: usize, value: &[u8]) {
    let mut text = [b' '; 24];
    let digits = [number / 100 % 10, number / 10 % 10, number % 10];
    let skip = usize::from(number < 100);
    for (to, digit) in text.iter_mut().zip(&digits[skip..]) {
        *to = b'0' + *digit as u8;
    }
    let at = 4 - skip;
    let len = value.len().min(text.len() - at);
    text[at..at + len].copy_from_slice(&value[..len]);
    draft.text(field, &text[..at + len]);
}
