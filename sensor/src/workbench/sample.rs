//! A small capture: one TCP conversation on Ethernet, as a pcap file.

use dissectors::Side;

/// The bytes of a pcap file in which a client (10.9.0.10) and a server (10.9.0.20) say these things.
pub fn pcap(port: u16, said: &[(Side, &[u8])]) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend_from_slice(&0xa1b2_c3d4_u32.to_le_bytes());
    file.extend_from_slice(&[2, 0, 4, 0]);
    file.extend_from_slice(&[0; 8]);
    file.extend_from_slice(&262_144u32.to_le_bytes());
    file.extend_from_slice(&1u32.to_le_bytes());
    let mut talk = Talk {
        port,
        next: [1000, 5000],
        frames: 0,
    };
    talk.frame(&mut file, Side::Client, SYN, b"");
    talk.frame(&mut file, Side::Server, SYN | ACK, b"");
    talk.frame(&mut file, Side::Client, ACK, b"");
    for (side, bytes) in said {
        talk.frame(&mut file, *side, PSH | ACK, bytes);
    }
    talk.frame(&mut file, Side::Client, FIN | ACK, b"");
    talk.frame(&mut file, Side::Server, FIN | ACK, b"");
    talk.frame(&mut file, Side::Client, ACK, b"");
    file
}

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;

/// 2026-11-24 20:00:00 UTC.
const START: u32 = 1_795_550_400;

struct Talk {
    port: u16,
    /// Sequence number that comes next, of client and server.
    next: [u32; 2],
    frames: u32,
}

impl Talk {
    fn frame(&mut self, file: &mut Vec<u8>, side: Side, flags: u8, payload: &[u8]) {
        let me = side.index();
        let ack = if flags & ACK == 0 {
            0
        } else {
            self.next[1 - me]
        };
        let ports = [51_000, self.port];
        let hosts = [10u8, 20];
        let mut tcp = Vec::new();
        tcp.extend_from_slice(&ports[me].to_be_bytes());
        tcp.extend_from_slice(&ports[1 - me].to_be_bytes());
        tcp.extend_from_slice(&self.next[me].to_be_bytes());
        tcp.extend_from_slice(&ack.to_be_bytes());
        tcp.extend_from_slice(&[0x50, flags, 0x20, 0, 0, 0, 0, 0]);
        tcp.extend_from_slice(payload);
        let length = tcp.len() as u16;
        let addresses = [10, 9, 0, hosts[me], 10, 9, 0, hosts[1 - me]];
        let mut pseudo = addresses.to_vec();
        pseudo.extend_from_slice(&[0, 6]);
        pseudo.extend_from_slice(&length.to_be_bytes());
        pseudo.extend_from_slice(&tcp);
        tcp[16..18].copy_from_slice(&checksum(&pseudo).to_be_bytes());
        let mut ip = vec![0x45, 0];
        ip.extend_from_slice(&(20 + length).to_be_bytes());
        ip.extend_from_slice(&(self.frames as u16 + 1).to_be_bytes());
        ip.extend_from_slice(&[0x40, 0, 64, 6, 0, 0]);
        ip.extend_from_slice(&addresses);
        let sum = checksum(&ip);
        ip[10..12].copy_from_slice(&sum.to_be_bytes());
        let mut frame = vec![2, 0, 0, 9, 0, hosts[1 - me], 2, 0, 0, 9, 0, hosts[me], 8, 0];
        frame.extend_from_slice(&ip);
        frame.extend_from_slice(&tcp);
        let micros = self.frames * 20_000;
        file.extend_from_slice(&(START + micros / 1_000_000).to_le_bytes());
        file.extend_from_slice(&(micros % 1_000_000).to_le_bytes());
        for _ in 0..2 {
            file.extend_from_slice(&(frame.len() as u32).to_le_bytes());
        }
        file.extend_from_slice(&frame);
        let counts = u32::from(flags & (SYN | FIN) != 0);
        self.next[me] = self.next[me].wrapping_add(payload.len() as u32 + counts);
        self.frames += 1;
    }
}

/// RFC 1071.
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum = 0u32;
    for pair in bytes.chunks(2) {
        sum += u32::from(u16::from_be_bytes([pair[0], *pair.get(1).unwrap_or(&0)]));
    }
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
