//! Records (E1394): delimiters, fields, and what they tell.

use super::fields::*;
use crate::action::{Action, Device, Verb};
use crate::message::Draft;
use crate::schema::{FieldId, KindId};

/// The four delimiters that a header declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delimiters {
    pub field: u8,
    pub repeat: u8,
    pub component: u8,
    pub escape: u8,
}

impl Default for Delimiters {
    fn default() -> Self {
        Delimiters {
            field: b'|',
            repeat: b'\\',
            component: b'^',
            escape: b'&',
        }
    }
}

impl Delimiters {
    /// Reads them from the start of a header record. `None` unless they are four different marks.
    pub fn read(record: &[u8]) -> Option<Self> {
        let marks: [u8; 4] = *record.strip_prefix(b"H")?.first_chunk()?;
        let usable = marks
            .iter()
            .enumerate()
            .all(|(at, mark)| mark.is_ascii_punctuation() && !marks[..at].contains(mark));
        let [field, repeat, component, escape] = marks;
        usable.then_some(Delimiters {
            field,
            repeat,
            component,
            escape,
        })
    }
}

/// A record type letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordType(pub u8);

impl RecordType {
    pub fn kind(self) -> Option<KindId> {
        Some(match self.0 {
            b'H' => HEADER,
            b'P' => PATIENT,
            b'O' => ORDER,
            b'R' => RESULT,
            b'C' => COMMENT_RECORD,
            b'Q' => QUERY,
            b'L' => TERMINATOR,
            b'S' => SCIENTIFIC,
            b'M' => MANUFACTURER,
            _ => return None,
        })
    }
}

/// A record with its delimiters.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    pub bytes: &'a [u8],
    pub delimiters: Delimiters,
}

impl<'a> Record<'a> {
    pub fn kind(self) -> RecordType {
        RecordType(
            self.bytes
                .first()
                .copied()
                .unwrap_or(0)
                .to_ascii_uppercase(),
        )
    }

    /// The field at this position, from 1 as the standard counts; empty if there is none.
    pub fn field(self, position: usize) -> &'a [u8] {
        let mark = self.delimiters.field;
        let mut fields = self.bytes.split(|b| *b == mark);
        // The header's own delimiters stand in its second field.
        fields.nth(position - 1).unwrap_or(b"")
    }
}

/// What stood before a record in its message, as far as later records need it.
#[derive(Default)]
pub struct Context {
    pub patient_id: Vec<u8>,
    pub specimen_id: Vec<u8>,
}

/// What a test order record is, by its own codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderSense {
    /// Something is to be done.
    Order,
    Cancel,
    /// It stands before the results that it had.
    Report,
    /// The record itself does not tell.
    Open,
}

pub fn order_sense(record: Record<'_>) -> OrderSense {
    let code = |position| record.field(position).first().copied().unwrap_or(0);
    match (code(12).to_ascii_uppercase(), code(26).to_ascii_uppercase()) {
        (b'C', _) => OrderSense::Cancel,
        (_, b'C' | b'P' | b'F' | b'X' | b'I' | b'Y' | b'Z') => OrderSense::Report,
        (_, b'O' | b'Q') | (b'A' | b'N' | b'L', _) => OrderSense::Order,
        _ => OrderSense::Open,
    }
}

/// Writes the fields of a record. `scratch` holds a field while its escapes are taken out.
pub fn write(record: Record<'_>, context: &Context, scratch: &mut Vec<u8>, draft: &mut Draft<'_>) {
    let kind = record.kind();
    draft.text(RECORD_TYPE, &[kind.0]);
    for (position, field) in layout(kind) {
        let value = record.field(*position);
        if value.is_empty() {
            continue;
        }
        if *field == PASSWORD {
            draft.secret(PASSWORD, value.len());
        } else if *field == TEST {
            tests(value, record.delimiters, draft);
        } else if draft.wants(*field) {
            let value = unescaped(value, record.delimiters, scratch);
            match *field {
                SENT | BIRTH_DATE | ORDERED | COLLECTED | STARTED | COMPLETED | QUERY_FROM
                | QUERY_TO => draft.time(*field, value),
                _ => draft.text(*field, value),
            };
        }
    }
    if matches!(kind.0, b'O' | b'R') {
        draft.text_if(PATIENT_ID, &context.patient_id);
    }
    if kind.0 == b'R' {
        draft.text_if(SPECIMEN_ID, &context.specimen_id);
    }
}

