//! Who asked whom for what, how often, when, with which values and outcomes: what a policy is
//! learned from, held against, and what a device's day consists of.
//!
//! Kept by commands that look back over captures; the judge of a running sensor does without.

use std::net::IpAddr;

use dissectors::action::{Device, Effect, Outcome, Verb};
use dissectors::message::{FrameRef, Message};
use dissectors::registry::ProtocolId;
use jiff::tz::TimeZone;

use super::{Claims, Inventory, Use};
use crate::engine::Table;
use crate::engine::joins::{Fired, Joins};
use crate::finding::{Name, Outcomes};
use crate::language::compiled::{Seat, Truth};
use crate::language::eval::{Sides, Val, quantity};
use crate::language::units::Dimension;
use crate::limits::{self, Hits, Limits};
use crate::policy::{Policy, local};
use crate::privacy::printable;

/// One kind of request between two hosts.
#[derive(Clone, Debug)]
pub struct Deal {
    pub actor: IpAddr,
    pub target: IpAddr,
    pub verb: Verb,
    /// What the action says that it works on.
    pub device: Device,
    pub protocol: ProtocolId,
    /// Names that each went by in these messages.
    pub actor_names: Vec<Name>,
    pub target_names: Vec<Name>,
    /// Devices named as the subject.
    pub subjects: Vec<String>,
    pub count: u64,
    pub outcomes: Outcomes,
    pub first: FrameRef,
    pub last: FrameRef,
    pub values: Vec<Values>,
    /// A bit for each hour of the week, Monday 00:00 first.
    pub hours: Week,
    /// Where AE titles are asked to send to.
    pub destinations: Vec<String>,
    /// What the policy says of them, if there is one.
    pub ruling: Ruling,
}

/// Values of one unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    pub dimension: Dimension,
    /// The unit as it was written first, and how many base units one of it is.
    pub unit: String,
    pub scale: f64,
    /// In that unit.
    pub low: f64,
    pub high: f64,
    pub count: u64,
}

/// What a policy says of a deal.
#[derive(Clone, Debug, Default)]
pub struct Ruling {
    pub denied: u64,
    pub denied_last: Option<FrameRef>,
    pub out_of_bounds: u64,
    /// What would have allowed it, told at the first denial.
    pub nearest: String,
}

/// Hours of the week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Week(u128, u64);

impl Week {
    pub fn add(&mut self, day: usize, minute: u16) {
        let hour = day * 24 + usize::from(minute / 60);
        if hour < 128 {
            self.0 |= 1 << hour;
        } else if hour < 168 {
            self.1 |= 1 << (hour - 128);
        }
    }

    pub fn has(&self, hour: usize) -> bool {
        if hour < 128 {
            self.0 >> hour & 1 == 1
        } else {
            hour < 168 && self.1 >> (hour - 128) & 1 == 1
        }
    }

    pub fn count(&self) -> u32 {
        self.0.count_ones() + self.1.count_ones()
    }

    pub fn join(&mut self, other: Week) {
        self.0 |= other.0;
        self.1 |= other.1;
    }
}

/// A time in which an asset was in use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    pub ip: IpAddr,
    pub what: Use,
    pub protocol: ProtocolId,
    pub from: i64,
    pub to: i64,
    pub over: bool,
}

/// A time in which an asset that used to speak did not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Silence {
    pub ip: IpAddr,
    pub from: i64,
    pub to: i64,
}

#[derive(Clone, Copy, Debug)]
struct Pulse {
    messages: u64,
    first: i64,
    last: i64,
}

/// See the module.
pub struct Logbook {
    deals: Vec<Deal>,
    index: Table<(IpAddr, IpAddr, Verb, Device, ProtocolId), u32>,
    joins: Joins,
    policy: Option<Policy>,
    zone: TimeZone,
    spans: Vec<Span>,
    silences: Vec<Silence>,
    pulses: Table<IpAddr, Pulse>,
    /// By host: answers that took its request, and that refused it.
    answers: Table<IpAddr, [u64; 2]>,
    week: Week,
    messages: u64,
    seen: Option<(FrameRef, FrameRef)>,
    room: usize,
    hits: Hits,
}

