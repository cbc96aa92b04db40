//! What a condition needs of a message of one protocol before it can be true: kinds, verbs,
//! fields, anomalies, a value. What a message lacks of that need not be looked at.

use std::collections::HashSet;
use std::sync::LazyLock;

use dissectors::action::{Device, Verb};
use dissectors::registry::{PROTOCOLS, ProtocolId};
use dissectors::schema::{FieldId, Protocol};
use ipnet::IpNet;

use crate::language::ast::Comparison;
use crate::language::compiled::{
    Attribute, Condition, Fact, Literal, Node, Operand, Seat, Set, Which,
};
use crate::language::eval::matches;
use crate::language::{check, parser};
use crate::limits::{self, Limits};

/// The bit for messages without an action.
pub const NO_VERB: u32 = 1 << 31;
const ANY_VERB: u32 = u32::MAX;
const ANY_ACTION: u32 = ANY_VERB & !NO_VERB;

/// A bit for each field; fields beyond are never needed.
pub type Fields = [u64; 4];

/// Sets a field's bit, if there is one.
pub fn set_field(fields: &mut Fields, field: FieldId) {
    if let Some(word) = fields.get_mut(usize::from(field.0 / 64)) {
        *word |= 1 << (field.0 % 64);
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Needs {
    /// False: it cannot be true for any message of this protocol.
    pub possible: bool,
    /// A bit for each verb, and [`NO_VERB`].
    pub verbs: u32,
    /// `None`: any.
    pub kinds: Option<Kinds>,
    /// All of these must be there.
    pub fields: Fields,
    /// The message must have an anomaly.
    pub anomaly: bool,
    /// The action must have a value.
    pub value: bool,
}

/// Some of a protocol's kinds.
#[derive(Clone, Debug, PartialEq)]
pub struct Kinds {
    /// A bit for each row of the table.
    pub listed: Vec<u64>,
    /// Kinds that are no row of the table.
    pub unlisted: bool,
}

impl Kinds {
    fn of(protocol: &Protocol, among: impl Fn(&[u8]) -> bool, unlisted: bool) -> Self {
        let mut listed = vec![0; protocol.kinds.len().div_ceil(64)];
        for (at, kind) in protocol.kinds.iter().enumerate() {
            if among(kind.name.as_bytes()) {
                listed[at / 64] |= 1 << (at % 64);
            }
        }
        Kinds { listed, unlisted }
    }

    fn join(mut self, other: &Kinds, join: fn(u64, u64) -> u64, unlisted: bool) -> Self {
        for (a, b) in self.listed.iter_mut().zip(&other.listed) {
            *a = join(*a, *b);
        }
        Kinds { unlisted, ..self }
    }

    /// The rows that are in.
    pub fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.listed.len() * 64).filter(|at| self.listed[at / 64] >> (at % 64) & 1 == 1)
    }
}

impl Needs {
    const ANY: Needs = Needs {
        possible: true,
        verbs: ANY_VERB,
        kinds: None,
        fields: [0; 4],
        anomaly: false,
        value: false,
    };
    const NEVER: Needs = Needs {
        possible: false,
        ..Needs::ANY
    };

    /// What a condition needs to be true for a message of this protocol.
    pub fn of(condition: &Condition, protocol: ProtocolId) -> Needs {
        Look {
            condition,
            id: protocol,
            protocol: protocol.protocol(),
        }
        .needs(&condition.root, true)
    }

    /// What a part of a condition needs to be true for a message of this protocol.
    pub fn of_part(condition: &Condition, part: &Node, protocol: ProtocolId) -> Needs {
        Look {
            condition,
            id: protocol,
            protocol: protocol.protocol(),
        }
        .needs(part, true)
    }

    fn and(self, other: Needs) -> Needs {
        if !self.possible || !other.possible {
            return Needs::NEVER;
        }
        let mut fields = self.fields;
        for (a, b) in fields.iter_mut().zip(other.fields) {
            *a |= b;
        }
        let kinds = match (self.kinds, other.kinds) {
            (Some(a), Some(b)) => {
                let unlisted = a.unlisted && b.unlisted;
                Some(a.join(&b, |a, b| a & b, unlisted))
            }
            (a, b) => a.or(b),
        };
        let verbs = self.verbs & other.verbs;
        let none = kinds
            .as_ref()
            .is_some_and(|k| !k.unlisted && k.listed.iter().all(|w| *w == 0));
        Needs {
            possible: verbs != 0 && !none,
            verbs,
            kinds,
            fields,
            anomaly: self.anomaly || other.anomaly,
            value: self.value || other.value,
        }
    }

