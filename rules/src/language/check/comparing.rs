//! Comparisons and text tests: both sides must fit.

use dissectors::registry::PROTOCOLS;

use super::super::ast::{Comparison, Expr, ExprKind, Span, TextTest};
use super::super::compiled::{Fact, Node, Operand, Pattern};
use super::super::diagnostic::nearest;
use super::super::names::{Type, Vocabulary};
use super::super::units::{Dimension, Unit};
use super::{Checker, Problem, comparable, is_literal, is_name, plain, timed};
use crate::limits::{self};

impl Checker<'_> {
    pub(super) fn compare(
        &mut self,
        whole: &Expr,
        op: Comparison,
        left: &Expr,
        right: &Expr,
    ) -> Option<Node> {
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
        let (a, ta, b, tb) = if ta == Type::Time || tb == Type::Time {
            let (a, ta) = timed(a, ta);
            let (b, tb) = timed(b, tb);
            (a, ta, b, tb)
        } else {
            (a, plain(ta), b, plain(tb))
        };
        if !comparable(ta, tb) {
            return self.mismatch(first, ta, second, tb);
        }
        let ordered = ta == Type::Time
            || matches!(ta, Type::Number | Type::Quantity | Type::Any)
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
    pub(super) fn literal_is_known(&mut self, operand: &Operand, literal: &Expr) {
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

    pub(super) fn mismatch<T>(
        &mut self,
        left: &Expr,
        ta: Type,
        right: &Expr,
        tb: Type,
    ) -> Option<T> {
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

    pub(super) fn test(&mut self, test: TextTest, left: &Expr, right: &Expr) -> Option<Node> {
        let typed = self.operand(left, None);
        let pattern = self.pattern(test, right);
        let (operand, ty) = typed?;
        if !matches!(ty, Type::Text | Type::Time | Type::Any) {
            return self.fail(Problem::new(
                &left.span,
                "WR002",
                "only text can be searched",
                ty.words().to_owned(),
            ));
        }
        Some(Node::Test(operand, pattern?))
    }

    pub(super) fn pattern(&mut self, test: TextTest, right: &Expr) -> Option<Pattern> {
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
            Ok(regex) => Some(Pattern::of(regex)),
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

    /// `verb is set-rate and value > 500 mm[Hg]`: the verb says what kind of value it sets.
    pub(super) fn units_fit_verbs(&mut self, parts: &[Expr]) {
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
