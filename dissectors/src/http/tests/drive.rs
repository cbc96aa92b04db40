//! Runs a dissector as the sensor does, over any cut of the same bytes, and prints what it wrote.

use std::net::Ipv4Addr;

use crate::contract::{Dissector, End, Progress, Side};
use crate::limits::Limits;
use crate::message::{Batch, Interest, Messages, Value};
use crate::registry::ProtocolId;

/// What each side sent, in order.
pub type Script = Vec<(Side, Vec<u8>)>;

/// One conversation with its unread bytes.
pub struct Drive {
    dissector: Box<dyn Dissector>,
    id: ProtocolId,
    pub batch: Batch,
    limits: Limits,
    interest: Interest,
    unread: [Vec<u8>; 2],
    offset: [u64; 2],
    pass: [u64; 2],
    need: [usize; 2],
    pub rejected: Option<&'static str>,
}

impl Drive {
    pub fn new(protocol: &str, limits: Limits) -> Self {
        let id = ProtocolId::of(protocol).expect("registered");
        Drive {
            dissector: (id.protocol().open)(&limits),
            id,
            batch: Batch::default(),
            limits,
            interest: Interest::everything(),
            unread: Default::default(),
            offset: [0; 2],
            pass: [0; 2],
            need: [0; 2],
            rejected: None,
        }
    }

    pub fn feed(&mut self, side: Side, bytes: &[u8]) {
        let i = side.index();
        let skip = usize::try_from(self.pass[i])
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        self.pass[i] -= skip as u64;
        self.offset[i] += skip as u64;
        self.unread[i].extend_from_slice(&bytes[skip..]);
        while self.rejected.is_none()
            && !self.unread[i].is_empty()
            && self.unread[i].len() >= self.need[i]
        {
            let (batch, limits) = (&mut self.batch, &self.limits);
            let mut pen =
                Messages::new(batch, limits, &self.interest, self.id, side, self.offset[i]);
            let input = std::mem::take(&mut self.unread[i]);
            self.need[i] = 0;
            let (done, body) = match self.dissector.read(side, &input, &mut pen) {
                Progress::Read(n) => {
                    assert!(n > 0 && n <= input.len(), "read {n} of {}", input.len());
                    (n, 0)
                }
                Progress::Need(n) => {
                    assert!(n > input.len(), "needs {n}, has {}", input.len());
                    self.need[i] = n;
                    self.unread[i] = input;
                    return;
                }
                Progress::Pass { head, body } => {
                    assert!(head <= input.len() && (head > 0 || body > 0));
                    (head, body)
                }
                Progress::Reject(why) => {
                    self.rejected = Some(why.0);
                    return;
                }
            };
            let now = usize::try_from(body)
                .unwrap_or(usize::MAX)
                .min(input.len() - done);
            self.pass[i] = body - now as u64;
            self.offset[i] += (done + now) as u64;
            self.unread[i] = input[done + now..].to_vec();
        }
    }

    pub fn gap(&mut self, side: Side, len: u64) {
        let i = side.index();
        let rest = std::mem::take(&mut self.unread[i]);
        let mut pen = Messages::new(
            &mut self.batch,
            &self.limits,
            &self.interest,
            self.id,
            side,
            self.offset[i],
        );
        if let Progress::Reject(why) = self.dissector.gap(side, &rest, len, &mut pen) {
            self.rejected = Some(why.0);
        }
        self.offset[i] += rest.len() as u64 + len;
        self.pass[i] = self.pass[i].saturating_sub(len);
        self.need[i] = 0;
    }

    pub fn end(&mut self, why: End) {
        for side in Side::BOTH {
            let i = side.index();
            let rest = std::mem::take(&mut self.unread[i]);
            if self.rejected.is_none() {
                let mut pen = Messages::new(
                    &mut self.batch,
                    &self.limits,
                    &self.interest,
                    self.id,
                    side,
                    self.offset[i],
                );
                self.dissector.end(side, &rest, why, &mut pen);
            }
        }
        assert!(self.dissector.held() < 64 << 20);
    }

    /// One line a message, in the order of side and place: what the cut must not change.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<_> = self
            .batch
            .messages()
            .map(|m| {
                let mut line = format!(
                    "{:?} {:?} {} {}",
                    m.side(),
                    m.range(),
                    m.protocol().name(),
                    String::from_utf8_lossy(m.kind())
                );
                for (field, value) in m.fields() {
                    line.push_str(&format!(" {}={}", m.describe(field).name, text(value)));
                }
                for a in m.anomalies() {
                    let declared = m
                        .protocol()
                        .protocol()
                        .anomalies
                        .iter()
                        .any(|(n, _)| *n == a.name);
                    assert!(
                        declared,
                        "{} is not declared by {}",
                        a.name,
                        m.protocol().name()
                    );
                    line.push_str(&format!(" !{}@{}", a.name, a.at));
                }
                if let Some(a) = m.action() {
                    let value = a.value.map_or(String::new(), |q| {
                        format!(
                            "{}{}",
                            String::from_utf8_lossy(q.sent),
                            String::from_utf8_lossy(q.unit)
                        )
                    });
                    let handle = String::from_utf8_lossy(a.handle);
                    line.push_str(&format!(" [{} {} {handle} {value}]", a.verb, a.device));
                }
                for (mark, join) in [("?", m.asks()), ("=", m.answers())] {
                    if let Some(j) = join {
                        let key = String::from_utf8_lossy(j.key);
                        line.push_str(&format!(" {mark}{key}/{:?}/{}", j.outcome, j.last));
                    }
                }
                line
            })
            .collect();
        lines.sort();
        lines
    }
}

