//! What is told, once, in order, without patient data.

use super::*;

#[test]
fn repeats_collapse_into_one_finding_whose_count_closes() {
    let mut settings = Settings::default();
    settings.limits.set("finding-quiet", 100);
    let mut b = Bench::with(
        &rule_text("T-X-0001", "verb is set-rate", ""),
        None,
        settings,
    );
    for n in 0..40 {
        b.hl7("RGV^O15", A, B, f64::from(n), |d| rate(d, 1.0, "mL/h"));
    }
    b.hl7("RGV^O15", C, B, 41.0, |d| rate(d, 1.0, "mL/h"));
    assert_eq!(b.said(), ["opened T-X-0001 high", "opened T-X-0001 high"]);
    b.advance(138.9);
    assert_eq!(b.said(), [""; 0]);
    b.advance(139.0);
    let f = b.last();
    assert_eq!(
        (f.count, f.outcomes.total(), f.frames.len(), f.open),
        (40, 40, 32, false)
    );
    assert_eq!(f.last.number, 40);
    b.finish();
    assert_eq!(b.said().len(), 2);
}

#[test]
fn what_a_timer_raised_stands_before_the_message_that_moved_the_clock() {
    let rules = rule_text("T-X-0001", "verb is set-rate and outcome is unknown", "")
        + &rule_text("T-X-0002", "verb is stop", "");
    let mut b = Bench::with(&rules, None, Settings::default());
    b.hl7("RGV^O15", A, B, 0.0, |d| {
        rate(d, 1.0, "mL/h");
        d.asks(Scope::Hosts, b"1");
    });
    b.hl7("X", A, B, 500.0, |d| {
        d.action(Action::of(Verb::Stop));
    });
    assert_eq!(b.said(), ["opened T-X-0001 high", "opened T-X-0002 high"]);
}

#[test]
fn findings_of_one_message_come_by_rule_id_whatever_the_file_order() {
    let rules =
        rule_text("T-X-0002", "verb is set-rate", "") + &rule_text("T-X-0001", "exists(value)", "");
    let mut b = Bench::with(&rules, None, Settings::default());
    b.hl7("RGV^O15", A, B, 0.0, |d| rate(d, 1.0, "mL/h"));
    assert_eq!(b.said(), ["opened T-X-0001 high", "opened T-X-0002 high"]);
}

#[test]
fn what_an_answer_raises_comes_by_rule_id_too() {
    let rules = rule_text("T-X-0001", "verb is set-rate and outcome is accepted", "")
        + &rule_text("T-X-0002", "kind is \"ACK\"", "")
        + &rule_text("T-X-0003", "verb is set-rate", "")
        + &rule_text("T-X-0004", "answer.kind is \"ACK\"", "");
    let mut b = Bench::with(&rules, None, Settings::default());
    b.hl7("RGV^O15", A, B, 0.0, |d| {
        rate(d, 1.0, "mL/h");
        d.asks(Scope::Hosts, b"1");
    });
    assert_eq!(b.said(), ["opened T-X-0003 high"]);
    b.hl7("ACK", B, A, 1.0, |d| {
        d.answers(Scope::Hosts, b"1", true, Outcome::Accepted);
    });
    assert_eq!(
        b.said(),
        [
            "opened T-X-0001 critical",
            "opened T-X-0002 high",
            "raised T-X-0003 critical",
            "opened T-X-0004 critical",
        ]
    );
}

#[test]
fn patient_data_in_a_sentence_are_pseudonyms_unless_asked_for() {
    let more = "why = \"{actor} asked for {hl7v2.patient_id} by {kind}\"\ncollapse = [\"actor\", \"hl7v2.patient_id\"]";
    let rules = rule_text("T-X-0001", "protocol is hl7v2", more);
    let field = ProtocolId::of("hl7v2")
        .unwrap()
        .protocol()
        .field("patient_id")
        .unwrap();
    let mut b = Bench::with(&rules, None, Settings::default());
    for id in ["T90001", " T90001 ", "T90002"] {
        b.hl7("ADT^A01", A, B, 0.0, |d| {
            d.text(field, id.as_bytes());
        });
    }
    let p = Pseudonyms::new(&[7; 32]);
    let shown: Vec<String> = b
        .told
        .iter()
        .map(|(_, f)| f.why.render(Show::Hidden(&p)))
        .collect();
    assert_eq!(
        shown[0],
        format!("10.0.0.1 asked for {} by ADT^A01", p.of("pid", b"T90001"))
    );
    assert_eq!(shown[0], shown[1]);
    assert_ne!(shown[0], shown[2]);
    for (_, f) in &b.told {
        assert!(!f.dedup_key.contains("T9000") && !format!("{:?}", f.expected).contains("T9000"));
        assert!(f.why.render(Show::Revealed).contains("T9000"));
    }
    // Ids differ although nothing of the patient is in them.
    assert_ne!(b.told[0].1.finding_id, b.told[2].1.finding_id);
}

#[test]
fn two_judges_say_the_same_to_the_id() {
    let run = || {
        let mut b = Bench::new("verb is set-rate");
        for n in 0..50u8 {
            let from = format!("10.0.0.{}", n % 7 + 1);
            b.hl7("RGV^O15", &from, "10.0.1.1", f64::from(n), |d| {
                rate(d, 1.0, "mL/h")
            });
        }
        b.finish();
        b.told
            .iter()
            .map(|(w, f)| format!("{w} {} {}", f.finding_id, f.count))
            .collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

#[test]
fn confidence_says_why_it_is_not_higher() {
    let mut b = Bench::new("exists(verb) and first_seen(actor)");
    b.send_on(1, true, "hl7v2", "X", A, B, 0.0, |d| {
        d.action(Action::of(Verb::Stop));
        d.provenance(dissectors::Provenance::ReverseEngineered);
    });
    let f = b.last();
    assert_eq!(f.confidence.word(), "hint");
    assert_eq!(f.confidence_reasons.len(), 2);
}
