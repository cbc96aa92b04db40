//! Devices: what is here, who commands it, how often.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use dissectors::action::{Device, Verb};
use dissectors::contract::Side;
use dissectors::message::{Endpoint, Message};
use dissectors::registry::ProtocolId;
use rules::clean;
use rules::inventory::Claims;
use rules::language::eval::Sides;
use rules::policy::{Identity, Policy};

use crate::limits::{COMMANDERS, DEVICES};

/// Intervals of the sparkline.
pub const SPARK: usize = 8;

/// Length of one interval in seconds of packet time.
pub const SPARK_SECONDS: i64 = 60;

/// An address, or a device that is reached through one and names itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceKey {
    pub ip: IpAddr,
    /// Its own name behind that address; empty for the host itself.
    pub subject: String,
}

/// Who commands a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commander {
    pub ip: IpAddr,
    pub commands: u64,
    pub last: i64,
}

/// One device as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceRow {
    pub key: DeviceKey,
    pub macs: Vec<[u8; 6]>,
    /// What it calls itself.
    pub names: Vec<String>,
    pub kind: Device,
    /// The policy says so (else the wire does).
    pub kind_by_policy: bool,
    pub protocols: Vec<ProtocolId>,
    /// It answers on these ports.
    pub serves: Vec<u16>,
    pub first_seen: i64,
    pub last_seen: i64,
    pub messages: u64,
    /// Commands that it was given.
    pub commands: u64,
    /// Commands that it gave.
    pub gives: u64,
    pub commanders: Vec<Commander>,
    /// Further commanders than are kept.
    pub more_commanders: bool,
    /// `set-rate 120 mL/h`, of the last command given to it.
    pub last_command: String,
    pub last_command_at: i64,
    /// Commands by interval; `spark_at` is the interval of the last one.
    pub spark: [u32; SPARK],
    pub spark_at: i64,
}

impl DeviceRow {
    /// Commands in the last intervals up to a time, oldest first.
    pub fn spark_until(&self, time: i64) -> [u32; SPARK] {
        let mut out = [0; SPARK];
        let past = interval(time).max(self.spark_at) - self.spark_at;
        for (at, slot) in out.iter_mut().enumerate() {
            let from = at as i64 + past;
            if (0..SPARK as i64).contains(&from) {
                *slot = self.spark[from as usize];
            }
        }
        out
    }

    fn bump(&mut self, time: i64) {
        let now = interval(time);
        let past = now - self.spark_at;
        if past > 0 {
            self.spark = self.spark_until(time);
            self.spark_at = now;
        }
        let at = SPARK as i64 - 1 + past.min(0);
        if let Some(slot) = usize::try_from(at)
            .ok()
            .and_then(|at| self.spark.get_mut(at))
        {
            *slot = slot.saturating_add(1);
        }
    }
}

fn interval(time: i64) -> i64 {
    time.div_euclid(SPARK_SECONDS * 1_000_000_000)
}

pub struct Devices {
    policy: Option<Arc<Policy>>,
    rows: Vec<DeviceRow>,
    by_key: HashMap<DeviceKey, u32>,
    changed: HashSet<u32>,
    /// The conversation seen last, and its rows: messages come in runs.
    last: Option<(u64, [Option<u32>; 2])>,
    pub refused: u64,
}

impl Devices {
    pub fn new(policy: Option<Arc<Policy>>) -> Self {
        Devices {
            policy,
            rows: Vec::new(),
            by_key: HashMap::new(),
            changed: HashSet::new(),
            last: None,
            refused: 0,
        }
    }

    pub fn message(&mut self, m: Message<'_>) {
        let c = m.conversation();
        let time = m.frame().time;
        let pair = match self.last {
            Some((flow, pair)) if flow == c.flow_id => pair,
            _ => {
                let pair = c.ends.map(|e| self.host(&e, time));
                self.last = Some((c.flow_id, pair));
                pair
            }
        };
        for side in Side::BOTH {
            if let Some(at) = pair[side.index()] {
                self.seen(at, m, side);
            }
        }
        if super::commands::is_command(m) {
            self.command(m, pair, time);
        }
    }

