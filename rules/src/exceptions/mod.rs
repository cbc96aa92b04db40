//! What a site expects for a while and does not want told: exceptions with an end date, maintenance
//! windows, thresholds. Each carries who answers for it and why; what they hold back is counted.
//!
//! All of it is judged by packet time. A window holds back what its people do to its devices, never
//! what somebody else does.

mod file;
pub mod propose;

use std::fmt;
use std::net::IpAddr;

use dissectors::action::{Action, Device, Effect};
use jiff::tz::TimeZone;
use std::sync::Arc;

use crate::language::diagnostic::Report;
use crate::language::ruleset::Source;
use crate::policy::hours::{self, Hours};
use crate::policy::member::{GroupId, Members};
use crate::policy::{Identity, Policy};

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A rule does not concern somebody until a day.
    Exception,
    /// People work on devices.
    Window,
    /// A rule counts from the Nth time on.
    Threshold,
}

impl Kind {
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Exception => "exception",
            Kind::Window => "window",
            Kind::Threshold => "threshold",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Why something was held back: the entry as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    pub kind: Kind,
    /// File and line of the entry.
    pub place: String,
    pub reason: String,
    /// Who answers for it.
    pub by: String,
    /// What it is about: rules, devices.
    pub about: String,
    /// Packet time, nanoseconds: from when on it holds, and from when on no longer.
    pub from: Option<i64>,
    pub until: Option<i64>,
}

/// All entries of all files, checked.
#[derive(Debug, Default)]
pub struct Exceptions {
    entries: Vec<Entry>,
    members: Members,
    warnings: Report,
}

/// What entries may name.
#[derive(Clone, Copy, Default)]
pub struct Known<'k> {
    /// Ids of all rules.
    pub rules: &'k [&'k str],
    /// Its groups may be named.
    pub policy: Option<&'k Policy>,
    /// Wall time: what has lapsed by then is told.
    pub now: Option<i64>,
}

#[derive(Debug)]
struct Entry {
    cause: Arc<Cause>,
    /// Empty: every rule.
    rules: Vec<Pattern>,
    /// Empty: anybody. A window's people.
    who: Vec<Selector>,
    /// Empty: anything. A window's devices.
    on: Vec<Selector>,
    /// A bit for each verb; 0: whatever was done.
    verbs: u32,
    hours: Vec<Hours>,
    zone: TimeZone,
    threshold: Option<Threshold>,
}

/// A rule id, or what ids begin with.
#[derive(Debug)]
enum Pattern {
    Is(String),
    Begins(String),
}

#[derive(Debug)]
enum Selector {
    Any,
    Kind(Device),
    Member(GroupId),
    /// A group of the policy.
    Group(String),
}

/// From the `count`th within the time on, by the named sides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Threshold {
    pub count: usize,
    pub within: i64,
    pub per_actor: bool,
    pub per_target: bool,
}

/// One occurrence of a rule, as entries see it.
pub(crate) struct Case<'m> {
    pub rule: &'m str,
    pub actor: Identity<'m>,
    pub target: Identity<'m>,
    pub action: Option<Action<'m>>,
    pub policy: Option<&'m Policy>,
    /// Packet time.
    pub time: i64,
}

impl Exceptions {
    /// Loads files together. All mistakes are told at once.
    pub fn load(sources: &[Source], known: &Known<'_>) -> Result<Exceptions, Report> {
        file::load(sources, known)
    }

