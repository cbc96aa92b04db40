//! The devices behind the addresses: addresses of one device joined by what outlives a change of
//! address, and what contradicts itself.

use std::net::IpAddr;

use dissectors::action::{Device as Kind, Verb};
use dissectors::registry::ProtocolId;

use super::asset::of_images;
use super::role::{self, Vote};
use super::{Asset, Inventory, Mark, Seen};
use crate::finding::Name;

/// One device: the assets (addresses) that it was, and why they are one.
#[derive(Debug)]
pub struct Device<'i> {
    /// In the order in which they were first seen.
    pub assets: Vec<&'i Asset>,
    /// Why they are one device; empty for a single address.
    pub joined_by: Vec<String>,
    pub conflicts: Vec<String>,
}

impl Inventory {
    /// Every device that sent something, in the order in which they were first seen.
    pub fn devices(&self) -> Vec<Device<'_>> {
        let mut joined = Joined::new(self.assets.len());
        for (at, asset) in self.assets.iter().enumerate() {
            for (key, what) in joinable(self, asset) {
                joined.offer(self, at as u32, key, what);
            }
        }
        let mut devices: Vec<Device<'_>> = Vec::new();
        let mut places: Vec<Option<usize>> = vec![None; self.assets.len()];
        for (at, asset) in self.assets.iter().enumerate() {
            let root = joined.root(at);
            let place = *places[root].get_or_insert_with(|| {
                devices.push(Device {
                    assets: Vec::new(),
                    joined_by: Vec::new(),
                    conflicts: Vec::new(),
                });
                devices.len() - 1
            });
            devices[place].assets.push(asset);
        }
        for (root, why) in joined.reasons {
            let root = find(&joined.parents, root);
            if let Some(device) = places[root].and_then(|at| devices.get_mut(at)) {
                device.joined_by.push(why);
            }
        }
        devices.retain(|d| d.assets.iter().any(|a| a.sent > 0));
        for device in &mut devices {
            device.conflicts = self.conflicts(&device.assets);
        }
        devices
    }

    /// What contradicts itself about a device.
    fn conflicts(&self, own: &[&Asset]) -> Vec<String> {
        let mut told = Vec::new();
        for asset in own {
            let macs: Vec<[u8; 6]> = asset.own_macs().filter(|m| !self.is_router(*m)).collect();
            if macs.len() > 1 {
                let list: Vec<String> = macs.iter().map(|m| mac_text(*m)).collect();
                told.push(format!("{} was used from {}", asset.ip, list.join(" and ")));
            }
            for name in &asset.names {
                let others = self.others(own, |a| a.names.iter().any(|n| n.what == name.what));
                if !others.is_empty() {
                    told.push(format!(
                        "{} is also claimed by {}",
                        name.what,
                        list(&others)
                    ));
                }
            }
            if let Some(serial) = asset.serial() {
                let others = self.others(own, |a| a.serial() == Some(serial));
                if !others.is_empty() {
                    told.push(format!(
                        "serial number {serial} is also told by {}",
                        list(&others)
                    ));
                }
            }
        }
        told.sort();
        told.dedup();
        told
    }

    fn others(&self, own: &[&Asset], holds: impl Fn(&Asset) -> bool) -> Vec<IpAddr> {
        self.assets
            .iter()
            .filter(|a| holds(a) && !own.iter().any(|o| o.ip == a.ip))
            .map(|a| a.ip)
            .collect()
    }
}

