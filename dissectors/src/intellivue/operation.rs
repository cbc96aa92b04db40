//! Remote operations: invoke, result, error, linked result, and the commands they carry.

use std::ops::Range;

use nom::number::complete::{be_u8, be_u16, be_u32};
use nom::{IResult, Parser};

use super::attributes::{self, List, counted};
use super::codes::ObjectAction;
use super::codes::{AttributeId, Class, Command, ErrorValue, Event, LinkedState, ModifyOperator};
use super::fields::*;
use super::{At, poll, print};
use crate::action::{Action, Device, Outcome, Verb};
use crate::contract::Side;
use crate::message::{Draft, Messages, Scope};
use crate::octets::{ShortText, be16};
use crate::schema::KindId;

/// What stands before the operation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// Session and presentation header of a data message; `odd` if not the usual one.
    Data { odd: bool },
    /// Nomenclature of a connect indication; `odd` if not the guide's.
    Indication { odd: bool },
}

/// Type of a remote operation.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Operation(u16);

impl Operation {
    const INVOKE: Self = Self(1);
    const RESULT: Self = Self(2);
    const ERROR: Self = Self(3);
    const LINKED: Self = Self(5);

    fn name(self) -> &'static [u8] {
        match self {
            Self::INVOKE => b"ROIV",
            Self::RESULT => b"RORS",
            Self::ERROR => b"ROER",
            Self::LINKED => b"ROLRS",
            _ => b"",
        }
    }
}

/// The fixed part of an operation.
struct Head {
    operation: Operation,
    linked: Option<(LinkedState, u8)>,
    invoke_id: u16,
    /// Command type; error value of an error.
    code: u16,
    /// The lengths agree with the bytes there are.
    fits: bool,
    kind: Option<KindId>,
}

/// The managed object, six bytes.
#[derive(Clone, Copy)]
struct Object {
    class: Class,
    context: u16,
    handle: u16,
}

/// Reads the operation `i`, the rest of a message behind its header.
pub fn read(
    at: At<'_>,
    i: &[u8],
    header: Header,
    side: Side,
    range: Range<u64>,
    out: &mut Messages<'_>,
) {
    let (argument, mut head) = match head(i) {
        Ok(found) => found,
        Err(error) => {
            // How far the head could be read tells which of its parts is missing.
            let place = match &error {
                nom::Err::Error(e) | nom::Err::Failure(e) => e.input,
                nom::Err::Incomplete(_) => i,
            };
            out.message(MALFORMED, range)
                .anomaly("truncated", at.of(place));
            return;
        }
    };
    if head.operation.name().is_empty() {
        out.message(MALFORMED, range)
            .anomaly("unknown-operation", at.of(i));
        return;
    }
    let indication = matches!(header, Header::Indication { .. });
    head.kind = kind(&head, indication, argument);
    let mut draft = match head.kind {
        Some(kind) => out.message(kind, range),
        None if head.operation == Operation::ERROR || is_known(Command(head.code)) => {
            out.message(MALFORMED, range)
        }
        None => out.message_unknown(u32::from(head.code), 4, range),
    };
    common(at, i, header, &head, side, &mut draft);
    let body = match head.operation {
        Operation::ERROR => error(argument, head.code, at, &mut draft),
        _ if indication => event_report(argument, &head, at, &mut draft),
        _ => match Command(head.code).0 {
            0 | 1 => event_report(argument, &head, at, &mut draft),
            3 => get(argument, &head, at, &mut draft),
            4 | 5 => set(argument, &head, at, &mut draft),
            7 => action(argument, &head, at, &mut draft),
            _ => {
                if head.operation == Operation::INVOKE {
                    act(Verb::UnknownVerb, b"", &mut draft);
                }
                Ok((argument, ()))
            }
        },
    };
    if let Err(nom::Err::Error(e) | nom::Err::Failure(e)) = body {
        draft.anomaly("truncated", at.of(e.input));
    }
}

