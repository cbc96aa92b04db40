//! Questions with brackets, windows aside.

use super::super::ast::{Call, Expr, ExprKind};
use super::super::compiled::{Node, Operand, Which};
use super::super::diagnostic::nearest;
use super::super::names::{CALLS, Type};
use super::{Checker, Problem};

impl Checker<'_> {
    pub(super) fn call(&mut self, whole: &Expr, call: &Call) -> Option<Node> {
        match call.name.as_str() {
            "exists" => self.exists(whole, call),
            "listed" => self.listed(whole, call),
            "known" => self.is_known(whole, call),
            "surely" => self.surely(whole, call),
            "sequence" | "first_seen" | "takeover" | "unprepared" | "changes" | "backwards"
            | "absence" => self.looking_back(whole, call),
            "count" | "distinct" | "sum" | "ratio" | "interleaved" | "rise" | "fall" => self.fail(
                Problem::new(
                    &whole.span,
                    "WR009",
                    format!("`{}` gives a number", call.name),
                    "compare it",
                )
                .help(format!("write `{}(...) within 60 s > 20`", call.name)),
            ),
            "role" => self.fail(
                Problem::new(
                    &whole.span,
                    "WR003",
                    "`role(...)` is no condition",
                    "compare it",
                )
                .help("write `role(actor) is pump`"),
            ),
            _ => self.unknown_call(call),
        }
    }

    pub fn unknown_call<T>(&mut self, call: &Call) -> Option<T> {
        let other = call.name.as_str();
        let help =
            nearest(other, CALLS.iter().copied()).map(|n| format!("did you mean `{n}(...)`?"));
        self.fail(
            Problem::new(
                &call.name_span,
                "WR001",
                format!("unknown function `{other}`"),
                "not known",
            )
            .helped(help.or_else(|| Some(format!("known are {}", CALLS.join(", "))))),
        )
    }

    pub(super) fn exists(&mut self, whole: &Expr, call: &Call) -> Option<Node> {
        let [arg] = call.args.as_slice() else {
            return self.fail(Problem::new(
                &whole.span,
                "WR009",
                "`exists` asks for one thing",
                format!("{} given", call.args.len()),
            ));
        };
        if let ExprKind::Name(name) = &arg.kind {
            match name.as_str() {
                "request" => {
                    self.uses.request = true;
                    return Some(Node::ExistsPartner(Which::Request));
                }
                "answer" => {
                    self.uses.answer = true;
                    return Some(Node::ExistsPartner(Which::Answer));
                }
                _ => {}
            }
        }
        self.operand(arg, None)
            .map(|(operand, _)| Node::Exists(operand))
    }

    /// `not surely(authorised)` holds without a policy too.
    pub(super) fn surely(&mut self, whole: &Expr, call: &Call) -> Option<Node> {
        let [arg] = call.args.as_slice() else {
            return self.fail(Problem::new(
                &whole.span,
                "WR009",
                "`surely` takes one condition",
                format!("{} given", call.args.len()),
            ));
        };
        let before = self.no_windows.replace("inside `surely`");
        let node = self.condition(arg);
        self.no_windows = before;
        node.map(|n| Node::Surely(Box::new(n)))
    }

    pub(super) fn listed(&mut self, whole: &Expr, call: &Call) -> Option<Node> {
        self.uses.policy = true;
        let [arg] = call.args.as_slice() else {
            return self.fail(Problem::new(
                &whole.span,
                "WR009",
                "`listed` asks for one asset or title",
                format!("{} given", call.args.len()),
            ));
        };
        match self.operand(arg, None)? {
            (Operand::Asset(seat, _), Type::Asset) => Some(Node::Listed(seat)),
            (operand, Type::Text | Type::Any) => Some(Node::ListedTitle(operand)),
            (_, ty) => self.fail(Problem::new(
                &arg.span,
                "WR002",
                "`listed` asks for `actor`, `target`, or a title",
                ty.words().to_owned(),
            )),
        }
    }

    /// `known(actor)`: the policy or the site's list of devices names it.
    pub(super) fn is_known(&mut self, whole: &Expr, call: &Call) -> Option<Node> {
        self.uses.policy = true;
        let asset = match call.args.as_slice() {
            [arg] => self.operand(arg, None)?,
            _ => {
                return self.fail(Problem::new(
                    &whole.span,
                    "WR009",
                    "`known` asks for one asset",
                    format!("{} given", call.args.len()),
                ));
            }
        };
        match asset {
            (Operand::Asset(seat, _), Type::Asset) => Some(Node::Known(seat)),
            (_, ty) => self.fail(
                Problem::new(
                    &whole.span,
                    "WR002",
                    "`known` asks for `actor`, `target`, `sender` or `receiver`",
                    ty.words().to_owned(),
                )
                .help("a title is asked for with `listed(...)`, what was seen before with `first_seen(...)`"),
            ),
        }
    }
}
