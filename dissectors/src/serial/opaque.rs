//! The protocol `serial`: a stream on a terminal-server port whose protocol nobody recognised.
//!
//! Nothing is decoded. What can be judged (sheet ge_aestiva, points 1 to 4): that somebody sends
//! to the device at all, whether such a request was sent before, and whether the device's output
//! changes its shape. So each message towards the device is reported, and of the device's own only
//! the first of each shape.

use crate::action::{Action, Verb};
use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Side, Transport};
use crate::limits::{Limits, SERIAL_SHAPES};
use crate::message::{Messages, Scope};
use crate::schema::{Protocol, Provenance};
use crate::serial::PORTS;
use crate::serial::signature::ABSTAIN;
use crate::{fields, kinds};

fields! {
    LENGTH "length" Integer, Open, "bytes of the message";
    REQUEST "request" Text, Open, "mark of the message's text with its numbers left out: equal requests have equal marks";
    SHAPE "shape" Text, Open, "letters as A, numbers as 9, other printable characters as they are";
    FIRST "first" Flag, Open, "no such message came before in this conversation";
    SENT "sent" Bytes, Patient("text"), "the first bytes as sent";
}

kinds! {
    TO_DEVICE "to-device", "a message from the client, which a terminal server sends on to the device";
    NEW_SHAPE "new-shape", "first message of the device of this shape in the conversation";
}

/// Serial streams of unknown protocol.
pub const SERIAL: Protocol = Protocol {
    name: "serial",
    title: "Serial stream behind a terminal server, protocol unknown",
    provenance: Provenance::Behaviour,
    source: "protocols/serial_over_ip.md, ge_aestiva.md (ICSMA-19-190-01)",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: &[],
    hints: PORTS,
    transports: &[Transport::Tcp],
    probe,
    open,
    path: None,
};

/// By port alone, where no other signature says yes: those that need several messages of one side
/// get them first. Devices answer at length, so what they say is waited for longer: the client's
/// words are to be judged before.
fn probe(side: Side, first: &[u8], hint: Hint) -> Probe {
    let patience = match side {
        Side::Client => 48,
        // More than a block of a monitor that sends one a second, joined in its middle.
        Side::Server => 768,
    };
    if !hint.port {
        Probe::No
    } else if hint.whole || first.len() >= patience {
        Probe::Yes(Confidence(2))
    } else {
        ABSTAIN
    }
}

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(Opaque {
        known: Default::default(),
        most: limits.get(SERIAL_SHAPES),
        asked: 0,
    })
}

/// Bytes after which a message ends where no delimiter comes.
const LONGEST: usize = 256;
/// Bytes shown.
const SHOWN: usize = 64;

struct Opaque {
    /// Marks of the messages of each side, sorted.
    known: [Vec<u64>; 2],
    most: usize,
    asked: u32,
}

impl Opaque {
    /// True if the mark is new; false too if there is no room to remember it.
    fn learn(&mut self, side: Side, mark: u64, out: &mut Messages<'_>) -> bool {
        let known = &mut self.known[side.index()];
        match known.binary_search(&mark) {
            Ok(_) => false,
            Err(_) if known.len() >= self.most => {
                out.limit(SERIAL_SHAPES);
                false
            }
            Err(at) => {
                known.insert(at, mark);
                true
            }
        }
    }

    fn message(&mut self, side: Side, bytes: &[u8], out: &mut Messages<'_>) {
        let at = out.offset();
        let range = at..at + bytes.len() as u64;
        let text = bytes.trim_ascii_end();
        let mut shape = [0; SHOWN];
        let shape = outline(text, &mut shape);
        let mark = if side == Side::Client {
            mark(text)
        } else {
            fnv(shape)
        };
        let first = self.learn(side, mark, out);
        if side == Side::Server && !first {
            return;
        }
        let kind = if side == Side::Client {
            TO_DEVICE
        } else {
            NEW_SHAPE
        };
        let mut draft = out.message(kind, range);
        draft
            .integer(LENGTH, bytes.len() as i64)
            .text(SHAPE, shape)
            .flag(FIRST, first)
            .bytes(SENT, &text[..text.len().min(SHOWN)]);
        if side == Side::Client {
            let digits = hex16(mark);
            draft.text(REQUEST, &digits);
            // Nobody knows what it does: it may be a write.
            draft.action(Action {
                handle: &digits,
                ..Action::of(Verb::UnknownVerb)
            });
            draft.asks(Scope::Conversation, &self.asked.to_be_bytes());
            self.asked = self.asked.wrapping_add(1);
        }
    }
}