fn head(i: &[u8]) -> IResult<&[u8], Head> {
    let (i, operation) = be_u16.map(Operation).parse(i)?;
    let (i, declared) = be_u16.parse(i)?;
    let mut fits = usize::from(declared) == i.len();
    let i = &i[..usize::from(declared).min(i.len())];
    let (i, linked) = match operation {
        Operation::LINKED => {
            let (i, (state, count)) = (be_u8.map(LinkedState), be_u8).parse(i)?;
            (i, Some((state, count)))
        }
        _ => (i, None),
    };
    let (i, (invoke_id, code, len)) = (be_u16, be_u16, be_u16).parse(i)?;
    fits &= usize::from(len) == i.len();
    let argument = &i[..usize::from(len).min(i.len())];
    let head = Head {
        operation,
        linked,
        invoke_id,
        code,
        fits,
        kind: None,
    };
    Ok((argument, head))
}

fn is_known(command: Command) -> bool {
    matches!(command.0, 0 | 1 | 3 | 4 | 5 | 7)
}

/// The kind follows from operation, command and, for events and actions, their type.
fn kind(head: &Head, indication: bool, argument: &[u8]) -> Option<KindId> {
    if head.operation == Operation::ERROR {
        return Some(ERROR_RESULT);
    }
    let event = || be16(argument, 10).map(Event);
    if indication {
        return event().map(|_| CONNECT_INDICATION);
    }
    let invoke = head.operation == Operation::INVOKE;
    let linked = head.operation == Operation::LINKED;
    Some(match head.code {
        0 | 1 => match (event()?, invoke) {
            (Event(0x0D06), true) => MDS_CREATE,
            (Event(0x0D06), false) => MDS_CREATE_RESULT,
            (Event(0x0D17), true) => CONNECT_INDICATION,
            (_, true) => EVENT_REPORT,
            (_, false) => EVENT_REPORT_RESULT,
        },
        3 if invoke => GET,
        3 if linked => GET_RESULT_LINKED,
        3 => GET_RESULT,
        4 if invoke => SET,
        5 if invoke => CONFIRMED_SET,
        4 | 5 => CONFIRMED_SET_RESULT,
        7 => match be16(argument, if invoke { 10 } else { 6 })? {
            0x0C16 if invoke => POLL,
            0x0C16 if linked => POLL_RESULT_LINKED,
            0x0C16 => POLL_RESULT,
            0xF13B if invoke => EXTENDED_POLL,
            0xF13B if linked => EXTENDED_POLL_RESULT_LINKED,
            0xF13B => EXTENDED_POLL_RESULT,
            _ if invoke => ACTION,
            _ => ACTION_RESULT,
        },
        _ => return None,
    })
}

/// Fields, join and faults that every operation has.
fn common(at: At<'_>, i: &[u8], header: Header, head: &Head, side: Side, draft: &mut Draft<'_>) {
    draft.integer(INVOKE_ID, i64::from(head.invoke_id));
    draft.text(OPERATION, head.operation.name());
    if head.operation != Operation::ERROR {
        print(draft, COMMAND, Command(head.code));
    }
    if let Some((state, count)) = head.linked {
        print(draft, LINKED_STATE, state);
        draft.integer(LINKED_COUNT, i64::from(count));
    }
    if !head.fits {
        draft.anomaly("length-mismatch", at.of(i));
    }
    match header {
        Header::Data { odd: true } => {
            draft.anomaly("unknown-operation", at.base);
        }
        Header::Indication { odd } if odd || head.code != 0 => {
            draft.anomaly("odd-indication", at.base);
        }
        _ => {}
    }
    if matches!(header, Header::Indication { .. }) {
        return;
    }
    // Both sides count their own ids: the side that invoked is part of the key.
    let invoke = head.operation == Operation::INVOKE;
    let asker = if invoke { side } else { side.other() };
    let name = match asker {
        Side::Client => "client ",
        Side::Server => "server ",
    };
    let mut key = ShortText::<16>::new();
    let _ = std::fmt::Write::write_str(&mut key, name);
    key.push_number(u32::from(head.invoke_id));
    let confirmed = !matches!(head.code, 0 | 4);
    match head.operation {
        Operation::INVOKE if confirmed => draft.asks(Scope::Conversation, key.as_bytes()),
        Operation::INVOKE => draft,
        Operation::ERROR => {
            draft.answers(Scope::Conversation, key.as_bytes(), true, Outcome::Refused)
        }
        // Linked results are closed by a result, and an extended poll has many results.
        Operation::LINKED => draft.answers(
            Scope::Conversation,
            key.as_bytes(),
            false,
            Outcome::Accepted,
        ),
        _ => {
            let last = head.code != 7 || head.kind != Some(EXTENDED_POLL_RESULT);
            draft.answers(Scope::Conversation, key.as_bytes(), last, Outcome::Accepted)
        }
    };
}

