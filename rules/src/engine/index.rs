//! Which rules a message concerns: by protocol, kind and verb, by the fields that it has, and among
//! many rules by a value, so that a rule that cannot match costs nothing.

use std::hash::{BuildHasher, Hash, Hasher};

use dissectors::message::Message;
use dissectors::registry::{PROTOCOLS, ProtocolId};
use foldhash::fast::RandomState;

use super::needs::{Fields, NO_VERB, Needs, Trait, set_field, told_apart_by};
use super::table::Table;
use crate::language::compiled::{Literal, Operand, Which};
use crate::language::eval::{Facts, Val, each, value_of};
use crate::language::ruleset::{Compiled, Status};

/// Index of a rule, in the order of ids.
pub type RuleAt = u32;

/// From this many rules in one place on they are told apart by a value.
const CROWD: usize = 2;

#[derive(Debug, Default)]
pub struct Index {
    /// By protocol.
    protocols: Vec<Places>,
    hasher: RandomState,
}

/// The rules of one protocol.
#[derive(Debug, Default)]
struct Places {
    /// By kind; the last place is for kinds that are no row of the table.
    kinds: Vec<Place>,
    /// Rules that take any kind.
    any: Place,
}

#[derive(Debug, Default)]
struct Place {
    /// The union of the verbs that any rule here takes.
    verbs: u32,
    /// Rules that take most verbs.
    rules: Vec<Entry>,
    /// Rules that take few verbs, by verb; the last for messages without an action. Empty if none.
    by_verb: Vec<Vec<Entry>>,
    crowds: Vec<Crowd>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Entry {
    rule: RuleAt,
    verbs: u32,
    anomaly: bool,
    value: bool,
    fields: Fields,
}

/// Rules that all ask one trait for a literal.
#[derive(Debug)]
struct Crowd {
    operand: Operand,
    rules: Table<u64, Vec<Entry>>,
}

/// What a message has, as far as rules are told apart by it.
struct Has {
    verb: u32,
    anomaly: bool,
    value: bool,
    fields: Fields,
}

impl Has {
    fn of(message: Message<'_>) -> Self {
        let mut fields = [0; 4];
        for field in message.field_ids() {
            set_field(&mut fields, field);
        }
        Has {
            verb: message.verb().map_or(NO_VERB, |v| 1 << (v as u32)),
            anomaly: !message.anomalies().is_empty(),
            value: message.acts_with_value(),
            fields,
        }
    }

    fn meets(&self, entry: &Entry) -> bool {
        entry.verbs & self.verb != 0
            && (self.anomaly || !entry.anomaly)
            && (self.value || !entry.value)
            && entry
                .fields
                .iter()
                .zip(self.fields)
                .all(|(needed, has)| needed & !has == 0)
    }
}

impl Place {
    fn add(&mut self, entry: Entry) {
        if entry.verbs.count_ones() > 16 {
            return self.rules.push(entry);
        }
        if self.by_verb.is_empty() {
            self.by_verb = vec![Vec::new(); 32];
        }
        for (verb, list) in self.by_verb.iter_mut().enumerate() {
            if entry.verbs >> verb & 1 == 1 {
                list.push(entry);
            }
        }
    }

    /// Entries that may take a verb (a single bit).
    fn entries(&self, verb: u32) -> impl Iterator<Item = &Entry> {
        let few = self.by_verb.get(verb.trailing_zeros() as usize);
        self.rules.iter().chain(few.into_iter().flatten())
    }
}

impl Index {
    pub fn new(rules: &[Compiled]) -> Self {
        let mut index = Index::default();
        let told: Vec<Told> = rules.iter().map(|r| told_apart_by(&r.condition)).collect();
        for (at, protocol) in PROTOCOLS.iter().enumerate() {
            let kinds = protocol.kinds.len();
            let mut by_kind: Vec<Vec<Entry>> = vec![Vec::new(); kinds + 1];
            let mut any = Vec::new();
            for (rule, compiled) in rules.iter().enumerate() {
                let needs = Needs::of(&compiled.condition, ProtocolId(at as u16));
                if !needs.possible || compiled.rule.status != Status::Active {
                    continue;
                }
                let entry = Entry {
                    rule: rule as RuleAt,
                    verbs: needs.verbs,
                    anomaly: needs.anomaly,
                    value: needs.value,
                    fields: needs.fields,
                };
                let Some(wanted) = needs.kinds else {
                    any.push(entry);
                    continue;
                };
                for row in wanted.rows().filter(|row| *row < kinds) {
                    by_kind[row].push(entry);
                }
                if wanted.unlisted {
                    by_kind[kinds].push(entry);
                }
            }
            let places = Places {
                kinds: by_kind
                    .into_iter()
                    .map(|entries| index.place(entries, &told))
                    .collect(),
                any: index.place(any, &told),
            };
            index.protocols.push(places);
        }
        index
    }

