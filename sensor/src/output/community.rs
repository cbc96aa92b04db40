//! Community ID version 1: the flow hash that Zeek, Suricata and Wireshark share.
//!
//! Source: the community-id-spec document (version 1, seed 0): base64 of SHA-1 over seed, the
//! ordered addresses, protocol, a padding byte and the ordered ports.

use std::net::IpAddr;

use sha1::{Digest, Sha1};

/// The Community ID of a TCP (6) or UDP (17) conversation.
pub fn community_id(protocol: u8, a: (IpAddr, u16), b: (IpAddr, u16)) -> String {
    let octets = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let (a, b) = ((octets(a.0), a.1), (octets(b.0), b.1));
    let (low, high) = if a <= b { (a, b) } else { (b, a) };
    let mut hash = Sha1::new();
    hash.update(0u16.to_be_bytes());
    hash.update(&low.0);
    hash.update(&high.0);
    hash.update([protocol, 0]);
    hash.update(low.1.to_be_bytes());
    hash.update(high.1.to_be_bytes());
    let mut id = String::from("1:");
    push_base64(&mut id, &hash.finalize());
    id
}

fn push_base64(out: &mut String, bytes: &[u8]) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for group in bytes.chunks(3) {
        let word =
            group.iter().fold(0u32, |w, b| w << 8 | u32::from(*b)) << (8 * (3 - group.len()));
        for at in 0..4 {
            if at <= group.len() {
                out.push(ALPHABET[(word >> (18 - 6 * at) & 63) as usize] as char);
            } else {
                out.push('=');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(protocol: u8, a: &str, ap: u16, b: &str, bp: u16) -> String {
        community_id(protocol, (a.parse().unwrap(), ap), (b.parse().unwrap(), bp))
    }

    // The expected values are those published with the specification's baseline.
    #[test]
    fn tcp_as_published_both_ways() {
        let want = "1:LQU9qZlK+B5F3KDmev6m5PMibrg=";
        assert_eq!(id(6, "128.232.110.120", 34855, "66.35.250.204", 80), want);
        assert_eq!(id(6, "66.35.250.204", 80, "128.232.110.120", 34855), want);
    }

    #[test]
    fn udp_as_published() {
        assert_eq!(
            id(17, "192.168.1.52", 54585, "8.8.8.8", 53),
            "1:d/FP5EW3wiY1vCndhwleRRKHowQ="
        );
    }
}
