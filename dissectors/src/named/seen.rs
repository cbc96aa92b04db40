//! The dissector of all protocols that are known by name only.

use memchr::memchr;

use super::{DETAIL, SEEN};
use crate::address::Short;
use crate::contract::{Dissector, End, Progress, Side};
use crate::limits;
use crate::message::Messages;

/// What is told of a conversation beside its name.
#[derive(Clone, Copy)]
pub enum Detail {
    Nothing,
    /// The first line.
    Line,
    /// Something in so many first bytes.
    In(usize, fn(&[u8]) -> Short),
}

pub struct Seen {
    detail: Detail,
    told: bool,
}

const ALL_OF_IT: u64 = 1 << 60;

impl Seen {
    pub fn new(detail: Detail) -> Self {
        Seen {
            detail,
            told: false,
        }
    }

    fn tell(&mut self, input: &[u8], out: &mut Messages<'_>) {
        self.told = true;
        let at = out.offset();
        match self.detail {
            Detail::Nothing => {
                out.message(SEEN, at..at + 1);
            }
            Detail::Line => {
                let end = memchr(b'\n', input).map_or(input.len(), |end| end + 1);
                let line = input[..end].trim_ascii();
                out.message(SEEN, at..at + end as u64).text_if(DETAIL, line);
            }
            Detail::In(length, show) => {
                let part = &input[..input.len().min(length)];
                let text = show(part);
                out.message(SEEN, at..at + part.len() as u64)
                    .text_if(DETAIL, text.bytes());
            }
        }
    }
}

impl Dissector for Seen {
    fn read(&mut self, _: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        if !self.told {
            let room = out.limits().get(limits::NAMED_LINE).max(1);
            let input = &input[..input.len().min(room)];
            match self.detail {
                Detail::Line if input.len() < room && memchr(b'\n', input).is_none() => {
                    return Progress::Need(input.len() + 1);
                }
                Detail::In(length, _) if input.len() < length.min(room) => {
                    return Progress::Need(length.min(room));
                }
                _ => self.tell(input, out),
            }
            return Progress::Pass {
                head: 1,
                body: ALL_OF_IT,
            };
        }
        Progress::Pass {
            head: 0,
            body: ALL_OF_IT,
        }
    }

    fn gap(&mut self, _: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        Progress::Read(1)
    }

    fn end(&mut self, _: Side, rest: &[u8], _: End, out: &mut Messages<'_>) {
        if !self.told && !rest.is_empty() {
            self.tell(rest, out);
        }
    }
}
