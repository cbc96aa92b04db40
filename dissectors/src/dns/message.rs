//! A message: header, questions, three sections of records (RFC 1035 4.1).

use std::ops::Range;

use super::Service;
use super::fields::*;
use super::name::{Fault, Name, read_name};
use super::types::{RecordType, code_name};
use crate::action::Outcome;
use crate::address::{self, Short};
use crate::limits;
use crate::message::{Draft, Messages, Scope};

/// The fixed header.
#[derive(Clone, Copy)]
pub(crate) struct Header {
    pub id: u16,
    flags: u16,
    pub questions: u16,
    pub answers: u16,
    pub others: u16,
    pub more: u16,
}

impl Header {
    pub const LEN: usize = 12;

    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (words, _) = bytes.split_first_chunk::<12>()?;
        Some(Self::of(
            &words[..10],
            u16::from_be_bytes([words[10], words[11]]),
        ))
    }

    /// All but the last count.
    pub fn start(bytes: &[u8]) -> Option<Self> {
        bytes.get(..10).map(|words| Self::of(words, 0))
    }

    fn of(words: &[u8], more: u16) -> Self {
        let word = |n: usize| match words.get(2 * n..2 * n + 2) {
            Some([high, low]) => u16::from_be_bytes([*high, *low]),
            _ => 0,
        };
        Header {
            id: word(0),
            flags: word(1),
            questions: word(2),
            answers: word(3),
            others: word(4),
            more,
        }
    }

    pub fn is_response(&self) -> bool {
        self.flags & 0x8000 != 0
    }

    pub fn opcode(&self) -> u8 {
        (self.flags >> 11 & 15) as u8
    }

    pub fn code(&self) -> u8 {
        (self.flags & 15) as u8
    }

    pub fn has(&self, bits: u16) -> bool {
        self.flags & bits != 0
    }

    /// Nothing in it contradicts itself, and it counts no more than real messages hold.
    pub fn makes_sense(&self) -> bool {
        const RESERVED: u16 = 0x0040;
        let asks = !self.is_response();
        matches!(self.opcode(), 0 | 2 | 4 | 5)
            && !self.has(RESERVED)
            && (!asks || (self.code() == 0 && self.questions > 0))
            && self.questions <= 64
            && self.answers <= 512
            && self.others <= 512
            && self.more <= 512
            && (asks || self.questions > 0 || self.answers > 0 || self.code() != 0)
    }
}

/// Where the records of a message lie, as a walk over it tells them.
struct Record<'a> {
    name: Name,
    kind: RecordType,
    class: u16,
    ttl: u32,
    /// Where its data begins in the message.
    at: usize,
    data: &'a [u8],
}

/// If all of the message fits its bytes: whether its first question is of a type and class in use.
pub(super) fn walk(message: &[u8], header: &Header) -> Option<bool> {
    let mut at = Header::LEN;
    let mut known = true;
    for n in 0..header.questions {
        let (_, kind, class, next) = question(message, at).ok()?;
        if n == 0 {
            known = kind.name().is_some() && matches!(class & 0x7FFF, 1 | 3 | 254 | 255);
        }
        at = next;
    }
    let records = u32::from(header.answers) + u32::from(header.others) + u32::from(header.more);
    for _ in 0..records {
        let (_, next) = record(message, at).ok()?;
        at = next;
    }
    (at == message.len()).then_some(known)
}

fn question(message: &[u8], at: usize) -> Result<(Name, RecordType, u16, usize), Fault> {
    let (name, at) = read_name(message, at)?;
    match message.get(at..at + 4) {
        Some([t0, t1, c0, c1]) => {
            let kind = RecordType(u16::from_be_bytes([*t0, *t1]));
            Ok((name, kind, u16::from_be_bytes([*c0, *c1]), at + 4))
        }
        _ => Err(Fault::CutShort),
    }
}

fn record(message: &[u8], at: usize) -> Result<(Record<'_>, usize), Fault> {
    let (name, at) = read_name(message, at)?;
    let Some([t0, t1, c0, c1, l0, l1, l2, l3, d0, d1]) = message.get(at..at + 10) else {
        return Err(Fault::CutShort);
    };
    let at = at + 10;
    let end = at + usize::from(u16::from_be_bytes([*d0, *d1]));
    let record = Record {
        name,
        kind: RecordType(u16::from_be_bytes([*t0, *t1])),
        class: u16::from_be_bytes([*c0, *c1]),
        ttl: u32::from_be_bytes([*l0, *l1, *l2, *l3]),
        at,
        data: message.get(at..end).ok_or(Fault::CutShort)?,
    };
    Ok((record, end))
}

