//! The command line of `wardwatch`.

/// `println!` for every command here: a reader that closed its end (`| head`) ends the output, it
/// is no fault. (The standard library's panics.)
macro_rules! println {
    () => { $crate::cli::say(format_args!("\n")) };
    ($($arg:tt)*) => { $crate::cli::say(format_args!("{}\n", format_args!($($arg)*))) };
}

/// `print!`, likewise.
macro_rules! print {
    ($($arg:tt)*) => { $crate::cli::say(format_args!($($arg)*)) };
}

pub mod args;
mod bench;
pub mod beside;
mod check;
mod devices;
mod dissector_dirs;
mod in_force;
mod interfaces;
mod learn;
mod names;
mod new_dissector;
mod policy;
mod progress;
pub mod reference;
mod reload;
mod replay;
mod report;
mod rulebook;
mod rules_test;
mod rules_trace;
mod service;
mod setup;
mod span;
mod survey;
mod talk;
mod view;
mod watch;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::config;

use args::{Cli, Command, PolicyCommand, ProtocolsCommand, RulesCommand};

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
    let line = config::CommandLine::of_process();
    let (cli, limits) = match line.parse::<Cli>() {
        Ok(parsed) => parsed,
        Err(message) => {
            complain(message);
            return Ending::Failed.into();
        }
    };
    if let Err(message) = dissector_dirs::load(&cli.dissector_dir) {
        complain(message);
        return Ending::Failed.into();
    }
    let ending = match cli.command {
        None => replay::run(&cli.replay, &limits),
        Some(Command::Replay(args)) => replay::run(&args, &limits),
        Some(Command::Watch(args)) => watch::run(&args, &limits, &line),
        Some(Command::Interfaces { json }) => interfaces::run(json),
        Some(Command::Span(args)) => span::run(&args, &limits),
        Some(Command::Check(args)) => check::run(&args, &limits),
        Some(Command::Talk(args)) => talk::run(&args),
        Some(Command::View(args)) => view::run(&args),
        Some(Command::Report(args)) => report::run(&args, &limits),
        Some(Command::Devices(args)) => devices::run(&args),
        Some(Command::Learn(args)) => learn::run(&args),
        Some(Command::Rules(RulesCommand::Check { paths })) => rulebook::check(&paths),
        Some(Command::Rules(RulesCommand::List {
            rules,
            missing: true,
            json,
        })) => rulebook::missing(&rules, json),
        Some(Command::Rules(RulesCommand::List { rules, json, .. })) => {
            rulebook::list(&rules, json)
        }
        Some(Command::Rules(RulesCommand::Explain { id, rules })) => rulebook::explain(&id, &rules),
        Some(Command::Rules(RulesCommand::Trace(args))) => rules_trace::run(&args, &limits),
        Some(Command::Rules(RulesCommand::Test(args))) => rules_test::run(&args, &limits),
        Some(Command::Policy(PolicyCommand::Check { file })) => rulebook::check_policy(&file),
        Some(Command::Policy(PolicyCommand::Explain {
            from,
            verb,
            to,
            policy,
            at,
        })) => policy::explain(&policy, [&from, &verb, &to], at.as_deref()),
        Some(Command::Policy(PolicyCommand::Shadow { file, input, utc })) => {
            policy::shadow(&file, &input, utc)
        }
        Some(Command::Protocols {
            command: Some(ProtocolsCommand::Export { lua }),
            ..
        }) => bench::export(&lua),
        Some(Command::Protocols { json, .. }) => reference::protocols(json),
        Some(Command::Try(args)) => bench::try_dissector(&args),
        Some(Command::Streams(args)) => bench::streams(&args),
        Some(Command::NewDissector(args)) => new_dissector::run(&args),
        Some(Command::Fields { protocol }) => reference::fields(&protocol),
    };
    match ending {
        Ending::Done if UNWRITTEN.load(Ordering::Relaxed) => Ending::Failed.into(),
        ending => ending.into(),
    }
}

/// Something that a command had to say could not be written.
static UNWRITTEN: AtomicBool = AtomicBool::new(false);

/// Writes to standard output, as far as somebody reads it.
fn say(words: std::fmt::Arguments<'_>) {
    use std::io::{ErrorKind, Write};
    match std::io::stdout().lock().write_fmt(words) {
        Ok(()) => {}
        Err(e) if e.kind() == ErrorKind::BrokenPipe => {}
        Err(e) if !UNWRITTEN.swap(true, Ordering::Relaxed) => {
            complain(format_args!("standard output cannot be written: {e}"));
        }
        Err(_) => {}
    }
}

/// What would be written to standard error, while the terminal is drawn on.
static ASIDE: Mutex<Option<Vec<String>>> = Mutex::new(None);

/// Tells a person what went wrong.
fn complain(message: impl std::fmt::Display) {
    let mut aside = ASIDE.lock().unwrap_or_else(PoisonError::into_inner);
    match aside.as_mut() {
        Some(lines) if lines.len() < 1000 => lines.push(message.to_string()),
        Some(_) => {}
        None => eprintln!("wardwatch: {message}"),
    }
}
