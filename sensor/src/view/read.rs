//! EVE lines back into what the screens are made of.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use dissectors::action::Outcome;
use dissectors::message::{Batch, Conversation, Endpoint, FrameRef, Interest, Messages};
use dissectors::schema::KindId;
use dissectors::{Limits, ProtocolId, Side, Transport};
use rules::finding::FindingId;
use rules::inventory::Use;
use serde_json::{Map, Value};
use tui::feed::{Account, Feed, InUse, Latency, Stats};

use crate::output::marks;

mod finding;
mod values;

use values::{
    anomalies, counters, fields, frame, frame_of, frames_of, mac, scope, text, time, write_action,
};

/// Reads lines and feeds the screens.
pub struct Reader {
    feed: Feed,
    limits: Limits,
    interest: Interest,
    batch: Batch,
    /// The client of a conversation, where the records do not tell sides.
    clients: HashMap<u64, (IpAddr, u16)>,
    findings: HashMap<FindingId, rules::Finding>,
    rules: HashMap<String, Arc<rules::Rule>>,
    /// Lines that were no record.
    pub strange: u64,
}

/// Conversations whose client is remembered.
const CLIENTS: usize = 100_000;

/// Open findings that are remembered until their closing record.
const FINDINGS: usize = 100_000;

impl Reader {
    pub fn new(feed: Feed) -> Self {
        Reader {
            feed,
            limits: Limits::default(),
            interest: Interest::everything(),
            batch: Batch::default(),
            clients: HashMap::new(),
            findings: HashMap::new(),
            rules: HashMap::new(),
            strange: 0,
        }
    }

    pub fn feed(&mut self) -> &mut Feed {
        &mut self.feed
    }

    /// Takes one line.
    pub fn line(&mut self, line: &[u8]) {
        if line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let Ok(Value::Object(record)) = serde_json::from_slice(line) else {
            self.strange += 1;
            return;
        };
        let taken = match text(&record, "event_type") {
            "alert" => self.alert(&record),
            "finding" => self.closing(&record),
            "mark" => record
                .get("mark")
                .and_then(marks::parse)
                .map(|mark| self.feed.mark(mark)),
            "stats" => self.stats(&record),
            "audit" => {
                if let Some(note) = record.get("note").and_then(Value::as_str) {
                    self.feed.note(rules::clean::text(note.as_bytes()));
                }
                Some(())
            }
            name => match ProtocolId::of(name) {
                Some(protocol) => self.message(protocol, name, &record),
                // Another sensor's record, or a later version's: not ours to draw.
                None => Some(()),
            },
        };
        if taken.is_none() {
            self.strange += 1;
        }
    }

    fn message(
        &mut self,
        protocol: ProtocolId,
        name: &str,
        record: &Map<String, Value>,
    ) -> Option<()> {
        let body = record.get(name)?.as_object()?;
        let view = record.get("view").and_then(Value::as_object);
        let talk = self.talk(record, view)?;
        let at = FrameRef {
            time: time(record)?,
            ..frame_of(record)
        };
        let number = |key| view.and_then(|v| v.get(key)).and_then(Value::as_u64);
        let range = number("from").unwrap_or(0)..number("to").unwrap_or(0);
        self.batch.clear();
        let mut pen = Messages::new(
            &mut self.batch,
            &self.limits,
            &self.interest,
            protocol,
            talk.side,
            range.start,
        );
        let kind = text(body, "kind");
        let kinds = protocol.protocol().kinds;
        let mut draft = match kinds.iter().position(|k| k.name == kind) {
            Some(at) => pen.message(KindId(at as u16), range),
            None => pen.message_named(kind.as_bytes(), range),
        };
        fields(&mut draft, protocol, body);
        anomalies(&mut draft, protocol, body);
        if let Some(action) = body.get("action").and_then(Value::as_object) {
            write_action(&mut draft, action);
        }
        let join = |key| view.and_then(|v| v.get(key)).and_then(Value::as_object);
        if let Some(join) = join("asks") {
            draft.asks(scope(join), text(join, "key").as_bytes());
        }
        if let Some(join) = join("answers") {
            let last = join.get("last").and_then(Value::as_bool).unwrap_or(true);
            let outcome = Outcome::from_word(text(join, "outcome")).unwrap_or(Outcome::Unknown);
            draft.answers(scope(join), text(join, "key").as_bytes(), last, outcome);
        }
        let conversation = self.batch.add_conversation(talk.conversation(view, at));
        let mut frames = view
            .and_then(|v| v.get("frames"))
            .map(frames_of)
            .unwrap_or_default();
        if frames.is_empty() {
            frames.push(at);
        }
        self.batch.place(0, conversation, talk.vlan, frames);
        self.feed.message(self.batch.message(0));
        Some(())
    }

