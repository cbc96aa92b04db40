//! Check sums of serial protocols. None of them protects against intent: anybody can compute them.

/// CRC-16/CCITT-FALSE: polynomial 1021, start FFFF, not reflected.
pub fn crc16_ccitt_false(bytes: &[u8]) -> u16 {
    crc16(0xFFFF, bytes)
}

/// CRC-16/XMODEM: polynomial 1021, start 0000, not reflected.
pub fn crc16_xmodem(bytes: &[u8]) -> u16 {
    crc16(0x0000, bytes)
}

/// Sum of all bytes, low 8 bits.
pub fn sum8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, b| sum.wrapping_add(*b))
}

/// Exclusive or of all bytes.
pub fn xor8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |x, b| x ^ b)
}

/// Reads upper-case hexadecimal digits (at most 8), as devices print check sums.
pub fn hex(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    digits.iter().try_fold(0u32, |n, d| {
        let digit = match d {
            b'0'..=b'9' => d - b'0',
            b'A'..=b'F' => d - b'A' + 10,
            _ => return None,
        };
        Some(n << 4 | u32::from(digit))
    })
}

fn crc16(start: u16, bytes: &[u8]) -> u16 {
    bytes.iter().fold(start, |crc, b| {
        CRC_1021[usize::from((crc >> 8) as u8 ^ b)] ^ crc << 8
    })
}

const CRC_1021: [u16; 256] = {
    let mut table = [0u16; 256];
    let mut at = 0;
    while at < 256 {
        let mut crc = (at as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 != 0 {
                crc << 1 ^ 0x1021
            } else {
                crc << 1
            };
            bit += 1;
        }
        table[at] = crc;
        at += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_case_and_overlong_digits_are_no_check_sum() {
        assert_eq!(hex(b"3cc1"), None);
        assert_eq!(hex(b""), None);
        assert_eq!(hex(b"123456789"), None);
        assert_eq!(hex(b"3CC1"), Some(0x3CC1));
    }

    #[test]
    fn published_check_values() {
        // The usual check input of CRC catalogues.
        assert_eq!(crc16_ccitt_false(b"123456789"), 0x29B1);
        assert_eq!(crc16_xmodem(b"123456789"), 0x31C3);
        assert_eq!(sum8(b"\x1bQ"), 0x6C);
        assert_eq!(xor8(b"RCTY"), 0x1C);
    }
}
