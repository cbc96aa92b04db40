//! Points in time in fields, and numbers that may only grow.

use super::*;

fn certificate(b: &mut Bench, not_after: &[u8]) {
    b.send("tls", "Certificate", B, A, 0.0, |d| {
        let field = ProtocolId::of("tls").unwrap().protocol().field("not_after");
        d.time(field.unwrap(), not_after);
    });
}

// The bench's clock stands at 2026-01-05T10:00:00Z.
#[test]
fn certificate_is_held_against_the_time_of_the_capture() {
    for (when, not_after, fires) in [
        ("tls.not_after < now", "20260105095959Z", true),
        ("tls.not_after < now", "20260105100001Z", false),
        ("tls.not_after < now", "soon", false),
        ("not tls.not_after < now", "soon", false),
        ("tls.not_after < now + 30 d", "20260204095959Z", true),
        ("tls.not_after < now + 30 d", "20260204100001Z", false),
        ("tls.not_after - now < 30 d", "20260204095959Z", true),
        ("tls.not_after - now > 825 d", "99991231235959Z", true),
        ("tls.not_after >= \"2026-11-01\"", "20261101000000Z", true),
        (
            "tls.not_after >= \"2026-11-01T00:01Z\"",
            "20261101000000Z",
            false,
        ),
        ("tls.not_after matches \"9999*\"", "99991231235959Z", true),
        ("time(tls.not_after) < now", "20251231235959Z", true),
    ] {
        let mut b = Bench::new(when);
        certificate(&mut b, not_after.as_bytes());
        assert_eq!(
            b.said().len(),
            usize::from(fires),
            "{when} with {not_after}"
        );
    }
}

#[test]
fn time_is_compared_with_time_only() {
    for (when, wanted) in [
        ("tls.not_after < \"soon\"", "no point in time"),
        ("tls.not_after < 30 d", "cannot be compared"),
        ("tls.not_after < now + 30 mL/h", "cannot be calculated"),
        ("now > 5", "cannot be compared"),
        ("backwards(value) by (actor) within 1 h", "without a unit"),
    ] {
        let source = Source {
            name: "test.toml".into(),
            text: rule_text("T-X-0001", when, ""),
        };
        let told = RuleSet::load(&[source]).err().map(|e| e.to_string());
        let told = told.unwrap_or_default();
        assert!(told.contains(wanted), "{when}: {told}");
    }
}

const GROWS: &str = "backwards(sdc.mdib_version) by (sender, sdc.sequence_id) within 24 h";

fn report(b: &mut Bench, sequence: &[u8], version: i64, at: f64) {
    b.send("sdc", "EpisodicMetricReport", B, A, at, |d| {
        let field = |name| {
            ProtocolId::of("sdc")
                .unwrap()
                .protocol()
                .field(name)
                .unwrap()
        };
        d.text(field("sequence_id"), sequence);
        d.integer(field("mdib_version"), version);
    });
}

#[test]
fn version_that_runs_backwards_within_its_sequence_is_told_once() {
    let mut b = Bench::new(GROWS);
    for (version, at) in [(60, 0.0), (61, 1.0), (61, 2.0), (64, 3.0)] {
        report(&mut b, b"urn:uuid:1", version, at);
    }
    assert_eq!(b.said(), [""; 0], "it grew, and stood still once");
    report(&mut b, b"urn:uuid:1", 61, 4.0);
    assert_eq!(b.said(), [""; 0], "a copy of what was seen before");
    report(&mut b, b"urn:uuid:1", 52, 5.0);
    assert!(b.last().why.render(Show::Revealed).contains("52 after 64"));
    assert_eq!(b.said().len(), 1);
    report(&mut b, b"urn:uuid:1", 53, 6.0);
    assert_eq!(b.said(), [""; 0], "it grows again from there");
}

#[test]
fn new_sequence_begins_anew_and_a_day_forgets() {
    let mut b = Bench::new(GROWS);
    report(&mut b, b"urn:uuid:1", 60, 0.0);
    report(&mut b, b"urn:uuid:2", 1, 1.0);
    report(&mut b, b"urn:uuid:1", 2, 90_000.0);
    assert_eq!(b.said(), [""; 0]);
}
