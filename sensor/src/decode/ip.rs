//! IPv4 and IPv6 headers.

use super::checksum::{self, Verdict};
use super::walk::{FragmentHead, Ip, Step, Stop, Walk};
use super::{DecodeFault, Decoder, Reason};
use crate::limits;

/// The longest IPv4 header: fifteen words.
const OPTIONS_END: usize = 60;

impl Decoder {
    #[inline]
    pub(super) fn ip(&mut self, walk: &mut Walk<'_>, bytes: &[u8]) -> Step {
        match bytes.first().map(|b| b >> 4) {
            Some(4) => self.ipv4(walk, bytes),
            Some(6) => self.ipv6(walk, bytes),
            Some(_) => Err(Reason::Malformed.into()),
            None => Err(walk.short()),
        }
    }

    /// RFC 791 3.1.
    #[inline]
    fn ipv4(&mut self, walk: &mut Walk<'_>, bytes: &[u8]) -> Step {
        let head: &[u8; 20] = walk.head(bytes)?;
        let len = usize::from(head[0] & 0x0F) * 4;
        if len < 20 {
            return Err(Reason::Malformed.into());
        }
        debug_assert!(len <= OPTIONS_END);
        let Some(whole) = bytes.get(..len) else {
            return Err(walk.short());
        };
        walk.ip = Ip {
            src: mapped([head[12], head[13], head[14], head[15]]),
            dst: mapped([head[16], head[17], head[18], head[19]]),
            ttl: head[8],
            id: u16::from_be_bytes([head[4], head[5]]),
            protocol: head[9],
            v6: false,
            routed: false,
        };
        if self.judge {
            self.judged(walk, checksum::ipv4_header(whole), 0)?;
        }
        let total = usize::from(u16::from_be_bytes([head[2], head[3]]));
        if total == 0 {
            // Larger than the field holds, or not filled in before the card cut it into segments.
            self.notes.length_zero += 1;
        } else if total < len {
            return Err(Reason::Malformed.into());
        } else {
            walk.bound(total)?;
        }
        walk.enter(len);
        let fragment = u16::from_be_bytes([head[6], head[7]]);
        if fragment & 0x3FFF != 0 {
            return Err(Stop::Fragment(FragmentHead {
                at: u32::from(fragment & 0x1FFF) * 8,
                more: fragment & 0x2000 != 0,
                id: u32::from(walk.ip.id),
            }));
        }
        self.transport(walk, bytes_between(bytes, len, walk))
    }

    /// RFC 8200 3.
    fn ipv6(&mut self, walk: &mut Walk<'_>, bytes: &[u8]) -> Step {
        let head: &[u8; 40] = walk.head(bytes)?;
        let (mut src, mut dst) = ([0; 16], [0; 16]);
        src.copy_from_slice(&head[8..24]);
        dst.copy_from_slice(&head[24..40]);
        walk.ip = Ip {
            src,
            dst,
            ttl: head[7],
            id: 0,
            protocol: head[6],
            v6: true,
            routed: false,
        };
        walk.enter(40);
        match usize::from(u16::from_be_bytes([head[4], head[5]])) {
            0 if walk.view.end > walk.view.start => self.notes.length_zero += 1,
            len => walk.bound(len)?,
        }
        self.extensions(walk, bytes_between(bytes, 40, walk))
    }

    /// IPv6 extension headers (RFC 8200 4), up to the transport header or a fragment.
    pub(super) fn extensions(&mut self, walk: &mut Walk<'_>, bytes: &[u8]) -> Step {
        let mut rest = bytes;
        loop {
            let protocol = walk.ip.protocol;
            // Hop-by-hop, routing, fragment, authentication, destination, mobility, HIP, shim6.
            if !matches!(protocol, 0 | 43 | 44 | 51 | 60 | 135 | 139 | 140) {
                return self.transport(walk, rest);
            }
            walk.extensions += 1;
            if walk.extensions > self.extensions_max {
                self.hits.count(limits::EXTENSION_HEADERS);
                return Err(Reason::Limit.into());
            }
            let head: &[u8; 8] = walk.head(rest)?;
            let len = match protocol {
                44 => 8,
                // RFC 4302 2.2: in words, less two.
                51 => (usize::from(head[1]) + 2) * 4,
                _ => (usize::from(head[1]) + 1) * 8,
            };
            if rest.len() < len {
                return Err(walk.short());
            }
            walk.ip.routed |= protocol == 43 && head[3] > 0;
            walk.ip.protocol = head[0];
            walk.enter(len);
            rest = rest.get(len..).unwrap_or(&[]);
            if protocol == 44 {
                let at = u16::from_be_bytes([head[2], head[3]]);
                // A fragment that is the whole datagram stands alone (RFC 6946).
                if at & 0xFFF9 != 0 {
                    return Err(Stop::Fragment(FragmentHead {
                        at: u32::from(at & 0xFFF8),
                        more: at & 1 == 1,
                        id: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
                    }));
                }
            }
        }
    }

    /// Takes note of a checksum's verdict; a wrong one ends the frame.
    #[inline]
    pub(super) fn judged(
        &mut self,
        walk: &mut Walk<'_>,
        verdict: Verdict,
        protocol: u8,
    ) -> Result<(), Stop> {
        match verdict {
            Verdict::Right => Ok(()),
            Verdict::Offloaded => {
                walk.offloaded = true;
                Ok(())
            }
            Verdict::Wrong => {
                self.tally_bad_checksum(walk.ip.src);
                self.event(walk, DecodeFault::BadChecksum { protocol });
                Err(Reason::BadChecksum.into())
            }
        }
    }
}

/// What is left of `bytes` behind a header, up to where the view now ends.
#[inline]
fn bytes_between<'b>(bytes: &'b [u8], from: usize, walk: &Walk<'_>) -> &'b [u8] {
    let len = walk.view.end - walk.view.start;
    bytes.get(from..from + len).unwrap_or(&[])
}

/// An IPv4 address as IPv6 (RFC 4291 2.5.5.2).
#[inline]
fn mapped(a: [u8; 4]) -> [u8; 16] {
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, a[0], a[1], a[2], a[3],
    ]
}
