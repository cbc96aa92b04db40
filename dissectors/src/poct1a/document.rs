//! A whole document: its root names the message, its elements carry values in attribute `V`.

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use super::fields::*;
use crate::action::{Action, Device, Outcome, Verb};
use crate::contract::Side;
use crate::limits;
use crate::message::{Draft, Messages, Scope};
use crate::octets::ShortText;
use crate::schema::{FieldId, FieldType, KindId};

use super::POCT1A;

/// What the framing found out beside the bytes.
#[derive(Clone, Copy)]
pub struct Facts {
    pub framed: bool,
    pub end_block: bool,
    pub doctype: bool,
    pub deepest: u32,
    /// The document was cut off.
    pub unfinished: bool,
}

/// Writes the message that `bytes`, a document, is.
pub fn read(bytes: &[u8], facts: Facts, side: Side, range: Range<u64>, out: &mut Messages<'_>) {
    let at = range.start;
    let text = String::from_utf8_lossy(bytes);
    let root = root(&text);
    let kind = kind(root);
    let mut draft = match kind {
        Some(kind) => out.message(kind, range),
        None if root.is_empty() => out.message(MALFORMED, range),
        None => out.message_named(&root.as_bytes()[..root.len().min(64)], range),
    };
    draft.text(FRAMING, if facts.framed { b"mllp" } else { b"xml" });
    draft.body(bytes);
    let mut found = Found::default();
    let well_formed = elements(&text, kind, &mut found, &mut draft);
    for (fault, name) in [
        (facts.doctype, "doctype"),
        (matches!(text, std::borrow::Cow::Owned(_)), "not-utf8"),
        (facts.unfinished, "unfinished"),
        (!well_formed && !facts.unfinished, "not-well-formed"),
        (facts.framed && !facts.end_block, "no-end-block"),
    ] {
        if fault {
            draft.anomaly(name, at);
        }
    }
    if facts.deepest as usize > draft.limits().get(limits::POCT1A_DEPTH) {
        draft.limit(limits::POCT1A_DEPTH);
        draft.anomaly("too-deep", at);
    }
    match kind {
        Some(OPERATOR_LIST | OPERATOR_UPDATE) => {
            draft.integer(OPERATORS, i64::from(found.operators));
        }
        Some(PATIENT_LIST | PATIENT_UPDATE) => {
            draft.integer(PATIENTS, i64::from(found.patients));
        }
        _ => {}
    }
    act(kind, root, &found, &mut draft);
    join(kind, &found, side, &mut draft);
}

/// The kind of a root element, by its name in the table.
pub fn kind(root: &str) -> Option<KindId> {
    let at = POCT1A.kinds.iter().position(|k| k.name == root)?;
    let kind = KindId(at as u16);
    (kind != MALFORMED).then_some(kind)
}

fn root(text: &str) -> &str {
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_'))
            .unwrap_or(rest.len());
        if end > 0 {
            return &rest[..end];
        }
    }
    ""
}

/// What the action and the join need of the elements.
#[derive(Default)]
struct Found {
    control_id: ShortText<64>,
    answered: ShortText<64>,
    refused: bool,
    accepted: bool,
    command: ShortText<64>,
    request: ShortText<64>,
    serial: ShortText<64>,
    operators: u32,
    patients: u32,
}

