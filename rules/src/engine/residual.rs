//! What is left of a condition for messages of one shape: the parts whose answer the shape alone
//! settles are worked out once, not for each message.
//!
//! The answer is the condition's own to the last [`Truth`], and every window that would see the
//! message still sees it. What is not surely settled by the shape is left as it stands.

use super::shapes::Shape;
use crate::language::ast::Comparison;
use crate::language::compiled::{
    Attribute, Condition, Fact, Literal, Node, Operand, SEQUENCE_STEPS, Set, Truth, Which, Window,
    WindowKind,
};
use crate::language::eval::{Facts, NoPast, eval, has_window};

/// A condition, or a part of one, for messages of one shape.
#[derive(Debug)]
pub enum Residual {
    /// The shape settles it.
    Known(Truth),
    Open(Node),
}

impl Residual {
    /// What is left of a condition. `facts` are those of any message of the shape.
    pub fn of(condition: &Condition, shape: &Shape, facts: &Facts<'_>) -> Residual {
        Look {
            condition,
            shape,
            facts,
        }
        .part(&condition.root)
    }

    fn into_node(self) -> Node {
        match self {
            Residual::Open(node) => node,
            Residual::Known(Truth::True) => Node::And(Vec::new(), 0),
            Residual::Known(Truth::False) => Node::Or(Vec::new()),
            // Values of two sorts cannot be compared.
            Residual::Known(Truth::Unknown) => Node::Compare(
                Comparison::Equal,
                Operand::Literal(Literal::Flag(true)),
                Operand::Literal(Literal::Number(0.0)),
            ),
        }
    }
}

/// Steps of windows whose answer the shape settles.
#[derive(Clone, Copy, Debug, Default)]
pub struct Steps {
    settled: u64,
    holds: u64,
}

impl Steps {
    pub fn of(condition: &Condition, shape: &Shape, facts: &Facts<'_>) -> Steps {
        let look = Look {
            condition,
            shape,
            facts,
        };
        let mut steps = Steps::default();
        for (at, window) in condition.windows.iter().enumerate() {
            for (step, node) in window.steps.iter().enumerate() {
                if let (Some(bit), Residual::Known(truth)) = (bit(at, step), look.part(node)) {
                    steps.settled |= bit;
                    if truth == Truth::True {
                        steps.holds |= bit;
                    }
                }
            }
        }
        steps
    }

    /// Whether a step is true, if that is settled.
    pub fn holds(self, window: usize, step: usize) -> Option<bool> {
        let bit = bit(window, step)?;
        (self.settled & bit != 0).then_some(self.holds & bit != 0)
    }
}

/// The first windows' steps have a bit each.
fn bit(window: usize, step: usize) -> Option<u64> {
    let at = window.checked_mul(SEQUENCE_STEPS)?.checked_add(step)?;
    (step < SEQUENCE_STEPS && at < 64).then(|| 1 << at)
}

/// How far a shape settles the value of an operand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Settled {
    /// It has none.
    Absent,
    /// It is the same for all messages of the shape.
    Fixed,
    No,
}

struct Look<'c> {
    condition: &'c Condition,
    shape: &'c Shape,
    facts: &'c Facts<'c>,
}

