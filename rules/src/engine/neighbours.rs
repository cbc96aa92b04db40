//! Which hosts each MAC carries: one that carries several is a router's, and says nothing of who
//! a host is.

use std::net::IpAddr;

use dissectors::contract::Side;
use dissectors::message::Message;

use super::table::Table;
use crate::limits::{self, Hits, Limits};

/// From this many hosts on a MAC is a router's.
const ROUTER: usize = 3;

/// The MACs of both ends.
type Macs = [Option<[u8; 6]>; 2];

/// Conversations of which the last word is remembered.
const RECENT: usize = 1024;

#[derive(Debug)]
pub struct Neighbours {
    macs: Table<[u8; 6], Vec<IpAddr>>,
    /// What was seen last, by conversation: it need not be looked up again.
    recent: Vec<Option<(u64, Macs)>>,
    room: usize,
}

impl Neighbours {
    pub fn new(limits: &Limits) -> Self {
        Neighbours {
            macs: Table::default(),
            recent: vec![None; RECENT],
            room: limits.get(limits::ASSETS),
        }
    }

    pub fn saw(&mut self, message: Message<'_>, hits: &mut Hits) {
        let conversation = message.conversation();
        let seen = (conversation.flow_id, conversation.ends.map(|e| e.mac));
        let slot = &mut self.recent[seen.0 as usize % RECENT];
        if *slot == Some(seen) {
            return;
        }
        *slot = Some(seen);
        for side in Side::BOTH {
            let end = &conversation.ends[side.index()];
            let Some(mac) = end.mac.filter(|m| m[0] & 1 == 0) else {
                continue;
            };
            if self.macs.len() >= self.room && !self.macs.contains_key(&mac) {
                hits.count(limits::ASSETS);
                continue;
            }
            let hosts = self.macs.entry(mac).or_default();
            if hosts.len() < ROUTER && !hosts.contains(&end.ip) {
                hosts.push(end.ip);
            }
        }
    }

    /// True if this MAC carries several hosts.
    pub fn routed(&self, mac: [u8; 6]) -> bool {
        self.macs.get(&mac).is_some_and(|h| h.len() >= ROUTER)
    }
}
