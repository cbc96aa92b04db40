//! One finding, there and back.

use dissectors::schema::Privacy;
use std::net::IpAddr;
use std::sync::Arc;

use dissectors::action::{Device, Effect, Outcome, Verb};
use dissectors::contract::Transport;
use dissectors::message::FrameRef;
use dissectors::registry::ProtocolId;
use dissectors::schema::Provenance;
use serde_json::{Value, json};

use super::{frame, frame_of, mac_of, text};
use crate::finding::{
    Act, Amount, Confidence, Finding, FindingId, Name, Outcomes, Party, Severity, Site, Talk,
};
use crate::inventory::devices::mac_text;
use crate::language::ruleset::Rule;
use crate::privacy::{Show, Words};

/// As it is kept. `show`: how patient data in its sentence are written.
pub fn finding(f: &Finding, show: Show<'_>) -> Value {
    let o = f.outcomes;
    json!({
        "finding_id": f.finding_id.to_string(), "rule": f.rule.id, "title": f.rule.title,
        "severity": f.severity.word(), "floor": f.floor.word(), "confidence": f.confidence.word(),
        "confidence_reasons": f.confidence_reasons, "protocol": f.protocol.name(), "kind": f.kind,
        "provenance": f.provenance.word(), "actor": party(&f.actor), "target": party(&f.target),
        "action": f.action.as_ref().map(|a| act(a, show)), "outcome": f.outcome.word(),
        "outcomes": [o.requested, o.accepted, o.refused, o.failed, o.unknown],
        "expected": f.expected, "why": f.why.render(show),
        "frames": f.frames.iter().map(|r| frame(*r)).collect::<Vec<_>>(),
        "first": frame(f.first), "last": frame(f.last), "count": f.count, "talk": talk(&f.talk),
        "dedup_key": f.dedup_key, "open": f.open,
    })
}

/// Reads one. `rule` finds a rule by its id; one that is gone is told by title alone.
pub fn finding_of(value: &Value, rule: &dyn Fn(&str) -> Option<Arc<Rule>>) -> Option<Finding> {
    let severity = Severity::from_word(text(value, "severity"))?;
    let id = text(value, "rule");
    let rule = rule(id).unwrap_or_else(|| Arc::new(Rule::told(id, text(value, "title"), severity)));
    let outcomes = value.get("outcomes")?;
    let count = |at: usize| outcomes.get(at).and_then(Value::as_u64);
    let frames = value.get("frames")?.as_array()?;
    let optional = |key: &str| value.get(key).filter(|v| !v.is_null());
    Some(Finding {
        finding_id: FindingId(u64::from_str_radix(text(value, "finding_id"), 16).ok()?),
        rule,
        severity,
        floor: Severity::from_word(text(value, "floor"))?,
        confidence: Confidence::from_word(text(value, "confidence"))?,
        confidence_reasons: texts(value, "confidence_reasons"),
        protocol: ProtocolId::of(text(value, "protocol"))?,
        kind: text(value, "kind").to_owned(),
        provenance: provenance(text(value, "provenance")),
        actor: party_of(value.get("actor")?)?,
        target: party_of(value.get("target")?)?,
        action: match optional("action") {
            Some(value) => Some(act_of(value)?),
            None => None,
        },
        outcome: Outcome::from_word(text(value, "outcome"))?,
        outcomes: Outcomes {
            requested: count(0)?,
            accepted: count(1)?,
            refused: count(2)?,
            failed: count(3)?,
            unknown: count(4)?,
        },
        expected: optional("expected").and_then(|v| v.as_str().map(str::to_owned)),
        why: Words::new().open(text(value, "why")),
        frames: frames
            .iter()
            .filter_map(frame_of)
            .collect::<Vec<FrameRef>>(),
        first: frame_of(value.get("first")?)?,
        last: frame_of(value.get("last")?)?,
        count: value.get("count")?.as_u64()?,
        talk: talk_of(value.get("talk")?)?,
        dedup_key: text(value, "dedup_key").to_owned(),
        open: value.get("open")?.as_bool()?,
    })
}

fn party(p: &Party) -> Value {
    let names: Vec<Value> = p
        .names
        .iter()
        .map(|n| match n {
            Name::Ae(title) => json!(["ae", title]),
            Name::Hl7(app, facility) => json!(["hl7", app, facility]),
            Name::Epr(epr) => json!(["epr", epr]),
        })
        .collect();
    json!({
        "ip": p.ip, "port": p.port, "mac": p.mac.map(mac_text), "names": names, "groups": p.groups,
        "kind": p.kind.map(Device::word),
        "site": p.site.as_ref().map(|s| json!([s.name, s.tag, s.room])),
    })
}

