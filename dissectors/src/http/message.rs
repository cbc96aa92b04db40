//! One whole request or response becomes a message.

use std::ops::Range;

use super::credentials;
use super::dicomweb::{magic, preamble};
use super::fields::*;
use super::head::{Faults, Head, Start};
use super::multipart::{self, Parts};
use super::service::{self, Ask, contains};
use super::target::{Target, decoded, is_word};
use super::{fhir, hl7};
use crate::action::{Action, Outcome, Verb};
use crate::message::{Draft, Messages, Scope};
use crate::schema::KindId;

/// A message with all that was seen of its body.
pub struct Whole<'a> {
    pub head: &'a Head<'a>,
    pub range: Range<u64>,
    /// The body as far as it was read, content coding undone.
    pub content: &'a [u8],
    /// Bytes of the body on the wire, where known.
    pub wire: Option<u64>,
    /// Only the front of the body was read.
    pub cut: bool,
    pub faults: Faults,
    /// Which request of the conversation this is, or answers.
    pub number: Option<u64>,
    /// For a response: kind and service of the request that it answers.
    pub asked: Option<(Option<KindId>, &'static str)>,
}

/// The join key of the n-th exchange of a conversation.
pub fn exchange_key(number: u64, room: &mut [u8; 28]) -> &[u8] {
    use std::io::Write;
    let mut at = &mut room[..];
    let _ = write!(at, "http {number}");
    let left = at.len();
    &room[..28 - left]
}

/// What a status code says became of the request (RFC 9110 15).
pub fn outcome(status: u16) -> Outcome {
    match status {
        202 | 100..=199 => Outcome::Requested,
        200..=299 | 304 => Outcome::Accepted,
        400..=499 => Outcome::Refused,
        500..=599 => Outcome::Failed,
        _ => Outcome::Unknown,
    }
}

/// The kind of a method, if it is one of the table.
pub fn kind_of(method: &str) -> Option<KindId> {
    let at = KINDS.iter().position(|k| k.name == method)?;
    Some(KindId(at as u16)).filter(|k| k.0 < RESPONSE.0)
}

/// Writes the message.
pub fn write(whole: &Whole<'_>, spare: &mut Vec<u8>, out: &mut Messages<'_>) {
    match whole.head.start {
        Start::Request { method, target } => request(whole, method, target, spare, out),
        Start::Response { status, reason } => response(whole, status, reason, out),
    }
}

fn request(
    whole: &Whole<'_>,
    method: &str,
    target: &str,
    spare: &mut Vec<u8>,
    out: &mut Messages<'_>,
) {
    let head = whole.head;
    let target = Target::new(target);
    let by = std::str::from_utf8(head.override_method)
        .ok()
        .filter(|m| !m.is_empty());
    let ask = service::ask(by.unwrap_or(method), &target, head);
    let mut draft = match kind_of(method) {
        Some(kind) => out.message(kind, whole.range.clone()),
        None => out.message_named(method.as_bytes(), whole.range.clone()),
    };
    draft.text(METHOD, method.as_bytes());
    if draft.wants(TARGET) {
        if target.without_secrets(spare) {
            draft.text(TARGET, spare);
        } else {
            draft.text(TARGET, target.raw.as_bytes());
        }
    }
    target.route(ask.ids, ask.fixed, spare);
    draft.text(ROUTE, spare);
    for (name, value) in target.parameters() {
        draft.text(
            PARAMETERS,
            if is_word(name) {
                name.as_bytes()
            } else {
                b"{id}"
            },
        );
        if matches!(name, "_count" | "limit" | "_limit" | "count")
            && let Ok(n) = value.parse()
        {
            draft.integer(COUNT, n);
        }
        let uid = name
            .len()
            .checked_sub(3)
            .and_then(|at| name.as_bytes().get(at..));
        if uid.is_some_and(|u| u.eq_ignore_ascii_case(b"uid")) {
            draft.text(UIDS, value.as_bytes());
        }
        let own = ask.resource == "Patient" && matches!(name, "identifier" | "_id");
        if ask.service == "fhir" && (own || is_patient(name)) {
            let value = decoded(value);
            // system|value and Patient/value both end in the id.
            let id = value
                .rsplit(|b| matches!(b, b'|' | b'/'))
                .next()
                .unwrap_or(b"");
            draft.text_if(PATIENT_ID, id);
        }
    }
    if ask.service == "dicomweb" {
        for (i, segment) in target.segments().iter().enumerate() {
            if ask.ids >> i & 1 == 1 && segment.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
                draft.text(UIDS, segment.as_bytes());
            }
        }
    }
    if ask.service == "fhir" && !ask.resource_id.is_empty() {
        match ask.resource {
            "Patient" => draft.text(PATIENT_ID, ask.resource_id.as_bytes()),
            "Device" => draft.text(DEVICE, ask.resource_id.as_bytes()),
            _ => &mut draft,
        };
    }
    draft
        .text_if(RESOURCE_ID, ask.resource_id.as_bytes())
        .text_if(SERVICE, ask.service.as_bytes())
        .text_if(INTERACTION, ask.interaction.as_bytes())
        .text_if(RESOURCE, ask.resource.as_bytes())
        .text_if(OPERATION, ask.operation.as_bytes())
        .text_if(HOST, head.host)
        .text_if(USER_AGENT, head.agent)
        .text_if(METHOD_OVERRIDE, head.override_method)
        .text_if(UPGRADE, head.upgrade);
    credentials::note(head, Some(&target), &mut draft);
    if target.climbs() {
        draft.anomaly("traversal", whole.range.start);
    }
    common(whole, &mut draft);
    if let Some(number) = whole.number {
        draft.asks(Scope::Conversation, exchange_key(number, &mut [0; 28]));
    }
    request_body(whole, &target, &ask, &mut draft);
}

