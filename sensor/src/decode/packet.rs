//! What the decoder hands to the flow layer: headers read, payload by reference into the block.

/// The innermost packet of a frame.
#[derive(Clone, Copy, Debug)]
pub struct Packet {
    /// Index of its frame in the block (for a reassembled datagram: of the frame that completed it).
    pub frame: u32,
    /// Source and destination MAC of the innermost Ethernet header, if there is one.
    pub macs: Option<([u8; 6], [u8; 6])>,
    /// Innermost VLAN id, 0 if untagged.
    pub vlan: u16,
    /// Source address; IPv4 as IPv4-mapped IPv6. Zero for frames below IP.
    pub src: [u8; 16],
    pub dst: [u8; 16],
    /// TTL or hop limit.
    pub ttl: u8,
    /// IPv4 identification, 0 if none.
    pub ip_id: u16,
    pub head: TransportHead,
    pub payload: Payload,
    /// Payload bytes that were on the wire but not captured (snap length).
    pub cut: u32,
}

impl Packet {
    /// The same for both directions of a pair of hosts and in every run: frames that belong
    /// together (both directions, all ports, reassembled fragments) meet under one value.
    /// Frames below IP go by nothing: 0.
    pub fn pair_hash(&self) -> u64 {
        let word = |a: &[u8; 16], at: usize| {
            u64::from_le_bytes([
                a[at],
                a[at + 1],
                a[at + 2],
                a[at + 3],
                a[at + 4],
                a[at + 5],
                a[at + 6],
                a[at + 7],
            ])
        };
        let mix = |a: &[u8; 16]| {
            let low = word(a, 0).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let x = (word(a, 8) ^ low.rotate_left(29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            x ^ (x >> 32)
        };
        let x = mix(&self.src)
            .wrapping_add(mix(&self.dst))
            .wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 29)
    }
}

/// Where a payload lies in its block.
#[derive(Clone, Copy, Debug, Default)]
pub struct Payload {
    pub offset: u32,
    pub len: u32,
    /// In `Block::spill` rather than `Block::data`.
    pub spilled: bool,
}

/// The transport header.
#[derive(Clone, Copy, Debug)]
pub enum TransportHead {
    Tcp(TcpHead),
    Udp(UdpHead),
    /// A frame below IP that a protocol may want (ARP, LLDP); the payload follows the EtherType.
    Link {
        ethertype: u16,
    },
    /// ICMP or ICMPv6; the payload is the whole message from its type byte on.
    Icmp {
        v6: bool,
        kind: u8,
        code: u8,
    },
}

#[derive(Clone, Copy, Debug)]
pub struct TcpHead {
    pub src_port: u16,
    pub dst_port: u16,
    pub seq: u32,
    pub ack: u32,
    pub flags: TcpFlags,
    pub window: u16,
    pub urgent: u16,
    /// As on the wire; with the rest of the header it tells a second sighting from a repeat.
    pub checksum: u16,
}

#[derive(Clone, Copy, Debug)]
pub struct UdpHead {
    pub src_port: u16,
    pub dst_port: u16,
    pub checksum: u16,
}

/// The flag byte of a TCP header (RFC 9293 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    pub const FIN: u8 = 0x01;
    pub const SYN: u8 = 0x02;
    pub const RST: u8 = 0x04;
    pub const PSH: u8 = 0x08;
    pub const ACK: u8 = 0x10;
    pub const URG: u8 = 0x20;

    pub const fn has(self, bits: u8) -> bool {
        self.0 & bits == bits
    }
}
