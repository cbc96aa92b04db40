//! Which findings become one story, and which do not.

use std::net::IpAddr;
use std::sync::Arc;

use dissectors::action::Outcome;
use dissectors::contract::Transport;
use dissectors::message::FrameRef;
use dissectors::registry::ProtocolId;
use dissectors::schema::Provenance;

use super::*;
use crate::Rule;
use crate::finding::{Confidence, Outcomes, Party, Talk};
use crate::privacy::Words;

const MINUTE: i64 = 60 * 1_000_000_000;

fn host(n: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, n])
}

/// A finding of a rule, from one host to another, some minutes after the start.
fn finding(rule: &str, severity: Severity, actor: u8, target: u8, minute: i64) -> Finding {
    let party = |n| Party {
        ip: host(n),
        port: 1,
        mac: None,
        names: Vec::new(),
        groups: Vec::new(),
        kind: None,
        site: None,
    };
    let at = FrameRef {
        seq: minute as u64,
        number: minute as u64 + 1,
        file: 0,
        time: minute * MINUTE,
    };
    Finding {
        finding_id: FindingId(minute as u64),
        rule: Arc::new(Rule::told(rule, rule, severity)),
        severity,
        confidence: Confidence::Certain,
        confidence_reasons: Vec::new(),
        protocol: ProtocolId(0),
        kind: "K".into(),
        provenance: Provenance::Specification,
        actor: party(actor),
        target: party(target),
        action: None,
        outcome: Outcome::Requested,
        outcomes: Outcomes::default(),
        floor: severity,
        expected: None,
        why: Words::new(),
        frames: vec![at],
        first: at,
        last: at,
        count: 1,
        talk: Talk {
            flow_id: 1,
            transport: Transport::Tcp,
            ends: [(host(actor), 1), (host(target), 1)],
            vlan: 0,
            patient: None,
        },
        dedup_key: String::new(),
        open: true,
    }
}

/// Tells the findings in order and writes down what comes of it.
fn told(findings: &[Finding], limits: &Limits) -> Vec<String> {
    let mut incidents = Incidents::new(limits);
    let mut said = Vec::new();
    let mut tell = |change: Change<'_>| {
        let (word, i) = match change {
            Change::Opened(i) => ("opened", i),
            Change::Grown(i) => ("grown", i),
            Change::Closed(i) => ("closed", i),
        };
        let stages = i.stages().join(", ");
        said.push(format!(
            "{word} {} {} {}: {stages}",
            i.chain.id,
            i.severity,
            i.findings()
        ));
    };
    for f in findings {
        incidents.saw(Event::Opened(f), &mut tell);
    }
    incidents.finish(&mut tell);
    said
}

fn story(findings: &[Finding]) -> Vec<String> {
    told(findings, &Limits::default())
}

#[test]
fn one_stage_alone_is_no_incident() {
    let scans = [
        finding("WW-SCAN-0039", Severity::Medium, 9, 1, 0),
        finding("WW-DICOM-0041", Severity::Medium, 9, 2, 5),
    ];
    assert_eq!(story(&scans), Vec::<String>::new());
}

#[test]
fn strangers_to_each_other_are_not_joined() {
    let apart = [
        finding("WW-DICOM-0040", Severity::High, 9, 1, 0),
        finding("WW-DICOM-0042", Severity::High, 8, 2, 5),
    ];
    assert_eq!(story(&apart), Vec::<String>::new());
}

#[test]
fn strangers_who_meet_in_one_patient_are_one_story() {
    let about = |rule: &str, actor, target, minute, patient| {
        let mut f = finding(rule, Severity::High, actor, target, minute);
        f.talk.patient = Some(patient);
        f
    };
    let apart = [
        about("WW-NET-0034", 9, 1, 0, 7),
        about("WW-LAB-0133", 8, 2, 5, 8),
    ];
    assert_eq!(story(&apart), Vec::<String>::new());
    let one = [
        about("WW-NET-0034", 9, 1, 0, 7),
        about("WW-LAB-0133", 8, 2, 5, 7),
    ];
    assert!(story(&one)[0].starts_with("opened INC-3"));
}

#[test]
fn findings_out_of_order_or_of_hygiene_are_no_story() {
    let backwards = [
        finding("WW-EXF-0048", Severity::High, 9, 1, 0),
        finding("WW-DICOM-0040", Severity::High, 9, 1, 5),
    ];
    assert_eq!(story(&backwards), Vec::<String>::new());
    let low = [
        finding("WW-DICOM-0041", Severity::Low, 9, 1, 0),
        finding("WW-DICOM-0042", Severity::Low, 9, 1, 5),
    ];
    assert_eq!(story(&low), Vec::<String>::new());
}

#[test]
fn two_findings_a_day_and_more_apart_are_not_joined() {
    let apart = [
        finding("WW-DICOM-0040", Severity::High, 9, 1, 0),
        finding("WW-DICOM-0042", Severity::High, 9, 1, 24 * 60 + 1),
    ];
    assert_eq!(story(&apart), Vec::<String>::new());
}

#[test]
fn a_sweep_of_the_archive_grows_stage_by_stage_and_closes_at_the_end() {
    let plunder = [
        finding("WW-DICOM-0040", Severity::Medium, 9, 1, 0),
        finding("WW-DICOM-0042", Severity::Medium, 9, 1, 5),
        finding("WW-EXF-0048", Severity::High, 9, 1, 9),
    ];
    assert_eq!(
        story(&plunder),
        [
            "opened INC-5 high 2: looked for a valid title, listed the archive",
            "grown INC-5 critical 3: looked for a valid title, listed the archive, took images",
            "closed INC-5 critical 3: looked for a valid title, listed the archive, took images",
        ]
    );
}

#[test]
fn victim_that_goes_on_as_the_attacker_is_the_same_story() {
    let moved = [
        finding("WW-SCAN-0039", Severity::Medium, 9, 1, 0),
        finding("WW-CRED-0056", Severity::High, 9, 1, 5),
        finding("WW-CMD-0001", Severity::Critical, 1, 7, 9),
    ];
    let said = story(&moved);
    assert_eq!(
        said.last().map(String::as_str),
        Some("closed INC-2 critical 3: looked for devices, got hold of one, commanded it")
    );
}

#[test]
fn flood_of_findings_stays_inside_its_limits() {
    let mut limits = Limits::default();
    assert!(limits.set("incident-findings", 3) && limits.set("incidents-open", 2));
    let mut many: Vec<Finding> = (0..20)
        .map(|n| finding("WW-DICOM-0040", Severity::High, 9, 1, n))
        .collect();
    many.push(finding("WW-DICOM-0040", Severity::High, 20, 21, 30));
    many.push(finding("WW-DICOM-0040", Severity::High, 30, 31, 31));
    let mut incidents = Incidents::new(&limits);
    for f in &many {
        incidents.saw(Event::Opened(f), &mut |_| {});
    }
    assert_eq!(incidents.strings.len(), 2);
    assert!(incidents.strings.iter().all(|i| i.parts.len() <= 3));
    assert_eq!(incidents.limit_hits().of(limits::INCIDENTS_OPEN), 1);
    assert_eq!(incidents.limit_hits().of(limits::INCIDENT_FINDINGS), 17);
}
