//! What an IP packet carries: TCP, UDP, ICMP, or another packet.

use super::checksum;
use super::packet::{TcpFlags, TcpHead, TransportHead, UdpHead};
use super::walk::{Layer, Step, Stop, Walk};
use super::{Decoder, Reason, Tunnel, plausible, tunnel};

impl Decoder {
    #[inline]
    pub(super) fn transport(&mut self, walk: &mut Walk<'_>, bytes: &[u8]) -> Step {
        match walk.ip.protocol {
            6 => self.tcp(walk, bytes),
            17 => self.udp(walk, bytes),
            1 | 58 => icmp(walk, bytes),
            other => self.inside(walk, other, bytes),
        }
    }

    /// RFC 9293 3.1.
    #[inline]
    fn tcp(&mut self, walk: &mut Walk<'_>, bytes: &[u8]) -> Step {
        let head: &[u8; 20] = walk.head(bytes)?;
        let len = usize::from(head[12] >> 4) * 4;
        if len < 20 {
            return Err(Reason::Malformed.into());
        }
        if bytes.len() < len {
            return Err(walk.short());
        }
        self.check(walk, 6, bytes, 16)?;
        walk.enter(len);
        Err(Stop::Packet(TransportHead::Tcp(TcpHead {
            src_port: u16::from_be_bytes([head[0], head[1]]),
            dst_port: u16::from_be_bytes([head[2], head[3]]),
            seq: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
            ack: u32::from_be_bytes([head[8], head[9], head[10], head[11]]),
            flags: TcpFlags(head[13]),
            window: u16::from_be_bytes([head[14], head[15]]),
            checksum: u16::from_be_bytes([head[16], head[17]]),
            urgent: u16::from_be_bytes([head[18], head[19]]),
        })))
    }

    /// RFC 768. Its length may be shorter than the packet's; 0 stands for more than it can hold
    /// (RFC 2675 4, and segmentation offload).
    fn udp(&mut self, walk: &mut Walk<'_>, bytes: &[u8]) -> Step {
        let head: &[u8; 8] = walk.head(bytes)?;
        let word = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
        let len = usize::from(word(4));
        match len {
            0 => {}
            1..8 => return Err(Reason::Malformed.into()),
            len => walk.bound(len)?,
        }
        let datagram = bytes.get(..walk.view.end - walk.view.start).unwrap_or(&[]);
        let checksum = word(6);
        // Zero is "none" over IPv4; over IPv6 only tunnels may leave it out (RFC 8200 8.1), and
        // it counts as left to the card.
        if checksum != 0 || walk.ip.v6 {
            self.check(walk, 17, datagram, 6)?;
        }
        walk.enter(8);
        let payload = datagram.get(8..).unwrap_or(&[]);
        let (src_port, dst_port) = (word(0), word(2));
        if let Some(found) = tunnel::in_udp(payload, walk.view.missing, dst_port) {
            self.peel(walk, found.tunnel)?;
            walk.leave_link();
            walk.enter(found.head);
            return Ok(found.layer);
        }
        Err(Stop::Packet(TransportHead::Udp(UdpHead {
            src_port,
            dst_port,
            checksum,
        })))
    }

    /// Judges the checksum of a segment that is there whole.
    #[inline]
    fn check(
        &mut self,
        walk: &mut Walk<'_>,
        protocol: u8,
        bytes: &[u8],
        field: usize,
    ) -> Result<(), Stop> {
        if !self.judge || walk.view.missing > 0 || walk.ip.routed {
            return Ok(());
        }
        let verdict = checksum::transport(&walk.ip.src, &walk.ip.dst, protocol, bytes, field);
        self.judged(walk, verdict, protocol)
    }

    /// A packet in a packet, where its bytes look like one.
    fn inside(&mut self, walk: &mut Walk<'_>, protocol: u8, bytes: &[u8]) -> Step {
        let missing = walk.view.missing;
        let (tunnel, head, layer) = match protocol {
            // RFC 2003, RFC 4213.
            4 | 41 if plausible::ip(bytes, missing) => (Tunnel::IpInIp, 0, Layer::Ip),
            47 => match tunnel::in_gre(bytes, missing) {
                Some(found) => {
                    walk.clipped |= found.clipped;
                    (found.tunnel, found.head, found.layer)
                }
                None => return Err(Reason::OtherIp.into()),
            },
            // RFC 3378: four bits of version 3, twelve of zero.
            97 if bytes.starts_with(&[0x30, 0]) && plausible::ethernet(&bytes[2..], missing) => {
                (Tunnel::EtherIp, 2, Layer::Ethernet)
            }
            // RFC 4023.
            137 => {
                walk.leave_link();
                return Ok(Layer::Mpls);
            }
            _ => return Err(Reason::OtherIp.into()),
        };
        self.peel(walk, tunnel)?;
        walk.leave_link();
        walk.enter(head);
        Ok(layer)
    }
}

/// ICMP (RFC 792) and ICMPv6 (RFC 4443): the whole message is the payload.
fn icmp(walk: &Walk<'_>, bytes: &[u8]) -> Step {
    let v6 = walk.ip.protocol == 58;
    if v6 != walk.ip.v6 {
        return Err(Reason::OtherIp.into());
    }
    let [kind, code, _, _] = *walk.head(bytes)?;
    Err(Stop::Packet(TransportHead::Icmp { v6, kind, code }))
}