/// Writes what a message says. It covers `range`; its first byte is at stream offset `base`.
pub(super) fn write(
    message: &[u8],
    range: Range<u64>,
    base: u64,
    service: Service,
    out: &mut Messages<'_>,
) {
    let Some(header) = Header::read(message) else {
        out.message(MALFORMED, range).anomaly("cut-short", base);
        return;
    };
    let room = out.limits().get(limits::DNS_RECORDS);
    let kind = match header.opcode() {
        _ if header.is_response() => RESPONSE,
        4 => NOTIFY,
        5 => UPDATE,
        _ => QUERY,
    };
    let mut draft = out.message(kind, range);
    head(&header, &mut draft);
    let left = match body(message, &header, room, base, service, &mut draft) {
        Ok(left) => left,
        Err((fault, at)) => {
            draft.anomaly(fault.anomaly(), base + at as u64);
            return;
        }
    };
    if left {
        out.limit(limits::DNS_RECORDS);
    }
}

fn head(header: &Header, draft: &mut Draft<'_>) {
    draft.integer(ID, header.id.into());
    if header.opcode() != 0 {
        draft.integer(OPCODE, header.opcode().into());
    }
    if header.is_response() {
        draft.integer(CODE, header.code().into());
        if let Some(name) = code_name(header.code()) {
            draft.text(CODE_NAME, name.as_bytes());
        }
        draft.integer(ANSWERS, header.answers.into());
    }
    for (field, bit) in [
        (AUTHORITATIVE, 0x0400),
        (TRUNCATED, 0x0200),
        (RECURSION, 0x0100),
    ] {
        if header.has(bit) {
            draft.flag(field, true);
        }
    }
}

/// Questions and records. True if some were left out for want of room.
fn body(
    message: &[u8],
    header: &Header,
    room: usize,
    base: u64,
    service: Service,
    draft: &mut Draft<'_>,
) -> Result<bool, (Fault, usize)> {
    let mut at = Header::LEN;
    let mut longest = Longest::default();
    join(message, header, service, draft);
    if header.questions == 0 && !header.is_response() {
        draft.anomaly("no-question", base);
    }
    for n in 0..usize::from(header.questions) {
        if n >= room {
            return Ok(true);
        }
        let (name, kind, _, next) = question(message, at).map_err(|fault| (fault, at))?;
        draft.text(QUESTION, name.bytes());
        type_text(QUESTION_TYPE, kind, draft);
        longest.see(&name);
        if n == 0 {
            draft.text_if(DOMAIN, name.last(2));
        }
        at = next;
    }
    longest.write(draft);
    let mut answers = Answers::default();
    let sections = [header.answers, header.others, header.more].map(usize::from);
    for (section, count) in sections.into_iter().enumerate() {
        for n in 0..count {
            if n >= room {
                return Ok(true);
            }
            let (record, next) = record(message, at).map_err(|fault| (fault, at))?;
            if !answers.write(message, &record, section == 0, draft) {
                draft.anomaly("record-length", base + at as u64);
            }
            at = next;
        }
    }
    if let Some(ttl) = answers.ttl {
        draft.integer(TTL, ttl.into());
    }
    if answers.opaque > 0 {
        draft.integer(OPAQUE_BYTES, answers.opaque as i64);
    }
    if at < message.len() {
        draft.anomaly("trailing-bytes", base + at as u64);
    }
    Ok(false)
}

/// What a look for tunnels needs of the names asked for.
#[derive(Default)]
struct Longest {
    label: super::name::Label,
    name: usize,
}

impl Longest {
    fn see(&mut self, name: &Name) {
        self.name = self.name.max(name.wire);
        if name.longest().len > self.label.len {
            self.label = name.longest();
        }
    }

    fn write(&self, draft: &mut Draft<'_>) {
        if self.label.len > 0 {
            draft
                .integer(LONGEST_LABEL, self.label.len as i64)
                .decimal(LABEL_ENTROPY, self.label.entropy)
                .integer(NAME_LENGTH, self.name as i64);
        }
    }
}

/// What adds up over the answers.
#[derive(Default)]
struct Answers {
    ttl: Option<u32>,
    opaque: usize,
}

