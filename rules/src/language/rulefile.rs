//! A rule file: `[[rule]]` tables to compiled rules.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::check::{self, Problem};
use super::compiled::{Condition, Operand, Uses};
use super::diagnostic::{Diagnostic, Report, Text, nearest};
use super::parser::{SyntaxError, parse as parse_condition};
use super::ruleset::{Compiled, Piece, Rule, Severities, Source, Status, Tests};
use super::table::{self, Placed, Places, Reader};
use crate::finding::{Confidence, Severity};
use crate::limits::{self, Limits};

/// Reads one file's rules into `into`. `seen`: the place of every id so far.
pub fn read(
    source: &Source,
    limits: &Limits,
    seen: &mut HashMap<String, (Arc<Text>, Range<usize>)>,
    into: &mut Vec<Compiled>,
    report: &mut Report,
) {
    let file = Arc::new(Text {
        name: source.name.clone(),
        text: source.text.clone(),
    });
    if source.text.len() > limits.get(limits::RULE_FILE) {
        report.add(
            Diagnostic::error(&file, "WR020", 0..0, "this file is too long", "not read")
                .help("split it, or raise the limit rule-file"),
        );
        return;
    }
    let root = table::parse(&file, &source.text, "WR020", report);
    let mut reader = Reader::new(&file, report, "WR021", &root, 0..0, "a rule file");
    let tables = reader.tables("rule");
    reader.done();
    for (table, span) in tables {
        let reader = Reader::new(&file, report, "WR021", table, span, "the rule");
        if let Some(rule) = rule(reader, limits, seen) {
            into.push(rule);
        }
    }
}

fn rule(
    mut r: Reader<'_, '_, '_>,
    limits: &Limits,
    seen: &mut HashMap<String, (Arc<Text>, Range<usize>)>,
) -> Option<Compiled> {
    let before = r.report.errors();
    let id = r.required("id");
    let number = id.as_ref().and_then(|id| number(&mut r, id, seen));
    let rev = r.integer("rev").unwrap_or(1);
    let title = r.required("title");
    let when = r.required("when");
    let severity = severities(&mut r);
    let confidence = confidence(&mut r);
    let raise = raise(&mut r);
    let status = status(&mut r);
    let why = r.text("why");
    let collapse = r.item("collapse").is_some().then(|| r.texts("collapse"));
    let tests = tests(&mut r);
    let category = r.plain("category");
    let clinical = r.plain("clinical");
    let bedside = r.plain("bedside");
    let network = r.plain("network");
    let references = r.plains("references");
    let attack = r.plains("attack");
    let false_positives = r.plains("false_positives");
    let tags = r.plains("tags");
    let whole = Arc::clone(r.file);
    let file_text = whole.text.as_str();
    let condition = when
        .as_ref()
        .and_then(|w| compile(&mut r, file_text, w, limits));
    let raise = raise.map(|(when, severity)| {
        let condition = compile(&mut r, file_text, &when, limits);
        if let Some(c) = &condition
            && (!c.windows.is_empty() || c.uses.answer)
        {
            r.wrong(
                when.span.clone(),
                "what raises a severity is judged on the message alone",
                "it looks back, or at the answer",
            );
        }
        condition.zip(severity)
    });
    let sentence = why
        .as_ref()
        .map(|w| sentence(&mut r, file_text, w, limits))
        .unwrap_or_default();
    let key = collapse.map(|keys| {
        keys.iter()
            .filter_map(|k| operand(&mut r, file_text, k, limits))
            .map(|(o, _)| o)
            .collect()
    });
    let file = r.file.name.clone();
    let report = &mut *r.report;
    let good = report.errors() == before;
    r.done();
    let (condition, id, title, when) = (condition?, id?, title?, when?);
    if !good {
        return None;
    }
    Some(Compiled {
        rule: Arc::new(Rule {
            id: id.text,
            number: number?,
            rev,
            title: title.text,
            severity: severity?,
            confidence: confidence?,
            category,
            clinical,
            bedside,
            network,
            references,
            attack,
            false_positives,
            tags,
            status: status?,
            tests,
            when: when.text,
            told: String::new(),
            file,
        }),
        condition,
        sentence,
        key,
        raise: raise.flatten(),
    })
}

