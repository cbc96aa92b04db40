//! The screens as a person drives them, in a real terminal (tmux).

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use wardwatch_tests::capture::{scratch, shipped};
use wardwatch_tests::program;
use wardwatch_tests::tmux::{Tmux, path, wardwatch};

#[test]
fn a_person_finds_opens_exports_acknowledges_and_leaves() {
    let (ward, policy) = (
        path(&shipped("pcaps/ward/one-evening.pcapng")),
        path(&shipped("pcaps/policies/hl7.toml")),
    );
    let folder = scratch("evidence");
    let (eve, marks) = (scratch("json"), scratch("marks"));
    let command = wardwatch(&[
        "replay",
        "-r",
        &ward,
        "--policy",
        &policy,
        "--tui",
        "--evidence",
        &path(&folder),
        "-o",
        &path(&eve),
        "--marks",
        &path(&marks),
    ]);
    let Some(tmux) = Tmux::start((100, 30), &command) else {
        return;
    };
    tmux.shows("ENDED");
    tmux.shows("[open ");
    // A filter with a mistake is told in place, and taken once it is right.
    tmux.press(&["/"]);
    tmux.write("verb is set-rate and valeu > 100 mL/h");
    tmux.shows("did you mean `value`?");
    tmux.press(&["C-u"]);
    tmux.write("verb is set-r");
    tmux.press(&["Tab"]);
    tmux.write(" and value > 100 mL/h");
    tmux.press(&["Enter"]);
    let screen = tmux.shows("Enter open");
    assert!(
        screen.contains("filter: verb is set-rate and value > 100 mL/h"),
        "{screen}"
    );
    assert!(screen.contains("set-rate 120 mL/h"), "{screen}");
    assert!(
        !screen.contains("set-rate 13.3 mL/h on"),
        "the others are hidden: {screen}"
    );
    // Into the message, with the bytes masked; smaller, larger, and back.
    tmux.press(&["Enter"]);
    let screen = tmux.shows("of 579");
    assert!(screen.contains("[5 Message]"), "{screen}");
    assert!(screen.contains("RGV^O15"), "{screen}");
    tmux.tmux(&["resize-window", "-x", "80", "-y", "24"]);
    tmux.shows("5 Message");
    tmux.tmux(&["resize-window", "-x", "120", "-y", "40"]);
    tmux.press(&["Escape"]);
    tmux.shows("[1 Findings]");
    // The evidence.
    tmux.press(&["e"]);
    tmux.shows("written:");
    let pcapng = fs::read_dir(&folder)
        .expect("a folder of evidence")
        .map(|e| e.expect("an entry").path())
        .find(|p| p.extension().is_some_and(|e| e == "pcapng"))
        .expect("a capture in it");
    // The acknowledgement: a name, asked once, and a note.
    // Of several rules on the message only this one: unfolded.
    tmux.press(&["l", "a"]);
    tmux.shows("your name");
    tmux.press(&["C-u"]);
    tmux.write("Anna");
    tmux.press(&["Enter"]);
    tmux.shows("note:");
    tmux.write("ward called");
    tmux.press(&["Enter"]);
    tmux.shows("acknowledged by Anna");
    let screen = tmux.shows("acknowledged 1");
    assert!(!screen.contains("for this run only"), "{screen}");
    tmux.press(&["q"]);
    let screen = tmux.shows("ended with 0");
    assert!(
        !screen.contains("[1 Findings]"),
        "the screen is as before: {screen}"
    );
    let record = mark(&eve);
    assert_eq!(record["mark"]["by"], "Anna");
    assert_eq!(record["mark"]["note"], "ward called");
    assert_eq!(record["mark"]["state"], "acknowledged");
    holds_its_frames(&pcapng, &shipped("pcaps/ward/one-evening.pcapng"));
    // A restart sees what was said.
    drop(tmux);
    let Some(tmux) = Tmux::start((100, 30), &command) else {
        return;
    };
    let screen = tmux.shows("acknowledged 1");
    assert!(screen.contains("ENDED"), "{screen}");
    tmux.press(&["Tab"]);
    tmux.shows("by Anna at");
    tmux.press(&["q"]);
    tmux.shows("ended with 0");
    let _ = fs::remove_dir_all(&folder);
}

#[test]
fn viewers_elsewhere_see_the_same_and_what_one_says_all_see() {
    let socket = path(&scratch("sock"));
    let sensor = wardwatch(&[
        "replay",
        "-r",
        &path(&shipped("pcaps/ward/one-evening.pcapng")),
        "--policy",
        &path(&shipped("pcaps/policies/hl7.toml")),
        "--tui",
        "--socket",
        &socket,
    ]);
    let Some(first) = Tmux::start((100, 30), &sensor) else {
        return;
    };
    let open = first.shows("ENDED");
    let view = wardwatch(&["view", &socket, "--operator", "Ben", "--utc"]);
    let viewer = Tmux::start((100, 30), &view).expect("tmux was there before");
    let seen = viewer.shows("VIEW ENDED");
    let rows = |screen: &str| -> Vec<String> {
        screen
            .lines()
            .filter(|l| l.contains("!! C") || l.contains(" ! H") || l.contains(" - M"))
            .map(str::to_owned)
            .collect()
    };
    assert!(!rows(&open).is_empty());
    assert_eq!(rows(&seen), rows(&open), "both draw the same findings");
    viewer.press(&["l", "x"]);
    viewer.shows("note:");
    viewer.write("known");
    viewer.press(&["Enter"]);
    first.shows("muted 1");
    viewer.shows("muted 1");
    // A viewer that dies does not end the sensor.
    drop(viewer);
    first.press(&["2"]);
    first.shows("[2 Devices]");
    let again = Tmux::start((100, 30), &view).expect("tmux was there before");
    again.shows("muted 1");
    first.press(&["q"]);
    first.shows("ended with 0");
    again.shows("VIEW ENDED");
    again.press(&["q"]);
    again.shows("ended with 0");
}

