//! What rests on a policy.

use super::*;

const POLICY: &str = r#"
schema = 1
[[group]]
name = "servers"
members = ["10.0.0.1"]
[[grant]]
who = ["servers"]
may = ["set-rate"]
on = ["kind:pump"]
bounds = { set-rate = "0..100 mL/h" }
"#;

#[test]
fn without_a_policy_the_rule_is_named_as_unjudged() {
    let mut b = Bench::new("verb is set-rate and not authorised");
    b.hl7("RGV^O15", C, B, 0.0, |d| rate(d, 1.0, "mL/h"));
    b.hl7("ADT^A01", C, B, 0.0, |d| {
        d.action(Action::of(Verb::SetPatient));
    });
    let unjudged = b.judge.unjudged();
    assert_eq!((unjudged.len(), unjudged[0].count), (1, 1));
}

#[test]
fn stranger_is_told_with_the_nearest_grant() {
    let rules = rule_text("T-X-0001", "effect is therapy and not authorised", "");
    let mut b = Bench::with(&rules, Some(POLICY), Settings::default());
    b.hl7("RGV^O15", A, B, 0.0, |d| rate(d, 1.0, "mL/h"));
    assert_eq!(b.said(), [""; 0]);
    b.hl7("RGV^O15", C, B, 1.0, |d| rate(d, 1.0, "mL/h"));
    let expected = b.last().expected.clone().unwrap();
    assert_eq!(
        expected,
        "nearest grant policy.toml:6: it is for servers, which 10.0.0.3 is not"
    );
}

#[test]
fn value_out_of_bounds_is_a_matter_of_its_own() {
    let rules = rule_text("T-X-0001", "not within_bounds", "")
        + &rule_text("T-X-0002", "not authorised", "");
    let mut b = Bench::with(&rules, Some(POLICY), Settings::default());
    b.hl7("RGV^O15", A, B, 0.0, |d| rate(d, 0.1, "L/h"));
    assert_eq!(b.said(), [""; 0]);
    b.hl7("RGV^O15", A, B, 1.0, |d| rate(d, 0.101, "L/h"));
    assert_eq!(
        b.last().expected.as_deref(),
        Some("policy.toml:6: set-rate 0..100 mL/h")
    );
    assert_eq!(b.said(), ["opened T-X-0001 high"]);
}
