//! A policy learned from ordinary captures, accepted by a person, held against attacks.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use wardwatch_tests::capture::{scratch, shipped};
use wardwatch_tests::program::{run, texts};

/// What an ordinary ward says.
const WARD: [&str; 4] = [
    "pcaps/hl7v2/ward_day.pcap",
    "pcaps/hl7v2/pcd03_piv.pcap",
    "pcaps/hl7v2/pcd10_closed_loop.pcap",
    "pcaps/hl7v2/eac_u07.pcap",
];

fn learned() -> PathBuf {
    learned_from(&WARD)
}

fn learned_from(captures: &[&str]) -> PathBuf {
    let policy = scratch("toml");
    let mut args = vec!["learn".to_owned()];
    for capture in captures {
        args.extend(["-r".to_owned(), shipped(capture).display().to_string()]);
    }
    args.extend(["--policy-out".to_owned(), policy.display().to_string()]);
    let output = run(args);
    assert!(output.status.success(), "{}", texts(&output).1);
    policy
}

fn accept(policy: &Path) {
    let text = fs::read_to_string(policy).expect("readable");
    assert!(text.contains("proposed = true"), "therapy is a proposal");
    fs::write(policy, text.replace("# accepted_by", "accepted_by")).expect("writable");
}

/// Ids of the findings of the kind "unauthorised", with who asked.
fn unauthorised(capture: &str, policy: &Path) -> Vec<(String, String)> {
    alerts(capture, policy, |alert| {
        alert["category"] == "unauthorised-command"
    })
}

/// Ids of the findings above `low`, with who asked.
fn above_low(capture: &str, policy: &Path) -> Vec<(String, String)> {
    alerts(capture, policy, |alert| {
        alert["level"] != "low" && alert["level"] != "info"
    })
}

fn alerts(capture: &str, policy: &Path, take: fn(&Value) -> bool) -> Vec<(String, String)> {
    let path = shipped(capture);
    let args = [
        Path::new("-r"),
        &path,
        Path::new("--json"),
        Path::new("--policy"),
        policy,
    ];
    texts(&run(args))
        .0
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .filter(|r| r["event_type"] == "alert" && take(&r["alert"]))
        .map(|r| {
            let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
            (
                text(&r["alert"]["rule_id"]),
                text(&r["alert"]["actor"]["ip"]),
            )
        })
        .collect()
}

#[test]
fn accepted_policy_is_silent_on_what_it_was_learned_from() {
    let policy = learned();
    accept(&policy);
    for capture in WARD {
        assert_eq!(unauthorised(capture, &policy), [], "{capture}");
    }
}

#[test]
fn therapy_does_not_count_before_somebody_accepts_it() {
    let policy = learned();
    let found = unauthorised("pcaps/hl7v2/pcd03_piv.pcap", &policy);
    assert!(found.iter().any(|(id, _)| id == "WW-CMD-0001"), "{found:?}");
}

#[test]
fn acceptance_without_a_date_is_a_mistake() {
    let policy = learned();
    let text = fs::read_to_string(&policy).expect("readable");
    let text = text.replace(
        "# accepted_by = \"A. Name, 2026-01-31\"",
        "accepted_by = \"A. Name\"",
    );
    fs::write(&policy, text).expect("writable");
    let output = run([Path::new("policy"), Path::new("check"), &policy]);
    assert_eq!(output.status.code(), Some(1));
    assert!(texts(&output).1.contains("no name or no date"));
}

#[test]
fn accepted_policy_finds_every_attacker() {
    let policy = learned();
    accept(&policy);
    for (capture, id) in [
        ("pcaps/hl7v2/atk_rgv_unauthorised.pcap", "WW-CMD-0001"),
        ("pcaps/hl7v2/atk_eac_unauthorised.pcap", "WW-CMD-0001"),
        ("pcaps/hl7v2/atk_merge_storm.pcap", "WW-HL7-0008"),
        ("pcaps/hl7v2/atk_replay.pcap", "WW-CMD-0001"),
    ] {
        let found = unauthorised(capture, &policy);
        let attacker = found
            .iter()
            .any(|(i, actor)| i == id && actor == "10.20.9.66");
        assert!(attacker, "{capture}: {found:?}");
    }
}

#[test]
fn shadow_counts_by_pair_and_merge_grants_what_was_denied() {
    let policy = learned();
    accept(&policy);
    let path = shipped("pcaps/hl7v2/atk_rgv_unauthorised.pcap");
    let (attack, file) = (
        path.to_str().expect("UTF-8"),
        policy.to_str().expect("UTF-8"),
    );
    let (said, _) = texts(&run(["policy", "shadow", file, "-r", attack, "--utc"]));
    assert!(
        said.contains("10.20.9.66 -> 10.20.2.20") && said.contains("denied 1 of 1"),
        "{said}"
    );
    let merged = scratch("toml");
    let out = merged.to_str().expect("UTF-8");
    let (said, told) = texts(&run([
        "learn",
        "-r",
        attack,
        "--merge",
        file,
        "--policy-out",
        out,
    ]));
    assert!(said.contains("+ may = [\"set-rate\"]"), "{said}{told}");
    let before = fs::read_to_string(&policy).expect("readable");
    let after = fs::read_to_string(&merged).expect("readable");
    assert!(after.starts_with(&before), "what stood there stands");
    assert!(after[before.len()..].contains("proposed = true"));
}

