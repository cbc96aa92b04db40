//! Each shipped rule fires on the captures that it names, and stays silent on the others it names.

use rules::language::ruleset::{RuleSet, Status};
use wardwatch_tests::capture::{policy_for, shipped};
use wardwatch_tests::replay::Replay;

/// Ids of the rules that raised a finding on a capture.
fn fired(capture: &str, policy: Option<&str>) -> Vec<String> {
    let path = shipped(capture);
    assert!(
        path.exists(),
        "{capture} is named by a rule and is not there"
    );
    let mut replay = Replay::of(&path);
    if let Some(policy) = policy.map(shipped).or_else(|| policy_for(&path)) {
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

#[test]
fn every_rule_fires_and_stays_silent_where_it_says() {
    let set = RuleSet::shipped().unwrap_or_else(|report| panic!("{report}"));
    let mut wrong = Vec::new();
    for rule in set.rules() {
        let policy = rule.tests.policy.as_deref();
        for capture in &rule.tests.fires {
            let ids = fired(capture, policy);
            if !ids.contains(&rule.id) {
                wrong.push(format!(
                    "{} does not fire on {capture} (which raises {})",
                    rule.id,
                    ids.join(" ")
                ));
            }
        }
        for capture in &rule.tests.silent {
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
        .map(|r| r.id.as_str())
        .collect();
    assert!(
        unproved.is_empty(),
        "active without a capture where they fire and one where they stay silent: {unproved:?}"
    );
}
