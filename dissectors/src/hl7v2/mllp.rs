//! MLLP framing, and everything that real senders make of it (HL7 Transport Specification: MLLP,
//! release 2; pcaps/hl7v2/sloppy.pcap).
//!
//! A message belongs to the frame with the last byte of its end block: the 0D of 1C 0D, or the 1C
//! where no 0D follows; one without an end block to the frame with its own last byte.

use memchr::{memchr, memchr2};

use crate::contract::{Dissector, End, Progress, Reason, Side};
use crate::limits::{self, Limits};
use crate::message::Messages;

use super::block::{self, Block, Frame, Ids, LastId, Work};
use super::delimiters::begins_header;
use super::kinds;

const SB: u8 = 0x0B;
const EB: u8 = 0x1C;
const CR: u8 = 0x0D;

/// Bytes outside blocks are handed on in pieces of this size.
const STRAY_PIECE: usize = 4 * 1024;

/// One MLLP conversation.
pub(super) struct Mllp {
    sides: [State; 2],
    last: [LastId; 2],
    work: Work,
    longest: usize,
    stray: usize,
}

#[derive(Default)]
struct State {
    mode: Mode,
    /// Bytes of the unit at hand that were searched already.
    scanned: usize,
    /// A start or end byte stands inside the block at hand.
    inside: bool,
    /// Bytes outside blocks since the last one.
    strays: usize,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Mode {
    /// A block begins here.
    #[default]
    Between,
    /// Bytes before this were not seen: what comes may be the rest of a message.
    Resync(&'static str),
    /// In a block that is too long: passes over to its end.
    Skip,
}

/// What stands at the front of the unread bytes.
enum Unit {
    /// At least this many bytes are needed.
    More(usize),
    /// A block: `len` bytes with framing, payload from `start` to `end`.
    Block {
        len: usize,
        start: usize,
        end: usize,
        fault: Option<&'static str>,
    },
    /// Bytes outside blocks.
    Stray(usize),
    /// Bytes of a block that was too long.
    Skipped(usize),
    /// A block begins right here.
    Again,
}

impl Mllp {
    pub fn new(limits: &Limits) -> Self {
        Mllp {
            sides: Default::default(),
            last: [LastId::NONE, LastId::NONE],
            work: Work::default(),
            longest: limits.get(limits::MLLP_MESSAGE).max(64),
            stray: limits.get(limits::MLLP_STRAY).max(STRAY_PIECE),
        }
    }

    /// Handles one unit, whose bytes begin at stream offset `at`.
    fn take(&mut self, side: Side, unit: &Unit, bytes: &[u8], at: u64, out: &mut Messages<'_>) {
        let state = &mut self.sides[side.index()];
        state.scanned = 0;
        match *unit {
            Unit::More(_) | Unit::Again | Unit::Skipped(_) => {}
            Unit::Stray(len) => {
                let (kind, fault) = match state.mode {
                    Mode::Resync(why) => (kinds::FRAGMENT, why),
                    _ => (kinds::BETWEEN_BLOCKS, "between-blocks"),
                };
                if kind == kinds::BETWEEN_BLOCKS {
                    state.strays += len;
                }
                // The rest of a long message: one fragment tells of it.
                let goes_on = kind == kinds::FRAGMENT && len >= self.stray;
                state.mode = if goes_on { Mode::Skip } else { Mode::Between };
                out.message(kind, at..at + len as u64)
                    .anomaly(fault, at)
                    .body(bytes);
            }
            Unit::Block {
                len,
                start,
                end,
                fault,
            } => {
                state.mode = Mode::Between;
                state.strays = 0;
                let mut frame = Frame::default();
                if start == 0 {
                    frame.framing = b"none";
                    frame.fault("unframed", at);
                }
                if let Some(fault) = fault {
                    frame.fault(fault, at + end as u64);
                    frame.framing = match fault {
                        "end-block-without-cr" => b"end-without-cr",
                        "block-too-long" => frame.framing,
                        _ => b"no-end",
                    };
                }
                if std::mem::take(&mut state.inside) {
                    frame.fault("framing-byte-inside", at);
                }
                if fault == Some("block-too-long") {
                    state.mode = Mode::Skip;
                    out.limit(limits::MLLP_MESSAGE);
                }
                if start == end && fault == Some("missing-end-block") {
                    out.message(kinds::BETWEEN_BLOCKS, at..at + len as u64)
                        .anomaly("start-block-twice", at);
                    return;
                }
                let block = Block {
                    payload: bytes.get(start..end).unwrap_or_default(),
                    at: at + start as u64,
                    range: at..at + len as u64,
                    frame,
                };
                let [client, server] = &mut self.last;
                let (sent, asked) = match side {
                    Side::Client => (client, &*server),
                    Side::Server => (server, &*client),
                };
                block::read(&mut self.work, block, Ids { asked, sent }, out);
            }
        }
    }

    /// The last bytes of a side, whole or not.
    fn finish(&mut self, side: Side, rest: &[u8], fault: &'static str, out: &mut Messages<'_>) {
        let mut left = rest;
        let mut at = out.offset();
        while !left.is_empty() {
            let state = &mut self.sides[side.index()];
            if state.strays >= self.stray {
                break;
            }
            let unit = match unit(state, left, self.longest, self.stray) {
                Unit::More(_) => last_unit(state, left, fault),
                unit => unit,
            };
            let len = unit.len().clamp(1, left.len());
            self.take(side, &unit, &left[..len], at, out);
            left = &left[len..];
            at += len as u64;
        }
        self.sides[side.index()] = State::default();
    }
}

impl Dissector for Mllp {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let base = out.offset();
        let mut at = 0;
        while at < input.len() {
            let left = &input[at..];
            let state = &mut self.sides[side.index()];
            if state.strays >= self.stray {
                if at > 0 {
                    return Progress::Read(at);
                }
                return Progress::Reject(Reason("no MLLP block in a long run of other bytes"));
            }
            let unit = unit(state, left, self.longest, self.stray);
            if let Unit::More(need) = unit {
                return if at > 0 {
                    Progress::Read(at)
                } else {
                    Progress::Need(need.max(left.len() + 1))
                };
            }
            let len = unit.len().clamp(1, left.len());
            self.take(side, &unit, &left[..len], base + at as u64, out);
            at += len;
        }
        Progress::Read(at)
    }

    fn gap(&mut self, side: Side, rest: &[u8], len: u64, out: &mut Messages<'_>) -> Progress {
        self.finish(side, rest, "gap", out);
        let why = if len == 0 { "start-not-seen" } else { "gap" };
        self.sides[side.index()].mode = Mode::Resync(why);
        Progress::Need(1)
    }

    fn end(&mut self, side: Side, rest: &[u8], why: End, out: &mut Messages<'_>) {
        let fault = match why {
            End::Fin | End::Reset | End::Idle => "unterminated",
            End::Evicted | End::Capture => "cut-off",
        };
        self.finish(side, rest, fault, out);
    }

    fn held(&self) -> usize {
        size_of::<Self>() + self.work.held()
    }
}

impl Unit {
    fn whole(len: usize) -> Unit {
        Unit::Block {
            len,
            start: 0,
            end: len,
            fault: None,
        }
    }

