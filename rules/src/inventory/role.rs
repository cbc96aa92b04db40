//! What an asset is, judged by what it does, with the evidence.

use std::sync::{LazyLock, Mutex, PoisonError};

use dissectors::action::{Device, Verb};
use dissectors::contract::Side;
use dissectors::message::{FrameRef, Message};
use dissectors::registry::{PROTOCOLS, ProtocolId};

/// One reason to think that an asset is of a kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vote {
    pub kind: Device,
    pub weight: u8,
    pub protocol: ProtocolId,
    pub why: &'static str,
    pub first: FrameRef,
}

/// What the two ends of a conversation of a protocol are: client, server.
type Ends = [Option<(Device, &'static str)>; 2];

static ENDS: LazyLock<Vec<Ends>> =
    LazyLock::new(|| PROTOCOLS.iter().map(|p| ends(p.name)).collect());

fn ends(protocol: &str) -> Ends {
    let serves = |kind, why| [None, Some((kind, why))];
    match protocol {
        "intellivue" | "datex_s5" | "capnostream" | "nellcor" | "masimo" | "nonin" | "mindray" => {
            serves(Device::Monitor, "serves vital signs")
        }
        "alaris" | "fresenius" | "ne1000" | "harvard" | "chemyx" | "baxter_as50" => {
            serves(Device::Pump, "answers as a pump")
        }
        "bcc" | "spacecom_config" | "baxter_spectrum" | "hospira_lifecare" => {
            serves(Device::Pump, "answers as a pump or its gateway")
        }
        "medibus" | "servo" | "hamilton" | "puritan_bennett" => {
            serves(Device::Ventilator, "answers as a ventilator")
        }
        "lantronix" | "moxa" => serves(Device::SerialGateway, "answers as a serial device server"),
        "poct1a" => [
            Some((Device::Analyser, "reports results at the point of care")),
            Some((Device::Server, "collects point-of-care results")),
        ],
        _ => [None, None],
    }
}

/// What the ends of a conversation are by its protocol alone.
pub fn by_protocol(protocol: ProtocolId, side: Side) -> Option<(Device, &'static str)> {
    ENDS.get(protocol.index())?[side.index()]
}

/// What an action says of who asks and who is asked.
pub fn by_action(message: Message<'_>) -> [Option<(Device, u8, &'static str)>; 2] {
    let Some(action) = message.action() else {
        return [None, None];
    };
    let protocol = message.protocol().name();
    match (protocol, action.verb) {
        ("dicom", Verb::Store) => [
            Some((Device::Imaging, 2, "stores images")),
            Some((Device::Pacs, 2, "is sent images to store")),
        ],
        ("dicom", Verb::Start | Verb::Stop) => [
            Some((Device::Imaging, 3, "reports steps of an examination")),
            None,
        ],
        ("dicom", Verb::Retrieve) => [
            Some((Device::Workstation, 3, "retrieves images")),
            Some((Device::Pacs, 3, "is asked for images")),
        ],
        ("dicom", Verb::Read) => [None, Some((Device::Pacs, 1, "is asked for studies"))],
        // A message of HL7 names the device behind the receiver, not the receiver.
        ("hl7v2", Verb::SetRate | Verb::SetDose | Verb::SetVolume | Verb::Bolus) => [
            Some((Device::Server, 3, "sends infusion orders")),
            Some((Device::Gateway, 3, "takes infusion orders for pumps")),
        ],
        ("hl7v2", Verb::SetPatient | Verb::Merge) => [
            Some((Device::Server, 3, "is the source of admissions")),
            None,
        ],
        ("hl7v2", Verb::Store | Verb::Notify) if action.device_id.is_empty() => {
            [None, Some((Device::Server, 1, "takes results"))]
        }
        ("hl7v2", Verb::Store | Verb::Notify) => [
            Some((Device::Gateway, 3, "sends observations of devices")),
            Some((Device::Server, 2, "takes observations of devices")),
        ],
        ("hl7v2", Verb::Order) => [Some((Device::Server, 2, "sends orders")), None],
        ("astm", _) => [
            Some((Device::Analyser, 2, "speaks as a laboratory analyser")),
            None,
        ],
        ("sdc", _) | (_, Verb::LoadFirmware | Verb::LoadLibrary) => [None, kind_of(action.device)],
        (_, Verb::Subscribe) if action.device == Device::Monitor => [
            Some((Device::Server, 3, "watches monitors")),
            kind_of(action.device),
        ],
        (_, Verb::Notify | Verb::Store) => [kind_of(action.device), None],
        _ => [None, kind_of(action.device)],
    }
}

fn kind_of(device: Device) -> Option<(Device, u8, &'static str)> {
    (device != Device::Unknown).then_some((device, 3, "is addressed as one"))
}

/// A reason that an earlier run gave, as a word of this one. The few that there are are held once for
/// the life of the process.
pub fn reason(words: &str) -> Option<&'static str> {
    static KNOWN: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known.iter().find(|k| **k == words) {
        return Some(found);
    }
    if known.len() >= REASONS || words.len() > REASON_LENGTH {
        return None;
    }
    let held: &'static str = Box::leak(words.to_owned().into_boxed_str());
    known.push(held);
    Some(held)
}

/// Reasons of earlier runs that are taken, and the longest of them in bytes.
const REASONS: usize = 256;
const REASON_LENGTH: usize = 200;

/// Less weight than this says nothing.
const LITTLE: u32 = 2;

/// The kind with the most weight, and the reasons for it.
pub fn of(votes: &[Vote]) -> Option<(Device, Vec<Vote>)> {
    let mut kinds: Vec<(Device, u32)> = Vec::new();
    for vote in votes {
        match kinds.iter_mut().find(|(k, _)| *k == vote.kind) {
            Some((_, weight)) => *weight += u32::from(vote.weight),
            None => kinds.push((vote.kind, u32::from(vote.weight))),
        }
    }
    // The first seen wins among equals.
    let best = kinds
        .iter()
        .enumerate()
        .max_by_key(|(at, (_, weight))| (*weight, std::cmp::Reverse(*at)))?;
    let (kind, weight) = *best.1;
    if weight < LITTLE {
        return None;
    }
    Some((
        kind,
        votes.iter().filter(|v| v.kind == kind).copied().collect(),
    ))
}

/// What people call several of a kind.
pub const fn plural(kind: Device) -> &'static str {
    match kind {
        Device::Unknown => "hosts",
        Device::Pump => "pumps",
        Device::Ventilator => "ventilators",
        Device::Monitor => "monitors",
        Device::Anaesthesia => "anaesthesia-machines",
        Device::Dialysis => "dialysis-machines",
        Device::Analyser => "analysers",
        // Not `scanners`: rules know a group of that name, of hosts that look for weaknesses.
        Device::Imaging => "imaging-devices",
        Device::Radiotherapy => "radiotherapy-machines",
        Device::Pacs => "archives",
        Device::Gateway => "gateways",
        Device::SerialGateway => "serial-gateways",
        Device::Meter => "meters",
        Device::Server => "servers",
        Device::Workstation => "workstations",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heavier_evidence_wins_and_equals_go_to_the_first() {
        let vote = |kind, weight| Vote {
            kind,
            weight,
            protocol: ProtocolId(0),
            why: "",
            first: FrameRef::default(),
        };
        assert_eq!(of(&[]), None);
        let votes = [
            vote(Device::Imaging, 1),
            vote(Device::Pacs, 2),
            vote(Device::Workstation, 2),
        ];
        assert_eq!(of(&votes).unwrap().0, Device::Pacs);
    }
}
