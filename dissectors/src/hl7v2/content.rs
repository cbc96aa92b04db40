//! A look over all bytes of a message: which classes of bytes occur, and content that belongs to
//! no message (SQL, script, paths, format strings).

use memchr::memmem;

/// Classes of bytes that occur in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Classes {
    /// Bytes above 7F.
    pub high: bool,
    /// Control bytes other than CR, LF and TAB.
    pub control: bool,
    /// The ISO 2022 escape byte 1B.
    pub shift: bool,
    /// The usual escape character `\`, or any other that the message declares.
    pub escape: bool,
    pub quote: bool,
}

/// Bytes looked at together: the width of a vector register.
const LANES: usize = 16;

impl Classes {
    /// One pass without branches, many bytes at once.
    pub fn of(text: &[u8], escape: u8) -> Self {
        let mut seen = Lanes::default();
        let (chunks, rest) = text.as_chunks::<LANES>();
        for chunk in chunks {
            seen.look(chunk, escape);
        }
        let mut last = [b' '; LANES];
        last[..rest.len()].copy_from_slice(rest);
        seen.look(&last, escape);
        let any = |lanes: [u8; LANES]| lanes.iter().fold(0, |a, b| a | b) != 0;
        Classes {
            high: any(seen.all) && seen.all.iter().any(|b| b & 0x80 != 0),
            control: any(seen.control),
            shift: any(seen.control) && text.contains(&0x1B),
            escape: any(seen.escape) && text.contains(&escape) && escape != 0,
            quote: any(seen.quote),
        }
    }
}

#[derive(Default)]
struct Lanes {
    all: [u8; LANES],
    control: [u8; LANES],
    escape: [u8; LANES],
    quote: [u8; LANES],
}

impl Lanes {
    fn look(&mut self, bytes: &[u8; LANES], escape: u8) {
        for (n, &b) in bytes.iter().enumerate() {
            self.all[n] |= b;
            // CR, LF and TAB are text here.
            let plain = u8::from(b >= 0x20)
                | u8::from(b == b'\r')
                | u8::from(b == b'\n')
                | u8::from(b == b'\t');
            self.control[n] |= (plain ^ 1) | u8::from(b == 0x7F);
            self.escape[n] |= u8::from(b == escape);
            self.quote[n] |= u8::from(b == b'"');
        }
    }
}

/// Offset of the first control byte that [`Classes::control`] told of.
pub(super) fn first_control(text: &[u8]) -> Option<usize> {
    text.iter()
        .position(|b| (*b < 0x20 && !matches!(b, b'\r' | b'\n' | b'\t')) || *b == 0x7F)
}

