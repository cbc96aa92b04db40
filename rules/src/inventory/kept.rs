//! The inventory as it is kept between runs.
//!
//! Frame numbers are those of the run that saw them; after a restart they name frames of that run.
//! Names and marks are in it as the inventory holds them, which is without patient data.

use std::net::IpAddr;

use dissectors::action::Device;
use dissectors::registry::ProtocolId;
use serde_json::{Value, json};

use super::devices::mac_text;
use super::holders::{self, Held};
use super::role::{self, Vote};
use super::usage::{Evidence, Use};
use super::{Asset, Inventory, Mark, Peer, Seen};
use crate::finding::Name;
use crate::limits::{self, Hits};
use crate::standing::{frame, frame_of, mac_of, text};

impl Inventory {
    /// Everything but what is known of conversations, which end with the run.
    pub fn keep(&self) -> Value {
        let assets: Vec<Value> = self.assets.iter().map(|a| self.asset_kept(a)).collect();
        json!({ "now": self.now, "assets": assets })
    }

    fn asset_kept(&self, a: &Asset) -> Value {
        let protocols =
            |list: &[ProtocolId]| -> Vec<&str> { list.iter().map(|p| p.name()).collect() };
        let peers: Vec<Value> = a
            .peers
            .iter()
            .filter_map(|p| {
                let ip = self.assets.get(p.at as usize)?.ip;
                Some(json!({ "ip": ip, "protocols": protocols(&p.protocols), "asked": p.asked, "last": p.last }))
            })
            .collect();
        let votes: Vec<Value> = a
            .votes
            .iter()
            .map(|v| {
                json!({ "kind": v.kind.word(), "weight": v.weight, "protocol": v.protocol.name(),
                        "why": v.why, "first": frame(v.first) })
            })
            .collect();
        let uses: Vec<Value> = a
            .uses
            .each()
            .map(|(what, e)| {
                json!({ "what": what.word(), "protocol": e.protocol.name(), "since": e.since,
                        "last": frame(e.last), "over": e.over })
            })
            .collect();
        json!({
            "ip": a.ip, "sent": a.sent, "first": frame(a.first),
            "first_seen": a.first_seen, "last_seen": a.last_seen,
            "macs": seen(&a.macs, |m| mac_text(*m).into()),
            "names": seen(&a.names, name_kept),
            "marks": seen(&a.marks, |(mark, value)| json!([mark.word(), value])),
            "behind": seen(&a.behind, |b| b.as_str().into()),
            "protocols": protocols(&a.protocols), "peers": peers, "votes": votes, "uses": uses,
        })
    }

    /// Takes what an earlier run kept. Gives how many assets; what cannot be read is left out. Call
    /// it before the first message.
    pub fn restore(&mut self, kept: &Value, hits: &mut Hits) -> usize {
        let list = kept.get("assets").and_then(Value::as_array);
        let list = list.map(Vec::as_slice).unwrap_or_default();
        let mut places = Vec::new();
        for value in list {
            if self.assets.len() >= self.room.assets {
                hits.count(limits::ASSETS);
                break;
            }
            let Some(asset) = self.asset_of(value) else {
                continue;
            };
            if self.by_ip.contains_key(&asset.ip) {
                continue;
            }
            let at = self.assets.len() as u32;
            self.hold(at, &asset, hits);
            let began = self.began.get_or_insert(asset.first_seen);
            *began = asset.first_seen.min(*began);
            self.by_ip.insert(asset.ip, at);
            self.assets.push(asset);
            places.push((at, value));
        }
        // Peers are told by address: all of them have their place now.
        for (at, value) in &places {
            let peers = self.peers_of(value);
            if let Some(asset) = self.assets.get_mut(*at as usize) {
                asset.peers = peers;
            }
        }
        if let Some(now) = kept.get("now").and_then(Value::as_i64) {
            self.now = self.now.max(now);
        }
        places.len()
    }

    fn hold(&mut self, at: u32, asset: &Asset, hits: &mut Hits) {
        for mac in &asset.macs {
            self.holders.add(Held::Mac, &mac.what, at, hits);
        }
        for name in &asset.names {
            match &name.what {
                Name::Ae(title) => self.holders.add(Held::Ae, title.as_bytes(), at, hits),
                Name::Hl7(app, facility) => {
                    let pair = holders::pair(app.as_bytes(), facility.as_bytes());
                    self.holders.add(Held::App, &pair, at, hits);
                }
                Name::Epr(epr) => self.holders.add(Held::Epr, epr.as_bytes(), at, hits),
            }
        }
        for mark in &asset.marks {
            let (kind, value) = &mark.what;
            if *kind == Mark::Serial && !super::asset::of_images(mark.protocol, *kind) {
                self.holders.add(Held::Serial, value.as_bytes(), at, hits);
            }
        }
    }

