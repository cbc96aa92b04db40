//! Several files as one sequence: by time, ties in command-line order, each file in its own order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::mem;
use std::path::PathBuf;
use std::sync::Arc;

use super::block::{Block, Frame};
use super::error::{Damage, Fault, OpenError, ReadError};
use super::inputs::{BLOCK, Progress};
use super::listing::Listed;
use super::source::{Notes, Source};
use crate::limits::{self, Limits};

/// The smallest read buffer of a file that is merged with many others.
const SMALLEST: usize = 64 * 1024;

/// All files with the next frame of each. Files are opened when their first frame is next.
pub(super) struct Merge {
    lanes: Vec<Lane>,
    /// Time of the next frame and index of its lane, earliest first.
    next: BinaryHeap<Reverse<(i64, usize)>>,
    open: usize,
    limits: Limits,
    progress: Arc<Progress>,
    dropped: u64,
}

struct Lane {
    path: PathBuf,
    reading: Option<Reading>,
}

struct Reading {
    source: Source,
    /// Frames read ahead, and how many of them are handed on.
    ahead: Block,
    used: usize,
}

impl Merge {
    pub(super) fn new(files: Vec<Listed>, limits: &Limits, progress: Arc<Progress>) -> Merge {
        // A file whose first frame is not known (standard input) is opened first.
        let next = files
            .iter()
            .enumerate()
            .map(|(at, f)| Reverse((f.time.unwrap_or(i64::MIN), at)))
            .collect();
        Merge {
            lanes: files
                .into_iter()
                .map(|f| Lane {
                    path: f.path,
                    reading: None,
                })
                .collect(),
            next,
            open: 0,
            limits: limits.clone(),
            progress,
            dropped: 0,
        }
    }

    /// Fills the (cleared) block with up to `frames` frames.
    pub(super) fn fill(
        &mut self,
        block: &mut Block,
        frames: u64,
        notes: &mut Notes<'_>,
    ) -> Result<(), ReadError> {
        let mut used = 0;
        while let Some(Reverse((_, at))) = self.next.pop() {
            let Some(reading) = self
                .lanes
                .get_mut(at)
                .and_then(|lane| lane.reading.as_mut())
            else {
                self.open_lane(at, notes)?;
                continue;
            };
            // The other files' next frames are not before this one's next; how far does it go on?
            let before = self
                .next
                .peek()
                .map_or((i64::MAX, usize::MAX), |Reverse(other)| *other);
            let ahead = reading.ahead.frames.get(reading.used..).unwrap_or(&[]);
            let run = ahead.iter().take_while(|f| (f.time, at) < before).count();
            let whole = run == reading.ahead.frames.len();
            if block.frames.is_empty() && whole && run as u64 <= frames {
                // All that was read ahead comes next: hand over the block itself, uncopied.
                mem::swap(block, &mut reading.ahead);
                reading.ahead.clear();
                reading.used = 0;
                self.refill(at, notes)?;
                return Ok(());
            }
            let mut full = false;
            for frame in ahead.iter().take(run.max(1)) {
                let size = frame.captured as usize;
                if !block.frames.is_empty()
                    && (used + size > BLOCK || block.frames.len() as u64 >= frames)
                {
                    full = true;
                    break;
                }
                used = copy(block, used, &reading.ahead, frame);
                reading.used += 1;
            }
            match reading.ahead.frames.get(reading.used) {
                Some(frame) => self.next.push(Reverse((frame.time, at))),
                None => self.refill(at, notes)?,
            }
            if full {
                return Ok(());
            }
        }
        Ok(())
    }

    pub(super) fn dropped(&self) -> u64 {
        let open = self.lanes.iter().filter_map(|lane| lane.reading.as_ref());
        self.dropped + open.map(|r| r.source.dropped()).sum::<u64>()
    }

    /// Opens a file whose turn it is, and queues its first frame.
    fn open_lane(&mut self, at: usize, notes: &mut Notes<'_>) -> Result<(), ReadError> {
        let Some(lane) = self.lanes.get_mut(at) else {
            return Ok(());
        };
        let file = at as u32;
        match Source::open(&lane.path, file, &self.limits, Arc::clone(&self.progress)) {
            Ok(source) => {
                lane.reading = Some(Reading {
                    source,
                    ahead: Block::default(),
                    used: 0,
                });
                self.open += 1;
                self.refill(at, notes)
            }
            // It was a capture when it was looked at; by now it is gone or another.
            Err(error) => {
                let what = match error {
                    OpenError::Io { error, .. } => error.to_string(),
                    other => other.to_string(),
                };
                notes.damages.push(Damage {
                    file,
                    offset: 0,
                    fault: Fault::Io(what),
                    tail: false,
                });
                Ok(())
            }
        }
    }

    /// Reads ahead in a file whose frames are all handed on, and queues its next frame, or
    /// closes it.
    fn refill(&mut self, at: usize, notes: &mut Notes<'_>) -> Result<(), ReadError> {
        let Some(lane) = self.lanes.get_mut(at) else {
            return Ok(());
        };
        let Some(reading) = lane.reading.as_mut() else {
            return Ok(());
        };
        let share = self.limits.get(limits::MERGE_BUFFERS) / self.open.max(1);
        let size = share.clamp(SMALLEST, BLOCK);
        if reading.ahead.data.len() > size {
            // Opened when there were few, or swapped with a whole block.
            reading.ahead.data.truncate(size);
            reading.ahead.data.shrink_to_fit();
        }
        reading.used = 0;
        reading
            .source
            .fill(&mut reading.ahead, size, u64::MAX, notes)?;
        if self.open > self.limits.get(limits::OPEN_FILES) {
            reading.source.park();
        }
        match reading.ahead.frames.first() {
            Some(frame) => self.next.push(Reverse((frame.time, at))),
            None => {
                self.dropped += reading.source.dropped();
                self.open -= 1;
                lane.reading = None;
            }
        }
        Ok(())
    }
}

/// Appends a frame and its bytes; gives the bytes used then.
fn copy(block: &mut Block, used: usize, from: &Block, frame: &Frame) -> usize {
    let bytes = from.bytes(frame);
    let end = used + bytes.len();
    if block.data.len() < end {
        block.data.resize(end.max(BLOCK), 0);
    }
    block.data[used..end].copy_from_slice(bytes);
    block.frames.push(Frame {
        offset: used as u32,
        ..*frame
    });
    end
}
