//! What a regular expression cannot match without: many of them are told apart by it at once.

use regex_syntax::hir::{Hir, HirKind};

/// The longest text that every match of the pattern has within it; empty if none is certain.
pub fn part_of(pattern: &str) -> Vec<u8> {
    let parsed = regex_syntax::ParserBuilder::new()
        .utf8(false)
        .build()
        .parse(pattern);
    parsed.map(|hir| longest(&hir)).unwrap_or_default()
}

fn longest(hir: &Hir) -> Vec<u8> {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.to_vec(),
        HirKind::Capture(capture) => longest(&capture.sub),
        HirKind::Repetition(repeated) if repeated.min > 0 => longest(&repeated.sub),
        HirKind::Concat(parts) => {
            let all = parts.iter().map(longest);
            all.max_by_key(Vec::len).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_left_out_is_not_required() {
        for (pattern, part) in [
            ("a|bcd", ""),
            ("(?i)curl", ""),
            ("(abc)?x", "x"),
            ("abc*", "ab"),
            ("[0-9]+", ""),
            ("^(lib|drop)bear7-[0-9]+", "bear7-"),
            ("(?s)^.*badtool/1\\..*$", "badtool/1."),
            ("(abc)+d{0,3}", "abc"),
            ("(", ""),
        ] {
            assert_eq!(part_of(pattern), part.as_bytes(), "{pattern}");
        }
    }
}
