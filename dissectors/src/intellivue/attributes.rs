//! Attribute lists and what is kept of attribute values.

use nom::number::complete::{be_u16, be_u32};
use nom::{IResult, Parser};

use super::codes::{Admission, AttributeId, Class, OperatingMode, Word, is_vital, ucum};
use super::fields::*;
use super::{At, print};
use crate::action::Quantity;
use crate::ieee11073::{Float32, absolute_time};
use crate::limits;
use crate::message::Draft;
use crate::octets::{ShortText, be16, be32, latin1, until_nul, utf16_be};
use crate::schema::FieldId;

/// Attributes of one list, in order. Ends where the count or the bytes end, whichever is first.
pub struct List<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> List<'a> {
    /// Reads count, length and checks that both fit; a disagreement is an anomaly. `None` if not
    /// even the head is there. Gives what follows the list as well.
    pub fn read(at: At<'_>, i: &'a [u8], draft: &mut Draft<'_>) -> Option<(Self, &'a [u8])> {
        let (body, count, rest) = counted(at, i, draft)?;
        let mut seen = 0;
        let mut walk = body;
        while let Some((next, _)) = attribute(walk) {
            walk = next;
            seen += 1;
        }
        if seen != usize::from(count) || !walk.is_empty() {
            draft.anomaly("count-mismatch", at.of(i));
        }
        let room = draft.limits().get(limits::INTELLIVUE_ATTRIBUTES);
        if usize::from(count) > room {
            draft.limit(limits::INTELLIVUE_ATTRIBUTES);
        }
        let left = usize::from(count).min(room);
        Some((List { rest: body, left }, rest))
    }
}

impl<'a> Iterator for List<'a> {
    type Item = (AttributeId, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let (rest, found) = attribute(self.rest)?;
        self.rest = rest;
        Some(found)
    }
}

/// Count and length, then that many bytes or what there is.
pub fn counted<'a>(
    at: At<'_>,
    i: &'a [u8],
    draft: &mut Draft<'_>,
) -> Option<(&'a [u8], u16, &'a [u8])> {
    let Some(([a, b, c, d], rest)) = i.split_first_chunk() else {
        draft.anomaly("truncated", at.of(i));
        return None;
    };
    let (count, len) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
    if usize::from(len) > rest.len() {
        draft.anomaly("length-mismatch", at.of(i));
    }
    let (body, rest) = rest.split_at(usize::from(len).min(rest.len()));
    Some((body, count, rest))
}

/// An attribute: its id and its value's bytes.
type Attribute<'a> = (AttributeId, &'a [u8]);

/// Id, length, value; what follows stands first. `None` if it is not all there. By hand: the
/// attributes of a wave or numeric list are most of what a monitor sends.
#[inline]
fn attribute(i: &[u8]) -> Option<(&[u8], Attribute<'_>)> {
    let ([a, b, c, d], rest) = i.split_first_chunk()?;
    let len = usize::from(u16::from_be_bytes([*c, *d]));
    let (value, rest) = rest.split_at_checked(len)?;
    Some((rest, (AttributeId(u16::from_be_bytes([*a, *b])), value)))
}

