//! What the judge keeps of the past: values in force, handles taught, who was first.

use dissectors::message::Lesson;

use super::*;

const JUMP: &str = "verb in [set-rate, set-dose] and value.number > 0 and (value / value.before > 5 or value / value.before < 0.2)";
const WARD: &str = "schema = 1\n[[grant]]\nwho = [\"10.0.0.1\"]\nmay = [\"any\"]\non = [\"any\"]\naccepted_by = \"Head\"\n";

fn jump() -> Bench {
    Bench::with(
        &rule_text("T-X-0001", JUMP, ""),
        Some(WARD),
        Settings::default(),
    )
}

fn set(b: &mut Bench, from: &str, at: f64, value: f64) {
    b.hl7("RGV^O15", from, B, at, |d| rate(d, value, "mL/h"));
}

fn order(b: &mut Bench, at: f64, value: f64, key: &[u8], outcome: Outcome) {
    b.hl7("RGV^O15", A, B, at, |d| {
        rate(d, value, "mL/h");
        d.asks(Scope::Hosts, key);
    });
    b.hl7("ACK^O15", B, A, at + 0.1, |d| {
        d.answers(Scope::Hosts, key, true, outcome);
    });
}

#[test]
fn titration_in_steps_and_starts_and_stops_are_no_jumps() {
    let mut b = jump();
    for (at, value) in [(0.0, 2.0), (60.0, 6.0), (120.0, 18.0), (180.0, 54.0)] {
        set(&mut b, A, at, value);
    }
    set(&mut b, A, 240.0, 0.0);
    set(&mut b, A, 241.0, 300.0);
    b.hl7("RGV^O15", A, B, 242.0, |d| {
        d.action(Action {
            device: Device::Pump,
            device_id: b"PUMP-1",
            ..Action::of(Verb::Stop)
        });
    });
    set(&mut b, A, 243.0, 2.0);
    assert_eq!(b.said(), [""; 0]);
}

#[test]
fn return_to_normal_after_a_stranger_is_no_jump_but_the_stranger_is() {
    let mut b = jump();
    set(&mut b, A, 0.0, 5.0);
    set(&mut b, C, 10.0, 1200.0);
    assert_eq!(b.said().len(), 1);
    set(&mut b, A, 20.0, 5.0);
    assert_eq!(b.said(), [""; 0]);
}

#[test]
fn what_a_device_refused_is_no_measure_for_the_next() {
    let mut b = jump();
    order(&mut b, 0.0, 15.0, b"1", Outcome::Accepted);
    order(&mut b, 10.0, 1500.0, b"2", Outcome::Refused);
    assert_eq!(b.told.drain(..).filter(|(w, _)| w == "opened").count(), 1);
    order(&mut b, 20.0, 16.0, b"3", Outcome::Accepted);
    assert_eq!(b.said(), [""; 0]);
}

#[test]
fn bolus_and_the_way_back_from_it_are_no_jumps() {
    let mut b = jump();
    set(&mut b, A, 0.0, 7.5);
    b.hl7("RGV^O15", A, B, 10.0, |d| {
        d.action(Action {
            device: Device::Pump,
            device_id: b"PUMP-1",
            ..Action::of(Verb::Bolus)
        });
    });
    set(&mut b, A, 11.0, 600.0);
    set(&mut b, A, 30.0, 7.5);
    assert_eq!(b.said(), [""; 0]);
}

#[test]
fn another_drug_or_another_pump_has_its_own_value() {
    let mut b = jump();
    set(&mut b, A, 0.0, 2.0);
    b.hl7("RGV^O15", A, B, 1.0, |d| {
        let value = Some(Quantity {
            number: 200.0,
            sent: b"200",
            unit: b"mL/h",
            code: b"",
        });
        d.action(Action {
            device: Device::Pump,
            device_id: b"PUMP-1",
            drug: b"other",
            value,
            ..Action::of(Verb::SetRate)
        });
    });
    assert_eq!(b.said(), [""; 0]);
}

fn teach(b: &mut Bench, sequence: &[u8], at: f64) {
    let field = ProtocolId::of("sdc")
        .unwrap()
        .protocol()
        .field("sequence_id")
        .unwrap();
    b.send("sdc", "GetMdibResponse", B, A, at, |d| {
        d.text(field, sequence)
            .answers(Scope::Hosts, b"1", true, Outcome::Accepted)
            .teaches(Lesson {
                handle: b"op.rate",
                verb: Verb::SetRate,
                device: Device::Pump,
                unit: b"mL/h",
                code: b"157784",
                label: b"",
                low: 0.1,
                high: 1200.0,
                step: 0.1,
            });
    });
}

