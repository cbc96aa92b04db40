//! What every source of frames can do: files, a ring of files that grows, interfaces.

use super::block::Block;
use super::error::{Damage, ReadError};
use super::inputs::{CaptureCounts, Inputs, More};

/// Gives blocks of frames, in the one sequence of all frames.
pub trait Engine: Send {
    /// Fills a block (clearing it first).
    fn next_block(&mut self, block: &mut Block) -> Result<More, ReadError>;

    /// A person or the system wants the run to end. True if there is more to fetch of what has
    /// arrived already: then blocks are asked for until [`More::End`].
    fn stop(&mut self) -> bool;

    /// The name of a file or interface. Empty for an index that is none.
    fn name(&self, file: u32) -> &str;

    fn counts(&self) -> CaptureCounts;

    /// What never reached the sensor, as far as anybody told. Asks the kernel: once a second is enough.
    fn losses(&mut self) -> Losses;

    /// Each interface as it stands. Nothing for files.
    fn ports(&self) -> Vec<Port>;

    /// Files that were read only in part.
    fn damages(&self) -> &[Damage];
}

crate::counters! {
    /// Frames that were on the wire and did not come.
    Losses {
        /// The ring between kernel and sensor was full.
        kernel = "dropped by the kernel, ring full",
        /// The interface or its driver had no room.
        interface = "dropped by the interface",
        /// Interface statistics in a capture file.
        told = "drops told by the capturing program",
    }
}

/// One interface as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Port {
    pub name: String,
    pub up: bool,
    /// Why it is not up, or what happened to it; empty if all is well.
    pub trouble: String,
    /// Frames that the kernel had for us, drops included.
    pub received: u64,
    pub losses: Losses,
    /// Frames that came later than the wait for the other interfaces allows.
    pub late: u64,
    /// Times that it went away and came back.
    pub returns: u64,
}

impl Engine for Inputs {
    fn next_block(&mut self, block: &mut Block) -> Result<More, ReadError> {
        Inputs::next_block(self, block)
    }

    fn stop(&mut self) -> bool {
        false
    }

    fn name(&self, file: u32) -> &str {
        Inputs::name(self, file)
    }

    fn counts(&self) -> CaptureCounts {
        Inputs::counts(self).clone()
    }

    fn losses(&mut self) -> Losses {
        Losses {
            told: self.dropped(),
            ..Losses::default()
        }
    }

    fn ports(&self) -> Vec<Port> {
        Vec::new()
    }

    fn damages(&self) -> &[Damage] {
        Inputs::damages(self)
    }
}
