//! What the product allocates per frame once it runs: the same capture is read twice, the second time
//! twice as far, and the difference is what the second half cost.
//!
//! Usage: `allocations FRAMES CAPTURE...`. Each capture should hold at least `2 * FRAMES` frames.
//! A conversation, an asset, a finding and a window's key that are new allocate; a frame and a message
//! of what is known already do not.

use std::alloc::System;
use std::process::{Command, ExitCode, Stdio};

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Set in the process that reads: it prints its counts when it is done.
const COUNTING: &str = "WARDWATCH_COUNT_ALLOCATIONS";

/// Calls of the allocator.
#[derive(Clone, Copy, Debug)]
struct Calls {
    allocations: u64,
    reallocations: u64,
    bytes: u64,
}

fn main() -> ExitCode {
    if std::env::var_os(COUNTING).is_some() {
        let code = sensor::cli::run();
        let stats = ALLOCATOR.stats();
        eprintln!(
            "{COUNTING} {} {} {}",
            stats.allocations, stats.reallocations, stats.bytes_allocated
        );
        return code;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((Ok(frames), captures)) = arguments
        .split_first()
        .map(|(first, rest)| (first.parse::<u64>(), rest))
    else {
        eprintln!("usage: allocations FRAMES CAPTURE...");
        return ExitCode::from(2);
    };
    for capture in captures {
        match (read(capture, frames), read(capture, 2 * frames)) {
            (Some(once), Some(twice)) => print(capture, frames, once, twice),
            _ => {
                eprintln!("allocations: {capture}: the run gave no counts");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// Reads so many frames of a capture in a process of its own.
fn read(capture: &str, frames: u64) -> Option<Calls> {
    let program = std::env::current_exe().ok()?;
    let output = Command::new(program)
        .args(["-r", capture, "--workers", "0", "-c", &frames.to_string()])
        .env(COUNTING, "1")
        .stdout(Stdio::null())
        .output()
        .ok()?;
    let told = String::from_utf8_lossy(&output.stderr);
    let counts = told.lines().find_map(|l| l.strip_prefix(COUNTING))?;
    let mut numbers = counts.split_whitespace().map(|n| n.parse().ok());
    Some(Calls {
        allocations: numbers.next()??,
        reallocations: numbers.next()??,
        bytes: numbers.next()??,
    })
}

fn print(capture: &str, frames: u64, once: Calls, twice: Calls) {
    let per_frame = |a: u64, b: u64| b.saturating_sub(a) as f64 / frames as f64;
    println!(
        "{capture}: frames {} to {}: {:.4} allocations, {:.4} reallocations, {:.1} bytes a frame",
        frames + 1,
        2 * frames,
        per_frame(once.allocations, twice.allocations),
        per_frame(once.reallocations, twice.reallocations),
        per_frame(once.bytes, twice.bytes),
    );
}
