//! The same conversation sent differently: cut into other segments, fragmented, tagged, tunnelled,
//! copied by a router. Written from the RFCs; used on Ethernet frames with IPv4 and TCP or UDP.

use crate::capture::Frame;

/// Where the headers of an Ethernet frame with IPv4 lie. `None` for anything else, and for fragments.
#[derive(Clone, Copy, Debug)]
struct Layout {
    /// First byte of the IPv4 header.
    ip: usize,
    /// First byte of the TCP or UDP header.
    transport: usize,
    /// First payload byte, and the byte after the last (Ethernet padding left out).
    payload: usize,
    end: usize,
    tcp: bool,
}

fn layout(bytes: &[u8]) -> Option<Layout> {
    let mut at = 12;
    while matches!(bytes.get(at..at + 2)?, [0x81, 0x00] | [0x88, 0xa8]) {
        at += 4;
    }
    if bytes.get(at..at + 2)? != [0x08, 0x00] {
        return None;
    }
    let ip = at + 2;
    let header = usize::from(bytes.get(ip)? & 15) * 4;
    let total = usize::from(u16::from_be_bytes([
        *bytes.get(ip + 2)?,
        *bytes.get(ip + 3)?,
    ]));
    let fragment = u16::from_be_bytes([bytes[ip + 6], bytes[ip + 7]]) & 0x3fff;
    let transport = ip + header;
    let end = ip + total;
    if fragment != 0 || end > bytes.len() {
        return None;
    }
    let (tcp, payload) = match bytes[ip + 9] {
        6 => (
            true,
            transport + usize::from(*bytes.get(transport + 12)? >> 4) * 4,
        ),
        17 => (false, transport + 8),
        _ => return None,
    };
    (payload <= end).then_some(Layout {
        ip,
        transport,
        payload,
        end,
        tcp,
    })
}

fn sum(bytes: &[u8], start: u32) -> u32 {
    bytes.chunks(2).fold(start, |s, w| {
        s + u32::from(u16::from_be_bytes([w[0], *w.get(1).unwrap_or(&0)]))
    })
}

fn fold(mut s: u32) -> u16 {
    while s >> 16 != 0 {
        s = (s & 0xffff) + (s >> 16);
    }
    !(s as u16)
}

/// Sets the IPv4 header checksum.
fn seal_ip(packet: &mut [u8]) {
    let header = usize::from(packet[0] & 15) * 4;
    packet[10..12].fill(0);
    let check = fold(sum(&packet[..header], 0));
    packet[10..12].copy_from_slice(&check.to_be_bytes());
}

/// Sets the lengths and checksums of an IPv4 packet with TCP or UDP.
pub(crate) fn seal(packet: &mut [u8]) {
    let header = usize::from(packet[0] & 15) * 4;
    let total = packet.len() as u16;
    packet[2..4].copy_from_slice(&total.to_be_bytes());
    seal_ip(packet);
    let protocol = packet[9];
    let at = header + if protocol == 6 { 16 } else { 6 };
    if protocol == 17 {
        let length = total - header as u16;
        packet[header + 4..header + 6].copy_from_slice(&length.to_be_bytes());
    }
    packet[at..at + 2].fill(0);
    let pseudo = sum(
        &packet[12..20],
        u32::from(protocol) + u32::from(total) - header as u32,
    );
    let check = fold(sum(&packet[header..], pseudo));
    let check = if protocol == 17 && check == 0 {
        0xffff
    } else {
        check
    };
    packet[at..at + 2].copy_from_slice(&check.to_be_bytes());
}

