//! What is on the wire, by device: addresses that move, names that two claim, the site's own list.

use std::fs;
use std::path::Path;

use serde_json::Value;
use wardwatch_tests::capture::{scratch, shipped};
use wardwatch_tests::program::{run, texts};

fn devices(capture: &str, more: &[&str]) -> Vec<Value> {
    let path = shipped(capture);
    let mut args = vec![
        "devices",
        "-r",
        path.to_str().expect("UTF-8"),
        "--json",
        "--utc",
    ];
    args.extend(more);
    let (said, told) = texts(&run(args));
    let found: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert!(!found.is_empty(), "{capture}: {told}");
    found
}

fn at<'d>(devices: &'d [Value], ip: &str) -> &'d Value {
    let own = |d: &&Value| {
        d["addresses"]
            .as_array()
            .is_some_and(|a| a.iter().any(|x| x == ip))
    };
    devices.iter().find(own).expect("the device is listed")
}

#[test]
fn radiology_has_an_archive_and_a_scanner_with_their_titles() {
    let found = devices("pcaps/dicom/radiology_day.pcap", &[]);
    let archive = at(&found, "10.20.30.10");
    assert_eq!(archive["role"]["kind"], "pacs");
    assert_eq!(archive["names"][0]["name"], "ae:PACSMAIN");
    assert_eq!(at(&found, "10.20.30.21")["role"]["kind"], "imaging");
    // What images say of the machine that made them is not the archive's own.
    assert!(archive["marks"]["serial"].is_null());
}

#[test]
fn toolkit_named_by_its_version_is_a_possible_advisory_only() {
    let found = devices("pcaps/dicom/radiology_day.pcap", &[]);
    let archive = at(&found, "10.20.30.10");
    let advisories = archive["advisories"].as_array().expect("a list");
    // OFFIS_DCMTK_367 is repaired for the first, and inside something else for the second.
    assert!(!advisories.iter().any(|a| a["id"] == "ICSMA-22-174-01"));
    let later = advisories.iter().find(|a| a["id"] == "ICSMA-26-181-01");
    assert_eq!(later.expect("is told")["certainty"], "possible");
}

#[test]
fn name_claimed_by_a_second_host_is_a_conflict_of_both() {
    let found = devices("pcaps/hl7v2/atk_rgv_unauthorised.pcap", &[]);
    for ip in ["10.20.1.11", "10.20.9.66"] {
        let conflicts = at(&found, ip)["conflicts"].to_string();
        assert!(conflicts.contains("hl7:BCMA|HOSP"), "{ip}: {conflicts}");
    }
}

#[test]
fn commander_is_named_with_its_verbs_and_outcome() {
    let found = devices("pcaps/hl7v2/atk_rgv_unauthorised.pcap", &[]);
    let commanders = at(&found, "10.20.2.20")["commanders"].to_string();
    assert!(
        commanders.contains("10.20.9.66") && commanders.contains("set-rate"),
        "{commanders}"
    );
    let path = shipped("pcaps/hl7v2/atk_rgv_unauthorised.pcap");
    let path = path.to_str().expect("UTF-8");
    let (said, _) = texts(&run(["devices", "show", "10.20.2.20", "-r", path, "--utc"]));
    let line = said
        .lines()
        .find(|l| l.contains("set-rate by 10.20.9.66"))
        .expect("the day tells it");
    assert!(
        line.contains("accepted 1") && line.contains("120 mL/h"),
        "{line}"
    );
}

