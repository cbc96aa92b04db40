//! The Internet checksum (RFC 1071) and what a wrong one means.

/// The sum of the 16-bit words of `bytes`, not yet folded, in the machine's byte order: the
/// ones' complement sum does not care for it as long as all parts are taken alike.
///
/// Halves of 64-bit words are added up apart: 2^32 of them fit, and the compiler makes vector
/// code of it (17 GB/s here on payloads of 380 bytes, against 6 with 32-bit words one by one).
#[inline]
pub(super) fn sum(bytes: &[u8]) -> u64 {
    let (wide, rest) = bytes.as_chunks::<32>();
    let (mut low, mut high) = (0u64, 0u64);
    for chunk in wide {
        for word in chunk.as_chunks::<8>().0 {
            let word = u64::from_ne_bytes(*word);
            low += word & 0xFFFF_FFFF;
            high += word >> 32;
        }
    }
    let (words, rest) = rest.as_chunks::<4>();
    let words: u64 = words
        .iter()
        .map(|w| u64::from(u32::from_ne_bytes(*w)))
        .sum();
    let mut last = [0; 4];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    low + high + words + u64::from(u32::from_ne_bytes(last))
}

/// Folds a sum to 16 bits; 0 only for a sum of nothing.
#[inline]
pub(super) fn fold(mut sum: u64) -> u16 {
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    sum as u16
}

/// A number as the sum sees it when it stands on the wire.
#[inline]
fn word(value: u16) -> u64 {
    u64::from(u16::from_ne_bytes(value.to_be_bytes()))
}

/// How a checksum stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Right,
    /// Left to the network card of the capturing host: zero, or the pseudo-header's sum alone.
    Offloaded,
    Wrong,
}

/// Judges an IPv4 header, options included.
#[inline]
pub(super) fn ipv4_header(header: &[u8]) -> Verdict {
    if fold(sum(header)) == 0xFFFF {
        Verdict::Right
    } else if header.get(10..12) == Some(&[0, 0]) {
        Verdict::Offloaded
    } else {
        Verdict::Wrong
    }
}

/// Judges a whole TCP segment or UDP datagram. The addresses may be IPv4-mapped: the prefix adds
/// 0xFFFF, which is nothing in this sum. `field` is where the checksum stands.
#[inline]
pub(super) fn transport(
    src: &[u8; 16],
    dst: &[u8; 16],
    protocol: u8,
    segment: &[u8],
    field: usize,
) -> Verdict {
    let hosts = sum(src) + sum(dst) + word(u16::from(protocol));
    let pseudo = hosts + word((segment.len() >> 16) as u16) + word(segment.len() as u16);
    if fold(pseudo + sum(segment)) == 0xFFFF {
        return Verdict::Right;
    }
    let Some(found) = segment.get(field..).and_then(|s| s.first_chunk()) else {
        return Verdict::Wrong;
    };
    let found = u16::from_ne_bytes(*found);
    // Cards that cut a large segment themselves get the sum without the length.
    if found == 0 || found == fold(pseudo) || found == fold(hosts) {
        Verdict::Offloaded
    } else {
        Verdict::Wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 1071 3: the words 0001 f203 f4f5 f6f7 sum to ddf2.
    #[test]
    fn sum_is_that_of_the_rfc() {
        let folded = fold(sum(&[0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6, 0xF7]));
        assert_eq!(folded.to_ne_bytes(), [0xDD, 0xF2]);
    }

    #[test]
    fn odd_last_byte_is_padded_with_zero_behind_it() {
        assert_eq!(fold(sum(&[1, 2, 3])).to_ne_bytes(), [4, 2]);
        assert_eq!(fold(sum(&[1, 2, 3, 4, 5])).to_ne_bytes(), [9, 6]);
    }

    #[test]
    fn pseudo_header_sum_alone_is_offloaded_not_wrong() {
        let src = *b"\0\0\0\0\0\0\0\0\0\0\xFF\xFF\x0A\0\0\x01";
        let dst = *b"\0\0\0\0\0\0\0\0\0\0\xFF\xFF\x0A\0\0\x02";
        // 0a00 + 0001 + 0a00 + 0002 + 0011 (UDP) + 000a (length) = 141e
        let datagram = [0x10, 0, 0x20, 0, 0, 10, 0x14, 0x1E, b'h', b'i'];
        assert_eq!(transport(&src, &dst, 17, &datagram, 6), Verdict::Offloaded);
        let mut wrong = datagram;
        wrong[7] = 0x1F;
        assert_eq!(transport(&src, &dst, 17, &wrong, 6), Verdict::Wrong);
        // 141e + 1000 + 2000 + 000a + 6869 = ac91, its complement 536e
        let mut right = datagram;
        right[6..8].copy_from_slice(&[0x53, 0x6E]);
        assert_eq!(transport(&src, &dst, 17, &right, 6), Verdict::Right);
    }
}
