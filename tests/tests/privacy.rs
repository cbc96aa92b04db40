//! Patient data stay out of every output unless asked for.

use std::fs;
use std::path::Path;

use tui::theme::Look;
use wardwatch_tests::capture::{all_shipped, policy_for, scratch, shipped};
use wardwatch_tests::program::run;
use wardwatch_tests::screens::Seat;

/// What the shipped captures say of their (invented) patients. Each occurs in at least one of them,
/// which the first test checks: a value that occurs nowhere would prove nothing.
const PATIENT_VALUES: &[&str] = &[
    "TEST^PATIENT",
    "PATIENTB",
    "PATIENTC",
    "T90001",
    "T90002",
    "1 EXAMPLE ST",
    "TESTTOWN",
    "5550100",
    "PHANTOM^",
    "TST0",
    "T90007",
    "T90008",
    "NOBODY^",
    // Orders: they identify a visit.
    "ORD8001",
    "LAB3001",
];

#[test]
fn the_values_searched_for_do_occur_in_the_captures() {
    let captures: Vec<Vec<u8>> = all_shipped()
        .iter()
        .map(|p| fs::read(p).expect("readable"))
        .collect();
    for value in PATIENT_VALUES {
        let found = captures
            .iter()
            .any(|bytes| bytes.windows(value.len()).any(|w| w == value.as_bytes()));
        assert!(found, "{value} occurs in no shipped capture");
    }
}

#[test]
fn no_output_holds_a_patient_value() {
    for capture in all_shipped() {
        for (how, said) in outputs(&capture) {
            for value in PATIENT_VALUES {
                assert!(
                    !said.contains(value),
                    "{} shows {value} in {how}",
                    capture.display()
                );
            }
        }
    }
}

#[test]
fn asked_for_by_name_they_are_shown() {
    let capture = shipped("pcaps/ward/one-evening.pcapng");
    let output = run([
        Path::new("-r"),
        &capture,
        Path::new("--json"),
        Path::new("--show-patient-data"),
    ]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("T90001"), "the switch works");
}

#[test]
fn one_patient_is_one_pseudonym_over_messages() {
    let capture = shipped("pcaps/ward/one-evening.pcapng");
    let key = scratch("key");
    fs::write(&key, [9u8; 32]).expect("a writable temporary folder");
    let said = |key: &Path| {
        let args = [
            Path::new("-r"),
            &capture,
            Path::new("--json"),
            Path::new("--pseudonym-key"),
            key,
        ];
        String::from_utf8_lossy(&run(args).stdout).into_owned()
    };
    let mut pseudonyms: Vec<String> = said(&key)
        .split('"')
        .filter(|t| t.starts_with("pid:"))
        .map(str::to_owned)
        .collect();
    assert!(
        pseudonyms.len() > 5,
        "messages name patients: {pseudonyms:?}"
    );
    pseudonyms.sort();
    pseudonyms.dedup();
    assert!(
        pseudonyms.len() < 10,
        "few patients, few pseudonyms: {pseudonyms:?}"
    );
    let again = said(&key);
    assert!(
        pseudonyms.iter().all(|p| again.contains(p)),
        "the same key gives the same pseudonyms"
    );
    fs::write(&key, [8u8; 32]).expect("a writable temporary folder");
    let other = said(&key);
    assert!(
        pseudonyms.iter().all(|p| !other.contains(p)),
        "another key gives others"
    );
}

#[test]
fn no_screen_holds_a_patient_value_until_asked() {
    for capture in all_shipped() {
        let policy = policy_for(&capture);
        let mut seat = Seat::at(&capture, policy.as_deref(), (200, 60), Look::Dark);
        for keys in ["1", "2", "3r", "4", "5", "6", "7"] {
            seat.press(keys);
            hides(&capture, &seat.text());
        }
        for entry in seat.model.findings.entries() {
            hides(
                &capture,
                &tui::report::page(entry, &seat.model.source, &seat.model.when),
            );
        }
        seat.press("5g");
        for _ in 0..seat.model.messages.len().min(6) {
            hides(&capture, &seat.text());
            seat.press("<Tab><Tab><End>");
            hides(&capture, &seat.text());
            seat.press("<Tab><Down>");
        }
    }
}

