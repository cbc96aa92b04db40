//! Waveform datagrams: they have no header, only a sequence number and batches of samples.

use std::ops::Range;

use super::codes::Channel;
use super::fields::*;
use super::print;
use crate::action::{Action, Device, Outcome, Verb};
use crate::message::{Messages, Scope};
use crate::octets::be16;

/// Sample of an ECG channel whose lead is off.
const NO_SIGNAL: u16 = 0x800F;
/// Batches in a datagram of a quarter of a second.
const BATCHES: usize = 15;
/// The trailer is not understood; it was 34 or 35 bytes long.
const LONGEST_TRAILER: usize = 40;

/// One channel's part of a batch, and what follows it.
fn block(bytes: &[u8]) -> Option<(Channel, &[u8], &[u8])> {
    let (head, rest) = bytes.split_at_checked(2)?;
    let channel = Channel(head[0]);
    let samples = channel.samples()?;
    // The low nibble of the flags goes with the number of samples.
    let flags = if samples == 4 { 0x0B } else { 0x09 };
    if head[1] & 0x0F != flags {
        return None;
    }
    let (samples, rest) = rest.split_at_checked(samples * 2)?;
    Some((channel, samples, rest))
}

/// A waveform: its first channel comes fifteen times, with a short trailer behind.
pub fn is_one(bytes: &[u8]) -> bool {
    if be16(bytes, 2) != Some(0) {
        return false;
    }
    let mut rest = bytes.get(4..).unwrap_or(b"");
    let Some((first, ..)) = block(rest) else {
        return false;
    };
    let mut times = 0;
    while let Some((channel, _, next)) = block(rest) {
        times += usize::from(channel == first);
        rest = next;
    }
    times == BATCHES && rest.len() <= LONGEST_TRAILER
}

/// Reads what is known to be one.
pub fn read(bytes: &[u8], range: Range<u64>, out: &mut Messages<'_>) {
    let mut draft = out.message(WAVEFORM, range);
    draft.answers(Scope::Hosts, b"unity waveforms", false, Outcome::Accepted);
    draft.action(Action {
        device: Device::Monitor,
        ..Action::of(Verb::Notify)
    });
    if let Some(sequence) = be16(bytes, 0) {
        draft.integer(SEQUENCE, i64::from(sequence));
    }
    // Channels by their place in a batch, and whether any sample of theirs is a signal.
    let mut channels: [Option<(Channel, bool)>; 8] = [None; 8];
    let mut rest = bytes.get(4..).unwrap_or(b"");
    while let Some((channel, samples, next)) = block(rest) {
        rest = next;
        let signal = samples
            .chunks_exact(2)
            .any(|s| be16(s, 0) != Some(NO_SIGNAL));
        let place = channels
            .iter_mut()
            .find(|c| c.is_none_or(|(known, _)| known == channel));
        if let Some(place) = place {
            let (_, any) = place.get_or_insert((channel, false));
            *any |= signal;
        }
    }
    for (channel, signal) in channels.into_iter().flatten() {
        print(&mut draft, CHANNEL, channel);
        if !signal {
            print(&mut draft, LEAD_OFF, channel);
        }
    }
}
