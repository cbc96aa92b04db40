//! The names that a condition may use, beside the fields of the protocols.

use dissectors::action::{Device, Effect, Outcome, Verb};
use dissectors::contract::Transport;
use dissectors::registry::PROTOCOLS;
use dissectors::schema::{FieldType, Provenance};

use super::compiled::{Attribute, Fact};

/// The type of an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Flag,
    /// A number without a unit.
    Number,
    /// A number with a unit.
    Quantity,
    Text,
    /// A point in time.
    Time,
    Address,
    Mac,
    Word(Vocabulary),
    /// `actor`, `target`.
    Asset,
    /// Only its presence can be asked.
    Secret,
    /// Read from the body: text or number, as it is compared.
    Any,
}

impl Type {
    pub fn words(self) -> &'static str {
        match self {
            Type::Flag => "a flag",
            Type::Number => "a number without a unit",
            Type::Quantity => "a number with a unit",
            Type::Text => "text",
            Type::Time => "a point in time",
            Type::Address => "an address",
            Type::Mac => "a MAC address",
            Type::Word(v) => v.title(),
            Type::Asset => "an asset",
            Type::Secret => "a secret",
            Type::Any => "a value of the body",
        }
    }

    pub fn of(field: FieldType) -> Type {
        match field {
            FieldType::Text | FieldType::Bytes => Type::Text,
            FieldType::Time => Type::Time,
            FieldType::Integer | FieldType::Decimal => Type::Number,
            FieldType::Quantity => Type::Quantity,
            FieldType::Flag => Type::Flag,
        }
    }
}

/// A closed set of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vocabulary {
    Verb,
    Effect,
    Device,
    Outcome,
    Protocol,
    Provenance,
    Transport,
}

impl Vocabulary {
    pub fn title(self) -> &'static str {
        match self {
            Vocabulary::Verb => "a verb",
            Vocabulary::Effect => "an effect",
            Vocabulary::Device => "a kind of device",
            Vocabulary::Outcome => "an outcome",
            Vocabulary::Protocol => "a protocol",
            Vocabulary::Provenance => "a provenance",
            Vocabulary::Transport => "a transport",
        }
    }

    pub fn words(self) -> Vec<&'static str> {
        match self {
            Vocabulary::Verb => Verb::ALL.iter().map(|w| w.word()).collect(),
            Vocabulary::Effect => Effect::ALL.iter().map(|w| w.word()).collect(),
            Vocabulary::Device => Device::ALL.iter().map(|w| w.word()).collect(),
            Vocabulary::Outcome => Outcome::ALL.iter().map(|w| w.word()).collect(),
            Vocabulary::Protocol => PROTOCOLS.iter().map(|p| p.name).collect(),
            Vocabulary::Provenance => GRADES.iter().map(|g| g.word()).collect(),
            Vocabulary::Transport => TRANSPORTS.to_vec(),
        }
    }

    /// The word's place in the vocabulary.
    pub fn find(self, word: &str) -> Option<u16> {
        self.words()
            .iter()
            .position(|w| *w == word)
            .map(|at| at as u16)
    }
}

const GRADES: &[Provenance] = &[
    Provenance::Experimental,
    Provenance::Behaviour,
    Provenance::ReverseEngineered,
    Provenance::Implementation,
    Provenance::Specification,
];

const TRANSPORTS: &[&str] = &["tcp", "udp", "link", "carried", "icmp"];

/// A transport's place in its vocabulary.
pub fn transport_word(transport: Transport) -> u16 {
    match transport {
        Transport::Tcp => 0,
        Transport::Udp => 1,
        Transport::Link(_) => 2,
        Transport::Carried => 3,
        Transport::Icmp | Transport::Icmp6 => 4,
    }
}

