//! Units of the Upper Layer: PDU and PDV headers, AE titles (PS3.8 9.3). All big endian.

use nom::number::complete::{be_u8, be_u32};
use nom::{IResult, Parser};

use super::faults;
use super::fields;
use crate::schema::KindId;

/// Bytes of a PDU header.
pub const HEADER: usize = 6;
/// Bytes of a PDV header, message control header included.
pub const PDV_HEADER: usize = 6;
/// Bytes of a PDV header that its own length does not count.
pub const PDV_LENGTH: u64 = 4;
/// Body length of all PDUs but A-ASSOCIATE-RQ, -AC and P-DATA-TF.
pub const SHORT: u32 = 4;

/// PDU header: type, a reserved byte, length of what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PduHeader {
    pub kind: PduType,
    pub length: u32,
}

pub fn pdu_header(i: &[u8]) -> IResult<&[u8], PduHeader> {
    let (i, (kind, _, length)) = (be_u8, be_u8, be_u32).parse(i)?;
    let kind = PduType(kind);
    Ok((i, PduHeader { kind, length }))
}

/// PDU type (PS3.8 9.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PduType(pub u8);

impl PduType {
    pub const ASSOCIATE_RQ: Self = Self(1);
    pub const ASSOCIATE_AC: Self = Self(2);
    pub const ASSOCIATE_RJ: Self = Self(3);
    pub const P_DATA_TF: Self = Self(4);
    pub const RELEASE_RQ: Self = Self(5);
    pub const RELEASE_RP: Self = Self(6);
    pub const ABORT: Self = Self(7);

    /// The message that this PDU is; P-DATA-TF only carries messages.
    pub const fn kind(self) -> Option<KindId> {
        Some(match self {
            Self::ASSOCIATE_RQ => fields::A_ASSOCIATE_RQ,
            Self::ASSOCIATE_AC => fields::A_ASSOCIATE_AC,
            Self::ASSOCIATE_RJ => fields::A_ASSOCIATE_RJ,
            Self::RELEASE_RQ => fields::A_RELEASE_RQ,
            Self::RELEASE_RP => fields::A_RELEASE_RP,
            Self::ABORT => fields::A_ABORT,
            _ => return None,
        })
    }

    /// True for the types that PS3.8 defines.
    pub const fn is_known(self) -> bool {
        matches!(self.0, 1..=7)
    }
}

/// PDV header: length of what follows it, presentation context, message control header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PdvHeader {
    /// Counts context id, control header and fragment.
    pub length: u32,
    pub context: u8,
    pub control: Control,
}

pub fn pdv_header(i: &[u8]) -> IResult<&[u8], PdvHeader> {
    let (i, (length, context, control)) = (be_u32, be_u8, be_u8).parse(i)?;
    let control = Control(control);
    Ok((
        i,
        PdvHeader {
            length,
            context,
            control,
        },
    ))
}

/// Message control header (PS3.8 E.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Control(pub u8);

impl Control {
    /// The fragment belongs to the command set, else to the data set.
    pub const fn is_command(self) -> bool {
        self.0 & 1 != 0
    }

    pub const fn is_last(self) -> bool {
        self.0 & 2 != 0
    }

    pub const fn has_reserved_bits(self) -> bool {
        self.0 & !3 != 0
    }
}

/// Application entity title: 16 characters, padded with spaces (PS3.8 table 9-11). Self-declared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AeTitle([u8; 16]);

impl AeTitle {
    pub const LEN: usize = 16;

    /// Reads a title; a shorter or longer text is padded or cut.
    pub fn read(text: &[u8]) -> Self {
        let mut title = [b' '; Self::LEN];
        for (to, from) in title.iter_mut().zip(text) {
            *to = *from;
        }
        AeTitle(title)
    }

    /// Without padding; some stacks pad with NUL.
    pub fn trimmed(&self) -> &[u8] {
        trim(&self.0)
    }

    /// What is wrong with it, if anything.
    pub fn fault(&self) -> Option<&'static str> {
        let text = self.trimmed();
        if text.is_empty() {
            Some(faults::AE_TITLE_EMPTY)
        } else if text
            .iter()
            .any(|b| !matches!(b, b' '..=b'~') || matches!(b, b'/' | b'\\'))
            || text.windows(2).any(|w| w == b"..")
        {
            Some(faults::AE_TITLE_ILLEGAL)
        } else {
            None
        }
    }
}

/// Takes padding (spaces and NULs) off both ends.
pub fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | 0, rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b' ' | 0] = text {
        text = rest;
    }
    text
}
