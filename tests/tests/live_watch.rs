//! `wardwatch watch` on virtual cables: what it hears, and that it hears all of it.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use wardwatch_tests::capture::{self, scratch, shipped};
use wardwatch_tests::live::{Cables, Watched, is_there};
use wardwatch_tests::replay::essence;
use wardwatch_tests::rewrite;

const WARD: &str = "pcaps/ward/one-evening.pcapng";
const POLICY: &str = "pcaps/policies/hl7.toml";

/// A pseudonym key, so that two runs say the same of the same patient.
fn key() -> PathBuf {
    let path = scratch("key");
    fs::write(&path, [7; 32]).expect("a writable temporary folder");
    path
}

fn ward_frames() -> u64 {
    capture::read(&shipped(WARD)).len() as u64
}

fn delivered(stats: &Value) -> u64 {
    stats["stats"]["ledger"]["frames"]["in"]
        .as_u64()
        .unwrap_or(0)
}

fn policy_arguments(key: &PathBuf) -> Vec<String> {
    let path = |p: &PathBuf| p.display().to_string();
    vec![
        "--policy".into(),
        path(&shipped(POLICY)),
        "--pseudonym-key".into(),
        path(key),
    ]
}

fn watch_the_ward(cables: &Cables, interfaces: &[&str], key: &PathBuf) -> Watched {
    let policy = policy_arguments(key);
    let mut arguments: Vec<&str> = policy.iter().map(String::as_str).collect();
    for interface in interfaces {
        arguments.extend(["-i", interface]);
    }
    let watching = cables.watch(&arguments);
    if interfaces.len() == 1 {
        cables.send(&shipped(WARD), 1_000);
    } else {
        assert!(cables.send_like_a_tap(&shipped(WARD), "10.20.1.0/24", 1_000));
    }
    std::thread::sleep(Duration::from_millis(800));
    watching.end()
}

#[test]
fn every_frame_is_counted_numbered_from_one_and_the_ledger_closes() {
    let Some(cables) = Cables::lay(1) else { return };
    let key = key();
    let watched = watch_the_ward(&cables, &["b0"], &key);
    assert_eq!(watched.status.code(), Some(0), "{}", watched.err);
    let stats = watched.stats();
    assert_eq!(delivered(&stats), ward_frames(), "{}", watched.err);
    assert_eq!(stats["stats"]["ledger"]["closes"], true);
    assert_eq!(stats["stats"]["interfaces"][0]["received"], ward_frames());
    let records = watched.records();
    let alert = records
        .iter()
        .find(|r| r["alert"]["rule_id"] == "WW-CMD-0001")
        .expect("the workstation's command");
    assert_eq!(alert["in_iface"], "b0");
    // Frame 85 of the capture is the command: nothing else was on the cable.
    assert_eq!(alert["pcap_cnt"], 85);
    for record in records.iter().filter(|r| {
        ["alert", "finding", "stats"].contains(&r["event_type"].as_str().unwrap_or_default())
    }) {
        assert_eq!(
            record["rules_hash"].as_str().map(str::len),
            Some(16),
            "{record}"
        );
        assert_eq!(
            record["policy_hash"].as_str().map(str::len),
            Some(16),
            "{record}"
        );
    }
}

#[test]
fn tap_with_one_direction_on_each_interface_gives_the_verdict_of_one_interface() {
    let Some(cables) = Cables::lay(2) else { return };
    if !is_there("tcpprep") {
        eprintln!("skipped: no tcpprep");
        return;
    }
    let key = key();
    let one = watch_the_ward(&cables, &["b0"], &key);
    let two = watch_the_ward(&cables, &["b0", "b1"], &key);
    assert_eq!(delivered(&two.stats()), ward_frames());
    let ports = &two.stats()["stats"]["interfaces"];
    assert!(ports[0]["received"].as_u64() > Some(50) && ports[1]["received"].as_u64() > Some(50));
    assert_eq!(ports[0]["late"], 0);
    let (one, two) = (essence(&one.records()), essence(&two.records()));
    assert!(one.len() > 100);
    assert_eq!(one, two);
}

#[test]
fn vlan_tag_that_the_kernel_took_off_is_back() {
    let Some(cables) = Cables::lay(1) else { return };
    let frames = rewrite::tag(&capture::read(&shipped(WARD)), 110, |_| true);
    let tagged = capture::write(&frames);
    let watching = cables.watch(&["-i", "b0"]);
    cables.send(&tagged.0, 1_000);
    std::thread::sleep(Duration::from_millis(800));
    let watched = watching.end();
    let records = watched.records();
    let heard: Vec<&Value> = records
        .iter()
        .filter(|r| r["event_type"] == "hl7v2")
        .collect();
    assert!(heard.len() > 50, "{}", watched.err);
    assert!(heard.iter().all(|r| r["vlan"][0] == 110));
    assert_eq!(
        watched.stats()["stats"]["ledger"]["tunnels"]["802.1Q or 802.1ad"],
        ward_frames()
    );
}

