//! Numbers as a text for a store: eight bytes each, in hexadecimal digits.

use dissectors::message::FrameRef;

#[derive(Default)]
pub struct Packer(String);

impl Packer {
    pub fn number(&mut self, n: u64) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        for shift in (0..16).rev() {
            self.0
                .push(char::from(DIGITS[(n >> (4 * shift) & 15) as usize]));
        }
    }

    pub fn time(&mut self, time: i64) {
        self.number(time as u64);
    }

    /// Where a frame was; its order is that of this run.
    pub fn frame(&mut self, f: FrameRef) {
        self.number(f.number);
        self.number(u64::from(f.file));
        self.time(f.time);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn append(&mut self, other: Packer) {
        self.0.push_str(&other.0);
    }

    pub fn into_text(self) -> String {
        self.0
    }
}

/// Reads what a [`Packer`] wrote; `None` at what it did not write.
pub struct Unpacker<'t>(&'t [u8]);

impl<'t> Unpacker<'t> {
    pub fn new(text: &'t str) -> Self {
        Unpacker(text.as_bytes())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn number(&mut self) -> Option<u64> {
        let (digits, rest) = self.0.split_at_checked(16)?;
        self.0 = rest;
        let mut n = 0;
        for digit in digits {
            n = n << 4 | u64::from(char::from(*digit).to_digit(16)?);
        }
        Some(n)
    }

    pub fn time(&mut self) -> Option<i64> {
        self.number().map(|n| n as i64)
    }

    /// A count that what is left can hold.
    pub fn count(&mut self) -> Option<usize> {
        let n = usize::try_from(self.number()?).ok()?;
        (n <= self.0.len() / 16).then_some(n)
    }

    /// Frames of earlier runs stand before all of this one.
    pub fn frame(&mut self) -> Option<FrameRef> {
        Some(FrameRef {
            seq: 0,
            number: self.number()?,
            file: u32::try_from(self.number()?).ok()?,
            time: self.time()?,
        })
    }
}
