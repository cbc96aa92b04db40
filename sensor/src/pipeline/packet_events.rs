//! The decoder's events as messages, so that rules and outputs see them like everything else.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use dissectors::message::{Conversation, Endpoint, FrameRef, Interest, Messages};
use dissectors::{Limits, ProtocolId, Side, Transport, ip};

use crate::decode::{DecodeEvent, DecodeFault, Decoder};
use crate::flow::{OrderKey, Phase, WorkBatch};

/// Turns what the decoder noticed in one block into messages.
pub struct PacketEvents {
    protocol: ProtocolId,
    limits: Limits,
    interest: Arc<Interest>,
    events: Vec<DecodeEvent>,
}

impl PacketEvents {
    pub fn new(interest: Arc<Interest>) -> Self {
        let protocol = ProtocolId::of(ip::IP.name).unwrap_or(ProtocolId(0));
        PacketEvents {
            protocol,
            limits: Limits::default(),
            interest,
            events: Vec::new(),
        }
    }

    pub fn set_interest(&mut self, interest: Arc<Interest>) {
        self.interest = interest;
    }

    /// The events since the last call; `None` if there were none, as nearly always.
    pub fn take(&mut self, decoder: &mut Decoder) -> Option<WorkBatch> {
        self.events.clear();
        decoder.take_events(&mut self.events);
        if self.events.is_empty() {
            return None;
        }
        self.events.sort_by_key(|e| e.seq);
        let mut out = WorkBatch::default();
        for (index, event) in self.events.iter().enumerate() {
            let frame = FrameRef {
                seq: event.seq,
                number: event.number,
                file: event.file,
                time: event.time,
            };
            let conversation = out.batch.add_conversation(between(event, frame));
            let mut pen = Messages::new(
                &mut out.batch,
                &self.limits,
                &self.interest,
                self.protocol,
                Side::Client,
                0,
            );
            describe(&mut pen, event.what);
            out.batch.place(index, conversation, 0, [frame]);
            // Before anything that the frame's packet says.
            let phase = Phase::Timer;
            let index = index as u32;
            out.order.push(OrderKey {
                seq: event.seq,
                phase,
                conversation: 0,
                index,
            });
        }
        Some(out)
    }
}

fn describe(pen: &mut Messages<'_>, what: DecodeFault) {
    match what {
        DecodeFault::BadChecksum { protocol } => {
            pen.message(ip::BAD_CHECKSUM, 0..0)
                .integer(ip::PROTOCOL, i64::from(protocol));
        }
        DecodeFault::FragmentDiffers { at, first, second } => {
            pen.message(ip::FRAGMENT_DIFFERS, 0..0)
                .integer(ip::OFFSET, i64::from(at))
                .integer(ip::FIRST, i64::from(first))
                .integer(ip::SECOND, i64::from(second));
        }
        DecodeFault::FragmentLength { at } => {
            pen.message(ip::FRAGMENT_LENGTH, 0..0)
                .integer(ip::OFFSET, i64::from(at));
        }
    }
}

fn between(event: &DecodeEvent, frame: FrameRef) -> Conversation {
    let end = |octets: [u8; 16]| {
        let ip: IpAddr = Ipv6Addr::from(octets).to_canonical();
        Endpoint {
            ip,
            port: 0,
            mac: None,
        }
    };
    Conversation {
        flow_id: 0,
        transport: Transport::Link(0x0800),
        ends: [end(event.src), end(event.dst)],
        started: frame,
        mid_stream: false,
        seen: [true, false],
        missing: [0; 2],
        overlap_differs: false,
    }
}
