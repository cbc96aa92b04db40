//! Cutting ER7 text: message into segments, segment into fields, field into its parts.

use memchr::{memchr, memchr2};

pub(super) use super::cut::{Ends, Marks, Segment, cut};
use super::delimiters::Delimiters;

/// Walks over the segments of a text. A CR always ends one; a LF only where a segment id and
/// the field separator, or nothing, follows: inside a field of formatted text it is data.
pub(super) struct Walk<'a> {
    text: &'a [u8],
    at: usize,
    field: u8,
    lf: bool,
    crlf: bool,
}

impl<'a> Walk<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        Walk {
            text,
            at: 0,
            field: text.get(3).copied().unwrap_or(b'|'),
            lf: false,
            crlf: false,
        }
    }

    /// Start and end of the next segment that is not empty.
    pub fn next_segment(&mut self) -> Option<(usize, usize)> {
        loop {
            let start = self.at;
            let left = self.text.get(start..).filter(|t| !t.is_empty())?;
            if is_header(left) {
                self.field = left[3];
            }
            let end = self.end(start);
            if end > start {
                return Some((start, end));
            }
        }
    }

    fn end(&mut self, start: usize) -> usize {
        let mut from = start;
        loop {
            let Some(found) = memchr2(b'\r', b'\n', &self.text[from..]) else {
                self.at = self.text.len();
                return self.at;
            };
            let at = from + found;
            if self.text[at] == b'\r' {
                let lf = self.text.get(at + 1) == Some(&b'\n');
                self.crlf |= lf;
                self.at = at + 1 + usize::from(lf);
                return at;
            }
            let after = &self.text[at + 1..];
            let follows = after.len() >= 4
                && is_segment_id(&after[..3])
                && (after[3] == self.field || is_header(after));
            if follows || after.is_empty() || at == start {
                self.lf = true;
                self.at = at + 1;
                return at;
            }
            from = at + 1;
        }
    }
}

/// `[A-Z][A-Z0-9]{2}`
pub(super) fn is_segment_id(id: &[u8]) -> bool {
    matches!(id, [a, b, c] if a.is_ascii_uppercase()
        && (b.is_ascii_uppercase() || b.is_ascii_digit())
        && (c.is_ascii_uppercase() || c.is_ascii_digit()))
}

/// MSH, FHS or BHS with a separator behind it.
pub(super) fn is_header(text: &[u8]) -> bool {
    let ([b'M', b'S', b'H', separator, ..]
    | [b'F', b'H', b'S', separator, ..]
    | [b'B', b'H', b'S', separator, ..]) = text
    else {
        return false;
    };
    !separator.is_ascii_alphanumeric() && *separator >= 0x20
}

/// A segment cut into fields.
pub(super) struct Fields<'a> {
    text: &'a [u8],
    separator: u8,
    /// 1 for MSH, FHS and BHS, whose first field is the separator itself.
    shift: usize,
    /// Where the separators stand, and from where that counts. `None`: they are searched for.
    marks: Option<(&'a [u32], u32)>,
}

impl<'a> Fields<'a> {
    /// A segment by itself: each field is searched for.
    pub fn of(segment: &'a [u8], separator: u8) -> Self {
        Fields {
            text: segment,
            separator,
            shift: usize::from(is_header(segment)),
            marks: None,
        }
    }

    /// A segment of a text that was cut.
    #[inline]
    pub fn cut(segment: &Segment, text: &'a [u8], marks: &'a Marks, separator: u8) -> Self {
        let of = segment.of(text);
        Fields {
            text: of,
            separator,
            shift: usize::from(is_header(of)),
            marks: marks.of(segment, separator).map(|m| (m, segment.start)),
        }
    }

    /// It stands for an MSH, whatever its id.
    pub fn into_header(self) -> Self {
        Fields { shift: 1, ..self }
    }

    /// No fields at all.
    pub fn none() -> Self {
        Fields {
            text: b"",
            separator: 0,
            shift: 1,
            marks: Some((&[], 0)),
        }
    }

