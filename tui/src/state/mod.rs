//! What the screens show: pure state, made of news and keys. Times are handed in.

mod commands;
mod devices;
mod findings;
pub mod leaves;
mod messages;
mod prompt;
mod protocols;
mod rates;
mod talks;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use dissectors::message::FrameRef;
use ratatui::layout::Rect;
use rules::finding::FindingId;
use rules::policy::Policy;

pub use commands::{Commands, Edge, LETTERS, Lane, ZOOMS, letter};
pub use devices::{Devices, Held, name, role};
pub use findings::{Entry, Findings, Row as FindingRow, Tab};
pub use messages::{Messages, MsgId, Pane, Stream};
pub use prompt::{Asking, Prompt};
pub use protocols::Protocols;
pub use rates::Rates;
pub use talks::Talks;

use crate::feed::{News, Stats};
use crate::filter::Filter;
use crate::limits::REVEALED_SECONDS;
use crate::proposal::Proposal;
use crate::when::{TimeStyle, When};

/// One of the seven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Screen {
    #[default]
    Findings,
    Devices,
    Commands,
    Conversations,
    Message,
    Protocols,
    Sensor,
}

impl Screen {
    pub const ALL: [Screen; 7] = [
        Screen::Findings,
        Screen::Devices,
        Screen::Commands,
        Screen::Conversations,
        Screen::Message,
        Screen::Protocols,
        Screen::Sensor,
    ];

    pub const fn title(self) -> &'static str {
        match self {
            Screen::Findings => "Findings",
            Screen::Devices => "Devices",
            Screen::Commands => "Commands",
            Screen::Conversations => "Conversations",
            Screen::Message => "Message",
            Screen::Protocols => "Protocols",
            Screen::Sensor => "Sensor",
        }
    }
}

/// What the picture is of.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Interface, file or socket.
    pub name: String,
    /// `LIVE`, `REPLAY`, `VIEW`.
    pub mode: &'static str,
    /// Patient data arrive as pseudonyms: there is nothing to reveal.
    pub pseudonyms: bool,
    /// Marks outlive this run.
    pub marks_kept: bool,
}

/// The mode of a source whose time is now.
pub const LIVE: &str = "LIVE";

/// A line for the person, until a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub text: String,
    pub bad: bool,
    pub until: i64,
}

/// Everything that the screens show.
pub struct Model {
    pub source: Source,
    pub when: When,
    pub times: TimeStyle,
    pub screen: Screen,
    /// Screens to go back to.
    pub trail: Vec<Screen>,
    pub filter: Filter,
    pub prompt: Option<Prompt>,
    /// What is shown to be written, if anything.
    pub proposal: Option<Proposal>,
    pub help: bool,
    /// Messages that had arrived when the picture was frozen.
    pub frozen: Option<u64>,
    /// Messages that the sensor has seen by now, drawn or not.
    pub waiting: u64,
    /// Patient data are shown until then (wall time).
    pub reveal_until: Option<i64>,
    /// Who sits here, once asked.
    pub who: Option<String>,
    /// The name that the login suggests.
    pub login: String,
    pub bell: bool,
    pub mouse: bool,
    pub wide_columns: bool,
    pub note: Option<Note>,
    /// Wall time, as handed in last.
    pub now: i64,
    pub findings: Findings,
    pub devices: Devices,
    pub commands: Commands,
    pub talks: Talks,
    pub messages: Messages,
    pub protocols: Protocols,
    pub stats: Stats,
    pub rates: Rates,
    pub policy: Option<Arc<Policy>>,
    pub first: Option<FrameRef>,
    pub last: Option<FrameRef>,
    /// Messages that the sensor saw.
    pub seen: u64,
    /// Messages that this screen never got, because it did not draw.
    pub given_up: u64,
    pub devices_refused: u64,
    pub ended: bool,
    /// Rows of the main list when it was drawn last: the length of a page.
    pub page: usize,
    /// First line shown of the Sensor screen.
    pub sensor_top: usize,
    /// First line shown of the lower pane, and of the help page.
    pub detail_top: usize,
    pub help_top: usize,
    pub hit: Hit,
    pub draw: DrawTimes,
}

/// Where things were drawn last, for the mouse.
#[derive(Clone, Debug, Default)]
pub struct Hit {
    pub tabs_row: u16,
    pub tabs: Vec<(Range<u16>, Screen)>,
    /// Lists, the row at their top, and the pane that a click goes to.
    pub lists: Vec<(Rect, usize, Option<Pane>)>,
    /// Bytes in a line of the byte pane.
    pub across: usize,
}

/// How long drawing took, nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct DrawTimes {
    pub last: u64,
    pub most: u64,
    pub frames: u64,
}

/// What news brought that somebody should hear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    pub changed: bool,
    /// A new finding of high or critical severity.
    pub alarm: bool,
}

impl Model {
    pub fn new(source: Source, when: When, policy: Option<Arc<Policy>>) -> Self {
        Model {
            source,
            when,
            times: TimeStyle::default(),
            screen: Screen::default(),
            trail: Vec::new(),
            filter: Filter::default(),
            prompt: None,
            proposal: None,
            help: false,
            frozen: None,
            waiting: 0,
            reveal_until: None,
            who: None,
            login: String::new(),
            bell: false,
            mouse: true,
            wide_columns: true,
            note: None,
            now: 0,
            findings: Findings::default(),
            devices: Devices::default(),
            commands: Commands::default(),
            talks: Talks::default(),
            messages: Messages::default(),
            protocols: Protocols::default(),
            stats: Stats::default(),
            rates: Rates::default(),
            policy,
            first: None,
            last: None,
            seen: 0,
            given_up: 0,
            devices_refused: 0,
            ended: false,
            page: 10,
            sensor_top: 0,
            detail_top: 0,
            help_top: 0,
            hit: Hit::default(),
            draw: DrawTimes::default(),
        }
    }

