//! Poll and extended poll: what is asked for, and the objects in the answers.

use nom::number::complete::{be_u16, be_u32};
use nom::{IResult, Parser};

use super::attributes::{self, List, counted};
use super::codes::{AttributeId, Class, Group};
use super::fields::*;
use super::{At, print};
use crate::ieee11073::absolute_time;
use crate::limits;
use crate::message::Draft;
use crate::octets::be32;

/// Request: poll number, polled type, attribute group; an extended one has further attributes.
pub fn request<'a>(
    i: &'a [u8],
    extended: bool,
    at: At<'_>,
    draft: &mut Draft<'_>,
) -> IResult<&'a [u8], ()> {
    let (mut i, (number, polled)) = (be_u16, polled).parse(i)?;
    draft.integer(POLL_NUMBER, i64::from(number));
    write_polled(polled, draft);
    if extended && let Some((list, rest)) = List::read(at, i, draft) {
        for (id, value) in list {
            if let (AttributeId::POLL_PERIOD, Some(eighths)) = (id, be32(value, 0)) {
                draft.integer(DURATION_MS, i64::from(eighths / 8));
            }
        }
        i = rest;
    }
    if !i.is_empty() {
        draft.anomaly("length-mismatch", at.of(i));
    }
    Ok((i, ()))
}

/// Result: poll number, sequence (extended), times, polled type, group, then objects by context.
pub fn result<'a>(
    i: &'a [u8],
    extended: bool,
    at: At<'_>,
    draft: &mut Draft<'_>,
) -> IResult<&'a [u8], ()> {
    let (i, (number, sequence, relative, clock, polled)) = (
        be_u16,
        nom::combinator::cond(extended, be_u16),
        be_u32,
        nom::bytes::complete::take(8_usize),
        polled,
    )
        .parse(i)?;
    draft.integer(POLL_NUMBER, i64::from(number));
    if let Some(sequence) = sequence {
        draft.integer(SEQUENCE, i64::from(sequence));
    }
    draft.integer(RELATIVE_TIME, i64::from(relative));
    if draft.wants(CLOCK)
        && let Some(clock) = <[u8]>::first_chunk(clock).and_then(absolute_time)
    {
        draft.time(CLOCK, clock.as_bytes());
    }
    write_polled(polled, draft);
    let Some((mut contexts, count, rest)) = counted(at, i, draft) else {
        return Ok((i, ()));
    };
    let mut objects = 0;
    for _ in 0..count {
        let Some((_context, next)) = contexts.split_first_chunk::<2>() else {
            draft.anomaly("count-mismatch", at.of(contexts));
            break;
        };
        let Some((list, count, next)) = counted(at, next, draft) else {
            break;
        };
        contexts = next;
        objects += read_objects(list, count, polled.0, objects, at, draft);
    }
    if !contexts.is_empty() {
        draft.anomaly("count-mismatch", at.of(contexts));
    }
    draft.integer(OBJECTS, objects as i64);
    Ok((rest, ()))
}

/// Objects of one context: handle and attributes each. Gives how many there were.
fn read_objects(
    mut list: &[u8],
    count: u16,
    class: Class,
    before: usize,
    at: At<'_>,
    draft: &mut Draft<'_>,
) -> usize {
    let room = draft.limits().get(limits::INTELLIVUE_OBJECTS);
    let mut objects = 0;
    for _ in 0..count {
        if before + objects >= room {
            draft.limit(limits::INTELLIVUE_OBJECTS);
            return objects;
        }
        let Some((_handle, next)) = list.split_first_chunk::<2>() else {
            break;
        };
        let Some((attributes, next)) = List::read(at, next, draft) else {
            list = b"";
            break;
        };
        list = next;
        objects += 1;
        for (id, value) in attributes {
            attributes::write(class, id, value, draft);
        }
    }
    if objects != usize::from(count) || !list.is_empty() {
        draft.anomaly("count-mismatch", at.of(list));
    }
    objects
}

/// Partition (always 1), class, group.
fn polled(i: &[u8]) -> IResult<&[u8], (Class, Group)> {
    (be_u16, be_u16.map(Class), be_u16.map(Group))
        .map(|(_, class, group)| (class, group))
        .parse(i)
}

fn write_polled((class, group): (Class, Group), draft: &mut Draft<'_>) {
    print(draft, POLLED, class);
    print(draft, GROUP, group);
}
