//! What a person said of a finding: acknowledged, muted, reopened. The sensor keeps it.

use rules::finding::{FindingId, Severity};

/// What a person did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Handling {
    /// Seen, somebody takes care of it.
    Acknowledged,
    /// Known and not wanted on the screen.
    Muted,
    /// Open again.
    Reopened,
}

impl Handling {
    pub const ALL: [Handling; 3] = [Handling::Acknowledged, Handling::Muted, Handling::Reopened];

    /// As records spell it.
    pub const fn word(self) -> &'static str {
        match self {
            Handling::Acknowledged => "acknowledged",
            Handling::Muted => "muted",
            Handling::Reopened => "reopened",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|h| h.word() == word)
    }
}

/// One act of one person on one finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub finding: FindingId,
    pub what: Handling,
    /// The person's name, as typed.
    pub who: String,
    /// Wall time, nanoseconds since 1970.
    pub at: i64,
    pub note: String,
    /// The finding's severity then: one that rises later is open again.
    pub severity: Severity,
}

impl Mark {
    /// True if a finding of this severity still stands as marked.
    pub fn holds(&self, severity: Severity) -> bool {
        self.what == Handling::Reopened || severity <= self.severity
    }
}
