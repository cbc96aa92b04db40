//! The sensor's end of the socket: one thread that takes news from its own mailbox and hands
//! lines to every viewer. A viewer that does not read costs messages, never a finding, and never
//! waits the sensor.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::Sender;
use dissectors::message::Batch;
use rules::finding::{Finding, FindingId};
use serde_json::Value;
use tui::feed::{Mailbox, News, Stats};
use tui::mark::Mark;
use tui::request::Request;

use super::{Lines, clerk};
use crate::limits::{self, Limits};
use crate::output::json::Object;
use crate::output::marks;

/// Between two looks at mailbox and sockets.
const BEAT: Duration = Duration::from_millis(50);

/// Bytes of one line that a viewer may send.
const LINE: usize = 64 * 1024;

/// What viewers are told first.
#[derive(Clone, Debug, Default)]
pub struct Greeting {
    pub source: String,
    pub mode: &'static str,
    /// Marks outlive the run.
    pub marks_kept: bool,
    /// Patient data go out as pseudonyms.
    pub pseudonyms: bool,
}

/// A socket that is bound, but not served yet: privileges may be given up in between.
pub struct Bound {
    path: PathBuf,
    desk: Desk,
}

/// Serves viewers until dropped.
pub struct Server {
    path: PathBuf,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Bound {
    /// Binds. A socket left by a sensor that is gone is taken over.
    pub fn to(
        path: &Path,
        greeting: Greeting,
        mailbox: Arc<Mailbox>,
        requests: Sender<Request>,
        lines: Lines,
        limits: &Limits,
    ) -> Result<Self, String> {
        let told = |e: std::io::Error| format!("cannot listen on {}: {e}", path.display());
        if path.exists() {
            if UnixStream::connect(path).is_ok() {
                return Err(format!(
                    "{} is in use: another sensor listens there; give another --socket",
                    path.display()
                ));
            }
            if !is_socket(path) {
                return Err(format!("{} exists and is no socket", path.display()));
            }
            std::fs::remove_file(path).map_err(told)?;
        }
        let listener = UnixListener::bind(path).map_err(told)?;
        // Findings and marks are for this user (and root) alone.
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(told)?;
        listener.set_nonblocking(true).map_err(told)?;
        Ok(Bound {
            path: path.to_owned(),
            desk: Desk {
                listener,
                greeting,
                mailbox,
                requests,
                lines,
                viewers: Vec::new(),
                kept: Kept::default(),
                most: limits.get(limits::VIEWERS),
                room: limits.get(limits::VIEWER_LINES),
                recent: limits.get(limits::VIEWER_RECENT),
            },
        })
    }

    /// Serves from a thread of its own.
    pub fn serve(self) -> Result<Server, String> {
        let Bound { path, mut desk } = self;
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("viewers".into())
            .spawn(move || {
                while !asked.load(Ordering::Relaxed) {
                    desk.beat();
                    std::thread::sleep(BEAT);
                }
                // What is on its way still goes out, if it is taken soon.
                for _ in 0..40 {
                    desk.beat();
                    if desk.viewers.iter().all(|v| v.out.is_empty()) {
                        break;
                    }
                    std::thread::sleep(BEAT);
                }
            })
            .map_err(|e| format!("no thread: {e}"))?;
        Ok(Server {
            path,
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let _ = std::fs::remove_file(&self.path);
    }
}

fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(path).is_ok_and(|m| m.file_type().is_socket())
}

/// What a new viewer is given.
#[derive(Default)]
struct Kept {
    findings: HashMap<FindingId, Arc<Finding>>,
    order: Vec<FindingId>,
    marks: Vec<Mark>,
    chunks: VecDeque<Arc<Batch>>,
    messages: usize,
    stats: Option<Stats>,
    seen: u64,
    time: i64,
    ended: bool,
}

impl Kept {
    fn add(&mut self, news: &News, recent: usize) {
        for f in &news.findings {
            let id = f.finding.finding_id;
            if self.findings.insert(id, Arc::clone(&f.finding)).is_none() {
                self.order.push(id);
            }
        }
        self.marks.extend(news.marks.iter().cloned());
        for chunk in &news.chunks {
            self.messages += chunk.len();
            self.chunks.push_back(Arc::clone(chunk));
        }
        while self.messages > recent && self.chunks.len() > 1 {
            if let Some(oldest) = self.chunks.pop_front() {
                self.messages -= oldest.len();
            }
        }
        if news.stats.is_some() {
            self.stats.clone_from(&news.stats);
        }
        self.seen = news.messages;
        self.time = news.last.map_or(self.time, |f| f.time);
        self.ended = news.ended;
    }
}

struct Viewer {
    /// As a file: reading and writing it are the calls that a confined sensor may make.
    stream: File,
    /// Lines on their way; `true`: may be left out.
    out: VecDeque<(Arc<[u8]>, bool)>,
    /// Bytes of the first line that are written already.
    written: usize,
    line: Vec<u8>,
    left_out: u64,
    gone: bool,
}

impl Viewer {
    fn push(&mut self, line: &Arc<[u8]>, droppable: bool, room: usize) {
        if droppable && self.out.len() >= room {
            self.left_out += 1;
            return;
        }
        self.out.push_back((Arc::clone(line), droppable));
    }

    fn write(&mut self) {
        while let Some((line, _)) = self.out.front() {
            match self.stream.write(&line[self.written..]) {
                Ok(0) => return self.gone = true,
                Ok(n) => {
                    self.written += n;
                    if self.written >= line.len() {
                        self.written = 0;
                        self.out.pop_front();
                    }
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(_) => return self.gone = true,
            }
        }
    }

    /// Reads whole lines that the viewer sent.
    fn read(&mut self, take: &mut dyn FnMut(&[u8])) {
        let mut buffer = [0; 4096];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => break self.gone = true,
                Ok(n) => self.line.extend_from_slice(&buffer[..n]),
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(_) => break self.gone = true,
            }
            while let Some(end) = self.line.iter().position(|b| *b == b'\n') {
                let rest = self.line.split_off(end + 1);
                take(&self.line);
                self.line = rest;
            }
            if self.line.len() > LINE {
                break self.gone = true;
            }
        }
    }
}

struct Desk {
    listener: UnixListener,
    greeting: Greeting,
    mailbox: Arc<Mailbox>,
    requests: Sender<Request>,
    lines: Lines,
    viewers: Vec<Viewer>,
    kept: Kept,
    most: usize,
    room: usize,
    recent: usize,
}

impl Desk {
    fn beat(&mut self) {
        let news = self.mailbox.take();
        let ended = news.ended && !self.kept.ended;
        self.kept.add(&news, self.recent);
        self.tell(&news, ended);
        while let Ok((stream, _)) = self.listener.accept() {
            if self.viewers.len() >= self.most {
                continue;
            }
            if stream.set_nonblocking(true).is_ok() {
                self.greet(stream);
            }
        }
        let Desk {
            viewers, requests, ..
        } = self;
        for viewer in viewers.iter_mut() {
            viewer.write();
            viewer.read(&mut |line| {
                if let Some(request) = parse(line) {
                    let _ = requests.send(request);
                }
            });
        }
        viewers.retain(|v| !v.gone);
    }

