//! The device table.

use std::collections::HashMap;
use std::net::IpAddr;

use rules::finding::Severity;
use rules::inventory::oui;

use super::{Findings, Messages};
use crate::feed::{DeviceKey, DeviceRow, InUse};
use crate::filter::Filter;
use crate::widgets::list::Cursor;

/// A card that speaks for so many hosts is a router's.
const ROUTER: u32 = 3;

/// How the table is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Findings, then commands.
    #[default]
    Risk,
    Address,
    Commands,
    LastSeen,
    Name,
}

impl Sort {
    pub const fn word(self) -> &'static str {
        match self {
            Sort::Risk => "risk",
            Sort::Address => "address",
            Sort::Commands => "commands",
            Sort::LastSeen => "last seen",
            Sort::Name => "name",
        }
    }

    pub const fn next(self) -> Self {
        match self {
            Sort::Risk => Sort::Address,
            Sort::Address => Sort::Commands,
            Sort::Commands => Sort::LastSeen,
            Sort::LastSeen => Sort::Name,
            Sort::Name => Sort::Risk,
        }
    }
}

/// A device with how bad it is.
#[derive(Clone, Debug)]
pub struct Held {
    pub row: DeviceRow,
    pub worst: Option<Severity>,
}

#[derive(Default)]
pub struct Devices {
    all: HashMap<u32, Held>,
    /// Places of the hosts themselves.
    hosts: HashMap<IpAddr, u32>,
    /// How many hosts speak with a card.
    cards: HashMap<[u8; 6], u32>,
    /// What shows that hosts are in use.
    uses: HashMap<IpAddr, InUse>,
    order: Vec<u32>,
    pub sort: Sort,
    cursor: Cursor<DeviceKey>,
    dirty: bool,
    seen_by: (String, u64),
    /// The version of the findings that `worst` rests on.
    worst_of: u64,
}

impl Devices {
    pub fn apply(&mut self, news: HashMap<u32, DeviceRow>, findings: &Findings) {
        self.dirty |= !news.is_empty();
        if self.worst_of != findings.version() {
            self.worst_of = findings.version();
            self.dirty = true;
            for held in self.all.values_mut() {
                held.worst = findings.worst(held.row.key.ip);
            }
        }
        for (at, row) in news {
            let worst = findings.worst(row.key.ip);
            if row.key.subject.is_empty() {
                self.hosts.insert(row.key.ip, at);
                let before = self.all.get(&at).map_or(0, |d| d.row.macs.len());
                for mac in row.macs.iter().skip(before) {
                    *self.cards.entry(*mac).or_default() += 1;
                }
            }
            self.all.insert(at, Held { row, worst });
        }
    }

    pub fn arrange(&mut self, filter: &Filter, messages: &Messages) {
        let seen_by = (filter.text.clone(), messages.version());
        if !std::mem::take(&mut self.dirty) && (filter.is_all() || seen_by == self.seen_by) {
            return;
        }
        self.seen_by = seen_by;
        let mut order: Vec<u32> = self
            .all
            .iter()
            .filter(|(_, d)| filter.is_all() || messages.passing_host(d.row.key.ip))
            .map(|(at, _)| *at)
            .collect();
        let row = |at: &u32| &self.all[at].row;
        let key = |at: &u32| (row(at).key.ip, row(at).key.subject.clone());
        use std::cmp::Reverse;
        match self.sort {
            Sort::Risk => order.sort_by_cached_key(|at| {
                let held = &self.all[at];
                // A device that names itself stands before the host that it is reached through.
                let host = held.row.key.subject.is_empty();
                (
                    Reverse(held.worst),
                    Reverse(held.row.commands),
                    host,
                    key(at),
                )
            }),
            Sort::Address => order.sort_by_cached_key(key),
            Sort::Commands => order.sort_by_cached_key(|at| (Reverse(row(at).commands), key(at))),
            Sort::LastSeen => order.sort_by_cached_key(|at| (Reverse(row(at).last_seen), key(at))),
            Sort::Name => {
                order.sort_by_cached_key(|at| (name(row(at)).is_empty(), name(row(at)), key(at)))
            }
        }
        self.order = order;
        let mut cursor = std::mem::take(&mut self.cursor);
        cursor.settle(self.order.len(), |at| self.key_at(at));
        self.cursor = cursor;
    }

    fn key_at(&self, row: usize) -> Option<DeviceKey> {
        self.row(row).map(|d| d.row.key.clone())
    }

    pub fn change(&mut self) {
        self.dirty = true;
    }

    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Devices known, whatever the filter.
    pub fn known(&self) -> usize {
        self.all.len()
    }

    pub fn row(&self, row: usize) -> Option<&Held> {
        self.order.get(row).and_then(|at| self.all.get(at))
    }

    pub fn chosen(&self) -> Option<&Held> {
        self.row(self.cursor.row())
    }

    pub fn by(&mut self, down: isize) {
        let mut cursor = std::mem::take(&mut self.cursor);
        cursor.by(down, self.order.len(), |at| self.key_at(at));
        self.cursor = cursor;
    }

    pub fn to(&mut self, row: usize) {
        let mut cursor = std::mem::take(&mut self.cursor);
        cursor.to(row, self.order.len(), |at| self.key_at(at));
        self.cursor = cursor;
    }

    pub fn choose(&mut self, ip: IpAddr, subject: &str) {
        let known = self
            .all
            .values()
            .any(|d| d.row.key.ip == ip && d.row.key.subject == subject);
        self.cursor.choose(DeviceKey {
            ip,
            subject: if known {
                subject.to_owned()
            } else {
                String::new()
            },
        });
        self.dirty = true;
    }

    pub fn cursor(&mut self) -> &mut Cursor<DeviceKey> {
        &mut self.cursor
    }

    /// What an address calls itself, if anything is known.
    pub fn name_of(&self, ip: IpAddr) -> Option<&str> {
        let held = self.all.get(self.hosts.get(&ip)?)?;
        held.row.names.first().map(String::as_str)
    }

    /// Who made the network card of a host, as far as its address tells and is no router's.
    pub fn vendor(&self, row: &DeviceRow) -> Option<&'static str> {
        if !row.key.subject.is_empty() {
            return None;
        }
        let own = |mac: &&[u8; 6]| self.cards.get(*mac).is_none_or(|hosts| *hosts < ROUTER);
        row.macs
            .iter()
            .filter(own)
            .find_map(|mac| oui::vendor(*mac))
    }

    /// Takes what shows use, all of it anew.
    pub fn in_use(&mut self, uses: &[InUse]) {
        self.uses = uses.iter().map(|u| (u.ip, *u)).collect();
    }

    /// What shows that a host is in use now. `None`: unknown, never "not in use".
    pub fn use_of(&self, ip: IpAddr) -> Option<&InUse> {
        self.uses.get(&ip)
    }
}

/// The best name of a device.
pub fn name(row: &DeviceRow) -> String {
    if !row.key.subject.is_empty() {
        row.key.subject.clone()
    } else {
        row.names.first().cloned().unwrap_or_default()
    }
}

/// What part a device plays.
pub fn role(row: &DeviceRow) -> &'static str {
    match (row.gives > 0, row.commands > 0) {
        (true, true) => "both ways",
        (true, false) => "commands",
        (false, true) => "commanded",
        (false, false) => "reports",
    }
}
