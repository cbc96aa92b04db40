//! Findings out of `alert` and `finding` records.

use dissectors::schema::Privacy;
use std::net::IpAddr;
use std::sync::Arc;

use dissectors::action::{Device, Effect, Outcome, Verb};
use dissectors::message::FrameRef;
use dissectors::{ProtocolId, Provenance};
use rules::finding::{
    Act, Amount, Confidence, Finding, FindingId, Name, Outcomes, Party, Site, Talk,
};
use rules::privacy::Words;
use serde_json::{Map, Value};

use super::values::{frame, frame_of, frames_of, mac, parse_time, severity, text, time};
use super::{FINDINGS, Reader};

impl Reader {
    pub(super) fn alert(&mut self, record: &Map<String, Value>) -> Option<()> {
        let alert = record.get("alert")?.as_object()?;
        let view = record.get("view").and_then(Value::as_object);
        let finding_id = id(alert)?;
        let severity = severity(text(alert, "level"));
        let rule = self.rule(alert, severity);
        let spoken = self.talk(record, view)?;
        let first = FrameRef {
            time: time(record)?,
            ..frame_of(record)
        };
        let place = |key: &str| view.and_then(|v| v.get(key)).and_then(frame);
        let last_time = parse_time(text(alert, "last_seen")).unwrap_or(first.time);
        let mut frames = view
            .and_then(|v| v.get("frames"))
            .map(frames_of)
            .unwrap_or_default();
        if frames.is_empty() {
            frames = numbers(alert, first);
        }
        let last = place("last").unwrap_or_else(|| FrameRef {
            time: last_time,
            ..frames
                .iter()
                .copied()
                .max_by_key(|f| f.seq)
                .unwrap_or(first)
        });
        let outcome = Outcome::from_word(text(alert, "outcome")).unwrap_or(Outcome::Unknown);
        let finding = Finding {
            finding_id,
            severity,
            rule,
            confidence: Confidence::from_word(text(alert, "confidence"))
                .unwrap_or(Confidence::Hint),
            confidence_reasons: list(alert, "confidence_reasons"),
            protocol: ProtocolId::of(text(record, "app_proto"))?,
            kind: text(alert, "kind").to_owned(),
            provenance: provenance(text(alert, "provenance")),
            actor: party(alert.get("actor")?)?,
            target: party(alert.get("target")?)?,
            action: alert.get("command").and_then(Value::as_object).map(act),
            outcome,
            outcomes: Outcomes::default(),
            expected: alert
                .get("expected")
                .and_then(Value::as_str)
                .map(str::to_owned),
            why: Words::new().open(text(alert, "why")),
            frames,
            first: place("first").unwrap_or(first),
            last,
            count: alert.get("count").and_then(Value::as_u64).unwrap_or(1),
            talk: Talk {
                flow_id: spoken.flow_id,
                transport: spoken.transport,
                ends: spoken.ends(),
                vlan: spoken.vlan,
                patient: None,
            },
            dedup_key: text(alert, "dedup_key").to_owned(),
            floor: severity,
            open: true,
        };
        if self.findings.len() >= FINDINGS {
            self.findings.clear();
        }
        self.findings.insert(finding_id, finding.clone());
        self.feed.finding_told(finding);
        Some(())
    }

    pub(super) fn closing(&mut self, record: &Map<String, Value>) -> Option<()> {
        let closing = record.get("finding")?.as_object()?;
        let mut finding = self.findings.remove(&id(closing)?)?;
        finding.open = false;
        finding.severity = severity(text(closing, "level"));
        finding.outcome = Outcome::from_word(text(closing, "outcome")).unwrap_or(finding.outcome);
        finding.count = closing
            .get("count")
            .and_then(Value::as_u64)
            .unwrap_or(finding.count);
        if let Some(time) = parse_time(text(closing, "last_seen")) {
            finding.last.time = time;
        }
        let numbers = numbers(closing, finding.first);
        if numbers.len() > finding.frames.len() {
            finding.frames = numbers;
        }
        self.feed.finding_told(finding);
        Some(())
    }

