//! What stands between runs, in a directory: `state.json`, one versioned JSON file, always whole.
//!
//! It is written beside itself, synced and renamed, every minute and at the end, by a thread of its
//! own: the judge never waits for the disk. A file that cannot be read is set aside and told.

mod history;
mod migrate;
mod writer;

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

pub use history::History;
pub use migrate::SCHEMA;
use writer::Writer;

use crate::output::ruling::Ruling;
use crate::pipeline::Judging;

const STATE: &str = "state.json";

/// The file of acknowledgements in the same directory.
pub const MARKS: &str = "marks.jsonl";

/// A state directory, open for writing.
pub struct Store {
    writer: Writer,
    /// Restarts so far, newest last.
    restarts: Vec<Restart>,
    /// Wall time at which this run began.
    began: i64,
}

/// A time in which nobody watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restart {
    /// Wall times, nanoseconds: the last state written, and the start after it.
    pub from: i64,
    pub to: i64,
}

/// What an earlier run left.
#[derive(Debug)]
pub struct Kept {
    pub value: Value,
    /// Wall time at which it was written.
    pub written: i64,
}

/// Restarts kept.
const RESTARTS: usize = 1000;

impl Store {
    /// Opens the directory, making it if need be, and reads what an earlier run left. What is damaged
    /// is set aside; the second text tells so.
    pub fn open(dir: &Path, now: i64) -> Result<(Store, Option<Kept>, Option<String>), String> {
        make(dir)?;
        let (kept, trouble) = match read(dir) {
            Ok(kept) => (kept, None),
            Err(why) => {
                let aside = set_aside(dir, now)?;
                let trouble = format!(
                    "{why}; it is set aside as {} and everything begins anew",
                    aside.display()
                );
                (None, Some(trouble))
            }
        };
        let mut restarts = kept
            .as_ref()
            .map(|k| restarts_of(&k.value))
            .unwrap_or_default();
        if let Some(kept) = &kept {
            restarts.push(Restart {
                from: kept.written,
                to: now,
            });
        }
        if restarts.len() > RESTARTS {
            restarts.drain(..restarts.len() - RESTARTS);
        }
        let store = Store {
            writer: Writer::start(dir.join(STATE))?,
            restarts,
            began: now,
        };
        Ok((store, kept, trouble))
    }

    /// The blind time before this run, if there was a run before.
    pub fn blind(&self) -> Option<Restart> {
        self.restarts.last().copied().filter(|r| r.to == self.began)
    }

    /// Hands the present state to the disk. One that still waits is replaced.
    pub fn keep(&self, judging: &Judging, ruling: &Ruling, lost: u64, now: i64) {
        let value = self.value(judging, ruling, lost, now);
        self.writer.write(value.to_string().into_bytes());
    }

    /// What could not be written since the last time this was asked.
    pub fn trouble(&self) -> Option<String> {
        self.writer.trouble()
    }

    /// Waits until the last state is on the disk.
    pub fn close(self) -> Result<(), String> {
        self.writer.close()
    }

    fn value(&self, judging: &Judging, ruling: &Ruling, lost: u64, now: i64) -> Value {
        let mut value = state_of(judging, ruling, lost, now);
        value["began"] = json!(self.began);
        value["restarts"] = self
            .restarts
            .iter()
            .map(|r| json!([r.from, r.to]))
            .collect();
        value
    }
}

/// The state of a run, without what the store itself knows of runs before.
pub fn state_of(judging: &Judging, ruling: &Ruling, lost: u64, now: i64) -> Value {
    let judge = judging.judge();
    let suppressed: Vec<Value> = judge.suppressed().map(|(c, n)| cause(c, n)).collect();
    let exceptions: Vec<Value> = judge.exceptions().causes().map(|c| cause(c, 0)).collect();
    let history = judging.history().map(History::value);
    let mut value = json!({
        "schema": SCHEMA, "program": env!("CARGO_PKG_VERSION"), "written": now, "lost": lost,
        "rules_hash": ruling.rules, "policy_hash": ruling.policy,
        "exceptions_hash": ruling.exceptions,
        "suppressed": suppressed, "exceptions": exceptions, "history": history,
    });
    if let (Value::Object(state), Some(object)) = (judging.state(), value.as_object_mut()) {
        object.extend(state);
    }
    value
}

fn cause(cause: &rules::exceptions::Cause, count: u64) -> Value {
    json!({
        "kind": cause.kind.word(), "place": cause.place, "reason": cause.reason, "by": cause.by,
        "about": cause.about, "from": cause.from, "until": cause.until, "count": count,
    })
}

/// Reads a state directory without touching it. `None`: nothing was written yet.
pub fn read(dir: &Path) -> Result<Option<Kept>, String> {
    let path = dir.join(STATE);
    let told = |what: String| format!("{}: {what}", path.display());
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(told(e.to_string())),
    };
    let value: Value = serde_json::from_slice(&text)
        .map_err(|e| told(format!("this is no state of wardwatch ({e})")))?;
    let value = migrate::to_present(value).map_err(told)?;
    let written = value.get("written").and_then(Value::as_i64);
    let written = written.ok_or_else(|| told("it does not tell when it was written".into()))?;
    Ok(Some(Kept { value, written }))
}

/// Restarts in a state.
pub fn restarts_of(value: &Value) -> Vec<Restart> {
    let one = |v: &Value| {
        Some(Restart {
            from: v.get(0)?.as_i64()?,
            to: v.get(1)?.as_i64()?,
        })
    };
    let list = value.get("restarts").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(one).collect()
}

fn make(dir: &Path) -> Result<(), String> {
    let told = |e: std::io::Error| format!("{}: {e}", dir.display());
    if !dir.is_dir() {
        fs::create_dir_all(dir).map_err(told)?;
        // Who watches whom is nobody else's business.
        fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(told)?;
    }
    Ok(())
}

fn set_aside(dir: &Path, now: i64) -> Result<PathBuf, String> {
    let aside = dir.join(format!("state.damaged-{}.json", now / 1_000_000_000));
    fs::rename(dir.join(STATE), &aside)
        .map_err(|e| format!("{}: cannot be set aside: {e}", dir.join(STATE).display()))?;
    Ok(aside)
}

#[cfg(test)]
mod tests;
