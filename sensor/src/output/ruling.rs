//! Which rules and which policy are in force, as a hash that records carry.

use rules::language::ruleset::Source;
use sha2::{Digest, Sha256};

/// Hashes of the rule set and the policy in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ruling {
    /// First 64 bits of SHA-256 over names and texts of all rule files, in order of names. Empty if
    /// nobody said.
    pub rules: String,
    /// First 64 bits of SHA-256 of the policy file. Empty without a policy.
    pub policy: String,
    /// The same over all files of exceptions. Empty without any.
    pub exceptions: String,
}

impl Ruling {
    pub fn of(rules: &[Source], policy: Option<&str>) -> Self {
        Ruling {
            rules: of_all(rules),
            policy: policy.map_or_else(String::new, |text| short(&Sha256::digest(text.as_bytes()))),
            exceptions: String::new(),
        }
    }

    /// The same with these files of exceptions.
    pub fn excepting(mut self, files: &[Source]) -> Self {
        if !files.is_empty() {
            self.exceptions = of_all(files);
        }
        self
    }
}

fn of_all(files: &[Source]) -> String {
    let mut sources: Vec<&Source> = files.iter().collect();
    sources.sort_by(|a, b| (&a.name, &a.text).cmp(&(&b.name, &b.text)));
    let mut hash = Sha256::new();
    for source in sources {
        for part in [&source.name, &source.text] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
    }
    short(&hash.finalize())
}

fn short(hash: &[u8]) -> String {
    hash.iter().take(8).map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str, text: &str) -> Source {
        Source {
            name: name.into(),
            text: text.into(),
        }
    }

    #[test]
    fn one_changed_letter_in_a_rule_is_another_ruling() {
        let one = Ruling::of(&[source("a", "x"), source("b", "y")], None);
        let other = Ruling::of(&[source("a", "x"), source("b", "z")], None);
        assert_ne!(one.rules, other.rules);
    }

    #[test]
    fn order_of_files_does_not_matter() {
        let one = Ruling::of(&[source("a", "x"), source("b", "y")], Some("p"));
        let other = Ruling::of(&[source("b", "y"), source("a", "x")], Some("p"));
        assert_eq!(one, other);
        // The digest of "p" by sha256sum.
        assert_eq!(one.policy, "148de9c5a7a44d19");
    }
}
