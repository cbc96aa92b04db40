//! For tests: plays bytes through a protocol and keeps what came out.

use std::collections::BTreeMap;

use crate::action::{Outcome, Verb};
use crate::contract::{End, Hint, Progress, Side, Transport};
use crate::limits::Limits;
use crate::message::{Batch, Interest, Messages, Value};
use crate::registry::ProtocolId;
use crate::schema::{Protocol, Provenance};

/// Everything that came out, in order.
#[derive(Debug, Default, PartialEq)]
pub struct Played {
    pub messages: Vec<Heard>,
    /// Why the dissector gave up, if it did.
    pub rejected: Option<&'static str>,
    pub limits: Vec<(u16, u64)>,
}

/// One message, owned.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    pub protocol: &'static str,
    pub kind: String,
    pub side: Side,
    pub range: std::ops::Range<u64>,
    pub fields: Vec<(&'static str, String)>,
    pub anomalies: Vec<&'static str>,
    pub verb: Option<Verb>,
    pub value: Option<(f64, String)>,
    pub channel: String,
    pub device_id: String,
    pub asks: Option<Vec<u8>>,
    pub answers: Option<Vec<u8>>,
    pub outcome: Option<Outcome>,
    pub provenance: Provenance,
}

impl Heard {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, v)| v.as_str())
    }

    pub fn all(&self, name: &str) -> Vec<&str> {
        self.fields
            .iter()
            .filter(|(n, _)| *n == name)
            .map(|(_, v)| v.as_str())
            .collect()
    }
}

impl Played {
    pub fn kinds(&self) -> Vec<&str> {
        self.messages.iter().map(|m| m.kind.as_str()).collect()
    }

    /// The messages of one protocol.
    pub fn of(&self, protocol: &str) -> Vec<&Heard> {
        self.messages
            .iter()
            .filter(|m| m.protocol == protocol)
            .collect()
    }
}

/// What the sensor tells a signature in the middle of an ordinary TCP conversation.
pub fn hint(port: bool) -> Hint {
    Hint {
        transport: Transport::Tcp,
        port,
        mid_stream: false,
        whole: false,
    }
}

/// The stored vectors: name to bytes.
pub fn vectors() -> BTreeMap<&'static str, Vec<u8>> {
    include_str!("../../../pcaps/serial/pump_vent_vectors.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut columns = line.split('\t');
            let name = columns.next().unwrap();
            let hex = columns.next().unwrap();
            let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
            (name, (0..hex.len()).step_by(2).map(byte).collect())
        })
        .collect()
}

/// Plays a conversation: who sent what, in order. Both sides end with FIN.
pub fn play(protocol: &Protocol, script: &[(Side, &[u8])]) -> Played {
    let mut player = Player::new(protocol);
    for (side, bytes) in script {
        player.send(*side, bytes);
    }
    player.finish()
}

/// Plays the same bytes cut into single bytes, and each datagram-free prefix: the messages must be
/// the same, and prefixes must not panic.
#[track_caller]
pub fn recut(protocol: &Protocol, script: &[(Side, &[u8])]) {
    let whole = play(protocol, script);
    let mut player = Player::new(protocol);
    for (side, bytes) in script {
        for byte in *bytes {
            player.send(*side, std::slice::from_ref(byte));
        }
    }
    assert_eq!(player.finish().messages, whole.messages);
    for (side, bytes) in script {
        for end in 0..bytes.len().min(600) {
            play(protocol, &[(*side, &bytes[..end])]);
        }
    }
}

/// Plays the same conversation where the device calls the host (a terminal server that makes the
/// call itself): who commands must not change with who opened the connection.
#[track_caller]
pub fn turned(protocol: &Protocol, script: &[(Side, &[u8])]) {
    let usual = play(protocol, script);
    assert!(usual.messages.iter().any(|m| m.verb.is_some()));
    let script: Vec<_> = script.iter().map(|(s, b)| (s.other(), *b)).collect();
    let turned = play(protocol, &script);
    let told = |played: &Played, turn: bool| -> Vec<String> {
        let each = played.messages.iter().map(|m| {
            let side = if turn { m.side.other() } else { m.side };
            format!(
                "{side:?} {} {:?} {:?} {:?} {:?} {:?} {} {}",
                m.kind,
                m.fields,
                m.anomalies,
                m.verb,
                m.value,
                m.outcome,
                m.asks.is_some(),
                m.answers.is_some()
            )
        });
        each.collect()
    };
    assert_eq!(told(&turned, true), told(&usual, false));
}

