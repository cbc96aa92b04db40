//! What a baseline tells, and the rules under which it does: they stand beside those of the
//! catalogue, as the language cannot express them.

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use dissectors::contract::Side;
use dissectors::message::{Conversation, FrameRef};
use dissectors::registry::ProtocolId;
use dissectors::schema::KindId;

use crate::finding::{Confidence, Severity};
use crate::language::ruleset::{Rule, Severities};

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Peer,
    Verb,
    Hour,
    Rate,
    Volume,
    Less,
    Silent,
    Outbound,
    Beacon,
}

/// One thing that is new or out of range.
#[derive(Clone, Debug)]
pub struct Unusual {
    pub kind: Kind,
    /// Whose behaviour it is.
    pub device: IpAddr,
    /// What it collapses under beside the device.
    pub detail: String,
    pub baseline: String,
    pub observed: String,
    /// The message that it is about, where that is not the one at hand.
    pub about: Option<Last>,
}

/// What is remembered of a device's last message, so that its silence can be told.
#[derive(Clone, Copy, Debug)]
pub struct Last {
    pub conversation: Conversation,
    pub protocol: ProtocolId,
    pub kind: Option<KindId>,
    pub side: Side,
    pub frame: FrameRef,
}

impl Kind {
    pub const ALL: [Kind; 9] = [
        Kind::Peer,
        Kind::Verb,
        Kind::Hour,
        Kind::Rate,
        Kind::Volume,
        Kind::Less,
        Kind::Silent,
        Kind::Outbound,
        Kind::Beacon,
    ];

    /// What findings of this kind have in common.
    pub fn rule(self) -> &'static Arc<Rule> {
        &RULES[self as usize]
    }
}

/// The rules of all kinds.
pub fn rules() -> impl Iterator<Item = &'static Arc<Rule>> {
    RULES.iter()
}

static RULES: LazyLock<Vec<Arc<Rule>>> =
    LazyLock::new(|| Kind::ALL.into_iter().map(|k| Arc::new(rule(k))).collect());

/// Id, title, severity, and when it fires.
fn head(kind: Kind) -> (&'static str, &'static str, Severity, &'static str) {
    match kind {
        Kind::Peer => (
            "WW-BAS-0201",
            "A device talks with somebody it did not talk with before",
            Severity::Low,
            "after learning, a device that was learned exchanges a message with a device that was not among its peers",
        ),
        Kind::Verb => (
            "WW-BAS-0202",
            "A device asks or is asked for something for the first time",
            Severity::Low,
            "after learning, a verb that the device neither asked for nor was asked for; a device that was not there to be learned is held against what its kind did",
        ),
        Kind::Hour => (
            "WW-BAS-0203",
            "A device is active in an hour of the week in which it never was",
            Severity::Info,
            "after a week of learning at least, a device sends in an hour of the week (of the policy's time zone) in which it never sent",
        ),
        Kind::Rate => (
            "WW-BAS-0204",
            "A device sends far more messages than it used to",
            Severity::Low,
            "in five minutes more messages than median + 8 deviations (MAD, at least a quarter of the median) and than twice what one in fifty spans exceeded; at least an hour was learned",
        ),
        Kind::Volume => (
            "WW-BAS-0205",
            "A device sends far more bytes than it used to",
            Severity::Low,
            "in five minutes more bytes than median + 8 deviations (MAD, at least a quarter of the median) and than twice what one in fifty spans exceeded; at least an hour was learned",
        ),
        Kind::Less => (
            "WW-BAS-0206",
            "A device sends far less than it used to",
            Severity::Low,
            "three spans of five minutes in a row with messages, but fewer than a quarter of what one in fifty spans stayed below; at least three hours were learned",
        ),
        Kind::Silent => (
            "WW-BAS-0207",
            "A device that always spoke is silent",
            Severity::Low,
            "a device that sent something in nine of ten spans of five minutes has sent nothing for 15 minutes and for twice its longest silence, while others speak",
        ),
        Kind::Outbound => (
            "WW-EXF-0051",
            "Outbound volume against the asset's own baseline",
            Severity::High,
            "in one hour a device sends more than five times what it ever sent in an hour while it was learned (or what its kind did), and more than limit outbound-floor",
        ),
        Kind::Beacon => (
            "WW-LAT-0102",
            "Beacon to an outside host",
            Severity::High,
            "a device of the site calls an address of the internet, which it did not call while it was learned and no policy lists, twelve times at intervals that differ by less than a fifth, with little data each time",
        ),
    }
}

fn rule(kind: Kind) -> Rule {
    let (id, title, severity, when) = head(kind);
    let mut rule = Rule::told(id, title, severity);
    rule.severity = Severities {
        attempted: severity,
        accepted: severity,
        refused: severity,
        stated: true,
    };
    rule.rev = 2;
    rule.confidence = Confidence::Hint;
    rule.told = when.into();
    rule.file = "beside the engine: rules/src/baseline".into();
    rule.bedside = "Nothing at the bed, unless another finding says so.".into();
    rule.tags = vec!["baseline".into()];
    let (category, clinical, network, alarms): (&str, &str, &str, &[&str]) = match kind {
        Kind::Outbound => (
            "exfiltration",
            "Data of many patients may be leaving. What was copied cannot be called back.",
            "Find the receiver, keep the frames, and stop the transfer if nobody knows it.",
            &["A first full backup, a migration, an archive that is emptied."],
        ),
        Kind::Beacon => (
            "lateral-movement",
            "Somebody outside may hold the device and can act on it at any time.",
            "Block the address, and look at what the device fetched from it. List the address in the policy if it is the maker's.",
            &[
                "A maker's heart-beat, time service or licence server that was not there when it was learned.",
            ],
        ),
        Kind::Less | Kind::Silent => (
            "behaviour",
            "Values that do not come are values that nobody sees. A device that is off or on its way is no harm.",
            "See whether the device is on, its port up, and whether others on the same switch are silent as well.",
            &["A device that was switched off, unplugged for a transport, or is not in use."],
        ),
        _ => (
            "behaviour",
            "By itself no harm: a change that nobody planned is how most harm begins.",
            "Ask who changed something about the device; if nobody did, look at its traffic.",
            &[
                "Maintenance, a software update, a ward that moved, a device used more than in the time that was learned.",
            ],
        ),
    };
    if matches!(kind, Kind::Less | Kind::Silent) {
        rule.bedside = "If the device should be in use, see whether it is on and connected.".into();
    }
    rule.attack = match kind {
        Kind::Outbound => vec!["T1048".into(), "T1567.002".into(), "T1030".into()],
        Kind::Beacon => vec!["T1071.001".into(), "T1041".into()],
        _ => Vec::new(),
    };
    rule.category = category.into();
    rule.clinical = clinical.into();
    rule.network = network.into();
    rule.false_positives = alarms.iter().map(|a| (*a).to_owned()).collect();
    let proof = match kind {
        Kind::Outbound => Some(("volume-out", "volume-usual")),
        Kind::Beacon => Some(("beacon", "beacon-learned")),
        Kind::Silent => Some(("silent-monitor", "monitor-goes-on")),
        _ => None,
    };
    if let Some((fires, silent)) = proof {
        rule.tests.fires = vec![format!("pcaps/baseline/{fires}.pcap.gz")];
        rule.tests.silent = vec![format!("pcaps/baseline/{silent}.pcap.gz")];
    }
    rule
}
