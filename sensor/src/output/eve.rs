//! EVE JSON lines in Suricata's shape: one record a medical message, one `alert` a finding.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use dissectors::action::Quantity;
use dissectors::message::{Conversation, Endpoint, FrameRef, Message, Value};
use dissectors::{Action, Privacy, Side, Transport};

use rules::inventory::Register;

use super::clock::Clock;
use super::community::community_id;
use super::discretion::Discretion;
use super::json::{self, Array, Object};
use super::ruling::Ruling;
use crate::capture::FileNames;

/// What every record needs besides its own data.
pub struct Eve {
    clock: Clock,
    /// File names, if there are several inputs: then each record names its own.
    files: Vec<String>,
    /// The members that are the same for all records of one direction of a conversation.
    addresses: HashMap<(u64, Side), Box<[u8]>>,
    /// Byte ranges of the fields are written too.
    offsets: bool,
    /// What the site calls its devices.
    register: Option<Arc<Register>>,
    /// The files are interfaces.
    live: bool,
    /// Files that become known while they are read: each record names its own.
    growing: Option<FileNames>,
    ruling: Ruling,
}

/// How many conversations' address members are remembered before the memory starts anew.
const REMEMBERED: usize = 65_536;

impl Eve {
    pub fn new(clock: Clock, files: Vec<String>, offsets: bool) -> Self {
        Eve {
            clock,
            files,
            addresses: HashMap::new(),
            offsets,
            register: None,
            live: false,
            growing: None,
            ruling: Ruling::default(),
        }
    }

    /// The inputs are interfaces, not files: each record names its own as `in_iface`.
    pub fn on_interfaces(mut self) -> Self {
        self.live = true;
        self
    }

    /// The inputs become more: this list grows with them.
    pub fn on_growing(mut self, names: FileNames) -> Self {
        self.growing = Some(names);
        self
    }

    /// From here on these rules and this policy are in force.
    pub fn rule_by(&mut self, ruling: Ruling) {
        self.ruling = ruling;
    }

    /// Which rules and which policy a finding or the statistics rest on.
    pub fn ruling(&self, record: &mut Object<'_>) {
        if !self.ruling.rules.is_empty() {
            record.text("rules_hash", &self.ruling.rules);
        }
        if !self.ruling.policy.is_empty() {
            record.text("policy_hash", &self.ruling.policy);
        }
        if !self.ruling.exceptions.is_empty() {
            record.text("exceptions_hash", &self.ruling.exceptions);
        }
    }

    /// Names the ends of every record by the site's list of devices.
    pub fn call_by(&mut self, register: Option<Arc<Register>>) {
        self.register = register;
    }

    /// Writes one message as a line.
    pub fn message(&mut self, m: Message<'_>, discretion: &mut Discretion, out: &mut Vec<u8>) {
        let protocol = m.protocol().protocol();
        let mut record = Object::begin(out);
        self.head(
            &mut record,
            m.frame(),
            protocol.name,
            m.conversation(),
            m.side(),
            m.vlan(),
        );
        record.text("app_proto", protocol.name);
        let frames = m.frames();
        if let Some(first) = frames.first().filter(|f| f.number != m.frame().number) {
            record.unsigned("first_frame", first.number);
        }
        if m.conversation().mid_stream {
            record.flag("mid_stream", true);
        }
        record.text("provenance", m.provenance().word());
        let mut object = record.object(protocol.name);
        object.wire("kind", m.kind());
        if let Some(action) = m.action() {
            write_action(&mut object, &action, discretion);
        }
        write_anomalies(&mut object, m);
        write_fields(&mut object, m, discretion);
        if self.offsets {
            write_offsets(&mut object, m);
        }
        object.end();
        record.end();
        out.push(b'\n');
    }

    /// The members that every record begins with.
    pub fn head(
        &mut self,
        record: &mut Object<'_>,
        frame: FrameRef,
        event_type: &str,
        conversation: &Conversation,
        sender: Side,
        vlan: u16,
    ) {
        self.stamp(record, frame.time);
        record.unsigned("flow_id", conversation.flow_id);
        self.place(record, frame);
        record.text("event_type", event_type);
        if vlan != 0 {
            let mut list = record.array("vlan");
            list.unsigned(u64::from(vlan));
            list.end();
        }
        let addresses = self.addresses(conversation, sender);
        record.members(addresses);
    }

