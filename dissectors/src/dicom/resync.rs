//! Finds a PDU in the middle of a stream: after a gap, a fault, or where the capture began.
//!
//! Each candidate is judged by a fixed number of bytes from its own begin, so that the answer does
//! not depend on how the stream was cut.

use super::associate::FIXED;
use super::negotiate::DICOM_APPLICATION;
use super::pdu::{AeTitle, HEADER, PDV_HEADER, PDV_LENGTH, PduType, SHORT, pdu_header, pdv_header};

/// What a place in the stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A PDU begins at this offset of the input.
    Found(usize),
    /// None begins before this offset; at this offset one may, if that many bytes from it confirm it.
    Maybe { at: usize, needs: usize },
    /// None begins in the input.
    Nothing,
}

/// Looks for the first PDU in `input`.
pub fn find(input: &[u8]) -> Place {
    for at in 0..input.len() {
        let rest = input.get(at..).unwrap_or(&[]);
        match judge(rest) {
            Judgement::Yes => return Place::Found(at),
            Judgement::More(needs) => return Place::Maybe { at, needs },
            Judgement::No => {}
        }
    }
    Place::Nothing
}

/// Is this the begin of a PDU?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    Yes,
    No,
    /// At least this many bytes are needed.
    More(usize),
}

/// Judges by the first bytes of what may be a PDU.
pub fn judge(first: &[u8]) -> Judgement {
    let Some(&kind) = first.first() else {
        return Judgement::More(1);
    };
    if !PduType(kind).is_known() || first.get(1).is_some_and(|b| *b != 0) {
        return Judgement::No;
    }
    let Ok((body, header)) = pdu_header(first) else {
        return Judgement::More(HEADER);
    };
    match header.kind {
        PduType::P_DATA_TF => p_data(header.length, body),
        PduType::ASSOCIATE_RQ | PduType::ASSOCIATE_AC => associate(header.length, body),
        PduType::ASSOCIATE_RJ => short(header.length, body, |b| {
            matches!(b, [0, 1..=2, 1..=3, 1..=7])
        }),
        PduType::ABORT => short(header.length, body, |b| matches!(b, [0, 0, 0..=2, 0..=6])),
        _ => short(header.length, body, |b| *b == [0; 4]),
    }
}

/// The lengths of PDU and PDV have to agree, or the PDV has to begin a command set.
fn p_data(length: u32, body: &[u8]) -> Judgement {
    let Ok((fragment, pdv)) = pdv_header(body) else {
        return Judgement::More(HEADER + PDV_HEADER);
    };
    let whole = u64::from(pdv.length) + PDV_LENGTH;
    if pdv.length < 2
        || whole > u64::from(length)
        || pdv.context % 2 == 0
        || pdv.control.has_reserved_bits()
    {
        return Judgement::No;
    }
    if whole == u64::from(length) {
        return Judgement::Yes;
    }
    // Several PDVs in the PDU: sure only where the first is a command set.
    if !pdv.control.is_command() {
        return Judgement::No;
    }
    match fragment.get(..COMMAND_BEGIN.len()) {
        None => Judgement::More(HEADER + PDV_HEADER + COMMAND_BEGIN.len()),
        Some(begin) if begin == COMMAND_BEGIN => Judgement::Yes,
        Some(_) => Judgement::No,
    }
}

/// Every command set begins with its group length: (0000,0000), four bytes.
const COMMAND_BEGIN: &[u8] = &[0, 0, 0, 0, 4, 0, 0, 0];

/// Titles of printable characters with zeros behind them, and the application context as first item.
fn associate(length: u32, body: &[u8]) -> Judgement {
    let first_item = FIXED..FIXED + 4 + DICOM_APPLICATION.len();
    if length < FIXED as u32 {
        return Judgement::No;
    }
    let titles = body.get(4..4 + 2 * AeTitle::LEN);
    if titles.is_some_and(|t| t.iter().any(|b| !matches!(b, 0 | b' '..=b'~'))) {
        return Judgement::No;
    }
    match body.get(first_item.clone()) {
        None => Judgement::More(HEADER + first_item.end),
        Some(item) if item.starts_with(&[0x10, 0, 0]) && item.ends_with(DICOM_APPLICATION) => {
            Judgement::Yes
        }
        Some(_) => Judgement::No,
    }
}

fn short(length: u32, body: &[u8], fits: fn(&[u8; 4]) -> bool) -> Judgement {
    if length != SHORT {
        return Judgement::No;
    }
    match body.first_chunk() {
        None => Judgement::More(HEADER + SHORT as usize),
        Some(body) if fits(body) => Judgement::Yes,
        Some(_) => Judgement::No,
    }
}
