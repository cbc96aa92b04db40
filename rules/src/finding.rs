//! What the judge says: a finding, its parts, and the events of its life.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use dissectors::action::{Device, Effect, Outcome, Verb, shown_number};
use dissectors::contract::Transport;
use dissectors::message::{FrameRef, Message};
use dissectors::registry::ProtocolId;
use dissectors::schema::Provenance;

use crate::exceptions::Cause;
use crate::language::ruleset::Rule;
use crate::privacy::Words;

/// What the sink of the judge is told.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The first occurrence: written at once.
    Opened(&'a Finding),
    /// Its severity rose (an answer came, or a worse repeat): written again under the same id.
    Raised(&'a Finding),
    /// Quiet for the set time, evicted, or the end: the record with counts and outcome.
    Closed(&'a Finding),
    /// The end of what an exception, a window or a threshold held back: told in this record alone.
    Suppressed(&'a Finding, &'a Cause),
}

/// How bad, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub const ALL: [Severity; 5] = [
        Severity::Info,
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::High => "high",
            Severity::Medium => "medium",
            Severity::Low => "low",
            Severity::Info => "info",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.word() == word)
    }

    /// EVE's `alert.severity`: 1 is worst; low and info are both 4.
    pub const fn eve(self) -> u8 {
        match self {
            Severity::Critical => 1,
            Severity::High => 2,
            Severity::Medium => 3,
            Severity::Low | Severity::Info => 4,
        }
    }

    pub const fn raised(self) -> Self {
        match self {
            Severity::Info => Severity::Low,
            Severity::Low => Severity::Medium,
            Severity::Medium => Severity::High,
            Severity::High | Severity::Critical => Severity::Critical,
        }
    }

    pub const fn lowered(self) -> Self {
        match self {
            Severity::Critical => Severity::High,
            Severity::High => Severity::Medium,
            Severity::Medium => Severity::Low,
            Severity::Low | Severity::Info => Severity::Info,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How sure, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    Hint,
    Probable,
    Certain,
}

impl Confidence {
    pub const ALL: [Confidence; 3] = [Confidence::Hint, Confidence::Probable, Confidence::Certain];

    pub const fn word(self) -> &'static str {
        match self {
            Confidence::Certain => "certain",
            Confidence::Probable => "probable",
            Confidence::Hint => "hint",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.word() == word)
    }
}

/// The same in every run: made of rule, parties, key and first frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FindingId(pub u64);

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// One side of a finding: an asset as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    pub ip: IpAddr,
    pub port: u16,
    pub mac: Option<[u8; 6]>,
    /// What it calls itself, as claimed on the wire.
    pub names: Vec<Name>,
    /// What the policy calls it: the groups that it belongs to.
    pub groups: Vec<String>,
    /// What kind of device it is, if the policy says so.
    pub kind: Option<Device>,
    /// What the site's list of devices calls it.
    pub site: Option<Site>,
}

/// A device in the site's list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    pub name: String,
    pub tag: String,
    pub room: String,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let room = match self.room.as_str() {
            "" => String::new(),
            room => format!("room {room}"),
        };
        let parts = [&self.name, &self.tag, &room];
        let parts: Vec<&str> = parts
            .iter()
            .map(|p| p.as_str())
            .filter(|p| !p.is_empty())
            .collect();
        f.write_str(&parts.join(", "))
    }
}

/// A name that an asset claims.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Name {
    /// DICOM application entity title.
    Ae(String),
    /// HL7 application and facility (MSH-3, MSH-4).
    Hl7(String, String),
    /// SDC endpoint reference.
    Epr(String),
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Name::Ae(title) => write!(f, "ae:{title}"),
            Name::Hl7(app, facility) => write!(f, "hl7:{app}|{facility}"),
            Name::Epr(epr) => write!(f, "epr:{epr}"),
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.ip)?;
        let site = self.site.iter().map(|s| s.to_string());
        let parts: Vec<String> = site
            .chain(self.names.iter().map(|n| n.to_string()))
            .filter(|p| !p.is_empty())
            .collect();
        if parts.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", parts.join(", "))
    }
}

/// The action of a finding, owned.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    pub verb: Verb,
    pub effect: Effect,
    pub device: Device,
    /// The device's own name on the wire.
    pub subject: String,
    pub channel: String,
    pub handle: String,
    /// Patient data keep their mark.
    pub order: Words,
    pub drug: String,
    pub destination: String,
    pub value: Option<Amount>,
}

/// A number with its unit, as sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Amount {
    pub number: f64,
    pub sent: String,
    pub unit: String,
    pub code: String,
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = shown_number(self.number, self.sent.as_bytes());
        let number = String::from_utf8_lossy(&number);
        if self.unit.is_empty() {
            write!(f, "{number}")
        } else {
            write!(f, "{number} {}", self.unit)
        }
    }
}

