//! A directory of captures that grows, read as it does: the ring that `watch -w` (or tcpdump -C)
//! writes.

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::block::{Block, LinkType};
use super::bpf::Filter;
use super::engine::{Engine, Losses, Port};
use super::error::{Damage, Fault, OpenError, ReadError};
use super::inputs::{BLOCK, CaptureCounts, More, ReadOptions};
use super::listing::by_name;
use super::source::{Notes, Source};
use crate::limits::Limits;

/// The files of a directory in the order of their names, each to its end; at the end of the last
/// one it waits for more.
pub struct Follow {
    directory: PathBuf,
    limits: Limits,
    filter: Option<Filter>,
    left: u64,
    seq: u64,
    counts: CaptureCounts,
    damages: Vec<Damage>,
    /// Drops told by files that are done with.
    dropped: u64,
    names: Vec<String>,
    now: Option<(PathBuf, Source)>,
    /// The last file that was opened, or tried.
    last: Option<PathBuf>,
    /// A later file is there already: what the present one has now is all that it will have.
    ending: bool,
    /// Time of the last frame, and by how much it lay behind the wall clock when it was read.
    latest: Option<(i64, i64)>,
}

/// Between two looks at a file that does not grow.
const NAP: Duration = Duration::from_millis(100);
/// Frames no older than this are taken to be live: then the wall clock moves the time on.
const FRESH: i64 = 10_000_000_000;
/// By so much the clock stays behind, for frames that are written but not here yet.
const BEHIND: i64 = 2_000_000_000;

impl Follow {
    /// The directory may be empty yet.
    pub fn open(directory: &Path, options: &ReadOptions) -> Result<Follow, OpenError> {
        fs::read_dir(directory).map_err(|error| OpenError::Io {
            path: directory.to_owned(),
            error,
        })?;
        let filter = match &options.filter {
            None => None,
            Some(expression) => {
                let mut filter = Filter::new(expression);
                filter
                    .compile(LinkType::ETHERNET)
                    .map_err(|error| OpenError::Filter {
                        expression: expression.clone(),
                        link: LinkType::ETHERNET,
                        error,
                    })?;
                Some(filter)
            }
        };
        Ok(Follow {
            directory: directory.to_owned(),
            limits: options.limits.clone(),
            filter,
            left: options.count.unwrap_or(u64::MAX),
            seq: 0,
            counts: CaptureCounts::default(),
            damages: Vec::new(),
            dropped: 0,
            names: Vec::new(),
            now: None,
            last: None,
            ending: false,
            latest: None,
        })
    }

    /// The file behind the last one, by name.
    fn next_path(&self) -> Option<PathBuf> {
        let entries = fs::read_dir(&self.directory).ok()?;
        entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.is_file())
            .filter(|path| {
                self.last
                    .as_ref()
                    .is_none_or(|last| by_name(path, last) == Ordering::Greater)
            })
            .min_by(|a, b| by_name(a, b))
    }

    /// Opens the next file. False if there is none that can be read yet.
    fn advance(&mut self) -> bool {
        let Some(path) = self.next_path() else {
            return false;
        };
        let file = self.names.len() as u32;
        match Source::open(&path, file, &self.limits, std::sync::Arc::default()) {
            Ok(mut source) => {
                source.grows(true);
                self.names.push(path.display().to_string());
                self.last = Some(path.clone());
                self.now = Some((path, source));
                self.ending = false;
                true
            }
            // Its first bytes are not written yet.
            Err(OpenError::EmptyFile { .. }) => false,
            Err(error) => {
                self.names.push(path.display().to_string());
                self.damages.push(Damage {
                    file,
                    offset: 0,
                    fault: Fault::Io(error.to_string()),
                    tail: false,
                });
                self.last = Some(path);
                true
            }
        }
    }

    fn idle(&self) -> More {
        std::thread::sleep(NAP);
        let Some((time, behind)) = self.latest else {
            return More::Idle(i64::MIN);
        };
        if behind.abs() > FRESH {
            return More::Idle(time);
        }
        More::Idle(time.max(wall().saturating_sub(BEHIND)))
    }
}

impl Engine for Follow {
    fn next_block(&mut self, block: &mut Block) -> Result<More, ReadError> {
        block.clear();
        if self.left == 0 {
            return Ok(More::End);
        }
        if self.now.is_none() && !self.advance() {
            return Ok(self.idle());
        }
        let Some((_, source)) = &mut self.now else {
            return Ok(self.idle());
        };
        let mut notes = Notes {
            filter: self.filter.as_mut(),
            filtered: &mut self.counts.filtered,
            damages: &mut self.damages,
        };
        source.fill(block, BLOCK, self.left, &mut notes)?;
        for frame in &mut block.frames {
            frame.seq = self.seq;
            self.seq += 1;
        }
        if let Some(last) = block.frames.last() {
            self.latest = Some((last.time, wall().saturating_sub(last.time)));
            let delivered = block.frames.len() as u64;
            self.counts.delivered += delivered;
            self.left -= delivered.min(self.left);
            return Ok(More::Frames);
        }
        if self.ending {
            // Read once more since the later file was seen, now as a file that has ended.
            source.grows(false);
            source.fill(block, BLOCK, self.left, &mut notes)?;
            self.dropped += source.dropped();
            self.now = None;
        } else if self.next_path().is_some() {
            self.ending = true;
        } else {
            return Ok(self.idle());
        }
        Ok(More::Idle(self.latest.map_or(i64::MIN, |(time, _)| time)))
    }

    fn stop(&mut self) -> bool {
        false
    }

    fn name(&self, file: u32) -> &str {
        self.names.get(file as usize).map_or("", String::as_str)
    }

    fn counts(&self) -> CaptureCounts {
        self.counts.clone()
    }

    fn losses(&mut self) -> Losses {
        let now = self.now.as_ref().map_or(0, |(_, s)| s.dropped());
        Losses {
            told: self.dropped + now,
            ..Losses::default()
        }
    }

    fn ports(&self) -> Vec<Port> {
        Vec::new()
    }

    fn damages(&self) -> &[Damage] {
        &self.damages
    }
}

fn wall() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| i64::try_from(d.as_nanos()).unwrap_or(i64::MAX))
}
