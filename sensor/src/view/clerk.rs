//! Takes what people propose at the screens: checks it with everything else that is in force,
//! writes it to its own file and has the judge go on by it. In a thread of its own, because loading
//! rules takes longer than a frame may wait.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, Sender, unbounded};
use jiff::Timestamp;
use serde_json::Value;
use tui::proposal::{Draft, Kind};

use crate::output::json::Object;
use crate::pipeline::{Change, Changes};

/// Bytes of one entry at most.
const ENTRY: usize = 8 * 1024;

/// The sensor's end: drafts go in, decisions come out.
pub struct Clerk {
    drafts: Sender<Draft>,
    decisions: Receiver<Decision>,
}

/// What became of a draft.
#[derive(Clone, Debug)]
pub struct Decision {
    pub draft: Draft,
    /// Where it stands now (`None`: in memory, for this run), or why it does not.
    pub result: Result<Option<PathBuf>, String>,
}

/// The file that entries are written to, open for appending.
pub struct Additions {
    path: PathBuf,
    file: File,
    /// Nothing stands in it yet.
    fresh: bool,
}

/// Where entries are kept; without a file only for the run.
#[derive(Default)]
pub struct Files {
    /// `[[grant]]`, read as the end of the policy.
    pub policy: Option<Additions>,
    /// `[[exception]]` and `[[window]]`.
    pub exceptions: Option<Additions>,
}

/// Entries that are in no file (yet).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    pub grants: String,
    pub exceptions: String,
}

impl Pending {
    fn of(&mut self, kind: Kind) -> &mut String {
        match kind {
            Kind::Grant | Kind::GrantUntil => &mut self.grants,
            Kind::Exception | Kind::Window => &mut self.exceptions,
        }
    }
}

impl Additions {
    /// Opens the file, making it if need be: before privileges are given up.
    pub fn open(path: &Path) -> Result<Self, String> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)
            .map_err(|e| format!("cannot write to {}: {e}", path.display()))?;
        let fresh = file.metadata().is_ok_and(|m| m.len() == 0);
        Ok(Additions {
            path: path.to_owned(),
            file,
            fresh,
        })
    }
}

impl Clerk {
    /// `load` loads all that is in force with these entries more, or says what is wrong with them.
    /// Its second argument is what stands in no file from here on, if that is so.
    pub fn start(
        files: Files,
        changes: Changes,
        load: impl Fn(&Pending, Option<&Pending>) -> Result<Change, String> + Send + 'static,
    ) -> Result<Clerk, String> {
        let (drafts, asked) = unbounded::<Draft>();
        let (decided, decisions) = unbounded();
        let mut shelf = Shelf {
            files,
            memory: Pending::default(),
        };
        std::thread::Builder::new()
            .name("clerk".into())
            .spawn(move || {
                for draft in asked {
                    let result = shelf.take(&draft, &load).map(|(change, path)| {
                        changes.put(change);
                        path
                    });
                    if decided.send(Decision { draft, result }).is_err() {
                        break;
                    }
                }
            })
            .map_err(|e| format!("no thread: {e}"))?;
        Ok(Clerk { drafts, decisions })
    }

    pub fn take(&self, draft: Draft) {
        // The thread lives as long as this end.
        let _ = self.drafts.send(draft);
    }

    pub fn decision(&self) -> Option<Decision> {
        self.decisions.try_recv().ok()
    }
}

/// The files, and what was accepted without one.
struct Shelf {
    files: Files,
    memory: Pending,
}

impl Shelf {
    /// Checks a draft with everything else, then writes it.
    fn take(
        &mut self,
        draft: &Draft,
        load: &impl Fn(&Pending, Option<&Pending>) -> Result<Change, String>,
    ) -> Result<(Change, Option<PathBuf>), String> {
        let mut text = entry(draft)?;
        let file = match draft.kind {
            Kind::Grant | Kind::GrantUntil => &mut self.files.policy,
            Kind::Exception | Kind::Window => &mut self.files.exceptions,
        };
        let fresh = match file {
            Some(file) => file.fresh,
            None => self.memory.of(draft.kind).is_empty(),
        };
        if fresh && matches!(draft.kind, Kind::Exception | Kind::Window) {
            text.insert_str(0, "schema = 1\n");
        }
        let mut pending = self.memory.clone();
        pending.of(draft.kind).push_str(&text);
        let change = load(&pending, file.is_none().then_some(&pending))?;
        let Some(file) = file else {
            self.memory = pending;
            return Ok((change, None));
        };
        file.file
            .write_all(text.as_bytes())
            .and_then(|()| file.file.sync_data())
            .map_err(|e| format!("{}: {e}", file.path.display()))?;
        file.fresh = false;
        Ok((change, Some(file.path.clone())))
    }
}