    pub fn stamp(&mut self, record: &mut Object<'_>, time: i64) {
        let mut text = Vec::with_capacity(40);
        text.push(b'"');
        self.clock.eve(time, &mut text);
        text.push(b'"');
        record.raw("timestamp", &text);
    }

    pub fn place(&self, record: &mut Object<'_>, frame: FrameRef) {
        record.unsigned("pcap_cnt", frame.number);
        if self.live {
            if let Some(name) = self.files.get(frame.file as usize) {
                record.text("in_iface", name);
            }
        } else if let Some(names) = &self.growing {
            record.text("pcap_filename", &names.of(frame.file));
        } else if self.files.len() > 1
            && let Some(name) = self.files.get(frame.file as usize)
        {
            record.text("pcap_filename", name);
        }
    }

    pub fn clock(&mut self) -> &mut Clock {
        &mut self.clock
    }

    /// Address members, rendered once a conversation and direction: a Community ID costs a SHA-1.
    fn addresses(&mut self, conversation: &Conversation, sender: Side) -> &[u8] {
        if self.addresses.len() > REMEMBERED {
            self.addresses.clear();
        }
        let register = self.register.as_deref();
        self.addresses
            .entry((conversation.flow_id, sender))
            .or_insert_with(|| render_addresses(conversation, sender, register).into_boxed_slice())
    }
}

fn render_addresses(
    conversation: &Conversation,
    sender: Side,
    register: Option<&Register>,
) -> Vec<u8> {
    let source = &conversation.ends[sender.index()];
    let dest = &conversation.ends[sender.other().index()];
    let mut out = Vec::with_capacity(160);
    let mut record = Object::begin(&mut out);
    let protocol = match conversation.transport {
        Transport::Tcp => Some((6, "TCP")),
        Transport::Udp => Some((17, "UDP")),
        Transport::Icmp | Transport::Icmp6 | Transport::Link(_) | Transport::Carried => None,
    };
    match protocol {
        Some((number, name)) => {
            record.text("src_ip", &source.ip.to_string());
            record.unsigned("src_port", u64::from(source.port));
            record.text("dest_ip", &dest.ip.to_string());
            record.unsigned("dest_port", u64::from(dest.port));
            record.text("proto", name);
            let id = community_id(number, (source.ip, source.port), (dest.ip, dest.port));
            record.text("community_id", &id);
        }
        None => below_ip(&mut record, source, dest),
    }
    if let Some(register) = register {
        for (key, end) in [("src_asset", source), ("dest_asset", dest)] {
            let Some(entry) = register.at(end.ip, end.mac) else {
                continue;
            };
            let site = entry.site();
            let mut asset = record.object(key);
            for (key, part) in [
                ("name", &site.name),
                ("tag", &site.tag),
                ("room", &site.room),
            ] {
                if !part.is_empty() {
                    asset.text(key, part);
                }
            }
            asset.end();
        }
    }
    record.end();
    // The braces belong to the record that these members go into.
    out[1..out.len() - 1].to_vec()
}

/// Frames below IP have MAC addresses only.
fn below_ip(record: &mut Object<'_>, source: &Endpoint, dest: &Endpoint) {
    let unset = |ip: IpAddr| ip.is_unspecified();
    if !unset(source.ip) || !unset(dest.ip) {
        record.text("src_ip", &source.ip.to_string());
        record.text("dest_ip", &dest.ip.to_string());
    }
    let mut ether = record.object("ether");
    if let Some(mac) = source.mac {
        ether.text("src_mac", &mac_text(mac));
    }
    if let Some(mac) = dest.mac {
        ether.text("dest_mac", &mac_text(mac));
    }
    ether.end();
}

/// A MAC address as `02:00:00:aa:bb:cc`.
pub fn mac_text(mac: [u8; 6]) -> String {
    let [a, b, c, d, e, f] = mac;
    format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
}

