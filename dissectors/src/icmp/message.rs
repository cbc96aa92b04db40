//! One message.

use std::hash::Hasher;

use super::fields::*;
use crate::action::Outcome;
use crate::address;
use crate::message::{Draft, Messages, Scope};
use crate::schema::KindId;

const HEADER: usize = 8;

pub fn write(input: &[u8], v6: bool, last_echo: &mut Option<u64>, out: &mut Messages<'_>) {
    let at = out.offset();
    let range = at..at + input.len() as u64;
    let Some((head, rest)) = input.split_first_chunk::<HEADER>() else {
        out.message(MALFORMED, range).anomaly("cut-short", at);
        return;
    };
    let [kind, code, _, _, a, b, c, d] = *head;
    let known = if v6 { kind_v6(kind) } else { kind_v4(kind) };
    let mut draft = match known {
        Some(known) => out.message(known, range),
        None => out.message_unknown(kind.into(), 2, range),
    };
    draft.integer(TYPE, kind.into()).integer(CODE, code.into());
    let words = [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])];
    match known {
        Some(ECHO_REQUEST | ECHO_REPLY) => {
            draft
                .integer(ID, words[0].into())
                .integer(SEQUENCE, words[1].into())
                .integer(SIZE, rest.len() as i64);
            let key = [a, b, c, d];
            if known == Some(ECHO_REPLY) {
                draft.answers(Scope::Conversation, &key, true, Outcome::Accepted);
            } else {
                draft.asks(Scope::Conversation, &key);
                // Programs put the time into the first bytes.
                const TIME: usize = 16;
                let hash = fnv(rest.get(TIME..).unwrap_or(&[]));
                if last_echo.replace(hash).is_some_and(|last| last != hash) {
                    draft.flag(CHANGED, true);
                }
            }
        }
        Some(UNREACHABLE | TIME_EXCEEDED | PARAMETER | QUENCH | REDIRECT | TOO_BIG) => {
            if let Some(reason) = reason(v6, kind, code) {
                draft.text(REASON, reason.as_bytes());
            }
            match known {
                Some(REDIRECT) => {
                    draft.text(GATEWAY, address::ipv4([a, b, c, d]).bytes());
                }
                Some(TOO_BIG) => {
                    draft.integer(MTU, u32::from_be_bytes([a, b, c, d]).into());
                }
                Some(UNREACHABLE) if !v6 && code == 4 => {
                    draft.integer(MTU, words[1].into());
                }
                _ => {}
            }
            if !about(rest, &mut draft) {
                draft.anomaly("about-cut-short", at + HEADER as u64);
            }
        }
        Some(LISTENER_QUERY | LISTENER_REPORT | LISTENER_DONE) => {
            groups(kind, words[1], rest, &mut draft);
        }
        _ => {}
    }
}

fn kind_v4(kind: u8) -> Option<KindId> {
    Some(match kind {
        0 => ECHO_REPLY,
        3 => UNREACHABLE,
        4 => QUENCH,
        5 => REDIRECT,
        8 => ECHO_REQUEST,
        9 => ROUTER_ADVERTISEMENT,
        10 => ROUTER_SOLICITATION,
        11 => TIME_EXCEEDED,
        12 => PARAMETER,
        13 => TIMESTAMP_REQUEST,
        14 => TIMESTAMP_REPLY,
        17 => MASK_REQUEST,
        18 => MASK_REPLY,
        _ => return None,
    })
}

fn kind_v6(kind: u8) -> Option<KindId> {
    Some(match kind {
        1 => UNREACHABLE,
        2 => TOO_BIG,
        3 => TIME_EXCEEDED,
        4 => PARAMETER,
        128 => ECHO_REQUEST,
        129 => ECHO_REPLY,
        130 => LISTENER_QUERY,
        131 | 143 => LISTENER_REPORT,
        132 => LISTENER_DONE,
        _ => return None,
    })
}

