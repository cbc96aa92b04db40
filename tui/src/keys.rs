//! Every key, once: this list makes the key line, the help screen and what the keys do.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::state::Screen;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    Go(Screen),
    Up,
    Down,
    /// By a byte.
    Left,
    Right,
    /// Shows the other rules that fired on one message, and hides them.
    Unfold,
    Fold,
    PageUp,
    PageDown,
    Top,
    Bottom,
    In,
    Back,
    NextPane,
    PreviousPane,
    Filter,
    NextHit,
    PreviousHit,
    Freeze,
    Sort,
    Columns,
    Acknowledge,
    Mute,
    Reopen,
    Propose,
    /// Lanes of commands as a map, and back.
    Map,
    Export,
    Copy,
    Reveal,
    Times,
    Device,
    Conversation,
    Finding,
    ZoomIn,
    ZoomOut,
    Group,
    Bell,
    Mouse,
    Redraw,
    /// Scrolls the lower pane.
    More,
    Less,
    Help,
    Quit,
}

/// Screens on which a key works.
#[derive(Clone, Copy)]
pub enum On {
    All,
    Some(&'static [Screen]),
}

impl On {
    pub fn has(self, screen: Screen) -> bool {
        match self {
            On::All => true,
            On::Some(list) => list.contains(&screen),
        }
    }
}

/// One row of the list.
pub struct Binding {
    /// As written in the key line and on the help screen.
    pub key: &'static str,
    pub codes: &'static [(KeyCode, KeyModifiers)],
    pub act: Act,
    /// One word for the key line; empty: only on the help screen.
    pub word: &'static str,
    pub help: &'static str,
    pub on: On,
}

const NONE: KeyModifiers = KeyModifiers::NONE;
const CTRL: KeyModifiers = KeyModifiers::CONTROL;

const fn c(c: char) -> (KeyCode, KeyModifiers) {
    (KeyCode::Char(c), NONE)
}

const fn k(code: KeyCode) -> (KeyCode, KeyModifiers) {
    (code, NONE)
}

use Screen::{Commands, Conversations, Devices, Findings, Message, Protocols, Sensor};

/// In the order of the key line: what matters most on a narrow terminal stands first.
#[rustfmt::skip]
pub const BINDINGS: &[Binding] = &[
    Binding { key: "Enter", codes: &[k(KeyCode::Enter)], act: Act::In, word: "open", help: "go in: finding, device or conversation, message", on: On::Some(&[Findings, Devices, Commands, Conversations, Protocols]) },
    Binding { key: "a", codes: &[c('a')], act: Act::Acknowledge, word: "ack", help: "acknowledge the finding, with a note", on: On::Some(&[Findings]) },
    Binding { key: "x", codes: &[c('x')], act: Act::Mute, word: "mute", help: "mute the finding, with a note", on: On::Some(&[Findings]) },
    Binding { key: "e", codes: &[c('e')], act: Act::Export, word: "evidence", help: "export the finding: its conversation as pcapng and one page of text", on: On::Some(&[Findings]) },
    Binding { key: "w", codes: &[c('w')], act: Act::Propose, word: "write", help: "write a policy line, window or suppression: shown, checked, then signed", on: On::Some(&[Findings, Devices]) },
    Binding { key: "m", codes: &[c('m')], act: Act::Map, word: "map", help: "lanes as a map: who commands whom", on: On::Some(&[Commands]) },
    Binding { key: "/", codes: &[c('/')], act: Act::Filter, word: "filter", help: "filter by a condition of the rule language, or \"text\" in quotes", on: On::All },
    Binding { key: "f", codes: &[c('f'), c(' ')], act: Act::Freeze, word: "freeze", help: "freeze the picture, and go on", on: On::All },
    Binding { key: "Tab", codes: &[k(KeyCode::Tab)], act: Act::NextPane, word: "next", help: "next pane or group", on: On::Some(&[Findings, Message]) },
    Binding { key: "+", codes: &[c('+'), c('=')], act: Act::ZoomIn, word: "zoom", help: "less time on the lanes", on: On::Some(&[Commands]) },
    Binding { key: "y", codes: &[c('y')], act: Act::Copy, word: "copy", help: "copy: then w Wireshark filter, c conversation filter, j JSON, i id, l line", on: On::All },
    Binding { key: "P", codes: &[c('P')], act: Act::Reveal, word: "reveal", help: "show patient data for 30 seconds; this is logged", on: On::All },
    Binding { key: "Esc", codes: &[k(KeyCode::Esc), k(KeyCode::Backspace)], act: Act::Back, word: "back", help: "back to where you came from; at the start drops the filter", on: On::All },
    Binding { key: "s", codes: &[c('s')], act: Act::Sort, word: "sort", help: "sort by the next column", on: On::Some(&[Findings, Devices, Conversations, Protocols]) },
    Binding { key: "?", codes: &[c('?'), k(KeyCode::F(1))], act: Act::Help, word: "help", help: "this page", on: On::All },
    Binding { key: "q", codes: &[c('q'), (KeyCode::Char('c'), CTRL)], act: Act::Quit, word: "quit", help: "leave the screen", on: On::All },
    Binding { key: "l", codes: &[k(KeyCode::Right), c('l')], act: Act::Unfold, word: "unfold", help: "unfold the other rules that fired on the same message (also the arrow key)", on: On::Some(&[Findings]) },
    Binding { key: "h", codes: &[k(KeyCode::Left), c('h')], act: Act::Fold, word: "", help: "fold them into one row again: ack, mute and reopen then mean all of them", on: On::Some(&[Findings]) },
    Binding { key: "o", codes: &[c('o')], act: Act::Reopen, word: "", help: "open the finding again, with a note", on: On::Some(&[Findings]) },
    Binding { key: "S-Tab", codes: &[(KeyCode::BackTab, KeyModifiers::SHIFT), k(KeyCode::BackTab)], act: Act::PreviousPane, word: "", help: "previous pane or group", on: On::Some(&[Findings, Message]) },
    Binding { key: "-", codes: &[c('-')], act: Act::ZoomOut, word: "", help: "more time on the lanes", on: On::Some(&[Commands]) },
    Binding { key: "J", codes: &[c('J')], act: Act::More, word: "", help: "more of the lower pane", on: On::Some(&[Findings, Devices]) },
    Binding { key: "K", codes: &[c('K')], act: Act::Less, word: "", help: "back up in the lower pane", on: On::Some(&[Findings, Devices]) },
    Binding { key: "d", codes: &[c('d')], act: Act::Device, word: "", help: "jump to the device (again: to who commands it)", on: On::Some(&[Findings, Devices, Commands, Conversations, Message]) },
    Binding { key: "v", codes: &[c('v')], act: Act::Conversation, word: "", help: "jump to the conversation", on: On::Some(&[Findings, Commands, Message]) },
    Binding { key: "i", codes: &[c('i')], act: Act::Finding, word: "", help: "jump to the finding about this", on: On::Some(&[Devices, Commands, Conversations, Message]) },
    Binding { key: "n", codes: &[c('n')], act: Act::NextHit, word: "", help: "next hit of the filter", on: On::All },
    Binding { key: "N", codes: &[c('N')], act: Act::PreviousHit, word: "", help: "previous hit of the filter", on: On::All },
    Binding { key: "c", codes: &[c('c')], act: Act::Columns, word: "", help: "more or fewer columns", on: On::Some(&[Findings, Devices, Commands, Conversations]) },
    Binding { key: "r", codes: &[c('r')], act: Act::Group, word: "", help: "gather findings by rule; list reads among commands", on: On::Some(&[Findings, Commands]) },
    Binding { key: "t", codes: &[c('t')], act: Act::Times, word: "", help: "times as clock, since the start, since the previous", on: On::All },
    Binding { key: "b", codes: &[c('b')], act: Act::Bell, word: "", help: "ring the bell for new critical and high findings", on: On::All },
    Binding { key: "M", codes: &[c('M')], act: Act::Mouse, word: "", help: "mouse on or off (off lets the terminal select text)", on: On::All },
    Binding { key: "1", codes: &[c('1')], act: Act::Go(Findings), word: "", help: "Findings: is something wrong, and what do I do", on: On::All },
    Binding { key: "2", codes: &[c('2')], act: Act::Go(Devices), word: "", help: "Devices: what is here, who commands it", on: On::All },
    Binding { key: "3", codes: &[c('3')], act: Act::Go(Commands), word: "", help: "Commands: who told what to whom, when", on: On::All },
    Binding { key: "4", codes: &[c('4')], act: Act::Go(Conversations), word: "", help: "Conversations: who talks, how much, what is missing", on: On::All },
    Binding { key: "5", codes: &[c('5')], act: Act::Go(Message), word: "", help: "Message: what these bytes say", on: On::All },
    Binding { key: "6", codes: &[c('6')], act: Act::Go(Protocols), word: "", help: "Protocols: what is on this wire, what is not decoded", on: On::All },
    Binding { key: "7", codes: &[c('7')], act: Act::Go(Sensor), word: "", help: "Sensor: can I trust this picture", on: On::All },
    Binding { key: "j", codes: &[c('j'), k(KeyCode::Down)], act: Act::Down, word: "", help: "down (also the arrow key)", on: On::All },
    Binding { key: "k", codes: &[c('k'), k(KeyCode::Up)], act: Act::Up, word: "", help: "up", on: On::All },
    Binding { key: "h l", codes: &[k(KeyCode::Right), c('l')], act: Act::Right, word: "", help: "in the bytes: a byte on or back; its field is chosen (also the arrow keys)", on: On::Some(&[Message]) },
    Binding { key: "", codes: &[k(KeyCode::Left), c('h')], act: Act::Left, word: "", help: "", on: On::Some(&[Message]) },
    Binding { key: "PgDn", codes: &[k(KeyCode::PageDown), (KeyCode::Char('d'), CTRL)], act: Act::PageDown, word: "", help: "a page down", on: On::All },
    Binding { key: "PgUp", codes: &[k(KeyCode::PageUp), (KeyCode::Char('u'), CTRL)], act: Act::PageUp, word: "", help: "a page up", on: On::All },
    Binding { key: "g", codes: &[c('g'), k(KeyCode::Home)], act: Act::Top, word: "", help: "to the top", on: On::All },
    Binding { key: "G", codes: &[c('G'), k(KeyCode::End)], act: Act::Bottom, word: "", help: "to the bottom; there the newest is followed", on: On::All },
    Binding { key: "C-l", codes: &[(KeyCode::Char('l'), CTRL)], act: Act::Redraw, word: "", help: "draw the screen anew", on: On::All },
];

/// What a key does on a screen.
pub fn act(screen: Screen, key: &KeyEvent) -> Option<Act> {
    let bare = key.modifiers.difference(KeyModifiers::SHIFT);
    BINDINGS
        .iter()
        .find(|b| {
            b.on.has(screen)
                && b.codes.iter().any(|(code, modifiers)| {
                    *code == key.code && modifiers.difference(KeyModifiers::SHIFT) == bare
                })
        })
        .map(|b| b.act)
}

/// The keys that work here, for the key line.
pub fn line(screen: Screen) -> impl Iterator<Item = &'static Binding> {
    BINDINGS
        .iter()
        .filter(move |b| !b.word.is_empty() && b.on.has(screen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_on_one_screen() {
        for screen in Screen::ALL {
            let mut taken = Vec::new();
            for b in BINDINGS.iter().filter(|b| b.on.has(screen)) {
                for code in b.codes {
                    assert!(!taken.contains(&code), "{} on {screen:?}", b.key);
                    taken.push(code);
                }
            }
        }
    }

    #[test]
    fn control_d_is_a_page_and_plain_d_a_device() {
        let key = |c, m| KeyEvent::new(KeyCode::Char(c), m);
        assert_eq!(act(Devices, &key('d', CTRL)), Some(Act::PageDown));
        assert_eq!(act(Devices, &key('d', NONE)), Some(Act::Device));
        assert_eq!(
            act(Devices, &key('P', KeyModifiers::SHIFT)),
            Some(Act::Reveal)
        );
    }
}
