//! Captures written as the drafts say, by code that shares nothing with the readers.

/// Integers in one byte order.
#[derive(Clone, Copy)]
pub struct Order(pub bool);

pub const LITTLE: Order = Order(false);
pub const BIG: Order = Order(true);

impl Order {
    pub fn u16(self, n: u16) -> [u8; 2] {
        if self.0 {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        }
    }

    pub fn u32(self, n: u32) -> [u8; 4] {
        if self.0 {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        }
    }
}

pub const MICRO: u32 = 0xA1B2_C3D4;
pub const NANO: u32 = 0xA1B2_3C4D;

/// The header of a classic file; snap length 65,535.
pub fn pcap(order: Order, magic: u32, link: u32) -> Vec<u8> {
    let mut out = order.u32(magic).to_vec();
    out.extend(order.u16(2));
    out.extend(order.u16(4));
    out.extend([0; 8]);
    out.extend(order.u32(65_535));
    out.extend(order.u32(link));
    out
}

/// A record of it.
pub fn record(order: Order, seconds: u32, fraction: u32, wire: u32, bytes: &[u8]) -> Vec<u8> {
    let mut out = order.u32(seconds).to_vec();
    out.extend(order.u32(fraction));
    out.extend(order.u32(bytes.len() as u32));
    out.extend(order.u32(wire));
    out.extend(bytes);
    out
}

/// A little-endian Ethernet file in microseconds: (microseconds since 1970, bytes).
pub fn simple(frames: &[(u64, &[u8])]) -> Vec<u8> {
    let mut out = pcap(LITTLE, MICRO, 1);
    for (time, bytes) in frames {
        let (seconds, micros) = ((time / 1_000_000) as u32, (time % 1_000_000) as u32);
        out.extend(record(LITTLE, seconds, micros, bytes.len() as u32, bytes));
    }
    out
}

/// A pcapng block.
pub fn block(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = (body.len() + 3) & !3;
    let total = order.u32(12 + padded as u32);
    let mut out = order.u32(kind).to_vec();
    out.extend(total);
    out.extend(body);
    out.resize(8 + padded, 0);
    out.extend(total);
    out
}

pub fn section(order: Order) -> Vec<u8> {
    let mut body = order.u32(0x1A2B_3C4D).to_vec();
    body.extend(order.u16(1));
    body.extend(order.u16(0));
    body.extend([0xFF; 8]);
    body.extend(option(order, 4, b"a program that writes captures"));
    body.extend(option(order, 0, b""));
    block(order, 0x0A0D_0D0A, &body)
}

pub fn option(order: Order, code: u16, value: &[u8]) -> Vec<u8> {
    let mut out = order.u16(code).to_vec();
    out.extend(order.u16(value.len() as u16));
    out.extend(value);
    out.resize((out.len() + 3) & !3, 0);
    out
}

pub fn interface(order: Order, link: u16, snap: u32, options: &[u8]) -> Vec<u8> {
    let mut body = order.u16(link).to_vec();
    body.extend([0, 0]);
    body.extend(order.u32(snap));
    body.extend(options);
    block(order, 1, &body)
}

pub fn enhanced(
    order: Order,
    interface: u32,
    ticks: u64,
    wire: u32,
    bytes: &[u8],
    options: &[u8],
) -> Vec<u8> {
    let mut body = order.u32(interface).to_vec();
    body.extend(order.u32((ticks >> 32) as u32));
    body.extend(order.u32(ticks as u32));
    body.extend(order.u32(bytes.len() as u32));
    body.extend(order.u32(wire));
    body.extend(bytes);
    body.resize((body.len() + 3) & !3, 0);
    body.extend(options);
    block(order, 6, &body)
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}