/// Writes the fields of all elements; false where the XML is not well-formed.
fn elements(text: &str, kind: Option<KindId>, found: &mut Found, draft: &mut Draft<'_>) -> bool {
    let mut reader = Reader::from_str(text);
    let deepest = draft.limits().get(limits::POCT1A_DEPTH);
    let mut depth = 0;
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => {
                depth += 1;
                if depth > deepest {
                    return true;
                }
                one(&element, kind, found, draft);
            }
            Ok(Event::Empty(element)) => one(&element, kind, found, draft),
            Ok(Event::End(_)) => depth -= 1,
            Ok(Event::Eof) => return depth == 0,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

fn one(element: &BytesStart<'_>, kind: Option<KindId>, found: &mut Found, draft: &mut Draft<'_>) {
    let name = element.name().0;
    match name {
        "OPR.operator_id" => found.operators += 1,
        "PT.patient_id" => found.patients += 1,
        _ => {}
    }
    let field = ELEMENTS.iter().find(|(n, _)| *n == name).map(|(_, f)| *f);
    let field = match (field, name) {
        // An acknowledgement's own element of the same name as the header's.
        (_, "ACK.control_id") => Some(ACK_CONTROL_ID),
        (Some(field), _) => Some(field),
        (None, _) if name.starts_with("EVT.") || name.starts_with("EVS.") => Some(EVENT),
        (None, _) => return,
    };
    let Some(field) = field else { return };
    for attribute in element
        .attributes()
        .with_checks(false)
        .take(16)
        .map_while(Result::ok)
    {
        // An entity that was declared in the document is left as it stands.
        let value = match attribute.normalized_value(XmlVersion::Implicit1_0) {
            Ok(value) => value,
            Err(_) => attribute.value.clone(),
        };
        match attribute.key.0 {
            "V" => {
                note(field, &value, kind, found);
                write(field, value.as_bytes(), draft);
            }
            "U" if field == VALUE => {
                draft.text_if(UNIT, value.as_bytes());
            }
            _ => {}
        }
    }
}

fn write(field: FieldId, value: &[u8], draft: &mut Draft<'_>) {
    if value.is_empty() {
        return;
    }
    match FIELDS.get(usize::from(field.0)).map(|f| f.kind) {
        Some(FieldType::Time) => draft.time(field, value),
        _ => draft.text(field, value),
    };
}

fn note(field: FieldId, value: &str, kind: Option<KindId>, found: &mut Found) {
    let short = || ShortText::<64>::of(format_args!("{value}"));
    match field {
        CONTROL_ID => found.control_id = short(),
        ACK_CONTROL_ID => found.answered = short(),
        ACK_TYPE if kind == Some(ACK) => {
            found.accepted = matches!(value, "AA" | "CA");
            found.refused = !found.accepted;
        }
        COMMAND => found.command = short(),
        REQUEST => found.request = short(),
        SERIAL => found.serial = short(),
        _ => {}
    }
}

/// What the message does. An unknown root is an unknown verb.
fn act(kind: Option<KindId>, root: &str, found: &Found, draft: &mut Draft<'_>) {
    let directive = found.command.as_bytes();
    let (verb, handle) = match kind {
        Some(HELLO) => (Verb::Discover, &b""[..]),
        Some(STATUS_MESSAGE | EVENTS) => (Verb::Notify, &b""[..]),
        Some(REQUEST_MESSAGE) => (Verb::Read, found.request.as_bytes()),
        Some(OBSERVATIONS | CONTROLS) => (Verb::Store, &b""[..]),
        Some(OPERATOR_LIST | OPERATOR_UPDATE) => (Verb::Configure, &b"operator list"[..]),
        Some(PATIENT_LIST | PATIENT_UPDATE) => (Verb::SetPatient, &b"patient list"[..]),
        Some(DIRECTIVE | COMPLEX_DIRECTIVE) => (directive_verb(directive), directive),
        Some(PIX_FIRMWARE | NOVA_FIRMWARE) => (Verb::LoadFirmware, root.as_bytes()),
        Some(
            PIX_QC
            | PIX_RANGES
            | PIX_SETUP
            | NOVA_REAGENTS
            | NOVA_LOCATIONS
            | NOVA_PHYSICIANS
            | NOVA_PHYSICIANS_UPDATE
            | NOVA_SETUP,
        ) => (Verb::Configure, root.as_bytes()),
        Some(ACK | END_OF_TOPIC | ESCAPE | KEEP_ALIVE | TERMINATE) => return,
        Some(VENDOR_DIRECTIVE) => (Verb::UnknownVerb, root.as_bytes()),
        _ if root.is_empty() => return,
        _ => (Verb::UnknownVerb, &root.as_bytes()[..root.len().min(64)]),
    };
    draft.action(Action {
        device: Device::Meter,
        device_id: found.serial.as_bytes(),
        handle,
        ..Action::of(verb)
    });
}

fn directive_verb(command: &[u8]) -> Verb {
    match command {
        b"LOCK" | b"UNLOCK" => Verb::Configure,
        b"SET_TIME" => Verb::SetTime,
        b"START_CONTINUOUS" => Verb::Subscribe,
        _ => Verb::UnknownVerb,
    }
}

/// Every message but an acknowledgement asks under its control id; both sides count their own.
fn join(kind: Option<KindId>, found: &Found, side: Side, draft: &mut Draft<'_>) {
    let key = |side: Side, id: &ShortText<64>| {
        let name = match side {
            Side::Client => "client",
            Side::Server => "server",
        };
        let id = String::from_utf8_lossy(id.as_bytes());
        ShortText::<80>::of(format_args!("{name} {id}"))
    };
    if matches!(kind, Some(ACK | ESCAPE)) {
        if !found.answered.as_bytes().is_empty() {
            let outcome = match (kind == Some(ESCAPE), found.accepted, found.refused) {
                (true, ..) | (_, _, true) => Outcome::Refused,
                (_, true, _) => Outcome::Accepted,
                _ => Outcome::Unknown,
            };
            let key = key(side.other(), &found.answered);
            draft.answers(Scope::Conversation, key.as_bytes(), true, outcome);
        }
    } else if !found.control_id.as_bytes().is_empty() {
        let key = key(side, &found.control_id);
        draft.asks(Scope::Conversation, key.as_bytes());
    }
}

/// Elements that are kept, and their fields.
const ELEMENTS: &[(&str, FieldId)] = &[
    ("HDR.control_id", CONTROL_ID),
    ("HDR.message_type", MESSAGE_TYPE),
    ("HDR.version_id", VERSION),
    ("HDR.creation_dttm", CREATED),
    ("DTV.command_cd", COMMAND),
    ("TM.dttm", CLOCK),
    ("REQ.request_cd", REQUEST),
    ("EOT.topic_cd", TOPIC),
    ("ACK.type_cd", ACK_TYPE),
    ("ACK.type_id", ACK_TYPE),
    ("ACK.ack_control_id", ACK_CONTROL_ID),
    ("ESC.esc_control_id", ACK_CONTROL_ID),
    ("ESC.detail_cd", DETAIL),
    ("TRM.reason_cd", REASON),
    ("SVC.reason_cd", REASON),
    ("DEV.device_id", DEVICE_ID),
    ("DEV.vendor_id", VENDOR),
    ("DEV.model_id", MODEL),
    ("DEV.serial_id", SERIAL),
    ("DEV.hw_version", HARDWARE),
    ("DEV.sw_version", SOFTWARE),
    ("DEV.device_name", DEVICE_NAME),
    ("DSC.connection_profile_cd", PROFILE),
    ("DSC.topics_supported_cd", TOPICS),
    ("DSC.directives_supported_cd", DIRECTIVES),
    ("DST.condition_cd", CONDITION),
    ("DST.new_observations_qty", NEW_OBSERVATIONS),
    ("DST.new_events_qty", NEW_EVENTS),
    ("SVC.role_cd", ROLE),
    ("SVC.observation_dttm", OBSERVED),
    ("PT.patient_id", PATIENT_ID),
    ("PT.name", PATIENT_NAME),
    ("PT.birth_date", BIRTH_DATE),
    ("PT.gender_cd", SEX),
    ("PT.location", LOCATION),
    ("PT.weight", WEIGHT),
    ("OBS.observation_id", TEST),
    ("OBS.value", VALUE),
    ("OBS.qualitative_value", VALUE),
    ("OBS.method_cd", METHOD),
    ("OBS.status_cd", STATUS),
    ("OBS.interpretation_cd", INTERPRETATION),
    ("OPR.operator_id", OPERATOR),
    ("OPR.name", OPERATOR_NAME),
    ("ACC.permission_level_cd", PERMISSION),
    ("ACC.permision_level_cd", PERMISSION),
    ("ACC.method_cd", METHODS_ALLOWED),
    ("UPD.action_cd", UPDATE),
    ("ORD.universal_service_id", ORDER_ID),
    ("ORD.order_id", ORDER_ID),
    ("SPC.specimen_id", SPECIMEN_ID),
    ("CTC.name", CONTROL_NAME),
    ("CTC.lot_number", LOT),
    ("RGT.lot_number", LOT),
    ("CTC.level_cd", LEVEL),
    ("NTE.text", NOTE),
    ("ACK.note_txt", NOTE),
    ("ESC.note_txt", NOTE),
];