impl Dissector for Opaque {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let delimiter = |b: &u8| matches!(*b, b'\r' | b'\n' | 0x03 | 0x04);
        if input.first().is_some_and(delimiter) {
            return Progress::Read(1);
        }
        let window = &input[..input.len().min(LONGEST)];
        match window.iter().position(delimiter) {
            Some(end) => {
                self.message(side, &input[..=end], out);
                Progress::Read(end + 1)
            }
            None if window.len() == LONGEST => {
                self.message(side, window, out);
                Progress::Read(LONGEST)
            }
            None => Progress::Need(input.len() + 1),
        }
    }

    fn gap(&mut self, _: Side, rest: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        Progress::Read(rest.len().max(1))
    }

    fn end(&mut self, side: Side, rest: &[u8], _: End, out: &mut Messages<'_>) {
        if !rest.is_empty() {
            self.message(side, rest, out);
        }
    }

    fn held(&self) -> usize {
        self.known
            .iter()
            .map(|k| k.capacity() * size_of::<u64>())
            .sum()
    }
}

/// Letters become A, runs of digits 9; runs of either count once.
fn outline<'s>(text: &[u8], shape: &'s mut [u8; SHOWN]) -> &'s [u8] {
    let mut len = 0;
    for byte in text {
        let class = match byte {
            b'0'..=b'9' => b'9',
            b'a'..=b'z' | b'A'..=b'Z' => b'A',
            0x20..0x7F => *byte,
            _ => b'.',
        };
        let run = matches!(class, b'9' | b'A' | b' ') && len > 0 && shape[len - 1] == class;
        if run {
            continue;
        }
        if len == SHOWN {
            break;
        }
        shape[len] = class;
        len += 1;
    }
    &shape[..len]
}

/// Marks a text by its bytes, runs of digits counted as one digit.
fn mark(text: &[u8]) -> u64 {
    let mut hash = FNV_START;
    let mut in_digits = false;
    for byte in text {
        let digit = byte.is_ascii_digit();
        if !(digit && in_digits) {
            hash = fnv_step(hash, if digit { b'9' } else { *byte });
        }
        in_digits = digit;
    }
    hash
}

/// FNV-1a: the same in every run, unlike a keyed hash.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(FNV_START, |hash, b| fnv_step(hash, *b))
}

const FNV_START: u64 = 0xCBF2_9CE4_8422_2325;

fn fnv_step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
}

fn hex16(mark: u64) -> [u8; 16] {
    let mut digits = [0; 16];
    for (n, digit) in digits.iter_mut().enumerate() {
        *digit = b"0123456789abcdef"[(mark >> (60 - 4 * n) & 15) as usize];
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serial::harness::{hint, mutate, play, recut};

    #[test]
    fn off_the_usual_ports_nothing_is_claimed() {
        assert_eq!(probe(Side::Client, b"#MODE\r", hint(false)), Probe::No);
    }

    #[test]
    fn request_never_sent_before_is_told_apart() {
        let seen = play(
            &SERIAL,
            &[(Side::Client, b"#POLL 1\r#POLL 2\r#VERSION 0\r")],
        );
        let first: Vec<_> = seen
            .messages
            .iter()
            .map(|m| m.field("first").unwrap())
            .collect();
        assert_eq!(first, ["true", "false", "true"]);
        assert!(
            seen.messages
                .iter()
                .all(|m| m.verb == Some(Verb::UnknownVerb))
        );
    }

    #[test]
    fn device_output_is_reported_when_its_shape_changes() {
        let script: &[(Side, &[u8])] = &[(
            Side::Server,
            b"#DATA 0001 0450 0015\r\n#DATA 0002 0451 0015\r\n#OLD 0003 450\r\n#DATA 0004 0450 0016\r\n",
        )];
        let seen = play(&SERIAL, script);
        assert_eq!(seen.kinds(), ["new-shape", "new-shape"]);
        assert_eq!(seen.messages[1].field("shape"), Some("#A 9 9"));
    }

    #[test]
    fn flood_of_shapes_stops_at_the_limit() {
        let flood: Vec<u8> = (1..200)
            .flat_map(|n| [vec![b'#'; n], vec![b'\r']].concat())
            .collect();
        let seen = play(&SERIAL, &[(Side::Server, &flood)]);
        assert!(seen.messages.len() <= 64);
    }

    #[test]
    fn cut_into_single_bytes_gives_the_same_messages() {
        recut(
            &SERIAL,
            &[(Side::Client, b"#MODE\r\nabc"), (Side::Server, &[7; 700])],
        );
        mutate(
            &SERIAL,
            b"#MODE 1\r\n#DATA 0001 0450\r\n#OPAQUE 12 34\x03\x02zz\x04",
        );
    }
}