/// Cuts each TCP segment with payload into pieces; `cut` tells the length of each next piece.
pub fn resegment(frames: &[Frame], mut cut: impl FnMut() -> usize) -> Vec<Frame> {
    let mut out = Vec::new();
    for frame in frames {
        let Some(l) = layout(&frame.bytes).filter(|l| l.tcp && l.end > l.payload) else {
            out.push(frame.clone());
            continue;
        };
        let mut at = l.payload;
        while at < l.end {
            let to = (at + cut().max(1)).min(l.end);
            let mut bytes = frame.bytes[..l.payload].to_vec();
            bytes.extend_from_slice(&frame.bytes[at..to]);
            let seq = u32::from_be_bytes(
                bytes[l.transport + 4..l.transport + 8]
                    .try_into()
                    .expect("four bytes"),
            );
            let seq = seq.wrapping_add((at - l.payload) as u32);
            bytes[l.transport + 4..l.transport + 8].copy_from_slice(&seq.to_be_bytes());
            if to < l.end {
                // FIN and PSH belong to the last piece.
                bytes[l.transport + 13] &= !(0x01 | 0x08);
            }
            // Pieces are packets of their own: other identifications, as a sender would give.
            let id = u16::from_be_bytes([bytes[l.ip + 4], bytes[l.ip + 5]])
                .wrapping_add((at - l.payload) as u16);
            bytes[l.ip + 4..l.ip + 6].copy_from_slice(&id.to_be_bytes());
            seal(&mut bytes[l.ip..]);
            out.push(Frame {
                time: frame.time,
                bytes,
            });
            at = to;
        }
    }
    out
}

/// Sends each IPv4 packet in fragments of at most `size` payload bytes (a multiple of 8).
/// With `backwards` the last fragment of a packet comes first.
pub fn fragment(frames: &[Frame], size: usize, backwards: bool) -> Vec<Frame> {
    let size = (size / 8).max(1) * 8;
    let mut out = Vec::new();
    for (n, frame) in frames.iter().enumerate() {
        let Some(l) = layout(&frame.bytes).filter(|l| l.end - l.transport > size) else {
            out.push(frame.clone());
            continue;
        };
        let mut pieces = Vec::new();
        let mut at = l.transport;
        while at < l.end {
            let to = (at + size).min(l.end);
            let mut bytes = frame.bytes[..l.transport].to_vec();
            bytes.extend_from_slice(&frame.bytes[at..to]);
            let ip = &mut bytes[l.ip..];
            let total = ip.len() as u16;
            ip[2..4].copy_from_slice(&total.to_be_bytes());
            // Each datagram has an identification of its own while its fragments are under way.
            ip[4..6].copy_from_slice(&(n as u16 | 0x8000).to_be_bytes());
            let more = if to < l.end { 0x2000 } else { 0 };
            let offset = ((at - l.transport) / 8) as u16;
            ip[6..8].copy_from_slice(&(offset | more).to_be_bytes());
            seal_ip(ip);
            pieces.push(Frame {
                time: frame.time,
                bytes,
            });
            at = to;
        }
        if backwards {
            pieces.reverse();
        }
        out.extend(pieces);
    }
    out
}

/// Puts an 802.1Q tag into each frame that `tagged` chooses.
pub fn tag(frames: &[Frame], vlan: u16, mut tagged: impl FnMut(&Frame) -> bool) -> Vec<Frame> {
    frames
        .iter()
        .map(|frame| {
            let mut bytes = frame.bytes.clone();
            if tagged(frame) && bytes.len() >= 14 {
                bytes.splice(12..12, [0x81, 0x00, (vlan >> 8) as u8, vlan as u8]);
            }
            Frame {
                time: frame.time,
                bytes,
            }
        })
        .collect()
}

/// A way to carry one Ethernet frame inside another, as mirrors do.
#[derive(Clone, Copy, Debug)]
pub enum Tunnel {
    Vxlan,
    /// GRE with transparent Ethernet bridging.
    GreEthernet,
    /// ERSPAN type II over GRE.
    Erspan2,
    Tzsp,
}

