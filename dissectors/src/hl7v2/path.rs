//! Paths into a message's text: `RXG-15`, `PID-3.1`, `OBX(2)-5`, `OBX-5(2)`, `PID-5(1).1.2`, `ZPM`.
//!
//! `SEG[(n)][-field[(repetition)][.component[.subcomponent]]]`, all counted from 1. Where a number
//! is left out, every segment or repetition is meant. MSH-1 is the field separator, MSH-2 the
//! encoding characters (HL7 v2 ch. 2). A part that has parts of its own is given as sent; a leaf has
//! its escape sequences resolved.

use nom::branch::alt;
use nom::bytes::complete::take;
use nom::character::complete::{char, digit1};
use nom::combinator::{all_consuming, map_res, opt, verify};
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

use crate::message::Value;
use crate::schema::BodyPath;

use super::delimiters::Delimiters;
use super::escape;
use super::segments::{Fields, Walk, is_header, is_segment_id, nth};

struct Path {
    segment: [u8; 3],
    /// Which segment of that id, from 1.
    nth: Option<usize>,
    field: Option<Field>,
}

struct Field {
    number: usize,
    repetition: Option<usize>,
    component: Option<usize>,
    subcomponent: Option<usize>,
}

/// Compiles a path.
pub(super) fn compile(text: &str) -> Result<Box<dyn BodyPath>, String> {
    match all_consuming(path).parse(text.trim()) {
        Ok((_, path)) => Ok(Box::new(path)),
        Err(_) => Err(format!(
            "`{text}` is no HL7 path; write SEGMENT-FIELD.COMPONENT as in RXG-15, PID-3.1, OBX(2)-5 or OBX-5(2)"
        )),
    }
}

fn path(i: &str) -> IResult<&str, Path> {
    let (i, id) = verify(take(3usize), |id: &str| is_segment_id(id.as_bytes())).parse(i)?;
    let (i, nth) = opt(index).parse(i)?;
    let (i, field) = opt(preceded(char('-'), field)).parse(i)?;
    let mut segment = [0; 3];
    segment.copy_from_slice(id.as_bytes());
    Ok((
        i,
        Path {
            segment,
            nth,
            field,
        },
    ))
}

fn field(i: &str) -> IResult<&str, Field> {
    let (i, number) = count(i)?;
    let (i, repetition) = opt(index).parse(i)?;
    let (i, component) = opt(preceded(char('.'), count)).parse(i)?;
    let (i, subcomponent) = match component {
        Some(_) => opt(preceded(char('.'), count)).parse(i)?,
        None => (i, None),
    };
    Ok((
        i,
        Field {
            number,
            repetition,
            component,
            subcomponent,
        },
    ))
}

fn index(i: &str) -> IResult<&str, usize> {
    alt((
        delimited(char('('), count, char(')')),
        delimited(char('['), count, char(']')),
    ))
    .parse(i)
}

fn count(i: &str) -> IResult<&str, usize> {
    verify(map_res(digit1, str::parse), |n: &usize| {
        (1..=9999).contains(n)
    })
    .parse(i)
}

impl BodyPath for Path {
    fn read(&self, body: &[u8], found: &mut dyn FnMut(Value<'_>)) {
        let mut walk = Walk::new(body);
        let mut d = Delimiters::USUAL;
        let mut seen = 0;
        let mut leaf = Vec::new();
        while let Some((start, end)) = walk.next_segment() {
            let segment = &body[start..end];
            if is_header(segment) {
                d = Delimiters::read(segment).0;
            }
            if !segment.starts_with(&self.segment) {
                continue;
            }
            seen += 1;
            if self.nth.is_some_and(|n| n != seen) {
                continue;
            }
            match &self.field {
                None => found(Value::Text(segment)),
                Some(field) => field.read(segment, &d, &mut leaf, found),
            }
        }
    }
}

impl Field {
    fn read(
        &self,
        segment: &[u8],
        d: &Delimiters,
        leaf: &mut Vec<u8>,
        found: &mut dyn FnMut(Value<'_>),
    ) {
        let text = Fields::of(segment, d.field).get(self.number);
        if is_header(segment) {
            match self.number {
                1 | 2 => return found(Value::Text(text)),
                // Passwords and tokens are never shown.
                8 if text.is_empty() => return,
                8 => return found(Value::Secret(u32::try_from(text.len()).unwrap_or(u32::MAX))),
                _ => {}
            }
        }
        if text.is_empty() {
            return;
        }
        for (n, repetition) in d.repetitions(text).enumerate() {
            if self.repetition.is_some_and(|r| r != n + 1) {
                continue;
            }
            let mut part = repetition;
            if let Some(component) = self.component {
                part = nth(part, d.component, component - 1);
            }
            if let Some(subcomponent) = self.subcomponent {
                part = nth(part, d.subcomponent, subcomponent - 1);
            }
            if part.is_empty() {
                continue;
            }
            let parted = (self.component.is_none() && part.contains(&d.component))
                || (self.subcomponent.is_none() && part.contains(&d.subcomponent));
            if parted || d.escape == 0 || !part.contains(&d.escape) {
                found(Value::Text(part));
            } else {
                leaf.clear();
                escape::resolve(part, d, leaf);
                found(Value::Text(leaf));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"MSH|^~\\&|BCMA^12^EUI-64|HOSP|||2026|s3cret|RGV^O15|X1\r\
        PID|1||T1^^^A~T2^^^B||DOE&VAN^JO\\T\\Y\rOBX|1||A||5\rOBX|2||B||6~7\rZPM|x";

    fn read(path: &str) -> Vec<String> {
        let mut all = Vec::new();
        let path = compile(path).unwrap_or_else(|e| panic!("{e}"));
        path.read(BODY, &mut |v| match v {
            Value::Text(t) => all.push(String::from_utf8_lossy(t).into_owned()),
            other => all.push(format!("{other:?}")),
        });
        all
    }

    #[test]
    fn what_is_no_path_is_refused_with_an_example() {
        for text in [
            "",
            "PID-",
            "pid-3",
            "PID-0",
            "PID-3.",
            "PID-3.1.2.3",
            "PID 3",
            "PID-3(x)",
            "PIDX-3",
        ] {
            let error = compile(text).err().unwrap_or_default();
            assert!(error.contains("RXG-15"), "{text}: {error}");
        }
    }

    #[test]
    fn the_header_counts_its_separator_and_hides_its_secret() {
        assert_eq!(read("MSH-1"), ["|"]);
        assert_eq!(read("MSH-2"), ["^~\\&"]);
        assert_eq!(read("MSH-3.1"), ["BCMA"]);
        assert_eq!(read("MSH-8"), ["Secret(6)"]);
        assert_eq!(read("MSH-9"), ["RGV^O15"]);
    }

    #[test]
    fn segments_repetitions_components_and_subcomponents_are_reached() {
        assert_eq!(read("PID-3.1"), ["T1", "T2"]);
        assert_eq!(read("PID-3(2)"), ["T2^^^B"]);
        assert_eq!(read("PID-5.1.2"), ["VAN"]);
        assert_eq!(read("PID-5.1"), ["DOE&VAN"]);
        assert_eq!(read("PID-5.2"), ["JO&Y"]);
        assert_eq!(read("OBX-5"), ["5", "6", "7"]);
        assert_eq!(read("OBX(2)-5"), ["6", "7"]);
        assert_eq!(read("OBX(2)-5(2)"), ["7"]);
        assert_eq!(read("ZPM"), ["ZPM|x"]);
        assert_eq!(read("PID-30"), Vec::<String>::new());
        assert_eq!(read("NTE-3"), Vec::<String>::new());
    }
}