impl<'i> Device<'i> {
    /// The address that it used last.
    pub fn address(&self) -> IpAddr {
        let last = self.assets.iter().max_by_key(|a| a.last_seen);
        last.map_or(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), |a| a.ip)
    }

    pub fn addresses(&self) -> Vec<IpAddr> {
        self.assets.iter().map(|a| a.ip).collect()
    }

    pub fn macs(&self) -> Vec<&'i Seen<[u8; 6]>> {
        let mut macs: Vec<&Seen<[u8; 6]>> = Vec::new();
        for mac in self.assets.iter().flat_map(|a| &a.macs) {
            if !macs.iter().any(|m| m.what == mac.what) {
                macs.push(mac);
            }
        }
        macs
    }

    pub fn names(&self) -> Vec<&'i Seen<Name>> {
        let mut names: Vec<&Seen<Name>> = Vec::new();
        for name in self.assets.iter().flat_map(|a| &a.names) {
            if !names.iter().any(|n| n.what == name.what) {
                names.push(name);
            }
        }
        names
    }

    /// Values of a mark. Where it tells several serial numbers they are of devices that it speaks
    /// for: see [`Self::behind`]. What images say of the machine that made them counts for a
    /// machine that makes images, if they all say the same.
    pub fn marked(&self, mark: Mark) -> Vec<&'i str> {
        let found = self.values(mark, |_| true);
        let own = self.values(mark, |m| !of_images(m.protocol, mark));
        let makes_images = || self.role().is_some_and(|(kind, _)| kind == Kind::Imaging);
        if found.len() == own.len() || own.is_empty() && found.len() == 1 && makes_images() {
            found
        } else {
            own
        }
    }

    fn values(&self, mark: Mark, take: impl Fn(&Seen<(Mark, String)>) -> bool) -> Vec<&'i str> {
        let mut found: Vec<&str> = Vec::new();
        for seen in self.assets.iter().flat_map(|a| &a.marks) {
            if seen.what.0 == mark && take(seen) && !found.contains(&seen.what.1.as_str()) {
                found.push(&seen.what.1);
            }
        }
        found
    }

    pub fn serial(&self) -> Option<&'i str> {
        match self.marked(Mark::Serial)[..] {
            [one] => Some(one),
            _ => None,
        }
    }

    /// Devices that it speaks for.
    pub fn behind(&self) -> Vec<&'i str> {
        let serials = self.marked(Mark::Serial);
        let mut found = if serials.len() > 1 {
            serials
        } else {
            Vec::new()
        };
        if self.marked(Mark::Label).is_empty() {
            found.extend(self.values(Mark::Label, |m| of_images(m.protocol, Mark::Label)));
        }
        for value in self.assets.iter().flat_map(|a| &a.behind) {
            if !found.contains(&value.what.as_str()) {
                found.push(&value.what);
            }
        }
        found
    }

    pub fn protocols(&self) -> Vec<ProtocolId> {
        let mut all: Vec<ProtocolId> = Vec::new();
        // Transport events are nobody's language.
        let spoken = |p: &&ProtocolId| !p.is_of_the_sensor() && p.name() != "icmp";
        for protocol in self.assets.iter().flat_map(|a| &a.protocols).filter(spoken) {
            if !all.contains(protocol) {
                all.push(*protocol);
            }
        }
        all
    }

    /// What it is, and why.
    pub fn role(&self) -> Option<(Kind, Vec<Vote>)> {
        let votes: Vec<Vote> = self.assets.iter().flat_map(|a| a.votes.clone()).collect();
        role::of(&votes)
    }

    pub fn first_seen(&self) -> i64 {
        self.assets.iter().map(|a| a.first_seen).min().unwrap_or(0)
    }

    pub fn last_seen(&self) -> i64 {
        self.assets.iter().map(|a| a.last_seen).max().unwrap_or(0)
    }

    pub fn sent(&self) -> u64 {
        self.assets.iter().map(|a| a.sent).sum()
    }

    /// Who told it to change something: address and verbs.
    pub fn commanders(&self, inventory: &Inventory) -> Vec<(IpAddr, Vec<Verb>)> {
        let mut found = Vec::new();
        for peer in self.assets.iter().flat_map(|a| &a.peers) {
            let verbs: Vec<Verb> = peer.commands().collect();
            if let Some(asset) = inventory.assets().get(peer.at as usize)
                && !verbs.is_empty()
            {
                found.push((asset.ip, verbs));
            }
        }
        found.sort_by_key(|(ip, _)| *ip);
        found
    }

    pub fn peers(&self, inventory: &Inventory) -> Vec<IpAddr> {
        let mut found: Vec<IpAddr> = self
            .assets
            .iter()
            .flat_map(|a| &a.peers)
            .filter_map(|p| Some(inventory.assets().get(p.at as usize)?.ip))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether somebody means this device by a text: an address, a MAC, a name, a mark.
    pub fn is_called(&self, name: &str) -> bool {
        let lower = name.to_ascii_lowercase();
        self.assets.iter().any(|a| {
            a.ip.to_string() == lower
                || a.macs.iter().any(|m| mac_text(m.what) == lower)
                || a.marks
                    .iter()
                    .any(|m| matches!(m.what.0, Mark::Serial | Mark::Label) && m.what.1 == name)
                || a.names.iter().any(|n| match &n.what {
                    Name::Ae(title) => title == name || n.what.to_string() == name,
                    Name::Hl7(app, _) => app == name || n.what.to_string() == name,
                    Name::Epr(epr) => epr == name || n.what.to_string() == name,
                })
        })
    }
}

