//! One reader, N workers, one judge.
//!
//! The reader fills blocks and decodes their frames; workers own shards of the flow table and
//! turn packets into messages; the judge takes the messages of each block in their one order. With
//! no workers all of that happens in turn on one thread: same code, same output.

mod change;
mod judge;
mod keeper;
mod latency;
mod listen;
mod merge;
mod packet_events;
mod reader;
mod run;
mod seconds;
mod snapshot;

pub use change::{Change, Changes};
pub use judge::{Judging, Tally};
pub use latency::{Latencies, Quantiles};
pub use listen::listen;
pub use run::{Attendant, Lasting, Run, Stop, Totals};
pub use snapshot::{Kept, ReaderCounts, Snapshot, WorkCounts};
