//! Numbers as devices print them.

use crate::action::Quantity;

/// A decimal number: digits with an optional sign and point, spaces around. Nothing else counts
/// (no exponent, no `nan`).
pub fn decimal(text: &[u8]) -> Option<f64> {
    let text = text.trim_ascii();
    let digits = text
        .strip_prefix(b"-")
        .or(text.strip_prefix(b"+"))
        .unwrap_or(text);
    let points = digits.iter().filter(|b| **b == b'.').count();
    let plain = digits.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    if !plain || points > 1 || digits.len() == points {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A number with its unit; NaN where the text is no number (then the message needs an anomaly).
pub fn quantity<'a>(sent: &'a [u8], unit: &'a [u8], code: &'a [u8]) -> Quantity<'a> {
    Quantity {
        number: decimal(sent).unwrap_or(f64::NAN),
        sent,
        unit,
        code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_exponents_are_no_numbers() {
        for text in [
            &b""[..],
            b".",
            b"-",
            b"inf",
            b"nan",
            b"1e3",
            b"1.2.3",
            b"12x",
            b"1 2",
        ] {
            assert_eq!(decimal(text), None, "{:?}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn padded_numbers_are_read() {
        assert_eq!(decimal(b"  40"), Some(40.0));
        assert_eq!(decimal(b"-0.5 "), Some(-0.5));
        assert_eq!(decimal(b".45"), Some(0.45));
    }
}