    /// Everything that is new, to everybody.
    fn tell(&mut self, news: &News, ended: bool) {
        if self.viewers.is_empty() {
            return;
        }
        let mut lines: Vec<(Arc<[u8]>, bool)> = Vec::new();
        let mut line = Vec::new();
        for chunk in &news.chunks {
            for m in chunk.messages() {
                line.clear();
                self.lines.message(m, &mut line);
                lines.push((line.as_slice().into(), true));
            }
        }
        for f in &news.findings {
            line.clear();
            self.lines.finding(&f.finding, &mut line);
            lines.push((line.as_slice().into(), false));
        }
        for mark in &news.marks {
            line.clear();
            self.lines.mark(mark, &mut line);
            lines.push((line.as_slice().into(), false));
        }
        for note in &news.notes {
            line.clear();
            let mut o = Object::begin(&mut line);
            o.text("event_type", "audit");
            o.text("note", note);
            o.end();
            line.push(b'\n');
            lines.push((line.as_slice().into(), false));
        }
        if let Some(stats) = &news.stats {
            line.clear();
            self.lines
                .stats(stats, self.kept.seen, self.kept.time, &mut line);
            lines.push((line.as_slice().into(), false));
        }
        if ended {
            lines.push((end_line(), false));
        }
        for viewer in &mut self.viewers {
            for (line, droppable) in &lines {
                viewer.push(line, *droppable, self.room);
            }
        }
    }

