//! WS-Eventing, faults, version attributes, alert reports.

use super::fields::*;
use super::names::action_name;
use super::operation::Answered;
use super::xml::{Step, Tag, Xml};
use crate::action::Outcome;
use crate::message::Draft;

/// MdibVersion, SequenceId, InstanceId of a response or report.
pub fn versions<'a>(tag: &Tag<'a>, answered: &mut Answered<'a>, draft: &mut Draft<'_>) {
    if let Some(n) = tag
        .attribute("MdibVersion")
        .and_then(|v| v.trim().parse().ok())
    {
        draft.integer(MDIB_VERSION, n);
    }
    if let Some(id) = tag.attribute("SequenceId") {
        draft.text(SEQUENCE_ID, id.as_bytes());
        answered.sequence = id;
    }
    if let Some(n) = tag
        .attribute("InstanceId")
        .and_then(|v| v.trim().parse().ok())
    {
        draft.integer(INSTANCE_ID, n);
    }
}

/// Subscriptions (WS-Eventing 3).
pub fn eventing(xml: &mut Xml<'_>, draft: &mut Draft<'_>) {
    let mut address = MANAGER;
    loop {
        match xml.step() {
            Step::Open(tag) => match tag.local {
                "NotifyTo" => address = NOTIFY_TO,
                "EndTo" => address = END_TO,
                "SubscriptionManager" => address = MANAGER,
                "Address" => {
                    let text = xml.text();
                    draft.text_if(address, text.as_bytes());
                }
                "Expires" => {
                    let text = xml.text();
                    draft.text_if(EXPIRES, text.as_bytes());
                }
                "Status" => {
                    let text = xml.text();
                    draft.text_if(STATUS, text.rsplit('/').next().unwrap_or("").as_bytes());
                }
                "Filter" => {
                    for action in xml.text().split_ascii_whitespace() {
                        draft.text(FILTER, action_name(action).as_bytes());
                    }
                }
                _ => {}
            },
            Step::Close if xml.depth() < 3 => return,
            Step::End => return,
            _ => {}
        }
    }
}

/// SOAP faults (SOAP 1.2 5.4). Sender means refused, Receiver failed.
pub fn fault(xml: &mut Xml<'_>, answered: &mut Answered<'_>, draft: &mut Draft<'_>) {
    answered.fault = Outcome::Refused;
    loop {
        match xml.step() {
            Step::Open(tag) => match tag.local {
                "Value" | "faultcode" => {
                    let text = xml.text();
                    let code = text.rsplit(':').next().unwrap_or("");
                    if matches!(code, "Receiver" | "Server") {
                        answered.fault = Outcome::Failed;
                    }
                    draft.text_if(FAULT_CODE, code.as_bytes());
                }
                "Text" | "faultstring" => {
                    let text = xml.text();
                    draft.text_if(FAULT_REASON, text.as_bytes());
                }
                _ => {}
            },
            Step::Close if xml.depth() < 3 => return,
            Step::End => return,
            _ => {}
        }
    }
}

/// Alert states of a report: which, present or not, switched off or not.
pub fn alerts(xml: &mut Xml<'_>, draft: &mut Draft<'_>) {
    let mut states = 0;
    loop {
        match xml.step() {
            Step::Open(tag) => match tag.local {
                "AlertState" => {
                    states += 1;
                    draft.text_if(STATE_TYPES, tag.kind().as_bytes());
                    for (name, field) in [
                        ("DescriptorHandle", HANDLES),
                        ("Presence", PRESENCE),
                        ("ActivationState", ACTIVATION),
                    ] {
                        if let Some(value) = tag.attribute(name) {
                            draft.text_if(field, value.as_bytes());
                        }
                    }
                }
                "SystemSignalActivation" => signal(&tag, draft),
                _ => {}
            },
            Step::Close if xml.depth() < 3 => break,
            Step::End => break,
            _ => {}
        }
    }
    draft.integer(STATES, states);
}

/// `Aud Off` and its like.
pub fn signal(tag: &Tag<'_>, draft: &mut Draft<'_>) {
    let (Some(what), Some(state)) = (tag.attribute("Manifestation"), tag.attribute("State")) else {
        return;
    };
    let mut room = [0u8; 32];
    let (what, state) = (what.as_bytes(), state.as_bytes());
    if what.len() + state.len() < room.len() {
        room[..what.len()].copy_from_slice(what);
        room[what.len()] = b' ';
        let end = what.len() + 1 + state.len();
        room[what.len() + 1..end].copy_from_slice(state);
        draft.text(SIGNALS, &room[..end]);
    }
}
