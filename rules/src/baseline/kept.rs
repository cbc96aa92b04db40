//! A baseline as it is kept: in a state directory, or in a file that `learn` wrote.

use std::net::IpAddr;

use dissectors::action::{Device, Verb};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::spans::{DAY, Spans};
use super::{Baseline, Profile};
use crate::inventory::logbook::Week;
use crate::limits::Limits;

/// The form of the file.
pub const SCHEMA: u64 = 1;

impl Baseline {
    pub fn value(&self) -> Value {
        let mut devices: Vec<_> = self.devices.iter().collect();
        devices.sort_by_key(|(ip, _)| **ip);
        let devices: Vec<Value> = devices
            .into_iter()
            .map(|(ip, p)| with(profile(p), "ip", json!(ip)))
            .collect();
        let kinds: Vec<Value> = self
            .kinds
            .iter()
            .map(|(kind, p)| with(profile(p), "kind", json!(kind.word())))
            .collect();
        json!({ "schema": SCHEMA, "began": self.began, "learning": self.learning, "devices": devices,
                "kinds": kinds })
    }

    /// Reads one. What in it cannot be read is left out; `Err` if it is none at all.
    pub fn of(value: &Value, zone: TimeZone, limits: &Limits) -> Result<Baseline, String> {
        let schema = value.get("schema").and_then(Value::as_u64);
        match schema {
            Some(SCHEMA) => {}
            Some(other) => {
                return Err(format!(
                    "schema {other} is not read by this version; it reads {SCHEMA}"
                ));
            }
            None => return Err("this is no baseline: it has no `schema`".into()),
        }
        let learning = value.get("learning").and_then(Value::as_i64);
        let learning = learning.ok_or("this is no baseline: it has no `learning`")?;
        let mut all = Baseline::learning(learning, zone, limits);
        all.began = value.get("began").and_then(Value::as_i64);
        for value in list(value, "devices") {
            let ip = value.get("ip").and_then(Value::as_str);
            let ip: Option<IpAddr> = ip.and_then(|ip| ip.parse().ok());
            if let Some((ip, profile)) = ip.zip(profile_of(value, all.peers))
                && all.devices.len() < all.room
            {
                all.devices.insert(ip, profile);
            }
        }
        for value in list(value, "kinds") {
            let kind = value.get("kind").and_then(Value::as_str);
            if let Some((kind, profile)) = kind
                .and_then(Device::from_word)
                .zip(profile_of(value, all.peers))
                && !all.kinds.iter().any(|(k, _)| *k == kind)
            {
                all.kinds.push((kind, profile));
            }
        }
        Ok(all)
    }
}

fn with(mut value: Value, key: &str, what: Value) -> Value {
    value[key] = what;
    value
}

fn profile(p: &Profile) -> Value {
    let hours: Vec<usize> = (0..168).filter(|h| p.hours.has(*h)).collect();
    json!({
        "peers": p.peers, "many_peers": p.many_peers, "asks": words(p.asks), "asked": words(p.asked),
        "hours": hours, "messages": p.messages.counts, "bytes": p.bytes.counts,
        "next": [p.messages.next, p.bytes.next], "learned": p.learned,
    })
}

fn profile_of(value: &Value, room: usize) -> Option<Profile> {
    let mut hours = Week::default();
    for hour in list(value, "hours")
        .filter_map(Value::as_u64)
        .filter(|h| *h < 168)
    {
        hours.add((hour / 24) as usize, (hour % 24) as u16 * 60);
    }
    let spans = |key: &str, at: usize| Spans {
        counts: list(value, key)
            .filter_map(Value::as_u64)
            .take(DAY)
            .collect(),
        next: value
            .get("next")
            .and_then(|n| n.get(at)?.as_u64())
            .map_or(0, |n| n as usize % DAY),
    };
    Some(Profile {
        peers: list(value, "peers")
            .filter_map(|p| p.as_str()?.parse().ok())
            .take(room)
            .collect(),
        many_peers: value.get("many_peers")?.as_bool()?,
        asks: bits(value, "asks"),
        asked: bits(value, "asked"),
        hours,
        messages: spans("messages", 0),
        bytes: spans("bytes", 1),
        span: 0,
        now: [0, 0],
        learned: value.get("learned")?.as_bool()?,
    })
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn words(bits: u32) -> Vec<&'static str> {
    let has = |v: &&Verb| bits >> (**v as u32) & 1 == 1;
    Verb::ALL.iter().filter(has).map(|v| v.word()).collect()
}

fn bits(value: &Value, key: &str) -> u32 {
    list(value, key)
        .filter_map(|v| Verb::from_word(v.as_str()?))
        .fold(0, |bits, verb| bits | 1 << (verb as u32))
}