    /// Takes news in. Findings first, so that devices know how bad it is.
    pub fn apply(&mut self, news: News) -> Heard {
        let mut heard = Heard {
            changed: news.ended != self.ended || news.messages != self.seen,
            alarm: false,
        };
        self.seen = news.messages;
        self.given_up += news.given_up;
        self.devices_refused = news.devices_refused;
        self.ended = news.ended;
        self.last = news.last.or(self.last);
        if let Some(first) = news
            .chunks
            .first()
            .filter(|c| !c.is_empty())
            .map(|c| c.message(0).frame())
        {
            self.first.get_or_insert(first);
        }
        if !news.findings.is_empty() || !news.marks.is_empty() {
            heard.changed = true;
            heard.alarm = self.findings.apply(news.findings, news.marks);
        }
        self.devices.apply(news.devices, &self.findings);
        self.talks.apply(news.talks);
        for settled in self.commands.apply(news.commands) {
            self.messages.settled(settled);
        }
        self.messages.apply(news.chunks);
        if let Some(rows) = news.protocols {
            self.protocols.rows = rows;
        }
        if let Some(stats) = news.stats {
            heard.changed = true;
            self.devices.in_use(&stats.uses);
            self.rates
                .count(self.picture_time(), self.seen, stats.frames);
            self.stats = stats;
        }
        for line in news.notes {
            heard.changed = true;
            self.say(line);
        }
        if heard.changed {
            self.arrange();
        }
        heard
    }

    /// Puts the lists in order after news, a filter, a sort.
    pub fn arrange(&mut self) {
        let around = crate::filter::Around {
            policy: self.policy.as_deref(),
            outcome: None,
        };
        self.messages.arrange(&self.filter, around);
        self.findings.arrange(&self.filter, around);
        self.devices.arrange(&self.filter, &self.messages);
        self.talks.arrange(&self.filter, &self.messages);
        self.commands.arrange(&self.filter, around, &self.messages);
        self.protocols.arrange();
    }

    /// The wall clock went on. True if something on the screen changes by it.
    pub fn tick(&mut self, now: i64) -> bool {
        let second = |t: i64| t.div_euclid(1_000_000_000);
        let mut changed = second(now) != second(self.now) && !self.ended && self.frozen.is_none();
        self.now = now;
        if self.reveal_until.is_some_and(|until| until <= now) {
            self.reveal_until = None;
            changed = true;
        }
        if self.reveal_until.is_some() {
            changed = true;
        }
        if self.note.as_ref().is_some_and(|n| n.until <= now) {
            self.note = None;
            changed = true;
        }
        changed
    }

    /// Are values about patients shown now? Pseudonyms are shown always.
    pub fn reveals(&self) -> bool {
        self.source.pseudonyms || self.reveals_bytes()
    }

    /// Are bytes about patients shown now? They are no pseudonyms, wherever the values come from.
    pub fn reveals_bytes(&self) -> bool {
        self.reveal_until.is_some_and(|until| until > self.now)
    }

    /// Shows patient data for a while.
    pub fn reveal(&mut self) {
        self.reveal_until = Some(self.now + REVEALED_SECONDS * 1_000_000_000);
    }

    pub fn say(&mut self, text: impl Into<String>) {
        self.note = Some(Note {
            text: text.into(),
            bad: false,
            until: self.now + 8_000_000_000,
        });
    }

    pub fn complain(&mut self, text: impl Into<String>) {
        self.note = Some(Note {
            text: text.into(),
            bad: true,
            until: self.now + 15_000_000_000,
        });
    }

    /// Goes to a screen, and remembers where from.
    pub fn go(&mut self, screen: Screen) {
        if screen != self.screen {
            self.trail.push(self.screen);
            if self.trail.len() > 50 {
                self.trail.remove(0);
            }
            self.screen = screen;
        }
    }

    /// The time that the picture is of: of the packets, and live the wall's.
    pub fn picture_time(&self) -> i64 {
        let packets = self.last.map_or(0, |f| f.time);
        if self.source.mode == LIVE && !self.ended && self.frozen.is_none() {
            packets.max(self.now)
        } else {
            packets
        }
    }

    /// A time as the person wants it.
    pub fn time(&self, time: i64, previous: Option<i64>) -> String {
        match self.times {
            TimeStyle::Clock => self.when.near_precise(time, self.picture_time()),
            TimeStyle::SinceStart => {
                let start = self.first.map_or(time, |f| f.time);
                format!("{:+.3}", (time - start) as f64 / 1e9)
            }
            TimeStyle::SincePrevious => {
                format!("{:+.3}", (time - previous.unwrap_or(time)) as f64 / 1e9)
            }
        }
    }

    /// A time in whole seconds; of another day than the picture's, its day.
    pub fn clock(&self, time: i64) -> String {
        self.when.near(time, self.picture_time())
    }

    pub fn chosen_finding(&self) -> Option<&Entry> {
        self.findings.chosen()
    }

    pub fn finding(&self, id: FindingId) -> Option<&Entry> {
        self.findings.get(id)
    }
}
