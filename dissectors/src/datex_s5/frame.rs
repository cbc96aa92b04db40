//! Frames: `7E · escaped(record · checksum) · 7E`; 7D is the escape and sets bit 5.

use crate::octets::le16;

pub const FLAG: u8 = 0x7E;
const ESCAPE: u8 = 0x7D;
/// Bytes of a record's header.
pub const HEADER: usize = 40;
/// Longest record that is believed in, header and data.
const LONGEST: usize = 16 * 1024;

/// Bytes of a frame without their escapes.
pub fn unescaped(escaped: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let mut bytes = escaped.iter();
    std::iter::from_fn(move || match *bytes.next()? {
        ESCAPE => Some(bytes.next()? | 0x20),
        byte => Some(byte),
    })
}

/// Splits an unescaped frame into record and checksum; says whether the checksum fits.
pub fn checked(frame: &[u8]) -> Option<(&[u8], bool)> {
    let (checksum, record) = frame.split_last()?;
    let sum = record.iter().fold(0u8, |sum, b| sum.wrapping_add(*b));
    Some((record, sum == *checksum))
}

/// Is what stands between two flags surely a record: checksum, length, main type, and a first
/// subrecord at the start of the data?
pub fn is_record(escaped: &[u8]) -> bool {
    let mut header = [0; HEADER];
    let mut len = 0_usize;
    let mut sum = 0_u8;
    let mut last = 0_u8;
    for byte in unescaped(escaped) {
        if let Some(place) = header.get_mut(len) {
            *place = byte;
        }
        len += 1;
        sum = sum.wrapping_add(last);
        last = byte;
    }
    let length = le16(&header, 0).map(usize::from);
    let main = le16(&header, 14);
    len > HEADER
        && len <= LONGEST
        && sum == last
        && length == Some(len - 1)
        && matches!(main, Some(0 | 1 | 4 | 5 | 8))
        && le16(&header, 16) == Some(0)
}
