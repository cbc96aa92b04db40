//! Layers below IP: link types, Ethernet, tags, labels, PPP.

use super::packet::TransportHead;
use super::walk::{Layer, Step, Walk};
use super::{Decoder, Reason, Tunnel, plausible};
use crate::capture::block::LinkType;

/// EtherTypes (IANA, IEEE 802 numbers).
pub(super) mod ethertype {
    pub const IPV4: u16 = 0x0800;
    pub const ARP: u16 = 0x0806;
    pub const IPV6: u16 = 0x86DD;
    pub const MPLS: u16 = 0x8847;
    pub const MPLS_MULTICAST: u16 = 0x8848;
    pub const PPPOE: u16 = 0x8864;
    pub const LLDP: u16 = 0x88CC;
    pub const PROFINET: u16 = 0x8892;

    /// 802.1Q, 802.1ad, and numbers that switches used before the latter.
    pub const fn is_vlan(kind: u16) -> bool {
        matches!(kind, 0x8100 | 0x88A8 | 0x9100 | 0x9200 | 0x9300)
    }
}

/// The header of a packet on the Linux `any` device (LINKTYPE_LINUX_SLL).
const COOKED: usize = 16;
/// Its second version (LINKTYPE_LINUX_SLL2), which begins with the protocol.
const COOKED_2: usize = 20;

impl Walk<'_> {
    /// The frame's own link layer.
    #[inline]
    pub(super) fn link(&mut self, bytes: &[u8]) -> Step {
        match self.frame.link {
            LinkType::ETHERNET => Ok(Layer::Ethernet),
            LinkType::RAW
            | LinkType::RAW_12
            | LinkType::RAW_14
            | LinkType::IPV4
            | LinkType::IPV6 => Ok(Layer::Ip),
            LinkType::LINUX_SLL => {
                let head: &[u8; COOKED] = self.head(bytes)?;
                self.enter(COOKED);
                Ok(Layer::EtherType(u16::from_be_bytes([head[14], head[15]])))
            }
            LinkType::LINUX_SLL2 => {
                let head: &[u8; COOKED_2] = self.head(bytes)?;
                self.enter(COOKED_2);
                Ok(Layer::EtherType(u16::from_be_bytes([head[0], head[1]])))
            }
            LinkType::NULL | LinkType::LOOP => {
                // An address family in the byte order of the capturing host (NULL) or the
                // network's (LOOP). The numbers are small: the order shows by itself.
                let family = u32::from_be_bytes(*self.head(bytes)?);
                self.enter(4);
                match family.min(family.swap_bytes()) {
                    // AF_INET; AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, macOS.
                    2 | 10 | 24 | 28 | 30 => Ok(Layer::Ip),
                    _ => Err(Reason::NotIp.into()),
                }
            }
            _ => Err(Reason::UnsupportedLink.into()),
        }
    }

    #[inline]
    pub(super) fn ethernet(&mut self, bytes: &[u8]) -> Step {
        let head: &[u8; 14] = self.head(bytes)?;
        let [d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, t0, t1] = *head;
        self.macs = Some(([s0, s1, s2, s3, s4, s5], [d0, d1, d2, d3, d4, d5]));
        self.vlan = 0;
        self.enter(14);
        let kind = u16::from_be_bytes([t0, t1]);
        if kind < 0x0600
            && let Some([0xAA, 0xAA, 3, 0, 0, 0, k0, k1]) = bytes.get(14..22)
        {
            // IEEE 802.3 with a length, then LLC and SNAP (RFC 1042).
            self.enter(8);
            return Ok(Layer::EtherType(u16::from_be_bytes([*k0, *k1])));
        }
        Ok(Layer::EtherType(kind))
    }

    /// A PPP protocol field (RFC 1661 2), its first byte left out or not, HDLC's two bytes before
    /// it or not (RFC 2637 4.1 leaves them in).
    pub(super) fn ppp(&mut self, bytes: &[u8]) -> Step {
        let (skip, rest) = match bytes {
            [0xFF, 0x03, rest @ ..] => (2, rest),
            rest => (0, rest),
        };
        let (len, protocol) = match rest {
            [odd, ..] if odd & 1 == 1 => (1, u16::from(*odd)),
            [high, low, ..] => (2, u16::from_be_bytes([*high, *low])),
            _ => return Err(self.short()),
        };
        self.enter(skip + len);
        match protocol {
            0x0021 | 0x0057 => Ok(Layer::Ip),
            _ => Err(Reason::NotIp.into()),
        }
    }
}

impl Decoder {
    #[inline]
    pub(super) fn ether_type(&mut self, walk: &mut Walk<'_>, kind: u16, bytes: &[u8]) -> Step {
        match kind {
            ethertype::IPV4 | ethertype::IPV6 => self.ip(walk, bytes),
            ethertype::ARP | ethertype::LLDP | ethertype::PROFINET => {
                walk.ip = super::walk::Ip::default();
                Err(super::walk::Stop::Packet(TransportHead::Link {
                    ethertype: kind,
                }))
            }
            ethertype::MPLS | ethertype::MPLS_MULTICAST => Ok(Layer::Mpls),
            ethertype::PPPOE => self.pppoe(walk, bytes),
            kind if ethertype::is_vlan(kind) => {
                let [t0, t1, k0, k1] = *walk.head(bytes)?;
                self.peel(walk, Tunnel::Vlan)?;
                walk.vlan = u16::from_be_bytes([t0, t1]) & 0x0FFF;
                walk.enter(4);
                Ok(Layer::EtherType(u16::from_be_bytes([k0, k1])))
            }
            _ => Err(Reason::NotIp.into()),
        }
    }

    /// A label stack (RFC 3032), then what its first bytes look like: the stack does not say.
    pub(super) fn mpls(&mut self, walk: &mut Walk<'_>, bytes: &[u8]) -> Step {
        let mut rest = bytes;
        loop {
            let label: &[u8; 4] = walk.head(rest)?;
            self.peel(walk, Tunnel::Mpls)?;
            rest = rest.get(4..).unwrap_or(&[]);
            walk.enter(4);
            if label[2] & 1 == 1 {
                break;
            }
        }
        let missing = walk.view.missing;
        if plausible::ip(rest, missing) {
            return Ok(Layer::Ip);
        }
        // A pseudowire: a control word that begins with four zero bits (RFC 4448 4.6), or none.
        if let [0..=0x0F, _, _, _, inner @ ..] = rest
            && plausible::ethernet(inner, missing)
        {
            walk.enter(4);
            return Ok(Layer::Ethernet);
        }
        if plausible::ethernet(rest, missing) {
            return Ok(Layer::Ethernet);
        }
        match rest.first().map(|b| b >> 4) {
            // Most likely IP with something wrong, to be said by name.
            Some(4 | 6) => Ok(Layer::Ip),
            Some(_) => Err(Reason::NotIp.into()),
            None => Err(walk.short()),
        }
    }

    /// PPP over Ethernet, session stage (RFC 2516 4).
    fn pppoe(&mut self, walk: &mut Walk<'_>, bytes: &[u8]) -> Step {
        let [version, code, _, _, l0, l1] = *walk.head(bytes)?;
        if version != 0x11 || code != 0 {
            return Err(Reason::NotIp.into());
        }
        self.peel(walk, Tunnel::Pppoe)?;
        walk.enter(6);
        walk.bound(usize::from(u16::from_be_bytes([l0, l1])))?;
        Ok(Layer::Ppp)
    }
}
