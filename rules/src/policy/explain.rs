//! Why something is allowed or not: the grants that allow it, or the nearest one and what it lacks.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use dissectors::action::{Action, Device, Verb};

use super::member::Member;
use super::{Grant, Identity, Party, Policy, selects};
use crate::inventory::Claims;

/// A question put to the policy: `FROM VERB TO`.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// An address, a member (`ae:PACSMAIN`) or a group.
    pub from: &'q str,
    pub verb: Verb,
    pub to: &'q str,
    /// Packet time for which hours and lapses are judged; `None` leaves them out.
    pub time: Option<i64>,
}

/// What the policy says.
#[derive(Debug)]
pub struct Explanation {
    pub allowed: bool,
    pub text: String,
}

/// The two ends of a question or of an action, and when.
struct Case<'c> {
    actor: &'c Party,
    target: &'c Party,
    from: String,
    to: String,
    verb: Verb,
    device: Device,
    time: Option<i64>,
}

impl Policy {
    /// What would have allowed the action, if little is missing; else that nothing is near.
    pub fn nearest_grant(
        &self,
        actor: &Identity<'_>,
        target: &Identity<'_>,
        action: &Action<'_>,
        time: i64,
    ) -> String {
        let (actor_party, target_party) = (self.party(actor), self.target(target, action));
        self.nearest(&Case {
            actor: &actor_party,
            target: &target_party,
            from: actor.ip.to_string(),
            to: target.ip.to_string(),
            verb: action.verb,
            device: action.device,
            time: Some(time),
        })
    }

    /// Answers a question in words. The error says who is not known.
    pub fn explain(&self, question: &Question<'_>) -> Result<Explanation, String> {
        let (actor, target) = (self.asked(question.from)?, self.asked(question.to)?);
        let device = Device::ALL
            .iter()
            .copied()
            .find(|d| target.kinds >> (*d as u32) & 1 == 1);
        let case = Case {
            actor: &actor,
            target: &target,
            from: question.from.to_owned(),
            to: question.to.to_owned(),
            verb: question.verb,
            device: device.unwrap_or(Device::Unknown),
            time: question.time,
        };
        let mut text = String::new();
        for (label, name, party) in [
            ("from", question.from, &actor),
            ("to", question.to, &target),
        ] {
            let groups: Vec<&str> = party
                .groups
                .iter()
                .filter_map(|g| self.groups.get(*g as usize))
                .filter(|g| g.named && g.name != name)
                .map(|g| g.name.as_str())
                .collect();
            let known = match groups[..] {
                [] if party.groups.is_empty() => "which no group holds".to_owned(),
                [] => "as the policy names it".to_owned(),
                _ => format!("of {}", groups.join(", ")),
            };
            let _ = writeln!(text, "{label:<5} {name}, {known}");
        }
        let effect = case.verb.effect(case.device);
        let _ = writeln!(text, "verb  {} (effect {effect})", case.verb);
        let granting: Vec<&Grant> = self
            .grants
            .iter()
            .filter(|g| self.lacks(g, &case).is_empty())
            .collect();
        for grant in &granting {
            let _ = writeln!(text, "\nallowed by {}", self.place(grant.line));
            let _ = writeln!(
                text,
                "    {} may {} on {}",
                grant.who_text.join(", "),
                grant.may_text.join(", "),
                grant.on_text.join(", ")
            );
            for (verb, bounds) in grant.bounds.iter().filter(|(v, _)| *v == case.verb) {
                let _ = writeln!(text, "    {verb} within {}", bounds.text);
            }
            if !grant.hours_text.is_empty() {
                let _ = writeln!(text, "    {} only", grant.hours_text);
            }
        }
        if granting.is_empty() {
            let _ = writeln!(text, "\nnot allowed: {}", self.nearest(&case));
        }
        Ok(Explanation {
            allowed: !granting.is_empty(),
            text,
        })
    }

    fn asked(&self, text: &str) -> Result<Party, String> {
        if let Some(group) = self.groups.iter().position(|g| g.named && g.name == text) {
            let groups = vec![group as u32];
            let kinds = self.kinds(&groups);
            return Ok(Party { groups, kinds });
        }
        let nowhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let mut who = Identity {
            ip: nowhere,
            mac: None,
            claims: Claims::default(),
        };
        let member = Member::parse(text).map_err(|why| {
            format!("`{text}` is neither a group of the policy nor a member: {why}")
        })?;
        match &member {
            Member::Net(net) => who.ip = net.addr(),
            Member::Mac(mac) => who.mac = Some(*mac),
            Member::Ae(title, place) => {
                who.ip = place.map_or(nowhere, |net| net.addr());
                who.claims.ae = Some(title.as_bytes());
            }
            Member::Hl7(app, facility, place) => {
                who.ip = place.map_or(nowhere, |net| net.addr());
                let facility = facility.as_deref().unwrap_or_default();
                who.claims.hl7 = Some((app.as_bytes(), facility.as_bytes()));
            }
            Member::Epr(epr) => who.claims.epr = Some(epr.as_bytes()),
            Member::Device(name) => {
                let groups = self.members.groups_of_device(name.as_bytes()).to_vec();
                let kinds = self.kinds(&groups);
                return Ok(Party { groups, kinds });
            }
        }
        Ok(self.party(&who))
    }

    fn nearest(&self, case: &Case<'_>) -> String {
        let mut best: Option<(usize, usize, Vec<String>)> = None;
        for (at, grant) in self.grants.iter().enumerate() {
            let lacks = self.lacks(grant, case);
            let weight = lacks.iter().map(|(cost, _)| cost).sum();
            if !lacks.is_empty() && best.as_ref().is_none_or(|(w, _, _)| weight < *w) {
                best = Some((weight, at, lacks.into_iter().map(|l| l.1).collect()));
            }
        }
        match best {
            // A grant that fits in nothing but the hours explains nothing.
            Some((weight, at, lacks)) if weight < 10 => {
                format!(
                    "nearest grant {}: {}",
                    self.place(self.grants[at].line),
                    lacks.join("; ")
                )
            }
            _ => format!("no grant of {} comes near", self.name),
        }
    }

    /// What keeps a grant from allowing it, and how far off that is.
    fn lacks(&self, grant: &Grant, case: &Case<'_>) -> Vec<(usize, String)> {
        let mut lacks = Vec::new();
        let mut lack = |cost: usize, text: String| lacks.push((cost, text));
        if !grant.allows(case.verb, case.device) {
            lack(
                4,
                format!("it allows {}, not {}", grant.may_text.join(", "), case.verb),
            );
        }
        if !selects(&grant.on, case.target) {
            let on = grant.on_text.join(", ");
            lack(3, format!("it is on {on}, which {} is not", case.to));
        }
        if !selects(&grant.who, case.actor) {
            let who = grant.who_text.join(", ");
            lack(3, format!("it is for {who}, which {} is not", case.from));
        }
        if let Some(time) = case.time {
            if !grant.open(time, &self.zone) {
                lack(1, format!("it holds {} only", grant.hours_text));
            }
            if grant.until.is_some_and(|until| time >= until) {
                lack(1, "it has lapsed".to_owned());
            }
        }
        if grant.waits(case.verb, case.device) {
            lack(1, "it was learned and nobody accepted it".to_owned());
        }
        lacks
    }
}
