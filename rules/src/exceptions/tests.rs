//! Files of exceptions that are wrong, that have lapsed, and that were proposed.

use dissectors::action::Verb;
use jiff::Timestamp;
use jiff::civil::date;

use super::propose::{Proposal, Subject, append, propose};
use super::{Exceptions, Known};
use crate::language::ruleset::Source;
use crate::policy::Policy;

const RULES: &[&str] = &["WW-CMD-0001", "WW-DIC-0004", "WW-DIC-0017"];

fn load(text: &str, now: Option<i64>) -> Result<Exceptions, String> {
    let source = Source {
        name: "site.toml".into(),
        text: text.into(),
    };
    let known = Known {
        rules: RULES,
        policy: None,
        now,
    };
    Exceptions::load(&[source], &known).map_err(|e| e.to_string())
}

fn wrong(text: &str) -> String {
    load(&format!("schema = 1\n{text}"), None).expect_err("a mistake")
}

const SIGNED: &str = "reason = 'known'\nby = 'A. Name'\n";

#[test]
fn exception_without_an_end_a_reason_or_a_name_is_refused() {
    let told = wrong("[[exception]]\nrule = 'WW-CMD-0001'\n");
    for part in [
        "`until` is missing",
        "no `reason`",
        "no `by`",
        "site.toml:2:1",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let told = wrong("[[exception]]\nrule='WW-CMD-0001'\nuntil=2026-12-01\nreason=' '\nby='x'\n");
    assert!(told.contains("this is empty"), "{told}");
}

#[test]
fn misspelt_rule_verb_key_and_member_are_told_with_line_caret_and_nearest_name() {
    let told = wrong(&format!(
        "[[exception]]\nrule = 'WW-CMD-0002'\nuntill = 2026-12-01\nuntil = 2026-12-01\nverbs = ['set-rat']\nwho = ['10.20.0.1/16']\n{SIGNED}"
    ));
    for part in [
        "did you mean \"WW-CMD-0001\"?",
        "did you mean `until`?",
        "did you mean \"set-rate\"?",
        "10.20.0.0/16",
        "site.toml:3:8",
        "^^^^^^^^^^^^^",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn window_without_people_or_devices_or_with_its_end_first_is_refused() {
    let told = wrong(&format!(
        "[[window]]\ndevices = ['10.1.1.1']\nfrom = 2026-11-24T10:00:00\nto = 2026-11-24T09:00:00\n{SIGNED}"
    ));
    assert!(told.contains("has no `people`"), "{told}");
    assert!(told.contains("ends before it begins"), "{told}");
    let told = wrong(&format!(
        "[[window]]\npeople = []\ndevices = ['any']\nhours = ['Sun 2-4']\n{SIGNED}"
    ));
    for part in ["`people` is empty", "are no hours", "`until` is missing"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn threshold_of_one_or_over_a_week_is_refused() {
    let told = wrong(&format!(
        "[[threshold]]\nrule = 'WW-CMD-0001'\ncount = 1\nwithin = '7d'\nper = ['port']\n{SIGNED}"
    ));
    for part in ["out of range", "at most one day", "not counted by"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn what_has_lapsed_is_told_when_it_loads() {
    let text = format!(
        "schema = 1\ntimezone = 'Europe/Berlin'\n[[exception]]\nrule = 'WW-DIC-*'\nwho = '10.1.1.1'\nuntil = 2026-11-30\n{SIGNED}"
    );
    // 2026-12-01 00:00 in Berlin is 23:00 in UTC.
    let at = |t: &str| i64::try_from(t.parse::<Timestamp>().unwrap().as_nanosecond()).ok();
    let early = load(&text, at("2026-11-30T22:59:59Z")).unwrap();
    assert!(early.warnings().is_empty(), "{}", early.warnings());
    let late = load(&text, at("2026-11-30T23:00:00Z")).unwrap();
    let told = late.warnings().to_string();
    assert!(
        told.contains("has expired: it ended at 2026-12-01 00:00"),
        "{told}"
    );
}

#[test]
fn exception_for_everybody_is_told() {
    let text =
        format!("schema = 1\n[[exception]]\nrule = 'WW-CMD-0001'\nuntil = 2099-01-01\n{SIGNED}");
    let told = load(&text, None).unwrap().warnings().to_string();
    assert!(told.contains("hides its rule for everybody"), "{told}");
}

fn subject() -> Subject {
    Subject {
        rule: Some("WW-CMD-0001".into()),
        who: Some("10.20.4.77".into()),
        on: Some("device:PUMP\"7".into()),
        verb: Some(Verb::SetRate),
    }
}

#[test]
fn proposals_load_as_they_stand() {
    let until = Proposal::Exception {
        until: date(2026, 12, 31),
    };
    let window = Proposal::Window {
        from: "2026-11-24T22:00:00Z".parse().unwrap(),
        to: "2026-11-25T02:00:00Z".parse().unwrap(),
    };
    let mut file = String::new();
    for what in [until, window] {
        let nasty = "a \"known\" \\ one\n\u{1b}[2J\u{202e}";
        let entry = propose(&subject(), what, "A. Name", nasty).unwrap();
        assert!(!entry.contains(['\u{1b}', '\u{202e}']), "{entry}");
        file = append(&file, &entry);
    }
    let loaded = load(&file, None).unwrap_or_else(|e| panic!("{e}\n{file}"));
    let causes: Vec<_> = loaded.causes().collect();
    assert_eq!(causes.len(), 2);
    assert_eq!(
        causes[0].about,
        "WW-CMD-0001 by 10.20.4.77 on device:PUMP\"7"
    );
    assert_eq!(
        causes[1].until.unwrap() - causes[1].from.unwrap(),
        4 * 3_600_000_000_000
    );
}

#[test]
fn proposed_policy_line_is_a_grant_that_counts() {
    let what = Proposal::Grant {
        on: date(2026, 11, 24),
    };
    let line = propose(&subject(), what, "A. Name", "new station").unwrap();
    let file = append("", &line);
    let policy = Policy::load("p.toml", &file).unwrap_or_else(|e| panic!("{e}\n{file}"));
    assert!(policy.warnings().is_empty(), "{}", policy.warnings());
}

#[test]
fn proposal_that_lacks_a_side_or_a_name_is_refused() {
    let device = Subject::of_device("10.1.1.1");
    let window = Proposal::Window {
        from: "2026-11-24T22:00:00Z".parse().unwrap(),
        to: "2026-11-25T02:00:00Z".parse().unwrap(),
    };
    assert!(propose(&device, window, "A", "b").is_err());
    assert!(propose(&subject(), window, " ", "b").is_err());
    let exception = Proposal::Exception {
        until: date(2026, 12, 31),
    };
    assert!(propose(&device, exception, "A", "b").is_err());
}