    /// The whole segment.
    pub fn text(&self) -> &'a [u8] {
        self.text
    }

    /// The field with this number, empty if it is not there. MSH-1 is the separator.
    #[inline]
    pub fn get(&self, number: usize) -> &'a [u8] {
        if self.shift == 1 && number == 1 {
            return self.text.get(3..4).unwrap_or_default();
        }
        let index = number.saturating_sub(self.shift);
        let Some((marks, base)) = self.marks else {
            return nth(self.text, self.separator, index);
        };
        let start = match index.checked_sub(1).map(|before| marks.get(before)) {
            None => 0,
            Some(Some(mark)) => (mark - base) as usize + 1,
            Some(None) => return b"",
        };
        let end = marks
            .get(index)
            .map_or(self.text.len(), |mark| (mark - base) as usize);
        self.text.get(start..end).unwrap_or_default()
    }
}

/// The part with this index (from 0) between separators; empty if there is none. Parts are short:
/// a plain loop is quicker than a call of a search.
pub(super) fn nth(text: &[u8], separator: u8, index: usize) -> &[u8] {
    if separator == 0 {
        return if index == 0 { text } else { b"" };
    }
    let mut rest = text;
    for _ in 0..index {
        match rest.iter().position(|b| *b == separator) {
            Some(at) => rest = &rest[at + 1..],
            None => return b"",
        }
    }
    &rest[..rest
        .iter()
        .position(|b| *b == separator)
        .unwrap_or(rest.len())]
}

