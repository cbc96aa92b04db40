//! One direction of a link: frames in sequence, records out of their texts.

use std::ops::Range;

use super::fields::*;
use super::link::Frame;
use super::record::{self, Context, Delimiters, OrderSense, Record};
use crate::action::Verb;
use crate::contract::Side;
use crate::limits;
use crate::message::{Messages, Scope};
use crate::octets::ShortText;

/// What one side sends.
#[derive(Default)]
pub struct Sender {
    /// ENQ was seen and no EOT since; `None` if the start was not seen.
    pub open: Option<bool>,
    /// Number, checksum, length and soundness of the last frame of this session.
    last: Option<Last>,
    /// Frames sent so far: the key under which an acknowledgement finds its frame.
    frames: u32,
    delimiters: Delimiters,
    /// Text of a record that is not complete, and where it began.
    partial: Vec<u8>,
    partial_from: u64,
    /// The same before the last frame, kept while that one is bad and may be repeated.
    before: Vec<u8>,
    /// A record is being dropped because it is too long.
    overlong: bool,
    context: Context,
    /// An order record that may yet turn out to be the head of a report: its test.
    order_is_open: bool,
    open_order: Vec<u8>,
    scratch: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Last {
    number: u8,
    checksum: u8,
    len: usize,
    sound: bool,
}

impl Sender {
    /// The side asked for the line.
    pub fn opened(&mut self) {
        self.open = Some(true);
        self.last = None;
    }

    /// The side gave the line back, or bytes of it are missing: what is begun is not finished.
    pub fn closed(&mut self, range: Range<u64>, side: Side, out: &mut Messages<'_>) {
        let unfinished = std::mem::take(&mut self.partial);
        if !unfinished.is_empty() {
            let range = self.partial_from..range.end.max(self.partial_from + 1);
            self.record(&unfinished, range, side, Some("unfinished"), out);
        }
        self.partial = unfinished;
        self.forget();
    }

    /// Starts anew without a word, as after a gap.
    pub fn forget(&mut self) {
        self.partial.clear();
        self.overlong = false;
        self.last = None;
        self.order_is_open = false;
        self.context.patient_id.clear();
        self.context.specimen_id.clear();
    }

    /// True if the last frame had a wrong checksum.
    pub fn last_is_bad(&self) -> bool {
        self.last.is_some_and(|l| !l.sound)
    }

    /// The key under which records of the last frame ask to be accepted.
    pub fn key(&self, side: Side) -> ShortText<24> {
        let name = match side {
            Side::Client => "client",
            Side::Server => "server",
        };
        ShortText::of(format_args!("{name} frame {}", self.frames))
    }

    /// A whole frame: itself as a message, then the records that it completes.
    pub fn frame(
        &mut self,
        frame: Frame<'_>,
        range: Range<u64>,
        side: Side,
        out: &mut Messages<'_>,
    ) {
        let at = range.start;
        let last = Last {
            number: frame.number,
            checksum: frame.checksum,
            len: frame.text.len(),
            sound: frame.checksum_fits,
        };
        let repeats = self.last.is_some_and(|l| l.number == frame.number);
        let same = self.last == Some(last) && frame.checksum_fits;
        let mut draft = out.message(FRAME, range.clone());
        let digit = matches!(frame.number, b'0'..=b'7');
        if digit {
            draft.integer(FRAME_NUMBER, i64::from(frame.number - b'0'));
        } else {
            draft.anomaly("bad-frame-number", at + 1);
        }
        draft
            .flag(LAST, frame.last)
            .integer(TEXT_LENGTH, frame.text.len() as i64);
        if self.partial.is_empty() || repeats {
            draft.text_if(RECORDS, frame.text.get(..1).unwrap_or(b""));
        }
        for next in frame.text.split(|b| *b == b'\r').skip(1) {
            draft.text_if(RECORDS, next.get(..1).unwrap_or(b""));
        }
        if repeats {
            draft.flag(RETRANSMISSION, true);
        }
        if !frame.checksum_fits {
            draft.anomaly("bad-checksum", range.end.saturating_sub(4));
        }
        if !frame.end_fits {
            draft.anomaly("bad-frame-end", range.end);
        }
        if self.open == Some(false) {
            draft.anomaly("frame-outside-session", at);
        }
        let follows = match (self.last, self.open) {
            (Some(l), _) => {
                frame.number == b'0' + (l.number.wrapping_sub(b'0') & 7).wrapping_add(1) % 8
            }
            (None, Some(true)) => frame.number == b'1',
            (None, _) => true,
        };
        if repeats && !same && !self.last_is_bad() {
            draft.anomaly("frame-number-repeated", at + 1);
        } else if digit && !repeats && !follows {
            draft.anomaly("frame-number-jump", at + 1);
        }
        self.frames = self.frames.wrapping_add(1);
        if same {
            // Delivered already.
            return;
        }
        if repeats && self.last_is_bad() {
            // The frame before it was refused, or ought to have been.
            std::mem::swap(&mut self.partial, &mut self.before);
        }
        self.last = Some(last);
        self.before.clear();
        if !last.sound {
            self.before.extend_from_slice(&self.partial);
        }
        let fault = (!frame.checksum_fits).then_some("bad-checksum");
        self.text(frame.text, frame.last, range, side, fault, out);
    }

