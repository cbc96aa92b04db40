//! The values that a verb may set: `0..1200 mL/h`.

use dissectors::action::Quantity;

use crate::language::compiled::Truth;
use crate::language::eval::{Val, inside, quantity};
use crate::language::units::{Dimension, Unit};

/// A range in base units; its ends are allowed.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    pub low: f64,
    pub high: f64,
    pub dimension: Dimension,
    /// As written.
    pub text: String,
}

impl Bounds {
    /// `low..high unit`; either end may be left out.
    pub fn parse(text: &str) -> Result<Bounds, String> {
        let (low, rest) = text
            .split_once("..")
            .ok_or("a range is written `0..1200 mL/h`")?;
        let rest = rest.trim();
        let split = rest
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')))
            .unwrap_or(rest.len());
        let (high, unit) = rest.split_at(split);
        let number = |text: &str, open: f64| match text.trim() {
            "" => Ok(open),
            text => text
                .parse::<f64>()
                .ok()
                .filter(|n| n.is_finite())
                .ok_or_else(|| format!("`{text}` is no number")),
        };
        let (low, high) = (
            number(low, f64::NEG_INFINITY)?,
            number(high, f64::INFINITY)?,
        );
        let unit = unit.trim();
        if unit.is_empty() {
            return Err("a range has a unit: `0..1200 mL/h`".to_owned());
        }
        let known = Unit::parse(unit.as_bytes()).ok_or_else(|| {
            format!("`{unit}` is no unit that is known; units are UCUM codes (mL/h, ug/kg/min)")
        })?;
        if low > high {
            return Err("the end of the range is below its beginning".to_owned());
        }
        Ok(Bounds {
            low: known.base(low),
            high: known.base(high),
            dimension: known.dimension,
            text: text.trim().to_owned(),
        })
    }
}

/// Whether a value lies within those of the bounds that are of its dimension. Unknown if none is.
pub fn judge<'b>(
    bounds: impl Iterator<Item = &'b Bounds>,
    value: &Quantity<'_>,
) -> (Truth, Option<&'b Bounds>) {
    let Some(Val::Quantity(number, dimension)) = quantity(value) else {
        return (Truth::Unknown, None);
    };
    let mut result = (Truth::Unknown, None);
    for bounds in bounds.filter(|b| b.dimension == dimension) {
        match inside(bounds.low, bounds.high, number) {
            Truth::False => return (Truth::False, Some(bounds)),
            truth => result = (truth, Some(bounds)),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(number: f64, unit: &str) -> Quantity<'_> {
        Quantity {
            number,
            sent: b"",
            unit: unit.as_bytes(),
            code: b"",
        }
    }

    fn judge_one(range: &str, number: f64, unit: &str) -> Truth {
        judge([Bounds::parse(range).unwrap()].iter(), &value(number, unit)).0
    }

    #[test]
    fn what_is_no_range_is_refused_with_the_reason() {
        for (wrong, why) in [
            ("1200 mL/h", "0..1200"),
            ("0..1200", "unit"),
            ("0..1200 mlh", "mlh"),
            ("9..1 mL/h", "below"),
            ("a..1 mL/h", "`a`"),
            ("0..1e999 mL/h", "unit"),
        ] {
            let told = Bounds::parse(wrong).unwrap_err();
            assert!(told.contains(why), "{wrong}: {told}");
        }
    }

    #[test]
    fn both_ends_are_allowed_in_any_unit_of_the_dimension() {
        assert_eq!(judge_one("0..1200 mL/h", 1.2, "L/h"), Truth::True);
        assert_eq!(judge_one("0..1200 mL/h", 1200.1, "mL/h"), Truth::False);
        assert_eq!(judge_one("5.. mL/h", 4.9, "mL/h"), Truth::False);
        assert_eq!(judge_one("..5 mL/h", -1e6, "mL/h"), Truth::True);
    }

    #[test]
    fn another_dimension_or_no_unit_is_unknown_not_out_of_bounds() {
        assert_eq!(judge_one("0..1200 mL/h", 9e9, "mg/h"), Truth::Unknown);
        assert_eq!(judge_one("0..1200 mL/h", 9e9, ""), Truth::Unknown);
        assert_eq!(judge_one("0..1200 mL/h", f64::NAN, "mL/h"), Truth::Unknown);
    }
}
