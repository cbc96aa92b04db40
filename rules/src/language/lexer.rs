//! Characters to tokens.

use std::ops::Range;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, digit1, hex_digit1, none_of, one_of};
use nom::combinator::{map, not, opt, peek, recognize, verify};
use nom::multi::{many0, many0_count};
use nom::sequence::{delimited, pair, preceded, terminated};
use nom::{IResult, Parser};

use super::ast::Unit;

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A word, dotted or not: `verb`, `set-rate`, `dicom.calling_ae`. Keywords are words too.
    Word(String),
    /// `hl7v2[RXG-15]`: the name, what stands in the brackets, where that stands.
    Path(String, String, Range<usize>),
    Number(f64, Option<Unit>),
    Text(String),
    Pattern(String),
    Net(String),
    /// Operators and brackets.
    Sign(&'static str),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Lexed {
    pub token: Token,
    pub span: Range<usize>,
}

/// A place where no token begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Stray {
    pub span: Range<usize>,
    pub what: &'static str,
    pub help: Option<&'static str>,
}

/// Words that cannot be a unit after a number.
const AFTER_NUMBER: &[&str] = &[
    "and", "or", "not", "is", "in", "by", "within", "after", "matches", "contains", "starts",
    "ends",
];

const SIGNS: &[&str] = &[
    "..", "!=", "<=", ">=", "==", "&&", "||", "=", "<", ">", "+", "-", "*", "/", "(", ")", "[",
    "]", ",", "!",
];

/// Cuts a condition into tokens. The first character that begins none is reported.
pub fn lex(text: &str) -> Result<Vec<Lexed>, Stray> {
    let mut tokens: Vec<Lexed> = Vec::new();
    let mut rest = skip(text);
    while !rest.is_empty() {
        let start = text.len() - rest.len();
        // A slash begins a pattern only where a value may stand.
        let value_may_stand = tokens.last().is_none_or(|t| match &t.token {
            Token::Sign(s) => !matches!(*s, ")" | "]"),
            Token::Word(w) => w == "matches" || w == "is" || w == "in" || w == "not",
            _ => false,
        });
        let (after, token) = token(text, rest, value_may_stand).map_err(|()| stray(rest, start))?;
        let end = text.len() - after.len();
        tokens.push(Lexed {
            token,
            span: start..end,
        });
        rest = skip(after);
    }
    Ok(tokens)
}

/// White space and comments from `#` to the end of the line.
fn skip(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        match text.strip_prefix('#') {
            Some(comment) => text = comment.split_once('\n').map_or("", |(_, next)| next),
            None => return text,
        }
    }
}

fn stray(rest: &str, start: usize) -> Stray {
    let len = rest.chars().next().map_or(0, char::len_utf8);
    let (what, help) = match rest.chars().next() {
        Some('"' | '\'') => (
            "this text has no end",
            Some("close it with the same quotation mark"),
        ),
        Some('/') => ("this pattern has no end", Some("close it with `/`")),
        _ => ("no word, number or sign begins here", None),
    };
    Stray {
        span: start..start + len,
        what,
        help,
    }
}

fn token<'t>(all: &str, i: &'t str, value_may_stand: bool) -> Result<(&'t str, Token), ()> {
    if value_may_stand && let Ok((rest, pattern)) = pattern(i) {
        return Ok((rest, Token::Pattern(pattern)));
    }
    if let Ok((rest, net)) = net(i) {
        return Ok((rest, Token::Net(net.to_owned())));
    }
    if let Ok((rest, code)) = code_point(i) {
        return Ok((rest, Token::Number(code, None)));
    }
    if let Ok((rest, number)) = number(i) {
        let (rest, unit) = unit(all, rest);
        return Ok((rest, Token::Number(number, unit)));
    }
    if let Ok((rest, text)) = quoted(i) {
        return Ok((rest, Token::Text(text)));
    }
    if let Ok((rest, word)) = word(i) {
        if let Ok((after, inside)) = bracketed(rest) {
            let start = all.len() - rest.len() + 1;
            let at = start..start + inside.len();
            return Ok((after, Token::Path(word.to_owned(), inside.to_owned(), at)));
        }
        return Ok((rest, Token::Word(word.to_owned())));
    }
    for &s in SIGNS {
        if let Some(rest) = i.strip_prefix(s) {
            return Ok((rest, Token::Sign(s)));
        }
    }
    Err(())
}

fn word(i: &str) -> IResult<&str, &str> {
    fn part(i: &str) -> IResult<&str, &str> {
        verify(take_while1(is_word), |w: &str| {
            w.starts_with(|c: char| c.is_alphabetic() || c == '_')
        })
        .parse(i)
    }
    recognize(pair(part, many0_count(preceded(char('.'), part)))).parse(i)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

/// Balanced brackets right behind a name.
fn bracketed(i: &str) -> IResult<&str, &str> {
    let (inside, _) = char('[').parse(i)?;
    let mut depth = 1usize;
    for (at, c) in inside.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            '\n' => break,
            _ => {}
        }
        if depth == 0 {
            return Ok((&inside[at + 1..], &inside[..at]));
        }
    }
    Err(nom::Err::Error(nom::error::Error::new(
        i,
        nom::error::ErrorKind::Tag,
    )))
}

fn net(i: &str) -> IResult<&str, &str> {
    let dotted = (
        digit1,
        char('.'),
        digit1,
        char('.'),
        digit1,
        char('.'),
        digit1,
    );
    terminated(
        recognize(pair(dotted, opt(pair(char('/'), digit1)))),
        peek(not(one_of(".0123456789"))),
    )
    .parse(i)
}

