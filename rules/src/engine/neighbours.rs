//! Which hosts each MAC carries: one that carries several is a router's, and says nothing of who
//! a host is.

use std::net::IpAddr;

use dissectors::contract::Side;
use dissectors::message::Message;

use super::table::Table;
use crate::limits::{self, Hits, Limits};

/// From this many hosts on a MAC is a router's.
const ROUTER: usize = 3;

#[derive(Debug)]
pub struct Neighbours {
    macs: Table<[u8; 6], Vec<IpAddr>>,
    /// What was seen last: messages come in runs.
    last: Option<(u64, [Option<[u8; 6]>; 2])>,
    room: usize,
}

impl Neighbours {
    pub fn new(limits: &Limits) -> Self {
        Neighbours {
            macs: Table::default(),
            last: None,
            room: limits.get(limits::ASSETS),
        }
    }

    pub fn saw(&mut self, message: Message<'_>, hits: &mut Hits) {
        let conversation = message.conversation();
        let seen = (conversation.flow_id, conversation.ends.map(|e| e.mac));
        if self.last == Some(seen) {
            return;
        }
        self.last = Some(seen);
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
