//! Escape sequences between two escape characters (HL7 v2 ch. 2, 2.7). They are resolved in leaves
//! only, after all splitting, so that an escaped CR never makes a segment.

use memchr::memchr;

use super::delimiters::Delimiters;
use super::segments::is_segment_id;

/// Appends `leaf` with its escape sequences resolved. What is no sequence stays as it is sent.
pub(super) fn resolve(leaf: &[u8], d: &Delimiters, into: &mut Vec<u8>) {
    let mut rest = leaf;
    while let Some(open) = position(rest, d.escape) {
        into.extend_from_slice(&rest[..open]);
        let inner = &rest[open + 1..];
        let Some(close) = position(inner, d.escape) else {
            into.extend_from_slice(&rest[open..]);
            return;
        };
        if let Some(sequence) = Sequence::read(&inner[..close]) {
            sequence.write(d, into);
            rest = &inner[close + 1..];
        } else {
            // A lone escape character: the next one may open a sequence.
            into.push(d.escape);
            rest = inner;
        }
    }
    into.extend_from_slice(rest);
}

/// What the escape sequences of a message look like, over all its segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Escapes {
    /// Offset of an escaped line break with a segment id and a field separator behind it.
    pub injection: Option<usize>,
    /// Offset of an unknown or lone sequence.
    pub bad: Option<usize>,
}

/// Looks at every escape sequence of `segment`, which begins at `base` of the message.
pub(super) fn inspect(segment: &[u8], base: usize, d: &Delimiters, found: &mut Escapes) {
    let mut at = 0;
    while let Some(open) = position(&segment[at..], d.escape).map(|n| at + n) {
        let inner = &segment[open + 1..];
        // A sequence does not reach over the end of its field.
        let sequence = position(inner, d.escape)
            .filter(|close| !inner[..*close].contains(&d.field))
            .and_then(|close| Some((close, Sequence::read(&inner[..close])?)));
        let Some((close, sequence)) = sequence else {
            found.bad.get_or_insert(base + open);
            at = open + 1;
            continue;
        };
        at = open + 1 + close + 1;
        if sequence.breaks_line() && begins_segment(&segment[at..], d) {
            found.injection.get_or_insert(base + open);
        }
    }
}

/// A segment id with the field separator behind it, plain, or escaped where the segment is one
/// that free text has no reason to quote.
fn begins_segment(text: &[u8], d: &Delimiters) -> bool {
    const TELLING: [&[u8]; 11] = [
        b"MSH", b"PID", b"EVN", b"ORC", b"RXG", b"RXE", b"RXO", b"MRG", b"ECD", b"EQU", b"MSA",
    ];
    let Some(id) = text.get(..3).filter(|id| is_segment_id(id)) else {
        return false;
    };
    let rest = &text[3..];
    rest.first() == Some(&d.field)
        || (TELLING.contains(&id) && rest.starts_with(&[d.escape, b'F', d.escape]))
}

enum Sequence<'a> {
    Field,
    Component,
    Subcomponent,
    Repetition,
    Escape,
    Truncation,
    Hex(&'a [u8]),
    LineBreak,
    Space,
    /// Highlighting, charset switches and layout: nothing to show.
    Silent,
}

impl<'a> Sequence<'a> {
    fn read(inner: &'a [u8]) -> Option<Self> {
        Some(match inner {
            b"F" => Sequence::Field,
            b"S" => Sequence::Component,
            b"T" => Sequence::Subcomponent,
            b"R" => Sequence::Repetition,
            b"E" => Sequence::Escape,
            b"P" => Sequence::Truncation,
            b"H" | b"N" => Sequence::Silent,
            [b'X' | b'x', hex @ ..] => {
                let sound = !hex.is_empty()
                    && hex.len().is_multiple_of(2)
                    && hex.iter().all(u8::is_ascii_hexdigit);
                return sound.then_some(Sequence::Hex(hex));
            }
            [b'C' | b'M', hex @ ..] if !hex.is_empty() && hex.iter().all(u8::is_ascii_hexdigit) => {
                Sequence::Silent
            }
            [b'.', command @ ..] => match command.get(..2)? {
                b"br" | b"BR" | b"sp" | b"ce" => Sequence::LineBreak,
                b"sk" => Sequence::Space,
                b"fi" | b"nf" | b"in" | b"ti" => Sequence::Silent,
                _ => return None,
            },
            _ => return None,
        })
    }

    fn write(&self, d: &Delimiters, into: &mut Vec<u8>) {
        match self {
            Sequence::Field => into.push(d.field),
            Sequence::Component => into.push(d.component),
            Sequence::Subcomponent => into.push(d.subcomponent),
            Sequence::Repetition => into.push(d.repetition),
            Sequence::Escape => into.push(d.escape),
            Sequence::Truncation if d.truncation == 0 => into.push(b'#'),
            Sequence::Truncation => into.push(d.truncation),
            Sequence::Hex(hex) => into.extend(hex_bytes(hex)),
            Sequence::LineBreak => into.push(b'\n'),
            Sequence::Space => into.push(b' '),
            Sequence::Silent => {}
        }
    }

    fn breaks_line(&self) -> bool {
        match self {
            Sequence::LineBreak => true,
            Sequence::Hex(hex) => hex_bytes(hex)
                .last()
                .is_some_and(|b| matches!(b, b'\r' | b'\n')),
            _ => false,
        }
    }
}

fn hex_bytes(hex: &[u8]) -> impl Iterator<Item = u8> {
    let digit = |b: u8| (b as char).to_digit(16).unwrap_or(0) as u8;
    hex.chunks_exact(2)
        .map(move |pair| digit(pair[0]) << 4 | digit(pair[1]))
}

fn position(text: &[u8], escape: u8) -> Option<usize> {
    (escape != 0).then(|| memchr(escape, text)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(leaf: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        resolve(leaf, &Delimiters::USUAL, &mut out);
        out
    }

    fn inspected(segment: &[u8]) -> Escapes {
        let mut found = Escapes::default();
        inspect(segment, 0, &Delimiters::USUAL, &mut found);
        found
    }

    #[test]
    fn lone_and_unknown_sequences_stay_as_sent_and_are_told() {
        for leaf in [&b"50\\% and \\Q\\ end\\"[..], b"\\X4\\ \\ZZZ\\", b"\\"] {
            assert_eq!(resolved(leaf), leaf);
            assert!(inspected(leaf).bad.is_some());
        }
    }

    #[test]
    fn known_sequences_are_resolved() {
        assert_eq!(
            resolved(b"a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f\\X4142\\g\\.br\\h\\H\\i\\N\\"),
            b"a|b^c&d~e\\fABg\nhi"
        );
        assert_eq!(inspected(b"a\\F\\b\\.br\\c\\X0D0A\\d").bad, None);
    }

    #[test]
    fn segment_behind_an_escaped_line_break_is_an_injection() {
        for text in [
            &b"NTE|1||x\\X0D\\RXG|1|||5678"[..],
            b"NTE|1||x\\x0d0a\\PID|1||EVIL",
            b"NTE|1||x\\.br\\ORC\\F\\RE",
        ] {
            assert!(inspected(text).injection.is_some());
        }
    }

    #[test]
    fn line_breaks_in_free_text_are_none() {
        for text in [
            &b"OBX|1|FT|||f\\X0D\\PID\\.br\\line"[..],
            b"OBX|1|FT|||September,\\X0D\\April\\X0A\\June,",
            b"OBX|1|FT|||quoted:\\.br\\OBX\\F\\1\\F\\NM",
        ] {
            assert_eq!(inspected(text).injection, None);
        }
    }
}
