//! The tree against the tables: names are resolved, types and units agree, literals are parsed.
//! All mistakes of a condition are found in one pass.

mod calls;
mod comparing;
mod problem;
mod sets;

use std::path::Path;

use dissectors::schema::Privacy;

pub use self::problem::Problem;
use super::ast::{Expr, ExprKind, Span};
use super::compiled::{Condition, Node, Operand, Uses, Window, WindowKind};
use super::diagnostic::nearest;
use super::eval::has_window;
use super::names::{QUESTIONS, Type};
use super::units::Unit;
use crate::limits::Limits;

/// Checks and compiles a condition.
pub fn compile(expr: &Expr, limits: &Limits) -> Result<Condition, Vec<Problem>> {
    compile_beside(expr, limits, None)
}

/// The same for a condition that may name list files, found from `folder`.
pub fn compile_beside(
    expr: &Expr,
    limits: &Limits,
    folder: Option<&Path>,
) -> Result<Condition, Vec<Problem>> {
    let mut checker = Checker::new(limits);
    checker.folder = folder;
    let root = checker.condition(expr);
    match root {
        Some(root) if checker.problems.is_empty() => Ok(Condition {
            root,
            windows: checker.windows,
            uses: checker.uses,
        }),
        _ => Err(checker.problems),
    }
}

/// Checks and compiles one operand (a key, a placeholder).
pub fn compile_operand(expr: &Expr, limits: &Limits) -> Result<(Operand, Uses), Vec<Problem>> {
    let mut checker = Checker::new(limits);
    match checker.operand(expr, None) {
        Some((operand, _)) if checker.problems.is_empty() => Ok((operand, checker.uses)),
        _ => Err(checker.problems),
    }
}

pub(super) struct Checker<'l> {
    pub limits: &'l Limits,
    /// Where list files are looked for.
    pub folder: Option<&'l Path>,
    pub problems: Vec<Problem>,
    pub windows: Vec<Window>,
    pub uses: Uses,
    /// Set where a window would not mean what it says: inside `not`, `or` in `not`, other windows.
    pub no_windows: Option<&'static str>,
}

impl<'l> Checker<'l> {
    fn new(limits: &'l Limits) -> Self {
        Checker {
            limits,
            folder: None,
            problems: Vec::new(),
            windows: Vec::new(),
            uses: Uses::default(),
            no_windows: None,
        }
    }

    pub fn fail<T>(&mut self, problem: Problem) -> Option<T> {
        self.problems.push(problem);
        None
    }

    pub fn condition(&mut self, expr: &Expr) -> Option<Node> {
        match &expr.kind {
            ExprKind::And(parts) => {
                self.units_fit_verbs(parts);
                // What stands beside a window decides which messages it sees, wherever it stands.
                let mut nodes = self.all(parts)?;
                self.absence_stands_alone(&nodes, parts);
                nodes.sort_by_key(has_window);
                let plain = nodes.iter().filter(|n| !has_window(n)).count();
                Some(Node::And(nodes, plain))
            }
            ExprKind::Or(parts) => self.all(parts).map(Node::Or),
            ExprKind::Not(inner) => {
                let before = self.no_windows.replace("inside `not`");
                let node = self.condition(inner);
                self.no_windows = before;
                node.map(|n| Node::Not(Box::new(n)))
            }
            ExprKind::Compare(op, left, right) => self.compare(expr, *op, left, right),
            ExprKind::Test(test, left, right) => self.test(*test, left, right),
            ExprKind::In(left, set) => self.membership(left, set),
            ExprKind::Call(call) => self.call(expr, call),
            ExprKind::Name(name) => self.flag(expr, name),
            ExprKind::Path(..) => self.fail(
                Problem::new(
                    &expr.span,
                    "WR003",
                    "a path alone is no condition",
                    "compare it with something",
                )
                .help("to ask whether it is there, write `exists(...)`"),
            ),
            _ => self.fail(Problem::new(
                &expr.span,
                "WR003",
                "this is no condition",
                "a value, neither true nor false",
            )),
        }
    }

    /// When an absence is told there is no message at hand that another window could count.
    fn absence_stands_alone(&mut self, nodes: &[Node], parts: &[Expr]) {
        let waits = |node: &Node| self.windows_of(node).contains(&WindowKind::Absence);
        let looking = || nodes.iter().zip(parts).filter(|(n, _)| has_window(n));
        if looking().count() > 1
            && let Some((_, expr)) = looking().find(|(n, _)| waits(n))
        {
            let (_, other) = match looking().find(|(n, _)| !waits(n)) {
                Some(other) => other,
                None => return,
            };
            self.problems.push(
                Problem::new(
                    &expr.span,
                    "WR010",
                    "`absence` and another window cannot both be asked for",
                    "told when time has run out, with no message at hand",
                )
                .other(&other.span, "this counts messages")
                .help("join them by `or`, or make two rules of it"),
            );
        }
    }

