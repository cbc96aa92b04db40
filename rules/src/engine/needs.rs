//! What a condition needs of a message before it can be true: protocols, kinds, verbs, a value.

use std::collections::BTreeSet;

use dissectors::action::{Device, Effect, Verb};
use dissectors::registry::{PROTOCOLS, ProtocolId};

use crate::language::ast::Comparison;
use crate::language::compiled::{
    Attribute, Condition, Fact, Literal, Node, Operand, Seat, Set, Which,
};

/// A bit for each protocol.
type Protocols = u128;

/// The bit for messages without an action.
pub const NO_VERB: u32 = 1 << 31;
const ANY_VERB: u32 = u32::MAX;
const ANY_ACTION: u32 = ANY_VERB & !NO_VERB;

#[derive(Clone, Debug, PartialEq)]
pub struct Needs {
    pub protocols: Protocols,
    /// A bit for each verb, and [`NO_VERB`].
    pub verbs: u32,
    /// `None`: any.
    pub kinds: Option<BTreeSet<Box<[u8]>>>,
}

impl Needs {
    const ANY: Needs = Needs {
        protocols: Protocols::MAX,
        verbs: ANY_VERB,
        kinds: None,
    };
    const NEVER: Needs = Needs {
        protocols: 0,
        verbs: 0,
        kinds: Some(BTreeSet::new()),
    };

    /// What a condition needs to be true.
    pub fn of(condition: &Condition) -> Needs {
        needs(condition, &condition.root, true)
    }

    fn and(self, other: Needs) -> Needs {
        Needs {
            protocols: self.protocols & other.protocols,
            verbs: self.verbs & other.verbs,
            kinds: match (self.kinds, other.kinds) {
                (Some(a), Some(b)) => Some(a.intersection(&b).cloned().collect()),
                (a, b) => a.or(b),
            },
        }
    }

    fn or(self, other: Needs) -> Needs {
        Needs {
            protocols: self.protocols | other.protocols,
            verbs: self.verbs | other.verbs,
            kinds: match (self.kinds, other.kinds) {
                (Some(a), Some(b)) => Some(a.union(&b).cloned().collect()),
                _ => None,
            },
        }
    }
}

/// What `node` needs to be true, or (`wanted` false) to be false.
fn needs(condition: &Condition, node: &Node, wanted: bool) -> Needs {
    let all = |parts: &[Node], join: fn(Needs, Needs) -> Needs, from: Needs| {
        parts
            .iter()
            .map(|p| needs(condition, p, wanted))
            .fold(from, join)
    };
    match node {
        Node::And(parts) if wanted => all(parts, Needs::and, Needs::ANY),
        Node::Or(parts) if !wanted => all(parts, Needs::and, Needs::ANY),
        Node::And(parts) | Node::Or(parts) => all(parts, Needs::or, Needs::NEVER),
        Node::Not(inner) => needs(condition, inner, !wanted),
        Node::Compare(op, left, right) => {
            let known = known(left).and(known(right));
            let equal = match op {
                Comparison::Equal => wanted,
                Comparison::Unequal => !wanted,
                _ => return known,
            };
            match (left, right) {
                (Operand::Fact(Which::This, fact), Operand::Literal(literal))
                | (Operand::Literal(literal), Operand::Fact(Which::This, fact)) => {
                    known.and(one_of(*fact, std::slice::from_ref(literal), equal))
                }
                _ => known,
            }
        }
        Node::In(operand, set) => {
            let known = known(operand);
            let Operand::Fact(Which::This, fact) = operand else {
                return known;
            };
            match set {
                Set::Texts(texts) => {
                    let texts: Vec<Literal> = texts.iter().cloned().map(Literal::Text).collect();
                    known.and(one_of(*fact, &texts, wanted))
                }
                Set::Words(mask) => {
                    let words: Vec<Literal> = (0..64)
                        .filter(|w| mask >> w & 1 == 1)
                        .map(Literal::Word)
                        .collect();
                    known.and(one_of(*fact, &words, wanted))
                }
                _ => known,
            }
        }
        Node::Test(operand, _) | Node::Flag(operand) => known(operand),
        Node::Exists(operand) if wanted => known(operand),
        Node::Authorised | Node::WithinBounds => Needs {
            verbs: ANY_ACTION,
            ..Needs::ANY
        },
        Node::Window(at) => match condition.windows.get(*at) {
            // It is true only for a message that it counted, or that ended a sequence.
            Some(window) if wanted && !window.steps.is_empty() => window
                .steps
                .iter()
                .map(|s| needs(condition, s, true))
                .fold(Needs::NEVER, Needs::or),
            Some(window) if wanted => window
                .of
                .iter()
                .chain(&window.by)
                .map(known)
                .fold(Needs::ANY, Needs::and),
            _ => Needs::ANY,
        },
        Node::Exists(_) | Node::ExistsPartner(_) | Node::Listed(_) | Node::ListedTitle(_) => {
            Needs::ANY
        }
    }
}