    fn or(self, other: Needs) -> Needs {
        if !self.possible {
            return other;
        }
        if !other.possible {
            return self;
        }
        let mut fields = self.fields;
        for (a, b) in fields.iter_mut().zip(other.fields) {
            *a &= b;
        }
        Needs {
            possible: true,
            verbs: self.verbs | other.verbs,
            kinds: match (self.kinds, other.kinds) {
                (Some(a), Some(b)) => {
                    let unlisted = a.unlisted || b.unlisted;
                    Some(a.join(&b, |a, b| a | b, unlisted))
                }
                _ => None,
            },
            fields,
            anomaly: self.anomaly && other.anomaly,
            value: self.value && other.value,
        }
    }
}

struct Look<'c> {
    condition: &'c Condition,
    id: ProtocolId,
    protocol: &'static Protocol,
}

impl Look<'_> {
    /// What all of these parts need together. Where one cannot be, the others are not looked at.
    fn all(&self, parts: &[Node], wanted: bool) -> Needs {
        let mut all = Needs::ANY;
        for part in parts {
            if !all.possible {
                return Needs::NEVER;
            }
            all = all.and(self.needs(part, wanted));
        }
        all
    }

    /// What `node` needs to be true, or (`wanted` false) to be false.
    fn needs(&self, node: &Node, wanted: bool) -> Needs {
        match node {
            Node::And(parts, _) if wanted => self.all(parts, wanted),
            Node::Or(parts) if !wanted => self.all(parts, wanted),
            Node::And(parts, _) | Node::Or(parts) => parts
                .iter()
                .map(|p| self.needs(p, wanted))
                .fold(Needs::NEVER, Needs::or),
            Node::Not(inner) => self.needs(inner, !wanted),
            Node::Surely(inner) if wanted => self.needs(inner, true),
            Node::Compare(op, left, right) => {
                let known = self.known(left).and(self.known(right));
                if !known.possible {
                    return Needs::NEVER;
                }
                let equal = match op {
                    Comparison::Equal => wanted,
                    Comparison::Unequal => !wanted,
                    _ => return known,
                };
                match (left, right) {
                    (Operand::Fact(Which::This, fact), Operand::Literal(literal))
                    | (Operand::Literal(literal), Operand::Fact(Which::This, fact)) => {
                        known.and(self.one_of(*fact, std::slice::from_ref(literal), equal))
                    }
                    _ => known,
                }
            }
            Node::In(operand, set) => {
                let known = self.known(operand);
                if !known.possible {
                    return Needs::NEVER;
                }
                let Operand::Fact(Which::This, fact) = operand else {
                    return known;
                };
                match set {
                    Set::Texts(texts) => {
                        let texts: Vec<Literal> =
                            texts.iter().cloned().map(Literal::Text).collect();
                        known.and(self.one_of(*fact, &texts, wanted))
                    }
                    Set::Words(mask) => known.and(self.one_word(*fact, *mask, wanted)),
                    _ => known,
                }
            }
            Node::Test(Operand::Fact(Which::This, Fact::Kind), pattern) => {
                let kinds = Kinds::of(self.protocol, |k| matches(pattern, k) == wanted, true);
                Needs {
                    kinds: Some(kinds),
                    ..Needs::ANY
                }
            }
            Node::Test(Operand::Fact(Which::This, Fact::Anomaly), _) if wanted => Needs {
                anomaly: true,
                ..Needs::ANY
            },
            Node::Test(operand, _) | Node::Flag(operand) => self.known(operand),
            Node::Exists(Operand::Fact(Which::This, Fact::Anomaly)) if wanted => Needs {
                anomaly: true,
                ..Needs::ANY
            },
            Node::Exists(operand) if wanted => self.known(operand),
            Node::WithinBounds => Needs {
                verbs: ANY_ACTION,
                value: true,
                ..Needs::ANY
            },
            Node::Authorised => Needs {
                verbs: ANY_ACTION,
                ..Needs::ANY
            },
            Node::Window(at) => self.window(*at, wanted),
            Node::Surely(_)
            | Node::Exists(_)
            | Node::ExistsPartner(_)
            | Node::Listed(_)
            | Node::Known(_)
            | Node::ListedTitle(_) => Needs::ANY,
        }
    }

    /// A window is true only for a message that it counted, or that ended a sequence; but every
    /// step of a sequence must see its messages.
    fn window(&self, at: usize, wanted: bool) -> Needs {
        match self.condition.windows.get(at) {
            Some(window) if wanted && !window.steps.is_empty() => window
                .steps
                .iter()
                .map(|s| self.needs(s, true))
                .fold(Needs::NEVER, Needs::or),
            Some(window) if wanted => window
                .of
                .iter()
                .chain(&window.by)
                .map(|o| self.known(o))
                .fold(Needs::ANY, Needs::and),
            _ => Needs::ANY,
        }
    }

    /// What it takes for an operand to have a value at all.
    fn known(&self, operand: &Operand) -> Needs {
        match operand {
            Operand::Field {
                from: Which::This,
                protocol,
                field,
                ..
            } if *protocol == self.id => {
                let mut fields = [0; 4];
                set_field(&mut fields, *field);
                Needs {
                    fields,
                    ..Needs::ANY
                }
            }
            Operand::Path {
                from: Which::This,
                protocol,
                ..
            } if *protocol == self.id => Needs::ANY,
            Operand::Field {
                from: Which::This, ..
            }
            | Operand::Path {
                from: Which::This, ..
            } => Needs::NEVER,
            Operand::Fact(Which::This, fact) => match fact {
                Fact::Verb
                | Fact::Effect
                | Fact::Device
                | Fact::Subject
                | Fact::Channel
                | Fact::Handle
                | Fact::Order
                | Fact::Drug
                | Fact::Destination => Needs {
                    verbs: ANY_ACTION,
                    ..Needs::ANY
                },
                Fact::Value
                | Fact::ValueNumber
                | Fact::ValueUnit
                | Fact::ValueCode
                | Fact::ValueBefore
                | Fact::InRange
                | Fact::OnStep => Needs {
                    verbs: ANY_ACTION,
                    value: true,
                    ..Needs::ANY
                },
                _ => Needs::ANY,
            },
            Operand::Host(inner) | Operand::Moment(inner) => self.known(inner),
            Operand::Arithmetic(_, pair) => self.known(&pair.0).and(self.known(&pair.1)),
            _ => Needs::ANY,
        }
    }

    /// What it takes for a fact to be (or not to be) one of some words, a bit each.
    fn one_word(&self, fact: Fact, named: u128, among: bool) -> Needs {
        match fact {
            Fact::Protocol => {
                let is = named.checked_shr(u32::from(self.id.0)).unwrap_or(0) & 1 == 1;
                Needs {
                    possible: is == among,
                    ..Needs::ANY
                }
            }
            Fact::Verb => {
                let named = named as u32;
                let verbs = if among { named } else { ANY_ACTION & !named };
                Needs {
                    possible: verbs != 0,
                    verbs,
                    ..Needs::ANY
                }
            }
            Fact::Effect => {
                let named = named as u32;
                let wanted = if among { named } else { !named };
                let may = EFFECTS.iter().filter(|(_, effects)| effects & wanted != 0);
                let verbs = may.fold(0, |verbs, (verb, _)| verbs | verb);
                Needs {
                    possible: verbs != 0,
                    verbs,
                    ..Needs::ANY
                }
            }
            _ => Needs::ANY,
        }
    }

    /// What it takes for a fact to be (or not to be) one of some literals.
    fn one_of(&self, fact: Fact, literals: &[Literal], among: bool) -> Needs {
        let named = literals.iter().fold(0u128, |set, literal| match literal {
            Literal::Word(w) => set | 1u128.checked_shl(u32::from(*w)).unwrap_or(0),
            _ => set,
        });
        match fact {
            Fact::Protocol => {
                // There may be more protocols than the set has bits.
                let is = literals
                    .iter()
                    .any(|l| matches!(l, Literal::Word(w) if *w == self.id.0));
                Needs {
                    possible: is == among,
                    ..Needs::ANY
                }
            }
            Fact::Verb | Fact::Effect => self.one_word(fact, named, among),
            Fact::Kind => {
                let texts = |name: &[u8]| {
                    literals
                        .iter()
                        .any(|l| matches!(l, Literal::Text(t) if t.as_ref() == name))
                };
                let open = !among
                    || literals.iter().any(|l| {
                        matches!(l, Literal::Text(t)
                            if !self.protocol.kinds.iter().any(|k| k.name.as_bytes() == t.as_ref()))
                    });
                let unlisted = open && (!among || self.may_be_named(literals));
                let kinds = Kinds::of(self.protocol, |k| texts(k) == among, unlisted);
                let none = !kinds.unlisted && kinds.listed.iter().all(|w| *w == 0);
                Needs {
                    possible: !none,
                    kinds: Some(kinds),
                    ..Needs::ANY
                }
            }
            // An empty text stands for no anomaly.
            Fact::Anomaly
                if among
                    && !literals
                        .iter()
                        .any(|l| matches!(l, Literal::Text(t) if t.is_empty())) =>
            {
                Needs {
                    anomaly: true,
                    ..Needs::ANY
                }
            }
            _ => Needs::ANY,
        }
    }

    /// A kind that no protocol lists may come by name in any; one that another lists is that one's.
    fn may_be_named(&self, literals: &[Literal]) -> bool {
        literals
            .iter()
            .any(|l| matches!(l, Literal::Text(t) if !KINDS.contains(t.as_ref())))
    }
}