    /// What loads but deserves a look: entries that have lapsed or hide a rule altogether.
    pub fn warnings(&self) -> &Report {
        &self.warnings
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Every entry, in the order of the files.
    pub fn causes(&self) -> impl Iterator<Item = &Arc<Cause>> {
        self.entries.iter().map(|e| &e.cause)
    }

    /// The entry at an index.
    pub(crate) fn cause(&self, at: usize) -> Option<&Arc<Cause>> {
        self.entries.get(at).map(|e| &e.cause)
    }

    /// Entries that hold back this case, thresholds with what they count. The order is that of the
    /// files.
    pub(crate) fn holding(&self, case: &Case<'_>) -> Vec<(usize, Option<Threshold>)> {
        let mut concerned = Vec::new();
        let mut sides: Option<[Party<'_>; 2]> = None;
        for (at, entry) in self.entries.iter().enumerate() {
            if !entry.concerns(case) {
                continue;
            }
            let sides = sides.get_or_insert_with(|| {
                [
                    Party::of(&case.actor, None, case.policy, &self.members),
                    Party::of(
                        &case.target,
                        case.action.as_ref(),
                        case.policy,
                        &self.members,
                    ),
                ]
            });
            if entry.fits(case, sides) {
                concerned.push((at, entry.threshold));
            }
        }
        concerned
    }
}

impl Entry {
    /// By rule, verb and time.
    fn concerns(&self, case: &Case<'_>) -> bool {
        let rule = self.rules.is_empty()
            || self.rules.iter().any(|p| match p {
                Pattern::Is(id) => id == case.rule,
                Pattern::Begins(with) => case.rule.starts_with(with.as_str()),
            });
        let verb = self.verbs == 0
            || case
                .action
                .is_some_and(|a| self.verbs >> (a.verb as u32) & 1 == 1);
        rule && verb && self.holds(case.time)
    }

    fn holds(&self, time: i64) -> bool {
        self.cause.from.is_none_or(|from| time >= from)
            && self.cause.until.is_none_or(|until| time < until)
            && (self.hours.is_empty()
                || hours::local(time, &self.zone)
                    .is_some_and(|(day, minute)| self.hours.iter().any(|h| h.contain(day, minute))))
    }

    fn fits(&self, case: &Case<'_>, [actor, target]: &[Party<'_>; 2]) -> bool {
        let asked = selects(&self.who, actor) && selects(&self.on, target);
        if self.cause.kind != Kind::Window || asked {
            return asked;
        }
        // What a device says to those who work on it belongs to their work, unless it commands.
        let grave = case
            .action
            .is_some_and(|a| matches!(a.verb.effect(a.device), Effect::Therapy | Effect::Safety));
        !grave && selects(&self.on, actor) && selects(&self.who, target)
    }
}

/// One side with what it belongs to.
struct Party<'m> {
    members: Vec<GroupId>,
    kinds: u32,
    groups: Vec<&'m str>,
}

impl<'m> Party<'m> {
    /// `asked`: the action asked of it. A device behind it counts as well as the host itself.
    fn of(
        who: &Identity<'_>,
        asked: Option<&Action<'_>>,
        policy: Option<&'m Policy>,
        members: &Members,
    ) -> Self {
        let mut party = Party {
            members: members.groups_of(who),
            kinds: policy.map_or(0, |p| p.kinds_of(who)),
            groups: policy.map(|p| p.group_names(who)).unwrap_or_default(),
        };
        if let Some(action) = asked {
            if !action.device_id.is_empty() {
                let behind = members.groups_of_device(action.device_id);
                party.members.extend_from_slice(behind);
            }
            if action.device != Device::Unknown {
                party.kinds |= 1 << (action.device as u32);
            }
        }
        party
    }
}

fn selects(selectors: &[Selector], party: &Party<'_>) -> bool {
    selectors.is_empty()
        || selectors.iter().any(|s| match s {
            Selector::Any => true,
            Selector::Kind(kind) => party.kinds >> (*kind as u32) & 1 == 1,
            Selector::Member(group) => party.members.contains(group),
            Selector::Group(name) => party.groups.contains(&name.as_str()),
        })
}

impl Threshold {
    /// The sides that it counts apart.
    pub(crate) fn key(&self, actor: IpAddr, target: IpAddr) -> [Option<IpAddr>; 2] {
        [
            self.per_actor.then_some(actor),
            self.per_target.then_some(target),
        ]
    }
}

#[cfg(test)]
mod tests;
