//! The screens: beside a replay, and (later) attached to a sensor that runs elsewhere.

use std::os::unix::fs::MetadataExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};

use crossbeam_channel::unbounded;
use rules::policy::Policy;
use tui::app::App;
use tui::evidence::EvidenceSource;
use tui::feed::{Feed, Stats};
use tui::state::{Model, Source};
use tui::theme::{ASCII, Look, Theme, UNICODE};
use tui::when::When;

use super::args::{LookWord, ScreenArgs};
use crate::output::marks::MarkFile;
use crate::output::screen::Screen;
use crate::pipeline::Stop;

/// Makes both ends: what the sensor writes into, and what draws.
pub fn open(
    args: &ScreenArgs,
    source: Source,
    when: When,
    policy: Option<Policy>,
    stats: Stats,
    evidence: Box<dyn EvidenceSource>,
    stop: &Stop,
) -> Result<(Screen, App), String> {
    let (marks, kept) = match &args.marks {
        Some(path) => {
            let (file, kept) = MarkFile::open(path)?;
            (Some(file), kept)
        }
        None => (None, Vec::new()),
    };
    let policy = policy.map(Arc::new);
    let (feed, mailbox) = Feed::new(policy.clone());
    let (requests, asked) = unbounded();
    let screen = Screen::new(feed, asked, marks, kept, stats);
    let mut model = Model::new(source, when, policy);
    model.login = login();
    model.who.clone_from(&args.operator);
    model.bell = args.bell;
    model.mouse = !args.no_mouse;
    let app = App {
        model,
        theme: theme(args),
        mailbox,
        requests,
        evidence,
        stop: stop.flag(),
        clock: wall,
    };
    Ok((screen, app))
}

/// Runs the screen in this thread beside work in another. When the person leaves, the work is
/// told to stop; if the screen breaks, the work goes on.
pub fn beside<T: Send>(
    app: App,
    stop: &Stop,
    work: impl FnOnce() -> T + Send,
) -> (T, Result<(), String>) {
    std::thread::scope(|scope| {
        let worker = scope.spawn(work);
        let shown = match catch_unwind(AssertUnwindSafe(|| tui::app::run(app))) {
            Ok(Ok(())) => {
                stop.flag().store(true, Ordering::Relaxed);
                Ok(())
            }
            Ok(Err(e)) => Err(format!("the screen failed: {e}; going on without it")),
            Err(_) => Err("the screen broke; going on without it".to_owned()),
        };
        match worker.join() {
            Ok(done) => (done, shown),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
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
