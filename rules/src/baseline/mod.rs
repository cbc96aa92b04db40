//! How each device usually behaves, and what of its behaviour is new or out of range.
//!
//! Learned over a set time, by device and by kind of device: with whom it talks, what it asks and is
//! asked for, in which hours of the week, how many messages and bytes it sends in five minutes and in
//! an hour. A device is who it is by its network card, its endpoint reference, serial number or AE
//! title, as far as one is known, else by its address. Learning says nothing. Afterwards what was
//! learned stays as it is, so that nobody can teach it slowly; what was told as new is known from then
//! on. A device that was not there to be learned is held against what its kind does.
//!
//! Nothing is hidden: each finding tells the baseline and what was observed.

mod habits;
mod kept;
mod outside;
mod profile;
mod spans;
mod told;
mod volumes;
mod who;

use std::net::IpAddr;

use dissectors::action::Device;
use dissectors::message::{Interest, Message};
use dissectors::registry::ProtocolId;
use dissectors::tcp;
use jiff::tz::TimeZone;

use crate::engine::Table;
use crate::inventory::Inventory;
use crate::limits::{self, Hits, Limits};

pub use kept::SCHEMA;
pub use told::{Kind, Last, Unusual, rules};

use outside::Beats;
use profile::{Profile, SPAN};
use who::{Slot, Who};

/// What was learned, and what is being learned.
#[derive(Debug)]
pub struct Baseline {
    who: Who,
    /// By slot.
    profiles: Vec<Profile>,
    /// What devices of a kind do.
    kinds: Vec<(Device, Profile)>,
    beats: Beats,
    /// By conversation that lasts: bytes of client and server counted so far.
    flows: Table<u64, [u64; 2]>,
    /// Conversations were forgotten: what those say at their end would be counted twice.
    flows_lost: bool,
    /// Packet times: when learning began, and when it ends.
    began: Option<i64>,
    learning: i64,
    /// The last message of anybody, and since which span there was no hole between messages.
    heard: Option<i64>,
    watched: i64,
    /// The span in which silence was looked for last.
    looked: i64,
    room: Room,
    zone: TimeZone,
}

/// The limits in force.
#[derive(Clone, Copy, Debug)]
struct Room {
    devices: usize,
    peers: usize,
    beats: usize,
    flows: usize,
    /// Bytes an hour that are never too many.
    floor: u64,
}

/// Hours of the week are known after a week.
const WEEK: i64 = 7 * 86_400 * 1_000_000_000;

/// Adds the fields that are read here.
pub(crate) fn interest(interest: &mut Interest) {
    if let Some(id) = ProtocolId::of(tcp::TCP.name) {
        for field in [tcp::CLIENT_BYTES, tcp::SERVER_BYTES] {
            interest.want_field(id, field);
        }
    }
}

/// One end of a message.
#[derive(Clone, Copy)]
struct End {
    slot: Slot,
    ip: IpAddr,
    /// What it is, as far as its behaviour tells.
    kind: Option<Device>,
    learns: bool,
    /// It was there to be learned, and learning is over.
    judged: bool,
}

/// Where what is unusual goes.
type Tell<'t> = &'t mut dyn FnMut(Unusual);

impl Baseline {
    /// Learns from the first message on, for so many nanoseconds of packet time.
    pub fn learning(time: i64, zone: TimeZone, limits: &Limits) -> Self {
        Baseline {
            who: Who::default(),
            profiles: Vec::new(),
            kinds: Vec::new(),
            beats: Beats::default(),
            flows: Table::default(),
            flows_lost: false,
            began: None,
            learning: time,
            heard: None,
            watched: i64::MIN,
            looked: i64::MIN,
            room: Room {
                devices: limits.get(limits::BASELINE_DEVICES),
                peers: limits.get(limits::BASELINE_PEERS),
                beats: limits.get(limits::BASELINE_BEATS),
                flows: limits.get(limits::BASELINE_FLOWS),
                floor: limits.amount(limits::OUTBOUND_FLOOR),
            },
            zone,
        }
    }

    /// Whether it still learns at a packet time.
    pub fn learns(&self, now: i64) -> bool {
        self.began
            .is_none_or(|began| now.saturating_sub(began) < self.learning)
    }

    /// Ends learning at a packet time, whatever was set.
    pub fn conclude(&mut self, now: i64) {
        if let Some(began) = self.began {
            self.learning = now.saturating_sub(began).max(1);
        }
    }

