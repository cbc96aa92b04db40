//! `wardwatch policy explain` and `policy shadow`: what a policy says of a question, and of captures.

use std::path::Path;

use dissectors::Verb;
use rules::RuleSet;
use rules::policy::explain::Question;
use rules::policy::shadow;

use super::args::Input;
use super::setup::load_policy;
use super::survey::{Survey, say, stamp};
use super::{Ending, complain};

/// Says who allows it, or what is missing. Ends with 3 if it is not allowed.
pub fn explain(path: &Path, [from, verb, to]: [&str; 3], at: Option<&str>) -> Ending {
    let said = answer(path, [from, verb, to], at).and_then(|(allowed, text)| {
        say(&text)?;
        Ok(if allowed {
            Ending::Done
        } else {
            Ending::Findings
        })
    });
    said.unwrap_or_else(|message| {
        complain(message);
        Ending::Failed
    })
}

fn answer(
    path: &Path,
    [from, verb, to]: [&str; 3],
    at: Option<&str>,
) -> Result<(bool, String), String> {
    let policy = load_policy(path)?;
    let Some(word) = Verb::from_word(verb) else {
        let words: Vec<&str> = Verb::ALL.iter().map(|v| v.word()).collect();
        return Err(format!(
            "`{verb}` is not a verb; verbs are {}",
            words.join(" ")
        ));
    };
    let time = match at {
        None => None,
        Some(text) => Some(instant(text)?),
    };
    let explanation = policy.explain(&Question {
        from,
        verb: word,
        to,
        time,
    })?;
    Ok((explanation.allowed, explanation.text))
}

fn instant(text: &str) -> Result<i64, String> {
    let stamp: jiff::Timestamp = text
        .parse()
        .map_err(|_| format!("`{text}` is no time; write 2026-11-24T20:41:00Z"))?;
    i64::try_from(stamp.as_nanosecond()).map_err(|_| format!("`{text}` is out of range"))
}

/// Prints what a policy would have denied in captures.
pub fn shadow(path: &Path, input: &Input, utc: bool) -> Ending {
    let told = load_policy(path).and_then(|policy| {
        let rules = RuleSet::load(&[]).map_err(|e| e.to_string())?;
        let survey = Survey::of(input, rules, None, Some(policy))?;
        say(&shadow::report(&survey.book, &stamp(utc)))?;
        Ok(survey.ending())
    });
    told.unwrap_or_else(|message| {
        complain(message);
        Ending::Failed
    })
}
