//! News as EVE lines for viewers.

use std::hash::{DefaultHasher, Hash, Hasher};

use dissectors::Side;
use dissectors::message::{FrameRef, Join, Message, Scope};
use rules::finding::Finding;
use tui::feed::Stats;
use tui::mark::Mark;

use crate::output::discretion::Discretion;
use crate::output::eve::Eve;
use crate::output::json::Object;

/// Writes lines for viewers.
pub struct Lines {
    eve: Eve,
    discretion: Discretion,
}

impl Lines {
    /// `eve` should write offsets.
    pub fn new(eve: Eve, discretion: Discretion) -> Self {
        Lines { eve, discretion }
    }

    pub fn message(&mut self, m: Message<'_>, out: &mut Vec<u8>) {
        let begun = out.len();
        self.eve.message(m, &mut self.discretion, out);
        extend(out, begun, |view| {
            view.text("side", side_word(m.side()));
            let range = m.range();
            view.unsigned("from", range.start);
            view.unsigned("to", range.end);
            frames(view, "frames", m.frames());
            let c = m.conversation();
            place(view, "started", c.started);
            view.flag("seen_client", c.seen[0]);
            view.flag("seen_server", c.seen[1]);
            view.unsigned("missing_client", c.missing[0]);
            view.unsigned("missing_server", c.missing[1]);
            view.flag("overlap_differs", c.overlap_differs);
            for (side, key) in [(Side::Client, "mac_client"), (Side::Server, "mac_server")] {
                if let Some(mac) = c.ends[side.index()].mac {
                    view.text(key, &crate::output::eve::mac_text(mac));
                }
            }
            if let Some(join) = m.asks() {
                write_join(view, "asks", &join);
            }
            if let Some(join) = m.answers() {
                write_join(view, "answers", &join);
            }
        });
    }

    /// The whole finding, and its end if it is closed.
    pub fn finding(&mut self, f: &Finding, out: &mut Vec<u8>) {
        let begun = out.len();
        self.eve.alert(f, &self.discretion, out);
        extend(out, begun, |view| {
            frames(view, "frames", &f.frames);
            place(view, "first", f.first);
            place(view, "last", f.last);
        });
        if !f.open {
            self.eve.closing(f, out);
        }
    }

    pub fn mark(&mut self, mark: &Mark, out: &mut Vec<u8>) {
        self.eve.mark(mark, out);
    }

    /// The sensor's own state.
    pub fn stats(&mut self, stats: &Stats, messages: u64, time: i64, out: &mut Vec<u8>) {
        let mut record = Object::begin(out);
        self.eve.stamp(&mut record, time);
        record.text("event_type", "stats");
        let mut o = record.object("view");
        o.unsigned("messages", messages);
        o.unsigned("frames", stats.frames);
        o.unsigned("lost", stats.lost);
        o.unsigned("rules", stats.rules as u64);
        if let Some(policy) = &stats.policy {
            o.wire("policy", policy.as_bytes());
        }
        if let Some((now, most)) = stats.memory {
            o.unsigned("memory", now);
            o.unsigned("memory_most", most);
        }
        if let Some(l) = stats.latency {
            let mut latency = o.object("latency");
            latency.unsigned("p50", l.p50);
            latency.unsigned("p99", l.p99);
            latency.unsigned("max", l.max);
            latency.unsigned("count", l.count);
            latency.end();
        }
        let mut list = o.array("stages");
        for (stage, l) in &stats.stages {
            let mut a = list.object();
            a.text("stage", stage);
            a.unsigned("p50", l.p50);
            a.unsigned("p99", l.p99);
            a.unsigned("max", l.max);
            a.unsigned("count", l.count);
            a.end();
        }
        list.end();
        let mut list = o.array("accounts");
        for account in &stats.accounts {
            let mut a = list.object();
            a.wire("name", account.name.as_bytes());
            a.unsigned("in", account.incoming);
            counters(&mut a, "reasons", &account.reasons);
            a.end();
        }
        list.end();
        let mut list = o.array("beside");
        for (part, reasons) in &stats.beside {
            let mut a = list.object();
            a.wire("name", part.as_bytes());
            counters(&mut a, "reasons", reasons);
            a.end();
        }
        list.end();
        let mut list = o.array("costs");
        for (rule, cost) in &stats.costs {
            let mut a = list.object();
            a.text("rule", rule);
            a.unsigned("ns", *cost);
            a.end();
        }
        list.end();
        let mut list = o.array("uses");
        for u in &stats.uses {
            let mut a = list.object();
            a.text("ip", &u.ip.to_string());
            a.text("use", u.what.word());
            a.integer("since", u.since);
            a.integer("last", u.last);
            a.end();
        }
        list.end();
        let mut list = o.array("troubles");
        for trouble in &stats.troubles {
            list.wire(trouble.as_bytes());
        }
        list.end();
        o.end();
        record.end();
        out.push(b'\n');
    }
}

fn counters(o: &mut Object<'_>, key: &str, list: &[(String, u64)]) {
    let mut reasons = o.object(key);
    for (name, n) in list {
        reasons.unsigned(name, *n);
    }
    reasons.end();
}

/// Adds the member `view` to the record that begins at a place and was just written.
fn extend(out: &mut Vec<u8>, begun: usize, write: impl FnOnce(&mut Object<'_>)) {
    if out.len() < begun + 2 || !out.ends_with(b"}\n") {
        return;
    }
    out.truncate(out.len() - 2);
    out.extend_from_slice(b",\"view\":");
    let mut view = Object::begin(out);
    write(&mut view);
    view.end();
    out.extend_from_slice(b"}\n");
}

fn side_word(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}

fn frames(o: &mut Object<'_>, key: &str, list: &[FrameRef]) {
    let mut array = o.array(key);
    for frame in list.iter().take(64) {
        let mut one = array.object();
        write_frame(&mut one, frame);
        one.end();
    }
    array.end();
}

fn place(o: &mut Object<'_>, key: &str, frame: FrameRef) {
    let mut one = o.object(key);
    write_frame(&mut one, &frame);
    one.end();
}

fn write_frame(o: &mut Object<'_>, frame: &FrameRef) {
    o.unsigned("seq", frame.seq);
    o.unsigned("number", frame.number);
    o.unsigned("file", u64::from(frame.file));
    o.integer("time", frame.time);
}

/// The key itself may name somebody: only its hash leaves the sensor.
fn write_join(o: &mut Object<'_>, key: &str, join: &Join<'_>) {
    let mut hasher = DefaultHasher::new();
    join.key.hash(&mut hasher);
    let mut one = o.object(key);
    one.text(
        "scope",
        match join.scope {
            Scope::Conversation => "conversation",
            Scope::Hosts => "hosts",
            Scope::Everywhere => "everywhere",
        },
    );
    one.text("key", &format!("{:016x}", hasher.finish()));
    one.flag("last", join.last);
    one.text("outcome", join.outcome.word());
    one.end();
}
