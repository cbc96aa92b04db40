//! Keeps frames in a ring of pcapng files: a new one when one is full or old, the oldest removed
//! when there are too many. Only their owner can read them: they hold patient data by nature.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::block::{Block, LinkType};
use super::engine::Port;

/// How large the ring may become.
#[derive(Clone, Copy, Debug)]
pub struct RingLimits {
    /// Bytes of one file.
    pub file: u64,
    /// Time that one file spans.
    pub age: Duration,
    /// Bytes of all files.
    pub total: u64,
    /// Files.
    pub files: usize,
}

impl Default for RingLimits {
    fn default() -> Self {
        RingLimits {
            file: 100 * 1024 * 1024,
            age: Duration::from_secs(3600),
            total: 10 * 1024 * 1024 * 1024,
            files: 10_000,
        }
    }
}

/// An interface as the files describe it.
#[derive(Clone, Debug)]
pub struct RingInterface {
    pub name: String,
    pub link: LinkType,
    pub snap: u32,
}

/// A directory of files, the last of them open.
pub struct Ring {
    directory: PathBuf,
    limits: RingLimits,
    interfaces: Vec<RingInterface>,
    /// All files of the ring but the open one, oldest first, with their sizes.
    closed: VecDeque<(PathBuf, u64)>,
    total: u64,
    open: Option<Open>,
    next: u64,
    /// The last file could not be written: when, and why.
    failed: Option<(Instant, String)>,
}

struct Open {
    path: PathBuf,
    to: BufWriter<File>,
    size: u64,
    since: Instant,
}

/// After a failure the disk is tried again so often.
const AGAIN: Duration = Duration::from_secs(1);
/// What the names of the files begin and end with.
const NAME: (&str, &str) = ("wardwatch-", ".pcapng");

impl Ring {
    /// Opens (or makes) the directory, and goes on behind what is in it.
    pub fn open(
        directory: &Path,
        limits: RingLimits,
        interfaces: Vec<RingInterface>,
    ) -> io::Result<Ring> {
        make(directory)?;
        let mut found: Vec<(u64, PathBuf, u64)> = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            if let Some(number) = entry.file_name().to_str().and_then(number) {
                found.push((number, entry.path(), entry.metadata()?.len()));
            }
        }
        found.sort();
        let next = found.last().map_or(1, |(n, ..)| n + 1);
        let total = found.iter().map(|(.., size)| size).sum();
        let mut ring = Ring {
            directory: directory.to_owned(),
            limits,
            interfaces,
            closed: found.into_iter().map(|(_, p, size)| (p, size)).collect(),
            total,
            open: None,
            next,
            failed: None,
        };
        ring.begin()?;
        Ok(ring)
    }

    /// Writes a block's frames and hands them to the system. Gives how many were written.
    pub fn write(&mut self, block: &Block) -> u64 {
        if self
            .failed
            .as_ref()
            .is_some_and(|(when, _)| when.elapsed() < AGAIN)
        {
            return 0;
        }
        match self.write_all(block) {
            Ok(written) => {
                self.failed = None;
                written
            }
            Err((written, error)) => {
                self.failed = Some((Instant::now(), error.to_string()));
                // What is behind the failure would not be readable: the next try has a new file.
                self.put_away();
                written
            }
        }
    }

    /// Why the last write failed, while it does.
    pub fn failure(&self) -> Option<&str> {
        self.failed.as_ref().map(|(_, why)| why.as_str())
    }

    /// The end: each interface's counters close the file.
    pub fn close(mut self, ports: &[Port]) {
        let mut bytes = Vec::new();
        for (at, port) in ports.iter().enumerate() {
            statistics(&mut bytes, at as u32, port);
        }
        if let Some(open) = &mut self.open {
            // A full disk was told before; the frames count.
            let _ = open.to.write_all(&bytes).and_then(|()| open.to.flush());
        }
    }

    fn write_all(&mut self, block: &Block) -> Result<u64, (u64, io::Error)> {
        let mut written = 0;
        let mut head = Vec::with_capacity(32);
        for frame in &block.frames {
            let full = self.open.as_ref().is_none_or(|open| {
                open.size >= self.limits.file || open.since.elapsed() >= self.limits.age
            });
            if full {
                self.begin().map_err(|e| (written, e))?;
            }
            let Some(open) = &mut self.open else {
                return Ok(written);
            };
            let bytes = block.bytes(frame);
            let padding = bytes.len().wrapping_neg() % 4;
            let total = 32 + bytes.len() + padding;
            head.clear();
            let time = frame.time.max(0).unsigned_abs();
            for word in [
                6,
                total as u32,
                frame.file,
                (time >> 32) as u32,
                time as u32,
                frame.captured,
                frame.wire,
            ] {
                head.extend_from_slice(&word.to_le_bytes());
            }
            let tail = (total as u32).to_le_bytes();
            open.to
                .write_all(&head)
                .and_then(|()| open.to.write_all(bytes))
                .and_then(|()| open.to.write_all(&[0; 3][..padding]))
                .and_then(|()| open.to.write_all(&tail))
                .map_err(|e| (written, e))?;
            open.size += total as u64;
            written += 1;
        }
        if let Some(open) = &mut self.open {
            // Who follows the ring sees whole blocks.
            open.to.flush().map_err(|e| (written, e))?;
        }
        Ok(written)
    }

    /// Begins the next file, and removes what is too much.
    fn begin(&mut self) -> io::Result<()> {
        self.put_away();
        let path = self
            .directory
            .join(format!("{}{:08}{}", NAME.0, self.next, NAME.1));
        self.next += 1;
        while self
            .closed
            .front()
            .is_some_and(|_| self.closed.len() >= self.limits.files.max(1))
            || (self.total + self.limits.file > self.limits.total && !self.closed.is_empty())
        {
            let Some((old, size)) = self.closed.pop_front() else {
                break;
            };
            self.total = self.total.saturating_sub(size);
            match fs::remove_file(&old) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                _ => {}
            }
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        private(&mut options);
        let mut to = BufWriter::with_capacity(1 << 18, options.open(&path)?);
        let mut bytes = Vec::new();
        section(&mut bytes);
        for interface in &self.interfaces {
            describe(&mut bytes, interface);
        }
        to.write_all(&bytes)?;
        to.flush()?;
        self.open = Some(Open {
            path,
            to,
            size: bytes.len() as u64,
            since: Instant::now(),
        });
        Ok(())
    }

    fn put_away(&mut self) {
        if let Some(mut open) = self.open.take() {
            let _ = open.to.flush();
            self.total += open.size;
            self.closed.push_back((open.path, open.size));
        }
    }
}

