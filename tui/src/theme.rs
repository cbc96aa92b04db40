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

/// What the looks with colours differ in.
struct Hues {
    accent: Color,
    bar: (Color, Color),
    border: Color,
    selected: (Color, Color),
    bad: Color,
    warn: Color,
    /// Low, medium, high; by lightness too.
    severity: [Color; 3],
}

const DARK: Hues = Hues {
    accent: Color::Cyan,
    bar: (Color::White, Color::DarkGray),
    border: Color::DarkGray,
    selected: (Color::Black, Color::Cyan),
    bad: Color::LightRed,
    warn: Color::Yellow,
    severity: [Color::LightBlue, Color::Cyan, Color::Yellow],
};

const LIGHT: Hues = Hues {
    accent: Color::Blue,
    bar: (Color::Black, Color::Gray),
    border: Color::Gray,
    selected: (Color::White, Color::Blue),
    bad: Color::Red,
    warn: Color::Magenta,
    severity: [Color::Blue, Color::Magenta, Color::Red],
};

impl Theme {
    pub fn new(look: Look, signs: Signs) -> Self {
        let mut theme = match look {
            Look::Plain => Theme::plain(signs),
            Look::Dark => Theme::coloured(&DARK, signs),
            Look::Light => Theme::coloured(&LIGHT, signs),
        };
        theme.look = look;
        theme
    }

    fn plain(signs: Signs) -> Self {
        let s = Style::new();
        let bold = s.add_modifier(Modifier::BOLD);
        let reverse = s.add_modifier(Modifier::REVERSED);
        let dim = s.add_modifier(Modifier::DIM);
        Theme {
            look: Look::Plain,
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
        }
    }

    fn coloured(hues: &Hues, signs: Signs) -> Self {
        let s = Style::new();
        let bold = s.add_modifier(Modifier::BOLD);
        let on = |(fg, bg): (Color, Color)| s.fg(fg).bg(bg);
        let [low, medium, high] = hues.severity;
        Theme {
            look: Look::Dark,
            title: bold.fg(hues.accent),
            bar: on(hues.bar),
            text: s,
            dim: s.fg(Color::DarkGray),
            border: s.fg(hues.border),
            strong: bold,
            selected: on(hues.selected),
            key: bold.fg(hues.accent),
            good: s.fg(Color::Green),
            bad: bold.fg(hues.bad),
            warn: bold.fg(hues.warn),
            marked: on((Color::Black, Color::Yellow)),
            hidden: s.fg(Color::Magenta),
            severity: [
                s.fg(Color::DarkGray),
                s.fg(low),
                s.fg(medium),
                bold.fg(high),
                bold.fg(Color::White).bg(Color::Red),
            ],
            signs,
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