    /// The conversation of a record, and who sent it.
    fn talk(
        &mut self,
        record: &Map<String, Value>,
        view: Option<&Map<String, Value>>,
    ) -> Option<Spoken> {
        let flow_id = record.get("flow_id")?.as_u64()?;
        let end = |ip: &str, port: &str| {
            let ip: IpAddr = text(record, ip).parse().ok()?;
            let port = record.get(port).and_then(Value::as_u64).unwrap_or(0);
            Some((ip, u16::try_from(port).ok()?))
        };
        let nobody = (IpAddr::from([0, 0, 0, 0]), 0);
        let from = end("src_ip", "src_port").unwrap_or(nobody);
        let to = end("dest_ip", "dest_port").unwrap_or(nobody);
        let transport = match text(record, "proto") {
            "TCP" => Transport::Tcp,
            "UDP" => Transport::Udp,
            "ICMP" => Transport::Icmp,
            "IPv6-ICMP" => Transport::Icmp6,
            _ => Transport::Link(0),
        };
        let told = view.map(|v| text(v, "side")).filter(|s| !s.is_empty());
        let side = match told {
            Some("server") => Side::Server,
            Some(_) => Side::Client,
            None => {
                if self.clients.len() >= CLIENTS {
                    self.clients.clear();
                }
                let client = *self.clients.entry(flow_id).or_insert(from);
                if client == from {
                    Side::Client
                } else {
                    Side::Server
                }
            }
        };
        let vlan = record
            .get("vlan")
            .and_then(|v| v.get(0))
            .and_then(Value::as_u64)
            .and_then(|v| u16::try_from(v).ok())
            .unwrap_or(0);
        Some(Spoken {
            flow_id,
            transport,
            side,
            from,
            to,
            vlan,
            mid_stream: record
                .get("mid_stream")
                .and_then(Value::as_bool)
                .unwrap_or(false),
        })
    }

    fn stats(&mut self, record: &Map<String, Value>) -> Option<()> {
        let mut stats = Stats::default();
        if let Some(view) = record.get("view").and_then(Value::as_object) {
            let number = |key: &str| view.get(key).and_then(Value::as_u64);
            stats.frames = number("frames").unwrap_or(0);
            stats.lost = number("lost").unwrap_or(0);
            stats.rules = number("rules").unwrap_or(0) as usize;
            stats.policy = view
                .get("policy")
                .and_then(Value::as_str)
                .map(str::to_owned);
            stats.memory = number("memory").zip(number("memory_most"));
            let quantiles = |l: &Map<String, Value>| {
                let n = |key: &str| l.get(key).and_then(Value::as_u64).unwrap_or(0);
                Latency {
                    p50: n("p50"),
                    p99: n("p99"),
                    max: n("max"),
                    count: n("count"),
                }
            };
            stats.latency = view
                .get("latency")
                .and_then(Value::as_object)
                .map(quantiles);
            stats.stages = view
                .get("stages")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(|s| {
                    let s = s.as_object()?;
                    Some((s.get("stage")?.as_str()?.to_owned(), quantiles(s)))
                })
                .collect();
            let list = |key: &str| view.get(key).and_then(Value::as_array).cloned();
            stats.accounts = list("accounts")
                .unwrap_or_default()
                .iter()
                .filter_map(|a| {
                    Some(Account {
                        name: a.get("name")?.as_str()?.to_owned(),
                        incoming: a.get("in")?.as_u64()?,
                        reasons: counters(a.get("reasons")?),
                    })
                })
                .collect();
            stats.beside = list("beside")
                .unwrap_or_default()
                .iter()
                .filter_map(|a| {
                    let name = a.get("name")?.as_str()?.to_owned();
                    Some((name, counters(a.get("reasons")?)))
                })
                .collect();
            stats.costs = list("costs")
                .unwrap_or_default()
                .iter()
                .filter_map(|c| Some((c.get("rule")?.as_str()?.to_owned(), c.get("ns")?.as_u64()?)))
                .collect();
            stats.uses = list("uses")
                .unwrap_or_default()
                .iter()
                .filter_map(|u| {
                    let word = u.get("use")?.as_str()?;
                    Some(InUse {
                        ip: u.get("ip")?.as_str()?.parse().ok()?,
                        what: Use::ALL.into_iter().find(|w| w.word() == word)?,
                        since: u.get("since")?.as_i64()?,
                        last: u.get("last")?.as_i64()?,
                    })
                })
                .collect();
            stats.troubles = list("troubles")
                .unwrap_or_default()
                .iter()
                .filter_map(|t| t.as_str().map(str::to_owned))
                .collect();
        } else if let Some(ledger) = record.get("stats")?.get("ledger")?.as_object() {
            // The closing record of an EVE file.
            for (name, part) in ledger {
                let Some(part) = part.as_object() else {
                    continue;
                };
                let all = counters(&Value::Object(part.clone()));
                match part.get("in").and_then(Value::as_u64) {
                    Some(incoming) => stats.accounts.push(Account {
                        name: name.clone(),
                        incoming,
                        reasons: all.into_iter().filter(|(n, _)| n != "in").collect(),
                    }),
                    None => stats.beside.push((name.clone(), all)),
                }
            }
            stats.frames = stats
                .accounts
                .iter()
                .find(|a| a.name == "frames")
                .map_or(0, |a| a.incoming);
        }
        self.feed.stats(stats);
        Some(())
    }
}

