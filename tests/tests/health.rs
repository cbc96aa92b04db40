//! How the sensor itself fares is told by findings, the same for any number of workers.

use std::fs;

use dissectors::contract::Transport;
use dissectors::health::{HEALTH, NAME};
use dissectors::message::{Batch, Conversation, Endpoint, FrameRef, Interest, Messages};
use dissectors::schema::KindId;
use dissectors::{Limits, ProtocolId, Side};
use rules::engine::{Judge, Settings};
use rules::finding::Event;
use rules::language::ruleset::RuleSet;
use rules::policy::Policy;
use serde_json::Value;
use wardwatch_tests::capture::{self, scratch, shipped};
use wardwatch_tests::program::{run, texts};

/// Rule, level and sentence of each finding on the sensor's health.
fn health(capture: &std::path::Path, arguments: &[&str]) -> Vec<(String, String, String)> {
    let path = capture.display().to_string();
    let output = run([&["replay", "-r", &path, "--json"], arguments].concat());
    let (records, _) = texts(&output);
    records
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|r| r["event_type"] == "alert")
        .map(|r| ["rule_id", "level", "why"].map(|k| text(&r["alert"][k])))
        .filter(|[id, ..]| id.starts_with("WW-HLTH-"))
        .map(|[id, level, why]| (id, level, why))
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

const GOOD: &str = "pcaps/mirrors/good.pcap";

/// A capture with each frame `times` times, a minute apart, conversations on ports of their own.
fn again(times: u16, keep: impl Fn(&[u8]) -> bool) -> capture::TempCapture {
    let frames = capture::read(&shipped(GOOD));
    let first = frames.first().map_or(0, |f| f.time);
    let mut all = Vec::new();
    for round in 0..times {
        for frame in frames.iter().filter(|f| keep(&f.bytes)) {
            let mut bytes = frame.bytes.clone();
            // TCP in IPv4 without options: the client's port, in whichever direction.
            let tcp = bytes.len() > 38 && bytes[12..14] == [8, 0] && bytes[23] == 6;
            if tcp {
                let server = u16::from_be_bytes([bytes[34], bytes[35]]) < 30_000;
                let at = if server { 36 } else { 34 };
                let port = u16::from_be_bytes([bytes[at], bytes[at + 1]]);
                bytes[at..at + 2].copy_from_slice(&port.wrapping_add(round * 100).to_be_bytes());
            }
            all.push(capture::Frame {
                time: first + i64::from(round) * 5_000_000_000 + (frame.time - first) / 100,
                bytes,
            });
        }
    }
    all.sort_by_key(|f| f.time);
    capture::write(&all)
}

#[test]
fn mirror_of_one_direction_is_told_after_a_minute_and_one_of_both_is_not() {
    let whole = again(30, |_| true);
    let half = again(30, |bytes| {
        !(bytes.len() > 36 && bytes[23] == 6 && u16::from_be_bytes([bytes[34], bytes[35]]) < 30_000)
    });
    assert_eq!(health(&whole.0, &["-k", "none"]), []);
    let told = health(&half.0, &["-k", "none"]);
    let [(id, level, _)] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!((id.as_str(), level.as_str()), ("WW-HLTH-0118", "medium"));
    for workers in ["1", "3"] {
        let arguments = ["-k", "none", "--workers", workers];
        assert_eq!(health(&half.0, &arguments), told);
    }
}

#[test]
fn heart_beat_that_stops_is_told_and_one_that_goes_on_is_not() {
    let capture = again(30, |_| true);
    let frames = capture::read(&shipped(GOOD));
    let address = |f: &capture::Frame, at: usize| {
        let octets: [u8; 4] = f.bytes[at..at + 4].try_into().expect("four bytes");
        std::net::Ipv4Addr::from(octets).to_string()
    };
    let one = frames
        .iter()
        .find(|f| f.bytes.len() > 38 && f.bytes[12..14] == [8, 0] && f.bytes[23] == 6)
        .expect("a segment");
    let port = u16::from_be_bytes([one.bytes[36], one.bytes[37]]);
    let (from, to) = (address(one, 26), address(one, 30));
    let beats = format!("beat {from} {to}:{port} 30s");
    assert_eq!(health(&capture.0, &["-k", "none", "--canary", &beats]), []);
    let never = format!("beat {to} 192.0.2.99:{port} 30s");
    let told = health(&capture.0, &["-k", "none", "--canary", &never]);
    let [(id, level, why)] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!((id.as_str(), level.as_str()), ("WW-HLTH-0128", "high"));
    assert!(why.contains("beat"), "{why}");
}

