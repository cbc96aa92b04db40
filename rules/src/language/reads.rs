//! Which operands a rule reads: for the dissectors' interest, and for what has to be kept.

use super::compiled::{Node, Operand};
use super::ruleset::{Compiled, Piece};

/// Calls `found` for every operand of a rule: condition, windows, sentence, key.
pub fn rule(rule: &Compiled, found: &mut dyn FnMut(&Operand)) {
    node(&rule.condition.root, found);
    for window in &rule.condition.windows {
        for step in &window.steps {
            node(step, found);
        }
        for key in window.of.iter().chain(&window.by) {
            operand(key, found);
        }
    }
    if let Some((raise, _)) = &rule.raise {
        node(&raise.root, found);
    }
    for piece in &rule.sentence {
        if let Piece::Operand(o) = piece {
            operand(o, found);
        }
    }
    for key in rule.key.iter().flatten() {
        operand(key, found);
    }
}

fn node(at: &Node, found: &mut dyn FnMut(&Operand)) {
    match at {
        Node::And(parts, _) | Node::Or(parts) => parts.iter().for_each(|p| node(p, found)),
        Node::Not(inner) | Node::Surely(inner) => node(inner, found),
        Node::Compare(_, a, b) => {
            operand(a, found);
            operand(b, found);
        }
        Node::In(a, _)
        | Node::Test(a, _)
        | Node::Exists(a)
        | Node::Flag(a)
        | Node::ListedTitle(a) => {
            operand(a, found);
        }
        Node::ExistsPartner(_)
        | Node::Authorised
        | Node::WithinBounds
        | Node::Listed(_)
        | Node::Known(_)
        | Node::Window(_) => {}
    }
}

fn operand(at: &Operand, found: &mut dyn FnMut(&Operand)) {
    found(at);
    match at {
        Operand::Arithmetic(_, pair) => {
            operand(&pair.0, found);
            operand(&pair.1, found);
        }
        Operand::Host(inner) | Operand::Moment(inner) => operand(inner, found),
        _ => {}
    }
}
