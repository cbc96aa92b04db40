//! Finding the next head after bytes were lost.

/// How far back from ` HTTP/1.` a request line may begin.
const LONGEST_TARGET: usize = 4096;

const METHODS: [&[u8]; 12] = [
    b"GET",
    b"HEAD",
    b"POST",
    b"PUT",
    b"DELETE",
    b"CONNECT",
    b"OPTIONS",
    b"TRACE",
    b"PATCH",
    b"PROPFIND",
    b"REPORT",
    b"MKCOL",
];

/// Where the next start line begins, looking from `from` on.
pub fn find(input: &[u8], from: usize, response: bool) -> Option<usize> {
    let needle: &[u8] = if response { b"HTTP/1." } else { b" HTTP/1." };
    let mut at = from;
    loop {
        let found = at + memchr::memmem::find(input.get(at..)?, needle)?;
        let after = &input[found + needle.len()..];
        if response {
            if let [b'0' | b'1', b' ', a, b, c, ..] = after
                && a.is_ascii_digit()
                && b.is_ascii_digit()
                && c.is_ascii_digit()
            {
                return Some(found);
            }
        } else if let [b'0' | b'1', b'\r' | b'\n', ..] = after
            && let Some(start) = line_start(&input[found.saturating_sub(LONGEST_TARGET)..found])
        {
            return Some(found.saturating_sub(LONGEST_TARGET) + start);
        }
        at = found + 1;
    }
}

/// Where the next start line of either kind begins: without its start, a conversation does not tell
/// which side asks.
pub fn either(input: &[u8], from: usize) -> Option<usize> {
    match (find(input, from, false), find(input, from, true)) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Where `METHOD target` at the end of `before` starts.
fn line_start(before: &[u8]) -> Option<usize> {
    let space = memchr::memrchr(b' ', before)?;
    let method = &before[..space];
    METHODS
        .iter()
        .filter(|m| method.ends_with(m))
        .map(|m| space - m.len())
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_right_after_a_body_is_found() {
        let input = b"tail of a body}POST /x HTTP/1.1\r\nHost: a\r\n\r\n";
        assert_eq!(find(input, 0, false), Some(15));
        assert_eq!(find(b"junk HTTP/1.1\r\n", 0, false), None);
        assert_eq!(find(b"xxHTTP/1.1 200 OK\r\n", 0, true), Some(2));
        assert_eq!(find(b"see HTTP/1.1 for more", 0, true), None);
    }
}
