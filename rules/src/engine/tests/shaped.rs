//! Whatever the rule and the message: what a shape leaves of a rule says the same as the whole rule,
//! and a rule that is passed over would not have fired.

use proptest::prelude::*;

use super::*;
use crate::language::compiled::Truth;
use crate::language::eval::{Facts, NoPast, eval};
use crate::language::{check, parser};

const ATOMS: &[&str] = &[
    "kind is \"ORM^O01\"",
    "kind in [\"ACK\", \"RGV^O15\"]",
    "kind starts with \"A\"",
    "kind != \"ACK\"",
    "verb is set-rate",
    "verb in [read, delete]",
    "verb != read",
    "effect is therapy",
    "protocol is hl7v2",
    "protocol != dicom",
    "device is pump",
    "value > 5 mL/h",
    "value in 1..6 mL/h",
    "value > 5 mm[Hg]",
    "value.number < 3",
    "subject is \"PUMP-1\"",
    "exists(value)",
    "exists(verb)",
    "exists(subject)",
    "hl7v2.sending_app is \"BCMA\"",
    "hl7v2.sending_app != \"BCMA\"",
    "hl7v2.sending_app matches \"*C*\"",
    "hl7v2.sending_app in [\"LAB\", \"BCMA\"]",
    "exists(hl7v2.sending_app)",
    "exists(hl7v2.version)",
    "exists(dicom.calling_ae)",
    "dicom.calling_ae is \"X\"",
    "hl7v2.message_time < now",
    "hl7v2.message_time < now + 30 d",
    "anomaly contains \"x\"",
    "exists(anomaly)",
    "mid_stream",
    "one_sided",
    "from_server",
    "transport is tcp",
    "port is 1000",
    "length > 50",
    "actor.ip is 10.0.0.1",
    "target in 10.0.0.2/31",
    "authorised",
    "within_bounds",
    "listed(actor)",
    "known(target)",
    "role(actor) is pump",
    "actor in group \"x\"",
    "exists(request)",
];

const WINDOWS: &[&str] = &[
    "count() by (actor) within 1 h > 1",
    "count(verb is read) by (hosts) within 1 h > 1",
    "distinct(kind) by (actor) within 1 h >= 2",
    "sum(value) by (actor) within 1 h > 9 mL/h",
    "ratio(value) by (target) within 1 h > 1.5",
    "rise(value) by (target) within 1 h > 3 mL/h",
    "sequence(verb is read, kind is \"ACK\") by (hosts) within 1 h",
    "first_seen(actor, hl7v2.sending_app) after 10 s",
    "unprepared(verb is set-rate, verb is read) by (hosts) within 1 h",
    "takeover(verb is read, verb is set-rate, actor) by (target) within 1 h",
    "absence(verb is set-rate, verb is read) by (hosts) within 20 s",
];

/// A condition without windows.
fn plain() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(ATOMS).prop_map(str::to_owned);
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|p| format!("({})", p.join(" and "))),
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|p| format!("({})", p.join(" or "))),
            inner.clone().prop_map(|p| format!("not ({p})")),
            inner.prop_map(|p| format!("surely({p})")),
        ]
    })
}

fn looking_back() -> impl Strategy<Value = String> {
    let window = prop::sample::select(WINDOWS);
    (plain(), window, any::<bool>()).prop_map(|(plain, window, and)| {
        format!("({plain}) {} {window}", if and { "and" } else { "or" })
    })
}

/// One message, as choices.
#[derive(Clone, Copy, Debug)]
struct Sent {
    kind: usize,
    verb: usize,
    value: Option<u8>,
    app: Option<usize>,
    time: Option<usize>,
    hosts: (usize, usize),
    mid_stream: bool,
}

fn sent() -> impl Strategy<Value = Sent> {
    let apps = prop::option::of(0..3usize);
    let hosts = (0..3usize, 1..3usize);
    let value = prop::option::of(0..12u8);
    let time = prop::option::of(0..3usize);
    (
        0..4usize,
        0..4usize,
        value,
        apps,
        time,
        hosts,
        any::<bool>(),
    )
        .prop_map(|(kind, verb, value, app, time, hosts, mid_stream)| Sent {
            kind,
            verb,
            value,
            app,
            time,
            hosts,
            mid_stream,
        })
}

