//! All inputs of a run as one sequence of frames.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::block::Block;
use super::error::{Damage, OpenError, ReadError, Skipped};
use crate::limits::Limits;

/// Files, directories and standard input, merged by time.
pub struct Inputs {}

/// What to read of them.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// `-f`: a BPF expression; frames that it refuses keep their numbers and are counted.
    pub filter: Option<String>,
    /// `-c`: stop after this many delivered frames.
    pub count: Option<u64>,
    pub limits: Limits,
}

/// Whether the block just filled was the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum More {
    /// The block holds at least one frame; call again.
    Frames,
    /// The block is empty: there is nothing more.
    End,
}

crate::counters! {
    /// Where the frames of the inputs went: the sum is the frames read.
    CaptureCounts {
        /// Handed on in blocks.
        delivered = "delivered",
        /// Refused by the filter of `-f`.
        filtered = "filtered",
    }
}

/// How far reading got; any thread may look at it at any time.
#[derive(Debug, Default)]
pub struct Progress {
    read: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    /// Bytes read of the files as they lie on the disk.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Bytes of all files; `None` with standard input among them.
    pub fn total(&self) -> Option<u64> {
        match self.total.load(Ordering::Relaxed) {
            u64::MAX => None,
            n => Some(n),
        }
    }
}

impl Inputs {
    /// Opens files, directories (all captures directly in them, by name) and `-`.
    ///
    /// Reads the head of each, so that what is no capture is known before the first block.
    pub fn open<P: AsRef<Path>>(paths: &[P], options: &ReadOptions) -> Result<Inputs, OpenError> {
        let _ = (paths, options);
        todo!()
    }

    /// Fills a block (clearing it first) with the next frames, about 1 MiB.
    pub fn next_block(&mut self, block: &mut Block) -> Result<More, ReadError> {
        let _ = block;
        todo!()
    }

    /// The name of a file as given, or found in a directory. Empty for an index that is none.
    pub fn name(&self, file: u32) -> &str {
        let _ = file;
        todo!()
    }

    /// How many files there are. `Frame::file` is below it.
    pub fn files(&self) -> u32 {
        todo!()
    }

    /// What was found broken so far.
    pub fn damages(&self) -> &[Damage] {
        todo!()
    }

    /// Entries of directories that are not read.
    pub fn skipped(&self) -> &[Skipped] {
        todo!()
    }

    pub fn counts(&self) -> &CaptureCounts {
        todo!()
    }

    /// Frames that the capturing program says it lost (pcapng interface statistics).
    pub fn dropped(&self) -> u64 {
        todo!()
    }

    pub fn progress(&self) -> Arc<Progress> {
        todo!()
    }
}
