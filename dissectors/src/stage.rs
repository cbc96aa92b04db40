//! For tests: a conversation played to a dissector as the flow layer does, whole or cut to pieces,
//! and what it says of it.

use std::ops::Range;

use crate::action::{Outcome, Verb};
use crate::contract::{Dissector, End, Hint, Probe, Progress, Side, Transport};
use crate::limits::Limits;
use crate::message::{Batch, Interest, Message, Messages, Value};
use crate::registry::ProtocolId;

/// A message as a test compares it.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub kind: String,
    pub side: Side,
    pub range: Range<u64>,
    pub fields: Vec<(String, String)>,
    pub anomalies: Vec<String>,
    pub verb: Option<Verb>,
    pub asks: Option<Vec<u8>>,
    pub answers: Option<(Vec<u8>, bool, Outcome)>,
}

impl Seen {
    fn of(m: &Message<'_>) -> Self {
        Seen {
            kind: text(m.kind()),
            side: m.side(),
            range: m.range(),
            fields: m
                .fields()
                .map(|(id, v)| (m.describe(id).name.to_owned(), show(v)))
                .collect(),
            anomalies: m.anomalies().iter().map(|a| a.name.to_owned()).collect(),
            verb: m.action().map(|a| a.verb),
            asks: m.asks().map(|j| j.key.to_vec()),
            answers: m.answers().map(|j| (j.key.to_vec(), j.last, j.outcome)),
        }
    }

    /// The first value of a field, empty if there is none.
    pub fn first(&self, field: &str) -> &str {
        let found = self.fields.iter().find(|(name, _)| name == field);
        found.map_or("", |(_, v)| v)
    }

    /// All values of a field.
    pub fn all(&self, field: &str) -> Vec<&str> {
        let values = self.fields.iter().filter(|(name, _)| name == field);
        values.map(|(_, v)| v.as_str()).collect()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn show(value: Value<'_>) -> String {
    match value {
        Value::Text(t) | Value::Time(t) | Value::Bytes(t) => text(t),
        Value::Quantity(q) => format!("{} {}", q.number, text(q.unit)),
        Value::Secret(len) => format!("secret of {len}"),
        Value::Integer(n) => n.to_string(),
        Value::Flag(f) => f.to_string(),
        Value::Decimal(n) => n.to_string(),
    }
}

/// One conversation of a protocol.
pub struct Stage {
    protocol: ProtocolId,
    dissector: Box<dyn Dissector>,
    batch: Batch,
    limits: Limits,
    interest: Interest,
    unread: [Vec<u8>; 2],
    offset: [u64; 2],
    need: [usize; 2],
    pass: [u64; 2],
    pub rejected: Option<&'static str>,
}

impl Stage {
    pub fn of(protocol: &str) -> Self {
        let protocol = ProtocolId::of(protocol).expect("registered");
        let limits = Limits::default();
        Stage {
            protocol,
            dissector: (protocol.protocol().open)(&limits),
            batch: Batch::default(),
            limits,
            interest: Interest::everything(),
            unread: [Vec::new(), Vec::new()],
            offset: [0; 2],
            need: [0; 2],
            pass: [0; 2],
            rejected: None,
        }
    }

    fn call<R>(
        &mut self,
        side: Side,
        what: impl FnOnce(&mut dyn Dissector, &[u8], &mut Messages<'_>) -> R,
    ) -> R {
        let at = side.index();
        let mut out = Messages::new(
            &mut self.batch,
            &self.limits,
            &self.interest,
            self.protocol,
            side,
            self.offset[at],
        );
        what(&mut *self.dissector, &self.unread[at], &mut out)
    }

    /// Stream bytes of a side.
    pub fn send(&mut self, side: Side, bytes: &[u8]) -> &mut Self {
        let at = side.index();
        self.unread[at].extend_from_slice(bytes);
        while self.rejected.is_none() {
            let passed = (self.unread[at].len() as u64).min(self.pass[at]);
            self.unread[at].drain(..passed as usize);
            self.pass[at] -= passed;
            self.offset[at] += passed;
            let unread = self.unread[at].len();
            if unread == 0 || unread < self.need[at] {
                break;
            }
            match self.call(side, |d, bytes, out| d.read(side, bytes, out)) {
                Progress::Read(n) => {
                    assert!(n > 0 && n <= unread, "read {n} of {unread}");
                    self.unread[at].drain(..n);
                    self.offset[at] += n as u64;
                    self.need[at] = 0;
                }
                Progress::Need(n) => {
                    assert!(n > unread, "needs {n}, has {unread}");
                    self.need[at] = n;
                }
                Progress::Pass { head, body } => {
                    assert!(head <= unread && (head > 0 || body > 0));
                    self.unread[at].drain(..head);
                    self.offset[at] += head as u64;
                    self.pass[at] = body;
                    self.need[at] = 0;
                }
                Progress::Reject(why) => self.rejected = Some(why.0),
            }
        }
        self
    }

    /// A datagram. True if all of it was read.
    pub fn datagram(&mut self, side: Side, bytes: &[u8]) -> bool {
        let at = side.index();
        self.send(side, bytes);
        let left = self.unread[at].len();
        self.unread[at].clear();
        (self.need[at], self.pass[at]) = (0, 0);
        self.offset[at] += left as u64;
        left == 0
    }

    pub fn gap(&mut self, side: Side, len: u64) -> &mut Self {
        let at = side.index();
        let progress = self.call(side, |d, rest, out| d.gap(side, rest, len, out));
        if let Progress::Reject(why) = progress {
            self.rejected = Some(why.0);
        }
        self.offset[at] += self.unread[at].len() as u64 + len;
        self.unread[at].clear();
        self.need[at] = 0;
        self
    }

    pub fn end(&mut self, why: End) -> Vec<Seen> {
        for side in Side::BOTH {
            self.call(side, |d, rest, out| d.end(side, rest, why, out));
            self.unread[side.index()].clear();
        }
        self.seen()
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.batch.messages().map(|m| Seen::of(&m)).collect()
    }
}

/// What one datagram of a client says.
pub fn datagram(protocol: &str, bytes: &[u8]) -> Vec<Seen> {
    let mut stage = Stage::of(protocol);
    stage.datagram(Side::Client, bytes);
    stage.seen()
}

/// What a conversation over TCP says, each turn cut into pieces of `piece` bytes.
pub fn converse(protocol: &str, turns: &[(Side, &[u8])], piece: usize) -> Vec<Seen> {
    let mut stage = Stage::of(protocol);
    for (side, bytes) in turns {
        for part in bytes.chunks(piece.max(1)) {
            stage.send(*side, part);
        }
    }
    stage.end(End::Fin)
}

/// The same conversation says the same, however it is cut.
pub fn cuts_do_not_matter(protocol: &str, turns: &[(Side, &[u8])]) {
    let whole = converse(protocol, turns, usize::MAX);
    assert!(!whole.is_empty());
    for piece in [1, 2, 3, 5, 7, 11, 64, 100] {
        assert_eq!(converse(protocol, turns, piece), whole, "pieces of {piece}");
    }
}

/// Changed bytes and cut ends: no panic, no hanging, and progress as the contract has it.
pub fn survives_mutations(protocol: &str, turns: &[(Side, &[u8])]) {
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below.max(1) as u64) as usize
    };
    let udp = ProtocolId::of(protocol)
        .expect("registered")
        .protocol()
        .transports
        .iter()
        .any(|t| *t != Transport::Tcp && *t != Transport::Carried);
    for _ in 0..4_000 {
        let mut stage = Stage::of(protocol);
        for (side, bytes) in turns {
            let mut bytes = bytes.to_vec();
            for _ in 0..next(4) {
                let at = next(bytes.len());
                let odd = [0, 1, 0x7F, 0x80, 0xFF, 0xC0, b'\n'];
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = if next(2) == 0 {
                        odd[next(odd.len())]
                    } else {
                        next(256) as u8
                    };
                }
            }
            if next(4) == 0 {
                bytes.truncate(next(bytes.len()));
            }
            let cut = next(bytes.len());
            if udp && next(2) == 0 {
                stage.datagram(*side, &bytes);
            } else {
                stage.send(*side, &bytes[..cut]).send(*side, &bytes[cut..]);
            }
            if next(8) == 0 && stage.rejected.is_none() {
                stage.gap(*side, next(100) as u64);
            }
        }
        stage.end(End::Reset);
    }
}

