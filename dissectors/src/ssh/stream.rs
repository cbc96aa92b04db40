//! The stream of each side: lines up to the banner, then packets, then what nobody can read.

use memchr::memchr;

use super::fields::*;
use super::{MARK, message};
use crate::contract::{Dissector, End, Progress, Side};
use crate::limits;
use crate::message::Messages;

#[derive(Default)]
pub struct Ssh {
    sides: [State; 2],
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// Before the banner. A server may send other lines first.
    #[default]
    Lines,
    Packets,
    Sealed,
}

/// Passed over at a time: for good, in effect.
const ALL_OF_IT: u64 = 1 << 60;

impl Dissector for Ssh {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let state = &mut self.sides[side.index()];
        match state {
            State::Lines => line(state, input, out),
            State::Packets => packet(state, input, out),
            State::Sealed => Progress::Pass {
                head: 0,
                body: ALL_OF_IT,
            },
        }
    }

    fn gap(&mut self, side: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        // Where packets begin is told by the one before.
        self.sides[side.index()] = State::Sealed;
        Progress::Read(1)
    }

    fn end(&mut self, side: Side, rest: &[u8], _: End, out: &mut Messages<'_>) {
        if !rest.is_empty() && self.sides[side.index()] != State::Sealed {
            let at = out.offset();
            let range = at..at + rest.len() as u64;
            out.message(MALFORMED, range).anomaly("unfinished", at);
        }
    }
}

fn line(state: &mut State, input: &[u8], out: &mut Messages<'_>) -> Progress {
    let room = out.limits().get(limits::SSH_LINE);
    let at = out.offset();
    let Some(end) = memchr(b'\n', &input[..input.len().min(room)]) else {
        if input.len() < room {
            return Progress::Need(input.len() + 1);
        }
        out.limit(limits::SSH_LINE);
        *state = State::Sealed;
        let range = at..at + room as u64;
        out.message(MALFORMED, range).anomaly("banner-too-long", at);
        return Progress::Read(room);
    };
    let text = input[..end].trim_ascii_end();
    if let Some(banner) = text.strip_prefix(MARK) {
        let mut draft = out.message(BANNER, at..at + end as u64 + 1);
        let mut parts = banner.splitn(2, |b| *b == b'-');
        let version = parts.next().unwrap_or(&[]);
        let rest = parts.next().unwrap_or(&[]);
        let mut words = rest.splitn(2, |b| *b == b' ');
        let software = words.next().unwrap_or(&[]);
        draft
            .text_if(VERSION, version)
            .text_if(SOFTWARE, software)
            .text_if(COMMENT, words.next().unwrap_or(&[]));
        if software.is_empty() {
            draft.anomaly("banner-form", at);
        }
        // Version 1 has other packets.
        *state = match version {
            b"2.0" | b"1.99" => State::Packets,
            _ => State::Sealed,
        };
    }
    Progress::Read(end + 1)
}

/// RFC 4253 6: length, length of the padding, payload, padding; no code yet.
fn packet(state: &mut State, input: &[u8], out: &mut Messages<'_>) -> Progress {
    const LENGTH: usize = 4;
    let at = out.offset();
    let Some((length, rest)) = input.split_first_chunk::<LENGTH>() else {
        return Progress::Need(LENGTH);
    };
    let length = u32::from_be_bytes(*length) as usize;
    let room = out.limits().get(limits::SSH_PACKET);
    if !(2..=room).contains(&length) {
        *state = State::Sealed;
        let range = at..at + LENGTH as u64;
        out.message(MALFORMED, range).anomaly("packet-length", at);
        return Progress::Read(LENGTH);
    }
    let Some(packet) = rest.get(..length) else {
        return Progress::Need(LENGTH + length);
    };
    let range = at..at + (LENGTH + length) as u64;
    let payload = packet.split_first().and_then(|(padding, rest)| {
        let end = rest.len().checked_sub(usize::from(*padding))?;
        rest.get(..end)
    });
    match payload.and_then(<[u8]>::split_first) {
        Some((code, body)) => {
            if message::write(*code, body, range, out) {
                *state = State::Sealed;
            }
        }
        None => {
            *state = State::Sealed;
            out.message(MALFORMED, range).anomaly("packet-length", at);
        }
    }
    Progress::Read(LENGTH + length)
}