/// A SetValue on a handle by a consumer that never talked before, as the pipeline judges it.
fn set_value(b: &mut Bench, from: &str, at: f64, number: f64) {
    let judge_first = |b: &mut Bench, batch: Batch| {
        let told = &mut b.told;
        let completed = b.judge.completed(batch.message(0));
        let message = completed
            .as_ref()
            .map_or(batch.message(0), |c| c.message(0));
        let verb = message.action().unwrap().verb;
        b.judge.message(message, &mut |e| told.push(note(e)));
        verb
    };
    let (limits, interest) = (Limits::default(), Interest::everything());
    let id = ProtocolId::of("sdc").unwrap();
    let mut batch = Batch::default();
    let text = number.to_string();
    Messages::new(&mut batch, &limits, &interest, id, Side::Client, 0)
        .message(id.protocol().kind("SetValue").unwrap(), 0..10)
        .action(Action {
            handle: b"op.rate",
            value: Some(Quantity {
                number,
                sent: text.as_bytes(),
                unit: b"",
                code: b"",
            }),
            ..Action::of(Verb::UnknownVerb)
        });
    b.seq += 1;
    let frame = FrameRef {
        seq: b.seq,
        number: b.seq,
        file: 0,
        time: 1_767_607_200 * SECOND + (at * 1e9) as i64,
    };
    let end = |ip: &str| Endpoint {
        ip: ip.parse().unwrap(),
        port: 1,
        mac: None,
    };
    let conversation = batch.add_conversation(Conversation {
        flow_id: 77,
        transport: Transport::Tcp,
        ends: [end(from), end(B)],
        started: frame,
        mid_stream: false,
        seen: [true; 2],
        missing: [0; 2],
        overlap_differs: false,
    });
    batch.place(0, conversation, 0, [frame]);
    judge_first(b, batch);
}

#[test]
fn handle_taught_on_one_connection_is_read_on_another_until_the_sequence_changes() {
    let mut b = Bench::new("verb is set-rate and not value.in_range");
    set_value(&mut b, C, 0.0, 1500.0);
    assert_eq!(b.said(), [""; 0], "nobody taught the handle yet");
    teach(&mut b, b"urn:a", 1.0);
    set_value(&mut b, C, 2.0, 1200.0);
    assert_eq!(b.said(), [""; 0]);
    set_value(&mut b, C, 3.0, 1200.01);
    assert_eq!(b.said().len(), 1);
    let act = b
        .judge
        .open_findings()
        .next()
        .unwrap()
        .action
        .clone()
        .unwrap();
    assert_eq!((act.verb, act.device), (Verb::SetRate, Device::Pump));
    assert_eq!(act.value.unwrap().unit, "mL/h");
    let mut b = Bench::new("verb is set-rate and not value.in_range");
    teach(&mut b, b"urn:a", 1.0);
    b.send("sdc", "EpisodicMetricReport", B, A, 2.0, |d| {
        let field = ProtocolId::of("sdc")
            .unwrap()
            .protocol()
            .field("sequence_id")
            .unwrap();
        d.text(field, b"urn:b");
    });
    set_value(&mut b, C, 3.0, 1500.0);
    assert_eq!(b.said(), [""; 0], "a new sequence voids every handle");
}

#[test]
fn act_without_preparation_fires_but_not_after_it_nor_where_the_start_was_not_seen() {
    let when = "unprepared(verb is set-rate, verb is read) by (hosts) within 1 h";
    let mut b = Bench::new(when);
    b.hl7("QBP^Q22", A, B, 0.0, |d| {
        d.action(Action::of(Verb::Read));
    });
    set(&mut b, A, 1.0, 1.0);
    b.send_on(9, true, "hl7v2", "RGV^O15", C, B, 2.0, |d| {
        rate(d, 1.0, "mL/h");
    });
    assert_eq!(b.said(), [""; 0]);
    set(&mut b, C, 3.0, 1.0);
    assert_eq!(b.said().len(), 1);
    let mut b = Bench::new(when);
    set(&mut b, A, 3700.0, 1.0);
    assert_eq!(b.said().len(), 1);
}

