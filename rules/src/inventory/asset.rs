//! One address and what was seen of it, with the evidence.

use std::net::IpAddr;

use dissectors::action::Verb;
use dissectors::message::FrameRef;
use dissectors::registry::ProtocolId;

use super::marks::Mark;
use super::oui::is_virtual;
use super::role::Vote;
use super::usage::Uses;
use crate::finding::Name;

/// Something seen, where first, and when last.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen<T> {
    pub what: T,
    pub protocol: ProtocolId,
    pub first: FrameRef,
    /// Packet time, nanoseconds.
    pub last: i64,
}

/// One asset: an address and what was seen of it.
#[derive(Clone, Debug)]
pub struct Asset {
    pub ip: IpAddr,
    /// In the order in which they were seen; the first is the usual one.
    pub macs: Vec<Seen<[u8; 6]>>,
    /// In the order in which they were claimed.
    pub names: Vec<Seen<Name>>,
    /// What it says of itself: model, serial number, software.
    pub marks: Vec<Seen<(Mark, String)>>,
    /// Devices that it speaks for (serial numbers behind a gateway).
    pub behind: Vec<Seen<String>>,
    pub protocols: Vec<ProtocolId>,
    pub peers: Vec<Peer>,
    pub(super) votes: Vec<Vote>,
    pub uses: Uses,
    /// Advisories whose affected versions it surely lies in, by id.
    pub advisories: Vec<String>,
    /// When it last sent anything, and when it was last sent something malformed. Packet time.
    pub(super) last_sent: Option<i64>,
    pub(super) spoiled: Option<i64>,
    /// When it began anew soon after that, the newest last.
    pub(super) crashes: Vec<i64>,
    /// Messages that it sent.
    pub sent: u64,
    pub first: FrameRef,
    /// Packet time, nanoseconds.
    pub first_seen: i64,
    pub last_seen: i64,
}

/// Another asset that it talked with.
#[derive(Clone, Debug, PartialEq)]
pub struct Peer {
    /// Index among the assets.
    pub at: u32,
    pub protocols: Vec<ProtocolId>,
    /// A bit for each verb that the peer asked of this asset.
    pub asked: u32,
    pub last: i64,
}

/// A bit for each verb that changes something.
const COMMANDS: u32 = {
    let mut bits = 0;
    let mut at = 0;
    while at < Verb::ALL.len() {
        let verb = Verb::ALL[at];
        let harmless = matches!(
            verb,
            Verb::Store
                | Verb::Retrieve
                | Verb::Read
                | Verb::Subscribe
                | Verb::Verify
                | Verb::Discover
                | Verb::Print
                | Verb::Notify
        );
        if !harmless {
            bits |= 1 << verb as u32;
        }
        at += 1;
    }
    bits
};

impl Peer {
    /// The verbs that the peer asked for, if any of them changes something.
    pub fn commands(&self) -> impl Iterator<Item = Verb> + '_ {
        let bits = self.asked & COMMANDS;
        Verb::ALL
            .iter()
            .copied()
            .filter(move |v| bits >> (*v as u32) & 1 == 1)
    }
}

impl Asset {
    pub(super) fn new(ip: IpAddr, at: FrameRef) -> Asset {
        Asset {
            ip,
            macs: Vec::new(),
            names: Vec::new(),
            marks: Vec::new(),
            behind: Vec::new(),
            protocols: Vec::new(),
            peers: Vec::new(),
            votes: Vec::new(),
            uses: Uses::default(),
            advisories: Vec::new(),
            last_sent: None,
            spoiled: None,
            crashes: Vec::new(),
            sent: 0,
            first: at,
            first_seen: at.time,
            last_seen: at.time,
        }
    }

    /// What it is, judged by what this address does.
    pub fn kind(&self) -> Option<dissectors::action::Device> {
        super::role::of(&self.votes).map(|(kind, _)| kind)
    }

    /// The MAC that the address is bound to; later ones are moves.
    pub fn usual_mac(&self) -> Option<[u8; 6]> {
        self.own_macs().next()
    }

    /// Its MACs, those of virtual routers and clusters aside.
    pub fn own_macs(&self) -> impl Iterator<Item = [u8; 6]> + '_ {
        self.macs.iter().map(|m| m.what).filter(|m| !is_virtual(*m))
    }

    /// The values of a mark, in the order in which they were seen.
    pub fn marked(&self, mark: Mark) -> impl Iterator<Item = &str> {
        self.marks
            .iter()
            .filter(move |m| m.what.0 == mark)
            .map(|m| m.what.1.as_str())
    }

    /// The serial number, unless it names several: then it speaks for others.
    pub fn serial(&self) -> Option<&str> {
        let mut serials = self
            .marks
            .iter()
            .filter(|m| m.what.0 == Mark::Serial && !of_images(m.protocol, Mark::Serial))
            .map(|m| m.what.1.as_str());
        let first = serials.next()?;
        serials.next().is_none().then_some(first)
    }
}

/// Whether a mark is of the machine that made an image, which need not be the one that sends it.
pub fn of_images(protocol: ProtocolId, mark: Mark) -> bool {
    let names_machine = matches!(
        mark,
        Mark::Vendor | Mark::Model | Mark::Serial | Mark::Label
    );
    names_machine && protocol.name() == "dicom"
}
