//! What leaves the sensor: text for people, EVE JSON lines for machines.

pub mod alert;
pub mod clock;
pub mod community;
pub mod discretion;
pub mod eve;
pub mod evidence;
pub mod incident;
pub mod json;
pub mod marks;
pub mod paint;
pub mod pcapng;
pub mod ruling;
pub mod screen;
pub mod stats;
pub mod summary;
pub mod text;

use std::io::{self, Write};
use std::time::Duration;

use dissectors::message::Message;
use rules::engine::Judge;
use rules::finding::{Event, Finding, FindingId};
use rules::incident::{Change, Incidents};
use rules::limits::{Hits, Limits};
use tui::request::Request;

pub use rules::clean;

use crate::pipeline::Stop;
use discretion::Discretion;
use eve::Eve;
use ruling::Ruling;
use screen::{Asked, Screen};
use text::Text;

/// EVE records go here.
pub struct EveOutput {
    pub eve: Eve,
    pub to: Box<dyn Write + Send>,
    /// Where they go, for errors.
    pub name: String,
}

/// Text goes here.
pub struct TextOutput {
    pub text: Text,
    pub to: Box<dyn Write + Send>,
    /// One line a message too.
    pub messages: bool,
}

/// Everything that listens. A write that fails ends that output and is told once.
pub struct Outputs {
    eve: Vec<EveOutput>,
    text: Option<TextOutput>,
    screen: Option<Screen>,
    /// Every closed finding is kept, for evidence.
    keep_all: bool,
    discretion: Discretion,
    buffer: Vec<u8>,
    /// Findings as they stood when they closed, worst first, for the summary.
    closed: Vec<Finding>,
    /// Alerts told as text before: a finding that rises is told again in one line.
    told: std::collections::HashSet<FindingId>,
    failures: Vec<String>,
    reader_gone: bool,
    at_once: bool,
    ruling: Ruling,
    /// Taken out while it tells.
    incidents: Incidents,
}

/// Findings kept for the summary; beyond that only the worst stay.
const SUMMARISED: usize = 1000;

/// A buffer of records is written out when it reaches this many bytes.
const BUFFERED: usize = 1 << 16;

impl Outputs {
    pub fn new(eve: Vec<EveOutput>, text: Option<TextOutput>, discretion: Discretion) -> Self {
        Outputs {
            eve,
            text,
            screen: None,
            keep_all: false,
            discretion,
            buffer: Vec::with_capacity(BUFFERED * 2),
            closed: Vec::new(),
            told: std::collections::HashSet::new(),
            failures: Vec::new(),
            reader_gone: false,
            at_once: false,
            ruling: Ruling::default(),
            incidents: Incidents::default(),
        }
    }

    /// Lets a screen listen too.
    pub fn attach(&mut self, screen: Screen) {
        self.screen = Some(screen);
    }

    pub fn screen(&mut self) -> Option<&mut Screen> {
        self.screen.as_mut()
    }

    /// Nothing is written to standard output: it is drawn on.
    pub fn silence_text(&mut self) {
        self.text = None;
    }

    /// Keeps every finding to the end.
    pub fn keep_all_findings(&mut self) {
        self.keep_all = true;
    }

    /// Names the ends of every record by the site's list of devices.
    pub fn call_by(&mut self, register: Option<std::sync::Arc<rules::inventory::Register>>) {
        for out in &mut self.eve {
            out.eve.call_by(register.clone());
        }
    }

    /// From here on these rules and this policy are in force: records name them.
    pub fn rule_by(&mut self, ruling: &Ruling) {
        self.ruling = ruling.clone();
        for out in &mut self.eve {
            out.eve.rule_by(ruling.clone());
        }
    }

    /// The hashes of what is in force, for people.
    pub fn ruling_words(&self) -> String {
        let Ruling {
            rules,
            policy,
            exceptions,
        } = &self.ruling;
        let policy = if policy.is_empty() { "none" } else { policy };
        match exceptions.as_str() {
            "" => format!("rules {rules}, policy {policy}"),
            exceptions => format!("rules {rules}, policy {policy}, exceptions {exceptions}"),
        }
    }

    /// How patient data are written where they are kept.
    pub fn kept_by(&self) -> &Discretion {
        &self.discretion
    }

    /// A finding of an earlier run is open still: the screens show it, records told it then.
    pub fn goes_on(&mut self, finding: &Finding) {
        if let Some(screen) = &mut self.screen {
            screen.finding(Event::Raised(finding));
        }
    }

    /// The hashes of what is in force.
    pub fn ruling(&self) -> &Ruling {
        &self.ruling
    }

    /// A finding is told as text when it opens, not only at the end.
    pub fn tell_at_once(&mut self) {
        self.at_once = true;
    }

