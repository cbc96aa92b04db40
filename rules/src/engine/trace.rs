//! How one rule met one message: its condition part by part, with the values that each part met. For
//! people who ask why a rule fired, or did not.

use super::seed::Keys;

use super::render;
use super::windows::Windows;
use crate::language::ast::{Call, Expr, ExprKind};
use crate::language::check;
use crate::language::compiled::{Operand, Truth, Window, WindowKind};
use crate::language::eval::{Facts, NoPast, Past, eval};
use crate::language::parser;
use crate::language::ruleset::Compiled;
use crate::limits::{self, Limits};
use crate::privacy::Words;

/// Which rule is followed, on the messages of which frame.
#[derive(Debug)]
pub struct Trace {
    pub rule_id: String,
    /// Number of the frame in its file, from 1.
    pub frame: u64,
    pub file: u32,
    pub meetings: Vec<Meeting>,
    /// What its windows said of the message at hand.
    pub(super) windows: Vec<(usize, Truth)>,
}

/// Notes what windows say while they are fed.
pub(super) struct Noting<'n> {
    pub past: &'n mut dyn Past,
    pub said: &'n mut Vec<(usize, Truth)>,
}

impl Past for Noting<'_> {
    fn window(&mut self, window: usize, facts: &Facts<'_>) -> Truth {
        let truth = self.past.window(window, facts);
        self.said.push((window, truth));
        truth
    }
}

/// The rule met a message.
#[derive(Debug)]
pub struct Meeting {
    pub protocol: &'static str,
    pub kind: String,
    /// Frames of the message.
    pub frames: (u64, u64),
    pub when: When,
    pub truth: Truth,
    pub parts: Vec<Part>,
}

/// At what moment a rule was held against a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// As the message came.
    Came,
    /// As it came, but it waits for the answer.
    WaitsForAnswer,
    /// When its answer had come, its time was up, or the capture ended.
    Settled,
    /// When the time had run out in which something should have followed it.
    InVain,
    /// The same, but it could not be judged.
    InDoubt,
    /// The index knows that the rule cannot be true for such a message.
    NoConcern,
    /// A draft is not judged.
    Draft,
}

/// One part of the condition.
#[derive(Debug)]
pub struct Part {
    /// How deep it is nested.
    pub depth: usize,
    /// As the rule has it.
    pub text: String,
    pub truth: Truth,
    /// What it met.
    pub met: Words,
}

/// What the walk needs beside the condition.
struct Walk<'w, 'm> {
    text: &'w str,
    facts: &'w Facts<'m>,
    rule: &'w Compiled,
    windows: &'w Windows,
    said: &'w [(usize, Truth)],
    limits: &'w Limits,
    hasher: &'w Keys,
    now: i64,
    /// Windows met so far: they are numbered as they are written.
    at: usize,
    parts: Vec<Part>,
}

/// What a rule and its windows are held against.
pub struct Ground<'g> {
    pub windows: &'g Windows,
    pub limits: &'g Limits,
    pub hasher: &'g Keys,
    pub now: i64,
}

impl Trace {
    pub fn new(rule_id: &str, file: u32, frame: u64) -> Self {
        Trace {
            rule_id: rule_id.to_owned(),
            frame,
            file,
            meetings: Vec::new(),
            windows: Vec::new(),
        }
    }

    /// True if the message has the frame.
    pub fn is_of(&self, facts: &Facts<'_>) -> bool {
        let mut frames = facts.message.frames().iter();
        frames.any(|f| f.number == self.frame && f.file == self.file)
    }

    /// Notes how the rule met a message: after its windows were fed.
    pub fn note(&mut self, rule: &Compiled, facts: &Facts<'_>, when: When, ground: &Ground<'_>) {
        let text = &rule.rule.when;
        let Ok(expr) = parser::parse(text, ground.limits.get(limits::EXPRESSION_DEPTH)) else {
            return;
        };
        let mut walk = Walk {
            text,
            facts,
            rule,
            windows: ground.windows,
            said: &self.windows,
            limits: ground.limits,
            hasher: ground.hasher,
            now: ground.now,
            at: 0,
            parts: Vec::new(),
        };
        let truth = walk.part(&expr, 0);
        let parts = walk.parts;
        self.windows.clear();
        let frames = facts.message.frames();
        let number = |f: Option<&dissectors::message::FrameRef>| f.map_or(0, |f| f.number);
        self.meetings.push(Meeting {
            protocol: facts.message.protocol().name(),
            kind: crate::privacy::printable(facts.message.kind()),
            frames: (number(frames.first()), number(frames.last())),
            when,
            truth,
            parts,
        });
    }
}

