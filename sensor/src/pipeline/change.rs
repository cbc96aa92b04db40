//! New rules, policy and settings for a run that goes on.
//!
//! A change travels with the parcels: readers, workers and judge take it at the same frame, so no
//! frame is lost by it and no message is judged by rules whose fields were not looked for.

use std::sync::{Arc, Mutex, PoisonError};

use dissectors::message::Interest;
use rules::exceptions::Exceptions;
use rules::inventory::Register;
use rules::language::ruleset::RuleSet;
use rules::policy::Policy;

use crate::health::Canary;
use crate::output::ruling::Ruling;

/// What is in force from some frame on. It was checked before: taking it cannot fail.
pub struct Change {
    pub rules: RuleSet,
    pub policy: Option<Policy>,
    pub exceptions: Exceptions,
    pub interest: Arc<Interest>,
    pub ruling: Ruling,
    /// What the site calls its devices.
    pub register: Option<Arc<Register>>,
    /// Heart-beats that are waited for.
    pub canaries: Arc<[Canary]>,
}

/// Where a change waits for the reader. The newest wins.
#[derive(Clone, Default)]
pub struct Changes(Arc<Mutex<Option<Box<Change>>>>);

impl Changes {
    pub fn put(&self, change: Change) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(change));
    }

    pub fn take(&self) -> Option<Box<Change>> {
        // Somebody is just putting one in: it is there the next time.
        self.0.try_lock().ok()?.take()
    }
}
