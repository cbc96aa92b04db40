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
            order: String::new(),
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
            FindingRow::One(at) => Some(model.findings.entry(at).finding.finding_id.0),
            FindingRow::Rule { .. } => None,
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
