//! Zones: which part of the network a host stands in, and who may reach or command whom.
//!
//! ```toml
//! [[zone]]
//! name = "icu"
//! networks = ["10.20.4.0/24"]
//! vlans = [120]                  # of hosts that no network names
//! from = ["servers"]             # may open conversations to it, beside itself
//! commands_from = ["servers"]    # may command its devices, beside itself
//! ```
//! A host in no zone stands `outside`, which `from` may name.

use std::net::IpAddr;

use ipnet::IpNet;

/// A host in no zone.
pub const OUTSIDE: &str = "outside";

#[derive(Debug, Default)]
pub struct Zones {
    all: Vec<Zone>,
}

#[derive(Debug)]
pub struct Zone {
    pub name: String,
    pub networks: Vec<IpNet>,
    pub vlans: Vec<u16>,
    pub from: Vec<String>,
    pub commands_from: Vec<String>,
}

impl Zones {
    pub fn new(all: Vec<Zone>) -> Self {
        Zones { all }
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The zone of a host: the narrowest network that holds it, else the VLAN on which it was seen.
    fn of(&self, ip: IpAddr, vlan: u16) -> Option<&Zone> {
        let narrowest = |zone: &Zone| {
            let holding = zone.networks.iter().filter(|n| n.contains(&ip));
            holding.map(|n| n.prefix_len()).max()
        };
        let by_network = self
            .all
            .iter()
            .filter_map(|z| Some((narrowest(z)?, z)))
            .max_by_key(|(length, _)| *length);
        by_network.map(|(_, zone)| zone).or_else(|| {
            let on_it = |z: &&Zone| vlan != 0 && z.vlans.contains(&vlan);
            self.all.iter().find(on_it)
        })
    }

    /// What the zone of a host is called. `None`: there are no zones.
    pub fn name(&self, ip: IpAddr, vlan: u16) -> Option<&str> {
        if self.is_empty() {
            return None;
        }
        Some(self.of(ip, vlan).map_or(OUTSIDE, |z| z.name.as_str()))
    }

    /// Whether the first host may reach the second, or command it. `None`: nobody says what may
    /// happen in the second one's zone.
    pub fn allows(&self, [from, to]: [IpAddr; 2], vlan: u16, commands: bool) -> Option<bool> {
        let zone = self.of(to, vlan)?;
        let from = self.name(from, vlan)?;
        let listed = if commands {
            &zone.commands_from
        } else {
            &zone.from
        };
        Some(from == zone.name || listed.iter().any(|z| z == from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zones() -> Zones {
        let zone = |name: &str, net: &str, vlans: &[u16], from: &[&str]| Zone {
            name: name.into(),
            networks: net.parse().into_iter().collect(),
            vlans: vlans.to_vec(),
            from: from.iter().map(|f| (*f).to_owned()).collect(),
            commands_from: Vec::new(),
        };
        Zones::new(vec![
            zone("hospital", "10.0.0.0/8", &[], &[OUTSIDE]),
            zone("icu", "10.20.4.0/24", &[120], &["hospital"]),
        ])
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn nothing_is_said_of_hosts_outside_and_without_zones() {
        let (icu, web) = (ip("10.20.4.1"), ip("192.0.2.1"));
        assert_eq!(zones().allows([icu, web], 0, false), None);
        assert_eq!(Zones::default().allows([web, icu], 0, false), None);
        assert_eq!(Zones::default().name(icu, 0), None);
    }

    #[test]
    fn narrowest_network_wins_and_a_vlan_stands_in_where_no_network_does() {
        let (icu, server, web) = (ip("10.20.4.1"), ip("10.1.1.1"), ip("192.0.2.1"));
        let zones = zones();
        assert_eq!(zones.name(icu, 0), Some("icu"));
        assert_eq!(zones.name(server, 120), Some("hospital"));
        assert_eq!(zones.name(ip("fe80::1"), 120), Some("icu"));
        assert_eq!(zones.allows([server, icu], 0, false), Some(true));
        assert_eq!(zones.allows([server, icu], 0, true), Some(false));
        assert_eq!(zones.allows([web, icu], 0, false), Some(false));
        assert_eq!(zones.allows([web, server], 0, false), Some(true));
    }
}
