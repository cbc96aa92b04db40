//! VNC (RFB): that a screen is shared, by which version, and what guards it. The rest is passed over.

mod fields;
#[cfg(test)]
mod tests;

pub use fields::*;

use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Reason, Side, Transport};
use crate::message::Messages;
use crate::schema::{Port, Protocol, Provenance};

pub const VNC: Protocol = Protocol {
    name: "vnc",
    title: "Remote Framebuffer (VNC), its beginning",
    provenance: Provenance::Specification,
    source: "RFC 6143 7.1",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: &[],
    hints: &[Port::Tcp(5900), Port::Tcp(5901)],
    transports: &[Transport::Tcp],
    probe,
    open: |_| Box::<Vnc>::default(),
    path: None,
};

/// `RFB 003.008` and a line end.
const VERSION_LEN: usize = 12;

fn version(first: &[u8]) -> Option<&[u8]> {
    match first.get(..VERSION_LEN)? {
        [b'R', b'F', b'B', b' ', number @ .., b'\n'] => {
            let fits = number.iter().enumerate().all(|(n, b)| match n {
                3 => *b == b'.',
                _ => b.is_ascii_digit(),
            });
            fits.then_some(number)
        }
        _ => None,
    }
}

fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    const MAGIC: &[u8] = b"RFB 0";
    if hint.mid_stream || !MAGIC.iter().zip(first).all(|(a, b)| a == b) {
        Probe::No
    } else if first.len() < VERSION_LEN && !hint.whole {
        Probe::More(VERSION_LEN)
    } else if version(first).is_some() {
        Probe::Yes(Confidence(97))
    } else {
        Probe::No
    }
}

#[derive(Default)]
struct Vnc {
    versions: [bool; 2],
    /// Before 3.7 the server decides alone.
    old: bool,
    offered: bool,
    chosen: bool,
}

const ALL_OF_IT: Progress = Progress::Pass {
    head: 0,
    body: 1 << 60,
};

impl Dissector for Vnc {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        if !std::mem::replace(&mut self.versions[side.index()], true) {
            if input.len() < VERSION_LEN {
                self.versions[side.index()] = false;
                return Progress::Need(VERSION_LEN);
            }
            let Some(number) = version(input) else {
                return Progress::Reject(Reason("no version"));
            };
            self.old |= number < b"003.007".as_slice();
            out.message(VERSION_TOLD, at..at + VERSION_LEN as u64)
                .text(VERSION, number);
            return Progress::Read(VERSION_LEN);
        }
        match side {
            Side::Server if !self.offered => self.offer(input, out),
            Side::Client if !self.chosen && !self.old => {
                self.chosen = true;
                let chosen = input.first().copied().unwrap_or(0);
                out.message(SECURITY_CHOICE, at..at + 1)
                    .text(SECURITY, security(chosen).as_bytes());
                Progress::Read(1)
            }
            _ => ALL_OF_IT,
        }
    }

    fn gap(&mut self, _: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        self.versions = [true; 2];
        (self.offered, self.chosen) = (true, true);
        Progress::Read(1)
    }

    fn end(&mut self, _: Side, _: &[u8], _: End, _: &mut Messages<'_>) {}
}

impl Vnc {
    /// RFC 6143 7.1.2: how many, then a byte each; in old versions one, of four bytes.
    fn offer(&mut self, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        let (length, types) = match input {
            // The client may have asked for less than the server's version.
            [0, 0, 0, one, ..] if self.old => (4, std::slice::from_ref(one)),
            _ if self.old && input.len() < 4 => return Progress::Need(4),
            [count, types @ ..] => {
                let count = usize::from(*count);
                match types.get(..count) {
                    Some(types) => (1 + count, types),
                    None => return Progress::Need(1 + count),
                }
            }
            [] => return Progress::Need(1),
        };
        self.offered = true;
        let mut draft = out.message(SECURITY_OFFER, at..at + length as u64);
        for code in types {
            draft.text(SECURITY, security(*code).as_bytes());
        }
        Progress::Read(length)
    }
}

/// RFC 6143 7.2, and the register of IANA.
fn security(code: u8) -> &'static str {
    match code {
        0 => "invalid",
        1 => "none",
        2 => "password",
        5 | 6 | 13 => "rsa-aes",
        16 => "tight",
        17 => "ultra",
        18 => "tls",
        19 => "vencrypt",
        20 => "sasl",
        30..=36 => "apple",
        _ => "other",
    }
}
