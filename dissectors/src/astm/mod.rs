//! Laboratory analysers: ASTM E1394 records (CLSI LIS02-A2) in E1381 frames (LIS01-A2), on TCP or
//! behind a device server.
//!
//! Either side may be the TCP client, either may be the analyser, both may send: a session is
//! ENQ, frames that the other side acknowledges one by one, EOT. Some drivers leave the frames out.

mod fields;
mod link;
mod record;
mod session;
#[cfg(test)]
mod tests;

use crate::action::Outcome;
use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Side, Transport};
use crate::limits::{self, Limits};
use crate::message::{Messages, Scope};
use crate::schema::{Port, Protocol, Provenance};

use link::Framing;
use record::Delimiters;
use session::Sender;

pub use fields::{ANOMALIES, FIELDS, KINDS};

/// ASTM E1381 and E1394.
pub const ASTM: Protocol = Protocol {
    name: "astm",
    title: "Laboratory analyser link, ASTM E1381 and E1394",
    provenance: Provenance::Implementation,
    source: "ASTM E1381 and E1394 as implemented by python-astm and astm-2025; frames checked on \
             captures of that library (pcaps/astm)",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[Port::Tcp(15200)],
    transports: &[Transport::Tcp, Transport::Carried],
    probe,
    open,
    path: None,
};

fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let more = |n: usize| {
        if hint.whole {
            Probe::No
        } else {
            Probe::More(n)
        }
    };
    // A side that only acknowledges proves nothing by itself.
    let controls = first
        .iter()
        .take_while(|b| link::begins_unit(**b) && **b != link::STX)
        .count();
    let mut rest = &first[controls..];
    if let [0x0B, inner @ ..] = rest {
        rest = inner;
    }
    if let [link::STX, b'0'..=b'7', text @ ..] = rest {
        if let Some(confidence) = header(text) {
            return confidence;
        }
    } else if let Some(confidence) = header(rest) {
        return confidence;
    }
    if rest.is_empty() {
        return more(first.len() + 1);
    }
    let start = match rest.iter().position(|b| *b == link::STX) {
        Some(0) => 0,
        Some(at) if hint.mid_stream => at,
        None if hint.mid_stream => return more(first.len() + 1),
        _ if b"H".starts_with(&rest[..1]) && rest.len() < 6 => return more(first.len() + 1),
        _ => return Probe::No,
    };
    match link::frame(&rest[start..], 0) {
        Framing::Whole(f) if f.checksum_fits && f.end_fits && matches!(f.number, b'0'..=b'7') => {
            match f.text {
                [
                    b'H' | b'P' | b'O' | b'Q' | b'R' | b'C' | b'M' | b'S' | b'L',
                    mark,
                    ..,
                ] if mark.is_ascii_punctuation() => Probe::Yes(Confidence(90)),
                _ => Probe::Yes(Confidence(60)),
            }
        }
        Framing::Short { .. }
            if rest.len() - start <= 2 || matches!(rest[start + 1], b'0'..=b'7') =>
        {
            more(first.len() + 1)
        }
        _ => Probe::No,
    }
}

/// A header record, in a frame or bare: the letter, four different marks, and the first again.
fn header(text: &[u8]) -> Option<Probe> {
    let marks = Delimiters::read(text)?;
    if marks == Delimiters::default() {
        return Some(Probe::Yes(Confidence(90)));
    }
    let again = *text.get(5)? == marks.field;
    again.then_some(Probe::Yes(Confidence(60)))
}

fn open(_: &Limits) -> Box<dyn Dissector> {
    Box::new(Astm {
        senders: [Sender::default(), Sender::default()],
        searched: [0; 2],
        bare: [false; 2],
    })
}

struct Astm {
    senders: [Sender; 2],
    /// How far the unread bytes of each side were searched for the end of a unit.
    searched: [usize; 2],
    /// The side sends records without frames.
    bare: [bool; 2],
}

