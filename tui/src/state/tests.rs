//! The model by itself: news in, keys in, lists out.

use std::net::IpAddr;
use std::sync::Arc;

use dissectors::action::{Effect, Outcome, Verb};
use dissectors::contract::{Side, Transport};
use dissectors::message::{Batch, Conversation, Endpoint, FrameRef, Interest, Messages};
use dissectors::{Device, Limits, ProtocolId, Provenance};
use rules::Rule;
use rules::finding::{Act, Confidence, Event, Finding, FindingId, Outcomes, Party, Severity, Talk};
use rules::privacy::Words;

use super::{FindingRow, Model, Source, Tab};
use crate::feed::{Feed, Mailbox};
use crate::limits::{CHUNK_MESSAGES, CHUNKS_WAITING};
use crate::mark::{Handling, Mark};
use crate::when::When;

fn finding(n: u64, severity: Severity, last: u64) -> Finding {
    let ip = |d: u8| IpAddr::from([10, 0, 0, d]);
    let party = |d| Party {
        ip: ip(d),
        port: 3000,
        mac: None,
        names: Vec::new(),
        groups: Vec::new(),
        kind: None,
        site: None,
    };
    let at = |seq| FrameRef {
        seq,
        number: seq + 1,
        file: 0,
        time: seq as i64,
    };
    Finding {
        finding_id: FindingId(n),
        rule: Arc::new(Rule::told(
            if n.is_multiple_of(2) {
                "WW-CMD-0001"
            } else {
                "WW-VAL-0002"
            },
            "what should not be",
            severity,
        )),
        severity,
        confidence: Confidence::Certain,
        confidence_reasons: Vec::new(),
        protocol: ProtocolId(0),
        kind: "K".into(),
        provenance: Provenance::Specification,
        actor: party(1),
        target: party(2),
        action: Some(Act {
            verb: Verb::SetRate,
            effect: Effect::Therapy,
            device: Device::Pump,
            subject: format!("P{n}"),
            channel: String::new(),
            handle: String::new(),
            order: Words::new(),
            drug: String::new(),
            destination: String::new(),
            value: None,
        }),
        outcome: Outcome::Requested,
        outcomes: Outcomes::default(),
        expected: None,
        why: Words::new(),
        frames: vec![at(n)],
        first: at(n),
        last: at(last),
        count: 1,
        talk: Talk {
            flow_id: n,
            transport: Transport::Tcp,
            ends: [(ip(1), 5000), (ip(2), 3000)],
            vlan: 0,
            patient: None,
        },
        dedup_key: String::new(),
        floor: severity,
        open: true,
    }
}

fn room() -> (Feed, Arc<Mailbox>, Model) {
    let (feed, mailbox) = Feed::new(None);
    (
        feed,
        mailbox,
        Model::new(Source::default(), When::utc(), None),
    )
}

fn mark(n: u64, what: Handling, severity: Severity) -> Mark {
    Mark {
        finding: FindingId(n),
        what,
        who: "Anna".into(),
        at: 1,
        note: String::new(),
        severity,
    }
}

fn ids(model: &Model) -> Vec<u64> {
    (0..model.findings.len())
        .filter_map(|row| match model.findings.row(row)? {
            FindingRow::Rule { .. } => None,
            row => Some(model.findings.entry(row.entry()).finding.finding_id.0),
        })
        .collect()
}

#[test]
fn finding_that_rises_after_it_was_acknowledged_is_open_again() {
    let (mut feed, mailbox, mut model) = room();
    feed.finding(Event::Opened(&finding(1, Severity::Medium, 1)));
    feed.mark(mark(1, Handling::Acknowledged, Severity::Medium));
    feed.publish();
    model.apply(mailbox.take());
    assert_eq!(model.findings.counts(), [0, 1, 0]);
    feed.finding(Event::Raised(&finding(1, Severity::High, 2)));
    feed.publish();
    model.apply(mailbox.take());
    assert_eq!(model.findings.counts(), [1, 0, 0]);
}

