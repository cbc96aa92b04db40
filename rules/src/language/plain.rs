//! A condition in plain words, for people who do not read the language.

use dissectors::registry::ProtocolId;

use super::ast::{Call, Comparison, Expr, ExprKind, TextTest};
use super::check;
use super::names::{ATTRIBUTES, FACTS};
use super::parser;
use crate::limits::{self, Limits};

/// A line of the explanation and how deep it is nested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub depth: usize,
    pub text: String,
}

/// What a condition looks at, line by line.
pub fn in_words(when: &str, limits: &Limits) -> Vec<Line> {
    let mut plain = Plain {
        text: when,
        lines: Vec::new(),
    };
    if let Ok(expr) = parser::parse(when, limits.get(limits::EXPRESSION_DEPTH)) {
        plain.part(&expr, 0, false, "");
    }
    plain.lines
}

/// What the rule needs beside the messages themselves.
pub fn needs(when: &str, file: &str, limits: &Limits) -> Vec<&'static str> {
    let mut out = Vec::new();
    let folder = std::path::Path::new(file).parent();
    let Ok(expr) = parser::parse(when, limits.get(limits::EXPRESSION_DEPTH)) else {
        return out;
    };
    let Ok(condition) = check::compile_beside(&expr, limits, folder) else {
        return out;
    };
    if condition.uses.policy {
        out.push("A policy: what rests on it is unknown without one, and unknown never fires.");
    }
    if condition.uses.answer {
        out.push(
            "The answer: it is judged when that has come, its time is up, or the capture ends.",
        );
    }
    if condition.uses.request {
        out.push("The request behind an answer, kept until then.");
    }
    if !condition.windows.is_empty() {
        out.push(
            "Messages seen before, over the time of the packets; with `--state` that survives a restart.",
        );
    }
    out
}

struct Plain<'p> {
    text: &'p str,
    lines: Vec<Line>,
}

