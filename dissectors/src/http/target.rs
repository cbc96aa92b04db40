//! The request target: what of it may be shown, and what must not.

/// Path segments of one target that are looked at.
const MOST_SEGMENTS: usize = 24;
/// Query parameters of one target that are looked at.
const MOST_PARAMETERS: usize = 32;

/// A request target taken apart (RFC 9112 3.2). Everything is as sent, percent signs included.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub raw: &'a str,
    pub path: &'a str,
    pub query: &'a str,
    segments: [&'a str; MOST_SEGMENTS],
    used: usize,
}

impl<'a> Target<'a> {
    pub fn new(raw: &'a str) -> Self {
        // absolute-form: the path begins after the authority.
        let rest = match raw.find("://") {
            Some(at) if !raw.starts_with('/') && at < 8 => {
                let after = &raw[at + 3..];
                &after[after.find('/').unwrap_or(after.len())..]
            }
            _ => raw,
        };
        let rest = &rest[..rest.find('#').unwrap_or(rest.len())];
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut segments = [""; MOST_SEGMENTS];
        let mut used = 0;
        for (slot, segment) in segments.iter_mut().zip(pieces(path)) {
            *slot = segment;
            used += 1;
        }
        Target {
            raw,
            path,
            query,
            segments,
            used,
        }
    }

    /// The path's segments, empty ones left out.
    pub fn segments(&self) -> &[&'a str] {
        &self.segments[..self.used]
    }

    /// Query parameters as sent.
    pub fn parameters(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        parameters(self.query)
    }

    /// The value of a query parameter.
    pub fn parameter(&self, name: &str) -> Option<&'a str> {
        self.parameters()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v)
    }

    /// Climbs with `..`, plainly or in percent signs (also coded twice)?
    pub fn climbs(&self) -> bool {
        let mut dots = 0;
        let mut bytes = self.path.as_bytes();
        while let Some((first, rest)) = bytes.split_first() {
            let lower = |b: &u8| b.to_ascii_lowercase();
            let (byte, rest) = match (first, rest) {
                (b'%', [b'2', b'5', b'2', c, r @ ..]) if matches!(lower(c), b'e' | b'f') => {
                    (lower(c) - b'e', r)
                }
                (b'%', [b'2', c, r @ ..]) if matches!(lower(c), b'e' | b'f') => {
                    (lower(c) - b'e', r)
                }
                (b'%', [b'5', c, r @ ..]) if lower(c) == b'c' => (1, r),
                (b'.', r) => (0, r),
                (b'/' | b'\\', r) => (1, r),
                (_, r) => (2, r),
            };
            bytes = rest;
            match byte {
                0 => dots += 1,
                1 if dots == 2 => return true,
                1 => dots = 0,
                _ => dots = 3,
            }
        }
        dots == 2
    }

    /// Writes the path with everything that may name somebody replaced by `{id}`. `fixed` names the
    /// segments that a known service proves to be words (bit 0 is the first segment), `ids` those
    /// that it proves to be identifiers.
    pub fn route(&self, ids: u32, fixed: u32, out: &mut Vec<u8>) {
        out.clear();
        if !self.path.starts_with('/') {
            out.extend_from_slice(if self.path == "*" { b"*" } else { b"{target}" });
            return;
        }
        let mut before = "";
        for (i, segment) in self.segments().iter().enumerate() {
            out.push(b'/');
            let named = names_a_person(before);
            if ids >> i & 1 == 0 && (fixed >> i & 1 == 1 || (!named && is_word(segment))) {
                out.extend_from_slice(segment.as_bytes());
            } else {
                out.extend_from_slice(b"{id}");
            }
            before = segment;
        }
        if self.used == MOST_SEGMENTS {
            out.extend_from_slice(b"/...");
        }
        if out.is_empty() {
            out.push(b'/');
        }
    }

    /// Writes the target as sent, but with the values of parameters that hold secrets taken out, and
    /// user and password of an authority. False if there are none: then use `raw`.
    pub fn without_secrets(&self, out: &mut Vec<u8>) -> bool {
        out.clear();
        let secret = self.parameters().any(|(n, _)| is_secret(n));
        let authority = match self.raw.find("://") {
            Some(at) if !self.raw.starts_with('/') => {
                let end = self.raw[at + 3..]
                    .find('/')
                    .map_or(self.raw.len(), |n| at + 3 + n);
                self.raw[at + 3..end]
                    .rfind('@')
                    .map(|n| (at + 3, at + 3 + n))
            }
            _ => None,
        };
        if !secret && authority.is_none() {
            return false;
        }
        let query = self.query.as_ptr() as usize - self.raw.as_ptr() as usize;
        let head = &self.raw[..if self.query.is_empty() {
            self.raw.len()
        } else {
            query
        }];
        match authority {
            Some((from, to)) if to <= head.len() => {
                out.extend_from_slice(&head.as_bytes()[..from]);
                out.extend_from_slice(b"***");
                out.extend_from_slice(&head.as_bytes()[to..]);
            }
            _ => out.extend_from_slice(head.as_bytes()),
        }
        for (i, piece) in self.query.split('&').enumerate() {
            if i > 0 {
                out.push(b'&');
            }
            match piece.split_once('=') {
                Some((name, _)) if is_secret(name) => {
                    out.extend_from_slice(name.as_bytes());
                    out.extend_from_slice(b"=***");
                }
                _ => out.extend_from_slice(piece.as_bytes()),
            }
        }
        true
    }
}

