//! Datex-Ohmeda / GE S/5 records (DRI): patient monitors on a serial line, as a device server puts
//! it on TCP.
//!
//! The collector asks for physiological data, waveforms and alarm status; the monitor streams. No
//! request changes therapy, limits or alarms, but a stop blinds the collector.

mod fields;
mod frame;
mod record;
#[cfg(test)]
mod tests;

use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Side, Transport};
use crate::limits::{self, Limits};
use crate::message::Messages;
use crate::schema::{Port, Protocol, Provenance};

use fields::MALFORMED;
pub use fields::{ANOMALIES, FIELDS, KINDS};
use frame::FLAG;

/// S/5 records over a device server.
pub const DATEX_S5: Protocol = Protocol {
    name: "datex_s5",
    title: "Datex-Ohmeda / GE S/5 records (DRI)",
    provenance: Provenance::Specification,
    source: "GE S/5 Computer Interface Specification M1017617, Record Specification 8005313; frames \
             checked on a real B650 (pcaps/datex_s5)",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[
        Port::Tcp(4001),
        Port::Tcp(10001),
        Port::Tcp(2101),
        Port::Tcp(3001),
    ],
    transports: &[Transport::Tcp, Transport::Carried],
    probe,
    open,
    path: None,
};

/// One whole record with a right checksum is proof enough.
fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let mut rest = first;
    // A device server may be joined while the monitor is in the middle of a record.
    let anywhere = hint.mid_stream || hint.port || hint.transport == Transport::Carried;
    match rest.first() {
        Some(&FLAG) => {}
        _ if anywhere => match rest.iter().position(|b| *b == FLAG) {
            Some(at) => rest = &rest[at..],
            None => rest = b"",
        },
        _ => return Probe::No,
    }
    while let [FLAG, inside @ ..] = rest {
        let Some(end) = inside.iter().position(|b| *b == FLAG) else {
            break;
        };
        if frame::is_record(&inside[..end]) {
            return Probe::Yes(Confidence(95));
        }
        if end > 0 && !anywhere {
            return Probe::No;
        }
        rest = &inside[end..];
    }
    if hint.whole {
        Probe::No
    } else {
        Probe::More(first.len() + 1)
    }
}

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(DatexS5 {
        longest: limits.get(limits::S5_FRAME).max(64),
        searched: [0; 2],
        record: Vec::new(),
    })
}

struct DatexS5 {
    longest: usize,
    /// How far the unread bytes of each side were searched for a flag.
    searched: [usize; 2],
    record: Vec<u8>,
}

impl Dissector for DatexS5 {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let i = side.index();
        let at = out.offset();
        let inside = input[0] == FLAG;
        let from = self.searched[i].clamp(1, input.len());
        let end = input[from..].iter().position(|b| *b == FLAG);
        let end = match end.map(|end| end + from) {
            Some(end) if end < self.longest => end,
            None if input.len() < self.longest => {
                self.searched[i] = input.len();
                return Progress::Need(input.len() + 1);
            }
            _ => {
                self.searched[i] = 0;
                out.limit(limits::S5_FRAME);
                let name = if inside { "too-long" } else { "between-frames" };
                out.message(MALFORMED, at..at + self.longest as u64)
                    .anomaly(name, at);
                return Progress::Read(self.longest);
            }
        };
        self.searched[i] = 0;
        if !inside {
            out.message(MALFORMED, at..at + end as u64)
                .anomaly("between-frames", at);
            return Progress::Read(end);
        }
        if end == 1 {
            // The flag before was the end of a frame whose start was not seen.
            return Progress::Read(1);
        }
        let range = at..at + end as u64 + 1;
        self.record.clear();
        self.record.extend(frame::unescaped(&input[1..end]));
        match frame::checked(&self.record) {
            Some((record, true)) => {
                record::read(record, range, out);
                Progress::Read(end + 1)
            }
            _ => {
                out.message(MALFORMED, at..at + end as u64)
                    .anomaly("bad-checksum", at);
                // Its end may be the start of the next.
                Progress::Read(end)
            }
        }
    }

    fn gap(&mut self, side: Side, rest: &[u8], _: u64, out: &mut Messages<'_>) -> Progress {
        self.unread(side, rest, out);
        Progress::Read(0)
    }

    fn end(&mut self, side: Side, rest: &[u8], _: End, out: &mut Messages<'_>) {
        self.unread(side, rest, out);
    }

    fn held(&self) -> usize {
        self.record.capacity()
    }
}

impl DatexS5 {
    /// Unread bytes that will not come again. A lone flag ended a frame that was cut.
    fn unread(&mut self, side: Side, rest: &[u8], out: &mut Messages<'_>) {
        self.searched[side.index()] = 0;
        if !matches!(rest, [] | [FLAG]) {
            let at = out.offset();
            out.message(MALFORMED, at..at + rest.len() as u64)
                .anomaly("unfinished", at);
        }
    }
}
