//! The record layer (RFC 8446 5.1): handshake messages put together, the rest passed over.

use std::ops::Range;

use super::codes;
use super::fields::*;
use super::fingerprint::Room;
use super::handshake;
use crate::action::Outcome;
use crate::contract::{Dissector, End, Progress, Reason, Side};
use crate::limits::{self, Limits};
use crate::message::{Messages, Scope};

pub const CHANGE_CIPHER_SPEC: u8 = 20;
pub const ALERT: u8 = 21;
pub const HANDSHAKE: u8 = 22;
pub const APPLICATION_DATA: u8 = 23;
const HEARTBEAT: u8 = 24;

/// The longest record: 2^14 bytes and what TLS 1.2 lets encryption add (RFC 5246 6.2.3).
const LONGEST: usize = (1 << 14) + 2048;

/// Type and length of the record that starts `i`, if it may be one.
pub fn header(i: &[u8]) -> Option<(u8, usize)> {
    let [
        kind @ CHANGE_CIPHER_SPEC..=HEARTBEAT,
        3,
        0..=4,
        high,
        low,
        ..,
    ] = i
    else {
        return None;
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    (length <= LONGEST && (length > 0 || *kind == APPLICATION_DATA)).then_some((*kind, length))
}

/// May these few bytes start a record?
pub fn may_be(i: &[u8]) -> bool {
    i.first()
        .is_none_or(|k| (CHANGE_CIPHER_SPEC..=HEARTBEAT).contains(k))
        && i.get(1).is_none_or(|v| *v == 3)
        && i.get(2).is_none_or(|v| *v <= 4)
}

/// Where one direction stands.
#[derive(Default)]
struct Lane {
    /// Handshake bytes of a message that is not whole, and the stream offset where it began.
    held: Vec<u8>,
    began: u64,
    /// From here on this side's handshake and alert records are encrypted.
    encrypted: bool,
    /// The record that is awaited or passed over ends here.
    until: u64,
    /// Record boundaries were lost.
    lost: bool,
    records: u64,
    bytes: u64,
}

/// One TLS connection.
pub struct Tls {
    lanes: [Lane; 2],
    room: Room,
    longest: usize,
    any: bool,
    /// A ServerHello chose TLS 1.3.
    modern: bool,
}

impl Tls {
    pub fn new(limits: &Limits) -> Self {
        Tls {
            lanes: Default::default(),
            room: Room::default(),
            longest: limits.get(limits::TLS_HANDSHAKE),
            any: false,
            modern: false,
        }
    }

    /// Appends a handshake record's content and gives each message that is whole.
    fn handshake(
        &mut self,
        side: Side,
        record: Range<u64>,
        content: &[u8],
        out: &mut Messages<'_>,
    ) {
        let lane = &mut self.lanes[side.index()];
        if lane.held.is_empty() {
            lane.began = record.start;
        }
        lane.held.extend_from_slice(content);
        let held = std::mem::take(&mut lane.held);
        let mut began = lane.began;
        let mut rest = &held[..];
        while let [kind, a, b, c, after @ ..] = rest {
            let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
            if length + 4 > self.longest {
                out.limit(limits::TLS_HANDSHAKE);
                out.message(MALFORMED, began..record.end)
                    .anomaly("handshake-too-long", began);
                self.any = true;
                // Nothing that follows can be told from it.
                self.lanes[side.index()].encrypted = true;
                rest = b"";
                break;
            }
            let Some(body) = after.get(..length) else {
                break;
            };
            self.any = true;
            let told = handshake::message(*kind, body, began..record.end, &mut self.room, out);
            if told == handshake::Told::Modern {
                self.modern = true;
            }
            began = record.start;
            rest = &after[length..];
        }
        let lane = &mut self.lanes[side.index()];
        lane.began = if rest.is_empty() { record.end } else { began };
        let left = rest.len();
        let mut held = held;
        if left > 0 {
            held.drain(..held.len() - left);
            lane.held = held;
        } else {
            // Kept to be used again, unless it is large.
            held.clear();
            if held.capacity() <= 32 * 1024 {
                lane.held = held;
            }
        }
    }

    /// A handshake message that something else cut off.
    fn cut(&mut self, side: Side, end: u64, out: &mut Messages<'_>) {
        let lane = &mut self.lanes[side.index()];
        if !lane.held.is_empty() && !lane.encrypted {
            lane.held.clear();
            let began = lane.began;
            out.message(MALFORMED, began..end.max(began + 1))
                .anomaly("handshake-cut", began);
        }
    }

    /// Looks for a record whose next one is a record too.
    fn find(&mut self, side: Side, input: &[u8]) -> Progress {
        let mut from = 0;
        while let Some(at) = memchr::memmem::find(&input[from..], &[APPLICATION_DATA, 3, 3]) {
            let at = from + at;
            from = at + 1;
            let Some((_, length)) = header(&input[at..]) else {
                if input.len() < at + 5 {
                    return Progress::Need(at + 5);
                }
                continue;
            };
            let next = at + 5 + length;
            match input.get(next..next + 3) {
                None => return Progress::Need(next + 3),
                Some(next) if may_be(next) => {
                    self.lanes[side.index()].lost = false;
                    if at > 0 {
                        return Progress::Read(at);
                    }
                    return Progress::Pass {
                        head: 5,
                        body: length as u64,
                    };
                }
                Some(_) => {}
            }
        }
        match input.len().saturating_sub(4) {
            0 => Progress::Need(input.len() + 1),
            n => Progress::Read(n),
        }
    }
}

impl Dissector for Tls {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let base = out.offset();
        let lane = &mut self.lanes[side.index()];
        if base < lane.until && lane.lost {
            // A hole was inside a record: its rest is passed over.
            let body = lane.until - base;
            return Progress::Pass { head: 0, body };
        }
        if lane.lost && lane.until != base {
            return self.find(side, input);
        }
        lane.lost = false;
        let Some((kind, length)) = header(input) else {
            if input.len() < 5 && may_be(input) {
                return Progress::Need(5);
            }
            if self.any {
                out.message(MALFORMED, base..base + 1)
                    .anomaly("bad-record", base);
            }
            return Progress::Reject(Reason("not a TLS record"));
        };
        let record = base..base + 5 + length as u64;
        let lane = &mut self.lanes[side.index()];
        lane.until = record.end;
        let pass = Progress::Pass {
            head: 5,
            body: length as u64,
        };
        match kind {
            APPLICATION_DATA => {
                lane.records += 1;
                lane.bytes += length as u64;
                self.cut(side, base, out);
                if length == 0 { Progress::Read(5) } else { pass }
            }
            // What TLS 1.3 encrypts is an application record on the outside.
            HANDSHAKE if !lane.encrypted || self.modern => {
                let Some(content) = input.get(5..5 + length) else {
                    return Progress::Need(5 + length);
                };
                self.handshake(side, record, content, out);
                Progress::Read(5 + length)
            }
            ALERT if (!lane.encrypted || self.modern) && length == 2 => {
                let Some([level, code]) = input.get(5..7) else {
                    return Progress::Need(7);
                };
                self.any = true;
                let fatal = *level == 2;
                let mut draft = out.message(ALERT_SENT, record);
                draft.text(LEVEL, if fatal { b"fatal" } else { b"warning" });
                match codes::alert(*code) {
                    Some(name) => draft.text(super::fields::ALERT, name.as_bytes()),
                    None => draft.text(super::fields::ALERT, format!("unknown {code}").as_bytes()),
                };
                if side == Side::Server && fatal {
                    draft.answers(Scope::Conversation, b"tls", true, Outcome::Refused);
                }
                Progress::Read(7)
            }
            CHANGE_CIPHER_SPEC => {
                self.cut(side, base, out);
                // In TLS 1.3 it means nothing (RFC 8446 D.4).
                self.lanes[side.index()].encrypted |= !self.modern;
                pass
            }
            _ => pass,
        }
    }

    fn gap(&mut self, side: Side, rest: &[u8], len: u64, out: &mut Messages<'_>) -> Progress {
        let hole = out.offset() + rest.len() as u64;
        self.cut(side, hole, out);
        let lane = &mut self.lanes[side.index()];
        lane.lost = true;
        if len == 0 {
            // The start is missing; the signature found a record here.
            lane.until = out.offset();
            lane.encrypted = true;
        } else if hole + len > lane.until {
            lane.until = 0;
            lane.encrypted = true;
        }
        Progress::Read(0)
    }

    fn end(&mut self, side: Side, rest: &[u8], _: End, out: &mut Messages<'_>) {
        let end = out.offset() + rest.len() as u64;
        self.cut(side, end, out);
        let lane = &self.lanes[side.index()];
        if lane.records > 0 {
            out.message(SESSION, end..end)
                .integer(RECORDS, i64::try_from(lane.records).unwrap_or(i64::MAX))
                .integer(BYTES, i64::try_from(lane.bytes).unwrap_or(i64::MAX));
        }
    }

    fn held(&self) -> usize {
        self.lanes.iter().map(|l| l.held.capacity()).sum::<usize>() + self.room.held()
    }
}