    fn place(&self, entries: Vec<Entry>, told: &[Told]) -> Place {
        let mut place = Place {
            verbs: entries.iter().fold(0, |verbs, e| verbs | e.verbs),
            ..Place::default()
        };
        if entries.len() <= CROWD {
            entries.into_iter().for_each(|e| place.add(e));
            return place;
        }
        // The trait that tells most rules apart first.
        let mut counts: Vec<(Trait, usize)> = Vec::new();
        for (which, _) in entries.iter().flat_map(|e| &told[e.rule as usize]) {
            match counts.iter_mut().find(|(t, _)| t == which) {
                Some((_, n)) => *n += 1,
                None => counts.push((*which, 1)),
            }
        }
        counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        counts.retain(|(_, n)| *n > CROWD);
        let crowd = |which: &Trait| Crowd {
            operand: operand_of(which),
            rules: Table::default(),
        };
        place.crowds = counts.iter().map(|(which, _)| crowd(which)).collect();
        for entry in entries {
            let told = &told[entry.rule as usize];
            let at = counts
                .iter()
                .position(|(which, _)| told.iter().any(|(t, _)| t == which));
            let Some((at, literals)) =
                at.and_then(|at| Some((at, &told.iter().find(|(t, _)| *t == counts[at].0)?.1)))
            else {
                place.add(entry);
                continue;
            };
            for literal in literals {
                let key = self.key(&value_of(literal)).unwrap_or(0);
                let list = place.crowds[at].rules.entry(key).or_default();
                if list.last() != Some(&entry) {
                    list.push(entry);
                }
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

    /// The places where rules for this message lie.
    fn at(&self, message: Message<'_>) -> [Option<&Place>; 2] {
        let Some(places) = self.protocols.get(message.protocol().index()) else {
            return [None, None];
        };
        let last = places.kinds.len().saturating_sub(1);
        let at = message
            .kind_id()
            .map_or(last, |k| usize::from(k.0).min(last));
        [Some(&places.any), places.kinds.get(at)]
    }

    /// True if any rule may concern this message.
    pub fn concerns(&self, message: Message<'_>) -> bool {
        let verb = message.verb().map_or(NO_VERB, |v| 1 << (v as u32));
        self.at(message)
            .into_iter()
            .flatten()
            .any(|p| p.verbs & verb != 0)
    }

    /// The rules that may concern messages with the same kind, verb and fields: all of those that
    /// are told apart by nothing else, and of those that a value tells apart.
    pub fn for_shape(&self, message: Message<'_>) -> (Vec<RuleAt>, Vec<RuleAt>) {
        let has = Has::of(message);
        let (mut all, mut crowd) = (Vec::new(), Vec::new());
        for place in self.at(message).into_iter().flatten() {
            let entries = place.entries(has.verb).filter(|e| has.meets(e));
            all.extend(entries.map(|e| e.rule));
            let told = place.crowds.iter().flat_map(|c| c.rules.values().flatten());
            crowd.extend(told.filter(|e| has.meets(e)).map(|e| e.rule));
        }
        for rules in [&mut all, &mut crowd] {
            rules.sort_unstable();
            rules.dedup();
        }
        (all, crowd)
    }

    /// Of the rules that a value tells apart, those that may concern a message.
    pub fn crowd(&self, message: Message<'_>, facts: &Facts<'_>, into: &mut Vec<RuleAt>) {
        let has = Has::of(message);
        for crowd in self
            .at(message)
            .into_iter()
            .flatten()
            .flat_map(|p| &p.crowds)
        {
            each(&crowd.operand, facts, &mut |value| {
                if let Some(rules) = self.key(&value).and_then(|k| crowd.rules.get(&k)) {
                    into.extend(rules.iter().filter(|e| has.meets(e)).map(|e| e.rule));
                }
            });
        }
        into.sort_unstable();
        into.dedup();
    }

    /// The rules that may concern a message, in the order of ids.
    pub fn rules(&self, message: Message<'_>, facts: &Facts<'_>, into: &mut Vec<RuleAt>) {
        self.crowd(message, facts, into);
        let has = Has::of(message);
        for place in self.at(message).into_iter().flatten() {
            let entries = place.entries(has.verb).filter(|e| has.meets(e));
            into.extend(entries.map(|e| e.rule));
        }
        if into.len() > 1 {
            into.sort_unstable();
            into.dedup();
        }
    }
}

/// By which traits a rule can be told apart, and by which literals.
type Told = Vec<(Trait, Vec<Literal>)>;

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
