//! Keeps all frames on disk beside the run, and never holds it up: a disk that is too slow costs
//! frames in the files, each counted, and none in what is judged.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, TrySendError};

use super::reader::Parcel;
use super::snapshot::Kept;
use crate::capture::block::Block;
use crate::capture::{Port, Ring};

/// The judge's end: hands over parcels, knows the counts.
#[derive(Clone, Default)]
pub struct Keeper(Arc<Counts>);

#[derive(Default)]
struct Counts {
    written: AtomicU64,
    behind: AtomicU64,
    failed: AtomicU64,
}

/// The writer's end.
pub struct Desk {
    ring: Ring,
    keeper: Keeper,
}

impl Keeper {
    /// Parcels that may wait to be written.
    pub const ROOM: usize = 32;

    pub fn kept(&self) -> Kept {
        let of = |n: &AtomicU64| n.load(Ordering::Relaxed);
        Kept {
            written: of(&self.0.written),
            behind: of(&self.0.behind),
            failed: of(&self.0.failed),
        }
    }

    /// Hands a parcel to the writer; gives it back if there is no room.
    pub fn hand(&self, desk: &Sender<Arc<Parcel>>, parcel: Arc<Parcel>) -> Option<Arc<Parcel>> {
        if parcel.block.frames.is_empty() {
            return Some(parcel);
        }
        match desk.try_send(parcel) {
            Ok(()) => None,
            Err(TrySendError::Full(parcel) | TrySendError::Disconnected(parcel)) => {
                let frames = parcel.block.frames.len() as u64;
                self.0.behind.fetch_add(frames, Ordering::Relaxed);
                Some(parcel)
            }
        }
    }
}

impl Desk {
    pub fn new(ring: Ring) -> Self {
        Desk {
            ring,
            keeper: Keeper::default(),
        }
    }

    pub fn keeper(&self) -> Keeper {
        self.keeper.clone()
    }

    pub fn write(&mut self, block: &Block) {
        let written = self.ring.write(block);
        let all = block.frames.len() as u64;
        let counts = &self.keeper.0;
        counts.written.fetch_add(written, Ordering::Relaxed);
        counts
            .failed
            .fetch_add(all.saturating_sub(written), Ordering::Relaxed);
    }

    /// Writes what comes until nobody hands anything over any more. Blocks go back to the pool.
    pub fn work_off(mut self, parcels: &Receiver<Arc<Parcel>>, spare: &Sender<Block>) -> Desk {
        for parcel in parcels.iter() {
            self.write(&parcel.block);
            if let Ok(parcel) = Arc::try_unwrap(parcel) {
                let _ = spare.try_send(parcel.block);
            }
        }
        self
    }

    /// The end: each interface's counters close the file.
    pub fn close(self, ports: &[Port]) {
        self.ring.close(ports);
    }
}
