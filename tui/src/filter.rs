//! The filter line: a condition of the rule language, or a text in quotes.

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use dissectors::action::Outcome;
use dissectors::message::Message;
use dissectors::registry::PROTOCOLS;
use rules::inventory::Inventory;
use rules::language::compiled::{Condition, Truth};
use rules::language::eval::{Facts, NoPast, eval};
use rules::language::names::{ATTRIBUTES, FACTS, QUESTIONS, Type, Vocabulary};
use rules::language::{check, parser};
use rules::limits::{EXPRESSION_DEPTH, Limits};
use rules::policy::Policy;

/// A filter that is understood.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// As typed.
    pub text: String,
    what: What,
}

#[derive(Clone, Debug, Default)]
enum What {
    #[default]
    All,
    /// Lower case.
    Text(String),
    Condition(Arc<Condition>),
}

/// What is wrong with a filter, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Bytes of the text.
    pub span: Range<usize>,
    pub says: String,
}

/// What a condition may ask beside the message.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    pub policy: Option<&'a Policy>,
    pub outcome: Option<Outcome>,
}

static NOBODY: LazyLock<Inventory> = LazyLock::new(Inventory::default);

impl Filter {
    pub fn parse(text: &str) -> Result<Filter, Trouble> {
        let typed = text.trim();
        let what = if typed.is_empty() {
            What::All
        } else if let Some(quoted) = quoted(typed) {
            What::Text(quoted.to_lowercase())
        } else {
            What::Condition(Arc::new(condition(text)?))
        };
        Ok(Filter {
            text: typed.to_owned(),
            what,
        })
    }

    pub fn is_all(&self) -> bool {
        matches!(self.what, What::All)
    }

    /// Does a message pass, by itself or by the line that shows it?
    pub fn passes(
        &self,
        message: Option<Message<'_>>,
        around: Around<'_>,
        line: impl FnOnce() -> String,
    ) -> bool {
        match &self.what {
            What::All => true,
            What::Text(text) => line().to_lowercase().contains(text),
            What::Condition(condition) => message.is_some_and(|m| {
                let mut facts = Facts::new(m, around.policy, &NOBODY);
                facts.outcome = around.outcome;
                eval(&condition.root, &facts, &mut NoPast) == Truth::True
            }),
        }
    }
}

fn quoted(text: &str) -> Option<&str> {
    ['"', '\''].iter().find_map(|q| {
        text.strip_prefix(*q)
            .map(|t| t.strip_suffix(*q).unwrap_or(t))
    })
}

fn condition(text: &str) -> Result<Condition, Trouble> {
    let limits = Limits::default();
    let expr = parser::parse(text, limits.get(EXPRESSION_DEPTH)).map_err(|e| Trouble {
        span: e.span.clone(),
        says: with_help(&e.title, &e.label, e.help.as_deref()),
    })?;
    let condition = check::compile(&expr, &limits).map_err(|problems| {
        problems.into_iter().next().map_or_else(
            || Trouble {
                span: 0..0,
                says: "not understood".into(),
            },
            |p| Trouble {
                says: with_help(&p.title, &p.label, p.help.as_deref()),
                span: p.span,
            },
        )
    })?;
    if !condition.windows.is_empty() {
        return Err(Trouble {
            span: 0..text.len(),
            says: "a filter looks at one message: counts and sequences belong into a rule".into(),
        });
    }
    if condition.uses.request_fields || condition.uses.request {
        return Err(Trouble {
            span: 0..text.len(),
            says: "a filter looks at one message: `request` belongs into a rule".into(),
        });
    }
    Ok(condition)
}

fn with_help(title: &str, label: &str, help: Option<&str>) -> String {
    match help {
        Some(help) => format!("{title}: {label} ({help})"),
        None => format!("{title}: {label}"),
    }
}

/// A word that may stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    pub word: String,
    pub says: &'static str,
}

const GLUE: &[(&str, &str)] = &[
    ("and", "both hold"),
    ("or", "one holds"),
    ("not", "it does not hold"),
    ("is", "equal, for words"),
    ("in", "one of a list, a range, a network, a group"),
    ("contains", "has this text in it"),
    ("starts with", "begins with this text"),
    ("ends with", "ends with this text"),
    ("matches", "regular expression"),
];

