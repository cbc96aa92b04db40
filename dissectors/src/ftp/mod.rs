//! FTP control connections: who logs in to a device, and what is put on it or taken from it.
//!
//! Pumps and their radio modules accept firmware, libraries and configuration this way. The data
//! connection itself is not followed.

mod fields;
#[cfg(test)]
mod tests;

use crate::action::{Action, Outcome, Verb};
use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Reason, Side, Transport};
use crate::limits::{FTP_LINE, Limits, SERIAL_OPEN};
use crate::message::{Messages, Scope};
use crate::schema::{KindId, Port, Protocol, Provenance};
use crate::serial::Turns;

use fields::*;

pub use fields::{FIELDS, KINDS};

/// FTP control connection.
pub const FTP: Protocol = Protocol {
    name: "ftp",
    title: "FTP control connection",
    provenance: Provenance::Specification,
    source: "RFC 959, 2228, 2389, 3659",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: &[
        (NOT_A_REPLY, "a line from the server that is no reply"),
        (LONG_LINE, "a line longer than the limit `ftp-line`"),
        (UNFINISHED, "the conversation ended inside a line"),
    ],
    hints: &[Port::Tcp(21)],
    transports: &[Transport::Tcp],
    probe,
    open,
    path: None,
};

const NOT_A_REPLY: &str = "not-a-reply";
const LONG_LINE: &str = "long-line";
const UNFINISHED: &str = "unfinished-line";

/// The server greets with 220; SMTP does too, and names itself.
fn probe(side: Side, first: &[u8], hint: Hint) -> Probe {
    let line = first.split(|b| *b == b'\n').next().unwrap_or_default();
    let whole = line.len() < first.len();
    let holds = |word: &[u8]| {
        line.windows(word.len())
            .any(|w| w.eq_ignore_ascii_case(word))
    };
    match side {
        Side::Server => match first {
            [b'2', b'2', b'0', b' ' | b'-', ..] if !whole && !hint.whole && first.len() < 512 => {
                Probe::More(first.len() + 1)
            }
            [b'2', b'2', b'0', b' ' | b'-', ..] if holds(b"SMTP") || holds(b"mail") => Probe::No,
            [b'2', b'2', b'0', b' ' | b'-', ..] if hint.port || holds(b"FTP") => {
                Probe::Yes(Confidence(if hint.port { 90 } else { 75 }))
            }
            [b'1'..=b'5', b'0'..=b'5', b'0'..=b'9', b' ' | b'-', ..]
                if hint.port && hint.mid_stream =>
            {
                Probe::Yes(Confidence(50))
            }
            [b'2'] | [b'2', b'2'] | [b'2', b'2', b'0'] if !hint.whole => Probe::More(4),
            _ => Probe::No,
        },
        Side::Client => {
            let word = line
                .trim_ascii()
                .split(|b| *b == b' ')
                .next()
                .unwrap_or_default();
            match (kind(word), whole) {
                (Some(_), true) if hint.port => Probe::Yes(Confidence(60)),
                (Some(USER | PASS), true) => crate::serial::signature::ABSTAIN,
                (_, false) if first.len() < 8 && !hint.whole => Probe::More(8),
                (_, false) if hint.port && !hint.whole => Probe::More(first.len() + 1),
                _ => Probe::No,
            }
        }
    }
}

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(Ftp {
        turns: Turns::new(limits),
        longest: limits.get(FTP_LINE).max(64),
        many: None,
        greeted: false,
    })
}

/// One control connection.
struct Ftp {
    /// Commands whose last reply did not come yet.
    turns: Turns<Option<KindId>>,
    longest: usize,
    /// Code of a reply of several lines that is not over.
    many: Option<[u8; 3]>,
    greeted: bool,
}

impl Dissector for Ftp {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let window = &input[..input.len().min(self.longest)];
        match window.iter().position(|b| *b == b'\n') {
            Some(end) => {
                let line = &input[..end];
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                match side {
                    Side::Client => self.command(side, line, end + 1, out),
                    Side::Server => self.reply(side, line, end + 1, out),
                }
                Progress::Read(end + 1)
            }
            None if window.len() == self.longest => {
                out.limit(FTP_LINE);
                let at = out.offset();
                out.message(MALFORMED, at..at + window.len() as u64)
                    .anomaly(LONG_LINE, at);
                if self.greeted {
                    Progress::Read(window.len())
                } else {
                    Progress::Reject(Reason("a long line before any reply"))
                }
            }
            None => Progress::Need(input.len() + 1),
        }
    }

    fn gap(&mut self, _: Side, rest: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        self.turns.forget();
        self.many = None;
        Progress::Read(rest.len().max(1))
    }

    fn end(&mut self, side: Side, rest: &[u8], _: End, out: &mut Messages<'_>) {
        if !rest.is_empty() {
            let at = out.offset();
            let kind = if side == Side::Client {
                MALFORMED
            } else {
                REPLY
            };
            out.message(kind, at..at + rest.len() as u64)
                .anomaly(UNFINISHED, at);
        }
    }

    fn held(&self) -> usize {
        self.turns.held()
    }
}