/// Positions that are kept of each record type.
fn layout(kind: RecordType) -> &'static [(usize, FieldId)] {
    match kind.0 {
        b'H' => &[
            (3, CONTROL_ID),
            (4, PASSWORD),
            (5, SENDER),
            (10, RECEIVER),
            (12, PROCESSING_ID),
            (13, VERSION),
            (14, SENT),
        ],
        b'P' => &[
            (2, SEQUENCE),
            (3, PATIENT_ID),
            (4, PATIENT_ID),
            (5, PATIENT_ID),
            (6, PATIENT_NAME),
            (7, MAIDEN_NAME),
            (8, BIRTH_DATE),
            (9, SEX),
            (11, ADDRESS),
            (13, PHONE),
            (14, PHYSICIAN),
            (26, LOCATION),
        ],
        b'O' => &[
            (2, SEQUENCE),
            (3, SPECIMEN_ID),
            (4, INSTRUMENT_SPECIMEN_ID),
            (5, TEST),
            (6, PRIORITY),
            (7, ORDERED),
            (8, COLLECTED),
            (12, ACTION_CODE),
            (13, DANGER_CODE),
            (16, SPECIMEN_TYPE),
            (17, PHYSICIAN),
            (26, REPORT_TYPE),
        ],
        b'R' => &[
            (2, SEQUENCE),
            (3, TEST),
            (4, VALUE),
            (5, UNIT),
            (6, REFERENCE_RANGE),
            (7, FLAGS),
            (9, STATUS),
            (11, OPERATOR),
            (12, STARTED),
            (13, COMPLETED),
            (14, INSTRUMENT),
        ],
        b'C' => &[
            (2, SEQUENCE),
            (3, COMMENT_SOURCE),
            (4, COMMENT),
            (5, COMMENT_TYPE),
        ],
        b'Q' => &[
            (2, SEQUENCE),
            (3, QUERY_START),
            (4, QUERY_END),
            (5, TEST),
            (7, QUERY_FROM),
            (8, QUERY_TO),
            (13, QUERY_STATUS),
        ],
        b'L' => &[(2, SEQUENCE), (3, TERMINATION)],
        _ => &[(2, SEQUENCE)],
    }
}

/// Universal test ids: repeats of `^^^code`.
fn tests(value: &[u8], delimiters: Delimiters, draft: &mut Draft<'_>) {
    for one in value.split(|b| *b == delimiters.repeat) {
        draft.text_if(TEST, test_code(one, delimiters));
    }
}

/// The local code of a universal test id: the fourth component, else the first that is not empty.
pub fn test_code(value: &[u8], delimiters: Delimiters) -> &[u8] {
    let mut parts = value.split(|b| *b == delimiters.component);
    let fourth = parts.clone().nth(3).unwrap_or(b"");
    if fourth.is_empty() {
        parts.find(|p| !p.is_empty()).unwrap_or(b"")
    } else {
        fourth
    }
}

/// The first test id of a record, for its action.
pub fn first_test(record: Record<'_>, position: usize) -> &[u8] {
    let first = record
        .field(position)
        .split(|b| *b == record.delimiters.repeat)
        .next();
    test_code(first.unwrap_or(b""), record.delimiters)
}

/// What a record does, if anything. `None` for an order record that does not tell by itself.
pub fn verb(record: Record<'_>) -> Option<Verb> {
    match record.kind().0 {
        b'R' => Some(Verb::Store),
        b'Q' => Some(Verb::Read),
        b'S' => Some(Verb::Notify),
        b'O' => match order_sense(record) {
            OrderSense::Order => Some(Verb::Order),
            OrderSense::Cancel => Some(Verb::Delete),
            OrderSense::Report | OrderSense::Open => None,
        },
        b'H' | b'P' | b'C' | b'L' => None,
        // Settings and calibration travel in manufacturer records; others have no meaning here.
        _ => Some(Verb::UnknownVerb),
    }
}

