//! The progress line: share, rate, time left. On a terminal only, and on standard error.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::capture::Progress;

/// Draws the line from a thread of its own until dropped.
pub struct ProgressLine {
    done: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ProgressLine {
    /// Starts the line, unless standard error is no terminal.
    pub fn start(progress: Arc<Progress>) -> Self {
        if !std::io::stderr().is_terminal() {
            return ProgressLine {
                done: None,
                thread: None,
            };
        }
        let (done, wait) = channel::<()>();
        let thread = std::thread::spawn(move || {
            let start = Instant::now();
            let mut drawn = false;
            while let Err(RecvTimeoutError::Timeout) = wait.recv_timeout(Duration::from_millis(250))
            {
                eprint!(
                    "\r\x1b[K{}",
                    line(progress.read(), progress.total(), start.elapsed())
                );
                let _ = std::io::stderr().flush();
                drawn = true;
            }
            if drawn {
                eprint!("\r\x1b[K");
                let _ = std::io::stderr().flush();
            }
        });
        ProgressLine {
            done: Some(done),
            thread: Some(thread),
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.done.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn line(read: u64, total: Option<u64>, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64().max(0.001);
    let rate = read as f64 / seconds;
    let megabytes = |n: f64| n / 1e6;
    match total {
        Some(total) if total > 0 => {
            let share = 100.0 * read as f64 / total as f64;
            let left = (total.saturating_sub(read) as f64 / rate.max(1.0)).ceil() as u64;
            format!(
                "{share:3.0} %  {:.0} MB/s  {}:{:02} left",
                megabytes(rate),
                left / 60,
                left % 60
            )
        }
        _ => format!(
            "{:.0} MB  {:.0} MB/s",
            megabytes(read as f64),
            megabytes(rate)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_file_in_two_seconds_leaves_two_seconds() {
        let text = line(50_000_000, Some(100_000_000), Duration::from_secs(2));
        assert_eq!(text, " 50 %  25 MB/s  0:02 left");
    }

    #[test]
    fn standard_input_has_no_share() {
        assert_eq!(
            line(3_000_000, None, Duration::from_secs(1)),
            "3 MB  3 MB/s"
        );
    }
}
