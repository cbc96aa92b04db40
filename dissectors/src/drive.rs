//! Drives a registered dissector in tests as the flow layer would, and holds what it wrote.

use crate::action::{Outcome, Verb};
use crate::contract::{End, Hint, Probe, Progress, Side, Transport};
use crate::limits::{LimitId, Limits};
use crate::message::{Batch, Interest, Messages, Value};
use crate::registry::ProtocolId;
use crate::schema::Provenance;

/// One message, copied out of its batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub kind: String,
    pub side: Side,
    pub range: std::ops::Range<u64>,
    pub fields: Vec<(&'static str, String)>,
    pub anomalies: Vec<&'static str>,
    pub verb: Option<Verb>,
    /// handle, channel, device id
    pub subject: Option<[String; 3]>,
    pub asks: Option<String>,
    pub answers: Option<(String, bool, Outcome)>,
    pub provenance: Provenance,
}

impl Seen {
    /// The first value of a field, empty if there is none.
    pub fn field(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(n, _)| *n == name);
        found.map_or("", |(_, v)| v)
    }

    pub fn all(&self, name: &str) -> Vec<&str> {
        let same = self.fields.iter().filter(|(n, _)| *n == name);
        same.map(|(_, v)| v.as_str()).collect()
    }
}

/// A conversation under test.
pub struct Drive {
    protocol: ProtocolId,
    dissector: Box<dyn crate::Dissector>,
    limits: Limits,
    interest: Interest,
    batch: Batch,
    unread: [Vec<u8>; 2],
    offset: [u64; 2],
    need: [usize; 2],
    pass: [u64; 2],
    pub rejected: Option<&'static str>,
    pub seen: Vec<Seen>,
    pub limit_hits: Vec<LimitId>,
    pub most_held: usize,
}

impl Drive {
    pub fn new(protocol: &str) -> Self {
        Self::with_limits(protocol, Limits::default())
    }

    pub fn with_limits(protocol: &str, limits: Limits) -> Self {
        let protocol = ProtocolId::of(protocol).expect("a registered protocol");
        Drive {
            protocol,
            dissector: (protocol.protocol().open)(&limits),
            limits,
            interest: Interest::everything(),
            batch: Batch::default(),
            unread: Default::default(),
            offset: [0; 2],
            need: [0; 2],
            pass: [0; 2],
            rejected: None,
            seen: Vec::new(),
            limit_hits: Vec::new(),
            most_held: 0,
        }
    }

    /// Stream bytes of one side.
    pub fn send(&mut self, side: Side, bytes: &[u8]) -> &mut Self {
        self.unread[side.index()].extend_from_slice(bytes);
        self.run(side);
        self
    }

    /// A datagram: it has to be read whole.
    pub fn datagram(&mut self, side: Side, bytes: &[u8]) -> &mut Self {
        let i = side.index();
        self.unread[i] = bytes.to_vec();
        self.need[i] = 0;
        self.run(side);
        assert!(self.unread[i].is_empty() || self.rejected.is_some());
        self
    }

    pub fn gap(&mut self, side: Side, len: u64) -> &mut Self {
        let i = side.index();
        let rest = std::mem::take(&mut self.unread[i]);
        let mut out = Messages::new(
            &mut self.batch,
            &self.limits,
            &self.interest,
            self.protocol,
            side,
            self.offset[i],
        );
        if let Progress::Reject(why) = self.dissector.gap(side, &rest, len, &mut out) {
            self.rejected = Some(why.0);
        }
        self.offset[i] += rest.len() as u64 + len;
        self.need[i] = 0;
        self.collect();
        self
    }

    pub fn end(&mut self, side: Side, why: End) -> &mut Self {
        let i = side.index();
        let rest = std::mem::take(&mut self.unread[i]);
        let mut out = Messages::new(
            &mut self.batch,
            &self.limits,
            &self.interest,
            self.protocol,
            side,
            self.offset[i],
        );
        self.dissector.end(side, &rest, why, &mut out);
        self.collect();
        self
    }

    fn run(&mut self, side: Side) {
        let i = side.index();
        while self.rejected.is_none() {
            let passed = self.pass[i].min(self.unread[i].len() as u64);
            self.unread[i].drain(..passed as usize);
            self.pass[i] -= passed;
            self.offset[i] += passed;
            let have = self.unread[i].len();
            if have == 0 || have < self.need[i] {
                break;
            }
            let mut out = Messages::new(
                &mut self.batch,
                &self.limits,
                &self.interest,
                self.protocol,
                side,
                self.offset[i],
            );
            let progress = self.dissector.read(side, &self.unread[i], &mut out);
            self.collect();
            let done = match progress {
                Progress::Read(n) => {
                    assert!(n > 0 && n <= have, "read {n} of {have}");
                    n
                }
                Progress::Need(n) => {
                    assert!(n > have, "needs {n}, has {have}");
                    self.need[i] = n;
                    break;
                }
                Progress::Pass { head, body } => {
                    assert!(head <= have && head as u64 + body > 0);
                    self.pass[i] = body;
                    head
                }
                Progress::Reject(why) => {
                    self.rejected = Some(why.0);
                    break;
                }
            };
            self.unread[i].drain(..done);
            self.offset[i] += done as u64;
            self.need[i] = 0;
        }
    }