/// The text to be written: the entry under a line that says who wrote it and when. A draft is one
/// entry of its kind and nothing else.
fn entry(draft: &Draft) -> Result<String, String> {
    let head = match draft.kind {
        Kind::Grant | Kind::GrantUntil => "[[grant]]",
        Kind::Exception => "[[exception]]",
        Kind::Window => "[[window]]",
    };
    let tables = draft
        .text
        .lines()
        .filter(|l| l.trim_start().starts_with('['));
    if draft.text.len() > ENTRY || !draft.text.starts_with(head) || tables.count() != 1 {
        return Err(format!("a proposal is one {head} and nothing else"));
    }
    if draft.who.trim().is_empty() || draft.reason.trim().is_empty() {
        return Err("a proposal needs a name and a reason".into());
    }
    let time = Timestamp::from_second(draft.at.div_euclid(1_000_000_000))
        .map_err(|e| format!("no time: {e}"))?;
    let one_line = |text: &str| rules::clean::text(text.as_bytes());
    Ok(format!(
        "\n# Written at a screen {time} by {}: {}\n{}\n",
        one_line(&draft.who),
        one_line(&draft.reason),
        draft.text.trim_end()
    ))
}

/// The members of a draft on the socket. The text goes by lines: strings hold no line ends.
pub fn write(o: &mut Object<'_>, draft: &Draft) {
    o.text("kind", draft.kind.word());
    o.wire("by", draft.who.as_bytes());
    o.wire("reason", draft.reason.as_bytes());
    o.integer("at", draft.at);
    let mut lines = o.array("text");
    for line in draft.text.lines() {
        lines.wire(line.as_bytes());
    }
    lines.end();
}

pub fn parse(value: &Value) -> Option<Draft> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let lines: Option<Vec<&str>> = value
        .get("text")?
        .as_array()?
        .iter()
        .map(Value::as_str)
        .collect();
    Some(Draft {
        kind: Kind::from_word(text("kind")?)?,
        text: lines?.join("\n") + "\n",
        who: text("by")?.chars().take(200).collect(),
        reason: text("reason")?.chars().take(1000).collect(),
        at: value.get("at")?.as_i64()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(text: &str) -> Draft {
        Draft {
            kind: Kind::Grant,
            text: text.into(),
            who: "Anna\nB".into(),
            reason: "why".into(),
            at: 0,
        }
    }

    #[test]
    fn more_than_one_entry_is_refused() {
        assert!(entry(&draft("[[grant]]\nwho = [\"any\"]\n\n[[grant]]\n")).is_err());
        assert!(entry(&draft("[[bound]]\n")).is_err());
        assert!(entry(&draft("who = 1\n[[grant]]\n")).is_err());
    }

    #[test]
    fn a_name_cannot_end_its_comment() {
        let text = entry(&draft("[[grant]]\n")).expect("one entry");
        assert!(text.contains("by Anna\\x0aB: why\n[[grant]]\n"), "{text}");
    }

    #[test]
    fn what_does_not_load_is_not_written() {
        let path = std::env::temp_dir().join(format!("clerk-{}.toml", std::process::id()));
        let additions = Additions::open(&path).expect("a writable temporary folder");
        let files = Files {
            policy: Some(additions),
            exceptions: None,
        };
        let clerk =
            Clerk::start(files, Changes::default(), |_, _| Err("no".into())).expect("a thread");
        clerk.take(draft("[[grant]]\n"));
        let decision = clerk
            .decisions
            .recv_timeout(std::time::Duration::from_secs(10))
            .expect("a decision");
        assert_eq!(decision.result, Err("no".into()));
        assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), "");
        let _ = std::fs::remove_file(&path);
    }
}