/// What may be typed at the end of `text`, and where the word begins that it completes.
pub fn complete(text: &str) -> (usize, Vec<Completion>) {
    let word_char = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    let start = text
        .char_indices()
        .rev()
        .find(|(_, c)| !word_char(*c))
        .map_or(0, |(at, c)| at + c.len_utf8());
    let word = &text[start..];
    let before = text[..start].trim_end();
    // Inside quotes there is nothing to complete.
    if text.matches('\'').count() % 2 == 1 || text.matches('"').count() % 2 == 1 {
        return (start, Vec::new());
    }
    let mut found = Vec::new();
    let mut offer = |name: &str, says: &'static str| {
        if name.starts_with(word) && name != word && found.len() < 200 {
            found.push(Completion {
                word: name.to_owned(),
                says,
            });
        }
    };
    if let Some(vocabulary) = vocabulary_before(before) {
        for name in vocabulary.words() {
            offer(name, vocabulary.title());
        }
        return (start, found);
    }
    for (name, _, _, says) in FACTS {
        offer(name, says);
    }
    for seat in ["actor", "target"] {
        for (name, _, _, says) in ATTRIBUTES {
            offer(&format!("{seat}.{name}"), says);
        }
    }
    for name in QUESTIONS {
        offer(name, "as the policy says");
    }
    for (name, says) in GLUE {
        offer(name, says);
    }
    for protocol in PROTOCOLS {
        // Fields only once the protocol is named: there are hundreds.
        if word.starts_with(protocol.name) && word[protocol.name.len()..].starts_with('.') {
            for field in protocol.fields {
                offer(&format!("{}.{}", protocol.name, field.name), field.doc);
            }
        } else {
            offer(&format!("{}.", protocol.name), protocol.title);
        }
    }
    (start, found)
}

/// After `verb is` or `verb in (read,` only words of that vocabulary make sense.
fn vocabulary_before(before: &str) -> Option<Vocabulary> {
    let mut words =
        before.rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | ',' | '{' | '['));
    let mut words = words.by_ref().filter(|w| !w.is_empty());
    let mut last = words.next()?;
    if !matches!(last, "is" | "=" | "==" | "!=" | "in") {
        // Within a list, look for what came before it.
        let open = before.rfind(['(', '{', '['])?;
        if before[open..].contains([')', '}', ']']) {
            return None;
        }
        let head = before[..open].trim_end();
        return head
            .strip_suffix("in")
            .and_then(|h| vocabulary_of(h.trim_end()));
    }
    let mut name = words.next()?;
    if name == "not" || last == "not" {
        last = name;
        name = words.next()?;
    }
    let _ = last;
    vocabulary_of(name)
}

fn vocabulary_of(text: &str) -> Option<Vocabulary> {
    let name = text.rsplit(char::is_whitespace).next()?;
    if name.ends_with(".kind") {
        return Some(Vocabulary::Device);
    }
    FACTS.iter().find_map(|(n, _, t, _)| match t {
        Type::Word(v) if *n == name => Some(*v),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_field_is_told_where_it_stands() {
        let trouble = Filter::parse("verb is set-rate and valeu > 500 mL/h").unwrap_err();
        assert_eq!(
            &"verb is set-rate and valeu > 500 mL/h"[trouble.span],
            "valeu"
        );
        assert!(trouble.says.contains("value"), "{}", trouble.says);
    }

    #[test]
    fn counting_is_refused_with_the_reason() {
        let says = Filter::parse("count(verb is read) by actor within 60 s >= 3")
            .unwrap_err()
            .says;
        assert!(!says.is_empty());
    }

    #[test]
    fn condition_as_in_a_rule_is_taken() {
        assert!(Filter::parse("effect is therapy and not authorised").is_ok());
    }

    #[test]
    fn words_of_the_vocabulary_complete_after_is() {
        let (start, found) = complete("verb is set-r");
        assert_eq!(start, 8);
        assert_eq!(found[0].word, "set-rate");
        assert!(complete("verb is ").1.iter().all(|c| c.word != "actor.ip"));
    }

    #[test]
    fn fields_complete_once_the_protocol_is_named() {
        assert!(complete("hl7").1.iter().any(|c| c.word == "hl7v2."));
        assert!(
            complete("hl7v2.sending_a")
                .1
                .iter()
                .any(|c| c.word == "hl7v2.sending_app")
        );
    }
}
