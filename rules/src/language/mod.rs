//! The rule language: TOML prose around one typed condition.

pub mod diagnostic;
pub mod ruleset;
