//! Nonin OEM III pulse oximeters, data format 7: frames of five bytes, 25 to a packet, three packets
//! a second; as a device server or Bluetooth gateway puts them on TCP.
//!
//! The host may set the format, the clock and the Bluetooth timeout.

#[cfg(test)]
mod tests;

use crate::action::{Action, Device, Outcome, Verb};
use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Side, Transport};
use crate::limits::Limits;
use crate::message::{Messages, Scope};
use crate::schema::{KindId, Protocol, Provenance};
use crate::serial::signature::ABSTAIN;
use crate::{fields, kinds};

fields! {
    FRAMES "frames" Integer, Open, "frames in the packet";
    OPERATION "operation" Integer, Open, "operation code of a command or answer";
    LENGTH "length" Integer, Open, "data bytes of a command or answer";
}

kinds! {
    PACKET "packet", "a third of a second: pulse wave and values";
    SET_FORMAT "set_format", "host: data format (70)";
    SET_TIME "set_time", "host: date and time (72)";
    GET_SERIAL "get_serial", "host: serial number asked for (74)";
    SET_TIMEOUT "set_bluetooth_timeout", "host: Bluetooth timeout (75)";
    ANSWER "answer", "device: answer to a command (F2, F4, F5)";
    ACK "ACK", "device: done";
    NAK "NAK", "device: refused";
    MALFORMED "malformed", "bytes that are no frame";
}

/// Nonin data format 7.
pub const NONIN: Protocol = Protocol {
    name: "nonin",
    title: "Nonin pulse oximeter, data format 7",
    provenance: Provenance::Implementation,
    source: "mdpnp/mdpnp devices/nonin; no capture",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: &[
        ("bad-checksum", "a frame of the packet has a wrong checksum"),
        (
            "stray-bytes",
            "bytes where a frame ought to begin and none does",
        ),
        (
            "unfinished",
            "a packet or command that the stream's end or a gap cut off",
        ),
    ],
    hints: &[],
    transports: &[Transport::Tcp, Transport::Carried],
    probe,
    open,
    path: None,
};

const FRAME: usize = 5;
const PACKET_FRAMES: usize = 25;
/// Frames that prove the format: nine bits each.
const PROVING: usize = 6;
/// Stray bytes in one message.
const LONGEST_STRAY: usize = 256;

fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    // A host sets the format before the first packet, the device acknowledges: both prove little, and
    // must not speak against the packets that follow.
    let spoken = commands(first);
    if spoken > 0 && spoken == first.len() {
        return ABSTAIN;
    }
    let first = &first[spoken..];
    // Joined in the middle of a frame as a rule.
    for start in 0..FRAME.min(first.len()) {
        let frames = first[start..].chunks_exact(FRAME);
        if frames.len() >= PROVING && frames.take(PROVING).all(is_frame) {
            return Probe::Yes(Confidence(80));
        }
    }
    let binary = first.iter().take(FRAME + 1).any(|b| *b >= 0x80);
    let enough = first.len() >= FRAME * (PROVING + 1);
    if hint.whole || enough || (first.len() > FRAME && !binary) {
        Probe::No
    } else {
        Probe::More(spoken + FRAME * (PROVING + 1))
    }
}

/// Bytes of whole commands, answers and acknowledgements at the front.
fn commands(first: &[u8]) -> usize {
    let mut at = 0;
    while let Some(rest) = first.get(at..) {
        at += match *rest {
            [0x06 | 0x15, ..] => 1,
            [
                0x02,
                0x70 | 0x72 | 0x74 | 0x75 | 0xF2 | 0xF4 | 0xF5,
                len,
                ..,
            ] if rest.get(usize::from(len) + 3) == Some(&0x03) => usize::from(len) + 4,
            _ => break,
        };
    }
    at
}

/// Status with bit 7 set, two bytes of pulse wave, a value, and their sum.
fn is_frame(bytes: &[u8]) -> bool {
    match *bytes {
        [status, a, b, c, sum] => {
            status & 0x80 != 0 && status.wrapping_add(a).wrapping_add(b).wrapping_add(c) == sum
        }
        _ => false,
    }
}

fn open(_: &Limits) -> Box<dyn Dissector> {
    Box::new(Nonin::default())
}

#[derive(Default)]
struct Nonin {
    /// How far the unread bytes of each side were searched for a frame.
    searched: [usize; 2],
}

