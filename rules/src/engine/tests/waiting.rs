//! What did not come, how far values moved, lists, and what a window under attack keeps.

use super::*;
use crate::engine::Unjudged;
use crate::limits;

const FOLLOWED: &str =
    "protocol is hl7v2 and absence(verb is set-rate, verb is stop) by (subject) within 30 s";

fn stop(draft: &mut Draft<'_>) {
    draft.action(Action {
        device: Device::Pump,
        device_id: b"PUMP-1",
        ..Action::of(Verb::Stop)
    });
}

fn start(b: &mut Bench, at: f64) {
    b.hl7("RGV^O15", A, B, at, |d| rate(d, 1.0, "mL/h"));
}

fn doubts(b: &Bench) -> Vec<(&'static str, u64)> {
    let told = |u: Unjudged| (u.why, u.count);
    b.judge.unjudged().into_iter().map(told).collect()
}

#[test]
fn what_was_followed_in_time_is_not_told() {
    let mut b = Bench::new(FOLLOWED);
    start(&mut b, 0.0);
    // The last moment counts; so does another host that speaks of the same device.
    b.hl7("RGV^O15", C, B, 30.0, stop);
    b.advance(100.0);
    assert_eq!(b.said(), [""; 0]);
}

#[test]
fn end_of_the_capture_is_not_silence() {
    let mut b = Bench::new(FOLLOWED);
    start(&mut b, 0.0);
    b.advance(30.0);
    b.finish();
    assert_eq!(b.said(), [""; 0]);
    assert_eq!(doubts(&b), []);
}

#[test]
fn what_was_not_followed_is_told_once_its_time_is_out_with_its_own_frame() {
    let mut b = Bench::new(FOLLOWED);
    start(&mut b, 0.0);
    // More of the same does not begin the wait anew.
    start(&mut b, 20.0);
    b.advance(29.0);
    assert_eq!(b.said(), [""; 0]);
    b.advance(31.0);
    assert_eq!(b.last().first.number, 1);
    assert!(
        b.last()
            .why
            .render(Show::Revealed)
            .ends_with("(none within 30 s)"),
        "{:?}",
        b.last().why
    );
    assert_eq!(b.said(), ["opened T-X-0001 high"]);
    // It is told of each wait, and a new one begins with the next.
    start(&mut b, 40.0);
    b.hl7("RGV^O15", A, B, 50.0, stop);
    b.advance(200.0);
    assert_eq!(b.said(), [""; 0]);
}

#[test]
fn stream_that_ends_is_told_and_one_that_goes_on_is_not() {
    let mut b = Bench::new("absence(kind is \"parameters\") by (sender.ip) within 10 s");
    for at in 0..20 {
        b.send("ge_unity", "parameters", B, A, f64::from(at), |_| {});
        b.send("ge_unity", "parameters", C, A, f64::from(at), |_| {});
    }
    for at in 20..29 {
        b.send("ge_unity", "parameters", C, A, f64::from(at), |_| {});
    }
    assert_eq!(b.said(), [""; 0]);
    b.send("ge_unity", "parameters", C, A, 29.5, |_| {});
    assert_eq!(b.last().first.time, 1_767_607_200 * SECOND + 19 * SECOND);
    assert_eq!(b.said().len(), 1);
    b.advance(39.0);
    assert_eq!(b.said(), [""; 0]);
    b.advance(40.0);
    assert_eq!(b.said().len(), 1);
}

