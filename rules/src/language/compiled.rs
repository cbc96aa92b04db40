//! A condition ready to be evaluated: names resolved, literals parsed, units converted.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use dissectors::registry::ProtocolId;
use dissectors::schema::{BodyPath, FieldId, Privacy};
use ipnet::IpNet;
use regex::bytes::Regex;

use super::ast::{Arithmetic, Comparison};
use super::lists::Addresses;
use super::units::Dimension;

/// The answer of a condition. Only true fires; `not unknown` is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    False,
    Unknown,
    True,
}

impl Truth {
    pub fn negated(self) -> Truth {
        match self {
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
            Truth::True => Truth::False,
        }
    }

    pub fn and(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::False, _) | (_, Truth::False) => Truth::False,
            (Truth::True, Truth::True) => Truth::True,
            _ => Truth::Unknown,
        }
    }

    pub fn or(self, other: Truth) -> Truth {
        self.negated().and(other.negated()).negated()
    }
}

impl From<bool> for Truth {
    fn from(known: bool) -> Truth {
        if known { Truth::True } else { Truth::False }
    }
}

/// A whole condition.
#[derive(Debug)]
pub struct Condition {
    pub root: Node,
    pub windows: Vec<Window>,
    pub uses: Uses,
}

/// What a condition asks of the judge beside the message itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// It names `answer` or `outcome`: it is judged when the answer has come.
    pub answer: bool,
    /// It reads the request behind an answer.
    pub request: bool,
    /// It reads more of the request than whether there was one.
    pub request_fields: bool,
    pub policy: bool,
}

#[derive(Clone, Debug)]
pub enum Node {
    /// The parts without a window first; then how many these are.
    And(Vec<Node>, usize),
    Or(Vec<Node>),
    Not(Box<Node>),
    /// True if it is true, else false: unknown counts as no.
    Surely(Box<Node>),
    Compare(Comparison, Operand, Operand),
    In(Operand, Set),
    Test(Operand, Pattern),
    Exists(Operand),
    /// The partner of the join was seen.
    ExistsPartner(Which),
    Flag(Operand),
    Authorised,
    WithinBounds,
    /// The policy names this asset.
    Listed(Seat),
    /// The policy or the site's list of devices names this asset.
    Known(Seat),
    /// The policy, or a host that claims it, names this title.
    ListedTitle(Operand),
    /// Index into [`Condition::windows`].
    Window(usize),
}

/// Which message of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Which {
    This,
    Request,
    Answer,
}

/// Which asset of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Seat {
    Actor,
    Target,
    /// Who sent this message, be it request or answer.
    Sender,
    Receiver,
}

#[derive(Clone)]
pub enum Operand {
    Field {
        from: Which,
        protocol: ProtocolId,
        field: FieldId,
        privacy: Privacy,
    },
    Path {
        from: Which,
        protocol: ProtocolId,
        reader: Arc<dyn BodyPath>,
        written: String,
    },
    Fact(Which, Fact),
    Asset(Seat, Attribute),
    Literal(Literal),
    Arithmetic(Arithmetic, Box<(Operand, Operand)>),
    /// The address of the host that a text names: `http://10.0.0.1:80/x`.
    Host(Box<Operand>),
    /// The point in time that a text names.
    Moment(Box<Operand>),
}

impl fmt::Debug for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operand::Field {
                from,
                protocol,
                field,
                ..
            } => {
                write!(f, "{from:?} {}.{}", protocol.name(), field.0)
            }
            Operand::Path { written, .. } => f.write_str(written),
            Operand::Fact(from, fact) => write!(f, "{from:?} {fact:?}"),
            Operand::Asset(seat, attribute) => write!(f, "{seat:?}.{attribute:?}"),
            Operand::Literal(literal) => write!(f, "{literal:?}"),
            Operand::Host(inner) => write!(f, "host({inner:?})"),
            Operand::Moment(inner) => write!(f, "time({inner:?})"),
            Operand::Arithmetic(op, pair) => write!(f, "({:?} {op:?} {:?})", pair.0, pair.1),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    Text(Box<[u8]>),
    Number(f64),
    /// In base units.
    Quantity(f64, Dimension),
    /// A word of a vocabulary, by its place in it.
    Word(u16),
    Ip(IpAddr),
    Mac([u8; 6]),
    Flag(bool),
    /// Milliseconds since 1970.
    Time(i64),
}

