//! The link layer (E1381): control bytes and frames.

/// Bytes of the link layer.
pub const STX: u8 = 0x02;
pub const ETX: u8 = 0x03;
pub const EOT: u8 = 0x04;
pub const ENQ: u8 = 0x05;
pub const ACK: u8 = 0x06;
pub const NAK: u8 = 0x15;
pub const ETB: u8 = 0x17;

/// A frame: `STX number text (ETB|ETX) checksum CR LF`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The digit as sent.
    pub number: u8,
    pub text: &'a [u8],
    /// Ended by ETX.
    pub last: bool,
    pub checksum: u8,
    pub checksum_fits: bool,
    /// CR LF stands behind the checksum.
    pub end_fits: bool,
    /// Bytes from STX to LF.
    pub len: usize,
}

/// What the bytes after an STX are.
#[derive(Debug, PartialEq, Eq)]
pub enum Framing<'a> {
    Whole(Frame<'a>),
    /// Another frame or control begins after this many bytes.
    Cut(usize),
    /// At least this many bytes in all; none up to the second number ends the text.
    Short {
        need: usize,
        searched: usize,
    },
}

/// Reads the frame that begins at `input[0]`, an STX; its text has no end before `searched`.
pub fn frame(input: &[u8], searched: usize) -> Framing<'_> {
    let from = searched.clamp(1, input.len());
    let end = input[from..]
        .iter()
        .position(|b| matches!(*b, ETX | ETB | STX | ENQ | EOT | ACK | NAK))
        .map(|at| at + from);
    let Some(end) = end else {
        return Framing::Short {
            need: input.len() + 1,
            searched: input.len(),
        };
    };
    let (ending, Some(covered)) = (input[end], input.get(1..=end)) else {
        return Framing::Cut(end);
    };
    if !matches!(ending, ETX | ETB) {
        return Framing::Cut(end);
    }
    let Some(&[high, low, cr, lf]) = input.get(end + 1..).and_then(|b| b.first_chunk()) else {
        return Framing::Short {
            need: end + 5,
            searched: end,
        };
    };
    let checksum = covered.iter().fold(0u8, |sum, b| sum.wrapping_add(*b));
    let declared = hex(high).zip(hex(low)).map(|(h, l)| h << 4 | l);
    let end_fits = (cr, lf) == (b'\r', b'\n');
    Framing::Whole(Frame {
        number: covered[0],
        text: covered.get(1..covered.len() - 1).unwrap_or(b""),
        last: ending == ETX,
        checksum,
        checksum_fits: declared == Some(checksum),
        end_fits,
        // Where CR LF is missing the next unit may begin at once.
        len: match (end_fits, cr, lf) {
            (true, ..) => end + 5,
            (_, b'\r', _) => end + 4,
            _ => end + 3,
        },
    })
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|d| d as u8)
}

/// True for the bytes that begin a unit of the link.
pub const fn begins_unit(byte: u8) -> bool {
    matches!(byte, STX | ENQ | ACK | NAK | EOT)
}
