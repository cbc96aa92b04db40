//! Which rules a message concerns: by protocol, kind and verb, by the fields that it has, and among
//! many rules by a value, so that a rule that cannot match costs nothing.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::net::IpAddr;

use aho_corasick::AhoCorasick;
use dissectors::message::Message;
use dissectors::registry::{PROTOCOLS, ProtocolId};
use foldhash::fast::RandomState;
use ipnet::IpNet;

use super::needs::{Ask, Fields, NO_VERB, Needs, Trait, set_field, told_apart_by};
use super::table::Table;
use crate::language::compiled::{Operand, Which};
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

/// Rules that all ask one trait for something: which of them a message concerns is found at once,
/// however many they are.
#[derive(Debug)]
struct Crowd {
    operand: Operand,
    /// The field that the message must have, if the trait is one.
    fields: Fields,
    exact: Table<u64, Vec<Entry>>,
    /// By family and prefix length: the first address of a network.
    nets: Vec<(bool, u8, Table<u128, Vec<Entry>>)>,
    parts: Option<Parts>,
}

/// Texts looked for all together.
#[derive(Debug)]
struct Parts {
    automaton: AhoCorasick,
    /// By pattern of the automaton.
    rules: Vec<Vec<Entry>>,
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

    /// True if the message has all of these fields.
    fn has(&self, fields: &Fields) -> bool {
        let mut both = fields.iter().zip(self.fields);
        both.all(|(needed, has)| needed & !has == 0)
    }

    fn meets(&self, entry: &Entry) -> bool {
        entry.verbs & self.verb != 0
            && (self.anomaly || !entry.anomaly)
            && (self.value || !entry.value)
            && self.has(&entry.fields)
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
        let told = |entry: &Entry| &told[entry.rule as usize];
        // How many rules ask each trait for the same.
        let mut same: HashMap<(Trait, u64), usize> = HashMap::new();
        for (which, asks) in entries.iter().flat_map(told) {
            for ask in asks {
                *same.entry((*which, self.ask_key(ask))).or_default() += 1;
            }
        }
        // A rule stands under the trait by which it has the fewest beside it.
        let best = |entry: &Entry| {
            let beside = |asks: &Vec<Ask>, which: &Trait| -> usize {
                let one = |ask| same.get(&(*which, self.ask_key(ask))).copied();
                asks.iter().filter_map(one).sum()
            };
            let told = told(entry).iter();
            let (which, _) = told.min_by_key(|(which, asks)| beside(asks, which))?;
            Some(*which)
        };
        let chosen: Vec<Option<Trait>> = entries.iter().map(best).collect();
        let mut crowds: Vec<(Trait, usize)> = Vec::new();
        for which in chosen.iter().flatten() {
            match crowds.iter_mut().find(|(t, _)| t == which) {
                Some((_, n)) => *n += 1,
                None => crowds.push((*which, 1)),
            }
        }
        crowds.retain(|(_, n)| *n > CROWD);
        let mut patterns: Vec<Vec<(&[u8], Vec<Entry>)>> = vec![Vec::new(); crowds.len()];
        let mut known: Vec<HashMap<&[u8], usize>> = vec![HashMap::new(); crowds.len()];
        place.crowds = crowds.iter().map(|(which, _)| Crowd::of(which)).collect();
        for (entry, which) in entries.iter().zip(&chosen) {
            let at = which.and_then(|which| crowds.iter().position(|(t, _)| *t == which));
            let asks = at.and_then(|at| told(entry).iter().find(|(t, _)| *t == crowds[at].0));
            let (Some(at), Some((_, asks))) = (at, asks) else {
                place.add(*entry);
                continue;
            };
            for ask in asks {
                let list = match ask {
                    Ask::Is(literal) => {
                        let key = self.key(&value_of(literal)).unwrap_or(0);
                        place.crowds[at].exact.entry(key).or_default()
                    }
                    Ask::In(net) => place.crowds[at].net(net),
                    Ask::Has(part) => {
                        let patterns = &mut patterns[at];
                        let n = *known[at].entry(part.as_ref()).or_insert_with(|| {
                            patterns.push((part.as_ref(), Vec::new()));
                            patterns.len() - 1
                        });
                        &mut patterns[n].1
                    }
                };
                if list.last() != Some(entry) {
                    list.push(*entry);
                }
            }
        }
        for (crowd, patterns) in place.crowds.iter_mut().zip(patterns) {
            let (texts, rules): (Vec<&[u8]>, Vec<Vec<Entry>>) = patterns.into_iter().unzip();
            if texts.is_empty() {
                continue;
            }
            match AhoCorasick::new(&texts) {
                Ok(automaton) => crowd.parts = Some(Parts { automaton, rules }),
                // More than an automaton holds: each is asked by itself.
                Err(_) => rules
                    .into_iter()
                    .flatten()
                    .for_each(|e| place.rules.push(e)),
            }
        }
        place
    }