/// A message that waits, on a conversation of which so much was seen, and one more on it later.
fn seen(seen: [bool; 2], missing_later: [u64; 2], files: [u32; 2], later: f64) -> Bench {
    let mut b = Bench::new(FOLLOWED);
    // The clock's leap to the last is judged with it.
    for (flow, at, missing, file) in [
        (1, 0.0, [0, 0], files[0]),
        (1, later, missing_later, files[1]),
        (2, later + 100.0, [0, 0], files[1]),
    ] {
        let id = ProtocolId::of("hl7v2").unwrap();
        let (limits, interest) = (Limits::default(), Interest::everything());
        let mut batch = Batch::default();
        let mut pen = Messages::new(&mut batch, &limits, &interest, id, Side::Client, 0);
        let mut draft = pen.message_named(b"RGV^O15", 0..100);
        if at == 0.0 {
            rate(&mut draft, 1.0, "mL/h");
        }
        b.seq += 1;
        let frame = FrameRef {
            seq: b.seq,
            number: b.seq,
            file,
            time: 1_767_607_200 * SECOND + (at * 1e9) as i64,
        };
        let end = |ip: &str| Endpoint {
            ip: ip.parse().unwrap(),
            port: 1000,
            mac: None,
        };
        let conversation = batch.add_conversation(Conversation {
            flow_id: flow,
            transport: Transport::Tcp,
            ends: [end(A), end(B)],
            started: frame,
            mid_stream: false,
            seen,
            missing,
            overlap_differs: false,
        });
        batch.place(0, conversation, 0, [frame]);
        let told = &mut b.told;
        b.judge
            .message(batch.message(0), &mut |e| told.push(note(e)));
    }
    b
}

#[test]
fn where_the_answer_could_not_be_seen_nothing_is_told_but_counted() {
    let mut b = seen([true, false], [0, 0], [0, 0], 1.0);
    assert_eq!(b.said(), [""; 0]);
    assert_eq!(doubts(&b), [("the other direction was not seen", 1)]);
    let mut b = seen([true, true], [0, 1460], [0, 0], 1.0);
    assert_eq!(b.said(), [""; 0]);
    assert_eq!(doubts(&b), [("bytes were missed while it waited", 1)]);
    let mut b = seen([true, true], [0, 0], [0, 0], 1.0);
    assert_eq!(b.said().len(), 1);
    assert_eq!(doubts(&b), []);
}

#[test]
fn hole_between_two_captures_is_no_silence_but_a_quiet_capture_is() {
    let mut b = seen([true, true], [0, 0], [0, 1], 3600.0);
    assert_eq!(b.said(), [""; 0]);
    assert_eq!(
        doubts(&b),
        [("it waited across a hole between captures", 1)]
    );
    // The next file of a ring goes on where the last ended.
    let mut b = seen([true, true], [0, 0], [0, 1], 5.0);
    assert_eq!(b.said().len(), 1);
    let mut b = seen([true, true], [0, 0], [0, 0], 3600.0);
    assert_eq!(b.said().len(), 1);
}

#[test]
fn what_only_a_policy_knows_to_have_come_is_not_told_without_one() {
    let when = "absence(verb is set-rate, verb is stop and authorised) by (subject) within 30 s";
    let mut b = Bench::new(when);
    start(&mut b, 0.0);
    b.hl7("RGV^O15", A, B, 1.0, stop);
    b.advance(100.0);
    b.hl7("ACK", A, B, 100.0, |_| {});
    assert_eq!(b.said(), [""; 0]);
}

#[test]
fn more_that_wait_than_there_is_room_for_are_counted() {
    let mut b = Bench::limited(FOLLOWED, "absence-keys", 2);
    for n in 0..5 {
        b.hl7("RGV^O15", A, B, f64::from(n), |d| {
            let name = format!("PUMP-{n}");
            d.action(Action {
                device_id: name.as_bytes(),
                ..Action::of(Verb::SetRate)
            });
        });
    }
    b.advance(60.0);
    b.hl7("ACK", A, B, 60.0, |_| {});
    assert_eq!(b.judge.limit_hits().of(limits::ABSENCE_KEYS), 3);
    assert_eq!(
        doubts(&b),
        [("what waited made room for more (limit absence-keys)", 3)]
    );
    let closed = |b: &mut Bench| {
        b.finish();
        b.last().count
    };
    assert_eq!(closed(&mut b), 2);
}

