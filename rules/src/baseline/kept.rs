//! A baseline as it is kept: in a state directory, or in a file that `learn` wrote.

use std::net::IpAddr;

use dissectors::action::{Device, Verb};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::Baseline;
use super::profile::{Counting, Profile};
use super::spans::Spans;
use super::who::Key;
use crate::inventory::Inventory;
use crate::inventory::logbook::Week;
use crate::limits::Limits;

/// The form of the file. Form 1 knew devices by address, and single counts; it is read as well.
pub const SCHEMA: u64 = 2;

impl Baseline {
    /// What is kept. A network card that turned out to be a router's is nobody's name.
    pub fn value(&self, inventory: &Inventory) -> Value {
        let own = |key: &&Key| !matches!(key, Key::Mac(mac) if inventory.is_router(*mac));
        let name = |slot: u32| {
            let keys = self.who.keys(slot);
            keys.iter().filter(own).min().map(Key::to_string)
        };
        let mut devices: Vec<Value> = Vec::new();
        for (slot, p) in self.profiles.iter().enumerate() {
            let slot = slot as u32;
            let mut keys: Vec<&Key> = self.who.keys(slot).iter().filter(own).collect();
            keys.sort();
            let Some(ip) = self.who.address(slot).filter(|_| !keys.is_empty()) else {
                continue;
            };
            let mut peers: Vec<String> = p.peers.iter().filter_map(|s| name(*s)).collect();
            peers.sort();
            let mut value = profile(p);
            value["ip"] = json!(ip);
            value["known_as"] = keys.iter().map(|k| k.to_string()).collect();
            value["peers"] = json!(peers);
            devices.push(value);
        }
        devices.sort_by_cached_key(|v| v["known_as"].to_string());
        let kinds: Vec<Value> = self
            .kinds
            .iter()
            .map(|(kind, p)| {
                let mut value = profile(p);
                value["kind"] = json!(kind.word());
                value
            })
            .collect();
        json!({ "schema": SCHEMA, "began": self.began, "learning": self.learning, "devices": devices,
                "kinds": kinds })
    }

    /// Reads one. What in it cannot be read is left out; `Err` if it is none at all.
    pub fn of(value: &Value, zone: TimeZone, limits: &Limits) -> Result<Baseline, String> {
        let schema = value.get("schema").and_then(Value::as_u64);
        let first = match schema {
            Some(1) => true,
            Some(SCHEMA) => false,
            Some(other) => {
                return Err(format!(
                    "schema {other} is not read by this version; it reads {SCHEMA}"
                ));
            }
            None => return Err("this is no baseline: it has no `schema`".into()),
        };
        let learning = value.get("learning").and_then(Value::as_i64);
        let learning = learning.ok_or("this is no baseline: it has no `learning`")?;
        let mut all = Baseline::learning(learning, zone, limits);
        all.began = value.get("began").and_then(Value::as_i64);
        let mut peers: Vec<Vec<Key>> = Vec::new();
        for value in list(value, "devices") {
            let ip = value.get("ip").and_then(Value::as_str);
            let ip: Option<IpAddr> = ip.and_then(|ip| ip.parse().ok());
            let Some((ip, profile)) = ip.zip(profile_of(value)) else {
                continue;
            };
            if all.who.len() >= all.room.devices {
                break;
            }
            let texts = |key| list(value, key).filter_map(Value::as_str);
            let keys = match first {
                true => vec![Key::Ip(ip)],
                false => texts("known_as").filter_map(Key::parse).collect(),
            };
            let named = texts("peers").take(all.room.peers);
            peers.push(match first {
                true => named.filter_map(|p| p.parse().ok()).map(Key::Ip).collect(),
                false => named.filter_map(Key::parse).collect(),
            });
            all.who.add(ip, keys);
            all.profiles.push(profile);
        }
        for (slot, keys) in peers.into_iter().enumerate() {
            for key in keys {
                let known = all.who.known_as(&key);
                let known = match (known, &key) {
                    (None, Key::Ip(ip)) if all.who.len() < all.room.devices => {
                        let ip = *ip;
                        all.profiles.push(Profile::default());
                        Some(all.who.add(ip, vec![key]))
                    }
                    (known, _) => known,
                };
                all.profiles[slot].peers.extend(known);
            }
        }
        for value in list(value, "kinds") {
            let kind = value.get("kind").and_then(Value::as_str);
            if let Some((kind, profile)) = kind.and_then(Device::from_word).zip(profile_of(value))
                && !all.kinds.iter().any(|(k, _)| *k == kind)
            {
                all.kinds.push((kind, profile));
            }
        }
        Ok(all)
    }
}

fn profile(p: &Profile) -> Value {
    let hours: Vec<usize> = (0..168).filter(|h| p.hours.has(*h)).collect();
    json!({
        "many_peers": p.many_peers, "asks": words(p.asks), "asked": words(p.asked),
        "hours": hours, "messages": spans(&p.messages), "bytes": spans(&p.bytes),
        "hourly": spans(&p.hourly), "learned": p.learned,
    })
}

fn spans(s: &Spans) -> Value {
    let sizes: Vec<_> = s.sizes.iter().collect();
    json!({ "sizes": sizes, "idle": s.idle, "longest": s.longest, "most": s.most })
}

fn profile_of(value: &Value) -> Option<Profile> {
    let mut hours = Week::default();
    for hour in list(value, "hours")
        .filter_map(Value::as_u64)
        .filter(|h| *h < 168)
    {
        hours.add((hour / 24) as usize, (hour % 24) as u16 * 60);
    }
    Some(Profile {
        peers: Vec::new(),
        many_peers: value.get("many_peers")?.as_bool()?,
        asks: bits(value, "asks"),
        asked: bits(value, "asked"),
        hours,
        messages: spans_of(value.get("messages")),
        bytes: spans_of(value.get("bytes")),
        hourly: spans_of(value.get("hourly")),
        learned: value.get("learned")?.as_bool()?,
        now: Counting::default(),
    })
}

fn spans_of(value: Option<&Value>) -> Spans {
    let mut spans = Spans::default();
    let Some(value) = value else { return spans };
    // Form 1: the counts themselves.
    if let Some(counts) = value.as_array() {
        let mut idle = 0;
        for count in counts.iter().filter_map(Value::as_u64) {
            match count {
                0 => idle += 1,
                count => {
                    spans.add(count, idle);
                    idle = 0;
                }
            }
        }
        return spans;
    }
    let number = |key| value.get(key).and_then(Value::as_u64).unwrap_or(0);
    (spans.idle, spans.longest, spans.most) = (number("idle"), number("longest"), number("most"));
    for pair in list(value, "sizes") {
        let at = |n| pair.get(n).and_then(Value::as_u64);
        if let (Some(size), Some(count)) = (at(0), at(1))
            && let (Ok(size), Ok(count)) = (u16::try_from(size), u32::try_from(count))
        {
            spans.sizes.insert(size, count);
        }
    }
    spans
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
