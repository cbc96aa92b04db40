//! Whole conversations, fed as the flow layer feeds them, and what they must give.

mod commands;
mod framing;
mod headers;
mod hostile;
mod invariance;

use std::ops::Range;

use crate::action::{Action, Device, Outcome, Verb};
use crate::contract::{Dissector, End, Progress, Side};
use crate::limits::Limits;
use crate::message::{Batch, Interest, Message, Messages, Value};
use crate::registry::ProtocolId;

/// A message as a test compares it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Seen {
    pub kind: String,
    pub range: Range<u64>,
    pub fields: Vec<(String, String)>,
    pub anomalies: Vec<String>,
    pub action: Option<Done>,
    pub asks: Option<String>,
    pub answers: Option<(String, bool, Outcome)>,
    pub body: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Done {
    pub verb: Verb,
    pub device: Device,
    pub device_id: String,
    pub order: String,
    pub drug: String,
    pub handle: String,
    pub value: String,
    pub outcome: Outcome,
}

impl Seen {
    fn of(m: &Message<'_>) -> Self {
        Seen {
            kind: text(m.kind()),
            range: m.range(),
            fields: m
                .fields()
                .map(|(id, v)| (m.describe(id).name.to_owned(), show(v)))
                .collect(),
            anomalies: m.anomalies().iter().map(|a| a.name.to_owned()).collect(),
            action: m.action().map(|a| Done::of(&a)),
            asks: m.asks().map(|j| text(j.key)),
            answers: m.answers().map(|j| (text(j.key), j.last, j.outcome)),
            body: m.body().unwrap_or_default().to_vec(),
        }
    }

    pub fn first(&self, field: &str) -> String {
        let found = self.fields.iter().find(|(name, _)| name == field);
        found.map_or(String::new(), |(_, v)| v.clone())
    }

    fn all(&self, field: &str) -> Vec<&str> {
        let values = self.fields.iter().filter(|(name, _)| name == field);
        values.map(|(_, v)| v.as_str()).collect()
    }

    fn verb(&self) -> Option<Verb> {
        self.action.as_ref().map(|a| a.verb)
    }

    fn is_at_fault(&self, name: &str) -> bool {
        self.anomalies.iter().any(|a| a == name)
    }
}

impl Done {
    fn of(a: &Action<'_>) -> Self {
        Done {
            verb: a.verb,
            device: a.device,
            device_id: text(a.device_id),
            order: text(a.order),
            drug: text(a.drug),
            handle: text(a.handle),
            value: a.value.map_or(String::new(), |q| show(Value::Quantity(q))),
            outcome: a.outcome,
        }
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

/// One conversation, fed piece by piece as the flow layer does.
struct Conversation {
    dissector: Box<dyn Dissector>,
    batch: Batch,
    limits: Limits,
    interest: Interest,
    unread: [Vec<u8>; 2],
    offset: [u64; 2],
    need: [usize; 2],
    rejected: Option<&'static str>,
}

fn protocol() -> ProtocolId {
    ProtocolId::of("hl7v2").expect("registered")
}

impl Conversation {
    fn new() -> Self {
        Conversation::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        let mut interest = Interest::everything();
        interest.want_body(protocol());
        Conversation::for_interest(limits, interest)
    }

    fn for_interest(limits: Limits, interest: Interest) -> Self {
        Conversation {
            dissector: (protocol().protocol().open)(&limits),
            batch: Batch::default(),
            limits,
            interest,
            unread: [Vec::new(), Vec::new()],
            offset: [0; 2],
            need: [0; 2],
            rejected: None,
        }
    }

    fn send(&mut self, side: Side, bytes: &[u8]) -> &mut Self {
        let at = side.index();
        self.unread[at].extend_from_slice(bytes);
        while self.rejected.is_none()
            && !self.unread[at].is_empty()
            && self.unread[at].len() >= self.need[at]
        {
            let mut out = Messages::new(
                &mut self.batch,
                &self.limits,
                &self.interest,
                protocol(),
                side,
                self.offset[at],
            );
            let unread = self.unread[at].len();
            match self.dissector.read(side, &self.unread[at], &mut out) {
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
                Progress::Pass { .. } => panic!("HL7 passes over nothing"),
                Progress::Reject(why) => self.rejected = Some(why.0),
            }
        }
        self
    }

    fn gap(&mut self, side: Side, len: u64) -> &mut Self {
        let at = side.index();
        let rest = std::mem::take(&mut self.unread[at]);
        let mut out = Messages::new(
            &mut self.batch,
            &self.limits,
            &self.interest,
            protocol(),
            side,
            self.offset[at],
        );
        let _ = self.dissector.gap(side, &rest, len, &mut out);
        self.offset[at] += rest.len() as u64 + len;
        self.need[at] = 0;
        self
    }

    fn end(&mut self, why: End) -> Vec<Seen> {
        for side in Side::BOTH {
            let at = side.index();
            let rest = std::mem::take(&mut self.unread[at]);
            let mut out = Messages::new(
                &mut self.batch,
                &self.limits,
                &self.interest,
                protocol(),
                side,
                self.offset[at],
            );
            self.dissector.end(side, &rest, why, &mut out);
        }
        self.batch.messages().map(|m| Seen::of(&m)).collect()
    }
}

/// What the client's bytes give, cut into pieces of `piece` bytes.
pub(super) fn converse(bytes: &[u8], piece: usize) -> Vec<Seen> {
    let mut conversation = Conversation::new();
    for part in bytes.chunks(piece.max(1)) {
        conversation.send(Side::Client, part);
    }
    conversation.end(End::Fin)
}

/// Values of a path in a body.
pub(super) fn paths(path: &str, body: &[u8]) -> Vec<String> {
    let mut all = Vec::new();
    let compiled = super::path::compile(path).unwrap_or_else(|e| panic!("{e}"));
    compiled.read(body, &mut |v| all.push(show(v)));
    all
}

fn block(message: &str) -> Vec<u8> {
    let mut bytes = vec![0x0B];
    bytes.extend_from_slice(message.as_bytes());
    bytes.extend_from_slice(b"\x1C\r");
    bytes
}

fn one(message: &str) -> Seen {
    let mut all = converse(&block(message), usize::MAX);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

const ADT: &str = "MSH|^~\\&|EHR|HOSP|PUMPGW|ICU|2026||ADT^A08^ADT_A01|W1|P|2.5.1\r\
    EVN|A08|2026\rPID|1||T1^^^W^MR||TEST^PATIENT^^^^^L||19700101|F\rPV1|1|I|ICU^101^A\r";

fn give(control: &str, rxg: &str, more: &str) -> String {
    format!(
        "MSH|^~\\&|BCMA|HOSP|PUMPGW|ICU|2026||RGV^O15^RGV_O15|RG1|P|2.6|||AL|AL\rPID|1||T1\r\
         ORC|{control}|ORD1|||||||||||||||||N1\rRXG|{rxg}\rRXR|IV\r\
         OBX|1||69986^MDC_DEV_PUMP_INFUS_VMD^MDC|1.1.0.0|||||||X|||||||PUMP-1^^0012^EUI-64\r{more}"
    )
}