/// Calls `found` with the name of each kind of content that no message should hold.
pub(super) fn suspicious(text: &[u8], mut found: impl FnMut(&'static [u8])) {
    // Most messages hold none of the bytes that such content begins with.
    let mut signs = Signs::default();
    let (chunks, rest) = text.as_chunks::<LANES>();
    for chunk in chunks {
        signs.look(chunk);
    }
    let mut last = [b' '; LANES];
    last[..rest.len()].copy_from_slice(rest);
    signs.look(&last);
    let any = |lanes: [u8; LANES]| lanes.iter().fold(0, |a, b| a | b) != 0;
    if any(signs.quote) && sql(text) {
        found(b"sql");
    }
    if any(signs.angle) && script(text) {
        found(b"script");
    }
    if any(signs.slash) && climbs(text) {
        found(b"path");
    }
    if any(signs.percent) && format_run(text) {
        found(b"format");
    }
    if any(signs.dollar) {
        if has(text, b"$(") || backticks(text) {
            found(b"command");
        }
        if has(text, b"${") {
            found(b"expression");
        }
    }
}

/// Bytes that suspicious content begins with.
#[derive(Default)]
struct Signs {
    quote: [u8; LANES],
    angle: [u8; LANES],
    slash: [u8; LANES],
    percent: [u8; LANES],
    dollar: [u8; LANES],
}

impl Signs {
    fn look(&mut self, bytes: &[u8; LANES]) {
        for (n, &b) in bytes.iter().enumerate() {
            self.quote[n] |= u8::from(b == b'\'') | u8::from(b == b';');
            self.angle[n] |= u8::from(b == b'<');
            self.slash[n] |= u8::from(b == b'/') | u8::from(b == b'\\');
            self.percent[n] |= u8::from(b == b'%');
            self.dollar[n] |= u8::from(b == b'$') | u8::from(b == b'`');
        }
    }
}

/// `../` or `..\`
fn climbs(text: &[u8]) -> bool {
    memchr::memchr2_iter(b'/', b'\\', text).any(|at| text[..at].ends_with(b".."))
}

/// A statement or a condition where a quote or a semicolon ends the value before it.
fn sql(text: &[u8]) -> bool {
    const STATEMENTS: [&[u8]; 7] = [
        b"DROP TABLE ",
        b"DROP DATABASE ",
        b"UNION ",
        b"INSERT INTO ",
        b"DELETE FROM ",
        b"EXEC XP_",
        b"XP_CMDSHELL",
    ];
    memchr::memchr2_iter(b'\'', b';', text).any(|at| {
        let rest = &text[at + 1..];
        if rest.starts_with(b"--") {
            return true;
        }
        let skip = rest
            .iter()
            .position(|b| !b.is_ascii_whitespace() && *b != b')')
            .unwrap_or(rest.len());
        let word = &rest[skip..];
        // `' OR 1=1`, but not the name D'OR.
        let condition = text[at] == b'\''
            && (starts(word, b"OR ") || starts(word, b"AND "))
            && word[..word.len().min(24)].contains(&b'=');
        // `union of` is English, `UNION SELECT` is not.
        condition
            || STATEMENTS
                .iter()
                .any(|s| starts(word, s) && (*s != b"UNION " || has_select(word)))
    })
}

fn has_select(union: &[u8]) -> bool {
    let rest = union[6..].trim_ascii_start();
    starts(rest, b"SELECT") || starts(rest, b"ALL SELECT")
}

fn script(text: &[u8]) -> bool {
    const TAGS: [&[u8]; 7] = [
        b"<script",
        b"<iframe",
        b"<img ",
        b"<svg",
        b"<!ENTITY",
        b"<!DOCTYPE",
        b"<?php",
    ];
    memchr::memchr_iter(b'<', text).any(|at| TAGS.iter().any(|t| starts(&text[at..], t)))
}

/// `%n`, or two of `%s %x %p %d` close to each other: one alone may be a percentage.
fn format_run(text: &[u8]) -> bool {
    let mut last: Option<usize> = None;
    for at in memchr::memchr_iter(b'%', text) {
        let ends_word = text.get(at + 2).is_none_or(|b| !b.is_ascii_lowercase());
        match text.get(at + 1) {
            Some(b'n') if ends_word || text.get(at + 2) == Some(&b'%') => return true,
            Some(b's' | b'x' | b'p' | b'd') if ends_word => {
                if last.is_some_and(|l| at - l <= 4) {
                    return true;
                }
                last = Some(at);
            }
            _ => {}
        }
    }
    false
}

/// A pair of backticks in one line.
fn backticks(text: &[u8]) -> bool {
    let mut lines = text.split(|b| *b == b'\r');
    lines.any(|line| memchr::memchr_iter(b'`', line).count() >= 2)
}

fn has(text: &[u8], needle: &[u8]) -> bool {
    memmem::find(text, needle).is_some()
}

fn starts(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len())
        .is_some_and(|t| t.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &[u8]) -> Vec<&'static [u8]> {
        let mut all = Vec::new();
        suspicious(text, |n| all.push(n));
        all
    }

    #[test]
    fn ordinary_text_is_not_suspicious() {
        for text in [
            &b"PID|1||T9||O'BRIEN^ANN"[..],
            b"NTE|1||sat 98% on 2 L/min; BP 120/80; see union of results",
            b"OBX|1|ST|||50%normal, 5%dextrose, <5 mmol/L, a < b",
            b"OBX|1|ST|||D'OR MARIE; insert catheter into vein",
            b"RXG|1|||$5.00|1.3.6.1.4.1",
            b"NTE|1||wait...",
        ] {
            assert_eq!(
                names(text),
                Vec::<&[u8]>::new(),
                "{}",
                String::from_utf8_lossy(text)
            );
        }
    }

    #[test]
    fn attack_text_is_named() {
        assert_eq!(names(b"PID|||O'; DROP TABLE PATIENTS;--^X"), [b"sql"]);
        assert_eq!(names(b"QPD|Q|1|@PID.5^X' OR '1'='1"), [b"sql"]);
        assert_eq!(names(b"PID||<SCRIPT>alert(1)</script>"), [b"script"]);
        assert_eq!(
            names(b"NTE|1||$(reboot) ../../etc/passwd %n%n%s ${jndi:ldap://a}"),
            [&b"path"[..], b"format", b"command", b"expression"]
        );
    }

    #[test]
    fn classes_are_those_that_occur() {
        let classes = Classes::of(b"MSH|A\rB\nC\tD", b'\\');
        assert_eq!(classes, Classes::default());
        let classes = Classes::of(b"a\x00\x1B\xC3\\\"", b'\\');
        assert!(
            classes.control && classes.shift && classes.high && classes.escape && classes.quote
        );
        assert!(!Classes::of(b"\x00", 0).escape);
        assert_eq!(first_control(b"A\r\n\t\x07"), Some(4));
    }
}