impl Look<'_> {
    fn part(&self, node: &Node) -> Residual {
        match node {
            Node::And(parts, split) => self.all(parts, *split),
            Node::Or(parts) => self.any(parts),
            Node::Not(inner) => match self.part(inner) {
                Residual::Known(truth) => Residual::Known(truth.negated()),
                Residual::Open(node) => Residual::Open(Node::Not(Box::new(node))),
            },
            Node::Surely(inner) => match self.part(inner) {
                Residual::Known(truth) => Residual::Known((truth == Truth::True).into()),
                Residual::Open(node) => Residual::Open(Node::Surely(Box::new(node))),
            },
            Node::Window(at) => match self.window(*at) {
                Some(truth) => Residual::Known(truth),
                None => Residual::Open(node.clone()),
            },
            leaf if self.settles(leaf) => Residual::Known(eval(leaf, self.facts, &mut NoPast)),
            leaf => Residual::Open(leaf.clone()),
        }
    }

    fn all(&self, parts: &[Node], split: usize) -> Residual {
        let (plain, windows) = parts.split_at_checked(split).unwrap_or((parts, &[]));
        let (known, mut left) = self.apart(plain, Truth::True, Truth::and);
        if known == Truth::False {
            return Residual::Known(known);
        }
        if known == Truth::Unknown {
            // The windows never see such a message.
            if left.is_empty() {
                return Residual::Known(known);
            }
            left.push(Residual::Known(known).into_node());
            let split = left.len();
            return Residual::Open(Node::And(left, split));
        }
        let split = left.len();
        let (known, waiting) = self.apart(windows, Truth::True, Truth::and);
        if left.is_empty() && waiting.is_empty() {
            return Residual::Known(known);
        }
        left.extend(waiting);
        if known != Truth::True {
            left.push(Residual::Known(known).into_node());
        }
        if left.len() == 1 {
            return left.pop().map_or(Residual::Known(known), Residual::Open);
        }
        Residual::Open(Node::And(left, split))
    }

    fn any(&self, parts: &[Node]) -> Residual {
        let (known, mut left) = self.apart(parts, Truth::False, Truth::or);
        if known == Truth::True {
            left.retain(has_window);
        }
        if left.is_empty() {
            return Residual::Known(known);
        }
        if known == Truth::False && left.len() == 1 {
            return left.pop().map_or(Residual::Known(known), Residual::Open);
        }
        if known != Truth::False {
            left.insert(0, Residual::Known(known).into_node());
        }
        Residual::Open(Node::Or(left))
    }

    /// What the settled ones among some parts come to, and the others.
    fn apart(
        &self,
        parts: &[Node],
        from: Truth,
        join: fn(Truth, Truth) -> Truth,
    ) -> (Truth, Vec<Node>) {
        let mut known = from;
        let mut left = Vec::new();
        for part in parts {
            match self.part(part) {
                Residual::Known(truth) => known = join(known, truth),
                Residual::Open(node) => left.push(node),
            }
        }
        (known, left)
    }

    /// What a window says, where the shape keeps the message from it.
    fn window(&self, at: usize) -> Option<Truth> {
        // With an answer still to come it is asked twice, the first time without its past.
        if self.condition.uses.answer {
            return None;
        }
        let window = self.condition.windows.get(at)?;
        let step = |node| match self.part(node) {
            Residual::Known(truth) => Some(truth),
            Residual::Open(_) => None,
        };
        if matches!(
            window.kind,
            WindowKind::Sequence | WindowKind::Takeover | WindowKind::Unprepared
        ) {
            let few = window.kind != WindowKind::Sequence && window.steps.len() < 2;
            let none = |node| step(node).is_some_and(|t| t != Truth::True);
            return (!few && window.steps.iter().all(none)).then_some(Truth::False);
        }
        if window.kind == WindowKind::Absence {
            // What nobody can say may have been what was waited for.
            let never = |node| step(node) == Some(Truth::False);
            return window.steps.iter().all(never).then_some(Truth::False);
        }
        for node in &window.steps {
            match step(node)? {
                Truth::True => {}
                other => return Some(other),
            }
        }
        self.lacks_key(window).then_some(Truth::Unknown)
    }

    /// Something by which the window tells messages apart, or what it looks at, has no value.
    fn lacks_key(&self, window: &Window) -> bool {
        let absent = |o: &Operand| self.operand(o) == Settled::Absent;
        window.by.iter().any(absent) || !window.of.is_empty() && window.of.iter().all(absent)
    }

    /// The shape settles the answer of a part that has no parts itself.
    fn settles(&self, leaf: &Node) -> bool {
        let lawless = self.facts.policy.is_none();
        match leaf {
            Node::Compare(_, left, right) => match (self.operand(left), self.operand(right)) {
                (Settled::Absent, _) | (_, Settled::Absent) => true,
                (left, right) => left == Settled::Fixed && right == Settled::Fixed,
            },
            Node::In(_, Set::Group(..)) => lawless,
            Node::In(operand, _) | Node::Test(operand, _) | Node::Flag(operand) => {
                self.operand(operand) != Settled::No
            }
            Node::Exists(Operand::Fact(Which::This, Fact::Anomaly)) => true,
            Node::Exists(operand) => self.operand(operand) != Settled::No,
            Node::ExistsPartner(Which::Request) => !self.shape.answers,
            Node::Authorised | Node::WithinBounds | Node::Listed(_) | Node::ListedTitle(_) => {
                lawless
            }
            _ => false,
        }
    }

    fn operand(&self, operand: &Operand) -> Settled {
        match operand {
            Operand::Literal(_) => Settled::Fixed,
            Operand::Field {
                from,
                protocol,
                field,
                ..
            } => match from {
                Which::This if protocol.0 != self.shape.protocol => Settled::Absent,
                Which::This if self.shape.lacks(*field) => Settled::Absent,
                Which::Request if !self.shape.answers => Settled::Absent,
                _ => Settled::No,
            },
            Operand::Path { from, protocol, .. } => match from {
                Which::This if protocol.0 != self.shape.protocol => Settled::Absent,
                _ => Settled::No,
            },
            Operand::Fact(Which::This, fact) => self.fact(*fact),
            Operand::Fact(Which::Request, _) if !self.shape.answers => Settled::Absent,
            Operand::Asset(_, Attribute::Kind | Attribute::Zone) if self.facts.policy.is_none() => {
                Settled::Absent
            }
            Operand::Host(inner) | Operand::Moment(inner) => match self.operand(inner) {
                Settled::Absent => Settled::Absent,
                _ => Settled::No,
            },
            Operand::Arithmetic(_, pair) => match (self.operand(&pair.0), self.operand(&pair.1)) {
                (Settled::Absent, _) | (_, Settled::Absent) => Settled::Absent,
                (Settled::Fixed, Settled::Fixed) => Settled::Fixed,
                _ => Settled::No,
            },
            _ => Settled::No,
        }
    }

    fn fact(&self, fact: Fact) -> Settled {
        let shape = self.shape;
        let only_with = |there: bool, then| if there { then } else { Settled::Absent };
        match fact {
            Fact::Protocol
            | Fact::Transport
            | Fact::FromServer
            | Fact::MidStream
            | Fact::OneSided
            | Fact::OverlapDiffers
            | Fact::Provenance => Settled::Fixed,
            Fact::ZoneAllowed | Fact::ZoneCommands
                if self.facts.policy.is_none_or(|p| p.zones().is_empty()) =>
            {
                Settled::Absent
            }
            Fact::Verb | Fact::Effect | Fact::Device => {
                only_with(shape.verb.is_some(), Settled::Fixed)
            }
            Fact::Kind if shape.kind.is_some() => Settled::Fixed,
            Fact::Anomaly if !shape.anomaly => Settled::Fixed,
            Fact::Outcome if !self.condition.uses.answer => Settled::Fixed,
            Fact::Subject
            | Fact::Channel
            | Fact::Handle
            | Fact::Order
            | Fact::Drug
            | Fact::Destination => only_with(shape.verb.is_some(), Settled::No),
            Fact::Value
            | Fact::ValueNumber
            | Fact::ValueUnit
            | Fact::ValueCode
            | Fact::InRange
            | Fact::OnStep => only_with(shape.value, Settled::No),
            _ => Settled::No,
        }
    }
}

/// False if the condition can never be true.
pub fn may_hold(node: &Node, facts: &Facts<'_>) -> bool {
    match node {
        Node::And(parts, _) => parts.iter().all(|p| may_hold(p, facts)),
        Node::Or(parts) => parts.iter().any(|p| may_hold(p, facts)),
        Node::Surely(inner) => may_hold(inner, facts),
        Node::Compare(_, Operand::Literal(_), Operand::Literal(_)) => {
            eval(node, facts, &mut NoPast) == Truth::True
        }
        _ => true,
    }
}
