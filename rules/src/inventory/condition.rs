//! What the inventory can say of an asset at this moment: whether it is new, fell silent, was sent
//! something malformed, or runs other firmware than its like.

use std::net::IpAddr;

use dissectors::message::Message;

use super::holders::Held;
use super::{Asset, Inventory, Mark};

const HOUR: i64 = 3_600 * 1_000_000_000;
/// How long a device is new.
const NEW: i64 = HOUR;
/// Within this of something malformed a new beginning is its doing.
const SOON: i64 = 120_000_000_000;
/// New beginnings nearer than this are one: ARP and WS-Discovery tell everything twice.
const ONCE: i64 = 300_000_000_000;
/// New beginnings that are kept.
const CRASHES: usize = 8;
/// A version counts as settled after this.
const SETTLED: i64 = 72 * HOUR;
/// Devices of a model at least.
const FLEET: usize = 10;

impl Inventory {
    /// Whether an asset was first seen lately, after the inventory had learned who is there, and is
    /// no known device with another address. Unknown while it learns.
    pub fn is_new(&self, ip: IpAddr) -> Option<bool> {
        let began = self.began?;
        if self.now.saturating_sub(began) < self.room.new_after {
            return None;
        }
        let asset = self.asset(ip)?;
        let young = self.now.saturating_sub(asset.first_seen) <= NEW
            && asset.first_seen.saturating_sub(began) >= self.room.new_after;
        Some(young && !self.was_elsewhere(asset))
    }

    /// Its network card or serial number was seen with another address before.
    fn was_elsewhere(&self, asset: &Asset) -> bool {
        let before = |at: &u32| {
            let other = self.assets.get(*at as usize);
            other.is_some_and(|o| o.ip != asset.ip && o.first_seen < asset.first_seen)
        };
        let mut cards = asset.own_macs();
        let card = cards.any(|mac| self.holders.of(Held::Mac, &mac).iter().any(before));
        let serial = asset.serial().map(str::as_bytes);
        card || serial.is_some_and(|s| self.holders.of(Held::Serial, s).iter().any(before))
    }

    /// Nanoseconds since an asset last sent anything.
    pub fn unheard(&self, ip: IpAddr) -> Option<i64> {
        let last = self.asset(ip)?.last_sent?;
        Some(self.now.saturating_sub(last).max(0))
    }

    /// Nanoseconds since something malformed was sent to it.
    /// Who speaks without an address is known by its network card.
    pub fn since_malformed(&self, ip: IpAddr, mac: Option<[u8; 6]>) -> Option<i64> {
        let last = self.those(ip, mac).filter_map(|a| a.spoiled).max()?;
        Some(self.now.saturating_sub(last).max(0))
    }

    /// How often it announced itself anew, within a day, soon after something malformed.
    pub fn crashes(&self, ip: IpAddr, mac: Option<[u8; 6]>) -> usize {
        let lately = |t: &&i64| self.now.saturating_sub(**t) <= 24 * HOUR;
        let of_each = self
            .those(ip, mac)
            .map(|a| a.crashes.iter().filter(lately).count());
        of_each.max().unwrap_or(0)
    }

    /// Notes that a host began anew, if something malformed came just before.
    pub(super) fn began_anew(&mut self, message: Message<'_>) {
        let end = message.source();
        let now = message.frame().time;
        let at: Vec<u32> = self.places(end.ip, end.mac).collect();
        for at in at {
            let Some(asset) = self.assets.get_mut(at as usize) else {
                continue;
            };
            let soon = asset
                .spoiled
                .is_some_and(|t| (0..=SOON).contains(&now.saturating_sub(t)));
            let again = asset
                .crashes
                .last()
                .is_some_and(|t| now.saturating_sub(*t) <= ONCE);
            if soon && !again {
                if asset.crashes.len() >= CRASHES {
                    asset.crashes.remove(0);
                }
                asset.crashes.push(now);
            }
        }
    }

    /// A host's own address, or what its network card holds if it speaks without one.
    fn places(&self, ip: IpAddr, mac: Option<[u8; 6]>) -> impl Iterator<Item = u32> + '_ {
        let own = self.by_ip.get(&ip).copied();
        let card = mac.filter(|m| own.is_none() && !self.is_router(*m));
        let held = card.map_or(&[][..], |mac| self.holders.of(Held::Mac, &mac));
        own.into_iter().chain(held.iter().copied())
    }

    fn those(&self, ip: IpAddr, mac: Option<[u8; 6]>) -> impl Iterator<Item = &Asset> {
        let places = self.places(ip, mac);
        places.filter_map(|at| self.assets.get(at as usize))
    }

    /// Whether its firmware has long been another than that of nine in ten devices of its model.
    pub fn firmware_differs(&self, ip: IpAddr) -> Option<bool> {
        let own = self.asset(ip)?;
        let (model, (version, since)) = (model(own)?, firmware(own)?);
        let mut fleet: Vec<&str> = Vec::new();
        for other in self.assets.iter().filter(|a| self::model(a) == Some(model)) {
            if let Some((version, _)) = firmware(other) {
                fleet.push(version);
            }
        }
        if fleet.len() < FLEET || self.now.saturating_sub(since) < SETTLED {
            return None;
        }
        fleet.sort_unstable();
        let most = fleet
            .chunk_by(|a, b| a == b)
            .max_by_key(|same| same.len())?;
        Some(most.len() * 10 >= fleet.len() * 9 && most.first() != Some(&version))
    }
}

fn model(asset: &Asset) -> Option<&str> {
    let mut models = asset.marked(Mark::Model);
    let first = models.next()?;
    models.next().is_none().then_some(first)
}

/// The version told last, and since when it is told.
fn firmware(asset: &Asset) -> Option<(&str, i64)> {
    let told = asset.marks.iter().filter(|m| m.what.0 == Mark::Firmware);
    let newest = told.max_by_key(|m| m.last)?;
    Some((newest.what.1.as_str(), newest.first.time))
}
