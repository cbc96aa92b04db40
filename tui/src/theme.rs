//! Colours and signs by name. Colour is never the only sign.

use ratatui::style::{Color, Modifier, Style};
use rules::finding::Severity;

/// Which theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    #[default]
    Dark,
    Light,
    /// No colour at all, only bold, dim and reverse: what `NO_COLOR` asks for. Naming no colour is
    /// more than leaving it out, for a reset of colours resets bold and reverse with them.
    Plain,
}

/// Named styles.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    pub look: Look,
    pub title: Style,
    pub bar: Style,
    pub text: Style,
    pub dim: Style,
    pub border: Style,
    pub strong: Style,
    pub selected: Style,
    pub key: Style,
    pub good: Style,
    pub bad: Style,
    pub warn: Style,
    pub marked: Style,
    pub hidden: Style,
    severity: [Style; 5],
    pub signs: Signs,
}

/// Characters beyond letters, in Unicode or plain ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signs {
    pub spark: [&'static str; 9],
    pub horizontal: &'static str,
    pub vertical: &'static str,
    pub corners: [&'static str; 4],
    pub arrow: &'static str,
    pub chosen: &'static str,
    pub ellipsis: &'static str,
    pub lane: &'static str,
    /// Of a map: the first of several arrows, one between, the last.
    pub branches: [&'static str; 3],
}

pub const UNICODE: Signs = Signs {
    spark: ["·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    horizontal: "─",
    vertical: "│",
    corners: ["┌", "┐", "└", "┘"],
    arrow: "→",
    chosen: "▸",
    ellipsis: "…",
    lane: "·",
    branches: ["┬", "├", "└"],
};

pub const ASCII: Signs = Signs {
    spark: [".", "_", "_", "-", "-", "=", "=", "^", "#"],
    horizontal: "-",
    vertical: "|",
    corners: ["+", "+", "+", "+"],
    arrow: ">",
    chosen: ">",
    ellipsis: "~",
    lane: ".",
    branches: ["+", "+", "+"],
};

impl Theme {
    pub fn new(look: Look, signs: Signs) -> Self {
        let s = Style::new();
        let bold = s.add_modifier(Modifier::BOLD);
        let reverse = s.add_modifier(Modifier::REVERSED);
        let dim = s.add_modifier(Modifier::DIM);
        match look {
            Look::Plain => Theme {
                look,
                title: bold,
                bar: reverse,
                text: s,
                dim,
                border: dim,
                strong: bold,
                selected: reverse,
                key: bold,
                good: s,
                bad: bold,
                warn: bold,
                marked: reverse,
                hidden: dim,
                severity: [dim, s, s, bold, bold.add_modifier(Modifier::REVERSED)],
                signs,
            },
            Look::Dark => Theme {
                look,
                title: bold.fg(Color::Cyan),
                bar: s.fg(Color::White).bg(Color::DarkGray),
                text: s,
                dim: s.fg(Color::DarkGray),
                border: s.fg(Color::DarkGray),
                strong: bold,
                selected: s.fg(Color::Black).bg(Color::Cyan),
                key: bold.fg(Color::Cyan),
                good: s.fg(Color::Green),
                bad: bold.fg(Color::LightRed),
                warn: s.fg(Color::Yellow),
                marked: s.fg(Color::Black).bg(Color::Yellow),
                hidden: s.fg(Color::Magenta),
                // By lightness too: white on red, bright yellow, cyan, blue, grey.
                severity: [
                    s.fg(Color::DarkGray),
                    s.fg(Color::LightBlue),
                    s.fg(Color::Cyan),
                    bold.fg(Color::Yellow),
                    bold.fg(Color::White).bg(Color::Red),
                ],
                signs,
            },
            Look::Light => Theme {
                look,
                title: bold.fg(Color::Blue),
                bar: s.fg(Color::Black).bg(Color::Gray),
                text: s,
                dim: s.fg(Color::DarkGray),
                border: s.fg(Color::Gray),
                strong: bold,
                selected: s.fg(Color::White).bg(Color::Blue),
                key: bold.fg(Color::Blue),
                good: s.fg(Color::Green),
                bad: bold.fg(Color::Red),
                warn: bold.fg(Color::Magenta),
                marked: s.fg(Color::Black).bg(Color::Yellow),
                hidden: s.fg(Color::Magenta),
                severity: [
                    s.fg(Color::DarkGray),
                    s.fg(Color::Blue),
                    s.fg(Color::Magenta),
                    bold.fg(Color::Red),
                    bold.fg(Color::White).bg(Color::Red),
                ],
                signs,
            },
        }
    }

    pub fn severity(&self, severity: Severity) -> Style {
        self.severity[severity as usize]
    }
}

/// Severity by mark and letter: `!! C`, ` ! H`, ` - M`, ` . L`, `   I`.
pub const fn mark(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "!! C",
        Severity::High => " ! H",
        Severity::Medium => " - M",
        Severity::Low => " . L",
        Severity::Info => "   I",
    }
}
