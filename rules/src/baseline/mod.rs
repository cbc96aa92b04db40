//! How each device usually behaves, and what of its behaviour is new or out of range.
//!
//! Learned over a set time: with whom a device talks, what it asks and is asked for, in which hours
//! of the week, and how many messages and bytes it sends in five minutes, as median and median
//! absolute deviation (MAD). Learning says nothing. Afterwards what was learned stays as it is, so
//! that nobody can teach it slowly; what was told as new is known from then on. A device that was not
//! there to be learned is held against what its kind does.
//!
//! Nothing is hidden: each finding tells the baseline and what was observed.

mod kept;
mod spans;

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use dissectors::action::{Device, Verb};
use dissectors::message::Message;
use jiff::tz::TimeZone;

use crate::engine::Table;
use crate::finding::Severity;
use crate::inventory::Inventory;
use crate::inventory::logbook::Week;
use crate::inventory::role;
use crate::language::ruleset::Rule;
use crate::limits::{self, Hits, Limits};
use crate::policy::local;

pub use kept::SCHEMA;
use spans::{Spans, Usual};

/// What was learned, and what is being learned.
#[derive(Debug)]
pub struct Baseline {
    devices: Table<IpAddr, Profile>,
    /// What devices of a kind do.
    kinds: Vec<(Device, Profile)>,
    /// Packet times: when learning began, and when it ends.
    began: Option<i64>,
    learning: i64,
    room: usize,
    peers: usize,
    zone: TimeZone,
}

/// How one device behaves.
#[derive(Clone, Debug, Default)]
struct Profile {
    peers: Vec<IpAddr>,
    /// It had more peers than are kept: then a new one is nothing to tell.
    many_peers: bool,
    /// A bit for each verb that it asked for, and that it was asked for.
    asks: u32,
    asked: u32,
    hours: Week,
    messages: Spans,
    bytes: Spans,
    /// The span of five minutes that is being counted.
    span: i64,
    now: [u64; 2],
    /// It was heard while learning.
    learned: bool,
}

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Peer,
    Verb,
    Hour,
    Rate,
    Volume,
}

/// One thing that is new or out of range.
#[derive(Clone, Debug, PartialEq)]
pub struct Unusual {
    pub kind: Kind,
    /// Whose behaviour it is.
    pub device: IpAddr,
    /// What it collapses under beside the device.
    pub detail: String,
    pub baseline: String,
    pub observed: String,
}

/// Five minutes, in nanoseconds.
const SPAN: i64 = 300_000_000_000;
/// Hours of the week are known after a week.
const WEEK: i64 = 7 * 86_400 * 1_000_000_000;

impl Kind {
    pub const ALL: [Kind; 5] = [Kind::Peer, Kind::Verb, Kind::Hour, Kind::Rate, Kind::Volume];

    /// What findings of this kind have in common.
    pub fn rule(self) -> &'static Arc<Rule> {
        &RULES[self as usize]
    }
}

/// The rules of all kinds: they stand beside those of the catalogue, which the language expresses.
pub fn rules() -> impl Iterator<Item = &'static Arc<Rule>> {
    RULES.iter()
}

static RULES: LazyLock<Vec<Arc<Rule>>> =
    LazyLock::new(|| Kind::ALL.into_iter().map(|k| Arc::new(rule(k))).collect());

fn rule(kind: Kind) -> Rule {
    let (id, title, severity) = match kind {
        Kind::Peer => (
            "WW-BAS-0001",
            "A device talks with somebody it did not talk with before",
            Severity::Low,
        ),
        Kind::Verb => (
            "WW-BAS-0002",
            "A device asks or is asked for something for the first time",
            Severity::Low,
        ),
        Kind::Hour => (
            "WW-BAS-0003",
            "A device is active in an hour of the week in which it never was",
            Severity::Info,
        ),
        Kind::Rate => (
            "WW-BAS-0004",
            "A device sends far more messages than it used to",
            Severity::Low,
        ),
        Kind::Volume => (
            "WW-BAS-0005",
            "A device sends far more bytes than it used to",
            Severity::Low,
        ),
    };
    let mut rule = Rule::told(id, title, severity);
    rule.severity = crate::language::ruleset::Severities {
        attempted: severity,
        accepted: severity,
        refused: severity,
        stated: true,
    };
    rule.rev = 1;
    rule.category = "behaviour".into();
    rule.confidence = crate::finding::Confidence::Hint;
    rule.clinical =
        "By itself no harm: a change that nobody planned is how most harm begins.".into();
    rule.bedside = "Nothing at the bed, unless another finding says so.".into();
    rule.network =
        "Ask who changed something about the device; if nobody did, look at its traffic.".into();
    rule.false_positives = vec![
        "Maintenance, a software update, a ward that moved, a device used more than in the time that was learned."
            .into(),
    ];
    rule.tags = vec!["baseline".into()];
    rule
}