/// Changes bytes of `good` in a seeded, repeatable way and plays the result as either side: no
/// panic, no stall (the player asserts progress), nothing held beyond the budget.
pub fn mutate(protocol: &Protocol, good: &[u8]) {
    let mut seed = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below.max(1) as u64) as usize
    };
    const SHORT: usize = 3000;
    for _ in 0..400 {
        let from = next(good.len().saturating_sub(SHORT) + 1);
        let mut bytes = good[from..good.len().min(from + SHORT)].to_vec();
        for _ in 0..=next(6) {
            let at = next(bytes.len());
            match next(4) {
                0 => bytes[at] = next(256) as u8,
                1 => bytes[at] ^= 1 << next(8),
                2 => drop(bytes.drain(at..bytes.len().min(at + next(9)))),
                _ => bytes.insert(
                    at,
                    [0xFF, 0x02, 0x03, 0x0D, 0x1B, b'!', b'9', 0x04][next(8)],
                ),
            }
            if bytes.is_empty() {
                bytes.push(0);
            }
        }
        let side = Side::BOTH[next(2)];
        let step = 1 + next(64);
        let mut player = Player::new(protocol);
        for (n, piece) in bytes.chunks(step).enumerate() {
            player.send(side, piece);
            if n % 37 == 36 {
                player.gap(side, 5);
            }
        }
        player.finish();
    }
}

/// Plays datagrams: each is handed over whole.
pub fn datagrams(protocol: &Protocol, script: &[(Side, &[u8])]) -> Played {
    let mut player = Player::new(protocol);
    for (side, bytes) in script {
        player.send(*side, bytes);
        assert!(player.played.rejected.is_some() || player.unread[side.index()].is_empty());
    }
    player.collect();
    player.played
}

/// Changes and cuts a datagram in a seeded, repeatable way: no panic.
pub fn mutate_datagrams(protocol: &Protocol, good: &[u8]) {
    let mut seed = 0x2545_F491_4F6C_DD1Du64;
    for round in 0..600 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let mut bytes = good[..1 + seed as usize % good.len()].to_vec();
        if round % 3 > 0 {
            let at = (seed >> 20) as usize % bytes.len();
            bytes[at] = (seed >> 40) as u8;
        }
        datagrams(protocol, &[(Side::BOTH[round % 2], &bytes)]);
    }
}

/// Feeds a dissector as the sensor does, without frames.
pub struct Player {
    id: ProtocolId,
    dissector: Box<dyn crate::Dissector>,
    limits: Limits,
    interest: Interest,
    batch: Batch,
    unread: [Vec<u8>; 2],
    offset: [u64; 2],
    need: [usize; 2],
    played: Played,
}

impl Player {
    pub fn new(protocol: &Protocol) -> Self {
        let limits = Limits::default();
        Player {
            id: ProtocolId::of(protocol.name).expect("registered"),
            dissector: (protocol.open)(&limits),
            limits,
            interest: Interest::everything(),
            batch: Batch::default(),
            unread: Default::default(),
            offset: [0; 2],
            need: [0; 2],
            played: Played::default(),
        }
    }

