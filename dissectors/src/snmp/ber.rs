//! As much of BER as SNMP uses (RFC 1157 3.2.2): definite lengths, tags of one byte.

pub const INTEGER: u8 = 0x02;
pub const STRING: u8 = 0x04;
pub const OBJECT: u8 = 0x06;
pub const SEQUENCE: u8 = 0x30;

/// Tag, value, and what follows.
pub fn read(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [tag, length, rest @ ..] = bytes else {
        return None;
    };
    let (length, rest) = match length {
        0..=0x7F => (usize::from(*length), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7F))?;
            (digits.iter().fold(0, |n, d| n << 8 | usize::from(*d)), rest)
        }
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((*tag, value, rest))
}

/// The value of this tag, and what follows.
pub fn expect(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, value, rest) = read(bytes)?;
    (found == tag).then_some((value, rest))
}

/// An integer of up to eight bytes, and what follows.
pub fn integer(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (value, rest) = expect(bytes, INTEGER)?;
    let first = *value.first()?;
    if value.len() > 8 {
        return None;
    }
    let sign = if first & 0x80 != 0 { -1 } else { 0 };
    Some((value.iter().fold(sign, |n, d| n << 8 | i64::from(*d)), rest))
}