/// What every message has.
pub const FACTS: &[(&str, Fact, Type, &str)] = &[
    (
        "verb",
        Fact::Verb,
        Type::Word(Vocabulary::Verb),
        "what the action does",
    ),
    (
        "effect",
        Fact::Effect,
        Type::Word(Vocabulary::Effect),
        "what the action puts at stake",
    ),
    (
        "device",
        Fact::Device,
        Type::Word(Vocabulary::Device),
        "kind of device acted on",
    ),
    (
        "subject",
        Fact::Subject,
        Type::Text,
        "the device's own name: serial number, bed, AE title",
    ),
    (
        "channel",
        Fact::Channel,
        Type::Text,
        "channel or module within the device",
    ),
    (
        "handle",
        Fact::Handle,
        Type::Text,
        "operation handle, SOP instance, command code",
    ),
    ("order", Fact::Order, Type::Text, "order id"),
    ("drug", Fact::Drug, Type::Text, "drug code or name"),
    (
        "destination",
        Fact::Destination,
        Type::Text,
        "where data are sent, if not to the receiver",
    ),
    (
        "value",
        Fact::Value,
        Type::Quantity,
        "the value that the action sets",
    ),
    (
        "value.number",
        Fact::ValueNumber,
        Type::Number,
        "its number, whatever the unit",
    ),
    (
        "value.unit",
        Fact::ValueUnit,
        Type::Text,
        "its unit, as a UCUM code",
    ),
    (
        "value.code",
        Fact::ValueCode,
        Type::Text,
        "its parameter code, as sent",
    ),
    (
        "value.before",
        Fact::ValueBefore,
        Type::Quantity,
        "the value in force before: accepted from a sender that may, or reported by the device, in the last 10 min",
    ),
    (
        "value.in_range",
        Fact::InRange,
        Type::Flag,
        "the value lies in the range that the device itself published (SDC TechnicalRange)",
    ),
    (
        "value.on_step",
        Fact::OnStep,
        Type::Flag,
        "the value lies on the steps that the device itself published (SDC StepWidth)",
    ),
    (
        "outcome",
        Fact::Outcome,
        Type::Word(Vocabulary::Outcome),
        "what became of the request",
    ),
    ("kind", Fact::Kind, Type::Text, "the message's kind"),
    (
        "protocol",
        Fact::Protocol,
        Type::Word(Vocabulary::Protocol),
        "the message's protocol",
    ),
    (
        "provenance",
        Fact::Provenance,
        Type::Word(Vocabulary::Provenance),
        "what the decoding rests on",
    ),
    (
        "transport",
        Fact::Transport,
        Type::Word(Vocabulary::Transport),
        "what carries the conversation",
    ),
    (
        "anomaly",
        Fact::Anomaly,
        Type::Text,
        "faults in the message's bytes, by name",
    ),
    (
        "mid_stream",
        Fact::MidStream,
        Type::Flag,
        "the conversation's start was not seen",
    ),
    (
        "missing",
        Fact::Missing,
        Type::Number,
        "bytes of the conversation that were not seen",
    ),
    (
        "overlap_differs",
        Fact::OverlapDiffers,
        Type::Flag,
        "two copies of the same bytes differed",
    ),
    (
        "one_sided",
        Fact::OneSided,
        Type::Flag,
        "frames of one direction only were seen",
    ),
    ("port", Fact::Port, Type::Number, "the server's port"),
    ("vlan", Fact::Vlan, Type::Number, "VLAN id, 0 if untagged"),
    (
        "length",
        Fact::Length,
        Type::Number,
        "stream bytes that the message covers",
    ),
    (
        "duration",
        Fact::Duration,
        Type::Quantity,
        "time from the first to the last frame of the message",
    ),
    (
        "age",
        Fact::Age,
        Type::Quantity,
        "time since the first frame of the conversation",
    ),
    (
        "now",
        Fact::Now,
        Type::Time,
        "the time of the message, by the packets",
    ),
    (
        "from_server",
        Fact::FromServer,
        Type::Flag,
        "sent by the side that did not open the conversation",
    ),
    (
        "conversation",
        Fact::Conversation,
        Type::Number,
        "the conversation, as a key",
    ),
    (
        "hosts",
        Fact::Hosts,
        Type::Number,
        "the two hosts in no order, as a key",
    ),
    (
        "content",
        Fact::Content,
        Type::Number,
        "kind and fields of the message, as a key: equal for equal messages",
    ),
    (
        "patient_data",
        Fact::PatientData,
        Type::Flag,
        "the message holds data of a patient or of staff",
    ),
    (
        "zone.allowed",
        Fact::ZoneAllowed,
        Type::Flag,
        "the policy's zones let the opener's zone reach the server's",
    ),
    (
        "zone.commands",
        Fact::ZoneCommands,
        Type::Flag,
        "the policy's zones let the actor's zone command the target's",
    ),
    (
        "known_patient",
        Fact::KnownPatient,
        Type::Flag,
        "a web address, file name, question or other open word names a patient whom a clinical message named before",
    ),
    (
        "vitals.frozen",
        Fact::VitalsFrozen,
        Type::Quantity,
        "for how long vital signs stand still, where they varied before and never stood nearly so long",
    ),
    (
        "vitals.steps",
        Fact::VitalsSteps,
        Type::Number,
        "vital signs that changed within seconds as no patient's do",
    ),
    (
        "order.kept",
        Fact::OrderKept,
        Type::Flag,
        "the first report of a pump after an order shows the rate that was ordered",
    ),
    (
        "order.rate",
        Fact::OrderRate,
        Type::Quantity,
        "the rate that was ordered, in such a report",
    ),
    (
        "order.reported",
        Fact::OrderReported,
        Type::Quantity,
        "the rate that the pump says that it gives, in such a report",
    ),
];

