//! Data APDUs: invoke, result, error, reject, and the services they carry.

use nom::number::complete::{be_u16, be_u32};
use nom::{IResult, Parser};

use super::association::Association;
use super::codes::*;
use super::fields::*;
use super::{At, print};
use crate::action::{Action, Device, Outcome, Verb};
use crate::contract::Side;
use crate::ieee11073::absolute_time;
use crate::message::{Draft, Scope};
use crate::octets::{ShortText, latin1, until_nul};
use crate::schema::{FieldId, KindId};

/// The fixed part of a data APDU.
#[derive(Clone, Copy)]
pub struct Head {
    pub invoke_id: u16,
    pub choice: u16,
    pub length: u16,
}

pub fn head(i: &[u8]) -> IResult<&[u8], Head> {
    (be_u16, be_u16, be_u16)
        .map(|(invoke_id, choice, length)| Head {
            invoke_id,
            choice,
            length,
        })
        .parse(i)
}

/// The kind that a choice names.
pub fn kind(choice: u16) -> Option<KindId> {
    Some(match choice {
        0x0100 => EVENT_REPORT,
        0x0101 => CONFIRMED_EVENT_REPORT,
        0x0103 => GET,
        0x0104 => SET,
        0x0105 => CONFIRMED_SET,
        0x0106 => ACTION,
        0x0107 => CONFIRMED_ACTION,
        0x0201 => EVENT_RESULT,
        0x0203 => GET_RESULT,
        0x0205 => SET_RESULT,
        0x0207 => ACTION_RESULT,
        0x0300 => ERROR_RESULT,
        0x0400 => REJECT,
        _ => return None,
    })
}

/// Reads the body of a data APDU, whose kind the draft already has.
pub fn read(
    i: &[u8],
    head: Head,
    side: Side,
    at: At<'_>,
    association: &Association,
    draft: &mut Draft<'_>,
) {
    draft.integer(INVOKE_ID, i64::from(head.invoke_id));
    join(head, side, draft);
    let device = association.device.unwrap_or(Device::Unknown);
    let read = match head.choice {
        0x0100 | 0x0101 | 0x0201 => event(i, head, device, at, draft),
        0x0103 => get(i, device, at, draft),
        0x0104 | 0x0105 => set(i, device, at, draft),
        0x0106 | 0x0107 | 0x0207 => action(i, head, device, at, draft),
        0x0203 | 0x0205 => attributes(i, at, draft),
        0x0300 => error(i, draft),
        0x0400 => reject(i, draft),
        choice => {
            if choice >> 8 == 1 {
                act(Verb::UnknownVerb, b"", device, draft);
            }
            Ok((i, ()))
        }
    };
    if let Err(nom::Err::Error(e) | nom::Err::Failure(e)) = read {
        draft.anomaly("truncated", at.of(e.input));
    }
}

/// Both sides count their own ids: the side that asked is part of the key.
fn join(head: Head, side: Side, draft: &mut Draft<'_>) {
    let key = |side: Side| {
        let name = match side {
            Side::Client => "client",
            Side::Server => "server",
        };
        ShortText::<16>::of(format_args!("{name} {}", head.invoke_id))
    };
    match head.choice {
        0x0101 | 0x0103 | 0x0105 | 0x0107 => {
            draft.asks(Scope::Conversation, key(side).as_bytes());
        }
        0x0201 | 0x0203 | 0x0205 | 0x0207 => {
            let key = key(side.other());
            draft.answers(Scope::Conversation, key.as_bytes(), true, Outcome::Accepted);
        }
        0x0300 | 0x0400 => {
            let key = key(side.other());
            draft.answers(Scope::Conversation, key.as_bytes(), true, Outcome::Refused);
        }
        _ => {}
    }
}

fn act(verb: Verb, handle: &[u8], device: Device, draft: &mut Draft<'_>) {
    draft.action(Action {
        device,
        handle,
        ..Action::of(verb)
    });
}

/// Length-led data; a length that does not reach the end of the APDU is told.
fn led<'a>(i: &'a [u8], at: At<'_>, draft: &mut Draft<'_>) -> IResult<&'a [u8], &'a [u8]> {
    let (rest, len) = be_u16.parse(i)?;
    if usize::from(len) != rest.len() {
        draft.anomaly("length-mismatch", at.of(i));
    }
    let (data, rest) = rest.split_at(usize::from(len).min(rest.len()));
    Ok((rest, data))
}

/// Count and length, then that many bytes or what there is.
fn counted<'a>(
    i: &'a [u8],
    at: At<'_>,
    draft: &mut Draft<'_>,
) -> IResult<&'a [u8], (u16, &'a [u8])> {
    let (rest, count) = be_u16.parse(i)?;
    let (rest, len) = be_u16.parse(rest)?;
    if usize::from(len) != rest.len() {
        draft.anomaly("length-mismatch", at.of(i));
    }
    Ok((b"", (count, &rest[..usize::from(len).min(rest.len())])))
}

