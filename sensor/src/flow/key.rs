//! Who talks to whom: the key of a conversation, its shard, its public number.

use std::hash::Hasher;

use dissectors::contract::{Side, Transport};

/// The innermost five-tuple, the lower end first, so that both directions have one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Addresses of the lower and the upper end, each as two big-endian halves.
    addresses: [u64; 4],
    /// Ports of the lower and the upper end.
    ports: [u16; 2],
    /// IP protocol number: 6, 17, 1 or 58 (whose two kinds of talk stand in the place of the ports,
    /// see [`Key::icmp`]). 0 for frames below IP, whose ends are MAC addresses and whose
    /// EtherType stands in the place of the lower port.
    protocol: u8,
}

/// IP protocol number of TCP.
pub const TCP: u8 = 6;
/// IP protocol number of UDP.
pub const UDP: u8 = 17;
/// IP protocol number of ICMP.
pub const ICMP: u8 = 1;
/// IP protocol number of ICMPv6.
pub const ICMP6: u8 = 58;

impl Key {
    /// The key of a packet, and whether the upper end sent it.
    pub fn of(
        src: &[u8; 16],
        dst: &[u8; 16],
        src_port: u16,
        dst_port: u16,
        protocol: u8,
    ) -> (Self, bool) {
        let (s, d) = (halves(src), halves(dst));
        let upper = (s, src_port) > (d, dst_port);
        let (low, high, ports) = if upper {
            (d, s, [dst_port, src_port])
        } else {
            (s, d, [src_port, dst_port])
        };
        let key = Key {
            addresses: [low[0], low[1], high[0], high[1]],
            ports,
            protocol,
        };
        (key, upper)
    }

    /// The key of an ICMP message, and whether the upper end sent it. Neighbour and router
    /// discovery (RFC 4861) is a conversation of its own beside all else that two hosts tell.
    pub fn icmp(src: &[u8; 16], dst: &[u8; 16], v6: bool, kind: u8) -> (Self, bool) {
        let (protocol, talk) = match kind {
            133..=137 if v6 => (ICMP6, 1),
            _ if v6 => (ICMP6, 0),
            _ => (ICMP, 0),
        };
        Self::of(src, dst, talk, talk, protocol)
    }

    /// The key of a frame below IP. The sender is the lower end.
    pub fn link(macs: &([u8; 6], [u8; 6]), ethertype: u16) -> Self {
        let wide = |mac: &[u8; 6]| mac.iter().fold(0, |n, byte| n << 8 | u64::from(*byte));
        Key {
            addresses: [0, wide(&macs.0), 0, wide(&macs.1)],
            ports: [ethertype, 0],
            protocol: 0,
        }
    }

    pub fn transport(&self) -> Transport {
        match self.protocol {
            TCP => Transport::Tcp,
            UDP => Transport::Udp,
            ICMP => Transport::Icmp,
            ICMP6 => Transport::Icmp6,
            _ => Transport::Link(self.ports[0]),
        }
    }

    /// Address and port of one end: 0 the lower, 1 the upper. Zero below IP.
    pub fn end(&self, which: usize) -> ([u8; 16], u16) {
        if self.protocol == 0 {
            return ([0; 16], 0);
        }
        let which = which & 1;
        let mut address = [0; 16];
        address[..8].copy_from_slice(&self.addresses[2 * which].to_be_bytes());
        address[8..].copy_from_slice(&self.addresses[2 * which + 1].to_be_bytes());
        (address, self.ports()[which])
    }

    /// Ports of the lower and the upper end; 0 where there are none.
    pub fn ports(&self) -> [u16; 2] {
        match self.protocol {
            TCP | UDP => self.ports,
            _ => [0; 2],
        }
    }

    /// Feeds a keyed hash for the table.
    pub fn hash(&self, mut hasher: impl Hasher) -> u64 {
        for half in self.addresses {
            hasher.write_u64(half);
        }
        hasher.write_u64(
            u64::from(self.ports[0]) << 32
                | u64::from(self.ports[1]) << 8
                | u64::from(self.protocol),
        );
        hasher.finish()
    }

    /// The conversation's number for people and other programs: 53 bits (exact in JSON) of an
    /// unkeyed hash over five-tuple and time of the first frame, the same in every run.
    pub fn flow_id(&self, started: i64) -> u64 {
        let mut hash = Fnv::new();
        for half in self.addresses {
            hash.write(&half.to_be_bytes());
        }
        hash.write(&self.ports[0].to_be_bytes());
        hash.write(&self.ports[1].to_be_bytes());
        hash.write(&[self.protocol]);
        hash.write(&started.to_be_bytes());
        hash.id()
    }
}

/// The side that sent a packet, given whether its sender is the upper end and the client too.
pub fn side(sender_is_upper: bool, client_is_upper: bool) -> Side {
    if sender_is_upper == client_is_upper {
        Side::Client
    } else {
        Side::Server
    }
}

fn halves(address: &[u8; 16]) -> [u64; 2] {
    let all = u128::from_be_bytes(*address);
    [(all >> 64) as u64, all as u64]
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
fn mix(mut x: u64) -> u64 {
    x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ x >> 31
}

/// FNV-1a, 64 bits.
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Fnv(0xCBF2_9CE4_8422_2325)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }

    fn id(self) -> u64 {
        mix(self.0) >> 11
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> [u8; 16] {
        let mut a = [0; 16];
        a[10..].copy_from_slice(&[0xFF, 0xFF, 10, 0, 0, last]);
        a
    }

    #[test]
    fn both_directions_have_one_key_and_one_number() {
        let (a, b) = (address(1), address(2));
        let (there, up) = Key::of(&a, &b, 40_000, 2575, TCP);
        let (back, down) = Key::of(&b, &a, 2575, 40_000, TCP);
        assert_eq!(there, back);
        assert_ne!(up, down);
        assert_eq!(there.flow_id(7), back.flow_id(7));
        assert_ne!(there.flow_id(7), there.flow_id(8));
        assert!(there.flow_id(7) < 1 << 53);
        assert_eq!(there.end(0), (a, 40_000));
        assert_eq!(there.end(1), (b, 2575));
    }
}
