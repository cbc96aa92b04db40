//! With whom a device talks, what is asked of it and by it, and when.

use dissectors::action::Verb;

use super::profile::Profile;
use super::{Baseline, End, Kind, Tell, Unusual, WEEK};
use crate::limits::{self, Hits};
use crate::policy::local;

impl Baseline {
    pub(super) fn meets(&mut self, own: End, other: End, hits: &mut Hits, tell: Tell<'_>) {
        let Some(profile) = self.profiles.get(own.slot as usize) else {
            return;
        };
        if profile.peers.contains(&other.slot) || own.slot == other.slot {
            return;
        }
        if own.judged && !profile.many_peers {
            tell(Unusual {
                kind: Kind::Peer,
                device: own.ip,
                detail: other.ip.to_string(),
                baseline: format!("{} peers {}", profile.peers.len(), self.learned_words()),
                observed: format!("{}, first now", other.ip),
                about: None,
            });
        }
        let room = self.room.peers;
        if let Some(profile) = self.profiles.get_mut(own.slot as usize) {
            if profile.peers.len() < room {
                profile.peers.push(other.slot);
            } else if !profile.many_peers {
                profile.many_peers = true;
                hits.count(limits::BASELINE_PEERS);
            }
        }
    }

    pub(super) fn does(&mut self, own: End, verb: Verb, as_actor: bool, tell: Tell<'_>) {
        let bit = 1u32 << (verb as u32);
        let bits = |p: &Profile| if as_actor { p.asks } else { p.asked };
        let add = |p: &mut Profile| match as_actor {
            true => p.asks |= bit,
            false => p.asked |= bit,
        };
        let Some(profile) = self.profiles.get(own.slot as usize) else {
            return;
        };
        if bits(profile) & bit != 0 {
            return;
        }
        // Neither it nor its kind may be known.
        if !own.learns
            && let Some((whose, base)) = self.measure(own)
            && bits(base) & bit == 0
        {
            let side = if as_actor { "asks" } else { "is asked" };
            tell(Unusual {
                kind: Kind::Verb,
                device: own.ip,
                detail: format!("{side} {verb}"),
                baseline: format!(
                    "{whose}: {side} for {} {}",
                    verbs(bits(base)),
                    self.learned_words()
                ),
                observed: format!("{side} for {verb}, first now"),
                about: None,
            });
        }
        if let Some(profile) = self.profiles.get_mut(own.slot as usize) {
            add(profile);
        }
        if let Some(kind) = own.kind.filter(|_| own.learns) {
            add(self.kind(kind));
        }
    }

    pub(super) fn in_hour(&mut self, own: End, now: i64, tell: Tell<'_>) {
        let Some((day, minute)) = local(now, &self.zone) else {
            return;
        };
        let hour = usize::from(minute / 60);
        let Some(profile) = self.profiles.get(own.slot as usize) else {
            return;
        };
        if profile.hours.has(day * 24 + hour) {
            return;
        }
        if own.judged && self.learning >= WEEK {
            const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
            let name = DAYS.get(day).copied().unwrap_or_default();
            tell(Unusual {
                kind: Kind::Hour,
                device: own.ip,
                detail: format!("{name} {hour:02}"),
                baseline: format!(
                    "active in {} of 168 hours of the week {}",
                    profile.hours.count(),
                    self.learned_words()
                ),
                observed: format!("active {name} {hour:02}:00-{hour:02}:59, first now"),
                about: None,
            });
        }
        if let Some(profile) = self.profiles.get_mut(own.slot as usize) {
            profile.hours.add(day, minute);
        }
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
