//! Calls that look back in time (`count`, `distinct`, `sum`, `rise`, `sequence`, `first_seen`) or wait
//! (`absence`).

use super::ast::{Call, Comparison, Expr, ExprKind};
use super::check::{Checker, Problem};
use super::compiled::{Literal, Node, Operand, SEQUENCE_STEPS, Window, WindowKind};
use super::names::Type;
use super::units::Dimension;
use crate::limits;

impl Checker<'_> {
    /// `count(...) within 60 s > 20`. Outer `None`: this call is none of those.
    pub fn counting(
        &mut self,
        whole: &Expr,
        call: &Call,
        op: Comparison,
        threshold: &Expr,
    ) -> Option<Option<Node>> {
        match call.name.as_str() {
            "count" | "distinct" | "sum" | "interleaved" | "rise" | "fall" => {}
            "ratio" => return Some(self.ratio(whole, call, op, threshold)),
            _ => return None,
        }
        Some(self.counted(whole, call, op, threshold))
    }

    fn counted(
        &mut self,
        whole: &Expr,
        call: &Call,
        op: Comparison,
        threshold: &Expr,
    ) -> Option<Node> {
        if !matches!(op, Comparison::Greater | Comparison::GreaterOrEqual) {
            return self.fail(
                Problem::new(
                    &whole.span,
                    "WR009",
                    format!("`{}` can only grow past a number", call.name),
                    format!("`{}` would hold from the first message on", op.sign()),
                )
                .help("write `>` or `>=`"),
            );
        }
        let or_equal = op == Comparison::GreaterOrEqual;
        let kind = if call.name == "sum" {
            self.sum(call, threshold, or_equal)
        } else if call.name == "rise" || call.name == "fall" {
            self.moved(whole, call, threshold, or_equal)
        } else {
            self.at_least(threshold, or_equal).map(|n| {
                if call.name == "count" {
                    WindowKind::Count(n)
                } else if call.name == "interleaved" {
                    WindowKind::Interleaved(n)
                } else {
                    WindowKind::Distinct(n)
                }
            })
        };
        let within = self.span_of_time(call);
        let window = self.window(whole, call, kind, within)?;
        Some(self.add(window))
    }

    /// `rise(value) by (subject) within 10 min > 20 mm[Hg]`.
    fn moved(
        &mut self,
        whole: &Expr,
        call: &Call,
        threshold: &Expr,
        or_equal: bool,
    ) -> Option<WindowKind> {
        if call.args.len() != 1 {
            return self.fail(Problem::new(
                &whole.span,
                "WR009",
                format!("`{}` follows one number", call.name),
                format!("{} given", call.args.len()),
            ));
        }
        let falling = call.name == "fall";
        match self.sum(call, threshold, or_equal)? {
            WindowKind::Sum {
                above, dimension, ..
            } => Some(WindowKind::Moved {
                by: above,
                or_equal,
                dimension,
                falling,
            }),
            _ => None,
        }
    }

    /// `ratio(value) by (...) within 10 min > 5`: the value now over the one before.
    fn ratio(
        &mut self,
        whole: &Expr,
        call: &Call,
        op: Comparison,
        threshold: &Expr,
    ) -> Option<Node> {
        let kind = match &threshold.kind {
            ExprKind::Number(n, None) if op.is_ordering() => Some(WindowKind::Ratio(op, *n)),
            _ => self.fail(
                Problem::new(
                    &threshold.span,
                    "WR009",
                    "a ratio is compared with a number",
                    "no number, or no `<` or `>`",
                )
                .help("write `ratio(value) by (subject) within 10 min > 5`"),
            ),
        };
        let typed = match call.args.as_slice() {
            [arg] => self.operand(arg, None).map(|t| t.1),
            _ => None,
        };
        if !matches!(typed, Some(Type::Number | Type::Quantity | Type::Any)) {
            self.problems.push(Problem::new(
                &whole.span,
                "WR009",
                "`ratio` compares one number with the one before",
                "not one number",
            ));
        }
        let within = self.span_of_time(call);
        let window = self.window(whole, call, kind, within)?;
        Some(self.add(window))
    }

    /// `sequence(a, b) by (...) within 60 s`, `first_seen(...) by (...) after 1 h`.
    pub fn looking_back(&mut self, whole: &Expr, call: &Call) -> Option<Node> {
        let (kind, within) = if call.name == "absence" {
            if call.args.is_empty() || call.args.len() > 2 {
                self.problems.push(
                    Problem::new(
                        &whole.span,
                        "WR009",
                        "`absence` takes what begins the wait and what should follow",
                        format!("{} given", call.args.len()),
                    )
                    .help("write `absence(a, b) by (...) within 60 s`, or `absence(a) ...` for a stream"),
                );
                return None;
            }
            (WindowKind::Absence, self.span_of_time(call))
        } else if call.name == "sequence" {
            if call.args.len() < 2 {
                self.problems.push(Problem::new(
                    &whole.span,
                    "WR009",
                    "a sequence has at least two steps",
                    format!("{} given", call.args.len()),
                ));
            }
            if call.args.len() > SEQUENCE_STEPS {
                self.problems.push(Problem::new(
                    &call.args[SEQUENCE_STEPS].span,
                    "WR009",
                    format!("a sequence has at most {SEQUENCE_STEPS} steps"),
                    "one too many",
                ));
            }
            (WindowKind::Sequence, self.span_of_time(call))
        } else if call.name != "first_seen" {
            let (kind, wanted, example) = match call.name.as_str() {
                "takeover" => (WindowKind::Takeover, 3, "takeover(a, b, sender.mac)"),
                "unprepared" => (WindowKind::Unprepared, 2, "unprepared(act, preparation)"),
                "backwards" => (WindowKind::Backwards, 1, "backwards(sdc.mdib_version)"),
                _ => (WindowKind::Changes, 1, "changes(medibus.setting)"),
            };
            let until = call.name == "takeover" && call.args.len() == wanted + 1;
            if call.args.len() != wanted && !until {
                self.problems.push(
                    Problem::new(
                        &whole.span,
                        "WR009",
                        format!("`{}` takes {wanted} things", call.name),
                        format!("{} given", call.args.len()),
                    )
                    .help(format!("write `{example} by (...) within 1 h`")),
                );
                return None;
            }
            if kind == WindowKind::Backwards {
                self.is_number(call)?;
            }
            (kind, self.span_of_time(call))
        } else {
            let after = match &call.after {
                Some(time) => self.duration(time),
                None => Some(0),
            };
            (WindowKind::FirstSeen, after)
        };
        let window = self.window(whole, call, Some(kind), within)?;
        Some(self.add(window))
    }

    /// What may only grow is a number.
    fn is_number(&mut self, call: &Call) -> Option<()> {
        let [arg] = call.args.as_slice() else {
            return None;
        };
        match self.operand(arg, None)?.1 {
            Type::Number | Type::Any => Some(()),
            other => self.fail(Problem::new(
                &arg.span,
                "WR002",
                format!("`{}` follows a number without a unit", call.name),
                other.words(),
            )),
        }
    }

    fn add(&mut self, window: Window) -> Node {
        self.windows.push(window);
        Node::Window(self.windows.len() - 1)
    }

    fn window(
        &mut self,
        whole: &Expr,
        call: &Call,
        kind: Option<WindowKind>,
        within: Option<i64>,
    ) -> Option<Window> {
        if let Some(place) = self.no_windows {
            self.problems.push(
                Problem::new(
                    &whole.span,
                    "WR010",
                    format!("`{}` cannot stand {place}", call.name),
                    "it would not see every message",
                )
                .help("put it beside the other parts, joined by `and` or `or`"),
            );
        }
        let by: Vec<Option<Operand>> = call.by.iter().map(|k| self.key(k)).collect();
        let (mut steps, mut of) = (Vec::new(), Vec::new());
        match call.name.as_str() {
            "count" | "sequence" => {
                if call.name == "count" && call.args.len() > 1 {
                    self.problems.push(
                        Problem::new(
                            &call.args[1].span,
                            "WR009",
                            "`count` takes one condition",
                            "one too many",
                        )
                        .help("join them by `and`"),
                    );
                }
                let before = self.no_windows.replace("inside another window");
                steps = call.args.iter().map(|a| self.condition(a)).collect();
                self.no_windows = before;
            }
            "takeover" | "unprepared" | "absence" => {
                let before = self.no_windows.replace("inside another window");
                let conditions = call.args.iter().take(2).chain(call.args.get(3));
                steps = conditions.map(|a| self.condition(a)).collect();
                self.no_windows = before;
                of = call.args.get(2).map(|k| self.key(k)).into_iter().collect();
            }
            _ => {
                if call.args.is_empty() {
                    self.problems.push(Problem::new(
                        &whole.span,
                        "WR009",
                        format!("`{}` needs to know of what", call.name),
                        "nothing given",
                    ));
                }
                of = call.args.iter().map(|k| self.key(k)).collect();
            }
        }
        Some(Window {
            kind: kind?,
            steps: steps.into_iter().collect::<Option<_>>()?,
            of: of.into_iter().collect::<Option<_>>()?,
            by: by.into_iter().collect::<Option<_>>()?,
            within: within?,
        })
    }

    fn key(&mut self, expr: &Expr) -> Option<Operand> {
        let (operand, _) = self.operand(expr, None)?;
        if self.forbid_secret(&expr.span, &operand) {
            return None;
        }
        if let Operand::Literal(_) = operand {
            return self.fail(Problem::new(
                &expr.span,
                "WR009",
                "a key is read from the message",
                "the same for every message",
            ));
        }
        Some(operand)
    }

    fn span_of_time(&mut self, call: &Call) -> Option<i64> {
        match &call.within {
            Some(time) => self.duration(time),
            None => self.fail(
                Problem::new(
                    &call.name_span,
                    "WR009",
                    format!("`{}` needs a time", call.name),
                    "how far back?",
                )
                .help(format!("write `{}(...) within 60 s`", call.name)),
            ),
        }
    }

    /// A time written out, in nanoseconds.
    fn duration(&mut self, expr: &Expr) -> Option<i64> {
        if let ExprKind::Number(number, Some(unit)) = &expr.kind {
            let known = self.unit(unit)?;
            let seconds = known.base(*number);
            if known.dimension == Dimension::TIME && seconds > 0.0 && seconds < 1e8 {
                return Some((seconds * 1e9) as i64);
            }
        }
        self.fail(
            Problem::new(&expr.span, "WR009", "a time is needed here", "no time")
                .help("write `60 s`, `10 min`, `24 h`, `7 d`"),
        )
    }

    /// A threshold: true from this many on.
    fn at_least(&mut self, threshold: &Expr, or_equal: bool) -> Option<u64> {
        let highest = self.limits.get(limits::WINDOW_THRESHOLD) as f64;
        match &threshold.kind {
            ExprKind::Number(n, None) if *n >= 0.0 && *n <= highest && n.fract() == 0.0 => {
                Some((*n as u64 + u64::from(!or_equal)).max(1))
            }
            _ => self.fail(
                Problem::new(
                    &threshold.span,
                    "WR009",
                    "a whole number is needed here",
                    format!("not a whole number from 0 to {highest}"),
                )
                .help("limit window-threshold"),
            ),
        }
    }

    fn sum(&mut self, call: &Call, threshold: &Expr, or_equal: bool) -> Option<WindowKind> {
        let typed = call
            .args
            .first()
            .and_then(|a| self.operand(a, None))
            .map(|t| t.1);
        match (self.operand(threshold, None)?, typed?) {
            ((Operand::Literal(Literal::Number(above)), _), Type::Number | Type::Any) => {
                Some(WindowKind::Sum {
                    above,
                    or_equal,
                    dimension: Dimension::NONE,
                })
            }
            ((Operand::Literal(Literal::Quantity(above, dimension)), _), Type::Quantity) => {
                Some(WindowKind::Sum {
                    above,
                    or_equal,
                    dimension,
                })
            }
            _ => self.fail(
                Problem::new(
                    &threshold.span,
                    "WR002",
                    format!("`{}` cannot be compared with this", call.name),
                    "not of the same kind",
                )
                .help("a quantity needs a unit, a number must have none"),
            ),
        }
    }
}
