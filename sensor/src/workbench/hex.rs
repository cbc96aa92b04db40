//! Bytes as people read them.

/// Lines of sixteen: offset, hexadecimal, and characters if `characters`.
pub fn lines(at: u64, bytes: &[u8], characters: bool) -> Vec<String> {
    bytes
        .chunks(16)
        .enumerate()
        .map(|(n, row)| {
            let mut line = format!("{:06x} ", at + 16 * n as u64);
            for byte in row {
                line.push_str(&format!(" {byte:02x}"));
            }
            if characters {
                line.push_str(&"   ".repeat(16 - row.len()));
                line.push_str("  ");
                line.extend(row.iter().map(|b| printable(*b)));
            }
            line
        })
        .collect()
}

/// `02 41 0d` of a few bytes.
pub fn short(bytes: &[u8]) -> String {
    let text: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
    text.join(" ")
}

fn printable(byte: u8) -> char {
    match byte {
        0x20..=0x7e => byte as char,
        _ => '.',
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn escape_byte_is_a_dot_among_the_characters() {
        assert_eq!(
            super::lines(16, b"A\x1b[2J", true),
            [format!("000010  41 1b 5b 32 4a{}  A.[2J", "   ".repeat(11))]
        );
    }
}
