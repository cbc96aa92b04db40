//! From segments to streams: order, repeats, overlaps, holes.

use dissectors::contract::{End, Side};

use super::context::Context;
use super::events::{self, Arrival};
use super::health;
use super::limits;
use super::marks::Carrier;
use super::pending::{Run, What};
use super::record::{Content, Fate, Flow};
use super::tcp::deafen;
use super::work::Work;

/// What a packet says, and where in the sequence.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    pub seq: u32,
    pub payload: &'a [u8],
    /// Bytes after the payload that were not captured.
    pub cut: u64,
    pub at: Arrival,
}

/// Takes a segment in. False if it can only belong to another conversation of the same ends.
pub fn data(flow: &mut Flow, side: Side, segment: &Segment<'_>, cx: &mut Context<'_>) -> bool {
    let i = side.index();
    let mut payload = segment.payload;
    let len = payload.len() as u64;
    let this = &mut flow.sides[i];
    // A keep-alive probe was the first that was seen of this side: it began one byte early.
    let early = this.offset == 0 && !this.syn && segment.seq == this.next.wrapping_add(1);
    if early && flow.id.mid_stream && matches!(flow.content, Content::Silent) {
        this.begin(segment.seq);
    }
    let mut at = this.offset_of(segment.seq);
    match placed(flow, side, at, segment, cx) {
        Placed::Here => flow.sides[i].strays = 0,
        Placed::Nowhere => return true,
        Placed::Elsewhere => return false,
    }
    let this = &mut flow.sides[i];
    let next = this.offset as i64;
    let end = at + (len + segment.cut) as i64;
    if at < next {
        let old = (next - at).min(len as i64) as usize;
        repeated(flow, side, at, &payload[..old], segment, cx);
        if end <= next {
            return true;
        }
        payload = &payload[old..];
        at += old as i64;
    }
    // What was cut off may overlap what is known.
    let cut_from = (at + payload.len() as i64).max(next) as u64;
    let cut = (end as u64).saturating_sub(cut_from);
    let at = at.max(next) as u64;
    let fate = match &flow.content {
        Content::Work(_) => None,
        Content::Silent if cx.shared.tcp_candidates == 0 => Some(Fate::Unidentified),
        Content::Silent => {
            let offsets = [flow.sides[0].offset, flow.sides[1].offset];
            let work = Work::new(offsets, cx.shared.tcp_candidates, flow.id.mid_stream);
            flow.content = Content::Work(Box::new(work));
            None
        }
        Content::Deaf(fate) => Some(*fate),
        Content::Done => Some(Fate::Unidentified),
    };
    if let Some(fate) = fate {
        if matches!(flow.content, Content::Silent) {
            cx.counts.events.unidentified += 1;
            flow.content = Content::Deaf(fate);
        }
        *fate.counter(cx) += payload.len() as u64;
        let this = &mut flow.sides[i];
        this.advance((end as u64).saturating_sub(this.offset));
        return true;
    }
    let Content::Work(work) = &mut flow.content else {
        return true;
    };
    let waiting = work.streams[i].pending.is_some();
    let this = &mut flow.sides[i];
    if !waiting && at == this.offset {
        let carrier = Carrier {
            frame: segment.at.frame,
            vlan: segment.at.vlan,
            filler: None,
        };
        this.advance(payload.len() as u64);
        let result = work.arrive(side, payload, &carrier, &mut flow.id, cx);
        settle(flow, result, cx);
        if cut > 0 {
            gap(flow, side, cut, true, cx);
        }
        return true;
    }
    keep(flow, side, at, payload, (cut_from, cut), segment, cx);
    drain(flow, side, Some(&segment.at), cx);
    true
}

/// Gives up what holes of a side will not be filled any more, by the signs that the conversation
/// itself gives, and delivers what is behind. `answered`: the other side says something now, which
/// may answer what is behind the hole, and should be read after it.
pub fn holes(flow: &mut Flow, side: Side, answered: bool, cx: &mut Context<'_>) {
    while hopeless(flow, side, answered, cx) {
        give_up(flow, side, cx);
    }
}

/// Gives up all holes of a side.
pub fn give_up_holes(flow: &mut Flow, side: Side, cx: &mut Context<'_>) {
    while let Content::Work(work) = &flow.content
        && work.streams[side.index()].pending.is_some()
    {
        give_up(flow, side, cx);
    }
}

/// A side ended.
pub fn end(flow: &mut Flow, side: Side, why: End, cx: &mut Context<'_>) {
    if let Content::Work(work) = &mut flow.content {
        let result = work.end(side, why, &mut flow.id, cx);
        settle(flow, result, cx);
    }
}

/// Both sides ended: what was kept for the conversation is let go.
pub fn retire(flow: &mut Flow, cx: &mut Context<'_>) {
    health::undecoded(flow, cx);
    match std::mem::replace(&mut flow.content, Content::Done) {
        Content::Work(work) => {
            let fate = if work.is_identified() {
                Fate::Rejected
            } else {
                Fate::Unidentified
            };
            work.bury(fate, cx);
        }
        Content::Deaf(fate) => flow.content = Content::Deaf(fate),
        Content::Silent | Content::Done => {}
    }
}

