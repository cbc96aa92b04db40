//! Viewers elsewhere: a Unix socket that gives them what the screens are made of, as EVE lines, and
//! takes what people at them ask.
//!
//! A line is an EVE record with one member more, `view`, that holds what a screen needs beyond it
//! (whose side, stream offsets, join keys as hashes). Reading works without it too: that is how an
//! EVE file is followed.

pub mod clerk;
pub mod follow;
mod lines;
mod read;
pub mod server;

pub use lines::Lines;
pub use read::Reader;
