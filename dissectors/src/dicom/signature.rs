//! Is this DICOM? Asked of the first bytes of each side, on any port (PS3.8 9.3).
//!
//! A port is a hint only: the captures in pcaps/dicom show real servers on ports of all kinds.

use super::associate::FIXED;
use super::negotiate::DICOM_APPLICATION;
use super::pdu::{AeTitle, HEADER, PduType, pdu_header};
use super::resync::{self, Judgement, Place};
use crate::contract::{Confidence, Hint, Probe, Side, Transport};
use crate::schema::Port;

/// Ports by registration (104, 2761, 2762, 11112) and by habit.
pub const PORTS: &[Port] = &[
    Port::Tcp(104),
    Port::Tcp(11112),
    Port::Tcp(2761),
    Port::Tcp(2762),
    Port::Tcp(4242),
    Port::Tcp(10104),
    Port::Tcp(11113),
];

const SURE: Confidence = Confidence(95);
/// Structure agrees in 32 bits and more.
const STRUCTURE: Confidence = Confidence(75);
/// A fixed PDU of ten bytes, most of them zero.
const SHORT_PDU: Confidence = Confidence(60);
/// The beginning of a request that never went on.
const BEGINNING: Confidence = Confidence(45);

/// The signature.
pub fn probe(side: Side, first: &[u8], hint: Hint) -> Probe {
    if !matches!(hint.transport, Transport::Tcp | Transport::Carried) {
        return Probe::No;
    }
    let answer = if hint.mid_stream {
        in_the_middle(first, hint)
    } else {
        at_the_start(side, first, hint)
    };
    match answer {
        // No more will come: judge by what there is.
        Probe::More(_) if hint.whole => cut_short(first, hint),
        answer => answer,
    }
}

fn at_the_start(side: Side, first: &[u8], hint: Hint) -> Probe {
    let Some(&kind) = first.first() else {
        return Probe::More(1);
    };
    match PduType(kind) {
        PduType::ASSOCIATE_RQ if side == Side::Client => association(first),
        PduType::ASSOCIATE_AC if side == Side::Server => association(first),
        // Without an association, or the other side's first answer.
        _ => match resync::judge(first) {
            Judgement::Yes => Probe::Yes(confidence(PduType(kind), hint)),
            Judgement::More(needs) => Probe::More(needs),
            Judgement::No => Probe::No,
        },
    }
}

/// A-ASSOCIATE-RQ or -AC. The titles decide, and the zeros behind them, or the first item: version
/// and lengths may lie and it is DICOM all the same.
fn association(first: &[u8]) -> Probe {
    const RESERVED: usize = CALLING + AeTitle::LEN;
    const FIRST_ITEM: usize = HEADER + FIXED;
    if !fits_so_far(first) {
        return Probe::No;
    }
    if first.len() < FIRST_ITEM {
        return Probe::More(FIRST_ITEM);
    }
    let zeros = first
        .get(RESERVED..FIRST_ITEM)
        .is_some_and(|r| r.iter().all(|b| *b == 0));
    let length_fits =
        pdu_header(first).is_ok_and(|(_, h)| (FIXED as u32..=LONGEST_LIKELY).contains(&h.length));
    if zeros && length_fits {
        return Probe::Yes(SURE);
    }
    let item = FIRST_ITEM..FIRST_ITEM + 4 + DICOM_APPLICATION.len();
    match first.get(item.clone()) {
        None => Probe::More(item.end),
        Some(item) if item.starts_with(&[0x10]) && item.ends_with(DICOM_APPLICATION) => {
            Probe::Yes(SURE)
        }
        Some(_) if zeros => Probe::Yes(STRUCTURE),
        Some(_) => Probe::No,
    }
}

/// No real request is longer (128 contexts with 60 transfer syntaxes each come to 230 KiB).
const LONGEST_LIKELY: u32 = 1 << 20;

/// Where the titles begin.
const CALLED: usize = HEADER + 4;
const CALLING: usize = CALLED + AeTitle::LEN;

/// Type, reserved bytes, upper version byte and titles, as far as they are there.
fn fits_so_far(first: &[u8]) -> bool {
    first.iter().enumerate().all(|(at, byte)| match at {
        1 | 6 | 8 | 9 => *byte == 0,
        CALLED | CALLING => matches!(byte, b' '..=b'~'),
        // Some stacks pad with NUL.
        10..42 => matches!(byte, 0 | b' '..=b'~'),
        _ => true,
    })
}

/// The stream began before the capture: look for a PDU in what there is.
fn in_the_middle(first: &[u8], hint: Hint) -> Probe {
    match resync::find(first) {
        Place::Found(at) => {
            let kind = PduType(first.get(at).copied().unwrap_or(0));
            // Short PDUs are mostly zeros: off the port they prove something only where the bytes begin.
            let weak = at > 0 && !matches!(kind, PduType::P_DATA_TF | PduType::ASSOCIATE_RQ);
            if weak && !hint.port {
                Probe::More(first.len() + 1)
            } else {
                Probe::Yes(confidence(kind, hint))
            }
        }
        Place::Maybe { at, needs } => Probe::More(at + needs),
        // A stream of text is another protocol's. Anything else may be pixel data.
        Place::Nothing if !hint.port && is_text(first) => Probe::No,
        Place::Nothing => Probe::More(first.len() + 1),
    }
}

fn is_text(first: &[u8]) -> bool {
    const ENOUGH: usize = 32;
    first.len() >= ENOUGH && first.iter().take(ENOUGH).all(|b| matches!(b, 1..=0x7F))
}

fn confidence(kind: PduType, hint: Hint) -> Confidence {
    let base = match kind {
        PduType::ASSOCIATE_RQ | PduType::ASSOCIATE_AC => SURE,
        PduType::P_DATA_TF => STRUCTURE,
        _ => SHORT_PDU,
    };
    // A hinted port lifts a structure that rarely occurs by chance over what waits for more.
    Confidence((base.0 + if hint.port { 20 } else { 0 }).min(100))
}

/// The side ended early: a request that was begun and not finished is still one.
fn cut_short(first: &[u8], hint: Hint) -> Probe {
    const ENOUGH: usize = HEADER + 4;
    let begun = first.first() == Some(&PduType::ASSOCIATE_RQ.0) && fits_so_far(first);
    let likely = pdu_header(first).is_ok_and(|(_, h)| h.length >= FIXED as u32);
    if begun && likely && !hint.mid_stream && (hint.port || first.len() >= ENOUGH) {
        Probe::Yes(BEGINNING)
    } else {
        Probe::No
    }
}