fn party_of(value: &Value) -> Option<Party> {
    let name = |value: &Value| {
        let part = |at: usize| value.get(at)?.as_str().map(str::to_owned);
        Some(match part(0)?.as_str() {
            "ae" => Name::Ae(part(1)?),
            "hl7" => Name::Hl7(part(1)?, part(2)?),
            "epr" => Name::Epr(part(1)?),
            _ => return None,
        })
    };
    let site = |value: &Value| {
        let part = |at: usize| value.get(at)?.as_str().map(str::to_owned);
        Some(Site {
            name: part(0)?,
            tag: part(1)?,
            room: part(2)?,
        })
    };
    let ip: IpAddr = text(value, "ip").parse().ok()?;
    Some(Party {
        ip,
        port: u16::try_from(value.get("port")?.as_u64()?).ok()?,
        mac: mac_of(text(value, "mac")),
        names: value
            .get("names")?
            .as_array()?
            .iter()
            .filter_map(name)
            .collect(),
        groups: texts(value, "groups"),
        kind: Device::from_word(text(value, "kind")),
        site: value.get("site").and_then(site),
    })
}

fn act(a: &Act, show: Show<'_>) -> Value {
    let amount = a
        .value
        .as_ref()
        .map(|v| json!({ "number": v.number, "sent": v.sent, "unit": v.unit, "code": v.code }));
    json!({
        "verb": a.verb.word(), "effect": a.effect.word(), "device": a.device.word(),
        "subject": a.subject, "channel": a.channel, "handle": a.handle, "order": a.order.render(show),
        "drug": a.drug, "destination": a.destination, "value": amount,
    })
}

fn act_of(value: &Value) -> Option<Act> {
    let part = |key| text(value, key).to_owned();
    let amount = |v: &Value| Amount {
        number: v.get("number").and_then(Value::as_f64).unwrap_or(f64::NAN),
        sent: text(v, "sent").to_owned(),
        unit: text(v, "unit").to_owned(),
        code: text(v, "code").to_owned(),
    };
    Some(Act {
        verb: Verb::from_word(text(value, "verb"))?,
        effect: Effect::from_word(text(value, "effect"))?,
        device: Device::from_word(text(value, "device")).unwrap_or(Device::Unknown),
        subject: part("subject"),
        channel: part("channel"),
        handle: part("handle"),
        order: Words::of(Privacy::Open, text(value, "order").as_bytes()),
        drug: part("drug"),
        destination: part("destination"),
        value: value.get("value").filter(|v| v.is_object()).map(amount),
    })
}

fn talk(t: &Talk) -> Value {
    let [a, b] = t.ends;
    let transport = match t.transport {
        Transport::Tcp => json!("tcp"),
        Transport::Udp => json!("udp"),
        Transport::Icmp => json!("icmp"),
        Transport::Icmp6 => json!("icmp6"),
        Transport::Carried => json!("carried"),
        Transport::Link(kind) => json!(kind),
    };
    json!({ "flow_id": t.flow_id, "transport": transport, "ends": [[a.0, a.1], [b.0, b.1]], "vlan": t.vlan })
}

fn talk_of(value: &Value) -> Option<Talk> {
    let transport = match value.get("transport")? {
        Value::String(word) => match word.as_str() {
            "tcp" => Transport::Tcp,
            "udp" => Transport::Udp,
            "icmp" => Transport::Icmp,
            "icmp6" => Transport::Icmp6,
            _ => Transport::Carried,
        },
        kind => Transport::Link(u16::try_from(kind.as_u64()?).ok()?),
    };
    let end = |at: usize| {
        let end = value.get("ends")?.get(at)?;
        let ip: IpAddr = end.get(0)?.as_str()?.parse().ok()?;
        Some((ip, u16::try_from(end.get(1)?.as_u64()?).ok()?))
    };
    Some(Talk {
        flow_id: value.get("flow_id")?.as_u64()?,
        transport,
        ends: [end(0)?, end(1)?],
        vlan: u16::try_from(value.get("vlan")?.as_u64()?).ok()?,
        // Not kept: a key that anybody could try numbers against does not go to the disk.
        patient: None,
    })
}

fn texts(value: &Value, key: &str) -> Vec<String> {
    let list = value.get(key).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|t| t.as_str().map(str::to_owned))
        .collect()
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
