//! The document's characters: UTF-8 as a rule, UTF-16 and ISO 8859-1 where devices take them.

/// Is this the start of an XML document in UTF-16?
pub fn is_wide_envelope(front: &[u8]) -> bool {
    wide(front).is_some()
}

/// Byte order of a UTF-16 document (big-endian?) and the length of its mark.
fn wide(front: &[u8]) -> Option<(bool, usize)> {
    match front {
        [0xfe, 0xff, 0, b'<', ..] => Some((true, 2)),
        [0xff, 0xfe, b'<', 0, ..] => Some((false, 2)),
        [0, b'<', 0, b'?' | b's' | b'S' | b'E' | b'e', ..] => Some((true, 0)),
        [b'<', 0, b'?' | b's' | b'S' | b'E' | b'e', 0, ..] => Some((false, 0)),
        _ => None,
    }
}

/// The document as text; `room` is used where it is not UTF-8 already. With the fault to be told.
pub fn decode<'a>(body: &'a [u8], room: &'a mut String) -> (&'a str, Option<&'static str>) {
    room.clear();
    if let Some((big, mark)) = wide(body) {
        let units = body[mark..].chunks_exact(2).map(|pair| match big {
            true => u16::from_be_bytes([pair[0], pair[1]]),
            false => u16::from_le_bytes([pair[0], pair[1]]),
        });
        room.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
        return (room, Some("utf-16"));
    }
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    match std::str::from_utf8(body) {
        Ok(text) => (text, None),
        // A cut in the middle of a character is no other character set.
        Err(e) if e.error_len().is_none() => (
            std::str::from_utf8(&body[..e.valid_up_to()]).unwrap_or(""),
            None,
        ),
        Err(_) => {
            room.extend(body.iter().map(|b| char::from(*b)));
            (room, Some("not-utf-8"))
        }
    }
}
