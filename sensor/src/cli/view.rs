//! The screens: beside a replay, attached to a sensor that runs elsewhere, or over an EVE file.

use std::io::IsTerminal;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crossbeam_channel::{Sender, unbounded};
use rules::policy::Policy;
use tui::app::App;
use tui::evidence::{EvidenceSource, NoEvidence};
use tui::feed::{Feed, Mailbox};
use tui::mark::Mark;
use tui::request::Request;
use tui::state::{Model, Source};
use tui::theme::{ASCII, Look, Theme, UNICODE};
use tui::when::When;

use super::args::{LookWord, ScreenArgs, View};
use super::beside::drawn;
use super::{Ending, complain};
use crate::capture::ReadOptions;
use crate::decode::DecodeOptions;
use crate::limits::Limits;
use crate::output::evidence::Recapture;
use crate::output::marks::MarkFile;
use crate::pipeline::Stop;
use crate::view::{Reader, follow};

/// `wardwatch view`: draws what a sensor elsewhere tells.
pub fn run(args: &View) -> Ending {
    match look(args) {
        Ok(()) => Ending::Done,
        Err(why) => {
            complain(why);
            Ending::Failed
        }
    }
}

fn look(args: &View) -> Result<(), String> {
    terminal("view")?;
    let stop = Stop::default();
    super::setup::end_on_signal(&stop)?;
    let policy = args
        .policy
        .as_deref()
        .map(super::setup::load_policy)
        .transpose()?
        .map(Arc::new);
    let evidence: Box<dyn EvidenceSource> = if args.read.is_empty() {
        Box::new(NoEvidence(
            "bytes are where the capture is: name it with `wardwatch view -r FILE`",
        ))
    } else {
        Box::new(Recapture {
            paths: args.read.clone(),
            options: ReadOptions::default(),
            decode: DecodeOptions::default(),
            folder: folder(&args.screen),
            limits: Limits::default(),
            by_time: false,
        })
    };
    let when = if args.utc { When::utc() } else { When::local() };
    let (mut feed, mailbox) = Feed::new(policy.clone());
    let (requests, asked) = unbounded();
    let flag = stop.flag();
    let app = |source| {
        app(
            &args.screen,
            source,
            when,
            policy,
            mailbox,
            requests,
            evidence,
            &stop,
        )
    };
    match (&args.socket, &args.eve) {
        (Some(socket), _) => {
            let (attached, source) = follow::attach(socket)?;
            let app = app(source);
            let ((), shown) = drawn(app, &stop, move || {
                attached.run(Reader::new(feed), &asked, &flag);
            });
            shown
        }
        (None, Some(path)) => {
            let (marks, kept) = marks(&args.screen)?;
            for mark in kept {
                feed.mark(mark);
            }
            let app = app(Source {
                name: short(path),
                mode: "VIEW",
                pseudonyms: true,
                marks_kept: marks.is_some(),
            });
            let (followed, shown) = drawn(app, &stop, move || {
                follow::file(path, Reader::new(feed), &asked, marks, &flag)
            });
            shown.and(followed)
        }
        (None, None) => Err("name a socket, or a file with --eve".into()),
    }
}

/// Refuses where there is nothing to draw on.
pub fn terminal(what: &str) -> Result<(), String> {
    if std::io::stdout().is_terminal() {
        Ok(())
    } else {
        Err(format!(
            "{what} draws on a terminal, and standard output is none"
        ))
    }
}

/// Where evidence goes.
pub fn folder(args: &ScreenArgs) -> PathBuf {
    args.evidence
        .clone()
        .unwrap_or_else(|| "wardwatch-evidence".into())
}

/// The file of marks with what it holds.
pub fn marks(args: &ScreenArgs) -> Result<(Option<MarkFile>, Vec<Mark>), String> {
    match &args.marks {
        Some(path) => {
            let (file, kept) = MarkFile::open(path)?;
            Ok((Some(file), kept))
        }
        None => Ok((None, Vec::new())),
    }
}

/// The terminal's end of the screens.
#[allow(clippy::too_many_arguments)]
pub fn app(
    args: &ScreenArgs,
    source: Source,
    when: When,
    policy: Option<Arc<Policy>>,
    mailbox: Arc<Mailbox>,
    requests: Sender<Request>,
    evidence: Box<dyn EvidenceSource>,
    stop: &Stop,
) -> App {
    let mut model = Model::new(source, when, policy);
    model.login = login();
    model.who.clone_from(&args.operator);
    model.bell = args.bell;
    model.mouse = !args.no_mouse;
    App {
        model,
        theme: theme(args),
        mailbox,
        requests,
        evidence,
        stop: stop.flag(),
        clock: wall,
    }
}

pub fn theme(args: &ScreenArgs) -> Theme {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    let dumb = std::env::var("TERM").is_ok_and(|t| t == "vt100" || t == "dumb" || t == "vt220");
    let look = match args.theme {
        _ if refused => Look::Plain,
        Some(LookWord::Dark) => Look::Dark,
        Some(LookWord::Light) => Look::Light,
        Some(LookWord::Plain) => Look::Plain,
        None if dumb => Look::Plain,
        None => Look::Dark,
    };
    let utf8 = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(|key| std::env::var(key).ok())
        .find(|v| !v.is_empty())
        .is_some_and(|v| {
            let v = v.to_lowercase();
            v.contains("utf-8") || v.contains("utf8")
        });
    let signs = if args.ascii || !utf8 { ASCII } else { UNICODE };
    Theme::new(look, signs)
}

/// Wall time, nanoseconds since 1970.
pub fn wall() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| i64::try_from(d.as_nanos()).unwrap_or(i64::MAX))
}

/// Whose login this is: a suggestion for the name that marks carry.
fn login() -> String {
    ["SUDO_USER", "LOGNAME", "USER"]
        .iter()
        .filter_map(|key| std::env::var(key).ok())
        .find(|v| !v.is_empty())
        .unwrap_or_else(|| match std::fs::metadata("/proc/self") {
            Ok(own) => format!("uid {}", own.uid()),
            Err(_) => "unknown".into(),
        })
}

/// A path for the header: its last part.
pub fn short(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    rules::clean::text(name.to_string_lossy().as_bytes())
}
