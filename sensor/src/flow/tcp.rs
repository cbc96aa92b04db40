//! A TCP conversation's packets: handshake, acknowledgements, RST, FIN (RFC 9293). What is said in
//! them is put in order in [`reassembly`](super::reassembly).

use std::hash::{BuildHasher, Hasher};

use dissectors::contract::{End, Side};
use dissectors::identify::Signatures;

use super::context::{Context, Shared};
use super::events::{self, Arrival};
use super::health;
use super::limits;
use super::reassembly::{self, Segment};
use super::record::{Claim, Content, Fate, Flow, State, TcpSide};
use crate::decode::packet::{TcpFlags, TcpHead};

/// Whether a packet belongs to the conversation that has its key.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub enum Next {
    /// It does, and was handled.
    Keep,
    /// A new conversation of the same ends begins, with this SYN or SYN-ACK, or (none) in the middle.
    /// The packet is to be handled there.
    Replace(Option<Claim>),
}

/// A TCP packet.
#[derive(Clone, Copy)]
pub struct Packet<'a> {
    pub head: &'a TcpHead,
    pub payload: &'a [u8],
    /// Payload bytes on the wire that were not captured.
    pub cut: u32,
    pub ip_id: u16,
    pub at: Arrival,
}

impl Packet<'_> {
    fn has(&self, bits: u8) -> bool {
        self.head.flags.has(bits)
    }

    /// What its copies share.
    fn mark(&self, side: Side, shared: &Shared) -> u64 {
        let head = self.head;
        let mut hasher = shared.hasher.build_hasher();
        hasher.write_u64(u64::from(head.seq) << 32 | u64::from(head.ack));
        hasher.write_u64(
            u64::from(self.ip_id) << 48
                | u64::from(head.window) << 32
                | u64::from(head.checksum) << 16
                | u64::from(head.flags.0) << 8
                | side.index() as u64,
        );
        hasher.write_u64(self.payload.len() as u64);
        hasher.finish()
    }

    fn claim(&self, side: Side) -> Claim {
        Claim {
            side,
            isn: self.head.seq,
            answers: self.has(TcpFlags::ACK).then_some(self.head.ack),
            frame: self.at.frame,
            ttl: self.at.ttl,
            mac: self.at.mac,
        }
    }
}

/// Is the upper end of the key the client, judging by the first packet, which `upper` says it sent?
pub fn client_is_upper(head: &TcpHead, upper: bool, signatures: &Signatures) -> bool {
    if head.flags.has(TcpFlags::SYN) {
        return upper != head.flags.has(TcpFlags::ACK);
    }
    let transport = dissectors::Transport::Tcp;
    let hinted = [head.src_port, head.dst_port].map(|p| signatures.hinted(transport, p));
    let sender_is_server = match hinted {
        [true, false] => true,
        [false, true] => false,
        _ => head.src_port < head.dst_port,
    };
    upper != sender_is_server
}

/// A conversation that a packet begins.
pub fn begin(flow: &mut Flow, claim: Option<Claim>) {
    let Some(claim) = claim else {
        flow.state = State::Established;
        flow.id.mid_stream = true;
        return;
    };
    let i = claim.side.index();
    flow.id.seen[i] = true;
    flow.id.macs[i] = claim.mac;
    flow.id.started = claim.frame;
    let side = &mut flow.sides[i];
    side.ttl = claim.ttl;
    side.syn = true;
    side.isn = claim.isn;
    side.begin(claim.isn.wrapping_add(1));
    flow.state = State::Attempt;
    if let Some(ack) = claim.answers {
        flow.sides[claim.side.other().index()].begin(ack);
        flow.state = State::HalfOpen;
    }
}

/// What the first packet of a conversation claims.
pub fn first(packet: &Packet<'_>, side: Side) -> Option<Claim> {
    packet.has(TcpFlags::SYN).then(|| packet.claim(side))
}