/// The digits at the end of an id that nobody else has.
fn number(
    r: &mut Reader<'_, '_, '_>,
    id: &Placed,
    seen: &mut HashMap<String, (Arc<Text>, Range<usize>)>,
) -> Option<u32> {
    if let Some((file, span)) = seen.get(&id.text) {
        let title = format!("two rules are called {}", id.text);
        let mut told = Diagnostic::error(r.file, "WR022", id.span.clone(), title, "again here");
        told = if Arc::ptr_eq(file, r.file) {
            told.other(span.clone(), "first here")
        } else {
            told.help(format!("the first stands in {}", file.name))
        };
        r.report.add(told);
        return None;
    }
    seen.insert(id.text.clone(), (Arc::clone(r.file), id.span.clone()));
    let digits = id.text.rsplit('-').next().unwrap_or("");
    let shaped = id
        .text
        .bytes()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
        && id.text.matches('-').count() >= 2;
    match digits.parse() {
        Ok(number) if shaped && digits.len() >= 4 => Some(number),
        _ => {
            let (file, span) = (r.file, id.span.clone());
            let title = format!("`{}` is no rule id", id.text);
            r.report.add(
                Diagnostic::error(file, "WR022", span, title, "not of the form WW-FAMILY-0000")
                    .help("own rules: choose a prefix of your own, such as `ACME-PUMP-0001`"),
            );
            None
        }
    }
}

fn severities(r: &mut Reader<'_, '_, '_>) -> Option<Severities> {
    let word = |r: &mut Reader<'_, '_, '_>, placed: &Placed| {
        let found = Severity::from_word(&placed.text);
        if found.is_none() {
            unknown_word(
                r,
                placed,
                "a severity",
                &["critical", "high", "medium", "low", "info"],
            );
        }
        found
    };
    let Some(item) = r.item("severity") else {
        r.required("severity");
        return None;
    };
    if let toml::de::DeValue::Table(table) = item.get_ref() {
        let (file, code) = (r.file, r.code);
        let mut inner = Reader::new(file, r.report, code, table, item.span(), "the severity");
        let attempted = inner
            .required("attempted")
            .and_then(|p| word(&mut inner, &p));
        let accepted = inner.text("accepted").map(|p| word(&mut inner, &p));
        let refused = inner.text("refused").map(|p| word(&mut inner, &p));
        inner.done();
        let attempted = attempted?;
        return Some(Severities {
            attempted,
            accepted: accepted.unwrap_or(Some(attempted))?,
            refused: refused.unwrap_or(Some(attempted.lowered()))?,
            stated: true,
        });
    }
    let placed = r.placed(item)?;
    let severity = word(r, &placed)?;
    Some(Severities::steps(severity))
}

/// `raise = { when = "telnet.without_login", severity = "critical" }`
fn raise(r: &mut Reader<'_, '_, '_>) -> Option<(Placed, Option<Severity>)> {
    let item = r.item("raise")?;
    let toml::de::DeValue::Table(table) = item.get_ref() else {
        r.wrong(item.span(), "a table is needed here", "no table");
        return None;
    };
    let (file, code) = (r.file, r.code);
    let mut inner = Reader::new(file, r.report, code, table, item.span(), "what raises it");
    let when = inner.required("when");
    let severity = inner.required("severity");
    inner.done();
    let severity = severity?;
    let found = Severity::from_word(&severity.text);
    if found.is_none() {
        unknown_word(
            r,
            &severity,
            "a severity",
            &["critical", "high", "medium", "low", "info"],
        );
    }
    Some((when?, found))
}

fn confidence(r: &mut Reader<'_, '_, '_>) -> Option<Confidence> {
    let Some(placed) = r.text("confidence") else {
        return Some(Confidence::Certain);
    };
    let found = Confidence::from_word(&placed.text);
    if found.is_none() {
        unknown_word(r, &placed, "a confidence", &["certain", "probable", "hint"]);
    }
    found
}

fn status(r: &mut Reader<'_, '_, '_>) -> Option<Status> {
    let Some(placed) = r.text("status") else {
        return Some(Status::Active);
    };
    match placed.text.as_str() {
        "active" => Some(Status::Active),
        "draft" => Some(Status::Draft),
        _ => {
            unknown_word(r, &placed, "a status", &["active", "draft"]);
            None
        }
    }
}