fn object(i: &[u8]) -> IResult<&[u8], Object> {
    (be_u16.map(Class), be_u16, be_u16)
        .map(|(class, context, handle)| Object {
            class,
            context,
            handle,
        })
        .parse(i)
}

fn write_object(object: Object, draft: &mut Draft<'_>) {
    print(draft, OBJECT_CLASS, object.class);
    draft.integer(OBJECT_CONTEXT, i64::from(object.context));
    draft.integer(OBJECT_HANDLE, i64::from(object.handle));
}

fn act(verb: Verb, handle: &[u8], draft: &mut Draft<'_>) {
    draft.action(Action {
        device: Device::Monitor,
        handle,
        ..Action::of(verb)
    });
}

/// The attributes of a list: their ids and what is kept of their values.
fn attributes<'a>(
    at: At<'_>,
    class: Class,
    i: &'a [u8],
    draft: &mut Draft<'_>,
) -> IResult<&'a [u8], ()> {
    let Some((list, rest)) = List::read(at, i, draft) else {
        return Ok((i, ()));
    };
    for (id, value) in list {
        print(draft, ATTRIBUTE, id);
        attributes::write(class, id, value, draft);
    }
    Ok((rest, ()))
}

/// Length-led data: a length beyond the argument is told, what is there is given.
fn led<'a>(at: At<'_>, i: &'a [u8], draft: &mut Draft<'_>) -> IResult<&'a [u8], &'a [u8]> {
    let (rest, len) = be_u16.parse(i)?;
    if usize::from(len) != rest.len() {
        draft.anomaly("length-mismatch", at.of(i));
    }
    let (data, rest) = rest.split_at(usize::from(len).min(rest.len()));
    Ok((rest, data))
}

/// Event report and its answer: object, time, event type, length, data.
fn event_report<'a>(
    i: &'a [u8],
    head: &Head,
    at: At<'_>,
    draft: &mut Draft<'_>,
) -> IResult<&'a [u8], ()> {
    let (i, (object, time, event)) = (object, be_u32, be_u16.map(Event)).parse(i)?;
    write_object(object, draft);
    draft.integer(RELATIVE_TIME, i64::from(time));
    print(draft, EVENT, event);
    let invoke = head.operation == Operation::INVOKE;
    if head.kind == Some(CONNECT_INDICATION) {
        act(Verb::Discover, b"", draft);
    } else if invoke {
        act(Verb::Notify, b"", draft);
    }
    let (rest, data) = led(at, i, draft)?;
    match event {
        Event(0x0D06) if invoke => {
            let (data, created) = self::object(data)?;
            attributes(at, created.class, data, draft)?;
        }
        Event(0x0D17) => {
            attributes(at, object.class, data, draft)?;
        }
        _ => {}
    }
    Ok((rest, ()))
}

/// Get: object, scope, ids; answered by object, attributes.
fn get<'a>(i: &'a [u8], head: &Head, at: At<'_>, draft: &mut Draft<'_>) -> IResult<&'a [u8], ()> {
    let (i, object) = object.parse(i)?;
    write_object(object, draft);
    if head.operation != Operation::INVOKE {
        return attributes(at, object.class, i, draft);
    }
    act(Verb::Read, b"", draft);
    let (i, _scope) = be_u32.parse(i)?;
    let Some((ids, count, rest)) = counted(at, i, draft) else {
        return Ok((i, ()));
    };
    if ids.len() != usize::from(count) * 2 {
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

/// Set: object, scope, modifications; answered by object, attributes.
fn set<'a>(i: &'a [u8], head: &Head, at: At<'_>, draft: &mut Draft<'_>) -> IResult<&'a [u8], ()> {
    let invoke = head.operation == Operation::INVOKE;
    if invoke {
        // What cannot be read to its end is a write all the same.
        act(Verb::UnknownVerb, b"", draft);
    }
    let (i, object) = object.parse(i)?;
    write_object(object, draft);
    if !invoke {
        return attributes(at, object.class, i, draft);
    }
    let (i, _scope) = be_u32.parse(i)?;
    let Some((mut list, count, rest)) = counted(at, i, draft) else {
        return Ok((i, ()));
    };
    let mut gravest: Option<(u8, Verb, AttributeId)> = None;
    let mut seen = 0;
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
        if !attributes::write(object.class, id, value, draft) {
            draft.bytes(VALUE, value);
        }
        let (weight, verb) = set_verb(object.class, id);
        if gravest.is_none_or(|(w, ..)| weight > w) {
            gravest = Some((weight, verb, id));
        }
    }
    if seen != usize::from(count) || !list.is_empty() {
        draft.anomaly("count-mismatch", at.of(i));
    } else if let Some((_, verb, id)) = gravest {
        let handle = ShortText::<8>::of(format_args!("{id}"));
        act(verb, handle.as_bytes(), draft);
    }
    Ok((rest, ()))
}