fn deliver(b: &mut Bench, n: usize, m: Sent) {
    let hosts = [A, B, C];
    let (from, to) = (hosts[m.hosts.0], hosts[(m.hosts.0 + m.hosts.1) % 3]);
    let (protocol, kind) = [
        ("hl7v2", "ORM^O01"),
        ("hl7v2", "ACK"),
        ("hl7v2", "RGV^O15"),
        ("dicom", "C-STORE-RQ"),
    ][m.kind];
    let at = n as f64 * 7.0;
    b.send_on(1, m.mid_stream, protocol, kind, from, to, at, |d| {
        let text = m.value.map(|v| v.to_string()).unwrap_or_default();
        let value = m.value.map(|v| Quantity {
            number: f64::from(v),
            sent: text.as_bytes(),
            unit: b"mL/h",
            code: b"",
        });
        let verb = [
            None,
            Some(Verb::SetRate),
            Some(Verb::Read),
            Some(Verb::Delete),
        ][m.verb];
        if let Some(verb) = verb {
            d.action(Action {
                device: Device::Pump,
                device_id: if verb == Verb::Read { b"" } else { b"PUMP-1" },
                value,
                ..Action::of(verb)
            });
        }
        if protocol == "hl7v2" {
            let table = ProtocolId::of(protocol).unwrap().protocol();
            if let Some(app) = m.app {
                let app: &[u8] = [b"LAB".as_slice(), b"BCMA", b"OTHER"][app];
                d.text(table.field("sending_app").unwrap(), app);
            }
            if let Some(time) = m.time {
                let time: &[u8] = [b"20251231".as_slice(), b"20260120120000", b"soon"][time];
                d.time(table.field("message_time").unwrap(), time);
            }
        }
    });
}

fn heard(rule: &str, shapes: Option<u64>, messages: &[Sent]) -> Vec<String> {
    let mut settings = Settings::default();
    if let Some(shapes) = shapes {
        assert!(settings.limits.set("message-shapes", shapes));
    }
    let mut b = Bench::with(&rule_text("T-X-0001", rule, ""), None, settings);
    for (n, message) in messages.iter().enumerate() {
        deliver(&mut b, n, *message);
    }
    b.finish();
    let mut said: Vec<String> = b
        .told
        .iter()
        .map(|(what, f)| format!("{what} {}", f.count))
        .collect();
    said.extend(
        b.judge
            .unjudged()
            .iter()
            .map(|u| format!("{} {}", u.why, u.count)),
    );
    said
}

/// Parts put together at random may contradict each other (a rate in mmHg): the checker refuses them.
fn is_without_mistakes(rule: &str) -> bool {
    let limits = crate::limits::Limits::default();
    parser::parse(rule, 64).is_ok_and(|expr| check::compile(&expr, &limits).is_ok())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_shape_leaves_of_a_rule_says_what_the_whole_rule_says(
        rule in prop_oneof![plain(), looking_back()],
        messages in prop::collection::vec(sent(), 1..12),
    ) {
        prop_assume!(is_without_mistakes(&rule));
        prop_assert_eq!(heard(&rule, None, &messages), heard(&rule, Some(0), &messages), "{}", rule);
    }

    #[test]
    fn rule_fires_exactly_where_its_condition_is_true(
        rule in plain(),
        messages in prop::collection::vec(sent(), 1..8),
    ) {
        prop_assume!(is_without_mistakes(&rule));
        let limits = crate::limits::Limits::default();
        let expr = parser::parse(&rule, 64).expect("a condition");
        let condition = check::compile(&expr, &limits).expect("a condition without mistakes");
        let text = rule_text("T-X-0001", &rule, "collapse = [\"content\", \"length\"]");
        for (n, message) in messages.iter().enumerate() {
            let mut b = Bench::with(&text, None, Settings::default());
            // The shape is known already, from a message that is not the same.
            for (n, before) in messages.iter().enumerate() {
                deliver(&mut b, n, *before);
            }
            let before: u64 = b.judge.open_findings().map(|f| f.count).sum();
            let mut whole = Truth::Unknown;
            deliver(&mut b, messages.len() + n, *message);
            let after: u64 = b.judge.open_findings().map(|f| f.count).sum();
            if let Some(batch) = b.last_sent.take() {
                let inventory = b.judge.inventory();
                let facts = Facts::new(batch.message(0), None, inventory);
                whole = eval(&condition.root, &facts, &mut NoPast);
            }
            if !condition.uses.request {
                prop_assert_eq!(after > before, whole == Truth::True, "{}", rule);
            }
        }
    }
}
