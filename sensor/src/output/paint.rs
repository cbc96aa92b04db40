//! Colour, where a terminal shows it and nobody objects (`NO_COLOR`).

use std::io::IsTerminal;

use rules::finding::Severity;

/// Whether colours are written. Colour is never the only sign.
#[derive(Clone, Copy, Debug)]
pub struct Paint(bool);

impl Paint {
    /// Colours on a terminal only, and never under `NO_COLOR` (any value but the empty one).
    pub fn for_stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        Paint(!refused && std::io::stdout().is_terminal())
    }

    pub const PLAIN: Paint = Paint(false);

    pub fn severity(self, severity: Severity, text: &str) -> String {
        match severity {
            Severity::Critical => self.wrap("1;37;41", text),
            Severity::High => self.wrap("1;31", text),
            Severity::Medium => self.wrap("1;33", text),
            Severity::Low => self.wrap("36", text),
            Severity::Info => text.to_owned(),
        }
    }

    pub fn strong(self, text: &str) -> String {
        self.wrap("1", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.0 {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}