    /// A block whose end byte stands at `end`.
    fn ended(start: usize, end: usize, cr: bool) -> Unit {
        Unit::Block {
            len: end + 1 + usize::from(cr),
            start,
            end,
            fault: (!cr).then_some("end-block-without-cr"),
        }
    }

    fn too_long(start: usize, longest: usize) -> Unit {
        Unit::Block {
            len: longest,
            start,
            end: longest,
            fault: Some("block-too-long"),
        }
    }

    fn len(&self) -> usize {
        match *self {
            Unit::More(_) | Unit::Again => 0,
            Unit::Block { len, .. } | Unit::Stray(len) | Unit::Skipped(len) => len,
        }
    }
}

/// Finds the unit at the front of `bytes`, which is not empty.
fn unit(state: &mut State, bytes: &[u8], longest: usize, stray_most: usize) -> Unit {
    if state.mode == Mode::Skip {
        match skipped(state, bytes) {
            Unit::Again => {}
            unit => return unit,
        }
    }
    if bytes[0] == SB {
        return framed(state, bytes, longest);
    }
    match begins_header(bytes) {
        Some(true) => unframed(state, bytes, longest),
        None if bytes.len() < 4 => Unit::More(4),
        _ => {
            let most = match state.mode {
                Mode::Resync(_) => stray_most,
                _ => STRAY_PIECE,
            };
            stray(state, bytes, most)
        }
    }
}

/// The unit when no more bytes will come.
fn last_unit(state: &State, bytes: &[u8], fault: &'static str) -> Unit {
    let len = bytes.len();
    if state.mode == Mode::Skip {
        return Unit::Skipped(len);
    }
    let framed = bytes[0] == SB;
    if !framed && begins_header(bytes) != Some(true) {
        return Unit::Stray(len);
    }
    let start = usize::from(framed);
    // An end block that waits for its 0D, or for what follows it.
    if let Some(end) = memchr(EB, &bytes[state.scanned.max(start).min(len)..]) {
        let end = end + state.scanned.max(start).min(len);
        return Unit::Block {
            len: end + 1,
            start,
            end,
            fault: Some("end-block-without-cr"),
        };
    }
    Unit::Block {
        len,
        start,
        end: len,
        // Without framing, the end of the stream is an end like any other.
        fault: (framed || fault != "unterminated").then_some(fault),
    }
}

/// `0B payload 1C 0D`
fn framed(state: &mut State, bytes: &[u8], longest: usize) -> Unit {
    let mut from = state.scanned.max(1);
    loop {
        let found = search(bytes, from, |text| memchr2(SB, EB, text));
        if found.unwrap_or(bytes.len()) > longest {
            return Unit::too_long(1, longest);
        }
        let Some(at) = found else {
            return wait(state, bytes.len(), bytes);
        };
        let after = &bytes[at + 1..];
        let inside = if bytes[at] == EB {
            match ends_block(after) {
                EndBlock::Here { cr } => return Unit::ended(1, at, cr),
                EndBlock::Not => true,
                EndBlock::Unsure => return wait(state, at, bytes),
            }
        } else {
            match begins_block(after) {
                Some(true) => {
                    return Unit::Block {
                        len: at,
                        start: 1,
                        end: at,
                        fault: Some("missing-end-block"),
                    };
                }
                Some(false) => true,
                None => return wait(state, at, bytes),
            }
        };
        state.inside |= inside;
        from = at + 1;
        state.scanned = from;
    }
}

/// A message without a start byte: it ends with an end block, where the next one begins, or with
/// the stream. A batch goes on over its messages.
fn unframed(state: &mut State, bytes: &[u8], longest: usize) -> Unit {
    let batch = !bytes.starts_with(b"MSH");
    let mut from = state.scanned.max(4);
    loop {
        let found = search(bytes, from, framing_byte);
        if found.unwrap_or(bytes.len()) > longest {
            return Unit::too_long(0, longest);
        }
        let Some(at) = found else {
            return wait(state, bytes.len(), bytes);
        };
        let after = &bytes[at + 1..];
        match bytes[at] {
            EB => match ends_block(after) {
                EndBlock::Here { cr } => return Unit::ended(0, at, cr),
                EndBlock::Not => state.inside = true,
                EndBlock::Unsure => return wait(state, at, bytes),
            },
            SB => match begins_block(after) {
                Some(true) => return Unit::whole(at),
                Some(false) => state.inside = true,
                None => return wait(state, at, bytes),
            },
            _ => match begins_header(after) {
                Some(true) if !batch || after.starts_with(b"FHS") => return Unit::whole(at + 1),
                Some(_) => {}
                None => return wait(state, at, bytes),
            },
        }
        from = at + 1;
        state.scanned = from;
    }
}

/// Bytes outside blocks, up to what may begin one, or to an end block whose start was not seen.
fn stray(state: &mut State, bytes: &[u8], most: usize) -> Unit {
    let mut from = state.scanned;
    loop {
        let found = search(bytes, from, framing_byte);
        if found.unwrap_or(bytes.len()) >= most {
            return Unit::Stray(most);
        }
        let Some(at) = found else {
            return wait(state, bytes.len(), bytes);
        };
        let after = &bytes[at + 1..];
        match bytes[at] {
            SB => return Unit::Stray(at),
            EB => match after.first() {
                Some(&CR) => return Unit::Stray(at + 2),
                Some(_) => return Unit::Stray(at + 1),
                None => return wait(state, at, bytes),
            },
            _ => match begins_header(after) {
                Some(true) => return Unit::Stray(at + 1),
                Some(false) => {}
                None => return wait(state, at, bytes),
            },
        }
        from = at + 1;
        state.scanned = from;
    }
}

/// The rest of a block that was too long.
fn skipped(state: &mut State, bytes: &[u8]) -> Unit {
    let mut from = 0;
    loop {
        let Some(at) = search(bytes, from, |text| memchr2(SB, EB, text)) else {
            return Unit::Skipped(bytes.len());
        };
        let after = &bytes[at + 1..];
        let ends = if bytes[at] == EB {
            match ends_block(after) {
                EndBlock::Here { cr } => Some(at + 1 + usize::from(cr)),
                EndBlock::Not => None,
                EndBlock::Unsure if at > 0 => return Unit::Skipped(at),
                EndBlock::Unsure => return Unit::More(bytes.len() + 1),
            }
        } else {
            match begins_block(after) {
                Some(true) => Some(at),
                Some(false) => None,
                None if at > 0 => return Unit::Skipped(at),
                None => return Unit::More(bytes.len() + 1),
            }
        };
        if let Some(len) = ends {
            state.mode = Mode::Between;
            return if len > 0 {
                Unit::Skipped(len)
            } else {
                Unit::Again
            };
        }
        from = at + 1;
    }
}

/// Four bytes to look for: more than a search of the library takes at once.
fn framing_byte(text: &[u8]) -> Option<usize> {
    text.iter().position(|b| matches!(*b, SB | EB | CR | b'\n'))
}

fn search(bytes: &[u8], from: usize, find: impl Fn(&[u8]) -> Option<usize>) -> Option<usize> {
    find(bytes.get(from..)?).map(|n| from + n)
}

/// More bytes are needed; what lies before `scanned` need not be searched again.
fn wait(state: &mut State, scanned: usize, bytes: &[u8]) -> Unit {
    state.scanned = scanned;
    Unit::More(bytes.len() + 1)
}

enum EndBlock {
    Here {
        cr: bool,
    },
    /// The byte stands inside a field.
    Not,
    Unsure,
}

/// Is an 1C the end, given what comes after it? 0D, and what senders put in its place or begin the
/// next block with. A receiver that waits for 1C 0D reads over any other.
fn ends_block(after: &[u8]) -> EndBlock {
    match after.first() {
        None => EndBlock::Unsure,
        Some(&CR) => EndBlock::Here { cr: true },
        Some(&SB | b'\n' | 0 | b' ') => EndBlock::Here { cr: false },
        Some(_) => match begins_header(after) {
            Some(true) => EndBlock::Here { cr: false },
            Some(false) => EndBlock::Not,
            None => EndBlock::Unsure,
        },
    }
}

/// Does a block begin behind an 0B? `None` if more bytes must be seen.
fn begins_block(after: &[u8]) -> Option<bool> {
    match after {
        [] => None,
        [SB | b'<', ..] => Some(true),
        [0x06 | 0x15] | [0xEF] | [0xEF, 0xBB] => None,
        [0x06 | 0x15, next, ..] => Some(*next == EB),
        [0xEF, 0xBB, 0xBF, ..] => Some(true),
        _ => {
            let mut head = [0u8; 4];
            let seen = after.len().min(4);
            head[..seen].copy_from_slice(&after[..seen]);
            head.make_ascii_uppercase();
            begins_header(&head[..seen])
        }
    }
}