/// `0xFF00`, as standards write statuses and codes.
fn code_point(i: &str) -> IResult<&str, f64> {
    let (rest, digits) = preceded(tag("0x"), hex_digit1).parse(i)?;
    match u32::from_str_radix(digits, 16) {
        Ok(code) => Ok((rest, f64::from(code))),
        Err(_) => Err(nom::Err::Error(nom::error::Error::new(
            i,
            nom::error::ErrorKind::HexDigit,
        ))),
    }
}

fn number(i: &str) -> IResult<&str, f64> {
    let fraction = pair(char('.'), digit1);
    let exponent = (one_of("eE"), opt(one_of("+-")), digit1);
    let (rest, text) = recognize((digit1, opt(fraction), opt(exponent))).parse(i)?;
    match text.parse() {
        Ok(value) => Ok((rest, value)),
        Err(_) => Err(nom::Err::Error(nom::error::Error::new(
            i,
            nom::error::ErrorKind::Digit,
        ))),
    }
}

/// A unit behind a number, in UCUM's case-sensitive spelling.
fn unit<'t>(all: &str, after_number: &'t str) -> (&'t str, Option<Unit>) {
    let i = after_number.trim_start_matches(' ');
    let mut open = 0usize;
    let mut end = 0;
    for (at, c) in i.char_indices() {
        let fits = match c {
            '[' => {
                open += 1;
                at > 0 || unit_bracket(i)
            }
            ']' if open > 0 => {
                open -= 1;
                true
            }
            '.' => !i[at..].starts_with(".."),
            '/' | '*' | '\'' | '{' | '}' | '_' | '^' => at > 0,
            '%' | 'µ' | 'μ' => true,
            c => c.is_ascii_alphabetic() || (at > 0 && c.is_ascii_digit()),
        };
        if !fits {
            break;
        }
        end = at + c.len_utf8();
    }
    let text = &i[..end];
    if text.is_empty() || AFTER_NUMBER.contains(&text) {
        return (after_number, None);
    }
    let start = all.len() - i.len();
    (
        &i[end..],
        Some(Unit {
            text: text.to_owned(),
            span: start..start + end,
        }),
    )
}

/// `[iU]`, `[psi]`: a bracket that begins a unit, not a list.
fn unit_bracket(i: &str) -> bool {
    [
        "[iU]", "[IU]", "[psi]", "[lb_av]", "[oz_av]", "[in_i]", "[ft_i]", "[drp]", "[degF]",
    ]
    .iter()
    .any(|u| i.starts_with(u))
}

fn quoted(i: &str) -> IResult<&str, String> {
    let escape = preceded(
        char('\\'),
        alt((
            char('"'),
            char('\\'),
            char('n').map(|_| '\n'),
            char('r').map(|_| '\r'),
            char('t').map(|_| '\t'),
        )),
    );
    let double = delimited(
        char('"'),
        map(many0(alt((escape, none_of("\"\\\n")))), |cs| {
            cs.into_iter().collect()
        }),
        char('"'),
    );
    let single = delimited(
        char('\''),
        map(take_while(|c| c != '\'' && c != '\n'), str::to_owned),
        char('\''),
    );
    alt((double, single)).parse(i)
}

/// `/.../`; a slash inside is written `\/`.
fn pattern(i: &str) -> IResult<&str, String> {
    let part = alt((
        map(tag("\\/"), |_| "/".to_owned()),
        map(recognize(pair(char('\\'), none_of("\n"))), str::to_owned),
        map(none_of("/\\\n"), String::from),
    ));
    delimited(
        char('/'),
        map(many0(part), |parts| parts.concat()),
        char('/'),
    )
    .parse(i)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token> {
        lex(text).unwrap().into_iter().map(|l| l.token).collect()
    }

    #[test]
    fn text_without_end_is_reported_where_it_begins() {
        let stray = lex("kind is \"RGV").unwrap_err();
        assert_eq!(stray.span, 8..9);
        assert!(lex("verb is ;").is_err());
    }

    #[test]
    fn range_is_two_numbers_and_a_unit() {
        assert_eq!(
            tokens("0..1200 mL/h"),
            [
                Token::Number(0.0, None),
                Token::Sign(".."),
                Token::Number(
                    1200.0,
                    Some(Unit {
                        text: "mL/h".into(),
                        span: 8..12
                    })
                ),
            ]
        );
    }

    #[test]
    fn keyword_behind_a_number_is_no_unit() {
        assert_eq!(tokens("20 and").len(), 2);
        assert_eq!(
            tokens("20 and"),
            [Token::Number(20.0, None), Token::Word("and".into())]
        );
    }

    #[test]
    fn closing_bracket_of_a_list_is_no_part_of_a_unit() {
        assert_eq!(tokens("[5 mm[Hg]]").last(), Some(&Token::Sign("]")));
        assert_eq!(tokens("[5 mL]").len(), 3);
    }

    #[test]
    fn path_keeps_what_stands_in_its_brackets() {
        assert_eq!(
            tokens("dicom[0010,0020]"),
            [Token::Path("dicom".into(), "0010,0020".into(), 6..15)]
        );
        assert_eq!(tokens("x in [a]").len(), 5);
    }

    #[test]
    fn slash_begins_a_pattern_only_where_a_value_may_stand() {
        assert_eq!(
            tokens("a matches /b\\/c/").last(),
            Some(&Token::Pattern("b/c".into()))
        );
        assert_eq!(tokens("value / 2").len(), 3);
    }

    #[test]
    fn address_with_prefix_is_one_token() {
        assert_eq!(tokens("10.20.0.0/16"), [Token::Net("10.20.0.0/16".into())]);
    }
}
