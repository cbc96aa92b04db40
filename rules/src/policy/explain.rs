//! Why something is not allowed: the nearest grant, and what it lacks.

use dissectors::action::Action;

use super::{Identity, Policy, selects};

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
        let mut best: Option<(usize, usize, Vec<String>)> = None;
        for (at, grant) in self.grants.iter().enumerate() {
            let mut lacks = Vec::new();
            let mut weight = 0;
            let mut lack = |cost: usize, text: String| {
                weight += cost;
                lacks.push(text);
            };
            if !grant.allows(action.verb, action.device) {
                lack(
                    4,
                    format!(
                        "it allows {}, not {}",
                        grant.may_text.join(", "),
                        action.verb
                    ),
                );
            }
            if !selects(&grant.on, &target_party) {
                lack(
                    3,
                    format!(
                        "it is on {}, which {} is not",
                        grant.on_text.join(", "),
                        target.ip
                    ),
                );
            }
            if !selects(&grant.who, &actor_party) {
                lack(
                    3,
                    format!(
                        "it is for {}, which {} is not",
                        grant.who_text.join(", "),
                        actor.ip
                    ),
                );
            }
            if !grant.open(time, &self.zone) {
                lack(1, format!("it holds {} only", grant.hours_text));
            }
            if grant.until.is_some_and(|until| time >= until) {
                lack(1, "it has lapsed".to_owned());
            }
            if grant.unsigned {
                lack(1, "it was learned and nobody accepted it".to_owned());
            }
            if !lacks.is_empty() && best.as_ref().is_none_or(|(w, _, _)| weight < *w) {
                best = Some((weight, at, lacks));
            }
        }
        match best {
            // A grant that fits in nothing but the hours explains nothing.
            Some((weight, at, lacks)) if weight < 10 => {
                format!(
                    "nearest grant {}:{}: {}",
                    self.name,
                    self.grants[at].line,
                    lacks.join("; ")
                )
            }
            _ => format!("no grant of {} comes near", self.name),
        }
    }
}
