//! What is recognised inside UDP and GRE: tunnels, and mirrored traffic.
//!
//! A well-known port alone proves nothing, and a mirror may be sent to any: what a tunnel's header
//! says must hold of the bytes behind it. With the port, a plausible frame is enough; without it,
//! the frame must be beyond doubt.

use super::walk::Layer;
use super::{Tunnel, plausible};

/// A tunnel's header found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub tunnel: Tunnel,
    /// Bytes before the inner packet.
    pub head: usize,
    pub layer: Layer,
    /// The mirror says that it cut the frame.
    pub clipped: bool,
}

impl Found {
    fn new(tunnel: Tunnel, head: usize, layer: Layer) -> Option<Found> {
        Some(Found {
            tunnel,
            head,
            layer,
            clipped: false,
        })
    }
}

/// The shortest packet that a tunnel could carry here: Ethernet and an ARP message.
const SHORTEST: usize = 14 + 28;

/// A tunnel in a UDP payload.
#[inline]
pub(super) fn in_udp(payload: &[u8], missing: u32, port: u16) -> Option<Found> {
    if payload.len() < SHORTEST {
        return None;
    }
    vxlan(payload, missing, port)
        .or_else(|| geneve(payload, missing, port))
        .or_else(|| tzsp(payload, missing, port))
        .or_else(|| hp_erm(payload, missing))
}

/// RFC 7348 5 (with the group policy extension's bits), and VXLAN-GPE
/// (draft-ietf-nvo3-vxlan-gpe 3).
fn vxlan(payload: &[u8], missing: u32, port: u16) -> Option<Found> {
    let (head, inner) = payload.split_first_chunk::<8>()?;
    // The flag that a network identifier is there, and the last byte, which is reserved.
    if head[0] & 0x08 == 0 || head[7] != 0 {
        return None;
    }
    if head[0] & 0x04 != 0 {
        // GPE: a next protocol.
        if port != 4790 && head[0] & 0x30 != 0 || head[1] != 0 || head[2] != 0 {
            return None;
        }
        return match head[3] {
            1 | 2 if port == 4790 && plausible::ip(inner, missing) => {
                Found::new(Tunnel::VxlanGpe, 8, Layer::Ip)
            }
            3 if fits(inner, missing, port == 4790) => {
                Found::new(Tunnel::VxlanGpe, 8, Layer::Ethernet)
            }
            _ => None,
        };
    }
    // Group policy: bit 0x80 with a group id in bytes 2 and 3.
    let strict = head[0] == 0x08 && head[1] == 0 && head[2] == 0 && head[3] == 0;
    let policy = head[0] == 0x88;
    let known = matches!(port, 4789 | 8472);
    ((strict || policy) && fits(inner, missing, known)).then_some(Found {
        tunnel: Tunnel::Vxlan,
        head: 8,
        layer: Layer::Ethernet,
        clipped: false,
    })
}

/// RFC 8926 3.4.
fn geneve(payload: &[u8], missing: u32, port: u16) -> Option<Found> {
    let head: &[u8; 8] = payload.first_chunk()?;
    if head[0] & 0xC0 != 0 || head[1] & 0x3F != 0 || head[7] != 0 {
        return None;
    }
    let len = 8 + usize::from(head[0] & 0x3F) * 4;
    let inner = payload.get(len..)?;
    match u16::from_be_bytes([head[2], head[3]]) {
        0x6558 if fits(inner, missing, port == 6081) => {
            Found::new(Tunnel::Geneve, len, Layer::Ethernet)
        }
        0x0800 | 0x86DD if port == 6081 && plausible::ip(inner, missing) => {
            Found::new(Tunnel::Geneve, len, Layer::Ip)
        }
        _ => None,
    }
}

/// TaZmen Sniffer Protocol: version 1, type (received or to be sent), encapsulation 1 (Ethernet),
/// then tagged fields up to an end tag.
fn tzsp(payload: &[u8], missing: u32, port: u16) -> Option<Found> {
    let ([1, 0 | 1, 0, 1], mut tags) = payload.split_first_chunk::<4>()? else {
        return None;
    };
    loop {
        match tags {
            // Padding; end; a tag with a length.
            [0, rest @ ..] => tags = rest,
            [1, inner @ ..] => {
                let head = payload.len() - inner.len();
                let known = port == 37008;
                return fits(inner, missing, known).then_some(Found {
                    tunnel: Tunnel::Tzsp,
                    head,
                    layer: Layer::Ethernet,
                    clipped: false,
                });
            }
            [_, len, rest @ ..] => tags = rest.get(usize::from(*len)..)?,
            _ => return None,
        }
    }
}

