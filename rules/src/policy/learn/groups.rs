//! The groups of a draft: devices of one kind that deal with the same others.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;

use dissectors::action::Device as Kind;

use super::words::{member, plain, quoted, slug};
use super::{Group, Lesson};
use crate::finding::Name;
use crate::inventory::devices::{Device, mac_text};
use crate::inventory::role;

impl Lesson<'_> {
    /// Devices of one kind that deal with the same others are one group.
    pub(super) fn find_groups(&mut self) {
        let mut ties: Vec<(BTreeSet<usize>, BTreeSet<usize>)> =
            vec![Default::default(); self.nodes.len()];
        for deal in &self.deals {
            let (a, t) = (self.place[&deal.actor], self.place[&deal.target]);
            ties[a].0.insert(t);
            ties[t].1.insert(a);
        }
        let mut known: BTreeMap<(Kind, BTreeSet<usize>, BTreeSet<usize>), usize> = BTreeMap::new();
        for (at, (asks, asked)) in ties.into_iter().enumerate() {
            let kind = self.nodes[at].kind;
            let alone = kind == Kind::Unknown || self.nodes[at].device.is_none();
            let next = self.groups.len();
            let group = match alone {
                true => next,
                false => *known.entry((kind, asks, asked)).or_insert(next),
            };
            if group == next {
                self.groups.push(Group {
                    name: String::new(),
                    kind,
                    nodes: Vec::new(),
                });
            }
            self.groups[group].nodes.push(at);
            self.nodes[at].group = group;
        }
    }

    pub(super) fn name_groups(&mut self) {
        let mut taken: BTreeSet<String> = self.manner.taken.iter().cloned().collect();
        for at in 0..self.groups.len() {
            let group = &self.groups[at];
            let base = match group.nodes[..] {
                [one] => self.single_name(one),
                _ => role::plural(group.kind).to_owned(),
            };
            let mut name = base.clone();
            let mut number = 2;
            while !taken.insert(name.clone()) {
                name = format!("{base}-{number}");
                number += 1;
            }
            self.groups[at].name = name;
        }
    }

    pub(super) fn single_name(&self, node: usize) -> String {
        let node = &self.nodes[node];
        let named = node
            .device
            .into_iter()
            .flat_map(Device::names)
            .find_map(|n| match &n.what {
                Name::Ae(title) => slug(title),
                Name::Hl7(app, _) => slug(app),
                Name::Epr(_) => None,
            });
        let ip = node.ips[0].to_string().replace([':', '.'], "-");
        let word = match node.kind {
            Kind::Unknown if node.device.is_none() => "everybody",
            Kind::Unknown => "host",
            kind => kind.word(),
        };
        named.unwrap_or_else(|| format!("{word}-{}", ip.trim_matches('-')))
    }

    pub(super) fn used_groups(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.groups.len()).collect();
        order.sort_by_key(|at| (self.groups[*at].kind, self.groups[*at].name.clone()));
        order
    }

    pub(super) fn write_group(&self, at: usize, out: &mut String) {
        let group = &self.groups[at];
        for node in &group.nodes {
            let node = &self.nodes[*node];
            let ips: Vec<String> = node.ips.iter().map(IpAddr::to_string).collect();
            if let Some(device) = node.device {
                let looks = match node.kind {
                    Kind::Unknown => "nothing tells what it is".to_owned(),
                    kind => format!("looks like a {}: {}", kind.word(), node.why),
                };
                let _ = writeln!(out, "# {} {looks}", ips.join(", "));
                for why in &device.joined_by {
                    let _ = writeln!(out, "#   one device by {}", plain(why));
                }
                for conflict in &device.conflicts {
                    let _ = writeln!(out, "#   CONFLICT: {}", plain(conflict));
                }
            } else {
                let _ = writeln!(out, "# {} sent nothing", ips.join(", "));
            }
        }
        let members: Vec<String> = group
            .nodes
            .iter()
            .map(|node| &self.nodes[*node])
            .flat_map(|node| self.members(&node.ips, node.device))
            .collect();
        let members: Vec<String> = members.iter().map(|m| quoted(m)).collect();
        let _ = writeln!(out, "[[group]]\nname = {}", quoted(&group.name));
        let _ = writeln!(out, "members = [{}]", members.join(", "));
        if group.kind != Kind::Unknown {
            let _ = writeln!(out, "kind = {}", quoted(group.kind.word()));
        }
        out.push('\n');
    }

    /// What a device is known by: its addresses, its names there, and its MAC where it was seen to
    /// change its address or to be given one.
    fn members(&self, ips: &[IpAddr], device: Option<&Device<'_>>) -> Vec<String> {
        let mut members: Vec<String> = ips.iter().map(IpAddr::to_string).collect();
        let Some(device) = device else {
            return members;
        };
        let moves =
            device.assets.len() > 1 || device.protocols().iter().any(|p| p.name() == "dhcp");
        if moves {
            let mut macs: Vec<[u8; 6]> = device.assets.iter().flat_map(|a| a.own_macs()).collect();
            macs.sort_unstable();
            macs.dedup();
            let own = macs.iter().filter(|mac| !self.inventory.is_router(**mac));
            members.extend(own.map(|mac| format!("mac:{}", mac_text(*mac))));
        }
        for name in device.names() {
            let here = |ip: &&IpAddr| {
                let asset = self.inventory.asset(**ip);
                asset.is_some_and(|a| a.names.iter().any(|n| n.what == name.what))
            };
            members.extend(
                ips.iter()
                    .filter(here)
                    .filter_map(|ip| member(&name.what, *ip)),
            );
        }
        let mut seen = BTreeSet::new();
        members.retain(|m| seen.insert(m.clone()));
        members
    }

    /// Hosts that spoke and asked for nothing that a grant could name. They are known all the same,
    /// unless all that was ever answered them was a refusal.
    pub(super) fn write_heard(&self, out: &mut String) {
        if self.manner.only_denied {
            return;
        }
        let heard: Vec<&Device<'_>> = self
            .devices
            .iter()
            .filter(|d| !d.protocols().is_empty())
            .filter(|d| d.assets.iter().all(|a| !self.place.contains_key(&a.ip)))
            .filter(|d| d.assets.iter().any(|a| !self.book.turned_away(a.ip)))
            .collect();
        if heard.is_empty() {
            return;
        }
        let mut members = Vec::new();
        out.push_str("# They spoke, and asked for nothing that a grant could name.\n");
        for device in heard {
            let protocols: Vec<&str> = device.protocols().iter().map(|p| p.name()).collect();
            let mut ips = device.addresses();
            ips.sort_unstable();
            let told: Vec<String> = ips.iter().map(IpAddr::to_string).collect();
            let _ = writeln!(out, "# {}: {}", told.join(", "), protocols.join(", "));
            members.extend(self.members(&ips, Some(device)));
        }
        let members: Vec<String> = members.iter().map(|m| quoted(m)).collect();
        let mut name = "heard".to_owned();
        while self.manner.taken.contains(&name) || self.groups.iter().any(|g| g.name == name) {
            name.push_str("-too");
        }
        let _ = writeln!(
            out,
            "[[group]]\nname = {}\nmembers = [{}]\nnote = \"heard, and nothing granted\"\n",
            quoted(&name),
            members.join(", ")
        );
    }
}
