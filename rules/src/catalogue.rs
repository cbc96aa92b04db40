//! The shipped rules.

use crate::language::ruleset::Source;

/// Every shipped rule file.
pub fn shipped() -> Vec<Source> {
    Vec::new()
}
