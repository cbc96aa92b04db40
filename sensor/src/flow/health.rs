//! What limits the sight of one conversation, as messages of the protocol `health`.

use dissectors::contract::Side;
use dissectors::health;
use dissectors::message::{FrameRef, Messages};
use dissectors::schema::KindId;

use super::context::Context;
use super::limits;
use super::record::{Content, Fate, Flow, Ident, State};

/// The first bytes of this side that never came, of a conversation whose protocol is known.
pub fn gap(
    id: &mut Ident,
    protocol: &str,
    side: Side,
    len: u64,
    at: FrameRef,
    cx: &mut Context<'_>,
) {
    tell(id, health::GAP, protocol, side, len, at, cx);
}

/// The conversation's dissector crashed.
pub fn fault(id: &mut Ident, protocol: &str, side: Side, at: FrameRef, cx: &mut Context<'_>) {
    tell(id, health::FAULT, protocol, side, 0, at, cx);
}

/// The conversation is over, and nobody knew what it said. Small ones are not told.
pub fn undecoded(flow: &mut Flow, cx: &mut Context<'_>) {
    let unknown = match &flow.content {
        Content::Work(work) => !work.is_identified(),
        Content::Deaf(Fate::Unidentified | Fate::Rejected) => true,
        Content::Deaf(_) | Content::Silent | Content::Done => false,
    };
    let bytes = flow.sides[0].offset + flow.sides[1].offset;
    if unknown && bytes >= cx.shared.limit(limits::UNDECODED_BYTES) {
        let at = flow.latest;
        tell(
            &mut flow.id,
            health::UNDECODED,
            "",
            Side::Client,
            bytes,
            at,
            cx,
        );
    }
}

/// A side of a TCP conversation said something for the first time.
pub fn spoke(flow: &mut Flow, side: Side, cx: &mut Context<'_>) {
    let other = side.other().index();
    let directions = &mut cx.counts.directions;
    match (flow.sides[other].spoke, flow.id.seen[other]) {
        // It was counted then.
        (true, _) => {}
        (false, true) => directions.both += 1,
        (false, false) => directions.one += 1,
    }
    flow.sides[side.index()].spoke = true;
}

/// The first packet of a side came after the other had spoken.
pub fn heard(flow: &Flow, side: Side, cx: &mut Context<'_>) {
    if flow.sides[side.other().index()].spoke {
        cx.counts.directions.one -= 1;
        cx.counts.directions.both += 1;
    }
}

/// A conversation is forgotten.
pub fn forgotten(flow: &Flow, cx: &mut Context<'_>) {
    if flow.state == State::Datagrams || !flow.sides.iter().any(|s| s.spoke) {
        return;
    }
    if flow.id.seen == [true, true] {
        cx.counts.directions.both_ended += 1;
    } else {
        cx.counts.directions.one_ended += 1;
    }
}

fn tell(
    id: &mut Ident,
    kind: KindId,
    name: &str,
    side: Side,
    bytes: u64,
    at: FrameRef,
    cx: &mut Context<'_>,
) {
    let index = cx.out.batch.len();
    let mut out = Messages::new(
        &mut cx.out.batch,
        &cx.shared.settings.dissector_limits,
        &cx.shared.interest,
        cx.shared.health,
        side,
        0,
    );
    out.message(kind, 0..0)
        .text_if(health::NAME, name.as_bytes())
        .integer(health::BYTES, i64::try_from(bytes).unwrap_or(i64::MAX));
    let conversation = id.record(cx);
    cx.frames.push(at);
    cx.place(index, conversation, 0);
}