/// The conversation of the first occurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Talk {
    pub flow_id: u64,
    pub transport: Transport,
    /// Client and server.
    pub ends: [(IpAddr, u16); 2],
    pub vlan: u16,
    /// Whom it was about: the first patient that the message names, as a key that is never shown.
    pub patient: Option<u64>,
}

impl Talk {
    /// The conversation that a message stands in.
    pub fn of(message: Message<'_>) -> Self {
        let conversation = message.conversation();
        Talk {
            flow_id: conversation.flow_id,
            transport: conversation.transport,
            ends: conversation.ends.map(|e| (e.ip, e.port)),
            vlan: message.vlan(),
            patient: crate::engine::patients::key(message),
        }
    }
}

/// How often each outcome occurred among a finding's occurrences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    pub requested: u64,
    pub accepted: u64,
    pub refused: u64,
    pub failed: u64,
    pub unknown: u64,
}

impl Outcomes {
    pub(crate) fn slot(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Requested => &mut self.requested,
            Outcome::Accepted => &mut self.accepted,
            Outcome::Refused => &mut self.refused,
            Outcome::Failed => &mut self.failed,
            Outcome::Unknown => &mut self.unknown,
        }
    }

    pub fn total(&self) -> u64 {
        self.requested + self.accepted + self.refused + self.failed + self.unknown
    }
}

/// Something that a person should know.
#[derive(Clone, Debug)]
pub struct Finding {
    pub finding_id: FindingId,
    /// Id, number, title, prose, references: everything that is the same for all its findings.
    pub rule: Arc<Rule>,
    pub severity: Severity,
    pub confidence: Confidence,
    /// Why the confidence is not higher; empty if it is what the rule says.
    pub confidence_reasons: Vec<String>,
    pub protocol: ProtocolId,
    /// Kind of the message of the first occurrence, printable.
    pub kind: String,
    pub provenance: Provenance,
    /// Who asks. An answer does not swap actor and target.
    pub actor: Party,
    /// Who is asked.
    pub target: Party,
    pub action: Option<Act>,
    /// Of the worst occurrence so far.
    pub outcome: Outcome,
    pub outcomes: Outcomes,
    /// No lower than this whatever the outcome, because of what a message was.
    pub floor: Severity,
    /// What was expected instead: the policy line that would allow it, the range, the nearest grant.
    pub expected: Option<String>,
    /// The sentence that says what happened, with values.
    pub why: Words,
    /// Evidence: the frames of the first occurrences, at most `finding-frames` of them.
    pub frames: Vec<FrameRef>,
    pub first: FrameRef,
    pub last: FrameRef,
    /// Occurrences collapsed into this finding.
    pub count: u64,
    pub talk: Talk,
    /// What repeats collapse under, shown (patient data left out).
    pub dedup_key: String,
    /// False once closed.
    pub open: bool,
}

impl Finding {
    /// True if what it rests on is below an implementation's knowledge, or a verb that nobody knows:
    /// such a finding is never critical.
    pub fn may_be_misread(&self) -> bool {
        let unknown = |a: &Act| a.verb == Verb::UnknownVerb;
        self.provenance < Provenance::Implementation || self.action.as_ref().is_some_and(unknown)
    }

    /// The rule's title, with the doubt that belongs in the first line.
    pub fn headline(&self) -> Cow<'_, str> {
        match self.may_be_misread() {
            true => format!("{} (we may be misreading this)", self.rule.title).into(),
            false => self.rule.title.as_str().into(),
        }
    }

    /// A display filter for Wireshark that shows the evidence: the frames by number.
    pub fn wireshark(&self) -> String {
        let mut numbers: Vec<u64> = self.frames.iter().map(|f| f.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let list: Vec<String> = numbers.iter().map(u64::to_string).collect();
        format!("frame.number in {{{}}}", list.join(", "))
    }

    /// A display filter for the whole conversation of the first occurrence.
    pub fn wireshark_conversation(&self) -> String {
        let [(a, ap), (b, bp)] = self.talk.ends;
        let field = |ip: IpAddr| if ip.is_ipv4() { "ip.addr" } else { "ipv6.addr" };
        let hosts = format!("{} == {a} && {} == {b}", field(a), field(b));
        match self.talk.transport {
            Transport::Tcp => format!("{hosts} && tcp.port == {ap} && tcp.port == {bp}"),
            Transport::Udp => format!("{hosts} && udp.port == {ap} && udp.port == {bp}"),
            Transport::Icmp => format!("{hosts} && icmp"),
            Transport::Icmp6 => format!("{hosts} && icmpv6"),
            Transport::Link(_) | Transport::Carried => hosts,
        }
    }
}
