//! A sixteenth of all conversations: their records, their timers, their budgets.

use std::hash::BuildHasher;

use dissectors::contract::{End, Side, Transport};
use dissectors::message::FrameRef;

use super::clock::SECOND;
use super::context::{Context, Shared};
use super::events::Arrival;
use super::health;
use super::key::{self, Key};
use super::record::{Claim, Content, Flow, State};
use super::sighting::Recent;
use super::table::Table;
use super::tcp::{self, Next};
use super::udp;
use super::wheel::{Link, Links, Wheel};
use crate::capture::block::Block;
use crate::decode::packet::{Packet, TcpFlags, TcpHead, TransportHead, UdpHead};

#[derive(Debug, Default)]
pub struct Shard {
    flows: Vec<Flow>,
    free: Vec<u32>,
    table: Table,
    wheel: Wheel,
    /// Bytes of heap kept by conversations under work.
    held: u64,
    /// Where the search for a large holder goes on.
    cursor: usize,
    ripe: Vec<u32>,
    /// The last frames below IP: each is a conversation of its own, so none can remember its copies.
    below_ip: Recent,
}

impl Links for Vec<Flow> {
    fn link(&mut self, place: u32) -> &mut Link {
        &mut self[place as usize].link
    }
}

/// Holders among which the largest is looked for.
const SAMPLE: usize = 64;
/// Records looked at for them, if there is any holder.
const RECORDS: usize = 4096;

impl Shard {
    /// A packet of this shard.
    pub fn packet(
        &mut self,
        block: &Block,
        packet: &Packet,
        frame: FrameRef,
        cx: &mut Context<'_>,
    ) {
        let payload = block.payload(packet);
        let at = Arrival {
            frame,
            vlan: packet.vlan,
            ttl: packet.ttl,
            mac: packet.macs.map(|(src, _)| src),
        };
        match &packet.head {
            TransportHead::Tcp(head) => {
                cx.counts.packets.tcp += 1;
                cx.counts.bytes_in += payload.len() as u64;
                let segment = tcp::Packet {
                    head,
                    payload,
                    cut: packet.cut,
                    ip_id: packet.ip_id,
                    at,
                };
                self.tcp(packet, head, &segment, cx);
            }
            TransportHead::Udp(head) => {
                cx.counts.packets.udp += 1;
                cx.counts.bytes_in += payload.len() as u64;
                let datagram = udp::Datagram {
                    payload,
                    cut: packet.cut,
                    ip_id: packet.ip_id,
                    checksum: head.checksum,
                    at,
                };
                self.udp(packet, head, &datagram, cx);
            }
            TransportHead::Link { ethertype } => {
                cx.counts.packets.link += 1;
                cx.counts.bytes_in += payload.len() as u64;
                let macs = packet.macs.unwrap_or_default();
                let mut flow =
                    Flow::new(Key::link(&macs, *ethertype), false, frame, State::Datagrams);
                flow.id.seen[0] = true;
                flow.id.macs = [packet.macs.map(|m| m.0), packet.macs.map(|m| m.1)];
                let datagram = udp::Datagram {
                    payload,
                    cut: packet.cut,
                    ip_id: 0,
                    checksum: 0,
                    at,
                };
                if udp::frame_again(&mut self.below_ip, *ethertype, &datagram, cx) {
                    cx.counts.events.second_sightings += 1;
                    cx.counts.bytes.second_sighting += payload.len() as u64;
                } else {
                    udp::frame(&mut flow, &datagram, cx);
                }
            }
            TransportHead::Icmp { v6, kind, .. } => {
                cx.counts.packets.icmp += 1;
                cx.counts.bytes_in += payload.len() as u64;
                let datagram = udp::Datagram {
                    payload,
                    cut: packet.cut,
                    ip_id: packet.ip_id,
                    checksum: 0,
                    at,
                };
                let (key, upper) = Key::icmp(&packet.src, &packet.dst, *v6, *kind);
                self.datagram(key, upper, upper, &datagram, cx);
            }
        }
    }

