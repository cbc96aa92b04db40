//! POCT1-A (CLSI POCT01-A2): point-of-care meters and their data manager, XML documents over TCP,
//! bare or in MLLP blocks.
//!
//! The meter opens the connection and says hello; the manager asks for results, sends operator and
//! patient lists, and gives directives (lock, set time). Nobody proves who he is.

mod document;
mod fields;
mod framing;
#[cfg(test)]
mod tests;

use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Side, Transport};
use crate::limits::{self, Limits};
use crate::message::Messages;
use crate::schema::{Port, Protocol, Provenance};

use document::Facts;
use framing::{Document, Scanner, begins_document};

pub use fields::{ANOMALIES, FIELDS, KINDS};

/// POCT1-A device messaging layer.
pub const POCT1A: Protocol = Protocol {
    name: "poct1a",
    title: "POCT1-A device messaging layer of point-of-care meters",
    provenance: Provenance::Implementation,
    source: "CLSI POCT01-A2 as three vendors' interface sheets show it (Quidel Sofia, Nova, PixCell)",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[Port::Tcp(3001)],
    transports: &[Transport::Tcp, Transport::Carried],
    probe,
    open,
    path: None,
};

fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let more = || {
        if hint.whole {
            Probe::No
        } else {
            Probe::More(first.len() + 1)
        }
    };
    let mut rest = &first[filler(first)..];
    if let [0x0B, block @ ..] = rest {
        rest = &block[filler(block)..];
    }
    if hint.mid_stream {
        return match (0..first.len()).find(|at| known_root(&first[*at..]) == Some(true)) {
            Some(_) => Probe::Yes(Confidence(80)),
            None => more(),
        };
    }
    // Declarations and comments before the root: a document type is no way past the signature.
    while let [b'<', b'?' | b'!', ..] = rest {
        match after_prologue(rest) {
            Some(end) => {
                rest = &rest[end..];
                rest = &rest[filler(rest)..];
            }
            None if first.len() >= PROLOGUE => return Probe::No,
            None => return more(),
        }
    }
    match (known_root(rest), begins_document(rest)) {
        (Some(true), _) => Probe::Yes(Confidence(90)),
        (None, _) | (_, None) if rest.is_empty() || rest[0] == b'<' => more(),
        _ => Probe::No,
    }
}

/// How far the root element is looked for.
const PROLOGUE: usize = 1024;

/// Length of the declaration or comment that begins here. `None`: its end is not here.
fn after_prologue(bytes: &[u8]) -> Option<usize> {
    if bytes.starts_with(b"<!--") {
        return memchr::memmem::find(bytes, b"-->").map(|at| at + 3);
    }
    let mut open = 0usize;
    for (at, byte) in bytes.iter().enumerate().take(PROLOGUE) {
        match byte {
            b'<' => open += 1,
            b'>' => open = open.saturating_sub(1),
            _ => continue,
        }
        if open == 0 {
            return Some(at + 1);
        }
    }
    None
}

/// Does one of the standard's messages begin here? `None`: too few bytes.
fn known_root(bytes: &[u8]) -> Option<bool> {
    let [b'<', name @ ..] = bytes else {
        return (!bytes.is_empty()).then_some(false);
    };
    let end = name
        .iter()
        .take(64)
        .position(|b| matches!(b, b'>' | b'/' | b' '));
    let Some(end) = end else {
        return (name.len() >= 64).then_some(false);
    };
    let known = std::str::from_utf8(&name[..end])
        .ok()
        .and_then(document::kind);
    // Vendor names may belong to anything.
    Some(known.is_some() && framing::is_root(&name[..end]) && name[..end].contains(&b'R'))
}

fn open(_: &Limits) -> Box<dyn Dissector> {
    Box::new(Poct1a {
        sides: [Reading::default(); 2],
    })
}

struct Poct1a {
    sides: [Reading; 2],
}

/// How far the unread bytes of one side were read.
#[derive(Clone, Copy, Debug, Default)]
struct Reading {
    scanner: Scanner,
    /// Stray bytes searched for the start of a document.
    searched: usize,
    /// The document that ends here waits for its end block.
    ended: Option<(usize, u32, bool)>,
}

/// Bytes that may stand between documents: white space, NUL, a byte order mark, an end block.
fn filler(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take_while(|b| {
            matches!(
                b,
                b' ' | b'\t' | b'\r' | b'\n' | 0 | 0x1C | 0xEF | 0xBB | 0xBF
            )
        })
        .count()
}

impl Dissector for Poct1a {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        match filler(input) {
            0 => {}
            n => return Progress::Read(n),
        }
        let framed = input[0] == 0x0B;
        let start = usize::from(framed);
        let start = start + filler(&input[start..]);
        let body = &input[start..];
        match body.first() {
            None => return Progress::Need(input.len() + 1),
            // An empty block.
            Some(0x0B) => return Progress::Read(start),
            Some(_) => {}
        }
        match begins_document(body) {
            Some(true) => self.document(side, input, start, framed, out),
            Some(false) => self.stray(side, input, start, out),
            None if body[0] == b'<' => Progress::Need(input.len() + 1),
            None => self.stray(side, input, start, out),
        }
    }

    fn gap(&mut self, side: Side, rest: &[u8], _: u64, out: &mut Messages<'_>) -> Progress {
        self.unread(side, rest, out);
        Progress::Read(0)
    }

    fn end(&mut self, side: Side, rest: &[u8], _: End, out: &mut Messages<'_>) {
        self.unread(side, rest, out);
    }
}