impl Plain<'_> {
    fn line(&mut self, depth: usize, text: impl Into<String>) {
        self.lines.push(Line {
            depth,
            text: text.into(),
        });
    }

    /// `before`: what stands in front of the part's own words.
    fn part(&mut self, expr: &Expr, depth: usize, negated: bool, before: &str) {
        match &expr.kind {
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                // `not (a and b)` is `not a or not b`.
                let all = matches!(expr.kind, ExprKind::And(_)) != negated;
                let title = if all {
                    "all of these hold:"
                } else {
                    "any of these holds:"
                };
                self.line(depth, format!("{before}{title}"));
                for part in parts {
                    self.part(part, depth + 1, negated, "");
                }
            }
            ExprKind::Not(inner) => self.part(inner, depth, !negated, before),
            ExprKind::Call(call) => self.call(expr, call, None, depth, negated, before),
            ExprKind::Compare(op, left, right) => match (&left.kind, &right.kind) {
                (ExprKind::Call(call), _)
                    if !matches!(call.name.as_str(), "role" | "host" | "time") =>
                {
                    self.call(expr, call, Some((*op, right)), depth, negated, before);
                }
                (_, ExprKind::Call(call))
                    if !matches!(call.name.as_str(), "role" | "host" | "time") =>
                {
                    let than = Some((op.turned(), left.as_ref()));
                    self.call(expr, call, than, depth, negated, before);
                }
                _ => {
                    let words = self.leaf(expr, negated);
                    self.line(depth, format!("{before}{words}"));
                }
            },
            _ => {
                let words = self.leaf(expr, negated);
                self.line(depth, format!("{before}{words}"));
            }
        }
    }

    fn call(
        &mut self,
        expr: &Expr,
        call: &Call,
        than: Option<(Comparison, &Expr)>,
        depth: usize,
        negated: bool,
        before: &str,
    ) {
        let not = if negated { "not: " } else { "" };
        let before = format!("{before}{not}");
        let within = call
            .within
            .as_ref()
            .map(|t| format!(" within {}", self.written(t)))
            .unwrap_or_default();
        let for_each = match call.by.len() {
            0 => String::new(),
            _ => format!(", for each {}", self.nouns(&call.by)),
        };
        let than = than.map(|(op, to)| {
            let words = match op {
                Comparison::Greater => "more than",
                Comparison::GreaterOrEqual => "at least",
                Comparison::Less => "less than",
                Comparison::LessOrEqual => "at most",
                _ => "exactly",
            };
            format!("{words} {}", self.written(to))
        });
        let than = than.unwrap_or_default();
        let of = self.nouns(&call.args);
        let text = match call.name.as_str() {
            "count" if call.args.is_empty() => {
                format!("{than} such messages came{within}{for_each}")
            }
            "count" => {
                self.line(
                    depth,
                    format!("{before}{than} messages came{within}{for_each}, of which:"),
                );
                return self.steps(&call.args, &[""], depth + 1);
            }
            "distinct" => format!("{than} different values of {of} came{within}{for_each}"),
            "sum" => format!("{of} added up to {than}{within}{for_each}"),
            "rise" => format!("{of} rose by {than}{within}{for_each}"),
            "fall" => format!("{of} fell by {than}{within}{for_each}"),
            "ratio" => format!("{of} is {than} times the one before{within}{for_each}"),
            "interleaved" => {
                format!("{of}, which should only grow, went back {than} times{within}{for_each}")
            }
            "backwards" => {
                format!("{of}, which may only grow, is below the greatest before{within}{for_each}")
            }
            "changes" => format!("{of} differs from the one before{within}{for_each}"),
            "first_seen" => {
                let after = call.after.as_ref().map(|t| self.written(t));
                let learnt = after
                    .map(|t| format!(" (what comes in the first {t} is learnt, not told)"))
                    .unwrap_or_default();
                format!("{of} is seen for the first time{for_each}{learnt}")
            }
            "sequence" => {
                self.line(
                    depth,
                    format!("{before}these come one after the other{within}{for_each}:"),
                );
                return self.steps(&call.args, &["first, ", "then, "], depth + 1);
            }
            "absence" if call.args.len() == 1 => {
                self.line(
                    depth,
                    format!("{before}such messages came, and then none{within}{for_each}:"),
                );
                return self.steps(&call.args, &[""], depth + 1);
            }
            "absence" => {
                self.line(
                    depth,
                    format!("{before}a message comes and is not followed{within}{for_each}:"),
                );
                return self.steps(
                    &call.args,
                    &["the message: ", "what should follow: "],
                    depth + 1,
                );
            }
            "unprepared" => {
                self.line(
                    depth,
                    format!("{before}a message comes without another before it{within}{for_each}:"),
                );
                return self.steps(
                    &call.args,
                    &["the message: ", "what should come before: "],
                    depth + 1,
                );
            }
            "takeover" => {
                let of = call.args.get(2).map(|x| self.noun(x)).unwrap_or_default();
                self.line(
                    depth,
                    format!("{before}{of} is another than the one that holds{within}{for_each}:"),
                );
                let conditions: Vec<&Expr> =
                    call.args.iter().take(2).chain(call.args.get(3)).collect();
                let heads = [
                    "what makes it hold: ",
                    "what takes it over: ",
                    "what lets it go: ",
                ];
                for (step, head) in conditions.into_iter().zip(heads) {
                    self.part(step, depth + 1, false, head);
                }
                return;
            }
            "surely" => {
                let head = if negated {
                    "it is not certain that "
                } else {
                    "it is certain that "
                };
                let before = before.strip_suffix(not).unwrap_or(&before).to_owned();
                for arg in &call.args {
                    self.part(arg, depth, false, &format!("{before}{head}"));
                }
                return;
            }
            _ => {
                let before = before.strip_suffix(not).unwrap_or(&before).to_owned();
                let words = self.leaf(expr, negated);
                return self.line(depth, format!("{before}{words}"));
            }
        };
        self.line(depth, format!("{before}{text}"));
    }

    /// Steps with their heads; the last head serves for all that follow.
    fn steps(&mut self, steps: &[Expr], heads: &[&str], depth: usize) {
        for (at, step) in steps.iter().enumerate() {
            let head = heads.get(at).or(heads.last()).copied().unwrap_or("");
            self.part(step, depth, false, head);
        }
    }

    /// A part without parts, as half a sentence.
    fn leaf(&self, expr: &Expr, negated: bool) -> String {
        let is = if negated { "is not" } else { "is" };
        let does = |yes: &str, no: &str| {
            if negated {
                no.to_owned()
            } else {
                yes.to_owned()
            }
        };
        match &expr.kind {
            ExprKind::Name(name) if name == "authorised" => {
                does("the policy grants it", "the policy does not grant it")
            }
            ExprKind::Name(name) if name == "within_bounds" => does(
                "the value lies within the policy's bounds",
                "the value lies outside the policy's bounds",
            ),
            ExprKind::Name(_) => {
                let noun = self.noun(expr);
                does(
                    &format!("it is so that {noun}"),
                    &format!("it is not so that {noun}"),
                )
            }
            ExprKind::Call(call) => self.question(expr, call, negated),
            ExprKind::Compare(op, left, right) => {
                let noun = self.noun(left);
                let value = self.value(right);
                let op = match (op, negated) {
                    (Comparison::Equal, false) | (Comparison::Unequal, true) => "is",
                    (Comparison::Equal, true) | (Comparison::Unequal, false) => "is not",
                    (Comparison::Less, false) => "is less than",
                    (Comparison::LessOrEqual, false) => "is at most",
                    (Comparison::Greater, false) => "is more than",
                    (Comparison::GreaterOrEqual, false) => "is at least",
                    (Comparison::Less, true) => "is not less than",
                    (Comparison::LessOrEqual, true) => "is not at most",
                    (Comparison::Greater, true) => "is not more than",
                    (Comparison::GreaterOrEqual, true) => "is not at least",
                };
                format!("{noun} {op} {value}")
            }
            ExprKind::Test(test, left, right) => {
                let noun = self.noun(left);
                let words = match test {
                    TextTest::Contains => does("contains", "does not contain"),
                    TextTest::StartsWith => does("starts with", "does not start with"),
                    TextTest::EndsWith => does("ends with", "does not end with"),
                    TextTest::Matches => does("fits the pattern", "does not fit the pattern"),
                };
                format!("{noun} {words} {}", self.written(right))
            }
            ExprKind::In(left, set) => {
                let noun = self.noun(left);
                match &set.kind {
                    ExprKind::Group(name) => {
                        let belongs = does("belongs", "does not belong");
                        format!("{noun} {belongs} to the policy's group \"{name}\"")
                    }
                    ExprKind::File(name) => {
                        let stands = does("stands", "does not stand");
                        format!("{noun} {stands} in the file {name}")
                    }
                    ExprKind::Range(..) => {
                        let lies = does("lies", "does not lie");
                        let range = self.written(set).replace("..", " to ");
                        format!("{noun} {lies} in {range}")
                    }
                    ExprKind::List(items) => {
                        let items: Vec<String> = items.iter().map(|i| self.value(i)).collect();
                        let one = does("one of", "none of").replace("not ", "");
                        let is = if negated { "is" } else { is };
                        format!("{noun} {is} {one} {}", items.join(", "))
                    }
                    _ => {
                        let lies = does("lies", "does not lie");
                        format!("{noun} {lies} in {}", self.written(set))
                    }
                }
            }
            _ => does(&self.written(expr), &format!("not {}", self.written(expr))),
        }
    }

    fn question(&self, expr: &Expr, call: &Call, negated: bool) -> String {
        let does = |yes: &str, no: &str| {
            if negated {
                no.to_owned()
            } else {
                yes.to_owned()
            }
        };
        let of = self.nouns(&call.args);
        let name = match call.args.first().map(|a| &a.kind) {
            Some(ExprKind::Name(name)) => name.as_str(),
            _ => "",
        };
        match (call.name.as_str(), name) {
            ("exists", "answer") => does("an answer was seen", "no answer came"),
            ("exists", "request") => does(
                "the request before it was seen",
                "no request came before it, and it would have been seen",
            ),
            ("exists", "verb") => does(
                "the message asks for something",
                "the message asks for nothing",
            ),
            ("exists", "anomaly") => does(
                "the message has faults in its bytes",
                "the message has no faults in its bytes",
            ),
            ("exists", _) => does(&format!("{of} is there"), &format!("{of} is not there")),
            ("listed", _) => does(
                &format!("the policy names {of}"),
                &format!("the policy does not name {of}"),
            ),
            ("known", _) => does(
                &format!("the policy or the site's list of devices names {of}"),
                &format!("neither the policy nor the site's list of devices names {of}"),
            ),
            _ => does(&self.written(expr), &format!("not {}", self.written(expr))),
        }
    }

    fn nouns(&self, all: &[Expr]) -> String {
        let all: Vec<String> = all.iter().map(|x| self.noun(x)).collect();
        all.join(" and ")
    }

    /// What is looked at.
    fn noun(&self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Name(name) => noun(name),
            ExprKind::Path(name, inside, _) => format!("{inside} of the {name} message"),
            ExprKind::Call(call) if call.name == "role" => {
                format!("what {} is, by the policy,", self.nouns(&call.args))
            }
            ExprKind::Call(call) if call.name == "host" => {
                format!("the host named by {}", self.nouns(&call.args))
            }
            _ => self.written(expr),
        }
    }

    fn value(&self, expr: &Expr) -> String {
        match &expr.kind {
            // A name that means something by itself is compared with; others are words.
            ExprKind::Name(name) if super::resolve::known(name) => noun(name),
            ExprKind::Call(_) | ExprKind::Path(..) => self.noun(expr),
            _ => self.written(expr),
        }
    }

    fn written(&self, expr: &Expr) -> String {
        let text = self.text.get(expr.span.clone()).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// A name of the language as people call it.
fn noun(name: &str) -> String {
    if let Some(rest) = name.strip_prefix("request.") {
        return format!("in the request, {}", noun(rest));
    }
    if let Some(rest) = name.strip_prefix("answer.") {
        return format!("in the answer, {}", noun(rest));
    }
    let seat = |word: &str| match word {
        "actor" => Some("the one who asks"),
        "target" => Some("the one who is asked"),
        "sender" => Some("the sender"),
        "receiver" => Some("the receiver"),
        _ => None,
    };
    if let Some(who) = seat(name) {
        return who.to_owned();
    }
    if let Some((first, rest)) = name.split_once('.') {
        let attribute = ATTRIBUTES.iter().find(|a| a.0 == rest);
        if let Some((who, (.., doc))) = seat(first).zip(attribute) {
            return format!("of {who}, the {doc}");
        }
        if let Some(protocol) = ProtocolId::of(first)
            && let Some(field) = protocol.protocol().field(rest)
            && let Some(row) = protocol.protocol().fields.get(usize::from(field.0))
        {
            return format!("{name} ({})", row.doc);
        }
    }
    match FACTS.iter().find(|f| f.0 == name) {
        Some((.., doc)) if doc.starts_with("the ") || doc.starts_with("what ") => (*doc).to_owned(),
        Some((.., doc)) => format!("the {doc}"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(when: &str) -> Vec<String> {
        let lines = in_words(when, &Limits::default());
        lines
            .into_iter()
            .map(|l| format!("{:indent$}{}", "", l.text, indent = l.depth))
            .collect()
    }

    #[test]
    fn not_turns_all_into_any_and_each_part_around() {
        assert_eq!(
            words("not (verb is stop and authorised)"),
            [
                "any of these holds:",
                " what the action does is not stop",
                " the policy does not grant it"
            ]
        );
    }

    #[test]
    fn windows_say_how_many_of_what_for_whom_and_how_long() {
        assert_eq!(
            words("count(verb is read) by (actor) within 60 s > 20"),
            [
                "more than 20 messages came within 60 s, for each the one who asks, of which:",
                " what the action does is read"
            ]
        );
        assert_eq!(
            words("absence(verb is pause, verb is start) by (target) within 120 s"),
            [
                "a message comes and is not followed within 120 s, for each the one who is asked:",
                " the message: what the action does is pause",
                " what should follow: what the action does is start"
            ]
        );
    }

    #[test]
    fn every_shipped_rule_has_words_and_none_is_cut() {
        let set = crate::RuleSet::shipped().unwrap_or_else(|e| panic!("{e}"));
        for rule in set.rules() {
            let lines = in_words(&rule.when, &Limits::default());
            assert!(!lines.is_empty(), "{}", rule.id);
            for line in lines {
                assert!(!line.text.trim().is_empty(), "{}", rule.id);
            }
        }
    }
}
