//! The program itself, built once and run as a user would.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::OnceLock;

/// Path of `wardwatch`, built in the test's own profile if need be.
pub fn path() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let built = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--locked",
                "--package",
                "wardwatch",
                "--bin",
                "wardwatch",
            ])
            .args(["--message-format", "json"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo can be run");
        assert!(
            built.status.success(),
            "{}",
            String::from_utf8_lossy(&built.stderr)
        );
        String::from_utf8_lossy(&built.stdout)
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
            .next_back()
            .expect("cargo names the executable")
    })
}

/// Runs `wardwatch` with these arguments. Times are in UTC whatever the machine's zone.
pub fn run<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Output {
    Command::new(path())
        .args(args)
        .env("TZ", "UTC")
        .output()
        .expect("wardwatch can be run")
}

/// What it wrote to standard output, and to standard error.
pub fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// Sends a process a signal (`INT`, `HUP`, `0`), by the shell's own `kill`: a bare system has no
/// program of that name. True if it was there to get it.
pub fn signal(name: &str, process: &str) -> bool {
    Command::new("sh")
        .args(["-c", &format!("kill -{name} {process} 2>/dev/null")])
        .status()
        .is_ok_and(|s| s.success())
}
