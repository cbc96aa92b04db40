//! Which rules a message concerns: by protocol, kind and verb, and among many rules by a value, so
//! that a rule that cannot match costs nothing.

use std::hash::{BuildHasher, Hash, Hasher};

use dissectors::message::Message;
use dissectors::registry::PROTOCOLS;
use foldhash::fast::RandomState;

use super::needs::{NO_VERB, Needs, Trait, told_apart_by};
use super::table::Table;
use crate::language::compiled::{Literal, Operand, Which};
use crate::language::eval::{Facts, Val, each, value_of};
use crate::language::ruleset::{Compiled, Status};

/// Index of a rule, in the order of ids.
pub type RuleAt = u32;

/// From this many rules in one place on they are told apart by a value.
const CROWD: usize = 8;

#[derive(Debug, Default)]
pub struct Index {
    /// By protocol, then by kind; the last place is for kinds that are no row of the table.
    places: Vec<Vec<Place>>,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Place {
    /// The union of the verbs that any rule here takes.
    verbs: u32,
    rules: Vec<(RuleAt, u32)>,
    crowds: Vec<Crowd>,
}

/// Rules that all ask one trait for a literal.
#[derive(Debug)]
struct Crowd {
    operand: Operand,
    rules: Table<u64, Vec<(RuleAt, u32)>>,
}

impl Index {
    pub fn new(rules: &[Compiled]) -> Self {
        let mut index = Index::default();
        let needs: Vec<Needs> = rules.iter().map(|r| Needs::of(&r.condition)).collect();
        for (at, protocol) in PROTOCOLS.iter().enumerate() {
            let here: Vec<usize> = (0..rules.len())
                .filter(|r| {
                    rules[*r].rule.status == Status::Active && needs[*r].protocols >> at & 1 == 1
                })
                .collect();
            let names = protocol.kinds.iter().map(|k| k.name.as_bytes());
            let mut places: Vec<Place> = names
                .map(|name| {
                    let takes =
                        |r: &&usize| needs[**r].kinds.as_ref().is_none_or(|k| k.contains(name));
                    index.place(rules, &needs, here.iter().filter(takes).copied())
                })
                .collect();
            let listed = |name: &[u8]| protocol.kinds.iter().any(|k| k.name.as_bytes() == name);
            let takes_unlisted = |r: &&usize| {
                needs[**r]
                    .kinds
                    .as_ref()
                    .is_none_or(|k| k.iter().any(|k| !listed(k)))
            };
            places.push(index.place(rules, &needs, here.iter().filter(takes_unlisted).copied()));
            index.places.push(places);
        }
        index
    }

    fn place(
        &self,
        rules: &[Compiled],
        needs: &[Needs],
        here: impl Iterator<Item = usize>,
    ) -> Place {
        let mut place = Place::default();
        let all: Vec<usize> = here.filter(|r| needs[*r].verbs != 0).collect();
        for r in &all {
            place.verbs |= needs[*r].verbs;
        }
        let told: Vec<Vec<(Trait, Vec<Literal>)>> = if all.len() > CROWD {
            all.iter()
                .map(|r| told_apart_by(&rules[*r].condition))
                .collect()
        } else {
            vec![Vec::new(); all.len()]
        };
        // The trait that tells most rules apart first.
        let mut counts: Vec<(Trait, usize)> = Vec::new();
        for (which, _) in told.iter().flatten() {
            match counts.iter_mut().find(|(t, _)| t == which) {
                Some((_, n)) => *n += 1,
                None => counts.push((*which, 1)),
            }
        }
        counts.sort_by(|a, b| b.1.cmp(&a.1));
        counts.retain(|(_, n)| *n > CROWD);
        for (which, _) in &counts {
            place.crowds.push(Crowd {
                operand: operand_of(which),
                rules: Table::default(),
            });
        }
        for (r, told) in all.iter().zip(&told) {
            let entry = (*r as RuleAt, needs[*r].verbs);
            let crowd = counts.iter().enumerate().find_map(|(at, (which, _))| {
                told.iter().find(|(t, _)| t == which).map(|(_, l)| (at, l))
            });
            match crowd {
                Some((at, literals)) => {
                    for literal in literals {
                        let key = self.key(&value_of(literal)).unwrap_or(0);
                        let list = place.crowds[at].rules.entry(key).or_default();
                        if list.last() != Some(&entry) {
                            list.push(entry);
                        }
                    }
                }
                None => place.rules.push(entry),
            }
        }
        place.crowds.retain(|c| !c.rules.is_empty());
        place
    }

    fn key(&self, value: &Val<'_>) -> Option<u64> {
        let mut hasher = self.hasher.build_hasher();
        match value {
            Val::Text(text) => text.hash(&mut hasher),
            Val::Ip(ip) => ip.hash(&mut hasher),
            Val::Mac(mac) => mac.hash(&mut hasher),
            _ => return None,
        }
        Some(hasher.finish())
    }

    fn at(&self, message: Message<'_>) -> Option<&Place> {
        let places = self.places.get(message.protocol().index())?;
        let last = places.len().checked_sub(1)?;
        let at = message
            .kind_id()
            .map_or(last, |k| usize::from(k.0).min(last));
        places.get(at)
    }

    fn verb(message: Message<'_>) -> u32 {
        message.action().map_or(NO_VERB, |a| 1 << (a.verb as u32))
    }

    /// True if any rule may concern this message.
    pub fn concerns(&self, message: Message<'_>) -> bool {
        self.at(message)
            .is_some_and(|p| p.verbs & Self::verb(message) != 0)
    }

    /// The rules that may concern a message, in the order of ids.
    pub fn rules(&self, message: Message<'_>, facts: &Facts<'_>, into: &mut Vec<RuleAt>) {
        let Some(place) = self.at(message) else {
            return;
        };
        let verb = Self::verb(message);
        into.extend(
            place
                .rules
                .iter()
                .filter(|(_, verbs)| verbs & verb != 0)
                .map(|(r, _)| *r),
        );
        if place.crowds.is_empty() {
            return;
        }
        for crowd in &place.crowds {
            each(&crowd.operand, facts, &mut |value| {
                if let Some(rules) = self.key(&value).and_then(|k| crowd.rules.get(&k)) {
                    into.extend(
                        rules
                            .iter()
                            .filter(|(_, verbs)| verbs & verb != 0)
                            .map(|(r, _)| *r),
                    );
                }
            });
        }
        into.sort_unstable();
        into.dedup();
    }
}

fn operand_of(which: &Trait) -> Operand {
    match which {
        Trait::Field(protocol, field) => Operand::Field {
            from: Which::This,
            protocol: *protocol,
            field: *field,
            privacy: dissectors::schema::Privacy::Open,
        },
        Trait::Fact(fact) => Operand::Fact(Which::This, *fact),
        Trait::Asset(seat, attribute) => Operand::Asset(*seat, *attribute),
    }
}