/// A packet of a known conversation.
pub fn packet(flow: &mut Flow, side: Side, packet: &Packet<'_>, cx: &mut Context<'_>) -> Next {
    let head = packet.head;
    let i = side.index();
    if !flow.id.seen[i] {
        flow.id.seen[i] = true;
        flow.id.macs[i] = packet.at.mac;
        flow.sides[i].ttl = packet.at.ttl;
        flow.id.changed();
        health::heard(flow, side, cx);
    }
    if second_sighting(flow, side, packet, cx) {
        cx.counts.events.second_sightings += 1;
        cx.counts.bytes.second_sighting += packet.payload.len() as u64;
        return Next::Keep;
    }
    // Only new bytes count: at the end of a conversation late copies from behind a router are no
    // longer known as such.
    let new =
        !flow.sides[i].known || flow.sides[i].offset_of(head.seq) >= flow.sides[i].offset as i64;
    if !packet.payload.is_empty() && !flow.sides[i].spoke {
        health::spoke(flow, side, cx);
    }
    if !packet.payload.is_empty() && new {
        events::mac(flow, side, &packet.at, cx);
    }
    let bytes = packet.payload.len() + packet.cut as usize;
    if head.flags.has(TcpFlags::URG)
        && (head.urgent == 0 || usize::from(head.urgent) > bytes.max(1))
    {
        events::urgent(flow, side, head.urgent, &packet.at, cx);
    }
    if flow.id.macs[i] != packet.at.mac
        && packet.at.mac.is_some()
        && !packet.payload.is_empty()
        && new
    {
        // From here on this side's messages come from another station.
        flow.id.macs[i] = packet.at.mac;
        flow.id.changed();
    }
    if packet.has(TcpFlags::RST) {
        reset(flow, side, packet, cx);
        return Next::Keep;
    }
    let syn = packet.has(TcpFlags::SYN);
    if syn {
        if let Some(claim) = handshake(flow, side, packet, cx) {
            return Next::Replace(Some(claim));
        }
    } else if let Some(claim) = confirmed(flow, side, packet) {
        return Next::Replace(Some(claim));
    }
    if packet.has(TcpFlags::ACK) {
        acknowledge(flow, side, packet, cx);
        reassembly::holes(flow, side.other(), !packet.payload.is_empty(), cx);
    }
    if !syn {
        establish(flow, side, packet, cx);
    }
    let seq = if syn {
        head.seq.wrapping_add(1)
    } else {
        head.seq
    };
    if !flow.sides[i].known {
        flow.sides[i].begin(seq);
    }
    if !packet.payload.is_empty() || packet.cut > 0 {
        let segment = Segment {
            seq,
            payload: packet.payload,
            cut: u64::from(packet.cut),
            at: packet.at,
        };
        if flow.state == State::Reset(side) && seq == flow.sides[i].next {
            // It goes on talking: the RST was not its own, or came to nothing.
            flow.state = State::Established;
        }
        if !reassembly::data(flow, side, &segment, cx) {
            return Next::Replace(None);
        }
    }
    if packet.has(TcpFlags::FIN) {
        let len = packet.payload.len() as u32;
        finish(
            flow,
            side,
            seq.wrapping_add(len).wrapping_add(packet.cut),
            cx,
        );
    }
    reassembly::holes(flow, side, false, cx);
    for side in Side::BOTH {
        ended(flow, side, cx);
    }
    if flow.sides[0].ended && flow.sides[1].ended && flow.state != State::Closed {
        flow.state = State::Closed;
        flow.latest = packet.at.frame;
        flow.recent.settle();
        reassembly::retire(flow, cx);
        events::over(flow, packet.at.vlan, cx);
    }
    Next::Keep
}

/// The conversation is over. Whatever waits is told.
pub fn close(flow: &mut Flow, why: End, cx: &mut Context<'_>) {
    if flow.state == State::Closed {
        return;
    }
    let why = match flow.state {
        State::Reset(_) => End::Reset,
        _ => why,
    };
    for side in Side::BOTH {
        reassembly::give_up_holes(flow, side, cx);
    }
    for side in Side::BOTH {
        reassembly::end(flow, side, why, cx);
    }
    reassembly::retire(flow, cx);
    events::over(flow, 0, cx);
    flow.state = State::Closed;
}

/// Silence after which the conversation is over, in nanoseconds.
pub fn time_out(flow: &Flow, shared: &Shared) -> u64 {
    shared.seconds(match flow.state {
        State::Attempt | State::HalfOpen => limits::TCP_ATTEMPT_SECONDS,
        State::Reset(_) | State::Closed | State::Refused => limits::TCP_CLOSED_SECONDS,
        State::Datagrams => limits::UDP_IDLE_SECONDS,
        State::Established => {
            // Stray acknowledgements are not worth an hour's memory.
            let silent = matches!(flow.content, Content::Silent);
            if flow.id.mid_stream && silent {
                limits::TCP_ATTEMPT_SECONDS
            } else {
                limits::TCP_IDLE_SECONDS
            }
        }
    })
}