/// What the body tells, and the action that follows from all.
fn request_body(whole: &Whole<'_>, target: &Target<'_>, ask: &Ask<'_>, draft: &mut Draft<'_>) {
    let head = whole.head;
    let content = whole.content;
    let mut action = Action {
        handle: ask.operation.as_bytes(),
        device_id: if ask.resource == "Device" {
            ask.resource_id.as_bytes()
        } else {
            b""
        },
        ..Action::of(ask.verb.unwrap_or(Verb::UnknownVerb))
    };
    if ask.service == "fhir" && !content.is_empty() && is_json(head, content) {
        if !fhir::body(content, whole.cut, Some(ask), draft) {
            draft.anomaly("bad-json", whole.range.start + head.len as u64);
        }
        return;
    }
    if hl7::is_message(content) {
        draft.text(SERVICE, b"hl7");
        hl7::note(content, draft);
        action.verb = hl7::verb(content);
        draft.action(action);
        return;
    }
    if contains(head.media_type(), b"x-www-form-urlencoded")
        && let Ok(form) = std::str::from_utf8(content)
    {
        credentials::secrets(form, draft);
    }
    if is_envelope(content) {
        if ask.service.is_empty() {
            draft.text(SERVICE, b"soap");
        }
        let name = if head.soap_action.is_empty() {
            head.media_parameter("action")
        } else {
            head.soap_action
        };
        draft.text_if(SOAP_ACTION, name);
    }
    let boundary = head.media_parameter("boundary");
    let mut file: &[u8] = b"";
    let mut first = content;
    if !boundary.is_empty() {
        let mut parts = Parts::new(content, boundary);
        let mut dicom = 0;
        for (n, part) in (&mut parts).enumerate() {
            let name = multipart::file_name(part.head);
            if n == 0 {
                (file, first) = (name, part.content);
            }
            note_file(name, draft);
            if let Some(word) = preamble(part.content) {
                draft.text(PREAMBLE, word.as_bytes());
                dicom += 1;
            }
        }
        if dicom > 0 {
            draft.integer(RESOURCES, dicom);
        }
        if !parts.closed && !whole.cut {
            draft.anomaly("multipart-cut", whole.range.end);
        }
    } else if let Some(word) = preamble(content) {
        draft.text(PREAMBLE, word.as_bytes());
    }
    let magic = magic(first);
    draft.text_if(MAGIC, magic.as_bytes());
    let member: &[u8] = if magic == "tar" {
        first.split(|b| *b == 0).next().unwrap_or(b"")
    } else {
        b""
    };
    note_file(member, draft);
    let writes = !matches!(
        whole.head.start,
        Start::Request {
            method: "GET" | "HEAD" | "OPTIONS",
            ..
        }
    );
    if ask.service.is_empty() && writes && !content.is_empty() {
        action.verb = service::upload_verb(target.path, file, member, magic).unwrap_or(action.verb);
    }
    if ask.verb.is_some() {
        draft.action(action);
    }
}

fn note_file(name: &[u8], draft: &mut Draft<'_>) {
    if name.is_empty() {
        return;
    }
    let name = std::str::from_utf8(name).unwrap_or("{id}");
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    draft.text(
        FILE,
        if is_word(last) {
            last.as_bytes()
        } else {
            b"{id}"
        },
    );
}

