//! Frames made from the RFCs, by code that shares nothing with the decoder.

pub const A: [u8; 4] = [10, 1, 0, 11];
pub const B: [u8; 4] = [10, 1, 0, 12];
pub const A6: [u8; 16] = [0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0A];
pub const B6: [u8; 16] = [0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0B];
pub const MAC_A: [u8; 6] = [2, 0, 0, 0, 0, 0x0A];
pub const MAC_B: [u8; 6] = [2, 0, 0, 0, 0, 0x0B];
pub const TEXT: &[u8] = b"MSH|^~\\&|A|B|C|D|20260101||ADT^A08|1|P|2.5";

/// A frame as captured.
pub struct Sent {
    pub bytes: Vec<u8>,
    pub wire: u32,
    /// Nanoseconds; a millisecond a frame if not said.
    pub time: Option<i64>,
}

impl Sent {
    pub fn whole(bytes: &[u8]) -> Sent {
        Sent {
            bytes: bytes.to_vec(),
            wire: bytes.len() as u32,
            time: None,
        }
    }

    pub fn at(bytes: &[u8], time: i64) -> Sent {
        Sent {
            time: Some(time),
            ..Sent::whole(bytes)
        }
    }

    /// Cut to `len` bytes by the snap length.
    pub fn cut(bytes: &[u8], len: usize) -> Sent {
        Sent {
            bytes: bytes[..len].to_vec(),
            wire: bytes.len() as u32,
            time: None,
        }
    }
}

