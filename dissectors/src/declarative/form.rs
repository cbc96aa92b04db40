//! Where a frame of a form ends, and what it holds.

use std::borrow::Cow;

use crate::contract::Side;
use crate::serial::Cut;
use crate::serial::checksum::{crc16_ccitt_false, crc16_xmodem, hex, sum8, xor8};

use super::table::{Checksum, Form, Sum, Table};

/// What a form says of the front of some bytes.
enum Fit {
    Frame(usize),
    Short(usize),
    No,
}

/// Asks the forms of a side in order. Gives the form of a whole frame too.
pub fn cut<'t>(table: &'t Table, side: Side, input: &[u8], last: bool) -> (Cut, Option<&'t Form>) {
    if input.first().is_some_and(|b| table.skip.contains(b)) {
        return (Cut::Idle(1), None);
    }
    for form in table.forms.iter().filter(|f| f.of(side)) {
        match fit(form, input, last) {
            Fit::Frame(n) => return (Cut::Frame(n), Some(form)),
            Fit::Short(need) => return (Cut::Short(need), None),
            Fit::No => {}
        }
    }
    let starts = |b: &u8| {
        table.skip.contains(b)
            || table
                .forms
                .iter()
                .any(|f| f.of(side) && f.start.first().is_none_or(|s| s == b))
    };
    let next = input.iter().skip(1).position(starts);
    (Cut::Noise(next.map_or(input.len(), |at| at + 1)), None)
}

fn fit(form: &Form, input: &[u8], last: bool) -> Fit {
    let shared = form.start.len().min(input.len());
    if input[..shared] != form.start[..shared] {
        return Fit::No;
    }
    if shared < form.start.len() {
        return Fit::Short(form.start.len());
    }
    match form.length {
        Some(length) => {
            let Some(told) = input.get(length.at) else {
                return Fit::Short(length.at + 1);
            };
            let total = usize::from(*told) + length.add;
            let room = form.start.len() + 1 + form.end.len();
            if !(length.low..=length.high).contains(told) || total < room || total > form.max {
                return Fit::No;
            }
            match input.get(..total) {
                None if last => Fit::No,
                None => Fit::Short(total),
                Some(frame) if frame.ends_with(&form.end) => Fit::Frame(total),
                Some(_) => Fit::No,
            }
        }
        None => delimited(form, input, last),
    }
}

fn delimited(form: &Form, input: &[u8], last: bool) -> Fit {
    let after = form.start.len();
    let tail = form
        .checksum
        .as_ref()
        .filter(|c| c.after_end)
        .map_or(0, digits);
    let window = &input[..input.len().min(form.max)];
    let mut at = after;
    while at < window.len() {
        let rest = &window[at..];
        if let Some((escape, _)) = form.escape
            && rest[0] == escape
        {
            at += 2;
            continue;
        }
        if rest.starts_with(&form.end) {
            let total = at + form.end.len() + tail;
            return if total > form.max {
                Fit::No
            } else if total <= input.len() {
                Fit::Frame(total)
            } else {
                Fit::Short(total)
            };
        }
        // Another frame begins, or bytes that no line of text holds (half of an end is one of them,
        // unless the other half may still come).
        let foreign = if after > 0 {
            rest.starts_with(&form.start)
        } else {
            !(0x20..0x7F).contains(&rest[0])
                && rest[0] != b'\t'
                && !form
                    .end
                    .starts_with(&rest[..rest.len().min(form.end.len())])
        };
        if foreign {
            return Fit::No;
        }
        at += 1;
    }
    if input.len() >= form.max || last {
        Fit::No
    } else {
        Fit::Short(input.len() + 1)
    }
}

/// Bytes that a check sum takes, its separator included.
fn digits(checksum: &Checksum) -> usize {
    checksum.separator.len() + checksum.kind.width() * if checksum.hex { 2 } else { 1 }
}

/// The content of a frame, and whether its check sum fits (`None`: it has none).
pub fn open<'f>(form: &Form, frame: &'f [u8]) -> (Cow<'f, [u8]>, Option<bool>) {
    let head = form
        .length
        .map_or(form.start.len(), |l| form.start.len().max(l.at + 1));
    let (mut body, mut fits) = (frame, None);
    if let Some(sum) = &form.checksum {
        let width = digits(sum);
        let after = if sum.after_end { 0 } else { form.end.len() };
        let at = frame.len().saturating_sub(width + after);
        let told = frame.get(at..at + width).unwrap_or_default();
        let from = if sum.whole { 0 } else { head };
        // With the check sum after the end byte, the end byte is summed too.
        let summed = frame.get(from..at).unwrap_or_default();
        fits = Some(matches(sum, summed, told));
        body = &frame[..at];
        if sum.after_end {
            body = body.strip_suffix(&form.end[..]).unwrap_or(body);
        }
    } else {
        body = body.strip_suffix(&form.end[..]).unwrap_or(body);
    }
    let body = body.get(head..).unwrap_or_default();
    match form.escape {
        Some((escape, flip)) if body.contains(&escape) => (unescape(body, escape, flip), fits),
        _ => (Cow::Borrowed(body), fits),
    }
}

fn unescape(body: &[u8], escape: u8, flip: u8) -> Cow<'static, [u8]> {
    let mut plain = Vec::with_capacity(body.len());
    let mut bytes = body.iter();
    while let Some(byte) = bytes.next() {
        match bytes.as_slice().first() {
            Some(next) if *byte == escape => {
                plain.push(next ^ flip);
                bytes.next();
            }
            _ => plain.push(*byte),
        }
    }
    Cow::Owned(plain)
}

fn matches(sum: &Checksum, summed: &[u8], told: &[u8]) -> bool {
    let Some(told) = told.strip_prefix(&sum.separator[..]) else {
        return false;
    };
    let right = match sum.kind {
        Sum::Sum8 => u32::from(sum8(summed)),
        Sum::Complement8 => u32::from(0xFF - sum8(summed)),
        Sum::Xor8 => u32::from(xor8(summed)),
        Sum::Crc16CcittFalse => u32::from(crc16_ccitt_false(summed)),
        Sum::Crc16Xmodem => u32::from(crc16_xmodem(summed)),
    };
    let told = if sum.hex {
        hex(told)
    } else {
        Some(told.iter().fold(0, |n, b| n << 8 | u32::from(*b)))
    };
    told == Some(right)
}
