use proptest::prelude::*;

use super::diagnostic::nearest;
use super::ruleset::{RuleSet, Source};
use crate::policy::Policy;

fn report(text: &str) -> String {
    let source = Source {
        name: "ward.toml".into(),
        text: text.into(),
    };
    RuleSet::load(&[source])
        .err()
        .map(|r| r.to_string())
        .unwrap_or_default()
}

fn told(when: &str) -> String {
    report(&format!(
        "[[rule]]\nid = \"T-X-0001\"\ntitle = \"t\"\nseverity = \"low\"\nwhen = '{when}'\n"
    ))
}

#[test]
fn five_mistakes_are_told_at_once_each_with_its_caret() {
    let text = r#"[[rule]]
id = "WW-TEST-0001"
title = "Five mistakes"
severity = "hihg"
when = '''
verb is set-rat
and value > 20 furlong
and dicom.caling_ae is "CT1"
and hl7v2.rate > 5
'''
"#;
    let expected = "\
error[WR023]: `hihg` is not a severity
 --> ward.toml:4:12
  |
4 | severity = \"hihg\"
  |            ^^^^^^ not known
  |
  = help: did you mean \"high\"?

error[WR001]: `set-rat` is not a verb
 --> ward.toml:6:9
  |
6 | verb is set-rat
  |         ^^^^^^^ not known
  |
  = help: did you mean `set-rate`?

error[WR011]: unknown unit `furlong`
 --> ward.toml:7:16
  |
7 | and value > 20 furlong
  |                ^^^^^^^ no unit that is known here
  |
  = help: units are UCUM codes: mL/h, ug/kg/min, mm[Hg], %

error[WR001]: `dicom` has no field `caling_ae`
 --> ward.toml:8:5
  |
8 | and dicom.caling_ae is \"CT1\"
  |     ^^^^^^^^^^^^^^^ unknown field
  |
  = help: did you mean `dicom.calling_ae`?

error[WR002]: these cannot be compared
 --> ward.toml:9:18
  |
9 | and hl7v2.rate > 5
  |     ----------   ^ a number without a unit
  |     |
  |     a number with a unit
  |
  = help: give a unit: `5 mL/h`";
    assert_eq!(report(text), expected);
}

#[test]
fn unit_that_does_not_fit_the_verb_shows_both_places() {
    let text = told("verb is set-rate and value > 500 mmHg");
    let expected = "\
error[WR012]: unit does not fit the parameter
 --> ward.toml:5:38
  |
5 | when = 'verb is set-rate and value > 500 mmHg'
  |         ----------------             ^^^^^^^^ a pressure
  |         |
  |         `set-rate` sets a flow rate (mL/h) or dose rate
  |
  = help: write `value > 500 mL/h`, or name the verb that sets a pressure";
    assert_eq!(text, expected);
}

#[test]
fn caret_points_into_the_file_behind_escapes_and_line_breaks() {
    // A basic string: \" is two bytes in the file and one in the condition.
    let text = "[[rule]]\nid = \"T-X-0001\"\ntitle = \"t\"\nseverity = \"low\"\nwhen = \"kind is \\\"A\\u0042C^D\\\" and vreb is stop\"\n";
    assert!(report(text).contains("ward.toml:5:36"), "{}", report(text));
    let text = "[[rule]]\nid = \"T-X-0001\"\ntitle = \"t\"\nseverity = \"low\"\nwhen = \"\"\"\\\n    mid_stream and\n  vreb is stop\"\"\"\n";
    assert!(report(text).contains("ward.toml:7:3"), "{}", report(text));
}

