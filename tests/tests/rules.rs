//! Each shipped rule fires on the captures that it names, and stays silent on the others it names.

use rules::engine::{Judge, Settings};
use rules::finding::Event;
use rules::language::ruleset::{RuleSet, Status};
use rules::policy::Policy;
use sensor::capture::{Inputs, ReadOptions};
use sensor::decode::{DecodeOptions, Decoder};
use sensor::pipeline::{Stop, listen};
use wardwatch_tests::capture::{scratch, shipped};
use wardwatch_tests::replay::Replay;

/// Ids of the rules that raised a finding on a capture.
fn fired(capture: &str, policy: Option<&str>) -> Vec<String> {
    let path = shipped(capture);
    assert!(
        path.exists(),
        "{capture} is named by a rule and is not there"
    );
    let mut replay = Replay::of(&path);
    if let Some(policy) = policy.map(shipped) {
        replay = replay.policy(policy);
    }
    let alerts = replay
        .records()
        .into_iter()
        .filter(|r| r["event_type"] == "alert");
    let mut ids: Vec<String> = alerts
        .filter_map(|r| r["alert"]["rule_id"].as_str().map(str::to_owned))
        .collect();
    ids.sort();
    ids.dedup();
    ids
}

/// The same where nothing but the rules reads fields: no records are written.
fn fired_without_records(capture: &str, policy: Option<&str>) -> Vec<String> {
    let rules = RuleSet::shipped().unwrap_or_else(|report| panic!("{report}"));
    let policy = policy.map(|path| {
        let text = std::fs::read_to_string(shipped(path)).expect("a readable policy");
        Policy::load(path, &text).unwrap_or_else(|report| panic!("{report}"))
    });
    let mut judge = Judge::new(rules, policy, Settings::default());
    let mut ids = Vec::new();
    let mut note = |event: Event<'_>| {
        if let Event::Opened(finding) = event {
            ids.push(finding.rule.id.clone());
        }
    };
    let inputs = Inputs::open(&[shipped(capture)], &ReadOptions::default()).expect("a capture");
    listen(
        inputs,
        Decoder::new(&DecodeOptions::default()),
        sensor::flow::Settings::default(),
        judge.interest(),
        &Stop::default(),
        |message| {
            let completed = judge.completed(message);
            let message = completed.as_ref().map_or(message, |b| b.message(0));
            judge.message(message, &mut note);
        },
    );
    judge.finish(&mut note);
    ids.sort();
    ids.dedup();
    ids
}

#[test]
fn rules_mean_the_same_whether_or_not_records_are_written() {
    let set = RuleSet::shipped().unwrap_or_else(|report| panic!("{report}"));
    let proofs: std::collections::BTreeSet<(&str, Option<&str>)> = set
        .rules()
        .flat_map(|r| r.tests.fires.iter().map(|entry| r.tests.proof(entry)))
        .collect();
    for (capture, policy) in proofs {
        // The judge's own limits are counted where it has outputs only.
        let mut told = fired(capture, policy);
        let mut silent = fired_without_records(capture, policy);
        for ids in [&mut told, &mut silent] {
            ids.retain(|id| id != "WW-HLTH-0120");
        }
        assert_eq!(silent, told, "{capture}");
    }
}

