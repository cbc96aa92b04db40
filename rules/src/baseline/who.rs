//! Which device a message is of: by what outlives a change of address, as far as that is known.

use std::net::IpAddr;

use crate::engine::Table;
use crate::finding::Name;
use crate::inventory::devices::mac_text;
use crate::inventory::{Asset, Inventory, oui};

/// A device's place among the profiles.
pub type Slot = u32;

/// One thing that a device is known by, the surest first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    Mac([u8; 6]),
    Epr(String),
    Serial(String),
    Ae(String),
    Ip(IpAddr),
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Key::Mac(mac) => write!(f, "mac:{}", mac_text(*mac)),
            Key::Epr(epr) => write!(f, "epr:{epr}"),
            Key::Serial(serial) => write!(f, "serial:{serial}"),
            Key::Ae(title) => write!(f, "ae:{title}"),
            Key::Ip(ip) => write!(f, "ip:{ip}"),
        }
    }
}

impl Key {
    /// As [`Key`] writes itself.
    pub fn parse(text: &str) -> Option<Key> {
        let (what, rest) = text.split_once(':')?;
        Some(match what {
            "mac" => Key::Mac(crate::language::resolve::mac(rest)?),
            "epr" => Key::Epr(rest.to_owned()),
            "serial" => Key::Serial(rest.to_owned()),
            "ae" => Key::Ae(rest.to_owned()),
            "ip" => Key::Ip(rest.parse().ok()?),
            _ => return None,
        })
    }
}

/// What an address stood for when it was looked at last.
#[derive(Clone, Copy, Debug)]
struct Bound {
    slot: Slot,
    /// As the conversation told it.
    mac: Option<[u8; 6]>,
    /// How much the inventory knew of the address.
    known: usize,
}

/// Who is who.
#[derive(Debug, Default)]
pub struct Who {
    by_ip: Table<IpAddr, Bound>,
    by_key: Table<Key, Slot>,
    /// By slot: its address, its keys.
    slots: Vec<(IpAddr, Vec<Key>)>,
}

/// Keys kept of one device.
const KEYS: usize = 8;

impl Who {
    /// Devices known.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// The address that a device used last.
    pub fn address(&self, slot: Slot) -> Option<IpAddr> {
        self.slots.get(slot as usize).map(|s| s.0)
    }

    pub fn keys(&self, slot: Slot) -> &[Key] {
        self.slots.get(slot as usize).map_or(&[], |s| &s.1)
    }

    pub fn known_as(&self, key: &Key) -> Option<Slot> {
        self.by_key.get(key).copied()
    }

    /// A device as it was kept.
    pub fn add(&mut self, ip: IpAddr, keys: Vec<Key>) -> Slot {
        let slot = self.slots.len() as Slot;
        self.slots.push((ip, Vec::new()));
        for key in keys {
            self.learn(slot, key);
        }
        slot
    }

    /// The device that speaks from an address now. A new one if nothing says that it is known and
    /// `room` allows one more.
    pub fn of(
        &mut self,
        ip: IpAddr,
        mac: Option<[u8; 6]>,
        inventory: &Inventory,
        room: usize,
    ) -> Option<Slot> {
        let asset = inventory.asset(ip);
        let known = asset.map_or(0, |a| a.names.len() + a.marks.len());
        let before = self.by_ip.get(&ip).copied();
        if let Some(bound) = before.filter(|b| b.mac == mac && b.known == known) {
            return Some(bound.slot);
        }
        let own = mac.filter(|mac| !oui::is_virtual(*mac) && !inventory.is_router(*mac));
        let keys = keys(ip, own, asset, inventory);
        let same_card = |b: &Bound| {
            let old = self.keys(b.slot).iter().find_map(|k| match k {
                Key::Mac(mac) => Some(*mac),
                _ => None,
            });
            old.is_none() || own.is_none() || old == own
        };
        let slot = match before.filter(same_card) {
            Some(bound) => Some(bound.slot),
            None => keys
                .iter()
                .find_map(|key| self.proved(key, ip, own, inventory)),
        };
        let slot = match slot {
            Some(slot) => slot,
            None if self.slots.len() < room => self.add(ip, Vec::new()),
            None => return None,
        };
        for key in keys {
            self.learn(slot, key);
        }
        if let Some(place) = self.slots.get_mut(slot as usize) {
            place.0 = ip;
        }
        self.by_ip.insert(ip, Bound { slot, mac, known });
        Some(slot)
    }