#[test]
fn mark_of_an_earlier_run_waits_for_its_finding() {
    let (mut feed, mailbox, mut model) = room();
    feed.mark(mark(7, Handling::Muted, Severity::Critical));
    feed.publish();
    model.apply(mailbox.take());
    feed.finding(Event::Opened(&finding(7, Severity::High, 1)));
    feed.publish();
    model.apply(mailbox.take());
    assert_eq!(model.findings.counts(), [0, 0, 1]);
}

#[test]
fn findings_one_by_one_stand_in_the_same_order_as_all_at_once() {
    let (mut feed, mailbox, mut model) = room();
    let (mut all, all_mail, mut whole) = room();
    let mut seed = 17u64;
    for _ in 0..300 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        // Some are new, some are known ones that rose or repeated.
        let n = seed >> 40 & 127;
        let f = finding(n, Severity::ALL[(seed >> 20) as usize % 5], seed >> 50);
        feed.finding(Event::Raised(&f));
        all.finding(Event::Raised(&f));
        if seed.is_multiple_of(7) {
            feed.mark(mark(n, Handling::Acknowledged, f.severity));
            all.mark(mark(n, Handling::Acknowledged, f.severity));
        }
        feed.publish();
        model.apply(mailbox.take());
    }
    all.publish();
    whole.apply(all_mail.take());
    let mut seen = ids(&model);
    // Ties are told apart by when they came, which is the same in both.
    assert_eq!(seen, ids(&whole));
    assert_eq!(model.findings.counts(), whole.findings.counts());
    model.findings.change();
    model.arrange();
    assert_eq!(seen, ids(&model), "sorting anew changes nothing");
    model.findings.tab = Tab::All;
    model.findings.change();
    model.arrange();
    seen = ids(&model);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), model.findings.entries().len());
}

#[test]
fn terminal_that_does_not_draw_costs_messages_but_no_finding_and_no_count() {
    let (mut feed, mailbox, mut model) = room();
    let limits = Limits::default();
    let interest = Interest::everything();
    let mut batch = Batch::default();
    let frame = FrameRef {
        seq: 5,
        number: 6,
        file: 0,
        time: 5,
    };
    Messages::new(
        &mut batch,
        &limits,
        &interest,
        ProtocolId(0),
        Side::Client,
        0,
    )
    .message_named(b"K", 0..1);
    let end = |d: u8| Endpoint {
        ip: IpAddr::from([10, 0, 0, d]),
        port: 1,
        mac: None,
    };
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
    batch.place(0, conversation, 0, [frame]);
    let all = CHUNK_MESSAGES * (CHUNKS_WAITING + 3);
    for n in 0..all {
        feed.message(batch.message(0));
        if n.is_multiple_of(1000) {
            feed.finding(Event::Opened(&finding(n as u64, Severity::Low, 1)));
        }
    }
    feed.end();
    model.apply(mailbox.take());
    assert_eq!(model.seen, all as u64);
    assert!(model.given_up >= 2 * CHUNK_MESSAGES as u64);
    assert_eq!(model.findings.entries().len(), all.div_ceil(1000));
    assert_eq!(model.protocols.rows[0].messages, all as u64);
    assert!(model.ended);
}

#[test]
fn rows_gathered_by_rule_open_and_close() {
    let (mut feed, mailbox, mut model) = room();
    for n in 0..6 {
        feed.finding(Event::Opened(&finding(n, Severity::High, n)));
    }
    feed.publish();
    model.apply(mailbox.take());
    model.findings.by_rule = true;
    model.findings.change();
    model.arrange();
    assert_eq!(model.findings.len(), 2);
    assert!(model.findings.toggle());
    model.arrange();
    assert_eq!(model.findings.len(), 5);
    assert!(model.findings.toggle());
    model.arrange();
    assert_eq!(model.findings.len(), 2);
}

/// Three rules fire on one message, a fourth on the next.
fn on_one_message(severities: [Severity; 3]) -> (Feed, Arc<Mailbox>, Model) {
    let (mut feed, mailbox, mut model) = room();
    for (n, severity) in severities.into_iter().enumerate() {
        let mut f = finding(n as u64, severity, 10);
        (f.talk.flow_id, f.first.seq) = (7, 10);
        feed.finding(Event::Opened(&f));
    }
    feed.finding(Event::Opened(&finding(9, Severity::Medium, 11)));
    feed.publish();
    model.apply(mailbox.take());
    (feed, mailbox, model)
}