#[test]
fn canary_stands_in_the_configuration_and_a_wrong_one_is_refused() {
    let folder = scratch("canary");
    fs::create_dir(&folder).expect("a writable folder");
    let config = folder.join("wardwatch.toml");
    let check = |text: &str| {
        fs::write(&config, text).expect("our file");
        let output = run(["check".as_ref(), "--config".as_ref(), config.as_os_str()]);
        (output.status.success(), texts(&output).1)
    };
    assert!(check("canary = [\"echo 10.0.0.1 10.0.0.2:104 5m\"]\n").0);
    let (good, said) = check("canary = [\"echo 10.0.0.1 nowhere 5m\"]\n");
    assert!(!good && said.contains("no address"), "{said}");
    let _ = fs::remove_dir_all(folder);
}

#[test]
fn findings_on_the_sensor_are_listed_and_explained_like_all_others() {
    let list = texts(&run(["rules", "list"])).0;
    for number in 117..=128 {
        let id = format!("WW-HLTH-0{number}");
        assert!(list.contains(&id), "{id}");
        if number == 125 {
            continue;
        }
        let explained = texts(&run(["rules", "explain", &id])).0;
        assert!(
            explained.contains("health.") || explained.contains("is health"),
            "{explained}"
        );
    }
}

/// Two hosts, the second of them a pump by this policy.
const PUMP: &str =
    "schema = 1\n[[group]]\nname = \"pumps\"\nmembers = [\"192.0.2.2\"]\nkind = \"pump\"\n";

/// Rules that fire on one message of this kind, named `name`.
fn fire_on(kind: KindId, name: &str) -> Vec<(String, String)> {
    let end = |last: u8| Endpoint {
        ip: [192, 0, 2, last].into(),
        port: 4000,
        mac: None,
    };
    let frame = FrameRef::default();
    let mut batch = Batch::default();
    let conversation = batch.add_conversation(Conversation {
        flow_id: 1,
        transport: Transport::Tcp,
        ends: [end(1), end(2)],
        started: frame,
        mid_stream: false,
        seen: [true; 2],
        missing: [0; 2],
        overlap_differs: false,
    });
    let protocol = ProtocolId::of(HEALTH.name).expect("it is registered");
    let (limits, interest) = (Limits::default(), Interest::everything());
    Messages::new(&mut batch, &limits, &interest, protocol, Side::Client, 0)
        .message(kind, 0..0)
        .text(NAME, name.as_bytes());
    batch.place(0, conversation, 0, [frame]);
    let rules = RuleSet::shipped().unwrap_or_else(|report| panic!("{report}"));
    let policy = Policy::load("policy.toml", PUMP).unwrap_or_else(|report| panic!("{report}"));
    let mut judge = Judge::new(rules, Some(policy), Settings::default());
    let mut fired = Vec::new();
    judge.message(batch.message(0), &mut |event| {
        if let Event::Opened(f) = event {
            fired.push((f.rule.id.clone(), f.severity.word().to_owned()));
        }
    });
    fired
}

#[test]
fn each_kind_of_trouble_has_its_rule_and_severity() {
    use dissectors::health::*;
    let wanted = [
        (DROPS, "", "WW-HLTH-0117", "medium"),
        (ONE_SIDED, "", "WW-HLTH-0118", "medium"),
        (GAP, "alaris", "WW-HLTH-0119", "medium"),
        (LIMIT, "flows", "WW-HLTH-0120", "medium"),
        (FAULT, "alaris", "WW-HLTH-0121", "medium"),
        (QUIET, "eth1", "WW-HLTH-0122", "high"),
        (REFUSED, "", "WW-HLTH-0123", "high"),
        (BEHIND, "eve.json", "WW-HLTH-0124", "medium"),
        (BEHIND, "frames on disk", "WW-HLTH-0124", "high"),
        (UNDECODED, "", "WW-HLTH-0126", "info"),
        (DUPLICATES, "", "WW-HLTH-0127", "low"),
        (CANARY, "echo", "WW-HLTH-0128", "high"),
    ];
    for (kind, name, id, severity) in wanted {
        assert_eq!(
            fire_on(kind, name),
            [(id.into(), severity.into())],
            "{name}"
        );
    }
    assert_eq!(fire_on(GAP, "http"), []);
    let told: std::collections::BTreeSet<_> = wanted.iter().map(|(kind, ..)| kind.0).collect();
    assert_eq!(told.len(), KINDS.len());
}