impl Answers {
    /// False if the record's data does not fit its type.
    fn write(
        &mut self,
        message: &[u8],
        record: &Record<'_>,
        answer: bool,
        draft: &mut Draft<'_>,
    ) -> bool {
        if record.kind == RecordType::OPT {
            draft.integer(UDP_SIZE, record.class.into());
            return true;
        }
        if answer {
            draft.text(ANSWER, record.name.bytes());
            type_text(ANSWER_TYPE, record.kind, draft);
            self.ttl = Some(self.ttl.map_or(record.ttl, |t| t.min(record.ttl)));
        }
        let name = |skip: usize| read_name(message, record.at + skip).map(|(name, _)| name);
        match record.kind {
            // Updates name what they delete without data (RFC 2136 2.5).
            _ if record.data.is_empty() => true,
            RecordType::A => match record.data.try_into() {
                Ok(a) => {
                    draft.text(ADDRESS, address::ipv4(a).bytes());
                    true
                }
                Err(_) => false,
            },
            RecordType::AAAA => match record.data.try_into() {
                Ok(a) => {
                    draft.text(ADDRESS, address::ipv6(a).bytes());
                    true
                }
                Err(_) => false,
            },
            RecordType::CNAME | RecordType::DNAME => told(ALIAS, name(0), draft),
            RecordType::PTR | RecordType::NS => told(POINTER, name(0), draft),
            RecordType::MX => told(MAIL, name(2), draft),
            RecordType::SRV => match (record.data, name(6)) {
                ([_, _, _, _, p0, p1, _, ..], Ok(host)) => {
                    let port = Short::of(format_args!(":{}", u16::from_be_bytes([*p0, *p1])));
                    let mut text = [0; 300];
                    let mut len = 0;
                    for byte in host.bytes().iter().chain(port.bytes()) {
                        if let Some(room) = text.get_mut(len) {
                            *room = *byte;
                            len += 1;
                        }
                    }
                    draft.text(SERVICE, &text[..len]);
                    true
                }
                _ => false,
            },
            RecordType::TXT => {
                self.opaque += if answer { record.data.len() } else { 0 };
                texts(record.data, draft)
            }
            RecordType::NULL => {
                self.opaque += if answer { record.data.len() } else { 0 };
                true
            }
            _ => true,
        }
    }
}

fn told(field: crate::FieldId, name: Result<Name, Fault>, draft: &mut Draft<'_>) -> bool {
    match name {
        Ok(name) => {
            draft.text(field, name.bytes());
            true
        }
        Err(_) => false,
    }
}

/// Texts, each behind its length (RFC 1035 3.3.14).
fn texts(data: &[u8], draft: &mut Draft<'_>) -> bool {
    let mut rest = data;
    while let [len, more @ ..] = rest {
        let Some((text, more)) = more.split_at_checked((*len).into()) else {
            return false;
        };
        draft.text_if(TEXT, text);
        rest = more;
    }
    true
}

fn type_text(field: crate::FieldId, kind: RecordType, draft: &mut Draft<'_>) {
    match kind.name() {
        Some(name) => draft.text(field, name.as_bytes()),
        None => draft.text(field, Short::of(format_args!("TYPE{}", kind.0)).bytes()),
    };
}

/// DNS answers come back to where the question came from. LLMNR asks a group and is answered by a
/// host; mDNS has no numbers, and anybody may answer anything at any time.
fn join(message: &[u8], header: &Header, service: Service, draft: &mut Draft<'_>) {
    let id = header.id.to_be_bytes();
    let mut key = [0; 64];
    let (scope, key): (Scope, &[u8]) = match service {
        Service::Dns => (Scope::Conversation, &id),
        Service::Mdns => return,
        Service::Llmnr => {
            let name = question(message, Header::LEN).ok();
            let name = name
                .as_ref()
                .map_or(b"".as_slice(), |(name, ..)| name.bytes());
            let mut len = 0;
            let parts = b"llmnr".iter().chain(&id).copied();
            for byte in parts
                .chain(name.iter().map(u8::to_ascii_lowercase))
                .take(key.len())
            {
                key[len] = byte;
                len += 1;
            }
            (Scope::Everywhere, &key[..len])
        }
    };
    if header.is_response() {
        let outcome = match header.code() {
            0 => Outcome::Accepted,
            // Refused, or not theirs to say.
            5 | 9 => Outcome::Refused,
            _ => Outcome::Failed,
        };
        draft.answers(scope, key, service == Service::Dns, outcome);
    } else {
        draft.asks(scope, key);
    }
}