/// Names, subjects and destinations kept of one deal.
const LISTED: usize = 32;
/// A pause is a silence if it is so many times the mean pause, and so long.
const PAUSES: i64 = 30;
const SILENCE: i64 = 30_000_000_000;
/// Messages after which the mean pause is known.
const STEADY: u64 = 20;

impl Logbook {
    /// Holds what it hears against a policy, if there is one. Hours are those of its time zone.
    pub fn new(policy: Option<Policy>, limits: &Limits) -> Logbook {
        Logbook {
            deals: Vec::new(),
            index: Table::default(),
            joins: Joins::new(limits),
            zone: policy.as_ref().map_or(TimeZone::UTC, |p| p.zone().clone()),
            policy,
            spans: Vec::new(),
            silences: Vec::new(),
            pulses: Table::default(),
            answers: Table::default(),
            week: Week::default(),
            messages: 0,
            seen: None,
            room: limits.get(limits::DEALS),
            hits: Hits::default(),
        }
    }

    /// Deals in the order in which they were first seen.
    pub fn deals(&self) -> &[Deal] {
        &self.deals
    }

    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    pub fn silences(&self) -> &[Silence] {
        &self.silences
    }

    pub fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    /// Hours of the week in which anything was heard.
    pub fn week(&self) -> Week {
        self.week
    }

    /// Messages heard.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// The first and the last message.
    pub fn seen(&self) -> Option<(FrameRef, FrameRef)> {
        self.seen
    }

    /// Whether all that a host was ever answered was a refusal.
    pub fn turned_away(&self, ip: IpAddr) -> bool {
        matches!(self.answers.get(&ip), Some([0, refused]) if *refused > 0)
    }

    pub fn limit_hits(&self) -> &Hits {
        &self.hits
    }

    /// Hears a message that the inventory has seen.
    pub fn hear(&mut self, message: Message<'_>, inventory: &Inventory) {
        let frame = message.frame();
        self.messages += 1;
        self.seen = Some((self.seen.map_or(frame, |s| s.0), frame));
        while let Some(lapsed) = self.joins.lapsed(frame.time) {
            self.settle(&lapsed.hanging.findings, lapsed.outcome);
        }
        let local = local(frame.time, &self.zone);
        if let Some((day, minute)) = local {
            self.week.add(day, minute);
        }
        self.pulse(message.source().ip, frame.time);
        for ip in [message.source().ip, message.destination().ip] {
            self.used(ip, inventory);
        }
        if let Some(join) = message.answers() {
            let place = match join.outcome {
                Outcome::Accepted => Some(0),
                Outcome::Refused | Outcome::Failed => Some(1),
                _ => None,
            };
            let to = message.destination().ip;
            let room = self.answers.len() < self.room || self.answers.contains_key(&to);
            if let Some(place) = place.filter(|_| room) {
                self.answers.entry(to).or_default()[place] += 1;
            }
        }
        if let Some((key, join)) = self.joins.answered_under(message).zip(message.answers())
            && let Some(hanging) = self.joins.answer(key, join.last, join.outcome)
        {
            self.settle(&hanging.findings, join.outcome);
        }
        if message.action().is_some()
            && let Some(at) = self.deal(message)
        {
            self.count(at, message, local);
        }
    }

    /// The end: what was not answered is unknown.
    pub fn finish(&mut self) {
        while let Some(lapsed) = self.joins.last() {
            self.settle(&lapsed.hanging.findings, lapsed.outcome);
        }
    }