fn pieces(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|s| !s.is_empty())
}

/// Name and value pairs of a query or a form.
pub fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .split('&')
        .filter(|p| !p.is_empty())
        .take(MOST_PARAMETERS)
        .map(|p| p.split_once('=').unwrap_or((p, "")))
}

/// Parameters whose values never enter a batch.
pub fn is_secret(name: &str) -> bool {
    [
        "access_token",
        "token",
        "id_token",
        "refresh_token",
        "client_secret",
        "client_assertion",
        "password",
        "passwd",
        "pwd",
        "pass",
        "secret",
        "api_key",
        "apikey",
        "key",
        "auth",
        "sig",
        "signature",
        "session",
        "sessionid",
        "sid",
        "jwt",
    ]
    .iter()
    .any(|s| name.eq_ignore_ascii_case(s))
        && !name.is_empty()
}

/// After such a segment an identifier stands, even one that looks like a word.
fn names_a_person(segment: &str) -> bool {
    const NOUNS: [&str; 20] = [
        "patient",
        "patients",
        "person",
        "persons",
        "people",
        "user",
        "users",
        "mrn",
        "encounter",
        "encounters",
        "visit",
        "visits",
        "admission",
        "admissions",
        "name",
        "staff",
        "practitioner",
        "practitioners",
        "subject",
        "subjects",
    ];
    NOUNS.iter().any(|n| segment.eq_ignore_ascii_case(n))
}

/// Is this segment, or parameter name, or file name, a word of the interface and nobody's
/// identifier? At most two digits, and letters, dots, dashes, underscores, dollars otherwise.
pub fn is_word(segment: &str) -> bool {
    let mut digits = 0;
    let mut letters = 0;
    for b in segment.bytes() {
        match b {
            b'0'..=b'9' => digits += 1,
            b'a'..=b'z' | b'A'..=b'Z' => letters += 1,
            b'.' | b'-' | b'_' | b'$' => {}
            _ => return false,
        }
    }
    let release = letters <= 2 && digits <= 2 && segment.len() <= 4;
    segment.len() <= 32
        && (digits == 0 || (digits <= 2 && (letters >= 2 || release && letters > 0)))
}

/// Undoes percent signs (and plus signs in queries) for comparing. Borrowed where there are none.
pub fn decoded(value: &str) -> std::borrow::Cow<'_, [u8]> {
    let bytes = value.as_bytes();
    if !bytes.iter().any(|b| matches!(b, b'%' | b'+')) {
        return bytes.into();
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(b) = bytes.get(at) {
        let hex = |n: usize| bytes.get(at + n).and_then(|b| (*b as char).to_digit(16));
        match (b, hex(1), hex(2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (b'+', _, _) => {
                out.push(b' ');
                at += 1;
            }
            _ => {
                out.push(*b);
                at += 1;
            }
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(raw: &str) -> String {
        let mut out = Vec::new();
        Target::new(raw).route(0, 0, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn identifiers_do_not_stand_in_the_route() {
        assert_eq!(route("/fhir/Patient/T90001"), "/fhir/Patient/{id}");
        assert_eq!(route("/fhir/Patient/smith/x"), "/fhir/Patient/{id}/x");
        assert_eq!(route("/app/8213/view.html?name=A"), "/app/{id}/view.html");
        assert_eq!(route("/a/TEST%5EPATIENT"), "/a/{id}");
        assert_eq!(route("http://h:80/v1/r4/config"), "/v1/r4/config");
        assert_eq!(route("user@host"), "{target}");
        assert_eq!(route("/"), "/");
    }

    #[test]
    fn secrets_are_taken_out_of_the_target() {
        let mut out = Vec::new();
        let t = Target::new("http://u:p@h/x?a=1&access_token=abc&b=2");
        assert!(t.without_secrets(&mut out));
        assert_eq!(out, b"http://***@h/x?a=1&access_token=***&b=2");
        assert!(!Target::new("/x?a=1").without_secrets(&mut out));
    }

    #[test]
    fn climbing_is_seen_through_percent_signs() {
        for bad in [
            "/a/../b",
            "/..",
            "/a/%2e%2e/b",
            "/a/..%2fb",
            "/a/%252e%252e%252fb",
            "/a/..%5cb",
        ] {
            assert!(Target::new(bad).climbs(), "{bad}");
        }
        for good in ["/a/b..c/d", "/a/...", "/a.b", "/a/.well-known/x"] {
            assert!(!Target::new(good).climbs(), "{good}");
        }
    }
}
