//! What is remembered of one conversation until it is told.

use std::collections::HashMap;

use dissectors::message::{self, Message, Value};
use dissectors::{ProtocolId, Side, tcp};

use super::limits;

/// One conversation.
pub struct Conversation {
    pub known: message::Conversation,
    pub protocol: Option<ProtocolId>,
    pub lines: Vec<Line>,
    pub tcp: Tcp,
    pub failures: Vec<Failure>,
    /// Failures beyond those kept.
    pub more_failures: u64,
    pub dicom: Dicom,
    /// A message came that has no line of its own.
    pub bytes_heard: bool,
    pub last: i64,
}

/// One message, or several alike.
#[derive(Debug, Default)]
pub struct Line {
    pub time: i64,
    pub frame: u64,
    pub from_server: bool,
    /// What lines of the same sort share; lines alike and without marks are told as one.
    pub sort: String,
    pub text: String,
    /// Indented lines below it.
    pub detail: Vec<String>,
    /// It asked, and no answer came yet.
    pub waits: bool,
    /// The receiver has it (HL7 commit acknowledgement), and its application is to answer yet.
    pub received: bool,
    /// It wants the application's own answer.
    pub wants_application: bool,
    /// The same message was sent before.
    pub resent: bool,
    /// Nanoseconds since what it answers.
    pub after: Option<i64>,
    /// Name of the message, to know it again.
    pub id: Option<Box<[u8]>>,
    /// Not worth a line (counted elsewhere).
    pub hidden: bool,
    /// May be told together with lines of the same sort.
    pub plain: bool,
    pub count: u64,
    pub until: i64,
}

/// What TCP itself said.
#[derive(Debug, Default)]
pub struct Tcp {
    pub attempt: bool,
    pub refused: bool,
    pub reset: Option<(Side, i64)>,
    pub state: String,
    pub bytes: [u64; 2],
    pub overlap: bool,
}

/// What went wrong in a conversation.
#[derive(Debug)]
pub enum Failure {
    /// In words.
    Said(String),
    /// The association was refused for a title.
    Title {
        called: String,
        calling: String,
        /// Which of the two, if the peer said so.
        which: Which,
        words: String,
    },
    /// Nothing is broken, but nothing came of it either.
    Empty(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Called,
    Calling,
    Untold,
}

/// An association under way.
#[derive(Debug, Default)]
pub struct Dicom {
    /// Presentation contexts asked for: id, abstract syntax, transfer syntaxes.
    pub offered: HashMap<u32, (String, Vec<String>)>,
    pub accepted: usize,
    /// Refused contexts, in words.
    pub refused: Vec<String>,
    pub commands: u64,
    pub open: bool,
    /// Matches and objects so far, by message id; and what was asked.
    pub queries: HashMap<i64, Query>,
    /// Keys of queries that had matches.
    pub matched_by: Vec<Vec<&'static str>>,
}

#[derive(Debug, Default)]
pub struct Query {
    pub matches: u64,
    /// Names of the keys that narrow it.
    pub names: Vec<&'static str>,
    /// The same with their values, masked where about a person.
    pub shown: String,
}

impl Conversation {
    pub fn new(known: &message::Conversation) -> Self {
        Conversation {
            known: *known,
            protocol: None,
            lines: Vec::new(),
            tcp: Tcp::default(),
            failures: Vec::new(),
            more_failures: 0,
            dicom: Dicom::default(),
            bytes_heard: false,
            last: known.started.time,
        }
    }

    /// Something went wrong.
    pub fn fail(&mut self, failure: Failure) {
        if self.failures.len() < limits::FAILURES {
            self.failures.push(failure);
        } else {
            self.more_failures += 1;
        }
    }

    /// Adds a line, or counts it with the one before if both are plain and alike. Gives the place of a
    /// new line.
    pub fn push(&mut self, mut line: Line) -> Option<usize> {
        self.last = line.time;
        line.count = 1;
        line.until = line.time;
        if let Some(before) = self.lines.last_mut()
            && before.plain
            && line.plain
            && !line.resent
            && before.from_server == line.from_server
            && before.sort == line.sort
        {
            before.count += 1;
            before.until = line.time;
            before.waits = line.waits;
            return line.waits.then_some(self.lines.len() - 1);
        }
        self.lines.push(line);
        Some(self.lines.len() - 1)
    }

    /// An event of the transport.
    pub fn transport(&mut self, m: Message<'_>) {
        self.last = self.last.max(m.frame().time);
        let number = |field| match m.field(field) {
            Some(Value::Integer(n)) => n.max(0) as u64,
            _ => 0,
        };
        let bytes = [number(tcp::CLIENT_BYTES), number(tcp::SERVER_BYTES)];
        if bytes != [0; 2] {
            self.tcp.bytes = bytes;
        }
        match m.kind_id() {
            Some(tcp::ATTEMPT) => self.tcp.attempt = true,
            Some(tcp::REFUSED) => self.tcp.refused = true,
            Some(tcp::RESET) => {
                let ignored = matches!(m.field(tcp::STATE), Some(Value::Text(b"ignored")));
                if !ignored {
                    self.tcp.reset.get_or_insert((m.side(), m.frame().time));
                }
            }
            Some(tcp::OVERLAP) => self.tcp.overlap = true,
            Some(tcp::CLOSED) => {
                if let Some(Value::Text(state)) = m.field(tcp::STATE) {
                    self.tcp.state = String::from_utf8_lossy(state).into_owned();
                }
            }
            _ => {}
        }
    }

    /// True if no message was heard in it.
    pub fn is_silent(&self) -> bool {
        self.lines.is_empty() && !self.bytes_heard
    }
}
