//! Codes and payloads, by who sent them.

use std::ops::Range;

use super::fields::*;
use crate::action::{Action, Device, Outcome, Quantity, Verb};
use crate::codes::codes;
use crate::message::{Draft, Messages, Scope};
use crate::octets::{ShortText, latin1, until_nul};
use crate::schema::KindId;

codes! {
    /// Item of the set-up.
    Item(u8, 2) {
        1 => "temporary-alarm-silence", 2 => "start-end-case", 3 => "patient-type",
        4 => "interrupt-advisory", 5 => "etco2-low", 6 => "etco2-high", 7 => "fico2-high",
        8 => "rr-low", 9 => "rr-high", 10 => "spo2-low", 11 => "spo2-high", 12 => "pulse-low",
        13 => "pulse-high", 14 => "ipi-low", 17 => "spmet-17", 18 => "spmet-18", 19 => "sphb-19",
        20 => "sphb-20", 21 => "spco-21", 22 => "spco-22",
    }
}

impl Item {
    fn verb(self) -> Verb {
        match self.0 {
            1 => Verb::SilenceAlarm,
            2..=4 => Verb::Configure,
            5..=14 | 17..=22 => Verb::SetAlarmLimit,
            _ => Verb::UnknownVerb,
        }
    }

    fn unit(self) -> &'static [u8] {
        match self.0 {
            8 | 9 | 12 | 13 => b"/min",
            10 | 11 => b"%",
            _ => b"",
        }
    }
}

/// A frame of the host.
pub fn host(code: u8, payload: &[u8], range: Range<u64>, out: &mut Messages<'_>) {
    let at = range.start;
    let (kind, verb): (KindId, _) = match code {
        1 => (ENABLE, None),
        2 => (DISABLE, Some(Verb::Configure)),
        3 => (INQUIRE_NUMERIC, Some(Verb::Read)),
        4 => (START, Some(Verb::Subscribe)),
        5 => (STOP, Some(Verb::Configure)),
        6 => (LINK, None),
        7 | 8 => (HOST_ID, Some(Verb::Configure)),
        9 => (INQUIRE_REVISION, Some(Verb::Read)),
        10 => (REQUEST_PERIODIC, Some(Verb::Subscribe)),
        11 => (INQUIRE_PATIENT, Some(Verb::Read)),
        21 => (INQUIRE_EVENTS, Some(Verb::Read)),
        54..=56 => (TREND_DOWNLOAD, Some(Verb::Retrieve)),
        60 => (SETUP, None),
        61 | 62 => (SET_PATIENT, Some(Verb::SetPatient)),
        _ => {
            let mut draft = out.message_unknown(u32::from(code), 2, range);
            common(code, payload, &mut draft);
            return act(Verb::UnknownVerb, b"", None, &mut draft);
        }
    };
    let mut draft = out.message(kind, range);
    common(code, payload, &mut draft);
    if let Some(verb) = verb {
        act(verb, b"", None, &mut draft);
    }
    match code {
        60 => setup(payload, at, &mut draft),
        61 | 62 => patient(payload, &mut draft),
        _ => {}
    }
}

/// Item and value; without a value the setting is read (unverified).
fn setup(payload: &[u8], at: u64, draft: &mut Draft<'_>) {
    draft.asks(Scope::Conversation, b"setup");
    let Some((item, value)) = payload.split_first() else {
        draft.anomaly("truncated", at);
        return act(Verb::UnknownVerb, b"", None, draft);
    };
    let item = Item(*item);
    let name = ShortText::<32>::of(format_args!("{item}"));
    draft.text(ITEM, name.as_bytes());
    match value {
        [] => act(Verb::Read, name.as_bytes(), None, draft),
        [value, ..] => {
            let quantity = Quantity {
                number: f64::from(*value),
                sent: b"",
                unit: item.unit(),
                code: name.as_bytes(),
            };
            draft.quantity(SETTING, quantity);
            act(item.verb(), name.as_bytes(), Some(quantity), draft);
        }
    }
}

/// A frame of the device.
pub fn device(code: u8, payload: &[u8], range: Range<u64>, out: &mut Messages<'_>) {
    let at = range.start;
    let (kind, verb): (KindId, _) = match code {
        0 => (WAVE, Verb::Notify),
        1 => (NUMERICS, Verb::Store),
        2 | 12 => (PATIENT, Verb::Notify),
        3 => (NUMERIC, Verb::Store),
        4 => (DEVICE_ID, Verb::Notify),
        9 => (REVISION, Verb::Notify),
        10 => (PERIODIC, Verb::Notify),
        21 | 22 => (EVENTS, Verb::Store),
        55 | 56 => (TREND, Verb::Store),
        57 | 58 => (NEW_PATIENT, Verb::Notify),
        60 => (SETUP_ANSWER, Verb::Notify),
        _ => {
            let mut draft = out.message_unknown(u32::from(code), 2, range);
            common(code, payload, &mut draft);
            return act(Verb::UnknownVerb, b"", None, &mut draft);
        }
    };
    let mut draft = out.message(kind, range);
    common(code, payload, &mut draft);
    match code {
        1 => numerics(payload, at, &mut draft),
        2 | 12 | 57 | 58 => patient(payload, &mut draft),
        4 => {
            draft.text_if(DEVICE, latin1::<128>(until_nul(payload)).as_bytes());
        }
        60 => {
            draft.answers(Scope::Conversation, b"setup", true, Outcome::Accepted);
        }
        _ => {}
    }
    if code != 60 {
        act(verb, b"", None, &mut draft);
    }
}

fn numerics(payload: &[u8], at: u64, draft: &mut Draft<'_>) {
    for (name, unit, place) in [
        ("etco2", "", 4),
        ("fico2", "", 5),
        ("resp_rate", "/min", 6),
        ("spo2", "%", 7),
        ("pulse", "/min", 8),
    ] {
        match payload.get(place) {
            None => {
                draft.anomaly("truncated", at);
                return;
            }
            Some(0xFF) => {}
            Some(value) => {
                draft.quantity(
                    VALUE,
                    Quantity {
                        number: f64::from(*value),
                        sent: b"",
                        unit: str::as_bytes(unit),
                        code: str::as_bytes(name),
                    },
                );
            }
        }
    }
    if let Some([co2, spo2]) = payload.get(13..).and_then(|p| p.first_chunk()) {
        draft.integer(CO2_ALARMS, i64::from(*co2));
        draft.integer(SPO2_ALARMS, i64::from(*spo2));
    }
}

fn patient(payload: &[u8], draft: &mut Draft<'_>) {
    draft.text_if(PATIENT_ID, latin1::<256>(until_nul(payload)).as_bytes());
}

fn common(code: u8, payload: &[u8], draft: &mut Draft<'_>) {
    draft.integer(CODE, i64::from(code));
    draft.integer(LENGTH, payload.len() as i64);
}

fn act(verb: Verb, handle: &[u8], value: Option<Quantity<'_>>, draft: &mut Draft<'_>) {
    draft.action(Action {
        device: Device::Monitor,
        handle,
        value,
        ..Action::of(verb)
    });
}