/// Event report: handle, time, type, length, information; confirmed in the same shape.
fn event<'a>(
    i: &'a [u8],
    head: Head,
    device: Device,
    at: At<'_>,
    draft: &mut Draft<'_>,
) -> IResult<&'a [u8], ()> {
    let (i, (handle, time, event)) = (be_u16, be_u32, be_u16.map(EventType)).parse(i)?;
    draft.integer(HANDLE, i64::from(handle));
    if time != u32::MAX {
        draft.integer(EVENT_TIME, i64::from(time));
    }
    print(draft, EVENT, event);
    draft.integer(EVENT_CODE, i64::from(event.0));
    let report = head.choice != 0x0201;
    if report && event != EventType::CONFIG {
        let verb = match event.0 {
            3357..=3373 => Verb::Store,
            _ => Verb::Notify,
        };
        act(verb, b"", device, draft);
    }
    let (rest, info) = led(i, at, draft)?;
    match (event, report) {
        (EventType::CONFIG, true) => {
            let (list, config) = be_u16.parse(info)?;
            print(draft, CONFIG_ID, Id(config));
            let (_, (count, objects)) = counted(list, at, draft)?;
            draft.integer(CONFIG_OBJECTS, i64::from(count));
            // Class, handle, attribute count and length: eight bytes an object at least.
            if usize::from(count) * 8 > objects.len() {
                draft.anomaly("count-mismatch", at.of(list));
            }
        }
        (EventType::CONFIG, false) => {
            let (_, (config, result)) = (be_u16, be_u16.map(ConfigResult)).parse(info)?;
            print(draft, CONFIG_ID, Id(config));
            print(draft, CONFIG_RESULT, result);
        }
        (_, true) if matches!(event.0, 3357..=3360) => scan_report(info, event, at, draft)?,
        _ => {}
    }
    Ok((rest, ()))
}

/// Scan report: request id, number, then observations, by person where there are several.
fn scan_report<'a>(
    i: &'a [u8],
    event: EventType,
    at: At<'_>,
    draft: &mut Draft<'_>,
) -> Result<(), nom::Err<nom::error::Error<&'a [u8]>>> {
    let (i, (_request, number)) = (be_u16, be_u16).parse(i)?;
    draft.integer(REPORT_NUMBER, i64::from(number));
    let (_, (count, mut list)) = counted(i, at, draft)?;
    let mut observations = 0;
    if event.is_multi_person() {
        for _ in 0..count {
            let head = (be_u16::<&[u8], ()>, be_u16, nom::multi::length_data(be_u16)).parse(list);
            let Ok((next, (person, inner, _))) = head else {
                draft.anomaly("count-mismatch", at.of(list));
                break;
            };
            list = next;
            draft.integer(PERSON_ID, i64::from(person));
            observations += i64::from(inner);
        }
    } else {
        observations = i64::from(count);
        // Handle and length, or count, at the least.
        if usize::from(count) * 4 > list.len() {
            draft.anomaly("count-mismatch", at.of(i));
        }
    }
    draft.integer(OBSERVATIONS, observations);
    Ok(())
}

fn get<'a>(
    i: &'a [u8],
    device: Device,
    at: At<'_>,
    draft: &mut Draft<'_>,
) -> IResult<&'a [u8], ()> {
    act(Verb::Read, b"", device, draft);
    let (i, handle) = be_u16.parse(i)?;
    draft.integer(HANDLE, i64::from(handle));
    let (rest, (count, ids)) = counted(i, at, draft)?;
    if usize::from(count) * 2 != ids.len() {
        draft.anomaly("count-mismatch", at.of(i));
    }
    for id in ids.chunks_exact(2) {
        print(
            draft,
            ATTRIBUTE,
            AttributeId(u16::from_be_bytes([id[0], id[1]])),
        );
    }
    Ok((rest, ()))
}

/// Set: handle, then (operator, attribute, value)*.
fn set<'a>(
    i: &'a [u8],
    device: Device,
    at: At<'_>,
    draft: &mut Draft<'_>,
) -> IResult<&'a [u8], ()> {
    // What cannot be read to its end is a write all the same.
    act(Verb::UnknownVerb, b"", device, draft);
    let (i, handle) = be_u16.parse(i)?;
    draft.integer(HANDLE, i64::from(handle));
    let (rest, (count, mut list)) = counted(i, at, draft)?;
    let mut seen = 0;
    let mut gravest: Option<(Verb, AttributeId)> = None;
    while let Ok((next, (operator, id, value))) = (
        be_u16::<&[u8], ()>.map(ModifyOperator),
        be_u16.map(AttributeId),
        nom::multi::length_data(be_u16),
    )
        .parse(list)
    {
        list = next;
        seen += 1;
        print(draft, OPERATOR, operator);
        print(draft, ATTRIBUTE, id);
        draft.bytes(VALUE, value);
        let verb = match id.0 {
            2387 => Verb::Configure,
            2439 => Verb::SetTime,
            _ => Verb::UnknownVerb,
        };
        if gravest.is_none_or(|(v, _)| v == Verb::Configure) || verb == Verb::UnknownVerb {
            gravest = Some((verb, id));
        }
    }
    if seen != usize::from(count) || !list.is_empty() {
        draft.anomaly("count-mismatch", at.of(i));
    } else if let Some((verb, id)) = gravest {
        let handle = ShortText::<48>::of(format_args!("{id}"));
        act(verb, handle.as_bytes(), device, draft);
    }
    Ok((rest, ()))
}