/// RFC 792, RFC 1812 5.2.7.1; RFC 4443 3.
fn reason(v6: bool, kind: u8, code: u8) -> Option<&'static str> {
    Some(match (v6, kind, code) {
        (false, 3, 0 | 6 | 8 | 11) => "network-unreachable",
        (false, 3, 1 | 7 | 12) => "host-unreachable",
        (false, 3, 2) => "protocol-unreachable",
        (false, 3, 3) => "port-unreachable",
        (false, 3, 4) => "fragmentation-needed",
        (false, 3, 5) => "source-route-failed",
        (false, 3, 9 | 10 | 13) => "prohibited",
        (false, 11, 0) | (true, 3, 0) => "hops-exceeded",
        (false, 11, 1) | (true, 3, 1) => "reassembly-time-exceeded",
        (false, 5, 0 | 2) => "network",
        (false, 5, 1 | 3) => "host",
        (true, 1, 0) => "no-route",
        (true, 1, 1 | 5 | 6) => "prohibited",
        (true, 1, 2) => "beyond-scope",
        (true, 1, 3) => "host-unreachable",
        (true, 1, 4) => "port-unreachable",
        (true, 4, 0) => "header-field",
        (true, 4, 1) => "next-header",
        (true, 4, 2) => "option",
        _ => return None,
    })
}

/// The beginning of the packet that the message is about. False if it does not reach to its ports.
fn about(packet: &[u8], draft: &mut Draft<'_>) -> bool {
    let (protocol, transport) = match packet.first().map(|b| b >> 4) {
        Some(4) => {
            let Some(head) = packet.first_chunk::<20>() else {
                return false;
            };
            let [.., s0, s1, s2, s3, d0, d1, d2, d3] = *head;
            draft.text(ABOUT_SRC, address::ipv4([s0, s1, s2, s3]).bytes());
            draft.text(ABOUT_DST, address::ipv4([d0, d1, d2, d3]).bytes());
            let later = u16::from_be_bytes([head[6], head[7]]) & 0x1FFF != 0;
            let len = usize::from(head[0] & 15) * 4;
            let rest = packet.get(len..).filter(|_| !later && len >= 20);
            (head[9], rest)
        }
        Some(6) => {
            let Some(head) = packet.first_chunk::<40>() else {
                return false;
            };
            let (mut src, mut dst) = ([0; 16], [0; 16]);
            src.copy_from_slice(&head[8..24]);
            dst.copy_from_slice(&head[24..]);
            draft.text(ABOUT_SRC, address::ipv6(src).bytes());
            draft.text(ABOUT_DST, address::ipv6(dst).bytes());
            (head[6], packet.get(40..))
        }
        _ => return false,
    };
    draft.integer(ABOUT_PROTOCOL, protocol.into());
    const TCP: u8 = 6;
    const UDP: u8 = 17;
    if !matches!(protocol, TCP | UDP) {
        return true;
    }
    let Some([s0, s1, d0, d1, ..]) = transport else {
        return false;
    };
    draft.integer(ABOUT_SRC_PORT, u16::from_be_bytes([*s0, *s1]).into());
    draft.integer(ABOUT_DST_PORT, u16::from_be_bytes([*d0, *d1]).into());
    true
}

/// Groups of listeners: one (RFC 2710 3), or a row of records (RFC 3810 5.2).
fn groups(kind: u8, records: u16, rest: &[u8], draft: &mut Draft<'_>) {
    const VERSION_2_REPORT: u8 = 143;
    if kind != VERSION_2_REPORT {
        if let Some(group) = rest.first_chunk() {
            draft.text(GROUP, address::ipv6(*group).bytes());
        }
        return;
    }
    let mut rest = rest;
    for _ in 0..records {
        let Some(([_, auxiliary, s0, s1], after)) = rest.split_first_chunk::<4>() else {
            return;
        };
        let Some((group, after)) = after.split_first_chunk() else {
            return;
        };
        draft.text(GROUP, address::ipv6(*group).bytes());
        let skip = usize::from(u16::from_be_bytes([*s0, *s1])) * 16 + usize::from(*auxiliary) * 4;
        rest = after.get(skip..).unwrap_or(&[]);
    }
}

/// FNV-1a, the same in every run.
fn fnv(bytes: &[u8]) -> u64 {
    struct Fnv(u64);
    impl Hasher for Fnv {
        fn write(&mut self, bytes: &[u8]) {
            for byte in bytes {
                self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
            }
        }
        fn finish(&self) -> u64 {
            self.0
        }
    }
    let mut hash = Fnv(0xCBF2_9CE4_8422_2325);
    hash.write(bytes);
    hash.finish()
}