#[test]
fn rise_is_measured_from_the_least_within_the_time_whatever_the_steps() {
    let rising = |values: &[(f64, f64)], when: &str| {
        let mut b = Bench::new(when);
        for (at, value) in values {
            b.hl7("RGV^O15", A, B, *at, |d| rate(d, *value, "mL/h"));
        }
        b.said().len()
    };
    let when = "rise(value) by (subject) within 60 s > 20 mL/h";
    // Slow, down again, exactly so much: no rise.
    assert_eq!(rising(&[(0.0, 5.0), (61.0, 15.0), (122.0, 26.0)], when), 0);
    assert_eq!(rising(&[(0.0, 50.0), (1.0, 5.0), (2.0, 25.0)], when), 0);
    // In small steps, above the least in between.
    assert_eq!(
        rising(&[(0.0, 9.0), (10.0, 5.0), (20.0, 15.0), (30.0, 26.0)], when),
        1
    );
    assert_eq!(rising(&[(0.0, 0.005), (1.0, 0.026)], when), 0);
    let when = "fall(value) by (subject) within 60 s >= 20 mL/h";
    assert_eq!(rising(&[(0.0, 5.0), (1.0, 50.0)], when), 0);
    assert_eq!(rising(&[(0.0, 50.0), (1.0, 45.0), (2.0, 30.0)], when), 1);
}

#[test]
fn rise_tells_from_where_to_where_in_a_unit_that_people_use() {
    let mut b = Bench::new("rise(value) by (subject) within 60 s > 20 mL/h");
    start(&mut b, 0.0);
    b.hl7("RGV^O15", A, B, 1.0, |d| rate(d, 0.5, "L/h"));
    let why = b.last().why.render(Show::Revealed);
    assert!(
        why.ends_with("(from 1 mL/h to 500 mL/h within 1 min)"),
        "{why}"
    );
}

#[test]
fn climb_longer_than_its_room_is_counted_and_still_told() {
    let mut settings = Settings::default();
    settings.limits.set("window-values", 8);
    let rule = rule_text(
        "T-X-0001",
        "rise(value) by (subject) within 10 min > 90 mL/h",
        "",
    );
    let mut b = Bench::with(&rule, None, settings);
    for n in 0..100 {
        b.hl7("RGV^O15", A, B, f64::from(n), |d| {
            rate(d, f64::from(n), "mL/h")
        });
    }
    assert!(!b.said().is_empty());
    assert!(b.judge.limit_hits().of(limits::WINDOW_VALUES) > 80);
}

#[test]
fn sum_of_what_one_device_was_given_is_told_above_its_bound_only() {
    let mut b =
        Bench::new("verb is set-volume and sum(value) by (subject, target) within 1 h > 100 mL");
    let give = |b: &mut Bench, at: f64, volume: f64| {
        b.hl7("RGV^O15", A, B, at, |d| {
            let text = volume.to_string();
            d.action(Action {
                device: Device::Pump,
                device_id: b"PUMP-1",
                value: Some(Quantity {
                    number: volume,
                    sent: text.as_bytes(),
                    unit: b"mL",
                    code: b"",
                }),
                ..Action::of(Verb::SetVolume)
            });
        });
    };
    give(&mut b, 0.0, 60.0);
    give(&mut b, 10.0, 40.0);
    assert_eq!(b.said(), [""; 0]);
    // The first has left by then.
    give(&mut b, 3601.0, 60.0);
    assert_eq!(b.said(), [""; 0]);
    give(&mut b, 3602.0, 0.5);
    assert_eq!(b.said().len(), 1);
}

