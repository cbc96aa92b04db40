//! A policy from captures: a draft that a person reads, edits and signs.
//!
//! It grants what was seen and no more. What puts therapy or safety at stake is a proposal: it
//! counts only when somebody's name and a date stand on it.

mod grants;
mod groups;
mod head;
mod pools;
mod proposals;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use dissectors::action::Device as Kind;

use crate::inventory::Inventory;
use crate::inventory::devices::Device;
use crate::inventory::logbook::{Deal, Logbook};

/// How the draft is written.
pub struct Manner<'m> {
    /// What it was learned from, for its head.
    pub sources: &'m [String],
    /// Writes a packet time.
    pub time: &'m dyn Fn(i64) -> String,
    /// Group names that are taken.
    pub taken: Vec<String>,
    /// Only what the logbook's policy denies.
    pub only_denied: bool,
}

/// A policy as text, and how much of it waits for a person.
#[derive(Debug)]
pub struct Draft {
    pub text: String,
    pub groups: usize,
    pub grants: usize,
    /// Grants that count only when accepted.
    pub proposals: usize,
}

/// Writes a draft of what was heard.
pub fn draft(book: &Logbook, inventory: &Inventory, manner: &Manner<'_>) -> Draft {
    let devices = inventory.devices();
    let mut lesson = Lesson::new(book, inventory, &devices, manner);
    lesson.name_groups();
    let mut text = if manner.only_denied {
        String::new()
    } else {
        lesson.head()
    };
    let used = lesson.used_groups();
    for group in &used {
        lesson.write_group(*group, &mut text);
    }
    lesson.write_heard(&mut text);
    lesson.write_pools(&mut text);
    lesson.write_proposals(&mut text);
    let (grants, proposals) = lesson.write_grants(&mut text);
    Draft {
        groups: used.len(),
        text,
        grants,
        proposals,
    }
}

/// One device, or an address that many listen to.
struct Node<'i> {
    device: Option<&'i Device<'i>>,
    ips: Vec<IpAddr>,
    kind: Kind,
    why: String,
    group: usize,
}

struct Group {
    name: String,
    kind: Kind,
    nodes: Vec<usize>,
}

struct Lesson<'l> {
    book: &'l Logbook,
    inventory: &'l Inventory,
    manner: &'l Manner<'l>,
    deals: Vec<&'l Deal>,
    nodes: Vec<Node<'l>>,
    place: BTreeMap<IpAddr, usize>,
    groups: Vec<Group>,
    devices: &'l [Device<'l>],
}

impl<'l> Lesson<'l> {
    fn new(
        book: &'l Logbook,
        inventory: &'l Inventory,
        devices: &'l [Device<'l>],
        manner: &'l Manner<'l>,
    ) -> Self {
        let mut deals: Vec<&Deal> = book
            .deals()
            .iter()
            .filter(|d| !manner.only_denied || d.ruling.denied > 0)
            .collect();
        deals.sort_by_key(|d| (d.actor, d.target, d.verb as u8, d.protocol.index()));
        let mut lesson = Lesson {
            book,
            inventory,
            manner,
            deals,
            nodes: Vec::new(),
            place: BTreeMap::new(),
            groups: Vec::new(),
            devices,
        };
        lesson.find_nodes();
        lesson.find_groups();
        lesson
    }

    fn find_nodes(&mut self) {
        let ips: BTreeSet<IpAddr> = self
            .deals
            .iter()
            .flat_map(|d| [d.actor, d.target])
            .collect();
        for ip in ips {
            if self.place.contains_key(&ip) {
                continue;
            }
            let device = self
                .devices
                .iter()
                .find(|d| d.assets.iter().any(|a| a.ip == ip));
            let at = self.nodes.len();
            let role = device.and_then(Device::role);
            let (kind, why) = match &role {
                Some((kind, votes)) => {
                    let why = votes.iter().max_by_key(|v| v.weight).map(|v| {
                        format!(
                            "it {} ({}, frame {})",
                            v.why,
                            v.protocol.name(),
                            v.first.number
                        )
                    });
                    (*kind, why.unwrap_or_default())
                }
                None => (Kind::Unknown, String::new()),
            };
            let mut ips = device.map_or_else(|| vec![ip], Device::addresses);
            ips.sort_unstable();
            for own in &ips {
                self.place.insert(*own, at);
            }
            self.nodes.push(Node {
                device,
                ips,
                kind,
                why,
                group: 0,
            });
        }
    }
}
