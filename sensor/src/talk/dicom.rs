//! DICOM: the association with its contexts, and each command with its status in words.

use dissectors::Side;
use dissectors::dicom::fields as f;
use dissectors::dicom::uid_name;
use dissectors::schema::KindId;

use super::conversation::{Conversation, Failure, Line, Which};
use super::page::counted;
use super::reading::Reading;
use crate::output::clean;

/// Keys that narrow a query, by field, with the keyword that DICOM gives them.
const KEYS: &[(&str, &str)] = &[
    ("patient_id", "PatientID"),
    ("patient_name", "PatientName"),
    ("patient_birth", "PatientBirthDate"),
    ("patient_sex", "PatientSex"),
    ("accession", "AccessionNumber"),
    ("study_id", "StudyID"),
    ("study_uid", "StudyInstanceUID"),
    ("series_uid", "SeriesInstanceUID"),
    ("object_sop_instance", "SOPInstanceUID"),
    ("study_date", "StudyDate"),
    ("modality", "Modality"),
    ("modalities_in_study", "ModalitiesInStudy"),
    ("referring_physician", "ReferringPhysicianName"),
    ("station_name", "StationName"),
    ("scheduled_station_ae", "ScheduledStationAETitle"),
    ("scheduled_date", "ScheduledProcedureStepStartDate"),
    ("scheduled_modality", "Modality"),
];

/// The line of a message.
pub fn line(r: &mut Reading<'_, '_>, talk: &mut Conversation, verbose: bool) -> Line {
    let m = r.m;
    let mut line = Line {
        time: m.frame().time,
        frame: m.frame().number,
        from_server: m.side() == Side::Server,
        ..Line::default()
    };
    match m.kind_id() {
        Some(f::A_ASSOCIATE_RQ) => request(r, talk, &mut line),
        Some(f::A_ASSOCIATE_AC) => accept(r, talk, &mut line),
        Some(f::A_ASSOCIATE_RJ) => reject(r, talk, &mut line),
        Some(f::A_ABORT) => abort(r, talk, &mut line),
        Some(f::A_RELEASE_RQ) => line.text = "A-RELEASE-RQ  asks to end the association".into(),
        Some(f::A_RELEASE_RP) => {
            line.text = "A-RELEASE-RP  agrees".into();
            talk.dicom.open = false;
        }
        _ => command(r, talk, &mut line, verbose),
    }
    line
}

fn request(r: &mut Reading<'_, '_>, talk: &mut Conversation, line: &mut Line) {
    let calling = r.text("calling_ae").unwrap_or_default();
    let called = r.text("called_ae").unwrap_or_default();
    line.text = format!("A-ASSOCIATE-RQ  \"{calling}\" calls \"{called}\"");
    if let Some(library) = r.text("impl_version") {
        line.text.push_str(&format!("  ({library})"));
    }
    talk.dicom.open = true;
    talk.dicom.accepted = 0;
    talk.dicom.refused.clear();
    talk.dicom.offered.clear();
    for context in r.all("contexts") {
        let Some((id, abstract_syntax, rest)) = parts(&context) else {
            continue;
        };
        let transfers = rest.split(',').map(named).collect();
        talk.dicom
            .offered
            .insert(id, (named(abstract_syntax), transfers));
    }
    line.text.push_str("  ");
    line.text
        .push_str(&counted(talk.dicom.offered.len(), "context"));
}

