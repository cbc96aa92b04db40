//! A real terminal (tmux) in which a test drives the program as a person would.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::capture::scratch;
use crate::program;

/// A terminal with a program in it.
pub struct Tmux {
    socket: PathBuf,
}

impl Tmux {
    /// `None`, with a message, where tmux is missing.
    pub fn start(size: (u16, u16), command: &str) -> Option<Self> {
        let tmux = Tmux {
            socket: scratch("tmux"),
        };
        let started = Command::new("tmux")
            .arg("-S")
            .arg(&tmux.socket)
            .args(["-f", "/dev/null", "new-session", "-d", "-x"])
            .arg(size.0.to_string())
            .arg("-y")
            .arg(size.1.to_string())
            // The shell stays, so that what the program leaves behind can be seen.
            .arg(format!("{command}; echo ended with $?; sleep 1000"))
            .env("LANG", "C.UTF-8")
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .output();
        match started {
            Ok(output) => {
                assert!(
                    output.status.success(),
                    "{}",
                    String::from_utf8_lossy(&output.stderr)
                );
                Some(tmux)
            }
            Err(e) => {
                eprintln!("skipped: tmux cannot be run ({e}); install it for this test");
                None
            }
        }
    }

    pub fn tmux(&self, args: &[&str]) -> String {
        let output = Command::new("tmux")
            .arg("-S")
            .arg(&self.socket)
            .args(args)
            .output()
            .expect("tmux can be run");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Types a text, or presses a key by its name in tmux.
    pub fn press(&self, keys: &[&str]) {
        for key in keys {
            self.tmux(&["send-keys", key]);
        }
    }

    /// Types a text.
    pub fn write(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    /// What stands on the screen.
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Waits until the screen shows a text.
    pub fn shows(&self, wanted: &str) -> String {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            if screen.contains(wanted) {
                return screen;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "{wanted:?} does not appear in\n{screen}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        // Where tmux is missing there is no server either.
        let _ = Command::new("tmux")
            .arg("-S")
            .arg(&self.socket)
            .arg("kill-server")
            .output();
        let _ = fs::remove_file(&self.socket);
    }
}

/// A command line of the program under test.
pub fn wardwatch(args: &[&str]) -> String {
    let mut line = program::path().display().to_string();
    for arg in args {
        line.push_str(&format!(" '{arg}'"));
    }
    line
}

pub fn path(path: &Path) -> String {
    path.display().to_string()
}
