//! From units to messages: the frames and records of a unit in the order in which they end.

use std::ops::Range;

use crate::action::{Action, Device, Outcome};
use crate::contract::Side;
use crate::limits::{Limits, SERIAL_OPEN};
use crate::message::{Draft, Messages, Scope};
use crate::schema::{FieldId, KindId};
use crate::serial::number::quantity;
use crate::serial::{BAD_CHECKSUM, BAD_LAYOUT, BAD_NUMBER, Cut, Frames, Turns, UNFINISHED};

use super::ABORTED;
use super::codes::{self, Code};
use super::fields::*;
use super::frame::{self, ESC, Slow, State, Step};

/// One MEDIBUS line, both directions.
pub struct Medibus {
    turns: Turns<Code>,
    /// Bytes of the open frames, outer and embedded; kept to be used again.
    open: [Vec<u8>; 2],
    record: Vec<u8>,
    /// What the device on each side is, as its identification tells.
    device: [Device; 2],
}

impl Medibus {
    pub fn new(limits: &Limits) -> Self {
        Medibus {
            turns: Turns::new(limits),
            open: Default::default(),
            record: Vec::new(),
            // Terminal servers are TCP servers: until a device names itself, it is on that side.
            device: [Device::Unknown, Device::Ventilator],
        }
    }

    fn slow(&mut self, side: Side, depth: usize, range: Range<u64>, out: &mut Messages<'_>) {
        let bytes = std::mem::take(&mut self.open[depth]);
        let at = range.start;
        match frame::open(&bytes) {
            Some(slow) => self.message(side, &slow, depth > 0, range, out),
            None => {
                out.message(MALFORMED, range).anomaly(BAD_LAYOUT, at);
            }
        }
        self.open[depth] = bytes;
        self.open[depth].clear();
    }

    fn message(
        &mut self,
        side: Side,
        slow: &Slow<'_>,
        embedded: bool,
        range: Range<u64>,
        out: &mut Messages<'_>,
    ) {
        let at = range.start;
        let code = slow.code;
        let command = slow.start == ESC;
        if !command && slow.fits && code == Code::DEVICE_ID {
            self.learn(side, slow.data);
        }
        let asks = if command {
            let (key, full) = self.turns.ask(side, code);
            if full {
                out.limit(SERIAL_OPEN);
            }
            Some(key)
        } else {
            None
        };
        let answers = if command {
            None
        } else {
            self.turns
                .answer(side, |asked| code == Code::NAK || *asked == code)
        };
        let target = self.device[side.other().index()];
        let mut draft = match code.kind() {
            Some(kind) => out.message(kind, range),
            None => out.message_unknown(u32::from(code.0), 2, range),
        };
        let digits = hex_digits(code.0);
        draft
            .text(FORM, if command { b"command" } else { b"response" })
            .text(CODE, &digits);
        if embedded {
            draft.flag(EMBEDDED, true);
        }
        if !slow.fits {
            draft.anomaly(BAD_CHECKSUM, at);
        }
        if let Some(key) = asks {
            draft.asks(Scope::Conversation, key.as_ref());
        }
        if let Some((key, _)) = answers {
            let outcome = if code == Code::NAK {
                Outcome::Refused
            } else {
                Outcome::Accepted
            };
            draft.answers(Scope::Conversation, key.as_ref(), true, outcome);
        }
        if command {
            command_fields(&mut draft, code, slow.data);
            if let Some(verb) = code.verb() {
                draft.action(Action {
                    device: target,
                    handle: &digits,
                    ..Action::of(verb)
                });
            }
        } else {
            response_fields(&mut draft, code, slow.data, at);
        }
    }

    /// Who answers a device identification is a device, unless it says that it is a computer.
    fn learn(&mut self, side: Side, data: &[u8]) {
        let Some((id, name)) = data.split_first_chunk::<4>() else {
            return;
        };
        self.device[side.index()] = match id {
            b"0161" => Device::Workstation,
            _ if codes::anaesthesia(name) => Device::Anaesthesia,
            [b'8', b'2' | b'4', ..] => Device::Ventilator,
            _ => self.device[side.index()],
        };
        if *id == *b"0161" && self.device[side.other().index()] == Device::Unknown {
            self.device[side.other().index()] = Device::Ventilator;
        }
    }
}