#[test]
fn rules_that_fire_on_one_message_are_one_row_under_the_gravest() {
    let (_feed, _mailbox, mut model) =
        on_one_message([Severity::Low, Severity::Critical, Severity::High]);
    assert_eq!(ids(&model), [1, 9]);
    assert_eq!(
        model.findings.row(0),
        Some(FindingRow::One { at: 1, folded: 2 })
    );
    model.findings.unfold(true);
    assert_eq!(ids(&model), [1, 2, 0, 9], "the others stand beneath");
    model.findings.to(2);
    model.findings.unfold(false);
    assert_eq!(ids(&model), [1, 9]);
    assert_eq!(
        model.findings.chosen().map(|e| e.finding.finding_id.0),
        Some(1),
        "what was chosen is shown by the row that it went into"
    );
}

#[test]
fn graver_rule_on_the_same_message_takes_the_row_and_the_choice_with_it() {
    let (mut feed, mailbox, mut model) =
        on_one_message([Severity::Low, Severity::Low, Severity::High]);
    assert_eq!(ids(&model), [2, 9]);
    model.findings.to(0);
    let mut graver = finding(5, Severity::Critical, 12);
    (graver.talk.flow_id, graver.first.seq) = (7, 10);
    feed.finding(Event::Opened(&graver));
    feed.publish();
    model.apply(mailbox.take());
    assert_eq!(ids(&model), [5, 9]);
    assert_eq!(model.findings.cursor().row(), 0);
}

#[test]
fn acknowledging_a_folded_row_means_all_of_it_and_an_unfolded_one_itself() {
    use crate::state::Asking;
    use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    let (_feed, _mailbox, mut model) =
        on_one_message([Severity::Low, Severity::Critical, Severity::High]);
    model.who = Some("Anna".into());
    let asked = |model: &mut Model| {
        crate::hands::key(
            model,
            &KeyEvent::new(KeyCode::Char('a'), KeyModifiers::NONE),
        );
        match model.prompt.take().map(|p| p.asking) {
            Some(Asking::Note(_, many)) => many.iter().map(|id| id.0).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(asked(&mut model), [1, 2, 0]);
    model.findings.unfold(true);
    assert_eq!(asked(&mut model), [1]);
    model.findings.to(1);
    assert_eq!(asked(&mut model), [2]);
}

#[test]
fn vendor_is_told_by_a_card_but_not_by_a_routers() {
    use super::Devices;
    use crate::feed::{DeviceKey, DeviceRow, SPARK};
    use std::collections::HashMap;
    let known = (0..=0xff_u32)
        .flat_map(|b| (0..=0xff_u32).map(move |c| [0, b as u8, c as u8, 1, 2, 3]))
        .find(|mac| rules::inventory::oui::vendor(*mac).is_some())
        .expect("the shipped table has a maker that begins with 00");
    let row = |n: u8| DeviceRow {
        key: DeviceKey {
            ip: IpAddr::from([10, 0, 0, n]),
            subject: String::new(),
        },
        macs: vec![known],
        names: Vec::new(),
        kind: Device::Unknown,
        kind_by_policy: false,
        protocols: Vec::new(),
        serves: Vec::new(),
        first_seen: 0,
        last_seen: 0,
        messages: 1,
        commands: 0,
        gives: 0,
        commanders: Vec::new(),
        more_commanders: false,
        last_command: String::new(),
        last_command_at: 0,
        spark: [0; SPARK],
        spark_at: 0,
    };
    let mut devices = Devices::default();
    let findings = super::Findings::default();
    devices.apply(HashMap::from([(0, row(1))]), &findings);
    // Told again, it is no second host.
    devices.apply(HashMap::from([(0, row(1))]), &findings);
    devices.apply(HashMap::from([(1, row(2))]), &findings);
    assert_eq!(
        devices.vendor(&row(1)),
        rules::inventory::oui::vendor(known)
    );
    devices.apply(HashMap::from([(2, row(3))]), &findings);
    assert_eq!(devices.vendor(&row(1)), None);
}
