//! Messages of one shape concern the same rules, and leave the same of them to be looked at. Shapes
//! are few, messages are many: what a shape settles is worked out with its first message.

use std::hash::{Hash, Hasher};

use dissectors::contract::Side;
use dissectors::message::Message;
use dissectors::registry::PROTOCOLS;
use dissectors::schema::FieldId;

use super::index::{Index, RuleAt};
use super::needs::{Fields, set_field};
use super::residual::{Residual, Steps, may_hold};
use super::table::Table;
use crate::language::compiled::{Node, Operand, Truth, Which};
use crate::language::eval::{Facts, has_window};
use crate::language::names::transport_word;
use crate::language::reads;
use crate::language::ruleset::Compiled;
use crate::limits::{self, Hits, Limits};

/// What settles the answer of many parts of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    pub protocol: u16,
    /// Row of the kind; none for a kind that is no row.
    pub kind: Option<u16>,
    pub verb: Option<u8>,
    device: Option<u8>,
    outcome: Option<u8>,
    provenance: u8,
    transport: u16,
    from_server: bool,
    mid_stream: bool,
    seen: [bool; 2],
    overlap_differs: bool,
    pub anomaly: bool,
    /// The action has a value.
    pub value: bool,
    /// It answers to a request.
    pub answers: bool,
    /// The fields that it has, among those that rules read.
    fields: Fields,
}

/// Each word of the hash is a step of it: what there is goes into few.
impl Hash for Shape {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let some = |n: Option<u8>| u64::from(n.unwrap_or(u8::MAX));
        let flags = u64::from(self.from_server)
            | u64::from(self.mid_stream) << 1
            | u64::from(self.seen[0]) << 2
            | u64::from(self.seen[1]) << 3
            | u64::from(self.overlap_differs) << 4
            | u64::from(self.anomaly) << 5
            | u64::from(self.value) << 6
            | u64::from(self.answers) << 7;
        state.write_u64(
            u64::from(self.protocol)
                | u64::from(self.kind.unwrap_or(u16::MAX)) << 16
                | some(self.verb) << 32
                | some(self.device) << 40
                | some(self.outcome) << 48
                | flags << 56,
        );
        state.write_u64(self.fields[0]);
        // The rest is seldom what tells shapes apart.
        state.write_u64(self.fields[1] ^ u64::from(self.transport) << 48);
    }
}

impl Shape {
    fn of(message: Message<'_>, read: &Fields) -> Self {
        let mut fields = [0; 4];
        for field in message.field_ids() {
            set_field(&mut fields, field);
        }
        for (has, read) in fields.iter_mut().zip(read) {
            *has &= read;
        }
        let conversation = message.conversation();
        Shape {
            protocol: message.protocol().0,
            kind: message.kind_id().map(|k| k.0),
            verb: message.verb().map(|v| v as u8),
            device: message.device().map(|d| d as u8),
            outcome: message.outcome().map(|o| o as u8),
            provenance: message.provenance() as u8,
            transport: transport_word(conversation.transport),
            from_server: message.side() == Side::Server,
            mid_stream: conversation.mid_stream,
            seen: conversation.seen,
            overlap_differs: conversation.overlap_differs,
            anomaly: !message.anomalies().is_empty(),
            value: message.acts_with_value(),
            answers: message.answers().is_some(),
            fields,
        }
    }

    /// It surely has no such field.
    pub fn lacks(&self, field: FieldId) -> bool {
        let word = self.fields.get(usize::from(field.0 / 64));
        word.is_some_and(|word| word >> (field.0 % 64) & 1 == 0)
    }
}

/// A rule that may concern messages of a shape.
#[derive(Debug)]
pub struct Concerned {
    pub rule: RuleAt,
    /// What is left of its condition; all of it if none.
    pub left: Option<Node>,
    /// What is settled of its windows' steps.
    pub steps: Steps,
}

/// What the rules make of messages of one shape.
#[derive(Debug, Default)]
pub struct Concern {
    /// In the order of ids.
    pub rules: Vec<Concerned>,
    /// Rules that only a policy could judge.
    pub unjudged: Vec<RuleAt>,
    /// Beside these, many are told apart by a value of the message.
    pub crowded: bool,
}

impl Concern {
    pub fn is_none(&self) -> bool {
        self.rules.is_empty() && self.unjudged.is_empty() && !self.crowded
    }
}

