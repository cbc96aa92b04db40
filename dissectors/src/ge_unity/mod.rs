//! GE Unity network (CARESCAPE network): what GE Dash, Solar and CARESCAPE monitors broadcast and
//! stream over UDP. GE's own document is not public.
//!
//! A subscriber asks on UDP 2000 every five seconds; the monitor streams to the port that asked.
//! Nothing is authenticated: whoever sends with the monitor's address is the monitor.

mod codes;
pub(crate) mod entry;
mod fields;
#[cfg(test)]
mod tests;
mod waveform;

use std::ops::Range;

use crate::action::{Action, Device, Outcome, Verb};
use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Side, Transport};
use crate::limits::{self, Limits};
use crate::message::{Draft, Messages, Scope};
use crate::octets::{ShortText, be16, be32, latin1, until_nul};
use crate::schema::{FieldId, KindId, Port, Protocol, Provenance};

use codes::Parameter;
pub(crate) use codes::{AlarmLevel, AlarmState};
use entry::{Names, print};
use fields::*;
pub use fields::{ANOMALIES, FIELDS, KINDS};

/// GE Unity network.
pub const GE_UNITY: Protocol = Protocol {
    name: "ge_unity",
    title: "GE Unity network datagrams of patient monitors",
    provenance: Provenance::ReverseEngineered,
    source: "mindleaving/gedash and mdpnp GESerial.java, cross-checked on a capture of a real Dash \
             4000",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[
        Port::Udp(2000),
        Port::Udp(7000),
        Port::Udp(7001),
        Port::Udp(3073),
        Port::Udp(3074),
    ],
    transports: &[Transport::Udp],
    probe,
    open,
    path: None,
};

/// Bytes of the bed message header.
const HEADER: usize = 60;
/// Bytes of one parameter entry, and of what stands before the first.
const ENTRY: usize = 70;
const ENTRIES_AT: usize = 6;
const REPORT: u16 = 201;
const REQUEST: u16 = 202;

/// What a datagram looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Discovery,
    Bed(BedHeader),
    Waveform,
}

/// The parts of a bed message header that say what it is.
#[derive(Clone, Copy, PartialEq, Eq)]
struct BedHeader {
    function: u16,
    sub_function: u16,
    /// The data count agrees with the length (requests may have two bytes more), and the address
    /// fields of a report end in zeros.
    sound: bool,
}

fn shape(bytes: &[u8]) -> Option<Shape> {
    if bytes.len() == 88 && bytes.starts_with(&[1, 4, 0, 0]) {
        return Some(Shape::Discovery);
    }
    if let Some(header) = bed_header(bytes) {
        return Some(Shape::Bed(header));
    }
    waveform::is_one(bytes).then_some(Shape::Waveform)
}

fn bed_header(bytes: &[u8]) -> Option<BedHeader> {
    let function = be16(bytes, 12)?;
    let sub_function = be16(bytes, 14)?;
    let count = usize::from(be16(bytes, 58)?);
    let behind = bytes.len() - HEADER;
    let sound = match function {
        REPORT => count == behind && be16(bytes, 4) == Some(0) && be16(bytes, 10) == Some(0),
        REQUEST => count == behind || (count == 0 && (behind == 2 || behind == 44)),
        _ => return None,
    };
    Some(BedHeader {
        function,
        sub_function,
        sound,
    })
}

fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let sure = match shape(first) {
        Some(Shape::Discovery) => {
            let services = first.get(43).is_some_and(|n| (1..=11).contains(n));
            if services { 85 } else { 30 }
        }
        Some(Shape::Bed(header)) => match (header.function, header.sub_function, header.sound) {
            (REPORT, 4 | 20, true) => 85,
            (REQUEST, 33 | 35 | 96, true) => 75,
            (_, _, true) => 40,
            (_, 4 | 20 | 33 | 35 | 96, false) => 30,
            _ => 0,
        },
        Some(Shape::Waveform) => 80,
        None => 0,
    };
    if sure == 0 || (sure <= 40 && !hint.port) {
        Probe::No
    } else {
        Probe::Yes(Confidence(sure))
    }
}