#[test]
fn an_eve_file_is_followed_as_it_grows() {
    let eve = scratch("json");
    let whole = scratch("json");
    let output = program::run([
        Path::new("-r"),
        &shipped("pcaps/ward/one-evening.pcapng"),
        Path::new("--policy"),
        &shipped("pcaps/policies/hl7.toml"),
        Path::new("-o"),
        &whole,
    ]);
    assert!(output.status.success());
    let all = fs::read_to_string(&whole).expect("an EVE file");
    let lines: Vec<&str> = all.lines().collect();
    let cut = lines
        .iter()
        .position(|l| l.contains("\"event_type\":\"alert\""))
        .expect("a finding");
    fs::write(&eve, lines[..cut].join("\n") + "\n").expect("a writable temporary folder");
    let view = wardwatch(&["view", "--eve", &path(&eve), "--utc"]);
    let Some(viewer) = Tmux::start((100, 30), &view) else {
        return;
    };
    viewer.shows("no finding so far");
    fs::write(&eve, &all).expect("a writable temporary folder");
    viewer.shows("set-rate 120 mL/h");
    viewer.press(&["q"]);
    viewer.shows("ended with 0");
}

/// Ticks of user and system time that a process took (`/proc/PID/stat`, 100 a second).
fn ticks(pid: &str) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let after = stat.rsplit_once(')').expect("a name in brackets").1;
    let fields: Vec<u64> = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|f| f.parse().expect("a number"))
        .collect();
    fields.iter().sum()
}

#[test]
fn idle_screen_takes_less_than_two_percent_of_a_core() {
    let (eve, socket) = (scratch("json"), path(&scratch("sock")));
    fs::write(&eve, "").expect("a writable temporary folder");
    // A replay with a viewer attached: the screen of a file that grows, and one of a socket.
    let sensor = wardwatch(&[
        "replay",
        "-r",
        &path(&shipped("pcaps/ward/one-evening.pcapng")),
        "--tui",
        "--socket",
        &socket,
    ]);
    let lines = [
        (format!("exec {sensor}"), "ENDED"),
        (
            format!("exec {}", wardwatch(&["view", &socket])),
            "VIEW ENDED",
        ),
        (
            format!("exec {}", wardwatch(&["view", "--eve", &path(&eve)])),
            "no finding so far",
        ),
    ];
    let mut seats = Vec::new();
    for (line, shows) in &lines {
        let Some(tmux) = Tmux::start((120, 40), line) else {
            return;
        };
        tmux.shows(shows);
        let pid = tmux.tmux(&["list-panes", "-F", "#{pane_pid}"]);
        seats.push((tmux, pid.trim().to_owned()));
    }
    std::thread::sleep(Duration::from_secs(2));
    let before: Vec<u64> = seats.iter().map(|(_, pid)| ticks(pid)).collect();
    std::thread::sleep(Duration::from_secs(10));
    for ((_, pid), before) in seats.iter().zip(before) {
        let took = ticks(pid) - before;
        // 10 seconds are 1000 ticks.
        assert!(took < 20, "{took} of 1000 ticks");
    }
    let _ = fs::remove_file(&eve);
}

#[test]
fn a_signal_ends_the_screen_in_order() {
    let command = wardwatch(&[
        "replay",
        "-r",
        &path(&shipped("pcaps/ward/one-evening.pcapng")),
        "--tui",
        "--speed",
        "1x",
    ]);
    let Some(tmux) = Tmux::start((80, 24), &format!("echo pid $$; exec {command}")) else {
        return;
    };
    tmux.shows("REPLAY");
    let pid = tmux.tmux(&["list-panes", "-F", "#{pane_pid}"]);
    assert!(program::signal("TERM", pid.trim()));
    let begun = Instant::now();
    while program::signal("0", pid.trim()) {
        assert!(begun.elapsed() < Duration::from_secs(10), "it does not end");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn mark(eve: &Path) -> Value {
    fs::read_to_string(eve)
        .expect("an EVE file")
        .lines()
        .filter_map(|l| serde_json::from_str::<Value>(l).ok())
        .find(|r| r["event_type"] == "mark")
        .expect("a mark")
}

/// tshark opens it, and each frame is, byte for byte in length and time, the one that it names.
fn holds_its_frames(pcapng: &Path, original: &Path) {
    let rows = |file: &Path, fields: &[&str]| {
        let mut command = Command::new("tshark");
        command.arg("-r").arg(file).args(["-T", "fields"]);
        for field in fields {
            command.args(["-e", field]);
        }
        let output = command.output().ok()?;
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (Some(found), Some(all)) = (
        rows(pcapng, &["frame.time_epoch", "frame.len", "frame.comment"]),
        rows(original, &["frame.time_epoch", "frame.len", "frame.number"]),
    ) else {
        eprintln!("not checked with tshark: it cannot be run");
        return;
    };
    assert!(found.lines().count() > 1);
    for line in found.lines() {
        let mut parts = line.split('\t');
        let (time, len, comment) = (parts.next(), parts.next(), parts.next());
        let comment = comment.expect("a comment");
        let number = comment
            .split("original frame ")
            .nth(1)
            .and_then(|t| t.split(';').next())
            .expect("a number");
        let wanted = format!(
            "{}\t{}\t{number}",
            time.expect("a time"),
            len.expect("a length")
        );
        assert!(all.lines().any(|l| l == wanted), "{wanted} is no frame");
    }
}
