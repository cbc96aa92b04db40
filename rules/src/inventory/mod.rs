//! What is on the wire: assets by address, with every identity that they claim, and the devices
//! that these addresses are.
//!
//! An address, an AE title, an application's name are claims: the inventory records who made them,
//! where first and when last. One [`Asset`] is one address; [`devices`] joins the addresses of one
//! device by what outlives a change of address (MAC, endpoint reference, serial number, AE title).

mod asset;
mod claims;
mod condition;
pub mod devices;
mod holders;
mod kept;
mod link;
pub mod logbook;
mod marks;
pub mod oui;
pub mod register;
pub mod role;
pub(crate) mod usage;

use std::hash::{BuildHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;

use dissectors::contract::Side;
use dissectors::message::{FrameRef, Interest, Message, Value};
use dissectors::registry::ProtocolId;
use foldhash::fast::RandomState;

pub use asset::{Asset, Peer, Seen};
pub use claims::Claims;
pub use logbook::Logbook;
pub use marks::Mark;
pub use register::Register;
pub use usage::{Change, Evidence, Use, Uses};

use self::holders::{Held, Holders};
use self::marks::Role;
use self::role::Vote;
use crate::engine::Table;
use crate::finding::Name;
use crate::language::compiled::Attribute;
use crate::limits::{self, Hits, Limits};
use crate::privacy::printable;

/// Every asset seen.
#[derive(Debug)]
pub struct Inventory {
    assets: Vec<Asset>,
    by_ip: Table<IpAddr, u32>,
    holders: Holders,
    /// What of each conversation is known already.
    talks: Talks,
    hasher: RandomState,
    room: Room,
    now: i64,
    /// When the first asset was seen.
    began: Option<i64>,
    /// What the site calls its devices.
    register: Option<Arc<Register>>,
}

/// The limits in force.
#[derive(Clone, Copy, Debug)]
struct Room {
    assets: usize,
    names: usize,
    peers: usize,
    behind: usize,
    talks: usize,
    in_use: i64,
    alive: i64,
    new_after: i64,
}

/// What of a conversation is known already, so that a message that says nothing new costs little.
#[derive(Clone, Copy, Debug)]
struct Talk {
    pair: [u32; 2],
    /// Of the last message.
    protocol: Option<ProtocolId>,
    /// Fingerprints of the last messages that named anything.
    told: [u64; 4],
    next: u8,
    /// By side that asks: verbs asked.
    asked: [u32; 2],
}

/// The conversations, by number.
#[derive(Debug)]
struct Talks {
    all: Vec<Talk>,
    places: Table<u64, u32>,
    /// Places found lately, by the number's last bits.
    recent: Vec<(u64, u32)>,
}

/// Places that are remembered apart.
const RECENT: usize = 1024;

impl Default for Talks {
    fn default() -> Self {
        Talks {
            all: Vec::new(),
            places: Table::default(),
            recent: vec![(0, 0); RECENT],
        }
    }
}

impl Talks {
    /// Where the conversation with this number lies. Nowhere for 0.
    fn place(&mut self, flow: u64) -> Option<usize> {
        if flow == 0 {
            return None;
        }
        let recent = &mut self.recent[flow as usize % RECENT];
        if recent.0 != flow {
            *recent = (flow, *self.places.get(&flow)?);
        }
        Some(recent.1 as usize)
    }

    fn add(&mut self, flow: u64, talk: Talk) {
        self.places.insert(flow, self.all.len() as u32);
        self.all.push(talk);
    }
}

const NOBODY: u32 = u32::MAX;

impl Default for Inventory {
    /// Empty, with the default limits.
    fn default() -> Self {
        Inventory::new(&Limits::default())
    }
}

/// Adds the fields that the inventory reads.
pub(crate) fn interest(interest: &mut Interest) {
    claims::interest(interest);
    marks::interest(interest);
    link::interest(interest);
}

/// The same, and what shows use: for commands that look back.
pub fn all_interest(interest: &mut Interest) {
    self::interest(interest);
    usage::interest(interest);
}

impl Inventory {
    pub(crate) fn new(limits: &Limits) -> Self {
        Inventory {
            assets: Vec::new(),
            by_ip: Table::default(),
            holders: Holders::new(limits.get(limits::NAMES_HELD)),
            talks: Talks::default(),
            hasher: RandomState::default(),
            room: Room {
                assets: limits.get(limits::ASSETS),
                names: limits.get(limits::ASSET_NAMES),
                peers: limits.get(limits::ASSET_PEERS),
                behind: limits.get(limits::ASSET_BEHIND),
                talks: limits.get(limits::CONVERSATIONS).max(1),
                in_use: limits.nanoseconds(limits::USE_SECONDS),
                alive: limits.nanoseconds(limits::HOLDER_SECONDS),
                new_after: limits.nanoseconds(limits::NEW_AFTER),
            },
            now: i64::MIN,
            began: None,
            register: None,
        }
    }

    /// Every asset, in the order in which they were first seen.
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }

    pub fn asset(&self, ip: IpAddr) -> Option<&Asset> {
        self.by_ip.get(&ip).map(|at| &self.assets[*at as usize])
    }

    /// Gives the inventory the site's list of devices.
    pub fn call_by(&mut self, register: Option<Arc<Register>>) {
        self.register = register;
    }

    pub fn register(&self) -> Option<&Register> {
        self.register.as_deref()
    }

    /// What the site calls an asset: by serial number, then MAC, then address.
    pub fn called(&self, ip: IpAddr, mac: Option<[u8; 6]>) -> Option<&register::Entry> {
        let register = self.register.as_deref()?;
        match self.asset(ip) {
            Some(asset) => register.of(asset, |mac| self.is_router(mac)),
            None => register.at(ip, mac),
        }
    }

    /// Packet time of the newest message.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// Who claims an AE title.
    pub fn holders_of_ae(&self, title: &[u8]) -> impl Iterator<Item = &Asset> {
        self.holders
            .of(Held::Ae, title)
            .iter()
            .map(|at| &self.assets[*at as usize])
    }

    /// How many devices hold a name and were seen lately. Addresses behind one network card are
    /// one device.
    fn holders(&self, what: Held, name: &[u8]) -> usize {
        self.holders_where(what, name, |_| true)
    }

    fn holders_where(&self, what: Held, name: &[u8], counts: impl Fn(&Asset) -> bool) -> usize {
        let mut cards: Vec<Option<[u8; 6]>> = Vec::new();
        for at in self.holders.of(what, name) {
            let Some(asset) = self.assets.get(*at as usize) else {
                continue;
            };
            if !counts(asset) {
                continue;
            }
            if self.now.saturating_sub(asset.last_seen) > self.room.alive {
                continue;
            }
            let card = asset.usual_mac().filter(|mac| !self.is_router(*mac));
            if card.is_none() || !cards.contains(&card) {
                cards.push(card);
            }
        }
        cards.len()
    }

    /// How many devices hold one of the claimed names.
    pub(crate) fn holders_of(&self, which: Attribute, claims: Claims<'_>) -> Option<usize> {
        Some(match which {
            Attribute::AeHolders => self.holders(Held::Ae, claims.ae?),
            Attribute::EprHolders => self.holders(Held::Epr, claims.epr?),
            _ => {
                let (app, facility) = claims.hl7?;
                self.holders(Held::App, &holders::pair(app, facility))
            }
        })
    }

    /// How many devices tell the serial number of this one.
    pub(crate) fn holders_of_serial(&self, ip: IpAddr) -> Option<usize> {
        let own = self.asset(ip)?;
        let models: Vec<&str> = own.marked(Mark::Model).collect();
        // Makers number each model from one.
        let of_its_model = |a: &Asset| {
            let mut others = a.marked(Mark::Model).peekable();
            models.is_empty() || others.peek().is_none() || others.any(|m| models.contains(&m))
        };
        Some(self.holders_where(Held::Serial, own.serial()?.as_bytes(), of_its_model))
    }

    /// The MAC that an address is bound to, unless it is a router's.
    pub fn usual_mac(&self, ip: IpAddr) -> Option<[u8; 6]> {
        let mac = self.asset(ip)?.usual_mac()?;
        (!self.is_router(mac)).then_some(mac)
    }

    /// Whether a MAC speaks for so many addresses that it is a router's.
    pub fn is_router(&self, mac: [u8; 6]) -> bool {
        let v4 = |at: &&u32| {
            self.assets
                .get(**at as usize)
                .is_some_and(|a| a.ip.is_ipv4())
        };
        self.holders.of(Held::Mac, &mac).iter().filter(v4).count() >= ROUTER
    }

    /// What shows that an asset is in use now, and how old that is. `None`: unknown.
    pub fn in_use(&self, ip: IpAddr) -> Option<(Use, Evidence)> {
        self.asset(ip)?.uses.at(self.now, self.room.in_use)
    }

    /// How old evidence of use may be, in nanoseconds.
    pub fn use_patience(&self) -> i64 {
        self.room.in_use
    }

    /// Notes what a message says. Most say nothing new.
    pub fn saw(&mut self, message: Message<'_>, hits: &mut Hits) {
        let conversation = message.conversation();
        let at = message.frame();
        self.now = self.now.max(at.time);
        let place = self.talks.place(conversation.flow_id);
        let mut talk = match place {
            Some(at) => self.talks.all[at],
            None => self.meet(message, hits),
        };
        let sender = message.side().index();
        let malformed = message.kind() == b"malformed";
        for (side, index) in talk.pair.iter().enumerate() {
            if let Some(asset) = self.assets.get_mut(*index as usize) {
                asset.last_seen = asset.last_seen.max(at.time);
                asset.sent += u64::from(side == sender);
                if side == sender {
                    asset.last_sent = asset.last_sent.max(Some(at.time));
                } else if malformed {
                    asset.spoiled = asset.spoiled.max(Some(at.time));
                }
            }
        }
        if talk.protocol != Some(message.protocol()) {
            talk.protocol = Some(message.protocol());
            self.speaks(message, talk.pair, hits);
        }
        if let Some(bound) = link::bound(message) {
            self.link(&bound, talk.pair[sender], message, hits);
        }
        if begins_anew(message) {
            self.began_anew(message);
        }
        let roles = marks::roles(message.protocol());
        let patient = !roles.is_empty() && self.names(message, roles, &mut talk, hits);
        if let Some(verb) = message.verb() {
            let actor = if message.answers().is_some() {
                1 - sender
            } else {
                sender
            };
            let bit = 1 << (verb as u32);
            if talk.asked[actor] & bit == 0 {
                talk.asked[actor] |= bit;
                self.asked(message, &talk, actor, bit, hits);
            }
        }
        if usage::is_device(message.protocol()) || message.verb().is_some() {
            for (what, of_sender, over) in usage::shown(message, patient) {
                let side = if of_sender { sender } else { 1 - sender };
                if let Some(asset) = self.assets.get_mut(talk.pair[side] as usize) {
                    let protocol = message.protocol();
                    asset.uses.saw(what, protocol, at, self.room.in_use, over);
                }
            }
        }
        match place {
            Some(at) => self.talks.all[at] = talk,
            // Nothing tells those of number 0 apart.
            None if conversation.flow_id == 0 => {}
            None => {
                if self.talks.all.len() >= self.room.talks {
                    // What was known of them is learned again.
                    hits.count(limits::CONVERSATIONS);
                    self.talks = Talks::default();
                }
                self.talks.add(conversation.flow_id, talk);
            }
        }
    }

    /// The first message of a conversation.
    fn meet(&mut self, message: Message<'_>, hits: &mut Hits) -> Talk {
        let conversation = message.conversation();
        let mut pair = [NOBODY; 2];
        for side in Side::BOTH {
            let end = &conversation.ends[side.index()];
            let seen = conversation.seen[side.index()] || message.side() == side;
            let at = self.at(end.ip, message.frame(), hits);
            pair[side.index()] = at;
            if let Some(mac) = end.mac.filter(|_| seen) {
                self.bind(at, mac, message, hits);
            }
        }
        Talk {
            pair,
            protocol: None,
            told: [0; 4],
            next: 0,
            asked: [0; 2],
        }
    }

    /// The conversation speaks a protocol: what that makes of its ends.
    fn speaks(&mut self, message: Message<'_>, pair: [u32; 2], hits: &mut Hits) {
        for side in Side::BOTH {
            let Some(asset) = self.assets.get_mut(pair[side.index()] as usize) else {
                continue;
            };
            if !asset.protocols.contains(&message.protocol()) {
                if asset.protocols.len() < self.room.names {
                    asset.protocols.push(message.protocol());
                } else {
                    hits.count(limits::ASSET_NAMES);
                }
            }
            if let Some((kind, why)) = role::by_protocol(message.protocol(), side) {
                vote(asset, kind, 2, why, message);
            }
        }
        for (own, other) in [(pair[0], pair[1]), (pair[1], pair[0])] {
            self.peer(own, other, message, 0, hits);
        }
    }

    /// Reads names and marks, unless the conversation said the same before. Gives whether the
    /// message names a patient.
    fn names(
        &mut self,
        message: Message<'_>,
        roles: &[Role],
        talk: &mut Talk,
        hits: &mut Hits,
    ) -> bool {
        let mut hasher = self.hasher.build_hasher();
        let (mut any, mut patient) = (false, false);
        for (field, value) in message.fields() {
            let role = roles.get(usize::from(field.0)).copied();
            match (role, value) {
                (None | Some(Role::Nothing), _) => {}
                (Some(Role::Patient), Value::Text(text) | Value::Bytes(text)) => {
                    patient |= text.iter().any(|b| !matches!(b, b' ' | 0));
                }
                (Some(Role::Patient), _) => {}
                (Some(_), Value::Text(text)) => {
                    any = true;
                    field.hash(&mut hasher);
                    text.hash(&mut hasher);
                }
                (Some(_), _) => {}
            }
        }
        if !any {
            return patient;
        }
        message.side().hash(&mut hasher);
        let print = hasher.finish() | 1;
        if talk.told.contains(&print) {
            return patient;
        }
        talk.told[usize::from(talk.next % 4)] = print;
        talk.next = talk.next.wrapping_add(1);
        let at = talk.pair[message.side().index()];
        self.claim(at, message, hits);
        self.mark(at, message, roles, hits);
        patient
    }

    /// The sender's names.
    fn claim(&mut self, at: u32, message: Message<'_>, hits: &mut Hits) {
        let claims = Claims::of(message, message.side());
        if let Some(title) = claims.ae.filter(|t| !t.is_empty()) {
            self.name(at, Name::Ae(printable(title)), message, hits);
            self.holders.add(Held::Ae, title, at, hits);
        }
        if let Some((app, facility)) = claims.hl7.filter(|(a, f)| !a.is_empty() || !f.is_empty()) {
            let name = Name::Hl7(printable(app), printable(facility));
            self.name(at, name, message, hits);
            self.holders
                .add(Held::App, &holders::pair(app, facility), at, hits);
        }
        if let Some(epr) = claims.epr.filter(|e| !e.is_empty()) {
            self.name(at, Name::Epr(printable(epr)), message, hits);
            self.holders.add(Held::Epr, epr, at, hits);
        }
    }

    fn name(&mut self, at: u32, name: Name, message: Message<'_>, hits: &mut Hits) {
        if let Some(asset) = self.assets.get_mut(at as usize) {
            note(&mut asset.names, name, message, self.room.names, hits);
        }
    }

    /// What the sender says of itself.
    fn mark(&mut self, at: u32, message: Message<'_>, roles: &[Role], hits: &mut Hits) {
        let Some(asset) = self.assets.get_mut(at as usize) else {
            return;
        };
        let mut banner = false;
        for (field, value) in message.fields() {
            let Value::Text(text) = value else { continue };
            let text = text.trim_ascii();
            if text.is_empty() {
                continue;
            }
            match roles.get(usize::from(field.0)) {
                Some(Role::Mark(mark)) => {
                    let what = (*mark, printable(text));
                    let before = asset.marks.len();
                    note(&mut asset.marks, what, message, self.room.names * 2, hits);
                    banner |= asset.marks.len() > before && *mark != Mark::Label;
                    if *mark == Mark::Serial && !asset::of_images(message.protocol(), *mark) {
                        self.holders.add(Held::Serial, text, at, hits);
                    }
                }
                Some(Role::Behind) => {
                    let what = printable(text);
                    note(&mut asset.behind, what, message, self.room.behind, hits);
                }
                _ => {}
            }
        }
        if banner {
            asset.advisories = crate::advisory::certain(&|mark| asset.marked(mark).collect());
        }
    }

    /// A message says which card an address is used from.
    fn link(&mut self, bound: &link::Bound, sender: u32, message: Message<'_>, hits: &mut Hits) {
        let at = match bound.ip {
            Some(ip) => self.at(ip, message.frame(), hits),
            None => sender,
        };
        self.bind(at, bound.mac, message, hits);
        if let Some(asset) = self.assets.get_mut(at as usize).filter(|_| !bound.lease) {
            asset.last_sent = asset.last_sent.max(Some(message.frame().time));
        }
        if bound.lease
            && let Some(asset) = self.assets.get_mut(at as usize)
            && let Some(place) = asset.macs.iter().position(|m| m.what == bound.mac)
        {
            // Handed out anew: no move.
            let leased = asset.macs.remove(place);
            asset.macs.clear();
            asset.macs.push(leased);
        }
    }

    /// An address was used from a network card.
    fn bind(&mut self, at: u32, mac: [u8; 6], message: Message<'_>, hits: &mut Hits) {
        if let Some(asset) = self.assets.get_mut(at as usize)
            && mac != [0; 6]
            && mac[0] & 1 == 0
        {
            note(&mut asset.macs, mac, message, self.room.names, hits);
            self.holders.add(Held::Mac, &mac, at, hits);
        }
    }

    /// One side asked for something for the first time in this conversation.
    fn asked(
        &mut self,
        message: Message<'_>,
        talk: &Talk,
        actor: usize,
        bit: u32,
        hits: &mut Hits,
    ) {
        let (asks, asked) = (talk.pair[actor], talk.pair[1 - actor]);
        self.peer(asked, asks, message, bit, hits);
        for (at, found) in [asks, asked].into_iter().zip(role::by_action(message)) {
            if let Some((kind, weight, why)) = found
                && let Some(asset) = self.assets.get_mut(at as usize)
            {
                vote(asset, kind, weight, why, message);
            }
        }
    }

    fn peer(&mut self, own: u32, other: u32, message: Message<'_>, bit: u32, hits: &mut Hits) {
        let Some(asset) = self.assets.get_mut(own as usize) else {
            return;
        };
        if other == NOBODY {
            return;
        }
        let time = message.frame().time;
        let known = asset.peers.iter().position(|p| p.at == other);
        let at = match known {
            Some(at) => at,
            None if asset.peers.len() >= self.room.peers => {
                hits.count(limits::ASSET_PEERS);
                return;
            }
            None => {
                asset.peers.push(Peer {
                    at: other,
                    protocols: Vec::new(),
                    asked: 0,
                    last: time,
                });
                asset.peers.len() - 1
            }
        };
        let peer = &mut asset.peers[at];
        peer.asked |= bit;
        peer.last = peer.last.max(time);
        if !peer.protocols.contains(&message.protocol()) && peer.protocols.len() < self.room.names {
            peer.protocols.push(message.protocol());
        }
    }

    fn at(&mut self, ip: IpAddr, frame: FrameRef, hits: &mut Hits) -> u32 {
        if let Some(at) = self.by_ip.get(&ip) {
            return *at;
        }
        let nobody = ip.is_unspecified()
            || ip.is_multicast()
            || matches!(ip, IpAddr::V4(v4) if v4.is_broadcast());
        if nobody {
            return NOBODY;
        }
        if self.assets.len() >= self.room.assets {
            hits.count(limits::ASSETS);
            return NOBODY;
        }
        let at = self.assets.len() as u32;
        self.assets.push(Asset::new(ip, frame));
        let began = self.began.get_or_insert(frame.time);
        *began = frame.time.min(*began);
        self.by_ip.insert(ip, at);
        at
    }
}