    fn ask_key(&self, ask: &Ask) -> u64 {
        match ask {
            Ask::Is(literal) => self.key(&value_of(literal)).unwrap_or(0),
            Ask::In(net) => self.hasher.hash_one(net),
            Ask::Has(part) => self.hasher.hash_one(part),
        }
    }

    fn key(&self, value: &Val<'_>) -> Option<u64> {
        let mut hasher = self.hasher.build_hasher();
        match value {
            Val::Text(text) => text.hash(&mut hasher),
            Val::Ip(ip) => ip.hash(&mut hasher),
            Val::Mac(mac) => mac.hash(&mut hasher),
            Val::Number(n) if n.abs() < 1e9 => (n.round() as i64).hash(&mut hasher),
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
    /// are told apart by nothing else, and `some` or a few more of those that a value tells apart.
    pub fn for_shape(&self, message: Message<'_>, some: usize) -> (Vec<RuleAt>, Vec<RuleAt>) {
        let has = Has::of(message);
        let (mut all, mut crowd) = (Vec::new(), Vec::new());
        for place in self.at(message).into_iter().flatten() {
            let entries = place.entries(has.verb).filter(|e| has.meets(e));
            all.extend(entries.map(|e| e.rule));
            for one in place.crowds.iter().filter(|c| has.has(&c.fields)) {
                for entry in one.entries().filter(|e| has.meets(e)) {
                    if crowd.len() >= some {
                        break;
                    }
                    if !crowd.contains(&entry.rule) {
                        crowd.push(entry.rule);
                    }
                }
            }
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
            if !has.has(&crowd.fields) {
                continue;
            }
            let mut take = |rules: &[Entry]| {
                into.extend(rules.iter().filter(|e| has.meets(e)).map(|e| e.rule));
            };
            each(&crowd.operand, facts, &mut |value| {
                crowd.find(&value, self, &mut take);
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

impl Crowd {
    fn of(which: &Trait) -> Self {
        let mut fields = [0; 4];
        if let Trait::Field(_, field) = which {
            set_field(&mut fields, *field);
        }
        Crowd {
            operand: operand_of(which),
            fields,
            exact: Table::default(),
            nets: Vec::new(),
            parts: None,
        }
    }

    /// Every entry; one that asks for several values comes several times.
    fn entries(&self) -> impl Iterator<Item = &Entry> {
        let exact = self.exact.values();
        let nets = self.nets.iter().flat_map(|(_, _, nets)| nets.values());
        let parts = self.parts.iter().flat_map(|p| &p.rules);
        exact.chain(nets).chain(parts).flatten()
    }

    fn net(&mut self, net: &IpNet) -> &mut Vec<Entry> {
        let (six, length) = (net.addr().is_ipv6(), net.prefix_len());
        let known = self
            .nets
            .iter()
            .position(|(s, l, _)| (*s, *l) == (six, length));
        let at = known.unwrap_or_else(|| {
            self.nets.push((six, length, Table::default()));
            self.nets.len() - 1
        });
        let (_, first) = family_and_bits(net.network());
        self.nets[at].2.entry(first).or_default()
    }

    /// Calls `take` with the rules that ask for what this value is.
    fn find(&self, value: &Val<'_>, index: &Index, take: &mut impl FnMut(&[Entry])) {
        if !self.exact.is_empty()
            && let Some(rules) = index.key(value).and_then(|k| self.exact.get(&k))
        {
            take(rules);
        }
        match value {
            Val::Ip(ip) if !self.nets.is_empty() => {
                let (six, bits) = family_and_bits(*ip);
                let width = if six { 128 } else { 32 };
                for (s, length, nets) in self.nets.iter().filter(|n| n.0 == six) {
                    debug_assert_eq!(*s, six);
                    let free = width - u32::from(*length);
                    let first = bits.checked_shr(free).unwrap_or(0);
                    let first = first.checked_shl(free).unwrap_or(0);
                    if let Some(rules) = nets.get(&first) {
                        take(rules);
                    }
                }
            }
            Val::Text(text) => {
                if let Some(parts) = &self.parts {
                    for hit in parts.automaton.find_overlapping_iter(text) {
                        if let Some(rules) = parts.rules.get(hit.pattern().as_usize()) {
                            take(rules);
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

fn family_and_bits(ip: IpAddr) -> (bool, u128) {
    match ip {
        IpAddr::V4(ip) => (false, u128::from(u32::from(ip))),
        IpAddr::V6(ip) => (true, u128::from(ip)),
    }
}

/// By which traits a rule can be told apart, and by what.
type Told = Vec<(Trait, Vec<Ask>)>;

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