#[test]
fn takeover_is_told_of_the_second_holder_while_the_first_confirms() {
    let mut b =
        Bench::new("takeover(verb is set-rate, verb is set-rate, actor) by (target) within 60 s");
    set(&mut b, A, 0.0, 1.0);
    set(&mut b, A, 50.0, 1.0);
    assert_eq!(b.said(), [""; 0]);
    set(&mut b, C, 100.0, 1.0);
    assert_eq!(b.said().len(), 1);
    // The first was quiet for longer than it holds: whoever speaks then holds.
    set(&mut b, C, 300.0, 1.0);
    assert_eq!(b.said(), [""; 0]);
}

#[test]
fn copies_over_a_second_path_are_no_second_series() {
    let field = ProtocolId::of("ge_unity")
        .unwrap()
        .protocol()
        .field("sequence")
        .unwrap();
    let when = "interleaved(ge_unity.sequence) by (sender.ip) within 60 s >= 3";
    let datagram = |b: &mut Bench, at: f64, number: i64| {
        b.send("ge_unity", "parameters", B, A, at, |d| {
            d.integer(field, number);
        });
    };
    let mut b = Bench::new(when);
    for n in 0..20 {
        datagram(&mut b, n as f64, n);
        datagram(&mut b, n as f64 + 0.5, n.saturating_sub(1).max(0));
    }
    assert_eq!(b.said(), [""; 0]);
    for n in 20..26 {
        datagram(&mut b, n as f64, n);
        datagram(&mut b, n as f64 + 0.5, 900 + n);
    }
    assert_eq!(b.said().len(), 1);
}

#[test]
fn severity_is_raised_where_the_rule_says_so() {
    let more = "raise = { when = 'value > 100 mL/h', severity = \"critical\" }";
    let mut b = Bench::with(
        &rule_text("T-X-0001", "verb is set-rate", more),
        None,
        Settings::default(),
    );
    set(&mut b, A, 0.0, 1.0);
    assert_eq!(b.said(), ["opened T-X-0001 high"]);
    set(&mut b, A, 1.0, 101.0);
    assert_eq!(b.said(), ["raised T-X-0001 critical"]);
}

#[test]
fn every_kind_of_window_stays_within_its_keys_and_says_what_it_forgot() {
    const ROOM: u64 = 500;
    const KEYS: u64 = 5_000;
    for (when, limit) in [
        ("count() by (subject) within 1 h > 1", "window-keys"),
        ("distinct(kind) by (subject) within 1 h > 1", "window-keys"),
        ("sum(value) by (subject) within 1 h > 9 L/h", "window-keys"),
        ("ratio(value) by (subject) within 1 h > 2", "window-keys"),
        (
            "rise(value) by (subject) within 1 h > 2 mL/h",
            "window-keys",
        ),
        (
            "fall(value) by (subject) within 1 h > 2 mL/h",
            "window-keys",
        ),
        (
            "sequence(verb is set-rate, verb is stop) by (subject) within 1 h",
            "window-keys",
        ),
        (
            "takeover(verb is set-rate, verb is stop, actor) by (subject) within 1 h",
            "window-keys",
        ),
        (
            "unprepared(verb is stop, verb is set-rate) by (subject) within 1 h",
            "window-keys",
        ),
        (
            "interleaved(value.number) by (subject) within 1 h >= 1",
            "window-keys",
        ),
        (
            "backwards(value.number) by (subject) within 1 h",
            "window-keys",
        ),
        ("first_seen(subject) after 1 h", "first-seen-keys"),
        (
            "absence(verb is set-rate, verb is stop) by (subject) within 1 h",
            "absence-keys",
        ),
    ] {
        let mut b = Bench::limited(when, limit, ROOM);
        for n in 0..KEYS {
            let name = format!("PUMP-{n}");
            b.hl7("RGV^O15", A, B, n as f64 / 1000.0, |d| {
                d.action(Action {
                    device_id: name.as_bytes(),
                    value: Some(Quantity {
                        number: 1.0,
                        sent: b"1",
                        unit: b"mL/h",
                        code: b"",
                    }),
                    ..Action::of(Verb::SetRate)
                });
            });
        }
        let held = b.judge.book.windows[0].held() as u64;
        assert!(held <= ROOM, "{when}: {held}");
        let hits: u64 = b
            .judge
            .limit_hits()
            .named()
            .filter(|(n, _)| *n == limit)
            .map(|(_, n)| n)
            .sum();
        assert_eq!(hits, KEYS - ROOM, "{when}");
    }
}