impl Poct1a {
    fn document(
        &mut self,
        side: Side,
        input: &[u8],
        start: usize,
        framed: bool,
        out: &mut Messages<'_>,
    ) -> Progress {
        let at = out.offset();
        let longest = out.limits().get(limits::POCT1A_MESSAGE).max(64);
        let reading = &mut self.sides[side.index()];
        let body = &input[start..];
        if reading.ended.is_none() {
            match reading.scanner.scan(&body[..body.len().min(longest)]) {
                Document::Whole {
                    len,
                    deepest,
                    doctype,
                } => reading.ended = Some((len, deepest, doctype)),
                Document::Broken(len) => {
                    *reading = Reading::default();
                    let len = start + len;
                    out.message(fields::MALFORMED, at..at + len as u64)
                        .anomaly("not-well-formed", at);
                    return Progress::Read(len);
                }
                Document::Short if body.len() >= longest => {
                    *reading = Reading::default();
                    out.limit(limits::POCT1A_MESSAGE);
                    let len = start + longest;
                    out.message(fields::MALFORMED, at..at + len as u64)
                        .anomaly("too-long", at);
                    return Progress::Read(len);
                }
                Document::Short => return Progress::Need(input.len() + 1),
            }
        }
        let Some((len, deepest, doctype)) = reading.ended else {
            return Progress::Need(input.len() + 1);
        };
        let end = start + len;
        let behind = &input[end..];
        let block = &behind[filler_before_block(behind)..];
        let end_block = match (framed, block) {
            (false, _) => 0,
            (true, [0x1C, b'\r', ..]) => behind.len() - block.len() + 2,
            (true, [] | [0x1C]) if behind.len() < 64 => return Progress::Need(input.len() + 1),
            (true, _) => 0,
        };
        *reading = Reading::default();
        let facts = Facts {
            framed,
            end_block: end_block > 0,
            doctype,
            deepest,
            unfinished: false,
        };
        let all = end + end_block;
        document::read(&body[..len], facts, side, at..at + all as u64, out);
        Progress::Read(all)
    }

    /// Bytes that belong to no document, up to the start of one.
    fn stray(
        &mut self,
        side: Side,
        input: &[u8],
        start: usize,
        out: &mut Messages<'_>,
    ) -> Progress {
        let at = out.offset();
        let longest = out.limits().get(limits::POCT1A_MESSAGE).max(64);
        let reading = &mut self.sides[side.index()];
        let mut from = reading.searched.max(start + 1);
        loop {
            let next = input
                .get(from..input.len().min(longest))
                .and_then(|rest| rest.iter().position(|b| matches!(b, b'<' | 0x0B)));
            let end = match next {
                Some(next) => from + next,
                None if input.len() < longest => {
                    reading.searched = input.len();
                    return Progress::Need(input.len() + 1);
                }
                None => {
                    out.limit(limits::POCT1A_MESSAGE);
                    longest
                }
            };
            match begins_document(&input[end..]) {
                None if input.get(end) == Some(&b'<') && end < longest => {
                    reading.searched = end;
                    return Progress::Need(input.len() + 1);
                }
                Some(false) if input.get(end) != Some(&0x0B) && end < longest => from = end + 1,
                _ => {
                    *reading = Reading::default();
                    out.message(fields::MALFORMED, at..at + end as u64)
                        .anomaly("stray-bytes", at);
                    return Progress::Read(end);
                }
            }
        }
    }

    /// Unread bytes that will not come again.
    fn unread(&mut self, side: Side, rest: &[u8], out: &mut Messages<'_>) {
        let reading = std::mem::take(&mut self.sides[side.index()]);
        let at = out.offset();
        let range = at..at + rest.len() as u64;
        let framed = rest.first() == Some(&0x0B);
        let start = usize::from(framed);
        let start = start + filler(rest.get(start..).unwrap_or(b""));
        let body = rest.get(start..).unwrap_or(b"");
        if body.is_empty() {
            return;
        }
        let (len, deepest, doctype) = reading.ended.unwrap_or((body.len(), 0, false));
        if begins_document(body) == Some(true) {
            let facts = Facts {
                framed,
                end_block: false,
                doctype,
                deepest,
                unfinished: reading.ended.is_none(),
            };
            let body = body.get(..len).unwrap_or(body);
            document::read(body, facts, side, range, out);
        } else {
            out.message(fields::MALFORMED, range)
                .anomaly("unfinished", at);
        }
    }
}

/// White space between the end of a document and its end block.
fn filler_before_block(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take(64)
        .take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | 0))
        .count()
}
