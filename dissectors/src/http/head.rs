//! The head of one message: start line, the header fields that matter, and what is wrong with it.

use httparse::{EMPTY_HEADER, Header, Status};

/// Header fields of one message beyond which the head counts as malformed.
const MOST_FIELDS: usize = 100;

/// Faults of one message, in the order in which they were found. What exceeds the room is dropped:
/// the first ones tell enough.
#[derive(Clone, Copy, Default)]
pub struct Faults {
    list: [(&'static str, u64); 8],
    used: usize,
}

impl Faults {
    pub fn add(&mut self, name: &'static str, at: u64) {
        if self.list[..self.used].iter().all(|(n, _)| *n != name)
            && let Some(slot) = self.list.get_mut(self.used)
        {
            *slot = (name, at);
            self.used += 1;
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.list[..self.used].iter().copied()
    }
}

/// Request line or status line.
#[derive(Clone, Copy)]
pub enum Start<'a> {
    Request { method: &'a str, target: &'a str },
    Response { status: u16, reason: &'a str },
}

/// How long the body is (RFC 9112 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    Nothing,
    Length(u64),
    Chunked,
    UntilClose,
}

/// A head as it lies in the input. Absent fields are empty.
#[derive(Clone, Copy)]
pub struct Head<'a> {
    pub len: usize,
    pub start: Start<'a>,
    pub minor: u8,
    pub host: &'a [u8],
    pub agent: &'a [u8],
    pub server: &'a [u8],
    /// As sent, with parameters.
    pub content_type: &'a [u8],
    pub content_encoding: &'a [u8],
    pub accept: &'a [u8],
    pub authorization: &'a [u8],
    pub api_key: &'a [u8],
    pub cookie: &'a [u8],
    pub override_method: &'a [u8],
    pub upgrade: &'a [u8],
    pub soap_action: &'a [u8],
    pub location: &'a [u8],
    length: Option<u64>,
    chunked: bool,
    pub faults: Faults,
}

/// Where the head that starts at `input` ends, looking from `from` on (bytes before it were looked
/// at). Tolerates lines that end in LF alone, as servers do.
pub fn end(input: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = memchr::memchr(b'\n', input.get(at..)?) {
        at += found + 1;
        match input.get(at..) {
            Some([b'\n', ..]) => return Some(at + 1),
            Some([b'\r', b'\n', ..]) => return Some(at + 2),
            _ => {}
        }
    }
    None
}

/// Reads a whole head (see [`end`]). `base` is the stream offset of `input`.
pub fn read(input: &[u8], response: bool, base: u64) -> Option<Head<'_>> {
    let mut room = [EMPTY_HEADER; MOST_FIELDS];
    let mut head = if response {
        let mut parsed = httparse::Response::new(&mut room);
        let Ok(Status::Complete(len)) = parsed.parse(input) else {
            return None;
        };
        let start = Start::Response {
            status: parsed.code?,
            reason: parsed.reason.unwrap_or(""),
        };
        collect(len, start, parsed.version?, parsed.headers, input, base)
    } else {
        let mut parsed = httparse::Request::new(&mut room);
        let Ok(Status::Complete(len)) = parsed.parse(input) else {
            return None;
        };
        let start = Start::Request {
            method: parsed.method?,
            target: parsed.path?,
        };
        collect(len, start, parsed.version?, parsed.headers, input, base)
    };
    let bare = memchr::memchr_iter(b'\n', &input[..head.len.min(input.len())])
        .find(|at| *at == 0 || input[*at - 1] != b'\r');
    if let Some(at) = bare {
        head.faults.add("bare-lf", base + at as u64);
    }
    Some(head)
}