fn text(value: Value<'_>) -> String {
    match value {
        Value::Text(b) | Value::Bytes(b) | Value::Time(b) => {
            String::from_utf8_lossy(b).into_owned()
        }
        Value::Integer(n) => n.to_string(),
        Value::Decimal(n) => n.to_string(),
        Value::Quantity(q) => String::from_utf8_lossy(q.sent).into_owned(),
        Value::Flag(b) => b.to_string(),
        Value::Secret(n) => format!("secret({n})"),
    }
}

/// A scripted conversation in pieces of `cut` bytes, to its end.
pub fn run(protocol: &str, script: &[(Side, Vec<u8>)], cut: usize, limits: &Limits) -> Drive {
    let mut drive = Drive::new(protocol, limits.clone());
    for (side, bytes) in script {
        for piece in bytes.chunks(cut) {
            drive.feed(*side, piece);
        }
    }
    drive.end(End::Fin);
    drive
}

/// The same messages at every cut.
pub fn same_at_every_cut(
    protocol: &str,
    script: &[(Side, Vec<u8>)],
    limits: &Limits,
) -> Vec<String> {
    let whole = run(protocol, script, usize::MAX, limits).lines();
    for cut in [1, 2, 3, 7, 64, 1000] {
        assert_eq!(
            run(protocol, script, cut, limits).lines(),
            whole,
            "cut in pieces of {cut}"
        );
    }
    whole
}

/// Small, seeded, good enough to change bytes.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }
}

/// Changed, dropped, doubled and cut bytes, in odd pieces, with holes: nothing may panic.
pub fn survives_mutations(
    protocol: &str,
    script: &[(Side, Vec<u8>)],
    limits: &Limits,
    rounds: u64,
) {
    for seed in 1..=rounds {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut drive = Drive::new(protocol, limits.clone());
        if random.next(4) == 0 {
            drive.gap(Side::Client, 0);
            drive.gap(Side::Server, 0);
        }
        for (side, bytes) in script {
            let mut bytes = bytes.clone();
            for _ in 0..random.next(4) {
                let at = random.next(bytes.len());
                match random.next(4) {
                    0 => bytes[at] = random.next(256) as u8,
                    1 => drop(bytes.drain(at..(at + random.next(20)).min(bytes.len()))),
                    2 => bytes.insert(at, random.next(256) as u8),
                    _ => bytes.truncate(at.max(1)),
                }
                if bytes.is_empty() {
                    break;
                }
            }
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let n = (1 + random.next(400)).min(rest.len());
                if random.next(40) == 0 {
                    drive.gap(*side, n as u64);
                } else {
                    drive.feed(*side, &rest[..n]);
                }
                rest = &rest[n..];
            }
        }
        drive.end([End::Fin, End::Reset, End::Capture, End::Idle][random.next(4)]);
        drive.lines();
    }
}

/// A capture in this repository: payloads of each TCP or UDP conversation in order, as
/// (client port, side, bytes). Classic format, Ethernet, no fragments, no options that move bytes.
pub fn capture(name: &str) -> Vec<Script> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../pcaps")
        .join(name);
    let file = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert_eq!(
        file[..4],
        [0xd4, 0xc3, 0xb2, 0xa1],
        "classic little-endian capture"
    );
    let mut at = 24;
    type Key = (Ipv4Addr, u16, Ipv4Addr, u16);
    let mut flows: Vec<(Key, Script)> = Vec::new();
    while at + 16 <= file.len() {
        let len = u32::from_le_bytes(file[at + 8..at + 12].try_into().unwrap()) as usize;
        let frame = &file[at + 16..at + 16 + len];
        at += 16 + len;
        let ip = &frame[14..];
        let (total, proto) = (usize::from(ip[2]) << 8 | usize::from(ip[3]), ip[9]);
        let header = usize::from(ip[0] & 15) * 4;
        let l4 = &ip[header..total.clamp(header, ip.len())];
        let start = match proto {
            6 => usize::from(l4[12] >> 4) * 4,
            _ => 8,
        };
        let ends = |o: usize| Ipv4Addr::new(ip[o], ip[o + 1], ip[o + 2], ip[o + 3]);
        let port = |o: usize| u16::from_be_bytes([l4[o], l4[o + 1]]);
        let from = (ends(12), port(0), ends(16), port(2));
        let back = (from.2, from.3, from.0, from.1);
        let payload = l4[start..].to_vec();
        let (i, side) = match flows.iter().position(|(k, _)| *k == from || *k == back) {
            Some(i) => (
                i,
                if flows[i].0 == from {
                    Side::Client
                } else {
                    Side::Server
                },
            ),
            None => {
                flows.push((from, Vec::new()));
                (flows.len() - 1, Side::Client)
            }
        };
        if !payload.is_empty() {
            flows[i].1.push((side, payload));
        }
    }
    flows
        .into_iter()
        .map(|(_, script)| script)
        .filter(|s| !s.is_empty())
        .collect()
}
