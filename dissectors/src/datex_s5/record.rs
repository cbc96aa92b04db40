//! Records, little-endian: header, then up to eight subrecords.

use std::ops::Range;

use super::fields::*;
use super::frame::HEADER;
use crate::action::{Action, Device, Outcome, Quantity, Verb};
use crate::codes::codes;
use crate::message::{Draft, Messages, Scope};
use crate::octets::{ShortText, latin1, le16, le32, until_nul};
use crate::schema::{FieldId, KindId};

codes! {
    /// Main type of a record.
    MainType(u16, 4) { 0 => "PHDB", 1 => "WAVE", 4 => "ALARM", 5 => "NETWORK", 8 => "FO" }
    /// What a physiological data request asks for.
    Export(u8, 2) { 1 => "displayed", 2 => "trend-10s", 3 => "trend-60s", 4 => "auxiliary" }
    /// Command of an alarm request.
    AlarmCommand(u16, 4) { 0 => "once", 2 => "enter-differential", 3 => "exit-differential" }
    /// Silenced alarms.
    Silence(u16, 4) {
        0 => "none", 1 => "apnoea", 2 => "asystole", 3 => "apnoea-and-asystole", 4 => "all",
        5 => "all-2-min", 6 => "all-5-min", 7 => "all-20-s",
    }
    /// Colour of an alarm text.
    Colour(u16, 4) { 0 => "none", 1 => "white", 2 => "yellow", 3 => "red" }
    /// Waveform.
    Wave(u8, 2) {
        1 => "ECG1", 2 => "ECG2", 3 => "ECG3", 4 => "INVP1", 5 => "INVP2", 6 => "INVP3",
        7 => "INVP4", 8 => "PLETH", 9 => "CO2", 10 => "O2", 11 => "N2O", 12 => "AA", 13 => "AWP",
        14 => "FLOW", 15 => "RESP", 16 => "INVP5", 17 => "INVP6", 18 => "EEG1", 19 => "EEG2",
        20 => "EEG3", 21 => "EEG4", 22 => "ECG12", 23 => "VOL", 24 => "TONO", 29 => "SPI",
        32 => "ENT_100", 35 => "EEG_BIS", 36 => "INVP7", 37 => "INVP8", 38 => "PLETH2",
        39 => "RESP_100",
    }
    /// A set of bits.
    Bits(u32, 8) {}
}

/// Subrecords of a record: type and bytes, in order.
struct Subrecords<'a> {
    header: &'a [u8],
    data: &'a [u8],
    next: usize,
}

impl<'a> Iterator for Subrecords<'a> {
    /// `None` for a subrecord that lies outside of the data or before the one ahead of it.
    type Item = Option<(u8, &'a [u8])>;

    fn next(&mut self) -> Option<Self::Item> {
        let (offset, kind) = self.entry(self.next)?;
        self.next += 1;
        let end = match self.entry(self.next) {
            Some((end, _)) => end,
            None => self.data.len(),
        };
        let part = self.data.get(offset..end).map(|part| (kind, part));
        if part.is_none() {
            self.next = 8;
        }
        Some(part)
    }
}

impl Subrecords<'_> {
    /// Offset and type of a subrecord; type FF ends the list of eight.
    fn entry(&self, index: usize) -> Option<(usize, u8)> {
        let at = 16 + 3 * index;
        if index >= 8 {
            return None;
        }
        let kind = *self.header.get(at + 2)?;
        (kind != 0xFF).then_some((usize::from(le16(self.header, at)?), kind))
    }
}