fn accept(r: &mut Reading<'_, '_>, talk: &mut Conversation, line: &mut Line) {
    line.text = "A-ASSOCIATE-AC  accepts the association".into();
    for context in r.all("contexts") {
        let Some((id, abstract_syntax, rest)) = parts(&context) else {
            continue;
        };
        let (transfer, result) = rest.rsplit_once('=').unwrap_or((rest, ""));
        let offered = talk.dicom.offered.get(&id);
        let name = offered.map_or_else(|| named(abstract_syntax), |(name, _)| name.clone());
        if result == "acceptance" {
            talk.dicom.accepted += 1;
            line.detail.push(format!(
                "context {id}  accepted  {name}, {}",
                named(transfer)
            ));
        } else {
            let words = context_words(result);
            let asked = match (result, offered) {
                ("transfer-syntaxes-not-supported", Some((_, transfers))) => {
                    format!(" (offered: {})", transfers.join(", "))
                }
                _ => String::new(),
            };
            line.detail
                .push(format!("context {id}  REFUSED   {name}: {words}{asked}"));
            talk.dicom.refused.push(format!("{name}: {words}{asked}"));
        }
    }
    line.text.push_str(&format!(
        "  {} accepted, {} refused",
        counted(talk.dicom.accepted, "context"),
        talk.dicom.refused.len()
    ));
}

fn reject(r: &mut Reading<'_, '_>, talk: &mut Conversation, line: &mut Line) {
    let [result, source, reason] =
        ["result_text", "source_text", "reason_text"].map(|n| r.text(n).unwrap_or_default());
    line.text = format!("A-ASSOCIATE-RJ  {result} by {source}: {reason}");
    talk.dicom.open = false;
    let which = match (r.integer("source"), r.integer("reason")) {
        (Some(1), Some(3)) => Which::Calling,
        (Some(1), Some(7)) => Which::Called,
        _ => Which::Untold,
    };
    talk.fail(Failure::Title {
        called: r.text("called_ae").unwrap_or_default(),
        calling: r.text("calling_ae").unwrap_or_default(),
        which,
        words: reason,
    });
}

fn abort(r: &mut Reading<'_, '_>, talk: &mut Conversation, line: &mut Line) {
    let source = r.text("source_text").unwrap_or_default();
    let reason = r.text("reason_text").unwrap_or_default();
    line.text = format!("A-ABORT  by {source}: {reason}");
    talk.dicom.open = false;
    let who = if line.from_server { "server" } else { "client" };
    talk.fail(Failure::Said(format!(
        "the {who} broke the association off (A-ABORT by {source}, {reason})"
    )));
}

fn command(r: &mut Reading<'_, '_>, talk: &mut Conversation, line: &mut Line, verbose: bool) {
    let m = r.m;
    let kind = clean::text(m.kind());
    talk.dicom.commands += 1;
    let status = r.integer("status");
    let id = r
        .integer("responding_to")
        .or_else(|| r.integer("message_id"))
        .unwrap_or(-1);
    line.text = format!("{kind} {id}");
    if status.is_none() {
        if let Some(class) = r
            .text("sop_class_name")
            .or_else(|| r.text("affected_sop_class"))
            .or_else(|| r.text("requested_sop_class"))
        {
            line.text.push_str(&format!("  {class}"));
        }
        if let Some(level) = r.text("query_level") {
            line.text.push_str(&format!("  at level {level}"));
        }
        if let Some(to) = r.text("move_destination") {
            line.text.push_str(&format!("  to \"{to}\""));
        }
        if let Some(bytes) = r.integer("dataset_bytes")
            && m.kind_id() == Some(f::C_STORE_RQ)
        {
            line.text.push_str(&format!("  object of {bytes} bytes"));
            if let Some(patient) = r.text("patient_id") {
                line.text.push_str(&format!(", patient {patient}"));
            }
        }
        if is_query(m.kind_id()) {
            let keys = keys(r);
            let query = talk.dicom.queries.entry(id).or_default();
            *query = Default::default();
            query.names = keys.iter().map(|(n, _)| *n).collect();
            query.shown = keys
                .iter()
                .map(|(n, v)| format!("{n}={v}"))
                .collect::<Vec<_>>()
                .join(" ");
            if keys.is_empty() {
                query.shown = "no key with a value".into();
            }
            line.text.push_str("  ");
            line.text.push_str(&query.shown);
        }
        return;
    }
    answer(r, talk, line, verbose, id, status.unwrap_or(0));
}

