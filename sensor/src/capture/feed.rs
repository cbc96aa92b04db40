//! The bytes of one input, unpacked.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::error::Fault;
use super::inputs::Progress;
use crate::limits::{self, Limits};

/// Reads one input; knows gzip and zstd by their first bytes.
pub(super) struct Feed {
    kind: Kind,
    /// Bytes given out.
    given: u64,
    free: u64,
    ratio: u64,
    regular: bool,
    early: bool,
}

enum Kind {
    Plain(Raw),
    Gzip(Box<MultiGzDecoder<Raw>>),
    Zstd(Box<Zstd>),
}

impl Feed {
    /// Opens a file, or standard input for `-`.
    pub(super) fn open(path: &Path, limits: &Limits, progress: Arc<Progress>) -> io::Result<Feed> {
        let (source, regular) = if path == Path::new("-") {
            (Bytes::Stdin(io::stdin()), false)
        } else {
            let file = File::open(path)?;
            let meta = file.metadata()?;
            if meta.is_dir() {
                return Err(io::Error::new(
                    io::ErrorKind::IsADirectory,
                    "is a directory",
                ));
            }
            (
                Bytes::File {
                    file: Some(file),
                    path: path.to_owned(),
                },
                meta.is_file(),
            )
        };
        let mut raw = Raw {
            source,
            head: [0; 4],
            headed: 0,
            served: 0,
            taken: 0,
            progress,
        };
        raw.peek()?;
        let kind = match raw.head.get(..raw.headed) {
            Some([0x1F, 0x8B, ..]) => Kind::Gzip(Box::new(MultiGzDecoder::new(raw))),
            // A frame (RFC 8878 3.1.1), or a skippable one before it (3.1.2).
            Some([0x28, 0xB5, 0x2F, 0xFD] | [0x50..=0x5F, 0x2A, 0x4D, 0x18]) => {
                let mut decoder = FrameDecoder::new();
                decoder.set_max_window_size(limits.get(limits::ZSTD_WINDOW) as u64);
                Kind::Zstd(Box::new(Zstd {
                    decoder,
                    source: BufReader::new(raw),
                    in_frame: false,
                }))
            }
            _ => Kind::Plain(raw),
        };
        Ok(Feed {
            kind,
            given: 0,
            free: limits.get(limits::EXPANSION_FREE) as u64,
            ratio: limits.get(limits::EXPANSION_RATIO) as u64,
            regular,
            early: false,
        })
    }

    /// What a read gives may be all there is for now (a pipe): hand on what came.
    pub(super) fn prompt(&self) -> bool {
        !self.regular
    }

    /// Reads some bytes; 0 is the end.
    pub(super) fn read(&mut self, into: &mut [u8]) -> Result<usize, Fault> {
        loop {
            let (result, taken) = match &mut self.kind {
                Kind::Plain(raw) => (raw.read(into), None),
                Kind::Gzip(gz) => (gz.read(into), Some(gz.get_ref().taken)),
                Kind::Zstd(zstd) => (zstd.read(into), Some(zstd.source.get_ref().taken)),
            };
            match (result, taken) {
                (Ok(n), taken) => {
                    self.given += n as u64;
                    let over = taken.is_some_and(|t| self.given / self.ratio.max(1) > t);
                    return if over && self.given > self.free {
                        Err(Fault::Expansion)
                    } else {
                        Ok(n)
                    };
                }
                (Err(e), _) if e.kind() == io::ErrorKind::Interrupted => {}
                (Err(e), Some(_)) if e.kind() == io::ErrorKind::UnexpectedEof => {
                    self.early = true;
                    return Err(Fault::Truncated);
                }
                (Err(e), Some(_)) => return Err(Fault::Compression(e.to_string())),
                (Err(e), None) => return Err(Fault::Io(e.to_string())),
            }
        }
    }

    /// Bytes taken from the disk.
    pub(super) fn taken(&self) -> u64 {
        match &self.kind {
            Kind::Plain(raw) => raw.taken,
            Kind::Gzip(gz) => gz.get_ref().taken,
            Kind::Zstd(zstd) => zstd.source.get_ref().taken,
        }
    }

