//! Many rules in one place: those that concern a message are found whatever tells them apart, and no
//! other is told.

use super::*;

const RULES: usize = 400;

fn when(n: usize) -> String {
    match n % 8 {
        0 => format!("hl7v2.sending_app is \"APP{n}\" and hl7v2.version is \"2.5\""),
        1 => format!("hl7v2.sending_app starts with \"START{n}-\""),
        2 => format!("hl7v2.sending_app ends with \"-END{n}\""),
        3 => format!("hl7v2.sending_app matches \"*glob{n}?x\""),
        4 => format!("hl7v2.sending_app matches /^(a|b)re{n}-[0-9]+$/"),
        5 => format!("actor.ip in 172.16.{n}.0/24", n = n % 256),
        6 => format!("actor.ip in [\"2001:db8:{n:x}::/48\", 192.0.2.{}]", n % 256),
        _ => format!("hl7v2.sending_app in [\"ONE{n}\", \"TWO{n}\"]"),
    }
}

/// Sender, application: what the rule is made for.
fn hit(n: usize) -> (String, String) {
    let host = |n: usize| format!("10.9.{}.{}", n / 250, n % 250 + 1);
    let app = |text: String| (host(n), text);
    match n % 8 {
        0 => app(format!("APP{n}")),
        1 => app(format!("START{n}-anything")),
        2 => app(format!("anything-END{n}")),
        3 => app(format!("anything glob{n}ax")),
        4 => app(format!("bre{n}-77")),
        5 => (format!("172.16.{}.77", n % 256), "other".to_owned()),
        6 => (format!("2001:db8:{n:x}::77"), "other".to_owned()),
        _ => app(format!("TWO{n}")),
    }
}

fn fired(b: &mut Bench, at: usize, from: &str, app: &str) -> Vec<String> {
    let protocol = ProtocolId::of("hl7v2").unwrap().protocol();
    let to = if from.contains(':') {
        "ff::1"
    } else {
        "250.0.0.1"
    };
    b.hl7("ORU^R01", from, to, at as f64 * 700.0, |d| {
        d.text(protocol.field("sending_app").unwrap(), app.as_bytes())
            .text(protocol.field("version").unwrap(), b"2.5");
    });
    let opened = b.told.drain(..).filter(|(what, _)| what == "opened");
    opened.map(|(_, f)| f.rule.id.clone()).collect()
}

#[test]
fn each_of_many_rules_fires_on_its_own_message_and_on_no_others() {
    let rules: String = (0..RULES)
        .map(|n| rule_text(&format!("T-X-{n:04}"), &when(n), ""))
        .collect();
    let mut b = Bench::with(&rules, None, Settings::default());
    for n in 0..RULES {
        let (from, app) = hit(n);
        let own = format!("T-X-{n:04}");
        let ids = fired(&mut b, n, &from, &app);
        assert!(ids.contains(&own), "{own} misses {from} {app}");
        // Networks come again after 256 rules; texts are each a rule's own.
        let others = ids.len() - 1;
        assert!(others == 0 || n % 8 == 5 && others <= 1, "{app}: {ids:?}");
    }
    for (from, app) in [
        ("10.9.0.1", "APP"),
        ("10.9.0.1", "xSTART1-a"),
        ("10.9.0.1", "a-END2b"),
        ("172.17.5.77", "other"),
        ("2001:db9:6::77", "other"),
    ] {
        let ids = fired(&mut b, 2 * RULES, from, app);
        assert_eq!(ids, [""; 0], "{from} {app}");
    }
}

#[test]
fn rules_told_apart_by_a_number_meet_it_as_comparison_does() {
    let rules: String = (0..50)
        .map(|n| {
            let when = format!("tls.cipher_code is {}", 100 + n);
            rule_text(&format!("T-X-{n:04}"), &when, "")
        })
        .collect();
    let mut b = Bench::with(&rules, None, Settings::default());
    let field = ProtocolId::of("tls")
        .unwrap()
        .protocol()
        .field("cipher_code")
        .unwrap();
    for (code, said) in [(99, 0), (100, 1), (149, 1), (150, 0), (-100, 0)] {
        b.send("tls", "ClientHello", A, B, f64::from(code) * 1e4, |d| {
            d.integer(field, i64::from(code));
        });
        let opened = b.told.drain(..).filter(|(what, _)| what == "opened");
        assert_eq!(opened.count(), said, "{code}");
    }
}
