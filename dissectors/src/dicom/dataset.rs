//! From kept elements to fields: query keys, patient and device, identifiers, and what does not fit.

use super::executable::Marker;
use super::faults::{self, Faults};
use super::fields::*;
use super::kept::{Element, Elements, Trail};
use super::pdu::trim;
use super::value::{Tag, Vr, is_legal_uid};
use super::walk::Report;
use crate::message::Draft;
use crate::schema::FieldId;

/// What other parts of a message need to know of its data set.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summary<'a> {
    pub sop_class: &'a [u8],
    pub sop_instance: &'a [u8],
    pub procedure_state: &'a [u8],
    /// Text is ISO 8859-1 and has to be made UTF-8.
    latin1: bool,
    query: Query,
}

/// How far the keys of a query narrow it.
#[derive(Clone, Copy, Debug, Default)]
struct Query {
    /// A key that asks for certain patients, times, objects or stations.
    narrowed: bool,
    /// Literal characters of the patient name and id patterns.
    literals: usize,
}

impl<'a> Summary<'a> {
    pub fn read(records: &'a [u8]) -> Self {
        let mut summary = Summary::default();
        for element in Elements(records) {
            let value = trim(element.value);
            match (element.depth, element.tag.0) {
                (0, 0x0008_0005) => summary.latin1 = value == b"ISO_IR 100",
                (0, 0x0008_0016) => summary.sop_class = value,
                (0, 0x0008_0018) => summary.sop_instance = value,
                (0, 0x0074_1000) => summary.procedure_state = value,
                _ => {}
            }
            summary.query.key(element.tag, value);
        }
        summary
    }

    /// The query asks for anybody at any time (PS3.4 C.2.2.2.3 and .4).
    pub fn is_universal(&self) -> bool {
        !self.query.narrowed && self.query.literals == 0
    }

    /// Nothing but a pattern of at most two literal characters narrows it.
    pub fn is_broad(&self) -> bool {
        !self.query.narrowed && self.query.literals <= 2
    }
}

impl Query {
    fn key(&mut self, tag: Tag, value: &[u8]) {
        let narrows = match tag.0 {
            // Patient name and id, other ids: as a pattern.
            0x0010_0010 | 0x0010_0020 | 0x0010_1000 | 0x0010_1001 => {
                let wild = value.iter().any(|b| matches!(b, b'*' | b'?'));
                let literals = value
                    .iter()
                    .filter(|b| !matches!(b, b'*' | b'?' | b'^' | b'=' | b' '))
                    .count();
                self.literals += literals;
                !wild && literals > 0
            }
            // Birth date, accession, admission, procedure and step ids, stations, physicians.
            0x0010_0030 | 0x0008_0050 | 0x0038_0010 | 0x0040_1001 | 0x0040_0009 | 0x0020_0010
            | 0x0040_0001 | 0x0040_0010 | 0x0040_0241 | 0x0040_0242 | 0x0008_0090
            | 0x0040_0006
            // Dates.
            | 0x0008_0020..=0x0008_0023 | 0x0040_0002 | 0x0040_0004 | 0x0040_0244
            | 0x0040_0250 | 0x0040_4005 | 0x0040_4010 | 0x0038_0020
            // UIDs of certain objects.
            | 0x0008_0018 | 0x0020_000D | 0x0020_000E | 0x0008_1155 => is_key(value),
            _ => false,
        };
        self.narrowed |= narrows;
    }
}

/// Something else than universal matching, or a range without ends.
fn is_key(value: &[u8]) -> bool {
    value.iter().any(|b| !matches!(b, b'*' | b'-' | b' ' | 0))
}

/// Writes the fields of a data set. `keys`: it is an identifier, whose keys are listed.
/// `scratch` is room for texts that have to be put together.
pub fn write(
    records: &[u8],
    summary: &Summary<'_>,
    keys: bool,
    scratch: &mut Vec<u8>,
    draft: &mut Draft<'_>,
) {
    let mut trail = Trail::default();
    for element in Elements(records) {
        trail.step(&element);
        if keys {
            write_key(&trail, &element, scratch, draft);
        }
        write_element(trail.parent(&element), &element, summary, scratch, draft);
    }
}