/// Who spoke to whom in a record.
struct Spoken {
    flow_id: u64,
    transport: Transport,
    side: Side,
    from: (IpAddr, u16),
    to: (IpAddr, u16),
    vlan: u16,
    mid_stream: bool,
}

impl Spoken {
    /// Client and server.
    fn ends(&self) -> [(IpAddr, u16); 2] {
        match self.side {
            Side::Client => [self.from, self.to],
            Side::Server => [self.to, self.from],
        }
    }

    fn conversation(&self, view: Option<&Map<String, Value>>, at: FrameRef) -> Conversation {
        let flag = |key: &str| {
            view.and_then(|v| v.get(key))
                .and_then(Value::as_bool)
                .unwrap_or(key != "overlap_differs")
        };
        let number = |key: &str| {
            view.and_then(|v| v.get(key))
                .and_then(Value::as_u64)
                .unwrap_or(0)
        };
        let mac = |key: &str| view.and_then(|v| mac(text(v, key)));
        let [client, server] = self.ends();
        let end = |(ip, port), mac| Endpoint { ip, port, mac };
        Conversation {
            flow_id: self.flow_id,
            transport: self.transport,
            ends: [
                end(client, mac("mac_client")),
                end(server, mac("mac_server")),
            ],
            started: view
                .and_then(|v| v.get("started"))
                .map_or(at, |f| frame(f).unwrap_or(at)),
            mid_stream: self.mid_stream,
            seen: [flag("seen_client"), flag("seen_server")],
            missing: [number("missing_client"), number("missing_server")],
            overlap_differs: flag("overlap_differs"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_lines_are_counted_and_harm_nobody() {
        let (feed, mailbox) = Feed::new(None);
        let mut reader = Reader::new(feed);
        for line in [
            &b"{"[..],
            b"[]",
            b"{\"event_type\":\"alert\"}",
            b"{\"event_type\":\"hl7v2\",\"hl7v2\":{}}",
            b"{\"event_type\":\"finding\",\"finding\":3}",
            b"\xff\xfe",
        ] {
            reader.line(line);
        }
        reader.feed().publish();
        assert_eq!(reader.strange, 6);
        assert!(mailbox.take().findings.is_empty());
    }

    #[test]
    fn records_of_other_sensors_are_passed_over() {
        let (feed, _) = Feed::new(None);
        let mut reader = Reader::new(feed);
        reader.line(b"{\"event_type\":\"flow\",\"flow\":{}}");
        assert_eq!(reader.strange, 0);
    }

    #[test]
    fn time_of_a_record_is_read_with_its_zone() {
        assert_eq!(
            values::parse_time("2025-11-24T17:00:00.000042+0100"),
            Some(1_764_000_000_000_042_000)
        );
    }
}
