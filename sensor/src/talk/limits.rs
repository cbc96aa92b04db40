//! What the conversation printer holds at most.

/// Lines held before everything heard so far is told and forgotten. What goes on afterwards begins a
/// new block.
pub const LINES: usize = 200_000;

/// Blocks told of conversations in which nothing was said (attempts, refusals): the rest is counted.
pub const SILENT_BLOCKS: usize = 40;

/// Characters of one value in a line.
pub const VALUE: usize = 120;

/// Failures remembered of one conversation; further ones are counted.
pub const FAILURES: usize = 16;

/// AE titles remembered by server.
pub const TITLES: usize = 10_000;

/// Nanoseconds that an application may take to answer what was received, before the want of an answer
/// is called a failure.
pub const APPLICATION_PATIENCE: i64 = 10_000_000_000;
