//! Requests: four capital letters and CR. Records: name, byte count, field count, STX, fields that
//! end with commas, ETX, CR.

use crate::contract::Side;
use crate::serial::number::decimal;
use crate::serial::signature::Sign;
use crate::serial::{Cut, Role};

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const CR: u8 = b'\r';

/// Names of records.
const RECORDS: [&[u8]; 3] = [b"MISCA", b"MISCF", b"VRPT"];
/// Requests that this protocol alone knows.
const REQUESTS: [&[u8]; 3] = [b"SNDA", b"SNDF", b"VRPT"];

pub fn cut(side: Side, input: &[u8], seen: usize) -> Cut {
    match input.first() {
        Some(b'\r' | b'\n' | 0) => return Cut::Idle(1),
        Some(b'A'..=b'Z' | b'0'..=b'9' | b'-' | b' ' | b'.') => {}
        _ => {
            let next = input
                .iter()
                .position(|b| b.is_ascii_uppercase() || *b == CR);
            return Cut::Noise(next.unwrap_or(input.len()).max(1));
        }
    }
    let from = seen.min(input.len().saturating_sub(1));
    let text = |b: u8| (0x20..0x7F).contains(&b) || matches!(b, STX | ETX | b'\t' | b'\n');
    for (at, byte) in input.iter().enumerate().skip(from) {
        match *byte {
            CR => return Cut::Frame(at + 1),
            b if !text(b) => return Cut::Noise(at.max(1)),
            _ => {}
        }
    }
    if side == Side::Client && input.len() > 64 {
        return Cut::Noise(input.len());
    }
    Cut::Short(input.len() + 1)
}

/// Requests come from the host, records and breaths from the ventilator.
pub fn role(input: &[u8]) -> Option<Role> {
    let end = input.iter().position(|b| *b == CR)?;
    let line = input[..end].trim_ascii();
    if REQUESTS.contains(&line) || line == b"RSET" {
        Some(Role::Host)
    } else if record(&input[..=end]).is_some() || line.starts_with(b"BS,") || line == b"BE" {
        Some(Role::Device)
    } else {
        None
    }
}

/// A record taken apart.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    pub name: &'a [u8],
    /// The fields, with their commas.
    pub fields: &'a [u8],
    pub bytes_fit: bool,
    pub count_fits: bool,
}

pub fn record(frame: &[u8]) -> Option<Record<'_>> {
    let at = frame.iter().position(|b| *b == STX)?;
    let mut head = frame[..at].split(|b| *b == b',');
    let (name, bytes, count) = (head.next()?, head.next()?, head.next()?);
    if !RECORDS.contains(&name) {
        return None;
    }
    let rest = &frame[at + 1..];
    let fields = &rest[..rest.iter().position(|b| *b == ETX)?];
    let commas = fields.iter().filter(|b| **b == b',').count();
    let told = |text: &[u8], found: usize| decimal(text) == Some(found as f64);
    Some(Record {
        name,
        fields,
        bytes_fit: told(bytes, fields.len()),
        count_fits: told(count, commas),
    })
}

pub fn sign(frame: &[u8]) -> Sign {
    let line = frame.trim_ascii();
    if REQUESTS.contains(&line) {
        return Sign::Fits(1);
    }
    if line == b"RSET" {
        return Sign::Neutral;
    }
    match record(frame) {
        Some(record) if record.bytes_fit || record.count_fits => Sign::Fits(2),
        Some(_) => Sign::Broken,
        None => Sign::Foreign,
    }
}
