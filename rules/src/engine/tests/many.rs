//! Many rules at once, and the shipped ones.

use super::*;

#[test]
fn crowd_of_rules_told_apart_by_a_value_fires_as_each_alone() {
    let mut rules = String::new();
    for n in 0..50 {
        let when = format!("verb is set-rate and subject is \"PUMP-{n}\"");
        rules += &rule_text(&format!("T-X-{n:04}"), &when, "");
    }
    rules += &rule_text(
        "T-Y-0001",
        "verb is set-rate and subject in [\"PUMP-1\", \"PUMP-2\"]",
        "",
    );
    rules += &rule_text("T-Z-0001", "verb is set-rate and actor is \"10.0.0.1\"", "");
    rules += &rule_text("T-Z-0002", "verb is stop", "");
    let mut b = Bench::with(&rules, None, Settings::default());
    b.hl7("RGV^O15", A, B, 0.0, |d| rate(d, 1.0, "mL/h"));
    let fired: Vec<String> = b.said().iter().map(|s| s[7..15].to_owned()).collect();
    assert_eq!(fired, ["T-X-0001", "T-Y-0001", "T-Z-0001"]);
}

#[test]
fn protocol_late_in_the_table_is_told_from_all_others() {
    let last = dissectors::PROTOCOLS.last().unwrap().name;
    for (when, fires) in [
        (format!("protocol is {last}"), true),
        (format!("protocol in [tcp, {last}]"), true),
        (format!("protocol is not {last}"), false),
        ("protocol in [tcp, hl7v2]".to_owned(), false),
    ] {
        let mut b = Bench::new(&when);
        b.send(last, "x", A, B, 0.0, |_| {});
        assert_eq!(!b.said().is_empty(), fires, "{when}");
    }
}

#[test]
fn shipped_rules_load_without_a_warning_and_their_tests_name_captures() {
    let set = RuleSet::shipped().unwrap_or_else(|e| panic!("{e}"));
    assert!(set.warnings().is_empty());
    assert!(set.rules().count() >= 30);
    for rule in set.rules() {
        assert!(
            rule.id.starts_with("WW-") && !rule.title.ends_with('.'),
            "{}",
            rule.id
        );
        assert!(
            !rule.clinical.is_empty() && !rule.category.is_empty(),
            "{}",
            rule.id
        );
        for entry in rule.tests.fires.iter().chain(&rule.tests.silent) {
            let (capture, _) = rule.tests.proof(entry);
            assert!(capture.starts_with("pcaps/"), "{}: {capture}", rule.id);
        }
    }
}
