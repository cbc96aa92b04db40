//! Transport events as messages of the protocol `tcp`, so that rules reach them like all else.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;

use dissectors::contract::{Side, Transport};
use dissectors::message::{Conversation, Draft, Endpoint, FrameRef, Messages};
use dissectors::schema::KindId;
use dissectors::tcp;

use super::context::Context;
use super::limits;
use super::record::{Conflict, Flow, Ident, State, TcpSide};

/// A packet as events tell of it.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    pub frame: FrameRef,
    pub vlan: u16,
    pub ttl: u8,
    pub mac: Option<[u8; 6]>,
}

/// Two copies of the stream bytes `range` differ.
pub fn overlap_differs(
    id: &mut Ident,
    usual: &TcpSide,
    side: Side,
    range: Range<u64>,
    at: &Arrival,
    cx: &mut Context<'_>,
) {
    cx.counts.events.conflicts += 1;
    if !std::mem::replace(&mut id.overlap_differs, true) {
        id.changed();
    }
    if belongs_to_last(id, side, &range, at, cx) {
        return;
    }
    let length = range.end - range.start;
    write(
        id,
        tcp::OVERLAP,
        side,
        range.clone(),
        at,
        cx,
        |draft, id| {
            draft
                .integer(tcp::OFFSET, range.start as i64)
                .integer(tcp::LENGTH, length as i64);
            origin(draft, id, usual, side, at);
        },
    );
}

/// True if these bytes stand beside those of the conflict told last, or are a copy of it: one forged
/// segment is one event, however it was cut and however often the SPAN shows it.
fn belongs_to_last(
    id: &mut Ident,
    side: Side,
    range: &Range<u64>,
    at: &Arrival,
    cx: &Context<'_>,
) -> bool {
    let near = cx.shared.limit(limits::CONFLICT_BYTES);
    let window = cx
        .shared
        .limit(limits::CONFLICT_MICROSECONDS)
        .saturating_mul(1_000);
    if let Some(last) = &mut id.conflict
        && last.side == side
        && last.time.abs_diff(at.frame.time) <= window
        && range.start <= last.range.end.saturating_add(near)
        && last.range.start <= range.end.saturating_add(near)
    {
        last.range = last.range.start.min(range.start)..last.range.end.max(range.end);
        last.time = at.frame.time;
        return true;
    }
    let (range, time) = (range.clone(), at.frame.time);
    id.conflict = Some(Box::new(Conflict { side, range, time }));
    false
}

/// A RST came. `word` says what it met, or that it was ignored.
pub fn reset(flow: &mut Flow, side: Side, word: &str, at: &Arrival, cx: &mut Context<'_>) {
    let bytes = flow.sides.each_ref().map(|s| s.offset);
    let offset = bytes[side.index()];
    let usual = &flow.sides[side.index()];
    write(
        &mut flow.id,
        tcp::RESET,
        side,
        offset..offset,
        at,
        cx,
        |draft, id| {
            draft.integer(tcp::OFFSET, offset as i64);
            origin(draft, id, usual, side, at);
            totals(draft, bytes);
            draft.text(tcp::STATE, word.as_bytes());
        },
    );
}

/// Tells, once a side, of a packet from another MAC than the first of its side.
pub fn mac(flow: &mut Flow, side: Side, at: &Arrival, cx: &mut Context<'_>) {
    let i = side.index();
    if at.mac == flow.id.macs[i] || flow.id.mac_told[i] || at.mac.is_none() {
        return;
    }
    flow.id.mac_told[i] = true;
    let usual = &flow.sides[i];
    write(
        &mut flow.id,
        tcp::MAC_DIFFERS,
        side,
        0..0,
        at,
        cx,
        |draft, id| origin(draft, id, usual, side, at),
    );
}

/// Tells, once a side, of an urgent pointer that no program's bytes have.
pub fn urgent(flow: &mut Flow, side: Side, pointer: u16, at: &Arrival, cx: &mut Context<'_>) {
    let i = side.index();
    if std::mem::replace(&mut flow.id.urgent_told[i], true) {
        return;
    }
    let usual = &flow.sides[i];
    write(
        &mut flow.id,
        tcp::URGENT,
        side,
        0..0,
        at,
        cx,
        |draft, id| {
            draft.integer(tcp::URGENT_POINTER, pointer.into());
            origin(draft, id, usual, side, at);
        },
    );
}

/// A second SYN-ACK with another sequence number answered one SYN.
pub fn handshake_differs(flow: &mut Flow, side: Side, at: &Arrival, cx: &mut Context<'_>) {
    let usual = &flow.sides[side.index()];
    write(
        &mut flow.id,
        tcp::HANDSHAKE,
        side,
        0..0,
        at,
        cx,
        |draft, id| {
            origin(draft, id, usual, side, at);
        },
    );
}

/// The SYN was answered by RST. It is told of the client: who asked and was refused.
pub fn refused(flow: &mut Flow, at: &Arrival, cx: &mut Context<'_>) {
    cx.counts.events.refused += 1;
    once(flow, tcp::REFUSED, Side::Client, "refused", at, cx);
}

