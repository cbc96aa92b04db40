//! Association APDUs: request, response, release, abort.

use nom::number::complete::{be_u16, be_u32};
use nom::{IResult, Parser};

use super::codes::*;
use super::fields::*;
use super::{At, print};
use crate::action::{Device, Outcome};
use crate::message::{Draft, Scope};
use crate::octets::ShortText;

/// What later APDUs need of an association.
#[derive(Clone, Copy, Default)]
pub struct Association {
    pub running: bool,
    pub device: Option<Device>,
}

/// AARQ: association version, then data protocols (id, length, information)*.
pub fn request<'a>(
    i: &'a [u8],
    at: At<'_>,
    association: &mut Association,
    draft: &mut Draft<'_>,
) -> IResult<&'a [u8], ()> {
    draft.asks(Scope::Conversation, b"association");
    if association.running {
        draft.anomaly("association-inside", at.base);
    }
    let (list, (_version, count, len)) = (be_u32, be_u16, be_u16).parse(i)?;
    if usize::from(len) != list.len() {
        draft.anomaly("length-mismatch", at.of(list));
    }
    let mut rest = list;
    for _ in 0..count {
        let Ok((next, (id, info))) = protocol(rest) else {
            draft.anomaly("count-mismatch", at.of(list));
            break;
        };
        rest = next;
        print(draft, PROTOCOLS, Id(id));
        if id == DATA_PROTOCOL_20601 {
            information(info, association, draft)?;
        }
    }
    Ok((rest, ()))
}

/// AARE: result, the protocol chosen and its information.
pub fn response<'a>(
    i: &'a [u8],
    association: &mut Association,
    draft: &mut Draft<'_>,
) -> IResult<&'a [u8], ()> {
    let (i, result) = be_u16.map(AssociateResult).parse(i)?;
    let accepted = matches!(result.0, 0 | 3);
    let outcome = if accepted {
        Outcome::Accepted
    } else {
        Outcome::Refused
    };
    association.running = accepted;
    draft.answers(Scope::Conversation, b"association", true, outcome);
    print(draft, RESULT, result);
    let (i, (id, info)) = protocol(i)?;
    print(draft, PROTOCOLS, Id(id));
    if id == DATA_PROTOCOL_20601 && !info.is_empty() {
        // The manager's own configuration says nothing of the device.
        let mut manager = Association::default();
        information(info, &mut manager, draft)?;
    }
    Ok((i, ()))
}

fn protocol(i: &[u8]) -> IResult<&[u8], (u16, &[u8])> {
    (be_u16, nom::multi::length_data(be_u16::<&[u8], _>)).parse(i)
}

/// Association information of 20601.
fn information<'a>(
    i: &'a [u8],
    association: &mut Association,
    draft: &mut Draft<'_>,
) -> IResult<&'a [u8], ()> {
    let (i, (_version, _encoding, _nomenclature, _units, system)) =
        (be_u32, be_u16, be_u32, be_u32, be_u32.map(SystemType)).parse(i)?;
    print(draft, SYSTEM_TYPE, system);
    let (i, id) = nom::multi::length_data(be_u16::<&[u8], _>).parse(i)?;
    let mut hex = ShortText::<64>::new();
    for byte in id.iter().take(32) {
        let _ = std::fmt::Write::write_fmt(&mut hex, format_args!("{byte:02x}"));
    }
    draft.text_if(SYSTEM_ID, hex.as_bytes());
    let (i, config) = be_u16.parse(i)?;
    print(draft, CONFIG_ID, Id(config));
    association.device = Some(device(config));
    Ok((i, ()))
}

/// The kind of device of a standard configuration: (part - 10400) * 100.
pub fn device(config: u16) -> Device {
    match config {
        0x076C..=0x07CF => Device::Pump,
        0x0190..=0x01F3 | 0x02BC..=0x0383 | 0x05DC..=0x063F | 0x06A4..=0x0707 | 0x09C4..=0x0A27 => {
            Device::Meter
        }
        _ => Device::Unknown,
    }
}

pub fn release(i: &[u8], draft: &mut Draft<'_>) {
    draft.asks(Scope::Conversation, b"release");
    if let Ok((_, reason)) = be_u16::<_, ()>.map(ReleaseReason).parse(i) {
        print(draft, REASON, reason);
    }
}

pub fn released(i: &[u8], draft: &mut Draft<'_>) {
    draft.answers(Scope::Conversation, b"release", true, Outcome::Accepted);
    if let Ok((_, reason)) = be_u16::<_, ()>.map(ReleaseReason).parse(i) {
        print(draft, REASON, reason);
    }
}

pub fn abort(i: &[u8], draft: &mut Draft<'_>) {
    if let Ok((_, reason)) = be_u16::<_, ()>.map(AbortReason).parse(i) {
        print(draft, REASON, reason);
    }
}