impl Dissector for Nonin {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        match *input {
            [answer @ (0x06 | 0x15), ..] => {
                let (kind, outcome) = match answer {
                    0x06 => (ACK, Outcome::Accepted),
                    _ => (NAK, Outcome::Refused),
                };
                out.message(kind, at..at + 1).answers(
                    Scope::Conversation,
                    b"command",
                    true,
                    outcome,
                );
                Progress::Read(1)
            }
            [0x02] => Progress::Need(3),
            [0x02, 0x70 | 0x72 | 0x74 | 0x75 | 0xF2 | 0xF4 | 0xF5] => Progress::Need(3),
            [
                0x02,
                code @ (0x70 | 0x72 | 0x74 | 0x75 | 0xF2 | 0xF4 | 0xF5),
                len,
                ..,
            ] => {
                let all = usize::from(len) + 4;
                match input.get(all - 1) {
                    None => Progress::Need(all),
                    Some(0x03) => {
                        command(code, len, at..at + all as u64, out);
                        Progress::Read(all)
                    }
                    Some(_) => self.stray(side, input, out),
                }
            }
            [status, ..] if status & 0x80 != 0 => self.frames(side, input, out),
            _ => self.stray(side, input, out),
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

impl Nonin {
    fn frames(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        let Some(first) = input.get(..FRAME) else {
            return Progress::Need(FRAME);
        };
        if !is_frame(first) {
            return self.stray(side, input, out);
        }
        self.searched[side.index()] = 0;
        // The lowest bit marks the first frame of a packet; what comes before the first mark is the
        // rest of a packet whose start was not seen.
        if first[0] & 1 == 0 {
            return Progress::Read(FRAME);
        }
        let all = FRAME * PACKET_FRAMES;
        let Some(packet) = input.get(..all) else {
            return Progress::Need(all);
        };
        let sound = packet
            .chunks_exact(FRAME)
            .take_while(|f| is_frame(f))
            .count();
        let len = sound * FRAME;
        let mut draft = out.message(PACKET, at..at + len as u64);
        draft.integer(FRAMES, sound as i64).action(Action {
            device: Device::Monitor,
            ..Action::of(Verb::Store)
        });
        if sound < PACKET_FRAMES {
            draft.anomaly("bad-checksum", at + len as u64);
        }
        Progress::Read(len)
    }

    /// Bytes where no frame begins, up to two frames in a row or a command.
    fn stray(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        let searched = &mut self.searched[side.index()];
        let mut place = (*searched).max(1);
        let end = loop {
            if place >= LONGEST_STRAY {
                break LONGEST_STRAY;
            }
            let Some(two) = input.get(place..place + 2 * FRAME) else {
                *searched = place;
                return Progress::Need(place + 2 * FRAME);
            };
            if two.chunks_exact(FRAME).all(is_frame) {
                break place;
            }
            place += 1;
        };
        *searched = 0;
        out.message(MALFORMED, at..at + end as u64)
            .anomaly("stray-bytes", at);
        Progress::Read(end)
    }

    fn unread(&mut self, side: Side, rest: &[u8], out: &mut Messages<'_>) {
        self.searched[side.index()] = 0;
        if !rest.is_empty() {
            let at = out.offset();
            out.message(MALFORMED, at..at + rest.len() as u64)
                .anomaly("unfinished", at);
        }
    }
}

fn command(code: u8, len: u8, range: std::ops::Range<u64>, out: &mut Messages<'_>) {
    let (kind, verb): (KindId, _) = match code {
        0x70 => (SET_FORMAT, Some(Verb::Configure)),
        0x72 => (SET_TIME, Some(Verb::SetTime)),
        0x74 => (GET_SERIAL, Some(Verb::Read)),
        0x75 => (SET_TIMEOUT, Some(Verb::Configure)),
        _ => (ANSWER, None),
    };
    let mut draft = out.message(kind, range);
    draft
        .integer(OPERATION, i64::from(code))
        .integer(LENGTH, i64::from(len));
    match verb {
        Some(verb) => draft.asks(Scope::Conversation, b"command").action(Action {
            device: Device::Monitor,
            ..Action::of(verb)
        }),
        None => draft.answers(Scope::Conversation, b"command", true, Outcome::Accepted),
    };
}