/// The handshake was completed.
pub fn opened(flow: &mut Flow, at: &Arrival, cx: &mut Context<'_>) {
    if cx.shared.settings.connections {
        once(flow, tcp::OPENED, Side::Client, "established", at, cx);
    }
}

/// The conversation is over, for whatever reason: told as what it was.
pub fn over(flow: &mut Flow, vlan: u16, cx: &mut Context<'_>) {
    let at = Arrival {
        frame: flow.latest,
        vlan,
        ttl: 0,
        mac: None,
    };
    match flow.state {
        State::Attempt => {
            cx.counts.events.attempts += 1;
            once(flow, tcp::ATTEMPT, Side::Client, "attempt", &at, cx);
        }
        State::Refused | State::Datagrams => {}
        state if cx.shared.settings.connections => {
            once(flow, tcp::CLOSED, Side::Client, state.word(), &at, cx);
        }
        _ => {}
    }
}

/// The clock of the capture was set back. Belongs to no conversation.
pub fn clock_step(nanoseconds: u64, frame: FrameRef, cx: &mut Context<'_>) {
    cx.counts.events.clock_steps += 1;
    let nobody = Endpoint {
        ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        port: 0,
        mac: None,
    };
    let conversation = cx.out.batch.add_conversation(Conversation {
        flow_id: 0,
        transport: Transport::Link(0),
        ends: [nobody; 2],
        started: frame,
        mid_stream: true,
        seen: [true, false],
        missing: [0; 2],
        overlap_differs: false,
    });
    let index = cx.out.batch.len();
    pen(Side::Client, 0, cx)
        .message(tcp::CLOCK_STEP, 0..0)
        .decimal(tcp::STEP, nanoseconds as f64 / 1e9);
    cx.frames.push(frame);
    cx.place(index, conversation, 0);
}

impl State {
    /// The word of the field `state`.
    pub fn word(self) -> &'static str {
        match self {
            State::Attempt => "attempt",
            State::HalfOpen => "half-open",
            State::Established | State::Datagrams => "established",
            State::Reset(_) => "reset",
            State::Closed => "closed",
            State::Refused => "refused",
        }
    }
}

/// An event that a conversation has at most once.
fn once(flow: &mut Flow, kind: KindId, side: Side, word: &str, at: &Arrival, cx: &mut Context<'_>) {
    let bytes = flow.sides.each_ref().map(|s| s.offset);
    let index = cx.out.batch.len();
    let mut out = pen(side, 0, cx);
    let mut draft = out.message(kind, 0..0);
    draft.text(tcp::STATE, word.as_bytes());
    totals(&mut draft, bytes);
    let conversation = flow.id.record(cx);
    cx.frames.push(at.frame);
    cx.place(index, conversation, at.vlan);
}

/// An event that may come often: beyond a limit it is counted only.
fn write(
    id: &mut Ident,
    kind: KindId,
    side: Side,
    range: Range<u64>,
    at: &Arrival,
    cx: &mut Context<'_>,
    fill: impl FnOnce(&mut Draft<'_>, &Ident),
) {
    if u64::from(id.events) >= cx.shared.limit(limits::EVENTS) {
        cx.counts.events.events_suppressed += 1;
        return;
    }
    id.events = id.events.saturating_add(1);
    let index = cx.out.batch.len();
    let mut out = pen(side, range.start, cx);
    let mut draft = out.message(kind, range);
    fill(&mut draft, id);
    let conversation = id.record(cx);
    cx.frames.push(at.frame);
    cx.place(index, conversation, at.vlan);
}

fn pen<'c>(side: Side, offset: u64, cx: &'c mut Context<'_>) -> Messages<'c> {
    Messages::new(
        &mut cx.out.batch,
        &cx.shared.settings.dissector_limits,
        &cx.shared.interest,
        cx.shared.tcp,
        side,
        offset,
    )
}

/// Where this packet came from, and where this side's packets usually do.
fn origin(draft: &mut Draft<'_>, id: &Ident, usual: &TcpSide, side: Side, at: &Arrival) {
    draft
        .integer(tcp::TTL, i64::from(at.ttl))
        .integer(tcp::FLOW_TTL, i64::from(usual.ttl));
    if let Some(mac) = at.mac {
        draft.text(tcp::MAC, &mac_text(mac));
    }
    if let Some(mac) = id.macs[side.index()] {
        draft.text(tcp::FLOW_MAC, &mac_text(mac));
    }
}

fn totals(draft: &mut Draft<'_>, bytes: [u64; 2]) {
    draft
        .integer(tcp::CLIENT_BYTES, bytes[0] as i64)
        .integer(tcp::SERVER_BYTES, bytes[1] as i64);
}

fn mac_text(mac: [u8; 6]) -> [u8; 17] {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b':'; 17];
    for (byte, pair) in mac.iter().zip(text.chunks_mut(3)) {
        pair[0] = HEX[usize::from(byte >> 4)];
        pair[1] = HEX[usize::from(byte & 15)];
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn mac_reads_as_people_write_it() {
        let text = super::mac_text([0x02, 0, 0, 0xAA, 0xBB, 0x0C]);
        assert_eq!(&text, b"02:00:00:aa:bb:0c");
    }
}
