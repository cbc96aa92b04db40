//! Copies a message into an arena that outlives the sensor's batch.

use dissectors::Limits;
use dissectors::message::{Batch, Interest, Message, Messages, Value};
use std::sync::LazyLock;

/// Everything that a batch holds is copied; what the dissector left out is not there to copy.
static WANTED: LazyLock<(Limits, Interest)> =
    LazyLock::new(|| (Limits::default(), Interest::everything()));

/// Appends a copy of a message, body aside.
pub fn append(batch: &mut Batch, message: Message<'_>) {
    let (limits, interest) = &*WANTED;
    let range = message.range();
    let index = batch.len();
    let mut pen = Messages::new(
        batch,
        limits,
        interest,
        message.protocol(),
        message.side(),
        range.start,
    );
    let mut draft = match message.kind_id() {
        Some(kind) => pen.message(kind, range),
        None => pen.message_named(message.kind(), range),
    };
    for (field, value, (at, len)) in message.fields_with_ranges() {
        match value {
            Value::Text(v) => draft.text(field, v),
            Value::Integer(v) => draft.integer(field, v),
            Value::Decimal(v) => draft.decimal(field, v),
            Value::Quantity(v) => draft.quantity(field, v),
            Value::Bytes(v) => draft.bytes(field, v),
            Value::Time(v) => draft.time(field, v),
            Value::Flag(v) => draft.flag(field, v),
            Value::Secret(n) => draft.secret(field, n as usize),
        };
        if len > 0 {
            draft.at(at, len as usize);
        }
    }
    for anomaly in message.anomalies() {
        draft.anomaly(anomaly.name, anomaly.at);
    }
    if let Some(action) = message.action() {
        draft.action(action);
    }
    if let Some(join) = message.asks() {
        draft.asks(join.scope, join.key);
    }
    if let Some(join) = message.answers() {
        draft.answers(join.scope, join.key, join.last, join.outcome);
    }
    draft.provenance(message.provenance());
    let conversation = batch.add_conversation(*message.conversation());
    batch.place(
        index,
        conversation,
        message.vlan(),
        message.frames().iter().copied(),
    );
}