/// A hint for a whole datagram or the beginning of a stream.
pub fn hint(transport: Transport, port: bool) -> Hint {
    Hint {
        transport,
        port,
        mid_stream: false,
        whole: transport != Transport::Tcp,
    }
}

/// What the signature of a protocol says.
pub fn probe(protocol: &str, side: Side, bytes: &[u8], hint: Hint) -> Probe {
    let protocol = ProtocolId::of(protocol).expect("registered").protocol();
    (protocol.probe)(side, bytes, hint)
}

/// Bytes written in hexadecimal, blanks aside.
pub fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|two| u8::from_str_radix(std::str::from_utf8(two).expect("hex"), 16).expect("hex"))
        .collect()
}

/// The turns of one conversation of a shipped capture, the `nth` to this port of TCP or UDP: Ethernet
/// and IPv4 without options, nothing lost, nothing twice.
pub fn turns(capture: &str, port: u16, nth: usize) -> Vec<(Side, Vec<u8>)> {
    let path = format!("{}/../pcaps/{capture}", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::read(path).expect("the capture is in the repository");
    let word = |bytes: &[u8], at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
    let mut clients: Vec<u16> = Vec::new();
    let mut all: Vec<(Side, Vec<u8>)> = Vec::new();
    let mut rest = &file[24..];
    while rest.len() > 16 {
        let length = u32::from_le_bytes([rest[8], rest[9], rest[10], rest[11]]) as usize;
        let frame = &rest[16..16 + length];
        rest = &rest[16 + length..];
        if word(frame, 12) != 0x0800 {
            continue;
        }
        let packet = &frame[14..14 + usize::from(word(frame, 16))];
        let (protocol, transport) = (packet[9], &packet[20..]);
        let payload = match protocol {
            6 => &transport[usize::from(transport[12] >> 4) * 4..],
            17 => &transport[8..],
            _ => continue,
        };
        let (from, to) = (word(transport, 0), word(transport, 2));
        let (side, client) = match (from == port, to == port) {
            (_, true) => (Side::Client, from),
            (true, _) => (Side::Server, to),
            _ => continue,
        };
        if !clients.contains(&client) {
            clients.push(client);
        }
        if clients.iter().position(|c| *c == client) == Some(nth) && !payload.is_empty() {
            all.push((side, payload.to_vec()));
        }
    }
    all
}

/// Borrowed turns.
pub fn borrowed(turns: &[(Side, Vec<u8>)]) -> Vec<(Side, &[u8])> {
    turns
        .iter()
        .map(|(side, bytes)| (*side, bytes.as_slice()))
        .collect()
}