    /// The device with this key, if the key proves that this address is it.
    fn proved(
        &self,
        key: &Key,
        ip: IpAddr,
        own: Option<[u8; 6]>,
        inventory: &Inventory,
    ) -> Option<Slot> {
        let slot = self.known_as(key)?;
        let old = self.address(slot)?;
        let other_card = own.is_some_and(|own| {
            let mut cards = self.keys(slot).iter().filter_map(|k| match k {
                Key::Mac(mac) => Some(*mac),
                _ => None,
            });
            let first = cards.next();
            first.is_some_and(|c| c != own) && !cards.any(|c| c == own)
        });
        // Another card is another device, unless the device itself tells its number.
        if other_card && !matches!(key, Key::Serial(_)) {
            return None;
        }
        // At the same time two addresses are two devices, unless they are the two families of one.
        let apart = match (inventory.asset(old), inventory.asset(ip)) {
            (Some(was), Some(is)) => was.last_seen < is.first_seen,
            _ => true,
        };
        (old == ip || apart || old.is_ipv4() != ip.is_ipv4()).then_some(slot)
    }

    fn learn(&mut self, slot: Slot, key: Key) {
        let taken = self.by_key.get(&key).is_some_and(|s| *s != slot);
        // An address goes to who uses it now; all else stays with who had it first.
        if taken && !matches!(key, Key::Ip(_)) {
            return;
        }
        if let Some(old) = self.by_key.get(&key).filter(|_| taken)
            && let Some((_, keys)) = self.slots.get_mut(*old as usize)
        {
            keys.retain(|k| *k != key);
        }
        if let Some((_, keys)) = self.slots.get_mut(slot as usize)
            && !keys.contains(&key)
        {
            if keys.len() >= KEYS {
                return;
            }
            keys.push(key.clone());
        }
        self.by_key.insert(key, slot);
    }
}

/// What an address is known by now, the surest first.
fn keys(
    ip: IpAddr,
    mac: Option<[u8; 6]>,
    asset: Option<&Asset>,
    inventory: &Inventory,
) -> Vec<Key> {
    let mut keys: Vec<Key> = mac.map(Key::Mac).into_iter().collect();
    // Names that were claimed under another card are not this one's.
    let since = asset.and_then(|a| {
        let card = a.macs.iter().find(|m| Some(m.what) == mac)?;
        Some(card.first.time)
    });
    let current = |last: i64| since.is_none_or(|since| last >= since);
    if let Some(asset) = asset {
        let mut one: [Option<&str>; 2] = [None; 2];
        let mut many = [false; 2];
        for name in asset.names.iter().filter(|n| current(n.last)) {
            let (at, text) = match &name.what {
                Name::Epr(epr) => (0, epr),
                Name::Ae(title) => (1, title),
                Name::Hl7(..) => continue,
            };
            many[at] |= one[at].is_some();
            one[at] = Some(text);
        }
        if let Some(epr) = one[0].filter(|_| !many[0]) {
            keys.push(Key::Epr(epr.to_owned()));
        }
        if let Some(serial) = asset.serial() {
            keys.push(Key::Serial(serial.to_owned()));
        }
        if let Some(title) = one[1].filter(|_| !many[1])
            && inventory.holders_of_ae(title.as_bytes()).count() <= 1
        {
            keys.push(Key::Ae(title.to_owned()));
        }
    }
    keys.push(Key::Ip(ip));
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_read_as_it_was_written_and_nonsense_is_none() {
        for text in [
            "mac:02:00:00:aa:bb:0c",
            "epr:urn:uuid:0b1e",
            "serial:0042",
            "ae:CT 1",
            "ip:2001:db8::1",
        ] {
            assert_eq!(
                Key::parse(text).map(|k| k.to_string()).as_deref(),
                Some(text)
            );
        }
        for wrong in ["", "mac:02", "ip:nowhere", "name:x", "10.0.0.1"] {
            assert_eq!(Key::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn address_goes_to_its_new_user_and_a_card_stays_with_its_owner() {
        let mut who = Who::default();
        let ip: IpAddr = "10.0.0.1".parse().unwrap();
        let a = who.add(ip, vec![Key::Mac([2; 6]), Key::Ip(ip)]);
        let b = who.add(ip, vec![Key::Mac([2; 6]), Key::Ip(ip)]);
        assert_eq!(who.known_as(&Key::Ip(ip)), Some(b));
        assert_eq!(who.known_as(&Key::Mac([2; 6])), Some(a));
        assert_eq!(who.keys(a), [Key::Mac([2; 6])]);
        assert_eq!(who.keys(b), [Key::Ip(ip)]);
    }
}
