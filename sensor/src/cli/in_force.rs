//! What a reload and an entry written at a screen both load from, so that neither undoes the other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::args::JudgeArgs;
use super::setup::Law;
use crate::config::Limits;
use crate::pipeline::Change;
use crate::view::clerk::Pending;

/// Where rules, policy and names come from now, and the entries that stand in no file.
#[derive(Clone)]
pub struct InForce(Arc<Mutex<Sources>>);

#[derive(Clone)]
struct Sources {
    judge: JudgeArgs,
    limits: Limits,
    entries: Pending,
}

impl InForce {
    pub fn new(judge: &JudgeArgs, limits: &Limits) -> Self {
        InForce(Arc::new(Mutex::new(Sources {
            judge: judge.clone(),
            limits: limits.clone(),
            entries: Pending::default(),
        })))
    }

    /// Loads everything as these settings say, with the entries that stand in no file. Only if all
    /// of it is good do they stay.
    pub fn reload(
        &self,
        judge: &JudgeArgs,
        limits: &Limits,
        all_fields: bool,
    ) -> Result<Change, String> {
        let mut sources = self.sources();
        let law = Law::with(judge, limits, &sources.entries)?;
        sources.judge = judge.clone();
        sources.limits = limits.clone();
        Ok(change(law, judge, all_fields))
    }

    /// Loads everything once more with entries that were just written. They stay if `kept` says so.
    pub fn with(&self, entries: &Pending, memory: Option<&Pending>) -> Result<Change, String> {
        let mut sources = self.sources();
        if sources.judge.policy.is_none() && !entries.grants.is_empty() {
            return Err("there is no policy to add to: `wardwatch learn` makes one".into());
        }
        let law = Law::with(&sources.judge, &sources.limits, entries)?;
        if let Some(memory) = memory {
            sources.entries = memory.clone();
        }
        Ok(change(law, &sources.judge, true))
    }

    fn sources(&self) -> MutexGuard<'_, Sources> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn change(law: Law, judge: &JudgeArgs, all_fields: bool) -> Change {
    let mut interest = rules::engine::interest_of(&law.rules);
    if all_fields {
        interest.want_all_fields_of_all();
    }
    Change {
        rules: law.rules,
        policy: law.policy,
        exceptions: law.exceptions,
        interest: Arc::new(interest),
        ruling: law.ruling,
        register: law.register,
        canaries: judge.canary.clone().into(),
    }
}
