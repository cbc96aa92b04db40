//! Counts by protocol.

use dissectors::action::Verb;
use dissectors::message::Message;
use dissectors::registry::{PROTOCOLS, ProtocolId};

/// One protocol seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtocolRow {
    pub protocol: ProtocolId,
    pub flows: u64,
    pub messages: u64,
    pub actions: u64,
    /// Messages with a fault in their bytes.
    pub anomalies: u64,
    /// Actions whose verb is not known.
    pub unknown: u64,
    /// Stream bytes that its messages cover.
    pub bytes: u64,
}

#[derive(Default)]
pub struct Protocols {
    rows: Vec<Option<ProtocolRow>>,
}

impl Protocols {
    /// `first`: it is its conversation's first message of this protocol.
    pub fn message(&mut self, m: Message<'_>, first: bool) {
        if self.rows.is_empty() {
            self.rows = vec![None; PROTOCOLS.len()];
        }
        let Some(slot) = self.rows.get_mut(m.protocol().index()) else {
            return;
        };
        let row = slot.get_or_insert(ProtocolRow {
            protocol: m.protocol(),
            flows: 0,
            messages: 0,
            actions: 0,
            anomalies: 0,
            unknown: 0,
            bytes: 0,
        });
        row.flows += u64::from(first);
        row.messages += 1;
        let action = m.action();
        row.actions += u64::from(action.is_some());
        row.unknown += u64::from(action.is_some_and(|a| a.verb == Verb::UnknownVerb));
        row.anomalies += u64::from(!m.anomalies().is_empty());
        let range = m.range();
        row.bytes += range.end.saturating_sub(range.start);
    }

    pub fn rows(&self) -> Vec<ProtocolRow> {
        self.rows.iter().flatten().copied().collect()
    }
}