/// What setting an attribute does, and its weight where several are set at once. The guide
/// documents the two priority lists only.
fn set_verb(class: Class, id: AttributeId) -> (u8, Verb) {
    match id {
        AttributeId::WAVE_PRIORITY | AttributeId::NUMERIC_PRIORITY if class == Class::MDS => {
            (0, Verb::Configure)
        }
        AttributeId(0x0987) => (2, Verb::SetTime),
        AttributeId(0x0946) => (3, Verb::SetMode),
        AttributeId(0x0957..=0x0962 | 0x09D8 | 0x09DC | 0x09DF | 0xF129 | 0xF12A) => {
            (4, Verb::SetPatient)
        }
        _ if class == Class::DEMOGRAPHICS => (4, Verb::SetPatient),
        _ => (1, Verb::UnknownVerb),
    }
}

/// Action: object, scope, type, length, data; answered by object, type, length, data.
fn action<'a>(
    i: &'a [u8],
    head: &Head,
    at: At<'_>,
    draft: &mut Draft<'_>,
) -> IResult<&'a [u8], ()> {
    let invoke = head.operation == Operation::INVOKE;
    let (i, object) = object.parse(i)?;
    write_object(object, draft);
    let (i, _scope) = nom::combinator::cond(invoke, be_u32).parse(i)?;
    let (i, kind) = be_u16.map(ObjectAction).parse(i)?;
    print(draft, OBJECT_ACTION, kind);
    if invoke {
        let verb = match kind.0 {
            0x0C16 => Verb::Read,
            0xF13B => Verb::Subscribe,
            _ => Verb::UnknownVerb,
        };
        let handle = ShortText::<16>::of(format_args!("{kind}"));
        act(verb, handle.as_bytes(), draft);
    }
    let (rest, data) = led(at, i, draft)?;
    let extended = kind.0 == 0xF13B;
    match (kind.0, invoke) {
        (0x0C16 | 0xF13B, true) => poll::request(data, extended, at, draft)?,
        (0x0C16 | 0xF13B, false) => poll::result(data, extended, at, draft)?,
        _ => (data, ()),
    };
    Ok((rest, ()))
}

/// Error: value, length, detail.
fn error<'a>(i: &'a [u8], value: u16, at: At<'_>, draft: &mut Draft<'_>) -> IResult<&'a [u8], ()> {
    print(draft, ERROR, ErrorValue(value));
    draft.integer(ERROR_CODE, i64::from(value));
    // Get-list and set-list errors name attributes; one real monitor adds two bytes behind them.
    if !matches!(value, 7 | 8) {
        return Ok((i, ()));
    }
    let (i, object) = object.parse(i)?;
    write_object(object, draft);
    let (mut list, _count, rest) = match counted(at, i, draft) {
        Some(found) => found,
        None => return Ok((i, ())),
    };
    while let Ok((next, (status, _operator, id))) = (
        be_u16::<&[u8], ()>,
        nom::combinator::cond(value == 8, be_u16),
        be_u16.map(AttributeId),
    )
        .parse(list)
    {
        list = next;
        draft.integer(ERROR_STATUS, i64::from(status));
        print(draft, ATTRIBUTE, id);
    }
    Ok((rest, ()))
}
