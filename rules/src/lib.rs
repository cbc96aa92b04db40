//! Messages in, findings out: the rule language, the policy, and the judge that holds every
//! message against both.
//!
//! This crate knows [`dissectors::message::Message`] and nothing of packets, threads or wall time:
//! the verdict depends on the messages alone. A rule file is TOML with a typed condition
//! ([`language`]); a policy says who may do what to whom ([`policy`]); [`engine`] joins requests
//! with answers, keeps windows over packet time and collapses repeats into one [`Finding`].

pub mod advisory;
pub mod baseline;
pub mod catalogue;
pub mod clean;
pub mod engine;
pub mod exceptions;
pub mod finding;
pub mod incident;
pub mod inventory;
pub mod language;
pub mod limits;
pub mod policy;
pub mod privacy;
pub mod standing;

pub use engine::{Judge, Restored, Settings};
pub use exceptions::Exceptions;
pub use finding::{Confidence, Event, Finding, Party, Severity};
pub use language::diagnostic::{Diagnostic, Report};
pub use language::ruleset::{Rule, RuleSet, Source};
pub use policy::Policy;
pub use privacy::{Pseudonyms, Show, Words};
