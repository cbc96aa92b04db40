//! Conversations: who talks with whom, how much, what is missing.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::IpAddr;

use dissectors::contract::{Side, Transport};
use dissectors::message::{FrameRef, Message};
use dissectors::registry::ProtocolId;

use crate::limits::CONVERSATIONS;

/// One conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct TalkRow {
    pub flow_id: u64,
    pub transport: Transport,
    /// Client and server.
    pub ends: [(IpAddr, u16); 2],
    pub vlan: u16,
    pub protocols: Vec<ProtocolId>,
    pub started: FrameRef,
    pub last: FrameRef,
    /// By side.
    pub messages: [u64; 2],
    /// Stream bytes up to the end of the last message, by side.
    pub bytes: [u64; 2],
    pub commands: u64,
    pub anomalies: u64,
    pub missing: [u64; 2],
    pub seen: [bool; 2],
    pub mid_stream: bool,
    pub overlap_differs: bool,
}

#[derive(Default)]
pub struct Talks {
    rows: HashMap<u64, TalkRow>,
    age: VecDeque<u64>,
    changed: HashSet<u64>,
}

impl Talks {
    /// Counts a message. True if it is the conversation's first of its protocol.
    pub fn message(&mut self, m: Message<'_>) -> bool {
        let c = m.conversation();
        if !self.rows.contains_key(&c.flow_id) {
            if self.rows.len() >= CONVERSATIONS
                && let Some(oldest) = self.age.pop_front()
            {
                self.rows.remove(&oldest);
                self.changed.remove(&oldest);
            }
            self.age.push_back(c.flow_id);
        }
        let row = self.rows.entry(c.flow_id).or_insert_with(|| TalkRow {
            flow_id: c.flow_id,
            transport: c.transport,
            ends: c.ends.map(|e| (e.ip, e.port)),
            vlan: m.vlan(),
            protocols: Vec::new(),
            started: c.started,
            last: m.frame(),
            messages: [0; 2],
            bytes: [0; 2],
            commands: 0,
            anomalies: 0,
            missing: [0; 2],
            seen: [false; 2],
            mid_stream: false,
            overlap_differs: false,
        });
        let first = !row.protocols.contains(&m.protocol());
        if first {
            row.protocols.push(m.protocol());
        }
        let side = m.side().index();
        row.last = m.frame();
        // What the transport says of itself is no message of either side.
        let own = m.protocol().is_of_the_sensor();
        row.messages[side] += u64::from(!own);
        row.bytes[side] = row.bytes[side].max(m.range().end);
        row.anomalies += u64::from(!m.anomalies().is_empty());
        row.commands += u64::from(super::commands::is_command(m));
        row.missing = c.missing;
        row.seen = c.seen;
        row.mid_stream = c.mid_stream;
        row.overlap_differs = c.overlap_differs;
        self.changed.insert(c.flow_id);
        first
    }

    pub fn changes(&mut self, news: &mut HashMap<u64, TalkRow>) {
        for id in self.changed.drain() {
            if let Some(row) = self.rows.get(&id) {
                news.insert(id, row.clone());
            }
        }
    }
}

impl TalkRow {
    pub fn client(&self) -> (IpAddr, u16) {
        self.ends[Side::Client.index()]
    }

    pub fn server(&self) -> (IpAddr, u16) {
        self.ends[Side::Server.index()]
    }

    /// A display filter for Wireshark.
    pub fn wireshark(&self) -> String {
        let [(a, ap), (b, bp)] = self.ends;
        let field = |ip: IpAddr| if ip.is_ipv4() { "ip.addr" } else { "ipv6.addr" };
        let hosts = format!("{} == {a} && {} == {b}", field(a), field(b));
        match self.transport {
            Transport::Tcp => format!("{hosts} && tcp.port == {ap} && tcp.port == {bp}"),
            Transport::Udp => format!("{hosts} && udp.port == {ap} && udp.port == {bp}"),
            Transport::Icmp => format!("{hosts} && icmp"),
            Transport::Icmp6 => format!("{hosts} && icmpv6"),
            Transport::Link(_) | Transport::Carried => hosts,
        }
    }
}
