//! Heart-beats of others, named in the configuration: while one comes, the sensor is not blind.
//!
//! wardwatch never sends. A canary is traffic that the site has anyway, or lets another tool make.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use super::SECOND;
use crate::capture::block::Block;
use crate::decode::packet::{Packet, TransportHead};

/// A heart-beat: packets from one host to another, at least so often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canary {
    pub name: String,
    from: [u8; 16],
    to: [u8; 16],
    /// Of the receiver; `None`: any.
    port: Option<u16>,
    /// Nanoseconds that it may be silent.
    every: i64,
}

impl FromStr for Canary {
    type Err = String;

    /// `NAME FROM TO[:PORT] TIME`: `echo 10.20.1.7 10.20.1.50:104 5m`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write `NAME FROM TO[:PORT] TIME`, as in `echo 10.20.1.7 10.20.1.50:104 5m`";
        let words: Vec<&str> = text.split_whitespace().collect();
        let [name, from, to, every] = words[..] else {
            return Err(wrong().into());
        };
        let address = |text: &str| text.parse::<IpAddr>().ok();
        let (to, port) = match (address(to), to.parse::<std::net::SocketAddr>()) {
            (Some(ip), _) => (ip, None),
            (None, Ok(end)) => (end.ip(), Some(end.port())),
            _ => return Err(format!("`{to}` is no address: {}", wrong())),
        };
        let from = address(from).ok_or_else(|| format!("`{from}` is no address: {}", wrong()))?;
        let scale = match every.chars().last() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            _ => return Err(format!("`{every}` is no time: write `30s`, `5m` or `1h`")),
        };
        let number = every[..every.len() - 1].parse::<i64>().ok();
        let every = number
            .filter(|n| (1..=100_000).contains(n))
            .map(|n| n * scale * SECOND)
            .ok_or_else(|| format!("`{every}` is no time: write `30s`, `5m` or `1h`"))?;
        Ok(Canary {
            name: name.to_owned(),
            from: octets(from),
            to: octets(to),
            port,
            every,
        })
    }
}

fn octets(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    }
    .octets()
}

impl Canary {
    fn is(&self, packet: &Packet) -> bool {
        let port = match &packet.head {
            TransportHead::Tcp(head) => Some(head.dst_port),
            TransportHead::Udp(head) => Some(head.dst_port),
            _ => None,
        };
        same(packet.src, self.from)
            && same(packet.dst, self.to)
            && self.port.is_none_or(|wanted| port == Some(wanted))
    }
}

fn same(seen: [u8; 16], wanted: [u8; 16]) -> bool {
    seen == wanted || Ipv6Addr::from(seen).to_canonical() == Ipv6Addr::from(wanted).to_canonical()
}

/// A canary and when it was seen last; before that, when the watch began.
#[derive(Clone, Debug)]
pub struct Watched {
    pub canary: Canary,
    seen: i64,
}

impl Watched {
    /// Nanoseconds of silence, if that is too long.
    pub fn missing(&self, now: i64) -> Option<i64> {
        let silent = now.saturating_sub(self.seen);
        (silent > self.canary.every).then_some(silent)
    }
}

/// Looks for canaries among the frames.
#[derive(Debug, Default)]
pub struct Canaries {
    named: Arc<[Canary]>,
    watched: Vec<Watched>,
}

impl Canaries {
    pub fn new(named: Arc<[Canary]>) -> Self {
        Canaries {
            named,
            watched: Vec::new(),
        }
    }

    /// From here on these are waited for. If they are others than before, the watch begins anew.
    pub fn name(&mut self, named: &Arc<[Canary]>) {
        if *self.named != **named {
            self.named = Arc::clone(named);
            self.watched.clear();
        }
    }

    /// Looks at a block's packets.
    pub fn block(&mut self, block: &Block) {
        if self.named.is_empty() {
            return;
        }
        if let Some(first) = block.frames.first() {
            self.begin(first.time);
        }
        for packet in &block.packets {
            for watched in &mut self.watched {
                if watched.canary.is(packet)
                    && let Some(frame) = block.frames.get(packet.frame as usize)
                {
                    watched.seen = frame.time;
                }
            }
        }
    }

    /// The watch begins no later than now.
    pub fn begin(&mut self, now: i64) {
        if self.watched.is_empty() {
            let named = self.named.iter().cloned();
            self.watched = named.map(|canary| Watched { canary, seen: now }).collect();
        }
    }

    pub fn watched(&self) -> &[Watched] {
        &self.watched
    }
}
