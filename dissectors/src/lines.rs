//! Lines of text as serial devices send them, ended by CR or LF, found with each byte looked at once.

use crate::contract::Side;

/// Both directions of a line-wise stream.
#[derive(Clone, Copy, Debug)]
pub struct Lines {
    searched: [usize; 2],
    longest: usize,
}

/// What stands at the front of the unread bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A line without its end, and its bytes with the end's.
    Whole { text: &'a [u8], len: usize },
    /// At least this many bytes are needed.
    Short(usize),
    /// No end within the limit: so many bytes are to be given up.
    Long(usize),
}

impl Lines {
    pub fn new(longest: usize) -> Self {
        Lines {
            searched: [0; 2],
            longest: longest.max(1),
        }
    }

    pub fn next<'a>(&mut self, side: Side, input: &'a [u8]) -> Line<'a> {
        let searched = &mut self.searched[side.index()];
        let from = (*searched).min(input.len());
        let end = input[from..]
            .iter()
            .position(|b| matches!(b, b'\r' | b'\n'))
            .map(|at| at + from);
        match end {
            Some(end) if end < self.longest => {
                *searched = 0;
                Line::Whole {
                    text: &input[..end],
                    len: end + 1,
                }
            }
            None if input.len() < self.longest => {
                *searched = input.len();
                Line::Short(input.len() + 1)
            }
            _ => {
                *searched = 0;
                Line::Long(self.longest)
            }
        }
    }

    /// Starts anew, as after a gap.
    pub fn forget(&mut self, side: Side) {
        self.searched[side.index()] = 0;
    }
}

/// The number at the front of a text, digits and at most one point.
pub fn number(text: &[u8]) -> Option<f64> {
    let end = text
        .iter()
        .position(|b| !(b.is_ascii_digit() || *b == b'.'))
        .unwrap_or(text.len());
    std::str::from_utf8(&text[..end]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_however_it_is_cut() {
        let mut lines = Lines::new(10);
        assert_eq!(lines.next(Side::Client, b"abc"), Line::Short(4));
        let whole = Line::Whole {
            text: b"abcd",
            len: 5,
        };
        assert_eq!(lines.next(Side::Client, b"abcd\r\n"), whole);
        assert_eq!(lines.next(Side::Client, b"0123456789\n"), Line::Long(10));
    }

    #[test]
    fn numbers_end_where_digits_do() {
        assert_eq!(number(b"098%"), Some(98.0));
        assert_eq!(number(b"1.5"), Some(1.5));
        assert_eq!(number(b"---"), None);
        assert_eq!(number(b"1.2.3"), None);
    }
}