fn unknown_word(r: &mut Reader<'_, '_, '_>, placed: &Placed, what: &str, words: &[&str]) {
    let help = nearest(&placed.text, words.iter().copied())
        .map(|n| format!("did you mean \"{n}\"?"))
        .unwrap_or_else(|| format!("known are {}", words.join(", ")));
    let (file, span) = (r.file, placed.span.clone());
    let title = format!("`{}` is not {what}", placed.text);
    r.report
        .add(Diagnostic::error(file, "WR023", span, title, "not known").help(help));
}

fn tests(r: &mut Reader<'_, '_, '_>) -> Tests {
    let Some(item) = r.item("tests") else {
        return Tests::default();
    };
    let toml::de::DeValue::Table(table) = item.get_ref() else {
        r.wrong(item.span(), "a table is needed here", "no table");
        return Tests::default();
    };
    let (file, code) = (r.file, r.code);
    let mut inner = Reader::new(file, r.report, code, table, item.span(), "the tests");
    let tests = Tests {
        fires: inner.plains("fires"),
        silent: inner.plains("silent"),
        policy: inner.text("policy").map(|p| p.text),
    };
    inner.done();
    tests
}

fn compile(
    r: &mut Reader<'_, '_, '_>,
    file: &str,
    when: &Placed,
    limits: &Limits,
) -> Option<Condition> {
    let places = Places::of(file, when);
    let folder = Path::new(&r.file.name).parent().map(Path::to_owned);
    match parse_condition(&when.text, limits.get(limits::EXPRESSION_DEPTH)) {
        Err(error) => {
            tell_syntax(r, &places, error);
            None
        }
        Ok(expr) => match check::compile_beside(&expr, limits, folder.as_deref()) {
            Ok(condition) => Some(condition),
            Err(problems) => {
                for problem in problems {
                    tell(r, &places, problem);
                }
                None
            }
        },
    }
}

fn operand(
    r: &mut Reader<'_, '_, '_>,
    file: &str,
    text: &Placed,
    limits: &Limits,
) -> Option<(Operand, Uses)> {
    let places = Places::of(file, text);
    match parse_condition(&text.text, limits.get(limits::EXPRESSION_DEPTH)) {
        Err(error) => {
            tell_syntax(r, &places, error);
            None
        }
        Ok(expr) => match check::compile_operand(&expr, limits) {
            Ok(operand) => Some(operand),
            Err(problems) => {
                for problem in problems {
                    tell(r, &places, problem);
                }
                None
            }
        },
    }
}

/// `"{actor} asked {target} for {value}"`: text and operands in braces.
fn sentence(r: &mut Reader<'_, '_, '_>, file: &str, text: &Placed, limits: &Limits) -> Vec<Piece> {
    let places = Places::of(file, text);
    let mut pieces = Vec::new();
    let mut rest = text.text.as_str();
    loop {
        let Some((before, after)) = rest.split_once('{') else {
            if !rest.is_empty() {
                pieces.push(Piece::Text(rest.to_owned()));
            }
            return pieces;
        };
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        let start = text.text.len() - after.len();
        let Some((inside, next)) = after.split_once('}') else {
            let span = places.span(&(start - 1..text.text.len()));
            r.wrong(span, "this placeholder has no end", "close it with `}`");
            return pieces;
        };
        let shift = |span: Range<usize>| start + span.start..start + span.end;
        match parse_condition(inside, limits.get(limits::EXPRESSION_DEPTH)) {
            Err(mut error) => {
                error.span = shift(error.span);
                tell_syntax(r, &places, error);
            }
            Ok(expr) => match check::compile_operand(&expr, limits) {
                Ok((operand, _)) => pieces.push(Piece::Operand(operand)),
                Err(problems) => {
                    for mut problem in problems {
                        problem.span = shift(problem.span);
                        for other in &mut problem.others {
                            other.0 = shift(other.0.clone());
                        }
                        tell(r, &places, problem);
                    }
                }
            },
        }
        rest = next;
    }
}

fn tell_syntax(r: &mut Reader<'_, '_, '_>, places: &Places, error: SyntaxError) {
    let span = places.span(&error.span);
    let file = r.file;
    r.report
        .add(Diagnostic::error(file, "WR000", span, error.title, error.label).helped(error.help));
}

fn tell(r: &mut Reader<'_, '_, '_>, places: &Places, problem: Problem) {
    let file = r.file;
    let mut told = Diagnostic::error(
        file,
        problem.code,
        places.span(&problem.span),
        problem.title,
        problem.label,
    )
    .helped(problem.help);
    for (span, label) in problem.others {
        told = told.other(places.span(&span), label);
    }
    r.report.add(told);
}