    fn collect(&mut self) {
        self.most_held = self.most_held.max(self.dissector.held());
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        for m in self.batch.messages() {
            let fields = m.fields().map(|(id, v)| {
                let value = match v {
                    Value::Text(b) | Value::Time(b) => text(b),
                    Value::Bytes(b) => b.iter().map(|x| format!("{x:02x}")).collect(),
                    Value::Integer(n) => n.to_string(),
                    Value::Decimal(n) => n.to_string(),
                    Value::Flag(b) => b.to_string(),
                    Value::Secret(n) => format!("secret {n}"),
                    Value::Quantity(q) => {
                        format!("{} {} {}", q.number, text(q.unit), text(q.code))
                    }
                };
                (m.describe(id).name, value)
            });
            self.seen.push(Seen {
                kind: text(m.kind()),
                side: m.side(),
                range: m.range(),
                fields: fields.collect(),
                anomalies: m.anomalies().iter().map(|a| a.name).collect(),
                verb: m.action().map(|a| a.verb),
                subject: m
                    .action()
                    .map(|a| [text(a.handle), text(a.channel), text(a.device_id)]),
                asks: m.asks().map(|j| text(j.key)),
                answers: m.answers().map(|j| (text(j.key), j.last, j.outcome)),
                provenance: m.provenance(),
            });
            for a in m.anomalies() {
                let declared = self.protocol.protocol().anomalies;
                assert!(
                    declared.iter().any(|(name, _)| *name == a.name),
                    "anomaly {} is not declared",
                    a.name
                );
            }
        }
        self.limit_hits
            .extend(self.batch.limit_hits().iter().map(|(id, _)| *id));
        self.batch.clear();
    }
}

/// The messages of a two-sided stream, however its parts are cut: `cut` bytes at a time.
pub fn stream(protocol: &str, parts: &[(Side, &[u8])], cut: usize) -> Vec<Seen> {
    let mut drive = Drive::new(protocol);
    for (side, bytes) in parts {
        for piece in bytes.chunks(cut.max(1)) {
            drive.send(*side, piece);
        }
    }
    for side in Side::BOTH {
        drive.end(side, End::Fin);
    }
    assert_eq!(drive.rejected, None);
    drive.seen
}

/// Asserts that single bytes and the whole at once give the same messages, and gives them.
pub fn stream_any_cut(protocol: &str, parts: &[(Side, &[u8])]) -> Vec<Seen> {
    let whole = stream(protocol, parts, usize::MAX);
    for cut in [1, 2, 3, 7, 100] {
        assert_eq!(stream(protocol, parts, cut), whole, "cut at {cut}");
    }
    whole
}

/// What the signature says of `first`, all there is of it.
pub fn probe(protocol: &str, transport: Transport, port: bool, side: Side, first: &[u8]) -> Probe {
    let protocol = ProtocolId::of(protocol).expect("a registered protocol");
    let hint = Hint {
        transport,
        port,
        mid_stream: false,
        whole: transport != Transport::Tcp,
    };
    (protocol.protocol().probe)(side, first, hint)
}

/// Changes `seed`s at random (the same in every run), cuts them, and feeds them: nothing may panic
/// and nothing may be held beyond `budget` bytes.
pub fn mutate(protocol: &str, seeds: &[Vec<u8>], datagrams: bool, rounds: u32, budget: usize) {
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below.max(1) as u64) as usize
    };
    for round in 0..rounds {
        let mut bytes = seeds[next(seeds.len())].clone();
        for _ in 0..=next(4) {
            let at = next(bytes.len());
            match next(5) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, next(256) as u8),
                2 if !bytes.is_empty() => bytes[at] ^= 1 << next(8),
                3 if !bytes.is_empty() => bytes[at] = [0, 0xFF, 0x7F, 0x80][next(4)],
                _ if !bytes.is_empty() => {
                    let end = (at + next(40)).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    let to = next(bytes.len());
                    bytes.splice(to..to, piece);
                }
                _ => {}
            }
        }
        let mut drive = Drive::new(protocol);
        let side = Side::BOTH[round as usize % 2];
        if datagrams {
            if !bytes.is_empty() {
                drive.datagram(side, &bytes);
            }
        } else {
            let cut = 1 + next(bytes.len());
            for piece in bytes.chunks(cut) {
                drive.send(side, piece);
            }
            if round % 3 == 0 && drive.rejected.is_none() {
                drive.gap(side, 10);
                drive.send(side, &bytes);
            }
        }
        drive.end(side, End::Reset);
        assert!(drive.most_held <= budget, "held {}", drive.most_held);
    }
}

/// Bytes of a hexadecimal text.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|b| !b.is_ascii_whitespace())
        .map(|b| char::from(b).to_digit(16).expect("a hexadecimal digit") as u8)
        .collect();
    digits.chunks(2).map(|d| d[0] << 4 | d[1]).collect()
}