/// All parts between separators. At least one.
pub(super) fn parts(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = (separator != 0).then(|| memchr(separator, text)).flatten();
        rest = end.map(|at| &text[at + 1..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

impl Delimiters {
    /// Component `n` (from 1) of the first repetition, without its further subcomponents.
    pub fn component<'a>(&self, field: &'a [u8], n: usize) -> &'a [u8] {
        if n == 1 {
            if *self == Delimiters::USUAL {
                let ends = |b: &u8| matches!(*b, b'^' | b'~' | b'&');
                return &field[..field.iter().position(ends).unwrap_or(field.len())];
            }
            // A delimiter that was not declared is 0, which separates nothing.
            let ends = |b: &u8| {
                (*b == self.component || *b == self.repetition || *b == self.subcomponent)
                    && *b != 0
            };
            return &field[..field.iter().position(ends).unwrap_or(field.len())];
        }
        let first = nth(field, self.repetition, 0);
        nth(nth(first, self.component, n - 1), self.subcomponent, 0)
    }

    /// The first three components of the first repetition, as they stand.
    pub fn first_three<'a>(&self, field: &'a [u8]) -> [&'a [u8]; 3] {
        let mut found: [&[u8]; 3] = [b""; 3];
        let mut start = 0;
        let mut n = 0;
        for (at, b) in field.iter().enumerate() {
            if *b == self.component && *b != 0 {
                found[n] = &field[start..at];
                start = at + 1;
                n += 1;
                if n == 3 {
                    return found;
                }
            } else if *b == self.repetition && *b != 0 {
                found[n] = &field[start..at];
                return found;
            }
        }
        found[n] = &field[start..];
        found
    }

    /// Repetitions of a field.
    pub fn repetitions<'a>(&self, field: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        parts(field, self.repetition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &[u8]) -> (Vec<&[u8]>, Ends) {
        let mut segments = Vec::new();
        let ends = cut(text, 100, &mut segments, &mut Marks::default());
        (segments.iter().map(|s| s.of(text)).collect(), ends)
    }

    #[test]
    fn line_feed_inside_a_field_is_data() {
        let (segments, ends) = ids(b"MSH|^~\\&|A\rNTE|1||line one\nline two\rNTE|2\n");
        assert_eq!(
            segments,
            [&b"MSH|^~\\&|A"[..], b"NTE|1||line one\nline two", b"NTE|2"]
        );
        assert!(ends.lf && !ends.crlf);
    }

    /// Texts of a few telling pieces, in every mixture.
    fn mixtures(mut seen: impl FnMut(&[u8])) {
        const PIECES: [&[u8]; 12] = [
            b"MSH|^~\\&|",
            b"MSH#^~\\&#",
            b"PID|1||",
            b"OBX#2#",
            b"ADD|",
            b"\r",
            b"\n",
            b"\r\n",
            b"|",
            b"#",
            b"text",
            b"",
        ];
        let mut x = 1u64;
        for _ in 0..20_000 {
            let mut text = Vec::new();
            for _ in 0..8 {
                x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                text.extend_from_slice(PIECES[(x >> 33) as usize % PIECES.len()]);
            }
            seen(&text);
        }
    }

    #[test]
    fn one_pass_cuts_as_the_walk_does() {
        mixtures(|text| {
            let mut walk = Walk::new(text);
            let mut expected = Vec::new();
            while let Some(place) = walk.next_segment() {
                expected.push(place);
            }
            let mut segments = Vec::new();
            let ends = cut(text, 100, &mut segments, &mut Marks::default());
            let found: Vec<_> = segments
                .iter()
                .map(|s| (s.start as usize, s.end as usize))
                .collect();
            let shown = String::from_utf8_lossy(text);
            assert_eq!(found, expected, "{shown:?}");
            assert_eq!((ends.lf, ends.crlf), (walk.lf, walk.crlf), "{shown:?}");
        });
    }

    #[test]
    fn marked_fields_are_those_that_are_searched_for() {
        mixtures(|text| {
            let (mut segments, mut marks) = (Vec::new(), Marks::default());
            cut(text, 100, &mut segments, &mut marks);
            for segment in &segments {
                for separator in [b'|', b'#'] {
                    let marked = Fields::cut(segment, text, &marks, separator);
                    let searched = Fields::of(segment.of(text), separator);
                    for n in 0..12 {
                        assert_eq!(marked.get(n), searched.get(n), "{n} of {:?}", marked.text);
                    }
                }
            }
        });
    }

    #[test]
    fn separators_beyond_the_marks_are_found_too() {
        let mut text = b"MSH|^~\\&|".to_vec();
        text.resize(super::super::cut::MOST_MARKS + 100, b'|');
        text.extend_from_slice(b"\rPID|a|b");
        let (mut segments, mut marks) = (Vec::new(), Marks::default());
        cut(&text, 100, &mut segments, &mut marks);
        let last = segments.last().unwrap();
        assert_eq!(Fields::cut(last, &text, &marks, b'|').get(2), b"b");
    }

    #[test]
    fn segments_may_end_in_cr_lf_or_both() {
        for text in [
            &b"MSH|^~\\&|A\rPID|1\rPV1|1"[..],
            b"MSH|^~\\&|A\nPID|1\nPV1|1\n",
            b"MSH|^~\\&|A\r\nPID|1\r\n\r\nPV1|1\r\n",
        ] {
            assert_eq!(ids(text).0, [&b"MSH|^~\\&|A"[..], b"PID|1", b"PV1|1"]);
        }
    }

    #[test]
    fn segments_beyond_the_limit_are_left_out_and_told() {
        let mut segments = Vec::new();
        let text = b"MSH|^~\\&|\rA01|\rA02|\rA03|";
        let ends = cut(text, 2, &mut segments, &mut Marks::default());
        assert!(ends.overflow);
        assert_eq!(segments.len(), 2);
    }

    #[test]
    fn fields_count_from_the_separator_in_a_header_only() {
        let header = Fields::of(b"MSH|^~\\&|APP|FAC", b'|');
        assert_eq!(header.get(1), b"|");
        assert_eq!(header.get(2), b"^~\\&");
        assert_eq!(header.get(3), b"APP");
        assert_eq!(header.get(4), b"FAC");
        assert_eq!(header.get(5), b"");
        let plain = Fields::of(b"PID|1||T9", b'|');
        assert_eq!(plain.get(0), b"PID");
        assert_eq!(plain.get(1), b"1");
        assert_eq!(plain.get(2), b"");
        assert_eq!(plain.get(3), b"T9");
    }

    #[test]
    fn parts_are_split_by_declared_delimiters_only() {
        let d = Delimiters::USUAL;
        assert_eq!(d.component(b"A&B^C~D^E", 1), b"A");
        assert_eq!(d.component(b"A&B^C~D^E", 2), b"C");
        assert_eq!(d.component(b"A&B^C~D^E", 3), b"");
        assert_eq!(d.repetitions(b"A~B~").count(), 3);
        assert_eq!(d.first_three(b"1^REF^MDC^x"), [&b"1"[..], b"REF", b"MDC"]);
        assert_eq!(d.first_three(b"1^REF~2^B^C"), [&b"1"[..], b"REF", b""]);
        assert_eq!(d.first_three(b""), [&b""[..], b"", b""]);
        let bare = Delimiters {
            repetition: 0,
            subcomponent: 0,
            ..d
        };
        assert_eq!(bare.component(b"a~b&c^d", 1), b"a~b&c");
    }
}