#[test]
fn million_keys_stay_within_their_limit_and_are_told_as_forgotten() {
    const KEYS: u64 = 1_000_000;
    let whens = [
        "count() by (subject) within 1 h > 1",
        "absence(verb is set-rate, verb is stop) by (subject) within 1 h",
    ];
    let rules: String = whens
        .iter()
        .enumerate()
        .map(|(n, when)| rule_text(&format!("T-X-000{n}"), when, ""))
        .collect();
    let mut b = Bench::with(&rules, None, Settings::default());
    let id = ProtocolId::of("hl7v2").unwrap();
    let (limits, interest) = (Limits::default(), Interest::everything());
    let mut batch = Batch::default();
    let mut name = *b"PUMP-0000000";
    for n in 0..KEYS {
        let mut rest = n;
        for digit in name[5..].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        batch.clear();
        Messages::new(&mut batch, &limits, &interest, id, Side::Client, 0)
            .message_named(b"RGV^O15", 0..100)
            .action(Action {
                device_id: &name,
                value: Some(Quantity {
                    number: 1.0,
                    sent: b"1",
                    unit: b"mL/h",
                    code: b"",
                }),
                ..Action::of(Verb::SetRate)
            });
        let frame = FrameRef {
            seq: n,
            number: n,
            file: 0,
            time: 1_767_607_200 * SECOND + n as i64 * 1_000_000,
        };
        let end = |ip: &str| Endpoint {
            ip: ip.parse().unwrap(),
            port: 1000,
            mac: None,
        };
        let conversation = batch.add_conversation(Conversation {
            flow_id: 1,
            transport: Transport::Tcp,
            ends: [end(A), end(B)],
            started: frame,
            mid_stream: false,
            seen: [true; 2],
            missing: [0; 2],
            overlap_differs: false,
        });
        batch.place(0, conversation, 0, [frame]);
        b.judge.message(batch.message(0), &mut |_| {});
    }
    let most = crate::limits::Limits::default();
    let (keys, waiting) = (
        most.get(limits::WINDOW_KEYS) as u64,
        most.get(limits::ABSENCE_KEYS) as u64,
    );
    for windows in &b.judge.book.windows {
        assert!(windows.held() as u64 <= keys, "{}", windows.held());
    }
    let hits = b.judge.limit_hits();
    assert_eq!(hits.of(limits::WINDOW_KEYS), KEYS - keys);
    assert_eq!(hits.of(limits::ABSENCE_KEYS), KEYS - waiting);
    let told = b.judge.unjudged();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(
        (told[0].rule_id.as_str(), told[0].count),
        ("T-X-0000", KEYS - keys)
    );
    assert!(told[0].why.contains("window-keys"));
    assert!(told[1].why.contains("absence-keys"));
}

#[test]
fn few_keys_with_many_events_stay_within_the_limit_of_events() {
    let mut settings = Settings::default();
    settings.limits.set("window-events", 1_000);
    let rule = rule_text("T-X-0001", "count() by (subject) within 1 h > 900", "");
    let mut b = Bench::with(&rule, None, settings);
    for n in 0..5_000 {
        b.hl7("RGV^O15", A, B, f64::from(n) / 10.0, |d| {
            let name = format!("PUMP-{}", n % 10);
            d.action(Action {
                device_id: name.as_bytes(),
                ..Action::of(Verb::SetRate)
            });
        });
    }
    assert!(b.judge.limit_hits().of(limits::WINDOW_EVENTS) > 0);
    let held: usize = b.judge.book.windows.iter().map(|w| w.events()).sum();
    assert!(held <= 1_100, "{held}");
    // One key alone has room for its own.
    for n in 0..901 {
        b.hl7("RGV^O15", A, B, 1_000.0 + f64::from(n) / 10.0, |d| {
            d.action(Action {
                device_id: b"PUMP-0",
                ..Action::of(Verb::SetRate)
            });
        });
    }
    assert_eq!(b.said().len(), 1);
}

