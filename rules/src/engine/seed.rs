//! The hasher of keys that outlive a run: seeded at random, so that nobody on the wire chooses
//! collisions, with a seed that can be kept beside the keys.

use std::hash::BuildHasher;

use foldhash::SharedSeed;
use foldhash::fast::{RandomState, SeedableRandomState};

pub type Keys = SeedableRandomState;

/// A seed that nobody knows.
pub fn random() -> u64 {
    RandomState::default().hash_one(std::process::id())
}

pub fn keys(seed: u64) -> Keys {
    SeedableRandomState::with_seed(seed, SharedSeed::global_fixed())
}