    /// True if somebody wants every field of every message.
    pub fn wants_messages(&self) -> bool {
        !self.eve.is_empty()
            || self.screen.is_some()
            || self.text.as_ref().is_some_and(|t| t.messages)
    }

    pub fn message(&mut self, m: Message<'_>) {
        if let Some(screen) = &mut self.screen {
            screen.message(m);
        }
        for at in 0..self.eve.len() {
            self.buffer.clear();
            self.eve[at]
                .eve
                .message(m, &mut self.discretion, &mut self.buffer);
            self.write_eve(at);
        }
        if let Some(out) = &mut self.text
            && out.messages
        {
            let mut line = out.text.message(m, &mut self.discretion);
            line.push('\n');
            self.write_text(&line);
        }
    }

    pub fn finding(&mut self, event: Event<'_>) {
        if let Event::Suppressed(f, cause) = event {
            return self.record(|eve, out| eve.held_back(f, cause, out));
        }
        self.one_finding(event);
        let mut incidents = std::mem::take(&mut self.incidents);
        incidents.saw(event, &mut |change| self.incident(change));
        self.incidents = incidents;
    }

    /// From here on incidents keep to these limits.
    pub fn bound_incidents(&mut self, limits: &Limits) {
        self.incidents = Incidents::new(limits);
    }

    /// How often the limits of incidents were hit.
    pub fn incident_hits(&self) -> &Hits {
        self.incidents.limit_hits()
    }

    /// No finding comes any more: incidents close.
    pub fn end_incidents(&mut self) {
        let mut incidents = std::mem::take(&mut self.incidents);
        incidents.finish(&mut |change| self.incident(change));
        self.incidents = incidents;
    }

    fn incident(&mut self, change: Change<'_>) {
        self.record(|eve, out| eve.incident(change, out));
        // Live, people are told when it opens or grows; of a replay once, when all is known.
        let told = match change {
            Change::Opened(i) | Change::Grown(i) => self.at_once.then_some(i),
            Change::Closed(i) => (!self.at_once).then_some(i),
        };
        if let (Some(i), Some(out)) = (told, &mut self.text) {
            let block = out.text.incident(i);
            self.write_text(&block);
        }
    }

    fn one_finding(&mut self, event: Event<'_>) {
        if let Some(screen) = &mut self.screen {
            screen.finding(event);
        }
        for at in 0..self.eve.len() {
            self.buffer.clear();
            match event {
                Event::Opened(f) | Event::Raised(f) => {
                    self.eve[at]
                        .eve
                        .alert(f, &self.discretion, &mut self.buffer);
                }
                Event::Closed(f) => self.eve[at].eve.closing(f, &mut self.buffer),
                Event::Suppressed(..) => {}
            }
            self.write_eve(at);
        }
        if self.at_once {
            return self.live(event);
        }
        match event {
            // People are told once, when all is known, unless they watch the lines go by.
            Event::Opened(f) if self.text.as_ref().is_some_and(|t| t.messages) => self.tell(f),
            Event::Opened(_) | Event::Raised(_) | Event::Suppressed(..) => {}
            Event::Closed(f) => self.keep(f),
        }
    }

    fn tell(&mut self, f: &Finding) {
        self.told.insert(f.finding_id);
        if let Some(out) = &mut self.text {
            let line = format!(
                "** {}  {}  {}\n",
                f.severity.word().to_uppercase(),
                f.rule.id,
                f.headline()
            );
            let line = out.text.paint.severity(f.severity, &line);
            self.write_text(&line);
        }
    }

    /// Live: told in full when it opens, in a line when it rises or closes with repeats.
    fn live(&mut self, event: Event<'_>) {
        let Some(out) = &mut self.text else {
            return;
        };
        let line = match event {
            Event::Opened(f) => {
                let mut block = out.text.finding(f, &self.discretion);
                block.push('\n');
                block
            }
            Event::Raised(f) => {
                let (severity, id, n) = (f.severity.word(), &f.rule.id, f.count);
                let line = format!(
                    "-- {id} rises to {severity}, {} ({n} so far)\n",
                    f.outcome.word()
                );
                out.text.paint.severity(f.severity, &line)
            }
            Event::Closed(f) if f.count > 1 => {
                format!("-- {} is quiet now, after {} times\n", f.rule.id, f.count)
            }
            Event::Closed(_) | Event::Suppressed(..) => return,
        };
        self.write_text(&line);
    }

    fn keep(&mut self, f: &Finding) {
        self.closed.push(f.clone());
        if self.closed.len() > 2 * SUMMARISED && !self.keep_all {
            self.sort_closed();
            self.closed.truncate(SUMMARISED);
        }
    }

    fn sort_closed(&mut self) {
        self.closed
            .sort_by_key(|f| (std::cmp::Reverse(f.severity), f.first.seq));
    }

    /// Findings, worst first, then in order of time.
    pub fn findings(&mut self) -> &[Finding] {
        self.sort_closed();
        &self.closed
    }

