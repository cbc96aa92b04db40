//! The `stats` record: the ledger and what was judged.

use super::eve::Eve;
use super::json::Object;
use crate::capture::Port;
use crate::ledger::Ledger;
use crate::pipeline::{Quantiles, Tally};
use crate::span::{Grade, Verdict};
use rules::finding::Severity;

/// How a live sensor stands, beside its ledger.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    pub uptime_seconds: u64,
    pub ports: Vec<Port>,
    pub mirror: Option<Verdict>,
    /// Reloads that took effect, and that failed.
    pub reloads: [u64; 2],
    /// Conversations known now, and bytes kept for them.
    pub conversations: u64,
    pub held_bytes: u64,
    /// How long blocks took, by stage.
    pub latency: Vec<(&'static str, Quantiles)>,
}

impl Eve {
    /// A record of all counters: the last of a run; live, one a minute too.
    pub fn stats(
        &mut self,
        ledger: &Ledger,
        tally: &Tally,
        standing: Option<&Standing>,
        out: &mut Vec<u8>,
    ) {
        let mut record = Object::begin(out);
        self.stamp(&mut record, tally.last_time.unwrap_or_default());
        record.text("event_type", "stats");
        self.ruling(&mut record);
        let mut stats = record.object("stats");
        stats.unsigned("messages", tally.messages);
        stats.unsigned("messages_with_anomalies", tally.anomalous);
        let mut by_protocol = stats.object("messages_by_protocol");
        for (protocol, n) in dissectors::PROTOCOLS.iter().zip(&tally.by_protocol) {
            if *n > 0 {
                by_protocol.unsigned(protocol.name, *n);
            }
        }
        by_protocol.end();
        let mut findings = stats.object("findings");
        for severity in Severity::ALL.iter().rev() {
            findings.unsigned(severity.word(), tally.findings[*severity as usize]);
        }
        findings.end();
        if !tally.suppressed.is_empty() {
            let mut list = stats.array("suppressed");
            for (cause, n) in &tally.suppressed {
                let mut o = list.object();
                o.text("kind", cause.kind.word());
                o.wire("place", cause.place.as_bytes());
                o.wire("reason", cause.reason.as_bytes());
                o.wire("by", cause.by.as_bytes());
                o.unsigned("count", *n);
                o.end();
            }
            list.end();
        }
        write_ledger(&mut stats, ledger);
        if let Some(standing) = standing {
            write_standing(&mut stats, standing);
        }
        stats.end();
        record.end();
        out.push(b'\n');
    }
}

fn write_ledger(stats: &mut Object<'_>, ledger: &Ledger) {
    let mut o = stats.object("ledger");
    o.flag("closes", ledger.closes());
    for account in &ledger.accounts {
        let mut a = o.object(account.name);
        a.unsigned("in", account.incoming);
        for (reason, n) in &account.reasons {
            if *n > 0 {
                a.unsigned(reason, *n);
            }
        }
        a.end();
    }
    for (part, counters) in &ledger.beside {
        let mut p = o.object(part);
        for (name, n) in counters {
            if *n > 0 {
                p.unsigned(name, *n);
            }
        }
        p.end();
    }
    o.end();
}

fn write_standing(stats: &mut Object<'_>, standing: &Standing) {
    stats.unsigned("uptime_seconds", standing.uptime_seconds);
    stats.unsigned("conversations_now", standing.conversations);
    stats.unsigned("held_bytes", standing.held_bytes);
    stats.unsigned("reloads", standing.reloads[0]);
    stats.unsigned("reloads_failed", standing.reloads[1]);
    let mut latency = stats.object("latency");
    for (stage, q) in &standing.latency {
        let us = |nanoseconds: u64| nanoseconds / 1_000;
        let mut o = latency.object(stage);
        o.unsigned("p50_us", us(q.p50));
        o.unsigned("p99_us", us(q.p99));
        o.unsigned("p999_us", us(q.p999));
        o.unsigned("max_us", us(q.max));
        o.unsigned("blocks", q.blocks);
        o.end();
    }
    latency.end();
    let mut list = stats.array("interfaces");
    for port in &standing.ports {
        let mut o = list.object();
        o.text("name", &port.name);
        o.flag("up", port.up);
        if !port.trouble.is_empty() {
            o.text("trouble", &port.trouble);
        }
        o.unsigned("received", port.received);
        o.unsigned("kernel_drops", port.losses.kernel);
        o.unsigned("interface_drops", port.losses.interface);
        o.unsigned("late", port.late);
        o.unsigned("returns", port.returns);
        o.end();
    }
    list.end();
    if let Some(verdict) = &standing.mirror {
        let mut o = stats.object("mirror");
        o.text(
            "grade",
            match verdict.grade {
                Grade::Useless => "useless",
                Grade::Flawed => "flawed",
                Grade::Note | Grade::Good => "good",
            },
        );
        let mut points = o.array("points");
        for point in verdict.points.iter().filter(|p| p.grade < Grade::Good) {
            points.element(|out| super::json::string(out, point.name.as_bytes()));
        }
        points.end();
        o.end();
    }
}