/// So many rules that a value tells apart are looked at one by one.
const FEW: usize = 8;

/// The shapes seen so far.
#[derive(Debug, Default)]
pub struct Shapes {
    /// By protocol: the fields that rules read.
    read: Vec<Fields>,
    known: Table<Shape, usize>,
    concerns: Vec<Concern>,
}

impl Shapes {
    pub fn new(rules: &[Compiled]) -> Self {
        let mut read = vec![[0; 4]; PROTOCOLS.len()];
        for rule in rules {
            reads::rule(rule, &mut |operand| {
                if let Operand::Field {
                    from: Which::This,
                    protocol,
                    field,
                    ..
                } = operand
                    && let Some(fields) = read.get_mut(protocol.index())
                {
                    set_field(fields, *field);
                }
            });
        }
        Shapes {
            read,
            ..Shapes::default()
        }
    }

    /// The place of what the rules make of such a message; `facts` makes its facts where it is the
    /// first of its shape. `None`: there is no room for a further shape.
    pub fn place<'m>(
        &mut self,
        message: Message<'m>,
        (index, rules): (&Index, &[Compiled]),
        (limits, hits): (&Limits, &mut Hits),
        facts: impl FnOnce() -> Facts<'m>,
    ) -> Option<usize> {
        let read = self.read.get(message.protocol().index())?;
        let shape = Shape::of(message, read);
        if let Some(place) = self.known.get(&shape) {
            return Some(*place);
        }
        if self.concerns.len() >= limits.get(limits::MESSAGE_SHAPES) {
            hits.count(limits::MESSAGE_SHAPES);
            return None;
        }
        self.concerns.push(concern(&shape, &facts(), index, rules));
        self.known.insert(shape, self.concerns.len() - 1);
        Some(self.concerns.len() - 1)
    }

    pub fn concern(&self, place: usize) -> Option<&Concern> {
        self.concerns.get(place)
    }
}

fn concern(shape: &Shape, facts: &Facts<'_>, index: &Index, rules: &[Compiled]) -> Concern {
    let mut concern = Concern::default();
    let concerned = |rule: RuleAt, left| Concerned {
        rule,
        left,
        steps: rules
            .get(rule as usize)
            .map_or_else(Steps::default, |r| Steps::of(&r.condition, shape, facts)),
    };
    let (all, crowd) = index.for_shape(facts.message);
    for at in all {
        match left(at, shape, facts, rules) {
            Left::Nothing => {}
            Left::Unjudged => concern.unjudged.push(at),
            Left::Rule { left, .. } => concern.rules.push(concerned(at, left)),
        }
    }
    let mut some = Vec::new();
    for at in crowd {
        match left(at, shape, facts, rules) {
            Left::Nothing => {}
            // It is counted only for the value that it asks for.
            Left::Unjudged | Left::Rule { counted: true, .. } => concern.crowded = true,
            Left::Rule { left, .. } => some.push(concerned(at, left)),
        }
    }
    if concern.crowded || some.len() > FEW {
        concern.crowded = true;
    } else {
        concern.rules.append(&mut some);
    }
    concern.rules.sort_by_key(|c| c.rule);
    concern
}

/// What a shape leaves of a rule.
enum Left {
    Nothing,
    /// It can only be counted as not judged.
    Unjudged,
    Rule {
        left: Option<Node>,
        /// It is counted where it cannot be judged.
        counted: bool,
    },
}

fn left(at: RuleAt, shape: &Shape, facts: &Facts<'_>, rules: &[Compiled]) -> Left {
    let Some(rule) = rules.get(at as usize) else {
        return Left::Nothing;
    };
    let uses = rule.condition.uses;
    let counted = uses.policy && facts.policy.is_none();
    match Residual::of(&rule.condition, shape, facts) {
        Residual::Known(Truth::False) => Left::Nothing,
        Residual::Known(Truth::Unknown) if !counted => Left::Nothing,
        Residual::Known(Truth::Unknown) if !uses.answer => Left::Unjudged,
        Residual::Known(_) => Left::Rule {
            left: None,
            counted,
        },
        Residual::Open(node) if !counted && !has_window(&node) && !may_hold(&node, facts) => {
            Left::Nothing
        }
        Residual::Open(node) => Left::Rule {
            left: Some(node),
            counted,
        },
    }
}
