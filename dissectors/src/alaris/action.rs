//! What a host's message does to the pump.

use crate::action::Verb;
use crate::schema::KindId;

use super::fields::*;

/// The verb of a message from the host. `None` kind: not in the list, so nothing is known of it.
pub fn verb(kind: Option<KindId>, arguments: usize, first: &[u8]) -> Verb {
    let Some(kind) = kind else {
        return Verb::UnknownVerb;
    };
    match (kind, arguments) {
        (INST_SERIALNO | COMMS_PROTOCOL, 0) => Verb::Discover,
        (
            COMMS_RESPONSE_MAX | INF | INF_RATE | INF_VI | INF_VTBI | INF_RATE_MAX_SYRINGE
            | SYRINGE_STATUS | ALARM_STATUS,
            0,
        ) => Verb::Read,
        (INF_RATE, 1..) => Verb::SetRate,
        (INF_VTBI, 1..) => Verb::SetVolume,
        (INF_VI_CLEAR, _) => Verb::Configure,
        (INF_START, _) => Verb::Start,
        (INF_STOP, _) => Verb::Stop,
        (INF_BOLUS, 1..) if first == b"ENABLED" => Verb::Bolus,
        (REMOTE_CTRL | REMOTE_CFG | REMQUERY, 1..) => Verb::Configure,
        // A known read with a field that nobody described may be a write.
        _ => Verb::UnknownVerb,
    }
}
