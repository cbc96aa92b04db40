//! Every shipped capture says what its golden file says, to the byte.
//!
//! `WARDWATCH_ACCEPT=1` writes the golden files anew; read the difference before committing it.

use std::fs;
use std::path::Path;

use wardwatch_tests::capture::{all_shipped, policy_for};
use wardwatch_tests::replay::Replay;

#[test]
fn every_capture_says_what_its_golden_says() {
    let accept = std::env::var_os("WARDWATCH_ACCEPT").is_some();
    let mut wrong = Vec::new();
    for capture in all_shipped() {
        let golden = capture.with_extension("golden.jsonl");
        let said = judged(&capture);
        if accept {
            fs::write(&golden, &said).expect("a writable repository");
            continue;
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if said != expected {
            wrong.push(first_difference(&capture, &expected, &said));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The records of a capture under its folder's policy, without the closing statistics: those
/// count what other tests prove.
fn judged(capture: &Path) -> String {
    let mut replay = Replay::of(capture);
    if let Some(policy) = policy_for(capture) {
        replay = replay.policy(policy);
    }
    let lines = replay.eve();
    lines
        .lines()
        .filter(|l| !l.contains("\"event_type\":\"stats\""))
        .map(|l| format!("{l}\n"))
        .collect()
}

fn first_difference(capture: &Path, expected: &str, said: &str) -> String {
    let mut pairs = expected.lines().zip(said.lines()).enumerate();
    let place = pairs.find(|(_, (e, s))| e != s);
    match place {
        Some((line, (e, s))) => format!(
            "{} line {}:\n  golden {e}\n  now    {s}",
            capture.display(),
            line + 1
        ),
        None => format!(
            "{}: {} lines in the golden, {} now",
            capture.display(),
            expected.lines().count(),
            said.lines().count()
        ),
    }
}