/// Wraps each frame into a tunnel between two other hosts.
pub fn tunnel(frames: &[Frame], kind: Tunnel) -> Vec<Frame> {
    frames
        .iter()
        .enumerate()
        .map(|(n, frame)| {
            let inner = match kind {
                // RFC 7348: flags with the I bit, VNI 42.
                Tunnel::Vxlan => [&[8, 0, 0, 0, 0, 0, 42, 0][..], &frame.bytes].concat(),
                // RFC 2784: no options, protocol 0x6558.
                Tunnel::GreEthernet => [&[0, 0, 0x65, 0x58][..], &frame.bytes].concat(),
                // GRE with sequence number, protocol 0x88BE, then the 8-byte type II header.
                Tunnel::Erspan2 => {
                    let seq = (n as u32).to_be_bytes();
                    [
                        &[0x10, 0, 0x88, 0xbe][..],
                        &seq,
                        &[0x10, 0, 0, 1, 0, 0, 0, 0],
                        &frame.bytes,
                    ]
                    .concat()
                }
                // Version 1, received frame, Ethernet, then the end tag.
                Tunnel::Tzsp => [&[1, 0, 0, 1, 1][..], &frame.bytes].concat(),
            };
            let (protocol, payload) = match kind {
                Tunnel::Vxlan => (17, udp(51_000, 4789, &inner)),
                Tunnel::Tzsp => (17, udp(51_000, 37_008, &inner)),
                Tunnel::GreEthernet | Tunnel::Erspan2 => (47, inner),
            };
            Frame {
                time: frame.time,
                bytes: outer(n as u16, protocol, &payload),
            }
        })
        .collect()
}

fn udp(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() + 8) as u16;
    let mut out = Vec::with_capacity(payload.len() + 8);
    out.extend_from_slice(&from.to_be_bytes());
    out.extend_from_slice(&to.to_be_bytes());
    out.extend_from_slice(&length.to_be_bytes());
    // Mirrors leave the checksum out, as IPv4 allows.
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(payload);
    out
}

fn outer(id: u16, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![2, 0, 0, 0, 9, 1, 2, 0, 0, 0, 9, 2, 8, 0];
    let mut ip = vec![
        0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0, 172, 31, 9, 2, 172, 31, 9, 1,
    ];
    ip[2..4].copy_from_slice(&((payload.len() + 20) as u16).to_be_bytes());
    ip[4..6].copy_from_slice(&id.to_be_bytes());
    seal_ip(&mut ip);
    bytes.extend_from_slice(&ip);
    bytes.extend_from_slice(payload);
    bytes
}

/// Each frame that `copied` chooses is seen a second time behind a router, `delay` nanoseconds
/// later: other MAC addresses, TTL less one, another VLAN or none.
pub fn routed_copies(
    frames: &[Frame],
    vlan: Option<u16>,
    delay: i64,
    mut copied: impl FnMut(&Frame) -> bool,
) -> Vec<Frame> {
    let mut out = Vec::new();
    for frame in frames {
        out.push(frame.clone());
        let Some(l) = layout(&frame.bytes).filter(|_| copied(frame)) else {
            continue;
        };
        let mut bytes = vec![2, 0, 0, 0, 7, 7, 2, 0, 0, 0, 7, 8];
        if let Some(vlan) = vlan {
            bytes.extend_from_slice(&[0x81, 0x00, (vlan >> 8) as u8, vlan as u8]);
        }
        bytes.extend_from_slice(&[8, 0]);
        let at = bytes.len();
        bytes.extend_from_slice(&frame.bytes[l.ip..l.end]);
        bytes[at + 8] = bytes[at + 8].saturating_sub(1);
        seal_ip(&mut bytes[at..]);
        out.push(Frame {
            time: frame.time + delay,
            bytes,
        });
    }
    // A stable sort: frames of one time keep their order, an original before its copy.
    out.sort_by_key(|f| f.time);
    out
}

/// Splits a capture as the two outputs of a TAP do: frames from the lower address, and the others.
pub fn directions(frames: &[Frame]) -> [Vec<Frame>; 2] {
    let (mut low, mut high) = (Vec::new(), Vec::new());
    for frame in frames {
        match layout(&frame.bytes) {
            Some(l) if end(frame, l, 12) > end(frame, l, 16) => high.push(frame.clone()),
            _ => low.push(frame.clone()),
        }
    }
    [low, high]
}

/// Address and port of one end of a packet (12: source, 16: destination).
fn end(frame: &Frame, l: Layout, address: usize) -> (&[u8], &[u8]) {
    let port = l.transport + if address == 12 { 0 } else { 2 };
    (
        &frame.bytes[l.ip + address..l.ip + address + 4],
        &frame.bytes[port..port + 2],
    )
}
