//! Chunked transfer coding (RFC 9112 7.1), undone piece by piece.

/// The longest line with a chunk's size that is read: 16 digits and some extensions.
const LONGEST_LINE: usize = 1024;
/// The most bytes of trailer fields.
const MOST_TRAILER: usize = 8 * 1024;

/// Where a walk over chunks stands. Positions count from the first byte of the body on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chunks {
    /// Bytes walked over so far.
    pub at: usize,
    /// Bytes of the current chunk (and its line end) that are still to come.
    left: u64,
    /// After the last chunk: bytes of trailer lines so far.
    trailer: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// The body's last byte was walked over.
    Done,
    /// At least this many bytes of the body are needed in all.
    Need(usize),
    /// There is as much as was wanted.
    Enough,
    /// A size or a line end is wrong, at this position.
    Bad(usize),
}

impl Chunks {
    /// Walks on over `body` (all of it from its first byte), appending data to `plain` until that
    /// holds `want` bytes.
    pub fn walk(&mut self, body: &[u8], plain: &mut Vec<u8>, want: usize) -> Walk {
        loop {
            let rest = body.get(self.at..).unwrap_or(b"");
            if self.left > 0 {
                if rest.is_empty() {
                    let missing = usize::try_from(self.left).unwrap_or(usize::MAX);
                    let room = want.saturating_sub(plain.len()).saturating_add(2);
                    return Walk::Need(self.at.saturating_add(missing.min(room).max(1)));
                }
                let here = rest
                    .len()
                    .min(usize::try_from(self.left).unwrap_or(usize::MAX));
                // The last two bytes of a chunk are its line end.
                let data = usize::try_from(self.left.saturating_sub(2)).unwrap_or(usize::MAX);
                let data = here.min(data);
                for (i, end) in rest[data..here].iter().enumerate() {
                    let nth = 2 - (self.left - (data + i) as u64).min(2);
                    if *end != b"\r\n"[nth as usize] {
                        return Walk::Bad(self.at + data + i);
                    }
                }
                let take = data.min(want.saturating_sub(plain.len()));
                plain.extend_from_slice(&rest[..take]);
                if take < data {
                    self.at += take;
                    self.left -= take as u64;
                    return Walk::Enough;
                }
                self.at += here;
                self.left -= here as u64;
                continue;
            }
            let Some(lf) = memchr::memchr(b'\n', &rest[..rest.len().min(LONGEST_LINE)]) else {
                if rest.len() >= LONGEST_LINE {
                    return Walk::Bad(self.at);
                }
                return Walk::Need(self.at + rest.len() + 1);
            };
            let line = &rest[..lf];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if let Some(bytes) = &mut self.trailer {
                *bytes += lf + 1;
                self.at += lf + 1;
                if line.is_empty() {
                    return Walk::Done;
                }
                if *bytes > MOST_TRAILER {
                    return Walk::Bad(self.at);
                }
                continue;
            }
            match size(line) {
                None => return Walk::Bad(self.at),
                Some(0) => self.trailer = Some(0),
                Some(n) => self.left = n + 2,
            }
            self.at += lf + 1;
        }
    }

    /// How many bytes come before the next line that has to be read: they can be passed over.
    pub fn run(&self) -> u64 {
        self.left
    }

    /// Tells that `n` bytes were passed over.
    pub fn passed(&mut self, n: u64) {
        self.left -= n.min(self.left);
    }

    /// Counts positions anew from here: the bytes before are gone.
    pub fn rebase(&mut self) {
        self.at = 0;
    }
}

/// A chunk's size. Digits and an extension only; no sign, no blank before, nothing over 60 bits.
fn size(line: &[u8]) -> Option<u64> {
    let end = memchr::memchr(b';', line).unwrap_or(line.len());
    let digits = line[..end].trim_ascii_end();
    if digits.is_empty() || digits.len() > 15 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(body: &[u8]) -> (Walk, Vec<u8>, usize) {
        let (mut chunks, mut plain) = (Chunks::default(), Vec::new());
        let walk = chunks.walk(body, &mut plain, 1 << 20);
        (walk, plain, chunks.at)
    }

    #[test]
    fn negative_and_oversized_sizes_are_refused() {
        assert_eq!(whole(b"-5\r\nhello\r\n0\r\n\r\n").0, Walk::Bad(0));
        assert_eq!(whole(b"fffffffffffffffff\r\nx").0, Walk::Bad(0));
        assert_eq!(whole(b"0x5\r\nhello\r\n").0, Walk::Bad(0));
        assert_eq!(whole(b"5\r\nhelloXX").0, Walk::Bad(8));
    }

    #[test]
    fn chunks_with_extension_and_trailer_are_undone() {
        let body = b"5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX: y\r\n\r\nnext";
        assert_eq!(
            whole(body),
            (Walk::Done, b"hello world".to_vec(), body.len() - 4)
        );
    }

    #[test]
    fn byte_by_byte_gives_the_same_data() {
        let body = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
        let (mut chunks, mut plain) = (Chunks::default(), Vec::new());
        for n in 1..=body.len() {
            match chunks.walk(&body[..n], &mut plain, 1 << 20) {
                Walk::Need(m) => assert!(m > n),
                walk => assert_eq!((walk, n), (Walk::Done, body.len())),
            }
        }
        assert_eq!(plain, b"hello world");
    }

    #[test]
    fn a_wanted_front_is_enough() {
        let (mut chunks, mut plain) = (Chunks::default(), Vec::new());
        assert_eq!(
            chunks.walk(b"10\r\n0123456789abcdef\r\n", &mut plain, 4),
            Walk::Enough
        );
        assert_eq!(
            (plain.as_slice(), chunks.at, chunks.run()),
            (&b"0123"[..], 8, 14)
        );
    }
}
