//! Is this such a serial protocol? The same cutting function, asked about first bytes.

use crate::contract::{Confidence, Hint, Probe, Transport};
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
    /// Sum that is enough on a hinted port, or when no more bytes will come.
    pub on_port: u32,
    pub port_confidence: u8,
}

/// Bytes that may come before the first frame where a port or the place hints at a serial line: a
/// terminal server's greeting, line noise, the rest of a frame that began before the capture.
const LEAD: usize = 1024;

/// Cuts `first` into frames and adds up their signs.
pub fn recognise(
    first: &[u8],
    hint: Hint,
    bar: Bar,
    cut: impl Fn(&[u8]) -> Cut,
    sign: impl Fn(&[u8]) -> Sign,
) -> Probe {
    let lenient = hint.port || hint.mid_stream || hint.transport == Transport::Carried;
    let (mut at, mut sum) = (0, 0);
    while at < first.len() {
        let rest = &first[at..];
        match cut(rest) {
            Cut::Frame(n) => {
                match sign(rest.get(..n).unwrap_or(rest)) {
                    Sign::Fits(weight) => sum += weight,
                    Sign::Neutral => {}
                    // A sender must not escape by spoiling its first frame.
                    Sign::Broken if lenient || at == 0 => {}
                    Sign::Broken | Sign::Foreign if sum == 0 && !lenient => return Probe::No,
                    Sign::Broken | Sign::Foreign => {}
                }
                at += n.max(1);
                if sum >= bar.enough {
                    return Probe::Yes(Confidence(bar.confidence));
                }
                if hint.port && sum >= bar.on_port {
                    return Probe::Yes(Confidence(bar.port_confidence));
                }
            }
            Cut::Idle(n) => at += n.max(1),
            Cut::Noise(n) => {
                at += n.max(1);
                if sum == 0 && (!lenient || at > LEAD) {
                    return Probe::No;
                }
            }
            Cut::Short(need) => {
                if hint.whole && sum >= bar.on_port {
                    return Probe::Yes(Confidence(bar.port_confidence));
                }
                return Probe::More(at + need.max(rest.len() + 1));
            }
        }
    }
    if hint.whole {
        return if sum >= bar.on_port {
            Probe::Yes(Confidence(bar.port_confidence))
        } else {
            Probe::No
        };
    }
    Probe::More(first.len() + 1)
}
