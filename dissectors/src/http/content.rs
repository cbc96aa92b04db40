//! Content codings undone: gzip, deflate and LZ4 frames, each to a limit.

use flate2::{Decompress, FlushDecompress, Status};

/// What became of a coded body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// `plain` holds all of it.
    Whole,
    /// The input ended early; `plain` holds what there was.
    Short,
    /// `plain` holds the front up to the limit.
    TooLong,
    /// The bytes are not what the coding says; `plain` holds what came before.
    Bad,
    /// No decoder for this coding.
    Unknown,
}

/// Undoes one content coding. `plain` is overwritten.
pub fn decode(coding: &[u8], body: &[u8], limit: usize, plain: &mut Vec<u8>) -> Decoded {
    plain.clear();
    let is = |name: &str| coding.eq_ignore_ascii_case(name.as_bytes());
    if is("gzip") || is("x-gzip") {
        match gzip_head(body) {
            Some(at) => inflate(&body[at..], false, limit, plain),
            None => Decoded::Bad,
        }
    } else if is("deflate") {
        // RFC 9110 8.4.1.2 means zlib; some send the bare stream.
        let zlib = matches!(body, [a, b, ..] if a & 0x0f == 8 && (u16::from(*a) << 8 | u16::from(*b)) % 31 == 0);
        inflate(body, zlib, limit, plain)
    } else if is("lz4") || is("x-lz4") {
        lz4_frame(body, limit, plain)
    } else {
        Decoded::Unknown
    }
}

fn inflate(body: &[u8], zlib: bool, limit: usize, plain: &mut Vec<u8>) -> Decoded {
    let mut state = Decompress::new(zlib);
    loop {
        let at = usize::try_from(state.total_in()).unwrap_or(usize::MAX);
        let Some(rest) = body.get(at..) else {
            return Decoded::Bad;
        };
        if plain.len() >= limit {
            return Decoded::TooLong;
        }
        // Room grows with what comes out, not with what the input claims.
        let step = plain.len().max(4 * rest.len()).clamp(1024, 256 * 1024);
        plain.reserve(step.min(limit - plain.len()));
        let before = (state.total_in(), plain.len());
        match state.decompress_vec(rest, plain, FlushDecompress::None) {
            Ok(Status::StreamEnd) => {
                let over = plain.len() > limit;
                plain.truncate(limit);
                return if over {
                    Decoded::TooLong
                } else {
                    Decoded::Whole
                };
            }
            Ok(_) if before == (state.total_in(), plain.len()) => return Decoded::Short,
            Ok(_) => {}
            Err(_) => return Decoded::Bad,
        }
    }
}

/// Length of a gzip member's header (RFC 1952 2.3).
fn gzip_head(body: &[u8]) -> Option<usize> {
    let flags = match body {
        [0x1f, 0x8b, 8, flags, ..] => *flags,
        _ => return None,
    };
    let mut at = 10;
    if flags & 4 != 0 {
        let extra = body.get(at..at + 2)?;
        at += 2 + usize::from(u16::from_le_bytes([extra[0], extra[1]]));
    }
    for bit in [8, 16] {
        if flags & bit != 0 {
            at += memchr::memchr(0, body.get(at..)?)? + 1;
        }
    }
    if flags & 2 != 0 {
        at += 2;
    }
    (at <= body.len()).then_some(at)
}

