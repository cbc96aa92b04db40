//! One reader, N workers, one judge.
//!
//! The reader fills blocks and decodes their frames; workers own shards of the flow table and
//! turn packets into messages; the judge takes the messages of each block in their one order. With
//! no workers all of that happens in turn on one thread: same code, same output.

mod judge;
mod listen;
mod merge;
mod packet_events;
mod run;
mod seconds;

pub use judge::{Judging, Tally};
pub use listen::listen;
pub use run::{Run, Stop, Totals};