    /// A new viewer: who we are, and everything that is kept.
    fn greet(&mut self, stream: UnixStream) {
        let mut viewer = Viewer {
            stream: File::from(OwnedFd::from(stream)),
            out: VecDeque::new(),
            written: 0,
            line: Vec::new(),
            left_out: 0,
            gone: false,
        };
        let mut line = Vec::new();
        let mut o = Object::begin(&mut line);
        o.text("event_type", "audit");
        o.text("wardwatch", env!("CARGO_PKG_VERSION"));
        o.wire("source", self.greeting.source.as_bytes());
        o.text("mode", self.greeting.mode);
        o.flag("marks_kept", self.greeting.marks_kept);
        o.flag("pseudonyms", self.greeting.pseudonyms);
        o.end();
        line.push(b'\n');
        let mut push = |line: &mut Vec<u8>| {
            viewer.push(&line.as_slice().into(), false, 0);
            line.clear();
        };
        push(&mut line);
        for chunk in &self.kept.chunks {
            for m in chunk.messages() {
                self.lines.message(m, &mut line);
                push(&mut line);
            }
        }
        for f in self
            .kept
            .order
            .iter()
            .filter_map(|id| self.kept.findings.get(id))
        {
            self.lines.finding(f, &mut line);
            push(&mut line);
        }
        for mark in &self.kept.marks {
            self.lines.mark(mark, &mut line);
            push(&mut line);
        }
        if let Some(stats) = &self.kept.stats {
            self.lines
                .stats(stats, self.kept.seen, self.kept.time, &mut line);
            push(&mut line);
        }
        if self.kept.ended {
            viewer.push(&end_line(), false, 0);
        }
        self.viewers.push(viewer);
    }
}

fn end_line() -> Arc<[u8]> {
    b"{\"event_type\":\"audit\",\"ended\":true}\n"
        .as_slice()
        .into()
}

/// What a viewer asks, as a line of JSON.
pub fn write(request: &Request) -> Vec<u8> {
    let mut line = Vec::new();
    let mut o = Object::begin(&mut line);
    match request {
        Request::Mark(mark) => {
            let mut m = o.object("mark");
            marks::write(&mut m, mark);
            m.end();
        }
        Request::Propose(draft) => {
            let mut p = o.object("proposal");
            clerk::write(&mut p, draft);
            p.end();
        }
        Request::Revealed { who, at } => {
            o.wire("revealed_by", who.as_bytes());
            o.integer("at", *at);
        }
    }
    o.end();
    line.push(b'\n');
    line
}

fn parse(line: &[u8]) -> Option<Request> {
    let value: Value = serde_json::from_slice(line).ok()?;
    if let Some(mark) = value.get("mark") {
        return marks::parse(mark).map(Request::Mark);
    }
    if let Some(proposal) = value.get("proposal") {
        return clerk::parse(proposal).map(Request::Propose);
    }
    Some(Request::Revealed {
        who: value
            .get("revealed_by")?
            .as_str()?
            .chars()
            .take(200)
            .collect(),
        at: value.get("at")?.as_i64()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rules::finding::Severity;
    use tui::mark::Handling;
    use tui::proposal::{Draft, Kind};

    #[test]
    fn what_a_viewer_asks_arrives_as_it_was_meant() {
        let mark = Request::Mark(Mark {
            finding: FindingId(0xfeed),
            what: Handling::Muted,
            who: "Anna \"B\"".into(),
            at: 17,
            note: "known".into(),
            severity: Severity::High,
        });
        assert_eq!(parse(&write(&mark)), Some(mark));
        let draft = Request::Propose(Draft {
            kind: Kind::GrantUntil,
            text: "[[grant]]\nwho = [\"10.1.2.3\"]\n".into(),
            who: "Anna".into(),
            reason: "a \"trial\"".into(),
            at: 17,
        });
        assert_eq!(parse(&write(&draft)), Some(draft));
        assert_eq!(parse(b"{\"proposal\":{}}"), None);
        assert_eq!(parse(b"{\"mark\":{}}"), None);
        assert_eq!(parse(b"garbage"), None);
    }
}
