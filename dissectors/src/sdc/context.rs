//! Context states: who lies in the bed, where it stands, who operates (10207 ContextState).

use super::fields::*;
use super::xml::{Step, Tag, Xml};
use crate::message::Draft;

/// A body in which context states may stand anywhere.
pub fn read(_: &Tag<'_>, xml: &mut Xml<'_>, draft: &mut Draft<'_>) {
    let (mut states, mut patients) = (0, 0);
    loop {
        match xml.step() {
            Step::Open(tag) => {
                if matches!(tag.local, "ContextState" | "State") {
                    states += 1;
                    let kind = tag.kind();
                    if kind.ends_with("ContextState") {
                        patients += i64::from(kind == "PatientContextState");
                        state(&tag, &kind, xml, draft);
                    }
                } else if tag.local == "Identification" {
                    // A request that asks by identification.
                    if let Some(id) = tag.attribute("Extension") {
                        draft.text_if(PATIENT_ID, id.as_bytes());
                    }
                }
            }
            Step::Close if xml.depth() < 3 => break,
            Step::End => break,
            _ => {}
        }
    }
    draft.integer(STATES, states);
    if patients > 0 {
        draft.integer(PATIENTS, patients);
    }
}

/// One context state just opened, up to its end.
pub fn state(tag: &Tag<'_>, kind: &str, xml: &mut Xml<'_>, draft: &mut Draft<'_>) {
    let depth = xml.depth();
    draft.text(STATE_TYPES, kind.as_bytes());
    for (name, field) in [
        ("DescriptorHandle", HANDLES),
        ("ContextAssociation", ASSOCIATION),
    ] {
        if let Some(value) = tag.attribute(name) {
            draft.text_if(field, value.as_bytes());
        }
    }
    let mut names = [String::new(), String::new()];
    while let Some(child) = xml.child(depth) {
        match child.local {
            "Identification" => {
                if let Some(id) = child.attribute("Extension") {
                    match kind {
                        "PatientContextState" => draft.text_if(PATIENT_ID, id.as_bytes()),
                        "OperatorContextState" => draft.text_if(STAFF_ID, id.as_bytes()),
                        _ => draft,
                    };
                }
            }
            "LocationDetail" => location(&child, draft),
            "CoreData" if kind == "PatientContextState" => {
                core_data(xml, depth + 1, &mut names, draft)
            }
            _ => {}
        }
    }
    let [family, given] = names;
    if !family.is_empty() || !given.is_empty() {
        let mut name = family;
        if !given.is_empty() {
            name.push('^');
            name.push_str(&given);
        }
        draft.text(PATIENT_NAME, name.as_bytes());
    }
}

fn core_data(xml: &mut Xml<'_>, depth: u16, names: &mut [String; 2], draft: &mut Draft<'_>) {
    while let Some(child) = xml.child(depth) {
        match child.local {
            "Familyname" => names[0] = xml.text().into_owned(),
            "Givenname" => names[1] = xml.text().into_owned(),
            "Birthname" => {
                let text = xml.text();
                draft.text_if(PATIENT_NAME, text.as_bytes());
            }
            "DateOfBirth" => {
                let text = xml.text();
                draft.text_if(PATIENT_BIRTH, text.as_bytes());
            }
            "Sex" => {
                let text = xml.text();
                draft.text_if(PATIENT_SEX, text.as_bytes());
            }
            _ => {}
        }
    }
}

/// Facility to bed, joined by slashes.
fn location(tag: &Tag<'_>, draft: &mut Draft<'_>) {
    let mut text = String::new();
    for name in ["Facility", "Building", "Floor", "PoC", "Room", "Bed"] {
        if let Some(value) = tag.attribute(name) {
            if !text.is_empty() {
                text.push('/');
            }
            text.push_str(&value);
        }
    }
    draft.text_if(LOCATION, text.as_bytes());
}
