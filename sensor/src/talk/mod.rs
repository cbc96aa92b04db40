//! Conversations as an engineer reads them: who said what, what came back, and why it failed.
//!
//! Messages are heard in order and kept as lines by conversation, because whether one was answered
//! shows only later. [`Talk::tell`] prints them: a head, a line a message, and a last line that
//! names the cause if the conversation failed.

mod cause;
mod conversation;
mod dicom;
mod hl7;
mod hl7_names;
mod hosts;
mod limits;
mod other;
mod page;
mod reading;
mod technical;
mod titles;

use std::collections::HashMap;
use std::net::IpAddr;

use dissectors::Side;
use dissectors::message::{Message, Scope};

use crate::output::clock::Clock;
use crate::output::discretion::Discretion;
use crate::output::paint::Paint;
use conversation::Conversation;
pub use hosts::Host;
pub use other::deed;
use reading::Reading;
use titles::Titles;

/// What is printed, and how.
pub struct Manner {
    /// Every field too: of HL7 a line a segment.
    pub verbose: bool,
    pub hosts: Vec<Host>,
    pub clock: Clock,
    pub paint: Paint,
    pub discretion: Discretion,
}

/// The conversations heard so far.
pub struct Talk {
    manner: Manner,
    conversations: Vec<Conversation>,
    by_id: HashMap<u64, usize>,
    asked: HashMap<Asked, Place>,
    sent: HashMap<Sent, u64>,
    titles: Titles,
    lines: usize,
    /// Time of the latest message of anybody.
    now: i64,
    /// Blocks told so far, and those of them that failed.
    told: usize,
    failed: Vec<String>,
}

/// Under what a request waits for its answer.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Asked {
    protocol: u16,
    /// Conversation, or the two hosts, or neither.
    between: (u64, Option<Side>, Option<[IpAddr; 2]>),
    key: Box<[u8]>,
}

/// A message that names itself, to know it again.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Sent {
    from: IpAddr,
    to: IpAddr,
    id: Box<[u8]>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    conversation: usize,
    line: usize,
    time: i64,
}

impl Talk {
    pub fn new(manner: Manner) -> Self {
        Talk {
            manner,
            conversations: Vec::new(),
            by_id: HashMap::new(),
            asked: HashMap::new(),
            sent: HashMap::new(),
            titles: Titles::default(),
            lines: 0,
            now: i64::MIN,
            told: 0,
            failed: Vec::new(),
        }
    }

    /// True if a conversation between these ends is wanted.
    fn wanted(&self, m: Message<'_>) -> bool {
        m.conversation().flow_id != 0 && hosts::between(&self.manner.hosts, m.conversation())
    }

    /// Hears one message. Gives text where so much is held that it has to be told now.
    pub fn hear(&mut self, m: Message<'_>) -> Option<String> {
        // Titles are learnt from everybody: they tell what a wrong one was meant to be.
        self.titles.hear(m);
        self.now = self.now.max(m.frame().time);
        if !self.wanted(m) {
            return None;
        }
        let at = self.conversation(m);
        match m.protocol().name() {
            "tcp" => self.conversations[at].transport(m),
            _ if m.protocol().is_of_the_sensor() => {}
            _ => self.voice(at, m),
        }
        (self.lines >= limits::LINES).then(|| self.tell())
    }

    fn conversation(&mut self, m: Message<'_>) -> usize {
        let known = m.conversation();
        let next = self.conversations.len();
        let at = *self.by_id.entry(known.flow_id).or_insert(next);
        if at == next {
            self.conversations.push(Conversation::new(known));
        }
        self.conversations[at].known = *known;
        at
    }