/// What an asset has: `actor.ip`, `target.ae`.
pub const ATTRIBUTES: &[(&str, Attribute, Type, &str)] = &[
    ("ip", Attribute::Ip, Type::Address, "address"),
    ("port", Attribute::Port, Type::Number, "port"),
    (
        "mac",
        Attribute::Mac,
        Type::Mac,
        "MAC of its first frame; a router's if it is behind one",
    ),
    (
        "routed",
        Attribute::Routed,
        Type::Flag,
        "its MAC carries three hosts or more: a router's",
    ),
    ("ae", Attribute::Ae, Type::Text, "AE title that it claims"),
    (
        "app",
        Attribute::App,
        Type::Text,
        "HL7 application that it claims",
    ),
    (
        "facility",
        Attribute::Facility,
        Type::Text,
        "HL7 facility that it claims",
    ),
    (
        "epr",
        Attribute::Epr,
        Type::Text,
        "SDC endpoint reference that it claims",
    ),
    (
        "kind",
        Attribute::Kind,
        Type::Word(Vocabulary::Device),
        "what the policy says that it is",
    ),
    (
        "usual_mac",
        Attribute::UsualMac,
        Type::Mac,
        "MAC that its address was first used from; unknown behind a router",
    ),
    (
        "ae_holders",
        Attribute::AeHolders,
        Type::Number,
        "devices that claim its AE title",
    ),
    (
        "app_holders",
        Attribute::AppHolders,
        Type::Number,
        "devices that speak as its HL7 application and facility",
    ),
    (
        "epr_holders",
        Attribute::EprHolders,
        Type::Number,
        "devices that announce its endpoint reference",
    ),
    (
        "serial_holders",
        Attribute::SerialHolders,
        Type::Number,
        "devices that tell its serial number",
    ),
    (
        "in_use",
        Attribute::InUse,
        Type::Flag,
        "a patient context, an infusion, a study or vital signs were seen lately; else unknown",
    ),
    (
        "zone",
        Attribute::Zone,
        Type::Text,
        "the policy's zone that it is in; `outside` if in none",
    ),
    (
        "new",
        Attribute::New,
        Type::Flag,
        "first seen within the last hour, a day after the inventory began; no other address of the same card or serial number",
    ),
    (
        "unheard",
        Attribute::Unheard,
        Type::Quantity,
        "time since it last sent anything at all",
    ),
    (
        "since_malformed",
        Attribute::SinceMalformed,
        Type::Quantity,
        "time since something malformed was last sent to it; unknown if nothing was",
    ),
    (
        "crashes",
        Attribute::Crashes,
        Type::Number,
        "how often in a day it announced itself anew (ARP, DHCP, Hello) within two minutes of something malformed; what is told twice within five minutes counts once",
    ),
    (
        "firmware_differs",
        Attribute::FirmwareDiffers,
        Type::Flag,
        "for three days its firmware is not that of nine in ten devices of its model; unknown with fewer than ten",
    ),
    (
        "advisory",
        Attribute::Advisories,
        Type::Text,
        "advisories whose affected versions what it says of itself surely lies in",
    ),
];

/// What may be called.
pub const CALLS: &[&str] = &[
    "count",
    "distinct",
    "sum",
    "ratio",
    "rise",
    "fall",
    "sequence",
    "absence",
    "first_seen",
    "takeover",
    "unprepared",
    "interleaved",
    "changes",
    "backwards",
    "exists",
    "role",
    "listed",
    "known",
    "host",
    "time",
    "surely",
];

/// Names that stand alone as a condition.
pub const QUESTIONS: &[&str] = &["authorised", "within_bounds"];
