//! Which protocol is this? Signatures are asked until one is sure.
//!
//! The answer depends on the first bytes of each side alone, never on how they were cut: a
//! candidate that needs more bytes holds back a less confident `Yes` until it has them, or until
//! no more can come.

use crate::contract::{Confidence, Hint, Probe, Side, Transport};
use crate::registry::{PROTOCOLS, ProtocolId};
use crate::schema::Port;

/// A set of protocols.
pub type Candidates = u128;

/// What the signatures say so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Is(ProtocolId, Confidence),
    /// At least this many bytes of this side are needed in all.
    NeedMore(usize),
    /// No signature will ever fit this side.
    Nothing,
}

/// All protocols whose signature is asked on this transport.
pub fn candidates(transport: Transport) -> Candidates {
    let mut set = 0;
    for (at, protocol) in PROTOCOLS.iter().enumerate() {
        if protocol.transports.contains(&transport) {
            set |= 1 << at;
        }
    }
    set
}

/// Asks the candidates about the first bytes of one side and strikes those that say no.
/// `ports` are the conversation's two ports. `final_look`: no further bytes will be offered.
pub fn identify(
    candidates: &mut Candidates,
    side: Side,
    first: &[u8],
    hint: Hint,
    ports: [u16; 2],
    final_look: bool,
) -> Verdict {
    let mut best: Option<(Confidence, ProtocolId)> = None;
    let mut more: Option<usize> = None;
    let mut left = *candidates;
    while left != 0 {
        let at = left.trailing_zeros() as usize;
        left &= left - 1;
        let protocol = PROTOCOLS[at];
        let port = protocol
            .hints
            .iter()
            .any(|p| hinted(*p, hint.transport, ports));
        match (protocol.probe)(side, first, Hint { port, ..hint }) {
            Probe::No => *candidates &= !(1 << at),
            Probe::More(n) if !final_look && n > first.len() => {
                more = Some(more.map_or(n, |m| m.min(n)))
            }
            Probe::More(_) => {}
            Probe::Yes(confidence) => {
                if best.is_none_or(|(c, _)| confidence > c) {
                    best = Some((confidence, ProtocolId(at as u16)));
                }
            }
        }
    }
    match (best, more) {
        // A sure one need not wait for those that are still reading.
        (Some((confidence, id)), _) if confidence >= SURE => Verdict::Is(id, confidence),
        (_, Some(n)) => Verdict::NeedMore(n),
        (Some((confidence, id)), None) => Verdict::Is(id, confidence),
        (None, None) => Verdict::Nothing,
    }
}

/// From here on a signature's yes is not held back by others that want more bytes.
pub const SURE: Confidence = Confidence(90);

fn hinted(port: Port, transport: Transport, ports: [u16; 2]) -> bool {
    match (port, transport) {
        (Port::Tcp(p), Transport::Tcp) | (Port::Udp(p), Transport::Udp) => ports.contains(&p),
        _ => false,
    }
}
