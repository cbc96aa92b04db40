//! Evidence: exactly the frames of the finding's conversation, each saying where it came from.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use wardwatch_tests::capture::{scratch, shipped};
use wardwatch_tests::program::{run, texts};

const WARD: &str = "pcaps/ward/one-evening.pcapng";
const HL7: &str = "pcaps/policies/hl7.toml";

/// Runs tshark; `None` with a message where it is missing.
fn tshark(file: &Path, filter: &str, fields: &[&str]) -> Option<Vec<Vec<String>>> {
    let mut command = Command::new("tshark");
    command.arg("-r").arg(file).args(["-T", "fields"]);
    if !filter.is_empty() {
        command.args(["-Y", filter]);
    }
    for field in fields {
        command.args(["-e", field]);
    }
    let output = match command.output() {
        Ok(output) => output,
        Err(e) => {
            eprintln!("skipped: tshark cannot be run ({e}); install it for this test");
            return None;
        }
    };
    assert!(
        output.status.success(),
        "tshark does not open {}: {}",
        file.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    let rows = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|l| l.split('\t').map(str::to_owned).collect())
        .collect();
    Some(rows)
}

/// Writes the evidence of every finding of a capture, and gives the findings as told in EVE.
fn evidence(capture: &Path, policy: &Path) -> (PathBuf, Vec<Value>) {
    let folder = scratch("evidence");
    let eve = scratch("json");
    let output = run([
        Path::new("-r"),
        capture,
        Path::new("--policy"),
        policy,
        Path::new("--evidence"),
        &folder,
        Path::new("-o"),
        &eve,
    ]);
    assert!(output.status.success(), "{}", texts(&output).1);
    let findings = fs::read_to_string(&eve)
        .expect("an EVE file")
        .lines()
        .filter_map(|l| serde_json::from_str::<Value>(l).ok())
        .filter(|r| r["event_type"] == "finding")
        .map(|r| r["finding"].clone())
        .collect();
    (folder, findings)
}

fn files(folder: &Path, finding: &Value) -> (PathBuf, PathBuf) {
    let stem = format!(
        "{}-{}",
        finding["rule_id"].as_str().expect("a rule"),
        finding["finding_id"].as_str().expect("an id")
    );
    (
        folder.join(format!("{stem}.pcapng")),
        folder.join(format!("{stem}.txt")),
    )
}

#[test]
fn evidence_holds_the_frames_of_its_conversation_and_no_other() {
    let capture = shipped(WARD);
    let (folder, findings) = evidence(&capture, &shipped(HL7));
    assert!(findings.len() >= 3, "the ward has findings");
    for finding in &findings {
        let (pcapng, page) = files(&folder, finding);
        let conversation = finding["wireshark_conversation"]
            .as_str()
            .expect("a filter");
        let frames = finding["wireshark"].as_str().expect("a filter");
        // What tshark itself says belongs to it, from the original capture.
        let filter = format!("({conversation}) || ({frames})");
        let all = ["frame.time_epoch", "frame.len", "ip.id", "tcp.seq_raw"];
        let (Some(wanted), Some(found)) =
            (tshark(&capture, &filter, &all), tshark(&pcapng, "", &all))
        else {
            return;
        };
        assert!(!wanted.is_empty());
        assert_eq!(found, wanted, "{}", pcapng.display());
        let page = fs::read_to_string(page).expect("a page beside the frames");
        for part in ["finding_id", "rule_id"] {
            assert!(
                page.contains(finding[part].as_str().expect("text")),
                "{page}"
            );
        }
        assert!(page.lines().count() < 60, "one page: {page}");
    }
    let _ = fs::remove_dir_all(&folder);
}

#[test]
fn each_frame_of_the_evidence_names_finding_message_and_original_number() {
    let capture = shipped(WARD);
    let (folder, findings) = evidence(&capture, &shipped(HL7));
    for finding in &findings {
        let (pcapng, _) = files(&folder, finding);
        let Some(rows) = tshark(&pcapng, "", &["frame.time_epoch", "frame.comment"]) else {
            return;
        };
        let Some(original) = tshark(&capture, "", &["frame.time_epoch", "frame.number"]) else {
            return;
        };
        let mut named = BTreeSet::new();
        for row in &rows {
            let (time, comment) = (&row[0], &row[1]);
            let number = original
                .iter()
                .find(|o| &o[0] == time)
                .map(|o| o[1].clone())
                .expect("a frame of the original");
            assert!(
                comment.contains(&format!("original frame {number};")),
                "{comment} is frame {number}"
            );
            for part in ["finding_id", "rule_id"] {
                assert!(
                    comment.contains(finding[part].as_str().expect("text")),
                    "{comment}"
                );
            }
            assert!(comment.contains("hl7v2 "), "{comment} names the message");
            if comment.ends_with("evidence") {
                named.insert(number.parse::<u64>().expect("a number"));
            }
        }
        let frames: BTreeSet<u64> = finding["frames"]
            .as_array()
            .expect("frames")
            .iter()
            .filter_map(Value::as_u64)
            .collect();
        assert!(
            frames.is_subset(&named),
            "frames {frames:?} are evidence, marked are {named:?}"
        );
    }
    let _ = fs::remove_dir_all(&folder);
}

#[test]
fn standard_input_cannot_be_read_again_and_that_is_said() {
    let folder = scratch("evidence");
    let output = std::process::Command::new(wardwatch_tests::program::path())
        .args(["-r", "-", "--evidence"])
        .arg(&folder)
        .stdin(fs::File::open(shipped(WARD)).expect("a readable capture"))
        .output()
        .expect("wardwatch can be run");
    let (_, errors) = texts(&output);
    assert!(errors.contains("standard input"), "{errors}");
    assert!(!output.status.success());
    let _ = fs::remove_dir_all(&folder);
}

#[test]
fn findings_are_the_same_at_any_speed() {
    let said = |args: &[&str]| {
        let capture = shipped(WARD);
        let policy = shipped(HL7);
        let mut all = vec![
            "-r".to_owned(),
            capture.display().to_string(),
            "--policy".into(),
            policy.display().to_string(),
            "--json".into(),
            "--pseudonym-key".into(),
        ];
        let key = scratch("key");
        fs::write(&key, [3u8; 32]).expect("a writable temporary folder");
        all.push(key.display().to_string());
        all.extend(args.iter().map(|a| (*a).to_owned()));
        texts(&run(all)).0
    };
    let max = said(&[]);
    assert!(max.contains("WW-"), "there are findings");
    assert_eq!(said(&["--speed", "400x"]), max);
    assert_eq!(said(&["--speed", "400x", "--workers", "2"]), max);
}

#[test]
fn replayed_as_slowly_as_captured_the_findings_are_the_same() {
    let capture = shipped("pcaps/hl7v2/atk_replay.pcap");
    let policy = shipped(HL7);
    let key = scratch("key");
    fs::write(&key, [3u8; 32]).expect("a writable temporary folder");
    let said = |speed: &str| {
        let begun = std::time::Instant::now();
        let output = run([
            Path::new("-r"),
            &capture,
            Path::new("--policy"),
            &policy,
            Path::new("--json"),
            Path::new("--pseudonym-key"),
            &key,
            Path::new("--speed"),
            Path::new(speed),
        ]);
        (texts(&output).0, begun.elapsed().as_secs_f64())
    };
    let (slow, took) = said("1x");
    assert!(
        took > 1.9,
        "two seconds of capture take two seconds: {took}"
    );
    assert!(slow.contains("\"alert\""), "there are findings");
    assert_eq!(slow, said("max").0);
}
