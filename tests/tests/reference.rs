//! The reference pages are current: made from the tables, never by hand.
//!
//! `WARDWATCH_ACCEPT=1 cargo test -p wardwatch-tests --test reference` writes them anew.

use std::fs;
use std::path::Path;

use dissectors::PROTOCOLS;
use sensor::cli::reference::{index, markdown};
use wardwatch_tests::capture::{all_shipped, shipped};
use wardwatch_tests::program::{run, texts};
use wardwatch_tests::replay::heard;

/// Compares a file with what it should be, or writes it.
fn current(path: &Path, wanted: &str) {
    if std::env::var_os("WARDWATCH_ACCEPT").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a writable tree");
        fs::write(path, wanted).expect("a writable tree");
        return;
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    let line = found
        .lines()
        .zip(wanted.lines())
        .position(|(a, b)| a != b)
        .unwrap_or(found.lines().count().min(wanted.lines().count()));
    assert!(
        found == wanted,
        "{} is out of date at line {}: {:?} should be {:?}; `WARDWATCH_ACCEPT=1 cargo test -p wardwatch-tests --test reference` writes it anew",
        path.display(),
        line + 1,
        found.lines().nth(line),
        wanted.lines().nth(line)
    );
}

/// Which captures speak which protocol, found anew.
fn rows() -> String {
    let top = shipped("pcaps");
    let mut rows = Vec::new();
    for capture in all_shipped() {
        let name = capture
            .strip_prefix(&top)
            .expect("below pcaps")
            .display()
            .to_string();
        for (protocol, n) in heard(&capture, None) {
            rows.push(format!("{protocol}\t{name}\t{n}\n"));
        }
    }
    rows.sort();
    rows.concat()
}

#[test]
fn list_of_captures_that_prove_a_protocol_is_current() {
    current(&shipped("pcaps/captures.tsv"), &rows());
}

#[test]
fn pages_are_current() {
    let folder = shipped("dissectors/reference");
    let rows = rows();
    current(&folder.join("README.md"), &index(&rows));
    let mut expected = vec!["README.md".to_owned()];
    for protocol in PROTOCOLS.iter() {
        let name = format!("{}.md", protocol.name);
        current(&folder.join(&name), &markdown(protocol, &rows));
        expected.push(name);
    }
    for entry in fs::read_dir(&folder).expect("the pages") {
        let name = entry
            .expect("an entry")
            .file_name()
            .to_string_lossy()
            .into_owned();
        assert!(
            expected.contains(&name),
            "dissectors/reference/{name} is of no protocol"
        );
    }
}

#[test]
fn every_field_and_kind_of_every_protocol_is_documented() {
    for protocol in PROTOCOLS.iter() {
        let output = run(["fields", protocol.name]);
        let said = texts(&output).0;
        for field in protocol.fields {
            assert!(
                !field.doc.is_empty(),
                "{}.{} says nothing",
                protocol.name,
                field.name
            );
            assert!(
                said.contains(field.name),
                "{}.{} is not listed",
                protocol.name,
                field.name
            );
        }
        for kind in protocol.kinds {
            assert!(
                !kind.doc.is_empty(),
                "{} {} says nothing",
                protocol.name,
                kind.name
            );
            assert!(
                said.contains(kind.name),
                "{} {} is not listed",
                protocol.name,
                kind.name
            );
        }
    }
}

#[test]
fn list_of_protocols_tells_grade_ports_and_captures() {
    let said = texts(&run(["protocols"])).0;
    let dicom = said
        .lines()
        .find(|l| l.starts_with("dicom "))
        .expect("a line of DICOM");
    assert!(
        dicom.contains("specification") && dicom.contains("tcp/104"),
        "{dicom}"
    );
    for line in texts(&run(["protocols", "--json"])).0.lines() {
        let row: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        assert!(
            row["captures"].is_array() && row["source"].is_string(),
            "{line}"
        );
    }
}

#[test]
fn protocol_that_does_not_exist_is_answered_with_those_that_do() {
    let output = run(["fields", "dicomm"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(texts(&output).1.contains("dicom"), "{}", texts(&output).1);
}
