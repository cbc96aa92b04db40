//! Is this such a serial protocol? The same cutting function, asked about first bytes.

use crate::contract::{Confidence, Hint, Probe, Side, Transport};
use crate::serial::{Cut, Role};

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
    let usual = recognise(side);
    if matches!(usual, Probe::Yes(_)) {
        return usual;
    }
    match recognise(side.other()) {
        Probe::Yes(Confidence(sure)) => Probe::Yes(Confidence(sure.saturating_sub(1).max(1))),
        // It may still be the device that called; that is no reason for others to wait.
        Probe::More(_) if usual == Probe::No => ABSTAIN,
        _ => usual,
    }
}

/// Who sends the frame at the front of `input`, where it fits one part only.
pub fn role(
    input: &[u8],
    cut: impl Fn(Side, &[u8]) -> Cut,
    sign: impl Fn(Side, &[u8]) -> Sign,
) -> Option<Role> {
    let fits = |side| match cut(side, input) {
        Cut::Frame(n) => input
            .get(..n)
            .is_some_and(|frame| matches!(sign(side, frame), Sign::Fits(_))),
        _ => false,
    };
    match (fits(Side::Client), fits(Side::Server)) {
        (true, false) => Some(Role::Host),
        (false, true) => Some(Role::Device),
        _ => None,
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
        let (step, fits) = match cut(rest) {
            Cut::Frame(n) => {
                let n = n.clamp(1, rest.len());
                let fits = match sign(&rest[..n]) {
                    Sign::Fits(weight) => {
                        sum += weight;
                        true
                    }
                    Sign::Neutral => true,
                    // A sender must not escape by spoiling its first frame.
                    Sign::Broken if forgiven || at == 0 => false,
                    Sign::Foreign if forgiven => false,
                    Sign::Broken | Sign::Foreign if sum == 0 || bar.words => return Probe::No,
                    Sign::Broken | Sign::Foreign => false,
                };
                (n, fits)
            }
            Cut::Idle(n) => (n.max(1), true),
            Cut::Noise(_) if (sum == 0 || bar.words) && !forgiven => return Probe::No,
            Cut::Noise(n) => (n.max(1), false),
            Cut::Short(need) => {
                return settle(hint, bar, sum, on_port, odd, at + need.max(rest.len() + 1));
            }
        };
        if !fits {
            odd += step;
            // In bytes of any kind some frame fits sooner or later. Where nothing else speaks for this
            // protocol, only frames in a row count.
            if !on_port {
                sum = 0;
            }
        }
        at += step;
        if sum >= bar.enough {
            return Probe::Yes(Confidence(bar.confidence));
        }
        if odd > lead || sum == 0 && at > lead {
            return Probe::No;
        }
    }
    settle(hint, bar, sum, on_port, odd, first.len() + 1)
}

/// What is said where the bytes end: less is enough on a hinted port, and where no more will come and
/// every byte was accounted for. Bytes that fit but do not suffice speak against nobody: the other side's
/// may tell.
fn settle(hint: Hint, bar: Bar, sum: u32, on_port: bool, odd: usize, need: usize) -> Probe {
    let clean = odd == 0 && !hint.mid_stream;
    let asked = if on_port || clean {
        bar.on_port
    } else {
        bar.enough
    };
    if (on_port || hint.whole) && sum >= asked {
        Probe::Yes(Confidence(bar.port_confidence))
    } else if hint.whole {
        ABSTAIN
    } else {
        Probe::More(need)
    }
}
