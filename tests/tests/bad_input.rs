//! What a user can get wrong: each gives one clear error that says what to do.

use std::fs;
use std::path::PathBuf;

use wardwatch_tests::capture::{Frame, scratch, shipped, write};
use wardwatch_tests::program::{run, texts};

/// Exit code and what was said on standard error.
fn told(args: &[&str]) -> (i32, String) {
    let output = run(args);
    let (_, err) = texts(&output);
    (output.status.code().unwrap_or(-1), err)
}

fn file(extension: &str, bytes: &[u8]) -> PathBuf {
    let path = scratch(extension);
    fs::write(&path, bytes).expect("a writable temporary folder");
    path
}

#[test]
fn no_capture_named() {
    let (code, err) = told(&["replay"]);
    assert_eq!(code, 2);
    assert!(err.contains("wardwatch -r FILE"), "{err}");
}

#[test]
fn no_such_file() {
    let (code, err) = told(&["-r", "/nowhere/ward.pcap"]);
    assert_eq!(code, 1);
    assert!(
        err.contains("/nowhere/ward.pcap") && err.contains("no such file"),
        "{err}"
    );
}

#[test]
fn an_empty_file() {
    let path = file("pcap", b"");
    let (code, err) = told(&["-r", path.to_str().expect("a path")]);
    assert_eq!(code, 1);
    assert!(err.contains("is empty"), "{err}");
}

#[test]
fn an_empty_directory() {
    let path = scratch("dir");
    fs::create_dir(&path).expect("a writable temporary folder");
    let (code, err) = told(&["-r", path.to_str().expect("a path")]);
    assert_eq!(code, 1);
    assert!(err.contains("no files"), "{err}");
}

#[test]
fn a_text_file() {
    let path = file("txt", b"MSH|^~\\&|this is no capture\r");
    let (code, err) = told(&["-r", path.to_str().expect("a path")]);
    assert_eq!(code, 1);
    assert!(err.contains("not a pcap or pcapng capture"), "{err}");
}

#[test]
fn a_capture_of_a_link_type_that_is_not_read() {
    // Bluetooth HCI (187), one frame.
    let mut bytes = vec![
        0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 187, 0, 0, 0,
    ];
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(&[4, 0, 0, 0, 4, 0, 0, 0, 1, 2, 3, 4]);
    let path = file("pcap", &bytes);
    let output = run(["-r", path.to_str().expect("a path")]);
    let (out, err) = texts(&output);
    let all = out + &err;
    assert!(all.contains("187"), "{all}");
    assert!(all.contains("cannot be decoded"), "{all}");
}

#[test]
fn a_truncated_capture_is_read_up_to_the_damage() {
    let whole = fs::read(shipped("pcaps/ward/one-evening.pcapng")).expect("the shipped capture");
    let path = file("pcapng", &whole[..whole.len() - 1000]);
    // An old file, not one that is being written.
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    fs::File::options()
        .write(true)
        .open(&path)
        .and_then(|f| f.set_modified(old))
        .expect("a settable time");
    let output = run(["-r", path.to_str().expect("a path")]);
    let (out, _) = texts(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        out.contains("truncated: ends inside the record at byte"),
        "{out}"
    );
    assert!(out.contains("hl7v2"), "what came before is judged: {out}");
}

#[test]
fn a_filter_that_does_not_compile() {
    let capture = shipped("pcaps/ward/one-evening.pcapng");
    let (code, err) = told(&[
        "-r",
        capture.to_str().expect("a path"),
        "-f",
        "tcp prt 2575",
    ]);
    assert_eq!(code, 1);
    assert!(err.contains("tcp prt 2575"), "{err}");
}

#[test]
fn a_policy_that_names_an_unknown_group() {
    let policy = file(
        "toml",
        b"schema = 1\n[[group]]\nname = \"pump-gateways\"\nmembers = [\"10.20.1.11\"]\n[[grant]]\nwho = [\"pump-gatways\"]\nmay = [\"set-rate\"]\non = [\"any\"]\n",
    );
    let (code, err) = told(&["policy", "check", policy.to_str().expect("a path")]);
    assert_eq!(code, 1);
    assert!(err.contains(":6:"), "file, line and column: {err}");
    assert!(
        err.contains("pump-gatways") && err.contains("pump-gateways"),
        "wrong and right name: {err}"
    );
    assert!(err.contains("^^^"), "a caret: {err}");
}

#[test]
fn a_rule_file_with_five_mistakes_shows_five() {
    let rule = |id: &str, when: &str| {
        format!(
            "[[rule]]\nid = \"{id}\"\ntitle = \"A rule\"\nseverity = \"high\"\ncategory = \"Test\"\nwhen = '{when}'\nclinical = \"c\"\nbedside = \"b\"\nnetwork = \"n\"\n\n"
        )
    };
    let text = [
        rule("XX-TEST-0001", "verb is set-rat"),
        rule("XX-TEST-0002", "hl7v2.contrl_id = \"A\""),
        rule("XX-TEST-0003", "verb is set-rate and value > 500 mmHg"),
        rule("XX-TEST-0004", "verb is set-rate and"),
        rule("XX-TEST-0005", "dicom.status = \"zero\""),
    ]
    .concat();
    let path = file("toml", text.as_bytes());
    let (code, err) = told(&["rules", "check", path.to_str().expect("a path")]);
    assert_eq!(code, 1);
    assert_eq!(err.matches("error[").count(), 5, "{err}");
    for line in [6, 16, 26, 36, 46] {
        assert!(err.contains(&format!(":{line}:")), "line {line}: {err}");
    }
    assert!(err.contains("set-rate"), "a suggestion: {err}");
    assert!(err.contains("control_id"), "a suggestion: {err}");
}

#[test]
fn a_pseudonym_key_of_the_wrong_size() {
    let key = file("key", b"short");
    let capture = shipped("pcaps/ward/one-evening.pcapng");
    let (code, err) = told(&[
        "-r",
        capture.to_str().expect("a path"),
        "--pseudonym-key",
        key.to_str().expect("a path"),
    ]);
    assert_eq!(code, 1);
    assert!(err.contains("32 bytes"), "{err}");
}

#[test]
fn findings_at_the_asked_severity_end_with_three() {
    let capture = shipped("pcaps/ward/one-evening.pcapng");
    let policy = shipped("pcaps/policies/hl7.toml");
    let args = [
        "-r",
        capture.to_str().expect("a path"),
        "--policy",
        policy.to_str().expect("a path"),
    ];
    assert_eq!(run(args).status.code(), Some(0));
    let output = run(args.into_iter().chain(["--fail-on", "high"]));
    assert_eq!(output.status.code(), Some(3));
    let quiet = write(&[Frame {
        time: 0,
        bytes: vec![0; 60],
    }]);
    let output = run(["-r", quiet.0.to_str().expect("a path"), "--fail-on", "info"]);
    assert_eq!(output.status.code(), Some(0));
}