impl Walk<'_, '_> {
    /// Notes a part and those in it; gives its truth.
    fn part(&mut self, expr: &Expr, depth: usize) -> Truth {
        let place = self.parts.len();
        match &expr.kind {
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                let all = matches!(expr.kind, ExprKind::And(_));
                let title = if all { "all of" } else { "any of" };
                self.parts.push(Part {
                    depth,
                    text: title.to_owned(),
                    truth: Truth::Unknown,
                    met: Words::new(),
                });
                let mut truth = Truth::from(all);
                for part in parts {
                    let own = self.part(part, depth + 1);
                    truth = if all { truth.and(own) } else { truth.or(own) };
                }
                self.parts[place].truth = truth;
                truth
            }
            ExprKind::Not(inner) => {
                self.parts.push(Part {
                    depth,
                    text: "not".to_owned(),
                    truth: Truth::Unknown,
                    met: Words::new(),
                });
                let truth = self.part(inner, depth + 1).negated();
                self.parts[place].truth = truth;
                truth
            }
            _ => match window_of(expr) {
                Some(call) => self.window(expr, call, depth),
                None => self.leaf(expr, depth),
            },
        }
    }

    fn has_steps(&self, at: usize) -> bool {
        let window = self.rule.condition.windows.get(at);
        window.is_some_and(|w| !w.steps.is_empty())
    }

    fn leaf(&mut self, expr: &Expr, depth: usize) -> Truth {
        let folder = std::path::Path::new(&self.rule.rule.file).parent();
        let truth = match check::compile_beside(expr, self.limits, folder) {
            Ok(condition) => eval(&condition.root, self.facts, &mut NoPast),
            Err(_) => Truth::Unknown,
        };
        let mut met = Words::new();
        for operand in operands(expr) {
            self.meet(operand, &mut met);
        }
        let authorised =
            matches!(&expr.kind, ExprKind::Name(n) if n == "authorised" || n == "within_bounds");
        if authorised {
            let said = match (self.facts.policy, truth) {
                (None, _) => "no policy".to_owned(),
                (Some(_), Truth::Unknown) => "the message asks for nothing".to_owned(),
                _ => render::expected(self.rule, self.facts).unwrap_or_default(),
            };
            met.push(&said);
        }
        self.parts.push(Part {
            depth,
            text: self.written(expr),
            truth,
            met,
        });
        truth
    }

    fn window(&mut self, expr: &Expr, call: &Call, depth: usize) -> Truth {
        let at = self.at;
        self.at += 1;
        // Its steps stand below it.
        let mut text = self.written(expr);
        if let Some(last) = call.args.last().filter(|_| self.has_steps(at)) {
            let rest = self.text.get(last.span.end..expr.span.end).unwrap_or(")");
            let rest = rest.split_whitespace().collect::<Vec<_>>().join(" ");
            text = format!("{}(...{}", call.name, rest.trim_start_matches(','));
        }
        let Some(window) = self.rule.condition.windows.get(at) else {
            return Truth::Unknown;
        };
        let (truth, said) = self.state(at, window);
        let mut met = Words::new();
        for key in &call.by {
            self.meet(key, &mut met);
        }
        for of in call.args.iter().filter(|_| window.steps.is_empty()) {
            self.meet(of, &mut met);
        }
        if !met.is_empty() {
            met.push("; ");
        }
        met.push(&said);
        self.parts.push(Part {
            depth,
            text,
            truth,
            met,
        });
        if !window.steps.is_empty() {
            for (step, arg) in call.args.iter().enumerate() {
                // What `takeover` is about is no condition.
                if window.kind == WindowKind::Takeover && step == 2 {
                    continue;
                }
                self.part(arg, depth + 1);
            }
        }
        truth
    }

    /// Whether a window holds, and what it keeps for this message's key.
    fn state(&self, at: usize, window: &Window) -> (Truth, String) {
        let kept = self
            .windows
            .look(at, window, self.facts, self.hasher, self.now)
            .unwrap_or_else(|| "a part of its key is not there".to_owned());
        match self.said.iter().find(|(window, _)| *window == at) {
            Some((_, truth)) => (*truth, kept),
            None => (
                Truth::Unknown,
                format!("{kept}; this message did not reach it"),
            ),
        }
    }

    /// The value of an operand, by its name.
    fn meet(&self, expr: &Expr, met: &mut Words) {
        let Ok((operand, _)) = check::compile_operand(expr, self.limits) else {
            return;
        };
        if matches!(operand, Operand::Literal(_)) {
            return;
        }
        if !met.is_empty() {
            met.push(", ");
        }
        met.push(&self.written(expr));
        met.push(" = ");
        render::value(&operand, self.facts, met);
    }

    fn written(&self, expr: &Expr) -> String {
        let text = self.text.get(expr.span.clone()).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// The call that looks back in time, if the expression is one or compares one.
pub(crate) fn window_of(expr: &Expr) -> Option<&Call> {
    let call = match &expr.kind {
        ExprKind::Call(call) => call,
        ExprKind::Compare(_, left, right) => match (&left.kind, &right.kind) {
            (ExprKind::Call(call), _) | (_, ExprKind::Call(call)) => call,
            _ => return None,
        },
        _ => return None,
    };
    const OTHERS: &[&str] = &[
        "exists", "role", "listed", "known", "host", "time", "surely",
    ];
    (!OTHERS.contains(&call.name.as_str())).then_some(call)
}

/// What a part reads of the message.
fn operands(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Compare(_, left, right) => [operands(left), operands(right)].concat(),
        ExprKind::Test(_, left, _) | ExprKind::In(left, _) => operands(left),
        ExprKind::Arithmetic(_, left, right) => [operands(left), operands(right)].concat(),
        ExprKind::Negative(inner) => operands(inner),
        ExprKind::Call(call) if call.name == "exists" || call.name == "surely" => {
            call.args.iter().flat_map(operands).collect()
        }
        ExprKind::Call(call) if call.name == "role" => vec![expr],
        ExprKind::Call(call) => call.args.iter().collect(),
        ExprKind::Name(_) | ExprKind::Path(..) => vec![expr],
        ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().flat_map(operands).collect(),
        ExprKind::Not(inner) => operands(inner),
        _ => Vec::new(),
    }
}
