//! Versions as advisories write them, and whether one lies in a range.

use std::cmp::Ordering;

use crate::language::compiled::Truth;

/// The versions that an advisory affects, read from one line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Affected {
    All,
    /// All of the bounds hold.
    Range(Vec<(Bound, Version)>),
    /// One of them.
    Listed(Vec<Version>),
    /// Words that no program should guess at.
    Words(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    Less,
    AtMost,
    More,
    AtLeast,
}

/// Numbers separated by dots. Letters before, between or after them make a version that is only
/// equal or not: vendors order `L81` and `012U000061` each in their own way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    pub fn parse(text: &str) -> Option<Version> {
        let text = text.trim().trim_start_matches(['v', 'V']);
        let fits = text.len() <= 40
            && text.bytes().any(|b| b.is_ascii_digit())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+'));
        fits.then(|| Version(text.to_owned()))
    }

    fn numbers(&self) -> Option<Vec<u64>> {
        self.0.split('.').map(|part| part.parse().ok()).collect()
    }

    fn compare(&self, other: &Version) -> Option<Ordering> {
        if self.0.eq_ignore_ascii_case(&other.0) {
            return Some(Ordering::Equal);
        }
        let (mut a, mut b) = (self.numbers()?, other.numbers()?);
        let len = a.len().max(b.len());
        a.resize(len, 0);
        b.resize(len, 0);
        Some(a.cmp(&b))
    }
}

impl Affected {
    pub fn parse(text: &str) -> Affected {
        let text = text.trim();
        if text == "vers:all/*" || text == "*" {
            return Affected::All;
        }
        let words = || Affected::Words(text.to_owned());
        let mut bounds = Vec::new();
        let mut listed = Vec::new();
        for part in text.split('|').map(str::trim) {
            let bound = [
                ("<=", Bound::AtMost),
                (">=", Bound::AtLeast),
                ("<", Bound::Less),
                (">", Bound::More),
            ]
            .into_iter()
            .find_map(|(sign, bound)| Some((bound, part.strip_prefix(sign)?)));
            let (bound, version) = match bound {
                Some((bound, rest)) => (Some(bound), rest),
                None => (None, part),
            };
            let Some(version) = Version::parse(version) else {
                return words();
            };
            match bound {
                Some(bound) => bounds.push((bound, version)),
                None => listed.push(version),
            }
        }
        match (bounds.is_empty(), listed.is_empty()) {
            (true, false) => Affected::Listed(listed),
            (false, true) => Affected::Range(bounds),
            _ => words(),
        }
    }

    /// Whether a version is affected; unknown where the two cannot be compared.
    pub fn holds(&self, version: &Version) -> Truth {
        match self {
            Affected::All => Truth::True,
            Affected::Words(_) => Truth::Unknown,
            Affected::Listed(list) => {
                let one = |v: &Version| match version.compare(v) {
                    Some(order) => Truth::from(order == Ordering::Equal),
                    None => Truth::Unknown,
                };
                list.iter().map(one).fold(Truth::False, Truth::or)
            }
            Affected::Range(bounds) => {
                let one = |(bound, v): &(Bound, Version)| match (version.compare(v), bound) {
                    (None, _) => Truth::Unknown,
                    (Some(order), Bound::Less) => (order == Ordering::Less).into(),
                    (Some(order), Bound::AtMost) => (order != Ordering::Greater).into(),
                    (Some(order), Bound::More) => (order == Ordering::Greater).into(),
                    (Some(order), Bound::AtLeast) => (order != Ordering::Less).into(),
                };
                bounds.iter().map(one).fold(Truth::True, Truth::and)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(range: &str, version: &str) -> Truth {
        Affected::parse(range).holds(&Version::parse(version).unwrap())
    }

    #[test]
    fn what_vendors_order_in_their_own_way_is_unknown_not_guessed() {
        assert_eq!(judge("<= L81", "L80"), Truth::Unknown);
        assert_eq!(judge("<= L81", "L81"), Truth::True);
        assert_eq!(judge("< 012U000062", "012U000061"), Truth::Unknown);
        assert_eq!(judge("2.3.6 and  below", "2.0"), Truth::Unknown);
        assert_eq!(judge("<= distributed 2019", "1"), Truth::Unknown);
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        assert_eq!(judge("< 3.6.7", "3.6.10"), Truth::False);
        assert_eq!(judge("< 3.6.7", "3.6.6"), Truth::True);
        assert_eq!(judge("<=3.6", "3.6.0"), Truth::True);
        assert_eq!(judge(">= 1.0.0 | < 3.0.4", "3.0.4"), Truth::False);
        assert_eq!(judge(">= 1.0.0 | < 3.0.4", "2.1"), Truth::True);
        assert_eq!(judge("1.1 | 1.5 | 1.6", "1.5"), Truth::True);
        assert_eq!(judge("1.1 | 1.5 | 1.6", "1.4"), Truth::False);
        assert_eq!(judge("vers:all/*", "0"), Truth::True);
    }
}
