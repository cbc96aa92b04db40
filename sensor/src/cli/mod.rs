//! The command line of `wardwatch`.

mod args;
mod progress;
pub mod reference;
mod replay;
mod rulebook;
mod talk;
mod view;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command, PolicyCommand, RulesCommand};

/// How a command ended, as the exit code tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Done,
    /// 1: something failed.
    Failed,
    /// 2: the command line asked for something that cannot be.
    Usage,
    /// 3: findings at or above `--fail-on`.
    Findings,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> ExitCode {
        ExitCode::from(match ending {
            Ending::Done => 0,
            Ending::Failed => 1,
            Ending::Usage => 2,
            Ending::Findings => 3,
        })
    }
}

/// Runs the command that the arguments name. Usage errors end the process with 2.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let ending = match cli.command {
        None => replay::run(&cli.replay),
        Some(Command::Replay(args)) => replay::run(&args),
        Some(Command::Talk(args)) => talk::run(&args),
        Some(Command::View(args)) => view::run(&args),
        Some(Command::Rules(RulesCommand::Check { paths })) => rulebook::check(&paths),
        Some(Command::Rules(RulesCommand::List { rules, json })) => rulebook::list(&rules, json),
        Some(Command::Rules(RulesCommand::Explain { id, rules })) => rulebook::explain(&id, &rules),
        Some(Command::Policy(PolicyCommand::Check { file })) => rulebook::check_policy(&file),
        Some(Command::Protocols { json }) => reference::protocols(json),
        Some(Command::Fields { protocol }) => reference::fields(&protocol),
    };
    ending.into()
}

/// Tells a person what went wrong.
fn complain(message: impl std::fmt::Display) {
    eprintln!("wardwatch: {message}");
}