/// Stream offset after the last byte that waits behind a hole of this side.
pub fn waits_to(flow: &Flow, side: Side) -> Option<u64> {
    let Content::Work(work) = &flow.content else {
        return None;
    };
    work.streams[side.index()].pending.as_ref()?.end()
}

/// True if these bytes are known to differ from those delivered at the same place.
pub fn differs(flow: &Flow, side: Side, seq: u32, payload: &[u8], cx: &Context<'_>) -> bool {
    let this = &flow.sides[side.index()];
    this.known
        && !payload.is_empty()
        && first_difference(flow, side, this.offset_of(seq), payload, cx).is_some()
}

fn first_difference(
    flow: &Flow,
    side: Side,
    at: i64,
    bytes: &[u8],
    cx: &Context<'_>,
) -> Option<u64> {
    let Content::Work(work) = &flow.content else {
        return None;
    };
    // What lies before the first byte seen cannot be compared.
    let before = usize::try_from(-at.min(0))
        .unwrap_or(usize::MAX)
        .min(bytes.len());
    let at = at.max(0) as u64;
    work.differs(side, at, &bytes[before..], cx)
}

/// Where a segment stands.
enum Placed {
    Here,
    /// Beyond belief, so far.
    Nowhere,
    /// In another conversation.
    Elsewhere,
}

/// Does a segment at this offset belong to the stream? If it lies out of the window it is a stray,
/// until several in a row agree.
fn placed(
    flow: &mut Flow,
    side: Side,
    at: i64,
    segment: &Segment<'_>,
    cx: &mut Context<'_>,
) -> Placed {
    let len = segment.payload.len() as u64 + segment.cut;
    let this = &mut flow.sides[side.index()];
    let next = this.offset as i64;
    let ahead = cx.shared.ahead as i64;
    let received = this.acked_offset().unwrap_or(next).max(next);
    let beyond_end = this.ended && at + len as i64 > next;
    if at <= received + ahead && at >= next - ahead && !beyond_end {
        return Placed::Here;
    }
    this.strays = if this.strays > 0 && this.stray_next == segment.seq {
        this.strays.saturating_add(1)
    } else {
        1
    };
    this.stray_next = segment.seq.wrapping_add(len as u32);
    if u64::from(this.strays) < cx.shared.limit(limits::STRAY_SEGMENTS) {
        cx.counts.events.out_of_window += 1;
        let bytes = &mut cx.counts.bytes;
        *(if beyond_end {
            &mut bytes.after_end
        } else {
            &mut bytes.out_of_window
        }) += segment.payload.len() as u64;
        return Placed::Nowhere;
    }
    this.strays = 0;
    if beyond_end || at < next {
        return Placed::Elsewhere;
    }
    give_up_holes(flow, side, cx);
    let missing = (at as u64).saturating_sub(flow.sides[side.index()].offset);
    if missing > 0 {
        gap(flow, side, missing, false, cx);
    }
    Placed::Here
}

/// Bytes that were delivered before: a repeat, a keep-alive probe, or another story.
fn repeated(
    flow: &mut Flow,
    side: Side,
    at: i64,
    old: &[u8],
    segment: &Segment<'_>,
    cx: &mut Context<'_>,
) {
    let len = old.len() as u64;
    let next = flow.sides[side.index()].offset as i64;
    let probe = segment.payload.len() == 1 && segment.cut == 0 && at + 1 == next;
    if probe {
        cx.counts.events.keep_alives += 1;
        cx.counts.bytes.keep_alive += len;
    } else if let Some(differs_at) = first_difference(flow, side, at, old, cx) {
        cx.counts.bytes.conflicting += len;
        let range = differs_at..(at + len as i64).max(0) as u64;
        let usual = &flow.sides[side.index()];
        events::overlap_differs(&mut flow.id, usual, side, range, &segment.at, cx);
    } else if len > 0 {
        cx.counts.events.retransmissions += 1;
        cx.counts.bytes.retransmitted += len;
    }
}

/// Keeps a segment behind a hole.
fn keep(
    flow: &mut Flow,
    side: Side,
    at: u64,
    payload: &[u8],
    (cut_from, cut): (u64, u64),
    segment: &Segment<'_>,
    cx: &mut Context<'_>,
) {
    let Content::Work(work) = &mut flow.content else {
        return;
    };
    if at > flow.sides[side.index()].offset {
        cx.counts.events.out_of_order += 1;
    }
    let stream = &mut work.streams[side.index()];
    let passed_to = stream.passed_to();
    let pending = stream.pending.get_or_insert_with(Default::default);
    let (frame, vlan) = (segment.at.frame, segment.at.vlan);
    if cut > 0 {
        pending.keep(cut_from, Run::Cut(cut), frame, vlan, cx.now);
    }
    let run = Run::Bytes {
        bytes: payload,
        passed_to,
    };
    let kept = pending.keep(at, run, frame, vlan, cx.now);
    cx.counts.bytes.passed += kept.passed;
    cx.counts.bytes.retransmitted += kept.repeated;
    cx.counts.bytes.conflicting += kept.conflicting;
    if kept.repeated > 0 {
        cx.counts.events.retransmissions += 1;
    }
    if let Some(differs_at) = kept.differs_at {
        let range = differs_at..at + payload.len() as u64;
        let usual = &flow.sides[side.index()];
        events::overlap_differs(&mut flow.id, usual, side, range, &segment.at, cx);
    }
}

