//! Who may do what to whom, in which bounds, when.
//!
//! An address, a MAC behind a router, an AE title, an application's name are claims. A bare `ae:`
//! or `hl7:` member matches the claim from wherever it comes; `ae:TITLE@10.1.2.3` demands both.
//! Members of a group are alternatives. What no grant allows is not authorised; where there is no
//! policy nothing is known.

mod bounds;
pub mod explain;
mod file;
pub(crate) mod hours;
pub mod learn;
pub(crate) mod member;
pub mod shadow;
pub mod zones;

use std::net::IpAddr;

use dissectors::action::{Action, Device, Effect, Verb};
use jiff::tz::TimeZone;

use crate::inventory::Claims;
use crate::language::compiled::Truth;
use crate::language::diagnostic::Report;
use bounds::Bounds;
use hours::Hours;
pub(crate) use hours::local;
use member::{GroupId, Members};
use zones::Zones;

/// A policy, checked and compiled.
#[derive(Debug)]
pub struct Policy {
    name: String,
    /// A file that was read as the end of the first: its name, and lines of the first.
    more: Option<(String, usize)>,
    zone: TimeZone,
    /// Named groups first, then one for each member that a grant names itself.
    groups: Vec<Group>,
    members: Members,
    grants: Vec<Grant>,
    limits: Vec<HardLimit>,
    zones: Zones,
    warnings: Report,
}

#[derive(Debug)]
struct Group {
    name: String,
    kind: Option<Device>,
    /// It stands in the file, not made of a member in a grant.
    named: bool,
}

/// An asset as the policy sees it.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'m> {
    pub ip: IpAddr,
    pub mac: Option<[u8; 6]>,
    pub claims: Claims<'m>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Selector {
    Any,
    Kind(Device),
    Group(GroupId),
}

#[derive(Debug)]
struct Grant {
    who: Vec<Selector>,
    verbs: u32,
    effects: u16,
    on: Vec<Selector>,
    bounds: Vec<(Verb, Bounds)>,
    hours: Vec<Hours>,
    /// Packet time, nanoseconds: from here on it no longer holds.
    until: Option<i64>,
    /// Learned, and nobody signed it: does not count for therapy and safety.
    unsigned: bool,
    /// A proposal that nobody signed: does not count at all.
    proposed: bool,
    line: usize,
    /// As written, for explanations.
    who_text: Vec<String>,
    on_text: Vec<String>,
    may_text: Vec<String>,
    hours_text: String,
}

/// `[[bound]]`: holds for everybody, whatever the grants say.
#[derive(Debug)]
struct HardLimit {
    verbs: u32,
    on: Vec<Selector>,
    drug: Option<String>,
    ranges: Vec<Bounds>,
    line: usize,
}

/// What a policy says of an action.
#[derive(Clone, Debug)]
pub struct Standing {
    pub authorised: Truth,
    /// False only if a value is known and outside of what is allowed.
    pub within_bounds: Truth,
    /// Where the bound that was broken stands, and what it says.
    pub broken: Option<String>,
}

/// A party with its groups.
struct Party {
    groups: Vec<GroupId>,
    kinds: u32,
}

impl Policy {
    /// Loads a policy file. All mistakes are told at once.
    pub fn load(name: &str, text: &str) -> Result<Policy, Report> {
        file::load(name, text, None)
    }

    /// The same with a further file that only adds to it: its name and text.
    pub fn load_with(name: &str, text: &str, more: Option<(&str, &str)>) -> Result<Policy, Report> {
        file::load(name, text, more)
    }

    /// File and line of an entry.
    fn place(&self, line: usize) -> String {
        match &self.more {
            Some((other, first)) if line > *first => format!("{other}:{}", line - first),
            _ => format!("{}:{line}", self.name),
        }
    }

    /// The zone of its hours.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The names of its groups.
    pub fn names(&self) -> Vec<String> {
        let named = self.groups.iter().filter(|g| g.named);
        named.map(|g| g.name.clone()).collect()
    }

    /// The parts of the network that it tells apart.
    pub fn zones(&self) -> &Zones {
        &self.zones
    }

    /// As it was loaded.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What loads but deserves a look (a lapsed grant, a group that nobody uses).
    pub fn warnings(&self) -> &Report {
        &self.warnings
    }

    /// Judges an action. A message without one is neither allowed nor forbidden: unknown.
    pub fn judge(
        &self,
        actor: &Identity<'_>,
        target: &Identity<'_>,
        action: Option<Action<'_>>,
        time: i64,
    ) -> Standing {
        let unknown = Standing {
            authorised: Truth::Unknown,
            within_bounds: Truth::Unknown,
            broken: None,
        };
        let Some(action) = action else { return unknown };
        let (actor, target) = (self.party(actor), self.target(target, &action));
        let granting: Vec<&Grant> = self
            .grants
            .iter()
            .filter(|g| {
                g.allows(action.verb, action.device)
                    && g.holds(time, action.verb, action.device, &self.zone)
                    && selects(&g.who, &actor)
                    && selects(&g.on, &target)
            })
            .collect();
        let authorised = Truth::from(!granting.is_empty());
        let (within_bounds, broken) = self.within(&granting, &target, &action);
        Standing {
            authorised,
            within_bounds,
            broken,
        }
    }