/// Action: handle, type, length, arguments; answered in the same shape.
fn action<'a>(
    i: &'a [u8],
    head: Head,
    device: Device,
    at: At<'_>,
    draft: &mut Draft<'_>,
) -> IResult<&'a [u8], ()> {
    let (i, (handle, action)) = (be_u16, be_u16.map(ActionType)).parse(i)?;
    draft.integer(HANDLE, i64::from(handle));
    print(draft, OBJECT_ACTION, action);
    draft.integer(ACTION_CODE, i64::from(action.0));
    if head.choice != 0x0207 {
        let verb = match action.0 {
            3084 => Verb::Delete,
            3085 => Verb::Read,
            3095 => Verb::SetTime,
            3099 => Verb::Subscribe,
            3100 => Verb::Retrieve,
            _ => Verb::UnknownVerb,
        };
        let name = ShortText::<48>::of(format_args!("{action}"));
        act(verb, name.as_bytes(), device, draft);
    }
    let (rest, arguments) = led(i, at, draft)?;
    if action.0 == 3095 {
        time(arguments, draft);
    }
    Ok((rest, ()))
}

fn time(value: &[u8], draft: &mut Draft<'_>) {
    if let Some(time) = value.first_chunk().and_then(absolute_time) {
        draft.time(CLOCK, time.as_bytes());
    }
}

/// Answer to a get or set: handle, then (attribute, value)*.
fn attributes<'a>(i: &'a [u8], at: At<'_>, draft: &mut Draft<'_>) -> IResult<&'a [u8], ()> {
    let (i, handle) = be_u16.parse(i)?;
    draft.integer(HANDLE, i64::from(handle));
    let (rest, (count, mut list)) = counted(i, at, draft)?;
    let mut seen = 0;
    while let Ok((next, (id, value))) = (
        be_u16::<&[u8], ()>.map(AttributeId),
        nom::multi::length_data(be_u16),
    )
        .parse(list)
    {
        list = next;
        seen += 1;
        print(draft, ATTRIBUTE, id);
        attribute(id, value, draft);
    }
    if seen != usize::from(count) || !list.is_empty() {
        draft.anomaly("count-mismatch", at.of(i));
    }
    Ok((rest, ()))
}

/// What is kept of the MDS.
fn attribute(id: AttributeId, value: &[u8], draft: &mut Draft<'_>) {
    match id.0 {
        2344 => {
            if let Ok((_, (vendor, model))) = (text, text).parse(value) {
                write_text(VENDOR, vendor, draft);
                write_text(MODEL, model, draft);
            }
        }
        2349 => {
            let mut rest = value.get(4..).unwrap_or(b"");
            while let Ok((next, (spec, _component, value))) = (be_u16, be_u16, text).parse(rest) {
                rest = next;
                match spec {
                    1 => write_text(SERIAL, value, draft),
                    2 => write_text(PART_NUMBER, value, draft),
                    3 => write_text(HARDWARE, value, draft),
                    4 | 5 => write_text(SOFTWARE, value, draft),
                    _ => {}
                }
            }
        }
        2439 => time(value, draft),
        2628 => {
            if let Ok((_, config)) = be_u16::<_, ()>.parse(value) {
                print(draft, CONFIG_ID, Id(config));
            }
        }
        2650 => {
            for one in value.get(4..).unwrap_or(b"").chunks_exact(4) {
                print(
                    draft,
                    SPECIALISATION,
                    Id(u16::from_be_bytes([one[0], one[1]])),
                );
            }
        }
        _ => {}
    }
}

fn text(i: &[u8]) -> IResult<&[u8], &[u8]> {
    nom::multi::length_data(be_u16::<&[u8], _>)
        .map(until_nul)
        .parse(i)
}

fn write_text(field: FieldId, value: &[u8], draft: &mut Draft<'_>) {
    draft.text_if(field, latin1::<128>(value).as_bytes());
}

fn error<'a>(i: &'a [u8], draft: &mut Draft<'_>) -> IResult<&'a [u8], ()> {
    let (i, code) = be_u16.map(ErrorCode).parse(i)?;
    print(draft, ERROR, code);
    draft.integer(ERROR_CODE, i64::from(code.0));
    Ok((i, ()))
}

fn reject<'a>(i: &'a [u8], draft: &mut Draft<'_>) -> IResult<&'a [u8], ()> {
    let (i, problem) = be_u16.map(Problem).parse(i)?;
    print(draft, PROBLEM, problem);
    Ok((i, ()))
}
