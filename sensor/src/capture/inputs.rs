//! All inputs of a run as one sequence of frames.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::block::{Block, LinkType};
use super::bpf::Filter;
use super::error::{Damage, OpenError, ReadError, Skipped};
use super::listing::{self, Listing};
use super::merge::Merge;
use super::source::{Notes, Source};
use crate::limits::Limits;

/// Bytes of a block.
pub(super) const BLOCK: usize = 256 * 1024;

/// Bytes read of a file to see its first frame.
const GLANCE: usize = 64 * 1024;

/// Files, directories and standard input, merged by time.
pub struct Inputs {
    names: Vec<String>,
    reading: Reading,
    filter: Option<Filter>,
    /// Frames that may still be delivered (`-c`).
    left: u64,
    /// The place of the next frame in the one sequence.
    seq: u64,
    counts: CaptureCounts,
    damages: Vec<Damage>,
    skipped: Vec<Skipped>,
    progress: Arc<Progress>,
}

enum Reading {
    /// One file: its blocks are handed on as they were read.
    One(Box<Source>),
    Many(Merge),
}

/// What to read of them.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// `-f`: a BPF expression; frames that it refuses keep their numbers and are counted.
    pub filter: Option<String>,
    /// `-c`: stop after this many delivered frames.
    pub count: Option<u64>,
    pub limits: Limits,
}

/// Whether the block just filled was the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum More {
    /// The block holds at least one frame; call again.
    Frames,
    /// The block is empty: nothing came (live), and the time has come to this, in nanoseconds
    /// since 1970-01-01 UTC.
    Idle(i64),
    /// The block is empty: there is nothing more.
    End,
}

crate::counters! {
    /// Where the frames of the inputs went: the sum is the frames read.
    CaptureCounts {
        /// Handed on in blocks.
        delivered = "delivered",
        /// Refused by the filter of `-f`.
        filtered = "filtered",
    }
}

/// How far reading got; any thread may look at it at any time.
#[derive(Debug, Default)]
pub struct Progress {
    read: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    /// Bytes read of the files as they lie on the disk.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Bytes of all files; `None` with standard input (or a pipe) among them.
    pub fn total(&self) -> Option<u64> {
        match self.total.load(Ordering::Relaxed) {
            u64::MAX => None,
            n => Some(n),
        }
    }

