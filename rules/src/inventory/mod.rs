//! What is on the wire: assets by address, with every identity that they claim.
//!
//! An address, an AE title, an application's name are claims: the inventory records who made them.

mod claims;

use std::collections::BTreeMap;
use std::net::IpAddr;

use dissectors::contract::Side;
use dissectors::message::Message;
use dissectors::registry::ProtocolId;

pub use claims::Claims;
pub(crate) use claims::interest;

use crate::engine::Table;
use crate::finding::Name;
use crate::limits::{self, Hits, Limits};
use crate::privacy::printable;

/// One asset: an address and what was seen of it.
#[derive(Clone, Debug)]
pub struct Asset {
    pub ip: IpAddr,
    /// In the order in which they were seen.
    pub macs: Vec<[u8; 6]>,
    /// In the order in which they were claimed.
    pub names: Vec<Name>,
    pub protocols: Vec<ProtocolId>,
    /// Packet time, nanoseconds.
    pub first_seen: i64,
    pub last_seen: i64,
}

/// Every asset seen.
#[derive(Debug)]
pub struct Inventory {
    assets: Vec<Asset>,
    by_ip: Table<IpAddr, u32>,
    by_ae: BTreeMap<Vec<u8>, Vec<u32>>,
    /// The conversation seen last, and its assets: messages come in runs.
    last: Option<(u64, [u32; 2])>,
    room: usize,
    names_room: usize,
}

impl Default for Inventory {
    /// Empty, with the default limits.
    fn default() -> Self {
        Inventory::new(&Limits::default())
    }
}

impl Inventory {
    pub(crate) fn new(limits: &Limits) -> Self {
        Inventory {
            assets: Vec::new(),
            by_ip: Table::default(),
            by_ae: BTreeMap::new(),
            last: None,
            room: limits.get(limits::ASSETS),
            names_room: limits.get(limits::ASSET_NAMES),
        }
    }

    /// Every asset, in the order in which they were first seen.
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }

    pub fn asset(&self, ip: IpAddr) -> Option<&Asset> {
        self.by_ip.get(&ip).map(|at| &self.assets[*at as usize])
    }

    /// Who claims an AE title.
    pub fn holders_of_ae(&self, title: &[u8]) -> impl Iterator<Item = &Asset> {
        self.by_ae
            .get(title)
            .into_iter()
            .flatten()
            .map(|at| &self.assets[*at as usize])
    }

    pub(crate) fn saw(&mut self, message: Message<'_>, hits: &mut Hits) {
        let conversation = message.conversation();
        let time = message.frame().time;
        let pair = match self.last {
            Some((flow, pair)) if flow == conversation.flow_id => pair,
            _ => {
                let mut pair = [u32::MAX; 2];
                for side in Side::BOTH {
                    let end = &conversation.ends[side.index()];
                    pair[side.index()] = self.at(end.ip, time, hits);
                    if let Some(asset) = self.assets.get_mut(pair[side.index()] as usize) {
                        if let Some(mac) = end.mac
                            && !asset.macs.contains(&mac)
                            && asset.macs.len() < self.names_room
                        {
                            asset.macs.push(mac);
                        }
                        if !asset.protocols.contains(&message.protocol()) {
                            asset.protocols.push(message.protocol());
                        }
                    }
                }
                self.last = Some((conversation.flow_id, pair));
                pair
            }
        };
        for side in Side::BOTH {
            let at = pair[side.index()];
            let Some(asset) = self.assets.get_mut(at as usize) else {
                continue;
            };
            asset.last_seen = asset.last_seen.max(time);
            let claims = Claims::of(message, side);
            if let Some(title) = claims.ae.filter(|t| !t.is_empty()) {
                let held = asset
                    .names
                    .iter()
                    .any(|n| matches!(n, Name::Ae(t) if t.as_bytes() == title));
                if !held {
                    if asset.names.len() >= self.names_room {
                        hits.count(limits::ASSET_NAMES);
                        continue;
                    }
                    asset.names.push(Name::Ae(printable(title)));
                    let holders = self.by_ae.entry(title.to_vec()).or_default();
                    if !holders.contains(&at) {
                        holders.push(at);
                    }
                }
            }
            if let Some((app, facility)) =
                claims.hl7.filter(|(a, f)| !a.is_empty() || !f.is_empty())
            {
                let held = asset.names.iter().any(|n| {
                    matches!(n, Name::Hl7(a, f) if a.as_bytes() == app && f.as_bytes() == facility)
                });
                if !held {
                    if asset.names.len() >= self.names_room {
                        hits.count(limits::ASSET_NAMES);
                        continue;
                    }
                    asset
                        .names
                        .push(Name::Hl7(printable(app), printable(facility)));
                }
            }
        }
    }

    fn at(&mut self, ip: IpAddr, time: i64, hits: &mut Hits) -> u32 {
        if let Some(at) = self.by_ip.get(&ip) {
            return *at;
        }
        if self.assets.len() >= self.room {
            hits.count(limits::ASSETS);
            return u32::MAX;
        }
        let at = self.assets.len() as u32;
        self.assets.push(Asset {
            ip,
            macs: Vec::new(),
            names: Vec::new(),
            protocols: Vec::new(),
            first_seen: time,
            last_seen: time,
        });
        self.by_ip.insert(ip, at);
        at
    }
}
