//! The tree against the tables: names are resolved, types and units agree, literals are parsed.
//! All mistakes of a condition are found in one pass.

use std::path::Path;

use dissectors::registry::PROTOCOLS;
use dissectors::schema::Privacy;

use super::ast::{Call, Comparison, Expr, ExprKind, Span, TextTest};
use super::compiled::{
    Condition, Fact, Literal, Node, Operand, Pattern, Set, Uses, Which, Window, WindowKind,
};
use super::diagnostic::nearest;
use super::eval::has_window;
use super::lists::Addresses;
use super::names::{CALLS, QUESTIONS, Type, Vocabulary};
use super::units::{Dimension, Unit};
use crate::limits::{self, Limits};

/// One mistake, at bytes of the condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub span: Span,
    pub code: &'static str,
    pub title: String,
    pub label: String,
    pub others: Vec<(Span, String)>,
    pub help: Option<String>,
}

impl Problem {
    pub fn new(
        span: &Span,
        code: &'static str,
        title: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Problem {
            span: span.clone(),
            code,
            title: title.into(),
            label: label.into(),
            others: Vec::new(),
            help: None,
        }
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub fn helped(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    pub fn other(mut self, span: &Span, label: impl Into<String>) -> Self {
        self.others.push((span.clone(), label.into()));
        self
    }
}

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

    fn compare(&mut self, whole: &Expr, op: Comparison, left: &Expr, right: &Expr) -> Option<Node> {
        if let ExprKind::Call(call) = &left.kind
            && let Some(node) = self.counting(whole, call, op, right)
        {
            return node;
        }
        if let ExprKind::Call(call) = &right.kind
            && let Some(node) = self.counting(whole, call, op.turned(), left)
        {
            return node;
        }
        // The side that is no literal says how the other is to be read.
        let swap = is_literal(left, self) && !is_literal(right, self);
        let (first, second) = if swap { (right, left) } else { (left, right) };
        let op = if swap { op.turned() } else { op };
        let typed = self.operand(first, None);
        let expected = typed.as_ref().map(|t| t.1);
        if let ExprKind::Range(..) | ExprKind::List(_) | ExprKind::Group(_) | ExprKind::File(_) =
            second.kind
        {
            return self.fail(
                Problem::new(
                    &second.span,
                    "WR004",
                    "a set is compared with `in`",
                    "a set of values",
                )
                .help("write `in` instead of `=` or `is`"),
            );
        }
        // `actor.ip is 10.0.0.0/8` means `in`.
        if let ExprKind::Net(net) = &second.kind
            && net.contains('/')
            && !op.is_ordering()
        {
            let node = self.membership(first, second)?;
            return Some(if op == Comparison::Unequal {
                Node::Not(Box::new(node))
            } else {
                node
            });
        }
        // A bare word says nothing beside what is itself not known.
        if typed.is_none() && matches!(second.kind, ExprKind::Name(_)) {
            return None;
        }
        let other = self.operand(second, expected);
        let ((a, ta), (b, tb)) = (typed?, other?);
        let (ta, tb) = (plain(ta), plain(tb));
        if !comparable(ta, tb) {
            return self.mismatch(first, ta, second, tb);
        }
        let ordered = matches!(ta, Type::Number | Type::Quantity | Type::Any)
            && matches!(tb, Type::Number | Type::Quantity | Type::Any)
            || ta == Type::Word(Vocabulary::Provenance);
        if op.is_ordering() && !ordered {
            return self.fail(
                Problem::new(
                    &whole.span,
                    "WR005",
                    format!("`{}` needs numbers", op.sign()),
                    format!("{} has no order", ta.words()),
                )
                .help("write `=`, `!=` or `in`"),
            );
        }
        self.literal_is_known(&a, second);
        Some(Node::Compare(op, a, b))
    }

    /// Texts that come from a closed table must stand in it.
    fn literal_is_known(&mut self, operand: &Operand, literal: &Expr) {
        let ExprKind::Text(text) = &literal.kind else {
            return;
        };
        let Operand::Fact(_, fact) = operand else {
            return;
        };
        let (what, names): (&str, Vec<&str>) = match fact {
            // HL7 kinds are open (any event); so are codes that nobody named.
            Fact::Kind if text.contains('^') || text.starts_with("unknown ") => return,
            Fact::Kind => (
                "kind",
                PROTOCOLS
                    .iter()
                    .flat_map(|p| p.kinds.iter().map(|k| k.name))
                    .collect(),
            ),
            Fact::Anomaly => (
                "anomaly",
                PROTOCOLS
                    .iter()
                    .flat_map(|p| p.anomalies.iter().map(|a| a.0))
                    .collect(),
            ),
            _ => return,
        };
        if !names.contains(&text.as_str()) {
            let help = nearest(text, names).map(|n| format!("did you mean \"{n}\"?"));
            self.problems.push(
                Problem::new(
                    &literal.span,
                    "WR006",
                    format!("no protocol has the {what} \"{text}\""),
                    format!("unknown {what}"),
                )
                .helped(help),
            );
        }
    }

    fn mismatch<T>(&mut self, left: &Expr, ta: Type, right: &Expr, tb: Type) -> Option<T> {
        let help = match (ta, tb, &right.kind) {
            (Type::Quantity, Type::Number, ExprKind::Number(n, _)) => {
                Some(format!("give a unit: `{n} mL/h`"))
            }
            (Type::Number, Type::Quantity, _) => Some("leave the unit out".to_owned()),
            (Type::Text, Type::Number, ExprKind::Number(n, _)) => {
                Some(format!("text is written in quotes: \"{n}\""))
            }
            _ => None,
        };
        self.fail(
            Problem::new(
                &right.span,
                "WR002",
                "these cannot be compared",
                tb.words().to_owned(),
            )
            .other(&left.span, ta.words())
            .helped(help),
        )
    }

    fn test(&mut self, test: TextTest, left: &Expr, right: &Expr) -> Option<Node> {
        let typed = self.operand(left, None);
        let pattern = self.pattern(test, right);
        let (operand, ty) = typed?;
        if !matches!(ty, Type::Text | Type::Any) {
            return self.fail(Problem::new(
                &left.span,
                "WR002",
                "only text can be searched",
                ty.words().to_owned(),
            ));
        }
        Some(Node::Test(operand, pattern?))
    }

    fn pattern(&mut self, test: TextTest, right: &Expr) -> Option<Pattern> {
        let (regex, text) = match (&right.kind, test) {
            (ExprKind::Text(t), TextTest::Contains) => {
                return Some(Pattern::Contains(t.as_bytes().into()));
            }
            (ExprKind::Text(t), TextTest::StartsWith) => {
                return Some(Pattern::StartsWith(t.as_bytes().into()));
            }
            (ExprKind::Text(t), TextTest::EndsWith) => {
                return Some(Pattern::EndsWith(t.as_bytes().into()));
            }
            (ExprKind::Text(glob), TextTest::Matches) => (glob_to_regex(glob), glob),
            (ExprKind::Pattern(p), TextTest::Matches) => (p.clone(), p),
            (_, TextTest::Matches) => {
                return self.fail(Problem::new(
                    &right.span,
                    "WR007",
                    "`matches` needs a pattern",
                    "neither \"a*b\" nor /regular expression/",
                ));
            }
            _ => {
                return self.fail(Problem::new(
                    &right.span,
                    "WR007",
                    "a text in quotes is needed here",
                    "no text",
                ));
            }
        };
        let size = self.limits.get(limits::PATTERN_SIZE);
        match regex::bytes::RegexBuilder::new(&regex)
            .size_limit(size)
            .build()
        {
            Ok(regex) => Some(Pattern::Regex(Box::new(regex))),
            Err(error) => {
                let told = error.to_string();
                let last = told
                    .lines()
                    .last()
                    .unwrap_or("")
                    .trim_start_matches("error: ");
                self.fail(Problem::new(
                    &right.span,
                    "WR007",
                    format!("the pattern `{text}` cannot be used"),
                    last.to_owned(),
                ))
            }
        }
    }

    fn membership(&mut self, left: &Expr, set: &Expr) -> Option<Node> {
        let typed = self.operand(left, None);
        let (operand, ty) = typed?;
        let set = self.set(left, &operand, ty, set)?;
        Some(Node::In(operand, set))
    }

    fn set(&mut self, left: &Expr, operand: &Operand, ty: Type, set: &Expr) -> Option<Set> {
        match &set.kind {
            ExprKind::Group(name) => {
                self.uses.policy = true;
                let seat = match operand {
                    Operand::Asset(seat, _) => *seat,
                    _ => {
                        return self.fail(Problem::new(
                            &left.span,
                            "WR004",
                            "only `actor` and `target` can be in a group",
                            ty.words().to_owned(),
                        ));
                    }
                };
                Some(Set::Group(seat, name.clone()))
            }
            ExprKind::Range(low, high, unit) => {
                let (low, high, dimension, tb) = match unit {
                    Some(unit) => {
                        let known = self.unit(unit)?;
                        (known.base(*low), known.base(*high), known.dimension, Type::Quantity)
                    }
                    None => (*low, *high, Dimension::NONE, Type::Number),
                };
                if !comparable(ty, tb) || ty == Type::Text {
                    return self.mismatch(left, ty, set, tb);
                }
                if low > high {
                    return self.fail(Problem::new(
                        &set.span,
                        "WR008",
                        "nothing lies in this range",
                        "its end is below its beginning",
                    ));
                }
                Some(Set::Range(low, high, dimension))
            }
            ExprKind::List(items) => self.list(left, operand, plain(ty), items),
            ExprKind::File(name) => self.file(plain(ty), set, name),
            ExprKind::Net(_) | ExprKind::Text(_) if plain(ty) == Type::Address => {
                self.list(left, operand, Type::Address, std::slice::from_ref(set))
            }
            _ => self.fail(
                Problem::new(&set.span, "WR004", "`in` needs a set", "no set").help(
                    "a list `[a, b]`, a range `0..10 mL/h`, a network `10.0.0.0/8`, `group \"name\"`, or `file \"list.txt\"`",
                ),
            ),
        }
    }

    fn list(&mut self, left: &Expr, operand: &Operand, ty: Type, items: &[Expr]) -> Option<Set> {
        if ty == Type::Address {
            let nets: Vec<Option<ipnet::IpNet>> = items.iter().map(|i| self.net(i)).collect();
            return Some(Set::Nets(nets.into_iter().collect::<Option<_>>()?));
        }
        let mut texts = Vec::new();
        let mut numbers = Vec::new();
        let mut quantities = Vec::new();
        let mut macs = Vec::new();
        let mut words = 0u128;
        let mut good = true;
        for item in items {
            let Some((value, tb)) = self.operand(item, Some(ty)) else {
                good = false;
                continue;
            };
            if !comparable(ty, tb) {
                self.mismatch::<()>(left, ty, item, tb);
                good = false;
                continue;
            }
            self.literal_is_known(operand, item);
            match value {
                Operand::Literal(Literal::Text(t)) => texts.push(t),
                Operand::Literal(Literal::Number(n)) => numbers.push(n),
                Operand::Literal(Literal::Quantity(n, d)) => quantities.push((n, d)),
                Operand::Literal(Literal::Word(w)) => {
                    words |= 1u128.checked_shl(u32::from(w)).unwrap_or(0);
                }
                Operand::Literal(Literal::Mac(m)) => macs.push(m),
                _ => {
                    self.problems.push(Problem::new(
                        &item.span,
                        "WR004",
                        "a list holds values written out",
                        "not known before the message is seen",
                    ));
                    good = false;
                }
            }
        }
        if !good {
            return None;
        }
        texts.sort();
        macs.sort_unstable();
        Some(match ty {
            Type::Word(_) => Set::Words(words),
            Type::Mac => Set::Macs(macs),
            Type::Quantity => Set::Quantities(quantities),
            Type::Number => Set::Numbers(numbers),
            Type::Any if texts.is_empty() && !numbers.is_empty() => Set::Numbers(numbers),
            _ => Set::Texts(texts),
        })
    }

    /// `verb is set-rate and value > 500 mm[Hg]`: the verb says what kind of value it sets.
    fn units_fit_verbs(&mut self, parts: &[Expr]) {
        let mut verbs: Vec<(&str, &Span)> = Vec::new();
        for part in parts {
            match &part.kind {
                ExprKind::Compare(Comparison::Equal, l, r) if is_name(l, "verb") => {
                    if let ExprKind::Name(verb) = &r.kind {
                        verbs.push((verb, &part.span));
                    }
                }
                ExprKind::In(l, set) if is_name(l, "verb") => {
                    if let ExprKind::List(items) = &set.kind {
                        for item in items {
                            if let ExprKind::Name(verb) = &item.kind {
                                verbs.push((verb, &part.span));
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        if verbs.is_empty() {
            return;
        }
        for part in parts {
            let (left, literal, unit) = match &part.kind {
                ExprKind::Compare(_, l, r) => match &r.kind {
                    ExprKind::Number(_, Some(unit)) => (l, r, unit),
                    _ => continue,
                },
                ExprKind::In(l, set) => match &set.kind {
                    ExprKind::Range(_, _, Some(unit)) => (l, set, unit),
                    _ => continue,
                },
                _ => continue,
            };
            if !is_name(left, "value") {
                continue;
            }
            let Some(dimension) = Unit::parse(unit.text.as_bytes()).map(|u| u.dimension) else {
                continue;
            };
            if let Some((verb, span)) = verbs.iter().find(|(v, _)| !sets(v, dimension)) {
                let wanted = if *verb == "set-volume" {
                    "a volume (mL)"
                } else {
                    "a flow rate (mL/h) or dose rate"
                };
                self.problems.push(
                    Problem::new(
                        &literal.span,
                        "WR012",
                        "unit does not fit the parameter",
                        dimension.words(),
                    )
                    .other(span, format!("`{verb}` sets {wanted}"))
                    .help(format!(
                        "write `value > 500 {}`, or name the verb that sets {}",
                        if *verb == "set-volume" { "mL" } else { "mL/h" },
                        dimension.words()
                    )),
                );
            }
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

    fn call(&mut self, whole: &Expr, call: &Call) -> Option<Node> {
        match call.name.as_str() {
            "exists" => self.exists(whole, call),
            "listed" => self.listed(whole, call),
            "known" => self.is_known(whole, call),
            "surely" => self.surely(whole, call),
            "sequence" | "first_seen" | "takeover" | "unprepared" | "changes" | "absence" => {
                self.looking_back(whole, call)
            }
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

    fn exists(&mut self, whole: &Expr, call: &Call) -> Option<Node> {
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
    fn surely(&mut self, whole: &Expr, call: &Call) -> Option<Node> {
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

    fn listed(&mut self, whole: &Expr, call: &Call) -> Option<Node> {
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
    fn is_known(&mut self, whole: &Expr, call: &Call) -> Option<Node> {
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

    /// The values of a list file as a set of this type.
    fn file(&mut self, ty: Type, set: &Expr, name: &str) -> Option<Set> {
        let Some(folder) = self.folder else {
            return self.fail(Problem::new(
                &set.span,
                "WR016",
                "only a rule file can name a list",
                "no folder to look in",
            ));
        };
        let lines = match super::lists::read(&folder.join(name), self.limits) {
            Ok(lines) => lines,
            Err(why) => {
                return self.fail(
                    Problem::new(&set.span, "WR016", "this list cannot be read", why)
                        .help("its path is read from the folder of the rule file"),
                );
            }
        };
        let (mut nets, mut macs, mut words) = (Vec::new(), Vec::new(), 0u128);
        let mut texts: Vec<Box<[u8]>> = Vec::new();
        for (line, value) in lines {
            let good = match ty {
                Type::Address => super::resolve::net(&value).map(|n| nets.push(n)).is_ok(),
                Type::Mac => super::resolve::mac(&value).map(|m| macs.push(m)).is_some(),
                Type::Word(vocabulary) => vocabulary
                    .find(&value)
                    .map(|w| words |= 1u128.checked_shl(u32::from(w)).unwrap_or(0))
                    .is_some(),
                Type::Text | Type::Any => {
                    texts.push(value.as_bytes().into());
                    true
                }
                _ => {
                    return self.fail(Problem::new(
                        &set.span,
                        "WR016",
                        "a list file holds texts, addresses, MACs or words",
                        format!("compared with {}", ty.words()),
                    ));
                }
            };
            if !good {
                let shown = crate::privacy::printable(value.as_bytes());
                return self.fail(Problem::new(
                    &set.span,
                    "WR016",
                    format!("line {line} of this list is not {}", ty.words()),
                    format!("`{shown}`"),
                ));
            }
        }
        texts.sort();
        texts.dedup();
        macs.sort_unstable();
        Some(match ty {
            Type::Address => Set::Addresses(Addresses::of(&nets).into()),
            Type::Mac => Set::Macs(macs),
            Type::Word(_) => Set::Words(words),
            _ => Set::Texts(texts),
        })
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

/// Whether a verb can set a value of this dimension. Only verbs that leave no doubt are held to it.
fn sets(verb: &str, dimension: Dimension) -> bool {
    match verb {
        "set-rate" => dimension == Dimension::FLOW || dimension.is_dose_rate(),
        "set-volume" => dimension == Dimension::VOLUME,
        _ => true,
    }
}

/// `*` any text, `?` one character, the rest itself.
fn glob_to_regex(glob: &str) -> String {
    let mut regex = String::from("(?s)^");
    for c in glob.chars() {
        match c {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    regex.push('$');
    regex
}
