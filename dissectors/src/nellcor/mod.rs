//! Nellcor N-595 pulse oximeter's serial output, as a device server puts it on TCP: a header, then a
//! line every few seconds.
//!
//! Lines tell whether alarms are off or silenced. The interactive menu can set the clock: what the
//! host sends is configuration.

#[cfg(test)]
mod tests;

use crate::action::{Action, Device, Quantity, Verb};
use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Side, Transport};
use crate::limits::{self, Limits};
use crate::lines::{Line, Lines, number};
use crate::message::Messages;
use crate::schema::{Protocol, Provenance};
use crate::{fields, kinds};

fields! {
    CLOCK "clock" Time, Open, "date and time of the device";
    VALUE "value" Quantity[many], Open, "measured values; the code is the parameter's name";
    FLAG "flag" Text[many], Open, "status flags: AO alarm off, AS alarm silence, PH PL SH SL limits passed, SD SO sensor ...";
    ALARM_OFF "alarm_off" Flag, Open, "alarms are off (AO)";
    ALARM_SILENCED "alarm_silenced" Flag, Open, "alarms are silenced (AS)";
    HEADER_TEXT "header_text" Text, Open, "a header line: version, limits";
    CHOICE "choice" Text, Open, "menu entry chosen by the host";
}

kinds! {
    HEADER "header", "header line: version and limits";
    READING "reading", "one line of values";
    MENU "menu", "another line of the device, of its interactive menu for instance";
    COMMAND "command", "a menu entry, or other bytes of the host";
    MALFORMED "malformed", "bytes that are no line";
}

/// Nellcor N-595.
pub const NELLCOR: Protocol = Protocol {
    name: "nellcor",
    title: "Nellcor N-595 serial output",
    provenance: Provenance::Implementation,
    source: "mdpnp/mdpnp devices/nellcor; no capture",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: &[
        ("too-long", "a line beyond the limit"),
        (
            "unfinished",
            "a line that the stream's end or a gap cut off",
        ),
    ],
    hints: &[],
    transports: &[Transport::Tcp, Transport::Carried],
    probe,
    open,
    path: None,
};

/// Two readings, or a header with its limits: lines of text with a date are common.
fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let whole = first
        .iter()
        .rposition(|b| *b == b'\r' || *b == b'\n')
        .unwrap_or(0);
    let lines = || first[..whole].split(|b| *b == b'\r' || *b == b'\n');
    let readings = lines().filter(|l| read_line(l).is_some()).count();
    let named = memchr::memmem::find(&first[..whole], b"SpO2 Limit:").is_some();
    let header = named
        && lines().any(|l| {
            let has = |text: &[u8]| l.windows(text.len()).any(|w| w == text);
            has(b"SpO2 Limit:") && has(b"PR Limit:")
        });
    if header || readings >= 2 {
        return Probe::Yes(Confidence(if header { 80 } else { 65 }));
    }
    let textual = first
        .iter()
        .all(|b| (b' '..0x7F).contains(b) || matches!(b, b'\r' | b'\n'));
    let may_be = textual
        && matches!(
            first.first(),
            Some(b'0'..=b'9' | b'N' | b'T' | b'\r' | b'\n')
        );
    if may_be && !hint.whole && first.len() < 400 {
        Probe::More(first.len() + 1)
    } else {
        Probe::No
    }
}

/// `DD-MMM-YY HH:MM:SS spo2 bpm pa flags`: date and time, and the words behind.
fn read_line(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (clock, rest) = line.split_at_checked(18)?;
    let fits = clock
        .iter()
        .zip(b"00-AAA-00 00:00:00")
        .all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            b'A' => byte.is_ascii_alphabetic(),
            other => byte == other,
        });
    let value = |w: &[u8]| {
        w.iter()
            .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'*'))
    };
    let mut words = words(rest);
    (fits && words.by_ref().take(3).filter(|w| value(w)).count() == 3).then_some((clock, rest))
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|b| *b == b' ').filter(|w| !w.is_empty())
}

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(Nellcor {
        lines: Lines::new(limits.get(limits::SERIAL_LINE)),
        typing: false,
    })
}

struct Nellcor {
    lines: Lines,
    /// The host is in the middle of a line.
    typing: bool,
}

impl Dissector for Nellcor {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        if matches!(input[0], b'\r' | b'\n') {
            self.typing &= side != Side::Client;
            return Progress::Read(1);
        }
        // The oximeter is behind the device server, which is the server.
        if side == Side::Client {
            if !std::mem::replace(&mut self.typing, true) {
                command(input[0], at, out);
            }
            return Progress::Read(1);
        }
        match self.lines.next(side, input) {
            Line::Short(need) => Progress::Need(need),
            Line::Long(len) => {
                out.limit(limits::SERIAL_LINE);
                out.message(MALFORMED, at..at + len as u64)
                    .anomaly("too-long", at);
                Progress::Read(len)
            }
            Line::Whole { text, len } => {
                line(text, at..at + len as u64, out);
                Progress::Read(len)
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
}

impl Nellcor {
    fn unread(&mut self, side: Side, rest: &[u8], out: &mut Messages<'_>) {
        self.lines.forget(side);
        if !rest.is_empty() {
            let at = out.offset();
            out.message(MALFORMED, at..at + rest.len() as u64)
                .anomaly("unfinished", at);
        }
    }
}

/// The first byte of what the host types: a menu entry, as far as one is known.
fn command(byte: u8, at: u64, out: &mut Messages<'_>) {
    let verb = match byte {
        b'1' | b'4' => Verb::Read,
        b'2' => Verb::SetTime,
        b'3' => Verb::Retrieve,
        _ => Verb::Configure,
    };
    let mut draft = out.message(COMMAND, at..at + 1);
    draft.text(CHOICE, &[byte]).action(Action {
        device: Device::Monitor,
        ..Action::of(verb)
    });
}

fn line(text: &[u8], range: std::ops::Range<u64>, out: &mut Messages<'_>) {
    let Some((clock, rest)) = read_line(text) else {
        let header = [&b"Limit:"[..], b"VERSION", b"CRC:", b"%SPO2"]
            .iter()
            .any(|name| text.windows(name.len()).any(|w| w == *name));
        let kind = if header { HEADER } else { MENU };
        let mut draft = out.message(kind, range);
        if header {
            draft.text(HEADER_TEXT, text.trim_ascii());
        }
        return;
    };
    let mut draft = out.message(READING, range);
    draft.time(CLOCK, clock).action(Action {
        device: Device::Monitor,
        ..Action::of(Verb::Store)
    });
    let mut words = words(rest);
    for (code, unit) in [("spo2", "%"), ("pulse", "/min"), ("pulse_amplitude", "")] {
        let sent = words.next().unwrap_or(b"");
        if let Some(number) = number(sent) {
            draft.quantity(
                VALUE,
                Quantity {
                    number,
                    sent,
                    unit: str::as_bytes(unit),
                    code: str::as_bytes(code),
                },
            );
        }
    }
    for flag in words {
        draft.text(FLAG, flag);
        match flag {
            b"AO" => draft.flag(ALARM_OFF, true),
            b"AS" => draft.flag(ALARM_SILENCED, true),
            _ => &mut draft,
        };
    }
}
