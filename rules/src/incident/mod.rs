//! Findings that belong together, as one story: who did what to whom, stage by stage.
//!
//! A chain ([`chains`]) is a list of stages. Findings whose hosts meet (the same actor, the same
//! target, or a target that becomes the actor), or that are about one patient, are strung together
//! inside the chain's window. A string becomes an incident when a later stage follows an earlier one
//! and one of its findings is above `low`; its severity is one step above its worst finding. It
//! closes when the window has passed, or at the end. All by packet time, so that a replay tells the same story.

pub mod chains;

use std::fmt;
use std::net::IpAddr;

use dissectors::message::FrameRef;

use crate::finding::{Event, Finding, FindingId, Severity};
use crate::limits::{self, Hits, Limits};
use chains::{CHAINS, Chain};

/// Made of the chain and the first finding: the same in every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IncidentId {
    chain: &'static str,
    first: FindingId,
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.chain, self.first)
    }
}

/// One finding's place in a story.
#[derive(Clone, Debug)]
pub struct Part {
    /// Index into the chain's stages.
    pub stage: usize,
    pub finding_id: FindingId,
    pub rule_id: String,
    pub title: String,
    pub severity: Severity,
    pub at: FrameRef,
    pub actor: IpAddr,
    pub target: IpAddr,
    /// Verb and value, if it was a command; never patient data.
    pub what: String,
}

#[derive(Clone, Debug)]
pub struct Incident {
    pub id: IncidentId,
    pub chain: &'static Chain,
    /// One step above the worst finding.
    pub severity: Severity,
    /// In the order of time.
    pub parts: Vec<Part>,
    /// Findings beyond the limit of those told.
    pub more: u64,
    /// Every host that a finding names, in order of coming.
    pub hosts: Vec<IpAddr>,
    /// Whom the findings are about, as keys.
    patients: Vec<u64>,
    worst: Severity,
    opened: bool,
}