impl Dissector for Astm {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let i = side.index();
        let at = out.offset();
        match input[0] {
            control if link::begins_unit(control) && control != link::STX => {
                self.searched[i] = 0;
                self.control(side, control, out);
                Progress::Read(1)
            }
            link::STX => match link::frame(input, self.searched[i]) {
                Framing::Whole(frame) if frame.text.len() + 2 >= self.longest(out) => {
                    self.wait(side, 0, usize::MAX, "too-long", out)
                }
                Framing::Cut(len) if len >= self.longest(out) => {
                    self.wait(side, 0, usize::MAX, "too-long", out)
                }
                Framing::Whole(frame) => {
                    self.searched[i] = 0;
                    let range = at..at + frame.len as u64;
                    self.senders[i].frame(frame, range, side, out);
                    Progress::Read(frame.len)
                }
                Framing::Cut(len) => {
                    self.searched[i] = 0;
                    out.message(fields::MALFORMED, at..at + len as u64)
                        .anomaly("cut-frame", at + len as u64);
                    Progress::Read(len)
                }
                Framing::Short { need, searched } => {
                    self.wait(side, need, searched, "too-long", out)
                }
            },
            // Blocks of MLLP around records without frames.
            0x0B | 0x1C if self.bare[i] => Progress::Read(1),
            0x0B if input.len() == 1 => Progress::Need(2),
            0x0B if input[1] == b'H' => Progress::Read(1),
            b'\r' | b'\n' => Progress::Read(1),
            _ => self.unframed(side, input, out),
        }
    }

    fn gap(&mut self, side: Side, rest: &[u8], _: u64, out: &mut Messages<'_>) -> Progress {
        self.unread(side, rest, out);
        let sender = &mut self.senders[side.index()];
        sender.forget();
        sender.open = None;
        Progress::Read(0)
    }

    fn end(&mut self, side: Side, rest: &[u8], _: End, out: &mut Messages<'_>) {
        self.unread(side, rest, out);
    }

    fn held(&self) -> usize {
        self.senders.iter().map(Sender::held).sum()
    }
}

impl Astm {
    fn control(&mut self, side: Side, control: u8, out: &mut Messages<'_>) {
        let at = out.offset();
        let range = at..at + 1;
        let [mine, theirs] = match side {
            Side::Client => {
                let [a, b] = &mut self.senders;
                [a, b]
            }
            Side::Server => {
                let [a, b] = &mut self.senders;
                [b, a]
            }
        };
        match control {
            link::ENQ => {
                mine.opened();
                out.message(fields::ENQ, range);
            }
            link::EOT => {
                out.message(fields::EOT, range.clone());
                mine.closed(range, side, out);
                mine.open = Some(false);
            }
            answer => {
                let accepted = answer == link::ACK;
                let kind = if accepted { fields::ACK } else { fields::NAK };
                let mut draft = out.message(kind, range);
                let outcome = if accepted {
                    Outcome::Accepted
                } else {
                    Outcome::Refused
                };
                let key = theirs.key(side.other());
                draft.answers(Scope::Conversation, key.as_bytes(), true, outcome);
                if accepted && theirs.last_is_bad() {
                    draft.anomaly("bad-frame-accepted", at);
                }
            }
        }
    }

    /// Bytes outside of frames: a record if the side sends them bare, else stray.
    fn unframed(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let i = side.index();
        let at = out.offset();
        if input[0] == b'H' && !self.bare[i] {
            if input.len() < 5 {
                return Progress::Need(5);
            }
            self.bare[i] = Delimiters::read(input).is_some();
        }
        let bare = self.bare[i] && input[0].is_ascii_alphabetic();
        let from = self.searched[i].clamp(1, input.len());
        let ends = |b: u8| link::begins_unit(b) || (bare && matches!(b, b'\r' | 0x1C));
        let end = input[from..].iter().position(|b| ends(*b));
        let end = match end.map(|end| end + from) {
            Some(end) if end < self.longest(out) => end,
            found => {
                let name = if bare { "too-long" } else { "stray-bytes" };
                let searched = found.unwrap_or(input.len());
                return self.wait(side, input.len() + 1, searched, name, out);
            }
        };
        self.searched[i] = 0;
        let range = at..at + end as u64;
        if bare {
            self.senders[i].text(&input[..end], true, range, side, None, out);
        } else {
            out.message(fields::MALFORMED, range)
                .anomaly("stray-bytes", at);
        }
        Progress::Read(end)
    }

    fn longest(&self, out: &Messages<'_>) -> usize {
        out.limits().get(limits::ASTM_FRAME).max(1)
    }

    /// Waits for the rest of a unit, up to a limit; what is beyond it is told and passed by.
    fn wait(
        &mut self,
        side: Side,
        need: usize,
        searched: usize,
        name: &'static str,
        out: &mut Messages<'_>,
    ) -> Progress {
        let longest = self.longest(out);
        if searched < longest {
            self.searched[side.index()] = searched;
            return Progress::Need(need);
        }
        self.searched[side.index()] = 0;
        out.limit(limits::ASTM_FRAME);
        let at = out.offset();
        out.message(fields::MALFORMED, at..at + longest as u64)
            .anomaly(name, at);
        Progress::Read(longest)
    }

    /// Unread bytes that will not come again.
    fn unread(&mut self, side: Side, rest: &[u8], out: &mut Messages<'_>) {
        let i = side.index();
        self.searched[i] = 0;
        let at = out.offset();
        let range = at..at + rest.len() as u64;
        if rest.is_empty() {
            self.senders[i].closed(range, side, out);
        } else if self.bare[i] && rest[0].is_ascii_alphabetic() {
            self.senders[i].text(rest, true, range, side, Some("unfinished"), out);
        } else {
            out.message(fields::MALFORMED, range)
                .anomaly("unfinished", at);
        }
    }
}