/// True if this packet was seen just now. Remembers it if not.
fn second_sighting(flow: &mut Flow, side: Side, packet: &Packet<'_>, cx: &mut Context<'_>) -> bool {
    let mark = packet.mark(side, cx.shared);
    let window = if packet.ip_id != 0 {
        cx.shared.sighting_id
    } else {
        cx.shared.sighting
    };
    let time = packet.at.frame.time;
    if flow.recent.saw(mark, time, window)
        && !reassembly::differs(flow, side, packet.head.seq, packet.payload, cx)
    {
        return true;
    }
    flow.recent.remember(mark, time, window);
    false
}

/// A SYN or SYN-ACK. Gives the claim of a new conversation if it is sure to begin one.
fn handshake(
    flow: &mut Flow,
    side: Side,
    packet: &Packet<'_>,
    cx: &mut Context<'_>,
) -> Option<Claim> {
    let seq = packet.head.seq;
    let answers = packet.has(TcpFlags::ACK);
    let claim = packet.claim(side);
    let [this, other] = both(&mut flow.sides, side);
    if this.syn && this.isn == seq && flow.state != State::Closed {
        return None;
    }
    if matches!(flow.state, State::Closed | State::Refused | State::Reset(_)) {
        return (!answers || flow.state == State::Closed).then_some(claim);
    }
    if !this.known {
        // An answer to something else than the SYN that was seen opens nothing.
        let answered = packet.head.ack.wrapping_sub(other.isn);
        let fits = (1..=1 << 16).contains(&answered);
        if answers && other.syn && !fits {
            return None;
        }
        this.syn = true;
        this.isn = seq;
        this.begin(seq.wrapping_add(1));
        if flow.state == State::Attempt {
            flow.state = State::HalfOpen;
        }
        return None;
    }
    let unsaid = this.offset == 0 && !this.syn && seq.wrapping_add(1) == this.next;
    if unsaid {
        // The SYN came late, behind what follows it.
        this.syn = true;
        this.isn = seq;
        if matches!(flow.content, Content::Silent) {
            flow.id.mid_stream = false;
            flow.id.changed();
        }
        return None;
    }
    match flow.claim.as_deref() {
        Some(open)
            if answers && open.side != side && packet.head.ack == open.isn.wrapping_add(1) =>
        {
            return Some(*open);
        }
        _ => {}
    }
    if !answers && flow.state == State::Attempt {
        return Some(claim);
    }
    let one_syn_two_answers =
        answers && this.syn && other.syn && packet.head.ack == other.isn.wrapping_add(1);
    if one_syn_two_answers {
        events::handshake_differs(flow, side, &packet.at, cx);
    }
    flow.claim = Some(Box::new(claim));
    None
}

/// The new conversation that an earlier SYN or SYN-ACK claimed, if this packet goes on in it.
fn confirmed(flow: &mut Flow, side: Side, packet: &Packet<'_>) -> Option<Claim> {
    let claim = **flow.claim.as_ref()?;
    let begin = claim.isn.wrapping_add(1);
    let [this, other] = both(&mut flow.sides, side);
    if claim.side == side {
        let fits = packet.head.seq == begin && this.next != begin;
        return fits.then_some(claim);
    }
    // The client takes the other of two answers to its SYN.
    let takes = packet.has(TcpFlags::ACK) && packet.head.ack == begin && other.next != begin;
    if takes && claim.answers.is_some() && other.offset == 0 {
        other.isn = claim.isn;
        other.begin(begin);
        flow.claim = None;
    }
    None
}

/// The other side's bytes up to here were received.
fn acknowledge(flow: &mut Flow, side: Side, packet: &Packet<'_>, cx: &Context<'_>) {
    let ack = packet.head.ack;
    let state = flow.state;
    let [this, other] = both(&mut flow.sides, side);
    if !other.known {
        // The answer to the SYN was not seen, but where it began is told here.
        if state == State::Attempt && this.syn && !packet.has(TcpFlags::SYN) {
            other.begin(ack);
        } else {
            return;
        }
    }
    let offset = other.offset_of(ack);
    let believable = offset <= other.offset as i64 + cx.shared.ahead as i64;
    let newer = !other.has_ack || offset > other.offset_of(other.acked);
    if believable && newer {
        other.acked = ack;
        other.has_ack = true;
    }
}

