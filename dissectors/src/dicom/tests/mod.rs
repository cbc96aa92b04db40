//! Tests of the whole dissector. `Wire` stands for the flow layer.

mod associations;
mod hostile;
mod losses;
mod meaning;
mod objects;
mod recognition;
mod vectors;

use crate::contract::{Dissector, End, Hint, Probe, Progress, Reason, Side, Transport};
use crate::limits::Limits;
use crate::message::{Batch, Interest, Message, Messages, Value};
use crate::registry::ProtocolId;

/// A connection as the flow layer hands it over, and what came out of it.
pub struct Wire {
    dissector: Box<dyn Dissector>,
    pub batch: Batch,
    limits: Limits,
    interest: Interest,
    offset: [u64; 2],
    unread: [Vec<u8>; 2],
    passing: [u64; 2],
    /// Bytes that the dissector never saw.
    pub passed: u64,
    /// Calls of `read`.
    pub calls: usize,
    pub rejected: Option<Reason>,
    /// Most bytes held at any time, unread ones included.
    pub held: usize,
}

pub fn dicom() -> ProtocolId {
    ProtocolId::of("dicom").expect("registered")
}

impl Wire {
    pub fn new() -> Self {
        Self::with(Limits::default())
    }

    pub fn with(limits: Limits) -> Self {
        let mut interest = Interest::everything();
        interest.want_body(dicom());
        Wire {
            dissector: (super::DICOM.open)(&limits),
            batch: Batch::default(),
            limits,
            interest,
            offset: [0; 2],
            unread: Default::default(),
            passing: [0; 2],
            passed: 0,
            calls: 0,
            rejected: None,
            held: 0,
        }
    }

    /// Nobody wants bodies: only what is read by name is kept.
    pub fn without_bodies(mut self) -> Self {
        self.interest = Interest::everything();
        self
    }

    /// The capture begins in the middle of the connection.
    pub fn mid_stream() -> Self {
        let mut wire = Self::new();
        for side in Side::BOTH {
            wire.gap(side, 0);
        }
        wire
    }

    pub fn send(&mut self, side: Side, mut bytes: &[u8]) -> &mut Self {
        let at = side.index();
        let passed = usize::try_from(self.passing[at]).map_or(bytes.len(), |n| n.min(bytes.len()));
        self.skip(side, passed as u64);
        bytes = &bytes[passed..];
        self.unread[at].extend_from_slice(bytes);
        let mut input = std::mem::take(&mut self.unread[at]);
        while !input.is_empty() && self.rejected.is_none() {
            let mut out = Messages::new(
                &mut self.batch,
                &self.limits,
                &self.interest,
                dicom(),
                side,
                self.offset[at],
            );
            self.calls += 1;
            match self.dissector.read(side, &input, &mut out) {
                Progress::Read(n) => {
                    assert!(n > 0 && n <= input.len(), "read {n} of {}", input.len());
                    input.drain(..n);
                    self.offset[at] += n as u64;
                }
                Progress::Need(n) => {
                    assert!(n > input.len(), "needs {n} and has {}", input.len());
                    break;
                }
                Progress::Pass { head, body } => {
                    assert!(head <= input.len() && head as u64 + body > 0);
                    input.drain(..head);
                    self.offset[at] += head as u64;
                    self.passing[at] = body;
                    let now = input.len().min(usize::try_from(body).unwrap_or(usize::MAX));
                    input.drain(..now);
                    self.skip(side, now as u64);
                }
                Progress::Reject(why) => self.rejected = Some(why),
            }
            self.held = self.held.max(self.dissector.held() + input.len());
        }
        self.unread[at] = input;
        self
    }

    /// Bytes that are passed over without being made.
    pub fn skip(&mut self, side: Side, bytes: u64) {
        let at = side.index();
        assert!(bytes <= self.passing[at]);
        self.passing[at] -= bytes;
        self.offset[at] += bytes;
        self.passed += bytes;
    }

    pub fn passing(&self, side: Side) -> u64 {
        self.passing[side.index()]
    }

    pub fn gap(&mut self, side: Side, len: u64) -> &mut Self {
        let at = side.index();
        let rest = std::mem::take(&mut self.unread[at]);
        let mut out = Messages::new(
            &mut self.batch,
            &self.limits,
            &self.interest,
            dicom(),
            side,
            self.offset[at],
        );
        self.dissector.gap(side, &rest, len, &mut out);
        self.offset[at] += rest.len() as u64 + len;
        self.passing[at] = self.passing[at].saturating_sub(len);
        self
    }