/// The clinical action as an object: verb, effect, and what else is known.
pub fn write_action(object: &mut Object<'_>, action: &Action<'_>, discretion: &mut Discretion) {
    let mut o = object.object("action");
    o.text("verb", action.verb.word());
    o.text("effect", action.verb.effect(action.device).word());
    if action.device != dissectors::Device::Unknown {
        o.text("device", action.device.word());
    }
    let order = discretion.order(action.order);
    for (key, part) in [
        ("device_id", action.device_id),
        ("channel", action.channel),
        ("handle", action.handle),
        ("order", order.as_bytes()),
        ("drug", action.drug),
        ("destination", action.destination),
    ] {
        if !part.is_empty() {
            o.wire(key, part);
        }
    }
    if let Some(value) = action.value {
        let mut q = o.object("value");
        write_quantity(&mut q, value);
        q.end();
    }
    o.text("outcome", action.outcome.word());
    o.end();
}

fn write_quantity(o: &mut Object<'_>, q: Quantity<'_>) {
    o.number("number", q.number);
    o.wire("sent", q.sent);
    if !q.unit.is_empty() {
        o.wire("unit", q.unit);
    }
    if !q.code.is_empty() {
        o.wire("code", q.code);
    }
}

fn write_anomalies(object: &mut Object<'_>, m: Message<'_>) {
    if m.anomalies().is_empty() {
        return;
    }
    let mut list = object.array("anomaly");
    for anomaly in m.anomalies() {
        let mut o = list.object();
        o.text("name", anomaly.name);
        o.unsigned("at", anomaly.at);
        o.end();
    }
    list.end();
}

/// Fields by their short names; those that may repeat are always lists.
fn write_fields(object: &mut Object<'_>, m: Message<'_>, discretion: &mut Discretion) {
    let mut listed: u128 = 0;
    let mut scalar: u128 = 0;
    for (id, value) in m.fields() {
        let field = m.describe(id);
        let bit = 1u128.checked_shl(u32::from(id.0)).unwrap_or(0);
        if !field.many {
            // Keys of an object are unique: a second value of a single field is not written.
            if scalar & bit == 0 {
                object.value(field.name, |out| {
                    write_value(out, field.privacy, value, discretion)
                });
            }
            scalar |= bit;
        } else if listed & bit == 0 {
            listed |= bit;
            let mut list = object.array(field.name);
            for value in m.values(id) {
                list.element(|out| write_value(out, field.privacy, value, discretion));
            }
            list.end();
        }
    }
}

fn write_value(out: &mut Vec<u8>, privacy: Privacy, value: Value<'_>, discretion: &mut Discretion) {
    if let Some(shown) = discretion.stand_in(privacy, value) {
        return json::string(out, shown.as_bytes());
    }
    match value {
        Value::Text(text) | Value::Time(text) => json::string(out, text),
        Value::Bytes(bytes) => json::string(out, hex(bytes).as_bytes()),
        Value::Integer(n) => json::integer(out, n),
        Value::Decimal(n) => json::number(out, n),
        Value::Flag(flag) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
        Value::Quantity(q) => {
            let mut o = Object::begin(out);
            write_quantity(&mut o, q);
            o.end();
        }
        Value::Secret(len) => json::string(out, format!("(secret, {len} bytes)").as_bytes()),
    }
}

/// Byte ranges of the fields in the sender's stream, by field name.
fn write_offsets(object: &mut Object<'_>, m: Message<'_>) {
    let mut list = object.array("offsets");
    for (id, _, (at, len)) in m.fields_with_ranges() {
        if len > 0 {
            write_offset(&mut list, m.describe(id).name, at, len);
        }
    }
    list.end();
}

fn write_offset(list: &mut Array<'_>, name: &str, at: u64, len: u32) {
    let mut o = list.object();
    o.text("field", name);
    o.unsigned("at", at);
    o.unsigned("len", u64::from(len));
    o.end();
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, b| {
            let _ = write!(text, "{b:02x}");
            text
        })
}