/// LZ4 frame format 1.6.1 (magic 04 22 4D 18). Checksums are not verified: what a receiver without
/// them takes is decoded too.
fn lz4_frame(body: &[u8], limit: usize, plain: &mut Vec<u8>) -> Decoded {
    let [0x04, 0x22, 0x4d, 0x18, flags, _, rest @ ..] = body else {
        return Decoded::Bad;
    };
    if flags >> 6 != 1 {
        return Decoded::Bad;
    }
    let skip = 1 + if flags & 8 != 0 { 8 } else { 0 } + if flags & 1 != 0 { 4 } else { 0 };
    let Some(mut rest) = rest.get(skip..) else {
        return Decoded::Short;
    };
    loop {
        let Some((size, after)) = rest.split_first_chunk::<4>() else {
            return Decoded::Short;
        };
        let size = u32::from_le_bytes(*size);
        if size == 0 {
            return Decoded::Whole;
        }
        let length = (size & 0x7fff_ffff) as usize;
        let Some(block) = after.get(..length) else {
            return Decoded::Short;
        };
        if size >> 31 == 1 {
            plain.extend_from_slice(&block[..length.min(limit.saturating_sub(plain.len()))]);
        } else if lz4_block(block, limit, plain).is_none() {
            return if plain.len() >= limit {
                Decoded::TooLong
            } else {
                Decoded::Bad
            };
        }
        if plain.len() >= limit {
            return Decoded::TooLong;
        }
        let checksum = if flags & 16 != 0 { 4 } else { 0 };
        rest = after.get(length + checksum..).unwrap_or(b"");
    }
}

/// One LZ4 block: runs of literals and back references. `None` if malformed or over the limit.
fn lz4_block(mut block: &[u8], limit: usize, plain: &mut Vec<u8>) -> Option<()> {
    fn long(nibble: usize, block: &mut &[u8]) -> Option<usize> {
        let mut n = nibble;
        if nibble == 15 {
            loop {
                let (byte, rest) = block.split_first()?;
                *block = rest;
                n = n.checked_add(usize::from(*byte))?;
                if *byte != 255 {
                    break;
                }
            }
        }
        Some(n)
    }
    loop {
        let (token, rest) = block.split_first()?;
        block = rest;
        let literals = long(usize::from(token >> 4), &mut block)?;
        if literals > limit.saturating_sub(plain.len()) {
            return None;
        }
        plain.extend_from_slice(block.get(..literals)?);
        block = &block[literals..];
        if block.is_empty() {
            return Some(());
        }
        let (back, rest) = block.split_first_chunk::<2>()?;
        block = rest;
        let back = usize::from(u16::from_le_bytes(*back));
        let count = long(usize::from(token & 15), &mut block)?.checked_add(4)?;
        let from = plain.len().checked_sub(back).filter(|_| back > 0)?;
        if count > limit.saturating_sub(plain.len()) {
            return None;
        }
        if back >= count {
            plain.extend_from_within(from..from + count);
        } else {
            for i in 0..count {
                plain.push(plain[from + i]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garbage_under_gzip_is_bad_and_deflate_bombs_stop_at_the_limit() {
        let mut plain = Vec::new();
        assert_eq!(
            decode(b"gzip", b"not gzip at all", 1000, &mut plain),
            Decoded::Bad
        );
        assert_eq!(decode(b"br", b"x", 1000, &mut plain), Decoded::Unknown);
        let mut packer = flate2::Compress::new(flate2::Compression::best(), true);
        let mut packed = Vec::with_capacity(1 << 20);
        packer
            .compress_vec(
                &vec![b'a'; 1 << 22],
                &mut packed,
                flate2::FlushCompress::Finish,
            )
            .unwrap();
        assert_eq!(
            decode(b"deflate", &packed, 1000, &mut plain),
            Decoded::TooLong
        );
        assert_eq!(plain.len(), 1000);
    }

    #[test]
    fn lz4_back_reference_before_the_start_is_bad() {
        let mut plain = Vec::new();
        let frame = b"\x04\x22\x4d\x18\x60\x40\x82\x05\0\0\0\x10a\x09\x00\x00\0\0\0\0";
        assert_eq!(decode(b"x-lz4", frame, 1000, &mut plain), Decoded::Bad);
        let run = b"\x04\x22\x4d\x18\x60\x40\x82\x06\0\0\0\x14a\x01\x00\x10b\0\0\0\0";
        assert_eq!(decode(b"x-lz4", run, 1000, &mut plain), Decoded::Whole);
        assert_eq!(plain, b"aaaaaaaaab");
    }
}
