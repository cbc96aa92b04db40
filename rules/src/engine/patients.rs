//! Patients whom clinical messages name, so that the same numbers are known where they do not belong:
//! in addresses of web pages, names of files, questions to name servers.

use std::hash::BuildHasher;

use dissectors::message::{Interest, Message, Value};
use dissectors::registry::{PROTOCOLS, ProtocolId};
use dissectors::schema::{FieldId, Privacy};
use foldhash::fast::{FixedState, RandomState};

use super::table::Table;
use crate::limits::{self, Hits, Limits};

/// Where patients' numbers belong.
const CLINICAL: &[&str] = &[
    "hl7v2",
    "dicom",
    "sdc",
    "intellivue",
    "mindray",
    "poct1a",
    "astm",
];

/// Where they do not: protocol, fields of open words.
const OPEN: &[(&str, &[&str])] = &[
    ("http", &["target", "user_agent", "host"]),
    ("ftp", &["path", "argument"]),
    ("tftp", &["file"]),
    ("dns", &["question"]),
    ("llmnr", &["question"]),
    ("mdns", &["question"]),
    ("syslog", &["detail"]),
    ("snmp", &["description", "system_name", "location"]),
    ("telnet", &["command"]),
];

/// Shorter numbers are in everything.
const SHORTEST: usize = 5;
/// Words of one text that are looked up.
const WORDS: usize = 64;

#[derive(Debug)]
pub struct Patients {
    known: Table<u64, ()>,
    room: usize,
    hasher: RandomState,
    /// By protocol: fields that name patients, fields of open words.
    fields: Vec<(Vec<FieldId>, Vec<FieldId>)>,
}

fn fields() -> impl Iterator<Item = (Vec<FieldId>, Vec<FieldId>)> {
    PROTOCOLS.iter().map(|p| {
        let clinical = CLINICAL.contains(&p.name);
        let names = p.fields.iter().enumerate().filter(|(_, f)| {
            clinical && f.privacy == Privacy::Patient("pid") && f.name != "query_patient_id"
        });
        let names = names.map(|(at, _)| FieldId(at as u16)).collect();
        let open = OPEN.iter().find(|o| o.0 == p.name).map_or(&[][..], |o| o.1);
        let open = open.iter().filter_map(|f| p.field(f)).collect();
        (names, open)
    })
}

/// Adds what is read.
pub fn interest(interest: &mut Interest) {
    for (at, (names, open)) in fields().enumerate() {
        for field in names.into_iter().chain(open) {
            interest.want_field(ProtocolId(at as u16), field);
        }
    }
}

impl Patients {
    pub fn new(limits: &Limits) -> Self {
        Patients {
            known: Table::default(),
            room: limits.get(limits::PATIENTS_KNOWN).max(1),
            hasher: RandomState::default(),
            fields: fields().collect(),
        }
    }

    /// Notes whom a clinical message names; tells whether another names one of them.
    pub fn saw(&mut self, message: Message<'_>, hits: &mut Hits) -> bool {
        let Some((names, open)) = self.fields.get(message.protocol().index()) else {
            return false;
        };
        let text = |v| match v {
            Value::Text(text) => Some(text),
            _ => None,
        };
        for field in names {
            for name in message.values(*field).filter_map(text) {
                let Some(name) = number(name) else { continue };
                let key = self.hasher.hash_one(name);
                if self.known.contains_key(&key) {
                    continue;
                }
                if self.known.len() >= self.room {
                    hits.count(limits::PATIENTS_KNOWN);
                    continue;
                }
                self.known.insert(key, ());
            }
        }
        if self.known.is_empty() {
            return false;
        }
        open.iter()
            .flat_map(|field| message.values(*field).filter_map(text))
            .any(|words| {
                words
                    .split(|b| !b.is_ascii_alphanumeric())
                    .take(WORDS)
                    .filter_map(number)
                    .any(|word| self.known.contains_key(&self.hasher.hash_one(word)))
            })
    }
}

/// The first patient that a message names, as a key: the same for one number in all protocols.
pub(crate) fn key(message: Message<'_>) -> Option<u64> {
    let named = message.fields().find_map(|(field, value)| match value {
        Value::Text(text) if message.describe(field).privacy == Privacy::Patient("pid") => {
            number(text)
        }
        _ => None,
    })?;
    Some(FixedState::with_seed(0x70_61_74).hash_one(named))
}

/// What can be told from an ordinary word: long enough, with three digits at least.
fn number(text: &[u8]) -> Option<&[u8]> {
    let text = text.trim_ascii();
    let digits = text.iter().filter(|b| b.is_ascii_digit()).count();
    (text.len() >= SHORTEST && digits >= 3).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn short_numbers_and_words_are_nobody() {
        for word in [&b"1234"[..], b"index", b"page12", b"  77 "] {
            assert_eq!(number(word), None);
        }
        assert_eq!(number(b" T90001 "), Some(&b"T90001"[..]));
    }
}
