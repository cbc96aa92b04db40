//! `wardwatch talk` names the cause of ordinary failures.

use std::path::Path;

use wardwatch_tests::capture::{all_shipped, shipped, write};
use wardwatch_tests::program::{run, texts};
use wardwatch_tests::talk::{Who, mllp, tcp};

/// What `talk` says of a capture.
fn talk(capture: &Path, more: &[&str]) -> String {
    let mut args = vec![
        "talk",
        "--utc",
        "-r",
        capture.to_str().expect("a UTF-8 path"),
    ];
    args.extend(more);
    let output = run(args);
    assert!(output.status.success(), "{}", texts(&output).1);
    texts(&output).0
}

/// The last line names the cause.
fn cause(name: &str, parts: &[&str]) {
    let said = talk(
        &shipped(&format!("pcaps/ordinary-failures/{name}.pcap")),
        &[],
    );
    let last = said.lines().last().unwrap_or_default();
    for part in parts {
        assert!(
            last.contains(part),
            "{name}: `{part}` is not in: {last}\n{said}"
        );
    }
}

#[test]
fn host_that_is_not_there() {
    cause(
        "no-answer-to-syn",
        &["no answer to SYN from 10.73.1.99:11112"],
    );
}

#[test]
fn port_on_which_nothing_listens() {
    cause(
        "nothing-listens",
        &["connection refused", "10.73.1.10:11112", "RST"],
    );
}

#[test]
fn title_in_wrong_case_is_named_with_the_right_one() {
    cause(
        "called-title-in-wrong-case",
        &[
            "called AE title \"PacsMain\"",
            "\"PACSMAIN\"",
            "only in case",
        ],
    );
}

#[test]
fn calling_title_that_the_server_does_not_know() {
    cause(
        "calling-title-not-known",
        &["calling AE title \"CT3\" is not known to 10.73.1.10"],
    );
}

#[test]
fn refused_context_is_the_cause_not_the_abort_after_it() {
    cause(
        "storage-class-refused",
        &[
            "context refused: CT Image Storage",
            "does not support this class",
            "1 more",
        ],
    );
}

#[test]
fn store_that_finds_no_room() {
    cause(
        "storage-out-of-resources",
        &["C-STORE-RSP", "out of resources", "0xA700"],
    );
}

#[test]
fn query_without_match_names_its_keys_and_not_the_patient() {
    cause(
        "query-without-match",
        &[
            "no match for PatientID=pid:",
            "ModalitiesInStudy=CT",
            "without ModalitiesInStudy had matches",
        ],
    );
}

#[test]
fn move_to_a_title_that_the_server_does_not_know() {
    cause(
        "move-destination-unknown",
        &["move destination unknown", "0xA801"],
    );
}

#[test]
fn order_for_an_unknown_device_is_told_with_code_and_text_without_the_patient() {
    cause(
        "order-answered-with-error",
        &[
            "AE (application error) to MSG00017",
            "204 unknown key identifier",
            "Unknown device",
            "for patient ***",
        ],
    );
}

#[test]
fn order_that_nobody_answers_is_marked_as_resent() {
    cause(
        "order-unanswered-and-resent",
        &["never answered", "RGV^O15 MSG00017", "sent 3 times"],
    );
    let said = talk(
        &shipped("pcaps/ordinary-failures/order-unanswered-and-resent.pcap"),
        &[],
    );
    assert_eq!(said.matches("*resent*").count(), 2, "{said}");
    assert_eq!(said.matches("*unanswered*").count(), 3, "{said}");
}

#[test]
fn program_that_ends_when_the_association_request_comes() {
    cause(
        "reset-after-request",
        &["reset by the server", "A-ASSOCIATE-RQ", "never answered"],
    );
}

#[test]
fn conversation_without_fault_is_told_as_one() {
    let said = talk(&shipped("pcaps/hl7v2/vlan.pcap"), &[]);
    assert!(
        !said.contains("why:") && said.contains("no failure seen"),
        "{said}"
    );
    assert!(said.contains("AA (accepted) to W00001"), "{said}");
}

#[test]
fn only_conversations_of_the_hosts_that_were_named_are_told() {
    let capture = shipped("pcaps/hl7v2/vlan.pcap");
    let said = talk(&capture, &["10.20.2.20"]);
    assert!(
        said.contains("10.20.2.20:3000") && !said.contains("10.20.1.12"),
        "{said}"
    );
    let said = talk(&capture, &["10.20.1.10", "10.20.1.12:2575"]);
    assert!(
        said.contains("10.20.1.12:2575") && !said.contains("10.20.2.20"),
        "{said}"
    );
    let said = talk(&capture, &["10.20.1.10", "10.20.2.20"]);
    assert_eq!(said, "No conversation of these hosts.\n");
}

#[test]
fn verbose_names_the_fields_of_each_segment_and_masks_the_patient() {
    let capture = shipped("pcaps/ordinary-failures/order-answered-with-error.pcap");
    let said = talk(&capture, &["-v"]);
    assert!(
        said.contains("RXG  give id 1  give code 5678^DOPAMINE"),
        "{said}"
    );
    assert!(said.contains("name (masked, 14 bytes)"), "{said}");
    let shown = talk(&capture, &["-v", "--show-patient-data"]);
    assert!(shown.contains("NOBODY^EXAMPLE"), "{shown}");
}

#[test]
fn answer_on_another_connection_is_joined_to_its_order() {
    let order = "MSH|^~\\&|BCMA|H|GW|I|2026||RGV^O15^RGV_O15|Q1|P|2.6|||AL|AL\nORC|RE|1\nRXG|1|||5678^D|500||mL||||||||9|mL/h^mL/h^UCUM\n";
    let received = "MSH|^~\\&|GW|I|BCMA|H|2026||ACK^O15|A1|P|2.6\nMSA|CA|Q1\n";
    let one = tcp(
        2575,
        &[(Who::Client, &mllp(order)), (Who::Server, &mllp(received))],
    );
    let said = talk(&write(&one).0, &[]);
    assert!(said.contains("*received, unanswered*"), "{said}");
    assert!(
        said.contains("no failure seen"),
        "it may answer yet: {said}"
    );
    let mut long = one;
    long.extend(tcp(2575, &[(Who::Server, b"x")]).into_iter().map(|mut f| {
        f.time += 60_000_000_000;
        f
    }));
    let said = talk(&write(&long).0, &[]);
    assert!(said.contains("its application never answered"), "{said}");
    let done = "MSH|^~\\&|GW|I|BCMA|H|2026||RRG^O16|A2|P|2.6\nMSA|AA|Q1\n";
    let both = tcp(
        2575,
        &[
            (Who::Client, &mllp(order)),
            (Who::Server, &mllp(received)),
            (Who::Server, &mllp(done)),
        ],
    );
    let said = talk(&write(&both).0, &[]);
    assert!(!said.contains("unanswered*"), "{said}");
}

#[test]
fn every_shipped_capture_can_be_told() {
    for capture in all_shipped() {
        for more in [&[][..], &["-v"]] {
            assert!(!talk(&capture, more).is_empty(), "{}", capture.display());
        }
    }
}