/// Writes what is kept of one attribute of an object of `class`. False if it has no name here.
pub fn write(class: Class, id: AttributeId, value: &[u8], draft: &mut Draft<'_>) -> bool {
    match id.0 {
        0x0902 | 0x0904 => alarms(value, draft),
        0x0916 => alert_condition(value, draft),
        // The connect indication's label has no length of its own (seen on two real monitors).
        0xF135 if be16(value, 0).is_some_and(|n| usize::from(n) + 2 != value.len()) => {
            let label = utf16_be::<256>(value);
            draft.text_if(BED_LABEL, label.as_bytes().trim_ascii());
        }
        0x091E | 0xF135 => text(BED_LABEL, value, draft),
        0x0928 => model(value, draft),
        0x092D => production(value, draft),
        0x0946 => {
            if let Some(mode) = be16(value, 0) {
                print(draft, OPERATING_MODE, OperatingMode(mode));
            }
        }
        0x094B => {
            for one in value.get(4..).unwrap_or(b"").chunks_exact(10) {
                numeric(one, draft);
            }
        }
        0x0950 => numeric(value, draft),
        0x0957 => {
            if let Some(state) = be16(value, 0) {
                print(draft, ADMISSION, Admission(state));
            }
        }
        0x0958 => time(BIRTH_DATE, value, draft),
        0x095A => text(PATIENT_ID, value, draft),
        0x095C => text(FAMILY_NAME, value, draft),
        0x095D => text(GIVEN_NAME, value, draft),
        0x095F | 0xF2E1 => text(MIDDLE_NAME, value, draft),
        0x0961 => {
            if let Some(sex) = be16(value, 0) {
                draft.integer(SEX, i64::from(sex));
            }
        }
        0x0984 => system_id(value, draft),
        0x0987 => time(CLOCK, value, draft),
        0x09D8 => measure(AGE, value, draft),
        0x09DC => measure(HEIGHT, value, draft),
        0x09DF => measure(WEIGHT, value, draft),
        // The same code is PollProfileExt in an association.
        0xF001 if class == Class::DEMOGRAPHICS => {
            draft.bytes(PATIENT_ID_INTERNAL, value);
        }
        0xF100 => address(value, draft),
        0xF101 => services(value, draft),
        0xF129 | 0xF12A => text(NOTES, value, draft),
        0xF239 | 0xF23A => priorities(value, draft),
        0xF2E2 | 0xF2E3 => {
            draft.bytes(ENCOUNTER, value);
        }
        _ => return false,
    }
    true
}

/// String: length, UTF-16BE, padded with NUL. An empty one is not written.
fn text(field: FieldId, value: &[u8], draft: &mut Draft<'_>) {
    if draft.wants(field)
        && let Some(body) = value.get(2..)
    {
        let len = be16(value, 0).map_or(0, usize::from).min(body.len());
        // 512 bytes of UTF-16 are at most 768 bytes of UTF-8.
        let text = utf16_be::<768>(&body[..len]);
        draft.text_if(field, text.as_bytes().trim_ascii());
    }
}

fn time(field: FieldId, value: &[u8], draft: &mut Draft<'_>) {
    if draft.wants(field)
        && let Some(time) = value.first_chunk().and_then(absolute_time)
        && time.as_bytes() != b"0000-00-00T00:00:00"
    {
        draft.time(field, time.as_bytes());
    }
}

fn measure(field: FieldId, value: &[u8], draft: &mut Draft<'_>) {
    if draft.wants(field)
        && let Some(number) = be32(value, 0).map(|n| Float32(n).value())
        && number.is_finite()
    {
        draft.decimal(field, number);
    }
}

/// Two VariableLabels: manufacturer and model.
fn model(value: &[u8], draft: &mut Draft<'_>) {
    if !draft.wants(VENDOR) && !draft.wants(MODEL) {
        return;
    }
    if let Ok((rest, vendor)) = label(value) {
        draft.text_if(VENDOR, latin1::<64>(vendor).as_bytes());
        if let Ok((_, model)) = label(rest) {
            draft.text_if(MODEL, latin1::<64>(model).as_bytes());
        }
    }
}

fn label(i: &[u8]) -> IResult<&[u8], &[u8]> {
    nom::multi::length_data(be_u16::<&[u8], _>)
        .map(until_nul)
        .parse(i)
}

/// Count, length, then (spec type, component, VariableLabel)*.
fn production(value: &[u8], draft: &mut Draft<'_>) {
    let mut rest = value.get(4..).unwrap_or(b"");
    while let Ok((next, (spec, _component, text))) = (be_u16, be_u16, label).parse(rest) {
        rest = next;
        let field = match spec {
            1 => SERIAL,
            2 => PART_NUMBER,
            3 => HARDWARE,
            4 | 5 => SOFTWARE,
            _ => continue,
        };
        if text.iter().any(|b| *b != b'-') {
            draft.text_if(field, latin1::<64>(text).as_bytes());
        }
    }
}

