//! The researcher's bench: streams as bytes, and one dissector on one capture.

pub mod export;
mod hex;
mod lua;
mod proof;
pub mod recorder;
pub mod sample;
pub mod streams;
pub mod subject;
pub mod tried;

/// What the bench holds and shows at most.
pub mod limits {
    /// Bytes of streams held; what comes beyond is counted and left out.
    pub const RECORDED: usize = 512 << 20;
    /// Bytes shown of one run that nobody claimed.
    pub const SHOWN: usize = 256;
    /// First bytes of segments told apart, for each stream.
    pub const FIRST_BYTES: usize = 4096;
}