    /// Text of a frame, or of a line without frames: cut into records at CR, and at ETX.
    pub fn text(
        &mut self,
        mut text: &[u8],
        last: bool,
        range: Range<u64>,
        side: Side,
        fault: Option<&'static str>,
        out: &mut Messages<'_>,
    ) {
        while let Some(end) = text.iter().position(|b| *b == b'\r') {
            let (record, rest) = text.split_at(end);
            text = &rest[1..];
            self.complete(record, range.clone(), side, fault, out);
        }
        if last {
            self.complete(text, range, side, fault, out);
        } else {
            self.keep(text, range, out);
        }
    }

    /// The end of a record that may have begun in earlier frames.
    fn complete(
        &mut self,
        end: &[u8],
        range: Range<u64>,
        side: Side,
        fault: Option<&'static str>,
        out: &mut Messages<'_>,
    ) {
        if self.partial.is_empty() {
            let overlong = std::mem::take(&mut self.overlong);
            if !end.is_empty() && !overlong {
                self.record(end, range, side, fault, out);
            }
            return;
        }
        let from = self.partial_from;
        self.keep(end, range.clone(), out);
        let whole = std::mem::take(&mut self.partial);
        if !std::mem::take(&mut self.overlong) {
            self.record(&whole, from..range.end, side, fault, out);
        }
        self.partial = whole;
        self.partial.clear();
    }

    fn keep(&mut self, text: &[u8], range: Range<u64>, out: &mut Messages<'_>) {
        if text.is_empty() || self.overlong {
            return;
        }
        if self.partial.is_empty() {
            self.partial_from = range.start;
        }
        if self.partial.len() + text.len() > out.limits().get(limits::ASTM_RECORD) {
            out.limit(limits::ASTM_RECORD);
            out.message(MALFORMED, self.partial_from..range.end)
                .anomaly("too-long", range.start);
            self.partial.clear();
            self.overlong = true;
            return;
        }
        self.partial.extend_from_slice(text);
    }

    fn record(
        &mut self,
        bytes: &[u8],
        range: Range<u64>,
        side: Side,
        fault: Option<&'static str>,
        out: &mut Messages<'_>,
    ) {
        let mut faults = [fault, None];
        if bytes[0] == b'H' {
            match Delimiters::read(bytes) {
                Some(delimiters) => self.delimiters = delimiters,
                None => faults[1] = Some("bad-delimiters"),
            }
        }
        let record = Record {
            bytes,
            delimiters: self.delimiters,
        };
        let kind = record.kind();
        let test = match kind.0 {
            b'R' => record::first_test(record, 3),
            _ => record::first_test(record, 5),
        };
        // What is neither report head nor coded as an order is an order once no result follows it.
        if std::mem::take(&mut self.order_is_open) && matches!(kind.0, b'O' | b'P' | b'L' | b'H') {
            let key = self.key(side);
            let mut draft = out.message(WORK_ORDER, range.clone());
            draft.text_if(TEST, &self.open_order);
            draft.text_if(PATIENT_ID, &self.context.patient_id);
            draft.text_if(SPECIMEN_ID, &self.context.specimen_id);
            record::act(Verb::Order, &self.open_order, &mut draft);
            draft.asks(Scope::Conversation, key.as_bytes());
        }
        self.remember(record);
        let key = self.key(side);
        let mut draft = match kind.kind() {
            Some(kind) => out.message(kind, range.clone()),
            None => {
                faults[1] = Some("unknown-record");
                out.message_unknown(u32::from(kind.0), 2, range.clone())
            }
        };
        record::write(record, &self.context, &mut self.scratch, &mut draft);
        for name in faults.into_iter().flatten() {
            draft.anomaly(name, range.start);
        }
        if let Some(verb) = record::verb(record) {
            record::act(verb, test, &mut draft);
            if verb != Verb::Read {
                draft.asks(Scope::Conversation, key.as_bytes());
            }
        } else if kind.0 == b'O' && record::order_sense(record) == OrderSense::Open {
            self.order_is_open = true;
            self.open_order.clear();
            self.open_order
                .extend_from_slice(&test[..test.len().min(64)]);
        }
    }

    /// Keeps of a record what those below it need.
    fn remember(&mut self, record: Record<'_>) {
        let set = |to: &mut Vec<u8>, value: &[u8]| {
            to.clear();
            to.extend_from_slice(&value[..value.len().min(256)]);
        };
        match record.kind().0 {
            b'H' | b'L' => {
                self.context.patient_id.clear();
                self.context.specimen_id.clear();
            }
            b'P' => {
                let ids = [3, 4, 5].map(|position| record.field(position));
                let id = ids.into_iter().find(|id| !id.is_empty());
                set(&mut self.context.patient_id, id.unwrap_or(b""));
                self.context.specimen_id.clear();
            }
            b'O' => set(&mut self.context.specimen_id, record.field(3)),
            _ => {}
        }
    }

    pub fn held(&self) -> usize {
        self.partial.capacity()
            + self.before.capacity()
            + self.scratch.capacity()
            + self.context.patient_id.capacity()
            + self.context.specimen_id.capacity()
    }
}
