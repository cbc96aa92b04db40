//! Numbers at fixed places in bytes that may be too short, and short texts made without a heap.

use std::fmt;

/// Big-endian u16 at `at`.
pub fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Big-endian u32 at `at`.
pub fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Little-endian u16 at `at`.
pub fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Little-endian u32 at `at`.
pub fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Text in a field that is padded with NUL: what stands before the first NUL, blanks trimmed.
pub fn until_nul(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    bytes[..end].trim_ascii()
}

/// How far `part` lies inside `whole`, of which it is a slice.
pub fn place_in(whole: &[u8], part: &[u8]) -> u64 {
    (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize) as u64
}

/// The first place at or after `from` where `pattern` stands.
pub fn find(bytes: &[u8], pattern: &[u8], from: usize) -> Option<usize> {
    bytes
        .get(from..)?
        .windows(pattern.len().max(1))
        .position(|w| w == pattern)
        .map(|at| at + from)
}

/// A text of at most `N` bytes on the stack. What does not fit is cut off at a character.
pub struct ShortText<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> ShortText<N> {
    pub fn new() -> Self {
        ShortText {
            bytes: [0; N],
            len: 0,
        }
    }

    /// The text that `format_args!` gives.
    pub fn of(args: fmt::Arguments<'_>) -> Self {
        let mut text = Self::new();
        // Writing to it never fails; what does not fit is cut.
        let _ = fmt::Write::write_fmt(&mut text, args);
        text
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Adds a number in decimal digits; what does not fit is cut.
    pub fn push_number(&mut self, number: u32) {
        let mut digits = [0u8; 10];
        let mut at = digits.len();
        let mut left = number;
        loop {
            at -= 1;
            digits[at] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                break;
            }
        }
        digits[at..].iter().for_each(|d| self.push(char::from(*d)));
    }

    pub fn push(&mut self, c: char) {
        let mut utf8 = [0; 4];
        let utf8 = c.encode_utf8(&mut utf8).as_bytes();
        if let Some(room) = self.bytes.get_mut(self.len..self.len + utf8.len()) {
            room.copy_from_slice(utf8);
            self.len += utf8.len();
        }
    }
}

impl<const N: usize> Default for ShortText<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Write for ShortText<N> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        match self.bytes.get_mut(self.len..self.len + s.len()) {
            Some(room) => {
                room.copy_from_slice(s.as_bytes());
                self.len += s.len();
            }
            None => s.chars().for_each(|c| self.push(c)),
        }
        Ok(())
    }
}

/// UTF-16BE up to the first NUL, as UTF-8. A lone surrogate becomes U+FFFD.
pub fn utf16_be<const N: usize>(bytes: &[u8]) -> ShortText<N> {
    let units = bytes
        .chunks_exact(2)
        .map(|c| u16::from_be_bytes([c[0], c[1]]))
        .take_while(|u| *u != 0);
    let mut text = ShortText::new();
    char::decode_utf16(units).for_each(|c| text.push(c.unwrap_or(char::REPLACEMENT_CHARACTER)));
    text
}

/// 8-bit text of an undeclared character set: UTF-8 where it is that, else Latin-1.
pub fn latin1<const N: usize>(bytes: &[u8]) -> ShortText<N> {
    let mut text = ShortText::new();
    match std::str::from_utf8(bytes) {
        Ok(s) => s.chars().for_each(|c| text.push(c)),
        Err(_) => bytes.iter().for_each(|b| text.push(char::from(*b))),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_sticks_out_is_none() {
        assert_eq!(be16(&[1, 2], 1), None);
        assert_eq!(be32(&[1, 2, 3], 0), None);
        assert_eq!(le16(&[], usize::MAX), None);
        assert_eq!(be16(&[0, 1, 2], 1), Some(0x0102));
        assert_eq!(le32(&[1, 0, 0, 0], 0), Some(1));
    }

    #[test]
    fn a_text_too_long_is_cut_at_a_character() {
        let text = ShortText::<4>::of(format_args!("abcé"));
        assert_eq!(text.as_bytes(), b"abc");
    }

    #[test]
    fn utf16_ends_at_nul_and_marks_lone_surrogates() {
        let text = utf16_be::<32>(&[0, b'B', 0xD8, 0, 0, 0, 0, b'X']);
        assert_eq!(text.as_bytes(), "B\u{FFFD}".as_bytes());
    }

    #[test]
    fn eight_bit_text_is_utf8_or_latin1() {
        assert_eq!(latin1::<8>("é".as_bytes()).as_bytes(), "é".as_bytes());
        assert_eq!(latin1::<8>(&[0xE9]).as_bytes(), "é".as_bytes());
    }
}