/// Writes the message that a record is.
pub fn read(record: &[u8], range: Range<u64>, out: &mut Messages<'_>) {
    let at = range.start;
    let Some((header, data)) = record.split_at_checked(HEADER) else {
        out.message(MALFORMED, range).anomaly("bad-length", at);
        return;
    };
    let main = MainType(le16(header, 14).unwrap_or(u16::MAX));
    let subrecords = || Subrecords {
        header,
        data,
        next: 0,
    };
    let first = subrecords().entry(0).map(|(_, kind)| kind);
    let mut draft = match kind(main, first) {
        Some(kind) => out.message(kind, range),
        None => out.message_unknown(u32::from(main.0), 4, range),
    };
    draft.integer(RECORD_NUMBER, i64::from(header[2]));
    draft.integer(LEVEL, i64::from(header[3]));
    draft.integer(CLOCK, i64::from(le32(header, 6).unwrap_or(0)));
    print(&mut draft, MAIN_TYPE, main);
    if le16(header, 0).map(usize::from) != Some(record.len()) {
        draft.anomaly("bad-length", at);
    }
    if kind(main, first).is_none() {
        draft.anomaly("unknown-type", at);
        act(Verb::UnknownVerb, &mut draft);
        return;
    }
    for subrecord in subrecords() {
        let Some((sub, part)) = subrecord else {
            draft.anomaly("bad-subrecord", at);
            break;
        };
        draft.integer(SUB_TYPE, i64::from(sub));
        let whole = match (main.0, sub) {
            (0, 0) => phdb_request(part, &mut draft),
            (0, 1..=3) => phdb(part, &mut draft),
            (1, 0) => wave_request(part, &mut draft),
            (1, _) => wave(sub, part, &mut draft),
            (4, 0) => alarm_request(part, &mut draft),
            (4, 1) => alarm_status(part, &mut draft),
            (5, 6) => patient(part, &mut draft),
            _ => Some(()),
        };
        if whole.is_none() {
            draft.anomaly("truncated", at);
        }
    }
    let (key, asks): (&[u8], _) = match main.0 {
        0 => (b"phdb", first == Some(0)),
        1 => (b"wave", first == Some(0)),
        4 => (b"alarm", first == Some(0)),
        _ => (b"", false),
    };
    if asks {
        draft.asks(Scope::Conversation, key);
    } else {
        if !key.is_empty() {
            draft.answers(Scope::Conversation, key, false, Outcome::Accepted);
        }
        let verb = match (main.0, first) {
            (0 | 1, _) | (5, Some(6)) => Verb::Store,
            (5, Some(0)) => Verb::Discover,
            _ => Verb::Notify,
        };
        act(verb, &mut draft);
    }
}

/// Sub type 0 exists only towards the monitor.
fn kind(main: MainType, first: Option<u8>) -> Option<KindId> {
    Some(match (main.0, first) {
        (0, Some(0)) => PHDB_REQUEST,
        (0, _) => PHDB_DATA,
        (1, Some(0)) => WAVE_REQUEST,
        (1, _) => WAVE_DATA,
        (4, Some(0)) => ALARM_REQUEST,
        (4, _) => ALARM_STATUS,
        (5, Some(0)) => LOGIN,
        (5, Some(6)) => PATIENT_DESCRIPTION,
        (5, Some(10)) => LOGOUT,
        (5, _) => NETWORK,
        (8, _) => EVENTS,
        _ => return None,
    })
}

fn act(verb: Verb, draft: &mut Draft<'_>) {
    draft.action(Action {
        device: Device::Monitor,
        ..Action::of(verb)
    });
}

/// Type, interval (-1 once, 0 stop), classes.
fn phdb_request(part: &[u8], draft: &mut Draft<'_>) -> Option<()> {
    // What cannot be read may be a stop.
    act(Verb::UnknownVerb, draft);
    print(draft, EXPORT, Export(*part.first()?));
    let interval = le16(part, 1)? as i16;
    draft.integer(INTERVAL, i64::from(interval));
    print(draft, CLASSES, Bits(le32(part, 3)?));
    act(
        match interval {
            0 => Verb::Configure,
            -1 => Verb::Read,
            _ => Verb::Subscribe,
        },
        draft,
    );
    Some(())
}

/// Start or stop, then up to eight waveforms.
fn wave_request(part: &[u8], draft: &mut Draft<'_>) -> Option<()> {
    act(Verb::UnknownVerb, draft);
    let request = le16(part, 0)?;
    for wave in part.get(4..12)?.iter().take_while(|w| **w != 0xFF) {
        print(draft, WAVE, Wave(*wave));
    }
    act(
        match request {
            0 => Verb::Subscribe,
            1 => Verb::Configure,
            _ => Verb::UnknownVerb,
        },
        draft,
    );
    Some(())
}