    /// The compressed stream itself ended before its end.
    pub(super) fn ended_early(&self) -> bool {
        self.early
    }

    /// Closes the file until the next read, where that is possible.
    pub(super) fn park(&mut self) {
        if let Kind::Plain(Raw {
            source: Bytes::File { file, .. },
            ..
        }) = &mut self.kind
            && self.regular
        {
            *file = None;
        }
    }
}

/// The bytes as they lie on the disk, counted.
struct Raw {
    source: Bytes,
    /// The first bytes, read to know the format, and how many of them were given out.
    head: [u8; 4],
    headed: usize,
    served: usize,
    taken: u64,
    progress: Arc<Progress>,
}

enum Bytes {
    File { file: Option<File>, path: PathBuf },
    Stdin(io::Stdin),
}

impl Raw {
    fn peek(&mut self) -> io::Result<()> {
        while self.headed < self.head.len() {
            let mut rest = [0; 4];
            let room = self.head.len() - self.headed;
            match self.source.read(&mut rest[..room], self.taken) {
                Ok(0) => break,
                Ok(n) => {
                    self.head[self.headed..self.headed + n].copy_from_slice(&rest[..n]);
                    self.headed += n;
                    self.taken += n as u64;
                    self.progress.advance(n);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}

impl Read for Raw {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.served < self.headed {
            let n = into.len().min(self.headed - self.served);
            into[..n].copy_from_slice(&self.head[self.served..self.served + n]);
            self.served += n;
            return Ok(n);
        }
        let n = self.source.read(into, self.taken)?;
        self.taken += n as u64;
        self.progress.advance(n);
        Ok(n)
    }
}

impl Bytes {
    fn read(&mut self, into: &mut [u8], at: u64) -> io::Result<usize> {
        match self {
            Bytes::Stdin(stdin) => stdin.read(into),
            Bytes::File { file, path } => {
                let file = match file {
                    Some(file) => file,
                    None => {
                        let mut again = File::open(path)?;
                        again.seek(SeekFrom::Start(at))?;
                        file.insert(again)
                    }
                };
                file.read(into)
            }
        }
    }
}

/// zstd frames one after the other, skippable ones between them.
struct Zstd {
    decoder: FrameDecoder,
    source: BufReader<Raw>,
    in_frame: bool,
}

impl Read for Zstd {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.in_frame {
                if self.source.fill_buf()?.is_empty() {
                    return Ok(0);
                }
                match self.decoder.init(&mut self.source) {
                    Ok(()) => self.in_frame = true,
                    Err(FrameDecoderError::ReadFrameHeaderError(
                        ReadFrameHeaderError::SkipFrame { length, .. },
                    )) => {
                        io::copy(
                            &mut (&mut self.source).take(u64::from(length)),
                            &mut io::sink(),
                        )?;
                        continue;
                    }
                    Err(e) => return Err(self.error(&e)),
                }
            }
            if self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let blocks = BlockDecodingStrategy::UptoBlocks(1);
                if let Err(e) = self.decoder.decode_blocks(&mut self.source, blocks) {
                    return Err(self.error(&e));
                }
            }
            let n = self.decoder.read(into)?;
            if n > 0 || into.is_empty() {
                return Ok(n);
            }
            if self.decoder.is_finished() && self.decoder.can_collect() == 0 {
                let written = self.decoder.get_checksum_from_data();
                if written.is_some() && written != self.decoder.get_calculated_checksum() {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "zstd checksum is wrong",
                    ));
                }
                self.in_frame = false;
            }
        }
    }
}

impl Zstd {
    /// An error at the very end of the input means that the end is missing.
    fn error(&mut self, error: &FrameDecoderError) -> io::Error {
        match self.source.fill_buf() {
            Ok([]) => io::Error::new(io::ErrorKind::UnexpectedEof, "the file ends early"),
            _ => io::Error::new(io::ErrorKind::InvalidData, error.to_string()),
        }
    }
}
