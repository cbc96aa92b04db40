//! How a data set is encoded: told by the transfer syntax, or guessed from its first bytes (PS3.5 A, 7).

use super::value::{Tag, Vr};

/// Encoding of a data set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    ImplicitLe,
    ExplicitLe,
    ExplicitBe,
    /// Raw deflate over the whole data set: told, not inflated.
    Deflated,
    #[default]
    Unknown,
}

impl Encoding {
    /// The encoding that a transfer syntax stands for. All that compress pixels only are explicit
    /// little endian; a private one has to be looked at.
    pub fn of(transfer_syntax: &[u8]) -> Self {
        match transfer_syntax {
            b"1.2.840.10008.1.2" => Self::ImplicitLe,
            b"1.2.840.10008.1.2.2" => Self::ExplicitBe,
            // Deflated explicit, JPIP referenced deflate and its HTJ2K twin.
            b"1.2.840.10008.1.2.1.99" | b"1.2.840.10008.1.2.4.95" | b"1.2.840.10008.1.2.4.205" => {
                Self::Deflated
            }
            uid if uid.starts_with(b"1.2.840.10008.1.2.") => Self::ExplicitLe,
            _ => Self::Unknown,
        }
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::ImplicitLe => "implicit-le",
            Self::ExplicitLe => "explicit-le",
            Self::ExplicitBe => "explicit-be",
            Self::Deflated => "deflated",
            Self::Unknown => "unknown",
        }
    }

    /// The first byte of a kept body.
    pub const fn letter(self) -> u8 {
        match self {
            Self::ImplicitLe => b'i',
            Self::ExplicitLe => b'e',
            Self::ExplicitBe => b'b',
            Self::Deflated => b'd',
            Self::Unknown => b'?',
        }
    }

    pub const fn is_explicit(self) -> bool {
        matches!(self, Self::ExplicitLe | Self::ExplicitBe)
    }

    /// What the first bytes of a data set look like; `None` if like nothing that can be walked.
    pub fn guess(first: &[u8]) -> Option<Self> {
        let head: &[u8; 8] = first.first_chunk()?;
        let [g0, g1, _, _, v0, v1, ..] = *head;
        let little = u16::from_le_bytes([g0, g1]);
        let big = u16::from_be_bytes([g0, g1]);
        if Vr([v0, v1]).is_known() {
            // The first group of a data set is a small number, read the right way round.
            return Some(if big < little {
                Self::ExplicitBe
            } else {
                Self::ExplicitLe
            });
        }
        let length = u32::from_le_bytes([v0, v1, head[6], head[7]]);
        let plausible = little <= Tag::PIXEL_DATA.group()
            && (length == UNDEFINED || length < PLAUSIBLE_FIRST_VALUE);
        plausible.then_some(Self::ImplicitLe)
    }
}

/// Length of a value that ends with a delimiter (PS3.5 7.1).
pub const UNDEFINED: u32 = u32::MAX;

/// The first element of a data set is a short one; deflated bytes rarely say so.
const PLAUSIBLE_FIRST_VALUE: u32 = 1 << 16;

/// Header of a data element: tag, VR, value length, and the header's own bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ElementHeader {
    pub tag: Tag,
    pub vr: Vr,
    pub length: u32,
    pub size: usize,
}

impl ElementHeader {
    /// Bytes of the longest header.
    pub const LONGEST: usize = 12;
    /// Bytes that tell how long a header is.
    pub const SHORTEST: usize = 8;

    /// Bytes of the header that begins with `first`.
    pub fn size_of(encoding: Encoding, first: &[u8; Self::SHORTEST]) -> usize {
        let vr = Vr([first[4], first[5]]);
        let delimiter = tag(encoding, first).group() == Tag::ITEM.group();
        if encoding.is_explicit() && !delimiter && vr.has_long_length() {
            Self::LONGEST
        } else {
            Self::SHORTEST
        }
    }

    /// Reads a whole header (`size_of` bytes). `None` if its VR is none.
    pub fn read(encoding: Encoding, bytes: &[u8]) -> Option<Self> {
        let first: &[u8; Self::SHORTEST] = bytes.first_chunk()?;
        let tag = tag(encoding, first);
        let delimiter = tag.group() == Tag::ITEM.group();
        if delimiter || !encoding.is_explicit() {
            let known = tag.known().map_or(Vr::UNKNOWN, |(vr, _)| Vr(vr));
            return Some(ElementHeader {
                tag,
                vr: known,
                length: number(encoding, &first[4..])?,
                size: Self::SHORTEST,
            });
        }
        let vr = Vr([first[4], first[5]]);
        let length = if vr.has_long_length() {
            number(encoding, bytes.get(8..)?)?
        } else {
            let half = [first[6], first[7]];
            u32::from(match encoding {
                Encoding::ExplicitBe => u16::from_be_bytes(half),
                _ => u16::from_le_bytes(half),
            })
        };
        vr.is_known().then_some(ElementHeader {
            tag,
            vr,
            length,
            size: Self::size_of(encoding, first),
        })
    }
}

fn tag(encoding: Encoding, first: &[u8; ElementHeader::SHORTEST]) -> Tag {
    let [a, b, c, d, ..] = *first;
    match encoding {
        Encoding::ExplicitBe => Tag::of(u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])),
        _ => Tag::of(u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])),
    }
}

fn number(encoding: Encoding, bytes: &[u8]) -> Option<u32> {
    let bytes = *bytes.first_chunk()?;
    Some(match encoding {
        Encoding::ExplicitBe => u32::from_be_bytes(bytes),
        _ => u32::from_le_bytes(bytes),
    })
}