    fn asset_of(&self, value: &Value) -> Option<Asset> {
        let ip: IpAddr = text(value, "ip").parse().ok()?;
        let first = frame_of(value.get("first")?)?;
        let number = |key| value.get(key).and_then(Value::as_i64);
        let mut asset = Asset::new(ip, first);
        asset.first_seen = number("first_seen")?;
        asset.last_seen = number("last_seen")?;
        asset.sent = value.get("sent").and_then(Value::as_u64)?;
        let room = self.room.names;
        asset.macs = seen_of(value, "macs", room, |v| mac_of(v.as_str()?));
        asset.names = seen_of(value, "names", room, name_of);
        asset.marks = seen_of(value, "marks", room * 2, |v| {
            let word = v.get(0)?.as_str()?;
            let mark = Mark::ALL.into_iter().find(|m| m.word() == word)?;
            Some((mark, v.get(1)?.as_str()?.to_owned()))
        });
        asset.behind = seen_of(value, "behind", self.room.behind, |v| {
            v.as_str().map(str::to_owned)
        });
        asset.protocols = protocols_of(value, room);
        asset.votes = list(value, "votes")
            .filter_map(vote_of)
            .take(super::VOTES)
            .collect();
        for value in list(value, "uses") {
            if let Some((what, evidence)) = use_of(value) {
                asset.uses.set(what, evidence);
            }
        }
        Some(asset)
    }

    fn peers_of(&self, value: &Value) -> Vec<Peer> {
        let peer = |value: &Value| {
            let ip: IpAddr = text(value, "ip").parse().ok()?;
            Some(Peer {
                at: *self.by_ip.get(&ip)?,
                protocols: protocols_of(value, self.room.names),
                asked: u32::try_from(value.get("asked")?.as_u64()?).ok()?,
                last: value.get("last")?.as_i64()?,
            })
        };
        list(value, "peers")
            .filter_map(peer)
            .take(self.room.peers)
            .collect()
    }
}

fn seen<T>(all: &[Seen<T>], what: impl Fn(&T) -> Value) -> Vec<Value> {
    all.iter()
        .map(|s| {
            json!({ "what": what(&s.what), "protocol": s.protocol.name(), "first": frame(s.first),
                    "last": s.last })
        })
        .collect()
}

fn seen_of<T>(
    value: &Value,
    key: &str,
    room: usize,
    what: impl Fn(&Value) -> Option<T>,
) -> Vec<Seen<T>> {
    let one = |value: &Value| {
        Some(Seen {
            what: what(value.get("what")?)?,
            protocol: ProtocolId::of(text(value, "protocol"))?,
            first: frame_of(value.get("first")?)?,
            last: value.get("last")?.as_i64()?,
        })
    };
    list(value, key).filter_map(one).take(room).collect()
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn protocols_of(value: &Value, room: usize) -> Vec<ProtocolId> {
    list(value, "protocols")
        .filter_map(|p| ProtocolId::of(p.as_str()?))
        .take(room)
        .collect()
}

fn name_kept(name: &Name) -> Value {
    match name {
        Name::Ae(title) => json!(["ae", title]),
        Name::Hl7(app, facility) => json!(["hl7", app, facility]),
        Name::Epr(epr) => json!(["epr", epr]),
    }
}

fn name_of(value: &Value) -> Option<Name> {
    let part = |at: usize| value.get(at)?.as_str().map(str::to_owned);
    Some(match part(0)?.as_str() {
        "ae" => Name::Ae(part(1)?),
        "hl7" => Name::Hl7(part(1)?, part(2)?),
        "epr" => Name::Epr(part(1)?),
        _ => return None,
    })
}

/// Reasons are told by their words; one that this version does not know goes.
fn vote_of(value: &Value) -> Option<Vote> {
    Some(Vote {
        kind: Device::from_word(text(value, "kind"))?,
        weight: u8::try_from(value.get("weight")?.as_u64()?).ok()?,
        protocol: ProtocolId::of(text(value, "protocol"))?,
        why: role::reason(text(value, "why"))?,
        first: frame_of(value.get("first")?)?,
    })
}

fn use_of(value: &Value) -> Option<(Use, Evidence)> {
    let word = text(value, "what");
    let what = Use::ALL.into_iter().find(|u| u.word() == word)?;
    let evidence = Evidence {
        protocol: ProtocolId::of(text(value, "protocol"))?,
        since: value.get("since")?.as_i64()?,
        last: frame_of(value.get("last")?)?,
        over: value.get("over")?.as_bool()?,
    };
    Some((what, evidence))
}