    fn command(&mut self, m: Message<'_>, pair: [Option<u32>; 2], time: i64) {
        let Some(action) = m.action() else { return };
        let sides = Sides::of(m);
        let actor = pair[sides.actor_side.index()];
        let target = pair[sides.actor_side.other().index()];
        if let Some(row) = actor.and_then(|at| self.rows.get_mut(at as usize)) {
            row.gives += 1;
        }
        let mut told = action.verb.word().to_owned();
        if let Some(q) = action.value {
            told.push(' ');
            clean::push(&mut told, &q.shown());
            told.push(' ');
            clean::push(&mut told, q.unit);
        }
        let effect = action.verb.effect(action.device);
        let behind = (!action.device_id.is_empty() && super::commands::acts_on_subject(effect))
            .then(|| DeviceKey {
                ip: sides.target.ip,
                subject: clean::text(action.device_id),
            })
            .and_then(|key| self.at(key, time));
        let by = sides.actor.ip;
        for at in [target, behind].into_iter().flatten() {
            self.changed.insert(at);
            let behind = behind.is_none() || behind == Some(at);
            let Some(row) = self.rows.get_mut(at as usize) else {
                continue;
            };
            row.last_seen = row.last_seen.max(time);
            row.commands += 1;
            row.bump(time);
            row.last_command.clone_from(&told);
            row.last_command_at = time;
            if behind && row.kind == Device::Unknown && action.verb != Verb::Order {
                row.kind = action.device;
            }
            let room = row.commanders.len() < COMMANDERS;
            match row.commanders.iter_mut().find(|c| c.ip == by) {
                Some(c) => {
                    c.commands += 1;
                    c.last = time;
                }
                None if room => row.commanders.push(Commander {
                    ip: by,
                    commands: 1,
                    last: time,
                }),
                None => row.more_commanders = true,
            }
        }
        if let Some(behind) = behind.and_then(|at| self.rows.get_mut(at as usize))
            && !behind.protocols.contains(&m.protocol())
        {
            behind.protocols.push(m.protocol());
        }
    }

    /// What every message says of one of its ends.
    fn seen(&mut self, at: u32, m: Message<'_>, side: Side) {
        let Some(row) = self.rows.get_mut(at as usize) else {
            return;
        };
        self.changed.insert(at);
        row.messages += 1;
        row.last_seen = row.last_seen.max(m.frame().time);
        if !row.protocols.contains(&m.protocol()) {
            row.protocols.push(m.protocol());
        }
        let end = &m.conversation().ends[side.index()];
        if side == Side::Server && end.port != 0 && !row.serves.contains(&end.port) {
            row.serves.truncate(7);
            row.serves.push(end.port);
        }
        let claims = Claims::of(m, side);
        let mut named = false;
        let mut claim = |name: String| {
            if row.names.len() < COMMANDERS && !row.names.contains(&name) {
                row.names.push(name);
                named = true;
            }
        };
        if let Some(title) = claims.ae.filter(|t| !t.is_empty()) {
            claim(clean::text(title));
        }
        if let Some((app, facility)) = claims.hl7.filter(|(a, f)| !a.is_empty() || !f.is_empty()) {
            claim(format!("{}|{}", clean::text(app), clean::text(facility)));
        }
        if let Some(epr) = claims.epr.filter(|e| !e.is_empty()) {
            claim(clean::text(epr));
        }
        if let Some(policy) = &self.policy
            && (named || row.messages == 1)
        {
            let kinds = policy.kinds_of(&Identity {
                ip: end.ip,
                mac: end.mac,
                claims,
            });
            let kind = Device::ALL
                .iter()
                .find(|d| **d != Device::Unknown && kinds >> (**d as u16) & 1 == 1);
            if let Some(kind) = kind {
                row.kind = *kind;
                row.kind_by_policy = true;
            }
        }
    }

    fn host(&mut self, end: &Endpoint, time: i64) -> Option<u32> {
        if end.ip.is_unspecified() {
            return None;
        }
        let at = self.at(
            DeviceKey {
                ip: end.ip,
                subject: String::new(),
            },
            time,
        )?;
        let row = self.rows.get_mut(at as usize)?;
        if let Some(mac) = end.mac
            && !row.macs.contains(&mac)
            && row.macs.len() < COMMANDERS
        {
            row.macs.push(mac);
        }
        Some(at)
    }

    fn at(&mut self, key: DeviceKey, time: i64) -> Option<u32> {
        if let Some(at) = self.by_key.get(&key) {
            return Some(*at);
        }
        if self.rows.len() >= DEVICES {
            self.refused += 1;
            return None;
        }
        let at = self.rows.len() as u32;
        self.by_key.insert(key.clone(), at);
        self.rows.push(DeviceRow {
            key,
            macs: Vec::new(),
            names: Vec::new(),
            kind: Device::Unknown,
            kind_by_policy: false,
            protocols: Vec::new(),
            serves: Vec::new(),
            first_seen: time,
            last_seen: time,
            messages: 0,
            commands: 0,
            gives: 0,
            commanders: Vec::new(),
            more_commanders: false,
            last_command: String::new(),
            last_command_at: 0,
            spark: [0; SPARK],
            spark_at: interval(time),
        });
        self.changed.insert(at);
        Some(at)
    }

    pub fn changes(&mut self, news: &mut HashMap<u32, DeviceRow>) {
        for at in self.changed.drain() {
            if let Some(row) = self.rows.get(at as usize) {
                news.insert(at, row.clone());
            }
        }
    }
}