/// A real conversation between two hosts: the kernel hands over large segments whose checksums were
/// left to a network card that there is not.
#[test]
fn large_segments_with_checksums_left_to_the_card_are_read() {
    let Some(cables) = Cables::lay(1) else { return };
    if !is_there("python3") {
        eprintln!("skipped: no python3");
        return;
    }
    cables.near_ip(&["addr", "add", "10.20.1.11/16", "dev", "a0"]);
    cables.far_ip(&["addr", "add", "10.20.2.20/16", "dev", "b0"]);
    let watching = cables.watch(&["-i", "b0", "--messages"]);
    let server = "import socket\n\
        s=socket.socket(); s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1)\n\
        s.bind(('10.20.2.20',2575)); s.listen(1); s.settimeout(10); c,_=s.accept(); c.settimeout(10)\n\
        d=b''\n\
        while not d.endswith(b'\\x1c\\r'): d+=c.recv(65536)\n\
        c.sendall(b'\\x0bMSH|^~\\\\&|P|I|B|H|20260101||ACK|2|P|2.5\\rMSA|AA|1\\r\\x1c\\r'); c.close()";
    let client = "import socket,time\n\
        time.sleep(0.5); s=socket.create_connection(('10.20.2.20',2575),5)\n\
        m=b'MSH|^~\\\\&|B|H|P|I|20260101||ORU^R01|1|P|2.5\\rOBR|1\\r'\n\
        m+=b''.join(b'OBX|%d|NM|X||7|mL/h\\r'%n for n in range(12000))\n\
        s.sendall(b'\\x0b'+m+b'\\x1c\\r'); s.recv(100); s.close()";
    let mut listening = cables
        .far("python3")
        .args(["-c", server])
        .spawn()
        .expect("python3 runs");
    let sent = cables.near("python3").args(["-c", client]).output();
    assert!(sent.expect("python3 runs").status.success());
    assert!(listening.wait().expect("a child").success());
    std::thread::sleep(Duration::from_millis(800));
    let watched = watching.end();
    let stats = watched.stats();
    let ledger = &stats["stats"]["ledger"];
    assert!(
        ledger["headers"]["checksums left to the network card"].as_u64() > Some(0),
        "{ledger}"
    );
    assert_eq!(ledger["frames"]["bad checksum"], Value::Null, "{ledger}");
    assert_eq!(ledger["closes"], true);
    let frames = ledger["frames"]["in"].as_u64().unwrap_or(0);
    // 12,000 lines are 240 kB: in frames of 9,000 bytes there would be more of them.
    let bytes = ledger["bytes"]["in"].as_u64().unwrap_or(0);
    assert!(bytes > 200_000 && bytes / frames > 3_000, "{ledger}");
    let kinds: Vec<Value> = watched
        .records()
        .iter()
        .filter(|r| r["event_type"] == "hl7v2")
        .map(|r| r["hl7v2"]["kind"].clone())
        .collect();
    assert_eq!(kinds, ["ORU^R01", "ACK"]);
}

#[test]
fn quiet_network_still_gives_statistics_and_a_clock() {
    let Some(cables) = Cables::lay(1) else { return };
    let watching = cables.watch(&["-i", "b0", "--stats-every", "1"]);
    std::thread::sleep(Duration::from_millis(3_500));
    let watched = watching.end();
    let stats: Vec<Value> = watched
        .records()
        .into_iter()
        .filter(|r| r["event_type"] == "stats")
        .collect();
    assert!(stats.len() >= 3, "{}", watched.out);
    assert!(stats.iter().all(|s| delivered(s) == 0));
    let times: Vec<&str> = stats
        .iter()
        .filter_map(|s| s["timestamp"].as_str())
        .collect();
    assert!(
        times.windows(2).all(|w| w[0] <= w[1]) && times.first() < times.last(),
        "{times:?}"
    );
}

/// Nobody answers for minutes of packet time: the clock must come from somewhere else than frames.
#[test]
fn connection_attempt_without_an_answer_ends_on_a_quiet_network() {
    let Some(cables) = Cables::lay(1) else { return };
    let syn = capture::read(&shipped(WARD))
        .into_iter()
        .next()
        .expect("a SYN");
    let config = scratch("toml");
    fs::write(&config, "[limits]\ntcp-attempt-seconds = 2\n").expect("a writable folder");
    let capture = capture::write(&[syn]);
    let mut watching = cables.watch(&[
        "-i",
        "b0",
        "--stats-every",
        "1",
        "--config",
        &config.display().to_string(),
    ]);
    cables.send(&capture.0, 100);
    watching.wait_for_record("the end of the attempt", |r| {
        r["stats"]["ledger"]["conversations"]["unanswered attempts"] == 1
    });
    let _ = fs::remove_file(config);
}

#[test]
fn interface_that_is_none_is_told_with_those_that_there_are() {
    let Some(cables) = Cables::lay(1) else { return };
    let mut command = cables.far(wardwatch_tests::program::path());
    let output = command
        .args(["watch", "-i", "b7"])
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        err.contains("b7: no interface of that name; there are:") && err.contains("b0"),
        "{err}"
    );
}

#[test]
fn list_of_interfaces_says_why_one_cannot_be_captured_on() {
    let Some(cables) = Cables::lay(2) else { return };
    cables.far_link(&["set", "b1", "down"]);
    let mut command = cables.far(wardwatch_tests::program::path());
    let output = command
        .args(["interfaces", "--json"])
        .output()
        .expect("it runs");
    let records = wardwatch_tests::live::records(&String::from_utf8_lossy(&output.stdout));
    let of = |name: &str| records.iter().find(|r| r["name"] == name).expect("listed");
    assert_eq!(of("b0")["usable"], true);
    assert_eq!(of("b1")["usable"], false);
    let why = of("b1")["why_not"].as_str().unwrap_or_default().to_owned();
    assert!(why.contains("ip link set b1 up"), "{why}");
}
