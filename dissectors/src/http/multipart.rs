//! Multipart bodies (RFC 2046 5.1): where parts begin, and what they are called.

/// The longest head of one part.
pub const LONGEST_PART_HEAD: usize = 4 * 1024;

/// One part. `content` runs to the next boundary, or to the end of what there is.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// Where its boundary line starts.
    pub at: usize,
    pub head: &'a [u8],
    pub content: &'a [u8],
    /// The next boundary was seen.
    pub whole: bool,
}

/// Finds the boundary lines of a body, in order.
pub struct Parts<'a> {
    body: &'a [u8],
    boundary: &'a [u8],
    at: Option<usize>,
    /// The closing boundary was seen.
    pub closed: bool,
}

impl<'a> Parts<'a> {
    pub fn new(body: &'a [u8], boundary: &'a [u8]) -> Self {
        let at = find(body, boundary, 0);
        Parts {
            body,
            boundary,
            at,
            closed: false,
        }
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        let at = self.at?;
        let after = &self.body[at + 2 + self.boundary.len()..];
        if after.starts_with(b"--") {
            self.closed = true;
            self.at = None;
            return None;
        }
        let from = self.body.len() - after.len();
        let next = find(self.body, self.boundary, from);
        self.at = next;
        let end = next.unwrap_or(self.body.len());
        let inside = &self.body[from..end];
        let window = &inside[..inside.len().min(LONGEST_PART_HEAD)];
        let (head, content) = match memchr::memmem::find(window, b"\r\n\r\n") {
            Some(n) => (&inside[..n], &inside[n + 4..]),
            None => (inside, &inside[inside.len()..]),
        };
        Some(Part {
            at,
            head,
            content,
            whole: next.is_some(),
        })
    }
}

/// Where `--boundary` stands at the start of a line, from `from` on.
pub fn find(body: &[u8], boundary: &[u8], from: usize) -> Option<usize> {
    if boundary.is_empty() {
        return None;
    }
    let mut at = from;
    loop {
        let found = at + memchr::memmem::find(body.get(at..)?, boundary)?;
        let starts = found.checked_sub(2).filter(|s| {
            *s >= from && &body[*s..found] == b"--" && (*s == 0 || body[*s - 1] == b'\n')
        });
        if starts.is_some() {
            return starts;
        }
        at = found + 1;
    }
}

/// The file name in a part's head.
pub fn file_name(head: &[u8]) -> &[u8] {
    for line in head.split(|b| *b == b'\n') {
        let line = line.trim_ascii();
        if let Some(colon) = memchr::memchr(b':', line)
            && line[..colon].eq_ignore_ascii_case(b"content-disposition")
        {
            return super::head::parameter(&line[colon + 1..], "filename");
        }
    }
    b""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_inside_a_line_is_content() {
        let body = b"--B\r\nA: b\r\n\r\nxx --B yy\r\n--B\r\n\r\nz\r\n--B--\r\n";
        let mut parts = Parts::new(body, b"B");
        let first = parts.next().unwrap();
        assert_eq!(
            (first.head, first.content),
            (&b"\r\nA: b"[..], &b"xx --B yy\r\n"[..])
        );
        assert!(parts.next().is_some());
        assert!(parts.next().is_none() && parts.closed);
        assert!(Parts::new(body, b"").next().is_none());
    }
}
