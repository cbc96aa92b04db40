//! The floor under any packet program: read a capture with buffers, decode its headers, find or make
//! the flow of each packet, and do nothing with the payload. Product timings are multiples of it.
//!
//! Usage: `floor FILE.pcap` (classic pcap, Ethernet, the writer's byte order of this machine).

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::process::ExitCode;

use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use rustc_hash::FxBuildHasher;

/// Both directions give the same key: the lower address and port come first.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    low: ([u8; 16], u16),
    high: ([u8; 16], u16),
    vlan: u16,
    protocol: u8,
}

#[derive(Default)]
struct Flow {
    packets: u64,
    bytes: u64,
    last: u64,
}

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: floor FILE.pcap");
        return ExitCode::from(2);
    };
    match walk(&path) {
        Ok(flows) => {
            let packets: u64 = flows.values().map(|f| f.packets).sum();
            let bytes: u64 = flows.values().map(|f| f.bytes).sum();
            let last = flows.values().map(|f| f.last).max().unwrap_or(0);
            println!(
                "packets {packets} bytes {bytes} flows {} last {last}",
                flows.len()
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("floor: {path}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn walk(path: &str) -> Result<HashMap<Key, Flow, FxBuildHasher>, std::io::Error> {
    let mut reader = BufReader::with_capacity(1 << 20, File::open(path)?);
    let mut head = [0u8; 24];
    reader.read_exact(&mut head)?;
    let mut flows: HashMap<Key, Flow, FxBuildHasher> = HashMap::default();
    let mut record = [0u8; 16];
    let mut frame = vec![0u8; 1 << 18];
    loop {
        match reader.read_exact(&mut record) {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => return Ok(flows),
            Err(e) => return Err(e),
        }
        let word = |at: usize| {
            u32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]])
        };
        let captured = (word(8) as usize).min(frame.len());
        reader.read_exact(&mut frame[..captured])?;
        if let Some(key) = key(&frame[..captured]) {
            let flow = flows.entry(key).or_default();
            flow.packets += 1;
            flow.bytes += captured as u64;
            flow.last = u64::from(word(0)) << 32 | u64::from(word(4));
        }
    }
}

fn key(frame: &[u8]) -> Option<Key> {
    let packet = SlicedPacket::from_ethernet(frame).ok()?;
    let mut from = [0u8; 16];
    let mut to = [0u8; 16];
    match packet.net.as_ref()? {
        NetSlice::Ipv4(ip) => {
            from[..4].copy_from_slice(&ip.header().source());
            to[..4].copy_from_slice(&ip.header().destination());
        }
        NetSlice::Ipv6(ip) => {
            from = ip.header().source();
            to = ip.header().destination();
        }
        NetSlice::Arp(_) => return None,
    }
    let (a, b, protocol) = match packet.transport.as_ref()? {
        TransportSlice::Tcp(tcp) => (tcp.source_port(), tcp.destination_port(), 6),
        TransportSlice::Udp(udp) => (udp.source_port(), udp.destination_port(), 17),
        _ => return None,
    };
    let vlan = packet.vlan_ids().first().map_or(0, |v| v.value());
    let (low, high) = if (from, a) <= (to, b) {
        ((from, a), (to, b))
    } else {
        ((to, b), (from, a))
    };
    Some(Key {
        low,
        high,
        vlan,
        protocol,
    })
}