impl Frames for Medibus {
    const MALFORMED: KindId = MALFORMED;

    fn cut(&self, _: Side, input: &[u8], _: usize, _: bool) -> Cut {
        frame::cut(input)
    }

    fn frame(&mut self, side: Side, unit: &[u8], out: &mut Messages<'_>) {
        let base = out.offset();
        let mut state = State::default();
        let (mut starts, mut record) = ([base; 2], base..base);
        self.open.iter_mut().for_each(Vec::clear);
        self.record.clear();
        for (n, byte) in unit.iter().enumerate() {
            let at = base + n as u64;
            let depth = usize::from(state.depth);
            match state.step(*byte) {
                Step::Data if depth > 0 && *byte < 0x80 => self.open[depth - 1].push(*byte),
                Step::Data | Step::Break => {}
                Step::Opened => {
                    starts[depth] = at;
                    self.open[depth].push(*byte);
                }
                Step::Closed => self.slow(side, depth - 1, starts[depth - 1]..at + 1, out),
                Step::Suspend => {
                    out.message(SUSPEND, at..at + 1);
                }
                Step::Resume => {
                    out.message(RESUME, at..at + 1);
                }
                Step::Abort => {
                    let began = if depth > 0 { starts[0] } else { at };
                    let mut draft = out.message(ABORT, began..at + 1);
                    if depth > 0 {
                        draft.anomaly(ABORTED, began);
                    }
                    self.open.iter_mut().for_each(Vec::clear);
                }
                step @ (Step::RecordBegan | Step::RecordBroke) => {
                    if step == Step::RecordBroke {
                        out.message(REALTIME, record.clone())
                            .bytes(RECORD, &self.record);
                        self.record.clear();
                    }
                    record = at..at + 1;
                    self.record.push(*byte);
                }
                step @ (Step::RecordData | Step::RecordWhole) => {
                    record.end = at + 1;
                    self.record.push(*byte);
                    if step == Step::RecordWhole {
                        out.message(REALTIME, record.clone())
                            .bytes(RECORD, &self.record);
                        self.record.clear();
                    }
                }
            }
        }
        if state.depth > 0 {
            let end = base + unit.len() as u64;
            out.message(MALFORMED, starts[0]..end)
                .anomaly(UNFINISHED, starts[0]);
        }
    }

    fn lost(&mut self, _: Side) {
        self.turns.forget();
    }

    fn held(&self) -> usize {
        self.turns.held()
            + self.record.capacity()
            + self.open.iter().map(Vec::capacity).sum::<usize>()
    }
}

fn command_fields(draft: &mut Draft<'_>, code: Code, data: &[u8]) {
    draft.text_if(ARGUMENT, data);
    match code {
        Code::CONFIGURE_RESPONSE => {
            if let Some((kind, codes)) = data.split_first() {
                draft.text(REPORT, &hex_digits(*kind));
                for code in codes.chunks(2) {
                    draft.text(REPORTED, code);
                }
            }
        }
        Code::CONFIGURE_REALTIME => {
            for curve in data.chunks(4) {
                draft.text(CURVE, curve);
            }
        }
        _ => {}
    }
}

fn response_fields(draft: &mut Draft<'_>, code: Code, data: &[u8], at: u64) {
    match code {
        Code::MEASURED_1 | Code::MEASURED_2 => numbers(draft, MEASURED, data, 4, at),
        Code::LOW_1 | Code::LOW_2 => numbers(draft, LOW_LIMIT, data, 4, at),
        Code::HIGH_1 | Code::HIGH_2 => numbers(draft, HIGH_LIMIT, data, 4, at),
        Code::SETTINGS => numbers(draft, SETTING, data, 5, at),
        Code::ALARMS_1 | Code::ALARMS_2 | Code::ALARMS_3 => alarms(draft, data, at),
        Code::TEXT => texts(draft, data, at),
        Code::DATE_TIME if !data.is_empty() => {
            draft.time(DATE_TIME_VALUE, data);
        }
        Code::DEVICE_ID => identification(draft, data, at),
        Code::REALTIME_CONFIG => {
            for curve in data.chunks(23) {
                draft.text(CURVE, curve);
            }
            if !data.len().is_multiple_of(23) {
                draft.anomaly(BAD_LAYOUT, at);
            }
        }
        Code::DEVICE_SPECIFIC => device_specific(draft, data),
        _ if code.kind().is_none() && !data.is_empty() => {
            draft.bytes(DATA, data);
        }
        _ => {}
    }
}