/// What every message has, whatever its protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    Verb,
    Effect,
    Device,
    Subject,
    Channel,
    Handle,
    Order,
    Drug,
    Destination,
    Value,
    ValueNumber,
    ValueUnit,
    ValueCode,
    /// The value that was in force before, as last accepted or reported.
    ValueBefore,
    /// Whether the value lies in the range that the device itself published.
    InRange,
    /// Whether it lies on the steps that the device itself published.
    OnStep,
    Outcome,
    Kind,
    Protocol,
    Provenance,
    Transport,
    Anomaly,
    MidStream,
    Missing,
    OverlapDiffers,
    OneSided,
    Port,
    Vlan,
    Length,
    /// From the first to the last frame of the message.
    Duration,
    /// From the first frame of the conversation to the message.
    Age,
    /// Packet time of the message.
    Now,
    FromServer,
    Conversation,
    /// The two hosts, in no order.
    Hosts,
    /// Kind and fields, as a key.
    Content,
    /// It holds data of a patient.
    PatientData,
    /// Whether the policy's zones let the sender's zone reach the receiver's, and command it.
    ZoneAllowed,
    ZoneCommands,
    /// It names a patient whom a clinical message named, where that does not belong.
    KnownPatient,
    /// For how long vital signs that used to vary stand still.
    VitalsFrozen,
    /// How many vital signs made a step that no patient makes.
    VitalsSteps,
    /// A pump's report shows what was ordered; what was ordered; what is reported.
    OrderKept,
    OrderRate,
    OrderReported,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attribute {
    Ip,
    Port,
    Mac,
    /// Its MAC carries several hosts: a router's.
    Routed,
    Ae,
    App,
    Facility,
    Epr,
    Kind,
    /// What the inventory knows of it.
    UsualMac,
    AeHolders,
    AppHolders,
    EprHolders,
    SerialHolders,
    InUse,
    /// The policy's zone that it is in.
    Zone,
    /// First seen lately, after a time in which the inventory learned who is there.
    New,
    /// Time since it last sent anything.
    Unheard,
    /// Time since something malformed was last sent to it.
    SinceMalformed,
    /// How often it began anew soon after something malformed.
    Crashes,
    /// Its firmware is not what nearly all devices of its model have.
    FirmwareDiffers,
    /// Advisories that what it says of itself is surely affected by.
    Advisories,
}

#[derive(Clone, Debug)]
pub enum Set {
    /// Sorted.
    Texts(Vec<Box<[u8]>>),
    Numbers(Vec<f64>),
    Quantities(Vec<(f64, Dimension)>),
    /// Ends are members; in base units.
    Range(f64, f64, Dimension),
    /// A bit for each word; no vocabulary has more than 128.
    Words(u128),
    Nets(Vec<IpNet>),
    /// Those of a list file.
    Addresses(Arc<Addresses>),
    /// Sorted.
    Macs(Vec<[u8; 6]>),
    /// Members of a group of the policy, by name.
    Group(Seat, String),
}

#[derive(Clone, Debug)]
pub enum Pattern {
    Contains(Box<[u8]>),
    StartsWith(Box<[u8]>),
    EndsWith(Box<[u8]>),
    /// With the longest text that every match has.
    Regex(Box<Regex>, Box<[u8]>),
}

impl Pattern {
    pub fn of(regex: Regex) -> Pattern {
        let part = super::required::part_of(regex.as_str()).into();
        Pattern::Regex(Box::new(regex), part)
    }

    /// A text that whatever fits has within it; `None`: there may be none.
    pub fn part(&self) -> Option<&[u8]> {
        let part = match self {
            Pattern::Contains(part) | Pattern::StartsWith(part) | Pattern::EndsWith(part) => part,
            Pattern::Regex(_, part) => part,
        };
        (!part.is_empty()).then_some(part)
    }
}

/// Most steps of a sequence.
pub const SEQUENCE_STEPS: usize = 16;

/// Something that looks back in time.
#[derive(Debug)]
pub struct Window {
    pub kind: WindowKind,
    /// `count(condition)`: which messages count. Empty: those that reach the window. For a
    /// sequence its steps, in order.
    pub steps: Vec<Node>,
    /// `distinct(operands)`, `sum(operand)`, `first_seen(operands)`.
    pub of: Vec<Operand>,
    pub by: Vec<Operand>,
    /// Nanoseconds; for `first_seen` the time that is only learnt.
    pub within: i64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WindowKind {
    /// True from this many messages on.
    Count(u64),
    /// True from this many different values on.
    Distinct(u64),
    /// True above (or at) this sum, in base units.
    Sum {
        above: f64,
        or_equal: bool,
        dimension: Dimension,
    },
    /// The value now, over the value before, compared.
    Ratio(Comparison, f64),
    Sequence,
    FirstSeen,
    /// A message of the second step whose value differs from the one that holds since a message
    /// of the first.
    Takeover,
    /// A message of the first step, and none of the second before it.
    Unprepared,
    /// Numbers that should only grow went back this often, copies aside.
    Interleaved(u64),
    /// A number that may only grow is below the greatest so far, copies aside.
    Backwards,
    /// A number differs from the one before under the same code by more than 5 %.
    Changes,
    /// A message of the first step that none of the second follows in time; with one step: that none
    /// of its own follows.
    Absence,
    /// A number rose (or fell) by more than this within the time; in base units.
    Moved {
        by: f64,
        or_equal: bool,
        dimension: Dimension,
        falling: bool,
    },
}
