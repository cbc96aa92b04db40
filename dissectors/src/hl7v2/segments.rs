//! Cutting ER7 text: message into segments, segment into fields, field into its parts.

use memchr::{memchr, memchr2};

use super::delimiters::Delimiters;

/// A segment's place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub start: u32,
    pub end: u32,
}

impl Segment {
    pub fn of<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        text.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
}

/// What cutting a text into segments came across.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ends {
    pub lf: bool,
    pub crlf: bool,
    /// An ADD segment continues the one before it.
    pub add: bool,
    /// More segments than the limit: the rest was left out.
    pub overflow: bool,
    /// Header segments: MSH, FHS, BHS.
    pub headers: usize,
}

/// Cuts `text` into segments, at most `most`. Empty ones are left out.
pub(super) fn cut(text: &[u8], most: usize, into: &mut Vec<Segment>) -> Ends {
    into.clear();
    let mut ends = Ends::default();
    let mut walk = Walk::new(text);
    while let Some((start, end)) = walk.next_segment() {
        if into.len() >= most {
            ends.overflow = true;
            break;
        }
        let segment = &text[start..end];
        match segment.first() {
            Some(b'A') => ends.add |= segment.starts_with(b"ADD") && !into.is_empty(),
            Some(b'M' | b'F' | b'B') => ends.headers += usize::from(is_header(segment)),
            _ => {}
        }
        into.push(Segment {
            start: start as u32,
            end: end as u32,
        });
    }
    ends.lf = walk.lf;
    ends.crlf = walk.crlf;
    ends
}

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

/// How many separators of a segment are marked at once; further ones are searched for.
const MARKS: usize = 32;

/// A segment cut into fields.
pub(super) struct Fields<'a> {
    text: &'a [u8],
    separator: u8,
    /// 1 for MSH, FHS and BHS, whose first field is the separator itself.
    shift: usize,
    marks: [u32; MARKS],
    count: usize,
}

impl<'a> Fields<'a> {
    pub fn of(segment: &'a [u8], separator: u8) -> Self {
        Fields::shifted(segment, separator, usize::from(is_header(segment)))
    }

    /// A segment that stands for an MSH, whatever its id.
    pub fn of_header(segment: &'a [u8], separator: u8) -> Self {
        Fields::shifted(segment, separator, 1)
    }

    /// The whole segment.
    pub fn text(&self) -> &'a [u8] {
        self.text
    }

    fn shifted(segment: &'a [u8], separator: u8, shift: usize) -> Self {
        let mut fields = Fields {
            text: segment,
            separator,
            shift,
            marks: [0; MARKS],
            count: 0,
        };
        fields.mark();
        fields
    }

    /// Finds separators eight bytes at a time: fields are too short for a search each.
    fn mark(&mut self) {
        const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
        let pattern = u64::from_ne_bytes([self.separator; 8]);
        let (words, rest) = self.text.as_chunks::<8>();
        let mut base = 0u32;
        for word in words {
            let differs = u64::from_le_bytes(*word) ^ pattern;
            // The high bit of each byte that equals the separator, and of no other.
            let mut equal = !(((differs & LOW) + LOW) | differs | LOW);
            while equal != 0 {
                let Some(mark) = self.marks.get_mut(self.count) else {
                    return;
                };
                *mark = base + equal.trailing_zeros() / 8;
                self.count += 1;
                equal &= equal - 1;
            }
            base += 8;
        }
        for byte in rest {
            if *byte == self.separator {
                let Some(mark) = self.marks.get_mut(self.count) else {
                    return;
                };
                *mark = base;
                self.count += 1;
            }
            base += 1;
        }
    }

    /// The field with this number, empty if it is not there. MSH-1 is the separator.
    #[inline]
    pub fn get(&self, number: usize) -> &'a [u8] {
        let index = number.wrapping_sub(self.shift);
        if index != 0
            && index < self.count
            && let (Some(before), Some(behind)) = (self.marks.get(index - 1), self.marks.get(index))
        {
            return &self.text[*before as usize + 1..*behind as usize];
        }
        self.edge(number)
    }

    /// The first and the last field, those behind the marks, and those that are not there.
    fn edge(&self, number: usize) -> &'a [u8] {
        if self.shift == 1 && number == 1 {
            return self.text.get(3..4).unwrap_or_default();
        }
        let index = number - self.shift.min(number);
        if index > self.count && self.count < MARKS {
            return b"";
        }
        let start = match index.checked_sub(1).map(|n| self.marks.get(n)) {
            None => 0,
            Some(Some(mark)) => *mark as usize + 1,
            Some(None) => return self.beyond(index),
        };
        let rest = self.text.get(start..).unwrap_or_default();
        if index == self.count && self.count < MARKS {
            rest
        } else {
            &rest[..memchr(self.separator, rest).unwrap_or(rest.len())]
        }
    }

    /// A field behind the last mark.
    fn beyond(&self, index: usize) -> &'a [u8] {
        let last = self.marks[MARKS - 1] as usize + 1;
        let rest = self.text.get(last..).unwrap_or_default();
        nth(rest, self.separator, index - MARKS)
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
        let ends = cut(text, 100, &mut segments);
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
        let ends = cut(b"MSH|^~\\&|\rA01|\rA02|\rA03|", 2, &mut segments);
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
    fn fields_beyond_the_marks_are_found_too() {
        let mut text = b"OBR".to_vec();
        for n in 1..=50 {
            text.extend_from_slice(format!("|f{n}").as_bytes());
        }
        let fields = Fields::of(&text, b'|');
        for n in 1..=50 {
            assert_eq!(fields.get(n), format!("f{n}").as_bytes(), "{n}");
        }
        assert_eq!(fields.get(51), b"");
        assert_eq!(fields.get(900), b"");
    }

    #[test]
    fn a_field_of_exactly_all_marks_ends_where_it_ends() {
        for count in MARKS - 2..MARKS + 3 {
            let mut text = b"OBR".to_vec();
            for n in 1..=count {
                text.extend_from_slice(format!("|f{n}").as_bytes());
            }
            let fields = Fields::of(&text, b'|');
            for n in 1..=count {
                assert_eq!(fields.get(n), format!("f{n}").as_bytes(), "{n} of {count}");
            }
            assert_eq!(fields.get(count + 1), b"");
        }
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