/// Every kind of every protocol.
static KINDS: LazyLock<HashSet<&[u8]>> = LazyLock::new(|| {
    let kinds = PROTOCOLS.iter().flat_map(|p| p.kinds.iter());
    kinds.map(|k| k.name.as_bytes()).collect()
});

/// The bit of each verb, and bits of the effects that it has on one device or another.
static EFFECTS: LazyLock<Vec<(u32, u32)>> = LazyLock::new(|| {
    let effects = |verb: &Verb| {
        let on = Device::ALL.iter().map(|d| 1 << (verb.effect(*d) as u32));
        on.fold(0, |all, one: u32| all | one)
    };
    let all = Verb::ALL.iter();
    all.map(|verb| (1 << (*verb as u32), effects(verb)))
        .collect()
});

/// Names of the protocols of whose messages a condition may be true. Empty: it has mistakes.
pub fn protocols_of(when: &str, file: &str, limits: &Limits) -> Vec<&'static str> {
    let depth = limits.get(limits::EXPRESSION_DEPTH);
    let folder = std::path::Path::new(file).parent();
    let condition = parser::parse(when, depth)
        .ok()
        .and_then(|expr| check::compile_beside(&expr, limits, folder).ok());
    let Some(condition) = condition else {
        return Vec::new();
    };
    let all = PROTOCOLS.iter().enumerate();
    all.filter(|(at, _)| Needs::of(&condition, ProtocolId(*at as u16)).possible)
        .map(|(_, p)| p.name)
        .collect()
}

