//! A protocol for tests: lines. Each begins with `L:` and ends with a line feed; each is a message
//! whose kind is the line. Some lines misbehave.

use dissectors::ProtocolId;
use dissectors::contract::{
    Confidence, Dissector, End, Hint, Probe, Progress, Reason, Side, Transport,
};
use dissectors::identify::Signatures;
use dissectors::message::Messages;
use dissectors::schema::{Port, Protocol, Provenance};

pub const LINES: Protocol = Protocol {
    name: "lines",
    title: "Lines",
    provenance: Provenance::Experimental,
    source: "this file",
    fields: &[],
    kinds: &[],
    anomalies: &[],
    hints: &[Port::Tcp(2575), Port::Udp(2575)],
    transports: &[Transport::Tcp, Transport::Udp, Transport::Link(0x88CC)],
    probe: probe_lines,
    open: |_| Box::new(Lines::default()),
    path: None,
};

/// Says yes to the same bytes, surer, and rejects what does not begin with `L:decoy`.
pub const DECOY: Protocol = Protocol {
    name: "decoy",
    title: "Decoy",
    provenance: Provenance::Experimental,
    source: "this file",
    fields: &[],
    kinds: &[],
    anomalies: &[],
    hints: &[],
    transports: &[Transport::Tcp, Transport::Udp],
    probe: |_, first, hint| match first {
        [b'L', b':', b'd', ..] if !hint.mid_stream => Probe::Yes(Confidence(99)),
        [b'L'] | [b'L', b':'] => Probe::More(3),
        _ => Probe::No,
    },
    open: |_| Box::new(Decoy { read: 0 }),
    path: None,
};

/// Lines alone.
pub fn lines() -> Signatures {
    Signatures::of([(ProtocolId(0), &LINES)])
}

/// Lines, and the decoy before them.
pub fn with_decoy() -> Signatures {
    Signatures::of([(ProtocolId(0), &DECOY), (ProtocolId(0), &LINES)])
}

fn probe_lines(_: Side, first: &[u8], hint: Hint) -> Probe {
    match first {
        [b'L', b':', ..] => Probe::Yes(Confidence(90)),
        [b'L'] if !hint.whole => Probe::More(2),
        _ if hint.mid_stream => {
            if first.windows(3).any(|w| w == b"\nL:") {
                Probe::Yes(Confidence(50))
            } else if hint.port {
                Probe::More(first.len() + 1)
            } else {
                Probe::No
            }
        }
        _ => Probe::No,
    }
}

#[derive(Default)]
struct Lines {
    /// Each side looks for the next line's start.
    lost: [bool; 2],
}

impl Dissector for Lines {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let lost = &mut self.lost[side.index()];
        if *lost && !input.starts_with(b"L:") {
            return match input.windows(3).position(|w| w == b"\nL:") {
                Some(at) => {
                    *lost = false;
                    Progress::Read(at + 1)
                }
                None if input.len() > 2 => Progress::Read(input.len() - 2),
                None => Progress::Need(input.len() + 1),
            };
        }
        *lost = false;
        if !input.starts_with(&b"L:"[..input.len().min(2)]) {
            return Progress::Reject(Reason("not a line"));
        }
        let Some(len) = input.iter().position(|b| *b == b'\n') else {
            return Progress::Need(input.len() + 1);
        };
        let line = &input[..len];
        let range = out.offset()..out.offset() + len as u64 + 1;
        match line.get(2..) {
            Some(b"crash") => panic!("as asked"),
            Some(b"stuck") => return Progress::Read(0),
            Some(b"leave") => return Progress::Reject(Reason("as asked")),
            Some(b"greedy") => return Progress::Need(usize::MAX),
            _ => {}
        }
        out.message_named(line, range);
        if let Some(n) = line.strip_prefix(b"L:pass ") {
            let body = std::str::from_utf8(n).unwrap().parse().unwrap();
            return Progress::Pass {
                head: len + 1,
                body,
            };
        }
        Progress::Read(len + 1)
    }

    fn gap(&mut self, side: Side, rest: &[u8], len: u64, out: &mut Messages<'_>) -> Progress {
        self.lost[side.index()] = true;
        let at = out.offset();
        if len > 0 {
            let kind = format!("gap of {len} after {}", rest.len());
            out.message_named(kind.as_bytes(), at..at + rest.len() as u64);
        }
        Progress::Need(1)
    }

    fn end(&mut self, _: Side, rest: &[u8], why: End, out: &mut Messages<'_>) {
        let at = out.offset();
        let kind = format!("end {why:?} after {}", rest.len());
        out.message_named(kind.as_bytes(), at..at + rest.len() as u64);
    }
}

struct Decoy {
    read: usize,
}

impl Dissector for Decoy {
    fn read(&mut self, _: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        // It swallows two bytes before it changes its mind.
        if self.read == 0 {
            self.read = 2;
            return Progress::Read(2);
        }
        let word = b"decoy\n";
        if self.read > 2 || input.starts_with(word) {
            let at = out.offset();
            out.message_named(b"decoyed", at..at + input.len() as u64);
            self.read += input.len();
            return Progress::Read(input.len());
        }
        if word.starts_with(input) {
            return Progress::Need(input.len() + 1);
        }
        Progress::Reject(Reason("no decoy"))
    }

    fn gap(&mut self, _: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        Progress::Reject(Reason("no decoy"))
    }

    fn end(&mut self, _: Side, _: &[u8], _: End, _: &mut Messages<'_>) {}
}