#[test]
fn asked_for_with_a_key_they_are_shown_for_a_while_and_it_is_logged() {
    let capture = shipped("pcaps/ward/one-evening.pcapng");
    let mut seat = Seat::at(&capture, None, (200, 60), Look::Dark);
    seat.press("/kind contains 'ADT'<Enter>5gP");
    assert!(seat.text().contains("T90"), "{}", seat.text());
    assert!(seat.asked.iter().any(|e| matches!(
        e,
        tui::hands::Effect::Send(tui::request::Request::Revealed { .. })
    )));
    let later = seat.model.now + 31_000_000_000;
    seat.model.tick(later);
    hides(&capture, &seat.text());
}

fn hides(capture: &Path, said: &str) {
    for value in PATIENT_VALUES {
        assert!(
            !said.contains(value),
            "{} shows {value} on a screen:\n{said}",
            capture.display()
        );
    }
}

/// Every output of a capture, with a word for each.
fn outputs(capture: &Path) -> Vec<(&'static str, String)> {
    let eve = scratch("json");
    let policy = policy_for(capture).unwrap_or_else(|| shipped("pcaps/policies/hl7.toml"));
    let text = run([
        Path::new("-r"),
        capture,
        Path::new("--messages"),
        Path::new("--policy"),
        &policy,
        Path::new("-o"),
        &eve,
    ]);
    let json = run([
        Path::new("-r"),
        capture,
        Path::new("--json"),
        Path::new("--offsets"),
    ]);
    let talk = run([Path::new("talk"), Path::new("-v"), Path::new("-r"), capture]);
    let look_back = |args: &[&str]| {
        let mut args: Vec<&Path> = args.iter().map(Path::new).collect();
        args.extend([Path::new("-r"), capture]);
        let output = run(args);
        [output.stdout, output.stderr].concat()
    };
    let shadow = run([
        Path::new("policy"),
        Path::new("shadow"),
        &policy,
        Path::new("-r"),
        capture,
    ]);
    let bench = |protocol: &str| {
        let output = run([
            Path::new("try"),
            Path::new(protocol),
            Path::new("-r"),
            capture,
        ]);
        [output.stdout, output.stderr].concat()
    };
    let folder = scratch("dir");
    let streams = run([
        Path::new("streams"),
        Path::new("-r"),
        capture,
        Path::new("-o"),
        &folder,
    ]);
    let _ = fs::remove_dir_all(&folder);
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    vec![
        ("devices", lossy(&look_back(&["devices"]))),
        ("devices as JSON", lossy(&look_back(&["devices", "--json"]))),
        ("a learned policy", lossy(&look_back(&["learn"]))),
        ("a handover", lossy(&look_back(&["report"]))),
        (
            "a handover in Markdown",
            lossy(&look_back(&["report", "--markdown"])),
        ),
        ("shadow", lossy(&shadow.stdout)),
        ("text", lossy(&text.stdout)),
        ("errors", lossy(&text.stderr)),
        ("EVE file", fs::read_to_string(&eve).expect("an EVE file")),
        ("EVE on standard output", lossy(&json.stdout)),
        ("errors beside JSON", lossy(&json.stderr)),
        ("talk", lossy(&talk.stdout)),
        ("errors beside talk", lossy(&talk.stderr)),
        ("try dicom", lossy(&bench("dicom"))),
        ("try hl7v2", lossy(&bench("hl7v2"))),
        ("try http", lossy(&bench("http"))),
        ("table of streams", lossy(&streams.stdout)),
    ]
}
