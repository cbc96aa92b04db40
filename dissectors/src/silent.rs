//! Protocols that the sensor writes itself: events of transports and packets, its own health. No
//! dissector reads them; they are protocols so that rules reach them by the same language.

use crate::contract::{Dissector, End, Hint, Probe, Progress, Reason, Side};
use crate::limits::Limits;
use crate::message::Messages;

/// No bytes are theirs.
pub(crate) fn probe(_: Side, _: &[u8], _: Hint) -> Probe {
    Probe::No
}

/// Never called: the sensor is their only writer.
pub(crate) fn open(_: &Limits) -> Box<dyn Dissector> {
    Box::new(Silent)
}

struct Silent;

impl Dissector for Silent {
    fn read(&mut self, _: Side, _: &[u8], _: &mut Messages<'_>) -> Progress {
        Progress::Reject(Reason("the sensor itself writes this protocol"))
    }

    fn gap(&mut self, _: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        Progress::Reject(Reason("the sensor itself writes this protocol"))
    }

    fn end(&mut self, _: Side, _: &[u8], _: End, _: &mut Messages<'_>) {}
}
