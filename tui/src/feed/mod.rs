//! What the sensor writes into, and the mailbox from which the terminal takes the newest news.
//!
//! A [`Feed`] lives in the sensor's judging thread. It copies messages into arenas, keeps the
//! tables that need every message (devices, conversations, commands, protocols) and hands over
//! what changed whenever the terminal asked for it. It never waits: a terminal that does not draw
//! costs kept messages, never a finding and never a count.

mod commands;
mod devices;
mod keep;
mod mailbox;
mod protocols;
mod stats;
mod talks;

use std::sync::Arc;

use dissectors::message::{Batch, FrameRef, Message};
use rules::finding::{Event, Finding};
use rules::policy::Policy;

pub use commands::{CommandId, CommandNews, CommandRow, controls};
pub use devices::{Commander, DeviceKey, DeviceRow, SPARK, SPARK_SECONDS};
pub use keep::append;
pub use mailbox::{Mailbox, News};
pub use protocols::ProtocolRow;
pub use stats::{Account, Latency, Stats};
pub use talks::TalkRow;

use crate::limits::CHUNK_MESSAGES;
use crate::mark::Mark;

/// A message kept in an arena.
#[derive(Clone, Debug)]
pub struct Kept {
    pub batch: Arc<Batch>,
    pub index: u32,
}

impl Kept {
    pub fn message(&self) -> Message<'_> {
        self.batch.message(self.index as usize)
    }
}

/// A finding as it stands, with the message that it fired on where that was at hand.
#[derive(Clone, Debug)]
pub struct FindingNews {
    pub finding: Arc<Finding>,
    pub about: Option<Kept>,
}

/// Writes the stream of what happens for the screens.
pub struct Feed {
    mailbox: Arc<Mailbox>,
    chunk: Batch,
    /// The messages that findings fired on, kept beyond the others.
    about: Batch,
    last: Option<FrameRef>,
    devices: devices::Devices,
    talks: talks::Talks,
    commands: commands::Commands,
    protocols: protocols::Protocols,
    /// Findings with their place in `about`.
    findings: Vec<(Arc<Finding>, Option<u32>)>,
    marks: Vec<Mark>,
    notes: Vec<String>,
    stats: Option<Stats>,
    messages: u64,
}

impl Feed {
    /// `policy` tells what kind of device an asset is.
    pub fn new(policy: Option<Arc<Policy>>) -> (Feed, Arc<Mailbox>) {
        let mailbox = Arc::new(Mailbox::default());
        let feed = Feed {
            mailbox: Arc::clone(&mailbox),
            chunk: Batch::default(),
            about: Batch::default(),
            last: None,
            devices: devices::Devices::new(policy),
            talks: talks::Talks::default(),
            commands: commands::Commands::default(),
            protocols: protocols::Protocols::default(),
            findings: Vec::new(),
            marks: Vec::new(),
            notes: Vec::new(),
            stats: None,
            messages: 0,
        };
        (feed, mailbox)
    }

    /// A message, before it is judged.
    pub fn message(&mut self, m: Message<'_>) {
        self.messages += 1;
        self.last = Some(m.frame());
        append(&mut self.chunk, m);
        let first = self.talks.message(m);
        self.protocols.message(m, first);
        self.devices.message(m);
        self.commands.message(m);
        if self.chunk.len() >= CHUNK_MESSAGES {
            self.publish();
        }
    }

    /// What the judge said. Call it right after the message that made it say so.
    pub fn finding(&mut self, event: Event<'_>) {
        let (Event::Opened(f) | Event::Raised(f) | Event::Closed(f)) = event;
        let opened = matches!(event, Event::Opened(_));
        let about = match self.chunk.len().checked_sub(1) {
            Some(at) if opened && self.chunk.message(at).frame().seq == f.first.seq => {
                append(&mut self.about, self.chunk.message(at));
                Some(self.about.len() as u32 - 1)
            }
            _ => None,
        };
        self.findings.push((Arc::new(f.clone()), about));
    }

    /// A finding together with the message that it fired on, where both come from a record.
    pub fn finding_about(&mut self, f: Finding, about: Option<Message<'_>>) {
        let about = about.map(|m| {
            append(&mut self.about, m);
            self.about.len() as u32 - 1
        });
        self.findings.push((Arc::new(f), about));
    }

    pub fn mark(&mut self, mark: Mark) {
        self.marks.push(mark);
    }

    /// One line for the person at the screen.
    pub fn note(&mut self, line: impl Into<String>) {
        self.notes.push(line.into());
    }

    pub fn stats(&mut self, stats: Stats) {
        self.stats = Some(stats);
    }

    /// True if the terminal has drawn what it had and wants news.
    pub fn wanted(&self) -> bool {
        self.mailbox.hungry()
    }

    /// Hands over what changed, if the terminal asked or much is waiting.
    pub fn flush(&mut self) {
        if self.mailbox.hungry() || self.chunk.len() >= CHUNK_MESSAGES {
            self.publish();
        }
    }

    /// Nothing more will come.
    pub fn end(&mut self) {
        self.publish();
        self.mailbox.with(|news| news.ended = true);
    }

    fn publish(&mut self) {
        let chunk = (!self.chunk.is_empty()).then(|| Arc::new(std::mem::take(&mut self.chunk)));
        let about = Arc::new(std::mem::take(&mut self.about));
        let findings = std::mem::take(&mut self.findings);
        self.mailbox.with(|news| {
            news.messages = self.messages;
            news.last = self.last.or(news.last);
            if let Some(chunk) = chunk {
                news.push_chunk(chunk);
            }
            for (finding, at) in findings {
                news.push_finding(FindingNews {
                    finding,
                    about: at.map(|index| Kept {
                        batch: Arc::clone(&about),
                        index,
                    }),
                });
            }
            self.devices.changes(&mut news.devices);
            self.talks.changes(&mut news.talks);
            self.commands.changes(&mut news.commands);
            if self.messages > 0 {
                news.protocols = Some(self.protocols.rows());
            }
            news.marks.append(&mut self.marks);
            news.notes.append(&mut self.notes);
            if self.stats.is_some() {
                news.stats = self.stats.take();
            }
            news.devices_refused = self.devices.refused;
        });
        self.mailbox.fed();
    }
}
