//! What people said of findings, kept in a file of JSON lines so that a restart sees it.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rules::finding::{FindingId, Severity};
use serde_json::Value;
use tui::mark::{Handling, Mark};

use super::json::Object;

/// The file, open for appending.
#[derive(Debug)]
pub struct MarkFile {
    path: PathBuf,
    file: File,
}

impl MarkFile {
    /// Opens the file, making it if need be, and reads what it holds.
    pub fn open(path: &Path) -> Result<(Self, Vec<Mark>), String> {
        let marks = read(path)?;
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)
            .map_err(|e| format!("cannot write to {}: {e}", path.display()))?;
        let path = path.to_owned();
        Ok((MarkFile { path, file }, marks))
    }

    pub fn keep(&mut self, mark: &Mark) -> Result<(), String> {
        let mut line = Vec::new();
        let mut o = Object::begin(&mut line);
        write(&mut o, mark);
        o.end();
        self.append(line)
    }

    /// Patient data were revealed: who, when.
    pub fn revealed(&mut self, who: &str, at: i64) -> Result<(), String> {
        let mut line = Vec::new();
        let mut o = Object::begin(&mut line);
        o.wire("revealed_by", who.as_bytes());
        o.integer("at", at);
        o.end();
        self.append(line)
    }

    fn append(&mut self, mut line: Vec<u8>) -> Result<(), String> {
        line.push(b'\n');
        self.file
            .write_all(&line)
            .and_then(|()| self.file.flush())
            .map_err(|e| format!("cannot write to {}: {e}", self.path.display()))
    }
}

/// Reads the marks of a file; none if it is not there.
pub fn read(path: &Path) -> Result<Vec<Mark>, String> {
    let mut marks = Vec::new();
    match File::open(path) {
        Ok(file) => {
            for (at, line) in BufReader::new(file).lines().enumerate() {
                let line = line.map_err(|e| format!("{}: {e}", path.display()))?;
                let wrong = || {
                    format!(
                        "{} line {}: this is no mark; repair or remove the line",
                        path.display(),
                        at + 1
                    )
                };
                if line.trim().is_empty() {
                    continue;
                }
                let value: Value = serde_json::from_str(&line).map_err(|_| wrong())?;
                if value.get("revealed_by").is_some() {
                    continue;
                }
                marks.push(parse(&value).ok_or_else(wrong)?);
            }
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(e) => return Err(format!("{}: {e}", path.display())),
    }
    Ok(marks)
}

/// The members of a mark, in records, in the file and on the socket alike.
pub fn write(o: &mut Object<'_>, mark: &Mark) {
    o.text("finding_id", &mark.finding.to_string());
    o.text("state", mark.what.word());
    o.wire("by", mark.who.as_bytes());
    o.wire("note", mark.note.as_bytes());
    o.text("level", mark.severity.word());
    o.integer("at", mark.at);
}

/// Reads those members.
pub fn parse(value: &Value) -> Option<Mark> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    Some(Mark {
        finding: FindingId(u64::from_str_radix(text("finding_id")?, 16).ok()?),
        what: Handling::from_word(text("state")?)?,
        who: text("by")?.chars().take(200).collect(),
        at: value.get("at")?.as_i64()?,
        note: text("note")
            .unwrap_or_default()
            .chars()
            .take(1000)
            .collect(),
        severity: Severity::from_word(text("level")?)?,
    })
}