/// Delivers what waits and follows on the stream without a hole. `filler` filled the hole.
fn drain(flow: &mut Flow, side: Side, filler: Option<&Arrival>, cx: &mut Context<'_>) {
    let i = side.index();
    let mut moved = false;
    loop {
        let Content::Work(work) = &mut flow.content else {
            return;
        };
        let Some(pending) = &mut work.streams[i].pending else {
            return;
        };
        let Some(segment) = pending.take(flow.sides[i].offset) else {
            if pending.is_empty() {
                work.streams[i].pending = None;
            } else if moved {
                pending.restart(cx.now);
            }
            return;
        };
        moved = true;
        let carrier = Carrier {
            frame: segment.frame,
            vlan: segment.vlan,
            filler: filler
                .filter(|f| f.frame.seq != segment.frame.seq)
                .map(|f| (f.frame, f.vlan)),
        };
        match segment.what {
            What::Bytes(bytes) => {
                flow.sides[i].advance(segment.len);
                let result = work.arrive(side, &bytes, &carrier, &mut flow.id, cx);
                settle(flow, result, cx);
            }
            What::Passed => {
                if work.pass(side, segment.len, &carrier, cx) {
                    flow.sides[i].advance(segment.len);
                } else {
                    // The dissector that wanted to pass over them is gone.
                    gap(flow, side, segment.len, false, cx);
                }
            }
            What::Cut => gap(flow, side, segment.len, true, cx),
        }
    }
}

/// Is the first hole of a side one that nothing will fill?
fn hopeless(flow: &Flow, side: Side, answered: bool, cx: &mut Context<'_>) -> bool {
    let Content::Work(work) = &flow.content else {
        return false;
    };
    let Some(pending) = &work.streams[side.index()].pending else {
        return false;
    };
    let Some(first) = pending.first() else {
        return false;
    };
    let limit = |id| cx.shared.limit(id);
    if pending.segments() as u64 > limit(limits::REORDER_SEGMENTS)
        || pending.bytes() as u64 > limit(limits::REORDER_BYTES)
    {
        cx.counts.events.reorder_hits += 1;
        return true;
    }
    let this = &flow.sides[side.index()];
    let age = cx.now.saturating_sub(pending.since());
    let arrived = u64::from(pending.arrived());
    if !flow.id.seen[side.other().index()] {
        return arrived >= limit(limits::BLIND_SEGMENTS)
            || age >= cx.shared.milliseconds(limits::BLIND_MILLISECONDS);
    }
    let Some(received) = this.acked_offset().filter(|a| *a >= first as i64) else {
        return false;
    };
    let all = this.fin && received > this.offset_of(this.fin_at);
    all || arrived >= limit(limits::HOLE_SEGMENTS)
        || pending.arrived_bytes() >= limit(limits::HOLE_BYTES)
        || age >= cx.shared.milliseconds(limits::HOLE_MILLISECONDS)
        || answered && age >= cx.shared.milliseconds(limits::HOLE_ANSWERED_MILLISECONDS)
}

/// Gives up the first hole of a side and delivers what is behind it.
fn give_up(flow: &mut Flow, side: Side, cx: &mut Context<'_>) {
    let i = side.index();
    let Content::Work(work) = &mut flow.content else {
        return;
    };
    let first = work.streams[i].pending.as_ref().and_then(|p| p.first());
    match first {
        Some(first) => {
            let missing = first.saturating_sub(flow.sides[i].offset);
            if missing > 0 {
                gap(flow, side, missing, false, cx);
            }
            drain(flow, side, None, cx);
        }
        None => work.streams[i].pending = None,
    }
}

/// `len` bytes of a side are missing for good.
fn gap(flow: &mut Flow, side: Side, len: u64, cut: bool, cx: &mut Context<'_>) {
    let i = side.index();
    flow.sides[i].advance(len);
    let events = &mut cx.counts.events;
    events.gaps += 1;
    events.gap_bytes += len;
    if cut {
        events.cut_gaps += 1;
        events.cut_bytes += len;
    }
    let first = flow.id.missing[i] == 0;
    flow.id.missing[i] += len;
    flow.id.changed();
    if let Content::Work(work) = &mut flow.content {
        if let Some(name) = work.protocol().filter(|_| first) {
            health::gap(&mut flow.id, name, side, len, flow.latest, cx);
        }
        let result = work.gap(side, len, &mut flow.id, cx);
        settle(flow, result, cx);
    }
}

fn settle(flow: &mut Flow, result: Result<(), Fate>, cx: &mut Context<'_>) {
    if let Err(fate) = result {
        deafen(flow, fate, cx);
    }
}
