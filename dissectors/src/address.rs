//! Addresses as text, written on the stack: messages carry many, and none is worth an allocation.

use std::fmt::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr};

/// A short text of its own.
#[derive(Clone, Copy)]
pub struct Short {
    bytes: [u8; Short::ROOM],
    len: usize,
}

impl Short {
    /// An address, a prefix length, a list of codes, a DUID of the longest kind but not quite.
    const ROOM: usize = 128;

    /// What the arguments print, up to the room there is.
    pub fn of(what: fmt::Arguments<'_>) -> Self {
        let mut text = Short {
            bytes: [0; Self::ROOM],
            len: 0,
        };
        // Only a lack of room fails.
        let _ = text.write_fmt(what);
        text
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Write for Short {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        let room = Self::ROOM - self.len;
        let part = s.as_bytes().get(..room).unwrap_or(s.as_bytes());
        self.bytes[self.len..self.len + part.len()].copy_from_slice(part);
        self.len += part.len();
        Ok(())
    }
}

/// `02:00:00:aa:bb:cc`.
pub fn mac(a: [u8; 6]) -> Short {
    let [a, b, c, d, e, f] = a;
    Short::of(format_args!(
        "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}"
    ))
}

/// `10.0.0.1`.
pub fn ipv4(a: [u8; 4]) -> Short {
    Short::of(format_args!("{}", Ipv4Addr::from(a)))
}

/// `2001:db8::1`.
pub fn ipv6(a: [u8; 16]) -> Short {
    Short::of(format_args!("{}", Ipv6Addr::from(a)))
}

/// Bytes in hexadecimal, up to the room there is.
pub fn hex(bytes: &[u8]) -> Short {
    let mut text = Short::of(format_args!(""));
    for byte in bytes.iter().take(Short::ROOM / 2) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_room_is_left_out() {
        assert_eq!(hex(&[0xAB; 100]).bytes().len(), 128);
        assert_eq!(ipv6([0xFF; 16]).bytes().len(), 39);
        assert_eq!(
            mac([2, 0, 0, 0xAA, 0xBB, 0xCC]).bytes(),
            b"02:00:00:aa:bb:cc"
        );
    }
}
