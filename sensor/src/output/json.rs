//! Writing JSON text without a tree: an EVE record must cost less than its message's decoding.
//!
//! serde_json took 2 µs for a record of 467 bytes where the whole budget of a message is about
//! 1 µs, hence this writer. Strings come from the wire and are passed through `clean` first.

use std::io::Write;

use super::clean;

/// A JSON object being written into a reused buffer.
pub struct Object<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Object<'a> {
    /// Opens `{`. Close it with [`Self::end`].
    pub fn begin(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Object { out, first: true }
    }

    pub fn end(self) {
        self.out.push(b'}');
    }

    /// Text from the wire, cleaned.
    pub fn wire(&mut self, key: &str, value: &[u8]) {
        self.key(key);
        string(self.out, value);
    }

    /// Text of our own: cleaned all the same, for it may quote the wire.
    pub fn text(&mut self, key: &str, value: &str) {
        self.wire(key, value.as_bytes());
    }

    pub fn integer(&mut self, key: &str, value: i64) {
        self.key(key);
        integer(self.out, value);
    }

    pub fn unsigned(&mut self, key: &str, value: u64) {
        self.key(key);
        self.out
            .extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }

    /// A number; `null` where JSON has none (NaN, infinities).
    pub fn number(&mut self, key: &str, value: f64) {
        self.key(key);
        number(self.out, value);
    }

    pub fn flag(&mut self, key: &str, value: bool) {
        self.key(key);
        self.out
            .extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// Text that is JSON already.
    pub fn raw(&mut self, key: &str, json: &[u8]) {
        self.key(key);
        self.out.extend_from_slice(json);
    }

    /// A member whose value the closure writes (exactly one JSON value).
    pub fn value(&mut self, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.key(key);
        write(self.out);
    }

    pub fn object(&mut self, key: &str) -> Object<'_> {
        self.key(key);
        Object::begin(self.out)
    }

    pub fn array(&mut self, key: &str) -> Array<'_> {
        self.key(key);
        Array::begin(self.out)
    }

    /// Members already rendered as `"key":value,"key":value`.
    pub fn members(&mut self, rendered: &[u8]) {
        if !rendered.is_empty() {
            self.comma();
            self.out.extend_from_slice(rendered);
        }
    }

    fn key(&mut self, key: &str) {
        self.comma();
        self.out.push(b'"');
        // Keys are ours: letters, digits, `_`, `.` and `-`.
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn comma(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
    }
}

/// A JSON array being written.
pub struct Array<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Array<'a> {
    pub fn begin(out: &'a mut Vec<u8>) -> Self {
        out.push(b'[');
        Array { out, first: true }
    }

    pub fn end(self) {
        self.out.push(b']');
    }

    pub fn wire(&mut self, value: &[u8]) {
        self.comma();
        string(self.out, value);
    }

    pub fn unsigned(&mut self, value: u64) {
        self.comma();
        self.out
            .extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }

    /// One element that the closure writes (exactly one JSON value).
    pub fn element(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.comma();
        write(self.out);
    }

    pub fn object(&mut self) -> Object<'_> {
        self.comma();
        Object::begin(self.out)
    }

    fn comma(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
    }
}

/// A JSON string of wire text.
pub fn string(out: &mut Vec<u8>, value: &[u8]) {
    out.push(b'"');
    if value
        .iter()
        .all(|b| (0x20..0x7f).contains(b) && *b != b'"' && *b != b'\\')
    {
        out.extend_from_slice(value);
    } else {
        for c in clean::text(value).bytes() {
            if c == b'"' || c == b'\\' {
                out.push(b'\\');
            }
            out.push(c);
        }
    }
    out.push(b'"');
}

pub fn integer(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

pub fn number(out: &mut Vec<u8>, value: f64) {
    if !value.is_finite() {
        out.extend_from_slice(b"null");
    } else if value.fract() == 0.0 && value.abs() < 1e15 {
        integer(out, value as i64);
    } else {
        // Rust prints the shortest text that reads back as the same number.
        let _ = write!(out, "{value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_wire_text_parses_back_as_its_cleaned_form() {
        for text in [
            &b"plain"[..],
            b"quote \" slash \\ ",
            b"\x1b[2J\r\n",
            "\u{202e}x\u{7f}".as_bytes(),
            b"\xff\xfe",
        ] {
            let mut out = Vec::new();
            let mut object = Object::begin(&mut out);
            object.wire("t", text);
            object.number("n", 0.1);
            object.number("nan", f64::NAN);
            object.integer("i", -3);
            object.end();
            let parsed: serde_json::Value = serde_json::from_slice(&out).expect("valid JSON");
            assert_eq!(parsed["t"], clean::text(text));
            assert_eq!(parsed["n"], 0.1);
            assert!(parsed["nan"].is_null());
            assert!(
                out.iter().all(|b| *b >= 0x20),
                "no control byte in the output"
            );
        }
    }
}