/// What a host sends when it comes up.
fn begins_anew(message: Message<'_>) -> bool {
    match message.protocol().name() {
        "arp" => matches!(message.kind(), b"announcement" | b"gratuitous"),
        "dhcp" => matches!(message.kind(), b"DHCPDISCOVER" | b"DHCPREQUEST"),
        "sdc" => message.kind() == b"Hello",
        _ => false,
    }
}

/// From this many IPv4 addresses on, a MAC is taken for a router's.
const ROUTER: usize = 3;
/// Reasons kept for what an asset is.
const VOTES: usize = 24;

fn vote(
    asset: &mut Asset,
    kind: dissectors::action::Device,
    weight: u8,
    why: &'static str,
    message: Message<'_>,
) {
    let protocol = message.protocol();
    let known = asset
        .votes
        .iter()
        .any(|v| v.kind == kind && v.why == why && v.protocol == protocol);
    if !known && asset.votes.len() < VOTES {
        asset.votes.push(Vote {
            kind,
            weight,
            protocol,
            why,
            first: message.frame(),
        });
    }
}

/// Adds to a list of what was seen, or renews it.
fn note<T: PartialEq>(
    list: &mut Vec<Seen<T>>,
    what: T,
    message: Message<'_>,
    room: usize,
    hits: &mut Hits,
) {
    let frame = message.frame();
    if let Some(seen) = list.iter_mut().find(|s| s.what == what) {
        seen.last = seen.last.max(frame.time);
    } else if list.len() >= room {
        hits.count(limits::ASSET_NAMES);
    } else {
        list.push(Seen {
            what,
            protocol: message.protocol(),
            first: frame,
            last: frame.time,
        });
    }
}
