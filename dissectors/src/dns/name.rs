//! Domain names on the wire (RFC 1035 3.1, 4.1.4), and what in them hints at a tunnel.

use std::fmt::Write;

/// Why a name cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    CutShort,
    Loop,
    LabelType,
    TooLong,
}

impl Fault {
    pub const fn anomaly(self) -> &'static str {
        match self {
            Fault::CutShort => "cut-short",
            Fault::Loop => "compression-loop",
            Fault::LabelType => "label-type",
            Fault::TooLong => "name-too-long",
        }
    }
}

/// A name as people write it, and its measures.
pub(crate) struct Name {
    text: [u8; Name::ROOM],
    len: usize,
    /// Bytes on the wire, without compression.
    pub wire: usize,
    /// Where the labels begin in the text.
    starts: [u16; Name::LABELS],
    labels: usize,
    longest: Label,
}

/// Length and entropy in bits a byte.
#[derive(Clone, Copy, Default)]
pub(crate) struct Label {
    pub len: usize,
    pub entropy: f64,
}

impl Name {
    /// Every byte of the longest name escaped as `\255`.
    const ROOM: usize = 4 * 255;
    /// One byte each, and its length.
    const LABELS: usize = 128;

    fn empty() -> Self {
        Name {
            text: [0; Self::ROOM],
            len: 0,
            wire: 1,
            starts: [0; Self::LABELS],
            labels: 0,
            longest: Label::default(),
        }
    }

    /// `.` for the root.
    pub fn bytes(&self) -> &[u8] {
        if self.len == 0 {
            b"."
        } else {
            &self.text[..self.len]
        }
    }

    pub fn longest(&self) -> Label {
        self.longest
    }

    /// The last `n` labels.
    pub fn last(&self, n: usize) -> &[u8] {
        let from = self.labels.saturating_sub(n);
        let start = self.starts.get(from).copied().unwrap_or(0);
        &self.text[usize::from(start)..self.len]
    }

    /// False if the name is too long.
    fn push(&mut self, label: &[u8]) -> bool {
        const LONGEST: usize = 255;
        self.wire += label.len() + 1;
        if self.wire > LONGEST {
            return false;
        }
        if self.labels > 0 {
            self.put(b'.');
        }
        if let Some(start) = self.starts.get_mut(self.labels) {
            *start = self.len as u16;
        }
        self.labels += 1;
        for byte in label {
            match byte {
                b'.' | b'\\' => {
                    self.put(b'\\');
                    self.put(*byte);
                }
                // mDNS names are UTF-8 (RFC 6762 16), with blanks.
                b' '..=b'~' | 0x80.. => self.put(*byte),
                odd => {
                    let _ = write!(self, "\\{odd:03}");
                }
            }
        }
        if label.len() > self.longest.len {
            self.longest = Label {
                len: label.len(),
                entropy: entropy(label),
            };
        }
        true
    }

    fn put(&mut self, byte: u8) {
        if let Some(room) = self.text.get_mut(self.len) {
            *room = byte;
            self.len += 1;
        }
    }
}

impl Write for Name {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        s.bytes().for_each(|b| self.put(b));
        Ok(())
    }
}

/// Reads the name at `at` of a message. Gives it and where the next thing begins.
pub(crate) fn read_name(message: &[u8], at: usize) -> Result<(Name, usize), Fault> {
    let mut name = Name::empty();
    let mut from = at;
    // A pointer has to point before where this run of labels began: so it ends.
    let mut run = at;
    let mut next = None;
    loop {
        let len = *message.get(from).ok_or(Fault::CutShort)?;
        match len {
            0 => return Ok((name, next.unwrap_or(from + 1))),
            1..=63 => {
                let end = from + 1 + usize::from(len);
                let label = message.get(from + 1..end).ok_or(Fault::CutShort)?;
                if !name.push(label) {
                    return Err(Fault::TooLong);
                }
                from = end;
            }
            0xC0.. => {
                let low = *message.get(from + 1).ok_or(Fault::CutShort)?;
                let to = usize::from(len & 0x3F) << 8 | usize::from(low);
                if to >= run {
                    return Err(Fault::Loop);
                }
                next.get_or_insert(from + 2);
                (from, run) = (to, to);
            }
            _ => return Err(Fault::LabelType),
        }
    }
}

/// A name that stands outside of a DNS message and so has no pointers (DHCP options); as much of
/// it as can be read, up to its end or that of the bytes (RFC 4702 2.3.1 lets it end without).
pub(crate) fn plain_name(bytes: &[u8]) -> Name {
    let mut name = Name::empty();
    let mut rest = bytes;
    while let [len @ 1..=63, more @ ..] = rest {
        let Some((label, more)) = more.split_at_checked(usize::from(*len)) else {
            break;
        };
        if !name.push(label) {
            break;
        }
        rest = more;
    }
    name
}

/// Shannon's measure over the bytes of a label.
fn entropy(label: &[u8]) -> f64 {
    let mut counts = [0u8; 256];
    for byte in label {
        counts[usize::from(byte.to_ascii_lowercase())] += 1;
    }
    let all = label.len() as f64;
    let mut bits = 0.0;
    for (n, byte) in label.iter().enumerate() {
        let byte = byte.to_ascii_lowercase();
        let first = !label[..n].iter().any(|b| b.to_ascii_lowercase() == byte);
        if first {
            let share = f64::from(counts[usize::from(byte)]) / all;
            bits -= share * share.log2();
        }
    }
    (bits * 1000.0).round() / 1000.0
}
