//! One file as blocks of frames: read() straight into the block, headers parsed in place.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::block::{Block, Frame};
use super::bpf::Filter;
use super::error::{Damage, Fault, OpenError, ReadError};
use super::feed::Feed;
use super::growing::is_growing;
use super::inputs::Progress;
use super::record::{Format, Step};
use crate::limits::{self, Limits};

/// An opened file, with how far it was read.
pub(super) struct Source {
    path: PathBuf,
    feed: Feed,
    format: Format,
    /// Index among the inputs.
    file: u32,
    longest: usize,
    /// Bytes read but not yet understood: the front of a record that the last block cut.
    carry: Vec<u8>,
    /// Where `carry` begins in the (unpacked) file.
    offset: u64,
    /// Bytes to pass over before the next record.
    skip: u64,
    /// Where the newest record begins.
    began: u64,
    /// Frames so far.
    number: u64,
    /// Bytes that the record at the front needs.
    need: usize,
    done: bool,
    /// The file may grow: its end is only where it ends now.
    growing: bool,
}

/// What reading leaves behind beside frames.
pub(super) struct Notes<'a> {
    pub filter: Option<&'a mut Filter>,
    pub filtered: &'a mut u64,
    pub damages: &'a mut Vec<Damage>,
}

impl Source {
    pub(super) fn open(
        path: &Path,
        file: u32,
        limits: &Limits,
        progress: Arc<Progress>,
    ) -> Result<Source, OpenError> {
        let io = |error: io::Error| OpenError::Io {
            path: path.to_owned(),
            error,
        };
        let mut feed = Feed::open(path, limits, progress).map_err(io)?;
        let (first, fault) = first_bytes(&mut feed);
        let format = match first.first_chunk().copied().and_then(Format::of) {
            Some(format) => format,
            None if first.is_empty() && fault.is_none() => {
                return Err(OpenError::EmptyFile {
                    path: path.to_owned(),
                });
            }
            None => {
                let found = match fault {
                    Some(Fault::Truncated) => "a compressed file that ends at its start".into(),
                    Some(Fault::Compression(what) | Fault::Io(what)) => what,
                    _ => looks_like(&first).to_owned(),
                };
                return Err(OpenError::NotACapture {
                    path: path.to_owned(),
                    found,
                });
            }
        };
        let mut format = format;
        if let Format::Pcapng(f) = &mut format {
            f.limit_interfaces(limits.get(limits::INTERFACES));
        }
        Ok(Source {
            path: path.to_owned(),
            feed,
            format,
            file,
            longest: limits.get(limits::FRAME).min(u32::MAX as usize / 2),
            carry: first,
            offset: 0,
            skip: 0,
            began: 0,
            number: 0,
            need: 0,
            done: false,
            growing: false,
        })
    }

    /// Fills the block (clearing it first) with up to `frames` frames from about `size` bytes.
    /// It is empty only at the end of the file. `seq` of the frames is left 0.
    pub(super) fn fill(
        &mut self,
        block: &mut Block,
        size: usize,
        frames: u64,
        notes: &mut Notes<'_>,
    ) -> Result<(), ReadError> {
        block.clear();
        while !self.done && block.frames.is_empty() {
            let (have, fault) = self.read(block, size);
            let used = self.walk(block, have, frames, notes)?;
            let rest = block.data.get(used..have).unwrap_or(&[]);
            self.carry.clear();
            self.carry.extend_from_slice(rest);
            self.offset += used as u64;
            if self.growing && fault == Some(Fault::Truncated) {
                return Ok(());
            }
            if let Some(fault) = fault
                && !self.done
                && (block.frames.len() as u64) < frames
            {
                self.end(fault, notes);
            }
        }
        Ok(())
    }

    /// From here on the end of the file is only where it ends now: `fill` gives an empty block
    /// there, and goes on when called again. `false` takes that back.
    pub(super) fn grows(&mut self, growing: bool) {
        self.growing = growing;
    }

    /// Frames that the capturing program says it lost.
    pub(super) fn dropped(&self) -> u64 {
        self.format.dropped()
    }

    /// Closes the file until the next read.
    pub(super) fn park(&mut self) {
        self.feed.park();
    }

    /// Reads to the end of the block's room. Gives how many bytes it holds, and what ended
    /// the file, if it ended (`Truncated` stands for its plain end too).
    fn read(&mut self, block: &mut Block, size: usize) -> (usize, Option<Fault>) {
        // One longest frame fits whatever the size asked for.
        // What a record needs is bounded by the longest frame, so the block's growth is too.
        let room = size.max(self.need).max(self.carry.len() + 1);
        if block.data.len() < room {
            block.data.resize(room, 0);
        }
        let mut have = self.carry.len();
        block.data[..have].copy_from_slice(&self.carry);
        while have < room {
            match self.feed.read(&mut block.data[have..room]) {
                Ok(0) => return (have, Some(Fault::Truncated)),
                Ok(n) => have += n,
                Err(fault) => return (have, Some(fault)),
            }
            if self.feed.prompt() && have >= self.need {
                break;
            }
        }
        (have, None)
    }