/// Something that a message has one value of, by which rules can be told apart at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trait {
    Field(ProtocolId, FieldId),
    Fact(Fact),
    Asset(Seat, Attribute),
}

impl Trait {
    fn of(operand: &Operand) -> Option<Trait> {
        match operand {
            Operand::Field {
                from: Which::This,
                protocol,
                field,
                ..
            } => Some(Trait::Field(*protocol, *field)),
            Operand::Fact(
                Which::This,
                fact @ (Fact::Subject
                | Fact::Channel
                | Fact::Handle
                | Fact::Order
                | Fact::Drug
                | Fact::Destination
                | Fact::ValueUnit
                | Fact::ValueCode
                | Fact::Port
                | Fact::Anomaly),
            ) => Some(Trait::Fact(*fact)),
            Operand::Asset(
                seat,
                attribute @ (Attribute::Ip
                | Attribute::Mac
                | Attribute::Ae
                | Attribute::App
                | Attribute::Facility),
            ) => Some(Trait::Asset(*seat, *attribute)),
            _ => None,
        }
    }
}

/// What a trait must be for a condition to be true.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// This text, address, MAC or whole number.
    Is(Literal),
    /// An address in this network.
    In(IpNet),
    /// A text that has this part.
    Has(Box<[u8]>),
}

impl Ask {
    fn is(literal: &Literal) -> Option<Ask> {
        let usable = match literal {
            Literal::Text(_) | Literal::Ip(_) | Literal::Mac(_) => true,
            // Beyond, numbers that compare as equal may round to different whole ones.
            Literal::Number(n) => n.fract() == 0.0 && n.abs() <= 1e8,
            _ => false,
        };
        usable.then(|| Ask::Is(literal.clone()))
    }
}

/// Parts shorter than this are found in too many texts.
const SHORTEST_PART: usize = 3;

/// What traits must be, one of several each, for the condition to be true.
pub fn told_apart_by(condition: &Condition) -> Vec<(Trait, Vec<Ask>)> {
    let parts = match &condition.root {
        Node::And(parts, _) => parts.as_slice(),
        single => std::slice::from_ref(single),
    };
    let mut found = Vec::new();
    for part in parts {
        let (operand, asks): (_, Option<Vec<Ask>>) = match part {
            Node::Compare(Comparison::Equal, operand, Operand::Literal(literal)) => {
                (operand, Ask::is(literal).map(|ask| vec![ask]))
            }
            Node::In(operand, Set::Texts(texts)) => {
                let is = |t: &[u8]| Ask::Is(Literal::Text(t.into()));
                (operand, Some(texts.iter().map(|t| is(t)).collect()))
            }
            Node::In(operand, Set::Numbers(numbers)) => {
                let is = |n: &f64| Ask::is(&Literal::Number(*n));
                (operand, numbers.iter().map(is).collect())
            }
            Node::In(operand, Set::Nets(nets)) => {
                let ask = |n: &IpNet| match n.prefix_len() == n.max_prefix_len() {
                    true => Ask::Is(Literal::Ip(n.addr())),
                    false => Ask::In(*n),
                };
                (operand, Some(nets.iter().map(ask).collect()))
            }
            Node::Test(operand, pattern) => {
                let part = pattern.part().filter(|p| p.len() >= SHORTEST_PART);
                (operand, part.map(|p| vec![Ask::Has(p.into())]))
            }
            _ => continue,
        };
        if let Some(which) = Trait::of(operand)
            && let Some(asks) = asks
        {
            found.push((which, asks));
        }
    }
    found
}
