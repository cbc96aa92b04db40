//! Giving up what is not needed once the interfaces are open: root, capabilities, the way back to
//! them, files and system calls. Each measure is reported as on or off, with the reason.

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod identity;

use std::fmt;
use std::os::fd::RawFd;
use std::path::PathBuf;

/// What the run still needs.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// The user to become, if we are root.
    pub user: String,
    /// The capability to capture stays, to open an interface again.
    pub capture: bool,
    /// Files and directories that are read again later (rules, policy, configuration).
    pub read: Vec<PathBuf>,
    /// Directories in which files are made and removed.
    pub write: Vec<PathBuf>,
    /// Sockets to other hosts: an output needs them.
    pub network: bool,
    /// Descriptors of captures: the kernel refuses to write to them from now on.
    pub captures: Vec<RawFd>,
    /// Without the file-system and system-call sandbox.
    pub no_sandbox: bool,
}

/// One measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    pub name: &'static str,
    pub on: bool,
    /// What it does, or why it is off.
    pub why: String,
}

impl Measure {
    fn on(name: &'static str, why: impl Into<String>) -> Self {
        Measure {
            name,
            on: true,
            why: why.into(),
        }
    }

    fn off(name: &'static str, why: impl Into<String>) -> Self {
        Measure {
            name,
            on: false,
            why: why.into(),
        }
    }
}

/// `no new privileges: on (nothing started from here gets more)`.
impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.on { "on" } else { "off" };
        write!(f, "{}: {state} ({})", self.name, self.why)
    }
}

/// Gives up everything but the needs. To be called while the process has one thread.
#[cfg(target_os = "linux")]
pub fn give_up(needs: &Needs) -> Vec<Measure> {
    let mut measures = identity::give_up(needs);
    if needs.no_sandbox {
        for name in [files::NAME, calls::NAME] {
            measures.push(Measure::off(name, "turned off by --no-sandbox"));
        }
    } else {
        measures.push(files::restrict(needs));
        measures.push(calls::restrict(needs));
    }
    measures
}

/// Gives up everything but the needs: nothing of it exists on this system.
#[cfg(not(target_os = "linux"))]
pub fn give_up(_: &Needs) -> Vec<Measure> {
    vec![Measure::off("privileges", "this system is not Linux")]
}

/// Makes a directory that is written to later, and gives it to the user that we will be then. A
/// directory that is there already stays whose it is.
#[cfg(target_os = "linux")]
pub fn prepare(directory: &std::path::Path, user: &str) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if directory.is_dir() {
        return Ok(());
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    if rustix::process::geteuid().is_root()
        && let Some((uid, gid)) = identity::account(user).or_else(|| identity::account("nobody"))
    {
        std::os::unix::fs::chown(directory, Some(uid), Some(gid))?;
    }
    Ok(())
}

/// Makes a directory that is written to later.
#[cfg(not(target_os = "linux"))]
pub fn prepare(directory: &std::path::Path, _: &str) -> std::io::Result<()> {
    std::fs::create_dir_all(directory)
}