impl Baseline {
    /// Learns from the first message on, for so many nanoseconds of packet time.
    pub fn learning(time: i64, zone: TimeZone, limits: &Limits) -> Self {
        Baseline {
            devices: Table::default(),
            kinds: Vec::new(),
            began: None,
            learning: time,
            room: limits.get(limits::BASELINE_DEVICES),
            peers: limits.get(limits::BASELINE_PEERS),
            zone,
        }
    }

    /// Whether it still learns at a packet time.
    pub fn learns(&self, now: i64) -> bool {
        self.began
            .is_none_or(|began| now.saturating_sub(began) < self.learning)
    }

    /// Ends learning at a packet time, whatever was set.
    pub fn conclude(&mut self, now: i64) {
        if let Some(began) = self.began {
            self.learning = now.saturating_sub(began).max(1);
        }
    }

    /// Nothing was learned yet.
    pub(crate) fn is_fresh(&self) -> bool {
        self.began.is_none()
    }

    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// With the learning time of another.
    pub(crate) fn for_as_long_as(mut self, other: &Baseline) -> Self {
        self.learning = other.learning;
        self
    }

    /// Devices known.
    pub fn devices(&self) -> usize {
        self.devices.len()
    }

    /// Notes a message. Tells what is unusual about it, if learning is over.
    pub fn saw(
        &mut self,
        message: Message<'_>,
        inventory: &Inventory,
        hits: &mut Hits,
        tell: &mut dyn FnMut(Unusual),
    ) {
        let now = message.frame().time;
        self.began.get_or_insert(now);
        let learns = self.learns(now);
        let (from, to) = (message.source().ip, message.destination().ip);
        let range = message.range();
        let bytes = range.end.saturating_sub(range.start);
        let local = local(now, &self.zone);
        let verb = message.verb();
        let asks = message.answers().is_none();
        let long = self.learning >= WEEK;
        let learned = if learns {
            String::new()
        } else {
            self.learned_words()
        };
        for (own, other, sends) in [(from, to, true), (to, from, false)] {
            if other.is_multicast() || own.is_multicast() || own.is_unspecified() {
                continue;
            }
            let kind = || inventory.asset(own)?.kind();
            let Some(profile) = self.profile(own, hits) else {
                continue;
            };
            profile.learned |= learns;
            // Who was not there to be learned is held against its kind.
            let judged = !learns && profile.learned;
            if !profile.peers.contains(&other) {
                if judged && !profile.many_peers {
                    tell(Unusual {
                        kind: Kind::Peer,
                        device: own,
                        detail: other.to_string(),
                        baseline: format!("{} peers {learned}", profile.peers.len()),
                        observed: format!("{other}, first now"),
                    });
                }
                self.meets(own, other, hits);
            }
            if let Some(verb) = verb {
                let as_actor = asks == sends;
                self.does(own, &kind, verb, as_actor, learns, &learned, tell);
            }
            if !sends {
                continue;
            }
            if let Some((day, minute)) = local {
                self.in_hour(own, day, minute, judged && long, &learned, tell);
            }
            self.sends(own, &kind, now, bytes, learns, &learned, tell);
        }
    }

    fn learned_words(&self) -> String {
        let hours = self.learning / 3_600_000_000_000;
        match hours {
            0 => format!("in {} minutes learned", self.learning / 60_000_000_000),
            1..48 => format!("in {hours} hours learned"),
            _ => format!("in {} days learned", hours / 24),
        }
    }

    fn profile(&mut self, ip: IpAddr, hits: &mut Hits) -> Option<&mut Profile> {
        if self.devices.len() >= self.room && !self.devices.contains_key(&ip) {
            hits.count(limits::BASELINE_DEVICES);
            return None;
        }
        Some(self.devices.entry(ip).or_default())
    }