fn alarm_request(part: &[u8], draft: &mut Draft<'_>) -> Option<()> {
    act(Verb::UnknownVerb, draft);
    let command = le16(part, 0)?;
    print(draft, ALARM_COMMAND, AlarmCommand(command));
    act(
        match command {
            0 => Verb::Read,
            2 => Verb::Subscribe,
            3 => Verb::Configure,
            _ => Verb::UnknownVerb,
        },
        draft,
    );
    Some(())
}

/// Values of the basic class: group, offset of the value, divisor, name, unit.
const VALUES: &[(usize, usize, f64, &str, &str)] = &[
    (4, 10, 1.0, "hr", "/min"),
    (20, 26, 100.0, "p1_systolic", "mm[Hg]"),
    (20, 28, 100.0, "p1_diastolic", "mm[Hg]"),
    (20, 30, 100.0, "p1_mean", "mm[Hg]"),
    (76, 82, 100.0, "nibp_systolic", "mm[Hg]"),
    (76, 84, 100.0, "nibp_diastolic", "mm[Hg]"),
    (76, 86, 100.0, "nibp_mean", "mm[Hg]"),
    (90, 96, 100.0, "t1", "Cel"),
    (122, 128, 100.0, "spo2", "%"),
    (122, 130, 1.0, "pulse", "/min"),
];

/// Physiological data: time, 270 bytes by class, and the class in the last two bytes.
fn phdb(part: &[u8], draft: &mut Draft<'_>) -> Option<()> {
    let class = le16(part, 276)? >> 8 & 15;
    if class != 0 {
        return Some(());
    }
    for (group, at, divisor, name, unit) in VALUES {
        let exists = le32(part, *group)? & 1 == 1;
        let value = le16(part, *at)? as i16;
        // At the very bottom stand codes in place of values.
        if exists && value > -32001 {
            draft.quantity(
                VALUE,
                Quantity {
                    number: f64::from(value) / divisor,
                    sent: b"",
                    unit: unit.as_bytes(),
                    code: name.as_bytes(),
                },
            );
        }
    }
    Some(())
}

/// Samples, status, label, then the samples.
fn wave(kind: u8, part: &[u8], draft: &mut Draft<'_>) -> Option<()> {
    print(draft, WAVE, Wave(kind));
    let samples = usize::from(le16(part, 0)?);
    draft.integer(SAMPLES, samples as i64);
    (samples * 2 + 6 <= part.len()).then_some(())
}

/// Sound, silence and five texts of 98 bytes each.
fn alarm_status(part: &[u8], draft: &mut Draft<'_>) -> Option<()> {
    draft.flag(SOUND, le16(part, 2)? != 0);
    print(draft, SILENCE, Silence(le16(part, 8)?));
    for one in part.get(10..)?.chunks_exact(98).take(5) {
        let text = until_nul(one.get(..80)?);
        if !text.is_empty() {
            draft.text(ALARM, latin1::<160>(text).as_bytes());
            print(draft, ALARM_COLOUR, Colour(le16(one, 82)?));
        }
    }
    Some(())
}

/// First name 30, last name 40, id 40, middle name 30.
fn patient(part: &[u8], draft: &mut Draft<'_>) -> Option<()> {
    for (field, range) in [
        (PATIENT_NAME, 0..30),
        (PATIENT_NAME, 30..70),
        (PATIENT_ID, 70..110),
        (PATIENT_NAME, 110..140),
    ] {
        draft.text_if(field, latin1::<80>(until_nul(part.get(range)?)).as_bytes());
    }
    Some(())
}

/// Writes a code as text.
fn print(draft: &mut Draft<'_>, field: FieldId, value: impl std::fmt::Display) {
    if draft.wants(field) {
        draft.text(
            field,
            ShortText::<32>::of(format_args!("{value}")).as_bytes(),
        );
    }
}
