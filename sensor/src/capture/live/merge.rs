//! Several interfaces as one sequence, by time.

use super::lane::Lane;
use crate::capture::block::{Block, Frame};
use crate::capture::inputs::BLOCK;

/// Fills the (cleared) block with frames in the order of their times, ties in the order of the
/// interfaces. A frame is handed on when each other interface has a later one at hand, or when it
/// is not after `settled`: nothing earlier is waited for then.
///
/// A frame that comes after a later one was handed on (`latest`) is counted as late.
pub(super) fn fill(
    lanes: &mut [Lane],
    block: &mut Block,
    settled: i64,
    frames: u64,
    latest: &mut i64,
) {
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
        if frame.time < *latest {
            lane.late();
        }
        *latest = frame.time.max(*latest);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The interfaces and times of what is handed on.
    fn handed(lanes: &mut [Lane], settled: i64) -> Vec<(u32, i64)> {
        let (mut block, mut latest) = (Block::default(), i64::MIN);
        fill(lanes, &mut block, settled, u64::MAX, &mut latest);
        block.frames.iter().map(|f| (f.file, f.time)).collect()
    }

    #[test]
    fn frame_waits_while_the_other_interface_may_still_have_an_earlier_one() {
        let mut lanes = [Lane::of_times(0, &[10, 30]), Lane::of_times(1, &[])];
        assert_eq!(handed(&mut lanes, 5), []);
        assert_eq!(handed(&mut lanes, 20), [(0, 10)]);
        assert_eq!(handed(&mut lanes, 30), [(0, 30)]);
    }

    #[test]
    fn two_directions_are_woven_by_time_and_ties_go_to_the_first() {
        let mut lanes = [
            Lane::of_times(0, &[10, 20, 30]),
            Lane::of_times(1, &[5, 20, 25]),
        ];
        let woven = [(1, 5), (0, 10), (0, 20), (1, 20), (1, 25)];
        assert_eq!(handed(&mut lanes, 0), woven);
        assert_eq!(handed(&mut lanes, i64::MAX), [(0, 30)]);
    }

    #[test]
    fn frame_behind_what_was_handed_on_is_counted_as_late() {
        let mut lanes = [Lane::of_times(0, &[50]), Lane::of_times(1, &[])];
        let (mut block, mut latest) = (Block::default(), i64::MIN);
        fill(&mut lanes, &mut block, 60, u64::MAX, &mut latest);
        lanes[1] = Lane::of_times(1, &[40]);
        fill(&mut lanes, &mut block, 60, u64::MAX, &mut latest);
        assert_eq!((lanes[0].port().late, lanes[1].port().late), (0, 1));
        assert_eq!(block.frames.len(), 2);
    }

    #[test]
    fn count_ends_a_block_between_two_frames_of_one_interface() {
        let mut lanes = [Lane::of_times(0, &[1, 2, 3]), Lane::of_times(1, &[9])];
        let (mut block, mut latest) = (Block::default(), i64::MIN);
        fill(&mut lanes, &mut block, i64::MAX, 2, &mut latest);
        assert_eq!(block.frames.len(), 2);
        assert_eq!(handed(&mut lanes, i64::MAX), [(0, 3), (1, 9)]);
    }
}