/// Writes an action on an analyser. The subject is the test, never the specimen.
pub fn act(verb: Verb, test: &[u8], draft: &mut Draft<'_>) {
    draft.action(Action {
        device: Device::Analyser,
        handle: test,
        ..Action::of(verb)
    });
}

/// Takes out `&F&`, `&S&`, `&R&`, `&E&` and `&Xhh&`. Others stay as sent.
fn unescaped<'s>(value: &'s [u8], delimiters: Delimiters, scratch: &'s mut Vec<u8>) -> &'s [u8] {
    let escape = delimiters.escape;
    if !value.contains(&escape) {
        return value;
    }
    scratch.clear();
    let mut rest = value;
    while let Some(at) = rest.iter().position(|b| *b == escape) {
        scratch.extend_from_slice(&rest[..at]);
        let behind = &rest[at + 1..];
        // An escape sequence is short; an escape character that begins none is kept.
        let close = behind.iter().take(8).position(|b| *b == escape);
        let meaning = close.and_then(|end| match behind[..end] {
            [b'F'] => Some(delimiters.field),
            [b'S'] => Some(delimiters.component),
            [b'R'] => Some(delimiters.repeat),
            [b'E'] => Some(escape),
            [b'X', high, low] => {
                let digit = |b| char::from(b).to_digit(16);
                Some((digit(high)? << 4 | digit(low)?) as u8)
            }
            _ => None,
        });
        match (meaning, close) {
            (Some(byte), Some(end)) => {
                scratch.push(byte);
                rest = &behind[end + 1..];
            }
            _ => {
                scratch.push(escape);
                rest = behind;
            }
        }
    }
    scratch.extend_from_slice(rest);
    scratch
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_have_to_differ() {
        assert_eq!(Delimiters::read(b"H||||"), None);
        assert_eq!(Delimiters::read(b"Habcd"), None);
        assert_eq!(Delimiters::read(b"H|\\"), None);
        assert_eq!(Delimiters::read(b"H|\\^&|||"), Some(Delimiters::default()));
        let other = Delimiters::read(b"H~\\^&~~").unwrap();
        assert_eq!(other.field, b'~');
    }

    #[test]
    fn escapes_are_taken_out_and_others_kept() {
        let mut scratch = Vec::new();
        let marks = Delimiters::default();
        let mut read = |value: &[u8]| unescaped(value, marks, &mut scratch).to_vec();
        assert_eq!(read(b"a&F&b&X41&c"), b"a|bAc");
        assert_eq!(read(b"&E&"), b"&");
        assert_eq!(read(b"R&D & more"), b"R&D & more");
        assert_eq!(read(b"&Xzz&"), b"&Xzz&");
    }

    #[test]
    fn a_test_id_is_its_local_code() {
        let marks = Delimiters::default();
        assert_eq!(test_code(b"^^^GLU", marks), b"GLU");
        assert_eq!(test_code(b"^^^GLU^1", marks), b"GLU");
        assert_eq!(test_code(b"ALL", marks), b"ALL");
    }

    #[test]
    fn an_order_tells_its_sense_by_its_codes() {
        let sense = |bytes: &[u8]| {
            order_sense(Record {
                bytes,
                delimiters: Delimiters::default(),
            })
        };
        assert_eq!(sense(b"O|1|S1||^^^GLU|R"), OrderSense::Open);
        assert_eq!(sense(b"O|1|S1||^^^GLU|R||||||A"), OrderSense::Order);
        assert_eq!(sense(b"O|1|S1||^^^GLU|R||||||C"), OrderSense::Cancel);
        assert_eq!(
            sense(b"O|1|S1||^^^GLU|R||||||N||||||||||||||F"),
            OrderSense::Report
        );
    }
}
