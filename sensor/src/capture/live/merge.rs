//! Several interfaces as one sequence, by time.

use super::lane::Lane;
use crate::capture::block::{Block, Frame};
use crate::capture::inputs::BLOCK;

/// Fills the (cleared) block with frames in the order of their times, ties in the order of the
/// interfaces. A frame is handed on when each other interface has a later one at hand, or when it
/// is not after `settled`: nothing earlier is waited for then.
pub(super) fn fill(lanes: &mut [Lane], block: &mut Block, settled: i64, frames: u64) {
    let mut used = 0;
    loop {
        for (at, lane) in lanes.iter_mut().enumerate() {
            if !lane.holds() {
                lane.refill(BLOCK, at as u32);
            }
        }
        let next = lanes
            .iter()
            .enumerate()
            .filter_map(|(at, lane)| Some((lane.next_time()?, at)))
            .min();
        let Some((time, at)) = next else {
            return;
        };
        let all = lanes.iter().all(Lane::holds);
        if !all && time > settled {
            return;
        }
        let Some(lane) = lanes.get_mut(at) else {
            return;
        };
        let Some(frame) = lane.ahead.frames.get(lane.used).copied() else {
            return;
        };
        let size = frame.captured as usize;
        if !block.frames.is_empty() && (used + size > BLOCK || block.frames.len() as u64 >= frames)
        {
            return;
        }
        if block
            .frames
            .last()
            .is_some_and(|last| last.time > frame.time)
        {
            lane.late();
        }
        used = copy(block, used, &lane.ahead, &frame);
        lane.used += 1;
    }
}

/// Appends a frame and its bytes; gives the bytes used then.
fn copy(block: &mut Block, used: usize, from: &Block, frame: &Frame) -> usize {
    let bytes = from.bytes(frame);
    let end = used + bytes.len();
    if block.data.len() < end {
        block.data.resize(end.max(BLOCK), 0);
    }
    if let Some(place) = block.data.get_mut(used..end) {
        place.copy_from_slice(bytes);
    }
    block.frames.push(Frame {
        offset: used as u32,
        ..*frame
    });
    end
}
