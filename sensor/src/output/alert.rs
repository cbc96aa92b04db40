//! Findings as EVE records: `alert` when one opens or rises, `finding` when it closes.

use dissectors::message::{Conversation, Endpoint};
use dissectors::{Device, Outcome, Side};
use rules::exceptions::Cause;
use rules::finding::{Act, Finding, Party};
use rules::privacy::Show;
use tui::mark::Mark;

use super::discretion::Discretion;
use super::eve::{Eve, mac_text};
use super::json::Object;
use super::marks;
use crate::view::clerk::{self, Decision};

impl Eve {
    /// The first occurrence of a finding, or its rise in severity (same `finding_id`).
    pub fn alert(&mut self, f: &Finding, discretion: &Discretion, out: &mut Vec<u8>) {
        let mut record = Object::begin(out);
        self.finding_head(&mut record, f, "alert");
        let mut alert = record.object("alert");
        alert.text("action", "allowed");
        alert.unsigned("gid", 1);
        alert.unsigned("signature_id", u64::from(f.rule.number));
        alert.unsigned("rev", u64::from(f.rule.rev));
        alert.text("signature", &f.rule.title);
        if f.may_be_misread() {
            alert.text("caution", "we may be misreading this");
        }
        alert.text("category", &f.rule.category);
        alert.unsigned("severity", u64::from(f.severity.eve()));
        alert.text("rule_id", &f.rule.id);
        alert.text("finding_id", &f.finding_id.to_string());
        alert.text("level", f.severity.word());
        alert.text("confidence", f.confidence.word());
        texts(&mut alert, "confidence_reasons", &f.confidence_reasons);
        party(&mut alert, "actor", &f.actor);
        party(&mut alert, "target", &f.target);
        alert.text("kind", &f.kind);
        if let Some(act) = &f.action {
            command(&mut alert, act, f.outcome, discretion.show());
        }
        alert.text("outcome", f.outcome.word());
        alert.text("why", &f.why.render(discretion.show()));
        if let Some(expected) = &f.expected {
            alert.text("expected", expected);
        }
        self.evidence(&mut alert, f);
        alert.text("clinical", &f.rule.clinical);
        alert.text("bedside", &f.rule.bedside);
        alert.text("network", &f.rule.network);
        alert.text("provenance", f.provenance.word());
        let mut metadata = alert.object("metadata");
        texts(&mut metadata, "attack", &f.rule.attack);
        texts(&mut metadata, "references", &f.rule.references);
        texts(&mut metadata, "tags", &f.rule.tags);
        metadata.end();
        alert.end();
        record.end();
        out.push(b'\n');
    }

    /// The record that closes a finding: what it came to.
    pub fn closing(&mut self, f: &Finding, out: &mut Vec<u8>) {
        self.ended(f, None, out);
    }

    /// The record of what an exception, a window or a threshold held back: its first and only one.
    pub fn held_back(&mut self, f: &Finding, cause: &Cause, out: &mut Vec<u8>) {
        self.ended(f, Some(cause), out);
    }

    fn ended(&mut self, f: &Finding, cause: Option<&Cause>, out: &mut Vec<u8>) {
        let mut record = Object::begin(out);
        self.finding_head(&mut record, f, "finding");
        let mut o = record.object("finding");
        o.text("rule_id", &f.rule.id);
        o.text("finding_id", &f.finding_id.to_string());
        o.text("signature", &f.rule.title);
        o.unsigned("severity", u64::from(f.severity.eve()));
        o.text("level", f.severity.word());
        o.text("outcome", f.outcome.word());
        let mut outcomes = o.object("outcomes");
        for (word, n) in [
            (Outcome::Requested, f.outcomes.requested),
            (Outcome::Accepted, f.outcomes.accepted),
            (Outcome::Refused, f.outcomes.refused),
            (Outcome::Failed, f.outcomes.failed),
            (Outcome::Unknown, f.outcomes.unknown),
        ] {
            if n > 0 {
                outcomes.unsigned(word.word(), n);
            }
        }
        outcomes.end();
        if let Some(cause) = cause {
            o.flag("suppressed", true);
            let mut by = o.object("suppressed_by");
            by.text("kind", cause.kind.word());
            by.wire("place", cause.place.as_bytes());
            by.wire("reason", cause.reason.as_bytes());
            by.wire("by", cause.by.as_bytes());
            by.end();
            party(&mut o, "actor", &f.actor);
            party(&mut o, "target", &f.target);
        }
        self.evidence(&mut o, f);
        o.end();
        record.end();
        out.push(b'\n');
    }

    /// What a person said of a finding: acknowledged, muted, reopened.
    pub fn mark(&mut self, mark: &Mark, out: &mut Vec<u8>) {
        let mut record = Object::begin(out);
        self.stamp(&mut record, mark.at);
        record.text("event_type", "mark");
        let mut o = record.object("mark");
        marks::write(&mut o, mark);
        o.end();
        record.end();
        out.push(b'\n');
    }