    fn tcp(
        &mut self,
        packet: &Packet,
        head: &TcpHead,
        segment: &tcp::Packet<'_>,
        cx: &mut Context<'_>,
    ) {
        let (key, upper) = Key::of(
            &packet.src,
            &packet.dst,
            head.src_port,
            head.dst_port,
            key::TCP,
        );
        let hash = key.hash(cx.shared.hasher.build_hasher());
        let place = match self.find(hash, &key) {
            Some(place) => place,
            None => {
                if head.flags.has(TcpFlags::RST) {
                    // Nothing that it could end.
                    cx.counts.events.resets_ignored += 1;
                    cx.counts.bytes.after_end += segment.payload.len() as u64;
                    return;
                }
                let signatures = &cx.shared.settings.signatures;
                let client = tcp::client_is_upper(head, upper, signatures);
                let mut flow = Flow::new(key, client, segment.at.frame, State::Established);
                tcp::begin(&mut flow, tcp::first(segment, key::side(upper, client)));
                self.add(hash, flow, cx)
            }
        };
        let flow = &mut self.flows[place as usize];
        let before = (flow.state, held(flow));
        let side = key::side(upper, flow.id.client_is_upper);
        if let Next::Replace(claim) = tcp::packet(flow, side, segment, cx) {
            tcp::close(flow, End::Reset, cx);
            let sender_is_upper = match claim {
                Some(claim) => {
                    let claims_upper = (claim.side == side) == upper;
                    // A SYN's sender is the client, a SYN-ACK's the server.
                    claims_upper != claim.answers.is_some()
                }
                None => flow.id.client_is_upper,
            };
            let link = flow.link;
            let mut new = Flow::new(key, sender_is_upper, segment.at.frame, State::Established);
            new.link = link;
            tcp::begin(
                &mut new,
                claim.map(|c| Claim {
                    side: if c.answers.is_some() {
                        Side::Server
                    } else {
                        Side::Client
                    },
                    ..c
                }),
            );
            count_new(&new, cx);
            *flow = new;
            let side = key::side(upper, flow.id.client_is_upper);
            // It fits by its making; a second refusal would only be counted.
            if let Next::Replace(_) = tcp::packet(flow, side, segment, cx) {
                cx.counts.bytes.out_of_window += segment.payload.len() as u64;
            }
        }
        self.touched(place, segment.at.frame, before, cx);
    }

    fn udp(
        &mut self,
        packet: &Packet,
        head: &UdpHead,
        datagram: &udp::Datagram<'_>,
        cx: &mut Context<'_>,
    ) {
        let (key, upper) = Key::of(
            &packet.src,
            &packet.dst,
            head.src_port,
            head.dst_port,
            key::UDP,
        );
        let client = udp::client_is_upper(head, upper, &cx.shared.settings.signatures);
        self.datagram(key, upper, client, datagram, cx);
    }

    /// A datagram of a conversation; if it opens one, `client` says whether the upper end did.
    fn datagram(
        &mut self,
        key: Key,
        upper: bool,
        client: bool,
        datagram: &udp::Datagram<'_>,
        cx: &mut Context<'_>,
    ) {
        let hash = key.hash(cx.shared.hasher.build_hasher());
        let place = match self.find(hash, &key) {
            Some(place) => place,
            None => {
                let flow = Flow::new(key, client, datagram.at.frame, State::Datagrams);
                self.add(hash, flow, cx)
            }
        };
        let flow = &mut self.flows[place as usize];
        let before = (flow.state, held(flow));
        let side = key::side(upper, flow.id.client_is_upper);
        udp::datagram(flow, side, datagram, cx);
        self.touched(place, datagram.at.frame, before, cx);
    }

    /// Takes off the wheel what is due now, and calls `due` with the first frame and place of each.
    pub fn ripe(&mut self, now: u64, shared: &Shared, mut due: impl FnMut(u64, u32)) {
        let second = now / SECOND;
        let mut ripe = std::mem::take(&mut self.ripe);
        self.wheel
            .turn(&mut self.flows, second, |_, place| ripe.push(place));
        for place in ripe.drain(..) {
            let flow = &self.flows[place as usize];
            let at = flow.last.saturating_add(tcp::time_out(flow, shared));
            if at <= now {
                due(flow.id.started.seq, place);
            } else {
                self.wheel.hang(&mut self.flows, place, at.div_ceil(SECOND));
            }
        }
        self.ripe = ripe;
    }

    /// Ends a conversation and forgets it.
    pub fn end(&mut self, place: u32, why: End, cx: &mut Context<'_>) {
        let flow = &mut self.flows[place as usize];
        let before = held(flow);
        match flow.state {
            State::Datagrams => udp::close(flow, why, cx),
            _ => tcp::close(flow, why, cx),
        }
        health::forgotten(flow, cx);
        let hash = flow.id.key.hash(cx.shared.hasher.build_hasher());
        flow.live = false;
        flow.content = Content::Done;
        flow.claim = None;
        flow.recent = Default::default();
        self.held -= before;
        self.wheel.unhang(&mut self.flows, place);
        self.table.remove(hash, place);
        self.free.push(place);
    }