/// What it takes for an operand to have a value at all.
fn known(operand: &Operand) -> Needs {
    match operand {
        Operand::Field {
            from: Which::This,
            protocol,
            ..
        }
        | Operand::Path {
            from: Which::This,
            protocol,
            ..
        } => Needs {
            protocols: bit(*protocol),
            ..Needs::ANY
        },
        Operand::Fact(Which::This, fact) => match fact {
            Fact::Verb
            | Fact::Effect
            | Fact::Device
            | Fact::Subject
            | Fact::Channel
            | Fact::Handle
            | Fact::Order
            | Fact::Drug
            | Fact::Destination
            | Fact::Value
            | Fact::ValueNumber
            | Fact::ValueUnit
            | Fact::ValueCode => Needs {
                verbs: ANY_ACTION,
                ..Needs::ANY
            },
            _ => Needs::ANY,
        },
        Operand::Arithmetic(_, pair) => known(&pair.0).and(known(&pair.1)),
        _ => Needs::ANY,
    }
}

fn bit(protocol: ProtocolId) -> Protocols {
    1u128.checked_shl(u32::from(protocol.0)).unwrap_or(0)
}

/// What it takes for a fact to be (or not to be) one of some literals.
fn one_of(fact: Fact, literals: &[Literal], among: bool) -> Needs {
    let words = || {
        literals.iter().filter_map(|l| match l {
            Literal::Word(w) => Some(u32::from(*w)),
            _ => None,
        })
    };
    match fact {
        Fact::Protocol => {
            let named = words().fold(0, |set, w| set | 1u128.checked_shl(w).unwrap_or(0));
            Needs {
                protocols: if among { named } else { !named },
                ..Needs::ANY
            }
        }
        Fact::Verb => {
            let named = words().fold(0u32, |set, w| set | 1u32.checked_shl(w).unwrap_or(0));
            let verbs = if among { named } else { ANY_ACTION & !named };
            Needs {
                verbs,
                ..Needs::ANY
            }
        }
        Fact::Effect => {
            let named = words().fold(0u32, |set, w| set | 1u32.checked_shl(w).unwrap_or(0));
            let has = |effect: Effect| (named >> (effect as u32) & 1 == 1) == among;
            let mut verbs = 0;
            for verb in Verb::ALL {
                if Device::ALL.iter().any(|d| has(verb.effect(*d))) {
                    verbs |= 1 << (*verb as u32);
                }
            }
            Needs {
                verbs,
                ..Needs::ANY
            }
        }
        Fact::Kind if among => {
            let kinds = literals.iter().filter_map(|l| match l {
                Literal::Text(t) => Some(t.clone()),
                _ => None,
            });
            let kinds: BTreeSet<Box<[u8]>> = kinds.collect();
            // A kind that no protocol lists may still come by name.
            let mut protocols = 0;
            for (at, protocol) in PROTOCOLS.iter().enumerate() {
                if kinds
                    .iter()
                    .any(|k| protocol.kinds.iter().any(|row| row.name.as_bytes() == &**k))
                {
                    protocols |= bit(ProtocolId(at as u16));
                }
            }
            let open = kinds.iter().any(|k| {
                !PROTOCOLS
                    .iter()
                    .any(|p| p.kinds.iter().any(|row| row.name.as_bytes() == &**k))
            });
            Needs {
                protocols: if open { Protocols::MAX } else { protocols },
                verbs: ANY_VERB,
                kinds: Some(kinds),
            }
        }
        _ => Needs::ANY,
    }
}

/// Something that a message has one value of, by which rules can be told apart at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trait {
    Field(ProtocolId, dissectors::schema::FieldId),
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

/// The literals one of which a trait must equal for the condition to be true.
pub fn told_apart_by(condition: &Condition) -> Vec<(Trait, Vec<Literal>)> {
    let parts = match &condition.root {
        Node::And(parts) => parts.as_slice(),
        single => std::slice::from_ref(single),
    };
    let mut found = Vec::new();
    for part in parts {
        let (operand, literals) = match part {
            Node::Compare(Comparison::Equal, operand, Operand::Literal(literal)) => {
                (operand, vec![literal.clone()])
            }
            Node::In(operand, Set::Texts(texts)) => {
                (operand, texts.iter().cloned().map(Literal::Text).collect())
            }
            Node::In(operand, Set::Nets(nets))
                if nets.iter().all(|n| n.prefix_len() == n.max_prefix_len()) =>
            {
                (
                    operand,
                    nets.iter().map(|n| Literal::Ip(n.addr())).collect(),
                )
            }
            _ => continue,
        };
        let usable = literals
            .iter()
            .all(|l| matches!(l, Literal::Text(_) | Literal::Ip(_) | Literal::Mac(_)));
        if let Some(which) = Trait::of(operand)
            && usable
        {
            found.push((which, literals));
        }
    }
    found
}