/// A command of wardwatch: whether it ended well, and what it said.
fn said(args: &[&str]) -> (bool, String) {
    let output = std::process::Command::new(wardwatch_tests::program::path())
        .args(args)
        .current_dir(shipped(""))
        .output()
        .expect("wardwatch runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), text + &told)
}

#[test]
fn trace_shows_each_part_with_what_it_met_and_why_it_did_not_fire() {
    let trace = |frame: &str, more: &[&str]| {
        let capture = "pcaps/alaris/attack_alaris_set_rate.pcap";
        let args = [
            "rules",
            "trace",
            "pump-0136",
            "-r",
            capture,
            "--frame",
            frame,
        ];
        said(&[&args[..], more].concat())
    };
    let policy = ["--policy", "pcaps/policies/pumps_vents.toml"];
    let enable = (1..60)
        .map(|n: u32| n.to_string())
        .find(|n| trace(n, &policy).1.contains("kind = REMOTE_CTRL\n"))
        .expect("a frame that takes remote control");
    let (good, text) = trace(&enable, &policy);
    assert!(good && text.contains("It fired."), "{text}");
    // Without a policy nobody can say whether it was allowed.
    let (_, text) = trace(&enable, &[]);
    assert!(text.contains("no policy"), "{text}");
    assert!(
        text.contains("It did not fire: `authorised` is unknown."),
        "{text}"
    );
    let (good, text) = trace("1", &policy);
    assert!(!text.contains("It fired."), "{good} {text}");
    let (good, text) = trace("99999", &policy);
    assert!(!good && text.contains("carries no message"), "{text}");
    let (good, text) = said(&["rules", "trace", "PUMP-136", "-r", "x", "--frame", "1"]);
    assert!(
        !good && text.contains("did you mean WW-PUMP-0136"),
        "{text}"
    );
}

#[test]
fn a_folder_of_rules_is_tested_with_its_own_captures_and_its_ids_do_not_clash_silently() {
    let folder = scratch("rules");
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let capture = "pcaps/alaris/attack_alaris_set_rate.pcap";
    std::fs::copy(shipped(capture), folder.join("own.pcap")).expect("a copy");
    let write = |id: &str, when: &str, tests: &str| {
        let rule = format!(
            "[[rule]]\nid = \"{id}\"\ntitle = \"t\"\nseverity = \"low\"\nwhen = '{when}'\n[rule.tests]\n{tests}\n"
        );
        std::fs::write(folder.join("own.toml"), rule).expect("a rule file");
    };
    let rules = folder.display().to_string();
    let fires = "fires = [\"own.pcap\"]";
    write(
        "ACME-PUMP-9001",
        "protocol is alaris and verb is set-rate",
        fires,
    );
    let (good, text) = said(&["rules", "test", "acme-pump-9001", "--rules", &rules]);
    assert!(good && text.contains("1 rules hold, 0 fail"), "{text}");
    write(
        "ACME-PUMP-9001",
        "protocol is alaris and verb is merge",
        fires,
    );
    let (good, text) = said(&["rules", "test", "acme-pump-9001", "--rules", &rules]);
    assert!(
        !good && text.contains("does not fire on own.pcap"),
        "{text}"
    );
    let silent = "silent = [\"own.pcap\"]";
    write("ACME-PUMP-9001", "protocol is alaris", silent);
    let (good, text) = said(&["rules", "test", "acme-pump-9001", "--rules", &rules]);
    assert!(!good && text.contains("must stay silent"), "{text}");
    // One id, one rule; and one number, or a word about it.
    write("WW-PUMP-0136", "protocol is alaris", silent);
    let (good, text) = said(&["rules", "check", &rules]);
    assert!(
        !good && text.contains("two rules are called WW-PUMP-0136"),
        "{text}"
    );
    write("ACME-PUMP-0136", "protocol is alaris", silent);
    let (good, text) = said(&["rules", "check", &rules]);
    assert!(good && text.contains("have the number 136"), "{text}");
    std::fs::remove_dir_all(&folder).expect("a temporary folder");
}

#[test]
fn explanation_is_in_plain_words() {
    let (good, text) = said(&["rules", "explain", "pump-0014"]);
    assert!(good);
    for words in [
        "all of these hold:",
        "the policy does not grant it",
        "Needs\n    A policy",
        "Looks at\n    messages of ",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn every_rule_fires_and_stays_silent_where_it_says() {
    let set = RuleSet::shipped().unwrap_or_else(|report| panic!("{report}"));
    let mut wrong = Vec::new();
    for rule in set.rules() {
        for entry in &rule.tests.fires {
            let (capture, policy) = rule.tests.proof(entry);
            let ids = fired(capture, policy);
            if !ids.contains(&rule.id) {
                wrong.push(format!(
                    "{} does not fire on {capture} (which raises {})",
                    rule.id,
                    ids.join(" ")
                ));
            }
        }
        for entry in &rule.tests.silent {
            let (capture, policy) = rule.tests.proof(entry);
            if fired(capture, policy).contains(&rule.id) {
                wrong.push(format!(
                    "{} fires on {capture}, where it must stay silent",
                    rule.id
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_active_rule_carries_both_proofs() {
    let set = RuleSet::shipped().unwrap_or_else(|report| panic!("{report}"));
    let unproved: Vec<&str> = set
        .rules()
        .filter(|r| r.status == Status::Active)
        .filter(|r| r.tests.fires.is_empty() || r.tests.silent.is_empty())
        // What no capture can show of the sensor itself is shown by messages made for it.
        .filter(|r| !include_str!("health.rs").contains(&r.id))
        .map(|r| r.id.as_str())
        .collect();
    assert!(
        unproved.is_empty(),
        "active without a capture where they fire and one where they stay silent: {unproved:?}"
    );
}