    /// Calls `each` with first frame and place of every conversation.
    pub fn all(&self, mut each: impl FnMut(u64, u32)) {
        for (place, flow) in self.flows.iter().enumerate().filter(|(_, f)| f.live) {
            each(flow.id.started.seq, place as u32);
        }
    }

    pub fn conversations(&self) -> usize {
        self.table.len()
    }

    pub fn held(&self) -> u64 {
        self.held
    }

    fn find(&self, hash: u64, key: &Key) -> Option<u32> {
        self.table
            .find(hash, |place| self.flows[place as usize].id.key == *key)
    }

    /// Adds a conversation; makes room for it if there is none.
    fn add(&mut self, hash: u64, mut flow: Flow, cx: &mut Context<'_>) -> u32 {
        if self.table.len() >= cx.shared.flows_per_shard {
            self.evict(cx);
        }
        count_new(&flow, cx);
        flow.last = cx.now;
        let due = cx.now.saturating_add(tcp::time_out(&flow, cx.shared));
        let place = match self.free.pop() {
            Some(place) => {
                self.flows[place as usize] = flow;
                place
            }
            None => {
                self.flows.push(flow);
                self.flows.len() as u32 - 1
            }
        };
        self.table.insert(hash, place);
        self.wheel
            .hang(&mut self.flows, place, due.div_ceil(SECOND));
        place
    }

    /// Ends the conversation that is nearest to its time-out.
    fn evict(&mut self, cx: &mut Context<'_>) {
        for _ in 0..SAMPLE {
            let Some(place) = self.wheel.first() else {
                return;
            };
            let flow = &self.flows[place as usize];
            let due = flow.last.saturating_add(tcp::time_out(flow, cx.shared));
            if due.div_ceil(SECOND) <= self.wheel.earliest() {
                break;
            }
            // It was busy since it was hung there.
            self.wheel.unhang(&mut self.flows, place);
            self.wheel
                .hang(&mut self.flows, place, due.div_ceil(SECOND));
        }
        if let Some(place) = self.wheel.first() {
            cx.counts.events.flow_evictions += 1;
            self.end(place, End::Evicted, cx);
        }
    }

    /// A conversation handled a packet: its timer and what it holds may be others now.
    fn touched(
        &mut self,
        place: u32,
        frame: FrameRef,
        (state, held_before): (State, u64),
        cx: &mut Context<'_>,
    ) {
        let flow = &mut self.flows[place as usize];
        flow.last = cx.now;
        flow.latest = frame;
        if flow.state != state {
            let due = cx.now.saturating_add(tcp::time_out(flow, cx.shared));
            self.wheel.unhang(&mut self.flows, place);
            self.wheel
                .hang(&mut self.flows, place, due.div_ceil(SECOND));
        }
        let flow = &mut self.flows[place as usize];
        if let Content::Work(work) = &mut flow.content {
            work.held = work.measure();
        }
        self.held = self.held - held_before + held(flow);
        while self.held > cx.shared.buffers_per_shard {
            if !self.lighten(cx) {
                break;
            }
        }
    }

    /// The largest holder among some loses what is kept for it. False if nobody holds anything.
    fn lighten(&mut self, cx: &mut Context<'_>) -> bool {
        let mut largest: Option<(u64, usize)> = None;
        let mut found = 0;
        for seen in 0..self.flows.len() {
            self.cursor = (self.cursor + 1) % self.flows.len();
            let holds = held(&self.flows[self.cursor]);
            if holds > 0 {
                found += 1;
                if largest.is_none_or(|(most, _)| holds > most) {
                    largest = Some((holds, self.cursor));
                }
            }
            if found >= SAMPLE || found > 0 && seen >= RECORDS {
                break;
            }
        }
        let Some((_, place)) = largest else {
            return false;
        };
        cx.counts.events.buffer_evictions += 1;
        let flow = &mut self.flows[place];
        let before = held(flow);
        tcp::evict_work(flow, cx);
        self.held -= before;
        true
    }
}

fn held(flow: &Flow) -> u64 {
    match &flow.content {
        Content::Work(work) => work.held,
        _ => 0,
    }
}

fn count_new(flow: &Flow, cx: &mut Context<'_>) {
    let events = &mut cx.counts.events;
    match flow.state {
        State::Datagrams if flow.id.transport() != Transport::Udp => events.icmp_conversations += 1,
        State::Datagrams => events.udp_conversations += 1,
        _ => events.tcp_conversations += 1,
    }
    if flow.id.mid_stream {
        events.mid_stream += 1;
    }
}