#[test]
fn unknown_name_is_an_error() {
    let path = shipped("pcaps/hl7v2/ward_day.pcap");
    let output = run([
        "devices",
        "show",
        "NOBODY",
        "-r",
        path.to_str().expect("UTF-8"),
    ]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn site_list_names_devices_in_findings_and_tells_what_differs() {
    let names = scratch("csv");
    let export = scratch("csv");
    fs::write(
        &export,
        "Asset Tag;Name;Serial;Primary IP;Location;Model\r\nB-17;\"Bedside; west\";;10.20.1.11/24;4.12;\r\nX-1;Never seen;S-9;10.9.9.9;1;\r\n",
    )
    .expect("a writable temporary folder");
    let output = run([
        Path::new("devices"),
        Path::new("import"),
        &export,
        Path::new("-o"),
        &names,
    ]);
    assert!(output.status.success(), "{}", texts(&output).1);
    let capture = shipped("pcaps/hl7v2/atk_rgv_unauthorised.pcap");
    let (listed, names_arg) = (
        capture.to_str().expect("UTF-8"),
        names.to_str().expect("UTF-8"),
    );
    let (said, _) = texts(&run(["devices", "diff", names_arg, "-r", listed, "--utc"]));
    let (unseen, rest) = said.split_once("Seen and not").expect("three parts");
    assert!(unseen.contains("X-1") && !unseen.contains("B-17"), "{said}");
    assert!(
        rest.contains("10.20.9.66") && !rest.contains("10.20.1.11 "),
        "{said}"
    );
    let (said, _) = texts(&run(["-r", listed, "--json", "--names", names_arg]));
    let named = said
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).expect("JSON"))
        .filter(|r| r["event_type"] == "hl7v2" && r["src_ip"] == "10.20.1.11")
        .all(|r| r["src_asset"]["tag"] == "B-17" && r["src_asset"]["name"] == "Bedside; west");
    assert!(named);
    assert!(said.contains("\"src_asset\""));
}

#[test]
fn monitor_that_sends_vital_signs_is_in_use_and_its_central_is_unknown() {
    let found = devices("pcaps/ge_unity/unity_spoof.pcap", &[]);
    let used = at(&found, "10.77.4.31")["in_use"].to_string();
    assert!(used.contains("vital signs by ge_unity"), "{used}");
    assert!(at(&found, "10.77.4.10")["in_use"].is_null());
}

// The truth of the capture: 02:00:5e:66:66:01 sends as 10.77.4.31 too.
#[test]
fn address_used_from_two_cards_is_a_conflict() {
    let found = devices("pcaps/ge_unity/unity_spoof.pcap", &[]);
    let conflicts = at(&found, "10.77.4.31")["conflicts"].to_string();
    assert!(
        conflicts.contains("00:00:a1:10:00:31 and 02:00:5e:66:66:01"),
        "{conflicts}"
    );
}

#[test]
fn pump_told_what_to_do_is_a_pump_with_its_serial_number() {
    let found = devices("pcaps/alaris/alaris_rate_start_stop_bolus.pcap", &[]);
    let pump = at(&found, "10.77.20.101");
    assert_eq!(pump["role"]["kind"], "pump");
    assert_eq!(pump["marks"]["serial"][0], "8002-90001");
}

#[test]
fn rule_may_ask_how_many_devices_hold_a_name() {
    let rules = scratch("toml");
    fs::write(
        &rules,
        r#"
[[rule]]
id = "SITE-ID-0001"
title = "Application that two devices speak as"
when = 'protocol is hl7v2 and exists(verb) and actor.app_holders > 1'
severity = { attempted = "medium", accepted = "medium", refused = "medium" }
category = "identity"
why = "{actor} shares its name"
clinical = "A receiver that trusts the name takes orders from a stranger."
bedside = ""
network = "Find out which of the two is the application."
"#,
    )
    .expect("a writable temporary folder");
    let fires = |capture: &str| {
        let path = shipped(capture);
        let args = [
            Path::new("-r"),
            &path,
            Path::new("--json"),
            Path::new("--rules"),
            &rules,
        ];
        let output = run(args);
        let (said, told) = texts(&output);
        assert!(output.status.success(), "{told}");
        said.contains("SITE-ID-0001")
    };
    assert!(fires("pcaps/hl7v2/atk_rgv_unauthorised.pcap"));
    assert!(!fires("pcaps/hl7v2/pcd03_piv.pcap"));
}
