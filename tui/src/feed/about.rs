//! A message that says what a finding says, where the message itself is not at hand: filters by
//! verb, value, parties and protocol find the finding all the same.

use dissectors::Limits;
use dissectors::action::{Action, Quantity};
use dissectors::contract::Side;
use dissectors::message::{Batch, Conversation, Endpoint, Interest, Messages};
use rules::finding::Finding;

/// Appends that message.
pub fn of(batch: &mut Batch, f: &Finding) {
    let limits = Limits::default();
    let interest = Interest::nothing();
    let side = if (f.actor.ip, f.actor.port) == f.talk.ends[1] && f.talk.ends[0] != f.talk.ends[1] {
        Side::Server
    } else {
        Side::Client
    };
    let index = batch.len();
    let mut pen = Messages::new(batch, &limits, &interest, f.protocol, side, 0);
    let kind = dissectors::PROTOCOLS[f.protocol.index()]
        .kinds
        .iter()
        .position(|k| k.name == f.kind);
    let mut draft = match kind {
        Some(at) => pen.message(dissectors::schema::KindId(at as u16), 0..0),
        None => pen.message_named(f.kind.as_bytes(), 0..0),
    };
    if let Some(act) = &f.action {
        draft.action(Action {
            device: act.device,
            device_id: act.subject.as_bytes(),
            channel: act.channel.as_bytes(),
            handle: act.handle.as_bytes(),
            order: act.order.sent(),
            drug: act.drug.as_bytes(),
            destination: act.destination.as_bytes(),
            value: act.value.as_ref().map(|v| Quantity {
                number: v.number,
                sent: v.sent.as_bytes(),
                unit: v.unit.as_bytes(),
                code: v.code.as_bytes(),
            }),
            outcome: f.outcome,
            ..Action::of(act.verb)
        });
    }
    draft.provenance(f.provenance);
    let mac = |side: Side| {
        let own = f.talk.ends[side.index()];
        [&f.actor, &f.target]
            .into_iter()
            .find(|p| (p.ip, p.port) == own)
            .and_then(|p| p.mac)
    };
    let end = |side: Side| Endpoint {
        ip: f.talk.ends[side.index()].0,
        port: f.talk.ends[side.index()].1,
        mac: mac(side),
    };
    let conversation = batch.add_conversation(Conversation {
        flow_id: f.talk.flow_id,
        transport: f.talk.transport,
        ends: [end(Side::Client), end(Side::Server)],
        started: f.first,
        mid_stream: false,
        seen: [true; 2],
        missing: [0; 2],
        overlap_differs: false,
    });
    batch.place(index, conversation, f.talk.vlan, [f.first]);
}