#[test]
fn list_in_a_file_is_read_from_the_rule_files_folder() {
    let folder = std::env::temp_dir().join(format!("wardwatch-lists-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write(
        "hosts.txt",
        "# scanners\n10.0.0.1\n\n10.0.9.0/24 # a room\n2001:db8::1\n",
    );
    write("units.txt", "mL/h\nL/h\n");
    write("verbs.txt", "set-rate\nstop\n");
    write("bad.txt", "10.0.0.1\nten dot nothing\n");
    let load = |when: &str| {
        RuleSet::load(&[Source {
            name: folder.join("own.toml").display().to_string(),
            text: rule_text("T-X-0001", when, ""),
        }])
    };
    for (when, fires) in [
        ("verb is set-rate and actor in file \"hosts.txt\"", true),
        (
            "verb is set-rate and actor.ip not in file \"hosts.txt\"",
            false,
        ),
        ("verb is set-rate and target in file \"hosts.txt\"", false),
        (
            "value.unit in file \"units.txt\" and verb in file \"verbs.txt\"",
            true,
        ),
    ] {
        let rules = load(when).unwrap_or_else(|e| panic!("{e}"));
        let mut b = Bench::new("verb is stop");
        b.judge = Judge::new(rules, None, Settings::default());
        b.hl7("RGV^O15", A, B, 0.0, |d| rate(d, 1.0, "mL/h"));
        assert_eq!(!b.said().is_empty(), fires, "{when}");
    }
    for (when, told) in [
        ("actor in file \"bad.txt\"", "line 2 of this list"),
        ("actor in file \"none.txt\"", "cannot be read"),
        ("value in file \"units.txt\"", "a list file holds"),
    ] {
        let report = load(when).unwrap_err().to_string();
        assert!(report.contains(told), "{report}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn known_is_who_the_policy_or_the_sites_list_names_and_unknown_without_either() {
    let when = "verb is set-rate and not known(actor)";
    let rule = rule_text("T-X-0001", when, "");
    let policy = "schema = 1\n[[group]]\nname = \"engines\"\nmembers = [\"10.0.0.1\"]\n";
    let list = "address,name\n10.0.0.3,Gateway 3\n";
    for (policy, list, said) in [
        (None, None, 0),
        (Some(policy), None, 1),
        (None, Some(list), 1),
        (Some(policy), Some(list), 0),
    ] {
        let mut b = Bench::with(&rule, policy, Settings::default());
        if let Some(list) = list {
            let mapping = crate::inventory::register::Mapping::default();
            let (register, _) = crate::inventory::Register::import(list, &mapping).unwrap();
            b.judge.call_by(Some(std::sync::Arc::new(register)));
        }
        for from in [A, C] {
            b.hl7("RGV^O15", from, B, 0.0, |d| rate(d, 1.0, "mL/h"));
        }
        assert_eq!(b.said().len(), said, "{policy:?} {list:?}");
    }
}

#[test]
fn absence_beside_another_window_is_refused_when_rules_load() {
    for (when, good) in [
        (
            "absence(verb is stop) by (actor) within 1 h and count() within 60 s > 3",
            false,
        ),
        (
            "absence(verb is stop) by (actor) within 1 h or count() within 60 s > 3",
            true,
        ),
        ("not absence(verb is stop) by (actor) within 1 h", false),
        ("absence() by (actor) within 1 h", false),
        (
            "absence(verb is stop, verb is start, verb is bolus) within 1 h",
            false,
        ),
        ("absence(verb is stop)", false),
        ("absence(verb is stop) within 1 h > 3", false),
        ("rise(value) by (actor) within 60 s < 3 mL/h", false),
        ("rise(value) by (actor) within 60 s > 3", false),
        ("rise(value, value) by (actor) within 60 s > 3 mL/h", false),
        ("known(\"x\")", false),
    ] {
        let source = Source {
            name: "t.toml".into(),
            text: rule_text("T-X-0001", when, ""),
        };
        assert_eq!(RuleSet::load(&[source]).is_ok(), good, "{when}");
    }
}