/// HP ProCurve's encapsulated remote mirroring: twelve bytes, then the frame. The switch's owner
/// chooses the port, and no field of the header is fixed: only the frame itself can tell.
fn hp_erm(payload: &[u8], missing: u32) -> Option<Found> {
    plausible::surely_ethernet(payload.get(12..)?, missing).then_some(Found {
        tunnel: Tunnel::HpErm,
        head: 12,
        layer: Layer::Ethernet,
        clipped: false,
    })
}

fn fits(inner: &[u8], missing: u32, known: bool) -> bool {
    if known {
        plausible::ethernet(inner, missing)
    } else {
        plausible::surely_ethernet(inner, missing)
    }
}

/// GRE (RFC 2784, RFC 2890; version 1 is PPTP's, RFC 2637 4.1) and what it carries.
pub(super) fn in_gre(bytes: &[u8], missing: u32) -> Option<Found> {
    let [f0, f1, p0, p1] = *bytes.first_chunk()?;
    let flags = u16::from_be_bytes([f0, f1]);
    let protocol = u16::from_be_bytes([p0, p1]);
    let (checksum, routing, key, sequence, ack) = (
        flags & 0x8000 != 0,
        flags & 0x4000 != 0,
        flags & 0x2000 != 0,
        flags & 0x1000 != 0,
        flags & 0x0080 != 0,
    );
    if routing {
        return None;
    }
    let mut head = 4 + 4 * (usize::from(checksum) + usize::from(key) + usize::from(sequence));
    match flags & 7 {
        0 => {}
        1 if protocol == 0x880B && key => {
            head += 4 * usize::from(ack);
            let ppp = bytes.get(head..)?;
            let ip = match ppp {
                [0xFF, 0x03, 0x00, 0x21 | 0x57, ip @ ..] | [0xFF, 0x03, 0x21 | 0x57, ip @ ..] => ip,
                [0x00, 0x21 | 0x57, ip @ ..] | [0x21 | 0x57, ip @ ..] => ip,
                _ => return None,
            };
            return plausible::ip(ip, missing).then_some(Found {
                tunnel: Tunnel::Pptp,
                head,
                layer: Layer::Ppp,
                clipped: false,
            });
        }
        _ => return None,
    }
    let inner = bytes.get(head..)?;
    match protocol {
        0x0800 | 0x86DD if plausible::ip(inner, missing) => {
            Found::new(Tunnel::Gre, head, Layer::Ip)
        }
        0x8847 | 0x8848 => Found::new(Tunnel::Gre, head, Layer::Mpls),
        // Transparent Ethernet bridging; NVGRE (RFC 7637) puts a network identifier into the key.
        0x6558 if plausible::ethernet(inner, missing) => {
            Found::new(Tunnel::GreEthernet, head, Layer::Ethernet)
        }
        0x88BE => erspan_1_or_2(inner, head, missing, sequence),
        0x22EB => erspan_3(inner, head, missing),
        _ => None,
    }
}

/// draft-foschiano-erspan 4.1 and 4.2: type II has a header of eight bytes (version 1) and
/// numbers its packets, type I has neither. Some senders number without the header or the other
/// way round: the frame has the last word.
fn erspan_1_or_2(inner: &[u8], head: usize, missing: u32, numbered: bool) -> Option<Found> {
    let with_header = || {
        let (erspan, frame) = inner.split_first_chunk::<8>()?;
        let clipped = erspan[2] & 0x04 != 0;
        let missing = if clipped { u32::MAX } else { missing };
        (erspan[0] >> 4 == 1 && plausible::ethernet(frame, missing)).then_some(Found {
            tunnel: Tunnel::Erspan2,
            head: head + 8,
            layer: Layer::Ethernet,
            clipped,
        })
    };
    let without = || {
        plausible::ethernet(inner, missing).then_some(Found {
            tunnel: Tunnel::Erspan1,
            head,
            layer: Layer::Ethernet,
            clipped: false,
        })
    };
    if numbered {
        with_header().or_else(without)
    } else {
        without().or_else(with_header)
    }
}

/// draft-foschiano-erspan 4.3: twelve bytes (version 2), eight more with the O bit; the frame
/// type tells Ethernet (0) from IP (2).
fn erspan_3(inner: &[u8], head: usize, missing: u32) -> Option<Found> {
    let erspan: &[u8; 12] = inner.first_chunk()?;
    if erspan[0] >> 4 != 2 {
        return None;
    }
    let len = if erspan[11] & 1 == 1 { 20 } else { 12 };
    let frame = inner.get(len..)?;
    let clipped = erspan[2] & 0x04 != 0;
    let missing = if clipped { u32::MAX } else { missing };
    let layer = match (erspan[10] >> 2) & 0x1F {
        0 if plausible::ethernet(frame, missing) => Layer::Ethernet,
        2 if plausible::ip(frame, missing) => Layer::Ip,
        _ => return None,
    };
    Some(Found {
        tunnel: Tunnel::Erspan3,
        head: head + len,
        layer,
        clipped,
    })
}
