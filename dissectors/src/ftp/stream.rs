//! Lines of both sides, and which reply belongs to which command.

use std::collections::VecDeque;

use memchr::memchr;

use super::fields::*;
use super::reply::Asked;
use super::{command, reply};
use crate::contract::{Dissector, End, Progress, Reason, Side};
use crate::limits;
use crate::message::Messages;
use crate::vendor_logins::User;

#[derive(Default)]
pub struct Ftp {
    /// Commands without their last reply, oldest first.
    asked: VecDeque<Asked>,
    commands: u32,
    /// The reply under way over several lines: its code, and where it began.
    open: Option<(u16, u64)>,
    /// A reply was seen.
    greeted: bool,
    /// Encrypted from here on.
    sealed: bool,
    /// The rest of an endless line is passed over.
    skipping: [bool; 2],
    /// Something is missing before the next line.
    holed: [bool; 2],
    odd_lines: u32,
    /// Who wants to log in.
    user: Option<User>,
}

const ALL_OF_IT: u64 = 1 << 60;
/// Lines in a row that are neither command nor reply, after which this is no FTP.
const ODD_LINES: u32 = 8;

impl Dissector for Ftp {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        if self.sealed {
            return Progress::Pass {
                head: 0,
                body: ALL_OF_IT,
            };
        }
        let room = out.limits().get(limits::FTP_LINE).max(1);
        let at = out.offset();
        let end = memchr(b'\n', input);
        let skipping = &mut self.skipping[side.index()];
        if *skipping {
            *skipping = end.is_none();
            return Progress::Read(end.map_or(input.len(), |end| end + 1));
        }
        // A line's length, not its arrival, decides whether it is too long.
        let Some(end) = end.filter(|end| *end < room) else {
            if input.len() < room && end.is_none() {
                return Progress::Need(input.len() + 1);
            }
            *skipping = true;
            out.limit(limits::FTP_LINE);
            let range = at..at + room as u64;
            out.message(MALFORMED, range).anomaly("line-too-long", at);
            return Progress::Read(room);
        };
        let range = at..at + end as u64 + 1;
        let line = input[..end].strip_suffix(b"\r").unwrap_or(&input[..end]);
        let known = match side {
            Side::Client => self.command(line, range, out),
            Side::Server => self.reply(line, range, out),
        };
        if known {
            self.odd_lines = 0;
        } else {
            self.odd_lines += 1;
            if self.odd_lines >= ODD_LINES {
                return Progress::Reject(Reason("neither commands nor replies"));
            }
        }
        Progress::Read(end + 1)
    }

    fn gap(&mut self, side: Side, _: &[u8], len: u64, _: &mut Messages<'_>) -> Progress {
        // Who answered what is lost.
        self.asked.clear();
        self.open = None;
        self.greeted = true;
        if len > 0 {
            // What comes next may be the end of a line.
            self.holed[side.index()] = true;
        }
        Progress::Read(1)
    }

    fn end(&mut self, side: Side, rest: &[u8], _: End, out: &mut Messages<'_>) {
        if rest.is_empty() || self.sealed || self.skipping[side.index()] {
            return;
        }
        let at = out.offset();
        let range = at..at + rest.len() as u64;
        out.message(MALFORMED, range).anomaly("unfinished", at);
    }

    fn held(&self) -> usize {
        self.asked.capacity() * size_of::<Asked>()
    }
}

impl Ftp {
    fn command(
        &mut self,
        line: &[u8],
        range: std::ops::Range<u64>,
        out: &mut Messages<'_>,
    ) -> bool {
        if line.is_empty() {
            return true;
        }
        if std::mem::take(&mut self.holed[0]) {
            out.message(MALFORMED, range.clone())
                .anomaly("gap", range.start);
            return true;
        }
        let key = self.commands;
        self.commands = self.commands.wrapping_add(1);
        let word = command::write(line, range, key, &mut self.user, out);
        if self.asked.len() >= out.limits().get(limits::FTP_WAITING) {
            out.limit(limits::FTP_WAITING);
            self.asked.pop_front();
        }
        self.asked.push_back(Asked { key, word });
        !word.bytes().is_empty()
    }

    fn reply(&mut self, line: &[u8], range: std::ops::Range<u64>, out: &mut Messages<'_>) -> bool {
        let holed = std::mem::take(&mut self.holed[1]);
        match (reply::code(line), self.open) {
            // Lines between the first and the last may begin with anything (RFC 959 4.2).
            (Some((code, true)), Some((open, from))) if code == open => {
                self.open = None;
                self.answer(code, line, from..range.end, out);
            }
            (_, Some(_)) => {}
            (Some((code, true)), None) => self.answer(code, line, range, out),
            (Some((code, false)), None) => self.open = Some((code, range.start)),
            (None, None) => {
                let mut draft = out.message(MALFORMED, range.clone());
                if holed {
                    draft.anomaly("gap", range.start);
                }
                return holed;
            }
        }
        true
    }

    fn answer(
        &mut self,
        code: u16,
        line: &[u8],
        range: std::ops::Range<u64>,
        out: &mut Messages<'_>,
    ) {
        let first = !std::mem::replace(&mut self.greeted, true);
        // 421 is told unasked (RFC 959 4.2).
        let asked = self.asked.front().copied().filter(|_| code != 421);
        reply::write(code, line, range, asked, first, out);
        if code >= 200 && asked.is_some() {
            self.asked.pop_front();
        }
        // RFC 4217 4: what follows is TLS.
        if code == 234 && asked.is_some_and(|a| a.word.bytes() == b"AUTH") {
            self.sealed = true;
        }
    }
}
