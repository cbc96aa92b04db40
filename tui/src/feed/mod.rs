//! What the sensor writes into, and the mailbox from which the terminal takes the newest news.
//!
//! A [`Feed`] lives in the sensor's judging thread. It copies messages into arenas, keeps the
//! tables that need every message (devices, conversations, commands, protocols) and hands over
//! what changed whenever the terminal asked for it. It never waits: a terminal that does not draw
//! costs kept messages, never a finding and never a count.

mod about;
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
pub use stats::{Account, InUse, Latency, Stats};
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
    mailboxes: Vec<Arc<Mailbox>>,
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
            mailboxes: vec![Arc::clone(&mailbox)],
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

    /// A further mailbox, for somebody else who looks.
    pub fn mailbox(&mut self) -> Arc<Mailbox> {
        let mailbox = Arc::new(Mailbox::default());
        self.mailboxes.push(Arc::clone(&mailbox));
        mailbox
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
        let (Event::Opened(f) | Event::Raised(f) | Event::Closed(f)) = event else {
            // Held back: the site does not want to see it.
            return;
        };
        let about = matches!(event, Event::Opened(_)).then(|| {
            match self.chunk.len().checked_sub(1) {
                Some(at) if self.chunk.message(at).frame().seq == f.first.seq => {
                    append(&mut self.about, self.chunk.message(at));
                }
                // Told by a timer, or by an answer: the message itself is gone.
                _ => about::of(&mut self.about, f),
            }
            self.about.len() as u32 - 1
        });
        self.findings.push((Arc::new(f.clone()), about));
    }

    /// A finding as a record tells it.
    pub fn finding_told(&mut self, f: Finding) {
        about::of(&mut self.about, &f);
        let at = self.about.len() as u32 - 1;
        self.findings.push((Arc::new(f), Some(at)));
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

    /// True if somebody has drawn what there was and wants news.
    pub fn wanted(&self) -> bool {
        self.mailboxes.iter().any(|m| m.hungry())
    }

    /// Hands over what changed, if somebody asked or much is waiting.
    pub fn flush(&mut self) {
        if self.wanted() || self.chunk.len() >= CHUNK_MESSAGES {
            self.publish();
        }
    }

    /// Nothing more will come.
    pub fn end(&mut self) {
        self.publish();
        for mailbox in &self.mailboxes {
            mailbox.with(|news| news.ended = true);
        }
    }

    /// Hands over what changed, asked or not.
    pub fn publish(&mut self) {
        let mut fresh = News::default();
        fresh.messages = self.messages;
        fresh.last = self.last;
        fresh.marks = std::mem::take(&mut self.marks);
        fresh.notes = std::mem::take(&mut self.notes);
        fresh.stats = self.stats.take();
        fresh.devices_refused = self.devices.refused;
        fresh.protocols = (self.messages > 0).then(|| self.protocols.rows());
        if !self.chunk.is_empty() {
            fresh.push_chunk(Arc::new(std::mem::take(&mut self.chunk)));
        }
        let about = Arc::new(std::mem::take(&mut self.about));
        for (finding, at) in std::mem::take(&mut self.findings) {
            fresh.push_finding(FindingNews {
                finding,
                about: at.map(|index| Kept {
                    batch: Arc::clone(&about),
                    index,
                }),
            });
        }
        self.devices.changes(&mut fresh.devices);
        self.talks.changes(&mut fresh.talks);
        self.commands.changes(&mut fresh.commands);
        for mailbox in &self.mailboxes {
            mailbox.with(|news| news.add(&fresh));
            mailbox.fed();
        }
    }
}