    /// A message of a protocol: its lines, whom it answers, whether it was said before.
    fn voice(&mut self, at: usize, m: Message<'_>) {
        let mut reading = Reading::new(m, &mut self.manner.discretion);
        let talk = &mut self.conversations[at];
        talk.protocol = Some(m.protocol());
        let mut line = match m.protocol().name() {
            "hl7v2" => hl7::line(&mut reading, talk),
            "dicom" => dicom::line(&mut reading, talk, self.manner.verbose),
            _ => other::line(&mut reading, talk),
        };
        for anomaly in m.anomalies() {
            line.text.push_str("  !");
            line.text.push_str(anomaly.name);
        }
        if self.manner.verbose && m.protocol().name() != "hl7v2" {
            line.detail.extend(reading.all_fields());
        }
        if let Some(asked) = answered_under(m)
            && let Some(place) = self.asked.get(&asked)
        {
            line.after = Some(m.frame().time - place.time);
            if let Some(request) = self
                .conversations
                .get_mut(place.conversation)
                .and_then(|c| c.lines.get_mut(place.line))
            {
                let last = m.answers().is_none_or(|a| a.last);
                request.received = !last && request.wants_application;
                request.waits &= request.received;
            }
        }
        let talk = &mut self.conversations[at];
        if line.hidden {
            talk.bytes_heard = true;
            return;
        }
        // What settles one thing and opens another (an operation that was refused) waits for nothing.
        line.waits = m.asks().is_some() && m.answers().is_none_or(|a| !a.outcome.settled());
        if let Some(id) = line.id.take() {
            let sent = Sent {
                from: m.source().ip,
                to: m.destination().ip,
                id,
            };
            let before = self.sent.entry(sent).or_insert(0);
            line.resent = *before > 0;
            *before += 1;
        }
        let asked = asked_under(m);
        if let Some(index) = talk.push(line) {
            self.lines += 1;
            if let Some(asked) = asked {
                let place = Place {
                    conversation: at,
                    line: index,
                    time: m.frame().time,
                };
                self.asked.insert(asked, place);
            }
        }
    }

    /// Tells all conversations heard since the last time, in the order of their first frames.
    pub fn tell(&mut self) -> String {
        let mut conversations = std::mem::take(&mut self.conversations);
        self.by_id.clear();
        self.asked.clear();
        self.sent.clear();
        self.lines = 0;
        conversations.sort_by_key(|c| c.known.started.seq);
        let mut out = String::new();
        for block in page::blocks(&conversations, !self.manner.hosts.is_empty()) {
            let text = page::write(&block, &self.titles, self.now, &mut self.manner);
            if !out.is_empty() || self.told > 0 {
                out.push('\n');
            }
            out.push_str(&text.text);
            self.told += 1;
            self.failed.extend(text.cause);
        }
        out
    }

    /// The very last line: how many conversations failed, and why the first did.
    pub fn last_line(&self) -> Option<String> {
        let first = self.failed.first()?;
        (self.told > 1).then(|| match self.failed.len() {
            1 => format!("\n1 of {} conversations failed: {first}\n", self.told),
            n => format!(
                "\n{n} of {} conversations failed; the first: {first}\n",
                self.told
            ),
        })
    }

    /// True if nothing was told.
    pub fn is_silent(&self) -> bool {
        self.told == 0
    }
}

fn asked_under(m: Message<'_>) -> Option<Asked> {
    let join = m.asks()?;
    Some(key(
        m,
        join.scope,
        join.key,
        m.side(),
        [m.source().ip, m.destination().ip],
    ))
}

fn answered_under(m: Message<'_>) -> Option<Asked> {
    let join = m.answers()?;
    Some(key(
        m,
        join.scope,
        join.key,
        m.side().other(),
        [m.destination().ip, m.source().ip],
    ))
}

fn key(m: Message<'_>, scope: Scope, key: &[u8], asker: Side, hosts: [IpAddr; 2]) -> Asked {
    Asked {
        protocol: m.protocol().0,
        between: match scope {
            Scope::Conversation => (m.conversation().flow_id, Some(asker), None),
            Scope::Hosts => (0, None, Some(hosts)),
            Scope::Everywhere => (0, None, None),
        },
        key: key.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::titles::nearest;

    #[test]
    fn a_title_in_other_case_is_nearer_than_any_other() {
        let known = ["PACSMAIM", "PACSMAIN", "RIS"].map(str::to_owned);
        assert_eq!(
            nearest("PacsMain", known.iter()).map(String::as_str),
            Some("PACSMAIN")
        );
    }

    #[test]
    fn a_title_unlike_all_known_ones_has_no_nearest() {
        let known = ["PACSMAIN".to_owned()];
        assert_eq!(nearest("ORTHANC", known.iter()), None);
    }
}
