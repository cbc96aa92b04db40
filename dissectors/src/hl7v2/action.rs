//! What a message does, in the one vocabulary: from its kind and from what its segments say.

use crate::action::{Action, Device, Outcome, Verb};

use super::kinds::Meaning;
use super::message::Facts;
use super::order::cancels;
use super::writer::Writer;

/// States the action of a message, if it has one: acknowledgements only answer.
pub(super) fn write(meaning: Meaning, facts: &Facts<'_>, w: &mut Writer<'_, '_, '_>) {
    let Some(verb) = verb(meaning, facts) else {
        return;
    };
    let command = facts.command.as_ref();
    let id = w.plain(facts.device_id());
    let handle = w.plain(match meaning {
        Meaning::Equipment => facts.equipment_command,
        Meaning::MasterFile => facts.master_file,
        _ => b"",
    });
    let order = w.plain(command.map_or(b"", |c| c.order));
    let drug = w.plain(command.map_or(b"", |c| c.drug));
    let programs = programs(meaning, facts);
    w.draft.action(Action {
        device: match meaning {
            Meaning::Give => Device::Pump,
            Meaning::Equipment | Meaning::Settings => Device::Analyser,
            _ if programs => Device::Pump,
            _ => facts.observed.device.unwrap_or(Device::Unknown),
        },
        device_id: &id,
        channel: if programs {
            facts.observed.channel
        } else {
            b""
        },
        handle: &handle,
        order: &order,
        drug: &drug,
        value: command
            .filter(|c| c.verb == verb || verb == Verb::Order)
            .and_then(|c| c.value.as_ref())
            .map(|v| v.quantity()),
        outcome: match meaning {
            Meaning::Results => facts.outcome.unwrap_or(Outcome::Requested),
            _ => Outcome::Requested,
        },
        ..Action::of(verb)
    });
}

/// The verb of a message (detections: vocabulary of clinical actions).
fn verb(meaning: Meaning, facts: &Facts<'_>) -> Option<Verb> {
    let ordered = facts.command.as_ref();
    Some(match meaning {
        Meaning::Nothing | Meaning::Answer => return None,
        Meaning::Results if facts.patients == 0 && facts.observed.count == 0 => return None,
        Meaning::Results => Verb::Retrieve,
        Meaning::Identity => Verb::SetPatient,
        Meaning::Merge => Verb::Merge,
        Meaning::DeletePatient => Verb::Delete,
        Meaning::Store if facts.observed.deleted => Verb::Delete,
        Meaning::Store => Verb::Store,
        Meaning::Notify => Verb::Notify,
        Meaning::Give => ordered.map_or(Verb::Order, |c| c.verb),
        Meaning::PharmacyOrder | Meaning::Administration | Meaning::Order => {
            match ordered.filter(|_| facts.pharmacy) {
                Some(command) if programs(meaning, facts) => command.verb,
                // Holding or stopping a drug is therapy whoever receives it.
                Some(command) if meaning != Meaning::Administration && facts.cancels.is_some() => {
                    facts.cancels.unwrap_or(command.verb)
                }
                _ if meaning == Meaning::Administration => Verb::Store,
                _ if facts.cancels == Some(Verb::Stop) => Verb::Delete,
                _ => Verb::Order,
            }
        }
        Meaning::Query => Verb::Read,
        Meaning::Equipment => equipment(facts.equipment_command),
        Meaning::Settings => Verb::Configure,
        Meaning::MasterFile => Verb::LoadLibrary,
        Meaning::Network if facts.sets_clock => Verb::SetTime,
        Meaning::Network => Verb::Configure,
        Meaning::Unknown => Verb::UnknownVerb,
    })
}

/// True if a pump gateway takes the message for a program: it is a give, or it names a pump or the
/// IHE profile for programming.
fn programs(meaning: Meaning, facts: &Facts<'_>) -> bool {
    match meaning {
        Meaning::Give => true,
        Meaning::PharmacyOrder | Meaning::Administration | Meaning::Order => {
            facts.observed.pump || facts.piv_profile
        }
        _ => false,
    }
}

/// ECD-2, table 0368 (HL7 v2 ch. 13).
pub(super) fn equipment(command: &[u8]) -> Verb {
    match command {
        b"AB" | b"ES" => Verb::Stop,
        b"PA" => Verb::Pause,
        b"RE" | b"EX" | b"SA" => Verb::Start,
        b"CN" => Verb::SilenceAlarm,
        b"DI" => Verb::DisableAlarm,
        b"LO" | b"UN" | b"TT" | b"CL" | b"EN" | b"IN" | b"SU" | b"LC" | b"RC" | b"LK" | b"UC" => {
            Verb::Configure
        }
        _ => Verb::UnknownVerb,
    }
}

/// Of two equipment commands, the one that can harm more.
pub(super) fn graver_equipment<'a>(a: &'a [u8], b: &'a [u8]) -> &'a [u8] {
    let rank = |command: &[u8]| match equipment(command) {
        Verb::Stop => 6,
        Verb::DisableAlarm | Verb::SilenceAlarm => 5,
        Verb::UnknownVerb => 4,
        Verb::Pause => 3,
        Verb::Start => 2,
        _ => 1,
    };
    if a.is_empty() || rank(b) > rank(a) {
        b
    } else {
        a
    }
}

/// What ORC-1 cancels in an order, remembered over all its groups: a stop outweighs a pause.
pub(super) fn graver_cancel(known: Option<Verb>, control: &[u8]) -> Option<Verb> {
    match (known, cancels(control)) {
        (Some(Verb::Stop), _) => known,
        (_, Some(verb)) => Some(verb),
        (known, None) => known,
    }
}

/// What MSA-1 says became of the request (table 0008), whatever its case.
pub(super) fn outcome(code: &[u8]) -> Outcome {
    match code {
        [b'A' | b'C' | b'a' | b'c', b] => match b.to_ascii_uppercase() {
            b'A' => Outcome::Accepted,
            b'E' => Outcome::Failed,
            b'R' => Outcome::Refused,
            _ => Outcome::Unknown,
        },
        _ => Outcome::Unknown,
    }
}