#[test]
fn mistakes_are_told_with_what_to_write_instead() {
    for (when, what) in [
        ("verb", "compare it"),
        ("20", "no condition"),
        ("verb = \"set-rate\" and", "expected a value"),
        ("kind > \"A\"", "has no order"),
        ("kind is \"C-MOEV-RQ\"", "did you mean \"C-MOVE-RQ\"?"),
        (
            "anomaly is \"segment-injektion\"",
            "did you mean \"segment-injection\"?",
        ),
        ("kind in \"C-MOVE-RQ\"", "needs a set"),
        ("kind is [\"A\"]", "compared with `in`"),
        (
            "actor in group \"x\" and kind in group \"x\"",
            "only `actor` and `target`",
        ),
        ("actor.ip is \"10.0.0\"", "no address"),
        ("actor in [\"10.0.0.1/8\"]", "the network is 10.0.0.0/8"),
        ("actor.mac is \"02:00\"", "six pairs"),
        ("actor.title is \"X\"", "an asset has no `title`"),
        ("count() within 60 s", "gives a number"),
        ("count() > 5", "how far back?"),
        ("count() within 60 mL > 5", "a time is needed"),
        ("count() within 60 s < 5", "can only grow"),
        ("count() within 60 s > 1e9", "whole number"),
        ("not count() within 60 s > 5", "cannot stand inside `not`"),
        (
            "count(count() within 1 s > 1) within 60 s > 5",
            "inside another window",
        ),
        ("distinct() within 60 s > 5", "of what"),
        ("sequence(verb is stop) within 60 s", "at least two"),
        ("absence(verb is stop)", "`absence(...) within 60 s`"),
        ("conut() within 60 s > 5", "did you mean"),
        ("kind matches /(/", "cannot be used"),
        ("kind matches /(a{1000}){1000}/", "cannot be used"),
        ("length matches \"a\"", "only text"),
        ("value + length > 5 mL/h", "calculated with"),
        ("dicom.passcode is \"secret\"", "cannot be compared"),
        ("hl7v2[QQQ-] is \"1\"", "is no path of hl7v2"),
        ("tcp[x] is \"1\"", "has no paths"),
        ("dicomm[0010,0020] is \"1\"", "unknown protocol"),
        ("authorized", "did you mean `authorised`?"),
        ("role(verb) is pump", "`actor` or `target`"),
        ("value in 10..5 mL/h", "nothing lies in this range"),
        ("subject is PUMP", "text is written in quotes"),
    ] {
        let text = told(when);
        assert!(text.contains(what), "{when}\n{text}");
    }
}

#[test]
fn what_is_wrong_around_the_condition_is_told_too() {
    for (text, what) in [
        ("[[rule]]\nid = 5", "a text in quotes is needed"),
        ("[[rule]]\nid = \"T-X-0001\"", "the rule has no `title`"),
        ("[[rules]]", "did you mean `rule`?"),
        ("[rule]", "write `[[rule]]`"),
        ("[[rule]]\nid = \"nine\"", "no rule id"),
        ("a = ", "no TOML"),
        (
            "[[rule]]\nid = \"T-X-0001\"\ntitle = \"t\"\nseverity = \"low\"\nwhen = 'mid_stream'\nwhy = 'of {vreb}'",
            "did you mean `verb`?",
        ),
        (
            "[[rule]]\nid = \"T-X-0001\"\ntitle = \"t\"\nseverity = \"low\"\nwhen = 'mid_stream'\nwhy = 'of {verb'",
            "has no end",
        ),
        (
            "[[rule]]\nid = \"T-X-0001\"\ntitle = \"t\"\nseverity = \"low\"\nwhen = 'mid_stream'\nbedsid = 'x'",
            "did you mean `bedside`?",
        ),
    ] {
        assert!(report(text).contains(what), "{text}\n{}", report(text));
    }
    let twice =
        "[[rule]]\nid = \"T-X-0001\"\ntitle = \"t\"\nseverity = \"low\"\nwhen = 'mid_stream'\n"
            .repeat(2);
    assert!(report(&twice).contains("two rules are called T-X-0001"));
}