    pub(super) fn advance(&self, bytes: usize) {
        self.read.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl Inputs {
    /// Opens files, directories (all captures directly in them, by name) and `-`.
    ///
    /// Reads the head of each, so that what is no capture is known before the first block. A
    /// file that is named must be a capture; in a directory what is none is skipped
    /// ([`Inputs::skipped`]).
    pub fn open<P: AsRef<Path>>(paths: &[P], options: &ReadOptions) -> Result<Inputs, OpenError> {
        let Listing {
            mut files,
            mut skipped,
            directories,
        } = listing::expand(paths)?;
        let progress = Arc::new(Progress::default());
        let limits = &options.limits;

        let mut first_link = None;
        let mut lone = None;
        if let [only] = files.as_slice()
            && !only.listed
        {
            let source = Source::open(&only.path, 0, limits, Arc::clone(&progress))?;
            if options.filter.is_some() && only.path != Path::new("-") {
                first_link = glance(&only.path, limits)
                    .ok()
                    .flatten()
                    .map(|(_, link)| link);
            }
            lone = Some(source);
        } else {
            // A glance at each file, then it is closed: a thousand of them cost no memory.
            let mut refused = None;
            files.retain_mut(|file| {
                if file.path == Path::new("-") {
                    return true;
                }
                match glance(&file.path, limits) {
                    Ok(seen) => {
                        file.time = seen.map(|(time, _)| time);
                        first_link = first_link.or(seen.map(|(_, link)| link));
                        true
                    }
                    Err(error) if file.listed => {
                        skipped.push(Skipped {
                            path: file.path.clone(),
                            why: why(&error),
                        });
                        false
                    }
                    Err(error) => {
                        refused.get_or_insert(error);
                        false
                    }
                }
            });
            if let Some(error) = refused {
                return Err(error);
            }
            for path in directories {
                if !files
                    .iter()
                    .any(|f| f.listed && f.path.parent() == Some(path.as_path()))
                {
                    let skipped = skipped
                        .iter()
                        .filter(|s| s.path.parent() == Some(path.as_path()))
                        .count();
                    return Err(OpenError::EmptyDirectory { path, skipped });
                }
            }
        }

        let filter = match &options.filter {
            None => None,
            Some(expression) => {
                let mut filter = Filter::new(expression);
                let link = first_link.unwrap_or(LinkType::ETHERNET);
                filter.compile(link).map_err(|error| OpenError::Filter {
                    expression: expression.clone(),
                    link,
                    error,
                })?;
                Some(filter)
            }
        };

        let total = files.iter().try_fold(0u64, |sum, f| {
            let meta = std::fs::metadata(&f.path)
                .ok()
                .filter(|m| f.path != Path::new("-") && m.is_file())?;
            Some(sum.saturating_add(meta.len()))
        });
        progress
            .total
            .store(total.unwrap_or(u64::MAX), Ordering::Relaxed);
        let names = files.iter().map(|f| f.path.display().to_string()).collect();
        let reading = match lone {
            Some(source) => Reading::One(Box::new(source)),
            None => Reading::Many(Merge::new(files, limits, Arc::clone(&progress))),
        };
        Ok(Inputs {
            names,
            reading,
            filter,
            left: options.count.unwrap_or(u64::MAX),
            seq: 0,
            counts: CaptureCounts::default(),
            damages: Vec::new(),
            skipped,
            progress,
        })
    }

    /// Fills a block (clearing it first) with the next frames, about 1 MiB.
    pub fn next_block(&mut self, block: &mut Block) -> Result<More, ReadError> {
        block.clear();
        if self.left == 0 {
            return Ok(More::End);
        }
        let mut notes = Notes {
            filter: self.filter.as_mut(),
            filtered: &mut self.counts.filtered,
            damages: &mut self.damages,
        };
        match &mut self.reading {
            Reading::One(source) => source.fill(block, BLOCK, self.left, &mut notes)?,
            Reading::Many(merge) => merge.fill(block, self.left, &mut notes)?,
        }
        for frame in &mut block.frames {
            frame.seq = self.seq;
            self.seq += 1;
        }
        let delivered = block.frames.len() as u64;
        self.counts.delivered += delivered;
        self.left -= delivered.min(self.left);
        Ok(if delivered == 0 {
            More::End
        } else {
            More::Frames
        })
    }

    /// The name of a file as given, or found in a directory. Empty for an index that is none.
    pub fn name(&self, file: u32) -> &str {
        self.names.get(file as usize).map_or("", String::as_str)
    }

    /// How many files there are. `Frame::file` is below it.
    pub fn files(&self) -> u32 {
        self.names.len() as u32
    }

    /// What was found broken so far.
    pub fn damages(&self) -> &[Damage] {
        &self.damages
    }

    /// Entries of directories that are not read.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    pub fn counts(&self) -> &CaptureCounts {
        &self.counts
    }

    /// Frames that the capturing program says it lost (pcapng interface statistics).
    pub fn dropped(&self) -> u64 {
        match &self.reading {
            Reading::One(source) => source.dropped(),
            Reading::Many(merge) => merge.dropped(),
        }
    }

    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }
}

/// Time and link type of a file's first frame, if it has one.
fn glance(path: &PathBuf, limits: &Limits) -> Result<Option<(i64, LinkType)>, OpenError> {
    // A pipe would lose what is looked at.
    if std::fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir()) {
        return Ok(None);
    }
    let mut source = Source::open(path, 0, limits, Arc::default())?;
    let mut block = Block::default();
    let mut notes = Notes {
        filter: None,
        filtered: &mut 0,
        damages: &mut Vec::new(),
    };
    // Without a filter there is no error to read.
    let _ = source.fill(&mut block, GLANCE, 1, &mut notes);
    Ok(block.frames.first().map(|f| (f.time, f.link)))
}

/// The reason alone, for a list that names the path already.
fn why(error: &OpenError) -> String {
    match error {
        OpenError::EmptyFile { .. } => "empty".into(),
        OpenError::NotACapture { found, .. } => format!("not a capture: {found}"),
        OpenError::Io { error, .. } => error.to_string(),
        other => other.to_string(),
    }
}
