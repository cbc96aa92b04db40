//! Who belongs to what: addresses, networks, MACs and names, looked up at once for all groups.

use std::net::IpAddr;

use foldhash::HashMap;
use ipnet::IpNet;

use super::Identity;
use crate::language::resolve::{mac, net};

/// One way to belong to a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member {
    Net(IpNet),
    Mac([u8; 6]),
    /// An AE title, from any address or only from some.
    Ae(String, Option<IpNet>),
    /// Application and facility (`None`: any), from any address or only from some.
    Hl7(String, Option<String>, Option<IpNet>),
    Epr(String),
    /// A device by its own name on the wire (serial number, bed), as an action's subject.
    Device(String),
}

impl Member {
    /// `10.1.2.3`, `10.1.0.0/16`, `mac:..`, `ae:TITLE`, `ae:TITLE@10.1.2.3`, `hl7:APP|FACILITY`,
    /// `hl7:APP`, `epr:urn:uuid:..`, `device:SERIAL`.
    pub fn parse(text: &str) -> Result<Member, String> {
        let Some((prefix, rest)) = text.split_once(':').filter(|(p, _)| PREFIXES.contains(p))
        else {
            return net(text).map(Member::Net);
        };
        if rest.is_empty() {
            return Err(format!("nothing stands behind `{prefix}:`"));
        }
        // A name may hold `@`; only an address behind it pins the name down.
        let pinned = || match rest.rsplit_once('@') {
            Some((name, place)) => match net(place) {
                Ok(net) => (name, Some(net)),
                Err(_) => (rest, None),
            },
            None => (rest, None),
        };
        Ok(match prefix {
            "mac" => Member::Mac(mac(rest).ok_or(
                "a MAC address is six pairs of hexadecimal digits: `mac:02:00:00:aa:bb:cc`",
            )?),
            "ae" => {
                let (title, place) = pinned();
                if title.len() > 16 {
                    return Err("an AE title has at most 16 characters (PS3.5 6.2)".to_owned());
                }
                Member::Ae(title.trim().to_owned(), place)
            }
            "hl7" => {
                let (name, place) = pinned();
                match name.split_once('|') {
                    Some((app, facility)) => {
                        Member::Hl7(app.to_owned(), Some(facility.to_owned()), place)
                    }
                    None => Member::Hl7(name.to_owned(), None, place),
                }
            }
            "epr" => Member::Epr(rest.to_owned()),
            _ => Member::Device(rest.to_owned()),
        })
    }
}

pub const PREFIXES: &[&str] = &["mac", "ae", "hl7", "epr", "device"];

/// Index of a group.
pub type GroupId = u32;

/// A member by HL7 application: the facility and the network that it must have, if told.
type AppMember = (Option<String>, Option<IpNet>, GroupId);

/// All members of all groups, by what they are looked up under.
#[derive(Debug, Default)]
pub struct Members {
    hosts: HashMap<IpAddr, Vec<GroupId>>,
    nets: Vec<(IpNet, GroupId)>,
    macs: HashMap<[u8; 6], Vec<GroupId>>,
    aes: HashMap<Vec<u8>, Vec<(Option<IpNet>, GroupId)>>,
    apps: HashMap<Vec<u8>, Vec<AppMember>>,
    eprs: HashMap<Vec<u8>, Vec<GroupId>>,
    devices: HashMap<Vec<u8>, Vec<GroupId>>,
}

impl Members {
    pub fn add(&mut self, member: &Member, group: GroupId) {
        match member {
            Member::Net(net) if net.prefix_len() == net.max_prefix_len() => {
                self.hosts.entry(net.addr()).or_default().push(group);
            }
            Member::Net(net) => self.nets.push((*net, group)),
            Member::Mac(mac) => self.macs.entry(*mac).or_default().push(group),
            Member::Ae(title, place) => {
                self.aes
                    .entry(title.clone().into_bytes())
                    .or_default()
                    .push((*place, group));
            }
            Member::Hl7(app, facility, place) => self
                .apps
                .entry(app.clone().into_bytes())
                .or_default()
                .push((facility.clone(), *place, group)),
            Member::Epr(epr) => self
                .eprs
                .entry(epr.clone().into_bytes())
                .or_default()
                .push(group),
            Member::Device(name) => {
                self.devices
                    .entry(name.clone().into_bytes())
                    .or_default()
                    .push(group);
            }
        }
    }

    /// The groups of an asset, sorted.
    pub fn groups_of(&self, who: &Identity<'_>) -> Vec<GroupId> {
        let mut groups = Vec::new();
        if let Some(hosts) = self.hosts.get(&who.ip) {
            groups.extend_from_slice(hosts);
        }
        groups.extend(
            self.nets
                .iter()
                .filter(|(net, _)| net.contains(&who.ip))
                .map(|(_, g)| *g),
        );
        if let Some(macs) = who.mac.and_then(|mac| self.macs.get(&mac)) {
            groups.extend_from_slice(macs);
        }
        let here = |place: &Option<IpNet>| place.is_none_or(|net| net.contains(&who.ip));
        if let Some(titles) = who.claims.ae.and_then(|t| self.aes.get(t)) {
            groups.extend(
                titles
                    .iter()
                    .filter(|(place, _)| here(place))
                    .map(|(_, g)| *g),
            );
        }
        if let Some((app, facility)) = who.claims.hl7
            && let Some(apps) = self.apps.get(app)
        {
            let fits = |f: &Option<String>| f.as_ref().is_none_or(|f| f.as_bytes() == facility);
            groups.extend(
                apps.iter()
                    .filter(|(f, place, _)| fits(f) && here(place))
                    .map(|(_, _, g)| *g),
            );
        }
        if let Some(eprs) = who.claims.epr.and_then(|e| self.eprs.get(e)) {
            groups.extend_from_slice(eprs);
        }
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    /// The groups that name a device by its own name.
    pub fn groups_of_device(&self, name: &[u8]) -> &[GroupId] {
        let found = self.devices.get(name).or_else(|| self.eprs.get(name));
        found.map_or(&[], Vec::as_slice)
    }

    pub fn names_ae(&self, title: &[u8]) -> bool {
        self.aes.contains_key(title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_member_is_refused_with_the_reason() {
        for (wrong, why) in [
            ("10.20.0.1/16", "10.20.0.0/16"),
            ("10.20.0", "no IPv4"),
            ("mac:02:00:00:aa:bb", "six pairs"),
            ("ae:", "nothing"),
            ("ae:SEVENTEEN_LETTERS", "16 characters"),
            ("pumps", "no IPv4"),
        ] {
            let told = Member::parse(wrong).unwrap_err();
            assert!(told.contains(why), "{wrong}: {told}");
        }
    }

    #[test]
    fn name_is_pinned_only_by_an_address() {
        assert_eq!(Member::parse("ae:A@B"), Ok(Member::Ae("A@B".into(), None)));
        let pinned = Member::parse("hl7:BCMA|HOSP@10.1.0.0/16");
        let place = Some("10.1.0.0/16".parse().unwrap());
        assert_eq!(
            pinned,
            Ok(Member::Hl7("BCMA".into(), Some("HOSP".into()), place))
        );
        assert!(matches!(Member::parse("2001:db8::/32"), Ok(Member::Net(_))));
        assert!(matches!(Member::parse("fe80::1"), Ok(Member::Net(_))));
        assert!(matches!(
            Member::parse("epr:urn:uuid:0b1e"),
            Ok(Member::Epr(_))
        ));
    }
}