#[test]
fn conditions_that_should_load_do() {
    for when in [
        "verb in [set-rate, start] and not authorised",
        "effect is therapy or effect is safety",
        "set-rate is verb",
        "20 mL/h < value",
        "value / 2 > 0.2 L/h and value * 3 <= 9 L/h",
        "hl7v2[RXG-15] > 20 or hl7v2[RXG-15] is \"20\"",
        "dicom[0010,0020] is \"T1\"",
        "actor.ip in 10.0.0.0/8 and target in [\"fe80::/10\", 10.1.2.3]",
        "actor is 10.0.0.0/8 and actor is not \"10.0.0.1\"",
        "role(actor) is pump and target.kind in [pump, ventilator]",
        "provenance < implementation",
        "dicom.status in [0xFF00, 0xFF01]",
        "distinct(hl7v2.query_key) by (actor, target.port) within 10 min >= 3",
        "sequence(verb is read, verb is stop) by (actor) within 5 min",
        "first_seen(actor, verb) by (target) after 1 h",
        "ratio(value) by (subject) within 10 min < 0.2",
        "sum(length) by (actor) within 1 h > 1000",
        "mid_stream is true and not from_server # a comment",
        "duration > 5 s and age < 1 h",
        "answer.dicom.status is 0 and request.kind is \"C-FIND-RQ\"",
        "listed(actor) and listed(destination) and exists(request)",
        "kind matches \"RGV*\" or kind matches /^R[DG]/ or kind ends with \"-RQ\"",
    ] {
        assert_eq!(told(when), "", "{when}");
    }
}

#[test]
fn nearest_name_is_near() {
    assert_eq!(
        nearest("sevrity", ["severity", "serenity"]),
        Some("severity")
    );
    assert_eq!(nearest("x", ["severity"]), None);
}

/// Conditions that mutations start from.
const SEEDS: &[&str] = &[
    "verb in [set-rate, start] and not (authorised or value > 20.5e1 mL/h)",
    "count(kind is \"A^B\") by (actor, target.ip) within 60 s > 20 # x",
    "dicom[0010,0020] matches /a(b|c)*\\/d/ or actor.ip in [10.0.0.0/8, \"fe80::/10\"]",
    "sequence(verb is read, verb is stop) by (actor) within 5 min and -length + 3 * 4 < 1",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_as_a_condition_are_told_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes).replace('\'', "\"");
        let _ = told(&text);
        let _ = report(&text);
        let _ = Policy::load("p", &text);
    }

    #[test]
    fn any_change_of_a_condition_is_told_never_a_panic(
        seed in 0..SEEDS.len(), at in any::<prop::sample::Index>(), len in 0usize..4, put in "[ -~µ\\n]{0,6}",
    ) {
        let mut text: Vec<char> = SEEDS[seed].chars().collect();
        let at = at.index(text.len());
        let end = (at + len).min(text.len());
        text.splice(at..end, put.chars());
        let text: String = text.into_iter().collect();
        let _ = told(&text.replace('\'', "\""));
    }

    #[test]
    fn any_change_of_a_file_is_told_never_a_panic(at in any::<prop::sample::Index>(), put in "[ -~\\n]{0,4}") {
        let shipped = crate::catalogue::shipped();
        let mut text = shipped[0].text.clone();
        let mut at = at.index(text.len());
        while !text.is_char_boundary(at) { at -= 1; }
        text.insert_str(at, &put);
        let _ = report(&text);
        let mut policy = "schema = 1\n[[grant]]\nwho = [\"any\", \"10.0.0.0/8\"]\nmay = [\"effect:none\"]\non = [\"kind:pump\"]\nhours = \"Mon-Fri 07:00-19:00\"\nuntil = 2027-06-30\nbounds = { set-rate = \"0..1 mL/h\" }\n".to_owned();
        policy.insert_str(at % policy.len(), &put);
        let _ = Policy::load("p", &policy).map_err(|e| e.to_string());
    }
}
