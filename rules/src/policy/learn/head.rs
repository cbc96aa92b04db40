//! The head of a draft: what it was learned from, and what was not seen.

use std::fmt::Write as _;

use super::Lesson;
use super::words::{plain, quoted, short, week_text};

impl Lesson<'_> {
    pub(super) fn head(&self) -> String {
        let time = self.manner.time;
        let mut out = String::from("schema = 1\n");
        let sources: Vec<String> = self.manner.sources.iter().map(|s| plain(s)).collect();
        let _ = writeln!(
            out,
            "title = {}",
            quoted(&format!("Learned from {}", sources.join(", ")))
        );
        let _ = writeln!(out, "learned = true");
        let _ = writeln!(out, "timezone = \"UTC\"\n");
        if let Some((first, last)) = self.book.seen() {
            let _ = writeln!(
                out,
                "# {} messages from {} to {}.",
                self.book.messages(),
                time(first.time),
                time(last.time)
            );
        }
        out.push_str(
            "# Read it, put right what is wrong, and sign: a grant marked `proposed` counts only when\n\
             # `accepted_by` with a name and a date stands on it.\n#\n# Not seen:\n",
        );
        let week = self.book.week();
        let _ = writeln!(
            out,
            "#   {} of the 168 hours of the week (UTC); heard were {}.",
            168 - week.count(),
            week_text(week)
        );
        let once: Vec<String> = self
            .devices
            .iter()
            .filter(|d| d.sent() <= 2 || d.last_seen() - d.first_seen() < 10_000_000_000)
            .map(|d| d.address().to_string())
            .collect();
        if !once.is_empty() {
            let _ = writeln!(out, "#   more than a glimpse of {}.", short(&once, 12));
        }
        let mute: Vec<String> = self
            .inventory
            .assets()
            .iter()
            .filter(|a| a.sent == 0)
            .map(|a| a.ip.to_string())
            .collect();
        if !mute.is_empty() {
            let _ = writeln!(out, "#   a word from {}.", short(&mute, 12));
        }
        out.push('\n');
        out
    }
}
