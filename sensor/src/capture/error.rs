//! What can be wrong with an input, said for the person who named it.

use std::fmt;
use std::path::PathBuf;

use super::block::LinkType;

/// An input that cannot be used at all. Nothing was read.
#[derive(Debug)]
pub enum OpenError {
    /// No path was given.
    Nothing,
    /// The file or directory cannot be opened or listed.
    Io {
        path: PathBuf,
        error: std::io::Error,
    },
    /// A directory without a capture in it.
    EmptyDirectory { path: PathBuf, skipped: usize },
    /// A file of no bytes.
    EmptyFile { path: PathBuf },
    /// A file that is no capture; `found` says what it looks like.
    NotACapture { path: PathBuf, found: String },
    /// Standard input named twice.
    StandardInputTwice,
    /// The filter expression does not compile.
    Filter {
        expression: String,
        link: LinkType,
        error: String,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Nothing => write!(
                f,
                "no capture named: give a file, a directory, or `-` for standard input"
            ),
            OpenError::Io { path, error } => write!(f, "{}: {}", path.display(), io_words(error)),
            OpenError::EmptyDirectory { path, skipped: 0 } => {
                write!(f, "{}: the directory has no files in it", path.display())
            }
            OpenError::EmptyDirectory { path, skipped } => {
                write!(
                    f,
                    "{}: none of the {skipped} entries of the directory is a capture",
                    path.display()
                )
            }
            OpenError::EmptyFile { path } => write!(f, "{}: the file is empty", path.display()),
            OpenError::NotACapture { path, found } => {
                write!(
                    f,
                    "{}: not a pcap or pcapng capture ({found})",
                    path.display()
                )
            }
            OpenError::StandardInputTwice => write!(f, "`-` (standard input) is named twice"),
            OpenError::Filter {
                expression,
                link,
                error,
            } => {
                write!(
                    f,
                    "filter `{expression}` does not compile for {link}: {error}"
                )
            }
        }
    }
}

impl std::error::Error for OpenError {}

/// The system's words without its error number.
fn io_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => error.to_string(),
    }
}

/// Reading cannot go on.
#[derive(Debug)]
pub enum ReadError {
    /// The filter does not compile for a link type that a later file or interface brought.
    Filter {
        expression: String,
        link: LinkType,
        error: String,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Filter {
                expression,
                link,
                error,
            } => {
                write!(
                    f,
                    "filter `{expression}` does not compile for {link}: {error}"
                )
            }
        }
    }
}

impl std::error::Error for ReadError {}

/// A file that was read only up to here. Everything before it was delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Index of the file among the inputs.
    pub file: u32,
    /// Byte in the file (in what it unpacks to, if compressed) where the broken record begins.
    pub offset: u64,
    pub fault: Fault,
    /// The file ends inside a record because somebody is still writing to it: not a fault.
    pub tail: bool,
}

/// What is wrong at that place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The file ends inside a record (or its own header).
    Truncated,
    /// A record announces this many bytes, above the limit `frame`.
    FrameTooLong(u64),
    /// A record that contradicts the format.
    Format(&'static str),
    /// The compressed stream cannot be unpacked further.
    Compression(String),
    /// More bytes came out than `expansion-ratio` allows.
    Expansion,
    /// The system refused to read.
    Io(String),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            Fault::Truncated if self.tail => {
                write!(
                    f,
                    "still being written: ends inside the record at byte {}",
                    self.offset
                )
            }
            Fault::Truncated => write!(
                f,
                "truncated: ends inside the record at byte {}",
                self.offset
            ),
            Fault::FrameTooLong(len) => write!(
                f,
                "damaged at byte {}: a record of {len} bytes (setting limits.frame)",
                self.offset
            ),
            Fault::Format(what) => write!(f, "damaged at byte {}: {what}", self.offset),
            Fault::Compression(what) => {
                write!(f, "cannot be unpacked beyond byte {}: {what}", self.offset)
            }
            Fault::Expansion => write!(
                f,
                "unpacks to far more than a capture would, given up at byte {} (setting limits.expansion-ratio)",
                self.offset
            ),
            Fault::Io(what) => write!(f, "cannot be read beyond byte {}: {what}", self.offset),
        }
    }
}

/// An entry of a directory that is not read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub path: PathBuf,
    pub why: String,
}