fn system_id(value: &[u8], draft: &mut Draft<'_>) {
    if !draft.wants(SYSTEM_ID) {
        return;
    }
    let mut hex = ShortText::<48>::new();
    for byte in value.iter().skip(2).take(16) {
        let _ = std::fmt::Write::write_fmt(&mut hex, format_args!("{byte:02x}"));
    }
    draft.text_if(SYSTEM_ID, hex.as_bytes());
}

/// NuObsValue: physiological id, state, unit, FLOAT. Only vital signs are kept.
fn numeric(value: &[u8], draft: &mut Draft<'_>) {
    if !draft.wants(NUMERIC) {
        return;
    }
    let Ok((_, (physio, _state, unit, number))) =
        (be_u16::<&[u8], ()>, be_u16, be_u16, be_u32).parse(value)
    else {
        return;
    };
    let number = Float32(number).value();
    if is_vital(physio) && number.is_finite() {
        let code = ShortText::<8>::of(format_args!("0x{physio:04x}"));
        draft.quantity(
            NUMERIC,
            Quantity {
                number,
                sent: b"",
                unit: ucum(unit),
                code: code.as_bytes(),
            },
        );
    }
}

fn alert_condition(value: &[u8], draft: &mut Draft<'_>) {
    if let Some(state) = be16(value, 0) {
        print(draft, ALERT_STATE, AttributeId(state));
        draft.flag(ALERTS_INHIBITED, state & 0x8000 != 0);
        draft.flag(ALERTS_SUSPENDED, state & 0x4000 != 0);
        draft.flag(ALERTS_SILENCED, state & 0x1000 != 0);
    }
}

/// Count, length, then entries: source, code, type, state, object (6), info id, info.
fn alarms(value: &[u8], draft: &mut Draft<'_>) {
    if !draft.wants(ALARM) {
        return;
    }
    let mut rest = value.get(4..).unwrap_or(b"");
    while let (Some(info_id), Some(len)) = (be16(rest, 14), be16(rest, 16)) {
        let body = rest.get(18..).unwrap_or(b"");
        let len = usize::from(len).min(body.len());
        let (info, next) = body.split_at(len);
        rest = next;
        match info.get(12..) {
            // Info 516: a String stands behind instance, text id, priority and flags.
            Some(string) if info_id == 516 => {
                let text = utf16_be::<256>(string);
                draft.text(ALARM, text.as_bytes().trim_ascii());
            }
            _ => {
                if let Some(text_id) = be32(info, 2) {
                    print(draft, ALARM, Word(text_id));
                }
            }
        }
    }
}

/// MAC, IPv4 address, mask.
fn address(value: &[u8], draft: &mut Draft<'_>) {
    if !draft.wants(MAC) && !draft.wants(IP) && !draft.wants(NETMASK) {
        return;
    }
    if let Some([a, b, c, d, e, f, ip @ ..]) = value.first_chunk::<14>() {
        let mac = format_args!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}");
        draft.text(MAC, ShortText::<24>::of(mac).as_bytes());
        let [a, b, c, d, e, f, g, h] = ip;
        let text = ShortText::<24>::of(format_args!("{a}.{b}.{c}.{d}"));
        draft.text(IP, text.as_bytes());
        let text = ShortText::<24>::of(format_args!("{e}.{f}.{g}.{h}"));
        draft.text(NETMASK, text.as_bytes());
    }
}

/// Count, length, then (application, transport, port, options)*.
fn services(value: &[u8], draft: &mut Draft<'_>) {
    if !draft.wants(SERVICE) {
        return;
    }
    for one in value.get(4..).unwrap_or(b"").chunks_exact(8) {
        let number = |at| be16(one, at).unwrap_or(0);
        let text = ShortText::<80>::of(format_args!(
            "application {} transport {} port {}",
            number(0),
            number(2),
            number(4)
        ));
        draft.text(SERVICE, text.as_bytes());
    }
}

/// Count, length, then text ids.
fn priorities(value: &[u8], draft: &mut Draft<'_>) {
    let list = value.get(4..).unwrap_or(b"");
    draft.integer(PRIORITY_COUNT, (list.len() / 4) as i64);
    for one in list.chunks_exact(4) {
        if let Some(id) = be32(one, 0) {
            print(draft, PRIORITY, Word(id));
        }
    }
}