/// The number of a ring's file; `None` for other files.
fn number(name: &str) -> Option<u64> {
    name.strip_prefix(NAME.0)?
        .strip_suffix(NAME.1)?
        .parse()
        .ok()
}

#[cfg(unix)]
fn make(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
}

#[cfg(not(unix))]
fn make(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn private(_: &mut OpenOptions) {}

/// Section Header Block (draft-ietf-opsawg-pcapng 4.1), little endian, length unknown.
fn section(out: &mut Vec<u8>) {
    let program = option(4, b"wardwatch");
    let total = 28 + program.len() as u32 + 4;
    for word in [0x0A0D_0D0A, total, 0x1A2B_3C4D] {
        out.extend_from_slice(&word.to_le_bytes());
    }
    out.extend_from_slice(&[1, 0, 0, 0]);
    out.extend_from_slice(&u64::MAX.to_le_bytes());
    out.extend_from_slice(&program);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&total.to_le_bytes());
}

/// Interface Description Block (4.2) with name and nanoseconds.
fn describe(out: &mut Vec<u8>, interface: &RingInterface) {
    let name = option(2, interface.name.as_bytes());
    let resolution = option(9, &[9]);
    let total = 20 + (name.len() + resolution.len() + 4) as u32;
    out.extend_from_slice(&1u32.to_le_bytes());
    out.extend_from_slice(&total.to_le_bytes());
    out.extend_from_slice(&interface.link.0.to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    out.extend_from_slice(&interface.snap.to_le_bytes());
    out.extend_from_slice(&name);
    out.extend_from_slice(&resolution);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&total.to_le_bytes());
}

/// Interface Statistics Block (4.6): isb_ifrecv, isb_ifdrop, isb_osdrop.
fn statistics(out: &mut Vec<u8>, interface: u32, port: &Port) {
    let options = [
        option(4, &port.received.to_le_bytes()),
        option(5, &port.losses.interface.to_le_bytes()),
        option(7, &port.losses.kernel.to_le_bytes()),
    ]
    .concat();
    let total = 24 + options.len() as u32 + 4;
    for word in [5, total, interface, 0, 0] {
        out.extend_from_slice(&word.to_le_bytes());
    }
    out.extend_from_slice(&options);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&total.to_le_bytes());
}

fn option(code: u16, value: &[u8]) -> Vec<u8> {
    let mut out = code.to_le_bytes().to_vec();
    out.extend_from_slice(&(value.len() as u16).to_le_bytes());
    out.extend_from_slice(value);
    out.resize(out.len().next_multiple_of(4), 0);
    out
}
