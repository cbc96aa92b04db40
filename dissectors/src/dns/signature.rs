//! Is this DNS? On its ports a header that makes sense will do; elsewhere all of a message must fit.

use super::message::{Header, walk};
use super::stream::prefixed;
use crate::contract::{Confidence, Hint, Probe, Side, Transport};

const WHOLE: Confidence = Confidence(92);
const ON_PORT: Confidence = Confidence(70);
const OFF_PORT: Confidence = Confidence(60);

pub fn dns(_: Side, first: &[u8], hint: Hint) -> Probe {
    match hint.transport {
        Transport::Udp => datagram(first, hint.port),
        // Off its port a length and a header are too little, and to wait for more would hold others up.
        Transport::Tcp if !hint.port || hint.mid_stream => Probe::No,
        Transport::Tcp if first.len() < 12 => Probe::More(12),
        Transport::Tcp if prefixed(first) => Probe::Yes(ON_PORT),
        _ => Probe::No,
    }
}

/// mDNS and LLMNR are told by their ports alone.
pub fn link_service(_: Side, first: &[u8], hint: Hint) -> Probe {
    match Header::read(first) {
        Some(header) if hint.port && header.makes_sense() => Probe::Yes(Confidence(93)),
        _ => Probe::No,
    }
}

fn datagram(first: &[u8], port: bool) -> Probe {
    let Some(header) = Header::read(first).filter(Header::makes_sense) else {
        return Probe::No;
    };
    match walk(first, &header) {
        Some(known) if port && known => Probe::Yes(WHOLE),
        Some(known) if known && header.questions == 1 => Probe::Yes(OFF_PORT),
        _ if port => Probe::Yes(ON_PORT),
        _ => Probe::No,
    }
}