    fn deal(&mut self, message: Message<'_>) -> Option<usize> {
        let action = message.action()?;
        let sides = Sides::of(message);
        let (actor, target) = (sides.actor.ip, sides.target.ip);
        let key = (
            actor,
            target,
            action.verb,
            action.device,
            message.protocol(),
        );
        if let Some(at) = self.index.get(&key) {
            return Some(*at as usize);
        }
        if self.deals.len() >= self.room {
            self.hits.count(limits::DEALS);
            return None;
        }
        self.deals.push(Deal {
            actor,
            target,
            verb: action.verb,
            device: action.device,
            protocol: message.protocol(),
            actor_names: Vec::new(),
            target_names: Vec::new(),
            subjects: Vec::new(),
            count: 0,
            outcomes: Outcomes::default(),
            first: message.frame(),
            last: message.frame(),
            values: Vec::new(),
            hours: Week::default(),
            destinations: Vec::new(),
            ruling: Ruling::default(),
        });
        self.index.insert(key, self.deals.len() as u32 - 1);
        Some(self.deals.len() - 1)
    }

    fn count(&mut self, at: usize, message: Message<'_>, local: Option<(usize, u16)>) {
        let (Some(deal), Some(action)) = (self.deals.get_mut(at), message.action()) else {
            return;
        };
        let sides = Sides::of(message);
        deal.count += 1;
        deal.last = message.frame();
        if let Some((day, minute)) = local {
            deal.hours.add(day, minute);
        }
        names(&mut deal.actor_names, sides.claims(Seat::Actor));
        names(&mut deal.target_names, sides.claims(Seat::Target));
        list(&mut deal.subjects, action.device_id);
        list(&mut deal.destinations, action.destination);
        if let Some(value) = &action.value
            && let Some(Val::Quantity(base, dimension)) = quantity(value)
            && value.number != 0.0
        {
            let full = deal.values.len() >= LISTED;
            let own = deal.values.iter_mut().find(|v| v.dimension == dimension);
            let scale = base / value.number;
            match own {
                Some(own) => {
                    let number = base / own.scale;
                    own.low = own.low.min(number);
                    own.high = own.high.max(number);
                    own.count += 1;
                }
                None if !full => deal.values.push(Values {
                    dimension,
                    unit: printable(value.unit),
                    scale,
                    low: value.number,
                    high: value.number,
                    count: 1,
                }),
                None => {}
            }
        }
        if let Some(policy) = &self.policy {
            let (actor, target) = (sides.identity(Seat::Actor), sides.identity(Seat::Target));
            let time = message.frame().time;
            let standing = policy.judge(&actor, &target, Some(action), time);
            if standing.authorised == Truth::False {
                if deal.ruling.denied == 0 {
                    deal.ruling.nearest = policy.nearest_grant(&actor, &target, &action, time);
                }
                deal.ruling.denied += 1;
                deal.ruling.denied_last = Some(message.frame());
            }
            if standing.within_bounds == Truth::False {
                deal.ruling.out_of_bounds += 1;
            }
        }
        let open = message.asks().is_some() && message.answers().is_none();
        let outcome = match action.outcome {
            Outcome::Requested if !open => Outcome::Unknown,
            own => own,
        };
        *deal.outcomes.slot(outcome) += 1;
        if outcome == Outcome::Requested
            && let Some(key) = self.joins.asked_under(message)
        {
            if let Some(lapsed) = self.joins.ask(key, message.frame().time, &mut self.hits) {
                self.settle(&lapsed.hanging.findings, lapsed.outcome);
            }
            if let Some(hanging) = self.joins.hang(key) {
                hanging.findings.push(Fired {
                    rule: 0, // the logbook has no rules
                    serial: at as u64,
                    counted_as: Outcome::Requested,
                });
            }
        }
    }

    fn settle(&mut self, deals: &[Fired], outcome: Outcome) {
        for fired in deals {
            if let Some(deal) = self.deals.get_mut(fired.serial as usize) {
                let slot = deal.outcomes.slot(fired.counted_as);
                *slot = slot.saturating_sub(1);
                *deal.outcomes.slot(outcome) += 1;
            }
        }
    }

