//! Is this such a serial protocol? The same cutting function, asked about first bytes.

use crate::contract::{Confidence, Hint, Probe, Side, Transport};
use crate::serial::Cut;

/// What a frame says for or against a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Fits; counts this much.
    Fits(u32),
    /// Has the form, but nothing that tells it from others.
    Neutral,
    /// Has the form and is wrong inside (check sum).
    Broken,
    /// Cannot be this protocol.
    Foreign,
}

/// How much is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Bar {
    /// Sum of `Fits` that is enough anywhere.
    pub enough: u32,
    pub confidence: u8,
    /// Sum that is enough on a hinted port, inside Telnet, or when no more bytes will come.
    pub on_port: u32,
    pub port_confidence: u8,
    /// Nothing but words tells this protocol: one that does not fit, and it is none.
    pub words: bool,
}

/// Bytes that may come before the first frame where a port or the place hints at a serial line:
/// line noise, a terminal server's greeting. Short, for a signature that waits holds others back.
const LEAD: usize = 64;
/// The same where the capture began in the middle: the rest of a frame.
const LEAD_MID_STREAM: usize = 1024;

/// Says neither yes nor no: this side's bytes cannot tell, and nobody need wait for more of them.
pub const ABSTAIN: Probe = Probe::More(0);

/// Asks `recognise` for the host's bytes and the device's: whoever opened the connection may be
/// either. The usual one, a host that calls, goes before.
pub fn either(side: Side, recognise: impl Fn(Side) -> Probe) -> Probe {
    match recognise(side) {
        yes @ Probe::Yes(_) => yes,
        other => match recognise(side.other()) {
            Probe::Yes(Confidence(sure)) => Probe::Yes(Confidence(sure.saturating_sub(1).max(1))),
            _ => other,
        },
    }
}

/// Cuts `first` into frames and adds up their signs.
pub fn recognise(
    first: &[u8],
    hint: Hint,
    bar: Bar,
    cut: impl Fn(&[u8]) -> Cut,
    sign: impl Fn(&[u8]) -> Sign,
) -> Probe {
    let lenient = hint.port || hint.mid_stream || hint.transport == Transport::Carried;
    let lead = if hint.mid_stream {
        LEAD_MID_STREAM
    } else {
        LEAD
    };
    // Bytes passed, and those of them that did not fit.
    let (mut at, mut odd, mut sum) = (0, 0, 0);
    let on_port = hint.port || hint.transport == Transport::Carried;
    while at < first.len() {
        let rest = &first[at..];
        // In the middle of a conversation, the first frame may be the rest of one.
        let forgiven = lenient && !bar.words || on_port || hint.mid_stream && at == 0;
        let step = match cut(rest) {
            Cut::Frame(n) => {
                let n = n.clamp(1, rest.len());
                match sign(&rest[..n]) {
                    Sign::Fits(weight) => sum += weight,
                    Sign::Neutral => {}
                    // A sender must not escape by spoiling its first frame.
                    Sign::Broken if forgiven || at == 0 => odd += n,
                    Sign::Foreign if forgiven => odd += n,
                    Sign::Broken | Sign::Foreign if sum == 0 || bar.words => return Probe::No,
                    Sign::Broken | Sign::Foreign => odd += n,
                }
                n
            }
            Cut::Idle(n) => n.max(1),
            Cut::Noise(_) if (sum == 0 || bar.words) && !forgiven => return Probe::No,
            Cut::Noise(n) => {
                odd += n.max(1);
                n.max(1)
            }
            Cut::Short(need) => {
                return settle(hint, bar, sum, on_port, at + need.max(rest.len() + 1));
            }
        };
        at += step;
        if sum >= bar.enough {
            return Probe::Yes(Confidence(bar.confidence));
        }
        if odd > lead || sum == 0 && at > lead {
            return Probe::No;
        }
    }
    settle(hint, bar, sum, on_port, first.len() + 1)
}

/// What is said where the bytes end: less is enough on a hinted port, and where no more will come.
/// Bytes that fit but do not suffice speak against nobody: the other side's may tell.
fn settle(hint: Hint, bar: Bar, sum: u32, on_port: bool, need: usize) -> Probe {
    if (on_port || hint.whole) && sum >= bar.on_port {
        Probe::Yes(Confidence(bar.port_confidence))
    } else if hint.whole {
        ABSTAIN
    } else {
        Probe::More(need)
    }
}
