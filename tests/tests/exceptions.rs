//! What a site's file of exceptions holds back, counts and says when it is loaded.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use wardwatch_tests::capture::{scratch, shipped};
use wardwatch_tests::program::{run, texts};

/// Ids with who asked, of alerts and of what was held back.
type Found = Vec<(String, String)>;

struct Said {
    alerts: Found,
    held_back: Found,
    stats: Value,
    errors: String,
}

fn file(text: &str) -> PathBuf {
    let path = scratch("toml");
    fs::write(&path, text).expect("a writable temporary folder");
    path
}

fn judged(exceptions: Option<&PathBuf>) -> Said {
    let mut args = vec![
        "-r".to_owned(),
        capture().display().to_string(),
        "--json".to_owned(),
    ];
    if let Some(path) = exceptions {
        args.extend(["--exceptions".to_owned(), path.display().to_string()]);
    }
    let (out, errors) = texts(&run(args));
    let records: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let found = |part: &str, keep: &dyn Fn(&Value) -> bool| {
        records
            .iter()
            .filter(|r| r["event_type"] == part && keep(&r[part]))
            .map(|r| (text(&r[part]["rule_id"]), text(&r[part]["actor"]["ip"])))
            .collect()
    };
    Said {
        alerts: found("alert", &|_| true),
        held_back: found("finding", &|f| f["suppressed"] == true),
        stats: records
            .iter()
            .find(|r| r["event_type"] == "stats")
            .expect("statistics")["stats"]
            .clone(),
        errors,
    }
}

fn capture() -> PathBuf {
    shipped(NOISY)
}

/// A capture in which several rules fire.
const NOISY: &str = "pcaps/ward/one-evening.pcapng";

#[test]
fn one_sender_is_held_back_and_counted_and_everybody_else_is_told() {
    let before = judged(None);
    assert!(before.held_back.is_empty());
    let (rule, who) = before.alerts.first().expect("a finding").clone();
    let path = file(&format!(
        "schema = 1\n[[exception]]\nrule = '{rule}'\nwho = '{who}'\nuntil = 2099-01-01\nreason = 'a \\u001b[2J test'\nby = 'A. Name'\n"
    ));
    let after = judged(Some(&path));
    let is_it = |f: &(String, String)| *f == (rule.clone(), who.clone());
    assert!(!after.alerts.iter().any(is_it), "{:?}", after.alerts);
    assert!(after.held_back.iter().all(is_it), "{:?}", after.held_back);
    let held = before.alerts.iter().filter(|f| is_it(f)).count();
    assert!(after.held_back.len() <= held && !after.held_back.is_empty());
    let mut rest = before.alerts.clone();
    rest.retain(|f| !is_it(f));
    assert_eq!(after.alerts, rest, "nobody else is silenced");
    let counted = &after.stats["suppressed"][0];
    assert_eq!(counted["kind"], "exception");
    assert!(counted["count"].as_u64().is_some_and(|n| n >= 1));
    assert!(after.errors.is_empty(), "{}", after.errors);
}

#[test]
fn summary_tells_what_was_held_back_and_by_whom() {
    let (rule, who) = judged(None).alerts.first().expect("a finding").clone();
    let path = file(&format!(
        "schema = 1\n[[exception]]\nrule = '{rule}'\nwho = '{who}'\nuntil = 2099-01-01\nreason = \"known\\u001b[2J\"\nby = 'A. Name'\n"
    ));
    let output = run([
        "-r",
        &capture().display().to_string(),
        "--exceptions",
        &path.display().to_string(),
    ]);
    let (said, _) = texts(&output);
    assert!(said.contains("held back"), "{said}");
    assert!(said.contains("(A. Name: known\\x1b[2J)"), "{said}");
}

#[test]
fn lapsed_entry_is_told_at_load_and_holds_nothing_back() {
    let (rule, who) = judged(None).alerts.first().expect("a finding").clone();
    // The capture is of 2026-11-24.
    let path = file(&format!(
        "schema = 1\n[[exception]]\nrule = '{rule}'\nwho = '{who}'\nuntil = 2001-01-01\nreason = 'r'\nby = 'n'\n"
    ));
    let after = judged(Some(&path));
    assert!(after.errors.contains("has expired"), "{}", after.errors);
    assert!(
        after.held_back.is_empty(),
        "it ended long before the packets"
    );
}

#[test]
fn check_loads_the_exceptions_and_points_at_mistakes() {
    let good = file("schema = 1\n");
    let check = |path: &PathBuf| {
        run([
            "check".to_owned(),
            "--exceptions".to_owned(),
            path.display().to_string(),
        ])
    };
    assert_eq!(check(&good).status.code(), Some(0));
    let bad = file("schema = 1\n[[window]]\npeople = 'any'\n");
    let output = check(&bad);
    assert_eq!(output.status.code(), Some(1));
    let (_, told) = texts(&output);
    assert!(told.contains("the window has no `devices`"), "{told}");
    assert!(told.contains(":2:1"), "{told}");
}