    fn windows_of(&self, node: &Node) -> Vec<WindowKind> {
        match node {
            Node::Window(at) => self.windows.get(*at).map(|w| w.kind).into_iter().collect(),
            Node::And(parts, _) | Node::Or(parts) => {
                parts.iter().flat_map(|p| self.windows_of(p)).collect()
            }
            Node::Not(inner) | Node::Surely(inner) => self.windows_of(inner),
            _ => Vec::new(),
        }
    }

    fn all(&mut self, parts: &[Expr]) -> Option<Vec<Node>> {
        let nodes: Vec<Option<Node>> = parts.iter().map(|p| self.condition(p)).collect();
        nodes.into_iter().collect()
    }

    fn flag(&mut self, expr: &Expr, name: &str) -> Option<Node> {
        match name {
            "authorised" => {
                self.uses.policy = true;
                return Some(Node::Authorised);
            }
            "within_bounds" => {
                self.uses.policy = true;
                return Some(Node::WithinBounds);
            }
            _ => {}
        }
        if let Some(right) = nearest(name, QUESTIONS.iter().copied())
            && !self.knows(name)
        {
            return self.fail(
                Problem::new(
                    &expr.span,
                    "WR001",
                    format!("unknown name `{name}`"),
                    "not known",
                )
                .help(format!("did you mean `{right}`?")),
            );
        }
        match self.operand(expr, None)? {
            (operand, Type::Flag) => Some(Node::Flag(operand)),
            (_, ty) => self.fail(
                Problem::new(
                    &expr.span,
                    "WR003",
                    format!("`{name}` alone is no condition"),
                    format!("{}, neither true nor false", ty.words()),
                )
                .help(format!("compare it, or ask `exists({name})`")),
            ),
        }
    }

    pub fn unit(&mut self, unit: &super::ast::Unit) -> Option<Unit> {
        if let Some(known) = Unit::parse(unit.text.as_bytes()) {
            return Some(known);
        }
        let help = nearest(&unit.text, super::units::COMMON.iter().copied())
            .map(|n| format!("did you mean `{n}`? Units are UCUM codes, case-sensitive"))
            .or_else(|| Some("units are UCUM codes: mL/h, ug/kg/min, mm[Hg], %".to_owned()));
        self.fail(
            Problem::new(
                &unit.span,
                "WR011",
                format!("unknown unit `{}`", unit.text),
                "no unit that is known here",
            )
            .helped(help),
        )
    }

    /// True if a name means something by itself.
    fn knows(&self, name: &str) -> bool {
        super::resolve::known(name)
    }

    pub fn forbid_secret(&mut self, span: &Span, operand: &Operand) -> bool {
        let secret = matches!(
            operand,
            Operand::Field {
                privacy: Privacy::Secret,
                ..
            }
        );
        if secret {
            self.problems.push(
                Problem::new(
                    span,
                    "WR013",
                    "a secret cannot be compared",
                    "its bytes never reach a rule",
                )
                .help("ask `exists(...)`"),
            );
        }
        secret
    }
}

/// What a field or a body says of a time, as a point in time.
pub(super) fn timed(operand: Operand, ty: Type) -> (Operand, Type) {
    match ty {
        Type::Time | Type::Any => match operand {
            Operand::Literal(_) | Operand::Moment(_) => (operand, ty),
            read => (Operand::Moment(Box::new(read)), Type::Time),
        },
        other => (operand, other),
    }
}

/// An asset stands for its address.
fn plain(ty: Type) -> Type {
    if ty == Type::Asset { Type::Address } else { ty }
}

fn comparable(a: Type, b: Type) -> bool {
    let (a, b) = (plain(a), plain(b));
    a == b && a != Type::Secret
        || matches!(
            (a, b),
            (Type::Any, Type::Text | Type::Number) | (Type::Text | Type::Number, Type::Any)
        )
}

fn is_name(expr: &Expr, name: &str) -> bool {
    matches!(&expr.kind, ExprKind::Name(n) if n == name)
}

fn is_literal(expr: &Expr, checker: &Checker<'_>) -> bool {
    match &expr.kind {
        ExprKind::Number(..) | ExprKind::Text(_) | ExprKind::Net(_) => true,
        ExprKind::Name(name) => !checker.knows(name),
        ExprKind::Negative(inner) => is_literal(inner, checker),
        _ => false,
    }
}