    pub fn discretion(&mut self) -> &mut Discretion {
        &mut self.discretion
    }

    /// The text output, if there is one, with what it needs to show findings.
    pub fn text_parts(&mut self) -> (Option<&mut TextOutput>, &Discretion, &[Finding]) {
        self.sort_closed();
        (self.text.as_mut(), &self.discretion, &self.closed)
    }

    /// Writes one record to every EVE output.
    pub fn record(&mut self, mut write: impl FnMut(&mut Eve, &mut Vec<u8>)) {
        for at in 0..self.eve.len() {
            self.buffer.clear();
            write(&mut self.eve[at].eve, &mut self.buffer);
            self.write_eve(at);
        }
    }

    /// Looks at the judge for the screens, as often as they want to know.
    pub fn look(&mut self, judge: &Judge) {
        if let Some(screen) = &mut self.screen {
            screen.look(judge);
        }
    }

    /// The same at the end, due or not.
    pub fn look_last(&mut self, judge: &Judge) {
        if let Some(screen) = &mut self.screen {
            screen.look_now(judge);
        }
    }

    /// A block of frames was judged.
    pub fn judged(&mut self, frames: usize, took: Duration) {
        if let Some(screen) = &mut self.screen {
            screen.judged(frames, took);
        }
    }

    /// Does what people at the screens asked so far.
    pub fn answer_requests(&mut self) {
        while let Some(request) = self.screen.as_ref().and_then(Screen::asked) {
            self.request(&request);
        }
        self.tell_decisions();
    }

    /// What became of proposals, to people and records.
    fn tell_decisions(&mut self) {
        while let Some(decision) = self.screen.as_mut().and_then(Screen::decision) {
            self.record(|eve, out| eve.proposed(&decision, out));
        }
    }

    /// Goes on answering people at the screens until told to stop, or the last has left.
    pub fn serve_screen(&mut self, stop: &Stop) {
        if let Some(screen) = &mut self.screen {
            screen.end();
        }
        while !stop.asked() {
            match self.screen.as_ref().map(Screen::wait) {
                Some(Asked::Request(request)) => {
                    self.request(&request);
                    if let Some(screen) = &mut self.screen {
                        screen.publish();
                    }
                    self.flush();
                }
                Some(Asked::Nothing) => {
                    self.tell_decisions();
                    if let Some(screen) = &mut self.screen
                        && screen.has_notes()
                    {
                        screen.publish();
                        self.flush();
                    }
                }
                Some(Asked::Gone) | None => break,
            }
        }
        self.flush();
    }

    fn request(&mut self, request: &Request) {
        match request {
            Request::Mark(mark) => {
                self.record(|eve, out| eve.mark(mark, out));
                if let Some(screen) = &mut self.screen {
                    screen.mark(mark);
                }
            }
            Request::Propose(draft) => {
                if let Some(screen) = &mut self.screen {
                    screen.proposed(draft);
                }
            }
            Request::Revealed { who, at } => {
                self.record(|eve, out| eve.revealed(who, *at, out));
                if let Some(screen) = &mut self.screen {
                    screen.revealed(who, *at);
                }
            }
        }
    }

    /// Hands everything on that waits in buffers.
    pub fn flush(&mut self) {
        self.answer_requests();
        if let Some(screen) = &mut self.screen {
            screen.flush();
        }
        for at in 0..self.eve.len() {
            let result = self.eve[at].to.flush();
            self.note(at, result);
        }
        if let Some(out) = &mut self.text {
            let result = out.to.flush();
            self.note_text(result);
        }
    }

    /// What could not be written, and where to.
    pub fn failures(&self) -> &[String] {
        &self.failures
    }

    /// The program that read our standard output went away (as `head` does): no fault of ours.
    pub fn reader_gone(&self) -> bool {
        self.reader_gone
    }

    pub fn write_text(&mut self, text: &str) {
        if let Some(out) = &mut self.text {
            let result = out.to.write_all(text.as_bytes());
            self.note_text(result);
        }
    }

    fn write_eve(&mut self, at: usize) {
        let Outputs { eve, buffer, .. } = self;
        let result = eve[at].to.write_all(buffer);
        self.note(at, result);
    }

    fn note(&mut self, at: usize, result: io::Result<()>) {
        if let Err(e) = result {
            let name = self.eve[at].name.clone();
            self.eve[at].to = Box::new(io::sink());
            self.fail(&name, &e);
        }
    }

    fn note_text(&mut self, result: io::Result<()>) {
        if let Err(e) = result {
            self.text = None;
            self.fail("standard output", &e);
        }
    }

    fn fail(&mut self, name: &str, e: &io::Error) {
        if e.kind() == io::ErrorKind::BrokenPipe {
            self.reader_gone = true;
        } else {
            self.failures.push(format!("cannot write to {name}: {e}"));
        }
    }
}