    /// The rule as the record tells it. One rule's prose is held once.
    fn rule(&mut self, alert: &Map<String, Value>, severity: rules::Severity) -> Arc<rules::Rule> {
        let id = text(alert, "rule_id");
        if let Some(rule) = self.rules.get(id) {
            return Arc::clone(rule);
        }
        let metadata = alert.get("metadata").and_then(Value::as_object);
        let mut rule = rules::Rule::told(id, text(alert, "signature"), severity);
        rule.category = text(alert, "category").to_owned();
        rule.rev = alert
            .get("rev")
            .and_then(Value::as_u64)
            .and_then(|r| u32::try_from(r).ok())
            .unwrap_or(0);
        rule.clinical = text(alert, "clinical").to_owned();
        rule.bedside = text(alert, "bedside").to_owned();
        rule.network = text(alert, "network").to_owned();
        if let Some(metadata) = metadata {
            rule.references = list(metadata, "references");
            rule.attack = list(metadata, "attack");
            rule.tags = list(metadata, "tags");
        }
        let rule = Arc::new(rule);
        if self.rules.len() < 10_000 {
            self.rules.insert(id.to_owned(), Arc::clone(&rule));
        }
        rule
    }
}

fn id(object: &Map<String, Value>) -> Option<FindingId> {
    u64::from_str_radix(text(object, "finding_id"), 16)
        .ok()
        .map(FindingId)
}

fn list(object: &Map<String, Value>, key: &str) -> Vec<String> {
    object
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|t| t.as_str().map(str::to_owned))
        .collect()
}

/// Frames that a record tells by number only.
fn numbers(object: &Map<String, Value>, first: FrameRef) -> Vec<FrameRef> {
    object
        .get("frames")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_u64)
        .map(|number| FrameRef {
            seq: number.saturating_sub(1),
            number,
            ..first
        })
        .collect()
}

fn party(value: &Value) -> Option<Party> {
    let object = value.as_object()?;
    let ip: IpAddr = text(object, "ip").parse().ok()?;
    let port = object.get("port").and_then(Value::as_u64).unwrap_or(0);
    let name = |told: &String| match told.split_once(':') {
        Some(("hl7", rest)) => {
            let (app, facility) = rest.split_once('|').unwrap_or((rest, ""));
            Name::Hl7(app.to_owned(), facility.to_owned())
        }
        Some(("epr", rest)) => Name::Epr(rest.to_owned()),
        Some(("ae", rest)) => Name::Ae(rest.to_owned()),
        _ => Name::Ae(told.clone()),
    };
    Some(Party {
        ip,
        port: u16::try_from(port).ok()?,
        mac: mac(text(object, "mac")),
        names: list(object, "names").iter().map(name).collect(),
        groups: list(object, "groups"),
        kind: Device::from_word(text(object, "kind")),
        site: site(object),
    })
}

/// What the site's list calls it, where the list knows it.
fn site(object: &Map<String, Value>) -> Option<Site> {
    let site = Site {
        name: text(object, "name").to_owned(),
        tag: text(object, "tag").to_owned(),
        room: text(object, "room").to_owned(),
    };
    (site != Site::default()).then_some(site)
}

fn act(object: &Map<String, Value>) -> Act {
    let part = |key| text(object, key).to_owned();
    Act {
        verb: Verb::from_word(text(object, "verb")).unwrap_or(Verb::UnknownVerb),
        effect: Effect::from_word(text(object, "effect")).unwrap_or(Effect::Availability),
        device: Device::from_word(text(object, "device")).unwrap_or(Device::Unknown),
        subject: part("device_id"),
        channel: part("channel"),
        handle: part("handle"),
        order: Words::of(Privacy::Open, text(object, "order").as_bytes()),
        drug: part("drug"),
        destination: part("destination"),
        value: object
            .get("value")
            .and_then(Value::as_object)
            .map(|v| Amount {
                number: v.get("number").and_then(Value::as_f64).unwrap_or(f64::NAN),
                sent: text(v, "sent").to_owned(),
                unit: text(v, "unit").to_owned(),
                code: text(v, "code").to_owned(),
            }),
    }
}

fn provenance(word: &str) -> Provenance {
    [
        Provenance::Specification,
        Provenance::Implementation,
        Provenance::ReverseEngineered,
        Provenance::Behaviour,
    ]
    .into_iter()
    .find(|p| p.word() == word)
    .unwrap_or(Provenance::Experimental)
}