    pub fn end(&mut self, why: End) -> &mut Self {
        for side in Side::BOTH {
            let at = side.index();
            let rest = std::mem::take(&mut self.unread[at]);
            let mut out = Messages::new(
                &mut self.batch,
                &self.limits,
                &self.interest,
                dicom(),
                side,
                self.offset[at],
            );
            self.dissector.end(side, &rest, why, &mut out);
        }
        self
    }

    pub fn kinds(&self) -> Vec<String> {
        self.batch.messages().map(|m| text(m.kind())).collect()
    }

    pub fn last(&self) -> Message<'_> {
        self.batch.message(self.batch.len() - 1)
    }

    /// All messages in a comparable form.
    pub fn told(&self) -> Vec<String> {
        self.batch.messages().map(|m| tell(&m)).collect()
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A value as a vector writes it.
pub fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Text(t) | Value::Time(t) => text(t),
        Value::Integer(n) => n.to_string(),
        Value::Decimal(n) => n.to_string(),
        Value::Flag(f) => f.to_string(),
        Value::Secret(len) => format!("secret {len}"),
        other => format!("{other:?}"),
    }
}

pub fn values(m: &Message<'_>, field: &str) -> Vec<String> {
    let field = super::DICOM.field(field).expect(field);
    m.values(field).map(|v| shown(&v)).collect()
}

pub fn value(m: &Message<'_>, field: &str) -> Option<String> {
    values(m, field).into_iter().next()
}