fn answer(
    r: &mut Reading<'_, '_>,
    talk: &mut Conversation,
    line: &mut Line,
    verbose: bool,
    id: i64,
    status: i64,
) {
    let kind = clean::text(r.m.kind());
    let words = r.text("status_text").unwrap_or_default();
    let class = r.text("status_class").unwrap_or_default();
    let find = r.m.kind_id() == Some(f::C_FIND_RSP);
    if class == "pending" && find {
        let query = talk.dicom.queries.entry(id).or_default();
        query.matches += 1;
        line.hidden = !verbose;
    }
    line.text.push_str(&format!("  {words}"));
    if status != 0 {
        line.text.push_str(&format!(" (0x{status:04X})"));
    }
    for (label, field) in [
        ("done", "completed"),
        ("left", "remaining"),
        ("failed", "failed"),
        ("with warnings", "warning"),
    ] {
        if let Some(n) = r.integer(field) {
            line.text.push_str(&format!(", {n} {label}"));
        }
    }
    let comment = r.fault_text("error_comment");
    if let Some(comment) = &comment {
        line.text.push_str(&format!(": \"{comment}\""));
    }
    let offending = r.all("offending_elements");
    if !offending.is_empty() {
        line.text
            .push_str(&format!(", offending {}", offending.join(" ")));
    }
    let comment = comment.map(|c| format!(": \"{c}\"")).unwrap_or_default();
    match class.as_str() {
        "failure" => {
            let to = r
                .text("move_destination")
                .map(|t| format!(" to \"{t}\""))
                .unwrap_or_default();
            talk.fail(Failure::Said(format!(
                "{kind}{to}: {words} (0x{status:04X}){comment}"
            )));
        }
        "success" if find => matches(talk, line, id),
        "success" | "warning" if r.integer("failed").is_some_and(|n| n > 0) => {
            talk.fail(Failure::Said(format!(
                "{kind}: {} objects could not be sent ({words}, 0x{status:04X}){comment}",
                r.integer("failed").unwrap_or(0)
            )));
        }
        _ => {}
    }
}

/// The end of a query: how many matches, and if none, by which keys.
fn matches(talk: &mut Conversation, line: &mut Line, id: i64) {
    let Some(query) = talk.dicom.queries.remove(&id) else {
        return;
    };
    let n = query.matches;
    let word = if n == 1 { "match" } else { "matches" };
    line.text.push_str(&format!("  {n} {word}"));
    if n > 0 {
        talk.dicom.matched_by.push(query.names);
        return;
    }
    // Keys that no query with matches had: the likely ones.
    let fresh: Vec<&str> = query
        .names
        .iter()
        .copied()
        .filter(|k| !talk.dicom.matched_by.iter().any(|m| m.contains(k)))
        .collect();
    let hint = if talk.dicom.matched_by.is_empty() || fresh.is_empty() {
        String::new()
    } else {
        format!("; a query without {} had matches", fresh.join(", "))
    };
    talk.fail(Failure::Empty(format!(
        "no match for {}{hint}",
        query.shown
    )));
}

fn is_query(kind: Option<KindId>) -> bool {
    matches!(kind, Some(f::C_FIND_RQ | f::C_GET_RQ | f::C_MOVE_RQ))
}

fn keys(r: &mut Reading<'_, '_>) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for (field, keyword) in KEYS {
        let values = r.all(field);
        if !values.is_empty() {
            found.push((*keyword, values.join("\\")));
        }
    }
    found
}

/// `id:abstract>rest`.
fn parts(context: &str) -> Option<(u32, &str, &str)> {
    let (id, rest) = context.split_once(':')?;
    let (abstract_syntax, rest) = rest.split_once('>')?;
    Some((id.parse().ok()?, abstract_syntax, rest))
}

fn named(uid: &str) -> String {
    uid_name(uid.as_bytes()).map_or_else(|| uid.to_owned(), str::to_owned)
}

/// PS3.8 table 9-18 in words.
fn context_words(result: &str) -> &str {
    match result {
        "user-rejection" => "refused by the user",
        "no-reason" => "refused without a reason",
        "abstract-syntax-not-supported" => "the server does not support this class",
        "transfer-syntaxes-not-supported" => "the server supports none of the transfer syntaxes",
        other => other,
    }
}
