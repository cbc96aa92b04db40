//! A message that outlives its batch: copied into a batch of its own.

use dissectors::Limits;
use dissectors::action::Action;
use dissectors::message::{Batch, Interest, Message, Messages, Value};

/// Copies a message with another action in the place of its own.
pub fn with_action(message: Message<'_>, action: Option<Action<'_>>) -> Batch {
    let mut batch = Batch::default();
    let limits = Limits::default();
    let mut interest = Interest::everything();
    interest.want_body(message.protocol());
    let range = message.range();
    let mut pen = Messages::new(
        &mut batch,
        &limits,
        &interest,
        message.protocol(),
        message.side(),
        range.start,
    );
    let mut draft = match message.kind_id() {
        Some(kind) => pen.message(kind, range),
        None => pen.message_named(message.kind(), range),
    };
    for (field, value) in message.fields() {
        match value {
            Value::Text(v) => draft.text(field, v),
            Value::Integer(v) => draft.integer(field, v),
            Value::Decimal(v) => draft.decimal(field, v),
            Value::Quantity(v) => draft.quantity(field, v),
            Value::Bytes(v) => draft.bytes(field, v),
            Value::Time(v) => draft.time(field, v),
            Value::Flag(v) => draft.flag(field, v),
            Value::Secret(len) => draft.secret(field, len as usize),
        };
    }
    for anomaly in message.anomalies() {
        draft.anomaly(anomaly.name, anomaly.at);
    }
    if let Some(action) = action {
        draft.action(action);
    }
    if let Some(join) = message.asks() {
        draft.asks(join.scope, join.key);
    }
    if let Some(join) = message.answers() {
        draft.answers(join.scope, join.key, join.last, join.outcome);
    }
    if let Some(body) = message.body() {
        draft.body(body);
    }
    draft.provenance(message.provenance());
    let conversation = batch.add_conversation(*message.conversation());
    batch.place(
        0,
        conversation,
        message.vlan(),
        message.frames().iter().copied(),
    );
    batch
}