    /// Nothing was learned yet.
    pub(crate) fn is_fresh(&self) -> bool {
        self.began.is_none()
    }

    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// With the learning time of another.
    pub(crate) fn for_as_long_as(mut self, other: &Baseline) -> Self {
        self.learning = other.learning;
        self
    }

    /// Devices known.
    pub fn devices(&self) -> usize {
        self.who.len()
    }

    /// Notes a message. Tells what is unusual about it, and who fell silent, if learning is over.
    pub fn saw(
        &mut self,
        message: Message<'_>,
        inventory: &Inventory,
        hits: &mut Hits,
        tell: Tell<'_>,
    ) {
        let now = message.frame().time;
        self.began.get_or_insert(now);
        let learns = self.learns(now);
        self.watch(now, learns, tell);
        let conversation = message.conversation();
        let sender = message.side().index();
        let ends = [sender, 1 - sender].map(|side| {
            let end = &conversation.ends[side];
            if end.ip.is_multicast() || end.ip.is_unspecified() {
                return None;
            }
            let slot = self.slot(end.ip, end.mac, inventory, hits)?;
            let profile = self.profiles.get_mut(slot as usize)?;
            profile.learned |= learns;
            Some(End {
                slot,
                ip: end.ip,
                kind: inventory.asset(end.ip).and_then(|a| a.kind()),
                learns,
                judged: !learns && profile.learned,
            })
        });
        let [from, to] = ends;
        if let Some((from, to)) = from.zip(to) {
            self.meets(from, to, hits, tell);
            self.meets(to, from, hits, tell);
        }
        if let Some(verb) = message.verb() {
            let asks = message.answers().is_none();
            for (end, sends) in [(from, true), (to, false)] {
                if let Some(end) = end.filter(|_| to.is_some()) {
                    self.does(end, verb, asks == sends, tell);
                }
            }
        }
        if let (Some(from), Some(to)) = (from, to) {
            self.in_hour(from, now, tell);
            self.sends(from, to, message, hits, tell);
        }
    }

    /// The device at an address, with a profile.
    fn slot(
        &mut self,
        ip: IpAddr,
        mac: Option<[u8; 6]>,
        inventory: &Inventory,
        hits: &mut Hits,
    ) -> Option<Slot> {
        let slot = self.who.of(ip, mac, inventory, self.room.devices);
        if slot.is_none() {
            hits.count(limits::BASELINE_DEVICES);
        }
        self.profiles.resize_with(self.who.len(), Profile::default);
        slot
    }

    /// Moves the clock. Once a span, devices that always spoke are looked at.
    fn watch(&mut self, now: i64, learns: bool, tell: Tell<'_>) {
        let span = now.div_euclid(SPAN);
        let hole = self
            .heard
            .is_none_or(|last| now.saturating_sub(last) > SPAN);
        self.heard = self.heard.max(Some(now));
        if hole {
            // Nobody was heard: that is the capture's silence, not a device's.
            self.watched = span;
        }
        if span <= self.looked {
            return;
        }
        self.looked = span;
        if learns || hole {
            return;
        }
        let learned = self.learned_words();
        for at in 0..self.profiles.len() {
            if let Some(unusual) = self.silent(at, span, &learned) {
                tell(unusual);
            }
        }
    }

    fn learned_words(&self) -> String {
        let hours = self.learning / 3_600_000_000_000;
        match hours {
            0 => format!("in {} minutes learned", self.learning / 60_000_000_000),
            1..48 => format!("in {hours} hours learned"),
            _ => format!("in {} days learned", hours / 24),
        }
    }

    fn kind(&mut self, kind: Device) -> &mut Profile {
        let at = match self.kinds.iter().position(|(k, _)| *k == kind) {
            Some(at) => at,
            None => {
                self.kinds.push((kind, Profile::default()));
                self.kinds.len() - 1
            }
        };
        &mut self.kinds[at].1
    }

    fn kind_known(&self, kind: Device) -> Option<&Profile> {
        self.kinds.iter().find(|(k, _)| *k == kind).map(|(_, p)| p)
    }

    /// What a device is held against: its own profile, or that of its kind.
    fn measure(&self, end: End) -> Option<(String, &Profile)> {
        if end.judged {
            return Some((
                "the device".to_owned(),
                self.profiles.get(end.slot as usize)?,
            ));
        }
        let kind = end.kind?;
        let class = self.kind_known(kind)?;
        Some((crate::inventory::role::plural(kind).to_owned(), class))
    }
}

#[cfg(test)]
mod tests;