fn open(_: &Limits) -> Box<dyn Dissector> {
    Box::new(GeUnity)
}

/// Every datagram stands for itself.
struct GeUnity;

impl Dissector for GeUnity {
    fn read(&mut self, _: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        let range = at..at + input.len() as u64;
        match shape(input) {
            Some(Shape::Discovery) => discovery(input, range, out),
            Some(Shape::Waveform) => waveform::read(input, range, out),
            Some(Shape::Bed(header)) => bed_message(input, header, range, out),
            None => {
                let name = if input.len() < HEADER {
                    "truncated"
                } else {
                    "unknown-message"
                };
                out.message(MALFORMED, range).anomaly(name, at);
            }
        }
        Progress::Read(input.len())
    }

    fn gap(&mut self, _: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        Progress::Read(0)
    }

    fn end(&mut self, _: Side, _: &[u8], _: End, _: &mut Messages<'_>) {}
}

fn discovery(bytes: &[u8], range: Range<u64>, out: &mut Messages<'_>) {
    let at = range.start;
    let mut draft = out.message(DISCOVERY, range);
    write_ip(SENDER_IP, bytes, 4, &mut draft);
    if let Some(seconds) = be32(bytes, 8) {
        draft.integer(CLOCK, i64::from(seconds));
    }
    write_origin(bytes.get(12..28).unwrap_or(b""), Verb::Discover, &mut draft);
    let name = latin1::<32>(until_nul(bytes.get(28..43).unwrap_or(b"")));
    draft.text_if(PATIENT_NAME, name.as_bytes());
    let count = usize::from(bytes.get(43).copied().unwrap_or(0));
    let services = bytes.get(44..).unwrap_or(b"");
    if count * 4 > services.len() {
        draft.anomaly("count-mismatch", at + 43);
    }
    for one in services.chunks_exact(4).take(count) {
        let (id, port) = (be16(one, 0).unwrap_or(0), be16(one, 2).unwrap_or(0));
        let text = ShortText::<32>::of(format_args!("{id} port {port}"));
        draft.text(SERVICE, text.as_bytes());
    }
}

fn bed_message(bytes: &[u8], header: BedHeader, range: Range<u64>, out: &mut Messages<'_>) {
    let at = range.start;
    let (kind, verb) = kind(header);
    let mut draft = match kind {
        Some(kind) => out.message(kind, range),
        None => out.message_unknown(u32::from(header.sub_function), 4, range),
    };
    draft
        .integer(FUNCTION, i64::from(header.function))
        .integer(SUB_FUNCTION, i64::from(header.sub_function));
    if !header.sound {
        draft.anomaly("length-mismatch", at + 58);
    }
    let origin = bytes.get(24..56).unwrap_or(b"");
    if header.function == REQUEST {
        // The address fields of requests hold leftovers.
        if let Some(process) = be16(bytes, 22) {
            draft.integer(PROCESS, i64::from(process));
        }
    } else {
        write_ip(TARGET_IP, bytes, 0, &mut draft);
        write_ip(SENDER_IP, bytes, 6, &mut draft);
    }
    write_origin(origin, verb, &mut draft);
    let data = bytes.get(HEADER..).unwrap_or(b"");
    match kind {
        Some(ALARM_MESSAGE) => alarm(data, at, &mut draft),
        Some(PARAMETERS) => parameters(data, at, &mut draft),
        Some(REQUEST_PARAMETERS | POLL_PARAMETERS) => {
            draft.asks(Scope::Hosts, b"unity parameters");
        }
        Some(REQUEST_WAVEFORMS) => {
            draft.asks(Scope::Hosts, b"unity waveforms");
        }
        _ => {}
    }
}

/// Kind and verb of a bed message. What is not known may be a write.
fn kind(header: BedHeader) -> (Option<KindId>, Verb) {
    match (header.function, header.sub_function) {
        (REPORT, 4) => (Some(ALARM_MESSAGE), Verb::Notify),
        (REPORT, 20) => (Some(PARAMETERS), Verb::Store),
        (REQUEST, 96) => (Some(REQUEST_PARAMETERS), Verb::Subscribe),
        (REQUEST, 33) => (Some(REQUEST_WAVEFORMS), Verb::Subscribe),
        (REQUEST, 35) => (Some(POLL_PARAMETERS), Verb::Read),
        _ => (None, Verb::UnknownVerb),
    }
}

/// Ward and bed, `WARD|BED`; for what a monitor sends, they name it.
fn write_origin(origin: &[u8], verb: Verb, draft: &mut Draft<'_>) {
    let origin = latin1::<64>(until_nul(origin));
    let text = origin.as_bytes();
    let mut parts = text.splitn(2, |b| *b == b'|');
    draft.text_if(WARD, parts.next().unwrap_or(b""));
    draft.text_if(BED, parts.next().unwrap_or(b""));
    let own = matches!(verb, Verb::Discover | Verb::Notify | Verb::Store);
    draft.action(Action {
        device: Device::Monitor,
        device_id: if own { text } else { b"" },
        ..Action::of(verb)
    });
}

/// Alarm text: three bytes, parameter, two bytes, text of 14, counter.
fn alarm(data: &[u8], at: u64, draft: &mut Draft<'_>) {
    let (Some(parameter), Some(text)) = (data.get(3), data.get(6..20)) else {
        draft.anomaly("truncated", at + HEADER as u64);
        return;
    };
    print(draft, PARAMETER, Parameter(*parameter));
    draft.text_if(ALARM, latin1::<32>(until_nul(text)).as_bytes());
    if let Some(counter) = be32(data, 20) {
        draft.integer(COUNTER, i64::from(counter));
    }
}

/// Where a parameter's parts are written.
const NAMES: Names = Names {
    parameter: PARAMETER,
    value: VALUE,
    limit: LIMIT,
};

/// A second header, then alarm state and one entry a parameter.
fn parameters(data: &[u8], at: u64, draft: &mut Draft<'_>) {
    let inner_at = at + HEADER as u64;
    draft.answers(Scope::Hosts, b"unity parameters", false, Outcome::Accepted);
    if let Some(sequence) = be16(data, 18) {
        draft.integer(SEQUENCE, i64::from(sequence));
    }
    let Some(&[state, level, audio, admitted, count, _]) =
        data.get(HEADER..).and_then(|d| d.first_chunk())
    else {
        draft.anomaly("truncated", inner_at);
        return;
    };
    let body = &data[HEADER..];
    if be16(data, 58).map(usize::from) != Some(body.len()) {
        draft.anomaly("length-mismatch", inner_at + 58);
    }
    if usize::from(count) * ENTRY + ENTRIES_AT != body.len() {
        draft.anomaly("count-mismatch", inner_at + HEADER as u64 + 4);
    }
    print(draft, ALARM_STATE, AlarmState(state));
    print(draft, ALARM_LEVEL, AlarmLevel(level));
    print(draft, AUDIO_LEVEL, AlarmLevel(audio));
    draft.integer(ADMITTED, i64::from(admitted));
    let room = draft.limits().get(limits::UNITY_PARAMETERS);
    if usize::from(count) > room {
        draft.limit(limits::UNITY_PARAMETERS);
    }
    let entries = body[ENTRIES_AT..].chunks_exact(ENTRY);
    for entry in entries.take(usize::from(count).min(room)) {
        entry::write(NAMES, entry, draft);
    }
}

fn write_ip(field: FieldId, bytes: &[u8], at: usize, draft: &mut Draft<'_>) {
    if let Some([a, b, c, d]) = bytes.get(at..).and_then(|b| b.first_chunk()) {
        let text = ShortText::<16>::of(format_args!("{a}.{b}.{c}.{d}"));
        draft.text(field, text.as_bytes());
    }
}
