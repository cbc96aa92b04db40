//! The researcher's bench: `try`, `streams`, `protocols export`.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::args::{StreamsArgs, TryArgs};
use super::{Ending, complain};
use crate::workbench::{export as exported, streams as written, subject, tried};

/// `wardwatch try`.
pub fn try_dissector(args: &TryArgs) -> Ending {
    if args.watch {
        return watch(args);
    }
    tell(
        subject::find(&args.subject)
            .and_then(|subject| tried::run(subject.protocol, &args.input, args.show_patient_data)),
    )
}

/// `wardwatch streams`.
pub fn streams(args: &StreamsArgs) -> Ending {
    tell(written::write(&args.input, args.unidentified, &args.output))
}

/// `wardwatch protocols export --lua`.
pub fn export(name: &Path) -> Ending {
    if subject::data_file(name).is_some() {
        return tell(
            subject::find(name).and_then(|subject| exported::lua(subject.protocol.name())),
        );
    }
    tell(exported::lua(&name.to_string_lossy()))
}

/// How often a save is looked for.
const LOOK: Duration = Duration::from_millis(300);

/// Runs the same command without `--watch` at each save. A process of its own each time: the list of
/// protocols is made once a run, and code in Rust has to be built anew.
fn watch(args: &TryArgs) -> Ending {
    let Ok(program) = std::env::current_exe() else {
        complain("cannot find this program's own file");
        return Ending::Failed;
    };
    let watched: PathBuf =
        subject::data_file(&args.subject).unwrap_or_else(|| args.subject.clone());
    let rust = !watched.is_file();
    let again: Vec<_> = std::env::args_os()
        .skip(1)
        .filter(|a| a != "--watch")
        .collect();
    let mut last = None;
    loop {
        let now = subject::written(&watched);
        if now.is_none() {
            complain(format!("{} is not there", watched.display()));
            return Ending::Failed;
        }
        if now == last {
            std::thread::sleep(LOOK);
            continue;
        }
        let built = last.is_none() || !rust || build(&program, &watched);
        last = now;
        if std::io::stdout().is_terminal() {
            print!("\x1b[2J\x1b[H");
        }
        if built && let Err(e) = Command::new(&program).args(&again).status() {
            complain(format!("{}: {e}", program.display()));
            return Ending::Failed;
        }
        println!("-- waiting for a change of {}", watched.display());
        if std::io::stdout().flush().is_err() {
            return Ending::Done;
        }
    }
}

/// Builds the program from the tree that the folder lies in, in the profile of the running one.
fn build(program: &Path, folder: &Path) -> bool {
    let mut cargo = Command::new("cargo");
    cargo.args([
        "build",
        "--quiet",
        "--package",
        "wardwatch",
        "--bin",
        "wardwatch",
    ]);
    if program.components().any(|c| c.as_os_str() == "release") {
        cargo.arg("--release");
    }
    match cargo.current_dir(folder).status() {
        Ok(status) => status.success(),
        Err(e) => {
            complain(format!("cargo: {e}"));
            false
        }
    }
}

fn tell(text: Result<String, String>) -> Ending {
    match text {
        Ok(text) => match std::io::stdout().lock().write_all(text.as_bytes()) {
            Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
                complain(format!("cannot write to standard output: {e}"));
                Ending::Failed
            }
            _ => Ending::Done,
        },
        Err(message) => {
            complain(message);
            Ending::Failed
        }
    }
}