/// Repeated (code, two hexadecimal digits; value, `width` characters, padded).
fn numbers(draft: &mut Draft<'_>, field: FieldId, data: &[u8], width: usize, at: u64) {
    for pair in data.chunks(2 + width) {
        let Some((digits, sent)) = pair.split_first_chunk::<2>() else {
            draft.anomaly(BAD_LAYOUT, at);
            return;
        };
        let code = crate::serial::checksum::hex(digits).unwrap_or(0) as u8;
        let value = sent.trim_ascii();
        if sent.len() != width {
            draft.anomaly(BAD_LAYOUT, at);
        }
        if field == SETTING && code == codes::AGE {
            draft.text(AGE, value);
            continue;
        }
        if field == SETTING && code == codes::WEIGHT {
            draft.text(WEIGHT, value);
            continue;
        }
        let unit = if field == SETTING {
            codes::setting_unit(code)
        } else {
            codes::measured_unit(code)
        };
        let read = quantity(value, unit, digits);
        // A value that is missing (blank) or off scale (dashes) is no fault.
        let absent = value.iter().all(|b| matches!(*b, b'-' | b'.' | b'*'));
        if read.number.is_nan() && !absent {
            draft.anomaly(BAD_NUMBER, at);
        }
        draft.quantity(field, read);
    }
}

/// Repeated (priority, one byte; code, two digits; phrase, 12 characters).
fn alarms(draft: &mut Draft<'_>, data: &[u8], at: u64) {
    for alarm in data.chunks(15) {
        let (Some((priority, rest)), 15) = (alarm.split_first(), alarm.len()) else {
            draft.anomaly(BAD_LAYOUT, at);
            return;
        };
        let mut text = [b' '; 18];
        let priority = priority.wrapping_sub(0x30).min(99);
        text[0] = b'0' + priority / 10;
        text[1] = b'0' + priority % 10;
        text[3..5].copy_from_slice(&rest[..2]);
        text[6..18].copy_from_slice(&rest[2..]);
        draft.text(ALARM, text.trim_ascii_end());
    }
}

/// Repeated (code, two digits; length byte 0x30 + n; text; ETX).
fn texts(draft: &mut Draft<'_>, data: &[u8], at: u64) {
    for text in data.split(|b| *b == 0x03).filter(|t| !t.is_empty()) {
        match text.split_first_chunk::<3>() {
            Some(([_, _, len], words)) if usize::from(len.wrapping_sub(0x30)) == words.len() => {}
            _ => {
                draft.anomaly(BAD_LAYOUT, at);
            }
        }
        draft.text(TEXT_MESSAGE, text);
    }
}

/// Id, name between apostrophes, revisions. A host may answer with nothing.
fn identification(draft: &mut Draft<'_>, data: &[u8], at: u64) {
    if data.is_empty() {
        return;
    }
    let mut parts = data.splitn(3, |b| *b == b'\'');
    let (id, name, revision) = (parts.next(), parts.next(), parts.next());
    draft.text_if(DEVICE, id.unwrap_or(b""));
    draft.text_if(DEVICE_NAME, name.unwrap_or(b""));
    draft.text_if(REVISION, revision.unwrap_or(b""));
    if revision.is_none() || id.is_none_or(|id| id.len() != 4) {
        draft.anomaly(BAD_LAYOUT, at);
    }
}

fn device_specific(draft: &mut Draft<'_>, data: &[u8]) {
    draft.text_if(ARGUMENT, data);
    if let Some((b'2', keys)) = data.split_first() {
        let mut silence = false;
        for key in keys.chunks(2) {
            silence |= key == b"32";
            draft.text(KEY, key);
            draft.text_if(KEY, codes::key_name(key).as_bytes());
        }
        draft.flag(SILENCE, silence);
    }
}

fn hex_digits(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    [
        DIGITS[usize::from(byte >> 4)],
        DIGITS[usize::from(byte & 15)],
    ]
}