/// The handshake is complete once either side goes on after it.
fn establish(flow: &mut Flow, side: Side, packet: &Packet<'_>, cx: &mut Context<'_>) {
    let opens = match flow.state {
        State::Attempt => side == Side::Client,
        State::HalfOpen => side == Side::Client || !packet.payload.is_empty(),
        _ => false,
    };
    if opens {
        flow.state = State::Established;
        events::opened(flow, &packet.at, cx);
    }
}

fn reset(flow: &mut Flow, side: Side, packet: &Packet<'_>, cx: &mut Context<'_>) {
    let head = packet.head;
    cx.counts.bytes.after_end += packet.payload.len() as u64;
    let answers = packet.has(TcpFlags::ACK);
    let claimed = flow
        .claim
        .as_ref()
        .is_some_and(|c| c.side != side && answers && head.ack == c.isn.wrapping_add(1));
    if claimed {
        flow.claim = None;
        return events::refused(flow, &packet.at, cx);
    }
    if matches!(flow.state, State::Closed | State::Refused | State::Reset(_)) {
        return;
    }
    let state = flow.state;
    let waits_to = reassembly::waits_to(flow, side);
    let [this, other] = both(&mut flow.sides, side);
    let fits = if this.known {
        head.seq == this.next
            || waits_to.is_some_and(|end| this.offset_of(head.seq) == end as i64)
            || this.has_ack && head.seq == this.acked
            || this.fin && head.seq == this.fin_at.wrapping_add(1)
    } else {
        // Nothing was seen of this side; what it acknowledges must fit.
        answers
            && other.known
            && (head.ack == other.next || other.syn && head.ack == other.isn.wrapping_add(1))
    };
    if !fits {
        cx.counts.events.resets_ignored += 1;
        return events::reset(flow, side, "ignored", &packet.at, cx);
    }
    if state == State::Attempt && side == Side::Server {
        flow.state = State::Refused;
        return events::refused(flow, &packet.at, cx);
    }
    cx.counts.events.resets += 1;
    let word = if state == State::Established {
        "reset"
    } else {
        state.word()
    };
    events::reset(flow, side, word, &packet.at, cx);
    flow.state = State::Reset(side);
}

/// A FIN stands at this sequence number.
fn finish(flow: &mut Flow, side: Side, at: u32, cx: &Context<'_>) {
    let this = &mut flow.sides[side.index()];
    let next = this.offset as i64;
    let received = this.acked_offset().unwrap_or(next).max(next);
    let window = next..=received + cx.shared.ahead as i64;
    // One that lies elsewhere than an earlier one takes its place: only one of them can be reached.
    if !this.ended && window.contains(&this.offset_of(at)) {
        this.fin = true;
        this.fin_at = at;
    }
}

/// A side ended once all up to its FIN was delivered.
fn ended(flow: &mut Flow, side: Side, cx: &mut Context<'_>) {
    let this = &mut flow.sides[side.index()];
    if this.fin && !this.ended && this.known && this.next == this.fin_at {
        this.ended = true;
        reassembly::end(flow, side, End::Fin, cx);
    }
}

/// A side and the other.
fn both(sides: &mut [TcpSide; 2], side: Side) -> [&mut TcpSide; 2] {
    let [client, server] = sides;
    match side {
        Side::Client => [client, server],
        Side::Server => [server, client],
    }
}

/// Nobody listens to the conversation any more.
pub fn deafen(flow: &mut Flow, fate: Fate, cx: &mut Context<'_>) {
    if let Content::Work(work) = std::mem::replace(&mut flow.content, Content::Deaf(fate)) {
        let ends = work.bury(fate, cx);
        for (side, end) in flow.sides.iter_mut().zip(ends) {
            side.advance(end.saturating_sub(side.offset));
        }
    }
}

/// What is kept for a conversation is given up for want of memory. What it says from now on is
/// identified anew.
pub fn evict_work(flow: &mut Flow, cx: &mut Context<'_>) {
    if let Content::Work(work) = &mut flow.content {
        for side in Side::BOTH {
            if work.end(side, End::Evicted, &mut flow.id, cx).is_err() {
                break;
            }
        }
        deafen(flow, Fate::Refused, cx);
        flow.content = Content::Silent;
        flow.id.mid_stream = true;
        flow.id.changed();
    }
}
