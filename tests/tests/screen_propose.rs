//! What a person writes at the screens is in force at once, and still after a restart.

use std::fs;

use serde_json::Value;
use wardwatch_tests::capture::{read, scratch, shipped, write};
use wardwatch_tests::live::records;
use wardwatch_tests::tmux::{Tmux, path, wardwatch};

/// Frames after the first hour, as files that come into a directory that is followed.
struct Evening {
    folder: std::path::PathBuf,
    policy: String,
    eve: std::path::PathBuf,
}

impl Evening {
    fn new() -> Self {
        let folder = scratch("dir");
        fs::create_dir(&folder).expect("a writable temporary folder");
        let evening = Evening {
            folder,
            policy: path(&shipped("pcaps/policies/hl7.toml")),
            eve: scratch("json"),
        };
        evening.comes_again(0);
        evening
    }

    /// The ward's evening happens once more, so many hours later.
    fn comes_again(&self, hours: i64) {
        let mut frames = read(&shipped("pcaps/ward/one-evening.pcapng"));
        for frame in &mut frames {
            frame.time += hours * 3_600_000_000_000;
        }
        let capture = write(&frames);
        // Under its name only when it is whole.
        let to = self.folder.join(format!("evening-{hours}.pcap"));
        fs::copy(&capture.0, to.with_extension("part")).expect("room");
        fs::rename(to.with_extension("part"), to).expect("the same folder");
    }

    fn sit_down(&self, more: &[&str]) -> Option<Tmux> {
        let (folder, eve) = (path(&self.folder), path(&self.eve));
        let mut args = vec![
            "replay",
            "--follow",
            &folder,
            "--policy",
            &self.policy,
            "--tui",
            "-o",
            &eve,
        ];
        args.extend(more);
        Tmux::start((110, 30), &wardwatch(&args))
    }

    fn records(&self) -> Vec<Value> {
        records(&fs::read_to_string(&self.eve).unwrap_or_default())
    }

    /// How often a rule opened a finding.
    fn opened(&self, rule: &str) -> usize {
        let of_rule = |r: &&Value| r["event_type"] == "alert" && r["alert"]["rule_id"] == rule;
        let all = self.records();
        let mut ids: Vec<&str> = all
            .iter()
            .filter(of_rule)
            .filter_map(|r| r["alert"]["finding_id"].as_str())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids.len()
    }
}

impl Drop for Evening {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
        let _ = fs::remove_file(&self.eve);
    }
}

/// Goes on to a kind of proposal, signs it, and waits until it is in force.
fn propose(tmux: &Tmux, kind: &str, tabs: usize) {
    tmux.press(&["w"]);
    tmux.shows("not written yet");
    for _ in 0..tabs {
        tmux.press(&["Tab"]);
    }
    tmux.shows(kind);
    tmux.press(&["Enter"]);
    tmux.shows("your name");
    tmux.press(&["C-u"]);
    tmux.write("Anna");
    tmux.press(&["Enter"]);
    tmux.shows("reason:");
    tmux.write("a \"new\" server");
    tmux.press(&["Enter"]);
}

#[test]
fn policy_line_written_at_the_screen_is_in_force_at_once_and_after_a_restart() {
    const RULE: &str = "WW-CMD-0001";
    let evening = Evening::new();
    // Without it, the next evening tells the finding again.
    let Some(tmux) = evening.sit_down(&[]) else {
        return;
    };
    tmux.shows(RULE);
    evening.comes_again(1);
    tmux.shows("21:41:52");
    tmux.press(&["q"]);
    tmux.shows("ended with 0");
    drop(tmux);
    assert_eq!(evening.opened(RULE), 2, "the test can fail");

    let evening = Evening::new();
    let additions = scratch("toml");
    let file = path(&additions);
    let tmux = evening
        .sit_down(&["--policy-additions", &file])
        .expect("tmux was there before");
    tmux.shows(RULE);
    propose(&tmux, "[policy line]", 0);
    tmux.shows("written to");
    evening.comes_again(1);
    // Something else of that evening is told, the allowed command is not.
    tmux.shows("21:4");
    tmux.shows("21:51");
    tmux.press(&["q"]);
    tmux.shows("ended with 0");
    drop(tmux);
    assert_eq!(evening.opened(RULE), 1);
    let text = fs::read_to_string(&additions).expect("a file of additions");
    for part in [
        "by Anna: a",
        "[[grant]]",
        "may = [\"set-rate\"]",
        "accepted_by = \"Anna, ",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let all = evening.records();
    let audit = all
        .iter()
        .find(|r| r["audit"]["kind"] == "grant")
        .expect("a record of it");
    assert_eq!(audit["audit"]["by"], "Anna");
    assert_eq!(audit["audit"]["reason"], "a \"new\" server");

    // A restart reads the file: the first evening is silent too.
    let evening = Evening::new();
    let tmux = evening
        .sit_down(&["--policy-additions", &file])
        .expect("tmux was there before");
    tmux.shows("133 messages");
    tmux.press(&["q"]);
    tmux.shows("ended with 0");
    assert_eq!(evening.opened(RULE), 0);
    let _ = fs::remove_file(&additions);
}

#[test]
fn suppression_holds_one_rule_back_and_no_other() {
    let evening = Evening::new();
    let additions = scratch("toml");
    let Some(tmux) = evening.sit_down(&["--exception-additions", &path(&additions)]) else {
        return;
    };
    tmux.shows("WW-CMD-0001");
    propose(&tmux, "[suppression]", 3);
    tmux.shows("written to");
    evening.comes_again(1);
    tmux.shows("21:41:52");
    tmux.press(&["q"]);
    tmux.shows("ended with 0");
    assert_eq!(evening.opened("WW-CMD-0001"), 1);
    assert_eq!(evening.opened("WW-HL7-0006"), 2, "others fire still");
    let text = fs::read_to_string(&additions).expect("a file of additions");
    assert!(text.starts_with("schema = 1\n"), "{text}");
    assert!(text.contains("[[exception]]"), "{text}");
    let _ = fs::remove_file(&additions);
}

#[test]
fn without_a_policy_nothing_is_added_and_the_screen_says_so() {
    let capture = path(&shipped("pcaps/ward/one-evening.pcapng"));
    let Some(tmux) = Tmux::start((100, 30), &wardwatch(&["replay", "-r", &capture, "--tui"]))
    else {
        return;
    };
    tmux.shows("ENDED");
    tmux.shows("[open ");
    propose(&tmux, "[policy line]", 0);
    tmux.shows("there is no policy to add to");
    tmux.press(&["q"]);
    tmux.shows("ended with 0");
}