    /// Somebody had patient data shown on a screen.
    pub fn revealed(&mut self, who: &str, at: i64, out: &mut Vec<u8>) {
        let mut record = Object::begin(out);
        self.stamp(&mut record, at);
        record.text("event_type", "audit");
        let mut o = record.object("audit");
        o.text("what", "patient data revealed on a screen");
        o.wire("by", who.as_bytes());
        o.end();
        record.end();
        out.push(b'\n');
    }

    /// What somebody proposed at a screen, and what became of it.
    pub fn proposed(&mut self, decision: &Decision, out: &mut Vec<u8>) {
        let draft = &decision.draft;
        let mut record = Object::begin(out);
        self.stamp(&mut record, draft.at);
        record.text("event_type", "audit");
        let mut o = record.object("audit");
        match &decision.result {
            Ok(file) => {
                o.text("what", "entry written at a screen, in force");
                if let Some(path) = file {
                    o.text("file", &path.display().to_string());
                }
            }
            Err(why) => {
                o.text("what", "entry of a screen refused");
                o.text("why", why);
            }
        }
        clerk::write(&mut o, draft);
        o.end();
        record.end();
        out.push(b'\n');
    }

    fn finding_head(&mut self, record: &mut Object<'_>, f: &Finding, event_type: &str) {
        let end = |(ip, port)| Endpoint {
            ip,
            port,
            mac: None,
        };
        let conversation = Conversation {
            flow_id: f.talk.flow_id,
            transport: f.talk.transport,
            ends: f.talk.ends.map(end),
            started: f.first,
            mid_stream: false,
            seen: [true; 2],
            missing: [0; 2],
            overlap_differs: false,
        };
        // The record's source is who asks.
        let asks_from_server =
            (f.actor.ip, f.actor.port) == f.talk.ends[1] && f.talk.ends[0] != f.talk.ends[1];
        let sender = if asks_from_server {
            Side::Server
        } else {
            Side::Client
        };
        self.head(
            record,
            f.first,
            event_type,
            &conversation,
            sender,
            f.talk.vlan,
        );
        record.text("app_proto", f.protocol.name());
        self.ruling(record);
    }

    fn evidence(&mut self, o: &mut Object<'_>, f: &Finding) {
        let mut frames = o.array("frames");
        for frame in &f.frames {
            frames.unsigned(frame.number);
        }
        frames.end();
        o.text("wireshark", &f.wireshark());
        o.text("wireshark_conversation", &f.wireshark_conversation());
        o.unsigned("count", f.count);
        let mut stamp = |o: &mut Object<'_>, key: &str, time: i64| {
            let mut text = vec![b'"'];
            self.clock().eve(time, &mut text);
            text.push(b'"');
            o.raw(key, &text);
        };
        stamp(o, "first_seen", f.first.time);
        stamp(o, "last_seen", f.last.time);
        o.text("dedup_key", &f.dedup_key);
    }
}

fn party(alert: &mut Object<'_>, key: &str, p: &Party) {
    let mut o = alert.object(key);
    o.text("ip", &p.ip.to_string());
    o.unsigned("port", u64::from(p.port));
    if let Some(mac) = p.mac {
        o.text("mac", &mac_text(mac));
    }
    let names: Vec<String> = p.names.iter().map(ToString::to_string).collect();
    texts(&mut o, "names", &names);
    texts(&mut o, "groups", &p.groups);
    if let Some(site) = &p.site {
        for (key, part) in [
            ("name", &site.name),
            ("tag", &site.tag),
            ("room", &site.room),
        ] {
            if !part.is_empty() {
                o.text(key, part);
            }
        }
    }
    if let Some(kind) = p.kind {
        o.text("kind", kind.word());
    }
    o.end();
}

/// The clinical action that the finding is about.
fn command(alert: &mut Object<'_>, act: &Act, outcome: Outcome, show: Show<'_>) {
    let mut o = alert.object("command");
    o.text("verb", act.verb.word());
    o.text("effect", act.effect.word());
    if act.device != Device::Unknown {
        o.text("device", act.device.word());
    }
    let order = act.order.render(show);
    for (key, part) in [
        ("device_id", &act.subject),
        ("channel", &act.channel),
        ("handle", &act.handle),
        ("order", &order),
        ("drug", &act.drug),
        ("destination", &act.destination),
    ] {
        if !part.is_empty() {
            o.text(key, part);
        }
    }
    if let Some(amount) = &act.value {
        let mut value = o.object("value");
        value.number("number", amount.number);
        value.text("sent", &amount.sent);
        if !amount.unit.is_empty() {
            value.text("unit", &amount.unit);
        }
        value.end();
    }
    o.text("outcome", outcome.word());
    o.end();
}

fn texts(o: &mut Object<'_>, key: &str, list: &[String]) {
    if list.is_empty() {
        return;
    }
    let mut array = o.array(key);
    for text in list {
        array.wire(text.as_bytes());
    }
    array.end();
}
