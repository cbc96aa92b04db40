//! The delimiters that each MSH, FHS and BHS declares for what follows it (HL7 v2 ch. 2, 2.5.4).

/// Delimiters in force. 0 stands for one that was not declared: it separates nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Delimiters {
    pub field: u8,
    pub component: u8,
    pub repetition: u8,
    pub escape: u8,
    pub subcomponent: u8,
    pub truncation: u8,
}

/// What is wrong with a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderFault {
    /// The segment ends before a field separator follows the encoding characters.
    CutShort,
    /// A delimiter is missing, alphanumeric, a control byte, or equals another: two readers may
    /// split such a message differently.
    Delimiters,
}

impl Delimiters {
    pub const USUAL: Delimiters = Delimiters {
        field: b'|',
        component: b'^',
        repetition: b'~',
        escape: b'\\',
        subcomponent: b'&',
        truncation: 0,
    };

    /// Reads them from a header segment (`MSH|^~\&|...`). They are given even where they are at
    /// fault, as far as they go.
    pub fn read(segment: &[u8]) -> (Delimiters, Option<HeaderFault>) {
        // Nearly every header there is.
        if let [_, _, _, b'|', b'^', b'~', b'\\', b'&', b'|', ..] = segment {
            return (Delimiters::USUAL, None);
        }
        let none = Delimiters {
            field: 0,
            component: 0,
            repetition: 0,
            escape: 0,
            subcomponent: 0,
            truncation: 0,
        };
        let Some(&field) = segment.get(3) else {
            return (none, Some(HeaderFault::CutShort));
        };
        let rest = &segment[4..];
        let end = memchr::memchr(field, rest);
        let encoding = &rest[..end.unwrap_or(rest.len())];
        let at = |n: usize| encoding.get(n).copied().unwrap_or(0);
        let read = Delimiters {
            field,
            component: at(0),
            repetition: at(1),
            escape: at(2),
            subcomponent: at(3),
            truncation: at(4),
        };
        let used = &encoding[..encoding.len().min(5)];
        let sound = |b: u8| !b.is_ascii_alphanumeric() && (0x20..0x7F).contains(&b);
        let distinct = used
            .iter()
            .enumerate()
            .all(|(n, b)| *b != field && !used[..n].contains(b));
        if used.is_empty() && end.is_none() {
            (read, Some(HeaderFault::CutShort))
        } else if used.is_empty() || !sound(field) || !used.iter().all(|b| sound(*b)) || !distinct {
            (read, Some(HeaderFault::Delimiters))
        } else if end.is_none() && segment.starts_with(b"MSH") {
            (read, Some(HeaderFault::CutShort))
        } else {
            (read, None)
        }
    }

    /// True if the fields of a header at fault can still be told apart.
    pub fn usable(self) -> bool {
        self.field.is_ascii_punctuation() && self.component != 0 && self.component != self.field
    }

    /// What MSH-2 declared, of any length.
    pub fn encoding(segment: &[u8], field: u8) -> &[u8] {
        let rest = segment.get(4..).unwrap_or_default();
        let end = rest.iter().position(|b| *b == field);
        &rest[..end.unwrap_or(rest.len())]
    }
}

/// True if `text` begins as a header segment does: MSH, FHS or BHS and a byte that separates.
/// `None` if more bytes must be seen to tell.
pub(super) fn begins_header(text: &[u8]) -> Option<bool> {
    if !matches!(text, [] | [b'M' | b'F' | b'B', ..]) {
        return Some(false);
    }
    let id = &text[..text.len().min(3)];
    if ![&b"MSH"[..], b"FHS", b"BHS"]
        .iter()
        .any(|h| h.starts_with(id))
    {
        return Some(false);
    }
    text.get(3)
        .map(|b| !b.is_ascii_alphanumeric() && (0x20..0x7F).contains(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_without_encoding_characters_is_cut_short() {
        for header in [&b"MSH"[..], b"MSH|", b"MSH|^~"] {
            assert_eq!(Delimiters::read(header).1, Some(HeaderFault::CutShort));
        }
    }

    #[test]
    fn equal_alphanumeric_or_missing_delimiters_are_a_fault() {
        for header in [
            &b"MSH||||||EHR|HOSP"[..],
            b"MSHAbcdeAEHRA",
            b"MSH|^&&^|SEND|",
            b"MSH|^&&^##|SEND|",
            b"MSH|^~\\\x01|SEND|",
        ] {
            assert_eq!(Delimiters::read(header).1, Some(HeaderFault::Delimiters));
        }
    }

    #[test]
    fn delimiters_are_those_declared() {
        assert_eq!(
            Delimiters::read(b"MSH|^~\\&|EHR"),
            (Delimiters::USUAL, None)
        );
        let (d, fault) = Delimiters::read(b"MSH$@*?!$EHR");
        assert_eq!(fault, None);
        assert_eq!(
            (d.field, d.component, d.repetition, d.escape, d.subcomponent),
            (b'$', b'@', b'*', b'?', b'!')
        );
        let (d, fault) = Delimiters::read(b"MSH|^|EHR");
        assert_eq!((d.component, d.repetition, fault), (b'^', 0, None));
        assert_eq!(Delimiters::read(b"BHS|^~\\&").1, None);
    }
}
