//! A screen that crashes leaves the terminal as it was, and the work beside it goes on.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crossbeam_channel::unbounded;
use sensor::cli::beside::drawn;
use sensor::pipeline::Stop;
use tui::app::App;
use tui::evidence::NoEvidence;
use tui::feed::Feed;
use tui::state::{Model, Source};
use tui::theme::{Look, Theme, UNICODE};
use tui::when::When;
use wardwatch_tests::tmux::Tmux;

/// Set in the process that is to crash, in a terminal of its own.
const CHILD: &str = "WARDWATCH_TEST_CRASHES";

#[test]
fn crash_of_the_screen_restores_the_terminal_and_the_work_goes_on() {
    if std::env::var_os(CHILD).is_some() {
        return crashes();
    }
    let own = std::env::current_exe().expect("this test's program");
    let command = format!(
        "stty -a > /dev/null; {CHILD}=1 '{}' --exact --nocapture \
         crash_of_the_screen_restores_the_terminal_and_the_work_goes_on; \
         stty -a | grep -o ' echo \\| icanon\\|-icanon'",
        own.display()
    );
    let Some(tmux) = Tmux::start((100, 40), &command) else {
        return;
    };
    tmux.shows("[1 Findings]");
    let screen = tmux.shows("the work went on to its end");
    assert!(
        !screen.contains("[1 Findings]"),
        "the screen is as before: {screen}"
    );
    assert!(
        screen.contains("the screen broke; going on without it"),
        "{screen}"
    );
    let screen = tmux.shows("ended with");
    assert!(screen.contains(" icanon"), "lines are read again: {screen}");
    // Neither the mouse nor the other screen is left on.
    let modes = tmux.tmux(&[
        "display-message",
        "-p",
        "#{alternate_on} #{mouse_any_flag} #{cursor_flag}",
    ]);
    assert_eq!(modes.trim(), "0 0 1");
}

/// Draws by a clock that fails after a while, beside work that takes longer.
fn crashes() {
    static LOOKS: AtomicU32 = AtomicU32::new(0);
    fn clock() -> i64 {
        assert!(LOOKS.fetch_add(1, Ordering::Relaxed) < 12, "made to fail");
        1_764_000_000_000_000_000
    }
    let (_feed, mailbox) = Feed::new(None);
    let (requests, _asked) = unbounded();
    let stop = Stop::default();
    let app = App {
        model: Model::new(Source::default(), When::utc(), None),
        theme: Theme::new(Look::Dark, UNICODE),
        mailbox,
        requests,
        evidence: Box::new(NoEvidence("none")),
        stop: stop.flag(),
        clock,
    };
    let (worked, shown) = drawn(app, &stop, || {
        std::thread::sleep(Duration::from_secs(4));
        !stop.asked()
    });
    assert!(shown.is_err(), "the screen broke");
    assert!(worked, "nobody told the work to stop");
    println!("the work went on to its end");
}