/// RFC 1071, word by word.
pub fn checksum(parts: &[&[u8]]) -> u16 {
    let all: Vec<u8> = parts.concat();
    let mut sum = 0u32;
    for pair in all.chunks(2) {
        sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}

fn transport_checksum(
    src: &[u8],
    dst: &[u8],
    protocol: u8,
    segment: &[u8],
    field: usize,
) -> Vec<u8> {
    let len = (segment.len() as u32).to_be_bytes();
    let sum = checksum(&[src, dst, &len, &[0, 0, 0, protocol], segment]);
    let mut out = segment.to_vec();
    out[field..field + 2].copy_from_slice(&sum.to_be_bytes());
    out
}

pub fn tcp_segment(src: &[u8], dst: &[u8], ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let mut s = Vec::new();
    s.extend(ports.0.to_be_bytes());
    s.extend(ports.1.to_be_bytes());
    s.extend(0x0102_0304u32.to_be_bytes());
    s.extend(0x0506_0708u32.to_be_bytes());
    // Six words: one of options (no operation, four times). PSH and ACK.
    s.extend([0x60, 0x18, 0x20, 0x00, 0, 0, 0, 0, 1, 1, 1, 1]);
    s.extend(payload);
    transport_checksum(src, dst, 6, &s, 16)
}

pub fn udp_datagram(src: &[u8], dst: &[u8], ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let mut s = Vec::new();
    s.extend(ports.0.to_be_bytes());
    s.extend(ports.1.to_be_bytes());
    s.extend((8 + payload.len() as u16).to_be_bytes());
    s.extend([0, 0]);
    s.extend(payload);
    transport_checksum(src, dst, 17, &s, 6)
}

/// An IPv4 header with identification 0x1234 before a payload.
pub fn ipv4(src: [u8; 4], dst: [u8; 4], protocol: u8, payload: &[u8]) -> Vec<u8> {
    ipv4_part(src, dst, protocol, 0x1234, 0, payload)
}

/// `flags` is the word of flags and offset.
pub fn ipv4_part(
    src: [u8; 4],
    dst: [u8; 4],
    protocol: u8,
    id: u16,
    flags: u16,
    payload: &[u8],
) -> Vec<u8> {
    let mut h = vec![0x45, 0];
    h.extend((20 + payload.len() as u16).to_be_bytes());
    h.extend(id.to_be_bytes());
    h.extend(flags.to_be_bytes());
    h.extend([64, protocol, 0, 0]);
    h.extend(src);
    h.extend(dst);
    let sum = checksum(&[&h]);
    h[10..12].copy_from_slice(&sum.to_be_bytes());
    h.extend(payload);
    h
}

pub fn ipv6(src: [u8; 16], dst: [u8; 16], next: u8, payload: &[u8]) -> Vec<u8> {
    let mut h = vec![0x60, 0, 0, 0];
    h.extend((payload.len() as u16).to_be_bytes());
    h.extend([next, 63]);
    h.extend(src);
    h.extend(dst);
    h.extend(payload);
    h
}

/// IPv4 from A to B, TCP 40000 to 2575.
pub fn tcp4(payload: &[u8]) -> Vec<u8> {
    ipv4(A, B, 6, &tcp_segment(&A, &B, (40000, 2575), payload))
}

pub fn tcp6(payload: &[u8]) -> Vec<u8> {
    ipv6(A6, B6, 6, &tcp_segment(&A6, &B6, (40000, 2575), payload))
}

/// IPv4 from A to B, UDP 5000 to this port.
pub fn udp4(port: u16, payload: &[u8]) -> Vec<u8> {
    ipv4(A, B, 17, &udp_datagram(&A, &B, (5000, port), payload))
}

/// The tunnel's ends are other hosts than A and B.
pub fn udp_tunnel(port: u16, parts: &[&[u8]]) -> Vec<u8> {
    let (x, y) = ([192, 0, 2, 1], [192, 0, 2, 2]);
    eth(
        0x0800,
        &ipv4(
            x,
            y,
            17,
            &udp_datagram(&x, &y, (49152, port), &parts.concat()),
        ),
    )
}

pub fn ip_tunnel(protocol: u8, parts: &[&[u8]]) -> Vec<u8> {
    eth(
        0x0800,
        &ipv4([192, 0, 2, 1], [192, 0, 2, 2], protocol, &parts.concat()),
    )
}

/// Ethernet from A's MAC to B's.
pub fn eth(kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut f = Vec::new();
    f.extend(MAC_B);
    f.extend(MAC_A);
    f.extend(kind.to_be_bytes());
    f.extend(payload);
    f
}

/// What follows a VLAN EtherType: tag and inner type, then the payload.
pub fn tag(vlan: u16, kind: u16, payload: &[u8]) -> Vec<u8> {
    [&vlan.to_be_bytes()[..], &kind.to_be_bytes(), payload].concat()
}

/// Cuts an IPv4 packet without options into fragments of `size` payload bytes.
pub fn fragments4(packet: &[u8], id: u16, size: usize) -> Vec<Vec<u8>> {
    let (src, dst) = (
        packet[12..16].try_into().unwrap(),
        packet[16..20].try_into().unwrap(),
    );
    let parts: Vec<&[u8]> = packet[20..].chunks(size).collect();
    let last = parts.len() - 1;
    parts
        .iter()
        .enumerate()
        .map(|(i, part)| {
            let flags = (i * size / 8) as u16 | if i == last { 0 } else { 0x2000 };
            ipv4_part(src, dst, packet[9], id, flags, part)
        })
        .collect()
}

/// Cuts an IPv6 packet without extension headers into fragments.
pub fn fragments6(packet: &[u8], id: u32, size: usize) -> Vec<Vec<u8>> {
    let (src, dst) = (
        packet[8..24].try_into().unwrap(),
        packet[24..40].try_into().unwrap(),
    );
    let parts: Vec<&[u8]> = packet[40..].chunks(size).collect();
    let last = parts.len() - 1;
    parts
        .iter()
        .enumerate()
        .map(|(i, part)| {
            let offset = (i * size) as u16 | u16::from(i != last);
            let head = [
                &[packet[6], 0][..],
                &offset.to_be_bytes(),
                &id.to_be_bytes(),
                part,
            ]
            .concat();
            ipv6(src, dst, 44, &head)
        })
        .collect()
}

/// An ARP request (RFC 826).
pub fn arp() -> Vec<u8> {
    let head = [0, 1, 8, 0, 6, 4, 0, 1];
    [&head[..], &MAC_A, &A, &[0; 6], &B].concat()
}
