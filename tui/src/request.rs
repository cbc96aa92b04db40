//! What a person at the screen asks of the sensor.

use crate::mark::Mark;
use crate::proposal::Draft;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Keep this mark, tell it to all viewers and outputs.
    Mark(Mark),
    /// Patient data were revealed on a screen: to be logged.
    Revealed { who: String, at: i64 },
    /// Check this, write it to its file, bring it into force, tell all viewers and outputs.
    Propose(Draft),
}