/// What a listener is told.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    Opened(&'a Incident),
    /// Another stage was reached, or it got worse: told again under the same id.
    Grown(&'a Incident),
    Closed(&'a Incident),
}

/// Strings of findings, one list a chain.
#[derive(Debug)]
pub struct Incidents {
    strings: Vec<Incident>,
    room: usize,
    told: usize,
    hits: Hits,
}

impl Default for Incidents {
    fn default() -> Self {
        Incidents::new(&Limits::default())
    }
}

impl Incidents {
    pub fn new(limits: &Limits) -> Self {
        Incidents {
            strings: Vec::new(),
            room: limits.get(limits::INCIDENTS_OPEN).max(1),
            told: limits.get(limits::INCIDENT_FINDINGS).max(2),
            hits: Hits::default(),
        }
    }

    /// Strings given up for want of room, and findings no longer told one by one.
    pub fn limit_hits(&self) -> &Hits {
        &self.hits
    }

    /// A finding opened, rose or closed.
    pub fn saw(&mut self, event: Event<'_>, tell: &mut dyn FnMut(Change<'_>)) {
        let (Event::Opened(f) | Event::Raised(f)) = event else {
            return;
        };
        self.advance(f.last.time, tell);
        for chain in CHAINS {
            let stage = chain.stages.iter().position(|s| s.holds(&f.rule.id));
            if let Some(stage) = stage {
                self.string(chain, stage, f, tell);
            }
        }
    }

    /// The end: what is open closes.
    pub fn finish(&mut self, tell: &mut dyn FnMut(Change<'_>)) {
        for incident in self.strings.drain(..).filter(|i| i.opened) {
            tell(Change::Closed(&incident));
        }
    }

    fn advance(&mut self, now: i64, tell: &mut dyn FnMut(Change<'_>)) {
        self.strings.retain(|i| {
            let lives = i.began().saturating_add(i.chain.within) >= now;
            if !lives && i.opened {
                tell(Change::Closed(i));
            }
            lives
        });
    }

    fn string(
        &mut self,
        chain: &'static Chain,
        stage: usize,
        f: &Finding,
        tell: &mut dyn FnMut(Change<'_>),
    ) {
        let hosts = [f.actor.ip, f.target.ip].map(|ip| single(ip).then_some(ip));
        let meets = |i: &Incident| {
            let host = hosts.iter().flatten().any(|ip| i.hosts.contains(ip));
            let patient = f.talk.patient.is_some_and(|p| i.patients.contains(&p));
            i.chain == chain && (host || patient)
        };
        let at = match self.strings.iter().position(meets) {
            Some(at) => at,
            None => {
                if self.strings.len() >= self.room {
                    self.hits.count(limits::INCIDENTS_OPEN);
                    let oldest = self.strings.remove(0);
                    if oldest.opened {
                        tell(Change::Closed(&oldest));
                    }
                }
                self.strings.push(Incident::begin(chain, f));
                self.strings.len() - 1
            }
        };
        let room = self.told;
        let Some(incident) = self.strings.get_mut(at) else {
            return;
        };
        let before = (incident.worst, incident.reached());
        if !incident.add(stage, f, hosts, room) {
            self.hits.count(limits::INCIDENT_FINDINGS);
        }
        let advanced = (incident.worst, incident.reached()) != before;
        if !incident.opened && incident.is_one() {
            incident.opened = true;
            tell(Change::Opened(incident));
        } else if incident.opened && advanced {
            tell(Change::Grown(incident));
        }
    }
}

impl Incident {
    fn begin(chain: &'static Chain, f: &Finding) -> Self {
        Incident {
            id: IncidentId {
                chain: chain.id,
                first: f.finding_id,
            },
            chain,
            severity: f.severity.raised(),
            parts: Vec::new(),
            more: 0,
            hosts: Vec::new(),
            patients: Vec::new(),
            worst: Severity::Info,
            opened: false,
        }
    }

    /// False if there is no room to tell of this finding by itself.
    fn add(&mut self, stage: usize, f: &Finding, hosts: [Option<IpAddr>; 2], room: usize) -> bool {
        self.worst = self.worst.max(f.severity);
        self.severity = self.worst.raised();
        if let Some(part) = self.parts.iter_mut().find(|p| p.finding_id == f.finding_id) {
            part.severity = f.severity;
            part.what = what(f);
            return true;
        }
        for ip in hosts.into_iter().flatten() {
            if !self.hosts.contains(&ip) && self.hosts.len() < room {
                self.hosts.push(ip);
            }
        }
        if let Some(patient) = f.talk.patient
            && !self.patients.contains(&patient)
            && self.patients.len() < room
        {
            self.patients.push(patient);
        }
        if self.parts.len() >= room {
            self.more += 1;
            return false;
        }
        self.parts.push(Part {
            stage,
            finding_id: f.finding_id,
            rule_id: f.rule.id.clone(),
            title: f.rule.title.clone(),
            severity: f.severity,
            at: f.first,
            actor: f.actor.ip,
            target: f.target.ip,
            what: what(f),
        });
        true
    }

    /// A later stage followed an earlier one, and it was more than hygiene.
    fn is_one(&self) -> bool {
        let first = self.parts.first().map_or(0, |p| p.stage);
        let earliest = self.parts.iter().scan(first, |lowest, p| {
            *lowest = (*lowest).min(p.stage);
            Some(p.stage > *lowest)
        });
        self.worst > Severity::Low && earliest.into_iter().any(|later| later)
    }

    /// The stages seen so far, in the chain's order.
    pub fn stages(&self) -> Vec<&'static str> {
        let all = self.chain.stages.iter().enumerate();
        all.filter(|(at, _)| self.parts.iter().any(|p| p.stage == *at))
            .map(|(_, stage)| stage.name)
            .collect()
    }

    fn reached(&self) -> usize {
        self.stages().len()
    }

    pub fn began(&self) -> i64 {
        self.parts.first().map_or(i64::MAX, |p| p.at.time)
    }

    /// The frame of the newest finding.
    pub fn last(&self) -> Option<FrameRef> {
        self.parts.last().map(|p| p.at)
    }

    pub fn first(&self) -> Option<FrameRef> {
        self.parts.first().map(|p| p.at)
    }

    /// Findings in it, told one by one or not.
    pub fn findings(&self) -> u64 {
        self.parts.len() as u64 + self.more
    }
}

impl Part {
    /// `10.0.0.9 looked around: Ports or hosts scanned (10.0.0.1)`
    pub fn sentence(&self, chain: &Chain) -> String {
        let did = chain.stages.get(self.stage).map_or("", |s| s.name);
        let what = match self.what.as_str() {
            "" => String::new(),
            what => format!(", {what}"),
        };
        format!(
            "{} {did}: {} ({}{what})",
            self.actor, self.title, self.target
        )
    }
}

fn what(f: &Finding) -> String {
    let Some(act) = &f.action else {
        return String::new();
    };
    match &act.value {
        Some(value) => format!("{} {value}, {}", act.verb, f.outcome),
        None => format!("{}, {}", act.verb, f.outcome),
    }
}

/// One host's address: groups and broadcasts join nobody.
fn single(ip: IpAddr) -> bool {
    let everyone = matches!(ip, IpAddr::V4(v4) if v4.is_broadcast() || v4.octets()[3] == 255);
    !ip.is_multicast() && !ip.is_unspecified() && !everyone
}

#[cfg(test)]
mod tests;