    /// Goes through the records at hand. Gives how many bytes are done with.
    fn walk(
        &mut self,
        block: &mut Block,
        have: usize,
        frames: u64,
        notes: &mut Notes<'_>,
    ) -> Result<usize, ReadError> {
        let Block {
            data,
            frames: index,
            ..
        } = block;
        let data = data.get(..have).unwrap_or(&[]);
        self.need = 0;
        let mut at = 0;
        loop {
            if self.skip > 0 {
                let skipped = self.skip.min((have - at) as u64);
                at += skipped as usize;
                self.skip -= skipped;
            }
            let rest = data.get(at..).unwrap_or(&[]);
            if rest.is_empty() || index.len() as u64 >= frames {
                return Ok(at);
            }
            self.began = self.offset + at as u64;
            match self.format.step(rest, self.longest) {
                Step::Frame(record) => {
                    self.number += 1;
                    let head = at + record.head;
                    let passes = match &mut notes.filter {
                        None => true,
                        Some(filter) => {
                            let bytes = data
                                .get(head..head + record.captured as usize)
                                .unwrap_or(&[]);
                            filter.passes(record.link, bytes).map_err(|error| {
                                ReadError::Filter {
                                    expression: filter.expression().to_owned(),
                                    link: record.link,
                                    error,
                                }
                            })?
                        }
                    };
                    if passes {
                        index.push(Frame {
                            // A block is far below 4 GiB: the limit `frame` bounds its growth.
                            offset: head as u32,
                            captured: record.captured,
                            wire: record.wire,
                            link: record.link,
                            file: self.file,
                            number: self.number,
                            seq: 0,
                            time: record.time,
                        });
                    } else {
                        *notes.filtered += 1;
                    }
                    self.skip = record.size;
                }
                Step::Other(size) => self.skip = size,
                Step::Need(bytes) => {
                    self.need = bytes;
                    return Ok(at);
                }
                Step::Bad(fault) => {
                    notes.damages.push(self.damage(at, fault, false));
                    self.done = true;
                    return Ok(at);
                }
            }
        }
    }

    /// The file ended, for this reason.
    fn end(&mut self, fault: Fault, notes: &mut Notes<'_>) {
        self.done = true;
        if fault == Fault::Truncated {
            // The plain end, unless it is inside a record or inside the compressed stream.
            if self.carry.is_empty() && self.skip == 0 && !self.feed.ended_early() {
                return;
            }
            let tail = is_growing(&self.path, self.feed.taken());
            let mut damage = self.damage(0, fault, tail);
            if self.skip > 0 {
                damage.offset = self.began;
            }
            notes.damages.push(damage);
        } else {
            notes.damages.push(self.damage(0, fault, false));
        }
    }

    fn damage(&self, at: usize, fault: Fault, tail: bool) -> Damage {
        Damage {
            file: self.file,
            offset: self.offset + at as u64,
            fault,
            tail,
        }
    }
}

/// The first four bytes, or as many as there are.
fn first_bytes(feed: &mut Feed) -> (Vec<u8>, Option<Fault>) {
    let mut first = [0; 4];
    let mut have = 0;
    while have < first.len() {
        match feed.read(&mut first[have..]) {
            Ok(0) => break,
            Ok(n) => have += n,
            Err(fault) => return (first[..have].to_vec(), Some(fault)),
        }
    }
    (first[..have].to_vec(), None)
}

/// What a file that is no capture seems to be.
fn looks_like(first: &[u8]) -> &'static str {
    match first {
        [b'P', b'K', 3, 4] => "a zip archive: unpack it first",
        [0xFD, b'7', b'z', b'X'] => "an xz file: unpack it first",
        [b'B', b'Z', b'h', _] => "a bzip2 file: unpack it first",
        [0x04, 0x22, 0x4D, 0x18] => "an lz4 file: unpack it first",
        [b's', b'n', b'o', b'o'] => "a snoop capture: convert it to pcap first",
        first
            if first
                .iter()
                .all(|b| matches!(b, b'\t' | b'\n' | b'\r' | 0x20..=0x7E | 0x80..)) =>
        {
            "it looks like text"
        }
        _ => "its first bytes are of no format that is read",
    }
}