/// What may show that two addresses are one device.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Mac([u8; 6]),
    Epr(String),
    Serial(String),
    Ae(String),
}

fn joinable(inventory: &Inventory, asset: &Asset) -> Vec<(Key, String)> {
    let mut keys = Vec::new();
    for mac in asset.own_macs().filter(|m| !inventory.is_router(*m)) {
        keys.push((Key::Mac(mac), format!("MAC {}", mac_text(mac))));
    }
    for name in &asset.names {
        match &name.what {
            Name::Epr(epr) => keys.push((Key::Epr(epr.clone()), name.what.to_string())),
            Name::Ae(title) => keys.push((Key::Ae(title.clone()), name.what.to_string())),
            Name::Hl7(..) => {}
        }
    }
    if let Some(serial) = asset.serial() {
        keys.push((
            Key::Serial(serial.to_owned()),
            format!("serial number {serial}"),
        ));
    }
    keys
}

struct Joined {
    parents: Vec<usize>,
    /// The assets that offered a key so far.
    holders: std::collections::HashMap<Key, Vec<u32>>,
    reasons: Vec<(usize, String)>,
}

impl Joined {
    fn new(assets: usize) -> Self {
        Joined {
            parents: (0..assets).collect(),
            holders: std::collections::HashMap::new(),
            reasons: Vec::new(),
        }
    }

    fn root(&self, at: usize) -> usize {
        find(&self.parents, at)
    }

    /// Joins an asset with one that holds the same key, where the key proves it.
    fn offer(&mut self, inventory: &Inventory, at: u32, key: Key, what: String) {
        let holders = self.holders.entry(key.clone()).or_default();
        let earlier = holders.last().copied();
        holders.push(at);
        let Some(earlier) = earlier else { return };
        let (a, b) = (
            &inventory.assets[earlier as usize],
            &inventory.assets[at as usize],
        );
        // At the same time two addresses are two devices that claim one name, unless they are the
        // two families of one card.
        let apart = a.last_seen < b.first_seen || b.last_seen < a.first_seen;
        let families = a.ip.is_ipv4() != b.ip.is_ipv4();
        let other_card = || {
            let (mut left, right) = (a.own_macs().peekable(), b.own_macs().collect::<Vec<_>>());
            left.peek().is_some() && !right.is_empty() && !left.any(|m| right.contains(&m))
        };
        let proved = match key {
            Key::Mac(_) => apart || families,
            // A title or reference from another card on the same segment is another device.
            Key::Epr(_) | Key::Ae(_) => apart && !other_card(),
            Key::Serial(_) => apart,
        };
        if proved {
            let (x, y) = (self.root(earlier as usize), self.root(at as usize));
            if x != y {
                self.parents[x.max(y)] = x.min(y);
                self.reasons.push((x.min(y), what));
            }
        }
    }
}

fn find(parents: &[usize], mut at: usize) -> usize {
    while parents[at] != at {
        at = parents[at];
    }
    at
}

fn list(ips: &[IpAddr]) -> String {
    let shown: Vec<String> = ips.iter().take(4).map(IpAddr::to_string).collect();
    if ips.len() > 4 {
        format!("{} and {} others", shown.join(", "), ips.len() - 4)
    } else {
        shown.join(", ")
    }
}

/// A MAC as people write it.
pub fn mac_text(mac: [u8; 6]) -> String {
    let [a, b, c, d, e, f] = mac;
    format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
}