pub fn anomalies(m: &Message<'_>) -> Vec<&'static str> {
    m.anomalies().iter().map(|a| a.name).collect()
}

/// Everything that a message says.
pub fn tell(m: &Message<'_>) -> String {
    let fields: Vec<_> = m
        .fields()
        .map(|(id, v)| format!("{}={}", m.describe(id).name, shown(&v)))
        .collect();
    format!(
        "{:?} {:?} {} {fields:?} {:?} {:?} {:?} {:?} {:?}",
        m.side(),
        m.range(),
        text(m.kind()),
        anomalies(m),
        m.action(),
        m.asks(),
        m.answers(),
        m.body(),
    )
}

/// Reads a path in a message's kept body.
pub fn path(m: &Message<'_>, path: &str) -> Vec<String> {
    let reader = super::path::compile(path).expect(path);
    let mut found = Vec::new();
    reader.read(m.body().expect("a body"), &mut |v| found.push(shown(&v)));
    found
}

/// The vectors: name, bytes, expectations, source.
pub struct Vector {
    pub name: &'static str,
    pub bytes: Vec<u8>,
    pub expected: &'static str,
}

pub fn vectors() -> Vec<Vector> {
    include_str!("../vectors.tsv")
        .lines()
        .filter(|l| !l.starts_with('#') && !l.is_empty())
        .map(|line| {
            let mut columns = line.split('\t');
            let mut column = || columns.next().unwrap_or("");
            Vector {
                name: column(),
                bytes: hex(column()),
                expected: column(),
            }
        })
        .collect()
}

pub fn vector(name: &str) -> Vec<u8> {
    vectors()
        .into_iter()
        .find(|v| v.name == name)
        .unwrap_or_else(|| panic!("no vector {name}"))
        .bytes
}

pub fn hex(digits: &str) -> Vec<u8> {
    (0..digits.len() / 2)
        .map(|i| u8::from_str_radix(&digits[i * 2..i * 2 + 2], 16).expect("hex"))
        .collect()
}

/// A command set of these elements, group length included.
pub fn command(elements: &[(u16, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (tag, value) in elements {
        body.extend_from_slice(&[0, 0]);
        body.extend_from_slice(&tag.to_le_bytes());
        body.extend_from_slice(&(value.len() as u32).to_le_bytes());
        body.extend_from_slice(value);
    }
    let mut set = vec![0, 0, 0, 0, 4, 0, 0, 0];
    set.extend_from_slice(&(body.len() as u32).to_le_bytes());
    set.extend_from_slice(&body);
    set
}

pub const CT: &[u8] = b"1.2.840.10008.5.1.4.1.1.2\0";

pub fn store_rq(id: u16, class: &[u8], instance: &[u8]) -> Vec<u8> {
    command(&[
        (0x0002, class),
        (0x0100, &[1, 0]),
        (0x0110, &id.to_le_bytes()),
        (0x0700, &[0, 0]),
        (0x0800, &[1, 0]),
        (0x1000, instance),
    ])
}

pub fn pdv(context: u8, control: u8, fragment: &[u8]) -> Vec<u8> {
    let mut item = (fragment.len() as u32 + 2).to_be_bytes().to_vec();
    item.extend_from_slice(&[context, control]);
    item.extend_from_slice(fragment);
    item
}

pub fn p_data(pdvs: &[Vec<u8>]) -> Vec<u8> {
    let body = pdvs.concat();
    let mut pdu = vec![4, 0];
    pdu.extend_from_slice(&(body.len() as u32).to_be_bytes());
    pdu.extend_from_slice(&body);
    pdu
}

/// An association of these contexts (id, abstract syntax, accepted transfer syntax): request, answer.
pub fn association(maximum: u32, contexts: &[(u8, &str, &str)]) -> (Vec<u8>, Vec<u8>) {
    let item = |kind: u8, body: &[u8]| {
        let mut item = vec![kind, 0];
        item.extend_from_slice(&(body.len() as u16).to_be_bytes());
        item.extend_from_slice(body);
        item
    };
    let pdu = |kind: u8, items: Vec<u8>| {
        let mut body = vec![0, 1, 0, 0];
        body.extend_from_slice(b"ARCHIVE         MODALITY        ");
        body.extend_from_slice(&[0; 32]);
        body.extend_from_slice(&item(0x10, b"1.2.840.10008.3.1.1.1"));
        body.extend_from_slice(&items);
        body.extend_from_slice(&item(0x50, &item(0x51, &maximum.to_be_bytes())));
        let mut pdu = vec![kind, 0];
        pdu.extend_from_slice(&(body.len() as u32).to_be_bytes());
        pdu.extend_from_slice(&body);
        pdu
    };
    let mut request = Vec::new();
    let mut answer = Vec::new();
    for (id, class, syntax) in contexts {
        let transfer = item(0x40, syntax.as_bytes());
        let proposal = [
            vec![*id, 0, 0, 0],
            item(0x30, class.as_bytes()),
            transfer.clone(),
        ]
        .concat();
        request.extend_from_slice(&item(0x20, &proposal));
        answer.extend_from_slice(&item(0x21, &[vec![*id, 0, 0, 0], transfer].concat()));
    }
    (pdu(1, request), pdu(2, answer))
}

pub fn hint() -> Hint {
    Hint {
        transport: Transport::Tcp,
        port: false,
        mid_stream: false,
        whole: false,
    }
}

pub fn probe(first: &[u8], hint: Hint) -> Probe {
    super::signature::probe(Side::Client, first, hint)
}

pub const IMPLICIT: &str = "1.2.840.10008.1.2";

pub const EXPLICIT: &str = "1.2.840.10008.1.2.1";

pub const CT_CLASS: &str = "1.2.840.10008.5.1.4.1.1.2";

/// Explicit little endian element of a short VR.
pub fn element(tag: &str, vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
    let mut e = hex(tag);
    e.extend_from_slice(vr);
    e.extend_from_slice(&(value.len() as u16).to_le_bytes());
    e.extend_from_slice(value);
    e
}

/// Head of a CT object: SOP class, instance, modality, patient id; then pixel data of this length.
pub fn ct_head(pixels: u32) -> Vec<u8> {
    let mut set = element("08001600", b"UI", CT);
    set.extend(element("08001800", b"UI", b"1.2.3.4\0"));
    set.extend(element("08006000", b"CS", b"CT"));
    set.extend(element("10002000", b"LO", b"TST0001 "));
    set.extend(hex("e07f1000"));
    set.extend_from_slice(b"OW\0\0");
    set.extend_from_slice(&pixels.to_le_bytes());
    set
}

pub fn associated(contexts: &[(u8, &str, &str)]) -> Wire {
    let mut wire = Wire::new();
    let (request, answer) = association(16384, contexts);
    wire.send(Side::Client, &request)
        .send(Side::Server, &answer);
    wire
}

pub fn echo(context: u8) -> Vec<u8> {
    let set = command(&[
        (0x0002, b"1.2.840.10008.1.1\0"),
        (0x0100, &[0x30, 0]),
        (0x0110, &[1, 0]),
        (0x0800, &[1, 1]),
    ]);
    p_data(&[pdv(context, 3, &set)])
}

pub fn store(data: &[u8], class: &[u8], instance: &[u8]) -> Wire {
    let mut wire = associated(&[(1, CT_CLASS, EXPLICIT)]);
    wire.send(
        Side::Client,
        &p_data(&[pdv(1, 3, &store_rq(1, class, instance))]),
    );
    wire.send(Side::Client, &p_data(&[pdv(1, 2, data)]));
    wire
}