fn write_element(
    parent: Option<Tag>,
    element: &Element<'_>,
    summary: &Summary<'_>,
    scratch: &mut Vec<u8>,
    draft: &mut Draft<'_>,
) {
    let Some((field, form)) = row(parent, element.tag) else {
        return;
    };
    let value = trim(element.value);
    if value.is_empty() || element.vr == Vr::SQ {
        return;
    }
    match form {
        Form::Text => {
            draft.text(field, utf8(value, summary.latin1, scratch));
        }
        Form::Time => {
            draft.time(field, value);
        }
        Form::Several => {
            for part in value.split(|b| *b == b'\\').map(trim) {
                let part = utf8(part, summary.latin1, scratch);
                draft.text_if(field, part);
            }
        }
    }
}

/// How a value is written.
#[derive(Clone, Copy)]
enum Form {
    Text,
    /// Values between backslashes, one by one (PS3.5 6.4).
    Several,
    Time,
}

/// The field that an element goes to: by its tag, and by the sequence that it stands in.
fn row(parent: Option<Tag>, tag: Tag) -> Option<(FieldId, Form)> {
    use Form::{Several, Text, Time};
    Some(match (parent.map(|p| p.0), tag.0) {
        (None, 0x0008_0005) => (CHARACTER_SET, Text),
        (None, 0x0008_0016) => (OBJECT_SOP_CLASS, Several),
        (None, 0x0008_0018) => (OBJECT_SOP_INSTANCE, Several),
        (None, 0x0008_0020) => (STUDY_DATE, Time),
        (None, 0x0008_0023) => (CONTENT_DATE, Time),
        (None, 0x0008_0033) => (CONTENT_TIME, Time),
        (None | Some(0x0040_0270), 0x0008_0050) => (ACCESSION, Several),
        (None, 0x0008_0052) => (QUERY_LEVEL, Text),
        (None, 0x0008_0053) => (QUERY_VIEW, Text),
        (None, 0x0008_0054) => (RETRIEVE_AE, Several),
        (None, 0x0008_0056) => (AVAILABILITY, Text),
        (None, 0x0008_0058) => (FAILED_INSTANCES, Several),
        (None, 0x0008_0060) => (MODALITY, Text),
        (None, 0x0008_0061) => (MODALITIES, Several),
        (None, 0x0008_0070) => (MANUFACTURER, Text),
        (None, 0x0008_0080) => (INSTITUTION, Text),
        (None, 0x0008_0090) => (REFERRING_PHYSICIAN, Text),
        (None, 0x0008_1010) => (STATION_NAME, Text),
        (None, 0x0008_1050) => (PERFORMING_PHYSICIAN, Text),
        (None, 0x0008_1070) => (OPERATORS, Text),
        (None, 0x0008_1090) => (MODEL, Text),
        (None, 0x0008_1195) => (TRANSACTION_UID, Text),
        (Some(0x0008_1199), 0x0008_1155) => (REFERENCED_INSTANCES, Several),
        (Some(0x0008_1198), 0x0008_1155) => (FAILED_INSTANCES, Several),
        (Some(0x300C_0002), 0x0008_1155) => (REFERENCED_PLAN, Several),
        (None, 0x0010_0010) => (PATIENT_NAME, Text),
        (None, 0x0010_0020) => (PATIENT_ID, Text),
        (None, 0x0010_0021) => (PATIENT_ID_ISSUER, Text),
        (None, 0x0010_0030) => (PATIENT_BIRTH, Text),
        (None, 0x0010_0040) => (PATIENT_SEX, Text),
        (None, 0x0010_1000) | (Some(0x0010_1002), 0x0010_0020) => (OTHER_PATIENT_IDS, Several),
        (None, 0x0010_1001) => (OTHER_PATIENT_NAMES, Several),
        (None, 0x0010_1040) => (PATIENT_ADDRESS, Text),
        (None, 0x0010_2154) => (PATIENT_PHONE, Text),
        (None, 0x0018_1000) => (SERIAL, Text),
        (None, 0x0018_1020) => (SOFTWARE, Several),
        (None | Some(0x0040_0270), 0x0020_000D) => (STUDY_UID, Several),
        (None, 0x0020_000E) => (SERIES_UID, Several),
        (None, 0x0020_0010) => (STUDY_ID, Text),
        (None, 0x0038_0010) => (ADMISSION_ID, Text),
        (Some(0x0040_0100), 0x0040_0001) => (SCHEDULED_STATION_AE, Several),
        (Some(0x0040_0100), 0x0040_0002) => (SCHEDULED_DATE, Time),
        (Some(0x0040_0100), 0x0008_0060) => (SCHEDULED_MODALITY, Several),
        (None, 0x0040_0241) => (PERFORMED_STATION_AE, Text),
        (None, 0x0040_0252) => (MPPS_STATUS, Text),
        (None, 0x0042_0010) => (DOCUMENT_TITLE, Text),
        (None, 0x0042_0012) => (DOCUMENT_TYPE, Text),
        (None, 0x0074_1000) => (PROCEDURE_STATE, Text),
        (None, 0x0074_1234) => (RECEIVING_AE, Text),
        (None, 0x2000_0010) => (COPIES, Text),
        (None, 0x2110_0010) => (PRINTER_STATUS, Text),
        (None, 0x300A_0002) => (PLAN_LABEL, Text),
        _ => return None,
    })
}