    fn meets(&mut self, own: IpAddr, other: IpAddr, hits: &mut Hits) {
        let room = self.peers;
        if let Some(profile) = self.devices.get_mut(&own) {
            if profile.peers.len() < room {
                profile.peers.push(other);
            } else if !profile.many_peers {
                profile.many_peers = true;
                hits.count(limits::BASELINE_PEERS);
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn does(
        &mut self,
        own: IpAddr,
        kind: &dyn Fn() -> Option<Device>,
        verb: Verb,
        as_actor: bool,
        learns: bool,
        learned: &str,
        tell: &mut dyn FnMut(Unusual),
    ) {
        let bit = 1u32 << (verb as u32);
        let Some(profile) = self.devices.get_mut(&own) else {
            return;
        };
        let bits = if as_actor {
            &mut profile.asks
        } else {
            &mut profile.asked
        };
        let known = *bits;
        *bits |= bit;
        let profile_learned = profile.learned;
        if known & bit != 0 {
            return;
        }
        if learns {
            if let Some(kind) = kind() {
                let class = self.kind(kind);
                match as_actor {
                    true => class.asks |= bit,
                    false => class.asked |= bit,
                }
            }
            return;
        }
        let (whose, base) = if profile_learned {
            ("the device".to_owned(), known)
        } else {
            let class = kind().and_then(|kind| Some((kind, self.kind_known(kind)?)));
            match class {
                Some((kind, class)) => {
                    let bits = if as_actor { class.asks } else { class.asked };
                    (role::plural(kind).to_owned(), bits)
                }
                // Neither it nor its kind is known.
                None => return,
            }
        };
        if base & bit != 0 {
            return;
        }
        let side = if as_actor { "asks" } else { "is asked" };
        tell(Unusual {
            kind: Kind::Verb,
            device: own,
            detail: format!("{side} {verb}"),
            baseline: format!("{whose}: {side} for {} {learned}", verbs(base)),
            observed: format!("{side} for {verb}, first now"),
        });
    }

    fn in_hour(
        &mut self,
        own: IpAddr,
        day: usize,
        minute: u16,
        judged: bool,
        learned: &str,
        tell: &mut dyn FnMut(Unusual),
    ) {
        let Some(profile) = self.devices.get_mut(&own) else {
            return;
        };
        let hour = usize::from(minute / 60);
        if profile.hours.has(day * 24 + hour) {
            return;
        }
        if judged {
            const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
            let day = DAYS.get(day).copied().unwrap_or_default();
            tell(Unusual {
                kind: Kind::Hour,
                device: own,
                detail: format!("{day} {hour:02}"),
                baseline: format!(
                    "active in {} of 168 hours of the week {learned}",
                    profile.hours.count()
                ),
                observed: format!("active {day} {hour:02}:00-{hour:02}:59, first now"),
            });
        }
        profile.hours.add(day, minute);
    }

    /// Counts what a device sends; a span of five minutes that is over is learned or judged.
    #[allow(clippy::too_many_arguments)]
    fn sends(
        &mut self,
        own: IpAddr,
        kind: &dyn Fn() -> Option<Device>,
        now: i64,
        bytes: u64,
        learns: bool,
        learned: &str,
        tell: &mut dyn FnMut(Unusual),
    ) {
        let span = now.div_euclid(SPAN);
        let Some(profile) = self.devices.get_mut(&own) else {
            return;
        };
        let over = (profile.span < span && profile.now[0] > 0).then_some(profile.now);
        let idle = span.saturating_sub(profile.span).saturating_sub(1);
        if profile.span < span {
            profile.span = span;
            profile.now = [0, 0];
        }
        profile.now[0] += 1;
        profile.now[1] = profile.now[1].saturating_add(bytes);
        let Some([messages, volume]) = over else {
            return;
        };
        if learns {
            profile.messages.add(messages, idle);
            profile.bytes.add(volume, idle);
            if let Some(kind) = kind() {
                let class = self.kind(kind);
                class.messages.add(messages, idle);
                class.bytes.add(volume, idle);
            }
            return;
        }
        let (whose, usual) = if profile.learned {
            let usual = (profile.messages.usual(), profile.bytes.usual());
            ("the device".to_owned(), usual)
        } else {
            let class = kind().and_then(|kind| Some((kind, self.kind_known(kind)?)));
            let Some((kind, class)) = class else { return };
            let usual = (class.messages.usual(), class.bytes.usual());
            (role::plural(kind).to_owned(), usual)
        };
        let mut out = |kind: Kind, usual: Option<Usual>, count: u64, what: &str| {
            if let Some(usual) = usual.filter(|u| count > u.high()) {
                tell(Unusual {
                    kind,
                    device: own,
                    detail: String::new(),
                    baseline: format!(
                        "{whose}: median {} {what} in 5 minutes, MAD {}, out of range above {} ({} spans {learned})",
                        usual.median,
                        usual.mad,
                        usual.high(),
                        usual.spans
                    ),
                    observed: format!("{count} {what} in 5 minutes"),
                });
            }
        };
        out(Kind::Rate, usual.0, messages, "messages");
        out(Kind::Volume, usual.1, volume, "bytes");
    }

    fn kind(&mut self, kind: Device) -> &mut Profile {
        let at = match self.kinds.iter().position(|(k, _)| *k == kind) {
            Some(at) => at,
            None => {
                self.kinds.push((kind, Profile::default()));
                self.kinds.len() - 1
            }
        };
        &mut self.kinds[at].1
    }

    fn kind_known(&self, kind: Device) -> Option<&Profile> {
        self.kinds.iter().find(|(k, _)| *k == kind).map(|(_, p)| p)
    }
}

fn verbs(bits: u32) -> String {
    let list: Vec<&str> = Verb::ALL
        .iter()
        .filter(|v| bits >> (**v as u32) & 1 == 1)
        .map(|v| v.word())
        .collect();
    match list.is_empty() {
        true => "nothing".to_owned(),
        false => list.join(", "),
    }
}

#[cfg(test)]
mod tests;