    /// A value is within bounds if one of the grants that allow the action admits it and no hard
    /// limit excludes it. Where nobody allows the action, the bounds that hold for others are the
    /// measure.
    fn within(
        &self,
        granting: &[&Grant],
        target: &Party,
        action: &Action<'_>,
    ) -> (Truth, Option<String>) {
        let Some(value) = &action.value else {
            return (Truth::Unknown, None);
        };
        let mut admitted = Truth::False;
        let mut broken = None;
        let mut asked = false;
        let for_others =
            |g: &&Grant| g.allows(action.verb, action.device) && selects(&g.on, target);
        let measure: Vec<&Grant> = if granting.is_empty() {
            self.grants
                .iter()
                .filter(for_others)
                .filter(|g| g.bounds.iter().any(|b| b.0 == action.verb))
                .collect()
        } else {
            granting.to_vec()
        };
        for grant in measure {
            asked = true;
            let mut own = grant
                .bounds
                .iter()
                .filter(|(v, _)| *v == action.verb)
                .map(|b| &b.1)
                .peekable();
            if own.peek().is_none() {
                admitted = Truth::True;
                continue;
            }
            let (truth, bound) = bounds::judge(own, value);
            admitted = admitted.or(truth);
            if truth == Truth::False
                && let Some(bound) = bound
            {
                broken = Some(format!(
                    "{}: {} {}",
                    self.place(grant.line),
                    action.verb,
                    bound.text
                ));
            }
        }
        if !asked {
            admitted = Truth::Unknown;
        }
        if admitted != Truth::False {
            broken = None;
        }
        for limit in &self.limits {
            let drug = limit
                .drug
                .as_ref()
                .is_none_or(|d| d.as_bytes() == action.drug);
            if limit.verbs >> (action.verb as u32) & 1 == 0 || !drug || !selects(&limit.on, target)
            {
                continue;
            }
            let (truth, bound) = bounds::judge(limit.ranges.iter(), value);
            if truth == Truth::False {
                let range = bound.map_or("", |b| b.text.as_str());
                broken = Some(format!(
                    "{}: {} {range}",
                    self.place(limit.line),
                    action.verb
                ));
                admitted = Truth::False;
            } else if admitted == Truth::Unknown {
                admitted = truth;
            }
        }
        (admitted, broken)
    }

    /// True if any named group or any grant names this asset.
    pub fn lists(&self, who: &Identity<'_>) -> bool {
        !self.members.groups_of(who).is_empty()
    }

    /// True if any member is this AE title.
    pub fn lists_ae(&self, title: &[u8]) -> bool {
        self.members.names_ae(title)
    }

    /// Unknown if there is no such group.
    pub fn in_group(&self, who: &Identity<'_>, name: &str) -> Truth {
        match self.groups.iter().position(|g| g.named && g.name == name) {
            Some(at) => self
                .members
                .groups_of(who)
                .contains(&(at as GroupId))
                .into(),
            None => Truth::Unknown,
        }
    }

    /// A bit for each kind of device that its groups say it is.
    pub fn kinds_of(&self, who: &Identity<'_>) -> u32 {
        self.party(who).kinds
    }

    /// The names of an asset's groups.
    pub fn group_names(&self, who: &Identity<'_>) -> Vec<&str> {
        self.members
            .groups_of(who)
            .into_iter()
            .filter_map(|g| self.groups.get(g as usize))
            .filter(|g| g.named)
            .map(|g| g.name.as_str())
            .collect()
    }

    fn party(&self, who: &Identity<'_>) -> Party {
        let groups = self.members.groups_of(who);
        let kinds = self.kinds(&groups);
        Party { groups, kinds }
    }

    /// The asked asset; a device behind it counts as well as the host itself.
    fn target(&self, who: &Identity<'_>, action: &Action<'_>) -> Party {
        let mut party = self.party(who);
        if !action.device_id.is_empty() {
            party
                .groups
                .extend_from_slice(self.members.groups_of_device(action.device_id));
            party.kinds = self.kinds(&party.groups);
        }
        if action.device != Device::Unknown {
            party.kinds |= 1 << (action.device as u32);
        }
        party
    }

    fn kinds(&self, groups: &[GroupId]) -> u32 {
        groups
            .iter()
            .filter_map(|g| self.groups.get(*g as usize)?.kind)
            .fold(0, |kinds, kind| kinds | 1 << (kind as u32))
    }
}

impl Grant {
    fn allows(&self, verb: Verb, device: Device) -> bool {
        self.verbs >> (verb as u32) & 1 == 1
            || self.effects >> (verb.effect(device) as u16) & 1 == 1
    }

    /// In force at this time, for such an action.
    fn holds(&self, time: i64, verb: Verb, device: Device, zone: &TimeZone) -> bool {
        !self.waits(verb, device)
            && self.until.is_none_or(|until| time < until)
            && self.open(time, zone)
    }

    /// It does not count for such an action until somebody accepts it.
    fn waits(&self, verb: Verb, device: Device) -> bool {
        let grave = matches!(verb.effect(device), Effect::Therapy | Effect::Safety);
        self.proposed || self.unsigned && grave
    }

    fn open(&self, time: i64, zone: &TimeZone) -> bool {
        self.hours.is_empty()
            || hours::local(time, zone)
                .is_some_and(|(day, minute)| self.hours.iter().any(|h| h.contain(day, minute)))
    }
}

fn selects(selectors: &[Selector], party: &Party) -> bool {
    selectors.iter().any(|s| match s {
        Selector::Any => true,
        Selector::Kind(kind) => party.kinds >> (*kind as u32) & 1 == 1,
        Selector::Group(group) => party.groups.contains(group),
    })
}

#[cfg(test)]
mod tests;