/// Names a query key by keyword or tag, with the sequences around it, never with its value.
fn write_key(trail: &Trail, element: &Element<'_>, scratch: &mut Vec<u8>, draft: &mut Draft<'_>) {
    const NO_KEYS: [u32; 2] = [0x0008_0005, 0x0008_0052];
    if element.tag == Tag::ITEM || NO_KEYS.contains(&element.tag.0) || !draft.wants(QUERY_KEYS) {
        return;
    }
    scratch.clear();
    for sequence in trail.around(element) {
        name(*sequence, scratch);
        scratch.push(b'>');
    }
    name(element.tag, scratch);
    draft.text(QUERY_KEYS, scratch);
}

fn name(tag: Tag, to: &mut Vec<u8>) {
    use std::io::Write;
    match tag.known() {
        Some((_, keyword)) => to.extend_from_slice(keyword.as_bytes()),
        // Writing to memory does not fail.
        None => drop(write!(to, "{tag}")),
    }
}

/// Names UIDs that are none, and notes the fault. `at`: where the message's data begin.
pub fn check_uids(records: &[u8], at: u64, wrong: &mut Faults) {
    if bad_uids(records).next().is_some() {
        wrong.add(faults::UID_ILLEGAL, at);
    }
}

/// UIDs with illegal characters: the element and the value.
pub fn bad_uids(records: &[u8]) -> impl Iterator<Item = (Tag, &[u8])> {
    Elements(records)
        .filter(|e| e.vr == Vr::UI && e.whole)
        .flat_map(|e| {
            e.value
                .split(|b| *b == b'\\')
                .map(move |v| (e.tag, trim(v)))
        })
        .filter(|(_, uid)| !uid.is_empty() && !is_legal_uid(uid))
}

/// Writes what the walk found beside elements.
pub fn write_report(report: &Report, scratch: &mut Vec<u8>, draft: &mut Draft<'_>) {
    if let Some(preamble) = report.preamble {
        draft.text(PREAMBLE, preamble.as_bytes());
    }
    for (tag, marker) in report.executables.iter().flatten() {
        write_tagged(
            *tag,
            Marker::word(*marker).as_bytes(),
            EXECUTABLE,
            scratch,
            draft,
        );
    }
}

/// Writes `tag value` into a field.
pub fn write_tagged(
    tag: Tag,
    value: &[u8],
    field: FieldId,
    scratch: &mut Vec<u8>,
    draft: &mut Draft<'_>,
) {
    use std::io::Write;
    scratch.clear();
    // Writing to memory does not fail.
    drop(write!(scratch, "{tag} "));
    scratch.extend_from_slice(value);
    draft.text(field, scratch);
}

/// Text in UTF-8 where the character set is told and simple; else as sent.
fn utf8<'a>(text: &'a [u8], latin1: bool, scratch: &'a mut Vec<u8>) -> &'a [u8] {
    if !latin1 || text.is_ascii() {
        return text;
    }
    scratch.clear();
    for byte in text {
        let mut room = [0; 2];
        scratch.extend_from_slice(char::from(*byte).encode_utf8(&mut room).as_bytes());
    }
    scratch
}
