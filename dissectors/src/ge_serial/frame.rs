//! Where a bed message ends, which only its header tells.

use crate::contract::Side;
use crate::octets::be16;
use crate::serial::Cut;
use crate::serial::signature::Sign;

pub const HEADER: usize = 60;
/// What stands before the first entry of an update, and an entry: two bytes less than on the network.
pub const ENTRIES_AT: usize = 6;
pub const ENTRY: usize = 68;
/// The CRC behind the data of a report.
const CRC: usize = 2;
/// A poll announces no data and is filled up with zeros.
const POLL: usize = 104;
/// The most data that a message announces: far more than the parameters of any monitor.
const MOST: usize = 4096;

pub const REPORT: u16 = 201;
pub const REQUEST: u16 = 202;
pub const UPDATE: u16 = 20;
pub const POLL_PARAMETERS: u16 = 35;

/// What stands at the front of `input`, which is never empty. `side`: the host's or the device's.
pub fn cut(side: Side, input: &[u8]) -> Cut {
    if !begins(side, input) {
        let next = (1..input.len()).find(|at| begins(side, &input[*at..]));
        return Cut::Noise(next.unwrap_or(input.len()));
    }
    let Some(count) = be16(input, 58).map(usize::from) else {
        return Cut::Short(HEADER);
    };
    let total = match (side, count) {
        _ if count > MOST => return Cut::Noise(1),
        (Side::Client, 0) => POLL,
        _ => HEADER + count + CRC,
    };
    if input.len() < total {
        Cut::Short(total)
    } else {
        Cut::Frame(total)
    }
}

/// As far as there are bytes: addresses that end in zeros, the function of this side.
fn begins(side: Side, input: &[u8]) -> bool {
    let function = match side {
        Side::Client => REQUEST,
        Side::Server => REPORT,
    };
    let [high, low] = function.to_be_bytes();
    let zero = |at: usize| input.get(at).is_none_or(|b| *b == 0);
    [4, 5, 10, 11].into_iter().all(zero)
        && input.get(12).is_none_or(|b| *b == high)
        && input.get(13).is_none_or(|b| *b == low)
}

/// A message counts where everything in it that must agree does.
pub fn sign(side: Side, frame: &[u8]) -> Sign {
    let sub = be16(frame, 14).unwrap_or(0);
    let fits = match side {
        Side::Client => sub == POLL_PARAMETERS && frame.len() == POLL && is_blank(frame),
        Side::Server => sub == UPDATE && entries(frame).is_some(),
    };
    if fits {
        Sign::Fits(1)
    } else if (1..=255).contains(&sub) {
        Sign::Neutral
    } else {
        Sign::Foreign
    }
}

/// A poll is its first byte and its codes; the rest is zeros.
fn is_blank(frame: &[u8]) -> bool {
    frame.first() == Some(&0x40)
        && frame[1..12].iter().all(|b| *b == 0)
        && frame[16..].iter().all(|b| *b == 0)
}

/// The entries of an update, where their number agrees with the data there are.
pub fn entries(frame: &[u8]) -> Option<&[u8]> {
    let data = frame.get(HEADER..frame.len().checked_sub(CRC)?)?;
    let count = usize::from(*data.get(4)?);
    let entries = data.get(ENTRIES_AT..)?;
    (entries.len() == count * ENTRY).then_some(entries)
}
