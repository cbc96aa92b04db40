//! Cutting ER7 text into segments, and finding their field separators on the way.

use super::segments::{is_header, is_segment_id};

/// A segment's place in the text, and its field separators among the marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub start: u32,
    pub end: u32,
    first_mark: u32,
    /// Behind the last; below the first if they were not marked.
    end_mark: u32,
}

impl Segment {
    pub fn of<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        text.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
}

/// Where the field separators of a text stand, found together with its segments.
#[derive(Default)]
pub(super) struct Marks {
    separator: u8,
    places: Vec<u32>,
}

/// A block with more field separators has the others searched for where they are needed.
pub(super) const MOST_MARKS: usize = 32 * 1024;

impl Marks {
    /// The separators of a segment, if all of them were marked.
    #[inline]
    pub fn of(&self, segment: &Segment, separator: u8) -> Option<&[u32]> {
        if self.separator != separator {
            return None;
        }
        let (first, end) = (segment.first_mark as usize, segment.end_mark as usize);
        self.places.get(first..end)
    }

    pub fn held(&self) -> usize {
        self.places.capacity() * size_of::<u32>()
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

/// Cuts `text` into segments, at most `most`, and marks their field separators, in one pass. Empty
/// segments are left out. The segments are those of [`Walk`].
pub(super) fn cut(text: &[u8], most: usize, into: &mut Vec<Segment>, marks: &mut Marks) -> Ends {
    into.clear();
    marks.places.clear();
    let separator = text.get(3).copied().filter(u8::is_ascii_punctuation);
    marks.separator = separator.unwrap_or(0);
    let mut cutter = Cutter {
        text,
        most,
        into,
        marks: &mut marks.places,
        start: 0,
        first_mark: 0,
        field: text.get(3).copied().unwrap_or(b'|'),
        passed: usize::MAX,
        ends: Ends::default(),
    };
    if is_header(text) {
        cutter.field = text[3];
    }
    // Without a separator of its own, line ends alone are looked for.
    let separator = separator.unwrap_or(b'\r');
    special(text, separator, |at, byte| {
        cutter.meets(at, byte, separator)
    });
    if !cutter.ends.overflow && text.len() > cutter.start {
        cutter.close(text.len());
    }
    cutter.ends
}

/// Calls `found` with place and value of each CR, LF and separator, until it says no. Eight bytes
/// at a time: fields are too short for a search each.
#[inline]
fn special(text: &[u8], separator: u8, mut found: impl FnMut(usize, u8) -> bool) {
    const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
    // The high bit of each byte that equals the one repeated in the pattern, and of no other.
    let equal = |word: u64, pattern: u64| {
        let differs = word ^ pattern;
        !(((differs & LOW) + LOW) | differs | LOW)
    };
    let of = |byte: u8| u64::from_ne_bytes([byte; 8]);
    let (cr, lf, field) = (of(b'\r'), of(b'\n'), of(separator));
    let (words, rest) = text.as_chunks::<8>();
    for (n, bytes) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*bytes);
        let mut hits = equal(word, field) | equal(word, cr) | equal(word, lf);
        while hits != 0 {
            let at = (hits.trailing_zeros() / 8) as usize;
            if !found(n * 8 + at, bytes[at]) {
                return;
            }
            hits &= hits - 1;
        }
    }
    let base = text.len() - rest.len();
    for (n, byte) in rest.iter().enumerate() {
        if (*byte == b'\r' || *byte == b'\n' || *byte == separator) && !found(base + n, *byte) {
            return;
        }
    }
}

/// The segments of a text while its line ends go by.
struct Cutter<'t, 's> {
    text: &'t [u8],
    most: usize,
    into: &'s mut Vec<Segment>,
    marks: &'s mut Vec<u32>,
    start: usize,
    first_mark: usize,
    /// Field separator of the last header.
    field: u8,
    /// The LF of a CRLF: it ends nothing.
    passed: usize,
    ends: Ends,
}

impl Cutter<'_, '_> {
    /// False if there is no room for more.
    #[inline]
    fn meets(&mut self, at: usize, byte: u8, separator: u8) -> bool {
        match byte {
            b'\r' => {
                let lf = self.text.get(at + 1) == Some(&b'\n');
                self.ends.crlf |= lf;
                if lf {
                    self.passed = at + 1;
                }
                self.ended(at, at + 1 + usize::from(lf))
            }
            b'\n' if at == self.passed => true,
            b'\n' => {
                let after = &self.text[at + 1..];
                let follows = after.len() >= 4
                    && is_segment_id(&after[..3])
                    && (after[3] == self.field || is_header(after));
                if follows || after.is_empty() || at == self.start {
                    self.ends.lf = true;
                    return self.ended(at, at + 1);
                }
                true
            }
            _ => {
                debug_assert_eq!(byte, separator);
                if self.marks.len() < MOST_MARKS {
                    self.marks.push(at as u32);
                }
                true
            }
        }
    }

    /// A line ends at `end`; the next begins at `next`.
    fn ended(&mut self, end: usize, next: usize) -> bool {
        if end > self.start && !self.close(end) {
            return false;
        }
        self.start = next;
        self.first_mark = self.marks.len();
        let left = self.text.get(next..).unwrap_or_default();
        if is_header(left) {
            self.field = left[3];
        }
        true
    }

    fn close(&mut self, end: usize) -> bool {
        if self.into.len() >= self.most {
            self.ends.overflow = true;
            return false;
        }
        let segment = &self.text[self.start..end];
        match segment.first() {
            Some(b'A') => {
                self.ends.add |= segment.starts_with(b"ADD") && !self.into.is_empty();
            }
            Some(b'M' | b'F' | b'B') => self.ends.headers += usize::from(is_header(segment)),
            _ => {}
        }
        let whole = self.marks.len() < MOST_MARKS;
        self.into.push(Segment {
            start: self.start as u32,
            end: end as u32,
            first_mark: self.first_mark as u32 + u32::from(!whole),
            end_mark: if whole { self.marks.len() as u32 } else { 0 },
        });
        true
    }
}
