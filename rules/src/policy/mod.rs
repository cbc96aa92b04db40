//! Who may do what to whom, in which bounds, when.

use crate::language::diagnostic::Report;

/// A policy, checked and compiled.
#[derive(Debug)]
pub struct Policy {}

impl Policy {
    /// Loads a policy file. All mistakes are told at once.
    pub fn load(_name: &str, _text: &str) -> Result<Policy, Report> {
        todo!()
    }

    /// What loads but deserves a look (a lapsed grant, a group that nobody uses).
    pub fn warnings(&self) -> &Report {
        todo!()
    }
}
