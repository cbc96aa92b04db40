//! The viewer's end: follows an EVE file as it grows, or a sensor's socket.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Seek, SeekFrom, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::Receiver;
use serde_json::Value;
use tui::request::Request;
use tui::state::Source;

use super::{Reader, server};
use crate::output::marks::MarkFile;

/// Between two looks at a file that did not grow.
const NAP: Duration = Duration::from_millis(150);

/// Longest line taken.
const LINE: usize = 4 << 20;

/// Connects to a sensor and reads who it is.
pub fn attach(path: &Path) -> Result<(Attached, Source), String> {
    let stream = UnixStream::connect(path).map_err(|e| {
        format!(
            "no sensor answers on {}: {e}; start one with --socket, or follow a file with --eve",
            path.display()
        )
    })?;
    let told = |e: std::io::Error| format!("{}: {e}", path.display());
    let write = stream.try_clone().map_err(told)?;
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .map_err(told)?;
    let mut read = BufReader::new(stream);
    let mut line = Vec::new();
    read.read_until(b'\n', &mut line).map_err(told)?;
    let hello: Value = serde_json::from_slice(&line).unwrap_or_default();
    if hello.get("wardwatch").is_none() {
        return Err(format!("{}: no wardwatch sensor", path.display()));
    }
    let text = |key: &str| hello.get(key).and_then(Value::as_str).unwrap_or_default();
    let flag = |key: &str| hello.get(key).and_then(Value::as_bool).unwrap_or(false);
    let source = Source {
        name: text("source").to_owned(),
        mode: "VIEW",
        pseudonyms: flag("pseudonyms"),
        marks_kept: flag("marks_kept"),
    };
    Ok((Attached { read, write }, source))
}

/// A connection to a sensor.
pub struct Attached {
    read: BufReader<UnixStream>,
    write: UnixStream,
}

impl Attached {
    /// Reads until the sensor ends or the viewer stops.
    pub fn run(mut self, mut reader: Reader, requests: &Receiver<Request>, stop: &AtomicBool) {
        let _ = self.read.get_ref().set_read_timeout(Some(NAP));
        let mut line = Vec::new();
        let mut ended = false;
        while !stop.load(Ordering::Relaxed) {
            for request in requests.try_iter() {
                if self.write.write_all(&server::write(&request)).is_err() {
                    reader
                        .feed()
                        .note("the sensor took no note of that: it is gone");
                }
            }
            match self.read.read_until(b'\n', &mut line) {
                Ok(0) => {
                    if !ended {
                        reader.feed().note("the sensor has ended");
                    }
                    break;
                }
                Ok(_) if line.ends_with(b"\n") => {
                    if line.starts_with(b"{\"event_type\":\"audit\",\"ended\":true") {
                        ended = true;
                        reader.feed().end();
                    } else {
                        reader.line(&line);
                    }
                    line.clear();
                    // What is read already is taken together.
                    if self.read.buffer().is_empty() {
                        reader.feed().flush();
                    }
                }
                Ok(_) => {}
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    reader.feed().flush();
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => {
                    reader.feed().note(format!("the sensor is gone: {e}"));
                    break;
                }
            }
            if line.len() > LINE {
                reader
                    .feed()
                    .note("the sensor sent a line without end; detached");
                break;
            }
        }
        reader.feed().end();
        // Marks made now reach nobody, and the screen says so: the channel is closed.
    }
}

/// Follows a file of EVE lines; marks are kept here, for there is no sensor to keep them.
pub fn file(
    path: &Path,
    mut reader: Reader,
    requests: &Receiver<Request>,
    mut marks: Option<MarkFile>,
    stop: &Arc<AtomicBool>,
) -> Result<(), String> {
    let told = |e: std::io::Error| format!("{}: {e}", path.display());
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(told)?);
    let mut line = Vec::new();
    let mut skipping = false;
    let mut lines = 0u32;
    while !stop.load(Ordering::Relaxed) {
        for request in requests.try_iter() {
            let kept = match (&request, &mut marks) {
                (Request::Mark(mark), Some(file)) => file.keep(mark),
                (Request::Revealed { who, at }, Some(file)) => file.revealed(who, *at),
                (Request::Propose(_), _) => Err(
                    "a file is followed here: only a sensor brings a proposal into force".into(),
                ),
                (_, None) => Ok(()),
            };
            if let Err(why) = kept {
                reader.feed().note(why);
            }
            if let Request::Mark(mark) = request {
                reader.feed().mark(mark);
            }
            reader.feed().publish();
        }
        match file.read_until(b'\n', &mut line) {
            Ok(n) if n > 0 && line.ends_with(b"\n") => {
                if !std::mem::take(&mut skipping) {
                    reader.line(&line);
                }
                line.clear();
                lines = lines.wrapping_add(1);
                if lines.is_multiple_of(256) {
                    reader.feed().flush();
                }
            }
            Ok(_) => {
                if line.len() > LINE {
                    skipping = true;
                    line.clear();
                }
                reader.feed().flush();
                // A file that became shorter was begun anew.
                let at = file.stream_position().unwrap_or(0);
                if std::fs::metadata(path).is_ok_and(|m| m.len() < at) {
                    reader.feed().note("the file was begun anew");
                    file.seek(SeekFrom::Start(0)).map_err(told)?;
                    line.clear();
                }
                std::thread::sleep(NAP);
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(told(e)),
        }
    }
    Ok(())
}
