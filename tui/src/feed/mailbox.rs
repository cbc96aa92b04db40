//! What changed since the terminal looked last. Both sides hold the lock for moments only.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dissectors::message::{Batch, FrameRef};
use rules::finding::FindingId;

use super::{CommandNews, DeviceRow, FindingNews, ProtocolRow, Stats, TalkRow};
use crate::limits::{CHUNKS_WAITING, COMMANDS};
use crate::mark::Mark;

/// Changes, newest state only: a row that changed twice is here once. Findings and marks are all
/// here.
#[derive(Debug, Default)]
pub struct News {
    pub messages: u64,
    /// The frame that the judge reached.
    pub last: Option<FrameRef>,
    pub chunks: Vec<Arc<Batch>>,
    /// Messages given up because the terminal did not draw.
    pub given_up: u64,
    pub findings: Vec<FindingNews>,
    at: HashMap<FindingId, usize>,
    /// By place in the table.
    pub devices: HashMap<u32, DeviceRow>,
    pub devices_refused: u64,
    pub talks: HashMap<u64, TalkRow>,
    pub commands: Vec<CommandNews>,
    pub protocols: Option<Vec<ProtocolRow>>,
    pub stats: Option<Stats>,
    pub marks: Vec<Mark>,
    pub notes: Vec<String>,
    pub ended: bool,
}

impl News {
    /// Adds newer news to these.
    pub fn add(&mut self, newer: &News) {
        self.messages = newer.messages;
        self.last = newer.last.or(self.last);
        self.devices_refused = newer.devices_refused;
        for chunk in &newer.chunks {
            self.push_chunk(Arc::clone(chunk));
        }
        for finding in &newer.findings {
            self.push_finding(finding.clone());
        }
        self.devices
            .extend(newer.devices.iter().map(|(at, row)| (*at, row.clone())));
        self.talks
            .extend(newer.talks.iter().map(|(id, row)| (*id, row.clone())));
        self.commands.extend(newer.commands.iter().cloned());
        if self.commands.len() > 2 * COMMANDS {
            self.commands.drain(..self.commands.len() - 2 * COMMANDS);
        }
        if newer.protocols.is_some() {
            self.protocols.clone_from(&newer.protocols);
        }
        if newer.stats.is_some() {
            self.stats.clone_from(&newer.stats);
        }
        self.marks.extend(newer.marks.iter().cloned());
        self.notes.extend(newer.notes.iter().cloned());
    }

    pub fn push_chunk(&mut self, chunk: Arc<Batch>) {
        self.chunks.push(chunk);
        if self.chunks.len() > CHUNKS_WAITING {
            self.given_up += self.chunks.remove(0).len() as u64;
        }
    }

    pub fn push_finding(&mut self, news: FindingNews) {
        match self.at.get(&news.finding.finding_id) {
            Some(at) => {
                let held = &mut self.findings[*at];
                held.finding = news.finding;
                held.about = held.about.take().or(news.about);
            }
            None => {
                self.at.insert(news.finding.finding_id, self.findings.len());
                self.findings.push(news);
            }
        }
    }
}

/// Where the sensor leaves news and the terminal takes them.
#[derive(Debug)]
pub struct Mailbox {
    news: Mutex<News>,
    hungry: AtomicBool,
}

impl Default for Mailbox {
    fn default() -> Self {
        Mailbox {
            news: Mutex::default(),
            hungry: AtomicBool::new(true),
        }
    }
}

impl Mailbox {
    /// Takes everything and asks for more.
    pub fn take(&self) -> News {
        let mut held = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        // What is current stays, so that the next look finds it.
        let fresh = News {
            messages: held.messages,
            last: held.last,
            ended: held.ended,
            devices_refused: held.devices_refused,
            ..News::default()
        };
        let news = std::mem::replace(&mut *held, fresh);
        drop(held);
        self.hungry.store(true, Ordering::Relaxed);
        news
    }

    /// Messages that the sensor has seen, without taking anything; and asks for news.
    pub fn peek(&self) -> u64 {
        self.hungry.store(true, Ordering::Relaxed);
        self.news
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .messages
    }

    pub(super) fn hungry(&self) -> bool {
        self.hungry.load(Ordering::Relaxed)
    }

    pub(super) fn fed(&self) {
        self.hungry.store(false, Ordering::Relaxed);
    }

    pub(super) fn with(&self, write: impl FnOnce(&mut News)) {
        write(&mut self.news.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