impl Ftp {
    fn command(&mut self, side: Side, line: &[u8], len: usize, out: &mut Messages<'_>) {
        // Telnet commands may stand before an urgent ABOR.
        let skip = line.iter().take_while(|b| **b >= 0x80).count();
        let line = line[skip..].trim_ascii();
        if line.is_empty() {
            return;
        }
        let at = out.offset();
        let (word, argument) = match line.iter().position(|b| *b == b' ') {
            Some(space) => (&line[..space], line[space + 1..].trim_ascii()),
            None => (line, &b""[..]),
        };
        let kind = kind(word);
        let (key, full) = self.turns.ask(side, kind);
        if full {
            out.limit(SERIAL_OPEN);
        }
        let range = at..at + len as u64;
        let mut draft = match kind {
            Some(kind) => out.message(kind, range),
            None if word.len() <= 8 && word.iter().all(u8::is_ascii_alphabetic) => {
                out.message_named(word, range)
            }
            None => out.message(MALFORMED, range),
        };
        match kind {
            Some(USER) => {
                draft.text_if(USER_NAME, argument);
            }
            Some(PASS | ACCT) => {
                draft.secret(PASSWORD, argument.len());
            }
            Some(
                STOR | STOU | APPE | RETR | DELE | RNFR | RNTO | MKD | RMD | CWD | LIST | NLST,
            ) => {
                draft.text_if(PATH, argument);
                draft.text_if(EXTENSION, extension(argument));
            }
            Some(_) => {
                draft.text_if(ARGUMENT, argument);
            }
            // Nobody knows what stands there.
            None => {
                draft.text_if(PATH, argument);
            }
        }
        draft.asks(Scope::Conversation, key.as_ref());
        if let Some(verb) = verb(kind) {
            draft.action(Action::of(verb));
        }
    }

    fn reply(&mut self, side: Side, line: &[u8], len: usize, out: &mut Messages<'_>) {
        let at = out.offset();
        let range = at..at + len as u64;
        let code = line
            .first_chunk::<3>()
            .filter(|c| c.iter().all(u8::is_ascii_digit))
            .copied();
        let more = line.get(3) == Some(&b'-');
        match (self.many, code) {
            // A line in the middle of a longer reply.
            (Some(many), code) if code != Some(many) || more => return,
            (_, None) => {
                out.message(REPLY, range).anomaly(NOT_A_REPLY, at);
                return;
            }
            _ => {}
        }
        let Some(code) = code else { return };
        if more {
            // The last line tells the whole reply.
            self.many = Some(code);
            return;
        }
        self.many = None;
        let banner = !self.greeted && code == *b"220";
        self.greeted = true;
        let text = line.get(4..).unwrap_or_default().trim_ascii();
        // 1xx: another reply follows.
        let last = code[0] != b'1';
        let answered = if banner {
            None
        } else {
            self.turns_answer(side, last)
        };
        let mut draft = out.message(if banner { BANNER } else { REPLY }, range);
        draft.text(CODE, &code).text_if(TEXT, text);
        if let Some(key) = answered {
            let outcome = match code[0] {
                b'2' | b'3' => Outcome::Accepted,
                b'4' => Outcome::Failed,
                b'5' => Outcome::Refused,
                _ => Outcome::Requested,
            };
            draft.answers(Scope::Conversation, key.as_ref(), last, outcome);
        }
    }

    /// The question that a reply belongs to; a preliminary one leaves it open.
    fn turns_answer(&mut self, side: Side, last: bool) -> Option<crate::serial::turns::Key> {
        if last {
            return self.turns.answer(side, |_| true).map(|(key, _)| key);
        }
        self.turns.peek(side)
    }
}

fn verb(kind: Option<KindId>) -> Option<Verb> {
    let Some(kind) = kind else {
        return Some(Verb::UnknownVerb);
    };
    Some(match kind {
        STOR | STOU | APPE => Verb::Store,
        RETR => Verb::Retrieve,
        DELE | RMD => Verb::Delete,
        RNFR | RNTO | MKD => Verb::Configure,
        SITE => Verb::UnknownVerb,
        LIST | NLST | STAT | SIZE | MDTM => Verb::Read,
        PASS => Verb::ServiceMode,
        USER | ACCT | CWD | CDUP | PWD | TYPE | MODE | STRU | PORT_KIND | PASV | EPRT | EPSV
        | AUTH | PBSZ | PROT | FEAT | OPTS | SYST | HELP | NOOP | ABOR | REST | ALLO | REIN
        | QUIT => {
            return None;
        }
        _ => Verb::UnknownVerb,
    })
}

fn kind(word: &[u8]) -> Option<KindId> {
    let mut upper = [0u8; 4];
    let letters = upper.get_mut(..word.len())?;
    letters.copy_from_slice(word);
    letters.make_ascii_uppercase();
    let name = std::str::from_utf8(letters).ok()?;
    FTP.kind(name).filter(|k| *k >= USER)
}

/// What stands after the last point of a file name, if it is short.
fn extension(path: &[u8]) -> &[u8] {
    let name = path
        .rsplit(|b| matches!(*b, b'/' | b'\\'))
        .next()
        .unwrap_or_default();
    match name.iter().rposition(|b| *b == b'.') {
        Some(at) if name.len() - at <= 8 => &name[at + 1..],
        _ => b"",
    }
}