    pub fn send(&mut self, side: Side, bytes: &[u8]) {
        if self.played.rejected.is_some() {
            return;
        }
        let at = side.index();
        self.unread[at].extend_from_slice(bytes);
        while !self.unread[at].is_empty() && self.unread[at].len() >= self.need[at] {
            let input = std::mem::take(&mut self.unread[at]);
            let mut out = Messages::new(
                &mut self.batch,
                &self.limits,
                &self.interest,
                self.id,
                side,
                self.offset[at],
            );
            let progress = self.dissector.read(side, &input, &mut out);
            self.unread[at] = input;
            self.need[at] = 0;
            match progress {
                Progress::Read(n) => {
                    assert!(
                        n > 0 && n <= self.unread[at].len(),
                        "read {n} of {}",
                        self.unread[at].len()
                    );
                    self.unread[at].drain(..n);
                    self.offset[at] += n as u64;
                }
                Progress::Need(n) => {
                    assert!(
                        n > self.unread[at].len(),
                        "needs {n}, has {}",
                        self.unread[at].len()
                    );
                    self.need[at] = n;
                }
                Progress::Pass { .. } => panic!("no serial protocol passes over bytes"),
                Progress::Reject(why) => {
                    self.played.rejected = Some(why.0);
                    break;
                }
            }
            assert!(
                self.dissector.held() < 4 << 20,
                "holds {}",
                self.dissector.held()
            );
        }
        self.collect();
    }

    pub fn gap(&mut self, side: Side, len: u64) {
        if self.played.rejected.is_some() {
            return;
        }
        let at = side.index();
        let rest = std::mem::take(&mut self.unread[at]);
        let mut out = Messages::new(
            &mut self.batch,
            &self.limits,
            &self.interest,
            self.id,
            side,
            self.offset[at],
        );
        self.dissector.gap(side, &rest, len, &mut out);
        self.offset[at] += rest.len() as u64 + len;
        self.need[at] = 0;
        self.collect();
    }

    pub fn finish(mut self) -> Played {
        for side in Side::BOTH {
            if self.played.rejected.is_some() {
                break;
            }
            let rest = std::mem::take(&mut self.unread[side.index()]);
            let at = self.offset[side.index()];
            let mut out = Messages::new(
                &mut self.batch,
                &self.limits,
                &self.interest,
                self.id,
                side,
                at,
            );
            self.dissector.end(side, &rest, End::Fin, &mut out);
        }
        self.collect();
        self.played
    }

    fn collect(&mut self) {
        for message in self.batch.messages() {
            self.played.messages.push(Heard {
                protocol: message.protocol().name(),
                kind: String::from_utf8_lossy(message.kind()).into_owned(),
                side: message.side(),
                range: message.range(),
                fields: message
                    .fields()
                    .map(|(id, v)| (message.describe(id).name, show(v)))
                    .collect(),
                anomalies: message.anomalies().iter().map(|a| a.name).collect(),
                verb: message.action().map(|a| a.verb),
                value: message
                    .action()
                    .and_then(|a| a.value)
                    .map(|q| (q.number, lossy(q.unit))),
                channel: message.action().map_or(String::new(), |a| lossy(a.channel)),
                device_id: message
                    .action()
                    .map_or(String::new(), |a| lossy(a.device_id)),
                asks: message.asks().map(|j| j.key.to_vec()),
                answers: message.answers().map(|j| j.key.to_vec()),
                outcome: message.answers().map(|j| j.outcome),
                provenance: message.provenance(),
            });
            let declared = message.protocol().protocol().anomalies;
            for anomaly in message.anomalies() {
                assert!(
                    declared.iter().any(|(n, _)| *n == anomaly.name),
                    "{} undeclared",
                    anomaly.name
                );
            }
        }
        for (id, hits) in self.batch.limit_hits() {
            self.played.limits.push((id.0, *hits));
        }
        self.batch.clear();
    }
}

fn show(value: Value<'_>) -> String {
    match value {
        Value::Text(t) | Value::Time(t) => lossy(t),
        Value::Integer(n) => n.to_string(),
        Value::Decimal(n) => n.to_string(),
        Value::Quantity(q) => format!("{} {}", q.number, lossy(q.unit))
            .trim_end()
            .to_owned(),
        Value::Bytes(b) => b.iter().map(|b| format!("{b:02x}")).collect(),
        Value::Flag(f) => f.to_string(),
        Value::Secret(n) => format!("secret of {n}"),
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