fn response(whole: &Whole<'_>, status: u16, reason: &str, out: &mut Messages<'_>) {
    let head = whole.head;
    let mut draft = out.message(RESPONSE, whole.range.clone());
    draft
        .integer(STATUS, i64::from(status))
        .text_if(REASON, reason.as_bytes())
        .text_if(SERVER, head.server);
    let mut asked_of = "";
    if let Some((kind, service)) = whole.asked {
        if let Some(kind) = kind {
            draft.text(METHOD, KINDS[usize::from(kind.0)].name.as_bytes());
        }
        draft.text_if(SERVICE, service.as_bytes());
        asked_of = service;
    }
    draft.text_if(UPGRADE, head.upgrade);
    credentials::note(head, None, &mut draft);
    common(whole, &mut draft);
    if let Some(number) = whole.number {
        let last = status >= 200 || status == 101;
        draft.answers(
            Scope::Conversation,
            exchange_key(number, &mut [0; 28]),
            last,
            outcome(status),
        );
    }
    let content = whole.content;
    if hl7::is_message(content) {
        if asked_of.is_empty() {
            draft.text(SERVICE, b"hl7");
        }
        hl7::note(content, &mut draft);
        return;
    }
    let media = head.media_type();
    if content.is_empty() {
        return;
    }
    if is_json(head, content) && (asked_of == "fhir" || contains(media, b"fhir")) {
        if !fhir::body(content, whole.cut, None, &mut draft) {
            draft.anomaly("bad-json", whole.range.start + head.len as u64);
        }
        return;
    }
    let boundary = head.media_parameter("boundary");
    if !boundary.is_empty() {
        let mut objects = 0;
        for part in Parts::new(content, boundary) {
            if let Some(word) = preamble(part.content) {
                draft.text(PREAMBLE, word.as_bytes());
                objects += 1;
            }
        }
        if objects > 0 {
            draft.integer(RESOURCES, objects);
        }
    } else if let Some(word) = preamble(content) {
        draft.text(PREAMBLE, word.as_bytes()).integer(RESOURCES, 1);
    } else if is_json(head, content) && matches!(asked_of, "dicomweb" | "orthanc") {
        draft.integer(RESOURCES, elements(content));
    }
    draft.text_if(MAGIC, magic(content).as_bytes());
}

/// What requests and responses have in common.
fn common(whole: &Whole<'_>, draft: &mut Draft<'_>) {
    let head = whole.head;
    draft
        .text(VERSION, if head.minor == 0 { b"1.0" } else { b"1.1" })
        .text_if(CONTENT_TYPE, head.media_type())
        .text_if(CONTENT_ENCODING, head.content_encoding);
    if let Some(bytes) = whole.wire {
        draft.integer(BODY_BYTES, i64::try_from(bytes).unwrap_or(i64::MAX));
    }
    if whole.cut {
        draft.flag(BODY_CUT, true);
    }
    for (name, at) in whole.faults.iter() {
        draft.anomaly(name, at);
    }
}

/// Members of the outermost list of a JSON body, 1 if it is no list.
fn elements(json: &[u8]) -> i64 {
    use super::json::Item;
    let mut walk = super::json::Json::new(json);
    if !matches!(walk.next(), Some(Item::Open { list: true, .. })) {
        return 1;
    }
    let mut count = 0;
    while let Some(item) = walk.next() {
        count += match item {
            Item::Open { .. } => i64::from(walk.depth == 2),
            Item::Text { .. } | Item::Word { .. } => i64::from(walk.depth == 1),
            Item::Close => 0,
        };
    }
    count
}

fn is_patient(parameter: &str) -> bool {
    let name = parameter.split([':', '.']).next().unwrap_or("");
    matches!(name, "patient" | "subject")
}

pub fn is_json(head: &Head<'_>, content: &[u8]) -> bool {
    contains(head.media_type(), b"json")
        || matches!(
            content.trim_ascii_start(),
            [b'{', b'"' | b'}' | b' ' | b'\n' | b'\r', ..]
        )
}

/// Does this begin like a SOAP envelope?
pub fn is_envelope(content: &[u8]) -> bool {
    let front = &content[..content.len().min(1024)];
    let front = front
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(front)
        .trim_ascii_start();
    front.starts_with(b"<") && memchr::memmem::find(front, b"Envelope").is_some()
}