#[test]
fn explain_names_the_grant_or_what_it_lacks() {
    let policy = learned();
    accept(&policy);
    let file = policy.to_str().expect("UTF-8");
    let ask = |from| {
        run([
            "policy",
            "explain",
            from,
            "set-rate",
            "10.20.2.20",
            "--policy",
            file,
        ])
    };
    let allowed = ask("10.20.1.11");
    assert_eq!(allowed.status.code(), Some(0));
    assert!(texts(&allowed).0.contains("allowed by"));
    let denied = ask("10.20.9.66");
    assert_eq!(denied.status.code(), Some(3));
    assert!(texts(&denied).0.contains("which 10.20.9.66 is not"));
    assert_eq!(ask("nobody-known").status.code(), Some(1));
}

#[test]
fn learned_policy_of_every_family_can_be_read_again() {
    for capture in [
        "pcaps/dicom/radiology_day.pcap",
        "pcaps/ward/one-evening.pcapng",
        "pcaps/hl7v2/sloppy.pcap",
        "pcaps/dicom/attack_malformed.pcap",
    ] {
        let path = shipped(capture);
        let output = run([Path::new("learn"), Path::new("-r"), &path]);
        assert!(output.status.success(), "{capture}: {}", texts(&output).1);
        let (text, _) = texts(&output);
        assert!(text.contains("# Not seen:"), "{capture}");
    }
}

#[test]
fn policy_of_one_capture_is_silent_on_others_that_ask_for_the_same() {
    let mut false_alarms = Vec::new();
    for (shown, others) in [
        (
            "pcaps/hl7v2/pcd03_piv.pcap",
            &["pcaps/hl7v2/pcd10_closed_loop.pcap"][..],
        ),
        (
            "pcaps/dicom/radiology_day.pcap",
            &[
                "pcaps/dicom/compressed_ts.pcap",
                "pcaps/dicom/cmove_subassoc.pcap",
                "pcaps/dicom/cget.pcap",
            ],
        ),
        (
            "pcaps/medibus/medibus_monitoring.pcap",
            &["pcaps/medibus/medibus_settings_change.pcap"],
        ),
    ] {
        let policy = learned_from(&[shown]);
        let text = fs::read_to_string(&policy).expect("readable");
        fs::write(&policy, text.replace("# accepted_by", "accepted_by")).expect("writable");
        for other in others {
            for found in above_low(other, &policy) {
                // A change of settings at the ventilator is told whoever may ask for what.
                if found.0 != "WW-VAL-0022" {
                    false_alarms.push((shown, *other, found));
                }
            }
        }
    }
    assert_eq!(false_alarms, []);
}

#[test]
fn therapy_that_one_capture_did_not_show_is_not_learned_from_it() {
    let policy = learned_from(&["pcaps/hl7v2/ward_day.pcap"]);
    let text = fs::read_to_string(&policy).expect("readable");
    fs::write(&policy, text.replace("# accepted_by", "accepted_by")).expect("writable");
    let found = unauthorised("pcaps/hl7v2/pcd03_piv.pcap", &policy);
    assert!(found.iter().any(|(id, _)| id == "WW-CMD-0001"), "{found:?}");
}

#[test]
fn policy_of_one_ordinary_capture_finds_the_attacks_on_its_ward() {
    for (shown, attack, id, attacker) in [
        (
            "pcaps/dicom/radiology_day.pcap",
            "pcaps/dicom/attack_unknown_ae.pcap",
            "WW-ID-0078",
            "10.20.30.66",
        ),
        (
            "pcaps/dicom/radiology_day.pcap",
            "pcaps/dicom/attack_cmove_foreign.pcap",
            "WW-EXF-0048",
            "10.20.30.66",
        ),
        (
            "pcaps/alaris/alaris_rate_start_stop_bolus.pcap",
            "pcaps/alaris/attack_alaris_set_rate.pcap",
            "WW-PUMP-0136",
            "10.77.20.66",
        ),
        (
            "pcaps/intellivue/ivue_two_monitors.pcap",
            "pcaps/intellivue/ivue_rogue_central.pcap",
            "WW-IVUE-0012",
            "10.77.4.66",
        ),
    ] {
        let policy = learned_from(&[shown]);
        let text = fs::read_to_string(&policy).expect("readable");
        fs::write(&policy, text.replace("# accepted_by", "accepted_by")).expect("writable");
        let found = above_low(attack, &policy);
        assert!(
            found.iter().any(|(i, actor)| i == id && actor == attacker),
            "{attack}: {found:?}"
        );
    }
}

#[test]
fn engine_and_scanner_are_proposed_with_evidence_and_not_in_force() {
    for (capture, look, group) in [
        (
            "pcaps/ordinary/relayed-by-an-engine.pcap.gz",
            "looks like an interface engine: takes set-rate from",
            "interface-engines",
        ),
        (
            "pcaps/ordinary/listed-scanner.pcap.gz",
            "looks like a scanner that looks for weaknesses",
            "scanners",
        ),
    ] {
        let path = shipped(capture);
        let (text, told) = texts(&run([Path::new("learn"), Path::new("-r"), &path]));
        assert!(text.contains(look), "{capture}: {told}");
        assert!(text.contains(&format!("# name = \"{group}\"")), "{capture}");
        assert!(
            !text.contains(&format!("\nname = \"{group}\"")),
            "{capture}"
        );
    }
}
