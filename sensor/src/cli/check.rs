//! `wardwatch check`: configuration, policy and rules, loaded together as a run would.

use super::args::Check;
use super::setup::Law;
use super::{Ending, complain};
use crate::config::Limits;

/// The configuration was read before this is called: a fault in it ended the program with 1.
pub fn run(args: &Check, limits: &Limits) -> Ending {
    match Law::load(&args.judge, limits) {
        Ok(law) => {
            let config = args
                .config
                .config
                .as_ref()
                .map_or("no configuration file".to_owned(), |p| {
                    format!("configuration {}", p.display())
                });
            let policy = args
                .judge
                .policy
                .as_ref()
                .map_or("no policy".to_owned(), |p| {
                    format!("policy {} ({})", p.display(), law.ruling.policy)
                });
            let exceptions = match law.exceptions.causes().count() {
                0 => String::new(),
                n => format!(
                    ", {n} exceptions, windows and thresholds ({})",
                    law.ruling.exceptions
                ),
            };
            println!(
                "{config}, {policy}{exceptions}, {} rules ({}): no mistakes",
                law.rules.rules().count(),
                law.ruling.rules
            );
            Ending::Done
        }
        Err(message) => {
            complain(message);
            Ending::Failed
        }
    }
}
