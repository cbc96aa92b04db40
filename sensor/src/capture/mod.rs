//! Where frames come from.
//!
//! [`Inputs`] opens files, directories and standard input, reads pcap and pcapng (plain, gzip or
//! zstd), merges them by time and fills [`block::Block`]s. What it could not read it says:
//! an [`OpenError`] before anything was read, a [`Damage`] for a file that ends or breaks early.

pub mod block;
mod bpf;
mod engine;
mod error;
mod feed;
mod follow;
mod growing;
mod inputs;
mod listing;
pub mod live;
mod merge;
mod pcap;
mod pcapng;
mod record;
mod ring;
mod source;
#[cfg(test)]
mod tests;

pub use engine::{Engine, Losses, Port};
pub use error::{Damage, Fault, OpenError, ReadError, Skipped};
pub use follow::Follow;
pub use inputs::{CaptureCounts, Inputs, More, Progress, ReadOptions};
pub use ring::{Ring, RingInterface, RingLimits};