fn collect<'a>(
    len: usize,
    start: Start<'a>,
    minor: u8,
    fields: &[Header<'a>],
    input: &'a [u8],
    base: u64,
) -> Head<'a> {
    let mut head = Head {
        len,
        start,
        minor,
        host: b"",
        agent: b"",
        server: b"",
        content_type: b"",
        content_encoding: b"",
        accept: b"",
        authorization: b"",
        api_key: b"",
        cookie: b"",
        override_method: b"",
        upgrade: b"",
        soap_action: b"",
        location: b"",
        length: None,
        chunked: false,
        faults: Faults::default(),
    };
    let mut transfer: Option<(&[u8], u64)> = None;
    for field in fields {
        let value = field.value.trim_ascii();
        let at = base + (value.as_ptr() as usize).saturating_sub(input.as_ptr() as usize) as u64;
        let is = |name: &str| field.name.eq_ignore_ascii_case(name);
        match field.name.len() {
            4 if is("host") => {
                if !head.host.is_empty() {
                    head.faults.add("host-repeated", at);
                } else {
                    head.host = value;
                }
            }
            6 if is("server") => head.server = value,
            6 if is("accept") => head.accept = value,
            6 if is("cookie") => head.cookie = value,
            7 if is("upgrade") => head.upgrade = value,
            8 if is("location") => head.location = value,
            7 if is("api-key") => head.api_key = value,
            9 if is("x-api-key") => head.api_key = value,
            // A library for device software spells it with an underscore.
            10 if is("user-agent") || is("user_agent") => head.agent = value,
            10 if is("soapaction") => head.soap_action = unquoted(value),
            10 if is("set-cookie") => head.cookie = value,
            12 if is("content-type") => head.content_type = value,
            12 if is("x-auth-token") => head.api_key = value,
            13 if is("authorization") => head.authorization = value,
            13 if is("x-http-method") => head.override_method = value,
            14 if is("content-length") => match number(value) {
                Some(n) => match head.length {
                    None => head.length = Some(n),
                    Some(m) if m == n => head.faults.add("length-repeated", at),
                    Some(_) => head.faults.add("lengths-differ", at),
                },
                None => head.faults.add("bad-length", at),
            },
            16 if is("content-encoding") => head.content_encoding = value,
            16 if is("content-location") && head.location.is_empty() => head.location = value,
            17 if is("transfer-encoding") => {
                if transfer.is_some() {
                    head.faults.add("bad-transfer-encoding", at);
                }
                transfer = Some((value, at));
            }
            17 if is("x-method-override") => head.override_method = value,
            22 if is("x-http-method-override") => head.override_method = value,
            _ => {}
        }
    }
    if let Some((value, at)) = transfer {
        let last = value.rsplit(|b| *b == b',').next().unwrap_or(b"");
        head.chunked = last.trim_ascii().eq_ignore_ascii_case(b"chunked");
        if !value.eq_ignore_ascii_case(b"chunked") {
            head.faults.add("bad-transfer-encoding", at);
        }
        if head.length.is_some() {
            head.faults.add("length-and-chunked", at);
        }
    }
    head
}

impl<'a> Head<'a> {
    /// How long the body is. `answers` is the method that a response answers, empty if unknown.
    /// Chunked wins over a length, as it does with the device software that was tried
    /// (sdc11073 3.0.0 accepts both and reads chunks).
    pub fn framing(&self, answers: &str) -> Framing {
        if let Start::Response { status, .. } = self.start
            && (answers == "HEAD"
                || answers == "CONNECT" && status < 300
                || status < 200
                || status == 204
                || status == 304)
        {
            return Framing::Nothing;
        }
        match (self.chunked, self.length, self.start) {
            (true, _, _) => Framing::Chunked,
            (_, Some(0), _) => Framing::Nothing,
            (_, Some(n), _) => Framing::Length(n),
            (_, None, Start::Request { .. }) => Framing::Nothing,
            (_, None, Start::Response { .. }) => Framing::UntilClose,
        }
    }

    /// The media type without its parameters.
    pub fn media_type(&self) -> &'a [u8] {
        let end = memchr::memchr(b';', self.content_type).unwrap_or(self.content_type.len());
        self.content_type[..end].trim_ascii()
    }

    /// A parameter of the media type, without quotes.
    pub fn media_parameter(&self, name: &str) -> &'a [u8] {
        parameter(self.content_type, name)
    }

    pub fn is_response(&self) -> bool {
        matches!(self.start, Start::Response { .. })
    }
}

/// The value of `; name=value` in a field's value, without quotes; empty if absent.
pub fn parameter<'a>(value: &'a [u8], name: &str) -> &'a [u8] {
    for piece in value.split(|b| *b == b';').skip(1) {
        let piece = piece.trim_ascii();
        if let Some(eq) = memchr::memchr(b'=', piece)
            && piece[..eq]
                .trim_ascii()
                .eq_ignore_ascii_case(name.as_bytes())
        {
            return unquoted(piece[eq + 1..].trim_ascii());
        }
    }
    b""
}

fn unquoted(value: &[u8]) -> &[u8] {
    value
        .strip_prefix(b"\"")
        .and_then(|v| v.strip_suffix(b"\""))
        .unwrap_or(value)
}

/// Digits only: a sign, a list or a blank is how lengths are smuggled.
fn number(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}