    fn pulse(&mut self, ip: IpAddr, time: i64) {
        if self.pulses.len() >= self.room && !self.pulses.contains_key(&ip) {
            return self.hits.count(limits::DEALS);
        }
        let pulse = self.pulses.entry(ip).or_insert(Pulse {
            messages: 0,
            first: time,
            last: time,
        });
        let pause = time.saturating_sub(pulse.last);
        if pulse.messages >= STEADY && pause >= SILENCE {
            let mean = pulse.last.saturating_sub(pulse.first) / pulse.messages.max(1) as i64;
            if pause >= mean.saturating_mul(PAUSES) && self.silences.len() < self.room {
                self.silences.push(Silence {
                    ip,
                    from: pulse.last,
                    to: time,
                });
            }
        }
        pulse.messages += 1;
        pulse.last = pulse.last.max(time);
    }

    fn used(&mut self, ip: IpAddr, inventory: &Inventory) {
        let Some(asset) = inventory.asset(ip) else {
            return;
        };
        for (what, evidence) in asset.uses.each() {
            let full = self.spans.len() >= self.room;
            let open = self
                .spans
                .iter_mut()
                .rev()
                .find(|s| s.ip == ip && s.what == what && s.from == evidence.since);
            match open {
                Some(span) => {
                    span.to = evidence.last.time;
                    span.over |= evidence.over;
                }
                None if full => self.hits.count(limits::DEALS),
                None if evidence.over => {}
                None => self.spans.push(Span {
                    ip,
                    what,
                    protocol: evidence.protocol,
                    from: evidence.since,
                    to: evidence.last.time,
                    over: false,
                }),
            }
        }
    }
}

impl Deal {
    pub fn effect(&self) -> Effect {
        self.verb.effect(self.device)
    }

    /// Therapy or safety is at stake.
    pub fn grave(&self) -> bool {
        matches!(self.effect(), Effect::Therapy | Effect::Safety)
    }

    /// Every one of them was refused.
    pub fn always_refused(&self) -> bool {
        self.outcomes.refused + self.outcomes.failed == self.count
    }

    /// The outcomes that occurred: `accepted 12, refused 1`.
    pub fn outcome_text(&self) -> String {
        let o = &self.outcomes;
        let parts: Vec<String> = [
            (o.accepted, Outcome::Accepted),
            (o.refused, Outcome::Refused),
            (o.failed, Outcome::Failed),
            (o.requested, Outcome::Requested),
            (o.unknown, Outcome::Unknown),
        ]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, outcome)| format!("{} {n}", outcome.word()))
        .collect();
        parts.join(", ")
    }

    /// The values that occurred: `5 to 80 mL/h`.
    pub fn value_text(&self) -> String {
        let parts: Vec<String> = self
            .values
            .iter()
            .map(|v| match v.low == v.high {
                true => format!("{} {}", v.low, v.unit),
                false => format!("{} to {} {}", v.low, v.high, v.unit),
            })
            .collect();
        parts.join(", ")
    }
}

fn names(list: &mut Vec<Name>, claims: Claims<'_>) {
    let mut add = |name: Name| {
        if list.len() < LISTED && !list.contains(&name) {
            list.push(name);
        }
    };
    if let Some(title) = claims.ae.filter(|t| !t.is_empty()) {
        add(Name::Ae(printable(title)));
    }
    if let Some((app, facility)) = claims.hl7.filter(|(a, f)| !a.is_empty() || !f.is_empty()) {
        add(Name::Hl7(printable(app), printable(facility)));
    }
    if let Some(epr) = claims.epr.filter(|e| !e.is_empty()) {
        add(Name::Epr(printable(epr)));
    }
}

fn list(known: &mut Vec<String>, text: &[u8]) {
    if text.is_empty() || known.len() >= LISTED {
        return;
    }
    let text = printable(text);
    if !known.contains(&text) {
        known.push(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hour_of_the_week_has_its_own_bit() {
        let mut week = Week::default();
        for hour in 0..168 {
            assert!(!week.has(hour));
            week.add(hour / 24, (hour % 24 * 60) as u16);
            assert!(week.has(hour));
        }
        assert_eq!(week.count(), 168);
        assert!(!week.has(168));
    }
}
